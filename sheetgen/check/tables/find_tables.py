"""Finds the training tables of a sheet: a row of names, and the rows of numbers below it."""

from itertools import pairwise

from sheetgen.check.reading.cells import Cells, Content
from sheetgen.check.tables.extent import read_rows
from sheetgen.check.tables.headers import error_of, family, number, symbol_of
from sheetgen.check.tables.table import EMPTY, Table, holds_number

_GAP = 3  # rows that may lie between the header and the first row of numbers
_FORWARD = {"h", "a_h", "o", "a_o", "E", "E_total"}


def tables_of(sheet: str, cells: Cells) -> list[Table]:
    """Return every training table of a sheet, from the top and from the left."""
    by_row = _texts_of_rows(cells)
    found: list[Table] = []
    for row in sorted(by_row):
        texts = _headers(cells, row, sorted(by_row[row]))
        tables = [_table(sheet, cells, row, block) for block in _blocks(texts)]
        if None in tables and len(tables) > 1 and _touch(texts):
            # The weight that stands there twice is a header that was not changed after copying.
            whole = _table(sheet, cells, row, texts)
            tables = [whole] if whole is not None else tables
        found.extend(table for table in tables if table is not None)
    read = []
    for table in found:
        read.extend(read_rows(table, [one.header_row for one in found if _overlap(table, one)]))
    return [table for table in read if table.last >= table.first]


def _texts_of_rows(cells: Cells) -> dict[int, list[tuple[int, str]]]:
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (row, column), content in cells.items():
        if content.text:
            by_row.setdefault(row, []).append((column, content.text))
    return by_row


def _headers(cells: Cells, row: int, texts: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the texts of a row without the labels of a list of values beside the table.

    Such a label stands directly left of its number and has no number below it, or it has a text
    below it and its symbol stands in the row again, above numbers.
    """
    below = {column: _first_below(cells, row, column) for column, _ in texts}
    heads = {symbol_of(text) for column, text in texts if holds_number(below[column])} - {None}
    return [
        (column, text)
        for column, text in texts
        if holds_number(below[column])
        or not (
            holds_number(cells.get((row, column + 1), EMPTY))
            or (below[column].text and symbol_of(text) in heads)
        )
    ]


def _first_below(cells: Cells, row: int, column: int) -> Content:
    """Return the first cell below a header that holds anything, among those of the table's top."""
    places = ((one, column) for one in range(row + 1, row + 2 + _GAP))
    return next((cells[place] for place in places if place in cells), EMPTY)


def _blocks(texts: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Split a row of headers where a table ends and another one beside it begins.

    That is where the first weight is named again; the next table begins after the last gap, or
    else at the header that began the first.
    """
    named = [(column, text, symbol_of(text)) for column, text in texts]
    starts = [symbol for _, _, symbol in named if symbol is not None and family(symbol) == "w"]
    if not starts or starts.count(starts[0]) < 2:
        return [texts]
    count = starts.count(starts[0])
    cuts = _cuts(named, starts[0], count)
    edges = [0, *cuts, len(texts)]
    return [texts[first:last] for first, last in pairwise(edges)]


def _touch(texts: list[tuple[int, str]]) -> bool:
    """Return whether the headers that name a quantity stand side by side."""
    columns = [column for column, text in texts if symbol_of(text) is not None]
    return all(after - before == 1 for before, after in pairwise(columns))


def _cuts(named: list[tuple[int, str, str | None]], weight: str, count: int) -> list[int]:
    places = [index for index, (_, _, symbol) in enumerate(named) if symbol == weight]
    first_symbol = next(symbol for _, _, symbol in named if symbol is not None)
    cuts: list[int] = []
    for before, after in pairwise(places):
        between = range(before + 1, after + 1)
        gaps = [one for one in between if named[one][0] - named[one - 1][0] > 1]
        starts = [one for one in between if named[one][2] == first_symbol]
        seen = {named[one][2] for one in range(cuts[-1] if cuts else 0, before + 1)} - {None}
        repeats = [one for one in between if named[one][2] in seen]
        fitting = [one for one in gaps if one <= min(repeats, default=after)]
        cuts.append(fitting[-1] if fitting else (starts or repeats or [after])[0])
    return cuts[: count - 1]


def headers_alone(sheet: str, cells: Cells) -> Table | None:
    """Return the headers of a table without any numbers below them, or None."""
    by_row = _texts_of_rows(cells)
    tables = (_headed(sheet, cells, row, sorted(by_row[row])) for row in sorted(by_row))
    return next((table for table in tables if table is not None), None)


def _table(sheet: str, cells: Cells, row: int, block: list[tuple[int, str]]) -> Table | None:
    table = _headed(sheet, cells, row, block)
    first = _first_row(table) if table is not None else None
    if table is None or first is None:
        return None
    table.first = first
    _name_repeated(table)
    return table if _is_filled(table) else None


def _headed(sheet: str, cells: Cells, row: int, block: list[tuple[int, str]]) -> Table | None:
    """Return a table that has no rows yet if the headers name weights and what they lead to."""
    columns: dict[str, int] = {}
    others: dict[int, str] = {}
    repeated: list[tuple[int, str]] = []
    for column, text in block:
        symbol = symbol_of(text)
        if symbol is None:
            others[column] = text
        elif symbol in columns:
            repeated.append((column, symbol))
        else:
            columns[symbol] = column
    _read_short_errors(columns, others)
    weights = [symbol for symbol in columns if family(symbol) == "w"]
    forward = [
        symbol for symbol in columns if family(symbol) in _FORWARD or symbol.startswith("∂E/∂")
    ]
    if len(weights) < 2 or not forward:
        return None
    return Table(sheet, cells, row, columns, others, repeated=repeated)


def _read_short_errors(columns: dict[str, int], others: dict[int, str]) -> None:
    """Take L1 or J for an error where targets and outputs stand beside it."""
    if {"t", "a_o"} <= {family(symbol) for symbol in columns}:
        for column, text in list(others.items()):
            symbol = error_of(text)
            if symbol is not None and symbol not in columns:
                columns[symbol] = column
                del others[column]


def _first_row(table: Table) -> int | None:
    weights = [symbol for symbol in table.columns if family(symbol) == "w"]
    for row in range(table.header_row + 1, table.header_row + 2 + _GAP):
        if any(holds_number(table.content(row, table.columns[one])) for one in weights):
            return row
    return None


def _is_filled(table: Table) -> bool:
    """Return whether numbers stand below most headers, as they do not below labels of a diagram."""
    below = [table.content(table.first, column) for column in table.columns.values()]
    if any(symbol_of(content.text) is not None for content in below if content.text):
        return False
    return 3 * sum(holds_number(content) for content in below) >= 2 * len(below)


def _name_repeated(table: Table) -> None:
    """Give a column whose header repeats another's the next number, if no column has that.

    People copy a header and forget to change it: ∂E/∂w7, ∂E/∂w7 is ∂E/∂w7, ∂E/∂w8.
    """
    kept = []
    for column, symbol in table.repeated:
        following = f"{family(symbol)}{number(symbol) + 1}"
        has_numbers = holds_number(table.content(table.first, column))
        partner = following.removeprefix("∂E/∂") in table.columns
        if number(symbol) and following not in table.columns and has_numbers and partner:
            table.columns[following] = column
            kept.append((column, symbol))
        else:
            table.others[column] = symbol
    table.repeated = kept


def _overlap(table: Table, other: Table) -> bool:
    mine, theirs = table.columns.values(), other.columns.values()
    return min(mine) <= max(theirs) and min(theirs) <= max(mine)
