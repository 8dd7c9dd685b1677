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
    """Yield the first cell of each pair of colours that is hard to read, with the colours."""
    rules, seen = _by_column(sheet), set()
    for cell, numbers in _looks(sheet, rules):
        how, here = cell.format, rules[cell.column]
        for colour, ground in _pairs(cell, [here[number][1] for number in numbers]):
            found = contrast(colour, ground)
            if found < needed(how.points, how.bold) and (colour, ground) not in seen:
                seen.add((colour, ground))
                yield cell.place, f"#{colour} on #{ground} is {found:.2f}"


Rule = Highlight | tuple[str, ...]
"""A condition, or the colours of a scale."""


def _by_column(sheet: SheetFile) -> dict[int, list[tuple[Range, Rule]]]:
    """The rules that colour cells, by the columns of cells that they reach into."""
    coloured = [each for each in sheet.view.highlights if each.change.colour or each.change.fill]
    # What ISNA hides is what a chart must not draw.
    shown = ((each.place, each) for each in coloured if not each.formula.startswith("ISNA("))
    rules: list[tuple[Range, Rule]] = [*shown, *sheet.view.shades]
    columns = {column for _, column in sheet.cells}
    return {
        column: [each for each in rules if each[0][1] <= column <= each[0][3]] for column in columns
    }


def _looks(
    sheet: SheetFile, rules: dict[int, list[tuple[Range, Rule]]]
) -> Iterator[tuple[Shown, list[int]]]:
    """Yield a cell of each look in a column, and which rules of the column reach to it."""
    seen = set()
    for (row, column), cell in sheet.cells.items():
        if not cell.text:
            continue
        numbers = [
            number
            for number, ((top, _, bottom, _), _) in enumerate(rules[column])
            if top <= row <= bottom
        ]
        look = id(cell.format), cell.is_number, column if numbers else -1, *numbers
        if look not in seen:
            seen.add(look)
            yield cell, numbers


def _pairs(cell: Shown, rules: list[Rule]) -> Iterator[tuple[str, str]]:
    """Yield the colours of a cell's text and of what is behind it, under each of its rules."""
    colour, ground = cell.format.colour, cell.format.fill or WHITE
    yield colour, ground
    for rule in rules:
        if isinstance(rule, Highlight):
            yield rule.change.colour or colour, rule.change.fill or ground
        elif cell.is_number:
            yield from ((colour, shade) for shade in rule)
