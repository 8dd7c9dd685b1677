"""Activation functions: each class holds the NumPy form, the cell form and the textbook form.

The forms are written independently of each other, so that comparing a recalculated workbook
with the NumPy reference means something. To add one, write a class and list it in ACTIVATIONS.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Activation(ABC):
    """An activation a = f(z) that acts on each unit by itself."""

    name: ClassVar[str]

    @abstractmethod
    def value(self, z: Array) -> Array:
        """Return f(z), elementwise, in the shape of z."""

    @abstractmethod
    def slope(self, z: Array, a: Array) -> Array:
        """Return da/dz, elementwise, given the pre-activation z and a = f(z)."""

    @abstractmethod
    def formula(self, z: str) -> str:
        """Return the spreadsheet expression of f, given the address of z."""

    @abstractmethod
    def slope_formula(self, z: str, a: str) -> str:
        """Return the expression of da/dz, which can stand as factors of a product."""

    @abstractmethod
    def notation(self, z: str) -> str:
        """Return f(z) as a textbook writes it."""

    @abstractmethod
    def slope_notation(self, z: str, a: str) -> str:
        """Return da/dz as a textbook writes it, as factors of a product."""

    @property
    @abstractmethod
    def definition(self) -> str:
        """The function and its derivative, one sentence in textbook notation."""


class Sigmoid(Activation):
    """Logistic sigmoid, a = 1 / (1 + e⁻ᶻ); da/dz = a (1 - a).

    In a cell the exponent ends at 700, where a is 0 to 300 digits: from 709 on the exponential
    passes what a cell can hold, and the result would be #NUM!.
    """

    name = "sigmoid"
    definition = "σ(x) = 1 / (1 + e⁻ˣ)   and   dσ/dx = σ(x) · (1 − σ(x))"

    def value(self, z: Array) -> Array:
        with np.errstate(over="ignore"):  # below -709 the exponential is inf, and a is 0
            return np.asarray(1.0 / (1.0 + np.exp(-z)))

    def slope(self, z: Array, a: Array) -> Array:  # noqa: ARG002 - other activations need z
        return a * (1.0 - a)

    def formula(self, z: str) -> str:
        return f"1/(1+EXP(MIN(-{z},700)))"

    def slope_formula(self, z: str, a: str) -> str:  # noqa: ARG002
        return f"{a}*(1-{a})"

    def notation(self, z: str) -> str:
        return f"σ({z})"

    def slope_notation(self, z: str, a: str) -> str:  # noqa: ARG002
        return f"{a}·(1 − {a})"


ACTIVATIONS: dict[str, Activation] = {each.name: each for each in (Sigmoid(),)}
