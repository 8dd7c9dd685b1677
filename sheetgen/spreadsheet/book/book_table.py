"""Finds the table on a sheet by its header row, and makes an array of NumPy of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sheetgen.spreadsheet.sheet_cells import Value

if TYPE_CHECKING:
    from sheetgen.spreadsheet.book.cell_names import Area

Place = tuple[int, int]


class Table(NamedTuple):
    """A table's header row, its columns, and the rows below it."""

    header: int
    columns: range
    rows: range


def found_table(places: Iterable[Place], value: Callable[[Place], Value]) -> Table | None:
    """Return the largest table of a sheet that has these cells, None if there is none.

    A table is a row of different texts in neighbouring cells with rows below it up to the first
    that is empty in these columns, and at least one number in them.
    """
    held = {place: it for place in places if (it := value(place)) is not None}
    rows: dict[int, list[int]] = {}
    for row, column in sorted(held):
        rows.setdefault(row, []).append(column)
    largest: Table | None = None
    most, ends = 0, dict[range, int]()
    for row, columns in rows.items():
        texts = [column for column in columns if isinstance(held[row, column], str)]
        for run in _runs(texts):
            # Texts of a table are not the headers of a larger one in the same columns.
            if row < ends.get(run, 0) or len({held[row, column] for column in run}) < len(run):
                continue
            last = row + 1
            while any((last, column) in held for column in run):
                last += 1
            ends[run] = last
            size = len(run) * (last - row - 1)
            if size > most and _has_number(held, range(row + 1, last), run):
                largest, most = Table(row, run, range(row + 1, last)), size
    return largest


def table_of(area: "Area") -> Table:
    """Return the table that is just these cells, the first row of them its header."""
    return Table(area.rows.start, area.columns, area.rows[1:])


def structured(table: Table, value: Callable[[Place], Value]) -> "np.ndarray[Any, Any]":
    """Return a structured array with a field for each column of a table.

    Numbers are floats, with NaN for nothing; a column with anything else holds objects.
    """
    names = _different(str(value((table.header, column)) or "") for column in table.columns)
    columns = [[value((row, column)) for row in table.rows] for column in table.columns]
    kinds = [
        float if all(it is None or type(it) is float for it in values) else object
        for values in columns
    ]
    found = np.empty(len(table.rows), dtype=list(zip(names, kinds, strict=True)))
    for name, kind, values in zip(names, kinds, columns, strict=True):
        found[name] = [np.nan if it is None and kind is float else it for it in values]
    return found


def _runs(columns: list[int]) -> Iterator[range]:
    """Yield the neighbours among columns, at least two each."""
    for _, run in groupby(enumerate(columns), key=lambda each: each[1] - each[0]):
        members = [column for _, column in run]
        if len(members) > 1:
            yield range(members[0], members[-1] + 1)


def _has_number(held: Mapping[Place, Value], rows: range, columns: range) -> bool:
    return any(type(held.get((row, column))) is float for row in rows for column in columns)


def _different(names: Iterable[str]) -> list[str]:
    """Return names that differ: "x", "x (2)"; one that is empty is called "column"."""
    found: list[str] = []
    for name in names:
        stem, new, number = name or "column", name or "column", 2
        while new in found:
            new, number = f"{stem} ({number})", number + 1
        found.append(new)
    return found
