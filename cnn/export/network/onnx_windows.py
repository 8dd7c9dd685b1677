"""ONNX's operators whose windows move over maps, convolutions and poolings, in torch."""

import math
from collections.abc import Callable, Sequence

import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor

from cnn.export.network.modules import UnsupportedError
from cnn.export.network.onnx_calls import Call, Operator


def _pads(call: Call, sides: Sequence[int], kernel: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the padding before and after each side of a window's map."""
    auto, count = call.get("auto_pad", "NOTSET"), len(kernel)
    if auto in ("NOTSET", "VALID"):
        found = call.get("pads") if auto == "NOTSET" else None
        found = list(found or [0] * (2 * count))
        return found[:count], found[count:]
    strides, steps = _steps(call, "strides", count), _steps(call, "dilations", count)
    totals = [
        max(0, (math.ceil(side / stride) - 1) * stride + (size - 1) * step + 1 - side)
        for side, size, stride, step in zip(sides, kernel, strides, steps, strict=True)
    ]
    less, more = [each // 2 for each in totals], [each - each // 2 for each in totals]
    return (less, more) if auto == "SAME_UPPER" else (more, less)


def _steps(call: Call, name: str, count: int) -> list[int]:
    return list(call.get(name) or [1] * count)


def _around(before: Sequence[int], after: Sequence[int]) -> list[int]:
    """Return paddings as torch has them: of the last axis first."""
    pairs = zip(reversed(before), reversed(after), strict=True)
    return [number for pair in pairs for number in pair]


def _of_rank(name: str, rank: int) -> Callable[..., Tensor]:
    if rank not in (1, 2):
        raise UnsupportedError(f"it is for {rank} dimensions; expected 1 or 2")
    found: Callable[..., Tensor] = getattr(F, f"{name}{rank}d")
    return found


def _convolution(call: Call, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    rank = weight.dim() - 2
    before, after = _pads(call, x.shape[2:], weight.shape[2:])
    padding: Sequence[int] = before
    if before != after:
        x, padding = F.pad(x, _around(before, after)), [0] * rank
    convolve = _of_rank("conv", rank)
    steps = _steps(call, "strides", rank), padding, _steps(call, "dilations", rank)
    return convolve(x, weight, bias, *steps, call.get("group", 1))


def _transposed_convolution(
    call: Call, x: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Return a transposed convolution, cut where its padding differs before and after."""
    rank = weight.dim() - 2
    strides, dilations = _steps(call, "strides", rank), _steps(call, "dilations", rank)
    if call.get("output_shape") or call.get("auto_pad", "NOTSET").startswith("SAME"):
        raise UnsupportedError("its padding follows from output_shape or auto_pad; expected pads")
    before, after = _pads(call, (), [1] * rank)
    padding = before if before == after else [0] * rank
    convolve = _of_rank("conv_transpose", rank)
    more, group = call.get("output_padding", 0), call.get("group", 1)
    found = convolve(x, weight, bias, strides, padding, more, group, dilations)
    if before != after:
        for axis, (first, last) in enumerate(zip(before, after, strict=True), start=2):
            found = found.narrow(axis, first, found.shape[axis] - first - last)
    return found


def _pool(name: str) -> Operator:
    def operator(call: Call, x: Tensor) -> Tensor:
        """Return a pooling, whose paddings before and after the map may differ.

        A larger one after it is what torch's ceil_mode adds, or, for the largest number of each
        window, the map's own edge.
        """
        kernel = list(call.get("kernel_shape"))
        strides, dilations = (_steps(call, each, len(kernel)) for each in ("strides", "dilations"))
        before, after = _pads(call, x.shape[2:], kernel)
        ceil, is_max = bool(call.get("ceil_mode", 0)), name == "max_pool"
        pool, counts_pads = _of_rank(name, len(kernel)), bool(call.get("count_include_pad", 0))
        if not is_max and (max(dilations) > 1 or (counts_pads and before != after)):
            raise UnsupportedError("its windows have gaps, or paddings that differ and count")
        options = {"dilation": dilations} if is_max else {"count_include_pad": counts_pads}
        fits = all(2 * pad <= size for pad, size in zip(before, kernel, strict=True))
        if before == after and fits:
            return pool(x, kernel, strides, before, ceil_mode=ceil, **options)
        reach = [(size - 1) * step + 1 for size, step in zip(kernel, dilations, strict=True)]
        lengths = zip(x.shape[2:], before, after, reach, strides, strict=True)
        counts = [
            (side + first + last - size + (stride - 1) * ceil) // stride + 1
            for side, first, last, size, stride in lengths
        ]
        if fits:
            found = pool(x, kernel, strides, before, ceil_mode=True, **options)
            if list(found.shape[2:]) == counts:
                return found
        if not is_max or max(dilations) > 1:
            raise UnsupportedError(f"it pads {before} before and {after} after the map")
        return pool(F.pad(x, _around(before, after), "replicate"), kernel, strides, ceil_mode=ceil)

    return operator


WINDOWS: dict[str, Operator] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "MaxPool": _pool("max_pool"),
    "AveragePool": _pool("avg_pool"),
}
"""By the operators' types."""
