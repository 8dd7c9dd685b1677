"""Draws what the comparison is made of: what is known of the metrics, means by epoch, all logs."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean, stdev

from cnn.log.comparison import LONGEST_NAME, known_numbers
from cnn.log.comparison_page import BEST, CHOSEN, FACTS, FORMAT, NUMBERS, QUANTILE, STEP
from cnn.log.comparison_page import ComparisonPage as Page
from cnn.log.log_page import LEFT
from cnn.log.log_table import hide_missing, shown_value
from cnn.log.metrics import Logged, Metric, is_number
from sheetgen.errors import short
from sheetgen.spreadsheet.address import cell_address, indexed, range_address, relative_address
from sheetgen.spreadsheet.canvas import Value
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LABEL,
    NOTE,
    SECTION,
    Style,
    header,
    number,
)
from sheetgen.workbook.shared.live_text import Words, joined, literal, only_if

VALUE = "0.0000"
SHARE = 1
"""What is known of a metric's format where it is in percent."""
HIGHEST, LOWEST = "highest", "lowest"
_MISSING = "#N/A"
_WHOLE = Style(number_format="0", align="right")
_CHOSEN = number("unit", VALUE)
_MEAN = number("gradient", VALUE)
_MEANS = ("mean", "mean − s", "mean + s")
_LONGEST_HEADER = 30
"""Characters that have room in three lines of a header."""
_HEADER_HEIGHT = 42.0


def direction(page: Page, name: str) -> str:
    """Return whether the highest or the lowest value of a metric is best."""
    return HIGHEST if page.comparison.rises(name) else LOWEST


def draw_metrics(page: Page, quantiles: Sequence[float], formats: Sequence[int]) -> None:
    """Draw what is known of the metrics, of which the user may change what is best."""
    canvas, names, row = page.canvas, page.comparison.metrics, page.metrics_row
    canvas.write(row - 1, LEFT, "Metrics", SECTION)
    text = "the highest or the lowest value is the best: change it where it is not so"
    canvas.write(row - 1, NUMBERS, text, NOTE)
    for column, title in ((LEFT, "metric"), (BEST, "best is the"), (FORMAT, "format")):
        canvas.write(row, column, title, header("helper"))
    canvas.write(row, BEST + 1, "", header("helper"))
    canvas.merges.append((row, BEST, row, BEST + 1))
    for place, name in enumerate(names):
        at, column = page.known(BEST, place)
        canvas.write(at, LEFT, name, LABEL)
        canvas.merges.append((at, column, at, column + 1))
        options, style = (HIGHEST, LOWEST), replace(INPUT, align="center")
        canvas.choose(at, column, f"best {name}", direction(page, name), options, style)
        canvas.write(*page.known(FORMAT, place), formats[place], _WHOLE)
    canvas.write(row, QUANTILE, "runs", header("helper"))
    canvas.write(row, QUANTILE + 1, "Student's t", header("helper"))
    for place, quantile in enumerate(quantiles):
        canvas.write(*page.known(QUANTILE, place), place + 2, _WHOLE)
        style = Style(number_format="0.00", align="right")
        canvas.write(*page.known(QUANTILE + 1, place), quantile, style)
    _draw_facts(page, formats[0])


def _draw_facts(page: Page, kind: int) -> None:
    """Look up what is known of the chosen metric."""
    canvas, names, (row, column) = page.canvas, page.comparison.metrics, page.known(FACTS)
    canvas.write(row - 1, column, "chosen", header("helper"))
    canvas.write(row - 1, column + 1, "", header("helper"))
    canvas.merges.append((row - 1, column, row - 1, column + 1))
    count = len(names)
    place = f"=MATCH({page.choice},{page.known_range(LEFT, count)},0)" if count > 1 else "=1"
    facts: tuple[tuple[str, str, Value], ...] = (
        ("place", place, 1),
        (
            "best",
            f"={indexed(page.known_range(BEST, count), page.place)}",
            direction(page, names[0]),
        ),
        ("format", f"={indexed(page.known_range(FORMAT, count), page.place)}", kind),
        ("drawn ×", f"=IF({page.kind}={SHARE},100,1)", 100 if kind == SHARE else 1),
    )
    for at, (label, formula, value) in enumerate(facts, start=row):
        canvas.write(at, column, label, LABEL)
        canvas.calculate(at, column + 1, formula, value, _WHOLE)


def unit(page: Page, words: str) -> Words:
    """Return words that follow the name of the chosen metric where it is drawn in percent."""
    is_share = page.canvas.value(*page.known(FORMAT)) == SHARE
    return only_if(f"{page.kind}={SHARE}", is_share, literal(words))


def by_step(page: Page, end: str) -> Words:
    """Return the title of a chart or a table of the chosen metric."""
    name = Words(page.choice, page.comparison.metrics[0])
    step = page.comparison.logs[0].step
    return joined(name, f" by {step}", unit(page, ", in percent"), end)


def drawn_values(page: Page, place: int) -> list[float | None]:
    """Return the values of a training that are drawn at first, None where there is no number."""
    factor = 100.0 if page.canvas.value(*page.known(FORMAT)) == SHARE else 1.0
    values = page.comparison.metric(place, page.comparison.metrics[0]).values
    return [value * factor if is_number(value) else None for value in values]


def draw_means(page: Page) -> None:
    """Draw the mean of each group of several at each epoch, and one s below and above."""
    if not page.has_means:
        return
    canvas, row = page.canvas, page.means_row
    spread = " and standard deviation s" if page.mean_columns > 1 else ""
    told = by_step(page, f": mean{spread} of those with a number")
    canvas.calculate(row - 2, LEFT, told.formula, told.text, SECTION)
    canvas.write(row - 1, LEFT, "", header("iteration"))
    canvas.write(row, LEFT, page.comparison.logs[0].step, header("iteration"))
    for at, step in enumerate(page.mean_steps, start=row + 1):
        canvas.write(at, LEFT, step, number("iteration", "0"))
    for place, group in enumerate(page.comparison.groups):
        if len(group) > 1:
            _draw_group(page, place, group)


def mean_rows(page: Page, group: range) -> tuple[int, int]:
    """Return the first and the last row of the means of a group of several."""
    steps = {step for place in group for step in page.comparison.logs[place].steps}
    rows = [at for at, step in enumerate(page.mean_steps) if step in steps]
    return page.means_row + 1 + rows[0], page.means_row + 1 + rows[-1]


def _draw_group(page: Page, place: int, group: range) -> None:
    canvas, column, row = page.canvas, page.mean_column(place), page.means_row
    right = column + page.mean_columns - 1
    name = short(page.comparison.called(group), LONGEST_NAME)
    if right > column:
        canvas.merges.append((row - 1, column, row - 1, right))
        canvas.write(row - 1, column, name, header("gradient"))
    else:
        canvas.heights[row - 1] = _HEADER_HEIGHT
        canvas.write(row - 1, column, name, _header("gradient", name))
    for title, at in zip(_MEANS, range(column, right + 1), strict=False):
        canvas.write(row, at, title, header("gradient"))
    found: dict[float, list[tuple[str, float | None]]] = {}
    for each in group:
        first, _ = page.log_rows(each)
        known = zip(page.comparison.logs[each].steps, drawn_values(page, each), strict=True)
        for at, (step, value) in enumerate(known, start=first):
            found.setdefault(step, []).append((cell_address(at, CHOSEN), value))
    first, last = mean_rows(page, group)
    for at in range(first, last + 1):
        _draw_mean(page, at, column, found.get(page.mean_steps[at - page.means_row - 1], []))
    hide_missing(canvas, (first, column, last, right), KINDS["gradient"].tint)


def _draw_mean(
    page: Page, row: int, column: int, known: Sequence[tuple[str, float | None]]
) -> None:
    """Draw the mean of cells, of which some may hold no number, or none of them one."""
    canvas, middle = page.canvas, cell_address(row, column)
    cells, numbers = ",".join(cell for cell, _ in known), known_numbers(each for _, each in known)
    average = mean(numbers) if numbers else _MISSING
    formula = f"=IF(COUNT({cells})=0,NA(),AVERAGE({cells}))" if known else "=NA()"
    canvas.calculate(row, column, formula, average, _MEAN)
    spread = stdev(numbers) if len(numbers) > 1 else None
    for offset, sign in ((1, "-"), (2, "+"))[: page.mean_columns - 1]:
        edge: Value = _MISSING
        if numbers and spread is not None:
            edge = mean(numbers) + (spread if sign == "+" else -spread)
        formula = f"=IF(COUNT({cells})<2,NA(),{middle}{sign}STDEV({cells}))" if known else "=NA()"
        canvas.calculate(row, column + offset, formula, edge, _MEAN)


def draw_logs(page: Page, formats: Sequence[str]) -> None:
    """Draw all logs below each other, with the chosen metric of each row."""
    canvas, comparison, row = page.canvas, page.comparison, page.logs_row
    canvas.write(row - 1, LEFT, "All logs", SECTION)
    text = "of each epoch the chosen metric, which is drawn, and beside it every metric"
    canvas.write(row - 1, NUMBERS, text, NOTE)
    canvas.heights[row] = _HEADER_HEIGHT
    canvas.write(row, LEFT, "training", header("iteration"))
    canvas.write(row, STEP, comparison.logs[0].step, header("iteration"))
    name = Words(page.choice, comparison.metrics[0])
    told = joined(name, unit(page, ", %"))
    canvas.calculate(row, CHOSEN, told.formula, told.text, _header("unit", told.text))
    if page.with_gaps:
        canvas.write(row, CHOSEN + 1, "drawn, without gaps", _header("helper", ""))
    for offset, title in enumerate(comparison.metrics):
        column = page.metric_column(offset)
        canvas.widths.setdefault(column, canvas.widths[NUMBERS])
        style = _header(Metric(title, ()).kind, title)
        canvas.write(row, column, short(title, _LONGEST_HEADER), style)
    for place in range(len(comparison.logs)):
        _draw_log(page, place, formats)


def _header(kind: str, text: object) -> Style:
    """Return the style of a header in three lines, smaller where a word is long."""
    longest = max(map(len, str(text).split()), default=0)
    size = 10 if longest <= 9 else 9 if longest <= 10 else 8
    return replace(header(kind), wrap=True, size=size)


def _draw_log(page: Page, place: int, formats: Sequence[str]) -> None:
    canvas, comparison, (first, last) = page.canvas, page.comparison, page.log_rows(place)
    log, name = comparison.logs[place], page.names[place]
    metrics = [comparison.metric(place, each) for each in comparison.metrics]
    drawn, has_gaps = drawn_values(page, place), place in page.with_gaps
    for at, step in enumerate(log.steps):
        row = first + at
        canvas.write(row, LEFT, name, number("iteration", "@"))
        canvas.write(row, STEP, step, number("iteration", "0"))
        for offset, metric in enumerate(metrics):
            _draw_value(page, row, offset, metric.values[at], formats[offset])
        ends = (page.metric_column(offset) for offset in (0, len(metrics) - 1))
        cells = range_address(row, next(ends), row, next(ends))
        found = f"INDEX({cells},{page.place})" if len(metrics) > 1 else cells.partition(":")[0]
        value = drawn[at]
        formula = f'=IF(ISNUMBER({found}),{found}*{page.factor},"")'
        canvas.calculate(row, CHOSEN, formula, "" if value is None else value, _CHOSEN)
        if has_gaps:
            source = relative_address(row, CHOSEN)
            formula = f"=IF(ISNUMBER({source}),{source},NA())"
            result = _MISSING if value is None else value
            canvas.calculate(row, CHOSEN + 1, formula, result, number("helper", VALUE))
    if has_gaps:
        hide_missing(canvas, (first, CHOSEN + 1, last, CHOSEN + 1), KINDS["helper"].tint)


def _draw_value(page: Page, row: int, offset: int, value: Logged, digits: str) -> None:
    column = page.metric_column(offset)
    page.canvas.write(row, column, shown_value(value), number("helper", digits))
