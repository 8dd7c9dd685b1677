"""The sheet `Products`: the window, the kernel and their products, for every input channel.

It holds all numbers of the activation that is chosen on `Activation`: a row for each channel of the
map that the layer looks at, with a column for each pixel of the window.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import numpy as np

from cnn.export.sheets.export_style import about_zero, shorten, write_links
from cnn.export.sheets.one_activation import Chosen, Lens
from cnn.export.sheets.products_places import (
    ALL_FACTS,
    BLOCKS,
    FIRST_ROW,
    FRAMES,
    HEAD_ROW,
    LEFT,
    LISTED,
    PRODUCTS,
    SIDES,
    Products,
)
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, indexed, range_address
from sheetgen.spreadsheet.canvas import Canvas, Place
from sheetgen.spreadsheet.style import KINDS, SECTION, SUBTITLE, Style, header

CHANNEL = Style(number_format="0", align="center", bold=True, colour=KINDS["iteration"].strong)
NUMBER = Style(number_format="0.000", align="right")
FACT = Style(number_format="0", align="right")
TOTAL = Style(number_format="0.0000", align="right", bold=True)
LARGE_NUMBERS = {99.95: "0.0", 9999.5: "0E+0"}


def products_sheet(chosen: Chosen, products: Products, asked: dict[str, str]) -> Canvas:
    """Draw the sheet; `asked` are the cells of `Activation` to choose in, by their keys."""
    first = products.column(0, 0, 0)
    canvas = Canvas(PRODUCTS, tab_colour=KINDS["helper"].strong, freeze=(FIRST_ROW, first))
    canvas.repeat_rows, canvas.repeat_columns = (HEAD_ROW, HEAD_ROW + 1), (LEFT, products.sums)
    canvas.heights[0] = 30
    canvas.title("Every product of the chosen activation", LEFT)
    text = "A row for each input channel, a column for each pixel of the window, row by row."
    canvas.write(1, LEFT, text, SUBTITLE)
    canvas.widths |= {0: 2, LEFT: 11, products.sums: 12}
    canvas.widths |= dict.fromkeys(range(first, products.last + 1), 7)
    canvas.widths |= {products.column(block, 0, 0) - 1: 2 for block in (1, 2)}
    write_links(canvas, 2, LEFT, ["Activation", "Weights"])
    _facts(chosen, products, asked)
    products.listed.headers("layer")
    for down, lens in enumerate(products.lenses, start=1):
        products.listed.write(down, 0, lens.sheet.name)
    canvas.names[LISTED] = products.names
    canvas.names |= {
        f"shown_{frame}_{side}": products.fact(f"{frame}_frame_{side}")
        for frame, side in product(FRAMES, SIDES)
    }
    canvas.names["shown_source"] = products.fact("source")
    _headings(canvas, products)
    for channel in range(products.rows):
        _row(canvas, chosen, products, channel)
    _shade(canvas, products)
    return canvas


def _facts(chosen: Chosen, products: Products, asked: dict[str, str]) -> None:
    """Write the facts with their expressions and values."""
    lens, (channel, row, column) = chosen.lens, chosen.unit
    top, left = lens.corner(row, column)
    places = products.weights.get(lens.sheet.name)
    kernel = places.kernels[channel] if places and places.kernels else None
    start = places.kernels[0] if places and places.kernels else None
    above, beside = (kernel[0] - start[0], kernel[1] - start[1]) if kernel and start else (0, 0)
    only = len(products.lenses) == 1  # MATCH in a range of one cell finds nothing in ironcalc
    names, choice, fact, choose = products.names, asked["layer"], products.fact, products.choose
    number = (
        f"IF({choice}={names.partition(':')[0]},1,NA())" if only else f"MATCH({choice},{names},0)"
    )

    def within(which: str, side: Callable[[Lens], int]) -> str:
        return f"MIN({asked[which]},{choose(lambda each: side(each) - 1)})"

    source = (
        f"IF({choose(lambda each: int(each.kernels is None))}=1,{fact('channel')},"
        f"{within('source', lambda each: each.channels)})"
    )

    def corner(which: str, of: Callable[[Lens], tuple[int, int]]) -> str:
        step, first = choose(lambda each: of(each)[0]), choose(lambda each: of(each)[1] + 1)
        return f"{fact(which)}*{step}+{first}"

    def arranged(at: int) -> str:
        return choose(lambda each: _arrangement(products, each)[at])

    facts: dict[str, tuple[str, int]] = {
        "layer": (number, chosen.number + 1),
        "channel": (within("channel", lambda each: each.sheet.shape.channels), channel),
        "row": (within("row", lambda each: each.sheet.shape.height), row),
        "column": (within("column", lambda each: each.sheet.shape.width), column),
        "source": (source, chosen.source),
        "channels": (choose(lambda each: each.channels), lens.channels),
        "window_top": (corner("row", lambda each: (each.down, each.start[0])), top + 1),
        "window_left": (corner("column", lambda each: (each.across, each.start[1])), left + 1),
        "kernel_top": (f"INT({fact('channel')}/{arranged(0)})*{arranged(1)}", above),
        "kernel_left": (f"MOD({fact('channel')},{arranged(0)})*{arranged(2)}", beside),
        "input_scale": (choose(lambda each: products.scale(each.seen)), products.scale(lens.seen)),
        "map_scale": (choose(partial(_map_scale, products)), _map_scale(products, lens)),
    }
    products.facts.headers("what is chosen", "")
    for down, (which, text) in enumerate(ALL_FACTS.items(), start=1):
        products.facts.write(down, 0, text)
        if which in facts:
            products.facts.calculate(down, 1, *facts[which], FACT)
    for which, expression, value in _frames(chosen, products):
        products.facts.calculate(1 + list(ALL_FACTS).index(which), 1, expression, value, FACT)


def _map_scale(products: Products, lens: Lens) -> int:
    return products.scale((lens.sheet.shape.height, lens.sheet.shape.width))


def _frames(chosen: Chosen, products: Products) -> Iterator[tuple[str, str, int]]:
    """Yield the fact, the expression and the value of each side of what is framed.

    A frame begins `start` pixels from the upper left corner and is `size` pixels high or wide.
    """
    lens, (_, row, column) = chosen.lens, chosen.unit
    fact, choose = products.fact, products.choose
    zeros, (top, left) = chosen.lens.before.border, lens.corner(row, column)
    starts: dict[str, tuple[tuple[str, int], tuple[str, int]]] = {
        "window": (
            (f"({fact('window_top')}-1)", top),
            (f"({fact('window_left')}-1)", left),
        ),
        "inside": (
            (choose(lambda each: each.before.border.top), zeros.top),
            (choose(lambda each: each.before.border.left), zeros.left),
        ),
        "unit": ((fact("row"), row), (fact("column"), column)),
    }
    sizes: dict[str, tuple[Callable[[Lens], int], Callable[[Lens], int]]] = {
        "window": (lambda each: each.height, lambda each: each.width),
        "inside": (lambda each: each.before.shape.height, lambda each: each.before.shape.width),
        "unit": (lambda _: 1, lambda _: 1),
    }
    for frame in FRAMES:
        which = "map_scale" if frame == "unit" else "input_scale"
        cells = _map_scale(products, lens) if frame == "unit" else products.scale(lens.seen)
        for at, (first, last) in enumerate((("top", "bottom"), ("left", "right"))):
            (expression, start), size = starts[frame][at], sizes[frame][at]
            yield f"{frame}_frame_{first}", f"{expression}*{fact(which)}+1", start * cells + 1
            end = f"({expression}+{choose(size)})*{fact(which)}"
            yield f"{frame}_frame_{last}", end, (start + size(lens)) * cells


def _arrangement(products: Products, lens: Lens) -> tuple[int, int, int]:
    """Return how many kernels are in a line on `Weights`, and the steps down and across."""
    places = products.weights.get(lens.sheet.name)
    if places is None or not places.kernels:
        return 1, 0, 0
    kernels = places.kernels
    in_line = sum(place[0] == kernels[0][0] for place in kernels)
    down = kernels[in_line][0] - kernels[0][0] if in_line < len(kernels) else 0
    return in_line, down, kernels[1][1] - kernels[0][1] if in_line > 1 else 0


def _headings(canvas: Canvas, products: Products) -> None:
    canvas.write(HEAD_ROW + 1, LEFT, "channel", header("iteration"))
    kinds = ("unit", "weight", "gradient")
    for block, (title, kind) in enumerate(zip(BLOCKS, kinds, strict=True)):
        height, width = products.kernel if block else products.window
        if height:
            canvas.write(HEAD_ROW, products.column(block, 0, 0), title, SECTION)
        for y, x in np.ndindex(height, width):
            canvas.write(HEAD_ROW + 1, products.column(block, y, x), f"{y}, {x}", header(kind))
    if products.kernel[0]:
        canvas.write(HEAD_ROW + 1, products.sums, "their sum", header("error"))


def _row(canvas: Canvas, chosen: Chosen, products: Products, channel: int) -> None:
    """Write a channel's numbers."""
    row = FIRST_ROW + channel
    is_there = f"{channel}<{products.fact('channels')}"
    shown = channel if channel < chosen.lens.channels else ""
    canvas.calculate(row, LEFT, f'=IF({is_there},{channel},"")', shown, CHANNEL)
    for y, x in np.ndindex(*products.window):
        unit = channel, y, x
        formula = products.choose(partial(_seen, products, unit))
        value = _number(chosen.window, unit)
        canvas.calculate(row, products.column(0, y, x), f"={formula}", value, NUMBER)
    down, across = products.kernel
    for y, x in np.ndindex(down, across):
        unit = channel, y, x
        formula = products.choose(partial(_weight, products, unit))
        weight = "" if chosen.kernel is None else _number(chosen.kernel, unit)
        canvas.calculate(row, products.column(1, y, x), f"={formula}", weight, NUMBER)
        one, other = (cell_address(row, products.column(block, y, x)) for block in (0, 1))
        found = "" if chosen.products is None else _number(chosen.products, unit)
        canvas.calculate(
            row, products.column(2, y, x), f'=IF({other}="","",{one}*{other})', found, NUMBER
        )
    if down:
        first, last = products.column(2, 0, 0), products.column(2, down - 1, across - 1)
        formula = (
            f'=IF({cell_address(row, first)}="","",SUM({range_address(row, first, row, last)}))'
        )
        canvas.calculate(row, products.sums, formula, chosen.sum(channel), TOTAL)


def _number(numbers: Array, unit: tuple[int, int, int]) -> float | str:
    return float(numbers[unit]) if all(np.less(unit, numbers.shape)) else ""


def _has(lens: Lens, unit: tuple[int, int, int]) -> bool:
    return all(np.less(unit, (lens.channels, lens.height, lens.width)))


def _seen(products: Products, unit: tuple[int, int, int], lens: Lens) -> str:
    """Return the number at a place of the window, on the sheet of the layer before."""
    if not _has(lens, unit):
        return '""'
    channel, y, x = unit
    cells = lens.cells
    top, left = (products.fact(which) for which in ("window_top", "window_left"))
    if lens.channels == 1:
        return indexed(cells, f"{top}+{y}", f"{left}+{x}")
    across = f"({left}-1)*{lens.channels}+{x * lens.channels + channel + 1}"
    return indexed(cells, f"{top}+{y}", across)


def _weight(products: Products, unit: tuple[int, int, int], lens: Lens) -> str:
    """Return the weight at a place of the kernel, on `Weights`."""
    if lens.kernels is None or not _has(lens, unit):
        return '""'
    channel, y, x = unit
    top, left = (products.fact(which) for which in ("kernel_top", "kernel_left"))
    across = f"{left}+{x * lens.channels + channel + 1}"
    return indexed(products.kernels(lens), f"{top}+{y + 1}", across)


def _shade(canvas: Canvas, products: Products) -> None:
    last = FIRST_ROW + products.rows - 1
    for block in range(3):
        height, width = products.kernel if block else products.window
        if height:
            left = products.column(block, 0, 0)
            place: Place = FIRST_ROW, left, last, left + height * width - 1
            canvas.heat_maps.append(about_zero(place))
            shorten(canvas, place, LARGE_NUMBERS)
