"""The columns of the sheet that compares trainings: the error of each curve at every step."""

from dataclasses import replace

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import (
    column_letters,
    quoted,
    relative_address,
)
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, Style, band, header, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.curves import cell_of
from sheetgen.workbook.shared.live_text import Fact, joined, typed
from sheetgen.workbook.shared.page import fit_errors, write_band
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import FIRST_ROW, HEADER_ROW
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.training_table import BAND_ROW, DIVERGES, Compared


class Comparison:
    """The sheet, what it compares, and where its parts are.

    `rates` are the learning rates of the `curves`, and `subject` is what is compared, in a
    heading. `errors` are those in the table, with nan in place of words: of the curves, and then
    of the test samples.
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
        self.count = len(compared)
        self.rates = [plan.template.learning_rates[each.rate] for each in plan.variants]
        self.last_row = FIRST_ROW + self.steps - 1
        self.is_tested = bool(self.curves[0].tested)
        self.errors: list[Array] = []
        self.last_column = TABLE + self.count * (2 if self.is_tested else 1)

    @property
    def steps_column(self) -> str:
        """The absolute address of the steps."""
        return self.canvas.range(FIRST_ROW, TABLE, self.last_row, TABLE)

    @property
    def threshold(self) -> str:
        """The absolute address of the threshold."""
        return self.canvas.absolute(*THRESHOLD_CELL)

    def header(self, index: int) -> tuple[int, int]:
        """Return the cell with a curve's name; those of the test samples' curves follow."""
        return HEADER_ROW, TABLE + 1 + index


def series_name(plan: Plan, index: int) -> str:
    """Return the cell that names a curve: "η = 0.1", live, or "adam"."""
    return Canvas(plan.comparison).absolute(HEADER_ROW, TABLE + 1 + index)


def write_table(sheet: Comparison, workings: Workings) -> None:
    """Write the errors of all curves side by side, a row for each step.

    In place of what is far too large, or no number, is the word that the training diverges.
    """
    canvas, curves = sheet.canvas, sheet.curves
    write_band(canvas, BAND_ROW, TABLE, "step", [sheet.step], "iteration")
    canvas.widths[TABLE] = 11
    of_each = "optimiser" if sheet.compares_optimizers else "learning rate"
    for index in range(sheet.count):
        canvas.write(BAND_ROW, TABLE + 1 + index, "", band("error"))
        name = _name(sheet, index)
        canvas.notes[sheet.header(index)] = (
            f"{sheet.error} of the sheet {sheet.compared[index].canvas.name}"
        )
        canvas.widths[TABLE + 1 + index] = max(13, len(name) + 2)
    _title(sheet, f"{sheet.error} at each {of_each}")
    steps = np.arange(sheet.steps, dtype=float) + curves[0].first
    _column(sheet, TABLE, (curves[0].x, steps), number("iteration", "0"))
    limits = _limits(sheet, workings)
    columns = [(curve.y, curve.values) for curve in curves]
    if sheet.is_tested:
        for index in range(sheet.count):
            _tested(sheet, index)
        columns += [(curve.tested[0].y, curve.tested[0].values) for curve in curves]
        limits *= 2
    for at, (points, most) in enumerate(zip(columns, limits, strict=True), start=TABLE + 1):
        sheet.errors.append(_column(sheet, at, points, number("error", FINE), most))
    fit_errors(canvas, (FIRST_ROW, TABLE + 1, sheet.last_row, sheet.last_column))


def _limits(sheet: Comparison, workings: Workings) -> list[Fact]:
    """Return up to where the table has each curve's errors: a cell each of the workings."""
    title = f"{sheet.error} above this, or no number, is “{DIVERGES}”"
    corner = workings.block(sheet.canvas.name, title, sheet.count)
    found = []
    for index, curve in enumerate(sheet.curves):
        at = sheet.header(index)
        name = f"={sheet.canvas.absolute(*at)}", sheet.canvas.value(*at)
        corner.canvas.calculate(corner.row - 1, corner.column + index, *name, HEADER)
        formula = f"IF({curve.start}<={DIVERGED:.0f},{DIVERGED:.0f},10^300)"
        most = DIVERGED if curve.start_error <= DIVERGED else MOST
        cell = corner.calculate(0, index, formula, most, number("helper", "0E+00"))
        found.append(Fact(cell, most))
    return found


def _column(
    sheet: Comparison,
    column: int,
    points: tuple[str, Array],
    style: Style,
    most: Fact | None = None,
) -> Array:
    """Repeat a column of another sheet, in the same rows if its steps are iterations.

    Errors above `most` are replaced by a word. Returns the values, with nan in place of words.
    """
    area, values = points
    is_fine = np.full(sheet.steps, True) if most is None else values <= most.number
    if sheet.step == "iteration" and bool(is_fine.all()):
        formula = _repeated(_row_address(cell_of(area, 0)), most)
        sheet.canvas.blocks.append(Block(FIRST_ROW, column, (formula,), (values,), (style,)))
        return values
    style = replace(style, align="right")  # of words too
    for at in range(sheet.steps):
        value = values[at].item() if is_fine[at] else DIVERGES
        formula = _repeated(cell_of(area, at), most)
        sheet.canvas.calculate(FIRST_ROW + at, column, formula, value, style)
    return np.where(is_fine, values, np.nan)


def _repeated(cell: str, most: Fact | None) -> str:
    if most is None:
        return f"={cell}"
    return f'=IF(IF(ISNUMBER({cell}),{cell}<={most.cell},0),{cell},"{DIVERGES}")'


def _tested(sheet: Comparison, index: int) -> None:
    """Write the header of a curve of the test samples, right of those of all others."""
    canvas, at = sheet.canvas, sheet.header(sheet.count + index)
    canvas.write(BAND_ROW, at[1], "" if index else "test samples", band("helper"))
    name = f"{canvas.value(*sheet.header(index))}, test"
    formula = f'={relative_address(*sheet.header(index))}&", test"'
    canvas.calculate(*at, formula, name, header("error"))
    canvas.notes[at] = "the mean E_total of the test samples, with the weights after each epoch"
    canvas.widths[at[1]] = max(15, len(name) + 2)


def _title(sheet: Comparison, title: str) -> None:
    """Write the title above the errors, or a shorter one with a note if it does not fit."""
    canvas = sheet.canvas
    columns = range(TABLE + 1, TABLE + 1 + sheet.count)
    is_wide = sum(canvas.widths[column] for column in columns) >= len(title)
    canvas.write(BAND_ROW, TABLE + 1, title if is_wide else sheet.error, band("error"))
    if not is_wide:
        canvas.notes[BAND_ROW, TABLE + 1] = title


def _name(sheet: Comparison, index: int) -> str:
    """Write the name of a curve, and return it."""
    canvas, variant = sheet.canvas, sheet.plan.variants[index]
    if sheet.compares_optimizers:
        canvas.write(*sheet.header(index), variant.optimizer, header("error"))
        return variant.optimizer
    address = sheet.sources.address(f"learning_rate_{variant.rate + 1}")
    name = joined("η = ", typed(address, sheet.rates[index]))
    canvas.calculate(*sheet.header(index), name.formula, name.text, header("error"))
    return str(name.text)


def _row_address(cell: str) -> str:
    """Return the address of a cell of the same row; both tables start in that row."""
    sheet, _, address = cell.rpartition("!")
    return f"{sheet}!{address.split('$')[1]}{{row}}"


def write_flags(sheet: Comparison, workings: Workings) -> list[str]:
    """Mark the steps whose error is below the threshold, so that MATCH finds the first.

    Returns the absolute address of the marks of each curve.
    """
    canvas, threshold = sheet.canvas, sheet.plan.controls.threshold
    count = sheet.count
    corner = workings.block(canvas.name, f"Is {sheet.error} below the threshold? (1 = yes)", count)
    formulas = []
    for index in range(count):
        name = canvas.value(*sheet.header(index))
        formula = f"={canvas.absolute(*sheet.header(index))}"
        corner.canvas.calculate(corner.row - 1, corner.column + index, formula, name, HEADER)
        cell = beside(canvas, TABLE + 1 + index)
        formulas.append(f"=IF(ISNUMBER({cell}),IF({cell}<{sheet.threshold},1,0),0)")
    values = tuple((curve.values < threshold).astype(int) for curve in sheet.curves)
    styles = (number("helper", "0"),) * count
    block = Block(corner.row, corner.column, tuple(formulas), values, styles)
    corner.canvas.blocks.append(block)
    last = corner.row + sheet.steps - 1
    columns = range(corner.column, corner.column + count)
    return [corner.canvas.range(corner.row, column, last, column) for column in columns]


def beside(canvas: Canvas, column: int) -> str:
    """Return a cell of the table as a row of a block writes it, which is one row further down."""
    return f"{quoted(canvas.name)}!{column_letters(column)}{{previous}}"


HEADER = header("helper")
TABLE = 8
"""The column of the steps; left of it are the summary, of seven columns at most, and the charts."""
THRESHOLD_CELL = (2, 3)
MOST = 10.0**300  # of a training that begins with an error above DIVERGED
