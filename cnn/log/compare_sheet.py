"""Composes the sheet that compares trainings: a metric to choose, curves, means over seeds."""

from dataclasses import replace

from cnn.log.axes import step_axis
from cnn.log.comparison import LONGEST_NAME, Comparison, t_quantile
from cnn.log.comparison_data import draw_data, draw_known, has_gaps
from cnn.log.comparison_page import CHART, ComparisonPage
from cnn.log.comparison_tables import draw_every, draw_groups, draw_runs, result
from cnn.log.log_charts import SLOT
from cnn.log.log_page import (
    FIRST_ROW,
    GAP_WIDTH,
    GRID,
    GRID_WIDTH,
    HEADER_ROW,
    LEFT,
    MARGIN_WIDTH,
    METRIC_WIDTH,
    TABLE,
    grid,
)
from cnn.log.metrics import Metric, number_formats
from sheetgen.spreadsheet.canvas import Canvas, Chart, Rule, Series
from sheetgen.spreadsheet.stamp import identifier, stamp_sheet
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LABEL,
    NOTE,
    SERIES_COLOURS,
    TITLE,
    Style,
)

_MOST_NAMED = 8
"""Curves with a name in the legend."""
_MOST_DOTS = 40
_RESULT = Style(size=12, bold=True, colour=KINDS["gradient"].strong)
_WHOLE = "#,##0"
_FORMATS = ("0.0000", "0.00%", "0.00E+00", _WHOLE)
"""Of the chosen metric, by what is known of it; the first is that of the cells, then SHARE's."""


def compare_sheet(comparison: Comparison, sheet: str) -> tuple[Canvas, str]:
    """Draw the sheet; return it and the mark by which a later one replaces it."""
    canvas = Canvas(sheet, tab_colour=KINDS["gradient"].strong)
    page = ComparisonPage(canvas, comparison)
    canvas.freeze, canvas.repeat_rows = (FIRST_ROW, 0), (0, HEADER_ROW)
    canvas.heights |= {0: 28.0, 1: 20.0, HEADER_ROW: 20.0}
    canvas.widths |= {0: MARGIN_WIDTH, TABLE - 1: GAP_WIDTH, TABLE: float(LONGEST_NAME)}
    canvas.widths |= dict.fromkeys(range(LEFT, LEFT + GRID), GRID_WIDTH)
    canvas.widths |= dict.fromkeys(range(TABLE + 1, TABLE + 7), METRIC_WIDTH)
    canvas.write(0, LEFT, comparison.title, TITLE)
    _choice(page)
    formats = _formats(comparison)
    quantiles = [t_quantile(freedom) for freedom in range(1, page.freedoms + 1)]
    draw_known(page, quantiles, [_kind(each) for each in formats])
    draw_data(page, formats)
    draw_runs(page)
    draw_every(page, formats)
    draw_groups(page)
    told = result(page)
    canvas.calculate(1, LEFT, told.formula, told.text, _RESULT)
    _follow_formats(page)
    _charts(page)
    mark = identifier(["comparison", comparison.title])
    stamp_sheet(canvas, mark, page.end, LEFT + 3)
    return canvas, mark


def _choice(page: ComparisonPage) -> None:
    area, names = grid(page.canvas), page.comparison.metrics
    area.say(HEADER_ROW, 0, "metric", LABEL)
    column = area.merged(HEADER_ROW, 2, 8)
    source = page.corner_range("metric", len(names))
    page.canvas.choose(HEADER_ROW, column, "metric", names[0], names, INPUT, source)
    count, groups = len(page.comparison.logs), len(page.comparison.groups)
    told = "each with settings of its own" if groups == count else f"{groups} settings"
    text = f"{count} trainings, " + ("one setting" if groups == 1 else told)
    area.say(HEADER_ROW, 11, text, NOTE)


def _formats(comparison: Comparison) -> list[str]:
    """Return the number format of each metric by its values in all trainings."""
    found = [
        Metric(name, tuple(value for log in comparison.logs for each in log.metrics
                           if each.name == name for value in each.values))
        for name in comparison.metrics
    ]  # fmt: skip
    formats = number_formats(found)
    return [formats[name] for name in comparison.metrics]


def _kind(number_format: str) -> int:
    return _FORMATS.index(number_format) if number_format in _FORMATS else 0


def _follow_formats(page: ComparisonPage) -> None:
    """Show numbers of the chosen metric in its format: a conditional one follows the choice."""
    count, groups = len(page.comparison.logs), len(page.comparison.groups)
    first, last = page.groups_row + 1, page.groups_row + groups
    spread = (first, TABLE + 3, last, TABLE + 3)
    others = [
        (first, TABLE + 2, last, TABLE + 2),
        (first, TABLE + 4, last, TABLE + 6),
        (page.runs_row + 1, TABLE + 2, page.runs_row + count, TABLE + 3),
        (page.chosen_row + 1, TABLE + 1, page.chosen_row + page.count, page.group(groups) - 1),
    ]
    for kind, number_format in enumerate(_FORMATS[1:], start=1):
        # The deviation of whole numbers is none.
        for place in others if number_format == _WHOLE else [*others, spread]:
            formula = f"={page.known(2)}={kind}"
            page.canvas.rules.append(Rule(place, formula, {"num_format": number_format}))
    page.canvas.numbers += [*others, spread]


def _charts(page: ComparisonPage) -> None:
    x_axis, step = step_axis(page.comparison.steps), page.comparison.logs[0].step
    for place, (series, title) in enumerate(
        ((_means(page), "mean ± s"), (_curves(page), "each training"))
    ):
        named = [each for each in series if each.in_legend]
        page.canvas.charts.append(
            Chart(
                (FIRST_ROW + place * SLOT, LEFT),
                CHART,
                tuple(series),
                f"{title} by {step}",
                (step, title),
                legend="bottom" if len(named) <= _MOST_NAMED else "",
                labels_outside=True,
                limits=(x_axis.low, x_axis.high, None, None),
                units=(x_axis.unit, None),
                offset=(0, 8),
            )
        )


def _series(page: ComparisonPage, row: int, column: int, length: int, colour: str) -> Series:
    canvas = page.canvas
    return Series(
        canvas.range(page.chosen_row + 1, TABLE, page.chosen_row + length, TABLE),
        canvas.range(row + 1, column, row + length, column),
        canvas.absolute(row, column),
        colour,
        1.25,
        dots=4 if length <= _MOST_DOTS else 0,
    )


def _curves(page: ComparisonPage) -> list[Series]:
    """Return a curve for each training; those of several groups have the group's colour and name.

    A training with gaps is drawn from cells that have no texts.
    """
    found, groups = [], page.comparison.groups
    for rank, group in enumerate(groups):
        for place in group:
            colour = SERIES_COLOURS[(rank if len(groups) > 1 else place) % len(SERIES_COLOURS)]
            row, column, length = page.chosen_row, page.run(place), page.count
            if has_gaps(page, place):
                row, column = page.logs_row, page.drawn(place)
            else:
                length = len(page.comparison.metric(place, page.comparison.metrics[0]).numbers)
            curve = _series(page, row, column, length, colour)
            if len(groups) > 1:
                name = page.canvas.absolute(page.groups_row + 1 + rank, TABLE)
                curve = replace(curve, name=name, in_legend=place == group[0])
            found.append(curve)
    return found


def _means(page: ComparisonPage) -> list[Series]:
    """Return the mean of each group, with the band of one standard deviation around it."""
    found = []
    for place, group in enumerate(page.comparison.groups):
        colour, column = SERIES_COLOURS[place % len(SERIES_COLOURS)], page.group(place)
        curve = _series(page, page.chosen_row, column, page.count, colour)
        name = page.canvas.absolute(page.groups_row + 1 + place, TABLE)
        found.append(replace(curve, name=name, width=2.25))
        for offset in (1, 2) if len(group) > 1 else ():
            edge = _series(page, page.chosen_row, column + offset, page.count, colour)
            found.append(replace(edge, width=0.75, dash="dash", dots=0, in_legend=False))
    return found
