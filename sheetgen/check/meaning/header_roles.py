"""Finds columns whose headers name another part than the column plays, by who reads whom.

People copy a header and forget to change it, mistype one, or exchange two. The formulas then still
say which column is which: the one that E's formula subtracts the output from is the target. If
other names for a few columns make several formulas right and none wrong, the headers are wrong and
not the formulas. Numbers that were pasted say it in the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from sheetgen.check.formula.expressions import (
    Array,
    Expression,
    Number,
    Symbol,
    evaluate,
    leaves,
    symbols,
)
from sheetgen.check.formula.expressions import replace as replace_nodes
from sheetgen.check.meaning.column_values import Numbers, Precision
from sheetgen.check.meaning.searches import Effort, Searches
from sheetgen.check.meaning.simulation import same
from sheetgen.check.meaning.table_network import expanded, is_helper, names_of
from sheetgen.check.meaning.table_reading import Reading
from sheetgen.check.tables.headers import family, is_parameter, number
from sheetgen.check.tables.table import Table

_MOST_ROUNDS = 6
_MOST_JUDGEMENTS = 12_000  # for a table that is wrong all over
_USUAL_JUDGEMENTS = 3_000
_LEAST_GAIN = 2  # columns that other names must make right; a single one may be a mistake
_FEW = 6  # wrong columns from which names are guessed
_FEW_ROWS = 8
_NEAR = 0.1

Names = Mapping[int, str]  # column → symbol


def renamed_columns(reading: Reading, searches: Searches) -> dict[str, int] | None:
    """Return symbol → column as the formulas have it; None if the headers may well be right."""
    table = reading.table
    start = {column: symbol for symbol, column in table.columns.items()}
    columns = [*start, *table.not_understood]
    by_formulas = _ByFormulas(reading, columns, searches)
    definitions = reading.network.definitions()
    defined = [one for one in start.values() if one in definitions]
    evidence: _Evidence = by_formulas
    if 2 * len(by_formulas.judged) < len(defined):
        evidence = _ByNumbers(reading, columns)
    effort = Effort(searches, _MOST_JUDGEMENTS, _USUAL_JUDGEMENTS)
    found = _Search(evidence, definitions, effort).names(start)
    if found == start or _is_unlikely(table, start, found):
        return None
    return {symbol: column for column, symbol in found.items()}


def _is_unlikely(table: Table, start: Names, found: Names) -> bool:
    """Return whether headers in perfect order would be exchanged into disorder.

    People write t1, t2 in that order. Formulas that use them crosswise everywhere look the same as
    exchanged headers, but then it was the formulas that were mixed up.
    """
    moved = [one for one in found if found[one] != start.get(one)]
    as_headed = all(
        start.get(one) == table.named.get(one) and not table.repeats(one) for one in moved
    )
    return as_headed and not _disorder(start) and bool(_disorder(found))


def _disorder(names: Names) -> int:
    """Count the columns that are right of one with a higher number of the same family."""
    last: dict[str, int] = {}
    count = 0
    for _, symbol in sorted(names.items()):
        count += number(symbol) < last.get(family(symbol), 0)
        last[family(symbol)] = number(symbol)
    return count


class _Evidence(Protocol):
    """What tells whether the columns have the right names."""

    judged: list[int]
    """The columns that can be judged, those with the simplest formulas first."""

    def is_right(self, column: int, names: Names) -> bool:
        """Return whether a column is what its name says, if all columns have these names."""
        ...

    def read_by(self, column: int, names: Names, /) -> Collection[int]:
        """Return the columns that this one is computed from."""
        ...


class _Search:
    """Gives columns other names as long as each change makes several more columns right."""

    def __init__(
        self, evidence: _Evidence, definitions: Mapping[str, Expression], effort: Effort
    ) -> None:
        self._evidence, self._defined, self._effort = evidence, definitions.keys(), effort
        self._every = [*names_of(definitions), "η"]
        self._is_spent = False
        self._judged: dict[tuple[object, ...], bool] = {}

    def names(self, start: Names) -> Names:
        """Return the names with which most columns are right, and none wrong that was right."""
        names, first = start, self._right(start)
        right = first
        for _ in range(_MOST_ROUNDS):
            better = self._better(names, right)
            if better is None:
                break
            names = better
            right = self._right(names)
        kept = {one for one in first if names.get(one) == start[one]}
        return names if kept <= right else start

    def _right(self, names: Names) -> set[int]:
        return {one for one in self._evidence.judged if self._is_right(one, names)}

    def _is_right(self, column: int, names: Names) -> bool:
        reads = self._evidence.read_by(column, names)
        key = (column, names.get(column), *((one, names.get(one)) for one in reads))
        if key not in self._judged:
            self._is_spent |= not self._effort.take(1)
            self._judged[key] = not self._is_spent and self._evidence.is_right(column, names)
        return self._judged[key]

    def _better(self, names: Names, right: set[int]) -> Names | None:
        """Return the names after the exchange that makes most columns right, if it is worth it."""
        best: Names | None = None
        most = (0, 0)
        for changed in self._candidates(names, right):
            gain = len(self._right(changed)) - len(right)
            moved = [one for one in {**names, **changed} if names.get(one) != changed.get(one)]
            kin = {family(one) for column in moved for one in _known(column, names, changed)}
            # Of two exchanges that explain as much, the one within a family is meant.
            # A single mistake is more likely than wrong headers, unless those are out of order.
            tidy = _disorder(names) > 0 and not _disorder(changed)
            enough = gain >= _LEAST_GAIN or (tidy and gain > 0)
            if not self._is_spent and enough and (gain, -len(kin)) > most:
                best, most = changed, (gain, -len(kin))
        return best

    def _candidates(self, names: Names, right: set[int]) -> Iterator[Names]:
        """Yield each exchange that makes one of the wrong columns right."""
        evidence = self._evidence
        wrong = [one for one in evidence.judged if one in names and one not in right]
        wrong.sort(key=lambda one: names[one] not in self._defined)  # inputs may have formulas too
        seen: list[Names] = []
        for column in wrong[:_FEW]:
            for other in dict.fromkeys([column, *evidence.read_by(column, names)]):
                for symbol in self._every:
                    if symbol == names.get(other):
                        continue
                    changed = _exchanged(names, other, symbol)
                    if self._is_right(column, changed) and changed not in seen:
                        seen.append(changed)
                        yield changed


def _known(column: int, *names: Names) -> list[str]:
    return [one[column] for one in names if column in one]


def _exchanged(names: Names, column: int, symbol: str) -> Names:
    """Return the names with one column's changed; the column that had it gets the old one."""
    changed = dict(names)
    old = changed.pop(column, None)
    for other in [one for one, name in names.items() if name == symbol]:
        del changed[other]
        if old is not None:
            changed[other] = old
    changed[column] = symbol
    return changed


class _ByFormulas:
    """The formulas of one row, in random trainings of the network."""

    def __init__(self, reading: Reading, columns: list[int], searches: Searches) -> None:
        table = reading.table
        wide = replace(table, columns={f"?{column}": column for column in columns})
        resolver = replace(reading.resolver, table=wide)
        row = table.row_at(min(1, table.rows - 1))
        trees = {column: resolver.at(row, column) for column in columns}
        self._trees = {one: tree for one, tree in trees.items() if tree is not None}
        self._reads = {
            one: list(
                dict.fromkeys(int(leaf.name[1:]) for leaf in symbols(tree) if "?" in leaf.name)
            )
            for one, tree in self._trees.items()
        }
        self._simulation = searches.simulation(reading.network, bool(reading.moving))
        self._definitions = _with_typed_rate(reading)
        self._truths: dict[str, Array | None] = {}
        self.judged = sorted(self._trees, key=lambda one: len(leaves(self._trees[one])))

    def is_right(self, column: int, names: Names) -> bool:
        symbol = names.get(column, "")
        if symbol not in self._definitions or any(one not in names for one in self._reads[column]):
            return False
        if symbol not in self._truths:
            typed = is_parameter(symbol)  # its definition may hold the rate as a number
            definition = self._definitions[symbol] if typed else Symbol(symbol)
            self._truths[symbol] = self._simulation.values(definition)
        meaning = {f"?{one}": names[one] for one in self._reads[column]}
        return same(self._simulation.values(self._trees[column], meaning), self._truths[symbol])

    def read_by(self, column: int, _: Names) -> Collection[int]:
        return self._reads[column]


def _with_typed_rate(reading: Reading) -> Mapping[str, Expression]:
    """Return the definitions, with the number of a learning rate that the formulas hold."""
    rate = reading.rate
    definitions = reading.network.definitions()
    if rate.cell is not None or rate.value is None:
        return definitions
    number = Number(rate.value)
    return {
        name: replace_nodes(one, lambda part: number if part == Symbol("η") else None)
        for name, one in definitions.items()
    }


class _ByNumbers:
    """Numbers without formulas, of a table's first rows."""

    def __init__(self, reading: Reading, columns: list[int]) -> None:
        rows = min(reading.table.rows, _FEW_ROWS)
        wide = replace(reading.table, columns={f"?{column}": column for column in columns})
        self._values = {one: wide.values(f"?{one}") for one in columns}
        self._roundings = {
            one: Precision.of(values).rounding(values)[:rows]
            for one, values in self._values.items()
        }
        self._values = {one: values[:rows] for one, values in self._values.items()}
        self._definitions = reading.network.definitions()
        self._constants = dict(reading.numbers.constants)
        if (rate := reading.rate.value) is not None:
            self._constants.setdefault("η", rate)
        self._rows = rows
        self._expanded: dict[tuple[str, frozenset[str]], Expression] = {}
        known = {column: name for name, column in reading.table.columns.items()}
        defined = self._definitions.keys()
        self.judged = [one for one in columns if known.get(one, "") in {"", *defined}]

    def is_right(self, column: int, names: Names) -> bool:
        symbol = names.get(column, "")
        if symbol not in self._definitions:
            return False
        right = self._right(symbol, names)
        values = {name: self._values[one] for one, name in names.items()}
        if any(one.name not in values | self._constants for one in symbols(right)):
            return False
        roundings = {name: self._roundings[one] for one, name in names.items()}
        numbers = Numbers(values, roundings, self._constants, self._rows)
        found, actual = evaluate(right, numbers.lookup), values[symbol]
        known = np.isfinite(found) & np.isfinite(actual)
        with np.errstate(invalid="ignore"):
            near = np.abs(found - actual) <= _NEAR * np.abs(actual) + 9 * roundings[symbol]
        if not near[known].all():
            return False  # without the work to find out how exact the numbers are
        difference, agrees = numbers.agreement(symbol, right)
        known = np.isfinite(difference)
        return bool(known.any() and agrees[known].all())

    def _right(self, symbol: str, names: Names) -> Expression:
        kept = frozenset(
            {one for one in names.values() if not is_helper(one)} | self._constants.keys()
        )
        kept = kept | {symbol} if is_parameter(symbol) else kept - {symbol}
        if (symbol, kept) not in self._expanded:
            definitions = self._definitions
            self._expanded[symbol, kept] = expanded(definitions[symbol], definitions, kept)
        return self._expanded[symbol, kept]

    def read_by(self, column: int, names: Names) -> Collection[int]:
        symbol = names.get(column, "")
        right = (
            self._right(symbol, names)
            if symbol is not None and symbol in self._definitions
            else Number(0)
        )
        needed = {one.name for one in symbols(right)}
        unnamed = [one for one in self._values if one not in names]
        return [one for one, name in names.items() if name in needed] + unnamed
