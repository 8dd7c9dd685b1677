"""Reads the cells of .xlsx files at the XML level, told what to do about damage.

A spreadsheet library's object model needs gigabytes for a sheet of two million cells. Here one
row is in memory at a time, and cells without content are never built.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from sheetgen.errors import InputError, shortened
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.cell_places import Places
from sheetgen.spreadsheet.package_parts import (
    DAMAGE,
    MalformedError,
    Package,
    Relationship,
    opened,
)
from sheetgen.spreadsheet.package_workbook import Sheet, Workbook
from sheetgen.spreadsheet.sheet_cells import EMPTY, FileCell, SheetCells, Value
from sheetgen.spreadsheet.sheet_contents import (
    Cells,
    ContentRows,
    Damage,
    Formula,
    PlainRow,
    SheetContents,
    cells_in,
    elements_of,
    invalid,
    row_elements,
    text_of,
)

if TYPE_CHECKING:
    from openpyxl.formula.translate import Translator

__all__ = [
    "EMPTY", "Damage", "FileCell", "SheetCells", "Value", "cells_of_sheets", "is_error",
    "iterate_cells", "read_cells", "rows", "sheet_names", "visible_sheets", "with_cells",
    "worksheets",
]  # fmt: skip

_SHEET_PART = re.compile(r"xl/worksheets/[^/]*?(\d*)\.xml$", re.IGNORECASE)
_ERROR = re.compile(
    r"#(?:DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|NULL!|ERROR!|CALC!|CIRC!|N/IMPL!|SPILL!)"
)


def is_error(value: object) -> bool:
    """Tell whether a cell's value is an error such as "#DIV/0!"."""
    return isinstance(value, str) and _ERROR.match(value) is not None


class _Written(NamedTuple):
    """A formula with the cell in which the file has its text; others may share it."""

    text: str
    row: int
    column: int


def sheet_names(path: Path) -> list[str]:
    """Return all tabs in order; raises InputError if the file cannot be read as a workbook."""
    with opened(path) as package:
        return [sheet.name for sheet in Workbook(package).sheets]


def visible_sheets(path: Path) -> list[str]:
    """Return the tabs that are not hidden, in order; raises InputError as sheet_names does."""
    with opened(path) as package:
        return [sheet.name for sheet in Workbook(package).sheets if sheet.is_visible]


def read_cells(path: Path, sheets: Collection[str] | None = None) -> dict[str, SheetCells]:
    """Return sheet → zero-based (row, column) → cell; raises InputError as iterate_cells does."""
    chosen = sheet_names(path) if sheets is None else sheets
    cells = {name: SheetCells() for name in chosen}
    for name, row, columns, formulas, values in _iterate_rows(path, sheets):
        cells[name].put_row(row, columns, formulas, values)
    return cells


def iterate_cells(
    path: Path, sheets: Collection[str] | None = None
) -> Iterator[tuple[str, int, int, FileCell]]:
    """Yield (sheet, row, column, cell), counted from zero, for cells with a formula or a value.

    The cells of a row come from left to right. `sheets` limits it to these; None is all of them.
    Raises InputError if the file cannot be read as a workbook or lacks one of the sheets.
    """
    for name, row, columns, formulas, values in _iterate_rows(path, sheets):
        for column, formula, value in zip(columns, formulas, values, strict=True):
            yield name, row, column, FileCell(formula, value)


def _iterate_rows(
    path: Path, sheets: Collection[str] | None
) -> Iterator[tuple[str, int, list[int], list[str | None], list[Value]]]:
    """Yield sheet, row, and the columns, formulas and values of the row's cells."""
    with opened(path) as package:
        if sheets is not None:
            present = {sheet.name for sheet in Workbook(package).sheets}
            for name in set(sheets) - present:
                raise InputError(f"{path} has no sheet named {shortened(name)}")
        for name, contents in _contents_of_sheets(package, _Written, sheets, Damage.REFUSE):
            translated = cache(_translator)
            for row, cells in contents:
                if isinstance(cells, PlainRow):
                    yield name, row, cells.columns, cells.formulas, cells.values
                    continue
                found = sorted(cells, key=itemgetter(0))
                formulas = [
                    _moved(written, translated, row, column) if written else None
                    for column, written, _ in found
                ]
                columns, values = [each[0] for each in found], [each[2] for each in found]
                yield name, row, columns, formulas, values


def cells_of_sheets(
    package: Package,
    formula_at: Callable[[str, int, int], Formula],
    sheets: Collection[str] | None = None,
    damage: Damage = Damage.REFUSE,
    array_at: Callable[[str, str, int, int], Formula] | None = None,
) -> Iterator[tuple[str, Iterator[tuple[int, int, Formula | None, Value]]]]:
    """Yield the name of each worksheet with its cells: row, column, formula, (cached) value.

    `formula_at` makes a formula of a text and the cell, counted from zero, that has it; all cells
    that share the formula get the same object. Cells without formula and value are left out, and
    those of a sheet must be consumed before the next one is asked for. `sheets` limits it to
    these; None is all of them. `array_at` makes the formula of the first cell of an array formula,
    also from the cells that it fills; without it, that is a formula like any other.

    Raises one of DAMAGE, or InputError, for damage that is not passed over.
    """
    for name, contents in _contents_of_sheets(package, formula_at, sheets, damage, array_at):
        yield name, _cells(name, contents, formula_at)


def _contents_of_sheets(
    package: Package,
    formula_at: Callable[[str, int, int], Formula],
    sheets: Collection[str] | None,
    damage: Damage,
    array_at: Callable[[str, str, int, int], Formula] | None = None,
) -> Iterator[tuple[str, "ContentRows[Formula]"]]:
    strings = _shared_strings(package, damage)
    for sheet in worksheets(package, damage):
        if sheets is None or sheet.name in sheets:
            contents = SheetContents(formula_at, strings, damage, array_at)
            yield sheet.name, contents.rows(package, sheet)


def _cells(
    sheet: str,
    contents: "ContentRows[Formula]",
    formula_at: Callable[[str, int, int], Formula],
) -> Iterator[tuple[int, int, Formula | None, Value]]:
    for row, cells in contents:
        if not isinstance(cells, PlainRow):
            yield from ((row, *cell) for cell in cells)
            continue
        for column, text, value in zip(cells.columns, cells.formulas, cells.values, strict=True):
            try:
                formula = None if text is None else formula_at(text, row, column)
            except (ValueError, IndexError, KeyError) as error:
                raise invalid(sheet, row, column) from error
            yield row, column, formula, value


def worksheets(package: Package, damage: Damage = Damage.REFUSE) -> list[Sheet]:
    """Return the sheets that have cells; raises as cells_of_sheets does."""
    if damage is not Damage.RECOVER:
        return [sheet for sheet in Workbook(package).sheets if sheet.is_worksheet]
    named: list[Sheet] = []
    with suppress(InputError, *DAMAGE):
        named = [
            sheet
            for sheet in Workbook(package).sheets
            if sheet.is_worksheet and sheet.part in package
        ]
    return named or _unnamed_worksheets(package)


def _unnamed_worksheets(package: Package) -> list[Sheet]:
    """Return the parts that look like worksheets, in the order of their numbers."""
    found = [match for part in package.parts if (match := _SHEET_PART.match(part))]
    return [
        Sheet(Path(match[0]).stem, "", Relationship("", "worksheet", match[0], ""))
        for match in sorted(found, key=lambda match: int(f"0{match[1]}"))
    ]


def _shared_strings(package: Package, damage: Damage) -> list[str]:
    part = "xl/sharedStrings.xml"
    if damage is not Damage.RECOVER:
        link = Workbook(package).link("sharedStrings")
        if link is None or (damage is Damage.PASS_OVER and link.part not in package):
            return []
        part = link.part
    return [text_of(item) for item in elements_of(package, part, "si", damage)]


def rows(
    package: Package, sheet: Sheet, damage: Damage = Damage.REFUSE
) -> Iterator[tuple[etree._Element, Cells]]:
    """Yield each row with its (row, column, cell); left-out addresses count on from the last.

    Where damage is not refused, empty cells are left out, and those beyond the end of a sheet. No
    work is done for rows that are not in the file, whatever their numbers.
    """
    return with_cells(row_elements(package, sheet, damage), sheet.name, damage)


def with_cells(
    elements: Iterable[etree._Element], sheet: str, damage: Damage = Damage.REFUSE
) -> Iterator[tuple[etree._Element, Cells]]:
    """Yield each row, of the sheet of that name, with its cells, as `rows` does."""
    places = Places(sheet, damage is Damage.REFUSE)
    for element in elements:
        places.begin_row(element.get("r"))
        yield element, cells_in(element, places)


def _moved(
    written: _Written, translator: Callable[[_Written], "Translator"], row: int, column: int
) -> str:
    """Return a shared formula as one of its cells has it; raises MalformedError.

    The cell that has the text gets it as it is: LibreOffice writes some that nobody can take apart.
    """
    if (row, column) == (written.row, written.column):
        return written.text
    # Few files have shared formulas, and no command should wait for openpyxl without need.
    from openpyxl.formula.tokenizer import TokenizerError  # noqa: PLC0415

    place = relative_address(row, column)
    try:
        return str(translator(written).translate_formula(place)).removeprefix("=")
    except (TokenizerError, ValueError) as error:
        raise MalformedError(f"the formula of {place} is not valid") from error


def _translator(written: _Written) -> "Translator":
    from openpyxl.formula.translate import Translator  # noqa: PLC0415

    return Translator(f"={written.text}", origin=relative_address(written.row, written.column))
