"""Composes a student's workbook, or the teacher's copy: its sheets beside `Exercise`.

`Overview` has a module of its own. `Inputs` and `Data` are those of any workbook, but to be read
only; the very hidden `_answers` has the whole table as live formulas, and says whose exercise it
is. The teacher's copy has a `Proof`, which could say of blanks only that they are not filled in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sheetgen.exercises.assignment.exercise import Assignment
from sheetgen.exercises.assignment.own_numbers import RATE
from sheetgen.exercises.assignment.table_layout import BAND_ROW, FIRST_COLUMN
from sheetgen.exercises.sheets.exercise_overview import exercise_overview, write_proof
from sheetgen.exercises.sheets.exercise_paper import exercise_paper
from sheetgen.exercises.sheets.exercise_sheet import NAME, ExerciseSheet
from sheetgen.spreadsheet import stamp
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import LINE, LINK, SUBTITLE, Style
from sheetgen.workbook.shared.table_cells import RATE_CELL, Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.proof.measured import measured
from sheetgen.workbook.sheets.proof.proof import ProofCanvas, proof_sheet
from sheetgen.workbook.sheets.training_table import draw_table

ANSWERS = "_answers"
MARK = "exercise"  # the cell left of the identifier
IDENTIFIER = (5, 1)
FINGERPRINT = (6, 1)
SENTENCE = (1, 1)  # the cell below the title of Inputs and Data
GIVEN = Style(border=LINE, bold=True)


@dataclass(frozen=True)
class Composed:
    """The sheets of a workbook, the hidden one last, and the title in its properties."""

    canvases: tuple[Canvas, ...]
    title: str


def compose(assignment: Assignment, solved: bool) -> Composed:
    """Return the workbook; if `solved`, with the right formulas in the blanks."""
    # The sheets with the numbers are changed here, so they are drawn again.
    assignment = Assignment(assignment.exercise, assignment.student)
    answers = answers_sheet(assignment)
    sheet = ExerciseSheet(assignment, answers, solved)
    paper = exercise_paper(sheet)
    workings = Workings()
    overview = exercise_overview(sheet, workings)
    given = given_sheets(assignment)
    behind = () if workings.is_empty else (workings.canvas,)
    visible = [overview, *given, sheet.canvas, paper, *behind]
    if solved:
        proof = _proof(assignment, visible, answers, workings)
        write_proof(overview, proof)
        visible = [overview, *given, sheet.canvas, paper, proof, workings.canvas]
    workings.fit()
    hidden = answers.canvas
    hidden.write(FINGERPRINT[0], 0, "fingerprint")
    hidden.write(*FINGERPRINT, stamp.fingerprint(visible))
    return Composed((*visible, hidden), f"{sheet.title} ({sheet.owner})")


def _proof(
    assignment: Assignment, visible: Sequence[Canvas], answers: Table, workings: Workings
) -> ProofCanvas:
    """Draw the sheet `Proof` about the visible sheets and the answers that they read."""
    rate, rows = assignment.student.numbers[RATE], assignment.exercise.rows
    canvases = [*visible, answers.canvas]
    as_built = measured(
        assignment.plan,
        canvases,
        [answers],
        lambda plan: [plan.train(rate, plan.template.optimizer, rows)],
        {NAME: (BAND_ROW, FIRST_COLUMN + 1)},
    )
    return proof_sheet(canvases, as_built, workings, is_new=True)


def given_sheets(assignment: Assignment) -> tuple[Canvas, ...]:
    """Return the sheets with the student's numbers; links lead to `Exercise`."""
    canvases = assignment.sources.canvases
    names = {canvas.name for canvas in canvases}
    for canvas in canvases:
        canvas.write(*SENTENCE, "The numbers of this exercise, to read only.", SUBTITLE)
        canvas.validations.clear()
        for place in canvas.inputs.values():
            cell = canvas.cells[place]
            canvas.notes.pop(place, None)
            if not cell.style.locked:
                style = replace(GIVEN, number_format=cell.style.number_format)
                canvas.cells[place] = cell._replace(style=style)
        for place, target in list(canvas.links.items()):
            if not any(name in target for name in names):
                # It led to the table of a learning rate, which an exercise does not have.
                canvas.link(*place, NAME, NAME, replace(LINK, align="center"))
    return canvases


def answers_sheet(assignment: Assignment) -> Table:
    """Draw `_answers`, all of whose formulas start from `Inputs`."""
    plan, sources = assignment.plan, assignment.sources
    canvas = Canvas(ANSWERS)
    rate = assignment.student.numbers[RATE]
    canvas.calculate(*RATE_CELL, f"={sources.address('learning_rate_1')}", rate)
    table = draw_table(canvas, plan, assignment.trace, sources, plan.template.optimizer)
    canvas.protected = canvas.very_hidden = True
    canvas.names.clear()  # the list of names would show that there is such a sheet
    canvas.write(IDENTIFIER[0], 0, MARK)
    canvas.write(*IDENTIFIER, assignment.student.identifier)
    return table


def read_seal(cells: Mapping[tuple[int, int], object]) -> tuple[str, str]:
    """Return the identifier and the fingerprint from the values of `_answers`; "" if missing."""
    return str(cells.get(IDENTIFIER, "")), str(cells.get(FINGERPRINT, ""))
