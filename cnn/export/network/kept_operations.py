"""Keeps the operations of a forward that is followed, with the places of the values they take in.

Values that are all of one operation's map, in its order, are read as a whole; others as they lie
about, or gathered in a map of their own first.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from cnn.export.network.grouping import Operation
from cnn.export.network.joining_stages import Combine, Gather
from cnn.export.network.numbered import (
    EXAMPLES,
    OTHER,
    STEP,
    Constants,
    Moves,
    Rearranged,
    Traced,
    batch_first,
    places_of,
)
from cnn.export.network.stages import Activate, Places, ScaleAndShift, Shape, Softmax, Stage, View


class Caller(NamedTuple):
    """The path and the class of the module whose forward a call is in, the number of the call."""

    path: str
    kind: str
    number: int


class Operations:
    """The operations so far; each new one is that of the call in `caller`."""

    def __init__(self, source: Shape) -> None:
        """Begin with an input of a shape."""
        self.found: list[Operation] = []
        self.shapes = [source]
        """The shapes of the operations' maps; the first is the input."""
        self.constants = Constants()
        self.maps: dict[tuple[object, ...], Traced] = {}
        """Values that were gathered, by their numbers."""
        self.caller = Caller("", "", 0)
        self.shown: set[int] = set()
        """The calls that have an operation."""

    @staticmethod
    def values(number: int, shape: Shape, sides: Sequence[int]) -> Traced:
        """Return the values of an operation, in the order of its map."""
        first = number * STEP + torch.arange(shape.size, dtype=torch.float64)
        return Traced(torch.stack([first, first + OTHER]).reshape(EXAMPLES, *sides))

    def add(
        self,
        stage: Stage,
        reads: Sequence[Traced],
        words: str = "",
        after: Callable[[torch.Tensor], torch.Tensor] | None = None,
        name: str = "",
    ) -> Traced:
        """Add an operation that takes in these values, and return its own, as torch has them."""
        path, _, number = self.caller
        assert number not in self.shown  # torch has one result to compare
        self.shown.add(number)
        said = f"{path}: {words or stage.word}" if path else words or stage.word
        # Values that are combined lie alike, wherever each of them comes from.
        sides = stage.output.sides if isinstance(stage, Combine) else None
        views = tuple(self.view(each, sides) for each in reads)
        place = len(self.found) + 1
        shape = stage.output
        is_pointwise = isinstance(stage, Activate | Combine | ScaleAndShift | Softmax)
        result = self.values(place, shape, reads[0].sides if is_pointwise else shape.torch_sides)
        if after is not None:
            result = Traced(after(result.numbers))
        flat = result.numbers.reshape(-1).numpy()
        example = np.where(flat >= OTHER, 1, 0)
        order = (flat - example * OTHER - place * STEP + example * shape.size).astype(int)
        self.found.append(Operation(said, stage, views, path, name or stage.stem, number, order))
        self.shapes.append(shape)
        return result

    def gathered(self, value: Traced) -> Traced:
        """Return the values as those of one operation, which is added where there is none."""
        if self.view(value).whole is not None:
            return value
        shape = self.shape_of(value)
        key = shape, value.sides, value.numbers.numpy().tobytes()
        if key not in self.maps:
            self.found.append(Operation("", Gather(shape, *value.how), (self.view(value),)))
            self.shapes.append(shape)
            self.maps[key] = self.values(len(self.found), shape, value.sides)
        return self.maps[key]

    def in_rows(self, value: Traced) -> Traced:
        """Return maps of one pixel column, gathered unless the channels of a row are side by side.

        Side by side on a sheet are the channels of a pixel.
        """
        view = self.view(value)
        sources, places = view.sources[:, :, 0], view.indices[:, :, 0]
        pixels = np.array([each.pixels for each in self.shapes])[sources]
        same = (sources == sources[:1]).all() and (sources >= 0).all()
        if same and (np.diff(places, axis=0) == pixels[1:]).all():
            return value
        return self.gathered(value)

    def source_of(self, value: Traced) -> int | None:
        """Return the operation of which the values are all, in order; None if there is none."""
        sources, indices = places_of(value.numbers)
        first = int(sources[0])
        if first < 0 or (sources != first).any():
            return None
        return first if np.array_equal(indices, np.arange(self.shapes[first].size)) else None

    def order(self, numbers: torch.Tensor) -> Moves | Rearranged:
        """Return the moves to the order in which values are computed one by one.

        It is that of the operation that they are all of, if they are of one, in another order.
        """
        moves = batch_first(numbers)
        there = moves.there(numbers)
        sources, indices = places_of(there)
        shape = self.shapes[max(0, int(sources[0]))]
        places = np.argsort(indices)
        every = np.arange(shape.size)
        is_all = (sources == sources[0]).all() and sources[0] >= 0
        if not is_all or not np.array_equal(indices[places], every) or (indices == every).all():
            return moves
        return Rearranged(moves, torch.from_numpy(places), shape.torch_sides, there.shape)

    def shape_of(self, value: Traced) -> Shape:
        """Return the shape of values: flat ones of one operation keep the map that they have there.

        So the kernels of a linear layer are maps, as those of a Flatten and a Linear are.
        """
        shape, source = Shape.of(value.sides), self.source_of(value)
        if source is None or not shape.flat:
            return shape
        return replace(self.shapes[source], flat=True, line=False)

    def view(self, value: Traced, sides: tuple[int, int, int] | None = None) -> View:
        """Return where the values are; as a whole if they are a map of one operation.

        `sides` are those of the map that they make, if not those of `shape_of`.
        """
        sides, source = sides or self.shape_of(value).sides, self.source_of(value)
        places: tuple[Places, Places] = places_of(value.numbers)
        sources, indices = (each.reshape(sides) for each in places)
        is_map = source is not None and self.shapes[source].sides == sides
        constants = self.constants.of(value.numbers).reshape(sides) if (sources < 0).any() else None
        return View(sources, indices, source if is_map else None, constants)
