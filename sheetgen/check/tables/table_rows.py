"""Finds the rows of a table, past rows without numbers, and further trainings below it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sheetgen.check.tables.headers import PARAMETERS
from sheetgen.check.tables.table import Gaps, Table

_WIDEST_GAP = 3  # rows without numbers in a table of pasted numbers
_SUMMARY = re.compile(
    r"\b(?:average|avg|mean|min|max|minimum|maximum|median|total|sum|std|final|last)\b",
    re.IGNORECASE,
)


def read_rows(table: Table, headers: Iterable[int], filled: Sequence[int]) -> list[Table]:
    """Set the rows of a table whose first row is known; return it, and the trainings below it.

    `headers` are the rows of the headers on the same columns, `filled` the rows of the sheet that
    hold anything, both from the top. A training continues below a gap if its formulas do, and
    another one starts where numbers take the place of the weights' formulas. Other rows of numbers
    are the table's `unread`.
    """
    stop = min((row for row in headers if row > table.header_row), default=None)
    end = stop if stop is not None else filled[-1] + 1
    below = filled[bisect_left(filled, table.first) : bisect_left(filled, end)]
    table.last = _end_of_block(table, table.first, end)
    found = [table]
    while table.last >= table.first:
        current = found[-1]
        left = range(bisect_right(below, current.last), len(below))
        row = next((below[one] for one in left if current.is_filled(below[one])), None)
        if row is None:
            break
        if _continues(current, row, end):
            current.skipped.add(range(current.last + 1, row), current.rows)
            current.last = _end_of_block(current, row, end)
        elif _restarts(current, row):
            found.append(replace(table, first=row, skipped=Gaps(), unread=[], restarts=True))
            found[-1].last = _end_of_block(table, row, end)
        else:
            current.unread.extend(filter(current.is_filled, below[bisect_left(below, row) :]))
            break
    return found


def _end_of_block(table: Table, first: int, end: int) -> int:
    """Return the last row before one in which neither most weights nor most columns are filled."""
    weights = table.columns_of("w").values()
    for row in range(first, end):
        filled = sum(1 for one in weights if (row, one) in table.cells)
        everything = sum(1 for one in table.columns.values() if (row, one) in table.cells)
        if filled * 2 < len(weights) and everything * 2 <= len(table.columns):
            return row - 1
    return max(first, end) - 1


def _continues(table: Table, row: int, end: int) -> bool:
    """Return whether a row below a gap continues the training: its weights are updated alike."""
    live = _live(table, table.columns_of(*PARAMETERS).values())
    if live:
        return 2 * sum(_alike(table, row, column) for column in live) > len(live)
    left = table.row_contents(row, range(min(table.others, default=0) + 1))
    is_summary = _SUMMARY.search(" ".join(content.text for content in left))
    follows = row + 1 < end and table.is_filled(row + 1)
    return row - table.last - 1 <= _WIDEST_GAP and follows and not is_summary


def _restarts(table: Table, row: int) -> bool:
    """Return whether the weights are typed there and the other formulas continue."""
    weights = table.columns_of(*PARAMETERS).values()
    others = _live(table, set(table.columns.values()) - set(weights))
    contents = table.row_contents(row, weights)
    typed = all(one.number is not None and one.formula is None for one in contents)
    return (
        bool(others) and typed and 2 * sum(_alike(table, row, one) for one in others) > len(others)
    )


def _live(table: Table, columns: Iterable[int]) -> list[int]:
    return [column for column in columns if table.content(table.last, column).formula is not None]


def _alike(table: Table, row: int, column: int) -> bool:
    """Return whether the formulas of a row and of the table's last use the same columns."""
    one, other = table.content(table.last, column).formula, table.content(row, column).formula
    if one is None or other is None:
        return False
    return one.columns == other.columns
