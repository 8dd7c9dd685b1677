"""Reads activations of torch.nn, and operators of single numbers, as functions in a cell.

Each form follows the page of its name in https://docs.pytorch.org/docs/stable/generated/; those
that a network can also be trained with are classes of sheetgen.network.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import nn

from cnn.export.network.modules import UnsupportedError, numbers, refuse_options
from cnn.export.network.stages import Activate, ScaleAndShift, Shape, Stage
from sheetgen.network.activations import ACTIVATIONS, Activation, Array
from sheetgen.network.rectifiers import GELU, Softplus
from sheetgen.network.wording import constant, rounded_down, rounded_up

Reader = Callable[[Any, Shape], Stage]
Form = tuple[str, Callable[[Array], Array]]
"""The expression of f(z), with `{0}` for z, and f in NumPy."""

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""See torch.nn.SELU."""


def activate(shape: Shape, name: str, word: str, form: Form) -> Activate:
    """Return the stage of a function of single numbers, named for its sheet and in prose."""
    formula, value = form
    return Activate(shape, formula.format, value, name, word)


def _activation(known: Activation) -> Reader:
    def read(module: nn.Module, shape: Shape) -> Stage:
        refuse_options(module, known.torch_settings)
        own = known.like(module)
        return _known(shape, own, own.formula)

    return read


def _known(shape: Shape, known: Activation, formula: Callable[[str], str]) -> Stage:
    return Activate(shape, formula, known.value, known.name.replace("-", ""), known.word)


def _gelu(module: nn.GELU, shape: Shape) -> Stage:
    """Return a GELU: z Φ(z), Φ the normal distribution, or its approximation."""
    refuse_options(module, {"approximate": ("none", "tanh")})
    formula = GELU().formula if module.approximate == "tanh" else "{0}*NORMSDIST({0})".format
    return _known(shape, GELU(), formula)


def _softplus(module: nn.Softplus, shape: Shape) -> Stage:
    """Return ln(1 + e^(βz)) / β, but z where βz is above a threshold."""
    beta, threshold = constant(module.beta), constant(module.threshold)

    def formula(z: str) -> str:
        scaled = z if module.beta == 1 else f"{z}*{beta}"
        curve = f"({Softplus().formula(scaled)})"
        curve = curve if module.beta == 1 else f"{curve}/{beta}"
        return f"IF({scaled}>{threshold},{z},{curve})"

    return _known(shape, Softplus(), formula)


def _between(low: float, high: float) -> Form:
    return f"MAX({constant(low)},MIN({constant(high)},{{0}}))", lambda z: np.clip(z, low, high)


def _curved(scale: float, alpha: float, width: float) -> Form:
    """Return scale · (z above 0, α · (e^(z/width) − 1) below), as ELU, SELU and CELU are."""
    inner = "MIN(0,{0})" if width == 1 else f"MIN(0,{{0}})/{constant(width)}"
    formula = f"MAX(0,{{0}})+{constant(alpha)}*(EXP({inner})-1)"

    def value(z: Array) -> Array:
        below = alpha * np.expm1(np.minimum(z, 0.0) / width)
        return np.asarray(scale * (np.maximum(z, 0.0) + below))

    return (formula if scale == 1 else f"{constant(scale)}*({formula})"), value


def _mish(z: Array) -> Array:
    return np.asarray(z * np.tanh(Softplus().value(z)))


def _log_sigmoid(z: Array) -> Array:
    return np.asarray(-np.logaddexp(0.0, -z))


def _soft_shrink(size: float) -> Form:
    formula = f"SIGN({{0}})*MAX(0,ABS({{0}})-{constant(size)})"
    return formula, lambda z: np.asarray(np.sign(z) * np.maximum(0.0, np.abs(z) - size))


def _prelu(module: nn.PReLU, shape: Shape) -> Stage:
    """Return max(0, z) + a · min(0, z) with one learned a."""
    if module.num_parameters != 1:
        raise UnsupportedError("it has a slope for each channel; expected one for all")
    slope = float(numbers(module.weight)[0])
    formula = f"MAX(0,{{0}})+{constant(slope)}*MIN(0,{{0}})"
    value = lambda z: np.where(z > 0, z, slope * z)  # noqa: E731
    return activate(shape, "prelu", "PReLU", (formula, value))


def _reader(name: str, word: str, form: Callable[[Any], Form]) -> Reader:
    return lambda module, shape: activate(shape, name, word, form(module))


MODULES: dict[type[nn.Module], Reader] = {
    **{getattr(nn, type(known).__name__): _activation(known) for known in ACTIVATIONS.values()},
    nn.GELU: _gelu,
    nn.Softplus: _softplus,
    nn.PReLU: _prelu,
    nn.ReLU6: _reader("relusix", "ReLU6", lambda _: _between(0.0, 6.0)),
    nn.Hardtanh: _reader("hardtanh", "hardtanh", lambda m: _between(m.min_val, m.max_val)),
    nn.Hardsigmoid: _reader(
        "hardsigmoid",
        "hardsigmoid",
        lambda _: ("MAX(0,MIN(6,{0}+3))/6", lambda z: np.clip(z + 3.0, 0.0, 6.0) / 6.0),
    ),
    nn.Mish: _reader("mish", "Mish", lambda _: (f"{{0}}*TANH({Softplus().formula('{0}')})", _mish)),
    nn.SELU: _reader("selu", "SELU", lambda _: _curved(SELU_SCALE, SELU_ALPHA, 1.0)),
    nn.CELU: _reader("celu", "CELU", lambda m: _curved(1.0, m.alpha, m.alpha)),
    nn.LogSigmoid: _reader(
        "logsigmoid",
        "log-sigmoid",
        lambda _: (f"-({Softplus().formula('(-{0})')})", _log_sigmoid),
    ),
    nn.Softsign: _reader(
        "softsign", "softsign", lambda _: ("{0}/(1+ABS({0}))", lambda z: z / (1.0 + np.abs(z)))
    ),
    nn.Tanhshrink: _reader(
        "tanhshrink", "tanhshrink", lambda _: ("{0}-TANH({0})", lambda z: z - np.tanh(z))
    ),
    nn.Softshrink: _reader("softshrink", "softshrink", lambda m: _soft_shrink(m.lambd)),
    nn.Hardshrink: _reader(
        "hardshrink",
        "hardshrink",
        lambda m: (
            f"IF(ABS({{0}})>{constant(m.lambd)},{{0}},0)",
            lambda z: np.where(np.abs(z) > m.lambd, z, 0.0),
        ),
    ),
}

FUNCTIONS: dict[str, tuple[str, Form]] = {
    "neg": ("minus", ("-{0}", np.negative)),
    "abs": ("absolute value", ("ABS({0})", np.abs)),
    "exp": ("exponential", ("EXP({0})", np.exp)),
    "log": ("logarithm", ("LN({0})", np.log)),
    "sqrt": ("square root", ("SQRT({0})", np.sqrt)),
    "rsqrt": ("1 / square root", ("1/SQRT({0})", lambda z: 1.0 / np.sqrt(z))),
    "square": ("square", ("{0}^2", np.square)),
    "reciprocal": ("1 / x", ("1/{0}", np.reciprocal)),
    "sin": ("sine", ("SIN({0})", np.sin)),
    "cos": ("cosine", ("COS({0})", np.cos)),
    "tan": ("tangent", ("TAN({0})", np.tan)),
    "asin": ("arcsine", ("ASIN({0})", np.arcsin)),
    "acos": ("arccosine", ("ACOS({0})", np.arccos)),
    "atan": ("arctangent", ("ATAN({0})", np.arctan)),
    "sinh": ("hyperbolic sine", ("SINH({0})", np.sinh)),
    "cosh": ("hyperbolic cosine", ("COSH({0})", np.cosh)),
    "log2": ("logarithm to base 2", ("LN({0})/LN(2)", np.log2)),
    "log10": ("logarithm to base 10", ("LOG10({0})", np.log10)),
    "log1p": ("logarithm of 1 + x", ("LN(1+{0})", np.log1p)),
    "expm1": ("exponential minus 1", ("EXP({0})-1", np.expm1)),
    "sign": ("sign", ("SIGN({0})", np.sign)),
    "floor": ("rounding down", (rounded_down("{0}"), np.floor)),
    "ceil": ("rounding up", (rounded_up("{0}"), np.ceil)),
    "trunc": ("whole part", ("TRUNC({0})", np.trunc)),
    "logical_not": ("not", ("IF({0}=0,1,0)", np.logical_not)),
    "erf": (
        "error function",
        ("2*NORMSDIST({0}*SQRT(2))-1", np.vectorize(math.erf, otypes=[float])),
    ),
}
"""Operators of ATen on single numbers: each in words, and its forms."""


COMBINED = {
    "add": ("{0}+{1}", "sum", "sum"),
    "sub": ("{0}-{1}", "difference", "difference"),
    "mul": ("{0}*{1}", "product", "product"),
    "div": ("{0}/{1}", "quotient", "quotient"),
    "pow": ("{0}^{1}", "power", "power"),
    "maximum": ("MAX({0},{1})", "larger", "the larger number"),
    "minimum": ("MIN({0},{1})", "smaller", "the smaller number"),
    "logical_and": ("IF(AND({0}<>0,{1}<>0),1,0)", "both", "1 where both are not 0"),
    "logical_or": ("IF(OR({0}<>0,{1}<>0),1,0)", "either", "1 where one is not 0"),
    "where": ("IF({0}<>0,{1},{2})", "choice", "choice of two numbers"),
    **{
        name: (f"IF({{0}}{sign}{{1}},1,0)", "comparison", f"1 where the first is {sign}, else 0")
        for name, sign in zip(
            ("gt", "ge", "lt", "le", "eq", "ne"), (">", ">=", "<", "<=", "=", "<>"), strict=True
        )
    },
}
"""Operators on several values: the formula, the name of a sheet, what they do."""


def power(exponent: float) -> Form:
    """Return z to a power."""
    return f"{{0}}^{constant(exponent)}", lambda z: np.power(z, exponent)


def clamped(low: float | None, high: float | None) -> Form:
    """Return z between two ends, of which one may be missing."""
    if low is not None and high is not None:
        return _between(float(low), float(high))
    if low is None and high is not None:
        return f"MIN({constant(high)},{{0}})", lambda z: np.minimum(z, float(high))
    end = 0.0 if low is None else float(low)
    return f"MAX({constant(end)},{{0}})", lambda z: np.maximum(z, end)


def with_constant(sign: str, constant: Array, first: bool, shape: Shape) -> Stage:
    """Return the stage of z + c, z - c, z · c or z / c, or of c + z and so on if `first`.

    `constant` is (channels, height, width).
    """
    if np.ptp(constant) == 0:
        return _with_one(sign, float(constant.flat[0]), first, shape)
    flipped = first and sign == "-"
    if first and sign == "/":
        raise UnsupportedError("it divides numbers by what is computed")
    scales = {"*": constant, "/": 1.0 / constant}.get(sign, np.ones_like(constant))
    shifts = {"+": constant, "-": constant if flipped else -constant}.get(sign, 0.0 * constant)
    scales = -scales if flipped else scales
    by_channel = all(np.ptp(each, axis=(1, 2)).max() == 0 for each in (scales, shifts))
    if by_channel and not shape.flat:
        return Scale(shape, scales[:, 0, 0].copy(), shifts[:, 0, 0].copy())
    flat = Shape(*shape.sides, flat=True)
    return Scale(flat, scales.ravel(), shifts.ravel())


class Scale(ScaleAndShift):
    """Numbers multiplied by and added to those of a layer: x · scale + shift."""

    stem = "scale"
    word = "scale and shift"

    def then(self, other: "Scale") -> "Scale | None":
        """Return both as one, (x · a + b) · c + d; None for one by channel and one by number."""
        if self.scale.shape != other.scale.shape:
            return None
        shift = self.shift * other.scale + other.shift
        return Scale(other.output, self.scale * other.scale, shift)


_WITH_ONE: Mapping[str, tuple[str, str, Callable[[Any, Any], Any]]] = {
    "+": ("shift", "addition", np.add),
    "-": ("shift", "subtraction", np.subtract),
    "*": ("scaling", "multiplication", np.multiply),
    "/": ("scaling", "division", np.divide),
}


def _with_one(sign: str, number: float, first: bool, shape: Shape) -> Stage:
    if not np.isfinite(number):
        raise UnsupportedError("it takes in a number that is not finite")
    stem, word, function = _WITH_ONE[sign]
    if number < 0 and sign in "+-" and not first:
        sign, number = "-" if sign == "+" else "+", -number
        function = np.subtract if sign == "-" else np.add
    text = constant(number)
    if first:
        return activate(shape, stem, word, (f"{text}{sign}{{0}}", lambda z: function(number, z)))
    return activate(shape, stem, word, (f"{{0}}{sign}{text}", lambda z: function(z, number)))
