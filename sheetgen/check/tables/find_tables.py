"""Finds the training tables of a sheet: a row of headers, and the rows of numbers below it."""

import re
from itertools import pairwise
from typing import NamedTuple

from sheetgen.check.reading.cells import Cells, Content
from sheetgen.check.tables.headers import error_of, family, number, symbol_of
from sheetgen.check.tables.table import EMPTY, Table, holds_number
from sheetgen.check.tables.table_rows import read_rows
from sheetgen.check.tables.unit_headers import unit_symbols

_GAP = 3  # rows that may lie between the header and the first row of numbers
_SHAPE = re.compile(r"\d+ *[×x] *\d+")  # below a matrix's name, as on our own sheet Matrices
_FORWARD = {"h", "a_h", "o", "a_o", "E", "E_total"}


class _Header(NamedTuple):
    column: int
    text: str
    symbol: str | None


def tables_of(sheet: str, cells: Cells) -> list[Table]:
    """Return every training table of a sheet, from the top and from the left."""
    found: list[Table] = []
    filled = _filled(cells)
    for row, texts in _rows_of_texts(cells):
        headers = _headers(cells, row, texts)
        tables = (_table(sheet, cells, row, block) for block in _blocks(headers))
        found.extend(table for table in tables if table is not None)
    read, rows = [], list(filled)
    for table in found:
        table.filled = filled
        starts = [one.header_row for one in found if _overlap(table, one)]
        read.extend(read_rows(table, starts, rows))
    return [table for table in read if table.last >= table.first]


def headers_alone(sheet: str, cells: Cells) -> Table | None:
    """Return the headers of a table without any numbers below them, or None."""
    tables = (_headed(sheet, cells, row, texts) for row, texts in _rows_of_texts(cells))
    return next((table for table in tables if table is not None), None)


def unfinished_tables(sheet: str, cells: Cells) -> list[Table]:
    """Return the tables of a sheet whose rows hold the weights, but few of the other columns."""
    found, filled = [], _filled(cells)
    for row, texts in _rows_of_texts(cells):
        table = _headed(sheet, cells, row, texts)
        first = _first_row(table) if table is not None else None
        if table is None or first is None:
            continue
        table.first = first
        _name_repeated(table)
        weights = table.row_contents(first, table.columns_of("w").values())
        if 2 * sum(map(holds_number, weights)) >= len(weights) and not _has_labels(table):
            table.filled = filled
            found.extend(read_rows(table, [], list(filled)))
    return found


def _filled(cells: Cells) -> dict[int, list[int]]:
    """Return the columns with a cell in each row of a sheet, from the top and from the left."""
    filled: dict[int, list[int]] = {}
    for row, column in sorted(cells):
        filled.setdefault(row, []).append(column)
    return filled


def _rows_of_texts(cells: Cells) -> list[tuple[int, list[_Header]]]:
    by_row: dict[int, list[_Header]] = {}
    texts = ((place, content.text) for place, content in cells.items() if content.text)
    for (row, column), text in sorted(texts):
        by_row.setdefault(row, []).append(_Header(column, text, symbol_of(text)))
    return list(by_row.items())


def _headers(cells: Cells, row: int, texts: list[_Header]) -> list[_Header]:
    """Return the texts of a row without the labels of a list of values beside the table.

    Such a label is directly left of its number and has no number below it, or it has a text below
    it and its symbol is in the row again, above numbers. The name of a matrix, whose shape is below
    it, is no header either.
    """
    below = {one.column: _first_below(cells, row, one.column) for one in texts}
    texts = [one for one in texts if not _SHAPE.fullmatch(below[one.column].text or "")]
    heads = {one.symbol for one in texts if holds_number(below[one.column])} - {None}
    return [
        one
        for one in texts
        if holds_number(below[one.column])
        or not (
            holds_number(cells.get((row, one.column + 1), EMPTY))
            or (below[one.column].text and one.symbol in heads)
        )
    ]


def _first_below(cells: Cells, row: int, column: int) -> Content:
    """Return the first cell with contents in the few rows below a header."""
    places = ((one, column) for one in range(row + 1, row + 2 + _GAP))
    return next((cells[place] for place in places if place in cells), EMPTY)


def _blocks(headers: list[_Header]) -> list[list[_Header]]:
    """Split a row of headers between tables that are side by side.

    The first weight is named again in the next table, which begins after the last gap, or else at
    the same header as the first.
    """
    symbols = [one.symbol for one in headers]
    weight = next((one for one in symbols if one is not None and family(one) == "w"), None)
    if weight is None:
        return [headers]
    first_symbol = next(one for one in symbols if one is not None)
    cuts = [0]
    for before, after in pairwise(index for index, one in enumerate(symbols) if one == weight):
        between = range(before + 1, after + 1)
        gaps = [one for one in between if headers[one].column - headers[one - 1].column > 1]
        starts = [one for one in between if symbols[one] == first_symbol]
        seen = set(symbols[cuts[-1] : before + 1]) - {None}
        repeats = [one for one in between if symbols[one] in seen]
        fitting = [one for one in gaps if one <= min(repeats, default=after)]
        cuts.append(fitting[-1] if fitting else (starts or repeats or [after])[0])
    return _joined([headers[first:last] for first, last in pairwise([*cuts, len(headers)])])


def _joined(blocks: list[list[_Header]]) -> list[list[_Header]]:
    """Join blocks that have little in common: their second first weight is a wrong header."""
    joined = blocks[:1]
    for block in blocks[1:]:
        before, after = ({one.symbol for one in each} - {None} for each in (joined[-1], block))
        alone = len(after) == 1 and block[0].column - joined[-1][-1].column == 1
        if alone or 2 * len(before & after) < min(len(before), len(after)):
            joined[-1] = [*joined[-1], *block]
        else:
            joined.append(block)
    return joined


def _table(sheet: str, cells: Cells, row: int, block: list[_Header]) -> Table | None:
    table = _headed(sheet, cells, row, block)
    first = _first_row(table) if table is not None else None
    if table is None or first is None:
        return None
    table.first = first
    _name_repeated(table)
    return table if table.is_filled(first) and not _has_labels(table) else None


def _has_labels(table: Table) -> bool:
    """Return whether there are other labels below the headers, as in a diagram."""
    below = table.row_contents(table.first)
    return any(symbol_of(content.text) is not None for content in below if content.text)


def _headed(sheet: str, cells: Cells, row: int, block: list[_Header]) -> Table | None:
    """Return a table without rows if the headers name weights and what is computed from them."""
    unit = unit_symbols([one.text for one in block]) if not _names_units(block) else {}
    if unit:
        block = [_Header(one.column, one.text, unit.get(one.text)) for one in block]
    columns: dict[str, int] = {}
    others: dict[int, str] = {}
    repeated: list[tuple[int, str]] = []
    for column, text, symbol in block:
        if symbol is None:
            others[column] = text
        elif symbol in columns:
            repeated.append((column, symbol))
        else:
            columns[symbol] = column
    _read_short_errors(columns, others)
    named = {column: symbol for symbol, column in columns.items()} | dict(repeated)
    table = Table(
        sheet, cells, row, columns, others, repeated=repeated, named=named, is_unit=bool(unit)
    )
    if unit:
        return table
    follow = any(family(one) in _FORWARD or one.startswith("∂E/∂") for one in columns)
    weights = [one for one in named.values() if family(one.removeprefix("∂E/∂")) == "w"]
    return table if table.columns_of("w") and len(weights) > 1 and follow else None


def _names_units(block: list[_Header]) -> bool:
    """Return whether headers name units of a network by their letter and number."""
    return any(
        family(one.symbol.removeprefix("∂E/∂")) in ("h", "a_h", "o", "a_o")
        for one in block
        if one.symbol is not None
    )


def _first_row(table: Table) -> int | None:
    weights = table.columns_of("w").values()
    rows = range(table.header_row + 1, table.header_row + 2 + _GAP)
    filled = (
        row
        for row in rows
        if any(map(holds_number, table.row_contents(row, weights))) or table.is_filled(row)
    )
    return next(filled, None)


def _read_short_errors(columns: dict[str, int], others: dict[int, str]) -> None:
    """Read L1 or J as an error if there are columns of targets and outputs."""
    if {"t", "a_o"} <= {family(symbol) for symbol in columns}:
        for column, text in list(others.items()):
            symbol = error_of(text)
            if symbol is not None and symbol not in columns:
                columns[symbol] = column
                del others[column]


def _name_repeated(table: Table) -> None:
    """Give a column whose header repeats another's the next number, unless a column has that.

    People copy a header and forget to change it: ∂E/∂w7, ∂E/∂w7 is ∂E/∂w7, ∂E/∂w8.
    """
    headed = [one for one in table.repeated if holds_number(table.content(table.first, one[0]))]
    for column, _ in set(table.repeated) - set(headed):
        del table.named[column]  # a label, and no header
        table.others[column] = table.heading(column)
    table.repeated = headed
    for column, symbol in table.repeated:
        following = f"{family(symbol)}{number(symbol) + 1}"
        partner = following.removeprefix("∂E/∂") in table.columns
        if number(symbol) and following not in table.columns and partner:
            table.columns[following] = column
        else:
            table.others[column] = table.heading(column)


def _overlap(table: Table, other: Table) -> bool:
    mine, theirs = table.columns.values(), other.columns.values()
    return min(mine) <= max(theirs) and min(theirs) <= max(mine)
