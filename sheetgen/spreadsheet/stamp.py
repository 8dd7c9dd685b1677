"""The fingerprint of a workbook: a hash over what its sheets hold, formulas, constants and notes.

It is computed once from the canvases and once from a file, so that `build` can tell whether a
person has changed a sheet that it is about to overwrite. Computed values do not count, nor does
where a chart stands.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from pathlib import Path

from sheetgen.spreadsheet.address import place_of
from sheetgen.spreadsheet.canvas import Block, Canvas, Cell, in_row
from sheetgen.spreadsheet.package_parts import opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.reader import FileCell, iterate_cells
from sheetgen.spreadsheet.style import Style


def of_canvases(canvases: Sequence[Canvas]) -> str:
    """Return the fingerprint that a file of these canvases will have, as hexadecimal digits."""
    return _combined(
        {canvas.name: _hash(chain(_rows(canvas), _notes(canvas.notes))) for canvas in canvases}
    )


def of_file(path: Path, sheets: Sequence[str]) -> str:
    """Return the fingerprint of some sheets of a file; a missing sheet counts as empty.

    Raises InputError when the file is not a workbook.
    """
    notes = _notes_of_file(path)
    found = {sheet: _hash(_notes(notes.get(sheet, {}))) for sheet in sheets}
    for sheet, cells in groupby(iterate_cells(path, sheets), key=lambda each: each[0]):
        rows = groupby(cells, key=lambda each: each[1])
        texts = (
            (row, "".join(_text(column, _content(cell)) for _, _, column, cell in members))
            for row, members in rows
        )
        found[sheet] = _hash(chain(texts, _notes(notes.get(sheet, {}))))
    return _combined(found)


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
                    found.setdefault(sheet.name, {})[place_of(str(note.get("ref")))] = text
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
            singles[row].append((column, _text(column, _promised_content(cell))))
    lines = [(block, _block_text(block)) for block in canvas.blocks]
    bottoms = [block.row_range.stop for block in canvas.blocks]
    for row in range(max([*singles, *bottoms], default=-1) + 1):
        parts = singles.get(row, [])
        parts += [
            (block.first_column, in_row(text, row))
            for block, text in lines
            if row in block.row_range
        ]
        if parts:
            yield row, "".join(text for _, text in sorted(parts))


def _block_text(block: Block[Style]) -> str:
    """Return the text of a block's row, with the placeholders of its formulas."""
    return "".join(
        _text(block.first_column + place, formula) for place, formula in enumerate(block.formulas)
    )


def _text(column: int, content: str) -> str:
    return f"{column} {content}\n"


def _content(cell: FileCell) -> str:
    if cell.formula is not None:
        return f"={cell.formula}"
    if isinstance(cell.value, float):
        return _number(cell.value)
    return f"'{cell.value}" if isinstance(cell.value, str) else repr(cell.value)


def _promised_content(cell: Cell) -> str:
    if cell.formula is not None:
        return cell.formula
    if isinstance(cell.value, str):
        return f"'{cell.value}"
    return _number(cell.value)


def _number(value: float) -> str:
    # Programs that save a workbook again keep 15 digits, which must not look like an edit.
    return f"{value:.12G}"
