"""The exercise's `Overview`: whose it is, how to use it, the score, the network's diagram."""

from dataclasses import replace

from sheetgen.exercises.assignment.exercise import Assignment
from sheetgen.exercises.sheets.exercise_sheet import NAME, SCORE, ExerciseSheet, title, whose
from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.canvas import Canvas, Cell
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    INPUT,
    KINDS,
    LINK,
    PASS_FORMAT,
    SECTION,
    SUBTITLE,
    TITLE,
    Style,
    label,
)
from sheetgen.workbook.plan import DATA, INPUTS, OVERVIEW
from sheetgen.workbook.shared import diagram
from sheetgen.workbook.shared.diagram_layout import is_drawn, labels_weights
from sheetgen.workbook.sheets.overview import COLOURS, DIAGRAM, NARROW, PIXELS_OF_ROW, WIDE

STEPS = (
    "Your numbers are on Inputs. The blanks are the yellow cells on Exercise.",
    "Type a number into each or, better, a formula that reads the cells beside it.",
    "Green is right and red is wrong; the note of a cell gives the equation.",
    "The diagram shows an activation as soon as you have found it.",
    "Save the workbook under its name and hand it in.",
)
TASKS = {
    1: "one cell in each column; what it is computed from is given",
    2: "every other column, from top to bottom",
    3: "all that follows from the inputs and the first weights",
}
INDENT = Style(indent=1)


def front_sheet(assignment: Assignment, sheet: ExerciseSheet, solved: bool) -> Canvas:
    """Draw the sheet."""
    canvas = Canvas(OVERVIEW, tab_colour=KINDS["iteration"].strong)
    canvas.widths = {0: 2, 1: 20, 2: 62, 3: 8, 4: 8, 5: 8, 6: 8}
    canvas.heights[0] = 30
    canvas.write(0, 1, title(assignment, solved), TITLE)
    canvas.write(1, 1, whose(assignment), SUBTITLE)
    row = _task(canvas, 3, assignment, sheet)
    row = _list(canvas, row + 1, "How to use it", STEPS)
    row = _sheets(canvas, row + 1, assignment)
    row = _colours(canvas, row + 1, assignment)
    _diagram(canvas, assignment, sheet, row, solved)
    return canvas


def _task(canvas: Canvas, row: int, assignment: Assignment, sheet: ExerciseSheet) -> int:
    exercise = assignment.exercise
    canvas.write(row, 1, exercise.template.title, SECTION)
    blank = f"Blank: {TASKS[exercise.level]}"
    canvas.write(row + 1, 1, blank)
    canvas.calculate(row + 2, 1, f"={sheet.score}", sheet.score_text, SCORE)
    canvas.heights[row + 2] = 24
    return row + 3


def _list(canvas: Canvas, row: int, heading: str, lines: tuple[str, ...]) -> int:
    canvas.write(row, 1, heading, SECTION)
    for number, line in enumerate(lines, start=1):
        canvas.write(row + number, 1, f"{number}   {line}")
    return row + len(lines) + 1


def _sheets(canvas: Canvas, row: int, assignment: Assignment) -> int:
    entries = {INPUTS: "the inputs, targets, first weights and the learning rate of this exercise"}
    if assignment.plan.has_data_sheet:
        entries = {INPUTS: "the first weights and the learning rate", DATA: "the samples"}
    entries[NAME] = "the table with the blanks, the score and the marks"
    canvas.write(row, 1, "Sheets", SECTION)
    for offset, (name, text) in enumerate(entries.items(), start=1):
        canvas.link(row + offset, 1, name, name, LINK)
        canvas.write(row + offset, 2, text, INDENT)
    return row + len(entries) + 1


def _colours(canvas: Canvas, row: int, assignment: Assignment) -> int:
    right, wrong = (
        Style(fill=str(looks["bg_color"]), colour=str(looks["font_color"]), bold=True, indent=1)
        for looks in (PASS_FORMAT, FAIL_FORMAT)
    )
    entries = {
        "type here": (replace(INPUT, bold=True, indent=1, locked=True), "a blank"),
        "right": (right, "within the tolerance of the exact value"),
        "wrong": (wrong, "anything else: another number, a text, an error"),
    }
    colours = dict(COLOURS)
    if assignment.plan.network.biases:
        colours |= {"weight": "weights w and biases b", "gradient": "gradients ∂E/∂w and ∂E/∂b"}
    shown = {column.band.kind for column in assignment.layout.columns}
    kinds = {kind: (label(kind), text) for kind, text in colours.items() if kind in shown}
    canvas.write(row, 1, "Colours", SECTION)
    for offset, (name, (style, text)) in enumerate((entries | kinds).items(), start=1):
        canvas.write(row + offset, 1, name, style)
        canvas.write(row + offset, 2, text, INDENT)
    return row + len(entries) + len(kinds) + 1


def _diagram(
    canvas: Canvas, assignment: Assignment, sheet: ExerciseSheet, row: int, solved: bool
) -> None:
    plan = assignment.plan
    if not is_drawn(plan.network):
        diagram.note(canvas, plan.network, 3, 3)
        return
    text = "The network at iteration 0"
    if not labels_weights(plan.network):
        text += " (its weights are on Inputs)"
    canvas.write(3, 3, text, SECTION)
    width, height = diagram.size(plan.network)
    behind = max(row, DIAGRAM[0] + height // PIXELS_OF_ROW + 1) + 2
    diagram.draw(canvas, plan, _cells(assignment, sheet), DIAGRAM, behind)
    canvas.print_area = (0, 0, behind - 2, 6 - (4 * NARROW - width) // WIDE)
    _hide_what_is_asked(canvas, assignment, sheet, solved)


def _cells(assignment: Assignment, sheet: ExerciseSheet) -> dict[str, str]:
    """Return the address of every input, target, weight, bias and activation at iteration 0."""
    network, sources = assignment.plan.network, assignment.sources
    cells = {name: sources.first(name) for name in (*network.input_names, *network.target_names)}
    cells |= {each.name: sources.address(each.name) for each in network.connections}
    cells |= {each.name: sources.address(each.name) for each in network.biases}
    activations = (activation_name(unit) for units in network.unit_names for unit in units)
    return cells | {name: sheet.address((name, 0)) for name in activations}


def _hide_what_is_asked(
    canvas: Canvas, assignment: Assignment, sheet: ExerciseSheet, solved: bool
) -> None:
    """Let the diagram show a question mark for an activation until it is right."""
    asked = [each for each in assignment.exercise.blanks if each[1] == 0]
    for place, cell in list(canvas.cells.items()):
        for quantity in asked:
            shown = f"ROUND({sheet.address(quantity)},4)"
            if cell.formula is None or shown not in cell.formula:
                continue
            formula = cell.formula.replace(shown, f'IF({sheet.mark(quantity)}=1,{shown},"?")')
            text = str(cell.value) if solved else f"{quantity[0]}\n?"
            canvas.cells[place] = Cell(text, formula, cell.style)
