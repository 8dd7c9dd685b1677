"""Reads pooling modules as the windows of pixels that they look at."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import nn

from cnn.export.network.modules import MisfitError, UnsupportedError, pair, refuse_options
from cnn.export.network.stages import Array, AveragePool, MaxPool, Shape, Stage


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
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _average_pool,
    nn.AdaptiveMaxPool2d: _adaptive_max_pool,
    nn.AdaptiveAvgPool2d: _adaptive_average_pool,
}
