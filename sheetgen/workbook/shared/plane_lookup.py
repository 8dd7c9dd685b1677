"""Expressions that look numbers up in planes which a sheet has drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sheetgen.network.network import Network
from sheetgen.network.planes import Convolution
from sheetgen.spreadsheet.address import choose

NOTHING = '""'


@dataclass(frozen=True)
class PlaneLookup:
    """The planes of a sheet: `addresses` and `values` of every symbol.

    The numbers of a plane are side by side and below each other as in the picture.
    """

    network: Network
    addresses: Mapping[str, str]
    values: Mapping[str, float]

    @cached_property
    def convolutions(self) -> tuple[tuple[int, Convolution], ...]:
        """The convolutions, each after the number of its layer."""
        layers = enumerate(self.network.layers)
        return tuple((at, each) for at, each in layers if isinstance(each, Convolution))

    def convolution(self, layer: int) -> Convolution:
        """Return the convolution that a layer is."""
        found = self.network.layers[layer]
        assert isinstance(found, Convolution)
        return found

    @property
    def largest_window(self) -> tuple[int, int, int]:
        """Channels, rows and columns that any of the kernels has at most."""
        each = [(c.planes.channels, *c.window) for _, c in self.convolutions]
        return max(a for a, _, _ in each), max(b for _, b, _ in each), max(c for _, _, c in each)

    @property
    def largest_map(self) -> tuple[int, int]:
        """Rows and columns that any of the maps has at most."""
        shapes = [convolution.shape for _, convolution in self.convolutions]
        return max(shape.rows for shape in shapes), max(shape.columns for shape in shapes)

    def of_layer(self, layer: str, expressions: Sequence[str]) -> str:
        """Return, of an expression for each convolution, that of the layer in a cell."""
        if len(set(expressions)) == 1:
            return expressions[0]
        of_layers = [NOTHING] * (self.convolutions[-1][0] + 1)
        for (at, _), expression in zip(self.convolutions, expressions, strict=True):
            of_layers[at] = expression
        return choose(layer, of_layers)

    def one_of(self, place: str, cells: Sequence[str]) -> str:
        """Return the expression of the cell that a number chooses, from 1."""
        return cells[0] if len(set(cells)) == 1 else choose(place, cells)

    def source(self, layer: int, channel: int) -> tuple[str, ...]:
        """Return the symbols of a plane that a convolution reads."""
        planes = self.convolution(layer).planes
        size = planes.rows * planes.columns
        return self.network.source_names[layer][channel * size : (channel + 1) * size]

    def looked_up(self, layer: int, channel: int, row: str, column: str) -> str:
        """Return the expression of a value of a plane that a convolution reads, 0 around it."""
        symbols = self.source(layer, channel)
        found = self.addresses[symbols[0]]
        if len(symbols) > 1:  # ironcalc takes no INDEX of a single cell
            found = f"INDEX({found}:{self.addresses[symbols[-1]]},{row},{column})"
        return self.within(layer, row, column, found, "0")

    def within(self, layer: int, row: str, column: str, found: str, around: str) -> str:
        """Return an expression for a place in what a convolution reads, or what is around it."""
        convolution = self.convolution(layer)
        if not any(convolution.padding):
            return found
        _, rows, columns = convolution.planes
        inside = f"{row}>=1,{row}<={rows},{column}>=1,{column}<={columns}"
        return f"IF(AND({inside}),{found},{around})"

    def has(self, layer: int, row: int, column: int) -> bool:
        """Tell whether a place, from 1, is in what a convolution reads."""
        _, rows, columns = self.convolution(layer).planes
        return 1 <= row <= rows and 1 <= column <= columns

    def read(self, layer: int, channel: int, row: int, column: int) -> float:
        """Return the reference's value there; rows and columns count from 1."""
        if not self.has(layer, row, column):
            return 0.0
        columns = self.convolution(layer).planes.columns
        return self.values[self.source(layer, channel)[(row - 1) * columns + column - 1]]
