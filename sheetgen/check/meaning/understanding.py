"""Understands a table: what its columns are by their headers, and where those fail, by formulas."""

from dataclasses import replace
from itertools import count, takewhile

from sheetgen.check.formula.expressions import Cell, leaves, symbols
from sheetgen.check.meaning.header_roles import renamed_columns
from sheetgen.check.meaning.identifying import identified
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.searches import Searches
from sheetgen.check.meaning.table_reading import Reading
from sheetgen.check.reading.cells import Book
from sheetgen.check.tables.table import Table


def understood(book: Book, table: Table, searches: Searches) -> Reading | None:
    """Return what a table means; None if its headers name no network.

    Columns whose headers say nothing, or name a symbol twice, are identified by their formulas;
    then headers are exchanged if that makes several more formulas right. The tables of a workbook
    share the searches.
    """
    whole = Reading.of(book, table)
    if whole is None:
        return None
    table = replace(whole.table, edges=_edges(whole.table))
    doubtful = _doubtful(table)
    loose = Reading.of(book, _with(table, doubtful)) if doubtful else whole.with_table(table)
    if loose is None:
        return whole
    found = identified(loose.network, loose.resolver, loose.numbers, searches)
    columns = loose.table.columns | {symbol: column for column, symbol in found.items()}
    columns |= _as_headed(table, columns, doubtful)
    linked = tuple(one for one in table.edges if one in found or _is_linked(loose.resolver, one))
    if columns == whole.table.columns and not linked:
        return _renamed(book, whole, searches)
    better = replace(loose.table, columns=columns, identified=found, edges=linked)
    return _renamed(book, Reading.of(book, better) or whole, searches)


def _renamed(book: Book, reading: Reading, searches: Searches) -> Reading:
    columns = renamed_columns(reading, searches)
    if columns is None:
        return reading
    return Reading.of(book, replace(reading.table, columns=columns)) or reading


def _doubtful(table: Table) -> dict[int, str]:
    """Return the columns whose header occurs twice: column → the symbol that it names."""
    return {column: symbol for column, symbol in table.named.items() if table.repeats(column)}


def _with(table: Table, doubtful: dict[int, str]) -> Table:
    """Return the table as if the headers of these columns said nothing."""
    columns = {name: one for name, one in table.columns.items() if one not in doubtful}
    texts = {one: table.heading(one) for one in doubtful}
    return replace(table, columns=columns, others=table.others | texts)


def _as_headed(table: Table, known: dict[str, int], doubtful: dict[int, str]) -> dict[str, int]:
    """Return what the columns that no formula identified are by the order of their headers."""
    by_header = {column: name for name, column in table.columns.items()}
    found: dict[str, int] = {}
    for column in sorted(doubtful.keys() - set(known.values())):
        free = (
            name
            for name in (doubtful[column], by_header.get(column))
            if name is not None and name not in known and name not in found
        )
        if (name := next(free, None)) is not None and table.has_numbers(column):
            found[name] = column
    return found


def _edges(table: Table) -> tuple[int, ...]:
    """Return the columns of numbers without a header directly beside the table."""
    columns = {*table.columns.values(), *table.others}
    found: list[int] = []
    for beside in (count(min(columns) - 1, -1), count(max(columns) + 1)):
        found += takewhile(lambda one: table.has_numbers(one) and not table.heading(one), beside)
    return tuple(found)


def _is_linked(resolver: Resolver, column: int) -> bool:
    """Return whether a column reads the table's row, or the formulas of that row read it."""
    table = resolver.table
    row = table.row_at(min(1, table.rows - 1))
    own = resolver.at(row, column)
    if own is not None and symbols(own):
        return True
    trees = (resolver.at(row, one) for one in table.columns.values())
    read = (leaf for tree in trees if tree is not None for leaf in leaves(tree))
    return any(isinstance(one, Cell) and one.column == column for one in read)
