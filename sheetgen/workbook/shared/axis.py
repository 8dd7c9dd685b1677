"""An axis of a picture or a curve: evenly spaced values, in cells of the workings."""

from collections.abc import Callable
from dataclasses import dataclass
from math import floor

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.wording import exponent, exponent_of
from sheetgen.spreadsheet.address import local
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


def round_ends(
    corner: Corner, title: str, span: tuple[Known, Known], steps: tuple[int, int]
) -> tuple[Known, Known]:
    """Return the start and the step of an axis around some values, `span` from least to most.

    `steps` are how many there are in all, and from one number along the axis to the next: these
    are multiples of the least round unit with which the axis, whose middle is such a multiple,
    goes beyond the values. It is found in three columns from a corner.
    """
    (count, every), ((least, low), (most, high)) = steps, span
    write_headers(corner.canvas, corner.row, corner.column, (title, "", ""), "input")
    width, centre = high - low or 1.0, (low + high) / 2
    power, reach = 10.0 ** exponent_of(width), count / every / 2 - BEYOND
    known = {
        "width": (f"IF({most}>{least},{most}-{least},1)", width),
        "middle": (f"({least}+{most})/2", centre),
        "power of ten": (f"10^{exponent(corner.local(1, 1))}", power),
    }
    for at, (name, (formula, value)) in enumerate(known.items(), start=1):
        corner.write(at, 0, name)
        corner.calculate(at, 1, formula, value, VALUE)
    titles = ("unit", "units to the middle", "is it enough?")
    write_headers(corner.canvas, corner.row + UNITS - 1, corner.column, titles, "input")
    fitting = []
    for at, factor in enumerate(ROUND, start=UNITS):
        unit = factor * power
        units = floor(centre / unit + HALF)
        is_enough = abs(centre - units * unit) + width / 2 <= reach * unit * SURE
        fitting += [(unit, units)] * is_enough
        own, middle = corner.local(at, 0), corner.local(at, 1)
        corner.calculate(at, 0, f"{factor}*{corner.local(3, 1)}", unit, VALUE)
        formula = f"INT({corner.local(2, 1)}/{own}+{HALF})"
        corner.calculate(at, 1, formula, units, PLACE)
        far = f"ABS({corner.local(2, 1)}-{middle}*{own})+{corner.local(1, 1)}/2"
        formula = f"IF({far}<={reach}*{own}*{SURE},1,0)"
        corner.calculate(at, 2, formula, int(is_enough), PLACE)
    last = UNITS + len(ROUND) - 1
    chosen, middle, enough = (local(corner.range(UNITS, at, last, at)) for at in range(3))
    first = f"MATCH(1,{enough},0)"
    unit, units = fitting[0]  # the last one is always enough
    step, back = f"INDEX({chosen},{first})/{every}", count // 2
    start = f"{step}*({every}*INDEX({middle},{first})-{back})"
    return (start, unit / every * (every * units - back)), (step, unit / every)


UNITS = 6  # the row of the first unit, counted from the corner
ROUND = (0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 2.5, 3.0)
BEYOND = 0.25  # units that the axis is longer at the least
HALF, SURE = 0.5 + 1e-9, 1 + 1e-9  # so that a rounding error changes nothing
