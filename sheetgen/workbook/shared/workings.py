"""The sheet `Workings`: the cells behind the pictures of the other sheets, in titled blocks.

A sheet that people look at asks for blocks here, one beside the other, writes its helper cells into
them and refers to these by their absolute addresses, which have the name of this sheet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sheetgen.spreadsheet.address import (
    MAXIMUM_COLUMNS,
    MAXIMUM_FORMULA,
    cell_address,
    indexed,
    relative_address,
)
from sheetgen.spreadsheet.canvas import Canvas, Place, Rule, Value
from sheetgen.spreadsheet.style import (
    FINE,
    GENERAL,
    KINDS,
    LARGE,
    LARGE_FORMAT,
    LINK,
    SECTION,
    VALUE,
    Style,
)
from sheetgen.workbook.plan import WORKINGS
from sheetgen.workbook.shared.live_text import Words
from sheetgen.workbook.shared.page import fit_errors, write_headers, write_title

TITLE_ROW = 3  # of every block
LINK_ROW = 4  # to the sheet that it is for; below it are the block's own cells
FIRST_ROW = 6
TITLE_WIDTH = 1.2  # of a character of a title, in those of a cell
NAME = Style(colour=KINDS["helper"].strong)
TABLES = "tables"
"""The defined name of the list of training tables, for the drop-downs of other sheets."""


@dataclass(frozen=True)
class Corner:
    """The upper left cell of a block, on the sheet `Workings`."""

    canvas: Canvas
    row: int
    column: int

    def absolute(self, down: int, across: int) -> str:
        """Return the absolute address, with the sheet's name, of a cell counted from here."""
        return self.canvas.absolute(self.row + down, self.column + across)

    def beside(self, across: int) -> "Corner":
        """Return the corner of a part of the block, so many columns to the right."""
        return replace(self, column=self.column + across)

    def range(self, down: int, across: int, last_down: int, last_across: int) -> str:
        """Return the absolute address, with the sheet's name, of a range counted from here.

        Even of one cell it is $A$1:$A$1, as ironcalc takes no INDEX of $A$1.
        """
        last = cell_address(self.row + last_down, self.column + last_across)
        return f"{self.absolute(down, across)}:{last}"

    def headers(self, *titles: str) -> None:
        """Write headers side by side into the first row."""
        write_headers(self.canvas, self.row, self.column, titles)

    def write(self, down: int, across: int, value: Value, style: Style = NAME) -> None:
        """Write a constant into a cell counted from here."""
        self.canvas.write(self.row + down, self.column + across, value, style)

    def calculate(
        self, down: int, across: int, expression: str, value: Value, style: Style = NAME
    ) -> str:
        """Write an expression and its value into a cell; return its absolute address."""
        row, column = self.row + down, self.column + across
        self.canvas.calculate(row, column, f"={expression}", value, style)
        return self.canvas.absolute(row, column)

    def words(self, down: int, across: int, words: Words) -> Words:
        """Write a text that a formula puts together; return the text of that cell."""
        return Words(self.calculate(down, across, words.expression, words.text), words.text)

    def local(self, down: int, across: int) -> str:
        """Return the absolute address of a cell counted from here, for formulas of this sheet."""
        return cell_address(self.row + down, self.column + across)

    def moved(self, down: int, across: int) -> "Corner":
        """Return the corner so many rows and columns further."""
        return Corner(self.canvas, self.row + down, self.column + across)


@dataclass(frozen=True)
class Choices:
    """A table on the sheet, whose first column a drop-down offers; `columns` are their ranges."""

    columns: tuple[str, ...]
    rows: int

    def of(self, chosen: str) -> list[str]:
        """Return the expressions of what the other columns say of the choice in a cell."""
        # ironcalc finds nothing by MATCH in a range of one cell.
        place = f"MATCH({chosen},{self.columns[0]},0)" if self.rows > 1 else "1"
        return [indexed(column, place) for column in self.columns[1:]]


class Workings:
    """Hands out blocks of columns on the sheet, from left to right.

    `canvas` is the sheet. `tables` is the address of the names of the training tables, if there
    are any: the first block lists them. They are also the defined name `tables`, as Excel 2007
    allows no reference to another sheet in a validation.
    """

    def __init__(self, tabs: Sequence[str] = ()) -> None:
        """Begin the sheet, with the list of the training tables' tabs if there are any."""
        self.canvas = Canvas(WORKINGS, tab_colour=KINDS["helper"].strong)
        text = "The cells behind the pictures of the other sheets: a block for each."
        write_title(self.canvas, 1, WORKINGS, text)
        self.canvas.widths[0] = 2
        self._next = 1
        self._choices: dict[str, Choices] = {}
        self.tabs, self.tables = tuple(tabs), ""
        if self.tabs:
            corner = self.block("", "The training tables", 1)
            for place, name in enumerate(self.tabs):
                corner.write(place, 0, name)
            last = corner.row + len(self.tabs) - 1
            self.tables = self.canvas.range(corner.row, corner.column, last, corner.column)
            self.canvas.names[TABLES] = self.tables

    def block(self, sheet: str, title: str, columns: int, width: float = 14) -> Corner:
        """Return the corner of a new block of so many columns, each `width` characters wide.

        `title` says what it holds; a link goes back to the `sheet` that it is for, if one is named.
        """
        column = self._next
        self._next += columns + 1
        for at in range(column, column + columns):
            self.canvas.widths[at] = width
        self.canvas.widths[column + columns] = 3
        self.canvas.write(TITLE_ROW, column, title, SECTION)
        if sheet:
            self.canvas.link(LINK_ROW, column, sheet, f"for {sheet}", LINK)
        return Corner(self.canvas, FIRST_ROW, column)

    def choices(
        self, sheet: str, title: str, name: str, rows: Sequence[tuple[Value, ...]]
    ) -> Choices:
        """Write a table for a drop-down in a block of its own, once for all sheets that offer it.

        `name` is the defined name of its first column.
        """
        if name not in self._choices:
            corner, width = self.block(sheet, title, len(rows[0])), len(rows[0])
            for down, cells in enumerate(rows, start=1):
                for across, value in enumerate(cells):
                    corner.write(down, across, value)
            columns = tuple(corner.range(1, at, len(rows), at) for at in range(width))
            self.canvas.names[name] = columns[0]
            self._choices[name] = Choices(columns, len(rows))
        return self._choices[name]

    def fit(self) -> None:
        """Make the columns as wide as the texts in them and above them, once all are written.

        Large numbers are shown in few characters.
        """
        self._fit_numbers()
        widths, titles = self.canvas.widths, []
        for (row, column), cell in self.canvas.cells.items():
            length = len(cell.value) if isinstance(cell.value, str) else 0
            if row >= FIRST_ROW:
                widths[column] = max(widths[column], length + 1)
            elif row == TITLE_ROW:
                titles.append((column, length * TITLE_WIDTH))
        starts = [column for column, _ in sorted(titles)]
        for (column, needed), following in zip(
            sorted(titles), [*starts[1:], self._next], strict=True
        ):
            missing = needed - sum(widths[at] for at in range(column, following))
            widths[following - 2] += max(0, missing)

    def _fit_numbers(self) -> None:
        """Show large numbers in few characters; columns side by side share it."""
        found: dict[str, dict[int, list[int]]] = {FINE: {}, VALUE: {}, GENERAL: {}}
        for (row, column), cell in self.canvas.cells.items():
            rows = found.get(cell.style.number_format)
            if rows is not None and not isinstance(cell.value, str):
                rows.setdefault(column, []).append(row)
        for number_format, rows in found.items():
            for place in _side_by_side(rows):
                if number_format == FINE:
                    fit_errors(self.canvas, place)
                elif number_format == GENERAL:
                    large = f"=ABS({relative_address(*place[:2])})>{LARGE}"
                    self.canvas.rules.append(Rule(place, large, dict(LARGE_FORMAT)))
                else:
                    self.canvas.numbers.append(place)

    @property
    def end(self) -> Corner:
        """The corner that the next block will have, to `release` that and all after it."""
        return Corner(self.canvas, FIRST_ROW, self._next)

    @property
    def is_empty(self) -> bool:
        """Whether no block has been handed out."""
        return self._next == 1

    @property
    def is_too_wide(self) -> bool:
        """Whether the blocks need more columns than a worksheet has."""
        return self._next > MAXIMUM_COLUMNS

    def fits(self, corner: Corner) -> bool:
        """Tell whether all blocks from a corner on are within a worksheet's limits."""
        cells = self.canvas.cells.items()
        formulas = (cell.formula or "" for at, cell in cells if at[1] >= corner.column)
        return not self.is_too_wide and max(map(len, formulas)) <= MAXIMUM_FORMULA

    def release(self, corner: Corner) -> None:
        """Take back a block and all that were handed out after it, with all that is in them."""
        first, canvas = corner.column, self.canvas
        canvas.cells = {at: cell for at, cell in canvas.cells.items() if at[1] < first}
        canvas.links = {at: link for at, link in canvas.links.items() if at[1] < first}
        canvas.scales = {at: scale for at, scale in canvas.scales.items() if at[1] < first}
        canvas.widths = {at: width for at, width in canvas.widths.items() if at < first}
        canvas.blocks = [each for each in canvas.blocks if each.first_column < first]
        canvas.numbers = [place for place in canvas.numbers if place[1] < first]
        self._next = first


def _side_by_side(rows: Mapping[int, Sequence[int]]) -> list[Place]:
    """Return the ranges of some rows of columns, one range where neighbours have the same."""
    places: list[Place] = []
    for column, found in sorted(rows.items()):
        top, left, bottom = min(found), column, max(found)
        if places and places[-1] == (top, places[-1][1], bottom, column - 1):
            left = places.pop()[1]
        places.append((top, left, bottom, column))
    return places
