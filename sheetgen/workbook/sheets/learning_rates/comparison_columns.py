"""The columns of the sheet that compares trainings: the error of each curve at every step."""

import numpy as np

from sheetgen.spreadsheet.address import cell_address, column_letters, range_address
from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, band, header, number
from sheetgen.workbook.plan import Plan, general_text
from sheetgen.workbook.shared.curves import cell_of
from sheetgen.workbook.shared.page import write_band
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import FIRST_ROW, HEADER_ROW
from sheetgen.workbook.sheets.training_table import BAND_ROW, Compared

FLAGS_OFFSET = 20  # columns from the summary to the helper columns, beyond the charts
NONE = "1E+300"  # greater than any error


class Comparison:
    """The sheet, what it compares, and where its parts are.

    `rates` are the learning rates of the `curves`, and `subject` is what is compared, in a
    heading; `flags_column` is the first of the columns that say whether an error is below the
    threshold, `extremes_column` that of the least error of each step, with the greatest beside it;
    `scale_row` has the lowest error on all small charts, and the row below the highest.
    """

    def __init__(
        self, canvas: Canvas, plan: Plan, compared: tuple[Compared, ...], sources: Sources
    ) -> None:
        self.canvas, self.plan, self.compared, self.sources = canvas, plan, compared, sources
        self.compares_optimizers = bool(plan.template.compare)
        self.subject = "optimiser" if self.compares_optimizers else "learning rate η"
        self.curves = [each.curve for each in compared]
        self.step, self.error = self.curves[0].step, self.curves[0].error
        self.rates = [plan.template.learning_rates[each.rate] for each in plan.variants]
        self.last_row = FIRST_ROW + len(self.curves[0].values) - 1
        self.summary_column = len(self.rates) + 2
        self.flags_column = self.summary_column + FLAGS_OFFSET
        self.extremes_column = self.flags_column + len(self.rates) + 1
        self.scale_row = FIRST_ROW + len(self.rates) + 2

    def steps(self, column: int) -> str:
        """Return the range of a column at all steps, on the sheet itself."""
        return range_address(FIRST_ROW, column, self.last_row, column)

    @property
    def threshold(self) -> str:
        """The address of the threshold, on the sheet itself."""
        return cell_address(2, self.summary_column + 3)


def series_name(plan: Plan, index: int) -> str:
    """Return the cell that names a curve: "η = 0.1", live, or "adam"."""
    return Canvas(plan.comparison).absolute(HEADER_ROW, 1 + index)


def write_columns(sheet: Comparison) -> None:
    """Write the table of errors, the flags and the extremes."""
    _table(sheet)
    _flags(sheet)
    _extremes(sheet)


def _table(sheet: Comparison) -> None:
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
    titles = (f"{sheet.error} at each {of_each}", sheet.error)
    _title(sheet, 1, titles, "error")
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
    canvas.numbers.append((FIRST_ROW, 1, sheet.last_row, len(sheet.rates)))


def _title(sheet: Comparison, column: int, titles: tuple[str, str], kind: str) -> None:
    """Write the title above a column for each curve: the long one if these are wide enough."""
    canvas, columns = sheet.canvas, range(column, column + len(sheet.rates))
    is_wide = sum(canvas.widths[each] for each in columns) >= len(titles[0])
    canvas.write(BAND_ROW, column, titles[0] if is_wide else titles[1], band(kind))
    if not is_wide:
        canvas.notes[BAND_ROW, column] = titles[0]


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


def _flags(sheet: Comparison) -> None:
    """Mark the iterations whose error is below the threshold, so that MATCH finds the first."""
    canvas, threshold = sheet.canvas, sheet.plan.controls.threshold
    title = f"helper: is {sheet.error} below the threshold? (1 = yes)"
    formulas = []
    for index in range(len(sheet.rates)):
        place = sheet.flags_column + index
        canvas.write(BAND_ROW, place, "", band("helper"))
        name = f"={cell_address(HEADER_ROW, 1 + index)}"
        canvas.calculate(
            HEADER_ROW, place, name, canvas.value(HEADER_ROW, 1 + index), header("helper")
        )
        cell = f"{column_letters(1 + index)}{{row}}"
        formulas.append(f"=IF(ISNUMBER({cell}),IF({cell}<{sheet.threshold},1,0),0)")
        canvas.widths[place] = canvas.widths[1 + index]
    _title(sheet, sheet.flags_column, (title, "helper: flags"), "helper")
    values = [(curve.values < threshold).astype(int) for curve in sheet.curves]
    styles = (number("helper", "0"),) * len(formulas)
    block = Block(FIRST_ROW, sheet.flags_column, tuple(formulas), tuple(values), styles)
    canvas.blocks.append(block)


def _extremes(sheet: Comparison) -> None:
    """Write each step's least and greatest error, of those curves that are still numbers."""
    canvas, left = sheet.canvas, sheet.extremes_column
    title = "helper: of all that are numbers"
    cells = [f"{column_letters(1 + index)}{{row}}" for index in range(len(sheet.rates))]
    write_band(canvas, BAND_ROW, left, title, ("least error", "greatest error"), "helper")
    formulas = []
    for column, (function, none) in enumerate((("MIN", NONE), ("MAX", "0")), start=left):
        canvas.widths[column] = 16
        canvas.notes[HEADER_ROW, column] = f"{none} where no error is a number any more"
        numbers = ",".join(f"IF(ISNUMBER({cell}),{cell},{none})" for cell in cells)
        formulas.append(f"={function}({numbers})")
    errors = np.array([curve.values for curve in sheet.curves])
    is_number = np.isfinite(errors)
    least = np.where(is_number, errors, float(NONE)).min(axis=0)
    greatest = np.where(is_number, errors, 0.0).max(axis=0)
    styles = (number("helper", FINE),) * 2
    block = Block(FIRST_ROW, left, tuple(formulas), (least, greatest), styles)
    canvas.blocks.append(block)
    canvas.numbers.append((FIRST_ROW, left, sheet.last_row, left + 1))
