"""Finds the rows of a table: to its last, past rows without numbers, and where it starts anew."""

import re
from dataclasses import replace

from sheetgen.check.meaning.table_network import PARAMETERS
from sheetgen.check.tables.headers import family
from sheetgen.check.tables.table import Table, holds_number

_WIDEST_GAP = 3  # rows without numbers in a table of pasted numbers
_SUMMARY = re.compile(
    r"\b(?:average|avg|mean|min|max|minimum|maximum|median|total|sum|std|final|last)\b",
    re.IGNORECASE,
)


def read_rows(table: Table, headers: list[int]) -> list[Table]:
    """Set the rows of a table whose first row is known; return it, and the trainings below it.

    `headers` are the rows of the headers on the same columns. A training goes on below a gap where
    its formulas do, and starts anew where numbers stand in place of the weights' formulas. Other
    rows of numbers are the table's `unread`.
    """
    stop = min((row for row in headers if row > table.header_row), default=None)
    end = stop if stop is not None else max((row for row, _ in table.cells), default=0) + 1
    table.last = _end_of_block(table, table.first, end)
    if table.last < table.first:
        return [table]
    found = [table]
    while True:
        current = found[-1]
        row = _next_filled(current, current.last + 1, end)
        if row is None:
            return found
        if _goes_on(current, row, end):
            current.skipped.extend(range(current.last + 1, row))
            current.last = _end_of_block(current, row, end)
        elif _starts_anew(current, row):
            found.append(replace(table, first=row, skipped=[], unread=[], starts_anew=True))
            found[-1].last = _end_of_block(table, row, end)
        else:
            current.unread.extend(one for one in range(row, end) if _is_filled(current, one))
            return found


def _end_of_block(table: Table, first: int, end: int) -> int:
    """Return the last row before one in which neither most weights nor most columns are filled."""
    weights = [column for symbol, column in table.columns.items() if family(symbol) == "w"]
    last = first - 1
    for row in range(first, end):
        filled = sum(1 for one in weights if (row, one) in table.cells)
        everything = sum(1 for one in table.columns.values() if (row, one) in table.cells)
        if filled * 2 < len(weights) and everything * 2 <= len(table.columns):
            break
        last = row
    return last


def _next_filled(table: Table, first: int, end: int) -> int | None:
    return next((row for row in range(first, end) if _is_filled(table, row)), None)


def _is_filled(table: Table, row: int) -> bool:
    """Return whether numbers or formulas stand in most of the table's columns."""
    columns = table.columns.values()
    held = sum(holds_number(table.content(row, column)) for column in columns)
    return 3 * held >= 2 * len(columns)


def _goes_on(table: Table, row: int, end: int) -> bool:
    """Return whether a row below a gap continues the training: its weights are updated alike."""
    live = _live(table, _updated_columns(table))
    if live:
        return 2 * sum(_alike(table, row, column) for column in live) > len(live)
    names = " ".join(
        table.content(row, column).text for column in range(min(table.others, default=0) + 1)
    )
    follows = row + 1 < end and _is_filled(table, row + 1)
    return row - table.last - 1 <= _WIDEST_GAP and follows and not _SUMMARY.search(names)


def _starts_anew(table: Table, row: int) -> bool:
    """Return whether weights are typed where formulas stood, and the other formulas go on."""
    weights = _updated_columns(table)
    others = _live(table, [one for one in table.columns.values() if one not in weights])
    typed = all(table.content(row, column).number is not None for column in weights)
    typed = typed and all(table.content(row, column).formula is None for column in weights)
    alike = sum(_alike(table, row, column) for column in others)
    return bool(others) and typed and 2 * alike > len(others)


def _updated_columns(table: Table) -> list[int]:
    return [column for symbol, column in table.columns.items() if family(symbol) in PARAMETERS]


def _live(table: Table, columns: list[int]) -> list[int]:
    return [column for column in columns if table.content(table.last, column).formula is not None]


def _alike(table: Table, row: int, column: int) -> bool:
    """Return whether the formulas of a row and of the table's last use the same columns."""
    one, other = table.content(table.last, column).formula, table.content(row, column).formula
    if one is None or other is None:
        return False
    return one.columns == other.columns
