"""Compares a handed-in file with the exercise that it is: the answers, and what else was changed.

The answers alone are graded. What was changed outside the blanks becomes a remark for the teacher.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sheetgen.exercises.assignment.exercise import Assignment
from sheetgen.exercises.assignment.table_layout import Quantity
from sheetgen.exercises.grading.handed_in import Cells, HandedIn
from sheetgen.exercises.sheets import exercise_sheet
from sheetgen.exercises.sheets.exercise_workbook import ANSWERS, answers_sheet, given_sheets
from sheetgen.spreadsheet.reader import EMPTY, FileCell

SOLUTION = "Solution"


@dataclass(frozen=True)
class Submission:
    """A student's file, the name of its sheet with the table, and the exercise that it is."""

    handed_in: HandedIn
    sheet: str
    assignment: Assignment

    @classmethod
    def of(cls, handed_in: HandedIn, assignment: Assignment) -> "Submission":
        """Return the submission; raises InputError if the table is not where it was handed out."""
        return cls(handed_in, handed_in.exercise_sheet(assignment.layout), assignment)

    @property
    def cells(self) -> Cells:
        """The cells of the sheet with the table."""
        return self.handed_in.cells[self.sheet]

    @cached_property
    def spread(self) -> Mapping[Quantity, str]:
        """The blanks that array formulas over several cells fill, with the last such formula."""
        found: dict[Quantity, str] = {}
        left = {
            each: self.assignment.layout.place(each) for each in self.assignment.exercise.blanks
        }
        for spread in reversed(self.handed_in.spread.get(self.sheet, ())):
            for blank in [each for each, place in left.items() if spread.covers(place)]:
                found[blank] = spread.formula
                del left[blank]
            if not left:
                break
        return found

    def answer(self, blank: Quantity) -> FileCell:
        """Return what the student put into a blank."""
        if blank in self.spread:
            return FileCell(self.spread[blank], None)
        return self.cells.get(self.assignment.layout.place(blank), EMPTY)

    def remarks(self) -> Iterator[str]:
        """Yield a sentence on each thing that was changed; none of them changes the marks."""
        if self.sheet != exercise_sheet.NAME:
            yield f"the sheet {exercise_sheet.NAME} was renamed to {self.sheet}"
        yield from self._changed_numbers()
        hidden = self.handed_in.cells.get(ANSWERS, {})
        promised = answers_sheet(self.assignment).canvas.promised()
        if _lacks_formula(hidden, ((row, column) for row, column, *_ in promised)):
            yield "the hidden sheet with the answers was changed or removed"
        if _lacks_formula(self.cells, self._given_places()):
            yield "numbers that the exercise gives were typed over"
        if self.handed_in.title.startswith(SOLUTION):
            yield "it is the teacher's copy, or was made from it"

    def _changed_numbers(self) -> Iterator[str]:
        for canvas in given_sheets(self.assignment):
            cells = self.handed_in.cells.get(canvas.name)
            if cells is None:
                yield f"the sheet {canvas.name} was renamed or removed"
            elif not all(
                _is_near(cells.get(place, EMPTY).value, float(canvas.value(*place)))
                for place in canvas.inputs.values()
            ):
                yield f"the numbers on the sheet {canvas.name} were changed"

    def _given_places(self) -> Iterator[tuple[int, int]]:
        blanks, layout = set(self.assignment.exercise.blanks), self.assignment.layout
        for quantity in layout.quantities:
            if quantity[0] != "iteration" and quantity not in blanks:
                yield layout.place(quantity)


def _lacks_formula(cells: Cells, places: Iterator[tuple[int, int]]) -> bool:
    return any(cells.get(place, EMPTY).formula is None for place in places)


def _is_near(found: object, expected: float) -> bool:
    """Compare a number with one that may have been saved with 15 digits."""
    return isinstance(found, float) and abs(found - expected) <= 1e-12 * max(1.0, abs(expected))
