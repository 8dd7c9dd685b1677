"""Draws what came of a training, as live formulas: a sentence, best and last values, the target."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from math import floor, log10

from cnn.log.csv_metrics import listed
from cnn.log.description import Target
from cnn.log.log_page import HEADER_ROW, Area
from cnn.log.log_table import Table
from cnn.log.metrics import Metric, is_number, number_formats
from sheetgen.errors import short
from sheetgen.spreadsheet.address import cell_address, indexed
from sheetgen.spreadsheet.canvas import POSITIVE, Value
from sheetgen.spreadsheet.reader import FileCell
from sheetgen.spreadsheet.style import INPUT, LABEL, NOTE, VERDICT, Style, header
from sheetgen.workbook.shared.live_text import (
    HUGE,
    SIGNIFICANT,
    Words,
    joined,
    only_if,
    significant,
    with_decimals,
)

NOT_REACHED = "not reached"
_ONLY_NUMBERS = "10^300"
"""A text is above every number when compared, and so above this."""
_MOST_METRICS = 20
_LABEL, _VALUE = 3, 2  # cells of the grid
_SIZES, _SMALLEST = ((16, 10), (18, 9)), 8
"""Sizes of letters of a label by its length, so that it fits."""
_MOST_NAMES, _LONGEST = 6, 22
"""Metrics that a note names, and letters of each, also of a label."""
_EXTREME = re.compile(r"=?(MAX|MIN)\([$A-Z0-9:]+\)$")
_ASKED = re.compile("target: (.*) at (?:least|most)", re.DOTALL)
_WHOLE = Style(number_format="0", bold=True, align="right")


@dataclass(frozen=True)
class _Cell:
    """The address of a result and what it is now."""

    address: str
    value: Value


@dataclass(frozen=True)
class _Goal:
    """The target of a metric: the cells that say whether and when it is reached."""

    metric: Metric
    target: _Cell
    first: _Cell
    met: _Cell


@dataclass(frozen=True)
class Results:
    """The cells of the summary that other parts of the sheet refer to."""

    target: str | None
    """The cell in which the user may change the target."""
    met: str | None
    """The cell with PASS if the target is reached."""
    last_row: int
    sentence: Words


def draw_summary(area: Area, row: int, table: Table) -> Results:
    """Draw the summary below each other: a line for each metric, then the target."""
    main = table.log.main
    if main is None:
        count = Words(f"COUNT({table.steps})", f"{len(table.log.rows)}")
        told = joined(f"No number is logged yet; {table.log.step}s: ", count)
        return Results(None, None, row - 1, told)
    shown = [each for each in table.log.metrics if each.numbers and each is not main]
    shown = [main, *(each for each in shown if not each.is_time and not each.is_rate)]
    step = table.log.step
    titles = ("live", "last", "best", f"in {step}")
    for place, title in enumerate(titles):
        width = _VALUE if place else _LABEL
        area.write(row, place and _LABEL + _VALUE * (place - 1), title, header("unit"), width)
    formats = number_formats(table.log.metrics)
    results: dict[str, tuple[_Cell, _Cell, _Cell]] = {}
    for metric in shown[:_MOST_METRICS]:
        row += 1
        results[metric.name] = _metric(area, row, table, metric, formats[metric.name])
    if len(shown) > _MOST_METRICS:
        row += 1
        area.say(row, 0, f"the first {_MOST_METRICS} of {len(shown)} metrics", NOTE)
    if unknown := [each.name for each in shown[:_MOST_METRICS] if each.told is None]:
        row += 1
        names = listed([short(name, _LONGEST) for name in unknown], _MOST_NAMES)
        area.say(row, 0, f"the smallest is taken for the best of {names}", NOTE)
    goal, last = None, results[main.name]
    target = table.log.target
    if target and target.metric == main.name:
        goal = _goal(area, row + 2, table, main, target, last[0], formats[main.name])
        row += 5
    sentence = _sentence(table, main, *last, goal)
    if goal is None:
        return Results(None, None, row, sentence)
    return Results(goal.target.address, goal.met.address, row, sentence)


def _metric(
    area: Area, row: int, table: Table, metric: Metric, digits: str
) -> tuple[_Cell, _Cell, _Cell]:
    """Draw last and best value of a metric and the epoch of that."""
    is_main = metric is table.log.main
    # read_best() reads this line.
    size = next((size for most, size in _SIZES if len(metric.name) <= most), _SMALLEST)
    label = Style(bold=True) if is_main else LABEL
    area.say(row, 0, short(metric.name, _LONGEST), replace(label, size=size))
    cells, steps = table.cells(metric), table.log.steps
    function = "MAX" if metric.rises else "MIN"
    places = [at for at, value in enumerate(metric.values) if value == metric.best]
    best_step = f"={_found(table.steps, f'{function}({cells})', cells)}"
    style = Style(number_format=digits, bold=is_main, align="right")
    found: list[tuple[str, float, Style]] = [
        (f"={table.last_cell(metric)}", metric.numbers[-1], style),
        (f"={function}({cells})", metric.best, style),
        (best_step, steps[places[0]], replace(style, number_format="0")),
    ]
    last, best, step = (
        _Cell(area.calculate(row, _LABEL + _VALUE * place, *each, _VALUE), each[1])
        for place, each in enumerate(found)
    )
    return last, best, step


def _found(cells: str, key: str, keys: str) -> str:
    """Return the formula of the cell whose place among others is that of a key among keys."""
    return indexed(cells, f"MATCH({key},{keys},0)")


def _goal(
    area: Area, row: int, table: Table, metric: Metric, target: Target, last: _Cell, digits: str
) -> _Goal:
    canvas, place = area.canvas, _LABEL + 2 * _VALUE
    # read_target() reads this line.
    area.say(row, 0, f"target: {metric.name} at {'least' if metric.rises else 'most'}", LABEL)
    style = replace(INPUT, number_format=digits)
    column = area.merged(row, place, _VALUE)
    canvas.ask(row, column, "target", target.value, style, **POSITIVE)
    asked = _Cell(cell_address(row, column), target.value)
    area.say(row + 1, 0, f"first {table.log.step} that reaches it", LABEL)
    first = _first(table, metric, asked)
    address = area.calculate(row + 1, place, f"={first.address}", first.value, _WHOLE, _VALUE)
    area.say(row + 2, 0, f"reached in the last {table.log.step}", LABEL)
    sign, is_met = (">=", _reaches) if metric.rises else ("<=", _stays_below)
    met = "PASS" if is_met(float(last.value), target.value) else "FAIL"
    formula = f'=IF({last.address}{sign}{asked.address},"PASS","FAIL")'
    verdict = area.calculate(row + 2, place, formula, met, VERDICT, _VALUE)
    canvas.verdicts.append((row + 2, column, row + 2, column))
    return _Goal(metric, asked, _Cell(address, first.value), _Cell(verdict, met))


def read_best(cells: Mapping[tuple[int, int], FileCell], names: Iterable[str]) -> dict[str, str]:
    """Return whether the max or the min of each metric is best, on the sheet of a log."""
    found: dict[str, str] = {}
    labels = {short(name, _LONGEST): name for name in names}
    for (row, column), cell in cells.items():
        name = cells.get((row, column - _LABEL - _VALUE))
        match = _EXTREME.match(cell.formula or "")
        if name and match and str(name.value) in labels:
            found[labels[str(name.value)]] = match[1].lower()
    return found


def read_target(cells: Mapping[tuple[int, int], FileCell]) -> Target | None:
    """Return the target on the sheet of a log with these cells, as the user has left it."""
    for (row, column), cell in cells.items():
        found = _ASKED.fullmatch(str(cell.value))
        asked = cells.get((row, column + _LABEL + 2 * _VALUE))
        if found and asked and isinstance(asked.value, float):
            return Target(found[1], asked.value)
    return None


def _reaches(value: float, target: float) -> bool:
    return value >= target


def _stays_below(value: float, target: float) -> bool:
    return value <= target


def _first(table: Table, metric: Metric, target: _Cell) -> _Cell:
    """Return the formula of the first epoch at the target, and what it comes to.

    Among the products of whether an epoch is at the target and of how far it is before the end,
    the largest is that of the first epoch. SUMPRODUCT makes LARGE look at all of them; Gnumeric's
    MAX looks at the first.
    """
    cells, steps, numbers = table.cells(metric), table.steps, table.log.steps
    sign, reaches = (">=", _reaches) if metric.rises else ("<=", _stays_below)
    end = f"(MAX({steps})+1-{steps})"
    at_it = f'({cells}{sign}{target.address})*({cells}<{_ONLY_NUMBERS})*({cells}<>"")'
    longest = f"SUMPRODUCT(LARGE({at_it}*{end},1))"
    expression = f'IF({longest}=0,"{NOT_REACHED}",MAX({steps})+1-{longest})'
    reached = [
        step
        for step, value in zip(numbers, metric.values, strict=True)
        if is_number(value) and reaches(value, float(target.value))
    ]
    return _Cell(expression, reached[0] if reached else NOT_REACHED)


def _sentence(
    table: Table, main: Metric, last: _Cell, best: _Cell, best_step: _Cell, goal: _Goal | None
) -> Words:
    """Return the result in words: last value, best value, and whether the target is reached."""
    step, steps = table.log.step, table.log.steps
    count = f"{len(steps)} {step}{'s' if len(steps) > 1 else ''}"
    if max(steps) - min(steps) >= len(steps):
        count = f"{step} {max(steps):.15g}"  # every five hundredth is logged, say
    name = Words(cell_address(HEADER_ROW, table.column(main)), main.name)
    told = joined(f"After {count}: ", name, " ", _amount(main, last))
    if len(steps) > 1:
        is_best = last.value == best.value
        other = joined(", at best ", _amount(main, best), f" in {step} ", _whole(best_step))
        found = Words('", the best of all"', ", the best of all")
        told = joined(told, only_if(f"{last.address}={best.address}", is_best, found, other))
    return joined(told, _target_words(goal, step)) if goal else told


def _target_words(goal: _Goal, step: str) -> Words:
    first, met = goal.first, goal.met
    target = _amount(goal.metric, goal.target)
    in_step = joined(f"in {step} ", _whole(first))
    reached = only_if(
        f'{met.address}="PASS"',
        met.value == "PASS",
        joined(" is reached, first ", in_step),
        joined(" was reached ", in_step, f", but not in the last {step}"),
    )
    missed = first.value == NOT_REACHED
    state = only_if(
        f'{first.address}="{NOT_REACHED}"',
        missed,
        joined(" is not reached"),
        reached if not missed else Words(reached.expression, ""),
    )
    return joined("; the target of ", target, state)


def _whole(cell: _Cell) -> Words:
    return Words(cell.address, f"{cell.value:.15G}" if cell.value != NOT_REACHED else NOT_REACHED)


def _amount(metric: Metric, cell: _Cell) -> Words:
    """Return a value of a metric as the sentence shows it, in percent if it is a share."""
    value = float(cell.value)
    if not metric.is_share:
        return in_words(cell.address, value)
    return in_percent(cell.address, value)


def in_words(cell: str, value: float, digits: int = SIGNIFICANT) -> Words:
    """Return a number of any size with its significant digits."""
    words = significant(cell, value, digits)
    if isinstance(words.text, str):
        return words
    power = floor(log10(abs(value)))
    rounded = round(value / 10.0**power, digits - 1)
    is_huge = abs(value) >= HUGE
    text = f"{rounded:.{digits - 1}f}E{power}" if is_huge else f"{rounded * 10.0**power:.15G}"
    return Words(words.expression, text)


def in_percent(cell: str, share: float) -> Words:
    """Return a share in percent, rounded as spreadsheets do: they take 15 digits for exact."""
    exact = Decimal(f"{share * 100:.15g}").quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Words(f'{with_decimals(f"100*{cell}", 2)}&"%"', f"{exact}%")
