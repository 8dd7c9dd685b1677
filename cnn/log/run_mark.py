"""How the sheet of a run is known again: by the mark of the run, and unedited by its fingerprint.

Both stand below the settings. The mark says which run the sheet shows, the fingerprint what the
sheet held when it was written, so that a person's copy with changes is told from ours.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.reader import FileCell, Value
from sheetgen.spreadsheet.style import LABEL, NOTE

MARK = "run mark"
FINGERPRINT = "sheet fingerprint"
DIGITS = 16  # hexadecimal: 64 bits
Place = tuple[int, int]


@dataclass(frozen=True)
class Found:
    """What a sheet of a file says about itself."""

    mark: Value
    is_edited: bool


def run_mark(name: str, described: Mapping[str, Any]) -> str:
    """Return a run's mark: a hash over the name of its folder and its settings.

    `described` is what `config.json` holds. The versions of the packages do not count.
    """
    settings = {key: value for key, value in described.items() if key != "versions"}
    text = json.dumps([name, settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def draw_mark(canvas: Canvas, mark: str, row: int, column: int) -> None:
    """Write the mark, and below it the fingerprint of the sheet, which must be complete."""
    canvas.write(row, column, MARK, LABEL)
    canvas.write(row, column + 1, mark, NOTE)
    canvas.write(row + 1, column, FINGERPRINT, LABEL)
    contents = {
        place: _content(cell.formula and cell.formula.removeprefix("="), cell.value)
        for place, cell in canvas.cells.items()
        if cell.formula is not None or cell.value != ""
    }
    canvas.write(row + 1, column + 1, _hash(contents), NOTE)


def find_mark(cells: Mapping[Place, FileCell]) -> Found | None:
    """Return the mark of a sheet, None if it has none.

    An edit is any change of a formula, a text or a number, wherever it stands. Computed values
    do not count, nor do looks.
    """
    mark, fingerprint = _beside(MARK, cells), _beside(FINGERPRINT, cells)
    if mark is None:
        return None
    if fingerprint is None:
        return Found(cells[mark].value, is_edited=True)
    contents = {
        place: _content(cell.formula, cell.value)
        for place, cell in cells.items()
        if place != fingerprint and (cell.formula is not None or cell.value not in ("", None))
    }
    return Found(cells[mark].value, cells[fingerprint].value != _hash(contents))


def _beside(label: str, cells: Mapping[Place, FileCell]) -> Place | None:
    """Return the cell to the right of the first one that holds a label and has a neighbour."""
    for row, column in sorted(cells):
        if cells[row, column].value == label and (row, column + 1) in cells:
            return row, column + 1
    return None


def _hash(contents: Mapping[Place, str]) -> str:
    lines: Iterable[str] = (f"{place} {contents[place]}\n" for place in sorted(contents))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:DIGITS]


def _content(formula: str | None, value: Value) -> str:
    if formula is not None:
        return f"={formula}"
    if isinstance(value, str):
        return f"'{value}"
    # Programs that save a workbook again keep 15 digits, which must not look like an edit.
    return repr(value) if isinstance(value, bool) or value is None else f"{value:.12G}"
