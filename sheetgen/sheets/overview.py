"""The sheet `Overview`: what the workbook is, how to use it, its diagram, its state."""

from dataclasses import replace

from sheetgen.canvas import Canvas
from sheetgen.sheets import diagram
from sheetgen.sheets.gradient_check import VERDICT_CELL
from sheetgen.sheets.plan import (
    DERIVATION,
    GRADIENT_CHECK,
    INPUTS,
    LEARNING_RATES,
    OVERVIEW,
    PLAYGROUND,
    Plan,
)
from sheetgen.style import (
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

DIAGRAM_COLUMNS = 16  # the last column that the diagram covers
STEPS = (
    "Change a yellow cell on Inputs: all tables, charts and checks follow.",
    "Type a learning rate on Playground and watch the error fall.",
    "Click any cell to see its formula; the notes on the headers give the mathematics.",
    "Read on Derivation how the chain rule leads to every gradient.",
    "Select the last row of a table and drag it down: the training goes on.",
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
    plan: Plan, tables: tuple[str, ...], gradient_check: Canvas, cells: dict[str, str]
) -> Canvas:
    """Draw the sheet.

    `tables` are the names of the sheets of the learning rates; `cells` gives the address of
    every input, target, weight and activation at iteration 0.
    """
    canvas = Canvas(OVERVIEW, tab_colour=KINDS["iteration"].strong)
    canvas.widths = {0: 2, 1: 20, 2: 62, 3: 8, 4: 8, 5: 8, 6: 8}
    canvas.heights[0] = 30
    canvas.write(0, 1, plan.template.title, TITLE)
    canvas.write(1, 1, plan.template.description, SUBTITLE)
    row = _steps(canvas, 3)
    row = _state(canvas, row + 1, gradient_check)
    row = _sheets(canvas, row + 1, tables)
    row = _colours(canvas, row + 1)
    if diagram.is_drawn(plan.network):
        title = "The network at iteration 0, live"
        if not diagram.labels_weights(plan.network):
            title += " (its weights are on Inputs)"
        canvas.write(3, 3, title, SECTION)
        behind = max(row, 4 + diagram.rows(plan.network)) + 2
        diagram.draw(canvas, plan, cells, (4, 3), behind)
        canvas.print_area = (0, 0, behind - 2, DIAGRAM_COLUMNS)
    else:
        diagram.note(canvas, plan.network, 3, 3)
    return canvas


def _steps(canvas: Canvas, row: int) -> int:
    canvas.write(row, 1, "How to use it", SECTION)
    for number, step in enumerate(STEPS, start=1):
        canvas.write(row + number, 1, f"{number}   {step}", PLAIN)
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


def _sheets(canvas: Canvas, row: int, tables: tuple[str, ...]) -> int:
    entries = {
        INPUTS: "the only training inputs: change them here",
        DERIVATION: "the chain rule for every weight, each factor with its value",
        PLAYGROUND: "a learning rate to type, the whole training and its chart",
        **dict.fromkeys(tables, "the training at this learning rate, with its chart"),
        LEARNING_RATES: "all learning rates side by side",
        GRADIENT_CHECK: "every gradient found in three ways",
    }
    canvas.write(row, 1, "Sheets", SECTION)
    for offset, (name, text) in enumerate(entries.items(), start=1):
        canvas.link(row + offset, 1, name, name, LINK)
        canvas.write(row + offset, 2, text, Style(indent=1))
    return row + len(entries) + 1


def _colours(canvas: Canvas, row: int) -> int:
    canvas.write(row, 1, "Colours", SECTION)
    canvas.write(row + 1, 1, "type here", replace(INPUT, bold=True, indent=1, locked=True))
    canvas.write(row + 1, 2, "yellow cells with a frame: change their numbers", Style(indent=1))
    for offset, (kind, text) in enumerate(COLOURS.items(), start=2):
        canvas.write(row + offset, 1, kind, label(kind))
        canvas.write(row + offset, 2, text, Style(indent=1))
    return row + len(COLOURS) + 2
