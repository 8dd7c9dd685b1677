"""Draws what came of the trainings that are compared: groups, trainings, every metric."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import mean, stdev

from cnn.log.comparison import LONGEST_NAME, SHORT, different, t_quantile
from cnn.log.comparison_data import VALUE, heading
from cnn.log.comparison_page import ComparisonPage
from cnn.log.log_page import METRIC_WIDTH, TABLE
from cnn.log.log_summary import in_percent, in_words
from cnn.log.metrics import Metric, is_number
from sheetgen.errors import short, short_names
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Value
from sheetgen.spreadsheet.style import NOTE, SECTION, Style, header, number
from sheetgen.workbook.shared.live_text import Words, joined, literal, only_if

_GROUP_TITLES = ("runs", "last", "± s", "95% from", "to", "best")
_RUN_TITLES = ("epochs", "last", "best", "in epoch")
_NUMBER = Style(number_format=VALUE, align="right")
_WHOLE = Style(number_format="0", align="right")
_LONGEST_SETTING, _LONGEST_LAST = 23, 80
_NONE = "–"
"""What is shown of a training without a finite number."""
SHARE = 1
"""What is known of a metric's format where it is in percent."""


def _draw_names(page: ComparisonPage, first: int, names: Iterable[str], kind: str) -> None:
    """Write names below each other, those that are too long so that they still differ."""
    shown = different(short_names(list(names), LONGEST_NAME))
    for row, name in enumerate(shown, start=first):
        page.canvas.write(row, TABLE, name, number(kind, "@"))


def _titles(page: ComparisonPage, row: int, titles: Sequence[str], kind: str) -> None:
    for column, title in enumerate(titles, start=TABLE):
        page.canvas.write(row, column, title, header(kind))


def draw_runs(page: ComparisonPage) -> None:
    """Draw what came of each training, by the chosen metric, and its settings if they differ."""
    row, canvas, comparison = page.runs_row, page.canvas, page.comparison
    canvas.write(row - 1, TABLE, "Trainings", SECTION)
    _titles(page, row, ("training", *_RUN_TITLES), "unit")
    canvas.heights[row] = 30.0
    for column, setting in enumerate(comparison.differing, start=TABLE + 1 + len(_RUN_TITLES)):
        _setting(page, column, setting)
    metric = Metric(comparison.metrics[0], ())
    steps = page.by_epoch(TABLE)
    _draw_names(page, row + 1, comparison.names, "unit")
    for place in range(len(comparison.logs)):
        at, cells, every = row + 1 + place, page.by_epoch(page.run(place)), page.every(place)
        shown = comparison.metric(place, metric.name)
        best_cell = cell_address(at, TABLE + 3)
        found = f"INDEX({steps},MATCH({best_cell},{cells},0))"
        found = found if page.count > 1 else steps.partition(":")[0]
        best_step: Value = _NONE
        if shown.numbers:
            best_step = comparison.steps[page.shown(place).index(shown.best)]
        written: tuple[tuple[str, Value, Style], ...] = (
            (f"=COUNT({cells})", len(shown.numbers), _WHOLE),
            (f"=INDEX({every},2*{page.known(0)}-1)", _last(shown), _NUMBER),
            (f"=INDEX({every},2*{page.known(0)})", _best(shown), _NUMBER),
            (f'=IF(ISNUMBER({best_cell}),{found},"{_NONE}")', best_step, _WHOLE),
        )
        for column, each in enumerate(written, start=TABLE + 1):
            canvas.calculate(at, column, *each)


def _setting(page: ComparisonPage, column: int, name: str) -> None:
    """Write a setting of all trainings; the last one may be long, as nothing is behind it."""
    comparison, is_last = page.comparison, name == page.comparison.differing[-1]
    heading(page, page.runs_row, column, name, "iteration")
    texts = [comparison.setting(place, name) for place in range(len(comparison.logs))]
    shown = [short(text, _LONGEST_LAST if is_last else _LONGEST_SETTING) for text in texts]
    longest = max(map(len, shown))
    if not is_last:
        page.canvas.widths[column] = max(page.canvas.widths[column], longest + 1.0)
    style = Style(number_format="@", align="center" if longest < SHORT else "left")
    for row, text in enumerate(shown, start=page.runs_row + 1):
        page.canvas.write(row, column, text, style)


def draw_every(page: ComparisonPage, formats: Sequence[str]) -> None:
    """Draw the last and the best value of every metric of each training."""
    row, canvas, comparison = page.every_row, page.canvas, page.comparison
    canvas.write(row - 2, TABLE, "Every metric", SECTION)
    canvas.write(row - 1, TABLE, "", header("unit"))
    canvas.write(row, TABLE, "training", header("unit"))
    for place, name in enumerate(comparison.metrics):
        style, column = header(Metric(name, ()).kind), TABLE + 1 + 2 * place
        canvas.merges.append((row - 1, column, row - 1, column + 1))
        canvas.write(row - 1, column, short(name, 2 * int(METRIC_WIDTH)), style)
        for offset, title in enumerate(("last", "best")):
            canvas.widths.setdefault(column + offset, METRIC_WIDTH)
            canvas.write(row, column + offset, title, style)
    _draw_names(page, row + 1, comparison.names, "unit")
    for place in range(len(comparison.logs)):
        at = row + 1 + place
        for offset, title in enumerate(comparison.metrics):
            cells, metric = page.logged(page.raw(place, offset)), comparison.metric(place, title)
            style, column = replace(_NUMBER, number_format=formats[offset]), TABLE + 1 + 2 * offset
            if not metric.numbers:
                for empty in (column, column + 1):
                    canvas.write(at, empty, _NONE, style)
                continue
            values = comparison.values(place, title)
            last = max(step for step, value in enumerate(values) if is_number(value))
            source = cell_address(page.logs_row + 1 + last, page.raw(place, offset))
            function = "MAX" if metric.rises else "MIN"
            canvas.calculate(at, column, f"={source}", _last(metric), style)
            canvas.calculate(at, column + 1, f"={function}({cells})", _best(metric), style)


def _last(metric: Metric) -> Value:
    return metric.numbers[-1] if metric.numbers else _NONE


def _best(metric: Metric) -> Value:
    return metric.best if metric.numbers else _NONE


def draw_groups(page: ComparisonPage) -> None:
    """Draw mean, deviation and 95 % interval of the trainings that differ in the seed."""
    row, canvas = page.groups_row, page.canvas
    canvas.write(row - 1, TABLE, "The same settings, other seeds", SECTION)
    canvas.write(row - 1, TABLE + 3, "mean, standard deviation s, 95% interval", NOTE)
    _titles(page, row, ("settings", *_GROUP_TITLES), "gradient")
    names = [page.comparison.called(group) for group in page.comparison.groups]
    _draw_names(page, row + 1, names, "gradient")
    for place, group in enumerate(page.comparison.groups):
        _group(page, row + 1 + place, group)


def _results(page: ComparisonPage, column: int, group: range) -> tuple[str, list[float]]:
    """Return the cells of a column of the trainings of a group, and what they come to."""
    first = page.runs_row + 1
    cells = range_address(first + group[0], column, first + group[-1], column)
    found = [page.canvas.value(first + place, column) for place in group]
    return cells, [value for value in found if is_number(value)]


def _group(page: ComparisonPage, row: int, group: range) -> None:
    cells, values = _results(page, TABLE + 2, group)
    best_cells, best = _results(page, TABLE + 3, group)
    count = len(values)
    several = count > 1
    average, spread = mean(values) if count else 0.0, stdev(values) if several else 0.0
    half = t_quantile(count - 1) * spread / count**0.5 if several else 0.0
    at = [cell_address(row, TABLE + 1 + place) for place in range(len(_GROUP_TITLES))]
    off = _off_the_mean(page, group, at[1], average)
    width = f"INDEX({page.corner_range('t', page.freedoms)},{at[0]}-1)*{at[2]}/SQRT({at[0]})"
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
        page.canvas.calculate(row, TABLE + 1 + place, formula, value, style, scale=abs(average))


def _off_the_mean(page: ComparisonPage, group: range, middle: str, average: float) -> str:
    """Draw how far the last value of each training of a group is off the mean; return the range.

    Some programs compute a deviation from sums of squares, which leaves few digits of it.
    """
    canvas, style = page.canvas, Style(number_format="0.0E+00", align="right")
    for place in group:
        cell = cell_address(page.runs_row + 1 + place, TABLE + 2)
        last = canvas.value(page.runs_row + 1 + place, TABLE + 2)
        off = last - average if is_number(last) else ""
        formula = f'=IF(ISNUMBER({cell}),{cell}-{middle},"")'
        row, column = page.corner("off the mean", place)
        canvas.merges.append((row, column, row, column + 1))
        canvas.calculate(row, column, formula, off, style)
    (first, column), (last_row, _) = (page.corner("off the mean", group[at]) for at in (0, -1))
    return range_address(first, column, last_row, column)


def result(page: ComparisonPage) -> Words:
    """Return the best mean of the groups in words, which follow the metric that is chosen."""
    canvas, first = page.canvas, page.groups_row + 1
    last = first + len(page.comparison.groups) - 1
    name = Words(page.choice, page.comparison.metrics[0])
    rises = f"{page.known(1)}=1"
    is_rising = Metric(page.comparison.metrics[0], ()).rises
    means = [canvas.value(row, TABLE + 2) for row in range(first, last + 1)]
    numbers = [value for value in means if is_number(value)]
    highest = max(numbers) if is_rising else min(numbers)
    best = means.index(highest)
    if first == last:
        cells = [cell_address(first, TABLE + at) for at in range(4)]
        told = joined(name, " ", _amount(page, cells[2], highest))
    else:
        column = range_address(first, TABLE + 2, last, TABLE + 2)
        place = f"MATCH(IF({rises},MAX({column}),MIN({column})),{column},0)"
        ranges = [range_address(first, TABLE + at, last, TABLE + at) for at in range(4)]
        cells = [f"INDEX({each},{place})" for each in ranges]
        called = Words(cells[0], str(canvas.value(first + best, TABLE)))
        end = only_if(rises, is_rising, literal(" is highest"), literal(" is lowest"))
        told = joined(name, end, " with ", called, ": ", _amount(page, cells[2], highest))
    count, spread = (canvas.value(first + best, TABLE + at) for at in (1, 3))
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
    is_share = page.canvas.value(*page.corner("format")) == SHARE
    words = in_percent(cell, number), in_words(cell, number, digits)
    return only_if(f"{page.known(2)}={SHARE}", is_share, *words)
