"""Losses: each class holds the NumPy form, the cell form and the textbook form.

To add one, write a class and list it in LOSSES.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from sheetgen.activations import Array


class Loss(ABC):
    """An error that is a sum over the output units, E = E1 + E2 + …"""

    name: ClassVar[str]

    @abstractmethod
    def value(self, target: Array, a: Array) -> Array:
        """Return each output's error, in the shape of a."""

    @abstractmethod
    def slope(self, target: Array, a: Array) -> Array:
        """Return ∂E/∂a of each output, in the shape of a."""

    @abstractmethod
    def formula(self, target: str, a: str) -> str:
        """Return the spreadsheet expression of one output's error."""

    @abstractmethod
    def slope_formula(self, target: str, a: str) -> str:
        """Return the expression of ∂E/∂a, which can stand as a factor of a product."""

    @abstractmethod
    def notation(self, target: str, a: str) -> str:
        """Return one output's error as a textbook writes it."""

    @abstractmethod
    def slope_steps(self, target: str, a: str) -> str:
        """Return how ∂E/∂a comes about, up to the sign before `slope_notation`."""

    @abstractmethod
    def slope_notation(self, target: str, a: str) -> str:
        """Return ∂E/∂a as a textbook writes it, as a factor of a product."""


class HalfSquaredError(Loss):
    """Half the squared error, E = ½ (t - a)²; ∂E/∂a = a - t."""

    name = "half-squared-error"

    def value(self, target: Array, a: Array) -> Array:
        return 0.5 * (target - a) ** 2

    def slope(self, target: Array, a: Array) -> Array:
        return a - target

    def formula(self, target: str, a: str) -> str:
        return f"0.5*({target}-{a})^2"

    def slope_formula(self, target: str, a: str) -> str:
        return f"({a}-{target})"

    def notation(self, target: str, a: str) -> str:
        return f"½·({target} − {a})²"

    def slope_steps(self, target: str, a: str) -> str:
        return f"∂/∂{a} ½·({target} − {a})² = −({target} − {a})"

    def slope_notation(self, target: str, a: str) -> str:
        return f"({a} − {target})"


LOSSES: dict[str, Loss] = {each.name: each for each in (HalfSquaredError(),)}
