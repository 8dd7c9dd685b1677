"""The sheet `Kernels`: every kernel as square tiles, one for each channel that it looks at.

`Weights` has the channels of a kernel side by side, as the windows of the formulas need them; here
each tile is read from there.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from cnn.export.network.stages import Convolution, Network
from cnn.export.sheets.export_style import (
    CAPTION,
    height_of,
    shorten,
    width_of,
    words_of,
    write_links,
)
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.weights_sheet import WEIGHTS, WeightPlaces, strongest, weight_places
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Place
from sheetgen.spreadsheet.style import DIVERGING, KINDS, LINE, LINK, NOTE, SECTION, Style

KERNELS = "Kernels"
LEFT = 2
LARGEST = 7  # rows and columns of a tile; larger kernels are pictures on Weights
LONGEST = 24  # columns of one of a single row
MOST = 32  # kernels of a layer, and channels of a kernel
PIXELS = 1230  # of the tiles beside each other
SIDE, GAP, LABEL_PIXELS, TEXT_PIXELS = 22, 8, 64, 520
"""Pixels of a square, between tiles, of the kernels' numbers, and of the texts above all."""
NUMBER = Style(size=8, number_format=".00;-.00;0", align="center", border=LINE)
LARGE_NUMBERS = {0.995: "0.0", 9.95: "0", 99.5: '"…"'}
PAGE = 1100  # pixels that are printed on a page, of texts of that size
READING = (
    "A row of tiles for each kernel, a tile for each channel of the map that it looks at.",
    "Orange is above 0, blue below, and white is 0; each layer has its own scale.",
)
TOP = 5


@dataclass(frozen=True)
class _Section:
    """A layer's tiles: from the row `top` on, `in_line` beside each other.

    `kernels` have the channels of their own group only, if the convolution has groups.
    """

    sheet: Sheet
    kernels: Array
    places: WeightPlaces
    top: int
    in_line: int

    @property
    def shown(self) -> tuple[int, int]:
        """How many kernels, and channels of each, are shown."""
        count, channels = self.kernels.shape[:2]
        return min(MOST, count), min(MOST, channels)

    @property
    def lines(self) -> int:
        """Lines of tiles for each kernel; those of one channel are themselves in lines."""
        count, channels = self.shown
        return -(-(count if channels == 1 else channels) // self.in_line)

    @property
    def bottom(self) -> int:
        """The last row."""
        count, channels = self.shown
        lines = self.lines if channels == 1 else self.lines * count
        height: int = self.kernels.shape[2]
        return self.top + 1 + lines * (height + 1)

    def tile(self, kernel: int, channel: int) -> tuple[int, int]:
        """Return the row, and the place among those of a line, of a tile."""
        only = self.shown[1] == 1
        down, across = divmod(kernel if only else channel, self.in_line)
        line = down if only else kernel * self.lines + down
        return self.top + 3 + line * (self.kernels.shape[2] + 1), across


def tiled(network: Network) -> dict[str, Array]:
    """Return the kernels to show, by their layers' names: larger than a pixel, but no pictures."""
    return {
        layer.name: layer.base.kernels
        for layer in network.layers
        if isinstance(layer.base, Convolution) and _is_tile(*layer.base.kernels.shape[2:])
    }


def _is_tile(height: int, width: int) -> bool:
    return 1 < max(height, width) <= (LONGEST if height == 1 else LARGEST)


def _groups(kernels: Array) -> int:
    """Return the number of groups of a convolution: all other channels' weights are 0."""
    count, channels = kernels.shape[:2]
    most = math.gcd(count, channels)
    for groups in range(most, 1, -1):
        if most % groups == 0:
            own = np.arange(count) * groups // count
            others = own[:, None] != np.arange(channels) * groups // channels
            if not kernels[others].any():
                return groups
    return 1


def _of_own_group(kernels: Array) -> Array:
    """Return the kernels with the channels of their own groups only."""
    groups = _groups(kernels)
    count, channels = kernels.shape[0], kernels.shape[1] // groups
    own = np.arange(count) * groups // count * channels
    return np.stack([kernel[at : at + channels] for kernel, at in zip(kernels, own, strict=True)])


def kernels_sheet(network: Network, sheets: dict[str, Sheet]) -> Canvas | None:
    """Draw the sheet; None without kernels that are larger than a pixel and not pictures."""
    places = weight_places(network, sheets)
    layers = {name: _of_own_group(kernels) for name, kernels in tiled(network).items()}
    if not layers:
        return None
    widths = {kernels.shape[3] for kernels in layers.values()}
    gap = GAP if len(widths) == 1 else SIDE  # tiles of several widths share their columns
    canvas = Canvas(KERNELS, tab_colour=KINDS["weight"].strong, freeze=(1, LEFT))
    canvas.repeat_rows, canvas.repeat_columns = (0, 0), (0, 1)
    canvas.heights[0] = 30
    canvas.title(KERNELS)
    for at, text in enumerate(READING, start=1):
        canvas.write(at, 0, text, NOTE)
    canvas.widths |= {0: width_of(LABEL_PIXELS), 1: width_of(GAP)}
    row, widest = TOP, 0
    for name, kernels in layers.items():
        step = kernels.shape[3] + 1
        room = PIXELS if len(widths) == 1 else PAGE - LABEL_PIXELS
        fit = max(1, (room + gap) // ((step - 1) * SIDE + gap))
        count = min(MOST, kernels.shape[0] if kernels.shape[1] == 1 else kernels.shape[1])
        in_line = -(-count // -(-count // fit))
        section = _Section(sheets[name], kernels, places[name], row, in_line)
        _draw(canvas, section, step)
        row, widest = section.bottom + 2, max(widest, in_line)
    last = max(column for _, column in canvas.cells)
    for column in range(LEFT, last + 1):
        is_gap = (column - LEFT + 1) % (max(widths) + 1) == 0
        canvas.widths[column] = width_of(gap if is_gap else SIDE)
    write_links(canvas, 3, LEFT, ["Activation", "Weights", "Network"])
    if len(widths) == 1 and widest * (max(widths) * SIDE + GAP) + LABEL_PIXELS > PAGE:
        canvas.column_breaks.append(LEFT + -(-widest // 2) * (max(widths) + 1))
    canvas.print_area = (0, 0, row - 2, max(last, LEFT + TEXT_PIXELS // SIDE))
    return canvas


def _draw(canvas: Canvas, section: _Section, step: int) -> None:
    """Draw a layer's heading and tiles; from one to the next there are `step` columns."""
    sheet, kernels = section.sheet, section.kernels
    count, channels, height, across = kernels.shape
    shown = section.shown
    assert sheet.before is not None
    every = sheet.before.shape.channels
    canvas.link(section.top, 0, sheet.name, sheet.name, replace(SECTION, colour=LINK.colour))
    each = "1 channel" if channels == 1 else f"{channels} channels"
    each = f"each for {each}" if every > channels else each
    text = f"{words_of(sheet.layer)}; {count} kernels of {height} × {across}, {each} of "
    text += sheet.before.name
    if shown != (count, channels):
        text += f"; here the first {shown[0]} kernels and {shown[1]} channels, all on Weights"
    canvas.write(section.top + 1, LEFT, text, NOTE)
    areas = []
    for kernel, channel in np.ndindex(*shown):
        row, place = section.tile(kernel, channel)
        left = LEFT + place * step
        only = shown[1] == 1
        if channel == 0 and not only:
            canvas.write(row, 0, f"kernel {kernel}", CAPTION)
        if kernel == 0 or only:
            caption = f"kernel {kernel}" if only else f"channel {channel}"
            canvas.write(row - 1, left, caption, CAPTION)
        block = section.places.kernels[kernel]
        own = kernel * (every // channels) // count * channels + channel
        for y, x in np.ndindex(height, across):
            source = cell_address(block[0] + y, block[1] + x * every + own)
            value = float(kernels[kernel, channel, y, x])
            canvas.calculate(row + y, left + x, f"={WEIGHTS}!{source}", value, NUMBER)
            canvas.heights[row + y] = height_of(SIDE)
        areas.append((row, left, row + height - 1, left + across - 1))
    area: Place = (
        min(place[0] for place in areas),
        min(place[1] for place in areas),
        max(place[2] for place in areas),
        max(place[3] for place in areas),
    )
    end = strongest(kernels)
    canvas.heat_maps.append(HeatMap(area, DIVERGING, (-end, 0.0, end)))
    shorten(canvas, area, LARGE_NUMBERS)
