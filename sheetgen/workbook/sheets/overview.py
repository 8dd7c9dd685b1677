"""The sheet `Overview`: what the workbook is, how to use it, the network, the check's verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil

from sheetgen.network.network import Network
from sheetgen.network.planes import Convolution
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    DIVERGING,
    HIDDEN,
    INK,
    INPUT,
    KINDS,
    LINE,
    LINK,
    NOTE,
    SECTION,
    SUBTITLE,
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
    MATRICES,
    OVERVIEW,
    PLAYGROUND,
    PREDICTIONS,
    PROOF,
    WORKINGS,
    Plan,
)
from sheetgen.workbook.shared import diagram
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.shared.grid import pixels_wide
from sheetgen.workbook.shared.live_text import Words, joined
from sheetgen.workbook.shared.plane_strip import Step, Strip, band_width, bands, forward_groups
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.gradient_check.gradient_check import VERDICT_CELL

MOMENT = (4, 2)  # the cell in which its training table is chosen
DIAGRAM = (4, 4)  # the cell of its upper left corner
PIXELS_OF_COLUMN, PIXELS_OF_ROW = 64, 20
STEPS = (
    "Change a yellow cell on {where}: all tables, charts and checks follow.",
    "Choose a training and an iteration above: the diagram and the derivation follow.",
    "Type a learning rate on Playground and watch the error.",
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
PROVEN = "every number against NumPy’s, in any program that opens the file"
BEHIND = "the cells behind the pictures of the other sheets"
INDENT = Style(indent=1)
SHADE = Style(number_format=HIDDEN, border=LINE)  # a plane of zeros is to be seen, too
PIXEL = 20  # of the screen, along the side of a cell of the planes
LEGEND_CELLS = 22  # that the colours take below them
MOST_CELLS = 36  # of the planes side by side, beside the text on a laptop's screen
TO_WEIGHTS = replace(LINK, align="right")
Legend = dict[str, tuple[Style, str]]
"""What a colour is called, its style and its meaning."""

INPUT_COLOUR: Legend = {
    "type here": (
        replace(INPUT, bold=True, indent=1, locked=True),
        "yellow cells with a frame: change their numbers",
    )
}


SIGNS: Legend = {
    "above 0": (
        replace(label("helper"), fill=DIVERGING[2], colour=INK),
        "orange shades, orange lines",
    ),
    "below 0": (
        replace(label("helper"), fill=DIVERGING[0], colour=INK),
        "blue shades, dashed blue lines",
    ),
}


def overview_sheet(
    canvas: Canvas,
    chosen: ChosenMoment,
    sheets: Sequence[str],
    gradient_check: Canvas,
    cells: Mapping[str, str],
    workings: Workings,
) -> int:
    """Fill the sheet, on which the moment has been asked for already.

    `sheets` are the names of all others in their order; `cells` gives the address of every input,
    target, weight, bias and activation at the moment. Returns the row for the verdict of `Proof`.
    """
    plan = chosen.plan
    row = _moment(canvas, chosen, sheets)
    where = f"{INPUTS} or {DATA}" if plan.has_data_sheet else INPUTS
    row = write_steps(canvas, row + 1, [step.format(where=where) for step in STEPS])
    state = row = _state(canvas, row + 1, gradient_check)
    texts = _descriptions(plan)
    row = write_sheets(canvas, row + 2, {name: texts[name] for name in sheets})
    title = joined("The network at ", chosen.place)
    weights = MATRICES if MATRICES in sheets else INPUTS
    below = draw_diagram(canvas, plan, cells, chosen.values, title, workings, weights)
    columns = 2 if plan.network.is_dense else 6
    last = write_colours(canvas, below + 1, INPUT_COLOUR | kind_colours(plan), columns)
    finish(canvas, plan, max(row, last))
    return state


def _moment(canvas: Canvas, chosen: ChosenMoment, sheets: Sequence[str]) -> int:
    """Write what the cells are for in which the moment is chosen; return the row behind them."""
    row, column = MOMENT
    canvas.write(row - 1, 1, "The moment that is explained", SECTION)
    for at, words in enumerate((chosen.sample, chosen.error)):
        if words is not None:
            canvas.calculate(row + at, column + 1, words.formula, words.text, INDENT)
    names = ", ".join(name for name in (DERIVATION, GRADIENT_CHECK, MATRICES) if name in sheets)
    text = f"{names} and the diagram show it; {EXPLORER} has a moment of its own."
    canvas.write(row + 2, 1, text, NOTE)
    return row + 3


def overview_canvas(title: str, subtitle: str) -> Canvas:
    """Return the sheet with its titles; `write_steps` and the like fill it from row 3 on."""
    canvas = Canvas(OVERVIEW, tab_colour=KINDS["iteration"].strong)
    canvas.widths = {0: 2, 1: 20, 2: 14, 3: 46}
    canvas.heights[0] = 30
    canvas.title(title, 1)
    canvas.write(1, 1, subtitle, SUBTITLE)
    return canvas


def draw_diagram(
    canvas: Canvas,
    plan: Plan,
    cells: Mapping[str, str],
    values: Mapping[str, float],
    title: Words,
    workings: Workings,
    weights: str = INPUTS,
) -> int:
    """Draw the network beside the text, or say what it is made of; return the row behind it.

    Where it has no room for its `weights` there is a link to a sheet that has them. The cells that
    it reads are on the workings.
    """
    (row, column), network, data = DIAGRAM, plan.network, plan.data
    if network.is_dense and (why := diagram.why_not(network, data)):
        diagram.note(canvas, network, row - 1, column, why)
        return row + len(network.layers) + 2
    canvas.calculate(row - 1, column, title.formula, title.text, SECTION)
    if not network.is_dense:
        return _draw_planes(canvas, network, cells, values)
    if not diagram.labels_weights(network, data):
        last_column = _last_column(plan)
        canvas.link(row - 1, last_column, weights, f"weights: {weights}", TO_WEIGHTS)
    behind = workings.block(OVERVIEW, "The diagram", diagram.DRAWING_COLUMNS, 10)
    diagram.draw(canvas, DIAGRAM, network, data, cells, values, behind)
    return row + ceil(diagram.size(network, data)[1] / PIXELS_OF_ROW)


def _last_column(plan: Plan) -> int:
    """Return the last column that the diagram covers, or the colours' texts without one."""
    if not plan.network.is_dense:
        widths = (band_width(band, PIXEL) for band in _bands(plan.network))
        return DIAGRAM[1] + max(LEGEND_CELLS, *widths)
    if diagram.why_not(plan.network, plan.data):
        return DIAGRAM[1] + 5
    width, _ = diagram.size(plan.network, plan.data)
    return DIAGRAM[1] + ceil(width / PIXELS_OF_COLUMN) - 1


def finish(canvas: Canvas, plan: Plan, row: int) -> None:
    """Let the sheet be printed as far as a row, with the diagram."""
    canvas.print_area = (0, 0, row, _last_column(plan))


def _draw_planes(
    canvas: Canvas, network: Network, cells: Mapping[str, str], values: Mapping[str, float]
) -> int:
    """Draw a network that looks at pictures as a strip of planes; return the row behind it."""
    row, column = DIAGRAM
    strip = Strip(canvas, lambda symbol: (f"={cells[symbol]}", values[symbol]), PIXEL, SHADE)
    for band in _bands(network):
        row = strip.band(row, column, band) + 2
        columns = range(column, column + band_width(band, PIXEL))
        canvas.widths |= dict.fromkeys(columns, pixels_wide(PIXEL))
    return row - 1


def _bands(network: Network) -> list[list[Step]]:
    return bands(forward_groups(network), PIXEL, MOST_CELLS)


def write_steps(canvas: Canvas, row: int, steps: Sequence[str]) -> int:
    """Write a numbered list of what the reader can do; return the row behind it."""
    canvas.write(row, 1, "How to use it", SECTION)
    for number, step in enumerate(steps, start=1):
        canvas.write(row + number, 1, f"{number}   {step}")
    return row + len(steps) + 1


def _state(canvas: Canvas, row: int, gradient_check: Canvas) -> int:
    canvas.write(row, 1, "Checks", SECTION)
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
    tested = f" and {plan.data.test_samples} to test on" if plan.data.test_samples else ""
    return {
        INPUTS: inputs,
        DATA: f"{count} to train on{tested}: change them here",
        DERIVATION: "the chain rule for every weight, each factor with its value",
        EXPLORER: "any iteration in a picture, and one weight's chain rule in numbers",
        PLAYGROUND: "type a learning rate: the whole training and its chart",
        **{each.tab: f"the training {compared}, with its chart" for each in plan.variants},
        plan.comparison: f"all {together} side by side",
        PREDICTIONS: "the network’s answer to every sample at any iteration",
        DECISION_SURFACE: "the network's output for any two inputs, at any iteration",
        FITTED_CURVE: "the curve that the network draws through the samples, at any iteration",
        ERROR_SURFACE: "the error around the path of the training, for any two weights",
        GRADIENT_CHECK: "every gradient, computed in three ways",
        MATRICES: "the whole pass in matrices, forth and back",
        PROOF: PROVEN,
        WORKINGS: BEHIND,
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
    if any(isinstance(layer, Convolution) for layer in plan.network.layers):
        texts["weight"] = texts["weight"].replace("weights w", "weights w, kernels k")
    return {kind: (label(kind), text) for kind, text in texts.items()} | SIGNS


def write_colours(canvas: Canvas, row: int, legend: Legend, columns: int = 2) -> int:
    """Write the legend of the colours below the diagram; return the row behind it.

    The names of the colours are so many columns wide.
    """
    column = DIAGRAM[1]
    canvas.write(row, column, "Colours", SECTION)
    for offset, (name, (style, text)) in enumerate(legend.items(), start=1):
        last = column + columns - 1
        for at in range(column, last + 1):
            sides = ("left",) * (at > column) + ("right",) * (at < last)
            shown = name if at == column else ""
            canvas.write(row + offset, at, shown, replace(style, open=sides))
        canvas.write(row + offset, column + columns, text, INDENT)
    return row + len(legend) + 1
