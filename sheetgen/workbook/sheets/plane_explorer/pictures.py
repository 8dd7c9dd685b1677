"""What the written out sums of `Explorer` read: the planes that are drawn above them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import NamedTuple

from sheetgen.spreadsheet.address import cell_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Place, Value
from sheetgen.spreadsheet.style import MUTED, WHOLE, Style
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.page import shade_by_sign
from sheetgen.workbook.shared.plane_lookup import NOTHING, PlaneLookup
from sheetgen.workbook.shared.plane_strip import SMALL_NUMBERS, fit_small

PIXELS = 28  # of a column
OF_TITLE = 7.2  # pixels of a character of a title
FACTS = 11  # the column beside the controls
SIGN = Style(size=8, align="center")
RESULT = Style(size=8, number_format="0.000", align="center", bold=True)
NAME = Style(size=9, colour=MUTED, align="right")
OF_NAME = 6.0  # pixels of a character of a name, at most


class Fact(NamedTuple):
    """A number beside the controls: what it is, its expression and value, and its columns."""

    name: str
    expression: str
    value: float
    number_format: str = WHOLE
    columns: int = 1


@dataclass(frozen=True)
class Pictures(PlaneLookup):
    """The planes, with the `places` of tiles by their first symbol."""

    canvas: Canvas
    plan: Plan
    places: Mapping[str, Place]

    def block(
        self,
        at: tuple[int, int],
        size: tuple[int, int],
        content: Callable[[int, int], tuple[str, Value]],
    ) -> Place:
        """Write a block of numbers, shaded by their signs."""
        (row, column), (rows, columns) = at, size
        for down in range(rows):
            for across in range(columns):
                expression, value = content(down, across)
                cell = row + down, column + across
                self.canvas.calculate(*cell, f"={expression}", value, SMALL_NUMBERS)
        place = (row, column, row + rows - 1, column + columns - 1)
        shade_by_sign(self.canvas, [place])
        fit_small(self.canvas, [place])
        return place

    def products(self, at: tuple[int, int], one: Place, other: Place) -> Place:
        """Write the products of two blocks; where there is nothing in them, nothing."""

        def content(down: int, across: int) -> tuple[str, Value]:
            places = [(top + down, left + across) for top, left, *_ in (one, other)]
            cells = [relative_address(*place) for place in places]
            formulas = [self.canvas.cells[place].formula or "" for place in places]
            values = [self.canvas.value(*place) for place in places]
            factors = [value for value in values if isinstance(value, float)]
            value: Value = factors[0] * factors[1] if len(factors) == 2 else ""
            product = "*".join(cells)
            if NOTHING in formulas[0]:
                product = f'IF({cells[0]}="","",{product})'
            return product, value

        size = one[2] - one[0] + 1, one[3] - one[1] + 1
        return self.block(at, size, content)

    def result(self, row: int, column: int, label: str, expression: str, value: Value) -> str:
        """Write a label and a number of two columns beside it; return the number's address."""
        self.canvas.write(row, column, label, replace(SIGN, align="right"))
        self.canvas.calculate(row, column + 1, f"={expression}", value, RESULT)
        self.canvas.merges.append((row, column + 1, row, column + 2))
        self.canvas.numbers.append((row, column + 1, row, column + 1))
        return cell_address(row, column + 1)

    def facts(self, row: int, facts: Iterable[Fact]) -> list[str]:
        """Write names beside a control, each with its number; return the numbers' addresses."""
        addresses, column = [], FACTS
        for fact in facts:
            column += ceil(len(fact.name) * OF_NAME / PIXELS)
            self.canvas.write(row, column - 1, fact.name, NAME)
            style = Style(size=9, bold=True, number_format=fact.number_format, align="left")
            self.canvas.calculate(row, column, f"={fact.expression}", fact.value, style)
            if fact.columns > 1:
                self.canvas.merges.append((row, column, row, column + fact.columns - 1))
            addresses.append(cell_address(row, column))
            column += fact.columns
        return addresses


def title_columns(names: Iterable[str], rest: str) -> int:
    """Return how many columns a title takes that begins with any of the names."""
    return ceil((max(map(len, names)) + len(rest)) * OF_TITLE / PIXELS)
