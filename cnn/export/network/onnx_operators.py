"""What ONNX's operators compute, in torch.

They are those of https://onnx.ai/onnx/operators/, opset 11 and later; what a later version moved
from an attribute to an input is read from either. An operator that is not here has no formula.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor

from cnn.export.network.modules import UnsupportedError
from cnn.export.network.onnx_calls import Call, Computed, Operator


def _simple(function: Callable[..., Any]) -> Operator:
    return lambda call, *inputs: function(*inputs)  # noqa: ARG005


def _with(function: Callable[..., Tensor], **defaults: Any) -> Operator:  # noqa: ANN401
    """Return an operator whose attributes are the function's next arguments."""

    def operator(call: Call, x: Tensor) -> Tensor:
        return function(x, *(call.get(name, default) for name, default in defaults.items()))

    return operator


def _folded(function: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    """Return an operator on any number of inputs, two at a time."""

    def operator(_: Call, first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = function(first, other)
        return first

    return operator


def _selu(x: Tensor, alpha: float, gamma: float) -> Tensor:
    is_usual = math.isclose(alpha, 1.67326, rel_tol=1e-5)
    return F.selu(x) if is_usual else gamma * F.elu(x, alpha)


def _hard_sigmoid(x: Tensor, alpha: float, beta: float) -> Tensor:
    if math.isclose(alpha, 1 / 6, rel_tol=1e-6) and beta == 0.5:
        return F.hardsigmoid(x)
    return torch.clamp(alpha * x + beta, 0.0, 1.0)


def _swish(x: Tensor, alpha: float) -> Tensor:
    return F.silu(x) if alpha == 1 else x * torch.sigmoid(alpha * x)


def _prelu(_: Call, x: Tensor, slope: Tensor) -> Tensor:
    if slope.numel() == 1:
        return F.prelu(x, slope.reshape(1))
    return torch.relu(x) - slope * torch.relu(-x)


def _limit(*names: str) -> Operator:
    """Return an operator whose second and third inputs are ends that a number is kept within."""

    def operator(call: Call, x: Tensor, *_: Tensor) -> Tensor:
        places = range(1, len(call.constants))
        found = dict(zip(names, (call.constant(place) for place in places), strict=False))
        ends = {name: float(held.item()) for name, held in found.items() if held is not None}
        return torch.clamp(x, ends.get("min"), ends.get("max")) if ends else x

    return operator


def _power(call: Call, x: Tensor, _: Tensor) -> Tensor:
    held = call.constant(1)
    if held is None or held.size != 1:
        raise UnsupportedError("its exponent is not one number")
    return x ** float(held.item())


def _where(call: Call, _: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return x or y, chosen by what is constant: one of them is multiplied by 0."""
    held = call.constant(0)
    assert held is not None
    chosen = torch.from_numpy(held.astype(float))
    return x * chosen + y * (1 - chosen)


def _gemm(call: Call, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    """Return α A B + β C; that is a linear layer where B and C are constant."""
    a = a.T if call.get("transA", 0) else a
    weight = b if call.get("transB", 0) else b.transpose(-1, -2)
    alpha, beta = float(call.get("alpha", 1.0)), float(call.get("beta", 1.0))
    if isinstance(call.constants[1], Computed):
        product = alpha * (a @ weight.transpose(-1, -2))
        return product if c is None else product + beta * c
    weight = weight if alpha == 1 else alpha * weight
    if c is None or c.shape[:-1].numel() != 1:
        product = F.linear(a, weight)
        return product if c is None else product + beta * c
    c = c if beta == 1 else beta * c
    bias = c.reshape(-1).broadcast_to(weight.shape[:1])
    return F.linear(a, weight, bias)


def _global(reduce: Callable[..., Tensor]) -> Operator:
    return lambda _, x: reduce(x, tuple(range(2, x.dim())), keepdim=True)


def _reduction(reduce: Callable[..., Tensor]) -> Operator:
    def operator(call: Call, x: Tensor, *_: Tensor) -> Tensor:
        axes = call.numbers("axes", 1)
        if not axes and call.get("noop_with_empty_axes", 0):
            return x
        return reduce(x, tuple(axes or range(x.dim())), keepdim=bool(call.get("keepdims", 1)))

    return operator


def _batch_norm(call: Call, x: Tensor, *held: Tensor) -> Tensor:
    scale, shift, mean, variance = held
    if call.get("training_mode", 0):
        raise UnsupportedError("it is for training: it normalises by the batch")
    return F.batch_norm(x, mean, variance, scale, shift, eps=call.get("epsilon", 1e-5))


def _instance_norm(call: Call, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return F.instance_norm(x, weight=scale, bias=shift, eps=call.get("epsilon", 1e-5))


def _layer_norm(call: Call, x: Tensor, scale: Tensor, shift: Tensor | None = None) -> Tensor:
    sides = x.shape[call.get("axis", -1) :]
    shift = None if shift is None else shift.broadcast_to(sides)
    return F.layer_norm(x, sides, scale.broadcast_to(sides), shift, call.get("epsilon", 1e-5))


def _rms_norm(call: Call, x: Tensor, scale: Tensor) -> Tensor:
    sides = x.shape[call.get("axis", -1) :]
    return F.rms_norm(x, sides, scale.broadcast_to(sides), call.get("epsilon", 1e-5))


def _group_norm(call: Call, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    groups = call.get("num_groups")
    scale, shift = (each.repeat_interleave(x.shape[1] // len(each)) for each in (scale, shift))
    return F.group_norm(x, groups, scale, shift, call.get("epsilon", 1e-5))


def _softmax(function: Callable[..., Tensor]) -> Operator:
    def operator(call: Call, x: Tensor) -> Tensor:
        """Return shares along an axis; before opset 13 along it and all behind it."""
        axis = call.get("axis", -1 if call.opset >= 13 else 1) % x.dim()
        if call.opset >= 13 or axis == x.dim() - 1:
            return function(x, axis)
        return function(x.flatten(axis), axis).reshape(x.shape)

    return operator


def _attention(
    call: Call, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Return softmax(q kᵀ · scale + mask) v, for heads that have an axis of their own."""
    options = call.get("is_causal", 0), call.get("softcap", 0.0), len(call.constants) > 4
    if query.dim() != 4 or any(options):
        raise UnsupportedError("it has options that no formula is written for")
    scale = call.get("scale")
    return F.scaled_dot_product_attention(query, key, value, mask, scale=scale)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Exp": torch.exp,
    "Log": torch.log,
    "Sqrt": torch.sqrt,
    "Neg": torch.neg,
    "Abs": torch.abs,
    "Reciprocal": torch.reciprocal,
    "Sin": torch.sin,
    "Cos": torch.cos,
    "Erf": torch.erf,
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "Mish": F.mish,
    "HardSwish": F.hardswish,
    "Sub": torch.sub,
    "Div": torch.div,
    "MatMul": torch.matmul,
}
"""Operators without attributes, each a function of torch."""
OPERATORS: dict[str, Operator] = {
    **{name: _simple(function) for name, function in FUNCTIONS.items()},
    "LeakyRelu": _with(F.leaky_relu, alpha=0.01),
    "Elu": _with(F.elu, alpha=1.0),
    "Celu": _with(F.celu, alpha=1.0),
    "Selu": _with(_selu, alpha=1.6732632, gamma=1.0507010),
    "HardSigmoid": _with(_hard_sigmoid, alpha=0.2, beta=0.5),
    "Swish": _with(_swish, alpha=1.0),
    "Gelu": lambda call, x: F.gelu(x, approximate=call.get("approximate", "none")),
    "PRelu": _prelu,
    "Clip": _limit("min", "max"),
    "Max": _limit("min"),
    "Min": _limit("max"),
    "Pow": _power,
    "Where": _where,
    "Add": _folded(torch.add),
    "Sum": _folded(torch.add),
    "Mul": _folded(torch.mul),
    "Mean": lambda call, *inputs: _folded(torch.add)(call, *inputs) / len(inputs),
    "Gemm": _gemm,
    "GlobalAveragePool": _global(torch.mean),
    "GlobalMaxPool": _global(torch.amax),
    "ReduceMean": _reduction(torch.mean),
    "ReduceSum": _reduction(torch.sum),
    "ReduceMax": _reduction(torch.amax),
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "RMSNormalization": _rms_norm,
    "GroupNormalization": _group_norm,
    "Attention": _attention,
    "Softmax": _softmax(torch.softmax),
    "LogSoftmax": _softmax(torch.log_softmax),
}
"""By the operators' types."""
