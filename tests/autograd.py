"""A pass through a network as PyTorch computes it, to compare with."""

from dataclasses import dataclass

import torch
from torch.nn import functional

from sheetgen.network.activations import Activation
from sheetgen.network.layer import AnyLayer
from sheetgen.network.network import activation_name
from sheetgen.network.planes import Pool, Windowed
from sheetgen.workbook.plan import Plan


def in_torch(chosen: Activation, z: torch.Tensor) -> torch.Tensor:
    """An activation as PyTorch's module of the same name computes it."""
    settings = {name: values[0] for name, values in chosen.torch_settings.items()}
    if "threshold" in settings:
        settings["threshold"] = 1e9  # above it PyTorch's softplus is z itself, ours never
    if chosen.parameter is not None:
        settings[chosen.torch_parameter] = chosen.parameter
    found: torch.Tensor = getattr(torch.nn, type(chosen).__name__)(**settings)(z)
    return found


def sums_in_torch(layer: AnyLayer, weight, bias, a: torch.Tensor) -> torch.Tensor:
    """A layer's pre-activations, flat, from the flat values that it reads."""
    if not isinstance(layer, Windowed):
        return weight @ a + bias
    planes = a.reshape(1, *layer.planes)
    if isinstance(layer, Pool):
        pool = functional.max_pool2d if layer.kind == "max" else functional.avg_pool2d
        return pool(planes, layer.window, layer.stride).ravel()
    kernels = weight.reshape(layer.maps, layer.planes.channels, *layer.window)
    found = functional.conv2d(planes, kernels, bias, layer.stride, layer.padding)
    return found.ravel()


@dataclass(frozen=True)
class Autograd:
    """The first sample's pass in torch: values and gradients by symbol."""

    values: dict[str, float]
    gradients: dict[str, float]


def autograd(plan: Plan, row: int | None = None) -> Autograd:
    """What torch finds in a row of the first batch, whose weights are the initial ones.

    It is the moment's row unless one is given.
    """
    network, data = plan.network, plan.data
    sample = plan.template.order[int(plan.controls.moment_iteration) if row is None else row]
    a = torch.tensor(data.used_inputs()[sample])
    weights, biases, values, z_of = [], [], {}, []
    for layer, units in zip(network.layers, network.unit_names, strict=True):
        weights.append(torch.tensor(layer.weights, dtype=torch.float64, requires_grad=True))
        start = layer.biases or (0.0,) * len(layer.weights)
        biases.append(torch.tensor(start, dtype=torch.float64, requires_grad=True))
        z = sums_in_torch(layer, weights[-1], biases[-1], a)
        a = in_torch(layer.activation, z)
        z.retain_grad()
        z_of.append(z)
        values |= dict(zip(units, z.tolist(), strict=True))
        values |= dict(zip(map(activation_name, units), a.tolist(), strict=True))
    target = torch.tensor(data.targets[sample], dtype=torch.float64)
    error = LOSS_IN_TORCH[network.loss.name](z, a, target)
    error.backward()
    values["E_total"] = error.item()
    gradients = {f"∂E/∂{w.name}": weights[w.layer].grad[w.unit, w.position].item()
                 for w in network.weights}  # fmt: skip
    gradients |= {f"∂E/∂{b.name}": biases[b.layer].grad[b.unit].item()
                  for b in network.biases if b.is_trained}  # fmt: skip
    for units, z in zip(network.unit_names, z_of, strict=True):
        gradients |= {f"∂E/∂{name}": z.grad[at].item() for at, name in enumerate(units)}
    return Autograd(values, gradients)


LOSS_IN_TORCH = {
    "half-squared-error": lambda _, a, t: ((t - a) ** 2).sum() / 2,
    "mean-squared-error": lambda _, a, t: functional.mse_loss(a, t),
    "binary-cross-entropy": lambda z, _, t: functional.binary_cross_entropy_with_logits(z, t),
    "cross-entropy": lambda z, _, t: functional.cross_entropy(z, t),
}
