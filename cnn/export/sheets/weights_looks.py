"""The looks of the sheet `Weights`: every kernel a block of squares, blue below 0, orange above."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cnn.export.network.stages import Array, Convolution, Input, Layer
from cnn.export.sheets.looks import HIDDEN, WEIGHTS, height_of, width_of, words_of
from cnn.export.sheets.weights_cells import WeightPlaces, Weights, parameters
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Place
from sheetgen.spreadsheet.style import KINDS, LABEL, NOTE, SECTION, TITLE, Style

SIDE, SMALL_SIDE = 30, 10  # pixels of a square with its number in it, and without
PICTURE_SIDE = 8  # rows and columns from which a kernel of one channel is a picture
CONSTANT_WIDTH = 70  # pixels
LABEL_COLUMN = 14.0  # characters
NUMBER = Style(size=8, number_format="0.00", align="center")
PIXEL = Style(number_format=HIDDEN)
INDEX = replace(LABEL, size=8, align="center")
CONSTANT = Style(number_format="0.####", align="left")
STRONGEST = 0.99
"""The share of a layer's numbers that have paler colours than the strongest."""
READING = (
    "Blue is below 0, white is 0, orange above 0; each layer has its own scale, at whose end "
    "is its largest hundredth. "
    "In a kernel's row the channels of each pixel stand side by side."
)


def dress_weights(weights: Weights) -> Canvas:
    """Return the sheet with its blocks shaded; the canvas of `weights` stays as it is."""
    plain = weights.canvas
    canvas = replace(
        plain,
        cells=dict(plain.cells),
        widths=dict(plain.widths),
        heights={**plain.heights, 0: 30.0},
        heat_maps=list(plain.heat_maps),
        merges=list(plain.merges),
        links=dict(plain.links),
        tab_colour=KINDS["weight"].strong,
        zoom=100 if has_pictures(weights) else 60,
        freeze=(2, 1),
    )
    side = SMALL_SIDE if has_pictures(weights) else SIDE
    canvas.write(0, 0, "Weights", TITLE)
    canvas.write(1, 0, READING, NOTE)
    blocks = [block for each in weights.layers.values() for block in _blocks(each)]
    last = max(block[3] for block in blocks) if blocks else 1
    canvas.widths |= dict.fromkeys(range(1, last + 1), width_of(side))
    canvas.widths[0] = LABEL_COLUMN
    for name, places in weights.layers.items():
        canvas.link(places.top, 0, name, _heading(places.layer), SECTION)
        _dress(canvas, places, side)
    return canvas


def has_pictures(weights: Weights) -> bool:
    """Tell whether a kernel is a picture: as large as one, and of one channel."""
    kernels = [
        places.layer.base.kernels.shape[1:]
        for places in weights.layers.values()
        if isinstance(places.layer.base, Convolution)
    ]
    return any(c == 1 and min(h, w) >= PICTURE_SIDE for c, h, w in kernels)


def _blocks(places: WeightPlaces) -> list[Place]:
    return [*places.kernels, *places.table.values(), *([places.mask] if places.mask else [])]


def _heading(layer: Layer) -> str:
    text = f"{layer.name}: {words_of(layer)}"
    if isinstance(layer.base, Convolution):
        count, channels, height, width = layer.base.kernels.shape
        text += f"; {count} kernels of {height} × {width}"
        text += f" × {channels}" if channels > 1 else ""
    return text


def _dress(canvas: Canvas, places: WeightPlaces, side: int) -> None:
    if isinstance(places.layer.base, Input):
        for row, column, _, _ in places.table.values():
            merged = row, column, row, column + CONSTANT_WIDTH // side
            canvas.merges.append(merged)
            canvas.write(row, column, canvas.value(row, column), CONSTANT)
        return
    for role, values in parameters(places.layer).items():
        _shade(canvas, places.table[role], [places.table[role]], values, side)
    _indices(canvas, places, side)
    if isinstance(places.layer.base, Convolution):
        blocks = places.kernels
        bounds = (
            min(block[0] for block in blocks),
            min(block[1] for block in blocks),
            max(block[2] for block in blocks),
            max(block[3] for block in blocks),
        )
        _shade(canvas, bounds, blocks, places.layer.base.kernels, side)
    if places.mask:
        _shade(canvas, places.mask, [places.mask], None, side)


def _shade(
    canvas: Canvas, bounds: Place, blocks: Sequence[Place], values: Array | None, side: int
) -> None:
    """Make blocks squares, with one scale between them whose middle is 0."""
    style = NUMBER if side == SIDE else PIXEL
    for first_row, first_column, last_row, last_column in blocks:
        canvas.heights |= dict.fromkeys(range(first_row, last_row + 1), height_of(side))
        for row in range(first_row, last_row + 1):
            for column in range(first_column, last_column + 1):
                canvas.write(row, column, canvas.value(row, column), style)
    largest = 1.0 if values is None else float(np.quantile(abs(values), STRONGEST)) or 1.0
    canvas.heat_maps.append(HeatMap(bounds, WEIGHTS, (-largest, 0.0, largest)))


def _indices(canvas: Canvas, places: WeightPlaces, side: int) -> None:
    """Centre the numbers above the table, or take them away where there is no room."""
    columns = max((block[3] for block in places.table.values()), default=0)
    for column in range(1, columns + 1):
        at = places.top + 1, column
        if at in canvas.cells:
            canvas.write(*at, canvas.value(*at), INDEX if side == SIDE else PIXEL)
