"""Composes the sheet that compares trainings: a metric to choose, curves, means over seeds."""

from dataclasses import replace

from cnn.log.axes import step_axis
from cnn.log.comparison import LONGEST_NAME, Comparison, t_quantile
from cnn.log.comparison_data import (
    SHARE,
    by_step,
    draw_logs,
    draw_means,
    draw_metrics,
    mean_rows,
)
from cnn.log.comparison_page import (
    CHART,
    CHART_COLUMN,
    CHOSEN,
    COLUMNS,
    FORMAT,
    NUMBERS,
    STEP,
    WIDTH,
    ComparisonPage,
)
from cnn.log.comparison_tables import draw_every, draw_groups, draw_runs, draw_settings, result
from cnn.log.log_page import FIRST_ROW, HEADER_ROW, LEFT, MARGIN_WIDTH
from cnn.log.metrics import Metric, is_number, number_formats
from sheetgen.spreadsheet.canvas import Canvas, Chart, Place, Rule, Series
from sheetgen.spreadsheet.stamp import identifier, stamp_sheet
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LABEL,
    NOTE,
    SECTION,
    Look,
    Style,
    look,
)
from sheetgen.workbook.shared.alternative_texts import NAMED, courses, digits

_MOST_NAMED = 8
"""Curves with a name in the legend."""
_MOST_DOTS = 40
_LOW, _NEAR = 0.95, 0.85
"""An axis of shares up to the one does not go beyond 100 %; nor does it, or not far, if the least
share is so near the largest."""
_UP_TO_100 = "[<=100]General;"
_RESULT = Style(size=12, bold=True, colour=KINDS["gradient"].strong)
_WHOLE = "#,##0"
_FORMATS = ("0.0000", "0.00%", "0.00E+00", _WHOLE)
"""Of the chosen metric, by what is known of it; the first is that of the cells, then SHARE's."""
_BESIDE = 12
"""Pixels between the tables and a chart."""


def compare_sheet(comparison: Comparison, sheet: str) -> tuple[Canvas, str]:
    """Draw the sheet; return it and the mark by which a later one replaces it."""
    canvas = Canvas(sheet, tab_colour=KINDS["gradient"].strong)
    page = ComparisonPage(canvas, comparison)
    # All that is long enough to go on on the next page is the table of the logs.
    canvas.freeze, canvas.repeat_rows = (FIRST_ROW, 0), (page.logs_row, page.logs_row)
    canvas.heights |= {0: 28.0, 1: 20.0, HEADER_ROW: 20.0, FIRST_ROW: 26.0}
    canvas.widths |= {0: MARGIN_WIDTH, LEFT: float(LONGEST_NAME)}
    canvas.widths |= dict.fromkeys(range(NUMBERS, CHART_COLUMN + COLUMNS), WIDTH)
    canvas.title(comparison.title, LEFT)
    _choice(page)
    formats = _formats(comparison)
    quantiles = [t_quantile(freedom) for freedom in range(1, page.freedoms + 1)]
    draw_metrics(page, quantiles, [_kind(each) for each in formats])
    draw_logs(page, formats)
    draw_means(page)
    draw_runs(page)
    draw_settings(page)
    draw_every(page, formats)
    draw_groups(page)
    told = result(page)
    canvas.calculate(1, LEFT, told.formula, told.text, _RESULT)
    _follow_formats(page)
    _charts(page)
    if page.has_means:
        canvas.row_breaks.append(page.means_row - 2)  # so that the table has its header
    mark = identifier(["comparison", comparison.title])
    stamp_sheet(canvas, mark, page.end, LEFT)
    return canvas, mark


def _choice(page: ComparisonPage) -> None:
    canvas, names = page.canvas, page.comparison.metrics
    canvas.write(HEADER_ROW, LEFT, "metric", LABEL)
    canvas.merges.append((HEADER_ROW, NUMBERS, HEADER_ROW, NUMBERS + 2))
    source = page.known_range(LEFT, len(names))
    canvas.choose(HEADER_ROW, NUMBERS, "metric", names[0], names, INPUT, source)
    count, groups = len(page.comparison.logs), len(page.comparison.groups)
    told = "each with settings of its own" if groups == count else f"{groups} settings"
    text = f"{count} trainings, " + ("one setting" if groups == 1 else told)
    canvas.write(HEADER_ROW, NUMBERS + 3, text, replace(NOTE, indent=1))


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
    shown: list[Place] = [
        (first, NUMBERS + 1, last, NUMBERS + 1),
        (first, NUMBERS + 3, last, NUMBERS + 5),
        (page.runs_row + 1, NUMBERS + 1, page.runs_row + count, NUMBERS + 2),
    ]
    spread: list[Place] = [
        (first, NUMBERS + 2, last, NUMBERS + 2),
        (page.runs_row + 1, NUMBERS + 4, page.runs_row + count, NUMBERS + 4),
    ]
    drawn: list[Place] = [(page.logs_row + 1, CHOSEN, page.end - 2, page.metric_column(-1))]
    if page.has_means:
        right = page.mean_column(groups) - 1
        drawn.append((page.means_row + 1, NUMBERS, page.logs_row - 3, right))
    for kind, number_format in enumerate(_FORMATS[1:], start=1):
        # The deviation of whole numbers is none.
        places = shown if number_format == _WHOLE else [*shown, *spread]
        drawn_format = number_format.replace("%", "")  # drawn as percent: 97.24
        for of, places_of in ((number_format, places), (drawn_format, drawn)):
            for place in places_of:
                formula = f"={page.kind}={kind}"
                page.canvas.rules.append(Rule(place, formula, {"num_format": of}))
    page.canvas.numbers += [*shown, *spread, *drawn]


def _charts(page: ComparisonPage) -> None:
    steps, step = page.comparison.steps, page.comparison.logs[0].step
    start = _first_drawn(page)
    x_axis = step_axis([each for each in steps if each >= start])
    since = f", from {step} {start:g} on" if start > steps[0] else ""
    drawn = [(_curves(page, start), "each training", _courses(page))]
    if page.has_means:
        spread = " ± s" if page.mean_columns > 1 else ""
        drawn.insert(0, (_means(page, start), f"mean{spread} of each setting", _ends(page)))
    for place, (series, title, ways) in enumerate(drawn):
        row = page.chart_row(place)
        told = by_step(page, f": {title}{since}")
        page.canvas.calculate(
            row, CHART_COLUMN, told.formula, told.text, replace(SECTION, indent=2)
        )
        named = [each for each in series if each.in_legend]
        page.canvas.charts.append(
            Chart(
                (row + 1, CHART_COLUMN),
                CHART,
                tuple(series),
                f"{page.comparison.metrics[0]} by {step}, {title}: {ways}.",
                (step, ""),
                legend="bottom" if len(named) <= _MOST_NAMED else "",
                labels_outside=True,
                limits=(x_axis.low, x_axis.high, None, None),
                units=(x_axis.unit, None),
                number_format=_axis_format(page),
                offset=(_BESIDE, 0),
            )
        )


def _courses(page: ComparisonPage) -> str:
    """Say how the chosen metric goes in each training."""
    comparison, count = page.comparison, len(page.comparison.logs)
    found = [comparison.metric(place, comparison.metrics[0]) for place in range(count)]
    is_share = all(metric.is_share for metric in found)
    curves = {name: metric.numbers for name, metric in zip(comparison.names, found, strict=True)}
    return courses({name: curve for name, curve in curves.items() if curve}, is_share)


def _ends(page: ComparisonPage) -> str:
    """Say where the chosen metric ends in each group, in the mean."""
    found = []
    for group in page.comparison.groups[:NAMED]:
        metrics = [page.comparison.metric(place, page.comparison.metrics[0]) for place in group]
        ends = [metric.numbers[-1] for metric in metrics if metric.numbers]
        if ends:
            end = sum(ends) / len(ends)
            shown = f"{end:.1%}" if all(each.is_share for each in metrics) else digits(end)
            found.append(f"{page.comparison.called(group)} ends at {shown}")
    return "; ".join(found) or "no numbers"


def _axis_format(page: ComparisonPage) -> str:
    """Return the format of the numbers along the axis: if all are at most 100, of no others."""
    logs = page.comparison.logs
    metrics = [
        page.comparison.metric(place, name)
        for place in range(len(logs))
        for name in page.comparison.metrics
    ]
    return "General" if any(max(each.numbers, default=0) > 100 for each in metrics) else _UP_TO_100


def _first_drawn(page: ComparisonPage) -> float:
    """Return from which epoch on the curves are drawn.

    Programs begin an axis with 0 where numbers are far apart, and then it ends with 120 %. So the
    first epochs of accuracies near 100 % are left out, but no more than half of them.
    """
    logs, name, steps = page.comparison.logs, page.comparison.metrics[0], page.comparison.steps
    if page.canvas.value(*page.known(FORMAT)) != SHARE:
        return steps[0]
    metrics = [page.comparison.metric(place, name) for place in range(len(logs))]
    points = [
        (step, value)
        for log, metric in zip(logs, metrics, strict=True)
        for step, value in zip(log.steps, metric.values, strict=True)
        if is_number(value)
    ]
    most = min(len(log.steps) for log in logs) // 2
    for start in steps[: most + 1]:
        shown = [value for step, value in points if step >= start]
        if max(shown, default=0) <= _LOW or min(shown) >= _NEAR * max(shown):
            return start
    return steps[0]


def _series(
    page: ComparisonPage, rows: tuple[int, int], columns: tuple[int, int], drawn_as: Look
) -> Series:
    """Return the curve of a column over another, from the first to the last of some rows."""
    first, last = rows
    x, y = (page.canvas.range(first, column, last, column) for column in columns)
    dots = 4 if last - first < _MOST_DOTS else 0
    return Series(x, y, "", drawn_as.colour, 1.25, drawn_as.dash, dots)


def _curve(page: ComparisonPage, place: int, drawn_as: Look, start: float) -> Series:
    """Return the curve of a training; of one with gaps from cells without texts."""
    column = CHOSEN + 1 if place in page.with_gaps else CHOSEN
    first, last = page.log_rows(place)
    first += sum(step < start for step in page.comparison.logs[place].steps)
    return _series(page, (min(first, last), last), (STEP, column), drawn_as)


def _curves(page: ComparisonPage, start: float) -> list[Series]:
    """Return a curve for each training; of several groups with the group's colour and name."""
    found, groups = [], page.comparison.groups
    for rank, group in enumerate(groups):
        for place in group:
            is_own = len(groups) == 1 or not page.has_means
            drawn_as = look(place if is_own else rank)
            row = page.runs_row + 1 + place if is_own else page.groups_row + 1 + rank
            name = page.canvas.absolute(row, LEFT)
            in_legend = is_own or place == group[0]
            found.append(
                replace(_curve(page, place, drawn_as, start), name=name, in_legend=in_legend)
            )
    return found


def _means(page: ComparisonPage, start: float) -> list[Series]:
    """Return the mean of each group, with the band of one standard deviation around it."""
    found = []
    for rank, group in enumerate(page.comparison.groups):
        drawn_as = look(rank)
        name = page.canvas.absolute(page.groups_row + 1 + rank, LEFT)
        if len(group) == 1:
            found.append(replace(_curve(page, group[0], drawn_as, start), name=name, width=2.25))
            continue
        (first, last), column = mean_rows(page, group), page.mean_column(rank)
        rows = max(first, page.means_row + 1 + sum(step < start for step in page.mean_steps)), last
        middle = _series(page, rows, (LEFT, column), drawn_as)
        found.append(replace(middle, name=name, width=2.25))
        for offset in range(1, page.mean_columns):
            edge = _series(page, rows, (LEFT, column + offset), drawn_as)
            found.append(
                replace(edge, width=0.75, dash=drawn_as.light_dash, dots=0, in_legend=False)
            )
    return found
