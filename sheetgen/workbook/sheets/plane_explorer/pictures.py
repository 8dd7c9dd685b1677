"""What the written out sums of `Explorer` read: the planes that are drawn above them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import NamedTuple

from sheetgen.network.network import Network
from sheetgen.network.planes import Convolution
from sheetgen.spreadsheet.address import cell_address, choose, range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Place, Value
from sheetgen.spreadsheet.style import MUTED, WHOLE, Style
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.page import shade_by_sign
from sheetgen.workbook.shared.plane_strip import SMALL_NUMBERS, fit_small

NOTHING = '""'
PIXELS = 28  # of a column
OF_TITLE = 7.2  # pixels of a character of a title
FACTS = 11  # the column beside the controls
SIGN = Style(size=8, align="center")
RESULT = Style(size=8, number_format="0.000", align="center", bold=True)
NAME = Style(size=9, colour=MUTED, align="right")
OF_NAME = 6.0  # pixels of a character of a name, at most


class Fact(NamedTuple):
    """A number beside the controls: what it is, its expression and value, and its columns."""

    name: str
    expression: str
    value: float
    number_format: str = WHOLE
    columns: int = 1


@dataclass(frozen=True)
class Pictures:
    """The planes: `addresses` of every symbol, `places` of tiles by their first symbol."""

    canvas: Canvas
    plan: Plan
    network: Network
    addresses: Mapping[str, str]
    places: Mapping[str, Place]
    values: Mapping[str, float]

    @cached_property
    def convolutions(self) -> tuple[tuple[int, Convolution], ...]:
        """The convolutions, each after the number of its layer."""
        layers = enumerate(self.network.layers)
        return tuple((at, each) for at, each in layers if isinstance(each, Convolution))

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
        return cells[0] if len(cells) == 1 else choose(place, cells)

    def source(self, layer: int, channel: int) -> tuple[str, ...]:
        """Return the symbols of a plane that a convolution reads."""
        planes = self.network.layers[layer]
        assert isinstance(planes, Convolution)
        size = planes.planes.rows * planes.planes.columns
        return self.network.source_names[layer][channel * size : (channel + 1) * size]

    def looked_up(self, layer: int, channel: int, row: str, column: str) -> str:
        """Return the expression of a value of a plane that a convolution reads, 0 around it."""
        convolution = self.network.layers[layer]
        assert isinstance(convolution, Convolution)
        _, rows, columns = convolution.planes
        symbols = self.source(layer, channel)
        found = self.addresses[symbols[0]]
        if len(symbols) > 1:  # ironcalc takes no INDEX of a single cell
            found = f"INDEX({range_address(*self.places[symbols[0]])},{row},{column})"
        if not any(convolution.padding):
            return found
        inside = f"{row}>=1,{row}<={rows},{column}>=1,{column}<={columns}"
        return f"IF(AND({inside}),{found},0)"

    def read(self, layer: int, channel: int, row: int, column: int) -> float:
        """Return the reference's value there; rows and columns count from 1."""
        convolution = self.network.layers[layer]
        assert isinstance(convolution, Convolution)
        _, rows, columns = convolution.planes
        if not (1 <= row <= rows and 1 <= column <= columns):
            return 0.0
        return self.values[self.source(layer, channel)[(row - 1) * columns + column - 1]]

    def block(
        self,
        at: tuple[int, int],
        size: tuple[int, int],
        content: Callable[[int, int], tuple[str, Value]],
    ) -> Place:
        """Write a block of numbers, shaded by their signs."""
        (row, column), (rows, columns) = at, size
        for down in range(rows):
            for across in range(columns):
                expression, value = content(down, across)
                cell = row + down, column + across
                self.canvas.calculate(*cell, f"={expression}", value, SMALL_NUMBERS)
        place = (row, column, row + rows - 1, column + columns - 1)
        shade_by_sign(self.canvas, [place])
        fit_small(self.canvas, [place])
        return place

    def products(self, at: tuple[int, int], one: Place, other: Place) -> Place:
        """Write the products of two blocks; where there is nothing in them, nothing."""

        def content(down: int, across: int) -> tuple[str, Value]:
            places = [(top + down, left + across) for top, left, *_ in (one, other)]
            cells = [relative_address(*place) for place in places]
            formulas = [self.canvas.cells[place].formula or "" for place in places]
            values = [self.canvas.value(*place) for place in places]
            factors = [value for value in values if isinstance(value, float)]
            value: Value = factors[0] * factors[1] if len(factors) == 2 else ""
            product = "*".join(cells)
            if NOTHING in formulas[0]:
                product = f'IF({cells[0]}="","",{product})'
            return product, value

        size = one[2] - one[0] + 1, one[3] - one[1] + 1
        return self.block(at, size, content)

    def result(self, row: int, column: int, label: str, expression: str, value: Value) -> str:
        """Write a label and a number of two columns beside it; return the number's address."""
        self.canvas.write(row, column, label, replace(SIGN, align="right"))
        self.canvas.calculate(row, column + 1, f"={expression}", value, RESULT)
        self.canvas.merges.append((row, column + 1, row, column + 2))
        self.canvas.numbers.append((row, column + 1, row, column + 1))
        return cell_address(row, column + 1)

    def facts(self, row: int, facts: Iterable[Fact]) -> list[str]:
        """Write names beside a control, each with its number; return the numbers' addresses."""
        addresses, column = [], FACTS
        for fact in facts:
            column += ceil(len(fact.name) * OF_NAME / PIXELS)
            self.canvas.write(row, column - 1, fact.name, NAME)
            style = Style(size=9, bold=True, number_format=fact.number_format, align="left")
            self.canvas.calculate(row, column, f"={fact.expression}", fact.value, style)
            if fact.columns > 1:
                self.canvas.merges.append((row, column, row, column + fact.columns - 1))
            addresses.append(cell_address(row, column))
            column += fact.columns
        return addresses


def title_columns(names: Iterable[str], rest: str) -> int:
    """Return how many columns a title takes that begins with any of the names."""
    return ceil((max(map(len, names)) + len(rest)) * OF_TITLE / PIXELS)
