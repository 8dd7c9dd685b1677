"""Reads what the cells of one sheet hold, row by row; `reader` reads whole files.

Rows that are written as most programs do are taken apart as text, all others by element.
"""

import math
import re
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Generic, NamedTuple, TypeVar

from lxml import etree

from sheetgen.errors import shortened
from sheetgen.files.characters import without_noncharacters
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.cell_places import Places
from sheetgen.spreadsheet.package_parts import MalformedError, Package, local_name
from sheetgen.spreadsheet.package_workbook import Sheet
from sheetgen.spreadsheet.plain_rows import PlainCells, plain_cells
from sheetgen.spreadsheet.plain_sheet import LARGEST, PlainSheet, Row
from sheetgen.spreadsheet.sheet_cells import Value

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # a character that XML cannot hold
_MOST_DIGITS = 9  # of the place of a text
Formula = TypeVar("Formula")
Cells = list[tuple[int, int, etree._Element]]
FoundCells = list[tuple[int, Formula | None, Value]]
"""Column, formula and value of the cells of a row that is not plain."""
ContentRows = Iterator[tuple[int, "PlainRow | FoundCells[Formula]"]]


class Damage(Enum):
    """What to do about damage to a file, which files from unknown programs often have."""

    REFUSE = auto()
    """Raise an error."""
    PASS_OVER = auto()
    """Leave out what makes no sense: addresses, formulas without text, empty results."""
    RECOVER = auto()
    """Also do without parts that name the sheets, and read XML until it breaks off."""


class PlainRow(NamedTuple):
    """The cells of a plain row from left to right; the formulas are as the file writes them."""

    columns: list[int]
    formulas: list[str | None]
    values: list[Value]


class SheetContents(Generic[Formula]):
    """Reads what the cells of one sheet hold; raises errors only where damage is refused."""

    def __init__(
        self,
        formula_at: Callable[[str, int, int], Formula],
        strings: list[str],
        damage: Damage,
        array_at: Callable[[str, str, int, int], Formula] | None = None,
    ) -> None:
        self._formula_at, self._strings, self._damage = formula_at, strings, damage
        self._array_at = array_at
        self._refuse = damage is Damage.REFUSE
        self._shared: dict[str, Formula] = {}

    def rows(self, package: Package, sheet: Sheet) -> "ContentRows[Formula]":
        """Yield each row with its cells that hold something."""
        places = Places(sheet.name, self._refuse)
        for row in _sheet_rows(package, sheet, self._damage):
            places.begin_row(row.number)
            plain = plain_cells(row.text, places.row + 1)
            if plain is not None:
                yield places.row, self._plain(plain, places.row, sheet)
                continue
            found: dict[int, FoundCells[Formula]] = {}
            cells = cells_in(row.element, places)
            for at, column, formula, value in self._by_element(cells, sheet):
                found.setdefault(at, []).append((column, formula, value))
            yield from found.items()

    def _by_element(
        self, cells: Cells, sheet: Sheet
    ) -> Iterator[tuple[int, int, Formula | None, Value]]:
        for row, column, element in cells:
            try:
                formula, value = self._content(element, row, column)
            except (ValueError, IndexError, KeyError) as error:
                raise invalid(sheet.name, row, column) from error
            if formula is not None or value is not None:
                yield row, column, formula, value

    def _plain(self, cells: PlainCells, row: int, sheet: Sheet) -> "PlainRow":
        columns, kinds, formulas, results = cells
        texts = [text for text in results if text is not None]
        if len(texts) == len(results) and not any(kinds):
            numbers = _numbers(texts)
            if numbers is not None:
                return PlainRow(columns, formulas, numbers)
        found = PlainRow([], [], [])
        for column, kind, formula, result in zip(columns, kinds, formulas, results, strict=True):
            try:
                value = None if result is None else self._value(kind or "n", result)
            except (ValueError, IndexError) as error:
                raise invalid(sheet.name, row, column) from error
            if formula is not None or value is not None:
                found.columns.append(column)
                found.formulas.append(formula)
                found.values.append(value)
        return found

    def _content(self, cell: etree._Element, row: int, column: int) -> tuple[Formula | None, Value]:
        formula, value = None, None
        for child in cell:
            tag = str(child.tag).rpartition("}")[2]
            if tag == "v":
                value = self._value(str(cell.get("t", "n")), child.text or "")
            elif tag == "f":
                formula = self._formula(child, row, column)
            elif tag == "is" and value is None:
                value = text_of(child)
        return formula, value

    def _formula(self, element: etree._Element, row: int, column: int) -> Formula | None:
        text, is_shared = element.text or "", element.get("t") == "shared"
        if is_shared and not text:
            group = str(element.get("si"))
            return self._shared[group] if self._refuse else self._shared.get(group)
        if not (text or self._refuse):
            return None
        area = element.get("ref") if element.get("t") == "array" else None
        if area and self._array_at is not None:
            return self._array_at(text, str(area), row, column)
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


def _sheet_rows(package: Package, sheet: Sheet, damage: Damage) -> Iterator[Row]:
    """Yield the rows, parsed one by one only where that is needed and the sheet is not large."""
    part = package.spelled(sheet.part)
    if damage is not Damage.RECOVER and part in package.parts:
        entry = package.parts[part]
        if entry.file_size <= LARGEST and (plain := PlainSheet.of(package.archive.read(entry))):
            yield from plain.rows()
            return
    yield from map(Row.of, row_elements(package, sheet, damage))


def row_elements(package: Package, sheet: Sheet, damage: Damage) -> Iterator[etree._Element]:
    """Yield each row as an element, which is freed when the next one is asked for."""
    # The position of a form control has elements called row as well.
    return (
        row
        for row in elements_of(package, sheet.part, "row", damage)
        if (holder := row.getparent()) is not None and local_name(holder) == "sheetData"
    )


def elements_of(package: Package, part: str, tag: str, damage: Damage) -> Iterator[etree._Element]:
    """Yield the elements of one tag in a part, as far as `damage` lets it be read."""
    return (package.salvaged if damage is Damage.RECOVER else package.elements)(part, tag)


def cells_in(element: etree._Element, places: Places) -> Cells:
    """Return the (row, column, cell) of a row that has begun."""
    cells: Cells = []
    for cell in element.iterchildren("{*}c"):
        place = places.next_cell(cell.get("r"), has_content=len(cell) > 0)
        if place is not None:
            cells.append((*place, cell))
    return cells


def text_of(element: etree._Element) -> str:
    """Join the runs of a string; how it is pronounced (rPh) is not part of it."""
    texts = [text for run in element.iterchildren("{*}r") for text in run.iterchildren("{*}t")]
    texts.extend(element.iterchildren("{*}t"))
    return _unescaped("".join(text.text or "" for text in texts))


def _unescaped(text: str) -> str:
    """Return a text with the character that each "_x0009_" means, where that is one."""
    return without_noncharacters(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), text))


def invalid(sheet: str, row: int, column: int) -> MalformedError:
    """Return the error for a cell that does not hold what its type says."""
    return MalformedError(f"the cell {sheet!r}!{relative_address(row, column)} is not valid")


def _number(text: str) -> float:
    """Return a number; raises ValueError for what Python takes for one and a sheet cannot hold."""
    number = float(text)
    if "_" in text or not math.isfinite(number):
        raise ValueError(f"found {shortened(text)}; expected a number")
    return number


def _numbers(texts: list[str]) -> list[Value] | None:
    """Return the numbers in these texts, as `_number` does; None if not all are numbers."""
    try:
        numbers = [*map(float, texts)]
    except ValueError:
        return None
    # A sum is finite only if all its parts are, and Python takes 1_0 for a number.
    is_sound = math.isfinite(sum(numbers)) and "_" not in "".join(texts)
    return [*numbers] if is_sound else None


def _index(text: str) -> int:
    """Return a place in a list; raises ValueError for anything else, such as -1."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise ValueError(f"found {shortened(text)}; expected the number of a text")
    return int(text)
