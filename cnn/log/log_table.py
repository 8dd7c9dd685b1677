"""Draws the table of a log, a row for each epoch, and says where its columns are."""

from dataclasses import dataclass, replace
from math import isnan

from cnn.log.description import TrainingLog
from cnn.log.log_page import FIRST_ROW, HEADER_ROW, METRIC_WIDTH, STEP_WIDTH, TABLE
from cnn.log.metrics import Logged, Metric, is_number, number_formats
from sheetgen.spreadsheet.address import cell_address, range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Place, Rule, Value
from sheetgen.spreadsheet.style import Style, header, number

_WIDEST = 60.0
_ROOM = 1.5
"""Characters more than a bold header has, so that it is not cut."""
_LONG, _SMALLER = 11, 0.9
"""Characters of a line that is written smaller, and how much room each needs then."""


@dataclass(frozen=True)
class Table:
    """The cells of the table."""

    canvas: Canvas
    log: TrainingLog

    @property
    def last_row(self) -> int:
        """The row of the last epoch."""
        return FIRST_ROW + len(self.log.rows) - 1

    @property
    def steps(self) -> str:
        """The range of the numbers of the epochs, on this sheet."""
        return range_address(FIRST_ROW, TABLE, self.last_row, TABLE)

    def column(self, metric: Metric) -> int:
        """Return the column of a metric."""
        return TABLE + 1 + self.log.metrics.index(metric)

    def cells(self, metric: Metric) -> str:
        """Return the range of a metric's values, on this sheet, so that it may be renamed."""
        column = self.column(metric)
        return range_address(FIRST_ROW, column, self.last_row, column)

    def last_cell(self, metric: Metric) -> str:
        """Return the cell of the last number of a metric."""
        values = metric.values
        place = max(at for at, value in enumerate(values) if is_number(value))
        return cell_address(FIRST_ROW + place, self.column(metric))


def draw_table(canvas: Canvas, log: TrainingLog) -> Table:
    """Draw the numbers of the epochs and each metric in a column of its own."""
    table, formats = Table(canvas, log), number_formats(log.metrics)
    steps = Metric(log.step, tuple(log.steps))
    _column(canvas, TABLE, steps, "iteration", "0", STEP_WIDTH)
    for metric in log.metrics:
        width = METRIC_WIDTH
        _column(canvas, table.column(metric), metric, metric.kind, formats[metric.name], width)
    return table


def _column(
    canvas: Canvas, column: int, metric: Metric, kind: str, digits: str, width: float
) -> None:
    style, needed = _header(kind, metric.name)
    canvas.write(HEADER_ROW, column, metric.name, style)
    style, shown = number(kind, digits), [shown_value(value) for value in metric.values]
    texts = [len(value) for value in shown if isinstance(value, str)]
    canvas.widths[column] = min(max(width, needed, *texts), _WIDEST)
    for row, value in enumerate(shown, start=FIRST_ROW):
        right = replace(style, align="right") if isinstance(value, str) else style
        canvas.write(row, column, value, right)


def _header(kind: str, name: str) -> tuple[Style, float]:
    """Return the style of a header and the characters that its column needs.

    One that is a little too long for a column of the usual width is written smaller.
    """
    style, longest = replace(header(kind), wrap=True), in_two_lines(name)
    if METRIC_WIDTH - _ROOM < longest <= _LONG:
        return replace(style, size=9), _SMALLER * longest
    return style, longest + _ROOM


def in_two_lines(text: str) -> int:
    """Return the number of characters a line that a text needs to fit into two."""
    words = text.split()
    halves = ((words[:cut], words[cut:]) for cut in range(len(words)))
    return min((max(len(" ".join(half)) for half in each) for each in halves), default=0)


def hide_missing(canvas: Canvas, place: Place, fill: str) -> None:
    """Let cells look empty that are #N/A, as a chart would draw an empty text as 0."""
    formula = f"=ISNA({relative_address(place[0], place[1])})"
    canvas.rules.append(Rule(place, formula, {"font_color": fill}))


def shown_value(value: Logged) -> Value:
    """Return what the cell of a logged value holds: a cell has neither NaN nor infinities."""
    if value is None:
        return ""
    if isinstance(value, str) or is_number(value):
        return value
    return "NaN" if isnan(value) else "∞" if value > 0 else "−∞"
