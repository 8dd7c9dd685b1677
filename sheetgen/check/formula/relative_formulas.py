"""Tells cells whose formulas do the same, wherever they are: in relative notation, as R1C1."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from sheetgen.spreadsheet.address import column_letters, place_of
from sheetgen.spreadsheet.tokens import replaced

_MARK = "\x01"  # XML cannot hold it, so no formula has it
# A reference in relative notation, R1C1 with a mark before it: "[" tells that it is an offset.
_RELATIVE = re.compile(rf"{_MARK}R(\[?)(-?[0-9]+)\]?C(\[?)(-?[0-9]+)\]?")
_MOST_COLUMNS = 18278  # A to ZZZ


class Formula:
    """A formula in relative notation: two cells with the same `relative` do the same.

    It is only made when it is asked for: most formulas of a large workbook are in no table.
    """

    __slots__ = ("_relative", "_written")

    def __init__(self, text: str, row: int, column: int) -> None:
        """Take the formula of a zero-based cell; `text` is without "="."""
        self._written = text, row, column
        self._relative: str | None = None

    def __eq__(self, other: object) -> bool:
        """Tell whether the other one does the same."""
        return isinstance(other, Formula) and self.relative == other.relative

    def __hash__(self) -> int:
        """Return the hash of the relative notation."""
        return hash(self.relative)

    @property
    def relative(self) -> str:
        """The formula with each cell as it is seen from its own, in R1C1 with marks."""
        if self._relative is None:
            text, row, column = self._written
            self._relative = _relative(text, row, column)
        return self._relative

    @property
    def element(self) -> tuple[int, int] | None:
        """Which element of an array formula the cell holds: (row, column); None for others."""
        return None

    @property
    def span(self) -> tuple[int, int]:
        """The rows and columns of cells that the formula fills, from its own to the right."""
        return 1, 1

    def text_at(self, row: int, column: int) -> str:
        """Return the formula as this cell shows it, without "="."""

        def absolute(match: re.Match[str]) -> str:
            """Return the address that a cell has from here, #REF! beyond the sheet."""
            down = int(match[2]) + (row if match[1] else 0)
            across = int(match[4]) + (column if match[3] else 0)
            if down < 0 or not 0 <= across < _MOST_COLUMNS:
                return "#REF!"
            letters = column_letters(across)
            return f"{'' if match[3] else '$'}{letters}{'' if match[1] else '$'}{down + 1}"

        return _RELATIVE.sub(absolute, self.relative)

    @property
    def columns(self) -> str:
        """The formula without its rows: the same for formulas that use the same columns."""
        return _RELATIVE.sub(rf"{_MARK}\3\4", self.relative)


class ArrayFormula(Formula):
    """An array formula, as one of the cells has it that it fills."""

    __slots__ = ("_element", "_span")

    def __init__(
        self,
        text: str,
        row: int,
        column: int,
        element: tuple[int, int] = (0, 0),
        span: tuple[int, int] = (1, 1),
    ) -> None:
        """Take the formula of a zero-based cell, and which of its elements the cell has."""
        super().__init__(text, row, column)
        self._element, self._span = element, span

    @classmethod
    def at(cls, text: str, area: str, row: int, column: int) -> "ArrayFormula":
        """Return the formula that a cell has for all cells of an area, such as "B2:C3"."""
        first, last = (place_of(one) for one in (area.split(":") * 2)[:2])
        return cls(text, row, column, span=(last[0] - first[0] + 1, last[1] - first[1] + 1))

    def __eq__(self, other: object) -> bool:
        """Tell whether the other one does the same."""
        return super().__eq__(other) and self.element == getattr(other, "element", None)

    def __hash__(self) -> int:
        """Return the hash of the relative notation and the element."""
        return hash((self.relative, self._element))

    @property
    def element(self) -> tuple[int, int] | None:
        """Which element the cell holds: (row, column)."""
        return self._element

    @property
    def span(self) -> tuple[int, int]:
        """The rows and columns of cells that the formula fills, from its own to the right."""
        return self._span

    def elements(self, row: int, column: int) -> Iterator[tuple[int, int, "ArrayFormula"]]:
        """Yield the other cells that the formula of a cell fills, and their formulas."""
        text = self.text_at(row, column)
        for down, across in product(*map(range, self._span)):
            if down or across:
                place = row + down, column + across
                yield *place, ArrayFormula(text, *place, (down, across))


def _relative(text: str, row: int, column: int) -> str:
    """Return the text of the formula in a zero-based cell in relative notation."""

    def relative(cell: str) -> str:
        """Return a cell as it is seen from the formula."""
        down, across, row_fixed, column_fixed = read_reference(cell)
        rows = f"R{down}" if row_fixed else f"R[{down - row}]"
        columns = f"C{across}" if column_fixed else f"C[{across - column}]"
        return f"{_MARK}{rows}{columns}"

    return replaced(text, {"cell": relative})


@lru_cache(4096)  # the formulas of a row read the same cells
def read_reference(cell: str) -> tuple[int, int, bool, bool]:
    """Return row, column, and whether each of them is fixed."""
    return *place_of(cell), "$" in cell[1:], cell.startswith("$")
