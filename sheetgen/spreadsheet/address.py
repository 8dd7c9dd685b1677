"""Writes and reads the addresses of cells: $C$9, C9, $C$9:$D$12, 'my sheet'!C9.

Rows and columns count from 0. Addresses are absolute unless a function's name says otherwise.
"""

import re
from collections.abc import Sequence
from functools import cache

MAXIMUM_ROWS = 1_048_576  # of a worksheet, since Excel 2007
MAXIMUM_COLUMNS = 16_384
MAXIMUM_FORMULA = 8_192  # characters
MOST_CHOICES = 30
"""Of CHOOSE: with more, LibreOffice 7 gives #VALUE! (Excel takes 254, since 2007)."""

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOST_LETTERS = 3  # of a column, which may be beyond the end of a worksheet
_MOST_DIGITS = 7  # of a row; Python refuses to read a number of thousands of digits
# Without quotes Excel would take such a sheet's name for a cell, or in R1C1 notation for cells.
_LIKE_CELL = re.compile(r"[A-Z]{1,3}[0-9]+|R[0-9]*|(R[0-9]*)?C[0-9]*", re.IGNORECASE)


@cache
def column_letters(column: int) -> str:
    """Return the name of a column: C."""
    before, last = divmod(column, len(_LETTERS))
    return (column_letters(before - 1) if before else "") + _LETTERS[last]


def cell_address(row: int, column: int) -> str:
    """Return the absolute address of a cell on its own sheet: $C$9."""
    return f"${column_letters(column)}${row + 1}"


def relative_address(row: int, column: int) -> str:
    """Return the relative address of a cell on its own sheet: C9."""
    return f"{column_letters(column)}{row + 1}"


def range_address(first_row: int, first_column: int, last_row: int, last_column: int) -> str:
    """Return the absolute address of a range, $C$9:$D$12, or of its only cell, $C$9."""
    first, last = cell_address(first_row, first_column), cell_address(last_row, last_column)
    return first if first == last else f"{first}:{last}"


def without_dollars(address: str) -> str:
    """Return an address with all of it relative."""
    return address.replace("$", "")


def place_of(address: str) -> tuple[int, int]:
    """Return the row and the column of a cell's address, absolute or not: (8, 2) for C9.

    It may be beyond the end of a worksheet. Raises ValueError if it is not the address of one cell.
    """
    letters = address.rstrip(_DIGITS)
    digits = address[len(letters) :]
    row = int(digits) if len(digits) <= _MOST_DIGITS else 0
    column = column_of(letters)
    if row < 1 or column is None:
        raise ValueError(f"found {address}; expected the address of a cell, such as C9")
    return row - 1, column


@cache
def column_of(letters: str) -> int | None:
    """Return the column of that name, counted from 0; None if it is not the name of a column.

    It may have dollars before and after it, as in an absolute address.
    """
    letters = without_dollars(letters).upper()
    if not 0 < len(letters) <= _MOST_LETTERS or not set(letters) <= set(_LETTERS):
        return None
    column = 0
    for letter in letters:
        column = column * len(_LETTERS) + _LETTERS.index(letter) + 1
    return column - 1


def range_of(address: str) -> tuple[int, int, int, int]:
    """Return the first row and column and the last row and column of a range of cells.

    Raises ValueError if it is not the address of a cell, or of two with a colon between them.
    """
    first, _, last = address.partition(":")
    return *place_of(first), *place_of(last or first)


@cache
def quoted(sheet: str) -> str:
    """Return a sheet's name as a formula must write it."""
    if sheet.isalnum() and not sheet[0].isdigit() and not _LIKE_CELL.fullmatch(sheet):
        return sheet
    return "'" + sheet.replace("'", "''") + "'"


def unquoted(sheet: str) -> str:
    """Return the name of a sheet that a formula may have quoted."""
    return sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet


def local(address: str) -> str:
    """Return an address or a range without its sheet, for use on that sheet."""
    return address.rpartition("!")[2]


def indexed(cells: str, *places: str) -> str:
    """Return the expression of a cell of a column by its row from 1, or of a range by both.

    Of a range of one cell that is the cell itself: ironcalc and Gnumeric have no INDEX of it. In a
    row, Gnumeric and HyperFormula want both numbers.
    """
    first, _, last = cells.partition(":")
    return first if last in ("", local(first)) else f"INDEX({','.join((cells, *places))})"


def choose(number: str, values: Sequence[str], first: int = 1, of: str = "{}") -> str:
    """Return the expression of one of several values, by a number from `first` on.

    `of` is what is made of it. A range goes into a function there, as ironcalc has no IF of ranges.
    More than `MOST_CHOICES` values are divided.
    """
    at = number if first == 1 else f"{number}-{first - 1}"
    some, others = values[:MOST_CHOICES], values[MOST_CHOICES:]
    chosen = of.format(f"CHOOSE({at},{','.join(some)})")
    if not others:
        return chosen
    last = first + MOST_CHOICES - 1
    return f"IF({number}<={last},{chosen},{choose(number, others, last + 1, of)})"
