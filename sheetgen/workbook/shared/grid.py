"""A square picture made of cells: one formula a cell, shaded by its number, with charts over it.

The range along each axis is given by two cells, its start and its step. Lines and points are drawn
by a transparent chart on top, which counts in cells from 0 to `size`, so that its own axes never
change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import floor, inf, log10

from sheetgen.network.activations import Activation, Array
from sheetgen.spreadsheet.address import column_letters, range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Chart, HeatMap, Place, Rule, Series
from sheetgen.spreadsheet.style import DIVERGING, HEAT, INK, KINDS, MUTED, Style

SIDE = 400  # pixels of a picture, or as many of them as its cells fill
SIZES = (25, 21, 17, 15, 13, 11)  # cells along a side
OFF = -9  # a place at which the overlay does not show a point
PALE = "#F1F5F9"  # not white, so that the edge of a picture can be seen
HIDDEN = ";;;"
CELL = Style(size=8, number_format=HIDDEN)
MARK = Style(size=6, colour=MUTED, align="center", vertical="top", number_format='"|"')
TICK = Style(size=8, colour=MUTED, align="center")
NAME = Style(size=9, bold=True, colour=KINDS["input"].strong, align="center")


def shading(place: Place, activation: Activation) -> HeatMap:
    """Return the colours of an activation's values: those of its limits, where it has them."""
    if activation.limits:
        return HeatMap(place, DIVERGING, activation.limits)
    return HeatMap(place, (PALE, HEAT[-1]))


def pixels_wide(pixels: int) -> float:
    """Return a column's width in characters."""
    return (pixels - 5) / 7 if pixels > 12 else pixels / 12


@dataclass(frozen=True)
class Axis:
    """The values of a picture's cells along one axis: start + place · step, with place from 0.

    `low` and `gap` are the addresses of start and step.
    """

    low: str
    gap: str
    start: float
    step: float

    def formula(self, place: int) -> str:
        """Return the expression of the value at a place."""
        return f"{self.low}+{self.gap}*{place}"

    def value(self, place: int) -> float:
        """Return the value at a place."""
        return self.start + self.step * place

    def position_formula(self, value: str) -> str:
        """Return the expression of where a value is, in cells from the picture's edge."""
        return f"({value}-{self.low})/{self.gap}+0.5"

    def position(self, value: float) -> float:
        """Return where a value is."""
        return (value - self.start) / self.step + 0.5

    @property
    def number_format(self) -> str:
        """Digits enough to tell values five places apart from each other."""
        if not 0 < self.step < inf:
            return "0.00"
        decimals = min(6, max(0, 1 - floor(log10(5 * self.step))))
        return "0" + "." * bool(decimals) + "0" * decimals

    def scale(self, value: float) -> float:
        """Return the size of the numbers whose difference a position takes."""
        return max(abs(value), abs(self.start)) / self.step


@dataclass(frozen=True)
class Grid:
    """A square picture of cells; `row` and `column` are those of its upper left cell."""

    canvas: Canvas
    row: int
    column: int
    size: int

    @property
    def pixels(self) -> int:
        """Pixels along the side of a cell."""
        return SIDE // self.size

    @property
    def place(self) -> Place:
        """The range of the picture."""
        return self.row, self.column, self.row + self.size - 1, self.column + self.size - 1

    @property
    def range(self) -> str:
        """The absolute address of the range."""
        return range_address(*self.place)

    def cell(self, across: int, up: int) -> tuple[int, int]:
        """Return the row and the column of a cell, counted from the lower left one."""
        return self.row + self.size - 1 - up, self.column + across

    def address(self, across: int, up: int) -> str:
        """Return the relative address of a cell."""
        return relative_address(*self.cell(across, up))

    def below(self, across: int) -> str:
        """Return the address of the cell below a column, which holds its x."""
        return f"{column_letters(self.column + across)}${self.row + self.size + 1}"

    def beside(self, up: int) -> str:
        """Return the address of the cell left of a row, which holds its y."""
        return f"${relative_address(self.cell(0, up)[0], self.column - 1)}"

    def fill(self, formula: Callable[[int, int], str], values: Array) -> None:
        """Write all cells: formula(across, up) is an expression, values[up, across] its value."""
        for up in range(self.size):
            for across in range(self.size):
                text, value = f"={formula(across, up)}", float(values[up, across])
                self.canvas.calculate(*self.cell(across, up), text, value, CELL)

    def squares(self) -> None:
        """Make the cells square."""
        for place in range(self.size):
            self.canvas.widths[self.column + place] = pixels_wide(self.pixels)
            self.canvas.heights[self.row + place] = self.pixels * 0.75

    def axes(
        self, axes: tuple[Axis, Axis], used: tuple[Callable[[str], str], ...], values: Array
    ) -> None:
        """Write x below and y left of the picture, as its formulas use them, and ticks.

        `used` turns the expression of each into what the formulas use, and `values` (2, size) are
        the values of that. The ticks show x and y themselves, y's two columns left of the picture.
        """
        below, left = self.row + self.size, self.column - 1
        self.canvas.heights[below] = 12
        self.canvas.widths[left] = pixels_wide(13)
        width = 5 if self.size >= 15 else 3  # cells that a tick of x needs
        step, middle = (5 if width == 5 else 4), self.size // 2
        for place in range(self.size):
            is_tick = (place - middle) % step == 0
            first = place - width // 2
            is_labelled = is_tick and 0 <= first <= self.size - width
            formulas = [
                f"={use(axis.formula(place))}" for use, axis in zip(used, axes, strict=True)
            ]
            x, y = float(values[0, place]), float(values[1, place])
            style = MARK if is_labelled else CELL
            self.canvas.calculate(below, self.column + place, formulas[0], x, style)
            row = self.cell(0, place)[0]
            self.canvas.calculate(row, left, formulas[1], y, CELL)
            if is_labelled:
                at = below + 1, self.column + first
                self.canvas.merges.append((*at, at[0], at[1] + width - 1))
                self._tick(at, axes[0], place, "center")
            if is_tick:
                self._tick((row, left - 1), axes[1], place, "right")

    def _tick(self, at: tuple[int, int], axis: Axis, place: int, align: str) -> None:
        style = replace(TICK, align=align, number_format=axis.number_format)
        self.canvas.calculate(*at, f"={axis.formula(place)}", axis.value(place), style)

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
        side = self.size * self.pixels
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
