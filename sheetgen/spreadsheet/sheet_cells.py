"""Holds the cells of a sheet as a file has them, row by row, in little memory.

A dictionary from (row, column) to cells takes half a kilobyte for each of a million cells.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

Value = float | str | bool | None  # an error value is its text, such as "#DIV/0!"


class FileCell(NamedTuple):
    """One cell as the file holds it: its formula without "=", and its (cached) value."""

    formula: str | None
    value: Value


EMPTY = FileCell(None, None)
"""What a cell holds that is not in the file."""


class _Row(NamedTuple):
    columns: list[int]
    """In rising order; rows with cells in the same columns share the list."""
    formulas: list[str | None]
    values: list[Value]


class SheetCells(Mapping[tuple[int, int], FileCell]):
    """The cells of a sheet by their zero-based (row, column)."""

    def __init__(self) -> None:
        """Start without cells."""
        self._rows: dict[int, _Row] = {}
        self._shared: dict[tuple[int, ...], list[int]] = {}
        self._length = 0
        self.formulas = 0
        """Number of cells with a formula."""

    def put_row(
        self, row: int, columns: Sequence[int], formulas: list[str | None], values: list[Value]
    ) -> None:
        """Add the cells of a row that has none yet, given from left to right."""
        self._length += len(columns)
        self.formulas += len(formulas) - formulas.count(None)
        key = tuple(columns)
        self._rows[row] = _Row(self._shared.setdefault(key, list(key)), formulas, values)

    def formulas_at(self, row: int, columns: range) -> list[str | None] | None:
        """Return the formulas of neighbouring cells; None if one of the cells is not there."""
        found = self._rows.get(row)
        if found is None:
            return None
        at = bisect_left(found.columns, columns.start)
        end = at + len(columns)
        if found.columns[at:end] != list(columns):
            return None
        return found.formulas[at:end]

    def __getitem__(self, place: tuple[int, int]) -> FileCell:
        row, column = place
        found = self._rows[row]
        at = bisect_left(found.columns, column)
        if at == len(found.columns) or found.columns[at] != column:
            raise KeyError(place)
        return FileCell(found.formulas[at], found.values[at])

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return ((row, column) for row, found in self._rows.items() for column in found.columns)

    def __len__(self) -> int:
        return self._length
