"""The sheet `Inputs`: the only training inputs, which all other sheets read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from math import isfinite
from typing import Any

import numpy as np

from sheetgen.formulas import notation
from sheetgen.network.activations import Array
from sheetgen.network.optimizers import OPTIMIZERS
from sheetgen.network.schedules import SCHEDULES
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import indexed, range_address
from sheetgen.spreadsheet.canvas import POSITIVE, Canvas
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LINK,
    NOTE,
    WARNING,
    Style,
    common_format,
    label,
)
from sheetgen.workbook.plan import DATA, INPUTS, Plan
from sheetgen.workbook.shared.live_text import (
    Words,
    decimal,
    joined,
    literal,
    only_if,
    rounded_text,
)
from sheetgen.workbook.shared.page import rule_lines, write_band, write_title

REMARK_ROW, REMARK_HEIGHT = 2, 24
RULE = 170  # characters of a line
TEXT = 9  # characters of a column with the names of units
SYMBOLS = {
    "momentum": "μ", "beta1": "β₁", "beta2": "β₂", "alpha": "α", "epsilon": "ε",
    "weight_decay": "λ",
}  # fmt: skip
"""What the rules call hyper-parameters."""
MOST_NAMED = 8  # targets out of reach; more are counted
HEADER = 4
FIRST = 5


def inputs_sheet(plan: Plan) -> tuple[Canvas, str]:
    """Draw the sheet; return it and the address of the number of updates that a schedule spans.

    Its input keys are symbols such as i1, t1, w1, b1 and learning_rate_1, and for hyper-parameters
    adam.beta1 and so on.
    """
    canvas = Canvas(INPUTS, tab_colour=KINDS["input"].strong, freeze=(FIRST, 0))
    text = "Change a yellow cell: every table, chart and check follows at once."
    write_title(canvas, 1, "Inputs", text)
    canvas.widths.update({0: 2})
    canvas.heights[REMARK_ROW] = REMARK_HEIGHT
    column = 1
    if plan.has_data_sheet:
        canvas.link(2, column, DATA, "inputs and targets: sheet Data", LINK)
    else:
        _given(canvas, plan)
        column = 7
    _weights(canvas, column, plan)
    column += 5
    if plan.network.biases:
        _biases(canvas, column, plan)
        column += 5
    _learning_rates(canvas, column, plan)
    return canvas, _settings(canvas, column + 4, plan)


def _list(
    canvas: Canvas,
    at: int,
    band_of: tuple[str, str],
    headers: Sequence[str],
    rows: Iterable[tuple[str, tuple[str, ...], float]],
    **limits: Any,  # noqa: ANN401 - as Canvas.ask takes them
) -> None:
    """Write quantities from a column on: symbol, what it belongs to, and the value to change.

    `band_of` has the title and the kind of the band above.
    """
    title, kind = band_of
    rows = list(rows)
    style = replace(INPUT, number_format=common_format(value for *_, value in rows))
    write_band(canvas, HEADER - 1, at, title, ("symbol", *headers), kind)
    last = at + len(headers)
    names = [symbol for symbol, *_ in rows], *zip(*(texts for _, texts, _ in rows), strict=True)
    for column, texts in enumerate(names, start=at):
        canvas.widths[column] = max(TEXT, max(map(len, texts)) + 3)
    canvas.widths |= {last: 13, last + 1: 3}
    for row, (symbol, texts, value) in enumerate(rows, start=FIRST):
        canvas.write(row, at, symbol, label(kind))
        for column, text in enumerate(texts, start=at + 1):
            canvas.write(row, column, text, Style(align="center"))
        canvas.ask(row, last, symbol, value, style, **limits)
        _name(canvas, f"{symbol[0]}_{symbol[1:]}", row, last)


def _given(canvas: Canvas, plan: Plan) -> None:
    """Write the inputs and targets of the only sample."""
    network, data = plan.network, plan.data
    inputs = zip(network.input_names, repeat(()), data.inputs[0])
    _list(canvas, 1, ("inputs", "input"), ["value"], inputs)
    targets = zip(network.target_names, repeat(()), data.targets[0])
    _list(canvas, 4, ("targets", "target"), ["value"], targets, **target_limits(plan))
    cells = range_address(FIRST, 5, FIRST + network.outputs - 1, 5)
    write_reach(canvas, plan, (REMARK_ROW, 1), cells)


def _weights(canvas: Canvas, column: int, plan: Plan) -> None:
    network = plan.network
    rows = ((e.name, notation.ends(network, e), network.weight(e)) for e in network.weights)
    _list(canvas, column, ("initial weights", "weight"), ("from", "to", "value"), rows)
    last = FIRST + len(network.weights)
    layers = ", ".join(
        f"{notation.layer_title(network, index)}: {layer.activation.name}"
        for index, layer in enumerate(network.layers)
    )
    canvas.write(last + 1, column, layers, NOTE)
    biases = "" if network.biases else ", no biases"
    canvas.write(last + 2, column, f"loss: {network.loss.name}{biases}", NOTE)


def _biases(canvas: Canvas, column: int, plan: Plan) -> None:
    network = plan.network
    rows = (
        (each.name, notation.ends(network, each), network.bias(each)) for each in network.biases
    )
    _list(canvas, column, ("initial biases", "weight"), ("of", "value"), rows)
    if all(each.is_trained for each in network.biases):
        # The column stays, so that the rates are where earlier versions have written them.
        canvas.widths.update({column + 3: 1, column + 4: 1})
        return
    write_band(canvas, HEADER - 1, column + 3, "", ["trained"], "weight")
    canvas.widths.update({column + 3: TEXT, column + 4: 3})
    for row, bias in enumerate(network.biases, start=FIRST):
        text = "yes" if bias.is_trained else "no"
        canvas.write(row, column + 3, text, Style(align="center"))


def _learning_rates(canvas: Canvas, column: int, plan: Plan) -> None:
    write_band(canvas, HEADER - 1, column, "learning rates", ("number", "η", "tab"), "error")
    canvas.widths.update({column: TEXT, column + 1: 13, column + 2: 13, column + 3: 3})
    links = [
        [each.tab for each in plan.variants if each.rate == at] for at in range(len(plan.tabs))
    ]
    for number, rate in enumerate(plan.template.learning_rates, start=1):
        row = FIRST + number - 1
        key = f"learning_rate_{number}"
        canvas.write(row, column, number, label("error"))
        canvas.ask(row, column + 1, key, rate, **POSITIVE)
        for offset, tab in enumerate(links[number - 1]):
            canvas.link(row + offset, column + 2, tab, tab, replace(LINK, align="center"))
        _name(canvas, key, row, column + 1)


def _settings(canvas: Canvas, column: int, plan: Plan) -> str:
    """Write the hyper-parameters; return the address of the schedule's number of updates."""
    training = plan.training(plan.template.optimizer)
    if not plan.settings and not training.is_scheduled:
        return ""
    write_band(
        canvas, HEADER - 1, column, "optimiser and schedule", ("of", "symbol", "value"), "error"
    )
    canvas.widths.update({column: 14, column + 1: 14, column + 2: 13})
    row = FIRST
    for key, value in plan.settings.items():
        owner, name = key.split(".")
        canvas.write(row, column, owner, label("error"))
        canvas.write(row, column + 1, _called(name), Style(align="center"))
        canvas.ask(row, column + 2, key, value, **limits_of(name))
        row += 1
    address = ""
    if training.is_scheduled:
        canvas.write(row, column, plan.template.schedule, label("error"))
        canvas.write(row, column + 1, "updates T", Style(align="center"))
        canvas.write(row, column + 2, training.updates)
        canvas.notes[row, column + 2] = "the number of updates up to the last row of a table"
        address = canvas.absolute(row, column + 2)
        row += 1
    # The rules are long, and on the left there is room for them.
    below = max(row for row, _ in canvas.cells) + 2
    for at, text in enumerate(_notes(plan), start=below):
        canvas.write(at, 1, text, NOTE)
    return address


def _notes(plan: Plan) -> Iterator[str]:
    """Yield the rules of the optimizers and of the schedule, in lines short enough for a screen."""
    rules = {
        name: OPTIMIZERS[name].rule("w", "∂E/∂w", f"{name}.weight_decay" in plan.settings)
        for name in plan.optimizers
    }
    if plan.template.schedule != "constant":
        rules[plan.template.schedule] = SCHEDULES[plan.template.schedule].rule()
    for name, rule in rules.items():
        yield from rule_lines(f"{name}: {rule}", RULE)


def _called(name: str) -> str:
    """Return a hyper-parameter's name, with the symbol that its rule has for it."""
    symbol = SYMBOLS.get(name, "")
    return symbol if symbol in ("β₁", "β₂") else f"{name.replace('_', ' ')} {symbol}".strip()


def target_limits(plan: Plan) -> dict[str, Any]:
    """Return the validation of targets: probabilities, if the loss is one for classes."""
    return {} if plan.network.loss.activation is None else PROBABILITY


def write_reach(canvas: Canvas, plan: Plan, at: tuple[int, int], targets: str) -> None:
    """Say in a cell which targets, of a range, no output can reach, and how large that error is.

    It is least where an output is at the end of its activation's reach.
    """
    network, rows = plan.network, np.array(plan.data.targets)
    activation = network.layers[-1].activation
    least, most = activation.reach
    ends = [(constant(end), sign) for end, sign in ((least, "<"), (most, ">")) if isfinite(end)]
    if target_limits(plan) or not ends:
        return
    outside = (rows < least) | (rows > most)
    if plan.data.samples == 1 and network.outputs <= MOST_NAMED:
        which = _named(network.target_names, outside[0], targets, ends)
    else:
        count = "+".join(f"SUMPRODUCT(({targets}{sign}{end})*1)" for end, sign in ends)
        which = joined(Words(f"({count})", f"{outside.sum()}"), f" of {rows.size} targets")
    beyond = (f"SUMPRODUCT(({targets}{sign}{end})*({targets}-({end}))^2)" for end, sign in ends)
    squares = "+".join(beyond)
    # The losses that take any target are squares: so much for a deviation of 1.
    one = float(network.loss.value(np.ones(network.outputs), *np.zeros((2, network.outputs)))[0])
    share = one / plan.data.samples
    lowest = float(((rows - rows.clip(least, most)) ** 2).sum()) * share
    word, error = activation.word, "E_total" if plan.data.samples == 1 else "the mean E_total"
    between = f"between {least:g} and {most:g}" if len(ends) > 1 else f"above {least:g}"
    between = f". {word[0].upper()}{word[1:]} units stay {between}, so {error} cannot fall below "
    written = decimal(f"({constant(share)}*({squares}))", lowest, 6).expression
    # However large it is, it is not of a training that diverges.
    lowest_words = Words(written, rounded_text(lowest, 6))
    words = joined("Out of reach: ", which, between, lowest_words, ".")
    shown = only_if(f"{squares}>0", bool(outside.any()), words)
    canvas.calculate(*at, shown.formula, shown.text, WARNING)


def _named(
    names: Sequence[str], outside: Array, targets: str, ends: Sequence[tuple[str, str]]
) -> Words:
    """Return the names of those targets of a range that are out of reach, with commas between."""
    parts = []
    for place, (name, is_outside) in enumerate(zip(names, outside, strict=True), start=1):
        cell = indexed(targets, f"{place}")
        tests = ",".join(f"{cell}{sign}{end}" for end, sign in ends)
        parts.append(only_if(f"OR({tests})", bool(is_outside), literal(f", {name}")))
    words = joined(*parts)
    return Words(f"MID({words.expression},3,99)", str(words.text)[2:])


def limits_of(name: str) -> dict[str, Any]:
    """Return the validation of a hyper-parameter's cell."""
    if name in ("epsilon", "gamma", "step_size"):
        return POSITIVE
    if name == "weight_decay":
        return NOT_NEGATIVE
    return FRACTION


def _between(maximum: float, in_words: str) -> dict[str, Any]:
    return {
        "criteria": "between",
        "minimum": 0,
        "maximum": maximum,
        "error_message": f"Type a number from 0 to {in_words}.",
    }


FRACTION, PROBABILITY = _between(0.999999, "0.999999"), _between(1, "1")
NOT_NEGATIVE = _between(1e6, "1,000,000")


def _name(canvas: Canvas, name: str, row: int, column: int) -> None:
    # Excel reads W1, I1 and T1 as cells, so the first weight's defined name is w_1.
    canvas.names[name] = canvas.absolute(row, column)
