"""An axis of a picture or a curve: evenly spaced values, in cells of the workings."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.style import FINE, LABEL, number
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.workings import Corner

FROM, STEP, HEADER, FIRST = 1, 2, 3, 4  # rows, counted from the corner
COLUMNS = 3
PLACE, VALUE = number("iteration", "0"), number("input", FINE)

Known = tuple[str, float]
"""An expression and the value that the reference has for it."""


@dataclass(frozen=True)
class Axis:
    """The values start + step · place, for places from 0, in the rows of a block.

    `read` are these as the network reads them, in the data's own units or standardised.
    """

    corner: Corner
    start: float
    step: float
    values: Array
    read: Array

    @classmethod
    def write(
        cls,
        corner: Corner,
        title: str,
        ends: tuple[Known, Known],
        count: int,
        reading: tuple[Callable[[str], str], Callable[[Array], Array]] | None = None,
    ) -> "Axis":
        """Write an axis into three columns from a corner on; `ends` are its start and its step.

        `reading` turns the expression of a value into that of what the network reads, and values
        into values; without it the network reads the values themselves.
        """
        canvas, row, column = corner.canvas, corner.row, corner.column
        write_headers(canvas, row, column, (title, ""), "input")
        for offset, name, (formula, value) in ((FROM, "from", ends[0]), (STEP, "step", ends[1])):
            canvas.write(row + offset, column, name, LABEL)
            canvas.calculate(row + offset, column + 1, f"={formula}", value, VALUE)
        (_, start), (_, step) = ends
        values = np.array([start + step * place for place in range(count)])
        read = reading[1](values) if reading else values
        titles = ("place", "value", "as it is read")
        write_headers(canvas, row + HEADER, column, titles[: 3 if reading else 2], "input")
        for place in range(count):
            at = row + FIRST + place
            canvas.write(at, column, place, PLACE)
            formula = f"={corner.local(FROM, 1)}+{corner.local(STEP, 1)}*{place}"
            canvas.calculate(at, column + 1, formula, float(values[place]), VALUE)
            if reading:
                formula = f"={reading[0](corner.local(FIRST + place, 1))}"
                canvas.calculate(at, column + 2, formula, float(read[place]), VALUE)
        return cls(corner, start, step, values, read)

    @classmethod
    def around(
        cls,
        corner: Corner,
        title: str,
        span: tuple[Known, Known],
        part: int,
        count: int,
        reading: tuple[Callable[[str], str], Callable[[Array], Array]] | None = None,
    ) -> "Axis":
        """Write an axis from the least to the most of some values, `span`, and more.

        It is longer by one `part`th of that on either side, or by 1 about a single value.
        """
        (least, low), (most, high) = span
        width, whole = high - low, 1 + 2 / part
        is_wide, steps = f"{most}>{least}", count - 1
        ends = (
            (f"{least}-IF({is_wide},({most}-{least})/{part},1)", low - (width / part or 1)),
            (f"IF({is_wide},{whole:g}*({most}-{least}),2)/{steps}", (whole * width or 2) / steps),
        )
        return cls.write(corner, title, ends, count, reading)

    @property
    def range(self) -> str:
        """The range of the values, with the sheet's name."""
        return self.corner.range(FIRST, 1, FIRST + len(self.values) - 1, 1)

    def cell(self, place: int) -> str:
        """Return the address of a value, with the sheet's name."""
        return self.corner.absolute(FIRST + place, 1)

    def read_cell(self, place: int) -> str:
        """Return the address, on the workings, of what the network reads for a value."""
        is_own = self.read is self.values
        return self.corner.local(FIRST + place, 1 if is_own else 2)

    def position_formula(self, value: str) -> str:
        """Return the expression of where a value is, in cells from the picture's edge."""
        return f"({value}-{self.corner.local(FROM, 1)})/{self.corner.local(STEP, 1)}+0.5"

    def position(self, value: float) -> float:
        """Return where a value is."""
        return (value - self.start) / self.step + 0.5

    def scale(self, value: float) -> float:
        """Return the size of the numbers whose difference a position takes."""
        return max(abs(value), abs(self.start)) / self.step
