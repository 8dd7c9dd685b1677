"""Identifies a column whose header says nothing, by its formula and its use.

People write z1 for h1, "activation of h2" for a_h2, or w1 twice. Such a column is the one quantity,
among those without a column, whose definition its formula is, or with which most of the formulas
that refer to it become right. If two would do, or none, the column stays unknown.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sheetgen.check.formula.expressions import Expression, Symbol, shifted, symbols
from sheetgen.check.formula.expressions import replace as replace_nodes
from sheetgen.check.meaning.column_values import Numbers, Precision
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.searches import Effort, Searches
from sheetgen.check.meaning.simulation import same
from sheetgen.check.meaning.table_network import Network, expanded, is_helper, names_of
from sheetgen.check.tables.headers import is_parameter

_FEW_ROWS = 3
_MOST_COLUMNS = 24
_MOST_READ = 50_000  # formulas, for a table in which no column has a name
_USUAL_READ = 5_000


def identified(
    network: Network, resolver: Resolver, numbers: Numbers, searches: Searches
) -> dict[int, str]:
    """Return column → symbol of the columns that only their formulas identify."""
    table = resolver.table
    unknown = list(table.not_understood)
    known = {*table.columns, *numbers.constants}
    missing = [one for one in names_of(network.definitions()) if one not in known]
    if not unknown or not missing or len(unknown) > _MOST_COLUMNS:
        return {}
    search = _Search(network, resolver, unknown, missing, searches)
    search.by_own_formula()
    while search.by_use():
        search.by_own_formula()
    search.by_numbers(numbers)
    return search.found


class _Search:
    """The formulas of one row, with "?7" for the unknown column 7."""

    def __init__(
        self,
        network: Network,
        resolver: Resolver,
        unknown: list[int],
        missing: list[str],
        searches: Searches,
    ) -> None:
        self.found: dict[int, str] = {}
        self._unknown, self._missing = unknown, missing
        self._definitions = network.definitions()
        self._simulation = searches.simulation(network, several_samples=False)
        self._effort, self._is_spent = Effort(searches, _MOST_READ, _USUAL_READ), False
        table = resolver.table
        every = table.columns | {f"?{column}": column for column in unknown}
        self._table = replace(table, columns=every)
        wide = replace(resolver, table=self._table)
        row = table.row_at(min(1, table.rows - 1))
        trees = {name: wide.at(row, column) for name, column in every.items()}
        self._trees = {name: tree for name, tree in trees.items() if tree is not None}

    def _left(self) -> list[str]:
        return [name for name in self._missing if name not in self.found.values()]

    def by_own_formula(self) -> None:
        """Identify the columns whose formula is the definition of one missing quantity."""
        for column in self._unknown:
            if column not in self.found and f"?{column}" in self._trees:
                fitting = [
                    name
                    for name in self._left()
                    if self._is_right(f"?{column}", self.found | {column: name})
                ]
                if len(fitting) == 1 and not self._is_spent:
                    self.found[column] = fitting[0]

    def by_use(self) -> bool:
        """Take the column and quantity that make most formulas right; return whether any do."""
        best = 0, 0, ""
        for column in [one for one in self._unknown if one not in self.found]:
            using = [name for name in self._trees if self._uses(name, column)]
            before = self._count(using, self.found)
            gains = {
                name: self._count(using, self.found | {column: name}) - before
                for name in self._left()
            }
            most = max(gains.values(), default=0)
            names = [name for name, gain in gains.items() if gain == most]
            if most > best[0] and len(names) == 1:
                best = most, column, names[0]
        if not best[0] or self._is_spent:
            return False
        self.found[best[1]] = best[2]
        return True

    def by_numbers(self, numbers: Numbers) -> None:
        """Identify the columns of pasted numbers that are those of one definition in every row."""
        definitions = self._definitions
        computed = [one for one in self._left() if one in definitions and not is_parameter(one)]
        kept = {name for name in numbers.values if not is_helper(name)} | set(numbers.constants)
        rights = {one: expanded(definitions[one], definitions, kept) for one in computed}
        for column in sorted(set(self._unknown) - self.found.keys()):
            name = f"?{column}"
            contents = self._table.contents(name)
            pasted = [one.number for one in contents if one.formula is None]
            values = np.array([one for one in pasted if one is not None])
            if len(values) < len(contents) or len(set(values.tolist())) < _FEW_ROWS:
                continue
            own = replace(
                numbers,
                values=numbers.values | {name: values},
                roundings=numbers.roundings | {name: Precision.of(values).rounding(values)},
            )
            taken = self.found.values()
            fitting = [
                one
                for one, right in rights.items()
                if one not in taken and bool(own.agreement(name, right)[1].all())
            ]
            if len(fitting) == 1:
                self.found[column] = fitting[0]

    def _count(self, names: list[str], meaning: Mapping[int, str]) -> int:
        return sum(self._is_right(name, meaning) for name in names)

    def _uses(self, name: str, column: int) -> bool:
        return any(one.name == f"?{column}" for one in symbols(self._trees[name]))

    def _is_right(self, name: str, meaning: Mapping[int, str]) -> bool:
        symbol = meaning.get(int(name[1:])) if name.startswith("?") else name
        tree = self._read(self._trees[name], meaning, len(self._unknown))
        if self._is_spent:
            return False
        truth = self._simulation.values(Symbol(symbol)) if symbol is not None else None
        return same(self._simulation.values(tree), truth)

    def _read(self, tree: Expression, meaning: Mapping[int, str], depth: int) -> Expression:
        """Return a formula with what the unknown columns mean, or else with their formulas.

        A column that refers to the next one twice, and so on, would double it again and again.
        """
        self._is_spent |= not self._effort.take(1)

        def change(part: Expression) -> Expression | None:
            """Return an unknown column's symbol or formula, None for all else."""
            if not isinstance(part, Symbol) or not part.name.startswith("?"):
                return None
            symbol = meaning.get(int(part.name[1:]))
            if symbol is not None:
                return Symbol(symbol, part.offset)
            inner = self._trees.get(part.name)
            if inner is None or depth == 0 or self._is_spent:
                return None
            return shifted(self._read(inner, meaning, depth - 1), part.offset)

        return replace_nodes(tree, change)
