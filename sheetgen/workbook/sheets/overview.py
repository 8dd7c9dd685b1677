"""The sheet `Overview`: what the workbook is, how to use it, the network, the check's verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LINK,
    PLAIN,
    SECTION,
    SUBTITLE,
    TITLE,
    VERDICT,
    Style,
    label,
)
from sheetgen.workbook.plan import (
    DATA,
    DECISION_SURFACE,
    DERIVATION,
    ERROR_SURFACE,
    EXPLORER,
    FITTED_CURVE,
    GRADIENT_CHECK,
    INPUTS,
    OVERVIEW,
    PLAYGROUND,
    Plan,
)
from sheetgen.workbook.shared import diagram
from sheetgen.workbook.shared.diagram_layout import is_drawn, labels_weights
from sheetgen.workbook.sheets.gradient_check.gradient_check import VERDICT_CELL

DIAGRAM = (4, 3)  # the cell of its upper left corner
NARROW, WIDE = 61, 64  # pixels of a column of the diagram: of the first four, of others
PIXELS_OF_ROW = 20
STEPS = (
    "Change a yellow cell on {where}: all tables, charts and checks follow.",
    "Type a learning rate on Playground and watch the error fall.",
    "Type an iteration on Explorer and watch the numbers move through the network.",
    "Click any cell to see its formula; the notes on the headers give the mathematics.",
    "Read on Derivation how the chain rule leads to every gradient.",
    "Select the last row of a table and drag it down: the training continues.",
)
COLOURS = {
    "input": "inputs i",
    "target": "targets t",
    "weight": "weights w",
    "unit": "units: pre-activations h, o and activations a",
    "error": "errors E and learning rates η",
    "gradient": "gradients ∂E/∂w",
    "helper": "helpers",
}


def overview_sheet(
    plan: Plan, sheets: Sequence[str], gradient_check: Canvas, cells: dict[str, str]
) -> Canvas:
    """Draw the sheet.

    `sheets` are the names of all others in their order; `cells` gives the address of every input,
    target, weight, bias and activation at iteration 0.
    """
    canvas = Canvas(OVERVIEW, tab_colour=KINDS["iteration"].strong)
    canvas.widths = {0: 2, 1: 20, 2: 62, 3: 8, 4: 8, 5: 8, 6: 8}
    canvas.heights[0] = 30
    canvas.write(0, 1, plan.template.title, TITLE)
    canvas.write(1, 1, plan.template.description, SUBTITLE)
    row = _steps(canvas, 3, plan)
    row = _state(canvas, row + 1, gradient_check)
    row = _sheets(canvas, row + 1, _descriptions(plan), sheets)
    row = _colours(canvas, row + 1, plan)
    _diagram(canvas, plan, cells, row)
    return canvas


def _diagram(canvas: Canvas, plan: Plan, cells: dict[str, str], row: int) -> None:
    """Draw the network beside the text, which ends with `row`, or say what it is made of."""
    if not is_drawn(plan.network):
        diagram.note(canvas, plan.network, 3, 3)
        return
    title = "The network at iteration 0, live"
    if plan.data.samples > 1:
        title += f", with sample {plan.template.order[0] + 1}"
    if not labels_weights(plan.network):
        title += " (its weights are on Inputs)"
    canvas.write(3, 3, title, SECTION)
    width, height = diagram.size(plan.network)
    behind = max(row, DIAGRAM[0] + height // PIXELS_OF_ROW + 1) + 2
    diagram.draw(canvas, plan, cells, DIAGRAM, behind)
    last_column = 6 - (4 * NARROW - width) // WIDE
    canvas.print_area = (0, 0, behind - 2, last_column)


def _steps(canvas: Canvas, row: int, plan: Plan) -> int:
    canvas.write(row, 1, "How to use it", SECTION)
    where = f"{INPUTS} or {DATA}" if plan.has_data_sheet else INPUTS
    for number, step in enumerate(STEPS, start=1):
        canvas.write(row + number, 1, f"{number}   {step.format(where=where)}", PLAIN)
    return row + len(STEPS) + 1


def _state(canvas: Canvas, row: int, gradient_check: Canvas) -> int:
    canvas.write(row, 1, "Gradient check", SECTION)
    formula = f"={gradient_check.absolute(*VERDICT_CELL)}"
    value = gradient_check.value(*VERDICT_CELL)
    canvas.calculate(row + 1, 1, formula, value, VERDICT)
    canvas.verdicts.append((row + 1, 1, row + 1, 1))
    text = "every gradient against its central difference, live"
    canvas.write(row + 1, 2, text, Style(indent=1))
    return row + 2


def _descriptions(plan: Plan) -> dict[str, str]:
    """Return what each sheet shows, in a line."""
    samples = plan.data.samples
    inputs = "the only training inputs: change them here"
    if plan.has_data_sheet:
        inputs = "the other training inputs: weights, learning rates and settings"
    compared = "with this optimiser" if plan.template.compare else "at this learning rate"
    together = "optimisers" if plan.template.compare else "learning rates"
    count = f"{samples} samples" if samples > 1 else "the sample"
    return {
        INPUTS: inputs,
        DATA: f"{count} to train on: change them here",
        DERIVATION: "the chain rule for every weight, each factor with its value",
        EXPLORER: "any iteration in a picture, and one weight's chain rule in numbers",
        PLAYGROUND: "type a learning rate: the whole training and its chart",
        **{each.tab: f"the training {compared}, with its chart" for each in plan.variants},
        plan.comparison: f"all {together} side by side",
        DECISION_SURFACE: "the network's output for any two inputs, at any iteration",
        FITTED_CURVE: "the curve that the network draws through the samples, at any iteration",
        ERROR_SURFACE: "the error around the path of the training, for any two weights",
        GRADIENT_CHECK: "every gradient, computed in three ways",
    }


def _sheets(canvas: Canvas, row: int, texts: Mapping[str, str], sheets: Sequence[str]) -> int:
    canvas.write(row, 1, "Sheets", SECTION)
    for offset, name in enumerate(sheets, start=1):
        canvas.link(row + offset, 1, name, name, LINK)
        canvas.write(row + offset, 2, texts[name], Style(indent=1))
    return row + len(sheets) + 1


def _colours(canvas: Canvas, row: int, plan: Plan) -> int:
    colours = dict(COLOURS)
    if plan.network.biases:
        colours |= {"weight": "weights w and biases b", "gradient": "gradients ∂E/∂w and ∂E/∂b"}
    canvas.write(row, 1, "Colours", SECTION)
    canvas.write(row + 1, 1, "type here", replace(INPUT, bold=True, indent=1, locked=True))
    canvas.write(row + 1, 2, "yellow cells with a frame: change their numbers", Style(indent=1))
    for offset, (kind, text) in enumerate(colours.items(), start=2):
        canvas.write(row + offset, 1, kind, label(kind))
        canvas.write(row + offset, 2, text, Style(indent=1))
    return row + len(colours) + 2
