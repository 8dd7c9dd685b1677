"""Draws the exercise's `Overview`: whose it is, how to use it, the score, the network's diagram."""

from dataclasses import replace

from sheetgen.exercises.assignment.exercise import Assignment
from sheetgen.exercises.sheets.exercise_paper import WORKSHEET
from sheetgen.exercises.sheets.exercise_sheet import NAME, SCORE, ExerciseSheet
from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.canvas import Canvas, Cell
from sheetgen.spreadsheet.style import FAIL_FORMAT, INPUT, PASS_FORMAT, SECTION, Style
from sheetgen.workbook.plan import DATA, INPUTS, PROOF, WORKINGS
from sheetgen.workbook.shared.diagram import why_not
from sheetgen.workbook.shared.diagram_layout import SCALES
from sheetgen.workbook.shared.live_text import compact, literal
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.overview import (
    BEHIND,
    PROVEN,
    Legend,
    draw_diagram,
    finish,
    kind_colours,
    overview_canvas,
    write_colours,
    write_sheets,
    write_steps,
)
from sheetgen.workbook.sheets.proof.proof import ProofCanvas, write_state

STEPS = (
    "Your numbers are on Inputs. The blanks are the yellow cells on Exercise.",
    "Type a number into each or, better, a formula that reads the cells beside it.",
    "Green is right, red and bold is wrong; the note of a cell gives the equation.",
    "The diagram shows an activation as soon as you have found it.",
    "Save the workbook under its name and hand it in.",
)
PROOF_ROW = 6
TASKS = {
    1: "one cell in each column; the cells that it is calculated from are given",
    2: "every other column, from top to bottom",
    3: "all that follows from the inputs and the first weights",
}


def exercise_overview(sheet: ExerciseSheet, workings: Workings) -> Canvas:
    """Draw the sheet, whose score and activations come from the sheet `Exercise`."""
    assignment = sheet.assignment
    canvas = overview_canvas(sheet.title, sheet.owner)
    canvas.write(3, 1, assignment.exercise.template.title, SECTION)
    canvas.write(4, 1, f"Blank: {TASKS[assignment.exercise.level]}")
    canvas.calculate(5, 1, f"={sheet.score}", sheet.score_text, SCORE)
    canvas.heights[5] = 24
    row = write_steps(canvas, PROOF_ROW + 1 + sheet.solved, STEPS)
    row = write_sheets(canvas, row + 1, _sheets(assignment, sheet.solved))
    title = literal("The network at iteration 0")
    plan = assignment.plan
    below = draw_diagram(canvas, plan, _cells(sheet), plan.start.values, title, workings)
    last = write_colours(canvas, below + 1, _colours(assignment))
    finish(canvas, plan, max(row, last))
    _hide_what_is_asked(workings.canvas, sheet)
    return canvas


def write_proof(canvas: Canvas, proof: ProofCanvas) -> None:
    """Write the verdict of `Proof` below the score of a solution."""
    write_state(canvas, PROOF_ROW, proof)


def _sheets(assignment: Assignment, solved: bool) -> dict[str, str]:
    texts = {INPUTS: "the inputs, targets, first weights and the learning rate of this exercise"}
    if assignment.plan.has_data_sheet:
        texts = {INPUTS: "the first weights and the learning rate", DATA: "the samples"}
    texts |= {
        NAME: "the table with the blanks, the score and the marks",
        WORKSHEET: "the same to print and fill in with a pen",
    }
    is_drawn = not why_not(assignment.plan.network, assignment.plan.data)
    if solved:
        return texts | {PROOF: PROVEN, WORKINGS: BEHIND}
    return texts | ({WORKINGS: "the cells behind the diagram"} if is_drawn else {})


def _colours(assignment: Assignment) -> Legend:
    right, wrong = (
        Style(fill=str(each["bg_color"]), colour=str(each["font_color"]), bold=True, indent=1)
        for each in (PASS_FORMAT, FAIL_FORMAT)
    )
    shown = {column.band.kind for column in assignment.layout.columns}
    kinds = kind_colours(assignment.plan).items()
    return {
        "type here": (replace(INPUT, bold=True, indent=1, locked=True), "a blank"),
        "right": (right, "within the tolerance of the exact value"),
        "wrong": (wrong, "anything else: another number, a text, an error"),
        **{kind: entry for kind, entry in kinds if kind in shown},
    }


def _cells(sheet: ExerciseSheet) -> dict[str, str]:
    """Return the address of every input, target, weight, bias and activation at iteration 0."""
    network, sources = sheet.assignment.plan.network, sheet.assignment.sources
    cells = {name: sources.first(name) for name in network.given_names}
    activations = (activation_name(unit) for units in network.unit_names for unit in units)
    return cells | {name: sheet.address((name, 0)) for name in activations}


def _hide_what_is_asked(canvas: Canvas, sheet: ExerciseSheet) -> None:
    """Show a question mark in the diagram for an activation until it is right."""
    decimals = {scale.decimals for scale in SCALES}
    asked = [
        (quantity[0], sheet.mark(quantity), compact(sheet.address(quantity), 0.0, each).expression)
        for quantity in sheet.assignment.exercise.blanks
        if quantity[1] == 0
        for each in decimals
    ]
    formulas = [(at, cell, cell.formula) for at, cell in canvas.cells.items() if cell.formula]
    for place, cell, formula in formulas:
        for symbol, mark, number in asked:
            if number in formula:
                shown = formula.replace(number, f'IF({mark}=1,{number},"?")')
                text = str(cell.value) if sheet.solved else f"{symbol}\n?"
                canvas.cells[place] = Cell(text, shown, cell.style)
                break
