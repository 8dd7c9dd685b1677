"""The sheet `Activation`: the user chooses one activation and sees what it is made of.

The map that the layer looks at, with a frame around the window; the layer's map, with a frame
around the activation; window × kernel = products; the sums of all channels, and the steps after
them. `Products`, which holds the numbers of all channels, is behind it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from cnn.export.sheets.activation_page import (
    CHOICE_ROW,
    COUNT_PIXELS,
    GAP,
    HEADING_ROW,
    KEYS,
    LABELS,
    LAYER_PIXELS,
    LEFT,
    LINE_PIXELS,
    LINK_PIXELS,
    MOST_WIDE,
    NARROW,
    SENTENCE_ROW,
    TILE_ROW,
    TOP,
    WIDE,
    Page,
)
from cnn.export.sheets.activation_steps import write_steps, write_sums
from cnn.export.sheets.export_style import (
    HIDDEN,
    TABLE,
    height_of,
    square,
    width_of,
)
from cnn.export.sheets.kernels_sheet import KERNELS
from cnn.export.sheets.layers_sheet import LAYERS
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.one_activation import Chosen, Lens, lenses_of
from cnn.export.sheets.products_sheet import (
    LISTED,
    PRODUCTS,
    Products,
    products_sheet,
)
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_sheet import weight_places
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import (
    relative_address,
)
from sheetgen.spreadsheet.canvas import Canvas, Place, Rule
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LABEL,
    LINE,
    LINK,
    NOTE,
    PLAIN,
    SECTION,
    SUBTITLE,
    TITLE,
    Style,
)

ACTIVATION = "Activation"
FRAME: dict[str, object] = {"border": 1, "border_color": "#111827"}
PIXEL = Style(number_format=HIDDEN, fill=TABLE)
NUMBER = Style(size=8, number_format="0.00", align="center", border=LINE)
SIGN = Style(size=12, bold=True, align="center")
CENTRED = replace(NOTE, size=8, align="center")
LARGE_NUMBERS = {99.5: "0", 9999.5: "0E+0"}
"""The formats of numbers in squares, by the size from which they apply, so none is ###."""


MapOf = Callable[[Lens], tuple[Sheet, tuple[int, int], tuple[int, int]]]
"""Returns the sheet with a map of a layer, the map's first pixel and its size."""


def activation_sheets(subject: Subject) -> list[Canvas]:
    """Draw `Activation` and `Products`; none if there is no layer whose activations to take apart.

    The subject's `pick` is what the cells to choose in hold.
    """
    lenses = lenses_of(subject.sheets.values())
    if not lenses:
        return []
    canvas = Canvas(ACTIVATION, tab_colour=KINDS["unit"].strong)
    chosen = Chosen(subject, lenses)
    page = Page(canvas, chosen, Products(lenses, weight_places(subject.network, subject.sheets)))
    canvas.heights[0] = 30
    canvas.write(0, LEFT, "How one activation is computed", TITLE)
    text = "Choose an activation of a layer: window × kernel, summed over all input channels."
    canvas.write(1, LEFT, text, SUBTITLE)
    _sizes(page)
    _controls(page)
    _sentence(page)
    _pictures(page)
    below = write_steps(page, _tiles(page))
    below = max(below, write_sums(page), TOP + max(page.inputs[0], page.outputs[0]) + 1)
    below = _notes(page, below + 1)
    canvas.print_area = (0, 0, below, page.sums + 1)
    asked = {key: canvas.address(key) for key in KEYS}
    return [canvas, products_sheet(chosen, page.products, asked)]


def _sizes(page: Page) -> None:
    canvas = page.canvas
    square(canvas, (TOP, LEFT, TOP + 1, page.panel - 1), page.pixels)
    last = max(page.line(40), TOP + max(page.inputs[0], page.outputs[0]))
    canvas.heights |= dict.fromkeys(range(TOP, last), height_of(page.pixels))
    canvas.heights |= dict.fromkeys(range(CHOICE_ROW, TOP), height_of(LINE_PIXELS))
    canvas.widths[0] = 2
    for column in (page.output_column - 1, page.panel - 1, page.sums - 1):
        canvas.widths[column] = width_of(GAP)
    numbers = range(page.panel, page.panel + page.panel_columns)
    pixels = WIDE if page.panel_columns <= MOST_WIDE else NARROW
    canvas.widths |= dict.fromkeys(numbers, width_of(pixels))
    canvas.widths |= {page.sums: width_of(56), page.sums + 1: width_of(72)}


def _controls(page: Page) -> None:
    """Write the cells to choose in, side by side, with what they may hold below them."""
    canvas, products, typed = page.canvas, page.products, page.chosen.typed
    style = replace(INPUT, size=12, bold=True, align="center")
    lenses = products.lenses
    shapes = [lens.sheet.shape for lens in lenses]
    most = (
        max(shape.channels for shape in shapes),
        max(shape.height for shape in shapes),
        max(shape.width for shape in shapes),
        max(lens.channels for lens in lenses),
    )
    sides: tuple[Callable[[Lens], int], ...] = (
        lambda lens: lens.sheet.shape.channels,
        lambda lens: lens.sheet.shape.height,
        lambda lens: lens.sheet.shape.width,
        lambda lens: lens.channels,
    )
    column = LEFT
    for at, (key, label) in enumerate(zip(KEYS, LABELS, strict=True)):
        last = column - 1 - (-(LAYER_PIXELS if at == 0 else COUNT_PIXELS) // page.pixels)
        for row in range(CHOICE_ROW, CHOICE_ROW + 3):
            canvas.merges.append((row, column, row, last))
        canvas.write(CHOICE_ROW, column, label, replace(LABEL, align="center"))
        place = CHOICE_ROW + 1, column
        if key == "layer":
            names = [lens.sheet.name for lens in lenses]
            canvas.choose(*place, key, typed.layer, names, style, LISTED)
            canvas.write(CHOICE_ROW + 2, column, "choose from the list", CENTRED)
        else:
            side = sides[at - 1]
            canvas.count(*place, key, int(typed[at]), 0, most[at - 1] - 1, style)
            limit = side(page.chosen.lens) - 1
            end = products.choose(partial(_last, side))
            canvas.calculate(CHOICE_ROW + 2, column, f'="0 to "&{end}', f"0 to {limit}", CENTRED)
        column = last + 2
    column = LEFT
    for name in (LAYERS, PRODUCTS, KERNELS):
        if name == KERNELS and not products.kernel[0]:
            continue
        last = column - 1 - (-LINK_PIXELS // page.pixels)
        canvas.merges.append((2, column, 2, last))
        canvas.link(2, column, name, name, LINK)
        column = last + 1


def _last(side: Callable[[Lens], int], lens: Lens) -> int:
    return side(lens) - 1


def _sentence(page: Page) -> None:
    """Say what the activation reads, and where its formula is."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    lens, (channel, row, column) = chosen.lens, chosen.unit
    fact = products.fact

    def text(kind: Callable[[Lens], str]) -> tuple[str, str]:
        return products.choose(lambda each: f'"{kind(each)}"'), kind(lens)

    parts: list[tuple[str, str]] = [
        text(lambda each: f"{each.sheet.name}: channel "),
        (fact("channel"), str(channel)),
        ('", row "', ", row "),
        (fact("row"), str(row)),
        ('", column "', ", column "),
        (fact("column"), str(column)),
        text(
            lambda each: (
                f" reads {each.height} × {each.width} pixels of "
                + ("one channel" if each.kernels is None else _count(each.channels))
                + f" of {each.before.name}."
            )
        ),
    ]
    formula = "&".join(part for part, _ in parts)
    canvas.calculate(SENTENCE_ROW, LEFT, f"={formula}", "".join(word for _, word in parts), PLAIN)


def _count(channels: int) -> str:
    return "1 channel" if channels == 1 else f"all {channels} channels"


def _pictures(page: Page) -> None:
    """Draw the map that the layer looks at, and the layer's, each with its frame."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    lens = chosen.lens
    fact = products.fact
    for column, size, which, channel, sheet_of, numbers in (
        (LEFT, page.inputs, "source", chosen.source, _before, chosen.seen),
        (page.output_column, page.outputs, "channel", chosen.unit[0], _own, chosen.map),
    ):
        cell = fact(which)
        names = products.choose(partial(_named, sheet_of))
        title = f"{sheet_of(lens)[0].name}, channel {channel}"
        canvas.calculate(HEADING_ROW, column, f"={names}&{cell}", title, SECTION)
        text = "with the zeros around it" if which == "source" else "the layer's own map"
        canvas.write(HEADING_ROW + 1, column, text, NOTE)
        for y, x in np.ndindex(*size):
            cells = products.choose(partial(_pixel, sheet_of, (y, x), cell))
            is_there = y < numbers.shape[1] and x < numbers.shape[2]
            value = float(numbers[channel, y, x]) if is_there else ""
            canvas.calculate(TOP + y, column + x, f"={cells}", value, PIXEL)
        _frame(page, column, size, is_input=which == "source")


def _before(lens: Lens) -> tuple[Sheet, tuple[int, int], tuple[int, int]]:
    """Return the sheet that a layer looks at, its first pixel with the zeros, and its size."""
    before = lens.before
    return before, (before.pixel_rows.start, before.pixel_columns.start), lens.seen


def _own(lens: Lens) -> tuple[Sheet, tuple[int, int], tuple[int, int]]:
    return lens.sheet, (0, 0), (lens.sheet.shape.height, lens.sheet.shape.width)


def _named(of: MapOf, lens: Lens) -> str:
    return f'"{of(lens)[0].name}, channel "'


def _pixel(of: MapOf, at: tuple[int, int], channel: str, lens: Lens) -> str:
    """Return the number of a pixel of the chosen channel, or "" where the map has none."""
    sheet, first, size = of(lens)
    if at[0] >= size[0] or at[1] >= size[1]:
        return '""'
    y, x = first[0] + at[0], first[1] + at[1]
    if sheet.shape.channels == 1:
        return sheet.address(0, y, x)
    return f"INDEX({sheet.window(y, x, 1, 1)},1,{channel}+1)"


def _frame(page: Page, column: int, size: tuple[int, int], *, is_input: bool) -> None:
    """Frame the window, or the activation: the rule knows their place by defined names."""
    place = TOP, column, TOP + size[0] - 1, column + size[1] - 1
    row, across = f"ROW()-{TOP}", f"COLUMN()-{column}"
    if is_input:
        rule = (
            f"=AND({row}>=shown_window_top,{row}<=shown_window_bottom,"
            f"{across}>=shown_window_left,{across}<=shown_window_right)"
        )
    else:
        rule = f"=AND({row}=shown_row+1,{across}=shown_column+1)"
    page.canvas.rules.append(Rule(place, rule, FRAME))


def _tiles(page: Page) -> int:
    """Write window × kernel = products of the shown input channel; return the next free line."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    source = products.fact("source")
    numbers = (chosen.window, chosen.kernel, chosen.products)
    texts = ("window", "kernel", "products")
    height = max(products.window[0], products.kernel[0])
    for block, (text, found) in enumerate(zip(texts, numbers, strict=True)):
        left = page.panel + block * (page.tile + 1)
        size = products.kernel if block else products.window
        if not size[0]:
            continue
        canvas.write(CHOICE_ROW, left, text, SECTION)
        for y, x in np.ndindex(*size):
            place = page.span(y, left + x)
            cell = products.of_channel(products.column(block, y, x), source)
            canvas.calculate(*place, f"={cell}", _of(found, (chosen.source, y, x)), NUMBER)
        if block:
            place = page.span(height // 2, left - 1)
            sign = "×" if block == 1 else "="
            shown = products.choose(partial(_sign, sign))
            canvas.calculate(*place, f"={shown}", "" if found is None else sign, SIGN)
        area = TILE_ROW, left, page.line(size[0]) - 1, left + size[1] - 1
        _shorten(canvas, area)
    return height


def _sign(sign: str, lens: Lens) -> str:
    return '""' if lens.kernels is None else f'"{sign}"'


def _of(numbers: Array | None, unit: tuple[int, int, int]) -> float | str:
    is_there = numbers is not None and all(np.less(unit, numbers.shape))
    return float(numbers[unit]) if numbers is not None and is_there else ""


def _shorten(canvas: Canvas, place: Place) -> None:
    ends = [*list(LARGE_NUMBERS)[1:], 1e308]
    number = f"ABS({relative_address(*place[:2])})"
    for (start, number_format), end in zip(LARGE_NUMBERS.items(), ends, strict=True):
        rule = f"=AND({number}>={start!r},{number}<{end!r})".upper()
        canvas.rules.append(Rule(place, rule, {"num_format": number_format}))


def _notes(page: Page, row: int) -> int:
    """Say which layers cannot be chosen; return the last row."""
    canvas = page.canvas
    shown = {lens.sheet.name for lens in page.products.lenses}
    every = [name for name, sheet in page.chosen.subject.sheets.items() if sheet.before]
    others = [name for name in every if name not in shown]
    texts = [
        "Products has the numbers of all input channels. A pooling looks at its own channel only, "
        "so its input channel is the same and it has no kernel.",
    ]
    if others:
        texts.append(
            "Not to choose here are layers that have no window of at most 7 × 7 pixels, all alike: "
            f"{', '.join(others[:8])}{' …' if len(others) > 8 else ''}; see their own sheets."
        )
    for offset, text in enumerate(texts):
        canvas.write(row + offset, LEFT, text, NOTE)
        canvas.heights[row + offset] = height_of(17)
    return row + len(texts) - 1
