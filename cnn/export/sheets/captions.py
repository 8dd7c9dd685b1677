"""How the numbers above the pictures of `Layers` are shown, so that they find room there."""

from collections.abc import Mapping

from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas, Place, Rule

LARGE_NUMBERS = {0.0: "0.00", 99.5: "0", 9999.5: "0E+0", 9.5e99: '"…"'}
"""From which size on a number above a picture has which format, so that it is not ###."""
LARGE_NUMBERS_NARROW = {0.0: "0.0", 99.5: "0", 9999.5: "0E+0", 9.5e9: '"…"'}


def shorten_number(
    canvas: Canvas,
    place: Place,
    sizes: Mapping[float, str],
    looks: Mapping[str, dict[str, object]],
) -> None:
    """Give a cell the format for its number's size, and the looks of what is true of it.

    Of the conditions only one is ever true: LibreOffice applies no second rule to a cell.
    """
    number = f"ABS({cell_address(place[0], place[1])})"
    for condition, properties in looks.items():
        for start, end in zip(sizes, [*list(sizes)[1:], 1e308], strict=True):
            if start == 0 and not properties:
                continue
            formula = f"=AND({condition},{number}>={start!r},{number}<{end!r})".upper()
            canvas.rules.append(Rule(place, formula, {**properties, "num_format": sizes[start]}))
