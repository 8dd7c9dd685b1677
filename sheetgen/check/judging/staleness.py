"""Finds out whether the results that a file holds are those of its formulas.

Programs that write workbooks leave the results out, or put 0 for every formula.
"""

import numpy as np

from sheetgen.check.formula.expressions import Array, Cell, Leaf, Symbol, evaluate
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.reading.cells import Book
from sheetgen.check.tables.table import Table

_ROWS = 3
_TOLERANCE = 1e-6
_TOO_MANY = 0.2


def lacks_results(book: Book, tables: list[Table]) -> bool:
    """Return whether formulas of the tables have no results, or many of them wrong ones."""
    return any(
        content.formula is not None and content.value is None
        for table in tables
        for content in (table.content(table.first, column) for column in table.columns.values())
    ) or any(_is_stale(book, table) for table in tables)


def _is_stale(book: Book, table: Table) -> bool:
    """Evaluate some formulas on the numbers that their references hold, and compare."""
    resolver = Resolver(book, table, set(), {})
    compared = wrong = 0
    rows = sorted({*table.sheet_rows[:_ROWS], table.last})
    for row in rows:
        for column in table.columns.values():
            content = table.content(row, column)
            if content.formula is None or content.is_error:
                continue
            if content.value is None:
                return True
            tree = resolver.resolved(content.formula, row, column)
            if tree is None or content.number is None:
                continue

            def lookup(leaf: Leaf, row: int = row) -> Array:
                return np.asarray(_number(resolver, table, leaf, row))

            value = float(evaluate(tree, lookup))
            if np.isfinite(value):
                compared += 1
                wrong += abs(value - content.number) > _TOLERANCE * max(abs(value), 1e-4)
    return compared > 0 and wrong > _TOO_MANY * compared


def _number(resolver: Resolver, table: Table, leaf: Leaf, row: int) -> float:
    if isinstance(leaf, Symbol):
        leaf = Cell(
            table.sheet, table.row_at(table.index_of(row) + leaf.offset), table.columns[leaf.name]
        )
    return resolver.number(leaf)
