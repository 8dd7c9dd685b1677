"""Checksums of the numbers that a sheet's formulas give: stored as built, and computed live.

A checksum is the sum of all numbers, each times a fixed weight between 1 and 2 that differs from
row to row and, by an offset, from column to column: a sum of one sign of which no two neighbours
can be exchanged unseen.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import quoted, range_address
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas

LONGEST = 7_500
"""Characters of a formula, of the 8,192 that a cell holds."""
MOST_RANGES = 100
"""Of one formula: Excel 2007 takes 255 arguments."""
OFFSETS = 32
_GOLDEN = (5**0.5 - 1) / 2

Closeness = Callable[[int, Array], Array]
"""Gives by how much the numbers of a column and rows may differ, relatively; inf: not promised."""


def weights(count: int) -> Array:
    """Return the weights of so many rows: 1 and what a multiple of the golden ratio leaves over.

    They have six decimals, which every program stores alike.
    """
    return np.round(1 + np.arange(1, count + 1) * _GOLDEN % 1, 6)


class Numbers:
    """The numbers of a canvas by column: rows, values, the sizes of what was added, if formulas."""

    def __init__(self, canvas: Canvas) -> None:
        """Collect the numbers, and the rows of texts by column."""
        self._parts: dict[int, list[tuple[Array, Array, Array, Array]]] = {}
        self.texts: dict[int, list[int]] = {}
        singles: dict[int, list[tuple[int, float, float, bool]]] = {}
        for (row, column), cell in canvas.cells.items():
            if isinstance(cell.value, str):
                self.texts.setdefault(column, []).append(row)
            else:
                size = max(1.0, abs(cell.value), canvas.scales.get((row, column), 1.0))
                known = row, float(cell.value), size, cell.formula is not None
                singles.setdefault(column, []).append(known)
        for column, found in singles.items():
            self._add(column, *(np.array(each) for each in zip(*found, strict=True)))
        for block in canvas.blocks:
            rows = np.array(block.row_range)
            for column, formula, values in zip(
                block.column_range, block.formulas, block.values, strict=True
            ):
                sizes = np.maximum(1.0, np.abs(values))
                self._add(column, rows, values, sizes, np.full(len(rows), bool(formula)))

    def _add(self, column: int, *arrays: Array) -> None:
        rows, values, sizes, formulas = arrays
        self._parts.setdefault(column, []).append((rows, values, sizes, formulas))

    @cached_property
    def columns(self) -> dict[int, tuple[Array, Array, Array, Array]]:
        """Rows in their order, values, sizes and whether there is a formula, of each column."""
        found = {}
        for column, parts in sorted(self._parts.items()):
            rows, values, sizes, formulas = map(np.concatenate, zip(*parts, strict=True))
            order = np.argsort(rows, kind="stable")
            found[column] = rows[order], values[order], sizes[order], formulas[order]
        return found

    def of(self, run: "Run") -> tuple[Array, Array, Array, Array]:
        """Return the same of a part of a column."""
        rows, *arrays = self.columns.get(run.column, (np.empty(0),) * 4)
        first, behind = np.searchsorted(rows, (run.first_row, run.last_row + 1))
        values, sizes, formulas = (each[first:behind] for each in arrays)
        return rows[first:behind], values, sizes, formulas


@dataclass(frozen=True)
class Run:
    """Cells of one column, from the first to the last row, without a text between them."""

    column: int
    first_row: int
    last_row: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.last_row - self.first_row + 1


@dataclass(frozen=True)
class Computed:
    """What the formulas of a part give: nan where a number is beyond what is promised."""

    count: float
    checksum: float
    largest: float


@dataclass(frozen=True)
class Part:
    """Columns of a sheet whose numbers have one checksum, and what NumPy found when it was built.

    `formulas` are counted, `size` is the sum of the sizes of all that the checksum adds, and
    `allowed` the difference that rounding may make.
    """

    sheet: str
    title: str
    runs: tuple[Run, ...]
    formulas: int
    size: float
    allowed: float
    built: Computed

    @property
    def rows(self) -> int:
        """How many weights its checksum needs."""
        return OFFSETS + max(run.rows for run in self.runs)

    def computed(self, numbers: Numbers) -> Computed:
        """Return what the formulas give for these numbers."""
        return _computed(self.runs, numbers)

    def checksum(self, weight: Callable[[int, int], str]) -> str:
        """Return the expression of the checksum; `weight` gives the range of some weights."""
        return "+".join(
            f"SUMPRODUCT({self._range([run])},{weight(offset, run.rows)})"
            for offset, run in zip(_offsets(self.runs), self.runs, strict=True)
        )

    @cached_property
    def ranges(self) -> str:
        """All cells, columns beside each other as one range: the arguments of COUNT and MAX."""
        return ",".join(map(self._range, _rectangles(self.runs)))

    def _range(self, runs: Sequence[Run]) -> str:
        first, last = runs[0], runs[-1]
        cells = range_address(first.first_row, first.column, last.last_row, last.column)
        return f"{quoted(self.sheet)}!{cells}"


def _offsets(runs: Sequence[Run]) -> Iterator[int]:
    return (place % OFFSETS for place in range(len(runs)))


def _rectangles(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield runs that are side by side in the same rows."""
    side: list[Run] = []
    for run in sorted(runs, key=lambda each: (each.first_row, each.last_row, each.column)):
        last = side[-1] if side else None
        if last and last != Run(run.column - 1, run.first_row, run.last_row):
            yield side
            side = []
        side.append(run)
    yield side


def _computed(runs: Sequence[Run], numbers: Numbers) -> Computed:
    count, total, largest = 0, 0.0, 0.0
    every = weights(OFFSETS + max(run.rows for run in runs))
    for offset, run in zip(_offsets(runs), runs, strict=True):
        rows, values, *_ = numbers.of(run)
        if not (np.abs(values) <= DIVERGED).all():  # nan too
            return Computed(np.nan, np.nan, np.nan)
        # No product of matrices, for which threads of BLAS would wait for each other.
        total += float((values * every[rows.astype(int) - run.first_row + offset]).sum())
        largest = max(largest, float(np.abs(values).max(initial=0.0)))
        count += len(values)
    return Computed(count, total, largest)


def parts_of(canvas: Canvas, titles: Mapping[int, str], closeness: Closeness) -> Iterator[Part]:
    """Yield the parts of a sheet; `titles` has the first column of each and what it is called."""
    numbers = Numbers(canvas)
    titled = ((_title(titles, run.column), run) for run in _runs(numbers, closeness))
    for title, found in groupby(titled, key=itemgetter(0)):
        for runs in _chunks(canvas.name, [run for _, run in found]):
            size = allowed = formulas = 0.0
            for run in runs:
                rows, _, sizes, is_formula = numbers.of(run)
                # A weight is 2 at most.
                size += 2 * sizes.sum()
                allowed += 2 * (sizes * closeness(run.column, rows)).sum()
                formulas += is_formula.sum()
            # Two digits: the others differ from processor to processor, and with them the file.
            allowed = float(f"{allowed:.1e}")
            built = _computed(runs, numbers)
            yield Part(canvas.name, title, tuple(runs), int(formulas), float(size), allowed, built)


def _title(titles: Mapping[int, str], column: int) -> str:
    return titles.get(max((first for first in titles if first <= column), default=-1), "")


def _runs(numbers: Numbers, closeness: Closeness) -> Iterator[Run]:
    """Yield the longest runs of numbers that are promised, with a formula among them."""
    for column, (rows, values, _, is_formula) in numbers.columns.items():
        with np.errstate(invalid="ignore"):
            is_good = (np.abs(values) <= DIVERGED) & np.isfinite(closeness(column, rows))
        texts = np.searchsorted(np.sort(numbers.texts.get(column, [])), rows)
        # It grows from row to row where a text or a number that is not promised is between them.
        place, good = texts + np.cumsum(~is_good), np.flatnonzero(is_good)
        for here in np.split(good, np.flatnonzero(np.diff(place[good])) + 1):
            if is_formula[here].any():
                yield Run(column, int(rows[here[0]]), int(rows[here[-1]]))


def _chunks(sheet: str, runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield runs together whose checksum fits a cell."""
    term = len(f"SUMPRODUCT('{sheet}'!$ABC$10000:$ABC$10000,Workings!$ABC$10000:$ABC$10000)+")
    most = min(MOST_RANGES, LONGEST // term)
    for first in range(0, len(runs), most):
        yield list(runs[first : first + most])
