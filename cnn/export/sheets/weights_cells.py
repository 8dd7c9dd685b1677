"""The sheet `Weights`: every parameter of the network, kernels as named blocks.

A kernel has the shape of the window that it is multiplied with, kernel height rows by kernel
width · channels columns, channels last. All names begin with the layer's, which keeps them from
looking like cells: `conv2_kernel_0`, `conv2_bias_0`, `conv2_scale_0`, `conv2_shift_0`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cnn.export.network.stages import Array, AveragePool, Convolution, Input, Layer, Network
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.stage_formulas import is_masked, mask_name, parameter_roles
from sheetgen.spreadsheet.canvas import Canvas, Place
from sheetgen.spreadsheet.style import LABEL, SECTION, TITLE, VALUE, Style

WEIGHTS = "Weights"
LEFT = 1
LINE = 120
"""Columns that kernels side by side may take; wider ones stand below each other."""
NUMBER = Style(number_format=VALUE)


@dataclass(frozen=True)
class WeightPlaces:
    """Where a layer's parameters stand: its rows from `top` to `bottom`.

    `kernels` has a block for each channel of the output, `table` a row for each kind of other
    parameter (bias, scale, shift), with a cell for each index.
    """

    layer: Layer
    top: int
    bottom: int
    kernels: tuple[Place, ...] = ()
    table: dict[str, Place] = field(default_factory=dict)
    mask: Place | None = None


@dataclass(frozen=True, eq=False)
class Weights:
    """The sheet, and where each layer's parameters stand; layers without any are left out."""

    canvas: Canvas
    layers: dict[str, WeightPlaces]


def weight_places(network: Network, sheets: dict[str, Sheet]) -> dict[str, WeightPlaces]:
    """Return where the parameters of all layers stand, before anything is drawn."""
    places, row = {}, 2
    before: Layer | None = None
    for layer in network.layers:
        found = _places(layer, row, None if before is None else sheets[before.name])
        if found is not None:
            places[layer.name] = found
            row = found.bottom + 3
        before = layer
    return places


def extent(places: dict[str, WeightPlaces]) -> tuple[int, int]:
    """Return how many rows and columns the sheet takes."""
    blocks = [block for each in places.values() for block in _blocks(each)]
    rows = max((each.bottom + 1 for each in places.values()), default=1)
    return rows, max((block[3] + 1 for block in blocks), default=1)


def weights_sheet(network: Network, sheets: dict[str, Sheet]) -> Weights:
    """Draw the sheet."""
    canvas = Canvas(WEIGHTS, freeze=(1, 1))
    canvas.write(0, 0, WEIGHTS, TITLE)
    canvas.widths[0] = 12
    places = weight_places(network, sheets)
    for name, found in places.items():
        canvas.write(found.top, 0, name, SECTION)
        _draw_table(canvas, found)
        _draw_kernels(canvas, found)
        if found.mask:
            _draw_mask(canvas, found, sheets)
    return Weights(canvas, places)


def _blocks(places: WeightPlaces) -> Iterator[Place]:
    yield from places.kernels
    yield from places.table.values()
    if places.mask:
        yield places.mask


def _places(layer: Layer, top: int, before: Sheet | None) -> WeightPlaces | None:
    """Return where a layer's parameters stand, None if it has none."""
    table, row = {}, top + 1
    for role, values in parameters(layer).items():
        row += 1  # the first of these rows has the indices above it
        table[role] = (row, LEFT, row, LEFT + len(values) - 1)
    kernels: tuple[Place, ...] = ()
    mask = None
    if isinstance(layer.base, Convolution):
        kernels = tuple(_arranged(layer.base, row + 2))
        row = kernels[-1][2]
    if isinstance(layer.base, AveragePool) and before is not None:
        mask = _mask_place(layer.base, before, row + 1)
        row = mask[2] if mask else row
    if not (table or kernels or mask):
        return None
    return WeightPlaces(layer, top, row, kernels, table, mask)


def parameters(layer: Layer) -> dict[str, Array]:
    """Return a layer's parameters but its kernels, by their role in the names."""
    found: dict[str, Array] = {}
    if isinstance(layer.base, Input) and layer.base.normalized:
        stage = layer.base
        constants = {"white": stage.white, "mean": stage.mean, "deviation": stage.deviation}
        found |= {role: np.array([value]) for role, value in constants.items()}
    if isinstance(layer.base, Convolution) and layer.base.biases is not None:
        found["bias"] = layer.base.biases
    for norm, suffix in parameter_roles(layer.stages):
        found |= {f"scale{suffix}": norm.scale, f"shift{suffix}": norm.shift}
    return found


def _arranged(stage: Convolution, row: int) -> Iterator[Place]:
    """Yield the places of the kernels from a row on: several a line if they are narrow.

    Above each is a row for its number; kernels of one row have it on their left.
    """
    count, channels, height, width = stage.kernels.shape
    columns = width * channels
    in_line = 1 if height == 1 else max(1, (LINE + 1) // (columns + 1))
    step = 1 if height == 1 else height + 1
    for number in range(count):
        down, across = divmod(number, in_line)
        top, left = row + down * step, LEFT + across * (columns + 1)
        yield top, left, top + height - 1, left + columns - 1


def _draw_table(canvas: Canvas, places: WeightPlaces) -> None:
    name = places.layer.name
    single = isinstance(places.layer.base, Input)
    for role, values in parameters(places.layer).items():
        row, left, _, _ = places.table[role]
        canvas.write(row, 0, role, LABEL)
        for index, value in enumerate(values.tolist()):
            canvas.write(row, left + index, value, NUMBER)
            key = f"{name}_{role}" if single else f"{name}_{role}_{index}"
            canvas.names[key] = canvas.absolute(row, left + index)
    longest = max((place[3] for place in places.table.values()), default=0)
    for column in range(LEFT, 0 if single else longest + 1):
        canvas.write(places.top + 1, column, column - LEFT, LABEL)


def _draw_kernels(canvas: Canvas, places: WeightPlaces) -> None:
    stage = places.layer.base
    if not isinstance(stage, Convolution):
        return
    for number, place in enumerate(places.kernels):
        top, left, bottom, right = place
        at = (top, 0) if top == bottom else (top - 1, left)
        canvas.write(*at, f"kernel {number}", LABEL)
        block = channels_last(stage.kernels[number])
        _fill(canvas, place, block, NUMBER)
        canvas.names[f"{places.layer.name}_kernel_{number}"] = canvas.range(
            top, left, bottom, right
        )


def _fill(canvas: Canvas, place: Place, block: Array, style: Style) -> None:
    for row, values in enumerate(block.tolist(), start=place[0]):
        for column, value in enumerate(values, start=place[1]):
            canvas.write(row, column, value, style)


def channels_last(kernel: Array) -> Array:
    """Return a kernel (channels, height, width) as a block (height, width · channels)."""
    return kernel.transpose(1, 2, 0).reshape(kernel.shape[1], -1)


def _mask_place(stage: AveragePool, before: Sheet, row: int) -> Place | None:
    """Return the place of the strip of which every channel's mask is a part.

    It has a 1 in every C-th column, so that the mask of channel k begins C - 1 - k columns in.
    """
    sizes = _masked_sizes(stage, before)
    if not sizes:
        return None
    height, width = max(size[0] for size in sizes), max(size[1] for size in sizes)
    channels = before.shape.channels
    return row, LEFT, row + height - 1, LEFT + width * channels + channels - 2


def _masked_sizes(stage: AveragePool, before: Sheet) -> set[tuple[int, int]]:
    sizes = {(len(rows), len(columns)) for rows in stage.rows for columns in stage.columns}
    return {size for size in sizes if is_masked(before, *size)}


def _draw_mask(canvas: Canvas, places: WeightPlaces, sheets: dict[str, Sheet]) -> None:
    stage = places.layer.base
    assert isinstance(stage, AveragePool) and places.mask is not None
    top, left, bottom, right = places.mask
    channels = places.layer.base.output.channels
    canvas.write(top, 0, "mask", LABEL)
    strip = np.zeros((bottom - top + 1, right - left + 1))
    strip[:, channels - 1 :: channels] = 1
    _fill(canvas, places.mask, strip, Style(number_format="0"))
    names = list(sheets)
    before = sheets[names[names.index(places.layer.name) - 1]]
    for height, width in _masked_sizes(stage, before):
        for channel in range(channels):
            first = left + channels - 1 - channel
            last = first + width * channels - 1
            canvas.names[mask_name(places.layer.name, height, width, channel)] = canvas.range(
                top, first, top + height - 1, last
            )
