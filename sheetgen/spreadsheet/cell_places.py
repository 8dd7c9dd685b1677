"""Finds out where the rows and cells of a sheet are, from the addresses that a file may give them.

No work is done for rows and columns that are not in the file, whatever the numbers of the others.
"""

from typing import NoReturn

from sheetgen.errors import shortened
from sheetgen.spreadsheet.address import (
    MAXIMUM_COLUMNS,
    MAXIMUM_ROWS,
    column_of,
    place_of,
    relative_address,
)
from sheetgen.spreadsheet.package_parts import MalformedError

_MOST_DIGITS = 7  # of the number of a row


class Places:
    """The places of the rows and cells of one sheet, asked for in the order of the file."""

    def __init__(self, sheet: str, refuse: bool) -> None:
        """Take the name of the sheet, and whether addresses that make no sense are errors.

        Those that occur twice make no sense either.
        """
        self._sheet, self._refuse = sheet, refuse
        self.row = self._column = -1
        """The row that has begun, counted from 0, or that of its last cell."""
        self._number = ""
        """As an address has it; "" beyond the end of a sheet, and before there is a row."""
        self._rows_seen = bytearray(MAXIMUM_ROWS if refuse else 0)
        self._columns_seen: set[int] = set()

    def begin_row(self, number: str | None) -> None:
        """Go to the row of this number, or (None) to the next one; raises MalformedError."""
        self._column = -1
        self._columns_seen.clear()
        before, self.row = self.row, self.row + 1
        if number is not None:
            is_row = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
            if is_row and 0 < int(number) <= MAXIMUM_ROWS:
                self.row = int(number) - 1
            elif self._refuse:
                below = f" below row {before + 1:,}" if before >= 0 else ""
                self._fail(f"the row {shortened(number)}{below}", f"1 to {MAXIMUM_ROWS:,}")
        if self._refuse:
            if self.row >= MAXIMUM_ROWS:
                self._fail("too many rows", f"at most {MAXIMUM_ROWS:,}")
            if self._rows_seen[self.row]:
                self._fail(f"row {self.row + 1:,} twice", "it once")
            self._rows_seen[self.row] = 1
        self._number = str(self.row + 1) if self.row < MAXIMUM_ROWS else ""

    def next_cell(self, address: str | None, has_content: bool) -> tuple[int, int] | None:
        """Return the row and column of the next cell, from zero; None for one to leave out.

        Raises MalformedError.
        """
        self._column += 1
        if not (self._refuse or has_content):
            return None
        if address is not None:
            # Nearly every cell is in its row, and to the right of the one before.
            letters = address.removesuffix(self._number)
            known = column_of(letters) if letters != address else None
            if known is not None and self._column <= known < MAXIMUM_COLUMNS:
                self._column = known
                self._columns_seen.add(known)
                return self.row, known
            try:
                row, column = place_of(address)
            except ValueError:
                row, column = -1, -1
            is_there = 0 <= row < MAXIMUM_ROWS and 0 <= column < MAXIMUM_COLUMNS
            if self._refuse and not (is_there and row == self.row):
                self._fail(f"the cell {shortened(address)}{self._where}", "one of that row")
            if not is_there:
                return None
            self.row, self._column = row, column
        if not self._refuse:
            is_there = self.row < MAXIMUM_ROWS and self._column < MAXIMUM_COLUMNS
            return (self.row, self._column) if is_there else None
        if self._column >= MAXIMUM_COLUMNS:
            self._fail(f"more cells{self._where}", f"at most {MAXIMUM_COLUMNS:,}")
        if self._column in self._columns_seen:
            place = relative_address(self.row, self._column)
            self._fail(f"the cell {place} twice", "it once")
        self._columns_seen.add(self._column)
        return self.row, self._column

    @property
    def _where(self) -> str:
        return f" in row {self.row + 1:,}"

    def _fail(self, found: str, expected: str) -> NoReturn:
        raise MalformedError(f"{self._sheet!r} has {found}; expected {expected}")
