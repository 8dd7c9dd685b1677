"""Lays out the sheet of a log: a left half of square cells, a right half with the table.

The left half is a grid of narrow columns on which charts and the confusion matrix lie; cells of
it are merged where a number needs more room. All rows below the header have the usual height, so
that nothing stretches the rows of the table beside it.
"""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Self

from cnn.log.metrics import Logged
from sheetgen.spreadsheet.address import MAXIMUM_ROWS, cell_address
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.reader import FileCell
from sheetgen.spreadsheet.style import LABEL, PLAIN, SECTION, Style

LEFT = 1
HEADER_ROW = 2
FIRST_ROW = 3
GRID = 18
"""Columns of the left half."""
TABLE = LEFT + GRID + 1
"""The first column of the table."""
CELLS = 8
"""Columns of the right half that have the width of a metric."""
SIDE = 40
"""Pixels of a column of the grid, and of two rows."""
ROW = 20
MARGIN_WIDTH, GRID_WIDTH, GAP_WIDTH = 2.0, 5.0, 2.14
"""In characters, as spreadsheets count: 7 pixels each and 5 for all."""
STEP_WIDTH, METRIC_WIDTH = 7.0, 9.0
_LABEL_CELLS = range(2, 6)
"""The cells that the labels of a list have, as few as hold them."""
_LABEL_LETTERS, _CELL_LETTERS = 17, 10
"""The letters that two cells hold, and each further one."""
LINE = 57
"""Characters of a line of the settings."""


@dataclass(frozen=True)
class Area:
    """A part of the page with cells that are `span` columns wide, from a column on."""

    canvas: Canvas
    column: int
    span: int

    def write(
        self, row: int, cell: int, value: Value, style: Style, width: int = 1, height: int = 1
    ) -> None:
        """Write a constant into a cell, or into several as one."""
        self.canvas.write(row, self.merged(row, cell, width, height), value, style)

    def calculate(
        self,
        row: int,
        cell: int,
        formula: str,
        value: Value,
        style: Style,
        width: int = 1,
        height: int = 1,
        scale: float = 1.0,
    ) -> str:
        """Write a formula into a cell, or into several as one; return its address."""
        column = self.merged(row, cell, width, height)
        self.canvas.calculate(row, column, formula, value, style, scale)
        return cell_address(row, column)

    def say(self, row: int, cell: int, text: Value, style: Style = PLAIN) -> None:
        """Write a text that runs on over empty cells."""
        self.canvas.write(row, self.at(cell), text, style)

    def at(self, cell: int) -> int:
        """Return the first column of a cell."""
        return self.column + cell * self.span

    def merged(self, row: int, cell: int, width: int = 1, height: int = 1) -> int:
        """Make several cells look like one; return the column of the first."""
        first, columns = self.at(cell), width * self.span
        if columns > 1 or height > 1:
            place = (row, first, row + height - 1, first + columns - 1)
            self.canvas.merges.append(place)
        return first


def grid(canvas: Canvas, column: int = 0) -> Area:
    """Return the left half by its narrow columns, from one of them on."""
    return Area(canvas, LEFT + column, 1)


@dataclass
class Half:
    """A half of the page, filled from the top, with cells that a number has room in."""

    area: Area
    cells: int
    row: int
    """The next free row."""


@dataclass
class Page:
    """The two halves of the sheet."""

    left: Half
    right: Half

    @classmethod
    def of(cls, canvas: Canvas, left: int, right: int) -> Self:
        """Return the page of which rows are free from these on."""
        halves = Area(canvas, LEFT, 2), Area(canvas, TABLE, 1)
        return cls(Half(halves[0], GRID // 2, left), Half(halves[1], CELLS, right))

    @property
    def shorter(self) -> Half:
        """The half that ends higher."""
        return self.left if self.left.row < self.right.row else self.right

    @property
    def end(self) -> int:
        """The first row below both halves."""
        return max(self.left.row, self.right.row)


def draw_list(half: Half, title: str, lines: Iterable[tuple[str, Logged]]) -> None:
    """Draw labels and beside each what it is, in lines that fit."""
    split = [(label, _lines(value)) for label, value in lines]
    longest = max((len(label) for label, _ in split), default=0)
    further = ceil(max(0, longest - _LABEL_LETTERS) / _CELL_LETTERS)
    across = min(_LABEL_CELLS[0] + further, _LABEL_CELLS[-1])
    half.area.say(half.row, 0, title, SECTION)
    # An empty cell above the end of the longest line, because paper ends with the last cell.
    length = max((len(str(value)) for _, values in split for value in values), default=1)
    last = across + ceil(length / _CELL_LETTERS) - 1
    half.area.say(half.row, min(last, half.cells - 1), "")
    for label, values in split:
        half.area.say(half.row + 1, 0, label, LABEL)
        for value in values:
            half.row += 1
            half.area.say(half.row, across, value, Style(align="left"))
    half.row += 2


def read_list(cells: Mapping[tuple[int, int], FileCell], title: str) -> list[tuple[str, Logged]]:
    """Return what `draw_list` has drawn on a sheet with these cells, [] if there is none."""
    for (row, column), cell in sorted(cells.items()):
        span = {LEFT: 2, TABLE: 1}.get(column)
        if cell.value != title or not span:
            continue
        places = (span * count for count in _LABEL_CELLS)
        across = next((each for each in places if (row + 1, column + each) in cells), None)
        if across is None:
            continue
        lines: list[tuple[str, list[Value]]] = []
        for at in range(row + 1, MAXIMUM_ROWS):
            label, value = (cells.get((at, each)) for each in (column, column + across))
            if label:
                lines.append((str(label.value), []))
            elif not value or not lines:
                break
            lines[-1][1].append(value.value if value and value.value is not None else "")
        return [(name, found[0] if len(found) == 1 else _joined(found)) for name, found in lines]
    return []


def as_listed(value: Logged) -> str:
    """Return the text of a value that `draw_list` draws and `read_list` reads."""
    return _joined(_lines(value))


def _joined(lines: Iterable[Value]) -> str:
    return " ".join(each if isinstance(each, str) else f"{each:.15g}" for each in lines)


def _lines(value: Logged) -> list[Value]:
    if value is None:
        return ["none"]
    return list[Value](textwrap.wrap(value, LINE) or ["–"]) if isinstance(value, str) else [value]


def rows_of(pixels: float) -> int:
    """Return the number of rows that something covers."""
    return ceil(pixels / ROW)
