"""The sheet `Weights`: every parameter of the network, kernels as named blocks of squares.

A kernel has the shape of the window that it is multiplied with, kernel height rows by kernel
width · channels columns, channels last. All names begin with the layer's, so that none looks
like a cell's address: `conv2_kernel_0`, `conv2_bias_0`, `conv2_scale_0`, `conv2_shift_0`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cnn.export.network.sequence_stages import GATES, Embedding, Recurrent
from cnn.export.network.stages import (
    AveragePool,
    Convolution,
    Input,
    Layer,
    Linear,
    Network,
    Stage,
)
from cnn.export.sheets.export_style import height_of, shorten, width_of, words_of, write_links
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.stage_formulas import is_masked, mask_name, parameter_roles
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Place
from sheetgen.spreadsheet.style import DIVERGING, HIDDEN, KINDS, LABEL, NOTE, SECTION, Style

WEIGHTS = "Weights"
LEFT = 1
LINE, PICTURES_LINE = 33, 100
"""Columns that kernels side by side may take, and pictures; wider ones are below each other."""
TOP = 5
"""The row of the first layer's heading."""
SIDE, SMALL_SIDE = 30, 10  # pixels of a square with its number in it, and without
PICTURE_SIDE = 8  # rows and columns from which a kernel of one channel is a picture
CONSTANT_WIDTH = 70  # pixels
LABEL_COLUMN = 14.0  # characters
TEXT_PIXELS = 560  # of the texts above all, behind that column
NUMBER = Style(size=8, number_format="0.00;-0.00;0", align="center")
PIXEL = Style(number_format=HIDDEN)
INDEX = replace(LABEL, size=8, align="center")
LARGE_NUMBERS = {9.995: "0.0", 99.95: "0", 999.5: '"…"'}
CONSTANT = Style(number_format="0.####", align="left")
STRONGEST = 0.99
"""The share of a layer's numbers that have paler colours than the strongest."""
READING = (
    "Orange is above 0, blue below, and white is 0; the scale of a layer ends with its largest "
    "hundredth.",
    "In a kernel's row the channels of each pixel are side by side; Kernels has them as tiles.",
)


@dataclass(frozen=True)
class WeightPlaces:
    """The positions of a layer's parameters: its rows from `top` to `bottom`.

    `banks` has blocks by their role in the names, such as one for each channel of the output,
    `table` a row for each kind of other parameter (bias, scale, shift), with a cell for each
    index. `mask` is the strip of which every channel's mask is a part, for windows of the sizes
    `masked`.
    """

    layer: Layer
    top: int
    bottom: int
    banks: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    table: dict[str, Place] = field(default_factory=dict)
    mask: Place | None = None
    masked: tuple[tuple[int, int], ...] = ()

    @property
    def kernels(self) -> tuple[Place, ...]:
        """The ranges of a convolution's kernels, none for other layers."""
        return self.banks.get("kernel", ())

    @property
    def blocks(self) -> list[Place]:
        """The ranges of all numbers."""
        banks = [place for places in self.banks.values() for place in places]
        return [*banks, *self.table.values(), *([self.mask] if self.mask else [])]


def weight_places(network: Network, sheets: dict[str, Sheet]) -> dict[str, WeightPlaces]:
    """Return the positions of the parameters of all layers that have any."""
    places, row = {}, TOP
    line = PICTURES_LINE if _has_pictures(network) else LINE
    for layer in network.layers:
        found = _places(layer, row, sheets[layer.name].before, line)
        if found.blocks:
            places[layer.name] = found
            row = found.bottom + 3
    return places


def extent(places: dict[str, WeightPlaces]) -> tuple[int, int]:
    """Return the number of rows and of columns that the sheet takes."""
    rows = max((each.bottom + 1 for each in places.values()), default=1)
    return rows, max((block[3] + 1 for each in places.values() for block in each.blocks), default=1)


def weights_sheet(network: Network, sheets: dict[str, Sheet]) -> Canvas:
    """Draw the sheet, on which every number is a square, blue below 0 and orange above."""
    places = weight_places(network, sheets)
    pictures = _has_pictures(network)
    canvas = Canvas(WEIGHTS, freeze=(1, 1), tab_colour=KINDS["weight"].strong)
    canvas.repeat_rows, canvas.repeat_columns = (0, 0), (0, 0)
    side = SMALL_SIDE if pictures else SIDE
    canvas.title(WEIGHTS)
    texts = READING if any(map(_is_block, network.layers)) else READING[:1]
    for at, text in enumerate(texts, start=1):
        canvas.write(at, 0, text, NOTE)
    canvas.heights[0] = 30
    rows, last = extent(places)
    last = max(2, last)
    # Text that flows out of the printed columns is not printed.
    canvas.print_area = 0, 0, rows - 1, max(last - 1, LEFT + TEXT_PIXELS // side)
    canvas.widths |= {0: LABEL_COLUMN, **dict.fromkeys(range(1, last), width_of(side))}
    write_links(canvas, 3, LEFT, ["Layers", "Network"])
    for name, found in places.items():
        canvas.link(found.top, 0, name, _heading(found.layer), SECTION)
        drawing = _Drawing(canvas, found, side)
        if isinstance(found.layer.base, Input):
            drawing.constants()
        else:
            drawing.table()
        for role, kernels in banks_of(found.layer.base).items():
            drawing.bank(role, kernels)
        if found.mask:
            drawing.mask(found.mask)
    return canvas


def _has_pictures(network: Network) -> bool:
    """Tell whether a kernel is a picture: as large as one, and of one channel."""
    kernels = [
        layer.base.kernels.shape[1:]
        for layer in network.layers
        if isinstance(layer.base, Convolution)
    ]
    return any(c == 1 and min(h, w) >= PICTURE_SIDE for c, h, w in kernels)


def _is_block(layer: Layer) -> bool:
    """Tell whether the kernels of a layer have several pixels and several channels."""
    if not isinstance(layer.base, Convolution):
        return False
    _, channels, height, width = layer.base.kernels.shape
    return bool(channels > 1 and height * width > 1)


def _heading(layer: Layer) -> str:
    text = f"{layer.name}: {words_of(layer)}"
    if isinstance(layer.base, Linear) and layer.base.kernels[0, 0].size == 1:
        count, inputs = layer.base.kernels.shape[:2]
        return f"{text}; {count} × {inputs} weights"
    if isinstance(layer.base, Convolution):
        count, channels, height, width = layer.base.kernels.shape
        size = f"{height} × {width}" + (f" × {channels}" if channels > 1 else "")
        text += f"; {count} kernels of {size}" if count > 1 else f"; a kernel of {size}"
    return text


def _places(layer: Layer, top: int, before: Sheet | None, line: int) -> WeightPlaces:
    table, row = {}, top + 1
    for role, values in parameters(layer).items():
        row += 1  # the first of these rows has the indices above it
        table[role] = (row, LEFT, row, LEFT + len(values) - 1)
    banks: dict[str, tuple[Place, ...]] = {}
    mask, masked = None, tuple[tuple[int, int], ...]()
    for role, kernels in banks_of(layer.base).items():
        banks[role] = tuple(_arranged(kernels, row + 2, line))
        row = banks[role][-1][2]
    if isinstance(layer.base, AveragePool) and before is not None:
        masked = _masked_sizes(layer.base, before)
        if masked:
            mask = _mask_place(masked, before.shape.channels, row + 1)
            row = mask[2]
    return WeightPlaces(layer, top, row, banks, table, mask, masked)


def banks_of(stage: Stage) -> dict[str, Array]:
    """Return blocks of parameters (count, channels, height, width) by their role in the names."""
    if isinstance(stage, Convolution):
        return {"kernel": stage.kernels}
    if isinstance(stage, Embedding):
        return {"table": stage.table.T[None, :, :, None]}
    if isinstance(stage, Recurrent):
        weights = {"input": stage.weights, "hidden": stage.hidden_weights}
        return {role: values[:, :, None, None] for role, values in weights.items()}
    return {}


def parameters(layer: Layer) -> dict[str, Array]:
    """Return a layer's parameters except its kernels, by their role in the names."""
    found: dict[str, Array] = {}
    if isinstance(layer.base, Input) and layer.base.normalized:
        stage = layer.base
        constants = {"white": stage.white, "mean": stage.mean, "deviation": stage.deviation}
        found |= {role: np.array([value]) for role, value in constants.items()}
    if isinstance(layer.base, Convolution | Recurrent) and layer.base.biases is not None:
        found["bias"] = layer.base.biases
    if isinstance(layer.base, Recurrent) and layer.base.hidden_biases is not None:
        found["hidden_bias"] = layer.base.hidden_biases
    for norm, suffix in parameter_roles(layer.stages):
        found |= {f"scale{suffix}": norm.scale, f"shift{suffix}": norm.shift}
    return found


def _gate_of(stage: Stage, number: int) -> str:
    """Return the gate and the unit that a row of a recurrent layer's weights is for."""
    if not isinstance(stage, Recurrent):
        return ""
    gate, unit = divmod(number, stage.units)
    return f", {GATES[stage.kind][gate]} {unit}"


def _arranged(kernels: Array, row: int, line: int) -> Iterator[Place]:
    """Yield the ranges of the kernels from a row on: several per line, of so many columns.

    Each has its number in a row above it; kernels of one row have it on their left.
    """
    count, channels, height, width = kernels.shape
    columns = width * channels
    in_line = 1 if height == 1 else max(1, (line + 1) // (columns + 1))
    step = 1 if height == 1 else height + 1
    for number in range(count):
        down, across = divmod(number, in_line)
        top, left = row + down * step, LEFT + across * (columns + 1)
        yield top, left, top + height - 1, left + columns - 1


def _masked_sizes(stage: AveragePool, before: Sheet) -> tuple[tuple[int, int], ...]:
    sizes = {(len(rows), len(columns)) for rows in stage.rows for columns in stage.columns}
    return tuple(sorted(size for size in sizes if is_masked(before, *size)))


def _mask_place(sizes: Sequence[tuple[int, int]], channels: int, row: int) -> Place:
    """Return the range of the strip from a row on.

    It has a 1 in every C-th column, so that the mask of channel k begins C - 1 - k columns in.
    """
    height, width = (max(side) for side in zip(*sizes, strict=True))
    return row, LEFT, row + height - 1, LEFT + width * channels + channels - 2


@dataclass(frozen=True)
class _Drawing:
    """Draws the parameters of one layer as squares with sides of `side` pixels."""

    canvas: Canvas
    places: WeightPlaces
    side: int

    @property
    def style(self) -> Style:
        return NUMBER if self.side == SIDE else PIXEL

    def constants(self) -> None:
        """Write the three numbers of the input's normalisation."""
        name, canvas = self.places.layer.name, self.canvas
        for role, values in parameters(self.places.layer).items():
            row, column, _, _ = self.places.table[role]
            canvas.write(row, 0, role, LABEL)
            canvas.write(row, column, float(values[0]), CONSTANT)
            canvas.merges.append((row, column, row, column + CONSTANT_WIDTH // self.side))
            canvas.names[f"{name}_{role}"] = canvas.absolute(row, column)

    def table(self) -> None:
        name, canvas, columns = self.places.layer.name, self.canvas, 0
        for role, values in parameters(self.places.layer).items():
            place = self.places.table[role]
            row, left, _, last = place
            canvas.write(row, 0, role, LABEL)
            self.fill(place, values[None])
            self.shade(place, values)
            for column in range(left, last + 1):
                key = f"{name}_{role}_{column - left}"
                canvas.names[key] = canvas.absolute(row, column)
            columns = max(columns, last)
        for column in range(LEFT, columns + 1):
            style = INDEX if self.side == SIDE else PIXEL
            canvas.write(self.places.top + 1, column, column - LEFT, style)

    def bank(self, role: str, kernels: Array) -> None:
        name, canvas, places = self.places.layer.name, self.canvas, self.places.banks[role]
        for number, place in enumerate(places):
            top, left, bottom, _ = place
            at = (top, 0) if top == bottom else (top - 1, left)
            label = f"{role} {number}" if len(places) > 1 else role
            canvas.write(*at, label + _gate_of(self.places.layer.base, number), LABEL)
            canvas.names[f"{name}_{role}_{number}"] = canvas.range(*place)
        tops, lefts, bottoms, rights = zip(*places, strict=True)
        area = min(tops), min(lefts), max(bottoms), max(rights)
        if kernels.shape[2] == 1:  # the kernels are rows below each other
            self.fill(area, np.concatenate([channels_last(kernel) for kernel in kernels]))
        else:
            for place, kernel in zip(places, kernels, strict=True):
                self.fill(place, channels_last(kernel))
        self.shade(area, kernels)

    def mask(self, place: Place) -> None:
        canvas, layer = self.canvas, self.places.layer
        top, left, bottom, right = place
        channels = layer.output.channels
        canvas.write(top, 0, "mask", LABEL)
        strip = np.zeros((bottom - top + 1, right - left + 1))
        strip[:, channels - 1 :: channels] = 1
        self.fill(place, strip)
        self.shade(place, np.ones(1))
        for height, width in self.places.masked:
            for channel in range(channels):
                first = left + channels - 1 - channel
                area = top, first, top + height - 1, first + width * channels - 1
                canvas.names[mask_name(layer.name, height, width, channel)] = canvas.range(*area)

    def fill(self, place: Place, block: Array) -> None:
        rows = range(place[0], place[2] + 1)
        self.canvas.heights |= dict.fromkeys(rows, height_of(self.side))
        self.canvas.fill(*place[:2], block, self.style)

    def shade(self, place: Place, values: Array) -> None:
        """Shade a range on a scale whose middle is 0."""
        largest = strongest(values)
        if self.side == SIDE:
            shorten(self.canvas, place, LARGE_NUMBERS)
        self.canvas.heat_maps.append(HeatMap(place, DIVERGING, (-largest, 0.0, largest)))


def strongest(values: Array) -> float:
    """Return the size of the numbers that have the strongest colours."""
    return float(np.quantile(abs(values), STRONGEST)) or 1.0


def channels_last(kernel: Array) -> Array:
    """Return a kernel (channels, height, width) as a block (height, width · channels)."""
    return kernel.transpose(1, 2, 0).reshape(kernel.shape[1], -1)
