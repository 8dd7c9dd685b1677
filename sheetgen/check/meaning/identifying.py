"""Finds out which quantity a column is whose header says nothing, by its formula and its use.

People write z1 for h1, "activation of h2" for a_h2, or w1 twice. Such a column is the one quantity,
among those without a column, whose definition its formula is, or with which most of the formulas
that refer to it become right. Where two would do, or none, the column stays unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from sheetgen.check.formula.expressions import Expression, Symbol, shifted, symbols
from sheetgen.check.formula.expressions import replace as replace_nodes
from sheetgen.check.meaning.column_values import Numbers, Precision
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.simulation import Simulation, same
from sheetgen.check.meaning.table_network import PARAMETERS, Network, expanded, is_helper
from sheetgen.check.tables.headers import family
from sheetgen.check.tables.table import Table

_FEW_ROWS = 3
_MOST_COLUMNS = 24


def identified(
    table: Table, network: Network, resolver: Resolver, numbers: Numbers
) -> dict[int, str]:
    """Return column → symbol of the columns that their headers do not name, but their formulas."""
    unknown = list(table.not_understood)
    definitions = network.definitions()
    names = dict.fromkeys(definitions)
    for definition in definitions.values():
        names.update(dict.fromkeys(one.name for one in symbols(definition)))
    missing = [one for one in names if one not in table.columns and one != "η"]
    missing = [one for one in missing if one not in numbers.constants]
    if not unknown or not missing or len(unknown) > _MOST_COLUMNS:
        return {}
    search = _Search(table, network, resolver, unknown)
    search.by_own_formula(missing)
    while search.by_use(missing):
        search.by_own_formula(missing)
    found = dict(search.found)
    left = [one for one in missing if one not in found.values()]
    found.update(_by_numbers(table, network, numbers, set(unknown) - found.keys(), left))
    return found


class _Search:
    """The formulas of one row, with "?7" for the unknown column 7."""

    def __init__(
        self, table: Table, network: Network, resolver: Resolver, unknown: list[int]
    ) -> None:
        self.found: dict[int, str] = {}
        self._unknown = unknown
        self._simulation = Simulation(network)
        every = table.columns | {f"?{column}": column for column in unknown}
        wide = Resolver(
            resolver.book,
            replace(table, columns=every),
            resolver.constant,
            resolver.labelled,
            resolver.assigned,
        )
        row = table.row_at(min(1, table.rows - 1))
        self._trees: dict[str, Expression] = {}
        for name, column in every.items():
            formula = table.content(row, column).formula
            tree = wide.resolved(formula, row, column) if formula is not None else None
            if tree is not None:
                self._trees[name] = tree

    def by_own_formula(self, missing: Iterable[str]) -> None:
        for column in self._unknown:
            if column not in self.found and f"?{column}" in self._trees:
                fitting = [
                    name
                    for name in missing
                    if name not in self.found.values()
                    and self._is_right(f"?{column}", self.found | {column: name})
                ]
                if len(fitting) == 1:
                    self.found[column] = fitting[0]

    def by_use(self, missing: list[str]) -> bool:
        """Take the column and quantity that make most formulas right; return whether any do."""
        best = 0, 0, ""
        for column in [one for one in self._unknown if one not in self.found]:
            using = [name for name in self._trees if self._uses(name, column)]
            before = self._count(using, self.found)
            gains = {
                name: self._count(using, self.found | {column: name}) - before
                for name in missing
                if name not in self.found.values()
            }
            most = max(gains.values(), default=0)
            names = [name for name, gain in gains.items() if gain == most]
            if most > best[0] and len(names) == 1:
                best = most, column, names[0]
        if best[0]:
            self.found[best[1]] = best[2]
        return best[0] > 0

    def _count(self, names: list[str], meaning: Mapping[int, str]) -> int:
        return sum(self._is_right(name, meaning) for name in names)

    def _uses(self, name: str, column: int) -> bool:
        return any(one.name == f"?{column}" for one in symbols(self._trees[name]))

    def _is_right(self, name: str, meaning: Mapping[int, str]) -> bool:
        symbol = meaning.get(int(name[1:])) if name.startswith("?") else name
        truth = self._simulation.values(Symbol(symbol)) if symbol is not None else None
        tree = self._read(self._trees[name], meaning, len(self._unknown))
        values = self._simulation.values(tree)
        return truth is not None and values is not None and same(values, truth)

    def _read(self, tree: Expression, meaning: Mapping[int, str], depth: int) -> Expression:
        """Return a formula with what the unknown columns mean, or else with their formulas."""

        def change(part: Expression) -> Expression | None:
            if not isinstance(part, Symbol) or not part.name.startswith("?"):
                return None
            symbol = meaning.get(int(part.name[1:]))
            if symbol is not None:
                return Symbol(symbol, part.offset)
            inner = self._trees.get(part.name)
            if inner is None or depth == 0:
                return None
            return shifted(self._read(inner, meaning, depth - 1), part.offset)

        return replace_nodes(tree, change)


def _by_numbers(
    table: Table, network: Network, numbers: Numbers, unknown: set[int], missing: list[str]
) -> dict[int, str]:
    """Return the columns of pasted numbers that are those of one definition, in every row."""
    found: dict[int, str] = {}
    definitions = network.definitions()
    kept = {name for name in table.columns if not is_helper(name)} | set(numbers.constants)
    for column in sorted(unknown):
        contents = [table.content(row, column) for row in table.sheet_rows]
        plain = [one.number for one in contents if one.formula is None and one.number is not None]
        if len(plain) < len(contents) or len(set(plain)) < _FEW_ROWS:
            continue
        values = np.array(plain)
        name = f"?{column}"
        own = replace(
            numbers,
            values=numbers.values | {name: values},
            roundings=numbers.roundings | {name: Precision.of(values).rounding(values)},
        )
        fitting = [
            one
            for one in missing
            if one in definitions
            and family(one) not in PARAMETERS
            and one not in found.values()
            and bool(own.agreement(name, expanded(definitions[one], definitions, kept))[1].all())
        ]
        if len(fitting) == 1:
            found[column] = fitting[0]
    return found
