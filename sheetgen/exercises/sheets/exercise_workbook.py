"""Composes the sheets of a student's workbook, or of the teacher's copy, in memory."""

from dataclasses import dataclass

from sheetgen.exercises.assignment.exercise import Assignment
from sheetgen.exercises.sheets.answers import answers_sheet, seal
from sheetgen.exercises.sheets.exercise_sheet import NAME, exercise_sheet, title, whose
from sheetgen.exercises.sheets.front import front_sheet
from sheetgen.exercises.sheets.read_only_sheets import given_sheets
from sheetgen.spreadsheet import stamp
from sheetgen.spreadsheet.canvas import Canvas


@dataclass(frozen=True)
class Composed:
    """The sheets of a workbook, the hidden one last, and the title in its properties."""

    canvases: tuple[Canvas, ...]
    title: str


def compose(assignment: Assignment, solved: bool) -> Composed:
    """Return the workbook; where `solved`, with the right formulas in the blanks."""
    # The sheets of the numbers are drawn anew, for they are changed here.
    assignment = Assignment(assignment.exercise, assignment.student)
    table = answers_sheet(assignment)
    sheet = exercise_sheet(assignment, table, solved)
    seen = (
        front_sheet(assignment, sheet, solved),
        *given_sheets(assignment, NAME),
        sheet.canvas,
    )
    seal(table, stamp.fingerprint(seen))
    text = f"{title(assignment, solved)} ({whose(assignment)})"
    return Composed((*seen, table.canvas), text)
