"""The contrast of two colours, as WCAG 2.1 measures it, and that of a cell's text with its fill."""

from collections.abc import Iterator
from functools import cache

from sheet_file import SheetFile, Shown
from sheet_styles import Highlight

from sheetgen.spreadsheet.sheet_sizes import Range

TEXT, LARGE_TEXT, GRAPHIC = 4.5, 3.0, 3.0
"""The least contrasts of AA: of text, of large text, and of what is drawn."""
WHITE = "FFFFFF"


@cache
def luminance(colour: str) -> float:
    """The relative luminance of six hexadecimal digits, from 0 to 1."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@cache
def contrast(one: str, other: str) -> float:
    """The ratio of the luminances, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def needed(points: float, bold: bool) -> float:
    """The contrast that a text of a size needs."""
    return LARGE_TEXT if points >= 18 or (bold and points >= 14) else TEXT


def faint_texts(sheet: SheetFile) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield the first cell of each kind whose text is hard to read, with the colours."""
    looks: dict[object, list[Shown]] = {}
    for cell in sheet.cells.values():
        if cell.text.strip():
            rules = tuple(each for each in _rules(sheet) if _inside(cell, each[0]))
            looks.setdefault((cell.format, rules), []).append(cell)
    seen = set()
    for cells in looks.values():
        for colour, ground in _pairs(sheet, cells[0]):
            how = cells[0].format
            found = contrast(colour, ground)
            if found < needed(how.points, how.bold) and (colour, ground) not in seen:
                seen.add((colour, ground))
                yield cells[0].place, f"#{colour} on #{ground} is {found:.2f}"


def _rules(sheet: SheetFile) -> list[tuple[Range, object]]:
    """The rules that colour cells: ranges, and the highlight or the colours of the shade."""
    coloured = [each for each in sheet.view.highlights if each.change.colour or each.change.fill]
    return [*((each.place, each) for each in coloured), *sheet.view.shades]


def _pairs(sheet: SheetFile, cell: Shown) -> Iterator[tuple[str, str]]:
    """Yield the colours of a cell's text and of what is behind it, under each of its rules."""
    colour, ground = cell.format.colour, cell.format.fill or WHITE
    yield colour, ground
    for place, rule in _rules(sheet):
        if not _inside(cell, place):
            continue
        if isinstance(rule, Highlight):
            if rule.formula.startswith("ISNA("):  # it hides what a chart must not draw
                continue
            yield rule.change.colour or colour, rule.change.fill or ground
        elif cell.is_number:
            yield from ((colour, shade) for shade in rule)


def _inside(cell: Shown, place: Range) -> bool:
    top, left, bottom, right = place
    return top <= cell.row <= bottom and left <= cell.column <= right
