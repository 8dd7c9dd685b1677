"""A training table on a sheet: which column holds which quantity, and its rows."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from sheetgen.check.findings import Column, Finding, Status
from sheetgen.check.formula.expressions import Array
from sheetgen.check.reading.cells import Cells, Content
from sheetgen.check.tables.headers import family
from sheetgen.spreadsheet.address import relative_address

EMPTY = Content(None)


class Gaps:
    """Runs of rows without numbers within a table; their length costs nothing."""

    def __init__(self) -> None:
        """Begin without any."""
        self.runs: list[range] = []
        self._rows_above: list[int] = []
        self._missing = [0]

    def __len__(self) -> int:
        """Return the number of rows in them."""
        return self._missing[-1]

    def __contains__(self, row: int) -> bool:
        """Return whether a row of the sheet is in one."""
        place = bisect_right(self.runs, row, key=lambda run: run.start)
        return place > 0 and row in self.runs[place - 1]

    def add(self, run: range, rows_above: int) -> None:
        """Add one below the others, and below so many rows of the table."""
        self.runs.append(run)
        self._rows_above.append(rows_above)
        self._missing.append(len(self) + len(run))

    def above_row(self, row: int) -> int:
        """Return how many of their rows are in the runs that begin above a row of the sheet."""
        return self._missing[bisect_left(self.runs, row, key=lambda run: run.start)]

    def above_index(self, index: int) -> int:
        """Return how many of their rows are above a row of the table, counted from 0."""
        return self._missing[bisect_right(self._rows_above, index)]


@dataclass(slots=True)
class Table:
    """A table: symbol → column, and its rows; all positions are zero-based.

    `repeated` are headers that name a symbol again: (column, the symbol that the header names).
    `filled` has the columns with a cell in each row of the sheet, from the left.
    """

    sheet: str
    cells: Cells
    header_row: int
    columns: dict[str, int]
    others: dict[int, str]
    first: int = 0
    last: int = 0
    repeated: list[tuple[int, str]] = field(default_factory=list)
    skipped: Gaps = field(default_factory=Gaps)
    """Rows without numbers between the first and the last; the training continues below them."""
    unread: list[int] = field(default_factory=list)
    """Rows of numbers below the last that do not continue the training."""
    named: dict[int, str] = field(default_factory=dict)
    """What the headers say, before any formula was read: column → symbol."""
    identified: dict[int, str] = field(default_factory=dict)
    """Columns that were identified by their formulas, not by their headers: column → symbol."""
    edges: tuple[int, ...] = ()
    """Columns of numbers without a header that touch the table."""
    filled: Mapping[int, Sequence[int]] = field(default_factory=dict)
    is_unit: bool = False
    """Whether the headers are those of a single unit, in the words of courses."""
    restarts: bool = False
    """Whether another training above has the headers."""
    guessed: frozenset[str] = frozenset()
    """The symbols that were found by something else than headers and their own formulas."""
    in_rows: ClassVar[bool] = True
    """Whether each step of the training is a row of the sheet."""
    _counts: dict[tuple[int, int, int], Counter[int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def rows(self) -> int:
        """The number of rows of numbers."""
        return self.last - self.first + 1 - len(self.skipped)

    @property
    def sheet_rows(self) -> list[int]:
        """The sheet's rows that belong to the table, from the first to the last."""
        ends = [self.first, *(run.stop for run in self.skipped.runs)]
        starts = [*(run.start for run in self.skipped.runs), self.last + 1]
        return [row for end, start in zip(ends, starts, strict=True) for row in range(end, start)]

    def row_at(self, index: int) -> int:
        """Return the sheet's row of a row of the table, which are counted from 0."""
        return self.first + index + self.skipped.above_index(index)

    def has_row(self, row: int) -> bool:
        """Return whether a row of the sheet belongs to the table."""
        return self.first <= row <= self.last and row not in self.skipped

    def index_of(self, row: int) -> int:
        """Return which row of the table a row of the sheet is, counted from 0."""
        return row - self.first - self.skipped.above_row(row)

    def place_of(self, symbol: str, index: int) -> tuple[int, int]:
        """Return the sheet's row and column of a symbol, in a row of the table."""
        return self.row_at(index), self.columns[symbol]

    def index_at(self, row: int, column: int) -> int:  # noqa: ARG002 - a row holds one row here
        """Return which row of the table a cell of the sheet belongs to, counted from 0."""
        return self.index_of(row)

    def finder(self) -> Callable[[int, int], tuple[str, int] | None]:
        """Return what tells the symbol of a cell of the sheet, and its row; None outside."""
        symbols = {column: symbol for symbol, column in self.columns.items()}

        def found(row: int, column: int) -> tuple[str, int] | None:
            """Return the symbol and the row that a cell of the sheet holds."""
            symbol = symbols.get(column)
            return (symbol, self.index_of(row)) if symbol and self.has_row(row) else None

        return found

    @property
    def place(self) -> str:
        """The range of the table, with its header row."""
        columns = self.columns.values()
        top = self.first if self.restarts else self.header_row
        return f"{relative_address(top, min(columns))}:{relative_address(self.last, max(columns))}"

    @property
    def is_doubtful(self) -> bool:
        """Whether the headers may be those of something else, as words may mean much."""
        return self.is_unit or not self.columns_of("i", "h", "a_h", "o", "a_o")

    def is_likely(self, statuses: Sequence[Status]) -> bool:
        """Tell from the verdicts on what is computed whether the table is what it is taken for."""
        return 2 * statuses.count("right") >= len(statuses)

    def unknown(self) -> Iterator[Column]:
        """Yield the columns of numbers of which nothing says what they are."""
        reason = "neither its header nor its formulas say what it is"
        for column, header in self.not_understood.items():
            ends = (relative_address(row, column) for row in (self.row_at(0), self.last))
            yield Column(header, "", ":".join(ends), "unchecked", reason=reason)

    def header(self, symbol: str) -> str:
        """Return a column's header as the file writes it."""
        return self.heading(self.columns[symbol])

    def heading(self, column: int) -> str:
        """Return the text in the header row above any column; empty without one."""
        return self.content(self.header_row, column).text.strip()

    def columns_of(self, *families: str) -> dict[str, int]:
        """Return symbol → column of the symbols of these families, such as "w" or "a_h"."""
        return {name: column for name, column in self.columns.items() if family(name) in families}

    @property
    def not_understood(self) -> dict[int, str]:
        """The columns of numbers whose header means nothing: column → header, empty without one.

        Those within the table, those with a header that touch it, and its `edges`.
        """
        columns = self.columns.values()
        first, last = min(columns), max(columns)
        outside = {*self.others, *self.edges}
        while first - 1 in outside:
            first -= 1
        while last + 1 in outside:
            last += 1
        known = {*columns, *self.identified}
        return {
            column: self.others.get(column, "").strip()
            for column, count in sorted(self._counted().items())
            if first <= column <= last and 2 * count > self.rows and column not in known
        }

    def _counted(self) -> Counter[int]:
        """Return the number of rows with a number in each column, counted once for these rows."""
        rows = self.first, self.last, len(self.skipped)
        if rows not in self._counts:
            self._counts[rows] = Counter(
                column
                for row in self.sheet_rows
                for column in self.filled.get(row, ())
                if holds_number(self.content(row, column))
            )
        return self._counts[rows]

    def repeats(self, column: int) -> str:
        """Return the symbol that a column's header names if others name it too, or nothing."""
        symbol = self.named.get(column, "")
        return symbol if symbol in {again for _, again in self.repeated} else ""

    def has_numbers(self, column: int) -> bool:
        """Return whether most rows of a column hold a number or a formula."""
        held = [self.content(row, column) for row in self.sheet_rows]
        return 2 * sum(map(holds_number, held)) > len(held)

    def content(self, row: int, column: int) -> Content:
        """Return what a cell holds; an empty content if there is none."""
        return self.cells.get((row, column), EMPTY)

    def row_contents(self, row: int, columns: Iterable[int] | None = None) -> list[Content]:
        """Return what a row of the sheet holds in these columns, or in all of the table's."""
        chosen = self.columns.values() if columns is None else columns
        return [self.content(row, column) for column in chosen]

    def is_filled(self, row: int) -> bool:
        """Return whether at least two in three of the table's columns hold a number there."""
        contents = self.row_contents(row)
        return 3 * sum(map(holds_number, contents)) >= 2 * len(contents)

    def contents(self, symbol: str) -> list[Content]:
        """Return the cells of a column from the first row to the last."""
        column = self.columns[symbol]
        return [self.content(row, column) for row in self.sheet_rows]

    def values(self, symbol: str) -> Array:
        """Return the numbers of a column, shape (rows,); anything else is nan."""
        numbers = [content.number for content in self.contents(symbol)]
        return np.array([np.nan if one is None else one for one in numbers])

    def cell(self, symbol: str, row: int) -> str:
        """Return the address of a column's cell in a row, counted from the first."""
        return relative_address(*self.place_of(symbol, row))

    def verdict(
        self, symbol: str, status: Status, largest: float | None = None, reason: str = ""
    ) -> Column:
        """Return the report on a column."""
        cells = f"{self.cell(symbol, 0)}:{self.cell(symbol, self.rows - 1)}"
        return Column(self.header(symbol), symbol, cells, status, largest, reason)

    def mistake(
        self,
        symbol: str,
        row: int,
        kind: str,
        words: str,
        cells: int = 1,
        expected_value: float | None = None,
    ) -> Finding:
        """Return a mistake in a column; `row`, counted from 0, is that of the first wrong cell."""
        content = self.contents(symbol)[row]
        formula = None
        if content.formula is not None:
            text = content.formula.text_at(*self.place_of(symbol, row))
            formula = f"={text.strip()}"
        return replace(
            self.remark(kind, words, self.cell(symbol, row)),
            severity="mistake",
            column=self.header(symbol),
            symbol=symbol,
            formula=formula,
            value=content.value if isinstance(content.value, float | str) else None,
            expected_value=expected_value,
            cells=cells,
        )

    def remark(self, kind: str, words: str, cell: str | None = None) -> Finding:
        """Return a remark on the table."""
        return Finding("remark", kind, words, self.sheet, self.place, cell=cell)


def holds_number(content: Content) -> bool:
    """Return whether a cell holds a number or a formula."""
    return content.number is not None or content.formula is not None
