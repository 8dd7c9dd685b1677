"""What one activation is made of: a window of the layer before, a kernel, and what follows.

Here are the layers whose activations the sheets `Activation` and `Products` take apart, and the
numbers of a chosen one in NumPy, which the formulas of these sheets must come to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from cnn.export.network.stages import (
    Activate,
    AveragePool,
    Border,
    Convolution,
    MaxPool,
    ScaleAndShift,
)
from cnn.export.sheets.kernels_sheet import KERNELS, tiled
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.stage_formulas import parameter_roles
from cnn.export.sheets.subject import Pick, Subject
from sheetgen.network.activations import Array

LARGEST_WINDOW = 7  # rows and columns
LARGEST_MAP = 40  # rows and columns, with the zeros around it
MOST_CHANNELS = 128
MOST_PRODUCTS = 1200
MOST_LAYERS = 60


@dataclass(frozen=True)
class Step:
    """A step from the window to the activation.

    `number` is what is added or multiplied with, if anything; `role` names it on `Weights`.
    """

    text: str
    result: float
    stage: Activate | None = None
    sign: str = ""
    role: str = ""
    number: float = 0.0


@dataclass(frozen=True)
class Lens:
    """A layer whose activations are taken apart, each of which looks at `height` × `width` pixels.

    `down` and `across` are the distances between the windows of neighbours.
    """

    sheet: Sheet
    before: Sheet
    height: int
    width: int
    down: int
    across: int

    @property
    def kernels(self) -> Array | None:
        """The kernels (out, in, height, width), if it is no pooling."""
        base = self.sheet.layer.base
        return base.kernels if isinstance(base, Convolution) else None

    @property
    def channels(self) -> int:
        """Channels of the map that it looks at."""
        return self.before.shape.channels

    @property
    def seen(self) -> tuple[int, int]:
        """Height and width of the map that it looks at, with the zeros around it."""
        return len(self.before.pixel_rows), len(self.before.pixel_columns)

    @property
    def first_step(self) -> str:
        """What is done first with the numbers of the window."""
        base = self.sheet.layer.base
        if isinstance(base, Convolution):
            return "sum of all products"
        return "largest of the window" if isinstance(base, MaxPool) else "sum of the window"


def closer_sheets(subject: Subject) -> list[str]:
    """Return the names of those of the sheets that look at layers more closely that there are."""
    found = ["Activation"] if lenses_of(subject.sheets.values()) else []
    return [*found, KERNELS] if tiled(subject.network) else found


def lenses_of(sheets: Iterable[Sheet]) -> list[Lens]:
    """Return the layers that are taken apart: convolutions, fully connected ones, and poolings."""
    found = [_lens(sheet) for sheet in sheets]
    return [lens for lens in found if lens is not None][:MOST_LAYERS]


def _lens(sheet: Sheet) -> Lens | None:
    """Return None for a layer of another kind, an irregular one, or one that is too large."""
    base, before = sheet.layer.base, sheet.before
    padding = base.padding if isinstance(base, Convolution) else Border()
    if before is None or before.border != padding:  # another layer pads it in another way
        return None
    if any(
        stage.output.flat and stage.output.pixels > 1
        for stage, _ in parameter_roles(sheet.layer.stages)
    ):
        return None
    if isinstance(base, Convolution):
        height, width = base.kernels.shape[2:]
        lens = Lens(sheet, before, height, width, *base.stride)
    elif isinstance(base, MaxPool | AveragePool):
        divisors = base.divisors if isinstance(base, AveragePool) else np.ones((1, 1))
        height, down = _regular(base.rows)
        width, across = _regular(base.columns)
        if 0 in (down, across) or np.ptp(divisors):
            return None
        lens = Lens(sheet, before, height, width, down, across)
    else:
        return None
    is_small = (
        max(lens.height, lens.width) <= LARGEST_WINDOW
        and max(*lens.seen, sheet.shape.height, sheet.shape.width) <= LARGEST_MAP
        and lens.channels <= MOST_CHANNELS
        and lens.height * lens.width * lens.channels <= MOST_PRODUCTS
    )
    return lens if is_small else None


def _regular(windows: Sequence[range]) -> tuple[int, int]:
    """Return the size of the windows and the distance between them, 0 if that is not the same."""
    size = len(windows[0])
    steps = {after.start - before.start for before, after in pairwise(windows)} or {size}
    is_whole = all(each == range(each.start, each.start + size) for each in windows)
    regular = is_whole and len(steps) == 1 and windows[0].start == 0
    return size, steps.pop() if regular else 0


@dataclass(frozen=True)
class Chosen:
    """The activation that a subject's `pick` chooses, and its numbers."""

    subject: Subject
    lenses: Sequence[Lens]

    @cached_property
    def number(self) -> int:
        """The place of its layer among the lenses."""
        pick = self.subject.pick
        named = [
            at for at, lens in enumerate(self.lenses) if pick and lens.sheet.name == pick.layer
        ]
        return named[0] if named else 0

    @property
    def lens(self) -> Lens:
        """Its layer."""
        return self.lenses[self.number]

    @cached_property
    def typed(self) -> Pick:
        """What the cells to choose in hold: first the largest activation of the first layer."""
        pick = self.subject.pick
        if pick is not None:
            return pick
        channel, row, column = map(int, np.unravel_index(self.map.argmax(), self.map.shape))
        return Pick(self.lens.sheet.name, channel, row, column, 0)

    @cached_property
    def unit(self) -> tuple[int, int, int]:
        """Channel, row and column, within what the layer has."""
        typed = self.typed
        sides = self.lens.sheet.shape.sides
        channel, row, column = (
            min(at, side - 1)
            for at, side in zip((typed.channel, typed.row, typed.column), sides, strict=True)
        )
        return channel, row, column

    @cached_property
    def source(self) -> int:
        """The channel of the input whose window is shown: of a pooling that of the unit."""
        if self.lens.kernels is None:
            return self.unit[0]
        return min(self.typed.source, self.lens.channels - 1)

    @cached_property
    def seen(self) -> Array:
        """The map that the layer looks at (channels, height, width), with the zeros around it."""
        border = self.lens.before.border
        around = (0, 0), (border.top, border.bottom), (border.left, border.right)
        return np.pad(self.subject.values[self.lens.before.name], around)

    @cached_property
    def map(self) -> Array:
        """The layer's activations (channels, height, width)."""
        return self.subject.values[self.lens.sheet.name]

    @cached_property
    def window(self) -> Array:
        """The numbers that the activation looks at (channels, height, width)."""
        lens, (_, row, column) = self.lens, self.unit
        top, left = row * lens.down, column * lens.across
        return self.seen[:, top : top + lens.height, left : left + lens.width]

    @cached_property
    def kernel(self) -> Array | None:
        """The kernel (channels, height, width), if it is no pooling."""
        kernels = self.lens.kernels
        return None if kernels is None else kernels[self.unit[0]]

    @cached_property
    def products(self) -> Array | None:
        """The products of the window and the kernel."""
        return None if self.kernel is None else self.window * self.kernel

    def sum(self, channel: int) -> float | str:
        """Return the sum of a channel's products; "" where there is none."""
        if self.products is None or channel >= len(self.products):
            return ""
        return float(self.products[channel].sum())

    @cached_property
    def first(self) -> float:
        """The result of the first step."""
        if self.products is not None:
            return float(self.products.sum())
        own = self.window[self.source]
        return float(own.max() if isinstance(self.lens.sheet.layer.base, MaxPool) else own.sum())

    def steps(self) -> list[Step]:
        """Return the steps after the first."""
        return steps_of(self.lens, self.unit[0], self.first)


def steps_of(lens: Lens, channel: int, x: float) -> list[Step]:
    """Return the steps of a layer from the result `x` of the first on."""
    steps = []
    base = lens.sheet.layer.base
    if isinstance(base, Convolution) and base.biases is not None:
        bias = float(base.biases[channel])
        x += bias
        steps.append(Step("+ bias", x, None, "+", "bias", bias))
    if isinstance(base, AveragePool):
        divisor = float(base.divisors[0, 0])
        x /= divisor
        steps.append(Step("÷ pixels of the window", x, None, "/", "", divisor))
    suffixes = {id(stage): suffix for stage, suffix in parameter_roles(lens.sheet.layer.stages)}
    for stage in lens.sheet.layer.stages[1:]:
        if isinstance(stage, ScaleAndShift):
            suffix = suffixes[id(stage)]
            scale, shift = float(stage.scale[channel]), float(stage.shift[channel])
            steps.append(
                Step("× scale of BatchNorm", x * scale, None, "*", f"scale{suffix}", scale)
            )
            x = x * scale + shift
            steps.append(Step("+ shift of BatchNorm", x, None, "+", f"shift{suffix}", shift))
        elif isinstance(stage, Activate):
            x = float(stage.value(np.array([x]))[0])
            steps.append(Step(stage.word, x, stage))
    return steps
