"""Takes a network over from PyTorch, whose modules are known by their names: torch is not loaded.

The modules are those of torch.nn: https://docs.pytorch.org/docs/stable/nn.html
"""

from collections.abc import Iterable
from typing import Any

from sheetgen.activations import Activation, activation
from sheetgen.errors import InputError
from sheetgen.losses import LOSSES, Loss
from sheetgen.network import Layer

_ACTIVATIONS = {
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "ReLU": "relu",
    "LeakyReLU": "leaky-relu",
    "ELU": "elu",
    "Softplus": "softplus",
    "GELU": "gelu",
    "Softmax": "softmax",
}
_LOSSES = {
    "MSELoss": "mean-squared-error",
    "BCEWithLogitsLoss": "binary-cross-entropy",
    "CrossEntropyLoss": "cross-entropy",
}


def layers_and_loss(model: Iterable[Any], loss: object) -> tuple[tuple[Layer, ...], Loss]:
    """Return the layers of a `torch.nn.Sequential` of Linear and activation modules, and the loss.

    `loss` is a name of ours or one of torch's modules MSELoss, BCEWithLogitsLoss and
    CrossEntropyLoss. The latter two take what the last Linear puts out, which becomes a sigmoid
    or a softmax layer. Biases that need no gradient become biases that are not trained.

    Raises InputError for modules, settings and losses that have no counterpart.
    """
    chosen = _loss(loss)
    layers: list[Layer] = []
    for position, module in enumerate(model):
        kind = type(module).__name__
        if kind == "Linear":
            layers.append(_linear(module))
        elif kind == "Identity":
            continue
        elif not layers or layers[-1].activation.name != "identity":
            raise InputError(f"model[{position}]: found {kind}; expected a Linear before it")
        else:
            layers[-1] = _activated(layers[-1], _activation(module, f"model[{position}]"))
    if not layers:
        raise InputError("model: found no Linear; expected at least one")
    if chosen.activation and layers[-1].activation.name == "identity":
        layers[-1] = _activated(layers[-1], activation(chosen.activation))
    return tuple(layers), chosen


def _linear(module: Any) -> Layer:  # noqa: ANN401 - a module of torch
    weights = tuple(map(tuple, module.weight.detach().double().tolist()))
    if module.bias is None:
        return Layer(weights, activation("identity"))
    biases = tuple(module.bias.detach().double().tolist())
    return Layer(weights, activation("identity"), biases, bool(module.bias.requires_grad))


def _activated(layer: Layer, chosen: Activation) -> Layer:
    return Layer(layer.weights, chosen, layer.biases, layer.train_biases)


def _activation(module: Any, path: str) -> Activation:  # noqa: ANN401
    kind = type(module).__name__
    if kind not in _ACTIVATIONS:
        known = ", ".join(["Linear", "Identity", *_ACTIVATIONS])
        raise InputError(f"{path}: found {kind}; expected one of {known}")
    if kind == "GELU" and module.approximate != "tanh":
        raise InputError(f"{path}: found GELU by the error function; expected approximate='tanh'")
    if kind == "Softplus" and module.beta != 1:
        raise InputError(f"{path}: found Softplus with beta {module.beta}; expected 1")
    slope = {"LeakyReLU": "negative_slope", "ELU": "alpha"}.get(kind)
    return activation(_ACTIVATIONS[kind], getattr(module, slope) if slope else None)


def _loss(loss: object) -> Loss:
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise InputError(f"loss: found {loss!r}; expected {' or '.join(LOSSES)}")
        return LOSSES[loss]
    kind = type(loss).__name__
    if kind not in _LOSSES:
        raise InputError(f"loss: found {kind}; expected a name or one of {', '.join(_LOSSES)}")
    return LOSSES[_LOSSES[kind]]
