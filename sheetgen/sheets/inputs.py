"""The sheet `Inputs`: the only training inputs, which all other sheets read."""

from dataclasses import replace

from sheetgen import notation
from sheetgen.canvas import POSITIVE, Canvas
from sheetgen.sheets.plan import INPUTS, Plan
from sheetgen.style import KINDS, LINK, NOTE, SUBTITLE, TITLE, Style, band, header, label

HEADER = 4
FIRST = 5


def inputs_sheet(plan: Plan) -> Canvas:
    """Draw the sheet; its input keys are the symbols i1, t1, w1 … and learning_rate_1 …"""
    canvas = Canvas(INPUTS, tab_colour=KINDS["input"].strong, freeze=(FIRST, 0))
    canvas.write(0, 1, "Inputs", TITLE)
    canvas.heights[0] = 28
    canvas.write(
        1, 1, "Change a yellow cell: every table, chart and check follows at once.", SUBTITLE
    )
    canvas.widths.update({0: 2})
    template, network = plan.template, plan.network
    _list(canvas, 1, "inputs", "input", network.input_names, template.sample)
    _list(canvas, 4, "targets", "target", network.target_names, template.target)
    _weights(canvas, 7, plan)
    _learning_rates(canvas, 12, plan)
    return canvas


def _heading(canvas: Canvas, column: int, title: str, kind: str, headers: tuple[str, ...]) -> None:
    for offset, text in enumerate(headers):
        canvas.write(HEADER - 1, column + offset, title if offset == 0 else "", band(kind))
        canvas.write(HEADER, column + offset, text, header(kind))


def _list(
    canvas: Canvas,
    column: int,
    title: str,
    kind: str,
    names: tuple[str, ...],
    values: tuple[float, ...],
) -> None:
    _heading(canvas, column, title, kind, ("symbol", "value"))
    canvas.widths.update({column: 10, column + 1: 13, column + 2: 3})
    for offset, (name, value) in enumerate(zip(names, values, strict=True)):
        canvas.write(FIRST + offset, column, name, label(kind))
        canvas.ask(FIRST + offset, column + 1, name, value)
        _name(canvas, f"{name[0]}_{name[1:]}", FIRST + offset, column + 1)


def _weights(canvas: Canvas, column: int, plan: Plan) -> None:
    network = plan.network
    _heading(canvas, column, "initial weights", "weight", ("symbol", "from", "to", "value"))
    canvas.widths.update({column: 10, column + 1: 10, column + 2: 10, column + 3: 13})
    canvas.widths[column + 4] = 3
    for row, edge in enumerate(network.connections, start=FIRST):
        canvas.write(row, column, edge.name, label("weight"))
        canvas.write(row, column + 1, edge.source, Style(align="center"))
        canvas.write(row, column + 2, edge.target, Style(align="center"))
        canvas.ask(row, column + 3, edge.name, network.weight(edge))
        _name(canvas, f"w_{edge.name[1:]}", row, column + 3)
    last = FIRST + len(network.connections)
    layers = ", ".join(
        f"{notation.layer_title(network, index)}: {layer.activation.name}"
        for index, layer in enumerate(network.layers)
    )
    canvas.write(last + 1, column, layers, NOTE)
    canvas.write(last + 2, column, f"loss: {network.loss.name}, no biases", NOTE)


def _learning_rates(canvas: Canvas, column: int, plan: Plan) -> None:
    _heading(canvas, column, "learning rates", "error", ("number", "η", "tab"))
    canvas.widths.update({column: 10, column + 1: 13, column + 2: 13})
    rates = zip(plan.template.learning_rates, plan.tabs, strict=True)
    for number, (rate, tab) in enumerate(rates, start=1):
        row = FIRST + number - 1
        key = f"learning_rate_{number}"
        canvas.write(row, column, number, label("error"))
        canvas.ask(row, column + 1, key, rate, **POSITIVE)
        canvas.link(row, column + 2, f"lr {tab:g}", f"lr {tab:g}", replace(LINK, align="center"))
        _name(canvas, key, row, column + 1)


def _name(canvas: Canvas, name: str, row: int, column: int) -> None:
    # Excel reads W1, I1 and T1 as cells, so the first weight's defined name is w_1.
    canvas.names[name] = canvas.absolute(row, column)
