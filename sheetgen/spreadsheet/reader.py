"""Reads the cells of .xlsx files at the XML level, told what to do about damage.

A spreadsheet library's object model needs gigabytes for a sheet of two million cells. Here one
row is in memory at a time, and cells without content are never built.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from lxml import etree

from sheetgen.errors import InputError, shortened
from sheetgen.files.characters import without_noncharacters
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.cell_places import Places
from sheetgen.spreadsheet.package_parts import (
    DAMAGE,
    MalformedError,
    Package,
    Relationship,
    local_name,
    opened,
)
from sheetgen.spreadsheet.package_workbook import Sheet, Workbook
from sheetgen.spreadsheet.plain_rows import PlainCell, plain_cells

if TYPE_CHECKING:
    from openpyxl.formula.translate import Translator

Value = float | str | bool | None  # an error value is its text, such as "#DIV/0!"

_ERROR = re.compile(
    r"#(?:DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|NULL!|ERROR!|CALC!|CIRC!|N/IMPL!|SPILL!)"
)
_SHEET_PART = re.compile(r"xl/worksheets/[^/]*?(\d*)\.xml$", re.IGNORECASE)
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # a character that XML cannot hold
_MOST_DIGITS = 9  # of the place of a text
_Formula = TypeVar("_Formula")
Cells = list[tuple[int, int, etree._Element]]


class Damage(Enum):
    """What to do about damage to a file, which files from unknown programs often have."""

    REFUSE = auto()
    """Raise an error."""
    PASS_OVER = auto()
    """Leave out what makes no sense: addresses, formulas without text, empty results."""
    RECOVER = auto()
    """Also do without parts that name the sheets, and read XML until it breaks off."""


class FileCell(NamedTuple):
    """One cell as the file holds it: its formula without "=", and its (cached) value."""

    formula: str | None
    value: Value


EMPTY = FileCell(None, None)
"""What a cell holds that is not in the file."""


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


def read_cells(
    path: Path, sheets: Collection[str] | None = None
) -> dict[str, dict[tuple[int, int], FileCell]]:
    """Return sheet → zero-based (row, column) → cell; raises InputError as iterate_cells does."""
    chosen = sheet_names(path) if sheets is None else sheets
    cells: dict[str, dict[tuple[int, int], FileCell]] = {name: {} for name in chosen}
    for name, row, column, cell in iterate_cells(path, sheets):
        cells[name][row, column] = cell
    return cells


def iterate_cells(
    path: Path, sheets: Collection[str] | None = None
) -> Iterator[tuple[str, int, int, FileCell]]:
    """Yield (sheet, row, column, cell), counted from zero, for cells with a formula or a value.

    `sheets` limits it to these; None is all of them. Raises InputError if the file cannot be read
    as a workbook or lacks one of the sheets.
    """
    with opened(path) as package:
        if sheets is not None:
            present = {sheet.name for sheet in Workbook(package).sheets}
            for name in set(sheets) - present:
                raise InputError(f"{path} has no sheet named {name!r}")
        for name, cells in cells_of_sheets(package, _Written, sheets):
            translated = cache(_translator)
            for row, column, written, value in cells:
                if written is None:
                    yield name, row, column, FileCell(None, value)
                    continue
                formula = written.text
                if (row, column) != (written.row, written.column):
                    formula = _moved(written, translated, row, column)
                yield name, row, column, FileCell(formula, value)


def cells_of_sheets(
    package: Package,
    formula_at: Callable[[str, int, int], _Formula],
    sheets: Collection[str] | None = None,
    damage: Damage = Damage.REFUSE,
) -> Iterator[tuple[str, Iterator[tuple[int, int, _Formula | None, Value]]]]:
    """Yield the name of each worksheet with its cells: row, column, formula, (cached) value.

    `formula_at` makes a formula of a text and the cell, counted from zero, that has it; all cells
    that share the formula get the same object. Cells without formula and value are left out, and
    those of a sheet must be consumed before the next one is asked for. `sheets` limits it to
    these; None is all of them.

    Raises one of DAMAGE, or InputError, for damage that is not passed over.
    """
    strings = _shared_strings(package, damage)
    for sheet in worksheets(package, damage):
        if sheets is None or sheet.name in sheets:
            contents = _Contents(formula_at, strings, damage)
            yield sheet.name, contents.cells(package, sheet)


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


def _elements(package: Package, part: str, tag: str, damage: Damage) -> Iterator[etree._Element]:
    return (package.salvaged if damage is Damage.RECOVER else package.elements)(part, tag)


def _shared_strings(package: Package, damage: Damage) -> list[str]:
    part = "xl/sharedStrings.xml"
    if damage is not Damage.RECOVER:
        link = Workbook(package).link("sharedStrings")
        if link is None or (damage is Damage.PASS_OVER and link.part not in package):
            return []
        part = link.part
    return [_text(item) for item in _elements(package, part, "si", damage)]


def _text(element: etree._Element) -> str:
    """Join the runs of a string; how it is pronounced (rPh) is not part of it."""
    texts = [text for run in element.iterchildren("{*}r") for text in run.iterchildren("{*}t")]
    texts.extend(element.iterchildren("{*}t"))
    return _unescaped("".join(text.text or "" for text in texts))


def _unescaped(text: str) -> str:
    """Return a text with the character that each "_x0009_" means, where that is one."""
    return without_noncharacters(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), text))


def rows(
    package: Package, sheet: Sheet, damage: Damage = Damage.REFUSE
) -> Iterator[tuple[etree._Element, Cells]]:
    """Yield each row with its (row, column, cell); left-out addresses count on from the last.

    Where damage is not refused, empty cells are left out, and those beyond the end of a sheet. No
    work is done for rows that are not in the file, whatever their numbers.
    """
    return with_cells(_row_elements(package, sheet, damage), sheet.name, damage)


def _row_elements(package: Package, sheet: Sheet, damage: Damage) -> Iterator[etree._Element]:
    # The position of a form control has elements called row as well.
    return (
        row
        for row in _elements(package, sheet.part, "row", damage)
        if (holder := row.getparent()) is not None and local_name(holder) == "sheetData"
    )


def with_cells(
    elements: Iterable[etree._Element], sheet: str, damage: Damage = Damage.REFUSE
) -> Iterator[tuple[etree._Element, Cells]]:
    """Yield each row, of the sheet of that name, with its cells, as `rows` does."""
    places = Places(sheet, damage is Damage.REFUSE)
    for element in elements:
        places.begin_row(element.get("r"))
        yield element, cells_in(element, places)


def cells_in(element: etree._Element, places: Places) -> Cells:
    """Return the (row, column, cell) of a row that has begun."""
    cells: Cells = []
    for cell in element.iterchildren("{*}c"):
        place = places.next_cell(cell.get("r"), has_content=len(cell) > 0)
        if place is not None:
            cells.append((*place, cell))
    return cells


class _Contents(Generic[_Formula]):
    """Reads what the cells of one sheet hold; raises errors only where damage is refused."""

    def __init__(
        self, formula_at: Callable[[str, int, int], _Formula], strings: list[str], damage: Damage
    ) -> None:
        self._formula_at, self._strings, self._damage = formula_at, strings, damage
        self._refuse = damage is Damage.REFUSE
        self._shared: dict[str, _Formula] = {}

    def cells(
        self, package: Package, sheet: Sheet
    ) -> Iterator[tuple[int, int, _Formula | None, Value]]:
        places = Places(sheet.name, self._refuse)
        for element in _row_elements(package, sheet, self._damage):
            places.begin_row(element.get("r"))
            plain = plain_cells(element, places.row + 1)
            if plain is None:
                yield from self._by_element(cells_in(element, places), sheet)
            else:
                yield from self._by_text(plain, places.row, sheet)

    def _by_element(
        self, cells: Cells, sheet: Sheet
    ) -> Iterator[tuple[int, int, _Formula | None, Value]]:
        for row, column, element in cells:
            try:
                formula, value = self._content(element, row, column)
            except (ValueError, IndexError, KeyError) as error:
                raise _invalid(sheet, row, column) from error
            if formula is not None or value is not None:
                yield row, column, formula, value

    def _by_text(
        self, cells: Iterable[PlainCell], row: int, sheet: Sheet
    ) -> Iterator[tuple[int, int, _Formula | None, Value]]:
        for column, kind, text, result in cells:
            try:
                formula = None if text is None else self._formula_at(text, row, column)
                value = None if result is None else self._value(kind, result)
            except (ValueError, IndexError, KeyError) as error:
                raise _invalid(sheet, row, column) from error
            if formula is not None or value is not None:
                yield row, column, formula, value

    def _content(
        self, cell: etree._Element, row: int, column: int
    ) -> tuple[_Formula | None, Value]:
        formula, value = None, None
        for child in cell:
            tag = str(child.tag).rpartition("}")[2]
            if tag == "v":
                value = self._value(str(cell.get("t", "n")), child.text or "")
            elif tag == "f":
                formula = self._formula(child, row, column)
            elif tag == "is" and value is None:
                value = _text(child)
        return formula, value

    def _formula(self, element: etree._Element, row: int, column: int) -> _Formula | None:
        text, is_shared = element.text or "", element.get("t") == "shared"
        if is_shared and not text:
            group = str(element.get("si"))
            return self._shared[group] if self._refuse else self._shared.get(group)
        if not (text or self._refuse):
            return None
        formula = self._formula_at(text, row, column)
        if is_shared:
            self._shared[str(element.get("si"))] = formula
        return formula

    def _value(self, kind: str, text: str) -> Value:
        if not text:
            # A program that computes nothing may write an empty result, which is then no text.
            return "" if kind == "str" and self._refuse else None
        if kind == "str":
            return _unescaped(text)
        if kind in ("n", "s"):
            try:
                return _number(text) if kind == "n" else self._strings[_index(text)]
            except (ValueError, IndexError):
                if self._refuse:
                    raise
                return text
        return text.strip() in ("1", "true") if kind == "b" else text


def _invalid(sheet: Sheet, row: int, column: int) -> MalformedError:
    return MalformedError(f"the cell {sheet.name!r}!{relative_address(row, column)} is not valid")


def _number(text: str) -> float:
    """Return a number; raises ValueError for what Python takes for one and a sheet cannot hold."""
    number = float(text)
    if "_" in text or not math.isfinite(number):
        raise ValueError(f"found {shortened(text)}; expected a number")
    return number


def _index(text: str) -> int:
    """Return a place in a list; raises ValueError for anything else, such as -1."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise ValueError(f"found {shortened(text)}; expected the number of a text")
    return int(text)


def _moved(
    written: _Written, translator: Callable[[_Written], "Translator"], row: int, column: int
) -> str:
    """Return a shared formula as one of its cells has it; raises MalformedError."""
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
