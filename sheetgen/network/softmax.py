"""What an activation is, and softmax, the one that acts on a whole layer.

The activations of one unit are in activations.py, together with the table of all by their names.
"""

# The base class says what each method does.
# ruff: noqa: ARG002, D102

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Activation(ABC):
    """An activation a = f(z). The units of a layer are the last axis of z and a.

    Formulas take the addresses of z and a, such as "H7".
    """

    name: ClassVar[str]
    symbol: ClassVar[str] = "f"
    """What stands for f in textbook notation."""
    acts_on_layer: ClassVar[bool] = False
    """Whether each unit's a depends on all units' z, so that a unit by itself has no slope."""

    @property
    def parameter(self) -> float | None:
        """The number that a template gives as the slope, where there is one."""
        return None

    @abstractmethod
    def value(self, z: Array) -> Array:
        """Return f(z), in the shape of z."""

    @abstractmethod
    def slope(self, z: Array, a: Array) -> Array:
        """Return da/dz, elementwise, given the pre-activation z and a = f(z)."""

    def delta(self, z: Array, a: Array, gradient: Array) -> Array:
        """Return ∂E/∂z, in the shape of z, from the gradient ∂E/∂a: the chain rule."""
        return gradient * self.slope(z, a)

    @abstractmethod
    def formula(self, z: str) -> str:
        """Return the spreadsheet expression of f."""

    @abstractmethod
    def slope_formula(self, z: str, a: str) -> str:
        """Return the expression of da/dz, which can stand as factors of a product."""

    def notation(self, z: str) -> str:
        """Return f(z) as a textbook writes it."""
        return f"{self.symbol}({z})"

    def slope_notation(self, z: str, a: str) -> str:
        """Return da/dz as a textbook writes it, as factors of a product."""
        return f"{self.symbol}′({z})"

    @property
    @abstractmethod
    def definition(self) -> str:
        """The function and its derivative, one sentence in textbook notation."""


class Softmax(Activation):
    """The outputs' shares of a whole, a_k = e^z_k / Σ e^z. Page torch.nn.Softmax, last axis.

    Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 6.2.2.3. Taking the greatest
    z off every exponent changes no share, and no exponential is then above 1. As each a depends
    on all z, ∂E/∂z_k = a_k (∂E/∂a_k − Σ ∂E/∂a·a).

    Cells go through helper cells of their row, one for the greatest z, called m, one for the sum
    of the exponentials, S = Σ e^(z − m), and, where ∂E/∂a is at hand, one for the inner sum
    Σ ∂E/∂a·a.
    """

    name = "softmax"
    acts_on_layer = True
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
