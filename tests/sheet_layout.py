"""Measures the sheets of a built workbook, from the file: what overlaps, is cut, or out of reach.

    python tests/sheet_layout.py FILE.xlsx [SHEET...]

prints the problems, one a line. Texts are as wide as in Arial; a few pixels are passed over.
"""

import re
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from math import inf
from pathlib import Path

from accessibility import document, of_sheet
from diagram_labels import label_problems
from page_layout import page_problems
from sheet_file import SheetFile, Shown, read
from shown_text import LINE, PIXELS_PER_POINT, lines

from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.sheet_sizes import Drawing
from sheetgen.workbook.plan import (
    DATA,
    MATRICES,
    OPTIMIZER_COMPARISON,
    PREDICTIONS,
    WORKINGS,
)

SCREEN, FRAME = 1366, 46  # pixels: of a small laptop, and of row numbers and scroll bar in it
LARGE_SCREEN = 1920
WIDE = {
    "Explorer",
    "Learning rates",
    OPTIMIZER_COMPARISON,
    "Layers",
    "Decision surface",
    PREDICTIONS,
    "Inputs",
}
"""Sheets that are made for LARGE_SCREEN: many charts or pictures, or a table beside them."""
LISTED = "Samples"
"""The sheet of an exported network of which only the names are printed, if it has many numbers."""
TABLE = 12
"""A row of more cells is one of a table, which may be wider than any screen, as its titles may;
but not those of Matrices and Predictions."""

NOTHING = re.compile(r"-?0\.?0*E\+00")

CLOSE = 3  # pixels that do not count
PARTING = 8  # pixels between two groups of columns
PADDING = 3  # pixels beside a number or a text


def problems(
    path: Path, only: tuple[str, ...] = (), *, is_accessible: bool = True
) -> Iterator[str]:
    """Yield what is wrong with the look of the sheets, each a line with the sheet and the cell.

    That is what all users see, and where it `is_accessible` what some need: see accessibility.
    """
    if is_accessible:
        yield from map(str, document(path))
    for sheet in read(path):
        if only and sheet.name not in only:
            continue
        for check in CHECKS:
            for problem in check(sheet):
                yield f"{sheet.name}: {problem}"
        for finding in of_sheet(sheet) if is_accessible else ():
            yield f"{sheet.name}: {finding}"


def overlapping_drawings(sheet: SheetFile) -> Iterator[str]:
    """No two drawings overlap, but for transparent ones, which are made to lie on others."""
    opaque = [each for each, hides in zip(sheet.sizes.drawings, sheet.opaque, strict=True) if hides]
    for one, other in combinations(opaque, 2):
        if _overlap(_rectangle(one), _rectangle(other)):
            yield f"{_called(one)} and {_called(other)} overlap"


def covered_cells(sheet: SheetFile) -> Iterator[str]:
    """No drawing hides a cell with something in it, or a text that runs on from its cell."""
    for drawing, hides in zip(sheet.sizes.drawings, sheet.opaque, strict=True):
        if not hides:
            continue
        covered = [
            relative_address(*cell.place)
            for cell in _cells_beside(sheet, drawing)
            if cell.text and _overlap(_written(sheet, cell), _rectangle(drawing))
        ]
        if covered:
            more = f" and {len(covered) - 1} more" if len(covered) > 1 else ""
            yield f"{_called(drawing)} covers {covered[0]}{more}"


def merged_away(sheet: SheetFile) -> Iterator[str]:
    """No cell with something in it is hidden behind the first one of a merged range."""
    for top, left, bottom, right in sheet.view.merges:
        for row in range(top, bottom + 1):
            for column in sheet.filled.get(row, []):
                text = sheet.cells[row, column].text
                if text and left <= column <= right and (row, column) != (top, left):
                    yield f"{relative_address(row, column)} is hidden: {text[:60]!r}"


def narrow_columns(sheet: SheetFile) -> Iterator[str]:
    """Every number fits its column: programs show ### instead."""
    for column, cells in _by_column(sheet, lambda cell: cell.is_number).items():
        room = sheet.sizes.columns.size(column)
        widest = max(cells, key=lambda cell: cell.width)
        place = _merged(sheet, widest)
        if place:
            room = sheet.sizes.size(place)[0]
        if 0 < room < widest.width + PADDING:
            at = relative_address(widest.row, column)
            yield f"{at} shows ###: {widest.text} needs {widest.width + PADDING:.0f} of {room:.0f}"


def cut_texts(sheet: SheetFile) -> Iterator[str]:
    """Every text is whole: it may run over empty cells, up to the end of what is printed."""
    for cell in sheet.cells.values():
        if cell.is_number or not cell.text.strip() or not sheet.is_printed(*cell.place):
            continue
        at, left, right = relative_address(cell.row, cell.column), *_room(sheet, cell)
        if not sheet.sizes.columns.size(cell.column) or not sheet.sizes.rows.size(cell.row):
            continue
        if cell.format.wrap:
            yield from _too_low(sheet, cell, right - left)
            continue
        start, _, end, _ = _written(sheet, cell)
        cut = max(left - start, end - right)
        if cut > CLOSE:
            yield f"{at} is cut by {cut:.0f} pixels: {cell.text[:60]!r}"


def _too_low(sheet: SheetFile, cell: Shown, room: float) -> Iterator[str]:
    """A wrapped text needs rows of its height, where these do not grow with it."""
    place = _merged(sheet, cell)
    if not place and cell.row not in sheet.sizes.rows.sizes:
        return
    height = sheet.sizes.size(place)[1] if place else sheet.sizes.rows.size(cell.row)
    how = cell.format
    count = lines(cell.text, how.points, how.bold, room - 2 * PADDING)
    needed = count * how.points * PIXELS_PER_POINT * LINE
    if needed > height + CLOSE:
        at = relative_address(cell.row, cell.column)
        yield f"{at} is cut: {count} lines need {needed:.0f} of {height:.0f}: {cell.text[:60]!r}"


def out_of_reach(sheet: SheetFile) -> Iterator[str]:
    """All that a user needs is on a screen's width, but for the rows of a wide table.

    Nobody needs to look at Workings, the cells behind the other sheets.
    """
    screen = LARGE_SCREEN if sheet.name in WIDE else SCREEN
    most = inf if sheet.name in (MATRICES, PREDICTIONS) else TABLE
    ends = {_called(each): each.right for each in sheet.sizes.drawings}
    tables = {row for row, columns in sheet.filled.items() if len(columns) > most}
    for row, columns in sheet.filled.items():
        if {row, row + 1} & tables or sheet.name == WORKINGS:
            continue
        for at in columns:
            if sheet.cells[row, at].text and sheet.is_printed(row, at):
                ends[relative_address(row, at)] = _written(sheet, sheet.cells[row, at])[2]
    if ends:
        last = max(ends, key=lambda each: ends[each])
        if ends[last] * sheet.view.zoom > screen - FRAME + CLOSE:
            yield f"{last} ends at {ends[last] * sheet.view.zoom:.0f} of {screen - FRAME} pixels"


def unprinted(sheet: SheetFile) -> Iterator[str]:
    """The print area, where there is one, holds all drawings and all cells that are not folded."""
    area = sheet.sizes.print_area
    if area is None:
        return
    left, top, right, bottom = sheet.box(area)
    for each in sheet.sizes.drawings:
        beyond = max(left - each.left, top - each.top, each.right - right, each.bottom - bottom)
        if beyond > CLOSE:
            yield f"{_called(each)} is {beyond:.0f} pixels beyond the print area"
    widths = sheet.sizes.columns
    outside = [
        (row, column)
        for (row, column), cell in sheet.cells.items()
        if cell.text and not sheet.is_printed(row, column) and widths.size(column) > 0
    ]
    if outside and sheet.name != LISTED:
        yield f"{len(outside)} cells from {relative_address(*outside[0])} on are not printed"


def zeros(sheet: SheetFile) -> Iterator[str]:
    """Nothing is 0, and not 0.0E+00; where numbers of both signs are shaded, it has no colour."""
    for cell in sheet.cells.values():
        if cell.is_number and NOTHING.fullmatch(cell.text):
            yield f"{relative_address(*cell.place)} shows {cell.text} for 0"
    for top, left, bottom, right in sheet.view.scales:
        inside = (sheet.cells.get((row, column)) for row in range(top, bottom + 1)
                  for column in range(left, right + 1))  # fmt: skip
        shown = [cell.text for cell in inside if cell and cell.is_number]
        if len({text.startswith("-") for text in shown if text.strip("-0.")}) == 2:
            at = relative_address(top, left)
            yield f"the colours from {at} on are those of the smallest and largest, not of the sign"


def gaps(sheet: SheetFile) -> Iterator[str]:
    """The table of Data is whole: between its bands is no more than a line."""
    if sheet.name != DATA:
        return
    widest = max(sheet.filled.values(), key=len)
    empty = sorted(set(range(widest[0], widest[-1])) - set(widest))
    missing = [column for column in empty if sheet.sizes.columns.size(column) > PARTING]
    if missing:
        yield f"the table has {len(missing)} empty columns"


CHECKS: tuple[Callable[[SheetFile], Iterator[str]], ...] = (
    overlapping_drawings,
    covered_cells,
    merged_away,
    narrow_columns,
    cut_texts,
    out_of_reach,
    unprinted,
    label_problems,
    zeros,
    gaps,
    page_problems,
)


def _by_column(sheet: SheetFile, chosen: Callable[[Shown], bool]) -> dict[int, list[Shown]]:
    found: dict[int, list[Shown]] = {}
    for cell in sheet.cells.values():
        if chosen(cell):
            found.setdefault(cell.column, []).append(cell)
    return found


def _cells_beside(sheet: SheetFile, drawing: Drawing) -> Iterator[Shown]:
    """Yield the cells of the rows that a drawing reaches over."""
    for row, columns in sheet.filled.items():
        top = sheet.sizes.rows.start(row)
        if top < drawing.bottom and top + sheet.sizes.rows.size(row) > drawing.top:
            yield from (sheet.cells[row, column] for column in columns)


def _merged(sheet: SheetFile, cell: Shown) -> tuple[int, int, int, int] | None:
    """The merged range that begins in a cell."""
    found = (place for place in sheet.view.merges if place[:2] == (cell.row, cell.column))
    return next(found, None)


def _written(sheet: SheetFile, cell: Shown) -> tuple[float, float, float, float]:
    """Where a cell's text is: as wide as it needs, from where it is aligned."""
    place = _merged(sheet, cell) or (cell.row, cell.column, cell.row, cell.column)
    left, top, right, bottom = sheet.box(place)
    if cell.is_number or cell.format.wrap:
        return left, top, right, bottom
    if cell.format.align == "right":
        return right - PADDING - cell.width, top, right, bottom
    if cell.format.align in ("center", "centerContinuous"):
        middle = (left + right) / 2
        return middle - cell.width / 2, top, middle + cell.width / 2, bottom
    return left, top, left + PADDING + cell.width, bottom


def _room(sheet: SheetFile, cell: Shown) -> tuple[float, float]:
    """From where to where a text may run: over empty cells of what is printed."""
    place = _merged(sheet, cell)
    if place or cell.format.wrap:
        left, _, right, _ = sheet.box(place or (cell.row, cell.column, cell.row, cell.column))
        return left, right
    _, first, _, last = sheet.sizes.shown or (0, 0, 0, cell.column)
    filled = sheet.filled[cell.row]
    place, columns = bisect_left(filled, cell.column), sheet.sizes.columns
    starts = max(first, filled[place - 1] + 1 if place else 0)
    behind = filled[place + 1 : place + 2]
    area_end = columns.start(last + 1) if sheet.sizes.print_area else float("inf")
    return columns.start(starts), columns.start(behind[0]) if behind else area_end


def _rectangle(drawing: Drawing) -> tuple[float, float, float, float]:
    return drawing.left, drawing.top, drawing.right, drawing.bottom


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > CLOSE and down > CLOSE


def _called(drawing: Drawing) -> str:
    return f"the drawing {drawing.description[:50]!r}"


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1]), tuple(sys.argv[2:])))
    counts = Counter(line.partition(":")[0] for line in found)
    print(*found, sep="\n")
    print(f"{len(found)} problems", dict(counts), file=sys.stderr)
