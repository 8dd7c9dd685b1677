"""Composes the sheets of a student's workbook, or of the teacher's copy, in memory."""

from dataclasses import dataclass

from sheetgen import fingerprint
from sheetgen.canvas import Canvas
from sheetgen.exercises.answers import answers_sheet, seal
from sheetgen.exercises.exercise import Assignment
from sheetgen.exercises.front import front_sheet
from sheetgen.exercises.givens import given_sheets
from sheetgen.exercises.sheet import NAME, exercise_sheet, title, whose


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
    seal(table, fingerprint.of_canvases(seen))
    text = f"{title(assignment, solved)} ({whose(assignment)})"
    return Composed((*seen, table.canvas), text)
