"""Measures a sheet of a file: the places of its columns, rows and drawings in pixels.

They are those of a screen at 100 %, where 96 of them make an inch.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from lxml import etree

from sheetgen.spreadsheet.address import MAXIMUM_COLUMNS, MAXIMUM_ROWS, place_of
from sheetgen.spreadsheet.package_parts import Package, local_name
from sheetgen.spreadsheet.package_workbook import Sheet, Workbook
from sheetgen.spreadsheet.reader import with_cells
from sheetgen.spreadsheet.tokens import tokens

_DIGIT = 7  # pixels of the widest digit of the default font
_PADDING, _NARROW = 5, 12  # beside the digits of a column, and in all of one with a digit
_DEFAULT_WIDTH, _DEFAULT_HEIGHT = 64, 20
PIXELS_PER_POINT = 96 / 72
_EMU_PER_PIXEL = 9525

Range = tuple[int, int, int, int]
"""First row and column, last row and column, counted from 0."""


class Lines:
    """The columns or the rows of a sheet, each with its size in pixels."""

    def __init__(self, default: float, sizes: Mapping[int, float]) -> None:
        """Take the size of most of them, and that of the others."""
        self.default, self.sizes = default, dict(sorted(sizes.items()))
        self._places = list(self.sizes)
        differences = (size - default for size in self.sizes.values())
        self._differences = [0.0, *accumulate(differences)]

    def start(self, line: int) -> float:
        """Return where a column or row begins, from the first one on."""
        return line * self.default + self._differences[bisect_right(self._places, line - 1)]

    def size(self, line: int) -> float:
        """Return the width of a column or the height of a row."""
        return self.sizes.get(line, self.default)

    def last_within(self, first: int, last: int, pixels: float) -> int:
        """Return the last of the lines from `first` to `last` that end within this distance."""
        end = self.start(first) + pixels
        low, high = first, last
        while low < high:
            middle = (low + high + 1) // 2
            if self.start(middle + 1) <= end:
                low = middle
            else:
                high = middle - 1
        return low


@dataclass(frozen=True)
class Drawing:
    """A chart or a picture: where it is, in pixels, and what it is said to show."""

    left: float
    top: float
    right: float
    bottom: float
    description: str


@dataclass(frozen=True)
class SheetSizes:
    """The measures of one sheet.

    `used` is the range of all cells in the file, formatted ones too, None without any.
    """

    columns: Lines
    rows: Lines
    drawings: tuple[Drawing, ...]
    used: Range | None
    print_area: Range | None

    @property
    def shown(self) -> Range | None:
        """What is printed: the print area, or else the cells and drawings from A1 on."""
        if self.print_area or not (self.used or self.drawings):
            return self.print_area
        *_, row, column = self.used or (0, 0, 0, 0)
        for each in self.drawings:
            row = max(row, self.rows.last_within(0, MAXIMUM_ROWS - 2, each.bottom) + 1)
            column = max(column, self.columns.last_within(0, MAXIMUM_COLUMNS - 2, each.right) + 1)
        return 0, 0, row, column

    def size(self, place: Range) -> tuple[float, float]:
        """Return the width and the height of a range of cells."""
        first_row, first_column, last_row, last_column = place
        width = self.columns.start(last_column + 1) - self.columns.start(first_column)
        return width, self.rows.start(last_row + 1) - self.rows.start(first_row)

    def within(self, place: Range, widest: float, largest: float) -> Range:
        """Return as much of a range as is at most that wide and high, and has that many pixels."""
        first_row, first_column, last_row, last_column = place
        last_column = self.columns.last_within(first_column, last_column, widest)
        width, _ = self.size((first_row, first_column, first_row, last_column))
        height = min(widest, largest / max(width, 1))
        last_row = self.rows.last_within(first_row, last_row, height)
        return first_row, first_column, last_row, last_column


def measure(package: Package, workbook: Workbook, place: int) -> SheetSizes:
    """Return the measures of the worksheet at this place among the tabs.

    Raises InputError or one of DAMAGE if it is damaged.
    """
    sheet, grid = workbook.sheets[place], _Grid()
    elements = package.elements(sheet.part, "sheetFormatPr", "cols", "row")
    for row, cells in with_cells(grid.rows(elements), sheet.name):
        number = cells[0][0] if cells else _whole(row.get("r")) - 1
        grid.take_row(number, row, [column for _, column, _ in cells])
    columns, rows = Lines(grid.width, grid.widths), Lines(grid.height, grid.heights)
    drawings = tuple(_drawings(package, sheet, columns, rows))
    return SheetSizes(columns, rows, drawings, grid.used, _print_area(workbook, place))


class _Grid:
    """The sizes of a sheet's columns and rows, and which cells are in the file."""

    def __init__(self) -> None:
        self.width: float = _DEFAULT_WIDTH
        self.height: float = _DEFAULT_HEIGHT
        self.widths: dict[int, float] = {}
        self.heights: dict[int, float] = {}
        self.used: Range | None = None

    def rows(self, elements: Iterable[etree._Element]) -> Iterator[etree._Element]:
        """Yield the rows among the elements of a sheet, and take in all others."""
        for element in elements:
            name, holder = local_name(element), element.getparent()
            if name == "sheetFormatPr":
                self.width = _width(element.get("defaultColWidth"), self.width)
                self.height = _height(element.get("defaultRowHeight"), self.height)
            elif name == "cols":
                for column in element.iterchildren("{*}col"):
                    self._take_columns(column)
            # The position of a form control has elements called row as well.
            elif holder is not None and local_name(holder) == "sheetData":
                yield element

    def _take_columns(self, element: etree._Element) -> None:
        first, last = _whole(element.get("min")), _whole(element.get("max"))
        width = _width(element.get("width"), self.width)
        for column in range(max(first, 1), min(last, MAXIMUM_COLUMNS) + 1):
            self.widths[column - 1] = 0.0 if _is_on(element.get("hidden")) else width

    def take_row(self, row: int, element: etree._Element, columns: list[int]) -> None:
        """Take in a row's height, and the columns of its cells."""
        if _is_on(element.get("hidden")):
            self.heights[row] = 0.0
        elif element.get("ht"):
            self.heights[row] = _height(element.get("ht"), self.height)
        if columns:
            top, left, _, right = self.used or (row, columns[0], row, columns[0])
            self.used = min(top, row), min(left, *columns), row, max(right, *columns)


def _print_area(workbook: Workbook, place: int) -> Range | None:
    """Return the range around all that is printed of a sheet, unless that is computed."""
    element = workbook.names(place).get("_xlnm.print_area")
    parts = tokens(element.text or "") if element is not None else []
    if any(part.kind in ("function", "name", "error") for part in parts):
        return None
    found = [place_of(part.text) for part in parts if part.kind == "cell"]
    if not found:
        return None
    rows, columns = [place[0] for place in found], [place[1] for place in found]
    return min(rows), min(columns), max(rows), max(columns)


def _drawings(package: Package, sheet: Sheet, columns: Lines, rows: Lines) -> Iterator[Drawing]:
    """Yield what is drawn on a sheet, in the order in which one covers the other."""
    for link in package.relationships(sheet.part):
        if link.kind == "drawing" and link.part in package:
            for anchor in package.tree(link.part).iterchildren("{*}*"):
                yield _drawing(anchor, columns, rows)


def _drawing(anchor: etree._Element, columns: Lines, rows: Lines) -> Drawing:
    """Return where an anchor of ECMA-376 part 1, 20.5.2, puts its object."""
    named = next(anchor.iter("{*}cNvPr"), None)
    description = "" if named is None else str(named.get("descr") or named.get("name", ""))
    position, end = anchor.find("{*}from"), anchor.find("{*}to")
    left, top = _corner(position, columns, rows)
    if end is not None:
        return Drawing(left, top, *_corner(end, columns, rows), description)
    if (start := anchor.find("{*}pos")) is not None:
        left, top = _pixels(start.get("x")), _pixels(start.get("y"))
    extent = anchor.find("{*}ext")
    width, height = (extent.get("cx"), extent.get("cy")) if extent is not None else ("", "")
    return Drawing(left, top, left + _pixels(width), top + _pixels(height), description)


def _corner(marker: etree._Element | None, columns: Lines, rows: Lines) -> tuple[float, float]:
    if marker is None:
        return 0.0, 0.0
    text = {local_name(child): child.text for child in marker}
    column = columns.start(_whole(text.get("col")))
    row = rows.start(_whole(text.get("row")))
    return column + _pixels(text.get("colOff")), row + _pixels(text.get("rowOff"))


def column_pixels(width: float) -> int:
    """Return the pixels of a column of so many characters, as a canvas counts them.

    The padding shrinks along with columns of less than one character.
    """
    return int(width * _DIGIT + 0.5) + _PADDING if width >= 1 else int(width * _NARROW + 0.5)


def _width(text: str | None, default: float) -> float:
    """Return the pixels of a width that counts digits, as ECMA-376 part 1, 18.3.1.13, says."""
    width = _number(text)
    return default if width is None else float(int(width * _DIGIT + 0.5))


def _height(text: str | None, default: float) -> float:
    """Return the pixels of a height in points."""
    height = _number(text)
    return default if height is None else height * PIXELS_PER_POINT


def _pixels(text: str | None) -> float:
    return (_number(text) or 0.0) / _EMU_PER_PIXEL


def _number(text: str | None) -> float | None:
    """Return a number that is neither negative nor without end; damage is passed over."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None


def _whole(text: str | None) -> int:
    return int(min(_number(text) or 0, MAXIMUM_ROWS))


def _is_on(text: str | None) -> bool:
    return text in ("1", "true")
