"""The columns of the sheet that compares trainings: the error of each curve at every step."""

from dataclasses import dataclass
from math import floor, isfinite, log10, nan

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import (
    column_letters,
    quoted,
    range_address,
    relative_address,
)
from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.canvas import Canvas, Series
from sheetgen.spreadsheet.style import FINE, band, header, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.curves import cell_of
from sheetgen.workbook.shared.live_text import Fact, Words, general_text, joined, literal, only_if
from sheetgen.workbook.shared.page import fit_errors, write_band, write_headers
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import FIRST_ROW, HEADER_ROW
from sheetgen.workbook.shared.workings import Corner, Workings
from sheetgen.workbook.sheets.training_table import BAND_ROW, DIVERGES, Compared


class Comparison:
    """The sheet, what it compares, and where its parts are.

    `rates` are the learning rates of the `curves`, and `subject` is what is compared, in a
    heading.
    """

    def __init__(
        self, canvas: Canvas, plan: Plan, compared: tuple[Compared, ...], sources: Sources
    ) -> None:
        self.canvas, self.plan, self.compared, self.sources = canvas, plan, compared, sources
        self.compares_optimizers = bool(plan.template.compare)
        self.subject = "optimiser" if self.compares_optimizers else "learning rate η"
        self.curves = [each.curve for each in compared]
        self.step, self.error = self.curves[0].step, self.curves[0].error
        self.steps = len(self.curves[0].values)
        self.rates = [plan.template.learning_rates[each.rate] for each in plan.variants]
        self.last_row = FIRST_ROW + self.steps - 1
        self.is_tested = bool(self.curves[0].tested)
        self.summary_column = len(self.rates) * (2 if self.is_tested else 1) + 2

    def column(self, place: int) -> str:
        """Return the absolute address of the steps (0) or of a curve's errors (from 1).

        The errors of the test samples follow, if there are any.
        """
        return self.canvas.range(FIRST_ROW, place, self.last_row, place)

    @property
    def threshold(self) -> str:
        """The absolute address of the threshold."""
        return self.canvas.absolute(2, self.summary_column + 3)


def series_name(plan: Plan, index: int) -> str:
    """Return the cell that names a curve: "η = 0.1", live, or "adam"."""
    return Canvas(plan.comparison).absolute(HEADER_ROW, 1 + index)


def write_table(sheet: Comparison) -> None:
    """Write the errors of all curves side by side, a row for each step."""
    canvas, curves = sheet.canvas, sheet.curves
    write_band(canvas, BAND_ROW, 0, "step", [sheet.step], "iteration")
    canvas.widths[0] = 11
    of_each = "optimiser" if sheet.compares_optimizers else "learning rate"
    for index in range(len(curves)):
        canvas.write(BAND_ROW, 1 + index, "", band("error"))
        name = _name(sheet, index)
        canvas.notes[HEADER_ROW, 1 + index] = (
            f"{sheet.error} of the sheet {sheet.compared[index].canvas.name}"
        )
        canvas.widths[1 + index] = max(13, len(name) + 2)
    _title(sheet, f"{sheet.error} at each {of_each}")
    styles = [number("iteration", "0")] + [number("error", FINE)] * len(curves)
    if sheet.step == "iteration":
        steps = sheet.compared[0].table.trace["iteration"]
        addresses = [_row_address(cell_of(curves[0].x, 0))]
        addresses += [_row_address(curve.cell(0)) for curve in curves]
        values = [steps.astype(int), *(curve.values for curve in curves)]
        block = Block(FIRST_ROW, 0, tuple(addresses), tuple(values), tuple(styles))
        canvas.blocks.append(block)
    else:
        for at in range(len(curves[0].values)):
            row = FIRST_ROW + at
            canvas.calculate(row, 0, f"={cell_of(curves[0].x, at)}", at + 1, styles[0])
            for place, curve in enumerate(curves, start=1):
                value = float(curve.values[at])
                canvas.calculate(row, place, f"={curve.cell(at)}", value, styles[place])
    if sheet.is_tested:
        _tested(sheet)
    fit_errors(canvas, (FIRST_ROW, 1, sheet.last_row, sheet.summary_column - 2))


def _tested(sheet: Comparison) -> None:
    """Write the errors of the test samples right of those of the others."""
    canvas, count = sheet.canvas, len(sheet.rates)
    for index, curve in enumerate(sheet.curves):
        column, points = 1 + count + index, curve.tested[0]
        canvas.write(BAND_ROW, column, "" if index else "test samples", band("helper"))
        formula = f'={relative_address(HEADER_ROW, 1 + index)}&", test"'
        name = f"{canvas.value(HEADER_ROW, 1 + index)}, test"
        canvas.calculate(HEADER_ROW, column, formula, name, header("error"))
        canvas.notes[HEADER_ROW, column] = (
            "the mean E_total of the test samples, with the weights after each epoch"
        )
        canvas.widths[column] = max(15, len(name) + 2)
        for at, value in enumerate(points.values.tolist()):
            formula = f"={cell_of(points.y, at)}"
            canvas.calculate(FIRST_ROW + at, column, formula, value, number("error", FINE))


def _title(sheet: Comparison, title: str) -> None:
    """Write the title above the errors, or a shorter one with a note if it does not fit."""
    canvas = sheet.canvas
    is_wide = sum(canvas.widths[1 + index] for index in range(len(sheet.rates))) >= len(title)
    canvas.write(BAND_ROW, 1, title if is_wide else sheet.error, band("error"))
    if not is_wide:
        canvas.notes[BAND_ROW, 1] = title


def _name(sheet: Comparison, index: int) -> str:
    """Write the name of a curve, and return it."""
    canvas, variant = sheet.canvas, sheet.plan.variants[index]
    if sheet.compares_optimizers:
        canvas.write(HEADER_ROW, 1 + index, variant.optimizer, header("error"))
        return variant.optimizer
    address = sheet.sources.address(f"learning_rate_{variant.rate + 1}")
    text = f"η = {general_text(sheet.rates[index])}"
    canvas.calculate(HEADER_ROW, 1 + index, f'="η = "&{address}', text, header("error"))
    return text


def _row_address(cell: str) -> str:
    """Return the formula that repeats a cell of the same row; both tables start in that row."""
    sheet, _, address = cell.rpartition("!")
    return f"={sheet}!{address.split('$')[1]}{{row}}"


def write_flags(sheet: Comparison, workings: Workings) -> list[str]:
    """Mark the steps whose error is below the threshold, so that MATCH finds the first.

    Returns the absolute address of the marks of each curve.
    """
    canvas, threshold = sheet.canvas, sheet.plan.controls.threshold
    count = len(sheet.rates)
    corner = workings.block(canvas.name, f"Is {sheet.error} below the threshold? (1 = yes)", count)
    formulas = []
    for index in range(count):
        name = canvas.value(HEADER_ROW, 1 + index)
        formula = f"={canvas.absolute(HEADER_ROW, 1 + index)}"
        corner.canvas.calculate(corner.row - 1, corner.column + index, formula, name, HEADER)
        cell = _beside(canvas, 1 + index)
        formulas.append(f"=IF(ISNUMBER({cell}),IF({cell}<{sheet.threshold},1,0),0)")
    values = tuple((curve.values < threshold).astype(int) for curve in sheet.curves)
    styles = (number("helper", "0"),) * count
    block = Block(corner.row, corner.column, tuple(formulas), values, styles)
    corner.canvas.blocks.append(block)
    last = corner.row + sheet.steps - 1
    columns = range(corner.column, corner.column + count)
    return [corner.canvas.range(corner.row, column, last, column) for column in columns]


@dataclass(frozen=True)
class Drawn:
    """What the charts draw: a column for each curve, and behind them those of the test samples.

    `columns` are the addresses, `names` those of the curves' names; `greatest` is the point that
    stretches every small chart to the same scale, and `remark` says what is left out.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    greatest: Series
    remark: Words


def write_drawn(sheet: Comparison, workings: Workings) -> Drawn:
    """Write the errors as the charts draw them: none above a bound, however much one diverges.

    Where a curve passes the bound it is drawn at it once, and not any more from there on.
    """
    tested = [curve.tested[0].values for curve in sheet.curves if curve.tested]
    errors = np.array([*(curve.values for curve in sheet.curves), *tested])
    cells = [_beside(sheet.canvas, 1 + place) for place in range(len(errors))]
    scale = _Scale(sheet, workings, cells, errors)
    bound = scale.bound
    title = f"{sheet.error} as the charts draw it"
    corner = workings.block(sheet.canvas.name, title, len(errors), 16)
    canvas, row, column = corner.canvas, corner.row, corner.column
    names = tuple(_legend(sheet, corner, index) for index in range(len(errors)))
    formulas = tuple(
        f"=IF(ISNUMBER({cell}),IF({cell}<={bound.cell},{cell},"
        f"IF(N({column_letters(column + place)}{{previous}})<{bound.cell},{bound.cell},NA())),NA())"
        for place, cell in enumerate(cells)
    )
    values = tuple(_cut(curve, bound.number) for curve in errors)
    styles = (number("helper", FINE),) * len(errors)
    canvas.blocks.append(Block(row, column, formulas, values, styles))
    last = row + sheet.steps - 1
    fit_errors(canvas, (row, column, last, column + len(errors) - 1))
    columns = tuple(canvas.range(row, at, last, at) for at in range(column, column + len(errors)))
    return Drawn(columns, names, scale.point(), scale.remark)


def _cut(errors: Array, bound: float) -> Array:
    """Return a curve with nan in place of what is above a bound, the first of it at the bound."""
    with np.errstate(invalid="ignore"):
        is_within = errors <= bound
        was_within = np.concatenate([[True], errors[:-1] < bound])
    return np.where(is_within, errors, np.where(np.isfinite(errors) & was_within, bound, np.nan))


def _legend(sheet: Comparison, corner: Corner, index: int) -> str:
    """Write the name of a curve for the legend, with the remark that it diverges."""
    canvas, at = sheet.canvas, (corner.row - 1, corner.column + index)
    cell, text = canvas.absolute(HEADER_ROW, 1 + index), str(canvas.value(HEADER_ROW, 1 + index))
    words = Words(cell, text)
    if index < len(sheet.curves):
        divergence = sheet.curves[index].divergence
        has_diverged = f'{divergence.expression}<>""', bool(divergence.text)
        words = joined(words, only_if(*has_diverged, literal(f" {DIVERGES}")))
    corner.canvas.calculate(*at, words.formula, words.text, HEADER)
    return corner.canvas.absolute(*at)


class _Scale:
    """The block that says up to where the charts draw errors, and how far they reach.

    `bound` is a round number some way above the largest first error. Curves that diverge do not
    count; if all do, E_total at iteration 0 does. `most` is the greatest of all errors.
    """

    def __init__(
        self, sheet: Comparison, workings: Workings, cells: list[str], errors: Array
    ) -> None:
        self._sheet, self._down, fine = sheet, 0, number("helper", FINE)
        self._corner = workings.block(sheet.canvas.name, "The scale of the charts", 3)
        canvas, row, column = self._corner.canvas, self._corner.row, self._corner.column
        write_headers(canvas, row - 1, column, ("greatest of each step", "", "value"))
        numbers = ",".join(f"IF(ISNUMBER({cell}),{cell},0)" for cell in cells)
        greatest = np.where(np.isfinite(errors), errors, 0.0).max(axis=0)
        canvas.blocks.append(Block(row, column, (f"=MAX({numbers})",), (greatest,), (fine,)))
        self.bound = self._bound()
        every = range_address(row, column, row + sheet.steps - 1, column)
        self.most = self._write("greatest of all", f"MAX({every})", float(greatest.max()))
        fit_errors(canvas, (row, column, row + sheet.steps - 1, column))
        fit_errors(canvas, (row, column + 2, row + SCALE_ROWS, column + 2))

    def _write(self, name: str, formula: str, value: float, form: str = FINE) -> Fact:
        self._corner.write(self._down, 1, name)
        cell = self._corner.calculate(self._down, 2, formula, value, number("helper", form))
        self._down += 1
        return Fact(cell, value)

    def _bound(self) -> Fact:
        curves = self._sheet.curves
        firsts = (f'IF({each.divergence.expression}="",{each.cell(0)},0)' for each in curves)
        value = max(0.0 if each.divergence.text else float(each.values[0]) for each in curves)
        first = self._write("largest first error", f"MAX({','.join(firsts)})", value)
        start, value = curves[0].start, ROOM * (value or curves[0].start_error or 1.0)
        instead = f"IF({first.cell}>0,{first.cell},IF({start}>0,{start},1))"
        least = self._write("with room above it", f"{ROOM}*{instead}", value)
        value = 10.0 ** floor(log10(value)) if isfinite(value) else nan
        power = self._write("its power of ten", f"10^INT(LOG10({least.cell}))", value)
        steps = (f"IF({least.cell}<={each}*{power.cell},{each}," for each in ROUND)
        factor = next((each for each in ROUND if least.number <= each * power.number), 10)
        formula = f"{power.cell}*{''.join(steps)}10{')' * len(ROUND)}"
        return self._write("drawn up to", formula, factor * power.number)

    @property
    def remark(self) -> Words:
        """What is to be said of errors that are not drawn, if there are any."""
        bound, most = self.bound, self.most
        words = joined("; errors above ", bound.words, " are not drawn")
        return only_if(f"{most.cell}>{bound.cell}", most.number > bound.number, words)

    def point(self) -> Series:
        """Return the greatest error that is drawn, at the last step."""
        bound, most, sheet = self.bound, self.most, self._sheet
        value = min(bound.number, most.number)
        drawn = self._write("greatest drawn", f"MIN({bound.cell},{most.cell})", value)
        end = sheet.curves[0].first + sheet.steps - 1
        step = self._write(f"last {sheet.step}", cell_of(sheet.column(0), -1), end, "0")
        return Series(step.cell, drawn.cell, self._corner.absolute(-1, 0), in_legend=False)


def _beside(canvas: Canvas, column: int) -> str:
    """Return a cell of the table as a row of a block writes it, which is one row further down."""
    return f"{quoted(canvas.name)}!{column_letters(column)}{{previous}}"


HEADER = header("helper")
SCALE_ROWS = 6  # at most, of the scale of the charts, behind its first
ROUND, ROOM = (1, 1.5, 2, 3, 5), 1.5
