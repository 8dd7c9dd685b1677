"""Lays out the table of an exercise: its columns, their positions, and their formulas.

The columns are those of a training table, as far as the topic needs them. So the right formula is
the one in a workbook of `sheetgen build`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from sheetgen.errors import InputError
from sheetgen.formulas.columns import Column, training_columns
from sheetgen.network.network import Network
from sheetgen.network.trace import CORRECT, EXPONENTIALS, GREATEST, INNER
from sheetgen.network.training import Training
from sheetgen.spreadsheet.address import cell_address, column_letters, relative_address
from sheetgen.spreadsheet.block import in_row

Stage = Literal["given", "forward", "backward", "update"]

STAGES: tuple[Stage, ...] = ("given", "forward", "backward", "update")
MAXIMUM_COLUMNS = 150  # more would be too many for a learner

FIRST_COLUMN = 1
RATE_CELL = (10, 3)
BAND_ROW, HEADER_ROW, FIRST_ROW = 12, 13, 14

# "AB{row}" in the formula of a column; names of sheets and absolute addresses have no braces.
_CELL = re.compile(r"([A-Z]{1,3})\{(row|previous)\}")

Quantity = tuple[str, int]
"""A symbol at an iteration."""


@dataclass(frozen=True)
class Layout:
    """The columns in order, with their formulas at these positions, and the number of rows.

    `last` is the last stage that the table shows.
    """

    columns: tuple[Column, ...]
    rows: int
    last: Stage

    @classmethod
    def of(
        cls,
        network: Network,
        training: Training,
        last: Stage,
        rows: int,
        address: Callable[[str], str],
    ) -> "Layout":
        """Return the table up to its last stage; `address` is that of `training_columns`.

        Raises InputError if it would have too many columns.
        """
        drawn = training_columns(network, training, address, cell_address(*RATE_CELL), 0)
        shown = [
            place
            for place, column in enumerate(drawn)
            if column.symbol != CORRECT and STAGES.index(stage_of(column)) <= STAGES.index(last)
        ]
        if len(shown) > MAXIMUM_COLUMNS:
            raise InputError(
                f"found {len(shown)} columns in the exercise; expected at most {MAXIMUM_COLUMNS}: "
                "choose a smaller network or a topic that needs fewer"
            )
        letters = {
            column_letters(old): column_letters(FIRST_COLUMN + new) for new, old in enumerate(shown)
        }
        return cls(tuple(_moved(drawn[place], letters) for place in shown), rows, last)

    @cached_property
    def places(self) -> dict[str, int]:
        """The column of each symbol, from 0 on the sheet."""
        return {column.symbol: FIRST_COLUMN + at for at, column in enumerate(self.columns)}

    @cached_property
    def by_symbol(self) -> dict[str, Column]:
        """The columns by their symbols."""
        return {column.symbol: column for column in self.columns}

    @property
    def quantities(self) -> list[Quantity]:
        """All quantities of the table, column by column."""
        return [(column.symbol, row) for column in self.columns for row in range(self.rows)]

    @property
    def last_column(self) -> int:
        """The last column of the table, from 0 on the sheet."""
        return FIRST_COLUMN + len(self.columns) - 1

    @property
    def marks_row(self) -> int:
        """The first row of the marks below the table."""
        return FIRST_ROW + self.rows + 2

    def place(self, quantity: Quantity) -> tuple[int, int]:
        """Return row and column of a quantity."""
        symbol, iteration = quantity
        return FIRST_ROW + iteration, self.places[symbol]

    def mark(self, quantity: Quantity) -> tuple[int, int]:
        """Return row and column of the mark of a quantity."""
        symbol, iteration = quantity
        return self.marks_row + iteration, self.places[symbol]

    def cell(self, quantity: Quantity) -> str:
        """Return the address of a quantity, such as K14."""
        return relative_address(*self.place(quantity))

    def formula(self, quantity: Quantity) -> str:
        """Return the formula that is right for a quantity, "=…"."""
        symbol, iteration = quantity
        text = self._text(symbol, iteration)
        return in_row(text, FIRST_ROW + iteration) if isinstance(text, str) else f"={text}"

    def operands(self, quantity: Quantity) -> frozenset[Quantity]:
        """Return the quantities of the table that the right formula reads."""
        symbol, iteration = quantity
        found = _CELL.findall(str(self._text(symbol, iteration)))
        return frozenset(
            (self._by_letter[letter], iteration - (which == "previous")) for letter, which in found
        )

    def _text(self, symbol: str, iteration: int) -> str | int:
        column = self.by_symbol[symbol]
        return column.rest if iteration else column.first

    @cached_property
    def _by_letter(self) -> dict[str, str]:
        return {column_letters(place): symbol for symbol, place in self.places.items()}


def stage_of(column: Column) -> Stage:
    """Return the part of an iteration that computes a column.

    Weights count as given; `blanks` knows that they are updated.
    """
    if column.band.kind in ("unit", "error") or column.symbol in (GREATEST, EXPONENTIALS):
        return "forward"
    # A helper column of the backward pass is ∂E/∂ of a unit, or a sum that softmax needs for it.
    if column.symbol.startswith("∂E/∂") or column.symbol == INNER:
        return "backward"
    return "update" if column.band.kind == "helper" else "given"


def _moved(column: Column, letters: dict[str, str]) -> Column:
    """Return a column whose formulas refer to the columns at their positions in the exercise.

    A formula that reads a column which the exercise does not show is left out, as it is never
    asked for.
    """

    def move(text: str) -> str:
        """Return a formula with the exercise's letters, empty if it has no place there."""
        if any(letter not in letters for letter, _ in _CELL.findall(text)):
            return ""
        return _CELL.sub(lambda found: f"{letters[found[1]]}{{{found[2]}}}", text)

    first = column.first if isinstance(column.first, int) else move(column.first)
    return replace(column, first=first, rest=move(column.rest))
