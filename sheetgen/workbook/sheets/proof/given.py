"""The inputs that a workbook was built with: stored on `Workings`, and compared with live cells.

Inputs below each other are compared by one formula. Which of them is the first that has changed is
in the size of Σ 4^(−place) over those that have: 4^(−place) of the first one, and less than four
thirds of it with all that follow.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from sheetgen.spreadsheet.address import local, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.style import SCIENTIFIC, number
from sheetgen.workbook.plan import PROOF
from sheetgen.workbook.shared.live_text import Words
from sheetgen.workbook.shared.workings import Corner, Workings

MOST = 250
"""Inputs of a line: 4^(−250) is far above the smallest number of a cell."""
STORED, POWER, LINE, CHANGED, FIRST = range(5)
HEADERS = ("as built", "power", "inputs", "changed so far", "the first")


@dataclass(frozen=True)
class Line:
    """Input cells below each other, from a first one on, and what they held at first."""

    sheet: str
    row: int
    column: int
    values: tuple[Value, ...]

    def name(self, at: int) -> str:
        """Return the address of one of the cells, for people."""
        return f"{self.sheet}!{relative_address(self.row + at, self.column)}"

    @property
    def title(self) -> str:
        """The addresses of all cells, for people."""
        last = relative_address(self.row + len(self.values) - 1, self.column)
        return self.name(0) if len(self.values) == 1 else f"{self.name(0)}:{last}"

    def changed(self, canvas: Canvas) -> list[int]:
        """Return which of the cells hold something else on the sheet as it is now."""
        return [
            at
            for at, value in enumerate(self.values)
            if not _same(canvas.value(self.row + at, self.column), value)
        ]


def _same(one: Value, other: Value) -> bool:
    """Compare as a spreadsheet does: an empty cell is 0."""
    return (one or 0) == (other or 0)


def lines_of(canvas: Canvas, places: Collection[tuple[int, int]]) -> Iterator[Line]:
    """Yield these cells of a sheet in lines of at most `MOST`, column by column."""
    ordered = sorted((column, row) for row, column in places)
    numbered = enumerate(ordered)
    for _, group in groupby(numbered, key=lambda each: (each[1][0], each[1][1] - each[0])):
        found = [(row, column) for _, (column, row) in group]
        for first in range(0, len(found), MOST):
            part = found[first : first + MOST]
            yield Line(canvas.name, *part[0], tuple(canvas.value(*place) for place in part))


def formulas_of(lines: Sequence[Line]) -> int:
    """Return how many formulas compare these lines."""
    return sum(1 if len(line.values) == 1 else 2 for line in lines)


@dataclass(frozen=True)
class Changes:
    """How many inputs have changed, as a cell and as a number, and the name of the first.

    `of_tables` is the number of those that the tables depend on.
    """

    every: tuple[str, int]
    of_tables: tuple[str, int]
    first: Words


def compare_inputs(
    lines: Sequence[Line], sources: int, canvases: Mapping[str, Canvas], workings: Workings
) -> Changes:
    """Store and compare the inputs on a block of `Workings`; the tables depend on the first lines.

    `canvases` are the sheets by their names.
    """
    corner = workings.block(PROOF, "The inputs, as built", len(HEADERS))
    corner.headers(*HEADERS)
    _powers(corner, max((len(line.values) for line in lines), default=0))
    totals, first, down = [("0", 0)], "", 1
    for at, line in enumerate(lines, start=1):
        stored = local(corner.range(down, STORED, down + len(line.values) - 1, STORED))
        for each in line.values:
            corner.write(down, STORED, each)
            down += 1
        found = line.changed(canvases[line.sheet])
        totals.append(_line(corner, at, line, canvases[line.sheet], stored, found))
        first = first or (line.name(found[0]) if found else "")
    last = len(lines) + 1  # with an empty row, as ironcalc takes a range of one cell for none
    running, names = (corner.range(1, across, last, across) for across in (CHANGED, FIRST))
    name = Words(f"INDEX({names},COUNTIF({running},0)+1)", first)
    return Changes(totals[-1], totals[sources], name)


def _powers(corner: Corner, count: int) -> None:
    if count > 1:
        powers = np.array([0.25**place for place in range(1, count + 1)])
        corner.canvas.fill(
            corner.row + 1, corner.column + POWER, powers[:, None], number("helper", SCIENTIFIC)
        )


def _line(
    corner: Corner, at: int, line: Line, canvas: Canvas, stored: str, found: Sequence[int]
) -> tuple[str, int]:
    """Compare a line; return the cell with the number of changes so far, and that number."""
    count, before = len(line.values), corner.local(at - 1, CHANGED) if at > 1 else ""
    former = int(corner.canvas.value(corner.row + at - 1, corner.column + CHANGED)) if before else 0
    place = line.row, line.column, line.row + count - 1, line.column
    differ = f"{canvas.range(*place)}<>{stored}"
    expression = f"SUMPRODUCT(({differ})*1)" if count > 1 else f"IF({differ},1,0)"
    expression = f"{before}+{expression}" if before else expression
    corner.write(at, LINE, line.title)
    total = corner.calculate(at, CHANGED, expression, former + len(found))
    if count == 1:
        corner.write(at, FIRST, line.name(0))
        return total, former + len(found)
    powers = local(corner.range(1, POWER, count, POWER))
    place_of_first = f"ROUND(-LOG(SUMPRODUCT(({differ})*{powers}),4),0)"
    sheet = line.sheet.replace('"', '""')
    address = f'"{sheet}!"&ADDRESS({line.row}+{place_of_first},{line.column + 1},4)'
    condition = f"{corner.local(at, CHANGED)}={before or 0}"
    name = line.name(found[0]) if found else ""
    corner.calculate(at, FIRST, f'IF({condition},"",{address})', name)
    return total, former + len(found)
