"""Holds a worksheet in memory: its cells, with the value that each formula must have, and formats.

The modules of a workbook's sheets draw canvases, writer.py writes them, and verify.py compares the
values that they promise with those that a spreadsheet engine computes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sheetgen.spreadsheet.address import cell_address, quoted, range_address, relative_address
from sheetgen.spreadsheet.block import Block, in_row
from sheetgen.spreadsheet.style import HEAT, INPUT, MARGIN, PLAIN, TITLE, Style

Value = float | int | str
Place = tuple[int, int, int, int]
"""A range: first row and column, last row and column."""


class AnyText(float):
    """The value, nan, of a formula that gives a text of which nothing is promised.

    The file has an empty text in its place: an error value would need a wider cell than a text,
    which may go on into the cells beside it.
    """


class Cell(NamedTuple):
    """A constant, or a formula ("=…") with the value that it must have.

    There may be millions: a tuple is made in a third of the time of a dataclass.
    """

    value: Value
    formula: str | None
    style: Style


@dataclass(frozen=True)
class Series:
    """A line or a point of a chart; the references are absolute, with the sheet's name."""

    x: str
    y: str
    name: str = ""
    colour: str = ""
    width: float = 2.0
    dash: str = ""
    dots: int = 0  # the size of a dot at each point of a line
    marker_size: int = 0  # of points without a line
    symbol: str = "circle"  # of these points, and of the dots
    marker_fill: str = ""
    label: str = ""  # where the series' name is written as a label: "center", "above", …
    label_bold: bool = False
    label_size: int = 10
    in_legend: bool = True


@dataclass(frozen=True)
class Chart:
    """A scatter chart with straight lines.

    `at` is the cell of its upper left corner, `offset` how far right and below that corner it is
    and `size` its width and height, in pixels. `titles` are those of the x and the y axis. With
    `limits` the axes end there, and `units` are the distances of their numbers; None leaves one to
    the program that opens the file.
    """

    at: tuple[int, int]
    size: tuple[int, int]
    series: tuple[Series, ...]
    description: str
    titles: tuple[str, str] = ("", "")
    logarithmic: bool = False
    legend: str = "bottom"
    bare: bool = False  # without axes, for the diagram
    transparent: bool = False  # without a background, to lie on cells
    labels_outside: bool = False  # the axes' numbers at the edges, wherever the axes cross
    limits: tuple[float | None, ...] | None = None  # x from, to, y from, to
    units: tuple[float | None, ...] | None = None  # along x, along y
    number_format: str = "General"  # of the y axis
    offset: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class HeatMap:
    """A range shaded by its numbers: from the first colour to the last, by way of a third.

    `limits` are the numbers, or formulas ("=…") of the numbers, that have these colours.
    Without them the smallest and the largest number of the range have the outer colours, and the
    median the middle one.
    """

    place: Place
    colours: tuple[str, ...] = HEAT
    limits: tuple[float | str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Cells that have another format while a formula is true.

    `formula` ("=…") is meant for the first cell of the range and moves with the others, as a
    copied one does; `properties` are XlsxWriter's format properties. A formula must not refer
    to other sheets, which Excel 2007 does not allow here.
    """

    place: Place
    formula: str
    properties: dict[str, object]


@dataclass(frozen=True)
class Picture:
    """A PNG with its upper left corner in a cell, drawn `scale` times as large as its pixels."""

    row: int
    column: int
    data: bytes
    scale: float
    description: str


@dataclass
class Canvas:
    """One worksheet. Rows and columns count from 0.

    `verdicts` are ranges of PASS and FAIL, `numbers` those that may hold large numbers, `bars`
    those whose cells show a bar as long as their number from 0 to 1, with its colour; `merges`
    are shown as one cell. `outline` has the levels of columns: those of a higher level than the
    column to their left can be folded into it, and are at first if `folded`. `inputs` are the cells
    that a user may change, by their keys, and `options` the texts that some of them accept.
    `row_breaks` and `column_breaks` are rows and columns with which a printed page begins, besides
    those that `paper` chooses, as it chooses whether pages are upright if `portrait` is None.
    """

    name: str
    tab_colour: str = ""
    protected: bool = True
    gridlines: bool = False
    hidden: bool = False
    very_hidden: bool = False
    zoom: int = 100
    freeze: tuple[int, int] | None = None
    portrait: bool | None = None
    repeat_rows: tuple[int, int] | None = None
    repeat_columns: tuple[int, int] | None = None
    row_breaks: list[int] = field(default_factory=list)
    column_breaks: list[int] = field(default_factory=list)
    print_area: tuple[int, int, int, int] | None = None  # row, column, last row, last column
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    blocks: list[Block[Style]] = field(default_factory=list)
    scales: dict[tuple[int, int], float] = field(default_factory=dict)
    inputs: dict[str, tuple[int, int]] = field(default_factory=dict)
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)
    outline: dict[int, int] = field(default_factory=dict)
    folded: bool = False
    heights: dict[int, float] = field(default_factory=dict)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    links: dict[tuple[int, int], str] = field(default_factory=dict)
    verdicts: list[Place] = field(default_factory=list)
    numbers: list[Place] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    heat_maps: list[HeatMap] = field(default_factory=list)
    bars: list[tuple[Place, str]] = field(default_factory=list)
    merges: list[Place] = field(default_factory=list)
    validations: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    charts: list[Chart] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)

    def write(self, row: int, column: int, value: Value, style: Style = PLAIN) -> None:
        """Write a constant: text stays text, whatever it starts with."""
        self.cells[row, column] = Cell(value, None, style)

    def title(self, text: str, column: int = 0, margin: float = MARGIN) -> None:
        """Write the sheet's title into A1, which screen readers read first.

        It begins above the column in which the sheet's texts begin, behind columns of so many
        characters each.
        """
        self.write(0, 0, text, replace(TITLE, indent=round(margin * column)))

    def fill(
        self, row: int, column: int, values: NDArray[np.float64], style: Style = PLAIN
    ) -> None:
        """Write many numbers (rows, columns) from a cell on, all of one style, as one block."""
        columns = values.shape[1]
        self.blocks.append(Block(row, column, ("",) * columns, tuple(values.T), (style,) * columns))

    def calculate(
        self,
        row: int,
        column: int,
        formula: str,
        value: Value,
        style: Style = PLAIN,
        scale: float = 1.0,
    ) -> None:
        """Write a formula ("=…") and the value that the reference promises for it.

        `scale` is the size of the numbers whose difference the formula takes, where rounding
        is relative to that size and not to the result.
        """
        self.cells[row, column] = Cell(value, formula, style)
        if scale > 1:
            self.scales[row, column] = scale

    def ask(
        self, row: int, column: int, key: str, value: float, style: Style = INPUT, **limits: object
    ) -> None:
        """Write a number for the user to change, validated, and known to `verify` by its key.

        `limits` are XlsxWriter's validation options; without any, every number is accepted.
        """
        self.write(row, column, value, style)
        self.inputs[key] = row, column
        self.validations[row, column] = {**ANY_NUMBER, **limits} if limits else ANY_NUMBER

    def count(
        self,
        row: int,
        column: int,
        key: str,
        value: int,
        minimum: int,
        maximum: int,
        style: Style = INPUT,
    ) -> None:
        """Write a whole number for the user to change, as `ask` does."""
        message = f"Type a whole number from {minimum:,} to {maximum:,}."
        limits = {**WHOLE_NUMBER, "minimum": minimum, "maximum": maximum, "error_message": message}
        self.ask(row, column, key, value, style, **limits)

    def choose(
        self,
        row: int,
        column: int,
        key: str,
        value: str,
        options: Sequence[str],
        style: Style = INPUT,
        source: str = "",
    ) -> None:
        """Write a text for the user to choose from a list, known to `verify` by its key.

        `source` is the absolute range on this sheet, or the defined name of a range, that holds
        the options. Without it they are in the validation itself, which has room for 255
        characters and no commas.
        """
        self.write(row, column, value, style)
        self.inputs[key] = row, column
        self.options[key] = tuple(options)
        self.validations[row, column] = {
            "validate": "list",
            "source": f"={source}" if source else list(options),
            "error_title": "One of the list, please",
            "error_message": f"Type {listed(options)}.",
        }

    def link(
        self,
        row: int,
        column: int,
        sheet: str,
        text: str,
        style: Style,
        place: tuple[int, int] = (0, 0),
    ) -> None:
        """Write a link to a place on another sheet."""
        self.write(row, column, text, style)
        self.links[row, column] = f"internal:{quoted(sheet)}!{relative_address(*place)}"

    def address(self, key: str) -> str:
        """Return the absolute address of an input with the sheet's name: Inputs!$C$9."""
        return self.absolute(*self.inputs[key])

    def absolute(self, row: int, column: int) -> str:
        """Return the absolute address of a cell with the sheet's name."""
        return f"{quoted(self.name)}!{cell_address(row, column)}"

    def range(self, first_row: int, first_column: int, last_row: int, last_column: int) -> str:
        """Return the absolute address of a range with the sheet's name."""
        cells = range_address(first_row, first_column, last_row, last_column)
        return f"{quoted(self.name)}!{cells}"

    def value(self, row: int, column: int) -> Value:
        """Return the value of a single cell, or the one that its formula must have."""
        return self.cells[row, column].value

    @property
    def formulas(self) -> int:
        """The number of formula cells."""
        blocks = sum(
            each.rows * (len(each.formulas) - each.formulas.count("")) for each in self.blocks
        )
        return blocks + sum(cell.formula is not None for cell in self.cells.values())

    def promised(self) -> Iterator[tuple[int, int, str, Value]]:
        """Yield row, column, formula and promised value of every formula cell."""
        for (row, column), cell in self.cells.items():
            if cell.formula is not None:
                yield row, column, cell.formula, cell.value
        for block in self.blocks:
            parts = zip(block.column_range, block.formulas, block.values, strict=True)
            for column, formula, values in parts:
                if formula:
                    for row, value in zip(block.row_range, values.tolist(), strict=True):
                        yield row, column, in_row(formula, row), value

    def numbers_written(self) -> Iterator[tuple[int, int, float | int]]:
        """Yield row, column and value of every number that is not computed."""
        for (row, column), cell in self.cells.items():
            if cell.formula is None and not isinstance(cell.value, str):
                yield row, column, cell.value
        for block in self.blocks:
            parts = zip(block.column_range, block.formulas, block.values, strict=True)
            for column, formula, values in parts:
                if not formula:
                    for row, value in zip(block.row_range, values.tolist(), strict=True):
                        yield row, column, value


def listed(options: Sequence[str], most: int = 8) -> str:
    """Return the options as a sentence lists them: a, b or c."""
    named = [*options[:most], "…"] if len(options) > most else list(options)
    return ", ".join(named[:-1]) + " or " + named[-1] if len(named) > 1 else named[0]


ANY_NUMBER: dict[str, Any] = {
    "validate": "decimal",
    "criteria": "between",
    "minimum": -1e6,
    "maximum": 1e6,
    "error_title": "A number, please",
    "error_message": "Type a number between -1,000,000 and 1,000,000.",
}
WHOLE_NUMBER: dict[str, Any] = {"validate": "integer", "error_title": "A whole number, please"}
POSITIVE: dict[str, Any] = {
    "criteria": ">",
    "minimum": 0,
    "error_message": "Type a number above 0.",
}
