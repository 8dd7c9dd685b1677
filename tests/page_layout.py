"""Divides a sheet into pages as a program does when it prints it, and says what is wrong with them.

The breaks are those in the file, and between them those where a page of A4 is full.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator

from sheet_file import SheetFile

from sheetgen.spreadsheet.address import MAXIMUM_COLUMNS, MAXIMUM_ROWS, column_letters
from sheetgen.spreadsheet.sheet_sizes import Lines
from sheetgen.workbook.plan import WORKINGS

LEAST_POINTS = 7
FEWEST_ROWS = 3
NEARLY_EMPTY = 0.1  # of a page's height
_CLOSE = 3


def scale(sheet: SheetFile) -> float:
    """How large the sheet is printed, 1 for its full size."""
    if sheet.paper.fit is None or sheet.sizes.shown is None:
        return sheet.paper.scale
    width, height = sheet.sizes.size(sheet.sizes.shown)
    (across, down), (room_across, room_down) = sheet.paper.fit, sheet.paper.room
    fits = [1.0]
    fits += [room_across * across / width] if across else []
    fits += [room_down * down / height] if down else []
    return min(fits)


def points(sheet: SheetFile) -> float:
    """The size of most of the sheet's texts on paper."""
    sizes = Counter(cell.format.points for cell in sheet.cells.values() if cell.text)
    return (sizes.most_common(1)[0][0] if sizes else 10) * scale(sheet)


def page_starts(sheet: SheetFile) -> tuple[list[int], list[int]]:
    """The first row of each page, and the first column."""
    if sheet.sizes.shown is None:
        return [0], [0]
    top, left, bottom, right = sheet.sizes.shown
    paper, factor = sheet.paper, scale(sheet)
    across, down = paper.room
    rows = _starts(
        sheet.sizes.rows, top, bottom, down / factor, paper.row_breaks, paper.repeated_rows
    )
    columns = _starts(
        sheet.sizes.columns, left, right, across / factor, paper.column_breaks,
        paper.repeated_columns,
    )  # fmt: skip
    return rows, columns


def page_count(sheet: SheetFile) -> int:
    """The number of pages with something on them: programs print no empty ones."""
    rows, columns = page_starts(sheet)
    found = {
        (bisect_right(rows, row), bisect_right(columns, column))
        for row, column in sheet.cells
        if sheet.is_printed(row, column)
    }
    for each in sheet.sizes.drawings:
        row = sheet.sizes.rows.last_within(0, MAXIMUM_ROWS - 1, each.top) + 1
        column = sheet.sizes.columns.last_within(0, MAXIMUM_COLUMNS - 1, each.left) + 1
        found.add((bisect_right(rows, row), bisect_right(columns, column)))
    return len(found)


def _starts(
    lines: Lines,
    first: int,
    last: int,
    room: float,
    breaks: list[int],
    repeated: tuple[int, int] | None,
) -> list[int]:
    """The first line of each page: those behind a break, or that no longer fit."""
    starts, line = [first], first
    while line <= last:
        left = room
        if repeated and line > repeated[1]:
            left -= lines.start(repeated[1] + 1) - lines.start(repeated[0])
        end = lines.last_within(line, last, left + _CLOSE)
        line = min([at for at in breaks if line < at <= end] + [end + 1])
        starts.append(line)
    return starts[:-1]


def page_problems(sheet: SheetFile) -> Iterator[str]:
    """Pages have texts of a readable size, and breaks between blocks."""
    if (size := points(sheet)) < LEAST_POINTS - 0.05 and sheet.name != WORKINGS:
        yield f"printed at {size:.1f} points; expected {LEAST_POINTS}"
    rows, columns = page_starts(sheet)
    for name, starts, lines in (
        ("row", rows, sheet.sizes.rows),
        ("column", columns, sheet.sizes.columns),
    ):
        for start in starts[1:]:
            yield from _cut_drawings(sheet, name, start, lines.start(start))
    if sheet.name != WORKINGS:
        yield from _cut_texts(sheet, columns)
        yield from _nearly_empty(sheet, rows)
        # Side by side on Workings are lists of thousands of rows and blocks of a few.
        for start in rows[1:]:
            yield from _break_in_block(sheet, start)
    filled = list(sheet.filled)
    for start, end in zip(rows, [*rows[1:], max([0, *filled]) + 1], strict=True):
        count = sum(start <= row < end for row in filled)
        top, bottom = sheet.sizes.rows.start(start), sheet.sizes.rows.start(end)
        drawn = any(each.bottom > top and each.top < bottom for each in sheet.sizes.drawings)
        if len(rows) > 1 and 0 < count < FEWEST_ROWS and not drawn:
            yield f"the page from row {start + 1} on has {count} rows"


def _cut_drawings(sheet: SheetFile, name: str, line: int, place: float) -> Iterator[str]:
    for each in sheet.sizes.drawings:
        first, last = (each.top, each.bottom) if name == "row" else (each.left, each.right)
        if first + _CLOSE < place < last - _CLOSE:
            at = line + 1 if name == "row" else column_letters(line)
            yield f"the page that begins with {name} {at} cuts {each.description[:50]!r}"


def _cut_texts(sheet: SheetFile, starts: list[int]) -> Iterator[str]:
    """No text runs on from one page to the next."""
    for start in starts[1:]:
        place = sheet.sizes.columns.start(start)
        for row, filled in sheet.filled.items():
            before = filled[: bisect_left(filled, start)]
            if not before or start in filled or not sheet.is_printed(row, before[-1]):
                continue
            cell = sheet.cells[row, before[-1]]
            end = sheet.sizes.columns.start(cell.column) + cell.width
            is_left = cell.format.align in ("", "left", "general") and not cell.format.wrap
            if is_left and not cell.is_number and end > place + _CLOSE:
                at = column_letters(start)
                yield f"the page that begins with column {at} cuts {cell.text[:50]!r}"


def _nearly_empty(sheet: SheetFile, starts: list[int]) -> Iterator[str]:
    """The last of several pages has more than a few lines."""
    bottom = max([0, *sheet.filled]) + 1
    height = sheet.sizes.rows.start(bottom) - sheet.sizes.rows.start(starts[-1])
    for each in sheet.sizes.drawings:
        height = max(height, each.bottom - sheet.sizes.rows.start(starts[-1]))
    share = height * scale(sheet) / sheet.paper.room[1]
    if len(starts) > 1 and share < NEARLY_EMPTY:
        yield f"the last page, from row {starts[-1] + 1} on, is only {share:.0%} full"


def _break_in_block(sheet: SheetFile, start: int) -> Iterator[str]:
    """A break is behind an empty row, or between rows of one table, and not behind a heading."""
    before, behind, earlier = (
        {column: sheet.cells[at, column] for column in sheet.filled.get(at, [])}
        for at in (start - 1, start, start - 2)
    )
    if not before:
        heading = {at: cell for at, cell in earlier.items() if cell.text}
        if len(heading) == 1 and next(iter(heading.values())).format.points >= 12 and behind:
            yield f"row {start - 1} is a heading at the end of a page"
        return
    if not behind:
        return
    same = [at for at in before.keys() & behind.keys() if before[at].format == behind[at].format]
    if len(same) * 2 < max(len(before), len(behind)):
        yield f"the page that begins with row {start + 1} divides a block"
