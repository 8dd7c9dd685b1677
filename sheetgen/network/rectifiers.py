"""The rectifiers: activations that are z, or close to it, above 0 and next to nothing far below.

Like those in activations.py, each holds its forms written independently of each other. To add
one, write a class and list it in RECTIFIERS.
"""

# The base class says what each method does; not every activation needs both z and a.
# ruff: noqa: ARG002, D102

from dataclasses import dataclass
from math import inf, pi, sqrt
from typing import ClassVar

import numpy as np

from sheetgen.network.activation import Activation, Array, WithParameter


class ReLU(Activation):
    """Rectified linear unit, a = max(0, z). The slope at 0 is 0. See torch.nn.ReLU.

    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines" (2010).
    """

    name = "relu"
    symbol = "ReLU"
    kinks = (0.0,)
    definition = "ReLU(x) = max(0, x)   and   ReLU′(x) = 1 if x > 0, else 0"

    @property
    def reach(self) -> tuple[float, float]:
        return 0.0, inf

    def value(self, z: Array) -> Array:
        return np.maximum(z, 0.0)

    def slope(self, z: Array, a: Array) -> Array:
        return np.where(z > 0, 1.0, 0.0)

    def formula(self, z: str) -> str:
        return f"MAX(0,{z})"

    def slope_formula(self, z: str, a: str) -> str:
        return f"IF({z}>0,1,0)"

    def slope_by_hand(self, z: str, a: str) -> str:
        return f"IF({a}>0,1,0)"

    def notation(self, z: str) -> str:
        return f"max(0, {z})"


@dataclass(frozen=True)
class LeakyReLU(WithParameter):
    """ReLU with a slope below 0 and at 0: a = z, or parameter · z. See torch.nn.LeakyReLU.

    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013).
    """

    parameter: float = 0.01
    name = "leaky-relu"
    symbol = "LeakyReLU"
    kinks = (0.0,)
    torch_parameter = "negative_slope"
    usual = (0.01, 0.1, 0.2)

    @property
    def definition(self) -> str:
        return (
            f"LeakyReLU(x) = x if x > 0, else {self.written} · x   and   "
            f"LeakyReLU′(x) = 1 if x > 0, else {self.written}"
        )

    def value(self, z: Array) -> Array:
        return np.maximum(z, 0.0) + self.parameter * np.minimum(z, 0.0)

    def slope(self, z: Array, a: Array) -> Array:
        return np.where(z > 0, 1.0, self.parameter)

    def formula(self, z: str) -> str:
        return f"IF({z}>0,{z},{self.written}*{z})"

    def slope_formula(self, z: str, a: str) -> str:
        return f"IF({z}>0,1,{self.written})"

    def slope_by_hand(self, z: str, a: str) -> str:
        return f"IF({a}>0,1,{self.written})"


@dataclass(frozen=True)
class ELU(WithParameter):
    """Exponential linear unit: a = z above 0, else alpha (eᶻ - 1). See torch.nn.ELU.

    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
    linear units (ELUs)" (2016). The parameter is alpha, which is also the slope at 0.
    """

    parameter: float = 1.0
    name = "elu"
    symbol = "ELU"
    kinks = (0.0,)  # with alpha = 1 it is the slope's slope that jumps
    torch_parameter = "alpha"
    usual = (1.0,)

    @property
    def definition(self) -> str:
        return (
            f"ELU(x) = x if x > 0, else {self.written} · (eˣ − 1)   and   "
            f"ELU′(x) = 1 if x > 0, else {self.written} · eˣ"
        )

    @property
    def reach(self) -> tuple[float, float]:
        return min(0.0, -self.parameter), inf

    def value(self, z: Array) -> Array:
        return np.where(z > 0, z, self.parameter * np.expm1(np.minimum(z, 0.0)))

    def slope(self, z: Array, a: Array) -> Array:
        return np.where(z > 0, 1.0, self.parameter * np.exp(np.minimum(z, 0.0)))

    def formula(self, z: str) -> str:
        return f"IF({z}>0,{z},{self.written}*(EXP({z})-1))"

    def slope_formula(self, z: str, a: str) -> str:
        return f"IF({z}>0,1,{self.written}*EXP({z}))"

    def slope_by_hand(self, z: str, a: str) -> str:
        return f"IF({a}>0,1,{a}+{self.written})"


class Softplus(Activation):
    """A smooth ReLU, a = ln(1 + eᶻ); da/dz = σ(z). See torch.nn.Softplus.

    Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge
    for better option pricing" (2001). PyTorch takes a = z above a threshold of 20; here is none.
    """

    name = "softplus"
    symbol = "softplus"
    torch_settings: ClassVar = {"beta": (1,), "threshold": (20,)}
    definition = "softplus(x) = ln(1 + eˣ)   and   softplus′(x) = σ(x) = 1 / (1 + e⁻ˣ)"

    @property
    def reach(self) -> tuple[float, float]:
        return 0.0, inf

    def value(self, z: Array) -> Array:
        return np.logaddexp(0.0, z)

    def slope(self, z: Array, a: Array) -> Array:
        return _logistic(z)

    # ln(1 + eᶻ) = z + ln(1 + e⁻ᶻ): of the two exponentials the one that is at most 1.
    def formula(self, z: str) -> str:
        return f"MAX({z},0)+LN(1+EXP(-ABS({z})))"

    def slope_formula(self, z: str, a: str) -> str:
        return f"(1/(1+EXP(MIN(-{z},700))))"

    def formula_by_hand(self, z: str) -> str:
        return f"LN(1+EXP({z}))"

    # With a = ln(1 + eᶻ) the slope 1 / (1 + e⁻ᶻ) is 1 - e⁻ᵃ.
    def slope_by_hand(self, z: str, a: str) -> str:
        return f"1-EXP(-{a})"

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
    torch_settings: ClassVar = {"approximate": ("tanh",)}
    definition = (
        "GELU(x) = x · σ(v) with v = √(8/π) · (x + 0.044715 · x³)   and   "
        "GELU′(x) = σ(v) + x · σ(v) · σ(−v) · dv/dx"
    )

    @property
    def reach(self) -> tuple[float, float]:
        return -0.17, inf

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


class SiLU(Activation):
    """Sigmoid linear unit, or swish, a = z σ(z); da/dz = σ(z) + a σ(-z). See torch.nn.SiLU.

    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning" (2018).
    """

    name = "silu"
    symbol = "SiLU"
    definition = (
        "SiLU(x) = x · σ(x) with σ(x) = 1 / (1 + e⁻ˣ)   and   SiLU′(x) = σ(x) · (1 + x · σ(−x))"
    )

    @property
    def reach(self) -> tuple[float, float]:
        return -0.2785, inf

    def value(self, z: Array) -> Array:
        return z * _logistic(z)

    def slope(self, z: Array, a: Array) -> Array:
        return _logistic(z) * (1 + z * _logistic(-z))

    def formula(self, z: str) -> str:
        return f"{z}/(1+EXP(MIN(-{z},700)))"

    def slope_formula(self, z: str, a: str) -> str:
        return f"(1/(1+EXP(MIN(-{z},700)))+{a}/(1+EXP(MIN({z},700))))"


class Hardswish(Activation):
    """SiLU in straight pieces, a = z min(max(z + 3, 0), 6) / 6. See torch.nn.Hardswish.

    Howard et al., "Searching for MobileNetV3" (2019). As PyTorch has it, the slope is 0 at -3
    and 1 at 3.
    """

    name = "hardswish"
    symbol = "hardswish"
    kinks = (-3.0, 3.0)
    definition = (
        "hardswish(x) = x · min(max(x + 3, 0), 6) / 6   and   "
        "hardswish′(x) = 0 if x ≤ −3, 1 if x ≥ 3, else x/3 + ½"
    )

    @property
    def reach(self) -> tuple[float, float]:
        return -0.375, inf

    def value(self, z: Array) -> Array:
        return np.asarray(z * np.clip(z + 3, 0, 6) / 6)

    def slope(self, z: Array, a: Array) -> Array:
        return np.select([z <= -3, z >= 3], [0.0, 1.0], z / 3 + 0.5)

    def formula(self, z: str) -> str:
        return f"{z}*MIN(MAX({z}+3,0),6)/6"

    def slope_formula(self, z: str, a: str) -> str:
        return f"IF({z}<=-3,0,IF({z}<3,{z}/3+0.5,1))"


RECTIFIERS = (ReLU(), LeakyReLU(), ELU(), Softplus(), GELU(), SiLU(), Hardswish())


def _logistic(x: Array) -> Array:
    """Return σ(x) with all its digits also where it is tiny: σ = e^(−ln(1 + e⁻ˣ))."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -x)))
