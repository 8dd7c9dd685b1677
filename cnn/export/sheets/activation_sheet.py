"""The sheet `Activation`: the user chooses one activation and sees what it is made of.

The map that the layer looks at, with a frame around the window; the layer's map, with a frame
around the activation; window × kernel = products; the sums of all channels, and the steps after
them. `Products`, which holds the numbers of all channels, is behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from textwrap import wrap

import numpy as np

from cnn.export.sheets.activation_page import (
    CHANNEL_PIXELS,
    CHOICE_ROW,
    GAP,
    KEYS,
    LABELS,
    LEFT,
    LINE_PIXELS,
    SENTENCE_ROW,
    SIGN_PIXELS,
    SUM_PIXELS,
    TILE_ROW,
    Page,
)
from cnn.export.sheets.activation_pictures import write_pictures
from cnn.export.sheets.activation_steps import write_steps, write_sums
from cnn.export.sheets.export_style import (
    height_of,
    shorten,
    square,
    width_of,
    write_links,
)
from cnn.export.sheets.kernels_sheet import KERNELS, tiled
from cnn.export.sheets.layers_sheet import LAYERS
from cnn.export.sheets.one_activation import (
    MOST_CHANNELS,
    MOST_LAYERS,
    Chosen,
    Lens,
    lenses_of,
    why_not,
)
from cnn.export.sheets.products_places import BLOCKS, LISTED, PRODUCTS, Products
from cnn.export.sheets.products_sheet import products_sheet
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_sheet import weight_places
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LABEL,
    NOTE,
    PLAIN,
    SECTION,
    SUBTITLE,
    WHITE,
    Style,
)
from sheetgen.workbook.shared.workings import Workings

ACTIVATION = "Activation"
NUMBER = Style(number_format="0.00", align="center", border=WHITE)
LARGE_NUMBERS = {9.995: "0.0", 99.95: "0", 999.5: '"…"'}
LETTER = 6.5  # pixels of a letter of a note
SIGN = Style(size=12, bold=True, align="center")
CENTRED = Style(size=9, italic=True, align="center", colour=LABEL.colour)


def activation_sheets(subject: Subject, workings: Workings) -> list[Canvas]:
    """Draw `Activation` and `Products`; none if there is no layer whose activations to take apart.

    The subject's `pick` is what the cells to choose in hold.
    """
    lenses = lenses_of(subject.sheets.values())
    if not lenses:
        return []
    canvas = Canvas(ACTIVATION, tab_colour=KINDS["unit"].strong)
    chosen = Chosen(subject, lenses)
    facts = workings.block(ACTIVATION, "The activation that is taken apart", 2)
    listed = workings.block(ACTIVATION, "The layers to choose from", 1)
    places = weight_places(subject.network, subject.sheets)
    page = Page(canvas, chosen, Products(lenses, places, facts, listed))
    canvas.heights[0] = 30
    canvas.title("How one activation is computed", LEFT)
    text = "Choose an activation of a layer: window × kernel, summed over all input channels."
    canvas.write(1, LEFT, text, SUBTITLE)
    _sizes(page)
    _controls(page)
    _sentence(page)
    write_pictures(page)
    _tiles(page)
    below = max(write_steps(page), write_sums(page), _notes(page))
    canvas.print_area = (0, 0, below - 1, page.sums + 1)
    asked = {key: canvas.address(key) for key in KEYS}
    return [canvas, products_sheet(chosen, page.products, asked)]


def _sizes(page: Page) -> None:
    canvas, last = page.canvas, page.line(MOST_CHANNELS + 1)
    square(canvas, (page.top - 1, LEFT, last, page.panel - 1), page.pixels)
    canvas.heights |= dict.fromkeys(range(CHOICE_ROW, page.top - 1), height_of(LINE_PIXELS))
    canvas.widths[0] = 2
    for column in (LEFT + page.ground, page.panel - 1, page.sums - 1):
        canvas.widths[column] = width_of(GAP)
    numbers = range(page.panel, page.panel + page.panel_columns)
    canvas.widths |= dict.fromkeys(numbers, width_of(page.number_pixels))
    canvas.widths |= {page.block(which) - 1: width_of(SIGN_PIXELS) for which in (1, 2)}
    canvas.widths |= {page.sums: width_of(CHANNEL_PIXELS), page.sums + 1: width_of(SUM_PIXELS)}


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
    for at, (key, label) in enumerate(zip(KEYS, LABELS, strict=True)):
        column, last = page.choice(at), page.choice(at + 1) - 2
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
    kernels = [KERNELS] if tiled(page.chosen.subject.network) else []
    links = [LAYERS, PRODUCTS, *kernels, "Weights"]
    write_links(canvas, 2, LEFT, links)


def _last(side: Callable[[Lens], int], lens: Lens) -> int:
    return side(lens) - 1


def _sentence(page: Page) -> None:
    """Say what the activation reads."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    lens, (channel, row, column) = chosen.lens, chosen.unit
    fact = products.fact

    def text(kind: Callable[[Lens], str]) -> tuple[str, str]:
        return products.choose(lambda each: f'"{kind(each)}"'), kind(lens)

    is_unit = lens.sheet.shape.pixels == 1
    pixel = f'", row "&{fact("row")}&", column "&{fact("column")}'
    parts = [
        text(lambda each: "Unit " if each.sheet.shape.pixels == 1 else "Channel "),
        (fact("channel"), str(channel)),
        (
            f'IF({products.choose(lambda each: each.sheet.shape.pixels)}=1,"",{pixel})',
            "" if is_unit else f", row {row}, column {column}",
        ),
        text(lambda each: f" reads {_read(each)} of {each.before.name}."),
    ]
    formula = "&".join(part for part, _ in parts)
    canvas.calculate(SENTENCE_ROW, LEFT, f"={formula}", "".join(word for _, word in parts), PLAIN)


def _read(lens: Lens) -> str:
    """Return what an activation reads, in words: 3 × 3 pixels of all 16 channels, all 12 units."""
    are_units = lens.before.shape.pixels == 1
    count, word = lens.channels, "unit" if are_units else "channel"
    channels = f"all {count} {word}s" if count > 1 else f"1 {word}"
    if lens.kernels is None:
        channels = f"one {word}"
    return channels if are_units else f"{lens.height} × {lens.width} pixels of {channels}"


def _tiles(page: Page) -> None:
    """Write window × kernel = products of the shown input channel."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    source = products.fact("source")
    numbers = (chosen.window, chosen.kernel, chosen.products)
    for block, (text, found) in enumerate(zip(BLOCKS, numbers, strict=True)):
        left = page.block(block)
        size = products.kernel if block else products.window
        if not size[0]:
            continue
        canvas.write(CHOICE_ROW, left, text, SECTION)
        for y, x in np.ndindex(*size):
            cell = products.of_channel(products.column(block, y, x), source)
            value = _of(found, (chosen.source, y, x))
            canvas.calculate(TILE_ROW + y, left + x, f"={cell}", value, NUMBER)
        if block:
            sign = "×" if block == 1 else "="
            for row in sorted(
                {lens.middle for lens in products.lenses if lens.kernels is not None}
            ):
                shown = products.choose(partial(_sign, sign, row))
                value = sign if found is not None and row == chosen.lens.middle else ""
                canvas.calculate(TILE_ROW + row, left - 1, f"={shown}", value, SIGN)
        shorten(canvas, page.area(block), LARGE_NUMBERS)


def _sign(sign: str, row: int, lens: Lens) -> str:
    return f'"{sign}"' if lens.kernels is not None and row == lens.middle else '""'


def _of(numbers: Array | None, unit: tuple[int, int, int]) -> float | str:
    is_there = numbers is not None and all(np.less(unit, numbers.shape))
    return float(numbers[unit]) if numbers is not None and is_there else ""


def _notes(page: Page) -> int:
    """Say below the pictures which layers cannot be chosen; return the next row."""
    canvas = page.canvas
    shown = {lens.sheet.name for lens in page.products.lenses}
    others: dict[str, list[str]] = {}
    for name, sheet in page.chosen.subject.sheets.items():
        if name not in shown and sheet.sources:
            others.setdefault(why_not(sheet) or f"behind {MOST_LAYERS} others", []).append(name)
    text = "Products has the numbers of all input channels. A pooling looks at its own one only."
    if others:
        text += " Not to choose here, but to read on their own sheets: "
        reasons = (f"{_listed(names)} ({reason})" for reason, names in others.items())
        text += "; ".join(reasons) + "."
    texts = wrap(text, int(2 * page.ground * page.pixels / LETTER))
    line = next(at for at in count() if page.line(at) > page.inputs[2] + 2)
    for at, text in enumerate(texts, start=line):
        canvas.write(*page.label(at, LEFT, 2 * page.ground), text, NOTE)
    return page.line(line + len(texts))


def _listed(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")
