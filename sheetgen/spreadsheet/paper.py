"""Divides a canvas into pages of A4: how large it is printed, and where a page begins.

A sheet is as wide as a page, unless its text would then be too small to read. Pages end between
blocks, or between two rows of a table, and never within a chart. The scale and the breaks are
written into the file, because programs follow no breaks where they fit sheets to pages themselves.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import pairwise
from math import ceil
from struct import unpack
from typing import NamedTuple

from sheetgen.spreadsheet.canvas import Canvas, Place
from sheetgen.spreadsheet.sheet_sizes import PIXELS_PER_POINT, Lines, column_pixels
from sheetgen.spreadsheet.style import HIDDEN, Style

MARGINS = (0.4, 0.4, 0.5, 0.6)  # left, right, top and bottom, in inches
LEAST_POINTS = 7  # on paper, of most texts of a sheet; those of 10 points may have a scale of 0.7
MOST_ROWS = 3000
"""Of a sheet with breaks between its rows; the pages of a longer one end where they are full."""

_A4 = (297 / 25.4, 210 / 25.4)  # inches
# Of a page: LibreOffice makes columns of Arial 6 % wider than Excel.
_SPARE_ACROSS, _SPARE_DOWN = 0.93, 0.98
_HEADING = 12  # points of a text that belongs to what is below it
_FEWEST = 4  # rows on a page
_FULL_ENOUGH = 0.4  # of a page that ends before a table rather than within it
_WIDTH, _HEIGHT = 64, 20  # pixels of a column and a row


class Pages(NamedTuple):
    """The scale in percent, and the rows and columns that begin a page but the first."""

    scale: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def pages(canvas: Canvas) -> Pages:
    """Return how a canvas is divided."""
    return _Divided(canvas).pages()


class _Divided:
    """A canvas, and what is measured of it in pixels at 100 %."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        widths = {at: float(column_pixels(width)) for at, width in canvas.widths.items()}
        heights = {at: points * PIXELS_PER_POINT for at, points in canvas.heights.items()}
        self.columns, self.rows = Lines(_WIDTH, widths), Lines(_HEIGHT, heights)
        self.boxes = [*self._boxes()]

    def pages(self) -> Pages:
        top, left, bottom, right = self.area
        across, down = _A4 if not self.canvas.portrait else _A4[::-1]
        room_across = (across - MARGINS[0] - MARGINS[1]) * 96 * _SPARE_ACROSS
        room_down = (down - MARGINS[2] - MARGINS[3]) * 96 * _SPARE_DOWN
        breaks = [at for at in sorted(set(self.canvas.column_breaks)) if left < at <= right]
        edges = [self.columns.start(at) for at in (left, *breaks, right + 1)]
        width = max(end - start for start, end in pairwise(edges))
        height = self.rows.start(bottom + 1) - self.rows.start(top)
        scale = min(1.0, max(self.smallest, room_across / max(width, 1)))
        if height * self.smallest <= room_down:  # then one page is enough
            scale = min(scale, room_down / height)
        scale = int(100 * scale) / 100
        columns = self._starts(
            self.columns, (left, right), room_across / scale, self.canvas.repeat_columns,
            set(self.canvas.column_breaks), self._column_is_good,
        )  # fmt: skip
        rows: list[int] = []
        if bottom - top < MOST_ROWS:
            rows = self._starts(
                self.rows, (top, bottom), room_down / scale, self.canvas.repeat_rows,
                set(self.canvas.row_breaks), self._row_is_good,
            )  # fmt: skip
        return Pages(round(100 * scale), tuple(rows), tuple(columns))

    @cached_property
    def smallest(self) -> float:
        """The scale at which most of the texts have the least size that can be read."""
        shown = Counter(each.style for each in self.canvas.cells.values() if each.value != "")
        for block in self.canvas.blocks:
            for style in block.formats:
                shown[style] += len(block.row_range)
        sizes = Counter[int]()
        for style, count in shown.items():
            sizes[style.size] += count if style.number_format != HIDDEN else 0
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

    def _starts(
        self,
        lines: Lines,
        ends: tuple[int, int],
        room: float,
        repeated: tuple[int, int] | None,
        wanted: set[int],
        is_good: Callable[[int], float],
    ) -> list[int]:
        """Return where pages begin, but the first: each as late as a good place lets it."""
        first, last = ends
        starts: list[int] = []
        start = first
        while True:
            left = room
            if repeated and start > repeated[1]:
                left -= lines.start(repeated[1] + 1) - lines.start(repeated[0])
            end = lines.last_within(start, last, left)
            early = [at for at in wanted if start < at <= end]
            if early:
                start = min(early)
            elif end >= last:
                return starts
            else:
                start = self._best(lines, start, min(end + 1, last - _FEWEST + 2), left, is_good)
            starts.append(start)

    @staticmethod
    def _best(
        lines: Lines, start: int, latest: int, room: float, is_good: Callable[[int], float]
    ) -> int:
        """Return the last of the best places for a break, up to the latest."""
        latest = max(latest, start + 1)
        enough = lines.start(start) + room * _FULL_ENOUGH
        earliest = start + bisect_left(range(start, latest), enough, key=lines.start)
        rated = [(is_good(at), at) for at in range(earliest + 1, latest + 1)]
        if rated and max(rated)[0] > 0:
            return max(rated)[1]
        return next((at for at in range(earliest, start, -1) if is_good(at) > 0), latest)

    def _row_is_good(self, row: int) -> float:
        """Rate a page that would begin with this row: 2 between blocks, 1 within a table."""
        place = self.rows.start(row)
        if any(top + 1 < place < bottom - 1 for _, top, _, bottom in self.boxes):
            return 0
        above = (*self._styles(row - 1), *self._styles(row - 2))
        if any(style.size >= _HEADING for style in above):
            return 0
        before, behind = self.filled.get(row - 1, {}), self.filled.get(row, {})
        inside = {
            row: [block for block in self.canvas.blocks if row in block.row_range]
            for row in (row - 1, row)
        }
        if not before and not inside[row - 1]:
            return 2
        same = sum(before[at] == behind[at] for at in before.keys() & behind.keys())
        same += sum(len(each.column_range) for each in inside[row - 1] if each in inside[row])
        count = max(
            len(cells) + sum(len(each.column_range) for each in blocks)
            for cells, blocks in ((before, inside[row - 1]), (behind, inside[row]))
        )
        return 1 if 2 * same > count else 0

    def _styles(self, row: int) -> Iterable[Style]:
        return self.filled.get(row, {}).values()

    def _column_is_good(self, column: int) -> float:
        """Rate a page that would begin with this column: 3 beside a gap, 2 if a heading does."""
        place = self.columns.start(column)
        if any(left + 1 < place < right - 1 for left, _, right, _ in self.boxes):
            return 0
        if column - 1 not in self.filled_columns:
            return 3
        heading = self.canvas.cells.get(((self.canvas.repeat_rows or (0, 0))[0], column))
        return 2 if heading is not None and heading.value != "" else 1
