"""Judges gradients that are averages or sums over the column of another table, one row a sample.

A table of epochs has =AVERAGE(V4:V103) below ∂E/∂w1: the header above V4 says of what that is the
average, and the other gradients of the row say which samples there are.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from sheetgen.check.findings import Column, Finding
from sheetgen.check.reading.cells import Book
from sheetgen.check.tables.headers import symbol_of
from sheetgen.check.tables.table import Table, holds_number
from sheetgen.spreadsheet.address import column_letters, place_of, unquoted
from sheetgen.spreadsheet.tokens import tokens

_FUNCTIONS = ("AVERAGE(", "SUM(")
_HEADER_WITHIN = 4  # rows above the first number


class _Average(NamedTuple):
    """The rows of a column that a formula averages, and what the header above them names."""

    symbol: str
    column: int
    top: int
    bottom: int


def judge_averages(book: Book, table: Table, symbol: str) -> tuple[Column, list[Finding]] | None:
    """Return the verdict on a gradient and the findings on it; None if it is not averaged."""
    found = [_average(book, table, symbol, row) for row in range(table.rows)]
    averages = [one for one in found if one is not None]
    if not averages or any(
        one is None and holds_number(content)
        for one, content in zip(found, table.contents(symbol), strict=True)
    ):
        return None
    wrong: dict[tuple[str, str], list[int]] = {}
    for row, one in enumerate(found):
        if one is not None and (mistake := _mistake(book, table, symbol, row, one)):
            wrong.setdefault(mistake, []).append(row)
    findings = [
        table.mistake(symbol, rows[0], kind, words, len(rows))
        for (kind, words), rows in wrong.items()
    ]
    return table.verdict(symbol, "wrong" if findings else "right"), findings


def _mistake(
    book: Book, table: Table, symbol: str, row: int, average: _Average
) -> tuple[str, str] | None:
    """Return the kind and the words of what is wrong with an average, or None."""
    letters = column_letters(average.column)
    if average.symbol != symbol:
        words = f"the average is of column {letters}, which is headed {average.symbol}"
        return "wrong-gradient", words
    others = Counter((one.top, one.bottom) for one in _others(book, table, symbol, row))
    (usual, count), *_ = others.most_common(1) or [((average.top, average.bottom), 0)]
    if count < 2 or usual == (average.top, average.bottom):  # one alone may be the wrong one
        return None
    is_of = f"the average is of rows {average.top + 1} to {average.bottom + 1}"
    return "wrong-row", f"{is_of}, and of rows {usual[0] + 1} to {usual[1] + 1} in other columns"


def _others(book: Book, table: Table, symbol: str, row: int) -> Iterator[_Average]:
    """Yield the averages of the other gradients in a row."""
    for other in table.columns:
        if other.startswith("∂E/∂") and other != symbol:
            average = _average(book, table, other, row)
            if average is not None:
                yield average


def _average(book: Book, table: Table, symbol: str, row: int) -> _Average | None:
    """Return what a cell averages; None if it averages no column with a gradient's header."""
    place = table.place_of(symbol, row)
    formula = table.content(*place).formula
    if formula is None:
        return None
    parts = [one for one in tokens(formula.text_at(*place)) if one.kind != "space"]
    if not parts or parts[0].text.upper() not in _FUNCTIONS:
        return None
    sheet = table.sheet
    if len(parts) > 1 and parts[1].kind == "sheet":
        sheet = unquoted(parts.pop(1).text[:-1])
    if [one.kind for one in parts[1:4]] != ["cell", "symbol", "cell"] or parts[2].text != ":":
        return None
    (top, left), (bottom, right) = place_of(parts[1].text), place_of(parts[3].text)
    cells = book.sheets.get(sheet, {})
    above = range(top - 1, max(top - 1 - _HEADER_WITHIN, -1), -1)
    texts = (cells[one, left].text for one in above if (one, left) in cells)
    header = symbol_of(next(filter(None, texts), ""))
    if left != right or bottom <= top or header is None or not header.startswith("∂E/∂"):
        return None
    return _Average(header, left, top, bottom)
