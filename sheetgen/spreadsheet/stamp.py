"""Stamps what is written, so that a file can be asked later: is it ours, and unedited?

A fingerprint is a hash over what sheets hold: formulas, constants and notes, but not computed
values, formats or positions of charts. It is taken from the canvases before the file is written,
and kept in a very hidden sheet; a single sheet that moves between workbooks keeps it in a
cell of its own.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from pathlib import Path

from sheetgen.errors import shortened
from sheetgen.spreadsheet.address import place_of
from sheetgen.spreadsheet.block import Block, in_rows
from sheetgen.spreadsheet.block_results import distinct_texts
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.package_parts import MalformedError, opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.reader import FileCell, Value, iterate_cells, read_cells, sheet_names
from sheetgen.spreadsheet.style import LABEL, NOTE, Style

_CELL_TEXT = 30_000  # characters of a long text in one cell, which holds 32,767

_MARK = "run mark"
_FINGERPRINT = "sheet fingerprint"
_WHOLE = 1e12  # below it the digits of a whole number are the number
_DIGITS = 16  # hexadecimal, of a sheet's own stamp: 64 bits
_Place = tuple[int, int]


@dataclass(frozen=True)
class SheetStamp:
    """What a sheet says about itself."""

    mark: Value
    is_edited: bool


def _number_text(number: float) -> str:
    """Return the digits of a number that fingerprints are of.

    Files have 16 digits, and programs that save a workbook again keep 15, which is no edit. Rounded
    in the same steps, a number gives the same 12 digits before and after, between two of them too.
    """
    if number % 1 == 0 and abs(number) < _WHOLE:
        return f"{number:.0f}"  # as below, five times as fast
    in_file = float(f"{number:.16G}")
    return f"{float(f'{in_file:.15G}'):.12G}"


_NUMBER_TEXTS: Sequence[Callable[[float], str]] = (_number_text, "%.12G".__mod__)
"""The ways to the digits: of this version, and of 0.1.0, which rounded in one step."""


def identifier(described: object, digits: int = _DIGITS) -> str:
    """Return hexadecimal digits that identify something by its description as JSON."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:digits]


def fingerprint(canvases: Sequence[Canvas]) -> str:
    """Return the fingerprint that a file of these canvases will have, as hexadecimal digits."""
    return _combined(
        {canvas.name: _hash(chain(_rows(canvas), _notes(canvas.notes))) for canvas in canvases}
    )


def is_unedited(path: Path, sheets: Sequence[str], expected: str) -> bool:
    """Return whether a file still has all these sheets, with the fingerprint that is expected.

    Raises InputError when the file is not a workbook.
    """
    if not set(sheets) <= set(sheet_names(path)):
        return False
    notes = _notes_of_file(path)
    return any(_file_fingerprint(path, sheets, notes, text) == expected for text in _NUMBER_TEXTS)


def _file_fingerprint(
    path: Path,
    sheets: Sequence[str],
    notes: Mapping[str, Mapping[_Place, str]],
    number_text: Callable[[float], str],
) -> str:
    found = {sheet: _hash(_notes(notes.get(sheet, {}))) for sheet in sheets}
    cells = (
        (sheet, row, _text(column, _file_content(cell, number_text)))
        for sheet, row, column, cell in iterate_cells(path, sheets)
    )
    for sheet, of_sheet in groupby(cells, key=lambda each: each[0]):
        texts = (
            (row, "".join(text for *_, text in of_row))
            for row, of_row in groupby(of_sheet, key=lambda each: each[1])
        )
        found[sheet] = _hash(chain(texts, _notes(notes.get(sheet, {}))))
    return _combined(found)


def hidden_values(path: Path, sheet: str) -> dict[tuple[int, int], Value] | None:
    """Return the values of a very hidden sheet of ours; None if the file has no such sheet.

    Raises InputError when the file is not a workbook.
    """
    if sheet not in sheet_names(path):
        return None
    return {place: cell.value for place, cell in read_cells(path, [sheet])[sheet].items()}


def in_cells(text: str) -> list[str]:
    """Return the pieces of a long text that fit into a cell each."""
    return [text[start : start + _CELL_TEXT] for start in range(0, len(text), _CELL_TEXT)]


def stamp_sheet(canvas: Canvas, mark: str, row: int, column: int) -> None:
    """Write the mark of what a complete sheet shows, and below it the sheet's fingerprint.

    Their labels run out of their column to the left.
    """
    label = replace(LABEL, align="right")
    canvas.write(row, column, _MARK, label)
    canvas.write(row, column + 1, mark, NOTE)
    canvas.write(row + 1, column, _FINGERPRINT, label)
    contents = {
        place: _content(cell.formula, cell.value)
        for place, cell in canvas.cells.items()
        if cell.formula is not None or cell.value != ""
    }
    canvas.write(row + 1, column + 1, _hash_of_cells(contents), NOTE)


def sheet_stamp(cells: Mapping[tuple[int, int], FileCell]) -> SheetStamp | None:
    """Return what `stamp_sheet` wrote into a sheet, wherever it is now; None without a mark.

    An edit is any change of a formula, a text or a number, of its position too. Computed values
    and formats do not count.
    """
    mark, own = _beside(_MARK, cells), _beside(_FINGERPRINT, cells)
    if mark is None:
        return None
    if own is None:
        return SheetStamp(cells[mark].value, is_edited=True)
    held = {
        place: cell
        for place, cell in cells.items()
        if place != own and (cell.formula is not None or cell.value not in ("", None))
    }
    hashes = (
        _hash_of_cells({place: _file_content(cell, text) for place, cell in held.items()})
        for text in _NUMBER_TEXTS
    )
    return SheetStamp(cells[mark].value, all(cells[own].value != each for each in hashes))


def _beside(label: str, cells: Mapping[_Place, FileCell]) -> _Place | None:
    """Return the cell to the right of the first one that holds a label and has a neighbour."""
    for row, column in sorted(cells):
        if cells[row, column].value == label and (row, column + 1) in cells:
            return row, column + 1
    return None


def _hash_of_cells(contents: Mapping[_Place, str]) -> str:
    lines = "".join(f"{place} {contents[place]}\n" for place in sorted(contents))
    return hashlib.sha256(lines.encode()).hexdigest()[:_DIGITS]


def _notes(notes: Mapping[tuple[int, int], str]) -> Iterator[tuple[int, str]]:
    """Yield the rows of notes, with all white space as one blank, as programs change it."""
    for (row, column), text in sorted(notes.items()):
        yield row, f"note {_text(column, ' '.join(text.split()))}"


def _notes_of_file(path: Path) -> dict[str, dict[tuple[int, int], str]]:
    """Return the notes of all sheets by their cells."""
    found: dict[str, dict[tuple[int, int], str]] = {}
    with opened(path) as package:
        for sheet in Workbook(package).sheets:
            for link in package.relationships(sheet.part):
                if link.kind != "comments":
                    continue
                for note in package.elements(link.part, "comment"):
                    text = "".join(str(each.text or "") for each in note.iter("{*}t"))
                    try:
                        place = place_of(str(note.get("ref")))
                    except ValueError as error:
                        raise MalformedError(
                            f"{shortened(sheet.name)} has a note without a cell"
                        ) from error
                    found.setdefault(sheet.name, {})[place] = text
    return found


def _combined(hashes: dict[str, str]) -> str:
    text = "\n".join(f"{name}: {digest}" for name, digest in hashes.items())
    return hashlib.sha256(text.encode()).hexdigest()


def _hash(rows: Iterator[tuple[int, str]]) -> str:
    digest = hashlib.sha256()
    for row, text in rows:
        digest.update(f"{row}\n{text}".encode())
    return digest.hexdigest()


def _rows(canvas: Canvas) -> Iterator[tuple[int, str]]:
    """Yield the rows that hold something from the top, each with the text of its cells."""
    singles: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for (row, column), cell in canvas.cells.items():
        if cell.formula is not None or cell.value != "":
            singles[row].append((column, _text(column, _content(cell.formula, cell.value))))
    blocks = [(block.row_range, block.first_column, _block_rows(block)) for block in canvas.blocks]
    edges = {edge for rows, *_ in blocks for edge in (rows.start, rows.stop)}
    here = blocks[:0]
    for row in range(max([*singles, *(edge - 1 for edge in edges)], default=-1) + 1):
        if row in edges:
            here = [each for each in blocks if row in each[0]]
        alone = singles.get(row)
        if here and not here[1:] and not alone:
            yield row, next(here[0][2])
            continue
        parts = (alone or []) + [(column, next(texts)) for _, column, texts in here]
        if parts:
            yield row, "".join(text for _, text in sorted(parts))


def _block_rows(block: Block[Style]) -> Iterator[str]:
    """Yield the text of each row of a block, whose constants fill the gaps of the same text."""
    text = "".join(
        _text(column, formula.replace("%", "%%") or "%s")
        for column, formula in zip(block.column_range, block.formulas, strict=True)
    )
    parts = zip(block.formulas, block.values, strict=True)
    columns = [
        distinct_texts(values.tolist(), _number_text) for formula, values in parts if not formula
    ]
    if not columns:
        yield from map(in_rows(text % ()), block.row_range)
        return
    lines = map(in_rows(text), block.row_range)
    for line, *numbers in zip(lines, *columns, strict=True):
        yield line % tuple(numbers)


def _text(column: int, content: str) -> str:
    return f"{column} {content}\n"


def _file_content(cell: FileCell, number_text: Callable[[float], str]) -> str:
    return _content(None if cell.formula is None else f"={cell.formula}", cell.value, number_text)


def _content(
    formula: str | None, value: Value, number_text: Callable[[float], str] = _number_text
) -> str:
    if formula is not None:
        return formula
    if isinstance(value, str):
        return f"'{value}"
    return repr(value) if isinstance(value, bool) or value is None else number_text(value)
