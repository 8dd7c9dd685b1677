"""Draws the charts of a log, one for each group of metrics, and the cells behind them."""

from collections.abc import Sequence
from dataclasses import replace

from cnn.log.axes import Axis, share_axis, step_axis, value_axis
from cnn.log.log_page import FIRST_ROW, GRID, HEADER_ROW, LEFT, SIDE, TABLE, rows_of
from cnn.log.log_table import Table, hide_missing
from cnn.log.metrics import Group, Metric, groups, is_number, number_formats
from sheetgen.spreadsheet.address import cell_address, relative_address
from sheetgen.spreadsheet.canvas import Chart, Series
from sheetgen.spreadsheet.style import MUTED, SECTION, WHITE, Look, Style, header, look
from sheetgen.workbook.shared.alternative_texts import courses

HALF = GRID // 2
SIZE = (HALF * SIDE - 8, 276)
SLOT = rows_of(SIZE[1]) + 1
"""Rows of a chart with the gap below it."""
MOST = 12
"""Charts of a log; a program that logs hundreds of metrics has all of them in the table."""
_MOST_DOTS = 40
"""Epochs up to which each has a dot."""
_TRAIN, _TEST = replace(look(1), dash=""), replace(look(0), dash="long_dash")
_RATE, _TARGET = look(2), look(4)


def slot(place: int) -> tuple[int, int]:
    """Return the row of a chart by its place, and the column of the grid at which it begins."""
    down, across = divmod(place, 2)
    return FIRST_ROW + SLOT * down, HALF * across


def charted(metrics: Sequence[Metric]) -> list[Group]:
    """Return the groups of metrics that are drawn."""
    return groups(metrics)[:MOST]


def draw_charts(table: Table, target: str | None, corner: int) -> None:
    """Draw a chart for each group, two side by side.

    `target` is the cell of the target, if there is one, and `corner` the row from which on
    helper cells may be written, below the table.
    """
    canvas, log = table.canvas, table.log
    drawn = charted(log.metrics)
    x_axis, row = step_axis(log.steps), corner
    behind: dict[str, str] = {}
    unclean = [each for group in drawn for each in group.metrics if not each.is_clean]
    if unclean or target:
        canvas.write(row, TABLE, "Behind the charts", SECTION)
        row += 1
    line, main = None, log.main
    if target and log.target and main:
        line = _target_line(table, target, row, x_axis, number_formats([main])[main.name])
        row += 3
    if unclean:
        behind = {each.name: _without_texts(table, each, row) for each in unclean}
    for place, group in enumerate(drawn):
        has_target = line is not None and main in group.metrics
        limit = log.target.value if has_target and log.target else None
        series = [_curve(table, group, each, behind.get(each.name)) for each in group.metrics]
        if has_target and line:
            series.append(line)
        canvas.charts.append(_chart(place, group, series, x_axis, _axis(group, limit), log.step))


def _axis(group: Group, target: float | None) -> Axis | None:
    curves = [metric.numbers for metric in group.metrics]
    largest = max(map(max, curves))
    if group.is_share and (target is None or 0 <= target <= 1):
        return share_axis(curves, target)
    is_percent = all(metric.is_accuracy and min(metric.numbers) >= 0 for metric in group.metrics)
    if is_percent and 1 < largest <= 100 and (target is None or 0 <= target <= 100):
        return share_axis(curves, target, full=100.0)
    return value_axis([value for curve in curves for value in curve] + ([target] if target else []))


def _chart(
    place: int, group: Group, series: Sequence[Series], x_axis: Axis, y_axis: Axis | None, step: str
) -> Chart:
    row, column = slot(place)
    y = (y_axis.low, y_axis.high) if y_axis else (None, None)
    told = courses({each.name: each.numbers for each in group.metrics}, group.is_share)
    return Chart(
        (row, LEFT + column),
        SIZE,
        tuple(series),
        f"{group.title} by {step}: {told}.",
        (step, group.title),
        legend="bottom" if len(series) > 1 else "",
        labels_outside=True,
        limits=(x_axis.low, x_axis.high, *y),
        units=(x_axis.unit, y_axis.unit if y_axis else None),
        number_format=y_axis.number_format if y_axis else "General",
        offset=(0, 8),
    )


def _curve(table: Table, group: Group, metric: Metric, behind: str | None) -> Series:
    canvas, column = table.canvas, table.column(metric)
    drawn_as = _look(group, metric)
    return Series(
        canvas.range(FIRST_ROW, TABLE, table.last_row, TABLE),
        behind or canvas.range(FIRST_ROW, column, table.last_row, column),
        canvas.absolute(HEADER_ROW, column),
        drawn_as.colour,
        1.75,
        drawn_as.dash if len(group.metrics) > 1 else "",
        dots=4 if len(table.log.rows) <= _MOST_DOTS else 0,
    )


def _look(group: Group, metric: Metric) -> Look:
    """Return the look of the metric's part of the data, or of its place in the chart.

    A loss beside one of test data is that of the training data, whether it says so or not.
    """
    if metric.is_rate and len(group.metrics) == 1:
        return _RATE
    parts = [each.part or "train" for each in group.metrics]
    if len(set(parts)) == len(parts):
        return _TEST if (metric.part or "test" * (len(parts) == 1)) == "test" else _TRAIN
    return look(group.metrics.index(metric))


def _target_line(table: Table, target: str, row: int, axis: Axis, digits: str) -> Series:
    """Write the two ends of the target's line, from one edge of the chart to the other."""
    canvas = table.canvas
    muted = Style(colour=MUTED, number_format="0")
    canvas.write(row, TABLE, table.log.step, header("helper"))
    canvas.write(row, TABLE + 1, "target", header("helper"))
    value = table.log.target.value if table.log.target else 0.0
    style = Style(colour=MUTED, number_format=digits)
    for at, end in ((row + 1, axis.low), (row + 2, axis.high)):
        canvas.write(at, TABLE, end, muted)
        canvas.calculate(at, TABLE + 1, f"={target}", value, style)
    x = canvas.range(row + 1, TABLE, row + 2, TABLE)
    y = canvas.range(row + 1, TABLE + 1, row + 2, TABLE + 1)
    return Series(x, y, canvas.absolute(row, TABLE + 1), _TARGET.colour, 1.5, _TARGET.dash)


def _without_texts(table: Table, metric: Metric, row: int) -> str:
    """Write a copy of a column, in which a text is no value: a chart would draw it as 0."""
    canvas, column = table.canvas, table.column(metric)
    name = f"={cell_address(HEADER_ROW, column)}"
    canvas.calculate(row, column, name, metric.name, header("helper"))
    style = Style(colour=MUTED, align="right")
    for place, value in enumerate(metric.values):
        source = relative_address(FIRST_ROW + place, column)
        found = value if is_number(value) else "#N/A"
        formula = f"=IF(ISNUMBER({source}),{source},NA())"
        canvas.calculate(row + 1 + place, column, formula, found or 0.0, style)
    hide_missing(canvas, (row + 1, column, row + len(metric.values), column), WHITE)
    return canvas.range(row + 1, column, row + len(metric.values), column)
