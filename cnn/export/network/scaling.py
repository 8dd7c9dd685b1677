"""Scales the numbers of an input for the network, and those of an output back to real units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sheetgen.network.activations import Array


@dataclass(frozen=True)
class Scaling:
    """Numbers for a network, (value - subtracted) / divided: one of each for every quantity.

    The scalers of scikit-learn all have this form: StandardScaler subtracts the mean and divides
    by the deviation, MinMaxScaler by the range.
    """

    subtracted: tuple[float, ...]
    divided: tuple[float, ...]

    @classmethod
    def of(cls, subtracted: Sequence[float] | Array, divided: Sequence[float] | Array) -> "Scaling":
        """Return the scaling with these numbers."""
        return cls(tuple(map(float, subtracted)), tuple(map(float, divided)))

    def after(self, first: "Scaling") -> "Scaling":
        """Return the one scaling that does what another does and then this one."""
        subtracted = np.array(first.subtracted) + np.array(first.divided) * self.subtracted
        return Scaling.of(subtracted, np.array(first.divided) * self.divided)

    def scaled(self, values: Array, axis: int = -1) -> Array:
        """Return what the network takes in; the quantities are along an axis of the values."""
        subtracted, divided = self._along(values, axis)
        scaled: Array = (values - subtracted) / divided
        return scaled

    def restored(self, numbers: Array, axis: int = -1) -> Array:
        """Return the values that the network's numbers mean."""
        subtracted, divided = self._along(numbers, axis)
        restored: Array = numbers * divided + subtracted
        return restored

    def _along(self, values: Array, axis: int) -> tuple[Array, Array]:
        sides = [1] * values.ndim
        sides[axis] = -1
        return np.reshape(self.subtracted, sides), np.reshape(self.divided, sides)
