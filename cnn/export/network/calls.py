"""What ATen's operators are in terms of torch.nn's modules, which the export reads.

A call becomes the module that does the same, so that there is one place that knows convolutions,
poolings and activations. The operators and their arguments are those of `native_functions.yaml`
(https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/native/native_functions.yaml).
"""

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from cnn.export.network.modules import UnsupportedError, tensor_of
from cnn.export.network.numbered import ZERO

Given = Mapping[str, Any]
"""The arguments of a call by their names in the operator's schema, with their defaults."""


class Need(enum.Enum):
    """What a call needs of its values: each by itself, or all of a map with its neighbours."""

    VALUES = enum.auto()
    MAP = enum.auto()


@dataclass(frozen=True, eq=False)
class Call:
    """The module that does what an operator does to its first argument.

    `before` and `after` move values, as torch does, to and from what the module takes and gives;
    they get tensors with the batch.
    """

    module: nn.Module
    need: Need = Need.VALUES
    before: Callable[[torch.Tensor], torch.Tensor] | None = None
    after: Callable[[torch.Tensor], torch.Tensor] | None = None
    results: int = 1
    """How many results the operator has, of which the first is the module's."""
    name: str = ""
    """What it is called, if not as what the module does."""
    words: str = ""
    """The module in words, if not as torch prints it."""
    how: tuple[str, str] | None = None
    """The name of a sheet with the values as `before` leaves them, and what it does."""


def _module(kind: type[nn.Module], *args: Any, **tensors: torch.Tensor | None) -> nn.Module:  # noqa: ANN401
    """Return a module with these parameters and buffers; its own are never made."""
    with torch.device("meta"):
        module = kind(*args)
    for name, tensor in tensors.items():
        if tensor is not None and not isinstance(tensor, torch.Tensor):
            raise UnsupportedError(f"its {name} is computed from the input")
        is_buffer = name in module._buffers
        held = tensor if tensor is None or is_buffer else nn.Parameter(tensor.detach(), False)
        setattr(module, name, held)
    return module.eval()


def _tall(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor of lines (…, channels, length) as maps of one row."""
    return tensor.unsqueeze(-2)


def _low(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.squeeze(-2)


def _convolution(given: Given) -> Call:
    weight, padding = tensor_of(given, "weight"), given["padding"]
    line = weight.dim() == 3
    module = _module(
        nn.Conv2d,
        weight.shape[1] * given["groups"],
        len(weight),
        _pair(tuple(weight.shape[2:]), line, 1),
        _pair(given["stride"], line, 1),
        padding if isinstance(padding, str) else _pair(padding, line, 0),
        _pair(given["dilation"], line, 1),
        given["groups"],
        given["bias"] is not None,
        weight=_tall(weight) if line else weight,
        bias=given["bias"],
    )
    return Call(module, Need.MAP, *_moves(line))


def _transposed_convolution(given: Given) -> Call:
    """Return a transposed convolution as a convolution over maps with zeros between their pixels.

    Its kernels are turned by 180°, and its padding is what they reach beyond that of the
    transposed one. Dumoulin and Visin, "A guide to convolution arithmetic for deep learning"
    (2016), section 4.6; see torch.nn.ConvTranspose2d.
    """
    weight, groups = tensor_of(given, "weight"), given["groups"]
    line = weight.dim() == 3
    kernels = _tall(weight) if line else weight
    size = tuple(kernels.shape[2:])
    turned = kernels.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1).flip(-1, -2)
    dilation = _pair(given["dilation"], line, 1)
    ends = zip(_pair(given["padding"], line, 0), size, dilation, strict=True)
    padding = tuple(step * (side - 1) - pad for pad, side, step in ends)
    if min(padding) < 0:
        raise UnsupportedError("its padding is larger than its kernel reaches")
    module = _module(
        nn.Conv2d,
        len(weight),
        len(turned),
        size,
        1,
        padding,
        dilation,
        groups,
        given["bias"] is not None,
        weight=turned,
        bias=given["bias"],
    )
    steps, more = _pair(given["stride"], line, 1), _pair(given["output_padding"], line, 0)

    def before(numbers: torch.Tensor) -> torch.Tensor:
        maps = _tall(numbers) if line else numbers
        reach = [(side - 1) * step + 1 for side, step in zip(maps.shape[2:], steps, strict=True)]
        spread = maps.new_full((*maps.shape[:2], reach[0] + more[0], reach[1] + more[1]), ZERO)
        spread[:, :, : reach[0] : steps[0], : reach[1] : steps[1]] = maps
        return spread

    words = f"ConvTranspose2d({len(weight)}, {len(turned)}, kernel_size={size}, stride={steps})"
    how = ("spread", "zeros between the pixels")
    return Call(module, Need.MAP, before, _low if line else None, words=words, how=how)


Move = Callable[[torch.Tensor], torch.Tensor] | None


def _moves(line: bool) -> tuple[Move, Move]:
    """Return what makes maps of lines, and lines of maps again; nothing for maps."""
    return (_tall, _low) if line else (None, None)


def _pair(values: Any, line: bool, first: int) -> tuple[int, int]:  # noqa: ANN401 - one or some
    """Return an option for height and width; that of a line is for the width."""
    numbers = [values] if isinstance(values, int) else list(values)
    return (first, numbers[-1]) if line else (numbers[0], numbers[-1])


def _linear(given: Given) -> Call:
    weight, bias = tensor_of(given, "weight"), given["bias"]
    outputs, inputs = weight.shape
    dimensions = given["input"].numbers.dim()
    if dimensions == 2:
        module = _module(nn.Linear, inputs, outputs, weight=weight, bias=bias)
        return Call(module, Need.MAP)
    # The same weights at every place of a sequence: a convolution with a kernel of one pixel.
    places = given["input"].numbers.shape[1:-1]
    kernels = weight[:, :, None, None]
    module = _module(nn.Conv2d, inputs, outputs, 1, weight=kernels, bias=bias)
    return Call(
        module,
        Need.MAP,
        lambda numbers: numbers.flatten(1, -2).transpose(1, 2).unsqueeze(2),
        lambda numbers: numbers.squeeze(2).transpose(1, 2).unflatten(1, tuple(places)),
        name="linear",
        words=f"Linear({inputs}, {outputs}) at every place",
    )


def _batchnorm(given: Given) -> Call:
    value, names = given["input"], ("weight", "bias", "running_mean", "running_var")
    kind = nn.BatchNorm1d if value.numbers.dim() == 2 else nn.BatchNorm2d
    count = value.numbers.shape[1]
    tensors = {name: given[name] for name in names}
    module = _module(kind, count, given["eps"], given["momentum"], **tensors)
    return Call(module, results=3)


def _pool(kind: type[nn.Module], *names: str, results: int = 1) -> Callable[[Given], Call]:
    """Return how a pooling of torch.nn is made of an operator's arguments with these names."""

    def call(given: Given) -> Call:
        line = given["self"].numbers.dim() == 3
        module = kind(**{name: _option(name, given[name], line) for name in names})
        return Call(module, Need.MAP, *_moves(line), results)

    return call


def _option(name: str, value: Any, line: bool) -> Any:  # noqa: ANN401
    if isinstance(value, bool) or value is None or name == "divisor_override":
        return value
    if name == "stride" and not isinstance(value, int) and not value:
        return None
    return _pair(value, line, 0 if name == "padding" else 1)


def _reduced(name: str, pool: Callable[[tuple[int, int]], nn.Module]) -> Callable[[Given], Call]:
    """Return how a mean, a sum or a largest value over axes is a pooling over all of a map.

    `pool` makes it, given the height and the width of the map.
    """

    def call(given: Given) -> Call:
        sides = given["self"].numbers.shape
        axes = given.get("dim")
        axes = [axes] if isinstance(axes, int) else list(axes or range(len(sides)))
        over = sorted(axis % len(sides) for axis in axes)
        if 0 in over:
            raise UnsupportedError("it mixes the examples of a batch")
        kept = [axis for axis in range(1, len(sides)) if axis not in over]
        left = [sides[axis] for axis in kept]
        if given.get("keepdim"):
            left = [1 if axis in over else sides[axis] for axis in range(1, len(sides))]
        width = sides[over[-1]]
        height = math.prod(sides[axis] for axis in over) // width
        channels = math.prod(sides[axis] for axis in kept)

        def before(numbers: torch.Tensor) -> torch.Tensor:
            return numbers.permute(0, *kept, *over).reshape(-1, channels, height, width)

        def after(numbers: torch.Tensor) -> torch.Tensor:
            return numbers.reshape(len(numbers), *left)

        return Call(pool((height, width)), Need.MAP, before, after, name=name)

    return call


def _softmax(kind: type[nn.Module]) -> Callable[[Given], Call]:
    def call(given: Given) -> Call:
        if given["self"].numbers.dim() != 2:
            raise UnsupportedError("it takes the shares of some of the values only")
        if given["dim"] not in (1, -1):
            raise UnsupportedError("it mixes the examples of a batch")
        return Call(kind(1), Need.MAP)

    return call


def _activation(kind: type[nn.Module], *names: str) -> Callable[[Given], Call]:
    """Return how an activation of torch.nn is made of an operator's arguments with these names."""

    def call(given: Given) -> Call:
        return Call(kind(*(given[name] for name in names)))

    return call


def _gelu(given: Given) -> Call:
    return Call(nn.GELU(approximate=given["approximate"]))


def _prelu(given: Given) -> Call:
    weight = given["weight"]
    return Call(_module(nn.PReLU, len(weight), weight=weight))


def _elu(given: Given) -> Call:
    if (given["scale"], given["input_scale"]) != (1, 1):
        raise UnsupportedError("it has scales")
    return Call(nn.ELU(given["alpha"]))


_WINDOW = ("kernel_size", "stride", "padding")
_AVERAGE = (*_WINDOW, "ceil_mode", "count_include_pad")

ACTIVATIONS: dict[str, Callable[[Given], Call]] = {
    "relu": _activation(nn.ReLU),
    "relu6": _activation(nn.ReLU6),
    "sigmoid": _activation(nn.Sigmoid),
    "tanh": _activation(nn.Tanh),
    "silu": _activation(nn.SiLU),
    "hardswish": _activation(nn.Hardswish),
    "hardsigmoid": _activation(nn.Hardsigmoid),
    "mish": _activation(nn.Mish),
    "selu": _activation(nn.SELU),
    "log_sigmoid": _activation(nn.LogSigmoid),
    "celu": _activation(nn.CELU, "alpha"),
    "leaky_relu": _activation(nn.LeakyReLU, "negative_slope"),
    "softplus": _activation(nn.Softplus, "beta", "threshold"),
    "hardtanh": _activation(nn.Hardtanh, "min_val", "max_val"),
    "softshrink": _activation(nn.Softshrink, "lambd"),
    "hardshrink": _activation(nn.Hardshrink, "lambd"),
    "elu": _elu,
    "gelu": _gelu,
    "prelu": _prelu,
}
"""Those of each number by itself."""
CALLS: dict[str, Callable[[Given], Call]] = {
    "conv1d": _convolution,
    "conv2d": _convolution,
    "conv_transpose1d": _transposed_convolution,
    "conv_transpose2d": _transposed_convolution,
    "linear": _linear,
    "_native_batch_norm_legit_no_training": _batchnorm,
    **{
        f"max_pool{side}d": _pool(nn.MaxPool2d, *_WINDOW, "dilation", "ceil_mode")
        for side in (1, 2)
    },
    "avg_pool1d": _pool(nn.AvgPool2d, *_AVERAGE),
    "avg_pool2d": _pool(nn.AvgPool2d, *_AVERAGE, "divisor_override"),
    **{
        f"adaptive_{word}_pool{side}d": _pool(kind, "output_size", results=results)
        for word, kind, results in (
            ("avg", nn.AdaptiveAvgPool2d, 1),
            ("max", nn.AdaptiveMaxPool2d, 2),
        )
        for side in (1, 2)
    },
    "mean": _reduced("mean", lambda _: nn.AdaptiveAvgPool2d(1)),
    "sum": _reduced("total", lambda sides: nn.AvgPool2d(sides, divisor_override=1)),
    "amax": _reduced("largest", lambda _: nn.AdaptiveMaxPool2d(1)),
    "softmax": _softmax(nn.Softmax),
    "log_softmax": _softmax(nn.LogSoftmax),
    **ACTIVATIONS,
}
"""What each operator does to its value, in terms of modules of torch.nn."""
