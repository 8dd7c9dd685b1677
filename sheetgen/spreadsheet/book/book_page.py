"""Shows the sheets of an open workbook as HTML: pictures, and tables with formulas on hover."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Protocol

from sheetgen.errors import CellValueError, InputError, RunError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet.address import column_letters
from sheetgen.spreadsheet.render import render
from sheetgen.spreadsheet.sheet_cells import SheetCells, Value

PICTURES = 3
"""Sheets that a notebook shows as pictures: drawing one takes seconds, more of them little more."""
LARGEST = 3_000_000
"""Bytes of a workbook that LibreOffice opens within seconds."""
ROWS, COLUMNS = 20, 12
"""Of a sheet's table in a notebook."""

_STYLE = (
    "<style>.sheetgen td,.sheetgen th{border:1px solid #ccc;padding:0 .4em;text-align:right;"
    "white-space:nowrap}.sheetgen td.text{text-align:left}.sheetgen th{font-weight:normal;"
    "color:#555}.sheetgen table{border-collapse:collapse}.sheetgen img{max-width:100%}"
    ".sheetgen .wide{overflow-x:auto}</style>"
)


class Shown(Protocol):
    """A workbook that can be shown."""

    path: Path

    def cells(self, sheet: str) -> SheetCells:
        """Return the cells of a sheet as the file has them."""

    def value(self, sheet: str, place: tuple[int, int]) -> Value:
        """Return what a cell holds; raises CellValueError."""


def page(
    book: Shown,
    sheets: Iterable[str],
    pictures: Mapping[str, bytes],
    most: tuple[int, int] = (ROWS, COLUMNS),
) -> str:
    """Return HTML with the pictures of some sheets, PNG by their names, and tables of all.

    A table has at most so many rows and columns. A sheet with a picture has its table folded.
    """
    parts = [_STYLE]
    for sheet in sheets:
        picture, name = pictures.get(sheet), escape(sheet)
        if picture is not None:
            data = b64encode(picture).decode()
            parts.append(f"<h4>{name}</h4>")
            parts.append(f'<img alt="The sheet {name}" src="data:image/png;base64,{data}">')
        heading = f"{name} as a table" if picture is not None else name
        parts.append(f"<details><summary>{heading}</summary>{_table(book, sheet, most)}</details>")
    return f'<div class="sheetgen">{"".join(parts)}</div>'


def drawn(path: Path, sheets: Iterable[str]) -> dict[str, bytes]:
    """Return the pictures of sheets as PNG, none where there is no LibreOffice that draws them."""
    with scratch_folder() as folder:
        try:
            found = render(path, folder, sheets=list(sheets))
        except (InputError, RunError):
            return {}
        return {each.sheet: each.path.read_bytes() for each in found}


def _table(book: Shown, sheet: str, most: tuple[int, int]) -> str:
    cells = book.cells(sheet)
    if not cells:
        return "<p>empty</p>"
    rows, columns = ({place[axis] for place in cells} for axis in (0, 1))
    shown_rows = range(min(rows), min(max(rows) + 1, min(rows) + most[0]))
    shown_columns = range(min(columns), min(max(columns) + 1, min(columns) + most[1]))
    head = "".join(f"<th>{column_letters(column)}</th>" for column in shown_columns)
    lines = [f"<tr><th></th>{head}</tr>"]
    for row in shown_rows:
        found = "".join(_cell(book, sheet, cells, (row, column)) for column in shown_columns)
        lines.append(f"<tr><th>{row + 1}</th>{found}</tr>")
    is_cut = shown_rows.stop <= max(rows) or shown_columns.stop <= max(columns)
    reach = f"{column_letters(max(columns))}{max(rows) + 1:,}"
    more = f"<p>… the sheet goes on to {reach}</p>" if is_cut else ""
    return f'<div class="wide"><table>{"".join(lines)}</table>{more}</div>'


def _cell(book: Shown, sheet: str, cells: SheetCells, place: tuple[int, int]) -> str:
    formula = cells[place].formula if place in cells else None
    try:
        value = book.value(sheet, place)
    except CellValueError:
        value = "…"  # not calculated since a cell was set
    text = f"{value:.6g}" if type(value) is float else "" if value is None else str(value)
    hint = f' title="={escape(formula)}"' if formula else ""
    kind = "" if type(value) is float else ' class="text"'
    return f"<td{kind}{hint}>{escape(text)}</td>"
