"""Holds the cells of a workbook for the audit, with formulas in relative notation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from sheetgen.check.formula.relative_formulas import ArrayFormula, Formula
from sheetgen.spreadsheet.package_parts import MalformedError, opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.reader import Damage, Value, cells_of_sheets, is_error

_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?\s*%?$")


@dataclass(slots=True)
class Content:
    """What a cell holds: a (cached) value, and its formula if it has one.

    An error value is its text, such as "#DIV/0!".
    """

    value: Value
    formula: Formula | None = None

    @property
    def number(self) -> float | None:
        """The value as a number; None for a text, an error or nothing."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return None
        return float(self.value)

    @property
    def is_error(self) -> bool:
        """Whether the value is an error such as #DIV/0!."""
        return is_error(self.value)

    @property
    def text(self) -> str:
        """The text; empty for a number, an error or nothing."""
        return self.value if isinstance(self.value, str) and not self.is_error else ""


Cells = dict[tuple[int, int], Content]


@dataclass(slots=True)
class Book:
    """A workbook: the cells of each sheet by zero-based (row, column), and its defined names."""

    sheets: dict[str, Cells]
    names: Mapping[str, str] = field(default_factory=dict)
    reader: str = ""
    damage: str = ""
    """What is wrong with the file, of which this may be only a part."""


def read_package(path: Path, damage: Damage = Damage.PASS_OVER) -> Book:
    """Return the cells of an .xlsx workbook, as far as `damage` allows.

    Raises InputError where the package cannot be read or (Damage.RECOVER) holds no cell.
    """
    recover = damage is Damage.RECOVER
    with opened(path) as package:
        book = Book(
            {
                name: {
                    (row, column): Content(value, formula) for row, column, formula, value in cells
                }
                for name, cells in cells_of_sheets(
                    package, Formula, damage=damage, array_at=ArrayFormula.at
                )
            },
            {} if recover else _defined_names(Workbook(package)),
            "xlsx, although damaged" if recover else "xlsx",
        )
        for cells_of_sheet in book.sheets.values():
            _fill_arrays(cells_of_sheet)
        if recover and not any(book.sheets.values()):
            raise MalformedError("none of its sheets holds a cell")
        return book


MOST_FILLED = 100_000
"""Cells of a sheet that array formulas fill."""


def _fill_arrays(cells: Cells) -> None:
    """Give each cell that an array formula fills its own part of it: files have it in the first.

    One that fills more cells than a training has, such as the whole sheet, stays in the first.
    """
    left = MOST_FILLED
    for (row, column), content in list(cells.items()):
        if isinstance(content.formula, ArrayFormula) and prod(content.formula.span) <= left:
            left -= prod(content.formula.span)
            for down, across, formula in content.formula.elements(row, column):
                cells.setdefault((down, across), Content(None)).formula = formula


def _defined_names(workbook: Workbook) -> dict[str, str]:
    """Return the names of the whole workbook that mean something, in lower case."""
    return {
        str(element.get("name", "")).lower(): element.text
        for element in workbook.names(None).values()
        if element.text
    }


def number_in(text: str) -> float | None:
    """Return the number that a text consists of, with a decimal point or comma, or None."""
    stripped = text.strip()
    if not _NUMBER.match(stripped):
        return None
    factor = 0.01 if stripped.endswith("%") else 1.0
    return float(stripped.rstrip("% ").replace(",", ".")) * factor
