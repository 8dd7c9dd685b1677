"""The very hidden sheet `_answers`: the whole table as live formulas, and whose exercise it is."""

from collections.abc import Mapping

from sheetgen.exercises.assignment.exercise import Assignment
from sheetgen.exercises.assignment.own_numbers import RATE
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.sheets.training_table import RATE_CELL, Table, draw_table

NAME = "_answers"
MARK = "exercise"  # stands left of the identifier
IDENTIFIER = (5, 1)  # its cell
FINGERPRINT = (6, 1)


def answers_sheet(assignment: Assignment) -> Table:
    """Draw the sheet, all of whose formulas start from `Inputs`."""
    plan, sources = assignment.plan, assignment.sources
    canvas = Canvas(NAME)
    rate = assignment.student.numbers[RATE]
    canvas.calculate(*RATE_CELL, f"={sources.address('learning_rate_1')}", rate)
    table = draw_table(canvas, plan, assignment.trace, sources, plan.template.optimizer)
    canvas.protected = canvas.very_hidden = True
    canvas.names.clear()  # the list of names would show that there is such a sheet
    canvas.write(IDENTIFIER[0], 0, MARK)
    canvas.write(*IDENTIFIER, assignment.student.identifier)
    return table


def seal(table: Table, fingerprint: str) -> None:
    """Write down the fingerprint of the sheets that a student sees, as they are handed out."""
    table.canvas.write(FINGERPRINT[0], 0, "fingerprint")
    table.canvas.write(*FINGERPRINT, fingerprint)


def read_seal(cells: Mapping[tuple[int, int], object]) -> tuple[str, str]:
    """Return the identifier and the fingerprint from the sheet's values, empty where missing."""
    return str(cells.get(IDENTIFIER, "")), str(cells.get(FINGERPRINT, ""))
