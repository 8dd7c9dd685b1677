"""Shows the sheets of an open workbook as HTML: pictures, and tables with formulas on hover."""

from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Protocol

from sheetgen.errors import CellValueError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet.address import column_letters
from sheetgen.spreadsheet.render import render
from sheetgen.spreadsheet.sheet_cells import SheetCells, Value

_WIDEST = 1_800
"""Pixels of a picture, which no page shows wider: a table of a hundred columns has its numbers."""
_STYLE = (
    ".sheetgen td,.sheetgen th{border:1px solid #ccc;padding:0 .4em;text-align:right;"
    "white-space:nowrap}.sheetgen td.text{text-align:left;max-width:24em;"
    "overflow:hidden;text-overflow:ellipsis}.sheetgen td[title]{cursor:help}"
    ".sheetgen th{font-weight:normal;color:#555}.sheetgen table{border-collapse:collapse}"
    ".sheetgen h2{font-size:1.1em;margin:0 0 .5em}.sheetgen summary{cursor:pointer}"
    ".sheetgen .wide{overflow-x:auto}"
    ".sheetgen img{max-width:100%;border:1px solid #ccc}"
    # A sheet that is made as narrow as a telephone could not be read.
    "@media(max-width:45em){.sheetgen img{max-width:none}}"
)


class Shown(Protocol):
    """A workbook that can be shown."""

    def cells(self, sheet: str) -> SheetCells:
        """Return the cells of a sheet as the file has them."""

    def value(self, sheet: str, place: tuple[int, int]) -> Value:
        """Return what a cell holds; raises CellValueError."""


def pictures_of(path: Path, sheets: Collection[str]) -> dict[str, bytes]:
    """Return the pictures of sheets as PNG, by their names; raises what `render` raises."""
    with scratch_folder() as folder:
        found = render(path, folder, sheets=sheets, widest=_WIDEST)
        return {each.sheet: each.path.read_bytes() for each in found}


def sections(
    book: Shown, sheets: Iterable[str], pictures: Mapping[str, bytes], most: tuple[int, int]
) -> str:
    """Return HTML with a section for each sheet: its picture, if there is one, and its table.

    A table has at most so many rows and columns, and is folded; each formula is shown when the
    pointer is on its cell. A section can be linked to by the place of its sheet: #sheet-1.
    """
    parts = [f"<style>{_STYLE}</style>"]
    for number, sheet in enumerate(sheets, start=1):
        picture, name = pictures.get(sheet), escape(sheet)
        parts.append(f'<section id="sheet-{number}"><h2>{name}</h2>')
        if picture is not None:
            source = f"data:image/png;base64,{b64encode(picture).decode()}"
            image = f'<img alt="The sheet {name}" src="{source}" loading="lazy">'
            parts.append(f'<div class="wide">{image}</div>')
        table = _table(book, sheet, most)
        parts.append(f"<details><summary>cells and formulas</summary>{table}</details></section>")
    return f'<div class="sheetgen">{"".join(parts)}</div>'


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
    reach = f"{column_letters(max(columns))}{max(rows) + 1}"
    more = f"<p>… the sheet goes on to {reach}</p>" if is_cut else ""
    return f'<div class="wide"><table>{"".join(lines)}</table></div>{more}'


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
