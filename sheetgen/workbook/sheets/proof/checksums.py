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
from numpy.typing import NDArray

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import column_letters, quoted, range_address
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas

LONGEST = 7_500
"""Characters of a formula, of the 8,192 that a cell holds."""
MOST_RANGES = 100
"""Of one formula: Excel 2007 takes 255 arguments."""
OFFSETS = 32
SIZES = ((-1.0, DIVERGED),)
"""The sizes of numbers that have checksums of their own: above the first, up to the second."""
_GOLDEN = (5**0.5 - 1) / 2

Integers = NDArray[np.int_]
ROWS = 2**20
"""Of a worksheet."""

Closeness = Callable[[Array, Array], Array]
"""Gives by how much the numbers of columns and rows may differ, relatively; inf: not promised."""


def weights(count: int) -> Array:
    """Return the weights of so many rows: 1 and what a multiple of the golden ratio leaves over.

    They have six decimals, which every program stores alike.
    """
    return np.round(1 + np.arange(1, count + 1) * _GOLDEN % 1, 6)


class Numbers:
    """All numbers of a canvas in the order of columns, then rows.

    `places` are made of columns and rows, `sizes` are those of what was added to get the numbers,
    `formulas` tells where there is a formula, and `texts` are the places of texts.
    """

    def __init__(self, canvas: Canvas) -> None:
        """Collect them."""
        texts, singles, scales = [], [], []
        for (row, column), cell in canvas.cells.items():
            place = column * ROWS + row
            if isinstance(cell.value, str):
                texts.append(place)
            else:
                singles.append((place, cell))
                scales.append(canvas.scales.get((row, column), 1.0))
        parts = [
            (
                np.array([place for place, _ in singles], int),
                np.array([cell.value for _, cell in singles], float),
                np.array(scales, float),
                np.array([cell.formula is not None for _, cell in singles], bool),
            )
        ]
        for block in canvas.blocks:
            columns, rows = np.array(block.column_range)[:, None], np.array(block.row_range)
            places, values = (columns * ROWS + rows).ravel(), np.concatenate(block.values)
            formulas = np.repeat([bool(formula) for formula in block.formulas], len(rows))
            parts.append((places, values, np.ones(len(places)), formulas))
        places, values, sizes, formulas = map(np.concatenate, zip(*parts, strict=True))
        np.maximum(sizes, np.abs(values), out=sizes)
        order = np.argsort(places, kind="stable")
        self.places, self.values = places[order], values[order]
        self.sizes, self.formulas = sizes[order], formulas[order]
        self.texts = np.sort(np.array(texts, int))

    def indices(self, runs: Sequence["Run"]) -> tuple[Integers, Integers]:
        """Return where the numbers of these runs are, and how many each of them has."""
        starts = np.array([run.column * ROWS + run.first_row for run in runs])
        last = np.array([run.column * ROWS + run.last_row for run in runs])
        first = np.searchsorted(self.places, starts)
        counts = np.searchsorted(self.places, last, "right") - first
        before = np.repeat(first - (np.cumsum(counts) - counts), counts)
        return before + np.arange(len(before)), counts


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
    limit: float = DIVERGED
    """A number beyond it is not promised."""

    @property
    def rows(self) -> int:
        """How many weights its checksum needs."""
        return OFFSETS + max(run.rows for run in self.runs)

    def computed(self, numbers: Numbers) -> Computed:
        """Return what the formulas give for these numbers."""
        return _computed(self.runs, numbers, self.limit)

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


def _computed(runs: Sequence[Run], numbers: Numbers, limit: float) -> Computed:
    indices, counts = numbers.indices(runs)
    values = numbers.values[indices]
    if not (np.abs(values) <= limit).all():  # nan too
        return Computed(np.nan, np.nan, np.nan)
    starts = np.array(
        [offset - run.first_row for offset, run in zip(_offsets(runs), runs, strict=True)]
    )
    rows = numbers.places[indices] % ROWS + np.repeat(starts, counts)
    every = weights(OFFSETS + max(run.rows for run in runs))
    # No product of matrices, for which threads of BLAS would wait for each other.
    total = float((values * every[rows]).sum())
    return Computed(len(values), total, float(np.abs(values).max(initial=0.0)))


@dataclass(frozen=True)
class Terms:
    """What of a sheet has checksums.

    `titles` has the first column of each part and what it is called. Numbers are promised up to
    the last of `sizes`, as near as `closeness` says; of columns without a formula only if `whole`.
    """

    titles: Mapping[int, str]
    closeness: Closeness
    sizes: Sequence[tuple[float, float]] = SIZES
    whole: bool = False


def parts_of(canvas: Canvas, terms: Terms) -> Iterator[Part]:
    """Yield the parts of a sheet."""
    numbers = Numbers(canvas)
    apart = terms.closeness(*np.divmod(numbers.places, ROWS))
    for above, up_to in terms.sizes:
        runs = _runs(numbers, apart, (above, up_to), terms.whole)
        titled = ((_title(terms.titles, run.column), run) for run in runs)
        for title, found in groupby(titled, key=itemgetter(0)):
            for chunk in _chunks(canvas.name, [run for _, run in found]):
                name = title or _columns(chunk)
                name = name if above < 0 else f"{name}, above {above:,.0f}"
                indices, _ = numbers.indices(chunk)
                sizes, formulas = numbers.sizes[indices], int(numbers.formulas[indices].sum())
                # A weight is 2 at most. Two digits: the others differ from processor to processor,
                # and with them the file.
                allowed = float(f"{2 * (sizes * apart[indices]).sum():.1e}")
                limit = terms.sizes[-1][1]
                built = _computed(chunk, numbers, limit)
                size = float(2 * sizes.sum())
                yield Part(canvas.name, name, tuple(chunk), formulas, size, allowed, built, limit)


def _columns(runs: Sequence[Run]) -> str:
    first, last = (column_letters(run.column) for run in (runs[0], runs[-1]))
    return f"column {first}" if first == last else f"columns {first} to {last}"


def _title(titles: Mapping[int, str], column: int) -> str:
    return titles.get(max((first for first in titles if first <= column), default=-1), "")


def _runs(
    numbers: Numbers, apart: Array, between: tuple[float, float], whole: bool
) -> Iterator[Run]:
    """Yield the longest runs of numbers between two sizes that are promised.

    There is a formula among them, unless the `whole` sheet is promised.
    """
    places, sizes = numbers.places, np.abs(numbers.values)
    with np.errstate(invalid="ignore"):
        is_good = (between[0] < sizes) & (sizes <= between[1]) & np.isfinite(apart)
    good = np.flatnonzero(is_good)
    if not len(good):
        return
    # It grows where a text, a number that is not promised or another column begins.
    bars = np.searchsorted(numbers.texts, places) + np.cumsum(~is_good) + places // ROWS
    starts = np.flatnonzero(np.diff(bars[good], prepend=-1))
    ends = np.append(starts[1:], len(good)) - 1
    # From the first formula to the last one.
    told = np.flatnonzero(numbers.formulas[good] | whole)
    firsts, lasts = np.searchsorted(told, starts), np.searchsorted(told, ends, "right") - 1
    has_told = firsts <= lasts
    for first, last in zip(good[told[firsts[has_told]]], good[told[lasts[has_told]]], strict=True):
        column, row = divmod(int(places[first]), ROWS)
        yield Run(column, row, int(places[last]) % ROWS)


def most_of(sheet: str) -> int:
    """Return how many runs of a sheet have a checksum that fits a cell."""
    term = len(f"SUMPRODUCT('{sheet}'!$ABC$10000:$ABC$10000,Workings!$ABC$10000:$ABC$10000)+")
    return min(MOST_RANGES, LONGEST // term)


def _chunks(sheet: str, runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield runs together whose checksum fits a cell."""
    most = most_of(sheet)
    for first in range(0, len(runs), most):
        yield list(runs[first : first + most])
