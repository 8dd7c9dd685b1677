"""Activation functions: each class holds the NumPy form, the cell form and the textbook form.

The forms are written independently of each other, so that comparing a recalculated workbook
with the NumPy reference means something. To add one, write a class here and list it in
ACTIVATIONS, or in rectifiers.py; all that anything else needs to know of it, it asks the class.

The pages that docstrings name are those of https://docs.pytorch.org/docs/stable/generated/.
In a cell an exponent that could grow ends at 700, where the exponential has 305 digits: from 710
on it would be #NUM!.
"""

# The base class says what each method does; not every activation needs both z and a.
# ruff: noqa: ARG002

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import ClassVar

import numpy as np

from sheetgen.network.activation import Activation, Array, WithParameter
from sheetgen.network.rectifiers import RECTIFIERS

__all__ = ["ACTIVATIONS", "Activation", "Array", "Softmax", "activation"]


class Identity(Activation):
    """The pre-activation itself, a = z; da/dz = 1. See torch.nn.Identity."""

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
    """Logistic sigmoid, a = 1 / (1 + e⁻ᶻ); da/dz = a (1 - a). See torch.nn.Sigmoid."""

    name = "sigmoid"
    symbol = "σ"
    limits = (0.0, 0.5, 1.0)
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
    """Hyperbolic tangent, a = tanh z; da/dz = 1 - a². See torch.nn.Tanh."""

    name = "tanh"
    symbol = "tanh"
    limits = (-1.0, 0.0, 1.0)
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


class Softmax(Activation):
    """The outputs' shares of a whole, a_k = e^z_k / Σ e^z. See torch.nn.Softmax, last axis.

    Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 6.2.2.3. Taking the greatest
    z off every exponent changes no share, and no exponential is then above 1. As each a depends
    on all z, ∂E/∂z_k = a_k (∂E/∂a_k − Σ ∂E/∂a·a).

    Cells go through helper cells of their row, one for the greatest z, called m, one for the sum
    of the exponentials, S = Σ e^(z − m), and, where ∂E/∂a is at hand, one for the inner sum
    Σ ∂E/∂a·a.
    """

    name = "softmax"
    acts_on_layer = True
    limits = (0.0, 0.5, 1.0)
    # The last axis of (samples, outputs), which torch also takes if it is not told.
    torch_settings: ClassVar = {"dim": (-1, 1, None)}
    definition = (
        "softmax(o)ₖ = e^(oₖ − m) / S, with m = greatest o and S = Σ e^(o − m)   and   "
        "∂aₖ/∂oₖ = aₖ · (1 − aₖ), ∂aₖ/∂oⱼ = −aₖ · aⱼ"
    )

    def value(self, z: Array) -> Array:
        exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))

    def slope(self, z: Array, a: Array) -> Array:
        raise TypeError("softmax has no slope of a single unit")

    def delta(self, z: Array, a: Array, gradient: Array) -> Array:
        return np.asarray(a * (gradient - (gradient * a).sum(axis=-1, keepdims=True)))

    def formula(self, z: str) -> str:
        raise TypeError("softmax has no formula of a single unit; see formula_in_layer")

    def formula_in_layer(self, z: str, greatest: str, total: str) -> str:
        """Return the expression of one unit's a, given the cells of the two helpers."""
        return f"EXP({z}-{greatest})/{total}"

    def greatest_formula(self, zs: Sequence[str]) -> str:
        """Return the expression of the greatest z, given the address of every unit's."""
        return f"MAX({','.join(zs)})"

    def total_formula(self, zs: Sequence[str], greatest: str) -> str:
        """Return the expression of Σ e^(z − greatest)."""
        return "+".join(f"EXP({z}-{greatest})" for z in zs)

    def slope_formula(self, z: str, a: str) -> str:
        raise TypeError("softmax has no slope of a single unit; see delta_formula")

    def delta_formula(self, gradient: str, a: str, inner: str) -> str:
        """Return the expression of ∂E/∂z, as factors of a product.

        `gradient` is the expression of ∂E/∂a, `inner` the cell of Σ ∂E/∂a·a over the layer.
        """
        return f"{a}*({gradient}-{inner})"

    def notation(self, z: str) -> str:
        return f"e^({z} − m) / S"

    def slope_notation(self, z: str, a: str) -> str:
        raise TypeError("softmax has no slope of a single unit")


ACTIVATIONS: dict[str, Activation] = {
    each.name: each for each in (Identity(), Sigmoid(), Tanh(), *RECTIFIERS, Softmax())
}


def activation(name: str, slope: float | None = None) -> Activation:
    """Return an activation by its name, one that has a parameter with the slope that is given.

    Raises KeyError for an unknown name, and ValueError for a slope that is not a finite number
    or that the activation does not have.
    """
    found = ACTIVATIONS[name]
    if slope is None:
        return found
    if not isinstance(found, WithParameter):
        raise ValueError(f"{name} has no slope to choose")
    if not isfinite(slope):
        raise ValueError(f"the slope of {name} must be finite, not {slope}")
    return replace(found, parameter=float(slope))
