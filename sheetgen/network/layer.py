"""The layers of a network: what each kind of them must say, and the fully connected one."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import ClassVar, NamedTuple

import numpy as np

from sheetgen.network.activation import Activation, Array
from sheetgen.network.activations import Sigmoid

Matrix = tuple[tuple[float, ...], ...]


class Term(NamedTuple):
    """One product in a pre-activation: a weight of the matrix, times what the layer reads."""

    row: int
    position: int
    source: int


class Gradients(NamedTuple):
    """∂E/∂W and ∂E/∂b in their shapes."""

    weights: Array
    biases: Array


class AnyLayer(ABC):
    """A layer: a matrix of weights, biases or none, an activation, and how they are wired.

    Biases that are not trained stay what they are. The wiring (`terms`, `bias_row`) is what
    formulas are written from; `pre_activations` and `gradients` are the same in NumPy, without it.
    """

    weights: Matrix
    activation: Activation
    biases: tuple[float, ...] | None
    train_biases: bool
    letter: ClassVar[str] = "h"
    """What the name of a hidden unit begins with."""

    @property
    def title(self) -> str:
        """What the layer is called; nothing if it is one of the usual kind."""
        return ""

    @abstractmethod
    def with_activation(self, activation: Activation) -> "AnyLayer":
        """Return the layer with another activation; a pool has none."""

    @abstractmethod
    def with_numbers(self, weights: Matrix, biases: tuple[float, ...] | None) -> "AnyLayer":
        """Return the layer with other weights and biases."""

    @property
    def is_dense(self) -> bool:
        """Whether every unit reads everything, by weights of its own."""
        return False

    @property
    def kernel_places(self) -> tuple[tuple[str, ...], ...]:
        """Where each weight is in its kernel; nothing where weights are numbered."""
        return ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Where each value is that the layer reads, as its name says it."""
        return tuple(str(number) for number in range(1, self.fan_in + 1))

    def sharing(self, units: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the units' names, in a group for each bias."""
        return [
            tuple(unit for at, unit in enumerate(units) if self.bias_row(at) == row)
            for row in range(len(self.weights))
        ]

    @property
    @abstractmethod
    def fan_in(self) -> int:
        """Number of values that the layer reads."""

    @property
    @abstractmethod
    def units(self) -> int:
        """Number of values that it puts out."""

    @property
    @abstractmethod
    def places(self) -> tuple[str, ...]:
        """Where each unit is in the layer, as its name says it: 1, 2, … or row_column."""

    @abstractmethod
    def terms(self, unit: int) -> Sequence[Term]:
        """Return the products whose sum, with a bias, is a unit's pre-activation."""

    @abstractmethod
    def bias_row(self, unit: int) -> int:
        """Return which of the biases is added to a unit's sum."""

    @abstractmethod
    def pre_activations(self, weights: Array, biases: Array, a: Array) -> Array:
        """Return z (…, units) of the values that the layer reads (…, fan-in).

        Weights and biases have the shapes of the layer's own, after axes of their own if there
        are several networks. Those axes and the ones of `a` fit as NumPy's do.
        """

    @abstractmethod
    def gradients(self, a: Array, delta: Array) -> Gradients:
        """Return each sample's gradients from ∂E/∂z (…, units) and what was read (…, fan-in)."""

    @abstractmethod
    def carried_back(self, weights: Array, a: Array, delta: Array) -> Array:
        """Return each sample's ∂E/∂a (…, fan-in) of what the layer reads, from the same."""

    def check(self, number: int, fan_in: int) -> None:
        """Raise ValueError unless the layer reads `fan_in` values and its numbers are finite.

        `number` is the layer's, from 1 as on the sheets.
        """
        width = len(self.weights[0]) if self.weights else 0
        if self.fan_in != fan_in or fan_in == 0 or any(len(row) != width for row in self.weights):
            raise ValueError(f"every unit of layer {number} needs {fan_in} weights")
        if not all(isfinite(weight) for row in self.weights for weight in row):
            raise ValueError(f"layer {number} has a weight that is not a finite number")
        rows = len(self.weights)
        biases = (0.0,) * rows if self.biases is None else self.biases
        if len(biases) != rows or not all(map(isfinite, biases)):
            raise ValueError(f"layer {number} needs {rows} finite biases, or none")


@dataclass(frozen=True)
class Layer(AnyLayer):
    """A fully connected layer: weights[unit][source] and biases[unit], as torch.nn.Linear's."""

    weights: Matrix
    activation: Activation = field(default_factory=Sigmoid)
    biases: tuple[float, ...] | None = None
    train_biases: bool = True

    @property
    def is_dense(self) -> bool:
        """It is."""
        return True

    def with_activation(self, activation: Activation) -> "Layer":
        """Return the layer with another activation."""
        return replace(self, activation=activation)

    def with_numbers(self, weights: Matrix, biases: tuple[float, ...] | None) -> "Layer":
        """Return the layer with other weights and biases."""
        return replace(self, weights=weights, biases=biases)

    @property
    def units(self) -> int:
        """Number of units, the rows of the weight matrix."""
        return len(self.weights)

    @property
    def fan_in(self) -> int:
        """Number of values that each unit reads, the columns of the weight matrix."""
        return len(self.weights[0])

    @property
    def places(self) -> tuple[str, ...]:
        """1, 2, …"""
        return tuple(str(number) for number in range(1, self.units + 1))

    def terms(self, unit: int) -> Sequence[Term]:
        """Return a product for each value that the layer reads."""
        return [Term(unit, position, position) for position in range(self.fan_in)]

    def bias_row(self, unit: int) -> int:
        """Return the unit's own."""
        return unit

    def pre_activations(self, weights: Array, biases: Array, a: Array) -> Array:
        """Return W a + b."""
        return np.asarray(np.matvec(weights, a) + biases)

    def gradients(self, a: Array, delta: Array) -> Gradients:
        """∂E/∂W = δ aᵀ, ∂E/∂b = δ."""
        return Gradients(delta[..., :, None] * a[..., None, :], delta)

    def carried_back(self, weights: Array, a: Array, delta: Array) -> Array:  # noqa: ARG002
        """∂E/∂a = Wᵀ δ."""
        return np.asarray(np.vecmat(delta, weights))
