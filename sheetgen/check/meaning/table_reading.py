"""Reads a table by its headers: which network it trains, and what its cells and numbers mean."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from sheetgen.check.findings import LearningRate
from sheetgen.check.formula.expressions import Cell
from sheetgen.check.meaning.choosing import chosen_network, with_biases
from sheetgen.check.meaning.choosing_steps import with_steps
from sheetgen.check.meaning.column_values import Numbers, roundings_of
from sheetgen.check.meaning.learning_rate import find_rate, referenced_cell
from sheetgen.check.meaning.nearest_network import nearest_network, surplus_names
from sheetgen.check.meaning.resolving import Resolver, labelled_cells
from sheetgen.check.meaning.searches import Searches
from sheetgen.check.meaning.table_meaning import TableMeaning
from sheetgen.check.meaning.table_network import Network
from sheetgen.check.reading.cells import Book
from sheetgen.check.tables.headers import BATCH_ROW, COUNTED
from sheetgen.check.tables.table import Table

_GIVEN = ("i", "t", "η", *COUNTED)
_FEW = 0.1


@dataclass(frozen=True)
class Reading:
    """What a table means if its columns hold the quantities that `table.columns` says.

    `unassigned` resolves the formulas without a name for the learning rate's cell.
    """

    table: Table
    network: Network
    resolver: Resolver
    unassigned: Resolver
    numbers: Numbers
    rate_cell: Cell | None
    moving: set[str]

    @classmethod
    def of(cls, book: Book, table: Table, known: Network | None = None) -> Reading | None:
        """Return what the table means; None if its headers name no network, and none is known."""
        network = known or nearest_network(table.columns)
        if network is None:
            return None
        surplus = surplus_names(network, table.columns)
        if "η" in table.columns and sum(np.isfinite(table.values("η"))) == 1:
            surplus.add("η")  # a cell with a label above it, and no column
        if table.is_unit:
            surplus |= {one for one in table.columns if not table.has_numbers(table.columns[one])}
        table = _without(table, surplus)
        moving = _varying(table)
        constant = (table.columns_of("i", "t").keys() - moving) | _constant_biases(table)
        labelled = {} if known else labelled_cells(table.cells)
        unassigned = Resolver(book, table, constant, labelled)
        rate_cell = referenced_cell(unassigned)
        resolver = replace(unassigned, assigned={} if rate_cell is None else {rate_cell: "η"})
        numbers = _numbers(resolver)
        if known:
            return cls(table, known, resolver, unassigned, numbers, rate_cell, moving)
        network = with_biases(network, numbers, resolver)
        rated = numbers
        if rate_cell is not None:
            rates = {"η": unassigned.number(rate_cell)}
            rated = replace(numbers, constants=numbers.constants | rates)
        network = chosen_network(network, rated, resolver)
        rate = find_rate(network, unassigned, numbers).value
        network, settings = with_steps(network, numbers, resolver, rate)
        numbers.constants.update(network.steps.settings)
        resolver = replace(resolver, assigned=resolver.assigned | settings)
        return cls(table, network, resolver, unassigned, numbers, rate_cell, moving)

    def with_table(self, table: Table) -> Reading:
        """Return the same with a table of the same columns and rows."""
        return replace(self, table=table, resolver=replace(self.resolver, table=table))

    @property
    def rate(self) -> LearningRate:
        """The learning rate of the updates."""
        return find_rate(self.network, self.unassigned, self.numbers)

    def meaning(self, searches: Searches) -> TableMeaning:
        """Return what the columns are judged by; the tables of a workbook share the searches."""
        rate, numbers = self.rate, self.numbers
        if rate.value is not None and "η" not in self.table.columns:
            numbers.constants["η"] = rate.value
        return TableMeaning(
            self.table,
            self.network,
            self.resolver,
            numbers,
            rate,
            self.rate_cell,
            self.moving,
            searches,
        )


def _varying(table: Table) -> set[str]:
    """Return the inputs and targets that differ from row to row because the rows are samples.

    If most inputs and targets stay the same, one that changes is a mistake and not a sample, unless
    the table counts its samples.
    """
    shares = {symbol: _share(table, symbol) for symbol in table.columns_of("i", "t")}
    moving = {symbol for symbol, share in shares.items() if share < 1}
    many = any(share < 1 - _FEW for share in shares.values())
    counts = table.is_unit or not {"sample", BATCH_ROW}.isdisjoint(table.columns)
    if many and counts:
        return set(shares)
    return moving if many and 2 * len(moving) >= len(shares) else set()


def _share(table: Table, symbol: str) -> float:
    """Return the share of the rows that hold the column's most common number."""
    numbers = [one.number for one in table.contents(symbol) if one.number is not None]
    return Counter(numbers).most_common(1)[0][1] / len(numbers) if numbers else 1.0


def _without(table: Table, symbols: set[str]) -> Table:
    """Return the table with the columns of some symbols as if their headers said nothing."""
    texts = {table.columns[one]: table.header(one) for one in symbols}
    columns = {one: column for one, column in table.columns.items() if one not in symbols}
    return replace(table, columns=columns, others=table.others | texts) if symbols else table


def _constant_biases(table: Table) -> set[str]:
    return {
        symbol
        for symbol in table.columns
        if symbol.startswith("b")
        and f"∂E/∂{symbol}" not in table.columns
        and len(set(table.values(symbol).tolist())) == 1
    }


def _numbers(resolver: Resolver) -> Numbers:
    table = resolver.table
    values = {symbol: table.values(symbol) for symbol in table.columns}
    roundings = roundings_of(values, table.columns_of(*_GIVEN))
    constants: dict[str, float] = {}
    for place, symbol in resolver.labelled.items():
        if symbol not in table.columns:
            constants.setdefault(symbol, resolver.number(Cell(table.sheet, *place)))
    return Numbers(values, roundings, constants, table.rows)
