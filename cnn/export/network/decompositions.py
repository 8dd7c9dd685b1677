"""Writes operators that need the numbers of several values as simpler ones, in torch.

`torch.export` puts these in the place of the operators that they are named for, so that every
step has a sheet and torch's own numbers. The formulas are those of the pages of torch.nn
(https://docs.pytorch.org/docs/stable/generated/) that the docstrings name.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

aten = torch.ops.aten


def _normalised(x: Tensor, axes: list[int], eps: float) -> Tensor:
    """Return (x - mean) / √(variance + ε) over axes, the variance being that of a population."""
    centred = x - x.mean(axes, keepdim=True)
    variance = (centred * centred).mean(axes, keepdim=True)
    return centred * torch.rsqrt(variance + eps)


def _scaled(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _layer_norm(
    x: Tensor,
    shape: list[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn: bool = True,  # noqa: ARG001 - of the operator
) -> Tensor:
    """Normalise each place of a sequence by itself. See torch.nn.LayerNorm."""
    axes = list(range(-len(shape), 0))
    return _scaled(_normalised(x, axes, eps), weight, bias)


def _rms_norm(
    x: Tensor, shape: list[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Divide by the root of the mean square. See torch.nn.RMSNorm."""
    axes = list(range(-len(shape), 0))
    least = torch.finfo(torch.float32).eps if eps is None else eps
    return _scaled(x * torch.rsqrt((x * x).mean(axes, keepdim=True) + least), weight, None)


def _group_norm(
    x: Tensor,
    groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn: bool = True,  # noqa: ARG001 - of the operator
) -> Tensor:
    """Normalise groups of channels, each by itself. See torch.nn.GroupNorm."""
    grouped = x.reshape(x.shape[0], groups, -1)
    sides = (-1, *[1] * (x.dim() - 2))
    plain = _normalised(grouped, [2], eps).reshape(x.shape)
    return _scaled(
        plain,
        None if weight is None else weight.reshape(sides),
        None if bias is None else bias.reshape(sides),
    )


def _instance_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    own: bool,
    momentum: float,  # noqa: ARG001 - of the operator
    eps: float,
    cudnn: bool = True,
) -> Tensor:
    """Normalise each channel by itself, or by running statistics. See torch.nn.InstanceNorm2d."""
    if own or mean is None or variance is None:
        return _group_norm(x, x.shape[1], weight, bias, eps, cudnn)
    sides = (-1, *[1] * (x.dim() - 2))
    plain = (x - mean.reshape(sides)) * torch.rsqrt(variance + eps).reshape(sides)
    held = [None if each is None else each.reshape(sides) for each in (weight, bias)]
    return _scaled(plain, *held)


def _softmax(x: Tensor, dim: int, dtype: Any = None) -> Tensor:  # noqa: ANN401, ARG001
    """Return shares along an axis, e^(x - m) / Σ e^(x - m). See torch.nn.Softmax.

    That of all units of a flat layer is a stage by itself, with its own sheet.
    """
    if x.dim() == 2:
        return NotImplemented  # type: ignore[no-any-return]
    exponentials = torch.exp(x - x.amax(dim, keepdim=True))
    return exponentials / exponentials.sum(dim, keepdim=True)


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,  # noqa: ARG001 - of the operator
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return softmax(q kᵀ / √d + mask) v. See torch.nn.functional.scaled_dot_product_attention.

    Vaswani et al., "Attention is all you need" (2017), section 3.2.1.
    """
    if is_causal or enable_gqa or (attn_mask is not None and attn_mask.dtype == torch.bool):
        return NotImplemented  # type: ignore[no-any-return]
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ key.transpose(-2, -1) * factor
    scores = scores if attn_mask is None else scores + attn_mask
    return _softmax(scores, scores.dim() - 1) @ value


def _weights_between(count: int, side: int, aligned: bool, scale: float | None) -> Tensor:
    """Return the weights (count, side) of pixels in a line for linear interpolation.

    See torch.nn.functional.interpolate: with aligned corners the first and last pixels are kept,
    otherwise places are those of the pixels' middles, and none is beyond the first or last.
    """
    places = torch.arange(count, dtype=torch.float64)
    if aligned:
        places = places * ((side - 1) / max(1, count - 1))
    else:
        places = ((places + 0.5) * (side / count if scale is None else 1 / scale) - 0.5).clamp(0)
    places = places.clamp(max=side - 1)[:, None]
    return (1 - (places - torch.arange(side, dtype=torch.float64)).abs()).clamp(0)


def _bilinear(
    x: Tensor, size: list[int] | None, aligned: bool, scales: list[float] | None
) -> Tensor:
    """Return maps between whose pixels is interpolated, as products with two matrices."""
    sides = x.shape[-2:]
    given = [None, None] if scales is None else scales
    counts = size or [int(side * scale) for side, scale in zip(sides, scales or [], strict=True)]
    down, across = (
        _weights_between(count, side, aligned, scale)
        for count, side, scale in zip(counts, sides, given, strict=True)
    )
    return down @ x @ across.T


def _prelu(x: Tensor, weight: Tensor) -> Tensor:
    """Return max(0, z) + a · min(0, z) with an a for each channel. See torch.nn.PReLU."""
    if weight.numel() == 1:
        return NotImplemented  # type: ignore[no-any-return]
    sides = (-1, *[1] * (x.dim() - 2))
    return torch.relu(x) - weight.reshape(sides) * torch.relu(-x)


DECOMPOSITIONS: dict[Any, Callable[..., Tensor]] = {
    aten.layer_norm.default: _layer_norm,
    aten.rms_norm.default: _rms_norm,
    aten.group_norm.default: _group_norm,
    aten.instance_norm.default: _instance_norm,
    aten.softmax.int: _softmax,
    aten.prelu.default: _prelu,
    aten.upsample_bilinear2d.vec: _bilinear,
    aten.scaled_dot_product_attention.default: _attention,
}
"""By the operators of ATen."""
