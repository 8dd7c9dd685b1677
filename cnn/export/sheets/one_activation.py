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
    Pool,
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
    def start(self) -> tuple[int, int]:
        """Row and column of the first window on the map that it looks at with its zeros.

        These may be more than the layer has padding: another layer may read the map, too.
        """
        base, border = self.sheet.layer.base, self.before.border
        padding = base.padding if isinstance(base, Convolution) else Border()
        return border.top - padding.top, border.left - padding.left

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Return row and column of an activation's window on that map."""
        top, left = self.start
        return top + row * self.down, left + column * self.across

    @property
    def middle(self) -> int:
        """The row in the middle of the window, counted from its first."""
        return (self.height - 1) // 2

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

    @cached_property
    def cells(self) -> str:
        """The range of the map that it looks at, with the zeros around it."""
        rows, columns = self.before.pixel_rows, self.before.pixel_columns
        return self.before.window(rows.start, columns.start, len(rows), len(columns))

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
    found = [_lens(sheet) for sheet in sheets if not why_not(sheet)]
    return [lens for lens in found if lens is not None][:MOST_LAYERS]


def why_not(sheet: Sheet) -> str:
    """Return why a layer is not taken apart, "" if it is: it is of another kind, or too large."""
    lens = _lens(sheet)
    if lens is None:
        is_pool = isinstance(sheet.layer.base, Pool)
        return "windows that are not all alike" if is_pool else "no window"
    norms = [stage for stage, _ in parameter_roles(sheet.layer.stages)]
    if any(stage.output.flat and stage.output.pixels > 1 for stage in norms):
        return "a BatchNorm of units that are seen as maps"
    if max(lens.height, lens.width) > LARGEST_WINDOW:
        return f"windows of more than {LARGEST_WINDOW} rows or columns"
    if max(*lens.seen, sheet.shape.height, sheet.shape.width) > LARGEST_MAP:
        return f"maps of more than {LARGEST_MAP} rows or columns"
    channels = lens.channels
    if channels > MOST_CHANNELS or lens.height * lens.width * channels > MOST_PRODUCTS:
        return f"more than {MOST_CHANNELS} input channels or {MOST_PRODUCTS:,} products"
    return ""


def _lens(sheet: Sheet) -> Lens | None:
    """Return None for a layer without windows, or with irregular ones."""
    base, before = sheet.layer.base, sheet.before
    if before is None:
        return None
    if isinstance(base, Convolution):
        height, width = base.kernels.shape[2:]
        return Lens(sheet, before, height, width, *base.stride)
    if not isinstance(base, MaxPool | AveragePool):
        return None
    divisors = base.divisors if isinstance(base, AveragePool) else np.ones((1, 1))
    height, down = _regular(base.rows)
    width, across = _regular(base.columns)
    if 0 in (down, across) or np.ptp(divisors):
        return None
    return Lens(sheet, before, height, width, down, across)


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
        top, left = lens.corner(row, column)
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
            with np.errstate(all="ignore"):  # of a function that has no value there
                x = float(stage.value(np.array([x]))[0])
            steps.append(Step(stage.word, x, stage))
    return steps
