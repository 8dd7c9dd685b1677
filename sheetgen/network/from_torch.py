"""Makes a network of PyTorch's modules, which are known by their names: torch is not loaded.

The modules are those of torch.nn: https://docs.pytorch.org/docs/stable/nn.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sheetgen.errors import InputError
from sheetgen.network.activations import ACTIVATIONS, Activation, activation
from sheetgen.network.from_torch_planes import WINDOWED, planes_of, windowed_layer
from sheetgen.network.layer import AnyLayer, Layer
from sheetgen.network.losses import LOSSES, Loss
from sheetgen.network.planes import Planes
from sheetgen.network.torch_modules import (
    instead_of_network,
    is_module,
    require_known,
    require_settings,
    require_torchs,
    weights_and_biases,
)

_ACTIVATIONS = {type(each).__name__: each for each in ACTIVATIONS.values()}
_LOSSES = {each.torch_name: each for each in LOSSES.values() if each.torch_name}


def layers_and_loss(
    model: Iterable[Any], loss: object, input_shape: Sequence[int] = ()
) -> tuple[tuple[AnyLayer, ...], Loss]:
    """Return the layers of a `torch.nn.Sequential` of modules with weights, pools and activations.

    With them comes the loss.

    `loss` is a name of ours or one of torch's modules MSELoss, BCEWithLogitsLoss and
    CrossEntropyLoss. The latter two take what the last Linear puts out, which becomes a sigmoid
    or a softmax layer. Biases that need no gradient become biases that are not trained.

    Raises InputError for modules, settings and losses that have no counterpart.
    """
    chosen = _loss(loss)
    layers: list[AnyLayer] = []
    modules = _modules(model)
    read = planes_of(input_shape)
    _check_ties(modules)
    for position, module in enumerate(modules):
        kind, path = type(module).__name__, f"model[{position}]"
        if kind == "Linear":
            _require_flat(read, path)
            layers.append(_linear(module, path))
        elif kind in WINDOWED:
            looking = windowed_layer(module, read, path)
            layers.append(looking)
            read = looking.shape
        elif kind == "Flatten":
            require_settings(module, {"start_dim": (1,), "end_dim": (-1,)}, path)
            read = None
        elif kind == "Identity":
            continue
        elif not layers or not layers[-1].weights or layers[-1].activation.name != "identity":
            raise InputError(f"{path}: found {kind}; expected a Linear or Conv2d before it")
        else:
            layers[-1] = layers[-1].with_activation(_activation(module, path))
    if not layers or not layers[-1].is_dense:
        raise InputError("model: found no Linear at its end; expected one")
    _check_not_twice(layers[-1], loss)
    if chosen.activation and layers[-1].activation.name == "identity":
        layers[-1] = layers[-1].with_activation(activation(chosen.activation))
    return tuple(layers), chosen


def _modules(model: object) -> list[Any]:
    """Return the modules of a Sequential in their order; all of them compute what torch's do."""
    expected = "a torch.nn.Sequential, or a list of modules"
    has_other_items = isinstance(model, str | bytes | Mapping | type) or any(
        hasattr(model, name) for name in ("keys", "shape")
    )
    if is_module(model):
        require_torchs(model, "model")
    if has_other_items or not isinstance(model, Iterable):
        raise InputError(f"model: {instead_of_network(model, expected)}")
    modules = list(model)
    for position, module in enumerate(modules):
        path = f"model[{position}]"
        if not is_module(module):
            raise InputError(f"{path}: {instead_of_network(module, 'a module of torch.nn')}")
        if type(module).__name__ == "Sequential":
            raise InputError(f"{path}: found a Sequential in another; expected its modules instead")
        require_torchs(module, path)
        require_known(module, {"Linear", "Identity", "Flatten", *WINDOWED, *_ACTIVATIONS}, path)
    return modules


def _check_ties(modules: list[Any]) -> None:
    """Refuse weights that two layers share: here each layer trains its own."""
    owners: dict[int, int] = {}
    for position, module in enumerate(modules):
        kind = type(module).__name__
        if kind not in ("Linear", "Conv2d"):
            continue
        for name in ("weight", "bias"):
            parameter = getattr(module, name)
            owner = owners.setdefault(id(parameter), position)
            if parameter is not None and owner != position:
                raise InputError(
                    f"model[{position}]: found a {kind} whose {name} is that of model[{owner}]; "
                    f"expected a {name} of its own"
                )


def _check_not_twice(last: AnyLayer, loss: object) -> None:
    """Refuse an output activation that a loss of torch applies to its input itself."""
    kind, name = type(loss).__name__, last.activation.name
    if kind in _LOSSES and _LOSSES[kind].activation == name:
        raise InputError(
            f"model: found {name.capitalize()} at its end, which {kind} applies itself; "
            f"expected a Linear at its end, or the loss {_LOSSES[kind].name!r} by its name"
        )


def _require_flat(read: Planes | None, path: str) -> None:
    if read is not None and read.size != read.columns:
        raise InputError(f"{path}: found a Linear after planes; expected a Flatten before it")


def _linear(module: Any, path: str) -> Layer:  # noqa: ANN401 - a module of torch
    weights, biases, are_trained = weights_and_biases(module, path)
    return Layer(weights, activation("identity"), biases, are_trained)


def _activation(module: Any, path: str) -> Activation:  # noqa: ANN401
    found = _ACTIVATIONS[type(module).__name__]
    require_settings(module, found.torch_settings, path)
    return found.like(module)


def _loss(loss: object) -> Loss:
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise InputError(f"loss: found {loss!r}; expected {' or '.join(LOSSES)}")
        return LOSSES[loss]
    kind = type(loss).__name__
    if kind not in _LOSSES:
        raise InputError(f"loss: found {kind}; expected a name or one of {', '.join(_LOSSES)}")
    require_settings(loss, _LOSSES[kind].torch_settings, "loss")
    return _LOSSES[kind]
