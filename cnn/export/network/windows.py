"""Reads convolutions and pools, whose windows move over maps, and folds BatchNorms into weights."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from cnn.export.network.modules import MisfitError, UnsupportedError, numbers, pair, refuse_options
from cnn.export.network.stages import (
    Array,
    AveragePool,
    Border,
    Convolution,
    MaxPool,
    ScaleAndShift,
    Shape,
    Stage,
)


def _convolution(module: nn.Conv2d, shape: Shape) -> Convolution:
    """Return a Conv2d; dilation and groups become zeros in its kernels. Page torch.nn.Conv2d.

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
    """Page torch.nn.MaxPool2d: pixels outside of the map take no part."""
    refuse_options(module, {"ceil_mode": (False,), "return_indices": (False,)})
    kernel, stride = pair(module.kernel_size), pair(module.stride)
    padding, dilation = pair(module.padding), pair(module.dilation)
    _require_maps(shape)
    sides = zip((shape.height, shape.width), kernel, stride, padding, dilation, strict=True)
    rows, columns = (_inside(windows(*side), side[0]) for side in sides)
    return MaxPool(_output(shape, rows, columns), rows, columns)


def _average_pool(module: nn.AvgPool2d, shape: Shape) -> AveragePool:
    """Page torch.nn.AvgPool2d: padding is zeros, which count unless told otherwise."""
    refuse_options(module, {"ceil_mode": (False,)})
    kernel, stride, padding = map(pair, (module.kernel_size, module.stride, module.padding))
    _require_maps(shape)
    sides = zip((shape.height, shape.width), kernel, stride, padding, strict=True)
    whole = [windows(*side) for side in sides]
    rows = _inside(whole[0], shape.height)
    columns = _inside(whole[1], shape.width)
    counted = whole if module.count_include_pad else [rows, columns]
    divisors = _areas(*counted)
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


def windows(side: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> list[range]:
    """Return the pixels of each window along one side; those of the padding are outside of it."""
    reach = dilation * (kernel - 1) + 1
    starts = range(-padding, side + padding - reach + 1, stride)
    return [range(start, start + reach, dilation) for start in starts]


def bins(side: int, count: int) -> list[range]:
    """Return the pixels of each bin along one side, as an adaptive pool divides it.

    Bin i goes from ⌊i · side / count⌋ to ⌈(i + 1) · side / count⌉: page
    torch.nn.AdaptiveAvgPool2d, and `start_index` in PyTorch's AdaptivePooling.h.
    """
    return [range(i * side // count, -(-(i + 1) * side // count)) for i in range(count)]


def _bins(
    module: nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d, shape: Shape
) -> tuple[list[range], list[range]]:
    _require_maps(shape)
    size: Any = module.output_size
    height, width = (size, size) if size is None or isinstance(size, int) else size
    height = shape.height if height is None else height
    width = shape.width if width is None else width
    return bins(shape.height, height), bins(shape.width, width)


def _inside(found: Sequence[range], side: int) -> list[range]:
    """Return the windows without the pixels outside of the map."""
    kept = []
    for window in found:
        pixels = [pixel for pixel in window if 0 <= pixel < side]
        kept.append(range(pixels[0], pixels[-1] + 1, window.step) if pixels else range(0))
    return kept


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
