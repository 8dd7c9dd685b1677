"""Writes operators that need the numbers of several values as simpler ones, in torch.

`torch.export` puts these in the place of the operators that they are named for, so that every
step has a sheet and torch's own numbers. The formulas are those of the pages of torch.nn
(https://docs.pytorch.org/docs/stable/generated/) that the docstrings name.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from cnn.export.network import recurrent

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
    least = torch.finfo(x.dtype).eps if eps is None else eps
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
    return _shares(x, dim)


def _shares(x: Tensor, axis: int, kept: Tensor | None = None) -> Tensor:
    """Return shares along an axis, of the values that are kept if only some are."""
    exponentials = torch.exp(x - x.amax(axis, keepdim=True))
    exponentials = exponentials if kept is None else exponentials * kept.to(x.dtype)
    return exponentials / exponentials.sum(axis, keepdim=True)


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return softmax(q kᵀ / √d + mask) v. See torch.nn.functional.scaled_dot_product_attention.

    Vaswani et al., "Attention is all you need" (2017), section 3.2.1.
    """
    if dropout_p:
        return NotImplemented  # type: ignore[no-any-return]
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = (each.repeat_interleave(times, -3) for each in (key, value))
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ key.transpose(-2, -1) * factor
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if attn_mask is not None and attn_mask.dtype != torch.bool:
        scores, attn_mask = scores + attn_mask, None
    return _shares(scores, scores.dim() - 1, attn_mask) @ value


def _interpolated(operator: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return maps between whose pixels is interpolated, as a product with a matrix for each side.

    Such operators are linear and work on rows and columns by themselves, so that what they make of
    a one among zeros is a column of the matrix. See torch.nn.functional.interpolate.
    """

    def interpolated(
        x: Tensor, size: list[int] | None, align_corners: bool, scales: list[float] | None
    ) -> Tensor:
        sides = x.shape[2:]
        counts = size or [int(s * scale) for s, scale in zip(sides, scales or [], strict=True)]
        given = scales or (None,) * len(sides)
        for axis, (side, count, scale) in enumerate(zip(sides, counts, given, strict=True), 2):
            ones = torch.eye(side, dtype=x.dtype)[None]
            if len(sides) == 1:
                matrix = operator(ones, [count], align_corners, scale)[0]
            else:
                narrow = operator(ones[..., None], [count, 1], align_corners, scale, None)
                matrix = narrow[0, ..., 0]
            x = (x.transpose(axis, -1) @ matrix).transpose(axis, -1)
        return x

    return interpolated


def _log_softmax(x: Tensor, axis: int, dtype: torch.dtype | None = None) -> Tensor:  # noqa: ARG001
    """Return z less the logarithm of the sum of all e^z. See torch.nn.LogSoftmax."""
    if x.dim() == 2:
        return NotImplemented  # type: ignore[no-any-return]
    return x - _log_sum(x, [axis], True)


def _log_sum(x: Tensor, axes: list[int], keepdim: bool = False) -> Tensor:
    """Return the logarithm of the sum of all e^x. See torch.logsumexp."""
    largest = x.amax(axes, keepdim=True)
    total = (x - largest).exp().sum(axes, keepdim=True).log() + largest
    return total if keepdim else total.squeeze(axes)


def _smallest(x: Tensor, axes: Any = (), keepdim: bool = False) -> Tensor:  # noqa: ANN401
    """Return the smallest of values over axes, of all for none. See torch.amin."""
    return -(-x).amax(axes, keepdim)


def _variance(
    x: Tensor,
    axes: list[int] | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
) -> Tensor:
    """Return the mean square of the distances from the mean. See torch.var."""
    axes = list(range(x.dim())) if axes is None else axes
    count = math.prod(x.shape[axis] for axis in axes)
    centred = x - x.mean(axes, keepdim=True)
    squares = (centred * centred).mean(axes, keepdim=keepdim)
    return squares * (count / (count - (1.0 if correction is None else correction)))


def _deviation(
    x: Tensor,
    axes: list[int] | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
) -> Tensor:
    return _variance(x, axes, correction=correction, keepdim=keepdim).sqrt()


def _norm(
    x: Tensor,
    power: float = 2,
    axes: list[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,  # noqa: ARG001 - of the operator
) -> Tensor:
    """Return the length of vectors. See torch.linalg.vector_norm."""
    axes = list(range(x.dim())) if axes is None else axes
    if power == 2:
        return (x * x).sum(axes, keepdim).sqrt()
    if power == 1:
        return x.abs().sum(axes, keepdim)
    return x.abs().amax(axes, keepdim) if power == math.inf else NotImplemented


def _cumulative(x: Tensor, axis: int, *, dtype: torch.dtype | None = None) -> Tensor:  # noqa: ARG001
    """Return the sums of the first values. See torch.cumsum."""
    count = x.shape[axis]
    ones = torch.ones(count, count, dtype=x.dtype).triu()
    return (x.transpose(axis, -1) @ ones).transpose(axis, -1)


def _plus_product(
    x: Tensor, one: Tensor, other: Tensor, beta: float = 1, alpha: float = 1
) -> Tensor:
    """Return β x + α a b. See torch.addmm."""
    product = one @ other
    product = product if alpha == 1 else product * alpha
    return product if beta == 0 else product + (x if beta == 1 else x * beta)


def _prelu(x: Tensor, weight: Tensor) -> Tensor:
    """Return max(0, z) + a · min(0, z) with an a for each channel. See torch.nn.PReLU."""
    if weight.numel() == 1:
        return NotImplemented  # type: ignore[no-any-return]
    sides = (-1, *[1] * (x.dim() - 2))
    return torch.relu(x) - weight.reshape(sides) * torch.relu(-x)


def _bilinear(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x W y + b for each of several W. See torch.nn.Bilinear."""
    products = x.unsqueeze(-1) * y.unsqueeze(-2)
    return torch.nn.functional.linear(products.flatten(-2), weight.flatten(1), bias)


def _random_relu(
    x: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    *_: Any,  # noqa: ANN401
) -> Tensor:
    """Return a leaky ReLU with the mean of the slopes of the training. See torch.nn.RReLU."""
    if training:
        return NotImplemented  # type: ignore[no-any-return]
    return torch.nn.functional.leaky_relu(x, (lower + upper) / 2)


def _mean_of_channels(
    x: Tensor,
    kernel: list[int],
    stride: list[int],
    padding: list[int] | None = None,
    *_: Any,  # noqa: ANN401
) -> Tensor:
    """Return the means of neighbouring channels, as torch.nn.LocalResponseNorm takes them."""
    count, *others = kernel
    if {*others, *stride} != {1} or any(padding or []):
        return NotImplemented  # type: ignore[no-any-return]
    shifted = [x.narrow(-3, at, x.shape[-3] - count + 1) for at in range(count)]
    return functools.reduce(torch.add, shifted) / count


def _largest_and_place(x: Tensor, axis: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    return x.amax(axis, keepdim), x.argmax(axis, keepdim)


def _smallest_and_place(x: Tensor, axis: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    return _smallest(x, axis, keepdim), x.argmin(axis, keepdim)


def _between(x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    """Return numbers between ends that are tensors. See torch.clamp."""
    x = x if low is None else torch.maximum(x, low)
    return x if high is None else torch.minimum(x, high)


def _with_factor(operator: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a sum or difference with a factor of the second number. See torch.add."""

    def sum_of(x: Tensor, y: Any, *, alpha: float = 1) -> Tensor:  # noqa: ANN401
        return operator(x, y * alpha) if alpha != 1 else NotImplemented

    return sum_of


DECOMPOSITIONS: dict[Any, Callable[..., Any]] = {
    **recurrent.DECOMPOSITIONS,
    aten.layer_norm.default: _layer_norm,
    aten.rms_norm.default: _rms_norm,
    aten.group_norm.default: _group_norm,
    aten.instance_norm.default: _instance_norm,
    aten.softmax.int: _softmax,
    aten.prelu.default: _prelu,
    aten.scaled_dot_product_attention.default: _attention,
    aten.upsample_linear1d.vec: _interpolated(aten.upsample_linear1d.default),
    aten.upsample_bilinear2d.vec: _interpolated(aten.upsample_bilinear2d.default),
    aten.upsample_bicubic2d.vec: _interpolated(aten.upsample_bicubic2d.default),
    **{
        operator: _with_factor(function)
        for function, operators in (
            (torch.add, (aten.add.Tensor, aten.add.Scalar)),
            (torch.sub, (aten.sub.Tensor, aten.sub.Scalar)),
        )
        for operator in operators
    },
    aten.max.dim: _largest_and_place,
    aten.min.dim: _smallest_and_place,
    aten.clamp.Tensor: _between,
    aten.clamp_min.Tensor: _between,
    aten.clamp_max.Tensor: lambda x, high: _between(x, None, high),
    aten.bilinear.default: _bilinear,
    aten.rrelu.default: _random_relu,
    aten.avg_pool3d.default: _mean_of_channels,
    aten.log_softmax.int: _log_softmax,
    aten.logsumexp.default: _log_sum,
    aten.amin.default: _smallest,
    aten.var.correction: _variance,
    aten.std.correction: _deviation,
    aten.linalg_vector_norm.default: _norm,
    aten.cumsum.default: _cumulative,
    aten.addmm.default: _plus_product,
    aten.baddbmm.default: _plus_product,
}
"""By the operators of ATen."""
