"""Draws the logs that a comparison is made of, and from them the chosen metric of each training."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean, stdev

from cnn.log.comparison import known_numbers
from cnn.log.comparison_page import ComparisonPage
from cnn.log.log_page import LEFT, METRIC_WIDTH, TABLE
from cnn.log.log_table import in_two_lines, shown_value
from cnn.log.metrics import Metric, is_number
from sheetgen.errors import short
from sheetgen.spreadsheet.address import cell_address, range_address, relative_address
from sheetgen.spreadsheet.style import LABEL, MUTED, NOTE, SECTION, Style, header, number

VALUE = "0.0000"
_MISSING = "#N/A"
_CHOSEN = number("unit", VALUE)
_MEAN = number("gradient", VALUE)
_HELPER = number("helper")
_HELPER_TITLE = replace(header("helper"), wrap=True)
_NAME = Style(bold=True, colour=MUTED)
WIDEST = 12.0
"""Characters of a column that a header widens: all tables have the same columns."""


def draw_data(page: ComparisonPage, formats: Sequence[str]) -> None:
    """Draw all of it below the tables: the chosen metric by epoch, then the whole logs."""
    canvas, comparison = page.canvas, page.comparison
    step = comparison.logs[0].step
    name = page.choice
    title = f'={name}&" by {step.replace(chr(34), chr(34) * 2)}"'
    first = f"{comparison.metrics[0]} by {step}"
    canvas.calculate(page.chosen_row - 1, TABLE, title, first, SECTION)
    canvas.write(page.logs_row - 2, TABLE, "All logs, from which the metric is chosen", SECTION)
    for row in (page.chosen_row, page.logs_row):
        canvas.write(row, TABLE, step, header("iteration"))
        canvas.heights[row] = 30.0
        for at, each in enumerate(comparison.steps, start=row + 1):
            canvas.write(at, TABLE, each, number("iteration", "0"))
    for place, name in enumerate(comparison.names):
        _draw_logs(page, place, name, formats)
        _draw_run(page, place, name)
    for place, group in enumerate(comparison.groups):
        _draw_group(page, place, group)


def has_gaps(page: ComparisonPage, place: int) -> bool:
    """Tell whether a metric of a training has a gap before its end, or ends before others.

    A chart would draw the text in a cell without a number as 0.
    """
    ends = set[int]()
    for name in page.comparison.metrics:
        known = [is_number(value) for value in page.comparison.values(place, name)]
        ends.add(sum(known))
        if not all(known[: sum(known)]):
            return True
    return len(ends) > 1 or 0 in ends


def heading(page: ComparisonPage, row: int, column: int, text: str, kind: str) -> None:
    """Write a header in two lines, shortened to what these have room for."""
    lengths = range(len(text), 2, -1)
    fitting = (shown for shown in (short(text, each) for each in lengths) if _width(shown) < WIDEST)
    shown = next(fitting, text)
    page.canvas.write(row, column, shown, replace(header(kind), wrap=True))
    widths = page.canvas.widths
    widths[column] = max(widths.get(column, METRIC_WIDTH), _width(shown))


def _width(text: str) -> float:
    return in_two_lines(text) + 1.5


def _draw_logs(page: ComparisonPage, place: int, name: str, formats: Sequence[str]) -> None:
    """Draw all metrics of a training."""
    canvas, metrics = page.canvas, page.comparison.metrics
    canvas.write(page.logs_row - 1, page.raw(place), name, _NAME)
    for offset, metric in enumerate(metrics):
        column = page.raw(place, offset)
        canvas.write(page.logs_row, column, short(metric, 2 * int(METRIC_WIDTH)), _HELPER_TITLE)
        values = page.comparison.values(place, metric)
        for row, value in enumerate(values, start=page.logs_row + 1):
            canvas.write(row, column, shown_value(value), number("helper", formats[offset]))


def _draw_run(page: ComparisonPage, place: int, name: str) -> None:
    """Draw the chosen metric of a training, and that once more if it has gaps."""
    canvas, metrics = page.canvas, page.comparison.metrics
    heading(page, page.chosen_row, page.run(place), name, "unit")
    first, last, choice = page.raw(place), page.raw(place, len(metrics) - 1), page.known(0)
    shown = [float(value) if is_number(value) else "" for value in page.shown(place)]
    for at, value in enumerate(shown, start=1):
        cells = range_address(page.logs_row + at, first, page.logs_row + at, last)
        found = f"INDEX({cells},{choice})" if first != last else cells.partition(":")[0]
        formula = f'=IF(ISNUMBER({found}),{found},"")'
        canvas.calculate(page.chosen_row + at, page.run(place), formula, value, _CHOSEN)
    if has_gaps(page, place):
        _draw_without_texts(page, place, name, shown)


def _draw_without_texts(
    page: ComparisonPage, place: int, name: str, shown: Sequence[float | str]
) -> None:
    column = page.drawn(place)
    page.canvas.write(page.logs_row - 1, column, "for the chart", _NAME)
    page.canvas.write(page.logs_row, column, short(name, 2 * int(METRIC_WIDTH)), _HELPER_TITLE)
    for at, value in enumerate(shown, start=1):
        source = relative_address(page.chosen_row + at, page.run(place))
        formula = f"=IF(ISNUMBER({source}),{source},NA())"
        result = _MISSING if value == "" else value
        page.canvas.calculate(page.logs_row + at, column, formula, result, _HELPER)


def _draw_group(page: ComparisonPage, place: int, group: range) -> None:
    """Draw the mean of a group at each step and, of several trainings, one s below and above."""
    canvas, column = page.canvas, page.group(place)
    name = page.comparison.called(group)
    titles = (f"mean of {name}", "mean − s", "mean + s")[: 3 if len(group) > 1 else 1]
    for offset, title in enumerate(titles):
        heading(page, page.chosen_row, column + offset, title, "gradient")
    values = [page.shown(each) for each in group]
    for at in range(page.count):
        row, numbers = page.chosen_row + 1 + at, known_numbers(each[at] for each in values)
        cells = range_address(row, page.run(group[0]), row, page.run(group[-1]))
        average = mean(numbers) if numbers else None
        spread = stdev(numbers) if len(numbers) > 1 else None
        formula = f"=IF(COUNT({cells})=0,NA(),AVERAGE({cells}))"
        canvas.calculate(row, column, formula, _MISSING if average is None else average, _MEAN)
        middle = cell_address(row, column)
        for offset, sign in ((1, "-"), (2, "+"))[: len(titles) - 1]:
            formula = f"=IF(COUNT({cells})<2,NA(),{middle}{sign}STDEV({cells}))"
            value: float | str = _MISSING
            if average is not None and spread is not None:
                value = average - spread if sign == "-" else average + spread
            canvas.calculate(row, column + offset, formula, value, _MEAN)


def draw_known(page: ComparisonPage, quantiles: Sequence[float], formats: Sequence[int]) -> None:
    """Draw the metrics to choose from with what is known of each, and Student's t."""
    canvas, names = page.canvas, page.comparison.metrics
    whole = Style(number_format="0", align="right")
    row, column = page.logs_row, LEFT
    canvas.write(row - 2, column, "What the tables above look up", NOTE)
    for title in ("metric", "more is better", "format", "t", "place", "off the mean"):
        canvas.write(row, page.corner(title)[1], title, NOTE)
    for place, name in enumerate(names):
        canvas.write(*page.corner("metric", place), name, LABEL)
        canvas.write(*page.corner("more is better", place), int(Metric(name, ()).rises), whole)
        canvas.write(*page.corner("format", place), formats[place], whole)
    for place, quantile in enumerate(quantiles):
        canvas.write(*page.corner("t", place), quantile, Style(number_format="0.00", align="right"))
    # Of the chosen metric: its place, whether more is better, its format.
    count = len(names)
    several = count > 1
    found = f"=MATCH({page.choice},{page.corner_range('metric', count)},0)" if several else "=1"
    canvas.calculate(*page.corner("place"), found, 1, whole)
    for place, title in enumerate(("more is better", "format"), start=1):
        found = f"=INDEX({page.corner_range(title, count)},{page.known(0)})"
        value = canvas.value(*page.corner(title))
        canvas.calculate(*page.corner("place", place), found, value, whole)
