"""A part of a sheet with the same formulas in every row, as a training's table, or with numbers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Format = TypeVar("Format")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class Block(Generic[Format]):
    """Consecutive rows in which each column holds the same relative formula, or constants.

    `formulas` has one formula per column, in which `{row}` and `{previous}` stand for the
    one-based number of the formula's own row and of the row above; an empty one is that of
    constants. `values` has the results, or the constants, per column one array of shape
    `(rows,)` of float64 or integers. `formats` has one format per
    column: a Style, or, in a worksheet of XlsxWriter, its Format or None for that of the row or
    the column.

    Raises ValueError if the parts do not fit together.
    """

    first_row: int
    first_column: int
    formulas: tuple[str, ...]
    values: tuple[NDArray[Any], ...]
    formats: tuple[Format, ...]

    def __post_init__(self) -> None:
        if not len(self.formulas) == len(self.values) == len(self.formats) > 0:
            raise ValueError("A block needs one formula, one array and one format per column.")
        for values in self.values:
            if values.shape != self.values[0].shape or values.ndim != 1:
                raise ValueError("The arrays of a block must be one-dimensional, of one length.")
            if values.dtype != np.float64 and values.dtype.kind not in "iu":
                raise ValueError(f"A block caches float64 or integers, not {values.dtype}.")
        if min(self.first_row, self.first_column) < 0:
            raise ValueError("The rows and columns of a sheet count from zero.")
        for formula, values in zip(self.formulas, self.values, strict=True):
            if _NOT_IN_XML.search(formula):
                raise ValueError(f"{formula!r} is not a formula.")
            if self.first_row == 0 and "{previous}" in formula:
                raise ValueError(f"{formula!r} refers to the row above the first row.")
            if not (formula or np.isfinite(values).all()):
                raise ValueError("The constants of a block must be finite.")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.values[0])

    @property
    def row_range(self) -> range:
        """The rows on the sheet."""
        return range(self.first_row, self.first_row + self.rows)

    @property
    def column_range(self) -> range:
        """The columns on the sheet."""
        return range(self.first_column, self.first_column + len(self.formulas))

    def formula(self, row: int, column: int) -> str:
        """Return the formula of a cell, "" of a constant, its row and column counted from 0."""
        return in_row(self.formulas[column - self.first_column], row)


def in_rows(formula: str) -> Callable[[int], str]:
    """Return the function that does as `in_row` for many rows of one formula."""
    pieces = [part.split("{row}") for part in formula.split("{previous}")]

    def text(row: int) -> str:
        """Return the formula of a row."""
        own = str(row + 1)
        return str(row).join([own.join(part) for part in pieces])

    return text


def in_row(formula: str, row: int) -> str:
    """Return a block's formula as a row holds it, counted from 0."""
    return formula.replace("{row}", str(row + 1)).replace("{previous}", str(row))
