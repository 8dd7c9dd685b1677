"""The sheet `Predictions`: what the network says of every sample at a chosen iteration.

On the left are the counts, and with classes the confusion matrices; on the right is a row for each
sample. The answers follow the weights of the chosen row of a training table.
"""

from collections.abc import Sequence

from sheetgen.spreadsheet.address import MAXIMUM_FORMULA
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import KINDS, label
from sheetgen.workbook.plan import PREDICTIONS, Plan
from sheetgen.workbook.shared.moment import Moment
from sheetgen.workbook.shared.page import longest_formula
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import FIRST_ROW, HEADER_ROW, Table
from sheetgen.workbook.shared.workings import Corner, Workings
from sheetgen.workbook.sheets.predictions.listed_samples import ListedSamples, called
from sheetgen.workbook.sheets.predictions.prediction_counts import Summary
from sheetgen.workbook.sheets.predictions.sample_columns import SampleColumns
from sheetgen.workbook.sheets.training_table import BAND_ROW

CONTROLS = (3, 2)  # the cell of the table; that of the iteration is below it


def predictions_sheet(
    plan: Plan, sources: Sources, tables: Sequence[Table], workings: Workings
) -> Canvas | None:
    """Draw the sheet; return None if there is only one sample or if a formula fits no cell."""
    if plan.data.samples + plan.data.test_samples == 1:
        return None
    canvas = Canvas(PREDICTIONS, tab_colour=KINDS["unit"].strong, freeze=(FIRST_ROW, 0))
    canvas.repeat_rows = (BAND_ROW, HEADER_ROW)
    corner = workings.block(PREDICTIONS, "The classes", 1)
    names = _list_classes(plan, corner)
    moment = Moment.ask(canvas, plan, tables, "predictions", CONTROLS, workings, may_be_after=True)
    samples = ListedSamples(canvas, plan, sources, moment, workings, names)
    summary = Summary(canvas, samples, moment, workings)
    columns = SampleColumns(canvas, plan, samples, summary.next_column)
    columns.draw()
    samples.draw_behind()
    summary.draw()
    last_row = max(columns.last_row, summary.last_row)
    canvas.print_area = (0, 0, last_row, columns.next_column - 1)
    if max(longest_formula(canvas), longest_formula(workings.canvas)) > MAXIMUM_FORMULA:
        workings.release(corner)
        return None
    return canvas


def _list_classes(plan: Plan, corner: Corner) -> str:
    """Write the names of the classes; return their range."""
    for row, name in enumerate(called(plan) or ["none"], start=corner.row):
        corner.canvas.write(row, corner.column, name, label("unit"))
    last = corner.row + max(1, len(plan.classes)) - 1
    return corner.canvas.range(corner.row, corner.column, last, corner.column)
