"""Composes the sheet of a training's log from its description."""

from cnn.log.description import TrainingLog
from cnn.log.log_charts import HALF, SLOT, charted, draw_charts, slot
from cnn.log.log_page import (
    CELLS,
    FIRST_ROW,
    GAP_WIDTH,
    GRID,
    GRID_WIDTH,
    HEADER_ROW,
    LEFT,
    MARGIN_WIDTH,
    METRIC_WIDTH,
    TABLE,
    Page,
    draw_list,
    grid,
)
from cnn.log.log_results import draw_confusion, draw_examples, draw_layers
from cnn.log.log_summary import draw_summary
from cnn.log.log_table import draw_table
from sheetgen.spreadsheet.canvas import Canvas, Rule
from sheetgen.spreadsheet.stamp import stamp_sheet
from sheetgen.spreadsheet.style import KINDS, MUTED, Style

_HEIGHTS = (28.0, 20.0, 30.0)
"""Points of the title, the result and the header."""
_RESULT = Style(size=12, bold=True)
_REACHED: dict[str, object] = {"font_color": KINDS["unit"].strong}
_DETAILS = Style(colour=MUTED)
_PICTURES = 12
"""Rows of some pictures."""
_STAMP = 3
"""The column of the grid up to which the labels of the stamp run."""


def log_sheet(log: TrainingLog) -> Canvas:
    """Draw the sheet of a training: what came of it, charts, and the table beside them."""
    canvas = Canvas(log.sheet, tab_colour=KINDS["unit"].strong)
    canvas.freeze, canvas.repeat_rows = (FIRST_ROW, 0), (HEADER_ROW, HEADER_ROW)
    canvas.heights.update(enumerate(_HEIGHTS))
    canvas.widths |= {0: MARGIN_WIDTH, TABLE - 1: GAP_WIDTH}
    canvas.widths |= dict.fromkeys(range(LEFT, LEFT + GRID), GRID_WIDTH)
    canvas.widths |= dict.fromkeys(range(TABLE, TABLE + CELLS), METRIC_WIDTH)
    canvas.title(log.title, LEFT)
    canvas.write(HEADER_ROW, LEFT, log.details, _DETAILS)
    table = draw_table(canvas, log)
    drawn = charted(log.metrics)
    row, column = slot(len(drawn))
    results = draw_summary(grid(canvas, column), row, table)
    words = results.sentence
    canvas.calculate(1, LEFT, words.formula, words.text, _RESULT)
    if results.met:
        canvas.rules.append(Rule((1, LEFT, 1, LEFT), f'={results.met}="PASS"', _REACHED))
    left = max(row + (SLOT if column == HALF else 0), results.last_row + 2)
    page = Page.of(canvas, left, table.last_row + 3)
    if log.confusion:
        draw_confusion(page, log.confusion)
    if log.layers:
        draw_layers(page.shorter, log)
    if log.settings:
        draw_list(page.shorter, "Settings", log.settings)
    if log.examples:
        # Pictures have more room on the left.
        is_higher = page.left.row < page.right.row + _PICTURES
        draw_examples(page.left if is_higher else page.right, log)
    draw_charts(table, results.target, page.end)
    stamp_sheet(canvas, log.mark, page.end, LEFT + _STAMP)
    return canvas
