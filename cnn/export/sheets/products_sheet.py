"""The sheet `Products`: the window, the kernel and their products, for every input channel.

It holds all numbers of the activation that is chosen on `Activation`: a row for each channel of the
map that the layer looks at, with a column for each pixel of the window.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cnn.export.sheets.export_style import WEIGHTS_SCALE
from cnn.export.sheets.layout import chosen_of
from cnn.export.sheets.one_activation import Chosen, Lens
from cnn.export.sheets.weights_sheet import WEIGHTS, WeightPlaces
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, local, range_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Place
from sheetgen.spreadsheet.style import (
    KINDS,
    LABEL,
    LINK,
    SECTION,
    SUBTITLE,
    TITLE,
    Style,
    header,
)

PRODUCTS = "Products"
LEFT = 1
HEAD_ROW = 4
FIRST_ROW = HEAD_ROW + 2
FACTS_ROW = FIRST_ROW
FACTS = {
    "layer": "number of the layer in the list",
    "channel": "channel",
    "row": "row",
    "column": "column",
    "source": "input channel shown",
    "channels": "input channels",
    "window_top": "first row of the window",
    "window_left": "first column of the window",
    "window_bottom": "last row of the window",
    "window_right": "last column of the window",
    "kernel_top": "rows above the kernel on Weights",
    "kernel_left": "columns left of the kernel on Weights",
}
"""The facts of the chosen activation; rows and columns of the window count from 1."""
SCALES_ROW = FACTS_ROW + len(FACTS)
NUMBER = Style(number_format="0.000", align="right")
FACT = Style(number_format="0", align="right")
SCALE = Style(number_format="0.00", align="right")
TOTAL = Style(number_format="0.0000", align="right", bold=True)
LISTED = "shown_layers"
"""The defined name of the list of layers, for the drop-down on `Activation`."""
BLOCKS = ("window", "kernel", "products")


@dataclass(frozen=True)
class Products:
    """The positions on the sheet, for the layers that can be chosen."""

    lenses: Sequence[Lens]
    weights: dict[str, WeightPlaces]

    @property
    def rows(self) -> int:
        """Rows of channels."""
        return max(lens.channels for lens in self.lenses)

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of the largest window."""
        return self._largest(self.lenses)

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the largest kernel, 0 without any."""
        return self._largest([lens for lens in self.lenses if lens.kernels is not None])

    def _largest(self, lenses: Sequence[Lens]) -> tuple[int, int]:
        sides = [(lens.height, lens.width) for lens in lenses] or [(0, 0)]
        return max(height for height, _ in sides), max(width for _, width in sides)

    def column(self, block: int, y: int, x: int) -> int:
        """Return the column of a pixel in the blocks of the window, the kernel, the products."""
        (height, width), (down, across) = self.window, self.kernel
        start = LEFT + 1 + (block > 0) * height * width + (block > 1) * down * across
        return start + y * (across if block else width) + x

    @property
    def sums(self) -> int:
        """The column with the sum of each channel's products."""
        down, across = self.kernel
        return self.column(2, 0, 0) + down * across

    @property
    def names(self) -> int:
        """The column with the list of the layers."""
        return self.sums + 2

    @property
    def facts(self) -> int:
        """The column with the names of the facts, left of those with their numbers."""
        return self.names + 2

    @property
    def listed(self) -> str:
        """The list of the layers that can be chosen."""
        last = FIRST_ROW + len(self.lenses) - 1
        return f"{PRODUCTS}!{range_address(FIRST_ROW, self.names, last, self.names)}"

    def fact(self, which: str, *, sheet: bool = True) -> str:
        """Return the cell of a fact, from another sheet with the name of this one."""
        cell = cell_address(FACTS_ROW + list(FACTS).index(which), self.facts + 1)
        return f"{PRODUCTS}!{cell}" if sheet else cell

    def of_channel(self, column: int, channel: str) -> str:
        """Return the formula of a channel's number of a column, for other sheets."""
        cells = range_address(FIRST_ROW, column, FIRST_ROW + self.rows - 1, column)
        return chosen_of(f"{PRODUCTS}!{cells}", f"{channel}+1")

    def choose(self, of: Callable[[Lens], str | float]) -> str:
        """Return the formula of what belongs to the chosen layer."""
        parts = ",".join(str(of(lens)) for lens in self.lenses)
        return f"CHOOSE({PRODUCTS}!{self.fact('layer', sheet=False)},{parts})"


def products_sheet(chosen: Chosen, products: Products, asked: dict[str, str]) -> Canvas:
    """Draw the sheet; `asked` are the cells of `Activation` to choose in, by their keys."""
    canvas = Canvas(PRODUCTS, tab_colour=KINDS["helper"].strong, freeze=(FIRST_ROW, LEFT + 1))
    canvas.heights[0] = 30
    canvas.write(0, LEFT, "Every product of the chosen activation", TITLE)
    text = "A row for each input channel, a column for each pixel of the window, row by row."
    canvas.write(1, LEFT, text, SUBTITLE)
    canvas.link(2, LEFT, "Activation", "Activation", LINK)
    canvas.widths |= {0: 2, LEFT: 11}
    canvas.widths |= dict.fromkeys(range(LEFT + 1, products.sums), 7)
    canvas.widths |= {products.sums: 12, products.sums + 1: 2, products.names: 16}
    canvas.widths |= {products.facts - 1: 2, products.facts: 34}
    _facts(canvas, chosen, products, asked)
    _headings(canvas, products)
    for row, lens in enumerate(products.lenses, start=FIRST_ROW):
        canvas.write(row, products.names, lens.sheet.name)
    canvas.names[LISTED] = products.listed
    for channel in range(products.rows):
        _row(canvas, chosen, products, channel)
    _shade(canvas, chosen, products)
    return canvas


def _facts(canvas: Canvas, chosen: Chosen, products: Products, asked: dict[str, str]) -> None:
    lens, (channel, row, column) = chosen.lens, chosen.unit
    top, left = row * lens.down, column * lens.across
    places = products.weights.get(lens.sheet.name)
    kernel = places.kernels[channel] if places and places.kernels else None
    start = places.kernels[0] if places and places.kernels else None
    above, beside = (kernel[0] - start[0], kernel[1] - start[1]) if kernel and start else (0, 0)
    only = len(products.lenses) == 1  # MATCH in a range of one cell finds nothing in ironcalc
    names, choice = products.listed, asked["layer"]
    number = (
        f"IF({choice}={names.partition(':')[0]},1,NA())" if only else f"MATCH({choice},{names},0)"
    )

    def fact(which: str) -> str:
        return products.fact(which, sheet=False)

    def within(which: str, side: Callable[[Lens], int]) -> str:
        return f"MIN({asked[which]},{products.choose(lambda each: side(each) - 1)})"

    source = (
        f"IF({products.choose(lambda each: int(each.kernels is None))}=1,{fact('channel')},"
        f"{within('source', lambda each: each.channels)})"
    )

    def arranged(at: int) -> str:
        return products.choose(lambda each: _arrangement(products, each)[at])

    facts: dict[str, tuple[str, int]] = {
        "layer": (number, chosen.number + 1),
        "channel": (within("channel", lambda each: each.sheet.shape.channels), channel),
        "row": (within("row", lambda each: each.sheet.shape.height), row),
        "column": (within("column", lambda each: each.sheet.shape.width), column),
        "source": (source, chosen.source),
        "channels": (products.choose(lambda each: each.channels), lens.channels),
        "window_top": (f"{fact('row')}*{products.choose(lambda each: each.down)}+1", top + 1),
        "window_left": (
            f"{fact('column')}*{products.choose(lambda each: each.across)}+1",
            left + 1,
        ),
        "window_bottom": (
            f"{fact('window_top')}+{products.choose(lambda each: each.height)}-1",
            top + lens.height,
        ),
        "window_right": (
            f"{fact('window_left')}+{products.choose(lambda each: each.width)}-1",
            left + lens.width,
        ),
        "kernel_top": (f"INT({fact('channel')}/{arranged(0)})*{arranged(1)}", above),
        "kernel_left": (f"MOD({fact('channel')},{arranged(0)})*{arranged(2)}", beside),
    }
    _write_facts(canvas, products, facts)


def _write_facts(canvas: Canvas, products: Products, facts: dict[str, tuple[str, int]]) -> None:
    """Write each fact's expression and value, and give its cell a name for the colours' rules."""
    canvas.write(FACTS_ROW - 1, products.facts, "what is chosen", header("iteration"))
    for at, (which, text) in enumerate(FACTS.items(), start=FACTS_ROW):
        formula, value = facts[which]
        canvas.write(at, products.facts, text, LABEL)
        canvas.calculate(at, products.facts + 1, f"={formula}", value, FACT)
        canvas.names[f"shown_{which}"] = products.fact(which)


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
    canvas.write(HEAD_ROW + 1, products.names, "layers to choose", header("iteration"))


def _row(canvas: Canvas, chosen: Chosen, products: Products, channel: int) -> None:
    """Write a channel's numbers."""
    row = FIRST_ROW + channel
    canvas.write(row, LEFT, channel, header("iteration"))
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
    before = lens.before
    rows, columns = before.pixel_rows, before.pixel_columns
    cells = before.window(rows.start, columns.start, len(rows), len(columns))
    top, left = (products.fact(which, sheet=False) for which in ("window_top", "window_left"))
    if lens.channels == 1:
        return indexed(cells, f"{top}+{y}", f"{left}+{x}")
    across = f"({left}-1)*{lens.channels}+{x * lens.channels + channel + 1}"
    return indexed(cells, f"{top}+{y}", across)


def _weight(products: Products, unit: tuple[int, int, int], lens: Lens) -> str:
    """Return the weight at a place of the kernel, on `Weights`."""
    if lens.kernels is None or not _has(lens, unit):
        return '""'
    channel, y, x = unit
    tops, lefts, bottoms, rights = zip(*products.weights[lens.sheet.name].kernels, strict=True)
    cells = f"{WEIGHTS}!{range_address(min(tops), min(lefts), max(bottoms), max(rights))}"
    top, left = (products.fact(which, sheet=False) for which in ("kernel_top", "kernel_left"))
    across = f"{left}+{x * lens.channels + channel + 1}"
    return indexed(cells, f"{top}+{y + 1}", across)


def indexed(cells: str, row: str, column: str) -> str:
    """Return the formula of a cell of a range, by its row and column from 1.

    Of a range of one cell that is the cell itself: INDEX of it fails in ironcalc.
    """
    first, _, last = cells.partition(":")
    return first if last in ("", local(first)) else f"INDEX({cells},{row},{column})"


def _shade(canvas: Canvas, chosen: Chosen, products: Products) -> None:
    last = FIRST_ROW + products.rows - 1
    for block in range(3):
        height, width = products.kernel if block else products.window
        if height:
            left = products.column(block, 0, 0)
            place: Place = FIRST_ROW, left, last, left + height * width - 1
            numbers = (chosen.window, chosen.kernel, chosen.products)[block]
            row, column = SCALES_ROW + block, products.facts + 1
            canvas.write(row, products.facts, f"strongest colours: {BLOCKS[block]}", LABEL)
            limits = write_scale(
                canvas, ((row, column), (row, column + 1)), range_address(*place), numbers
            )
            canvas.heat_maps.append(HeatMap(place, WEIGHTS_SCALE, limits))
            canvas.numbers.append(place)


def write_scale(
    canvas: Canvas,
    ends: tuple[tuple[int, int], tuple[int, int]],
    cells: str,
    numbers: Array | None,
    styles: Sequence[Style] = (SCALE, SCALE),
) -> tuple[str, float, str]:
    """Write the two ends of a scale of colours with its middle at 0; return its limits.

    They are as far from 0 as the number of the cells that is furthest, or 1 where all are 0.
    """
    low, high = (cell_address(*place) for place in ends)
    largest = 0.0 if numbers is None else float(abs(numbers).max(initial=0.0))
    end = largest or 1.0
    furthest = f"MAX(MAX({cells}),-MIN({cells}))"
    canvas.calculate(*ends[1], f"=IF({furthest}=0,1,{furthest})", end, styles[1])
    canvas.calculate(*ends[0], f"=-{high}", -end, styles[0])
    return f"={low}", 0.0, f"={high}"
