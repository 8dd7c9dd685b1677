"""A training table: one row an iteration, the error chart beside it; a sheet `lr …` for each rate.

On the left are the rate, its result and the chart; on the right the columns of
`columns.training_columns`, in which every row from iteration 1 on has the same relative formula.
With several samples the chart shows the mean error of each epoch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sheetgen.formulas import notation
from sheetgen.formulas.columns import Column, has_correct, training_columns
from sheetgen.network.network import activation_name
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, CORRECT, UPDATE, Trace
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import local, relative_address
from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.canvas import Canvas, Place, Rule, Series
from sheetgen.spreadsheet.style import (
    FINE,
    KINDS,
    LABEL,
    NOTE,
    PERCENT,
    RESULT,
    SMALL,
    SMALL_FORMAT,
    TITLE,
    VALUE,
    WARNING,
    WHOLE,
    Style,
    band,
    column_width,
    header,
    number,
    number_format,
)
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.curves import (
    Curve,
    Outcome,
    insert_chart,
    per_epoch,
    tested_series,
)
from sheetgen.workbook.shared.epoch_tests import Evaluations, Points
from sheetgen.workbook.shared.live_text import NOTHING, joined, literal, only_if, typed
from sheetgen.workbook.shared.page import fit_errors
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import (
    DIVERGENCE_CELL,
    FIRST_ROW,
    HEADER_ROW,
    RATE_CELL,
    Table,
)

BAND_ROW = 3
FIRST_COLUMN = 3
OUTCOME_CELL = (4, 1)
FOLDING_ROW = 2
DIVERGES, NONE = "diverges", "–"
"""In place of an error at which the training has diverged, and of what follows from it."""


@dataclass(frozen=True)
class Compared:
    """A table and its curve of the error, over the iterations or over the epochs."""

    table: Table
    curve: Curve

    @property
    def canvas(self) -> Canvas:
        """The sheet."""
        return self.table.canvas


def variant_sheet(
    plan: Plan,
    index: int,
    sources: Sources,
    series_name: str,
    evaluations: Evaluations | None = None,
) -> Compared:
    """Draw the sheet of one learning rate or optimiser; `series_name` is its curve's name."""
    variant = plan.variants[index]
    rate, tab = plan.template.learning_rates[variant.rate], plan.tabs[variant.rate]
    canvas = Canvas(variant.tab, tab_colour=KINDS["error"].strong)
    rate_address = sources.address(f"learning_rate_{variant.rate + 1}")
    canvas.calculate(*RATE_CELL, f"={rate_address}", rate, RESULT_RATE)
    # So short that it ends left of the first column, which is printed on every page.
    start, moved = "Learning rate η = ", f"   (the tab was named for η = {tab:g})"
    if plan.template.compare:
        start, moved = f"{variant.optimizer}, η = ", ""
    title = joined(start, typed("B2", rate))
    if moved:
        title = joined(title, only_if(f"B2={constant(tab)}", rate == tab, NOTHING, literal(moved)))
    canvas.calculate(0, 0, title.formula, title.text, TITLE)
    table = draw_table(canvas, plan, plan.traces[index], sources, variant.optimizer)
    colour = KINDS["error"].strong
    return Compared(table, draw_curves(table, plan, series_name, colour, evaluations))


def draw_table(canvas: Canvas, plan: Plan, trace: Trace, sources: Sources, optimizer: str) -> Table:
    """Draw the columns onto a sheet whose rate is in RATE_CELL."""
    training = plan.training(optimizer)
    columns = training_columns(plan.network, training, sources.address, "$B$2", FIRST_COLUMN)
    places = {column.symbol: FIRST_COLUMN + place for place, column in enumerate(columns)}
    table = Table(canvas, trace, places, training)
    canvas.protected = False
    canvas.freeze = (FIRST_ROW, FIRST_COLUMN + 1)
    canvas.repeat_rows = (BAND_ROW, HEADER_ROW)
    canvas.repeat_columns = (FIRST_COLUMN, FIRST_COLUMN)
    canvas.widths.update({0: 25, 1: 21, 2: 2})
    canvas.heights[0] = 28
    canvas.names[f"'{canvas.name}'!learning_rate"] = canvas.absolute(*RATE_CELL)
    _headers(canvas, columns, names_of(plan))
    _fold(canvas, columns)
    _rows(canvas, columns, trace, _formats(plan, columns))
    return table


def draw_curves(
    table: Table, plan: Plan, series_name: str, colour: str, evaluations: Evaluations | None
) -> Curve:
    """Draw the summary and the charts left of the table; return the curve of the error.

    With fewer than two epochs there are no means to compare, so the chart shows every iteration.
    """
    if table.training.is_by_epoch:
        tested = evaluations.add(table) if evaluations else []
        curve = _epochs(table, plan, tested)
        names = ("mean E_total of epoch 1", f"mean E_total of epoch {len(curve.values)}")
    else:
        places = table.range("iteration"), table.range("E_total")
        curve = Curve("iteration", "E_total", *places, table.trace["E_total"])
        names = ("E_total at iteration 0", f"E_total at iteration {table.iterations}")
        if table.training.samples > 1:
            curve = replace(curve, outcome=_outcome(table, plan))
    start_error = float(table.trace["E_total"][0])
    curve = replace(curve, start=table.cell("E_total", 0), start_error=start_error)
    words = curve.diverges_at()
    table.canvas.calculate(*DIVERGENCE_CELL, words.formula, words.text, WARNING)
    curve = replace(curve, divergence=table.divergence)
    _summary(table, curve, names)
    name = series_name or table.header("E_total")
    series = [Series(curve.x, curve.y, name, colour), *tested_series(curve, 0, colour)]
    insert_chart(table.canvas, series, curve, curve.error, FIRST_ROW)
    return curve


def _outcome(table: Table, plan: Plan) -> Outcome:
    """Return the result of the first epoch, or of the part of it that there are rows for."""
    samples, last = table.training.samples, min(table.training.samples - 1, table.iterations)
    title, symbol = "mean E_total", "E_total"
    if has_correct(plan.network, table.training):
        title, symbol = "accuracy", CORRECT
    part = "epoch 1" if last == samples - 1 else f"{last + 1} of {samples} samples"
    cell = table.canvas.absolute(*OUTCOME_CELL)
    return Outcome(title, part, *_mean(table, symbol, 0, last), cell, symbol == CORRECT)


def _mean(table: Table, symbol: str, first: int, last: int) -> tuple[str, float]:
    """Return the formula and the value of a quantity's mean over some iterations."""
    formula = f"=AVERAGE({local(table.range(symbol, first, last))})"
    return formula, float(table.trace[symbol][first : last + 1].mean())


def _epochs(table: Table, plan: Plan, tested: list[Points]) -> Curve:
    """Write the mean error of each epoch, and with classes the accuracy, below the charts."""
    symbols = {"mean E_total": "E_total"}
    if has_correct(plan.network, table.training):
        symbols["accuracy"] = CORRECT
        table.canvas.widths[2] = 12
    samples, last = table.training.samples, table.iterations
    starts = [at * samples for at in range(table.training.epochs)]
    means = {
        title: [_mean(table, symbol, at, min(at + samples - 1, last)) for at in starts]
        for title, symbol in symbols.items()
    }
    return per_epoch(table.canvas, means, FIRST_ROW, tested)


def names_of(plan: Plan) -> dict[str, str]:
    """Return the names of inputs and classes by the symbols of all that has to do with each."""
    network, data = plan.network, plan.data
    inputs = zip(network.input_names, data.input_labels, strict=False)
    outputs = (network.target_names, network.error_names, network.unit_names[-1])
    activations = tuple(map(activation_name, network.unit_names[-1]))
    named = (zip(each, data.target_labels, strict=False) for each in (*outputs, activations))
    return dict(inputs) | {symbol: name for pairs in named for symbol, name in pairs}


def _headers(canvas: Canvas, columns: tuple[Column, ...], names: dict[str, str]) -> None:
    former = None
    for place, column in enumerate(columns, start=FIRST_COLUMN):
        title = "" if column.band == former else column.band.title
        canvas.write(BAND_ROW, place, title, band(column.band.kind))
        title = notation.heading(column.symbol)
        canvas.write(HEADER_ROW, place, title, header(column.band.kind))
        name = f"{names[column.symbol]}\n" if column.symbol in names else ""
        canvas.notes[HEADER_ROW, place] = name + column.notation
        canvas.widths[place] = column_width(column.band.kind, title)
        former = column.band
    for each in dict.fromkeys(column.band for column in columns):
        places = [at for at, column in enumerate(columns, FIRST_COLUMN) if column.band == each]
        missing = len(each.title) - sum(canvas.widths[place] for place in places)
        canvas.widths[places[-1]] += max(0, missing)


def _fold(canvas: Canvas, columns: tuple[Column, ...]) -> None:
    """Let the columns be folded: each band into its first column, and all but steps and E_total.

    The first columns stay apart from each other because neighbours of one level are one group.
    """
    former = None
    for place, column in enumerate(columns, start=FIRST_COLUMN):
        if column.band.kind != "iteration" and column.symbol != "E_total":
            canvas.outline[place] = 1 if column.band != former else 2
        former = column.band
    canvas.write(FOLDING_ROW, FIRST_COLUMN + 1, FOLDING, NOTE)


def _rows(
    canvas: Canvas, columns: tuple[Column, ...], trace: Trace, formats: tuple[str, ...]
) -> None:
    styles = [number(column.band.kind, each) for column, each in zip(columns, formats, strict=True)]
    for place, (column, style) in enumerate(zip(columns, styles, strict=True)):
        value = trace[column.symbol][0].item()
        at = FIRST_ROW, FIRST_COLUMN + place
        if isinstance(column.first, int):
            canvas.write(*at, column.first, style)
        else:
            canvas.calculate(*at, column.first.replace("{row}", str(FIRST_ROW + 1)), value, style)
    later = tuple(trace[column.symbol][1:] for column in columns)
    formulas = tuple(column.rest for column in columns)
    canvas.blocks.append(Block(FIRST_ROW + 1, FIRST_COLUMN, formulas, later, tuple(styles)))
    last_row = FIRST_ROW + len(later[0])
    places = [at for at, each in enumerate(formats, FIRST_COLUMN) if each == FINE]
    for first, last in runs(places):
        fit_errors(canvas, (FIRST_ROW, first, last_row, last))
    places = [at for at, each in enumerate(formats, FIRST_COLUMN) if each not in (FINE, WHOLE)]
    canvas.numbers += [(FIRST_ROW, first, last_row, last) for first, last in runs(places)]
    for place, column in enumerate(columns, start=FIRST_COLUMN):
        if column.symbol == "learning_rate":
            _small_numbers(canvas, (FIRST_ROW, place, last_row, place))
    fit_errors(canvas, (2, 1, 3, 1))


def runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last one of all that follow each other without a gap."""
    known = set(places)
    starts = (place for place in places if place - 1 not in known)
    ends = (place for place in places if place + 1 not in known)
    yield from zip(starts, ends, strict=True)


def _formats(plan: Plan, columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Return the number formats.

    In the first band only the rate has decimals, and what is counted has none.
    """
    given = {"learning_rate": VALUE} | dict.fromkeys(
        (BATCH_ROW, BATCH_SIZE, UPDATE, CORRECT), WHOLE
    )
    given |= plan.data_formats
    kinds = (column.band.kind for column in columns)
    return tuple(
        given.get(column.symbol, number_format(kind))
        for column, kind in zip(columns, kinds, strict=True)
    )


def _small_numbers(canvas: Canvas, place: Place) -> None:
    """Show as 4.90E-10 what would be 0.000000."""
    cell = relative_address(*place[:2])
    canvas.rules.append(Rule(place, f"=AND({cell}<>0,ABS({cell})<{SMALL})", SMALL_FORMAT))


def _summary(table: Table, curve: Curve, names: tuple[str, str]) -> None:
    canvas, values = table.canvas, curve.values
    first, last = float(values[0]), float(values[-1])
    canvas.write(1, 0, "learning rate η", LABEL)
    canvas.write(2, 0, names[0], LABEL)
    canvas.calculate(2, 1, f"={curve.cell(0)}", first, RESULT)
    canvas.write(3, 0, names[1], LABEL)
    shown = curve.unless_diverged(f"={curve.cell(-1)}", last, DIVERGES)
    canvas.calculate(3, 1, *shown, RESULT)
    percent = replace(RESULT, number_format=PERCENT)
    if curve.outcome:
        outcome = curve.outcome
        text = f"{outcome.title}, {outcome.part}"
        canvas.write(OUTCOME_CELL[0], 0, text, LABEL)
        canvas.widths[0] = max(canvas.widths[0], len(text))
        style = percent if outcome.is_part else RESULT
        shown = curve.unless_diverged(outcome.formula, outcome.value, NONE)
        canvas.calculate(*OUTCOME_CELL, *shown, style)
        return
    canvas.write(4, 0, "reduction of E_total", LABEL)
    reduction = 0.0 if first == 0 else 1 - last / first
    shown = curve.unless_diverged("=IF(B3=0,0,1-B4/B3)", reduction, NONE)
    canvas.calculate(4, 1, *shown, percent)
    canvas.numbers.append((4, 1, 4, 1))


FOLDING = "Too wide? 1, 2 and 3 at the top left fold the columns, + and − above them a group."
RESULT_RATE = Style(bold=True, align="right")
