"""Writes titles, header rows and named values, and finds the range of a column."""

from collections.abc import Iterable, Sequence

from sheetgen.errors import display_width
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import cell_address, range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Place, Rule
from sheetgen.spreadsheet.style import (
    DIVERGING,
    LARGE,
    MIDDLE,
    SUBTITLE,
    VALUE,
    band,
    header,
    label,
    number,
)

NEARLY_NOTHING = constant(1e-9)
ARROW = 2  # characters of a drop-down's arrow
ROOMY = 21  # points of a subtitle's row that has a cell to type in right below it


def write_title(canvas: Canvas, column: int, title: str, subtitle: str) -> None:
    """Write the title and the subtitle into the first two rows."""
    canvas.heights[0] = 28
    canvas.title(title, column)
    canvas.write(1, column, subtitle, SUBTITLE)


def write_headers(
    canvas: Canvas, row: int, column: int, titles: Iterable[str], kind: str = "helper"
) -> None:
    """Write headers side by side from a cell on."""
    for at, title in enumerate(titles, start=column):
        canvas.write(row, at, title, header(kind))


def write_band(
    canvas: Canvas, row: int, column: int, title: str, headers: Iterable[str], kind: str
) -> None:
    """Write a band with a title into a row, and headers below it, from a cell on."""
    for at, text in enumerate(headers, start=column):
        canvas.write(row, at, title if at == column else "", band(kind))
        canvas.write(row + 1, at, text, header(kind))


def write_value(
    canvas: Canvas, row: int, column: int, name: str, formula: str, value: float, kind: str
) -> str:
    """Write a quantity's name and its formula beside it; return the address of the value."""
    canvas.write(row, column, name, label(kind))
    canvas.calculate(row, column + 1, formula, value, number(kind))
    return cell_address(row, column + 1)


def fit_choices(canvas: Canvas, column: int, options: Sequence[str]) -> None:
    """Widen a column for a drop-down in it, whose arrow covers the end of the cell."""
    widest = max(map(display_width, options)) + ARROW
    canvas.widths[column] = max(canvas.widths[column], widest)


def fit_errors(canvas: Canvas, place: Place) -> None:
    """Show errors and gradients so that they fit their columns, however large they are."""
    canvas.rules.append(Rule(place, f"={is_middle(place)}", {"num_format": VALUE}))
    canvas.numbers.append(place)


def shade_by_sign(canvas: Canvas, places: Sequence[Place]) -> None:
    """Shade ranges on one scale: 0 is white, the largest number without its sign orange or blue."""
    largest = largest_of(places)
    limits = (f"=-{largest}", 0.0, f"={largest}")
    canvas.heat_maps += [HeatMap(place, DIVERGING, limits) for place in places]


def largest_of(places: Sequence[Place]) -> str:
    """Return the expression of the largest number of some ranges without its sign, at least 1E-9.

    Less is a rounding error of 0, which nothing is shaded for.
    """
    numbers = ",".join(range_address(*place) for place in places)
    return f"MAX(MAX({numbers}),-MIN({numbers}),{NEARLY_NOTHING})"


def is_middle(place: Place) -> str:
    """Return a rule's expression: whether a number of a range is too large for nine decimals."""
    cell = relative_address(*place[:2])
    return f"AND(ABS({cell})>={MIDDLE},ABS({cell})<={LARGE})"


def column_range(column: int, first_row: int, last_row: int) -> str:
    """Return the absolute address of a part of a column on its own sheet: $C$2:$C$9."""
    return f"{cell_address(first_row, column)}:{cell_address(last_row, column)}"


def longest_formula(canvas: Canvas) -> int:
    """Return the number of characters of the longest formula in a single cell."""
    return max(len(cell.formula or "") for cell in canvas.cells.values())


def rule_lines(text: str, room: int) -> list[str]:
    """Return a rule in lines of so many characters, or one more step of it."""
    first, *others = text.split(";  ")
    lines = [first]
    for step in others:
        if len(lines[-1]) + len(step) <= room:
            lines[-1] = f"{lines[-1]};  {step}"
        else:
            lines.append(f"    {step}")
    return lines
