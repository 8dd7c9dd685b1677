"""A table whose quantities lie anywhere on a sheet, as on pages that show a network in blocks.

Its rows are the steps of the training: a row has a cell for each quantity of a step. What is the
same in several steps, such as an input, may have a single cell.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, product
from typing import ClassVar

from sheetgen.check.findings import Column, Status
from sheetgen.check.reading.cells import Content
from sheetgen.check.tables.table import Table
from sheetgen.spreadsheet.address import relative_address

Place = tuple[int, int]
_MOST_RANGES = 6  # to name in a sentence
_NOWHERE = (-1, -1)
_LEAST_RIGHT = 0.7  # of the cells that are computed


@dataclass(slots=True)
class Page(Table):
    """A table with a place for each symbol of each step; `columns` only numbers the symbols."""

    places: Mapping[tuple[str, int], Place] = field(default_factory=dict)
    steps: int = 1
    unread_cells: Mapping[Place, str] = field(default_factory=dict)
    """Cells whose formulas say nothing that is known, with the parameter that one updates or ""."""
    in_rows: ClassVar[bool] = False
    _found: dict[Place, tuple[str, int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Find the quantity of each cell; one that several steps have belongs to the first."""
        for quantity, place in sorted(self.places.items(), key=lambda one: one[0][1]):
            self._found.setdefault(place, quantity)

    @property
    def rows(self) -> int:
        """The number of steps."""
        return self.steps

    @property
    def place(self) -> str:
        """The range that holds all quantities."""
        rows, columns = zip(*self.places.values(), strict=True)
        ends = (min(rows), min(columns)), (max(rows), max(columns))
        return ":".join(relative_address(*one) for one in ends)

    @property
    def is_doubtful(self) -> bool:
        """Whether it may be something else: always, as it has no headers."""
        return True

    def is_likely(self, statuses: Sequence[Status]) -> bool:
        """Tell from the verdicts on what is computed whether the page shows a network."""
        computed = len(statuses) - statuses.count("given")
        return statuses.count("right") >= _LEAST_RIGHT * computed

    def unknown(self) -> Iterator[Column]:
        """Yield the cells of which nothing says what they are."""
        reason = "its formula says nothing known"
        for place, symbol in self.unread_cells.items():
            address = relative_address(*place)
            yield Column(address, symbol, address, "unchecked", reason=reason)

    @property
    def not_understood(self) -> dict[int, str]:
        """Nothing: a page has no columns."""
        return {}

    def heading(self, column: int) -> str:
        """Return the symbol with this number: it has no header."""
        return next(symbol for symbol, own in self.columns.items() if own == column)

    def place_of(self, symbol: str, index: int) -> Place:
        """Return the sheet's row and column of a symbol in a step; negative ones without a cell."""
        return self.places.get((symbol, index), _NOWHERE)

    def index_at(self, row: int, column: int) -> int:
        """Return which step a cell of the sheet belongs to, counted from 0."""
        return self._found.get((row, column), ("", 0))[1]

    def finder(self) -> Callable[[int, int], tuple[str, int] | None]:
        """Return what tells the symbol of a cell of the sheet, and its step; None for others."""
        return lambda row, column: self._found.get((row, column))

    def contents(self, symbol: str) -> list[Content]:
        """Return the cells of a symbol from the first step to the last."""
        return [self.content(*self.place_of(symbol, index)) for index in range(self.steps)]

    def cell(self, symbol: str, row: int) -> str:
        """Return the address of a symbol in a step; of the last one before that has a cell."""
        while row and (symbol, row) not in self.places:
            row -= 1
        return relative_address(*self.place_of(symbol, row))


def in_ranges(places: Iterable[Place]) -> str:
    """Return places in words, those that fill a rectangle as a range: "B3:C4, F3"."""
    left = dict.fromkeys(sorted(places))
    said = []
    while left:
        row, column = next(iter(left))
        width = next(one for one in count(1) if (row, column + one) not in left)
        height = 1
        while all((row + height, column + one) in left for one in range(width)):
            height += 1
        for place in product(range(row, row + height), range(column, column + width)):
            del left[place]
        ends = (row, column), (row + height - 1, column + width - 1)
        said.append(":".join(dict.fromkeys(relative_address(*one) for one in ends)))
    more = f" and {len(said) - _MOST_RANGES} more" if len(said) > _MOST_RANGES else ""
    return ", ".join(said[:_MOST_RANGES]) + more
