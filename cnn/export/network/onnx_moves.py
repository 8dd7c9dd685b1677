"""ONNX's operators that only move numbers, or bring them together, in torch."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from onnx import TensorProto
from torch import Tensor

from cnn.export.network.modules import UnsupportedError
from cnn.export.network.onnx_calls import Call, Operator


def _cast(call: Call, x: Tensor) -> Tensor:
    kind = call.get("to")
    if kind not in (TensorProto.FLOAT, TensorProto.DOUBLE):
        raise UnsupportedError(f"it makes {TensorProto.DataType.Name(kind).lower()} numbers")
    return x


def _reshape(call: Call, x: Tensor, _: Tensor) -> Tensor:
    """Return the values in another shape, in which 0 is for the side that there was."""
    if held := call.get("sides"):  # for the batch that there is
        return x.reshape(held)
    sides = call.numbers("shape", 1) or []
    if not call.get("allowzero", 0):
        sides = [side or x.shape[axis] for axis, side in enumerate(sides)]
    return x.reshape(sides)


def _flatten(call: Call, x: Tensor) -> Tensor:
    axis = call.get("axis", 1)
    return x.reshape(math.prod(x.shape[:axis]), -1)


def _squeeze(call: Call, x: Tensor, *_: Tensor) -> Tensor:
    axes = call.numbers("axes", 1)
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


def _unsqueeze(call: Call, x: Tensor, *_: Tensor) -> Tensor:
    axes = call.numbers("axes", 1) or []
    count = x.dim() + len(axes)
    for axis in sorted(each % count for each in axes):
        x = x.unsqueeze(axis)
    return x


def _transpose(call: Call, x: Tensor) -> Tensor:
    return x.permute(call.get("perm") or list(reversed(range(x.dim()))))


def _concat(call: Call, *inputs: Tensor) -> Tensor:
    """Return values side by side; constants of one example are those of every example."""
    axis = call.get("axis") % inputs[0].dim()
    batch = max(len(x) for x in inputs)
    wide = [x.expand(batch, *x.shape[1:]) if axis and len(x) == 1 else x for x in inputs]
    return torch.cat(wide, axis)


def _split(call: Call, x: Tensor, *_: Tensor) -> Sequence[Tensor]:
    axis, sizes = call.get("axis", 0), call.numbers("split", 1)
    if sizes is None:
        sizes = [-(-x.shape[axis] // call.results)] * (call.results - 1)
        sizes.append(x.shape[axis] - sum(sizes))
    return torch.split(x, sizes, axis)


def _slice(call: Call, x: Tensor, *_: Tensor) -> Tensor:
    starts, ends = call.numbers("starts", 1) or [], call.numbers("ends", 2) or []
    axes = call.numbers("axes", 3) or list(range(len(starts)))
    steps = call.numbers("steps", 4) or [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        side = x.shape[axis]
        # Going backwards, Python's own end before the first is None; a number below is that too.
        last = None if step < 0 and end < -side else end
        places = range(side)[start:last:step]
        ordered = places if step > 0 else places[::-1]
        cut = [slice(None)] * x.dim()
        cut[axis] = slice(ordered.start, ordered.stop, ordered.step) if places else slice(0, 0)
        x = x[tuple(cut)]
        x = x if step > 0 else x.flip(axis)
    return x


def _gather(call: Call, x: Tensor, _: Tensor) -> Tensor:
    if call.is_constant(0):
        raise UnsupportedError("it takes in whole numbers that choose its rows")
    places, axis = call.constant(1), call.get("axis", 0)
    assert places is not None
    places = places.astype(int) % x.shape[axis]
    if places.ndim == 0:
        return x.select(axis, int(places))
    found = x.index_select(axis, torch.from_numpy(places.reshape(-1)))
    return found.unflatten(axis, places.shape) if places.ndim > 1 else found


def _expand(call: Call, x: Tensor, _: Tensor) -> Tensor:
    sides = call.numbers("shape", 1) or []
    return x.broadcast_to(torch.broadcast_shapes(x.shape, tuple(sides)))


def _tile(call: Call, x: Tensor, _: Tensor) -> Tensor:
    return x.repeat(call.numbers("repeats", 1) or [])


def _pad(call: Call, x: Tensor, *_: Tensor) -> Tensor:
    pads, axes = call.numbers("pads", 1) or [], call.numbers("axes", 3)
    before, after = [0] * x.dim(), [0] * x.dim()
    for place, axis in enumerate(range(x.dim()) if axes is None else axes):
        before[axis], after[axis] = pads[place], pads[place + len(pads) // 2]
    mode = {"edge": "replicate", "wrap": "circular"}.get(call.get("mode"), call.get("mode"))
    while len(before) > 1 and not (before[0] or after[0]) and len(before) > x.dim() - 2:
        before, after = before[1:], after[1:]
    pairs = zip(reversed(before), reversed(after), strict=True)
    flat = [number for pair in pairs for number in pair]
    if mode not in (None, "constant"):
        return F.pad(x, flat, mode)
    value = call.constant(2)
    return F.pad(x, flat, value=0.0 if value is None or not value.size else float(value.item()))


def _resize(call: Call, x: Tensor, *_: Tensor) -> Tensor:
    """Return maps resized as torch does: by the nearest pixel before, or linearly between two."""
    scales, sizes = call.constant(2), call.numbers("sizes", 3)
    if call.get("axes") is not None or call.get("antialias", 0):
        raise UnsupportedError("it has axes or antialias")
    given = scales.tolist() if scales is not None and scales.size else None
    if sizes is None:
        given = given or []
        sizes = [int(side * scale) for side, scale in zip(x.shape, given, strict=True)]
    if x.shape[1] != sizes[1]:
        raise UnsupportedError("it resizes channels")
    mode, places = call.get("mode", "nearest"), call.get("coordinate_transformation_mode")
    whole = all(size % side == 0 for size, side in zip(sizes, x.shape, strict=True))
    if mode == "nearest" and (
        whole or (places == "asymmetric" and call.get("nearest_mode") == "floor")
    ):
        return F.interpolate(x, sizes[2:])
    if mode == "linear" and x.dim() == 4:
        aligned = places == "align_corners"
        if aligned or places in (None, "half_pixel", "pytorch_half_pixel"):
            if given is None or aligned:
                return F.interpolate(x, sizes[2:], mode="bilinear", align_corners=aligned)
            factors = [float(scale) for scale in given[2:]]
            return F.interpolate(x, scale_factor=factors, mode="bilinear", align_corners=False)
    raise UnsupportedError(f"its mode is {mode}, {places}, {call.get('nearest_mode')}")


def _depth_to_space(call: Call, x: Tensor) -> Tensor:
    size, (_, channels, height, width) = call.get("blocksize"), x.shape
    inner = channels // size**2
    if call.get("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, size)
    parts = x.reshape(-1, size, size, inner, height, width).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(-1, inner, height * size, width * size)


MOVES: dict[str, Operator] = {
    "Identity": lambda _, x: x,
    "Dropout": lambda _, x, *others: x,  # noqa: ARG005
    "Cast": _cast,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Concat": _concat,
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
    "Resize": _resize,
    "DepthToSpace": _depth_to_space,
}
"""By the operators' types."""
