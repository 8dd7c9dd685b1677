"""Numbers that say where each value of a tensor is, in a batch of examples.

Operators that only move values are run on these numbers in place of the values; whatever axes they
make, the examples must stay apart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from cnn.export.network.modules import UnsupportedError
from sheetgen.network.activations import Array

EXAMPLES = 2
"""A batch of one would hide an operator that mixes the examples."""
STEP, OTHER = 2.0**32, 2.0**50
"""The numbers of an operation's values begin at a multiple of STEP, of the other example OTHER."""
ZERO = -1.0
"""The number of a value that is 0, as padding is; those of other constants are below it."""


class Constants:
    """Values that are the same for every input, each with a number below 0."""

    def __init__(self) -> None:
        self.values = [0.0]
        self.places = {0.0: 0}

    def numbered(self, values: torch.Tensor) -> torch.Tensor:
        """Return the numbers of values. Raises UnsupportedError if they are not finite."""
        held = values.detach().cpu().double()
        if not bool(torch.isfinite(held).all()):
            raise UnsupportedError("it takes in a number that is not finite")
        unique, inverse = torch.unique(held, return_inverse=True)
        for value in unique.tolist():
            if value not in self.places:
                self.places[value] = len(self.values)
                self.values.append(value)
        places = torch.tensor([self.places[value] for value in unique.tolist()])
        return (ZERO - places.double())[inverse].reshape(values.shape)

    def of(self, numbers: torch.Tensor) -> Array:
        """Return the constant at each place of the first example, 0 where there is none."""
        found = numbers[0].reshape(-1).numpy()
        places = np.where(found < 0, ZERO - found, 0).astype(int)
        values: Array = np.array(self.values)[places]
        return values


@dataclass(frozen=True, eq=False)
class Traced:
    """Where each value of a tensor is, as a tensor of the same shape; what brought them there."""

    numbers: torch.Tensor
    how: tuple[str, str] = ("gather", "rearrangement")

    @property
    def sides(self) -> tuple[int, ...]:
        """The shape without the batch."""
        return tuple(self.numbers.shape[1:])


class Unknown:
    """A result whose values are not followed, such as the places of the largest ones."""


def places_of(numbers: torch.Tensor) -> tuple[Any, Any]:
    """Return the sources and the indices of the first example's values; -1 is a constant's."""
    found = numbers[0].reshape(-1).numpy()
    sources = np.floor_divide(found, STEP).astype(int)
    sources = np.where(found < 0, -1, sources)
    return sources, np.where(found < 0, 0, found - sources * STEP).astype(int)


class Moves(NamedTuple):
    """Brings the examples of a batch to the first axis, and back.

    The examples are along an axis, or, with two parts, along one of those that it is made of.
    """

    axis: int
    parts: tuple[int, ...] = (EXAMPLES,)
    part: int = 0
    """Which of the parts the examples are."""

    @property
    def place(self) -> int:
        """The axis of the examples, after its axis is divided."""
        return self.axis + self.part

    def axes(self, axes: int | Sequence[int] | None, count: int) -> list[int]:
        """Return the axes of the moved tensor that are those of one with a number of axes."""
        if axes is None:
            raise UnsupportedError("it mixes the examples of a batch")
        found = []
        for axis in [axes] if isinstance(axes, int) else axes:
            if axis % count == self.axis:
                raise UnsupportedError("it mixes the examples of a batch")
            divided = axis % count + (len(self.parts) - 1) * (axis % count > self.axis)
            found.append(divided + (divided < self.place))
        return found

    def there(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return a tensor with the examples along its first axis."""
        if len(numbers.shape) <= self.axis or numbers.shape[self.axis] != math.prod(self.parts):
            raise UnsupportedError("it mixes the examples of a batch")
        divided: torch.Tensor = numbers.unflatten(self.axis, self.parts)
        return divided.movedim(self.place, 0)

    def back(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return a tensor with the examples where they were."""
        moved = numbers.movedim(0, self.place)
        return moved.flatten(self.axis, self.axis + len(self.parts) - 1)


class Rearranged(NamedTuple):
    """Brings values, after their examples, into the order in which one operation has them.

    So what is done to each of them by itself is done where that operation shows them.
    """

    moves: Moves
    places: torch.Tensor
    """Where each value of the operation is among those of an example."""
    sides: tuple[int, ...]
    """Those of the operation, without the batch."""
    before: torch.Size
    """The shape that values have after their examples were moved."""

    def there(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return a tensor in the operation's order."""
        found = self.moves.there(numbers).reshape(EXAMPLES, -1)
        return found[:, self.places].reshape(EXAMPLES, *self.sides)

    def back(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return a tensor in the order in which it was."""
        found = numbers.reshape(EXAMPLES, -1)[:, self.places.argsort()]
        return self.moves.back(found.reshape(self.before))


def batch_first(numbers: torch.Tensor) -> Moves:
    """Return the moves for a tensor whose examples are along any axis, or a part of one.

    Raises UnsupportedError if its examples are mixed.
    """
    for axis, side in enumerate(numbers.shape):
        inner = side // EXAMPLES
        for parts, part in (((side,), 0), ((EXAMPLES, inner), 0), ((inner, EXAMPLES), 1)):
            if parts[part] == EXAMPLES and math.prod(parts) == side:
                moves = Moves(axis, parts, part)
                if _is_unmixed(moves.there(numbers)):
                    return moves
    raise UnsupportedError("it mixes the examples of a batch")


def _is_unmixed(numbers: torch.Tensor) -> bool:
    if numbers.dim() == 0 or len(numbers) != EXAMPLES:
        return False
    first, other = numbers
    return torch.equal(torch.where(first < 0, first, first + OTHER), other)


def unmixed(numbers: torch.Tensor) -> torch.Tensor:
    """Check that each example's values come from that example."""
    if not _is_unmixed(numbers):
        raise UnsupportedError("it mixes the examples of a batch")
    return numbers
