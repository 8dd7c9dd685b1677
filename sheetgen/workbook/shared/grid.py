"""Square grids of formulas: plain numbers on the workings, and the pictures that show them.

A picture's cells are shaded by their numbers, and as high as any row, so that texts beside it are
not pulled apart. A grid that would be too large has every second point along each side; a cell of
the picture between its points has their mean. Lines and points are drawn by a transparent chart on
top, which counts in cells from 0 to `size`, so that its own axes never change.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import (
    cell_address,
    range_address,
    relative_address,
)
from sheetgen.spreadsheet.canvas import Canvas, Chart, HeatMap, Place, Rule, Series
from sheetgen.spreadsheet.style import DIVERGING, FINE, HIDDEN, INK, KINDS, MUTED, Style
from sheetgen.workbook.shared.axis import Axis, Known
from sheetgen.workbook.shared.workings import Corner

SIDE, PIXELS = 21, 20  # cells along a side of a picture, and pixels of a cell
SIZES = (SIDE, (SIDE + 1) // 2)
"""Points along a side of a grid: each of the picture's cells, or every second."""
BETWEEN = "every second cell is the mean of its neighbours"
"""What is said beside a picture of a grid of every second cell."""
TICKS, TICK_CELLS = 4, 3  # cells from tick to tick, and those that the number of one takes
OFF = -9  # a place at which the overlay does not show a point
PALE = "#F3F4F6"  # the middle of the colours: not quite white, so that a picture's edge is seen
COLOURS = DIVERGING[0], PALE, DIVERGING[-1]
CELL = Style(size=8, number_format=HIDDEN)
PLAIN_NUMBER = Style(size=8, number_format=FINE, colour=MUTED)
MARK = Style(size=6, colour=MUTED, align="center", vertical="top")
TICK = Style(size=8, colour=MUTED, align="center", number_format="0.00")
NAME = Style(size=9, bold=True, colour=KINDS["input"].strong, align="center")
FINEST = 8  # decimals
FLAT, WIDE = constant(1e-9), constant(1e-7)
"""Relative differences: numbers closer than the first are the same in all digits that are shown,
and closer than the second have nearly the same colour."""
FIRST_ROW = 4  # of a picture; the titles are above it
LEFT = 5  # its first column


def pixels_wide(pixels: int) -> float:
    """Return a column's width in characters."""
    return (pixels - 5) / 7 if pixels > 12 else pixels / 12


def only_number(cell: str) -> str:
    """Return the formula that shows a cell's number, or nothing in place of an error."""
    return f'=IF(ISNUMBER({cell}),{cell},"")'


def cells_between(size: int) -> int:
    """Return how many cells of a picture there are from point to point of a grid of a size."""
    return (SIDE - 1) // (size - 1)


def is_flat(low: float, high: float) -> bool:
    """Tell whether the smallest and the largest number of a picture are the same."""
    return high - low < float(FLAT) * max(1.0, high)


@dataclass(frozen=True)
class Grid:
    """Square cells of numbers; `row` and `column` are those of the upper left one."""

    canvas: Canvas
    row: int
    column: int
    size: int

    @property
    def place(self) -> Place:
        """The range of the grid."""
        return self.row, self.column, self.row + self.size - 1, self.column + self.size - 1

    @property
    def range(self) -> str:
        """The absolute address of the range, for its own sheet."""
        return range_address(*self.place)

    def cell(self, across: int, up: int) -> tuple[int, int]:
        """Return the row and the column of a cell, counted from the lower left one."""
        return self.row + self.size - 1 - up, self.column + across

    def address(self, across: int, up: int) -> str:
        """Return the relative address of a cell."""
        return relative_address(*self.cell(across, up))

    def fill(
        self, formula: Callable[[int, int], str], values: Array, style: Style = PLAIN_NUMBER
    ) -> None:
        """Write all cells: formula(across, up) is an expression, values[up, across] its value."""
        for up in range(self.size):
            for across in range(self.size):
                text, value = f"={formula(across, up)}", float(values[up, across])
                self.canvas.calculate(*self.cell(across, up), text, value, style)


@dataclass
class Grids:
    """A block of the workings with grids below each other, each with its title above it."""

    corner: Corner
    size: int
    count: int = 0

    def add(self, title: str, formula: Callable[[int, int], str], values: Array) -> Grid:
        """Write the next grid, as `Grid.fill` does; `values` may be those of a plane in a row."""
        row = self.corner.row + self.count * (self.size + 2)
        self.count += 1
        grid = Grid(self.corner.canvas, row + 1, self.corner.column, self.size)
        grid.canvas.write(row, self.corner.column, title, replace(PLAIN_NUMBER, bold=True))
        grid.fill(formula, values.reshape(self.size, self.size))
        return grid


@dataclass(frozen=True)
class Picture(Grid):
    """A square of shaded cells on a sheet that people look at."""

    def show(self, grid: Grid, values: Array) -> Array:
        """Show the numbers of a grid, whose `values` these are; return those of the cells.

        A smaller picture shows every second cell of a whole one, from its second.
        """
        every, first = (1, 0) if self.size == SIDE else (2, 1)
        points = [_points(first + every * place, grid.size) for place in range(self.size)]
        numbers = values.reshape(grid.size, grid.size)
        shown = np.empty((self.size, self.size))
        for up, (low, high) in enumerate(points):
            for across, (left, right) in enumerate(points):
                source = f"{grid.canvas.name}!{grid.address(left, high)}"
                formula, count = only_number(source), (high - low + 1) * (right - left + 1)
                if count > 1:
                    cells = f"{source}:{grid.address(right, low)}"
                    formula = f'=IF(COUNT({cells})={count},AVERAGE({cells}),"")'
                shown[up, across] = numbers[low : high + 1, left : right + 1].mean()
                self.canvas.calculate(
                    *self.cell(across, up), formula, float(shown[up, across]), CELL
                )
            self.canvas.widths[self.column + up] = pixels_wide(PIXELS)
        return shown

    def ticks(self, axes: tuple[Axis, Axis]) -> None:
        """Write values of the axes below and left of the picture, with the digits they need."""
        below, left = self.row + self.size, self.column - 1
        self.canvas.heights[below] = 10
        self.canvas.widths[left] = pixels_wide(6)
        places, aside = range(self.size // 2 % TICKS, self.size, TICKS), TICK_CELLS // 2
        for place in places:
            at = below + 1, self.column + place - aside
            self.canvas.merges.append((*at, at[0], at[1] + TICK_CELLS - 1))
            self._tick(at, axes[0], place, TICK)
            self.canvas.write(below, self.column + place, "|", MARK)
            at = self.cell(0, place)[0], left - 1
            self._tick(at, axes[1], place, replace(TICK, align="right"))
        across = [cell_address(below + 1, self.column + each - aside) for each in places]
        up = [cell_address(self.cell(0, each)[0], left - 1) for each in places]
        readable(self.canvas, (below + 1, self.column, below + 1, self.place[3]), across, beside=up)
        readable(self.canvas, (self.row, left - 1, self.place[2], left - 1), up, beside=across)

    def _tick(self, at: tuple[int, int], axis: Axis, place: int, style: Style) -> None:
        value = float(axis.values[place])
        self.canvas.calculate(*at, only_number(axis.cell(place)), value, style)

    def colour_bar(self, low: Known, high: Known, may_be_flat: bool = False) -> "Bar":
        """Write a bar of numbers right of the picture, from `low` at the bottom to `high`.

        If it may be flat, numbers that are the same have one colour, and one number in its middle;
        the second of three colours is then at a quarter, as most differences are below.
        """
        column, last = self.place[3] + 2, self.size - 1
        self.canvas.widths.update({column - 1: 1, column: 2, column + 1: 7.5, column + 2: 2})
        for place in range(self.size):
            row = self.cell(0, place)[0]
            number = f"{low[0]}+({high[0]}-{low[0]})*{place}/{last}"
            formula = f'=IF(ISNUMBER({high[0]}),{number},"")'
            value = low[1] + (high[1] - low[1]) * place / last
            self.canvas.calculate(row, column, formula, value, CELL)
        bottom, middle, top = (
            cell_address(self.cell(0, place)[0], column) for place in (0, last // 2, last)
        )
        bar = (self.row, column, self.place[2], column)
        if not may_be_flat:
            self._bar_numbers(column)
            return Bar(bar, (bottom, middle, top), f"({top}-{bottom})")
        same = f"{top}-{bottom}<{FLAT}*MAX(1,{top})"
        self._bar_numbers(column, same, is_flat(low[1], high[1]))
        # Colours from far apart leave a flat picture the first one.
        width = f"MAX({top}-{bottom},{WIDE}*MAX(1,{top}))"
        return Bar(bar, (bottom, f"{bottom}+{width}/4", f"{bottom}+{width}"), width)

    def _bar_numbers(self, column: int, same: str = "", are_same: bool = False) -> None:
        """Write numbers beside a bar's column; `same` is the condition that all are the same."""
        last = self.size - 1
        quarter, middle = last // 4, last // 2
        labelled = (0, quarter, middle, last - quarter, last)
        cells = [cell_address(self.cell(0, place)[0], column) for place in labelled]
        for place, cell in zip(labelled, cells, strict=True):
            row = self.cell(0, place)[0]
            formula, shown = only_number(cell), self.canvas.value(row, column)
            if same and place != middle:
                formula = f'=IF(ISNUMBER({cell}),IF({same},"",{cell}),"")'
                shown = "" if are_same else shown
            self.canvas.calculate(row, column + 1, formula, shown, replace(TICK, align="left"))
        beside = (self.row, column + 1, self.place[2], column + 1)
        readable(self.canvas, beside, cells[-2:], same=same)

    def outline(self, level: str, colour: str = INK) -> None:
        """Draw lines between neighbouring cells that differ in an expression of one of them.

        `level` has {cell} in it. All rules are for the whole range of the colours, because of
        conditional formats that overlap otherwise LibreOffice shows only one. Of these rules it
        shows only the first that is true, so both lines together have their own rule.
        """
        first_row, first_column, last_row, last_column = self.place
        here, right, below = (
            relative_address(first_row + down, first_column + across)
            for down, across in ((0, 0), (0, 1), (1, 0))
        )
        levels = [level.format(cell=cell) for cell in (here, right, below)]
        aside = f"AND(COLUMN({here})<{last_column + 1},{levels[0]}<>{levels[1]})"
        under = f"AND(ROW({here})<{last_row + 1},{levels[0]}<>{levels[2]})"
        at_right: dict[str, object] = {"right": 1, "right_color": colour}
        at_bottom: dict[str, object] = {"bottom": 1, "bottom_color": colour}
        self.canvas.rules += [
            Rule(self.place, f"=AND({aside},{under})", at_right | at_bottom),
            Rule(self.place, f"={aside}", at_right),
            Rule(self.place, f"={under}", at_bottom),
        ]

    def overlay(self, series: Sequence[Series], description: str) -> None:
        """Draw lines and points over the picture; they count in cells from its lower left."""
        side = self.size * PIXELS
        self.canvas.charts.append(
            Chart(
                (self.row, self.column),
                (side, side),
                tuple(series),
                description,
                legend="",
                bare=True,
                transparent=True,
                limits=(0, self.size, 0, self.size),
            )
        )


@dataclass(frozen=True)
class Bar:
    """A colour bar: its place, the expressions of its three colours' numbers, and of its width."""

    place: Place
    limits: tuple[str, str, str]
    width: str

    def shade(self, canvas: Canvas, place: Place, colours: tuple[str, str, str] = COLOURS) -> None:
        """Give a picture and the bar itself the same colours for the same numbers."""
        limits = tuple(f"={limit}" for limit in self.limits)
        canvas.heat_maps += [HeatMap(each, colours, limits) for each in (place, self.place)]


def _points(place: int, size: int) -> tuple[int, int]:
    """Return the points of a grid at a place of a picture, or to either side of it."""
    between = cells_between(size)
    return place // between, -(-place // between)


def readable(
    canvas: Canvas,
    place: Place,
    cells: Sequence[str],
    large: tuple[int, str] = (100_000, "0.00E+00"),
    same: str = "",
    beside: Sequence[str] = (),
) -> None:
    """Give numbers the decimals that tell them apart, live: two digits of a difference.

    `cells` are the addresses of some that follow each other; `large` is the size from which on
    numbers have that format instead, `same` a condition under which they need not be told apart.
    Those of another axis, `beside`, have the same decimals unless one has steps ten times as wide.
    """
    apart, size = f"ABS({cells[1]}-{cells[0]})", f"MAX(ABS({cells[-1]}),ABS({cells[0]}))"
    if beside:
        other = f"ABS({beside[1]}-{beside[0]})"
        apart = f"IF(AND({apart}<10*{other},{other}<{apart}),{other},{apart})"
    is_large = f"AND({size}>={large[0]},ABS({relative_address(*place[:2])})>=1000)"
    formats = [(is_large, large[1])]
    formats += [(same, "0.0000")] if same else []
    formats += [
        (f"{apart}<1E{2 - decimals:+03d}", f"0.{'0' * decimals}")
        for decimals in range(FINEST, 2, -1)
    ]
    formats += [(f"{apart}>=10", "0"), (f"{apart}>=1", "0.0")]
    canvas.rules += [
        Rule(place, f"={condition}", {"num_format": number_format})
        for condition, number_format in formats
    ]


def lines_beside(picture: Picture) -> Iterator[int]:
    """Yield rows for lines left of a picture, from its title's row on, and below the picture."""
    below = picture.row + picture.size
    yield from range(picture.row - 1, below)
    yield from count(below + 1)  # the row of the ticks' marks is too low for text
