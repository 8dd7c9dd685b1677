"""Draws, on `Activation`, the map that a layer looks at and the layer's own, with frames."""

from collections.abc import Callable
from functools import cache, partial
from itertools import product

import numpy as np

from cnn.export.sheets.activation_page import Page
from cnn.export.sheets.export_style import TABLE
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.one_activation import Lens
from cnn.export.sheets.products_places import SIDES, Products
from sheetgen.spreadsheet.canvas import Place, Rule
from sheetgen.spreadsheet.style import HIDDEN, NOTE, SECTION, Style

FRAME, ZEROS = "#111827", "#94A3B8"
"""The colours of the frames around what is chosen, and along the zeros."""
GROUND = Style(fill=TABLE)
PIXEL = Style(number_format=HIDDEN, fill=TABLE)
MapOf = Callable[[Lens], tuple[Sheet, tuple[int, int], tuple[int, int]]]
"""Returns a layer's sheet, its first pixel and its size in a picture."""


def write_pictures(page: Page) -> None:
    """Draw the map that the layer looks at, and the layer's, each with its frame."""
    products, chosen = page.products, page.chosen
    reading = {0: "framed: the window", 1: "framed: the window; outside: zeros"}

    def with_zeros(lens: Lens) -> int:
        return int(lens.seen != (lens.before.shape.height, lens.before.shape.width))

    text = products.choose(lambda lens: f'"{reading[with_zeros(lens)]}"')
    note = f"={text}", reading[with_zeros(chosen.lens)]
    _picture(page, page.inputs, "source", note, _before)
    _frame(page, page.inputs, "window", FRAME)
    _frame(page, page.inputs, "inside", ZEROS)
    own = "framed: the activation"
    _picture(page, page.outputs, "channel", (f'="{own}"', own), _own)
    _frame(page, page.outputs, "unit", FRAME)


def _picture(page: Page, place: Place, which: str, note: tuple[str, str], of: MapOf) -> None:
    """Draw a map on its ground, as large as the picture lets all its pixels be."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    top, left, bottom, _ = place
    cell = products.fact(which)
    numbers = chosen.seen if which == "source" else chosen.map
    channel = chosen.source if which == "source" else chosen.unit[0]
    names = products.choose(partial(_named, of))
    title = f"{of(chosen.lens)[0].name}, channel {channel}"
    canvas.calculate(page.headings, left - 1, f"={names}&{cell}", title, SECTION)
    canvas.calculate(page.headings + 1, left - 1, *note, NOTE)
    for row in range(top - 1, bottom + 2):
        for column in range(left - 1, left - 1 + page.ground):
            canvas.write(row, column, "", GROUND)
    scale = products.scale(of(chosen.lens)[2])
    maps = [_map(products, of, cell, lens) for lens in products.lenses]
    for y, x in np.ndindex(*products.picture):
        cells = products.chosen([each(y, x) for each in maps])
        row, column = y // scale, x // scale
        is_there = row < numbers.shape[1] and column < numbers.shape[2]
        value = float(numbers[channel, row, column]) if is_there else ""
        canvas.calculate(top + y, left + x, f"={cells}", value, PIXEL)


def _before(lens: Lens) -> tuple[Sheet, tuple[int, int], tuple[int, int]]:
    """Return the sheet that a layer looks at, its first pixel with the zeros, and its size."""
    before = lens.before
    return before, (before.pixel_rows.start, before.pixel_columns.start), lens.seen


def _own(lens: Lens) -> tuple[Sheet, tuple[int, int], tuple[int, int]]:
    return lens.sheet, (0, 0), (lens.sheet.shape.height, lens.sheet.shape.width)


def _named(of: MapOf, lens: Lens) -> str:
    return f'"{of(lens)[0].name}, channel "'


def _map(products: Products, of: MapOf, channel: str, lens: Lens) -> Callable[[int, int], str]:
    """Return what gives the number at a place of a picture, "" where the map has none.

    It is that of the chosen channel.
    """
    sheet, first, (height, width) = of(lens)
    scale = products.scale((height, width))

    @cache  # as many places show the same pixel
    def pixel(row: int, column: int) -> str:
        if row >= height or column >= width:
            return '""'
        return sheet.of_channel(channel, first[0] + row, first[1] + column)

    return lambda y, x: pixel(y // scale, x // scale)


def _frame(page: Page, place: Place, frame: str, colour: str) -> None:
    """Draw a frame, whose sides the rules know by defined names.

    There is a rule for each combination of sides that a cell can have, as LibreOffice applies no
    second one to a cell.
    """
    row, column = f"ROW()-{place[0]}", f"COLUMN()-{place[1]}"
    names = {side: f"shown_{frame}_{side}" for side in SIDES}
    inside = (
        f"{row}>={names['top']},{row}<={names['bottom']},"
        f"{column}>={names['left']},{column}<={names['right']}"
    )
    tests = {
        side: f"{row if side in ('top', 'bottom') else column}={name}"
        for side, name in names.items()
    }
    for chosen in product((True, False), repeat=len(SIDES)):
        sides = [side for side, is_drawn in zip(SIDES, chosen, strict=True) if is_drawn]
        if sides:
            found = (tests[side] if side in sides else f"NOT({tests[side]})" for side in SIDES)
            properties: dict[str, object] = dict.fromkeys(sides, 1)
            properties |= {f"{side}_color": colour for side in sides}
            page.canvas.rules.append(Rule(place, f"=AND({inside},{','.join(found)})", properties))
