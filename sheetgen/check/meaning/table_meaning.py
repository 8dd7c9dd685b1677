"""Holds what a table means before its columns are judged, and what each column should be."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sheetgen.check.findings import LearningRate
from sheetgen.check.formula.expressions import (
    Array,
    Cell,
    Expression,
    Leaf,
    Number,
    Symbol,
    replace,
    symbols,
    written,
)
from sheetgen.check.formula.parsing import full_address
from sheetgen.check.meaning.column_values import Numbers
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.searches import Searches
from sheetgen.check.meaning.simulation import same
from sheetgen.check.meaning.table_network import Network, expanded, is_helper
from sheetgen.check.meaning.training_steps import is_carried
from sheetgen.check.tables.headers import is_parameter
from sheetgen.check.tables.table import Table
from sheetgen.spreadsheet.address import relative_address


@dataclass
class TableMeaning:
    """A table, the network that it trains, and what its cells and references mean.

    `moving` are the inputs and targets that differ from row to row because the rows are samples.
    """

    table: Table
    network: Network
    resolver: Resolver
    numbers: Numbers
    rate: LearningRate
    rate_cell: Cell | None
    moving: set[str]
    searches: Searches
    unknown: dict[str, str] = field(default_factory=dict)
    """The functions that are not known ("hidden", "output", "loss"), each with its words."""
    negated: bool = False
    """Whether the gradients' columns hold -∂E/∂w, which the updates add."""

    def __post_init__(self) -> None:
        self.definitions = self.network.definitions()
        self.simulation = self.searches.simulation(self.network, bool(self.moving))
        self.present = set(self.table.columns) | set(self.numbers.constants)
        self.kept = {name for name in self.present if not is_helper(name)}

    @cached_property
    def referenced(self) -> set[str]:
        """The symbols that the formulas of the table's first two rows refer to."""
        rows = range(self.table.rows)[:2]
        trees = (self.resolver.of(symbol, row) for symbol in self.table.columns for row in rows)
        return {one.name for tree in trees if tree is not None for one in symbols(tree)}

    def shown(self, expression: Expression, row: int) -> str | None:
        """Return an expression as the formula of a row, with the file's own addresses.

        None if it needs a quantity that no cell of the file holds: a name alone is no formula.
        """
        sheet = self.table.sheet
        cells = {symbol: cell for cell, symbol in reversed(self.resolver.assigned.items())}
        for place, symbol in self.resolver.labelled.items():
            cells.setdefault(symbol, Cell(sheet, *place))

        def name(leaf: Leaf) -> str:
            """Return the address of a leaf, or the learning rate as a number."""
            if isinstance(leaf, Cell):
                return full_address(leaf, sheet)
            if leaf.name in self.table.columns:
                return relative_address(*self.table.place_of(leaf.name, row + leaf.offset))
            if leaf.name in cells:
                return full_address(cells[leaf.name], sheet)
            settings = dict(self.network.steps.settings)
            return f"{settings.get(leaf.name, self.rate.value):g}"

        return None if self.missing(expression) else f"={written(expression, name)}"

    def missing(self, expression: Expression) -> list[str]:
        """Return the quantities of an expression that are in no cell of the file."""
        known = {*self.present, *self.resolver.labelled.values(), *self.resolver.assigned.values()}
        if self.rate.value is not None:
            known.add("η")
        return sorted({one.name for one in symbols(expression)} - known)


class ComputedColumn:
    """One column of a table that has a definition: what it holds, and what it should hold."""

    def __init__(self, meaning: TableMeaning, symbol: str) -> None:
        self.meaning, self.symbol = meaning, symbol
        self.table, self.numbers = meaning.table, meaning.numbers
        self.contents = meaning.table.contents(symbol)
        self.values = meaning.numbers.values[symbol]
        self.is_parameter = is_parameter(symbol)
        self.is_carried = is_carried(symbol)
        self.forms = self.right_forms()

    def right_forms(self, tree: Expression | None = None) -> list[Expression]:
        """Return the definition over the nearest columns, then over those that a formula uses."""
        meaning, own = self.meaning, {self.symbol}
        kept = meaning.kept | own if self.is_parameter else meaning.kept - own
        wanted = [kept, meaning.present]
        if tree is not None:
            wanted.append({one.name for one in symbols(tree)})
        definitions = meaning.definitions
        forms = [expanded(definitions[self.symbol], definitions, names) for names in wanted]
        if "η" in self.table.columns and self.is_parameter:
            # A scheduled rate may be in the row of the update, or in that of the gradient.
            forms.extend([_with_earlier_rate(form) for form in forms])
        return list(dict.fromkeys(forms))

    @property
    def first_form(self) -> Expression:
        """What a sum or a state is in the first row: there was nothing before it."""
        nothing = Number(0)
        own = Symbol(self.symbol, -1)
        return replace(self.forms[0], lambda part: nothing if part == own else None)

    @cached_property
    def truth(self) -> Array:
        """The column's right values in the random trainings."""
        found = self.simulated(Symbol(self.symbol))
        assert found is not None
        return found

    @cached_property
    def constants(self) -> dict[str, float]:
        """The symbols that are the same number in every row, and their numbers."""
        numbers, constant = self.numbers, self.meaning.resolver.constant
        return {
            name: float(numbers.lookup(Symbol(name))[0])
            for name in sorted(constant | set(numbers.constants))
        }

    @cached_property
    def agreements(self) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """Which rows agree with the first form of the definition or more of them, one by one.

        Beside them are those that can be judged by these forms.
        """
        numbers = self.numbers
        agreeing, judged = (np.zeros(numbers.rows, dtype=bool) for _ in range(2))
        # An error, a text or a truth value is no number; an empty text is an empty cell.
        is_other = np.array(
            [one.value not in (None, "") and one.number is None for one in self.contents]
        )
        found = []
        for form in self.forms:
            difference, agrees = numbers.agreement(self.symbol, form)
            expected, _ = numbers.recomputed(form)
            agreeing = agreeing | agrees
            judged = judged | np.isfinite(difference) | (is_other & np.isfinite(expected))
            found.append((agreeing, judged))
        return found

    def simulated(self, tree: Expression) -> Array | None:
        """Return a formula's values in the random trainings; None if a leaf is not known there."""
        return self.meaning.simulation.values(tree)

    def is_right(self, tree: Expression) -> bool:
        """Return whether a formula has the right values in every random training."""
        return same(self.simulated(tree), self.truth)


def _with_earlier_rate(expression: Expression) -> Expression:
    return replace(expression, lambda part: Symbol("η", -1) if part == Symbol("η") else None)
