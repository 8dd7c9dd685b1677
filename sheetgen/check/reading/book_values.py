"""Repairs the values of a book: computes missing results, reads numbers that are texts."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sheetgen.check.findings import Finding
from sheetgen.check.formula.expressions import Cell, leaves, written
from sheetgen.check.formula.matrix_expressions import UnsupportedError
from sheetgen.check.formula.parsing import full_address, located, parse
from sheetgen.check.formula.relative_formulas import Formula
from sheetgen.check.reading.cells import Book, Cells, Content, number_in
from sheetgen.errors import InputError, RunError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.address import MAXIMUM_ROWS, place_of, quoted, relative_address, unquoted
from sheetgen.spreadsheet.engines.engine import Values
from sheetgen.spreadsheet.engines.libreoffice import LibreOffice
from sheetgen.spreadsheet.reader import is_error
from sheetgen.spreadsheet.tokens import replaced, tokens

_MOST_LABELS = 6  # numbers as text in a row, in columns without another number
_USUAL_NAME = re.compile(r"[^\[\]:*?/\\\x00-\x1f]{1,31}")
_NAME = re.compile(r"[^\W\d][\w.]*")
_TARGET = ("sheet", "cell", "symbol", "number")  # the parts of a reference, or of a number
_HUGE = 4 * MAXIMUM_ROWS  # cells
_SECONDS = 60.0  # for LibreOffice, in which some formulas never end
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}$")


def recalculated(path: Path, book: Book) -> Book:
    """Return the book with the value of every formula computed again.

    The engines get a workbook of the same cells and nothing else, for the file itself may be hard
    to read: the embedded engine, then LibreOffice if that leaves errors that another program may
    not have. Raises InputError if neither can compute anything.
    """
    best: tuple[int, str, Values] | None = None
    with scratch_folder() as folder:
        copy, names = Path(folder, "cells.xlsx"), _names_in_the_copy(book)
        _write_cells(copy, book, names)
        for engine in (engines.EMBEDDED, LibreOffice(_SECONDS)):
            if engine.missing() is not None or (best is not None and best[0] == 0):
                continue
            try:
                values = engine.recalculate(copy)
            except (InputError, RunError):
                continue
            errors = _errors_of_the_engine(book, names, values)
            if best is None or errors < best[0]:
                best = (errors, engine.name, values)
    if best is None:
        raise InputError(f"{path} holds formulas without results that no engine could compute")
    _, name, values = best
    for sheet, cells in book.sheets.items():
        computed = values.get(names[sheet], {})
        for place, content in cells.items():
            if content.formula is not None:
                content.value = computed.get(place)
    return replace(book, reader=f"{book.reader}, recalculated with {name}")


def _errors_of_the_engine(book: Book, names: Mapping[str, str], values: Values) -> int:
    """Count the errors that another program may not have."""

    def value(cell: Cell) -> str | float | None:
        """Return what the engine found in a cell, or the file has there."""
        content = book.sheets.get(cell.sheet, {}).get((cell.row, cell.column))
        if content is None or content.formula is None:
            return None if content is None else content.value
        return values.get(names[cell.sheet], {}).get((cell.row, cell.column))

    def is_everywhere(formula: Formula, at: Cell) -> bool:
        """Return whether what the formula reads makes an error in every program."""
        if value(at) == "#DIV/0!" or "#REF!" in formula.relative:
            return True
        try:
            tree = located(parse(formula, book.names), at.row, at.column, at.sheet)
        except UnsupportedError:
            return False
        read = [value(leaf) for leaf in leaves(tree) if isinstance(leaf, Cell)]
        is_of_single_cells = value(at) == "#VALUE!" and ":" not in formula.relative
        return any(
            is_error(one)
            or (is_of_single_cells and isinstance(one, str) and number_in(one) is None)
            for one in read
        )

    return sum(
        value(at) == "#CIRC!" or not is_everywhere(content.formula, at)
        for sheet, cells in book.sheets.items()
        for (row, column), content in cells.items()
        if content.formula is not None and is_error(value(at := Cell(sheet, row, column)))
    )


def _names_in_the_copy(book: Book) -> dict[str, str]:
    """Return sheet → its name in a copy: the same, unless a name is none for other programs."""
    names = list(book.sheets)
    usual = all(_USUAL_NAME.fullmatch(name) and "'" not in (name[0], name[-1]) for name in names)
    if usual and len({name.casefold() for name in names}) == len(names):
        return {name: name for name in names}
    return {name: f"Sheet{number}" for number, name in enumerate(names, 1)}


def _write_cells(path: Path, book: Book, names: Mapping[str, str]) -> None:
    """Write the cells of a book, without anything else, as a workbook with these sheets' names."""
    import openpyxl  # noqa: PLC0415 - few files need it
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415
    from openpyxl.workbook.defined_name import DefinedName  # noqa: PLC0415

    folded = {old.casefold(): f"{quoted(new)}!" for old, new in names.items()}

    def renamed(sheet: str) -> str:
        """Return a sheet's new name as formulas have it."""
        return folded.get(unquoted(sheet[:-1]).casefold(), sheet)

    def copied(formula: str) -> str:
        """Return a formula with the new names of its sheets."""
        return replaced(formula, {"sheet": renamed})

    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, cells in book.sheets.items():
        # Unlike others, this library does nothing for the rows between two cells.
        sheet = workbook.create_sheet(names[name])
        for (row, column), content in cells.items():
            cell = sheet.cell(row + 1, column + 1)
            if content.formula is not None:
                formula = _plain(content.formula, row, column, name, book.names)
                if not _has_huge_range(formula):
                    cell.value, cell.data_type = f"={copied(formula)}", "f"
            elif content.text:
                cell.value, cell.data_type = ILLEGAL_CHARACTERS_RE.sub("", content.text), "s"
            else:
                cell.value = content.value
    for defined, target in book.names.items():
        # Names of functions and of other books are not needed.
        if _NAME.fullmatch(defined) and all(one.kind in _TARGET for one in tokens(target)):
            workbook.defined_names[defined] = DefinedName(defined, attr_text=copied(target))
    workbook.save(path)


def _plain(formula: Formula, row: int, column: int, sheet: str, names: Mapping[str, str]) -> str:
    """Return a formula as a single cell has it, also one that is an element of an array formula."""
    if formula.element is None:
        return formula.text_at(row, column)
    try:
        tree = located(parse(formula, names), row, column, sheet)
    except UnsupportedError:
        return formula.text_at(row, column)
    return written(tree, lambda leaf: full_address(leaf, sheet) if isinstance(leaf, Cell) else "")


def _has_huge_range(formula: str) -> bool:
    """Return whether an engine would go through more cells for it than any table has."""
    if ":" not in formula:
        return False
    parts = [token for token in tokens(formula) if token.kind != "space"]
    for first, colon, last in zip(parts, parts[1:], parts[2:], strict=False):
        if colon.text == ":" and first.kind == last.kind == "cell":
            (top, left), (bottom, right) = place_of(first.text), place_of(last.text)
            if (abs(bottom - top) + 1) * (abs(right - left) + 1) > _HUGE:
                return True
    return False


def read_texts(book: Book) -> tuple[Finding, ...]:
    """Turn texts into numbers in columns without other numbers; return remarks that say so.

    Only on sheets without formulas, for a formula would not read them as numbers either, and only
    if a comma can only be a decimal comma.
    """
    remarks = []
    for name, cells in book.sheets.items():
        if any(content.formula is not None for content in cells.values()):
            continue
        found = _columns_of_texts(cells)
        if not found or not _is_plain([content for _, content in found]):
            continue
        for _, content in found:
            content.value = number_in(content.text)
        place = relative_address(*min(place for place, _ in found))
        words = f"{len(found):,} numbers are stored as text; they were read as numbers"
        remarks.append(Finding("remark", "text-numbers", words, name, cell=place))
    return tuple(remarks)


def _columns_of_texts(cells: Cells) -> list[tuple[tuple[int, int], Content]]:
    """Return the cells with a number as text in columns without other numbers.

    A number above a header does not count.
    """
    texts = [
        (place, content) for place, content in cells.items() if number_in(content.text) is not None
    ]
    first: dict[int, int] = {}
    for (row, column), _ in texts:
        first[column] = min(row, first.get(column, row))
    numeric = {
        column
        for (row, column), content in cells.items()
        if content.number is not None and row >= first.get(column, row) - 1
    }
    found = [one for one in texts if one[0][1] not in numeric]
    columns = Counter(column for (_, column), _ in found)
    rows = Counter(row for (row, _), _ in found)
    # A single number as text may be a label, but not several in one column or in one row.
    return [one for one in found if columns[one[0][1]] > 1 or rows[one[0][0]] > _MOST_LABELS]


def _is_plain(contents: list[Content]) -> bool:
    """Return whether all texts use one decimal sign, and it does not group thousands."""
    texts = [content.text.strip() for content in contents]
    signs = {sign for text in texts for sign in ".," if sign in text}
    grouped = [text for text in texts if _THOUSANDS.match(text)]
    parted = [text for text in texts if "." in text or "," in text]
    return len(signs) < 2 and (not grouped or len(grouped) < len(parted))
