"""Holds the values that an engine computes of a sheet, column by column, in little memory.

A worker process sends them to the one that asked; so little is imported here.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, ValuesView

from sheetgen.spreadsheet.sheet_cells import Value


class SheetValues(Mapping[tuple[int, int], Value]):
    """The values of a sheet by their zero-based (row, column)."""

    def __init__(self) -> None:
        """Start without values."""
        self._columns: dict[int, tuple[array[int], array[float]]] = {}
        self._others: dict[tuple[int, int], Value] = {}
        """What is no number; its place among the numbers has one that means nothing."""

    def put(self, row: int, column: int, value: Value) -> None:
        """Add the value of a cell that has none yet."""
        if column not in self._columns:
            self._columns[column] = array("i"), array("d")
        rows, numbers = self._columns[column]
        number = value if type(value) is float else 0.0
        if not rows or row > rows[-1]:
            rows.append(row)
            numbers.append(number)
        else:
            at = bisect_left(rows, row)
            rows.insert(at, row)
            numbers.insert(at, number)
        if type(value) is not float:
            self._others[row, column] = value

    def numbers(self, column: int, rows: range) -> "array[float] | None":
        """Return the numbers of neighbouring rows; None if one of the values is no number."""
        there, numbers = self._columns.get(column, (array("i"), array("d")))
        at = bisect_left(there, rows.start)
        if there[at : at + len(rows)] != array("i", rows):
            return None
        if self._others and any((row, column) in self._others for row in rows):
            return None
        return numbers[at : at + len(rows)]

    def values(self) -> ValuesView[Value]:
        """Return all values; going through them looks none up by its place."""
        return _Values(self)

    def each_value(self) -> Iterator[Value]:
        """Yield each value, in the order of the places."""
        mixed = {column for _, column in self._others}
        for column, (rows, numbers) in self._columns.items():
            if column not in mixed:
                yield from numbers
                continue
            for row, number in zip(rows, numbers, strict=True):
                yield self._others.get((row, column), number)

    def __getitem__(self, place: tuple[int, int]) -> Value:
        if place in self._others:
            return self._others[place]
        row, column = place
        rows, numbers = self._columns[column]
        at = bisect_left(rows, row)
        if at == len(rows) or rows[at] != row:
            raise KeyError(place)
        return numbers[at]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return ((row, column) for column, (rows, _) in self._columns.items() for row in rows)

    def __len__(self) -> int:
        return sum(len(rows) for rows, _ in self._columns.values())


class _Values(ValuesView[Value]):
    def __init__(self, cells: SheetValues) -> None:
        super().__init__(cells)
        self._cells = cells

    def __iter__(self) -> Iterator[Value]:
        return self._cells.each_value()
