"""The sheet `Overview`: what the workbook is, how to use it, the network, the check's verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LINK,
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
    WORKINGS,
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
INDENT = Style(indent=1)
Legend = dict[str, tuple[Style, str]]
"""What a colour is called, its style and its meaning."""

INPUT_COLOUR: Legend = {
    "type here": (
        replace(INPUT, bold=True, indent=1, locked=True),
        "yellow cells with a frame: change their numbers",
    )
}


def overview_sheet(
    plan: Plan, sheets: Sequence[str], gradient_check: Canvas, cells: dict[str, str]
) -> Canvas:
    """Draw the sheet.

    `sheets` are the names of all others in their order; `cells` gives the address of every input,
    target, weight, bias and activation at iteration 0.
    """
    canvas = overview_canvas(plan.template.title, plan.template.description)
    where = f"{INPUTS} or {DATA}" if plan.has_data_sheet else INPUTS
    row = write_steps(canvas, 3, [step.format(where=where) for step in STEPS])
    row = _state(canvas, row + 1, gradient_check)
    texts = _descriptions(plan)
    row = write_sheets(canvas, row + 1, {name: texts[name] for name in sheets})
    row = write_colours(canvas, row + 1, INPUT_COLOUR | kind_colours(plan))
    title = "The network at iteration 0, live"
    if plan.data.samples > 1:
        title += f", with sample {plan.template.order[0] + 1}"
    draw_diagram(canvas, plan, cells, title, row)
    return canvas


def overview_canvas(title: str, subtitle: str) -> Canvas:
    """Return the sheet with its titles; `write_steps` and the like fill it from row 3 on."""
    canvas = Canvas(OVERVIEW, tab_colour=KINDS["iteration"].strong)
    canvas.widths = {0: 2, 1: 20, 2: 62, 3: 8, 4: 8, 5: 8, 6: 8}
    canvas.heights[0] = 30
    canvas.write(0, 1, title, TITLE)
    canvas.write(1, 1, subtitle, SUBTITLE)
    return canvas


def draw_diagram(
    canvas: Canvas, plan: Plan, cells: dict[str, str], title: str, last_row: int
) -> bool:
    """Draw the network beside the text, which ends in the last row, or say what it is made of.

    Returns whether it was drawn.
    """
    if not is_drawn(plan.network):
        diagram.note(canvas, plan.network, 3, 3)
        return False
    if not labels_weights(plan.network):
        title += " (its weights are on Inputs)"
    canvas.write(3, 3, title, SECTION)
    width, height = diagram.size(plan.network)
    behind = max(last_row, DIAGRAM[0] + height // PIXELS_OF_ROW + 1) + 2
    diagram.draw(canvas, plan, cells, DIAGRAM, behind)
    last_column = 6 - (4 * NARROW - width) // WIDE
    canvas.print_area = (0, 0, behind - 2, last_column)
    return True


def write_steps(canvas: Canvas, row: int, steps: Sequence[str]) -> int:
    """Write a numbered list of what the reader can do; return the row behind it."""
    canvas.write(row, 1, "How to use it", SECTION)
    for number, step in enumerate(steps, start=1):
        canvas.write(row + number, 1, f"{number}   {step}")
    return row + len(steps) + 1


def _state(canvas: Canvas, row: int, gradient_check: Canvas) -> int:
    canvas.write(row, 1, "Gradient check", SECTION)
    formula = f"={gradient_check.absolute(*VERDICT_CELL)}"
    value = gradient_check.value(*VERDICT_CELL)
    canvas.calculate(row + 1, 1, formula, value, VERDICT)
    canvas.verdicts.append((row + 1, 1, row + 1, 1))
    text = "every gradient against its central difference, live"
    canvas.write(row + 1, 2, text, INDENT)
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
        WORKINGS: "the cells behind the pictures of the other sheets",
    }


def write_sheets(canvas: Canvas, row: int, texts: Mapping[str, str]) -> int:
    """Write a link to each sheet and what it shows; return the row behind them."""
    canvas.write(row, 1, "Sheets", SECTION)
    for offset, (name, text) in enumerate(texts.items(), start=1):
        canvas.link(row + offset, 1, name, name, LINK)
        canvas.write(row + offset, 2, text, INDENT)
    return row + len(texts) + 1


def kind_colours(plan: Plan) -> Legend:
    """Return the colours of the quantities."""
    texts = dict(COLOURS)
    if plan.network.biases:
        texts |= {"weight": "weights w and biases b", "gradient": "gradients ∂E/∂w and ∂E/∂b"}
    return {kind: (label(kind), text) for kind, text in texts.items()}


def write_colours(canvas: Canvas, row: int, legend: Legend) -> int:
    """Write the legend of the colours; return the row behind it."""
    canvas.write(row, 1, "Colours", SECTION)
    for offset, (name, (style, text)) in enumerate(legend.items(), start=1):
        canvas.write(row + offset, 1, name, style)
        canvas.write(row + offset, 2, text, INDENT)
    return row + len(legend) + 1
