"""Reads convolutions and pools, whose windows move over maps, and folds BatchNorms into weights."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from cnn.export.network.modules import MisfitError, UnsupportedError, numbers, pair, refuse_options
from cnn.export.network.stages import (
    AveragePool,
    Border,
    Convolution,
    MaxPool,
    ScaleAndShift,
    Shape,
    Stage,
)
from sheetgen.network.activations import Array


def _convolution(module: nn.Conv2d, shape: Shape) -> Convolution:
    """Return a Conv2d; dilation and groups become zeros in its kernels. See torch.nn.Conv2d.

    Raises MisfitError where it does not fit maps of the shape.
    """
    refuse_options(module, {"padding_mode": ("zeros",)})
    if shape.flat or module.in_channels != shape.channels:
        raise MisfitError(f"it takes in {module.in_channels} channels; here are {shape}")
    kernels = _dilated(_ungrouped(numbers(module.weight), module.groups), pair(module.dilation))
    height, width = kernels.shape[2:]
    border = _border(module, height, width)
    stride = pair(module.stride)
    output = Shape(
        len(kernels),
        (shape.height + border.top + border.bottom - height) // stride[0] + 1,
        (shape.width + border.left + border.right - width) // stride[1] + 1,
    )
    if min(output.height, output.width) < 1:
        raise MisfitError(f"its kernel is larger than maps of {shape} with their padding")
    biases = None if module.bias is None else numbers(module.bias)
    return Convolution(output, kernels, biases, stride, border)


def _ungrouped(weight: Array, groups: int) -> Array:
    """Return kernels over all channels, those of other groups being zeros."""
    outputs, inputs, height, width = weight.shape
    kernels = np.zeros((outputs, inputs * groups, height, width))
    for output in range(outputs):
        first = output // (outputs // groups) * inputs
        kernels[output, first : first + inputs] = weight[output]
    return kernels


def _dilated(kernels: Array, steps: tuple[int, int]) -> Array:
    """Return kernels with zeros between their rows and columns."""
    outputs, inputs, height, width = kernels.shape
    spread = np.zeros((outputs, inputs, (height - 1) * steps[0] + 1, (width - 1) * steps[1] + 1))
    spread[:, :, :: steps[0], :: steps[1]] = kernels
    return spread


def _border(module: nn.Conv2d, height: int, width: int) -> Border:
    """Return the padding of each side; "same" puts an odd one at the bottom and the right."""
    if module.padding == "valid":
        return Border()
    if module.padding == "same":
        top, left = (height - 1) // 2, (width - 1) // 2
        return Border(top, height - 1 - top, left, width - 1 - left)
    vertical, horizontal = pair(module.padding)
    return Border(vertical, vertical, horizontal, horizontal)


def folded(stage: Convolution, norm: ScaleAndShift) -> Convolution:
    """Return the convolution whose result is the BatchNorm's, (k ∗ x + b) · scale + shift.

    Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-
    only inference" (2018), section 3.2. The padding, zeros before the convolution, is not touched.
    """
    biases = 0.0 if stage.biases is None else stage.biases
    return replace(
        stage,
        kernels=stage.kernels * norm.scale[:, None, None, None],
        biases=biases * norm.scale + norm.shift,
    )


def _max_pool(module: nn.MaxPool2d, shape: Shape) -> MaxPool:
    """Return a MaxPool2d, which ignores pixels outside of the map. See torch.nn.MaxPool2d."""
    refuse_options(module, {"return_indices": (False,)})
    rows, columns = _inside(_windows(module, shape, pair(module.dilation)), shape)
    return MaxPool(_output(shape, rows, columns), rows, columns)


def _average_pool(module: nn.AvgPool2d, shape: Shape) -> AveragePool:
    """Return an AvgPool2d, which counts padding as zeros by default. See torch.nn.AvgPool2d."""
    whole = _windows(module, shape)
    rows, columns = inside = _inside(whole, shape)
    divisors = _areas(*(whole if module.count_include_pad else inside))
    if module.divisor_override:
        divisors = np.full_like(divisors, module.divisor_override)
    return AveragePool(_output(shape, rows, columns), rows, columns, divisors)


def _adaptive_max_pool(module: nn.AdaptiveMaxPool2d, shape: Shape) -> MaxPool:
    refuse_options(module, {"return_indices": (False,)})
    rows, columns = _bins(module, shape)
    return MaxPool(_output(shape, rows, columns), rows, columns)


def _adaptive_average_pool(module: nn.AdaptiveAvgPool2d, shape: Shape) -> AveragePool:
    rows, columns = _bins(module, shape)
    return AveragePool(_output(shape, rows, columns), rows, columns, _areas(rows, columns))


def _windows(
    module: nn.MaxPool2d | nn.AvgPool2d, shape: Shape, dilation: tuple[int, int] = (1, 1)
) -> list[list[range]]:
    """Return the rows and the columns of each window; those of the padding are outside the map."""
    _require_maps(shape)
    options = map(pair, (module.kernel_size, module.stride, module.padding))
    found = []
    for side, kernel, stride, padding, step in zip(
        (shape.height, shape.width), *options, dilation, strict=True
    ):
        reach = step * (kernel - 1) + 1
        end = side + padding
        # With ceil_mode a last window may reach over the padding, if it begins before that.
        over = min(stride, reach) - 1 if module.ceil_mode else 0
        starts = range(-padding, end - reach + over + 1, stride)
        kept = [start for start in starts if start + reach <= end or start < side]
        found.append([range(start, min(start + reach, end), step) for start in kept])
    return found


def _bins(module: nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d, shape: Shape) -> list[list[range]]:
    """Return the rows and the columns of each bin, as an adaptive pool divides a map.

    Bin i goes from ⌊i · side / count⌋ to ⌈(i + 1) · side / count⌉: see
    torch.nn.AdaptiveAvgPool2d, and `start_index` in PyTorch's AdaptivePooling.h.
    """
    _require_maps(shape)
    size: Any = module.output_size
    counts = (size, size) if size is None or isinstance(size, int) else size
    found = []
    for side, wanted in zip((shape.height, shape.width), counts, strict=True):
        count = side if wanted is None else wanted
        found.append([range(i * side // count, -(-(i + 1) * side // count)) for i in range(count)])
    return found


def _inside(found: Sequence[Sequence[range]], shape: Shape) -> list[list[range]]:
    """Return the windows without the rows and columns outside of the map."""
    sides = zip(found, (shape.height, shape.width), strict=True)
    return [[_within(window, side) for window in windows] for windows, side in sides]


def _within(window: range, side: int) -> range:
    pixels = [pixel for pixel in window if 0 <= pixel < side]
    return range(pixels[0], pixels[-1] + 1, window.step) if pixels else range(0)


def _areas(rows: Sequence[range], columns: Sequence[range]) -> Array:
    return np.outer([len(row) for row in rows], [len(column) for column in columns]).astype(float)


def _output(shape: Shape, rows: Sequence[range], columns: Sequence[range]) -> Shape:
    if not rows or not columns:
        raise MisfitError(f"its window is larger than maps of {shape} with their padding")
    if not all(rows) or not all(columns):
        raise UnsupportedError("a window of it lies wholly in the padding")
    return Shape(shape.channels, len(rows), len(columns))


def _require_maps(shape: Shape) -> None:
    if shape.flat:
        raise MisfitError(f"it takes in maps; here are {shape} units")


READERS: dict[type[nn.Module], Callable[[Any, Shape], Stage]] = {
    nn.Conv2d: _convolution,
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _average_pool,
    nn.AdaptiveMaxPool2d: _adaptive_max_pool,
    nn.AdaptiveAvgPool2d: _adaptive_average_pool,
}
