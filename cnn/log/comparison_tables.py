"""Draws what came of the trainings that are compared: groups, trainings, settings, every metric."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import ceil
from statistics import mean, stdev

from cnn.log.comparison import LONGEST_NAME, SHORT, different, t_quantile
from cnn.log.comparison_data import HIGHEST, SHARE, VALUE, direction
from cnn.log.comparison_page import BEST, CHOSEN, NUMBERS, QUANTILE, STEP, WIDTH, ComparisonPage
from cnn.log.comparison_page import FORMAT as KIND
from cnn.log.log_page import LEFT
from cnn.log.log_summary import in_percent, in_words
from cnn.log.metrics import Metric, is_number
from sheetgen.errors import short, short_names
from sheetgen.spreadsheet.address import cell_address, indexed, range_address
from sheetgen.spreadsheet.canvas import Value
from sheetgen.spreadsheet.style import NOTE, SECTION, Style, header, number
from sheetgen.workbook.shared.live_text import Words, joined, literal, only_if

_GROUP_TITLES = ("runs", "last", "± s", "95% from", "to", "best")
_OFF = "off mean"
_NUMBER = Style(number_format=VALUE, align="right")
_WHOLE = Style(number_format="0", align="right")
_TINY = Style(number_format="0.0E+00;-0.0E+00;0", align="right")
_LONGEST_SETTING, _LONGEST_LAST = 40, 80
_NONE = "–"
"""What is shown of a training without a finite number."""


def _draw_names(page: ComparisonPage, first: int, names: Iterable[str], kind: str) -> None:
    for row, name in enumerate(names, start=first):
        page.canvas.write(row, LEFT, name, number(kind, "@"))


def _titles(page: ComparisonPage, row: int, titles: Sequence[str], kind: str) -> None:
    for column, title in enumerate(titles, start=LEFT):
        page.canvas.write(row, column, title, header(kind))


def draw_runs(page: ComparisonPage) -> None:
    """Draw what came of each training, by the chosen metric."""
    row, canvas, comparison = page.runs_row, page.canvas, page.comparison
    name, step = comparison.metrics[0], comparison.logs[0].step
    canvas.write(row - 1, LEFT, "Trainings", SECTION)
    titles = ("training", f"{step}s", "last", "best", f"in {step}")
    _titles(page, row, (*(short(title, int(WIDTH)) for title in titles), _OFF), "unit")
    _draw_names(page, row + 1, page.names, "unit")
    for place, log in enumerate(comparison.logs):
        at, every, shown = row + 1 + place, page.every(place), comparison.metric(place, name)
        best = cell_address(at, NUMBERS + 2)
        steps, cells = page.logged(place, STEP), page.logged(place, CHOSEN)
        found = indexed(steps, f"MATCH({best}*{page.factor},{cells},0)")
        is_known = bool(shown.numbers)
        best_step: Value = log.steps[shown.values.index(shown.best)] if is_known else _NONE
        written: tuple[tuple[str, Value, Style], ...] = (
            (f"=COUNT({cells})", len(shown.numbers), _WHOLE),
            (f"=INDEX({every},1,2*{page.place}-1)", _last(shown), _NUMBER),
            (f"=INDEX({every},1,2*{page.place})", _best(shown), _NUMBER),
            (f'=IF(ISNUMBER({best}),{found},"{_NONE}")', best_step, _WHOLE),
        )
        for column, each in enumerate(written, start=NUMBERS):
            canvas.calculate(at, column, *each)


def draw_settings(page: ComparisonPage) -> None:
    """Draw the settings of all trainings that are not the same in all of them."""
    comparison, row = page.comparison, page.settings_row
    if not comparison.differing:
        return
    page.canvas.write(row - 1, LEFT, "Settings in which they differ", SECTION)
    page.canvas.write(row, LEFT, "training", header("iteration"))
    _draw_names(page, row + 1, page.names, "iteration")
    column = NUMBERS
    for name in comparison.differing:
        column += _setting(page, column, name)


def _setting(page: ComparisonPage, column: int, name: str) -> int:
    """Write a setting of all trainings into as many columns as it needs; return their number."""
    comparison, canvas, row = page.comparison, page.canvas, page.settings_row
    is_last = name == comparison.differing[-1]
    texts = [comparison.setting(place, name) for place in range(len(comparison.logs))]
    shown = [short(text, _LONGEST_LAST if is_last else _LONGEST_SETTING) for text in texts]
    longest = max(map(len, shown))
    title = short(name, _LONGEST_SETTING)
    # Behind the last one there is nothing that its texts might cover.
    columns = ceil((max(len(title), 0 if is_last else longest) + 1) / WIDTH)
    style = Style(number_format="@", align="center" if longest < SHORT else "left")
    for at, text in enumerate((title, *shown), start=row):
        if columns > 1 and not (is_last and at > row and longest >= SHORT):
            canvas.merges.append((at, column, at, column + columns - 1))
        canvas.write(at, column, text, style if at > row else header("iteration"))
    return columns


def draw_every(page: ComparisonPage, formats: Sequence[str]) -> None:
    """Draw the last and the best value of every metric of each training."""
    row, canvas, comparison = page.every_row, page.canvas, page.comparison
    canvas.write(row - 2, LEFT, "Every metric", SECTION)
    canvas.write(row - 1, LEFT, "", header("unit"))
    canvas.write(row, LEFT, "training", header("unit"))
    _draw_names(page, row + 1, page.names, "unit")
    for offset, name in enumerate(comparison.metrics):
        style, column = header(Metric(name, ()).kind), NUMBERS + 2 * offset
        canvas.merges.append((row - 1, column, row - 1, column + 1))
        canvas.write(row - 1, column, short(name, 2 * int(WIDTH)), style)
        for at, title in enumerate(("last", "best"), start=column):
            canvas.widths.setdefault(at, WIDTH)
            canvas.write(row, at, title, style)
        for place in range(len(comparison.logs)):
            _draw_both(page, place, offset, formats[offset])


def _draw_both(page: ComparisonPage, place: int, offset: int, digits: str) -> None:
    """Draw the last and the best value of a metric of a training."""
    canvas, metric = page.canvas, page.comparison.metric(place, page.comparison.metrics[offset])
    row, column = page.every_row + 1 + place, NUMBERS + 2 * offset
    style = replace(_NUMBER, number_format=digits)
    if not metric.numbers:
        for empty in (column, column + 1):
            canvas.write(row, empty, _NONE, style)
        return
    source = page.metric_column(offset)
    at = max(at for at, value in enumerate(metric.values) if is_number(value))
    last = cell_address(page.log_rows(place)[0] + at, source)
    canvas.calculate(row, column, f"={last}", _last(metric), style)
    cells, best = page.logged(place, source), cell_address(*page.known(BEST, offset))
    formula = f'=IF({best}="{HIGHEST}",MAX({cells}),MIN({cells}))'
    canvas.calculate(row, column + 1, formula, _best(metric), style)


def _last(metric: Metric) -> Value:
    return metric.numbers[-1] if metric.numbers else _NONE


def _best(metric: Metric) -> Value:
    return metric.best if metric.numbers else _NONE


def draw_groups(page: ComparisonPage) -> None:
    """Draw mean, deviation and 95 % interval of the trainings that differ in the seed."""
    row, canvas = page.groups_row, page.canvas
    canvas.write(row - 1, LEFT, "The same settings, other seeds", SECTION)
    canvas.write(row - 1, NUMBERS + 2, "mean, standard deviation s, 95% interval", NOTE)
    _titles(page, row, ("settings", *_GROUP_TITLES), "gradient")
    names = [page.comparison.called(group) for group in page.comparison.groups]
    _draw_names(page, row + 1, different(short_names(names, LONGEST_NAME)), "gradient")
    for place, group in enumerate(page.comparison.groups):
        _group(page, row + 1 + place, group)


def _results(page: ComparisonPage, column: int, group: range) -> tuple[str, list[float]]:
    """Return the cells of a column of the trainings of a group, and what they come to."""
    first = page.runs_row + 1
    cells = range_address(first + group[0], column, first + group[-1], column)
    found = [page.canvas.value(first + place, column) for place in group]
    return cells, [value for value in found if is_number(value)]


def _group(page: ComparisonPage, row: int, group: range) -> None:
    cells, values = _results(page, NUMBERS + 1, group)
    best_cells, best = _results(page, NUMBERS + 2, group)
    count = len(values)
    several = count > 1
    average, spread = mean(values) if count else 0.0, stdev(values) if several else 0.0
    half = t_quantile(count - 1) * spread / count**0.5 if several else 0.0
    at = [cell_address(row, NUMBERS + place) for place in range(len(_GROUP_TITLES))]
    off = _off_the_mean(page, group, at[1], average)
    quantiles = page.known_range(QUANTILE + 1, page.freedoms)
    width = f"INDEX({quantiles},{at[0]}-1)*{at[2]}/SQRT({at[0]})"
    written: list[tuple[str, Value]] = [
        (f"=COUNT({cells})", count),
        (f'=IF({at[0]}=0,"{_NONE}",AVERAGE({cells}))', average if count else _NONE),
        (f'=IF({at[0]}<2,"",SQRT(SUMSQ({off})/({at[0]}-1)))', spread if several else ""),
        (f'=IF({at[0]}<2,"",{at[1]}-{width})', average - half if several else ""),
        (f'=IF({at[0]}<2,"",{at[1]}+{width})', average + half if several else ""),
        (f'=IF({at[0]}=0,"{_NONE}",AVERAGE({best_cells}))', mean(best) if count else _NONE),
    ]
    for place, (formula, value) in enumerate(written):
        style = _NUMBER if place else _WHOLE
        page.canvas.calculate(row, NUMBERS + place, formula, value, style, scale=abs(average))


def _off_the_mean(page: ComparisonPage, group: range, middle: str, average: float) -> str:
    """Draw how far the last value of each training of a group is off the mean; return the range.

    Some programs compute a deviation from sums of squares, which leaves few digits of it.
    """
    canvas, column = page.canvas, NUMBERS + 4
    for place in group:
        row = page.runs_row + 1 + place
        cell, last = cell_address(row, NUMBERS + 1), canvas.value(row, NUMBERS + 1)
        off = last - average if is_number(last) else ""
        formula = f'=IF(ISNUMBER({cell}),{cell}-{middle},"")'
        canvas.calculate(row, column, formula, off, _TINY, scale=abs(average))
    first, last_row = (page.runs_row + 1 + group[at] for at in (0, -1))
    return range_address(first, column, last_row, column)


def result(page: ComparisonPage) -> Words:
    """Return the best mean of the groups in words, which follow the metric that is chosen."""
    canvas, first = page.canvas, page.groups_row + 1
    last = first + len(page.comparison.groups) - 1
    name = Words(page.choice, page.comparison.metrics[0])
    rises = f'{page.best}="{HIGHEST}"'
    is_rising = direction(page, page.comparison.metrics[0]) == HIGHEST
    means = [canvas.value(row, NUMBERS + 1) for row in range(first, last + 1)]
    numbers = [value for value in means if is_number(value)]
    highest = max(numbers) if is_rising else min(numbers)
    best = means.index(highest)
    if first == last:
        cells = [cell_address(first, LEFT + at) for at in range(4)]
        told = joined(name, " ", _amount(page, cells[2], highest))
    else:
        column = range_address(first, NUMBERS + 1, last, NUMBERS + 1)
        place = f"MATCH(IF({rises},MAX({column}),MIN({column})),{column},0)"
        ranges = [range_address(first, LEFT + at, last, LEFT + at) for at in range(4)]
        cells = [indexed(each, place) for each in ranges]
        called = Words(cells[0], str(canvas.value(first + best, LEFT)))
        end = only_if(rises, is_rising, literal(" is highest"), literal(" is lowest"))
        told = joined(name, end, " with ", called, ": ", _amount(page, cells[2], highest))
    count, spread = (canvas.value(first + best, LEFT + at) for at in (1, 3))
    step = page.comparison.logs[0].step
    runs = joined(
        " over ", Words(f'{cells[1]}&""', f"{count}"), f" runs, each after its last {step}"
    )
    deviation = only_if(
        f"{cells[1]}>1", count != 1,
        joined(" ± ", _amount(page, cells[3], float(spread or 0), 2), runs),
        literal(f" after the last {step} of a single run"),
    )  # fmt: skip
    return joined(told, deviation)


def _amount(page: ComparisonPage, cell: str, number: float, digits: int = 4) -> Words:
    """Return a number of the chosen metric, in percent if that is a share."""
    is_share = page.canvas.value(*page.known(KIND)) == SHARE
    words = in_percent(cell, number), in_words(cell, number, digits)
    return only_if(f"{page.kind}={SHARE}", is_share, *words)
