"""Divides a canvas into pages of A4: how large it is printed, and where a page begins.

A sheet is as wide as a page, unless its text would then be too small to read. Pages end between
blocks, or between two rows of a table, and never within a chart; they are about equally full. A
sheet is printed upright if it needs fewer pages then. The scale and the breaks are written into
the file, because programs follow no breaks where they fit sheets to pages themselves.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from itertools import pairwise
from math import ceil
from struct import unpack
from typing import NamedTuple

from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.canvas import Canvas, Place
from sheetgen.spreadsheet.page_breaks import BAD, POOR, Direction
from sheetgen.spreadsheet.sheet_sizes import PIXELS_PER_POINT, Lines, column_pixels
from sheetgen.spreadsheet.style import HIDDEN, Style

MARGINS = (0.4, 0.4, 0.5, 0.6)  # left, right, top and bottom, in inches
LEAST_POINTS = 7  # on paper, of most texts of a sheet; those of 10 points may have a scale of 0.7
MOST_ROWS = 3000
"""Of a sheet with breaks between its rows; the pages of a longer one end where they are full."""

_A4 = (297 / 25.4, 210 / 25.4)  # inches
# Of a page: LibreOffice makes columns of Arial 6 % wider than Excel.
_SPARE_ACROSS, _SPARE_DOWN = 0.93, 0.98
_ALIKE = 8  # times fewer columns may be filled in one of two rows of a table only
_HEADING = 12  # points of a text that belongs to what is below it
_STEPS, _FEWER = 3, 0.75
"""Between the scales that are tried; a smaller one is chosen if it needs so much fewer pages."""
_CHARACTER = 0.62  # pixels of a character of a font of one point: most texts are shorter
_MOST_AREAS = 8  # ranges of a print area, of whose names Excel shows 255 characters
_WIDTH, _HEIGHT = 64, 20  # pixels of a column and a row


class Pages(NamedTuple):
    """The scale in percent, the rows and columns that begin a page but the first, and the paper."""

    scale: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    portrait: bool


def pages(canvas: Canvas) -> Pages:
    """Return how a canvas is divided: upright if no more columns begin a page, but fewer rows."""
    divided = _Divided(canvas)
    ways = (False, True) if canvas.portrait is None else (canvas.portrait,)
    return min(map(divided.pages, ways), key=lambda way: (divided.cut_texts(way), *_cost(way)))


def areas(canvas: Canvas, way: Pages) -> tuple[Place, ...]:
    """Return several ranges to print where pages of a single one would be empty, else none."""
    return _Divided(canvas).areas(way)


def _cost(way: Pages) -> tuple[int, int, int, bool]:
    return len(way.columns), len(way.rows), -way.scale, way.portrait


class _Divided:
    """A canvas, and what is measured of it in pixels at 100 %."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        widths = {at: float(column_pixels(width)) for at, width in canvas.widths.items()}
        heights = {at: points * PIXELS_PER_POINT for at, points in canvas.heights.items()}
        self.columns, self.rows = Lines(_WIDTH, widths), Lines(_HEIGHT, heights)
        self.boxes = [*self._boxes()]

    def pages(self, portrait: bool) -> Pages:
        """Return how the canvas is divided into pages that are upright, or not.

        It shrinks a little more where that saves many pages, or one that begins within a block.
        """
        top, left, bottom, right = self.area
        across, down = _A4[::-1] if portrait else _A4
        room_across = (across - MARGINS[0] - MARGINS[1]) * 96 * _SPARE_ACROSS
        room_down = (down - MARGINS[2] - MARGINS[3]) * 96 * _SPARE_DOWN
        breaks = [at for at in sorted(set(self.canvas.column_breaks)) if left < at <= right]
        edges = [self.columns.start(at) for at in (left, *breaks, right + 1)]
        width = max(end - start for start, end in pairwise(edges))
        height = self.rows.start(bottom + 1) - self.rows.start(top)
        scale = min(1.0, max(self.smallest, room_across / max(width, 1)))
        if height * self.smallest <= room_down:  # then one page is enough
            scale = min(scale, room_down / height)
        scales = [scale - (scale - self.smallest) * step / _STEPS for step in range(_STEPS + 1)]
        found = [self._at(int(100 * scale) / 100, room_across, room_down)]
        if not (found[0].rows or found[0].columns):  # no smaller scale is better
            return found[0]._replace(portrait=portrait)
        found += [self._at(int(100 * each) / 100, room_across, room_down) for each in scales[1:]]
        first, best = min(found, key=self._cut_blocks), min(found, key=_cost)
        is_worth_it = len(best.rows) + 1 <= _FEWER * (len(first.rows) + 1)
        return (best if is_worth_it else first)._replace(portrait=portrait)

    def _cut_blocks(self, way: Pages) -> int:
        """Return the number of pages that begin within a block."""
        return sum(self.down.rate(row) <= POOR for row in way.rows)

    def cut_texts(self, way: Pages) -> int:
        """Return the number of pages that begin within a text."""
        return sum(self._column_is_good(column) <= POOR for column in way.columns)

    def areas(self, way: Pages) -> tuple[Place, ...]:
        """Return the ranges without empty pages at their sides, if there are several."""
        top, left, bottom, right = self.area
        rows, columns = (top, *way.rows, bottom + 1), (left, *way.columns, right + 1)
        found: list[Place] = []
        for first, end in pairwise(rows):
            filled = [at for at in self._filled_between(first, end) if left <= at <= right] or [
                left
            ]
            # What is repeated on each page is not repeated above columns that are empty.
            start, last = min(filled), columns[bisect_right(columns, max(filled))] - 1
            goes_on = found and (found[-1][1], found[-1][3]) == (start, last)
            found.append((found.pop()[0] if goes_on else first, start, end - 1, last))
        if self.canvas.repeat_columns:
            found[:1] = self._beside_the_first(found[0], columns[1])
        return tuple(found) if 1 < len(found) <= _MOST_AREAS else ()

    def _beside_the_first(self, place: Place, behind: int) -> list[Place]:
        """Return the first page of a range, and the others, which begin with a column.

        These have only the rows with something on them: beside the columns that are repeated, a
        heading of the first page would be there again, and cut.
        """
        top, left, bottom, right = place
        rows = {row for row, cells in self.filled.items() if max(cells) >= behind}
        for block in self.canvas.blocks:
            if block.column_range[-1] >= behind:
                rows |= {max(top, block.row_range[0]), min(bottom, block.row_range[-1])}
        rows = {row for row in rows if top <= row <= bottom} or {top}
        if right < behind or any(box[2] > self.columns.start(behind) for box in self.boxes):
            return [place]
        return [(top, left, bottom, behind - 1), (min(rows), behind, max(rows), right)]

    def _filled_between(self, first: int, end: int) -> Iterator[int]:
        """Yield outer columns of all that is in rows from the first on, before the end."""
        for row, cells in self.filled.items():
            if first <= row < end:
                yield from (min(cells), max(cells))
        for block in self.canvas.blocks:
            if block.row_range[0] < end and block.row_range[-1] >= first:
                yield from (block.column_range[0], block.column_range[-1])
        for left, top, right, bottom in self.boxes:
            if top < self.rows.start(end) and bottom > self.rows.start(first):
                for x in (left, right - 1):
                    yield self.columns.last_within(0, 1 << 14, x) + 1

    def _at(self, scale: float, room_across: float, room_down: float) -> Pages:
        """Return how the canvas is divided at a scale into pages of so many pixels."""
        top, _, bottom, _ = self.area
        columns = self.across.even_starts(room_across / scale)
        has_breaks = bottom - top < MOST_ROWS
        rows = self.down.even_starts(room_down / scale) if has_breaks else []
        return Pages(round(100 * scale), tuple(rows), tuple(columns), portrait=False)

    @cached_property
    def across(self) -> Direction:
        """The columns that are divided."""
        return Direction(
            self.columns, self.area[1::2], self.canvas.repeat_columns,
            frozenset(self.canvas.column_breaks), cache(self._column_is_good),
        )  # fmt: skip

    @cached_property
    def down(self) -> Direction:
        """The rows that are divided."""
        return Direction(
            self.rows, self.area[::2], self.canvas.repeat_rows,
            frozenset(self.canvas.row_breaks), cache(self._row_is_good),
        )  # fmt: skip

    @cached_property
    def smallest(self) -> float:
        """The scale at which most of the texts have the least size that can be read."""
        cells = (each for each in self.canvas.cells.values() if each.value != "")
        sizes = Counter(each.style.size for each in cells if each.style.number_format != HIDDEN)
        for block in self.canvas.blocks:
            for style in block.formats:
                if style.number_format != HIDDEN:
                    sizes[style.size] += len(block.row_range)
        size = sizes.most_common(1)[0][0] if sizes else LEAST_POINTS
        return min(1.0, ceil(100 * LEAST_POINTS / size) / 100)

    @cached_property
    def area(self) -> Place:
        """The range that is printed."""
        if self.canvas.print_area:
            return self.canvas.print_area
        rows, columns = set(self.filled), {at for row in self.filled.values() for at in row}
        for block in self.canvas.blocks:
            columns |= {block.column_range[0], block.column_range[-1]}
            rows |= {block.row_range[0], block.row_range[-1]}
        for _, _, right, bottom in self.boxes:
            rows.add(self.rows.last_within(0, 1 << 20, bottom - 1) + 1)
            columns.add(self.columns.last_within(0, 1 << 14, right - 1) + 1)
        return 0, 0, max(rows, default=0), max(columns, default=0)

    @cached_property
    def filled(self) -> dict[int, dict[int, Style]]:
        """Of each row the columns with single cells and their styles."""
        found: dict[int, dict[int, Style]] = defaultdict(dict)
        for (row, column), cell in self.canvas.cells.items():
            found[row][column] = cell.style
        return found

    @cached_property
    def block_rows(self) -> list[tuple[range, Block[Style]]]:
        """The blocks, each with its rows."""
        return [(block.row_range, block) for block in self.canvas.blocks]

    @cached_property
    def written(self) -> dict[int, set[int]]:
        """Of each row the columns of single cells with something in them."""
        found: dict[int, set[int]] = defaultdict(set)
        for (row, column), cell in self.canvas.cells.items():
            if cell.value != "":
                found[row].add(column)
        return found

    @cached_property
    def filled_columns(self) -> set[int]:
        """The columns with cells below the header of a table, or anywhere."""
        found = {column for row in self.filled.values() for column in row}
        return found.union(*(block.column_range for block in self.canvas.blocks))

    def _boxes(self) -> Iterable[tuple[float, float, float, float]]:
        """Yield left, top, right and bottom of each chart and picture."""
        for chart in self.canvas.charts:
            left = self.columns.start(chart.at[1]) + chart.offset[0]
            top = self.rows.start(chart.at[0]) + chart.offset[1]
            yield left, top, left + chart.size[0], top + chart.size[1]
        for picture in self.canvas.pictures:
            width, height = unpack(">II", picture.data[16:24])
            left, top = self.columns.start(picture.column), self.rows.start(picture.row)
            yield left, top, left + width * picture.scale + 4, top + height * picture.scale + 4

    def _row_is_good(self, row: int) -> int:
        """Rate a page that would begin with this row: 2 between blocks, 1 within a table.

        Within a block it is poor, and bad in a drawing or behind a heading.
        """
        place = self.rows.start(row)
        if any(top + 1 < place < bottom - 1 for _, top, _, bottom in self.boxes):
            return BAD
        above = (*self._styles(row - 1), *self._styles(row - 2))
        if any(style.size >= _HEADING for style in above):
            return BAD
        before, behind = self.filled.get(row - 1, {}), self.filled.get(row, {})
        inside = {
            row: [block for rows, block in self.block_rows if row in rows] for row in (row - 1, row)
        }
        if not before and not inside[row - 1]:
            return 2
        alike = ((before[at], behind[at]) for at in before.keys() & behind.keys())
        same = sum(one is other or one == other for one, other in alike)
        same += sum(len(each.column_range) for each in inside[row - 1] if each in inside[row])
        count = max(
            len(cells) + sum(len(each.column_range) for each in blocks)
            for cells, blocks in ((before, inside[row - 1]), (behind, inside[row]))
        )
        is_table = any(each in inside[row] for each in inside[row - 1])
        columns, others = self.written[row - 1], self.written[row]
        is_table = is_table or _ALIKE * len(columns ^ others) <= len(columns | others)
        return 1 if is_table and 2 * same > count else POOR

    def _styles(self, row: int) -> Iterable[Style]:
        return self.filled.get(row, {}).values()

    def _column_is_good(self, column: int) -> int:
        """Rate a page that would begin with this column: 3 beside a gap, 2 if a heading does."""
        place = self.columns.start(column)
        if any(left + 1 < place < right - 1 for left, _, right, _ in self.boxes):
            return BAD
        if any(start < place < end for start, end in self.texts):
            return POOR
        if column - 1 not in self.filled_columns:
            return 3
        heading = self.canvas.cells.get(((self.canvas.repeat_rows or (0, 0))[0], column))
        return 2 if heading is not None and heading.value != "" else 1

    @cached_property
    def texts(self) -> list[tuple[float, float]]:
        """From where to where the texts run that are wider than their columns, in pixels."""
        found = []
        for (row, column), cell in self.canvas.cells.items():
            if not isinstance(cell.value, str) or cell.style.wrap or cell.style.align:
                continue
            start, end = self.columns.start(column), self.columns.start(column + 1)
            text_end = start + len(cell.value) * cell.style.size * _CHARACTER
            if text_end <= end or self.filled[row].get(column + 1) == cell.style:
                continue  # it fits, or is the heading of columns
            behind = min((at for at in self.filled[row] if at > column), default=None)
            text_end = text_end if behind is None else min(text_end, self.columns.start(behind))
            if text_end > end:
                found.append((start, text_end))
        return found
