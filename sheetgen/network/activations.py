"""Activation functions of one unit: each holds the NumPy form, the cell form and the textbook form.

The forms are written independently of each other, so that comparing a recalculated workbook
with the NumPy reference means something. To add one, write a class and list it in ACTIVATIONS.

The pages that docstrings name are those of https://docs.pytorch.org/docs/stable/generated/.
In a cell an exponent that could grow ends at 700, where the exponential has 305 digits: from 710
on it passes what a cell can hold, and the result would be #NUM!.
"""

# The base class says what each method does; not every activation needs both z and a.
# ruff: noqa: ARG002

from dataclasses import dataclass
from math import isfinite, pi, sqrt

import numpy as np

from sheetgen.network.softmax import Activation, Array, Softmax

__all__ = ["ACTIVATIONS", "Activation", "Array", "Softmax", "activation"]


class Identity(Activation):
    """The pre-activation itself, a = z; da/dz = 1. Page torch.nn.Identity."""

    name = "identity"
    definition = "f(x) = x   and   df/dx = 1"

    def value(self, z: Array) -> Array:
        return z.copy()

    def slope(self, z: Array, a: Array) -> Array:
        return np.ones_like(z)

    def formula(self, z: str) -> str:
        return z

    def slope_formula(self, z: str, a: str) -> str:
        return "1"

    def notation(self, z: str) -> str:
        return z

    def slope_notation(self, z: str, a: str) -> str:
        return "1"


class Sigmoid(Activation):
    """Logistic sigmoid, a = 1 / (1 + e⁻ᶻ); da/dz = a (1 - a). Page torch.nn.Sigmoid."""

    name = "sigmoid"
    symbol = "σ"
    definition = "σ(x) = 1 / (1 + e⁻ˣ)   and   dσ/dx = σ(x) · (1 − σ(x))"

    def value(self, z: Array) -> Array:
        with np.errstate(over="ignore"):  # below -709 the exponential is inf, and a is 0
            return np.asarray(1.0 / (1.0 + np.exp(-z)))

    def slope(self, z: Array, a: Array) -> Array:
        return a * (1.0 - a)

    def formula(self, z: str) -> str:
        return f"1/(1+EXP(MIN(-{z},700)))"

    def slope_formula(self, z: str, a: str) -> str:
        return f"{a}*(1-{a})"

    def slope_notation(self, z: str, a: str) -> str:
        return f"{a}·(1 − {a})"


class Tanh(Activation):
    """Hyperbolic tangent, a = tanh z; da/dz = 1 - a². Page torch.nn.Tanh."""

    name = "tanh"
    symbol = "tanh"
    definition = "tanh(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)   and   d tanh/dx = 1 − tanh²(x)"

    def value(self, z: Array) -> Array:
        return np.tanh(z)

    def slope(self, z: Array, a: Array) -> Array:
        return 1.0 - a**2

    def formula(self, z: str) -> str:
        return f"TANH({z})"

    def slope_formula(self, z: str, a: str) -> str:
        return f"(1-{a}^2)"

    def slope_notation(self, z: str, a: str) -> str:
        return f"(1 − {a}²)"


class ReLU(Activation):
    """Rectified linear unit, a = max(0, z). The slope at 0 is 0. Page torch.nn.ReLU.

    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines" (2010).
    """

    name = "relu"
    symbol = "ReLU"
    definition = "ReLU(x) = max(0, x)   and   ReLU′(x) = 1 if x > 0, else 0"

    def value(self, z: Array) -> Array:
        return np.maximum(z, 0.0)

    def slope(self, z: Array, a: Array) -> Array:
        return np.where(z > 0, 1.0, 0.0)

    def formula(self, z: str) -> str:
        return f"MAX(0,{z})"

    def slope_formula(self, z: str, a: str) -> str:
        return f"IF({z}>0,1,0)"

    def notation(self, z: str) -> str:
        return f"max(0, {z})"


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """ReLU with a slope below 0 and at 0: a = z, or negative_slope · z. Page torch.nn.LeakyReLU.

    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013).
    """

    negative_slope: float = 0.01
    name = "leaky-relu"
    symbol = "LeakyReLU"

    @property
    def parameter(self) -> float:
        return self.negative_slope

    @property
    def definition(self) -> str:
        low = _number(self.negative_slope)
        return (
            f"LeakyReLU(x) = x if x > 0, else {low} · x   and   "
            f"LeakyReLU′(x) = 1 if x > 0, else {low}"
        )

    def value(self, z: Array) -> Array:
        return np.maximum(z, 0.0) + self.negative_slope * np.minimum(z, 0.0)

    def slope(self, z: Array, a: Array) -> Array:
        return np.where(z > 0, 1.0, self.negative_slope)

    def formula(self, z: str) -> str:
        return f"IF({z}>0,{z},{_number(self.negative_slope)}*{z})"

    def slope_formula(self, z: str, a: str) -> str:
        return f"IF({z}>0,1,{_number(self.negative_slope)})"


@dataclass(frozen=True)
class ELU(Activation):
    """Exponential linear unit: a = z above 0, else alpha (eᶻ - 1). Page torch.nn.ELU.

    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
    linear units (ELUs)" (2016). The slope at 0 is alpha.
    """

    alpha: float = 1.0
    name = "elu"
    symbol = "ELU"

    @property
    def parameter(self) -> float:
        return self.alpha

    @property
    def definition(self) -> str:
        alpha = _number(self.alpha)
        return (
            f"ELU(x) = x if x > 0, else {alpha} · (eˣ − 1)   and   "
            f"ELU′(x) = 1 if x > 0, else {alpha} · eˣ"
        )

    def value(self, z: Array) -> Array:
        return np.where(z > 0, z, self.alpha * np.expm1(np.minimum(z, 0.0)))

    def slope(self, z: Array, a: Array) -> Array:
        return np.where(z > 0, 1.0, self.alpha * np.exp(np.minimum(z, 0.0)))

    def formula(self, z: str) -> str:
        return f"IF({z}>0,{z},{_number(self.alpha)}*(EXP({z})-1))"

    def slope_formula(self, z: str, a: str) -> str:
        return f"IF({z}>0,1,{_number(self.alpha)}*EXP({z}))"


class Softplus(Activation):
    """A smooth ReLU, a = ln(1 + eᶻ); da/dz = σ(z). Page torch.nn.Softplus.

    Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge
    for better option pricing" (2001). PyTorch takes a = z above a threshold of 20; here is none.
    """

    name = "softplus"
    symbol = "softplus"
    definition = "softplus(x) = ln(1 + eˣ)   and   softplus′(x) = σ(x) = 1 / (1 + e⁻ˣ)"

    def value(self, z: Array) -> Array:
        return np.logaddexp(0.0, z)

    def slope(self, z: Array, a: Array) -> Array:
        return _logistic(z)

    # ln(1 + eᶻ) = z + ln(1 + e⁻ᶻ): of the two exponentials the one that is at most 1.
    def formula(self, z: str) -> str:
        return f"MAX({z},0)+LN(1+EXP(-ABS({z})))"

    def slope_formula(self, z: str, a: str) -> str:
        return f"(1/(1+EXP(MIN(-{z},700))))"

    def slope_notation(self, z: str, a: str) -> str:
        return f"σ({z})"


class GELU(Activation):
    """Gaussian error linear unit in its tanh form, torch.nn.GELU with approximate="tanh".

    a = ½ z (1 + tanh u) with u = √(2/π) (z + 0.044715 z³): Hendrycks and Gimpel, "Gaussian error
    linear units (GELUs)" (2016). As ½ (1 + tanh u) = σ(2u), a = z σ(2u), which keeps its digits
    where tanh u comes close to -1. With v = 2u, da/dz = σ(v) + a σ(-v) dv/dz.
    """

    name = "gelu"
    symbol = "GELU"
    definition = (
        "GELU(x) = x · σ(v) with v = √(8/π) · (x + 0.044715 · x³)   and   "
        "GELU′(x) = σ(v) + x · σ(v) · σ(−v) · dv/dx"
    )

    def value(self, z: Array) -> Array:
        return z * _logistic(self._twice_u(z))

    def slope(self, z: Array, a: Array) -> Array:
        v = self._twice_u(z)
        inner = sqrt(8 / pi) * (1 + 3 * 0.044715 * z**2)
        return _logistic(v) * (1 + z * _logistic(-v) * inner)

    def _twice_u(self, z: Array) -> Array:
        return np.asarray(sqrt(8 / pi) * (z + 0.044715 * z**3))

    def formula(self, z: str) -> str:
        return f"{z}/(1+EXP(MIN(-SQRT(8/PI())*({z}+0.044715*{z}^3),700)))"

    def slope_formula(self, z: str, a: str) -> str:
        v = f"SQRT(8/PI())*({z}+0.044715*{z}^3)"
        inner = f"SQRT(8/PI())*(1+0.134145*{z}^2)"
        return f"(1/(1+EXP(MIN(-{v},700)))+{a}*{inner}/(1+EXP(MIN({v},700))))"


ACTIVATIONS: dict[str, Activation] = {
    each.name: each
    for each in (
        Identity(), Sigmoid(), Tanh(), ReLU(), LeakyReLU(), ELU(), Softplus(), GELU(), Softmax()
    )
}  # fmt: skip


def activation(name: str, slope: float | None = None) -> Activation:
    """Return an activation by its name, "leaky-relu" and "elu" with their slope if one is given.

    Raises KeyError for an unknown name, and ValueError for a slope that is not a finite number
    or that the activation does not have.
    """
    found = ACTIVATIONS[name]
    if slope is None:
        return found
    if not isinstance(found, LeakyReLU | ELU):
        raise ValueError(f"{name} has no slope to choose")
    if not isfinite(slope):
        raise ValueError(f"the slope of {name} must be finite, not {slope}")
    return type(found)(float(slope))


def _logistic(x: Array) -> Array:
    """Return σ(x) with all its digits also where it is tiny: σ = e^(−ln(1 + e⁻ˣ))."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -x)))


def _number(value: float) -> str:
    """Return a number as a formula writes it: 0.01, 1, 1E-05."""
    return repr(value).removesuffix(".0").upper()
