"""The sheet `Playground`: a learning rate to type, the whole table, the error chart beside it."""

from sheetgen.spreadsheet.canvas import POSITIVE, Canvas
from sheetgen.spreadsheet.style import INPUT, KINDS
from sheetgen.workbook.plan import PLAYGROUND, Plan
from sheetgen.workbook.shared.epoch_tests import Evaluations
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import RATE_CELL, Table
from sheetgen.workbook.sheets.training_table import draw_curves, draw_table


def playground_sheet(plan: Plan, sources: Sources, evaluations: Evaluations | None) -> Table:
    """Draw the sheet."""
    canvas = Canvas(PLAYGROUND, tab_colour=KINDS["unit"].strong)
    canvas.title("Playground: type η in B2")
    rate = plan.controls.learning_rate
    canvas.ask(*RATE_CELL, "learning_rate", rate, INPUT, **POSITIVE)
    canvas.notes[RATE_CELL] = "Type a learning rate above 0 and watch the table and the chart."
    table = draw_table(canvas, plan, plan.playground, sources, plan.template.optimizer)
    draw_curves(table, plan, "", KINDS["unit"].strong, evaluations)
    return table
