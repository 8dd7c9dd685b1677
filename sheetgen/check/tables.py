"""Finds the training tables of a sheet: a row of names, and the rows of numbers below it."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from sheetgen.check.cells import Cells, Content
from sheetgen.check.expressions import Array
from sheetgen.check.headers import family, number, symbol_of
from sheetgen.check.parsing import address

_EMPTY = Content(None)
_GAP = 3  # rows that may lie between the header and the first row of numbers
_FORWARD = {"h", "a_h", "o", "a_o", "E", "E_total"}


@dataclass(slots=True)
class Table:
    """A table: symbol → column, and its rows; all positions are zero-based.

    `repeated` are headers that name a symbol twice: (column, the symbol that the header names).
    """

    sheet: str
    cells: Cells
    header_row: int
    columns: dict[str, int]
    others: dict[int, str]
    first: int = 0
    last: int = 0
    repeated: list[tuple[int, str]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows of numbers there are."""
        return self.last - self.first + 1

    @property
    def place(self) -> str:
        """The range of the table, with its header row."""
        columns = self.columns.values()
        return f"{address(self.header_row, min(columns))}:{address(self.last, max(columns))}"

    def header(self, symbol: str) -> str:
        """Return a column's header as the file writes it."""
        return self.content(self.header_row, self.columns[symbol]).text.strip()

    def content(self, row: int, column: int) -> Content:
        """Return what a cell holds; an empty content where there is none."""
        return self.cells.get((row, column), _EMPTY)

    def contents(self, symbol: str) -> list[Content]:
        """Return the cells of a column from the first row to the last."""
        column = self.columns[symbol]
        return [self.content(row, column) for row in range(self.first, self.last + 1)]

    def values(self, symbol: str) -> Array:
        """Return the numbers of a column, shape (rows,); what is no number is nan."""
        numbers = [content.number for content in self.contents(symbol)]
        return np.array([np.nan if one is None else one for one in numbers])

    def cell(self, symbol: str, row: int) -> str:
        """Return the address of a column's cell in a row, counted from the first."""
        return address(self.first + row, self.columns[symbol])

    def range(self, symbol: str) -> str:
        """Return the range of a column's numbers."""
        return f"{self.cell(symbol, 0)}:{self.cell(symbol, self.rows - 1)}"


def tables_of(sheet: str, cells: Cells) -> list[Table]:
    """Return every training table of a sheet, from the top and from the left."""
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (row, column), content in cells.items():
        if content.text:
            by_row.setdefault(row, []).append((column, content.text))
    found = []
    for row in sorted(by_row):
        for block in _blocks(_headers(cells, row, sorted(by_row[row]))):
            table = _table(sheet, cells, row, block)
            if table is not None:
                found.append(table)
    for table in found:
        _end(table, [other.header_row for other in found if _overlap(table, other)])
    return [table for table in found if table.last >= table.first]


def _headers(cells: Cells, row: int, texts: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the texts of a row without the labels of a list of values beside the table.

    Such a label stands directly left of its number and has no number below it, or it has a text
    below it and its symbol stands in the row again, above numbers.
    """
    below = {column: _first_below(cells, row, column) for column, _ in texts}
    heads = {symbol_of(text) for column, text in texts if _holds_number(below[column])} - {None}
    return [
        (column, text)
        for column, text in texts
        if _holds_number(below[column])
        or not (
            _holds_number(cells.get((row, column + 1), _EMPTY))
            or (below[column].text and symbol_of(text) in heads)
        )
    ]


def _first_below(cells: Cells, row: int, column: int) -> Content:
    """Return the first cell below a header that holds anything, among those of the table's top."""
    places = ((one, column) for one in range(row + 1, row + 2 + _GAP))
    return next((cells[place] for place in places if place in cells), _EMPTY)


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


def _table(sheet: str, cells: Cells, row: int, block: list[tuple[int, str]]) -> Table | None:
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
    weights = [symbol for symbol in columns if family(symbol) == "w"]
    forward = [
        symbol for symbol in columns if family(symbol) in _FORWARD or symbol.startswith("∂E/∂")
    ]
    if len(weights) < 2 or not forward:
        return None
    table = Table(sheet, cells, row, columns, others, repeated=repeated)
    first = _first_row(table, weights)
    if first is None:
        return None
    table.first = first
    _name_repeated(table)
    return table if _is_filled(table) else None


def _first_row(table: Table, weights: list[str]) -> int | None:
    for row in range(table.header_row + 1, table.header_row + 2 + _GAP):
        if any(_holds_number(table.content(row, table.columns[one])) for one in weights):
            return row
    return None


def _is_filled(table: Table) -> bool:
    """Return whether numbers stand below most headers, as they do not below labels of a diagram."""
    below = [table.content(table.first, column) for column in table.columns.values()]
    if any(symbol_of(content.text) is not None for content in below if content.text):
        return False
    return 3 * sum(_holds_number(content) for content in below) >= 2 * len(below)


def _holds_number(content: Content) -> bool:
    return content.number is not None or content.formula is not None


def _name_repeated(table: Table) -> None:
    """Give a column whose header repeats another's the next number, if no column has that.

    People copy a header and forget to change it: ∂E/∂w7, ∂E/∂w7 is ∂E/∂w7, ∂E/∂w8.
    """
    kept = []
    for column, symbol in table.repeated:
        following = f"{family(symbol)}{number(symbol) + 1}"
        has_numbers = _holds_number(table.content(table.first, column))
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


def _end(table: Table, headers: list[int]) -> None:
    """Set the last row: before the next header, or an empty row, or the last with weights."""
    stop = min((row for row in headers if row > table.header_row), default=None)
    bottom = max((row for row, _ in table.cells), default=table.first)
    weights = [column for symbol, column in table.columns.items() if family(symbol) == "w"]
    last = table.first - 1
    for row in range(table.first, bottom + 1 if stop is None else stop):
        filled = sum(1 for one in weights if (row, one) in table.cells)
        if filled * 2 < len(weights) and not _is_row(table, row):
            break
        last = row
    table.last = last


def _is_row(table: Table, row: int) -> bool:
    """Return whether most columns hold something, although the weights do not."""
    filled = sum(1 for column in table.columns.values() if (row, column) in table.cells)
    return filled * 2 > len(table.columns)
