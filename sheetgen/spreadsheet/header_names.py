"""Names the header rows of a sheet, so that screen readers say a cell's headers with its value.

JAWS and NVDA look for names that begin with ColumnTitle, or with Title where the first column has
headers too; they are those of the first header. Of several tables on a sheet each has its range in
the name, as in ColumnTitleRegion2.B5.F20.3, of which the last is the sheet's number. A table that
users go on with below its end has none.
"""

import re
from collections.abc import Iterator
from itertools import groupby

from sheetgen.spreadsheet.address import quoted, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Place

_OF_SHEET = re.compile(r"((column|row)?titleregion\d+\.[a-z]+\d+\.[a-z]+\d+\.)\d+", re.IGNORECASE)
FEWEST = 2
"""So many headers side by side are those of a table."""


def header_names(canvas: Canvas, number: int) -> dict[str, str]:
    """Return the names for the tables of a sheet with their addresses; `number` is the sheet's."""
    names, sheet, tables = {}, quoted(canvas.name), list(_tables(canvas))
    for place, (top, left, bottom, right) in enumerate(tables, start=1):
        below = canvas.cells.get((top + 1, left))
        name = "Title" if below and isinstance(below.value, str) else "ColumnTitle"
        if len(tables) > 1 and not _grows(canvas, (top, left, bottom, right)):
            ends = relative_address(top, left), relative_address(bottom, right)
            name += f"Region{place}.{'.'.join(ends)}.{number}"
        names[f"{sheet}!{name}"] = canvas.absolute(top, left)
    return names


def renumbered(name: str, number: int) -> str:
    """Return a name of a sheet that is another one now: one for headers has the sheet's number."""
    found = _OF_SHEET.fullmatch(name)
    return f"{found[1]}{number}" if found else name


def _tables(canvas: Canvas) -> Iterator[Place]:
    """Yield the range of each table, from the lowest row of its headers on."""
    heads = {at for at, cell in canvas.cells.items() if cell.style.heads}
    for top, left, _, right in canvas.merges:
        if (top, left) in heads:
            heads |= {(top, column) for column in range(left, right + 1)}
    lowest = sorted((row, column) for row, column in heads if (row + 1, column) not in heads)
    for row, cells in groupby(lowest, key=lambda at: at[0]):
        columns = enumerate(column for _, column in cells)
        for _, run in groupby(columns, key=lambda each: each[1] - each[0]):
            found = [column for _, column in run]
            first, last = found[0], found[-1]
            bottom = _last_row(canvas, row, first, last)
            while (row, first - 1) in heads:  # above headers of rows
                first -= 1
            if last - first + 1 >= FEWEST and bottom > row:
                yield row, first, bottom, last


def _last_row(canvas: Canvas, row: int, first: int, last: int) -> int:
    """Return the last row below the headers that is not empty in their columns."""
    columns = range(first, last + 1)
    blocks = [each for each in canvas.blocks if set(each.column_range) & set(columns)]
    while True:
        ends = [each.row_range[-1] for each in blocks if row + 1 in each.row_range]
        if not ends and not any((row + 1, column) in canvas.cells for column in columns):
            return row
        row = max([row + 1, *ends])


def _grows(canvas: Canvas, table: Place) -> bool:
    """Tell whether a table is one whose last row users drag down."""
    top, left, bottom, _ = table
    blocks = (each for each in canvas.blocks if each.first_column == left)
    return not canvas.protected and any(top < each.first_row <= bottom for each in blocks)
