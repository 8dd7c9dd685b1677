"""Reads a workbook that a student handed in.

Only the answers are taken from it: the exercise, the numbers and the right answers come from the
key.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from sheetgen.errors import InputError
from sheetgen.exercises.assignment.table_layout import HEADER_ROW, Layout
from sheetgen.exercises.sheets import exercise_sheet
from sheetgen.exercises.sheets.exercise_workbook import ANSWERS, IDENTIFIER, MARK
from sheetgen.spreadsheet.address import range_of
from sheetgen.spreadsheet.package_parts import children, opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.reader import EMPTY, FileCell, read_cells

Cells = Mapping[tuple[int, int], FileCell]


class Spread(NamedTuple):
    """A formula over several cells, and the range that it fills."""

    top: int
    left: int
    bottom: int
    right: int
    formula: str

    def covers(self, place: tuple[int, int]) -> bool:
        """Tell whether a cell is in the range."""
        return self.top <= place[0] <= self.bottom and self.left <= place[1] <= self.right


@dataclass(frozen=True)
class HandedIn:
    """A student's file: its cells by sheet, its hidden sheets and its defined names.

    `spread` has, by sheet, the array formulas over several cells. Hidden sheets and defined names
    are in lower case.
    """

    path: Path
    title: str
    cells: Mapping[str, Cells]
    hidden: frozenset[str]
    names: Mapping[str, str]
    spread: Mapping[str, Sequence[Spread]]

    @property
    def answers_sheets(self) -> frozenset[str]:
        """Every sheet that may hold the answers, also if it was renamed, in lower case."""
        marked = (
            name.casefold()
            for name, cells in self.cells.items()
            if cells.get((IDENTIFIER[0], 0), EMPTY).value == MARK
        )
        return frozenset({ANSWERS, *self.hidden, *marked})

    def exercise_sheet(self, layout: Layout) -> str:
        """Return the name of the sheet with the table; InputError if it is not as handed out."""
        names = sorted(self.cells, key=lambda name: name != exercise_sheet.NAME)
        for name in names:
            if name.casefold() not in self.answers_sheets and _has_table(self.cells[name], layout):
                return name
        if exercise_sheet.NAME in self.cells:
            raise InputError(
                f"{self.path}: the table on the sheet {exercise_sheet.NAME} is not where it was "
                "handed out; rows or columns were inserted, deleted or overwritten"
            )
        raise InputError(f"{self.path} has no sheet with the table of the exercise")


def read_handed_in(path: Path) -> HandedIn:
    """Read a student's file; raises InputError when it is not a readable workbook."""
    cells = read_cells(path)
    with opened(path) as package:
        workbook = Workbook(package)
        hidden = frozenset(each.name.casefold() for each in workbook.sheets if not each.is_visible)
        names = {
            str(each.get("name", "")).casefold(): str(each.text or "")
            for each in children(workbook.root, "definedNames")
        }
        spread = {
            each.name: tuple(_spread(package.elements(each.part, "f")))
            for each in workbook.sheets
            if each.is_worksheet
        }
        title = ""
        for link in package.relationships(""):
            if link.kind == "core-properties" and link.part in package:
                titles = package.elements(link.part, "title")
                title = "".join(str(each.text or "") for each in titles)
    return HandedIn(path, title, cells, hidden, names, spread)


def _has_table(cells: Cells, layout: Layout) -> bool:
    """Tell whether the headers and the numbers of the iterations are where they should be."""
    expected: dict[tuple[int, int], str | int] = {
        (HEADER_ROW, place): symbol for symbol, place in layout.places.items()
    }
    expected |= {layout.place(("iteration", row)): row for row in range(layout.rows)}
    return all(cells.get(place, EMPTY).value == value for place, value in expected.items())


def _spread(formulas: Iterator[etree._Element]) -> Iterator[Spread]:
    """Yield the formulas over several cells; what they cover may be a whole sheet."""
    for each in formulas:
        if each.get("t") not in ("array", "dataTable") or not each.get("ref"):
            continue
        try:
            top, left, bottom, right = range_of(str(each.get("ref")))
        except ValueError:
            continue
        if (left, top) != (right, bottom):
            yield Spread(top, left, bottom, right, str(each.text or ""))
