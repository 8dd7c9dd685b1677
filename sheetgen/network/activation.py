"""The base class of all activations, which are in activations.py and rectifiers.py."""

# What is here is the default; not every activation needs both z and a.
# ruff: noqa: ARG002

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sheetgen.network.wording import constant

Array = NDArray[np.float64]


class Activation(ABC):
    """An activation a = f(z). The units of a layer are the last axis of z and a.

    Formulas take the addresses of z and a, such as "H7". A class has the name of its module in
    torch.nn, by which that is recognised.
    """

    name: ClassVar[str]
    symbol: ClassVar[str] = "f"
    """f in textbook notation."""
    acts_on_layer: ClassVar[bool] = False
    """Whether each unit's a depends on all units' z, so that a unit by itself has no slope."""
    limits: ClassVar[tuple[float, ...]] = ()
    """The smallest, the middle and the largest value of f, if it has both ends."""
    kinks: ClassVar[tuple[float, ...]] = ()
    """The z at which the slope jumps: across them a central difference is not a derivative."""
    torch_settings: ClassVar[Mapping[str, tuple[object, ...]]] = {}
    """The settings with which torch's module computes this: the values that each may have."""
    parameter: float | None = None
    """The number that a template gives as the slope, where there is one."""

    @property
    def reach(self) -> tuple[float, float]:
        """The values that f keeps between, infinite where it has no end."""
        return (self.limits[0], self.limits[-1]) if self.limits else (-inf, inf)

    @property
    def word(self) -> str:
        """The name in prose: its usual capitals where the symbol is the name, as in ReLU."""
        return self.symbol if self.symbol.lower() == self.name else self.name

    def like(self, module: object) -> "Activation":
        """Return the activation with the parameter of its module of torch."""
        return self

    def variants(self) -> Sequence["Activation"]:
        """Return the forms that tables made by hand are likely to have."""
        return (self,)

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
        """Return the expression of da/dz, which can be factors of a product."""

    def formula_by_hand(self, z: str) -> str:
        """Return f as people write it, who care less about overflow."""
        return self.formula(z)

    def slope_by_hand(self, z: str, a: str) -> str:
        """Return da/dz as people write it, with `a` alone where that is enough."""
        return self.slope_formula(z, a)

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


@dataclass(frozen=True)
class WithParameter(Activation):
    """An activation with a number of its own, which torch's module has as `torch_parameter`."""

    parameter: float
    torch_parameter: ClassVar[str]
    usual: ClassVar[tuple[float, ...]]
    """The values that tables made by hand are likely to have."""

    @property
    def written(self) -> str:
        """The parameter as a formula writes it: 0.01, 1, 0.00001."""
        return constant(self.parameter)

    def like(self, module: object) -> "WithParameter":
        """Return the activation with the parameter of its module of torch."""
        return replace(self, parameter=float(getattr(module, self.torch_parameter)))

    def variants(self) -> Sequence[Activation]:
        """Return the activation with each of its usual parameters."""
        return [replace(self, parameter=each) for each in self.usual]
