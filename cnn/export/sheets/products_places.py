"""The positions on `Products`, and behind it on `Workings`, of what is chosen on `Activation`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from cnn.export.sheets.one_activation import Lens
from cnn.export.sheets.weights_sheet import WEIGHTS, WeightPlaces
from sheetgen.spreadsheet.address import choose, indexed, range_address
from sheetgen.workbook.shared.workings import Corner

PRODUCTS = "Products"
LEFT = 1
HEAD_ROW = 4
FIRST_ROW = HEAD_ROW + 2
FACTS = {
    "layer": "number of the layer in the list",
    "channel": "channel",
    "row": "row",
    "column": "column",
    "source": "input channel shown",
    "channels": "input channels",
    "window_top": "first row of the window",
    "window_left": "first column of the window",
    "kernel_top": "rows above the kernel on Weights",
    "kernel_left": "columns left of the kernel on Weights",
    "input_scale": "cells of a pixel in the input's picture",
    "map_scale": "cells of a pixel in the map's picture",
}
"""The facts of the chosen activation; rows and columns of the window count from 1."""
SIDES = ("top", "left", "bottom", "right")
FRAMES = {
    "window": "the window in its picture",
    "inside": "what is inside the zeros, in the same picture",
    "unit": "the activation in its picture",
}
"""The rectangles that are framed; their sides are in cells of a picture, from 1."""
ALL_FACTS = FACTS | {
    f"{frame}_frame_{side}": f"{side} of {text}"
    for (frame, text), side in product(FRAMES.items(), SIDES)
}
LISTED = "shown_layers"
"""The defined name of the list of layers, for the drop-down on `Activation`."""
BLOCKS = ("window", "kernel", "products")


@dataclass(frozen=True)
class Products:
    """The positions on the sheet and on `Workings`, for the layers that can be chosen."""

    lenses: Sequence[Lens]
    weights: dict[str, WeightPlaces]
    facts: Corner
    """What is chosen."""
    listed: Corner
    """The layers that can be chosen."""

    @cached_property
    def rows(self) -> int:
        """Rows of channels."""
        return max(lens.channels for lens in self.lenses)

    @cached_property
    def window(self) -> tuple[int, int]:
        """Height and width of the largest window."""
        return _largest((lens.height, lens.width) for lens in self.lenses)

    @cached_property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the largest kernel, 0 without any."""
        kernels = [lens for lens in self.lenses if lens.kernels is not None]
        return _largest((lens.height, lens.width) for lens in kernels)

    @cached_property
    def picture(self) -> tuple[int, int]:
        """Height and width of the largest map that is looked at, or that a layer makes."""
        maps = [(lens.seen, lens.sheet.shape.sides[1:]) for lens in self.lenses]
        return _largest(size for pair in maps for size in pair)

    def scale(self, size: tuple[int, int]) -> int:
        """Return how many cells wide and high a pixel of a map is drawn."""
        return min(whole // side for whole, side in zip(self.picture, size, strict=True))

    def column(self, block: int, y: int, x: int) -> int:
        """Return the column of a pixel in the blocks of the window, the kernel, the products."""
        (height, width), (down, across) = self.window, self.kernel
        start = self.sums + 1
        start += (block > 0) * (height * width + 1) + (block > 1) * (down * across + 1)
        return start + y * (across if block else width) + x

    @property
    def sums(self) -> int:
        """The column with the sum of each channel's products."""
        return LEFT + 1

    @property
    def last(self) -> int:
        """The last column."""
        block, (height, width) = (2, self.kernel) if self.kernel[0] else (0, self.window)
        return self.column(block, height - 1, width - 1)

    @property
    def names(self) -> str:
        """The list of the layers that can be chosen."""
        return self.listed.range(1, 0, len(self.lenses), 0)

    def fact(self, which: str) -> str:
        """Return the cell of a fact."""
        return self._facts[which]

    @cached_property
    def _facts(self) -> dict[str, str]:
        return {which: self.facts.absolute(down, 1) for down, which in enumerate(ALL_FACTS, 1)}

    def of_channel(self, column: int, channel: str) -> str:
        """Return the formula of a channel's number of a column, for other sheets."""
        cells = range_address(FIRST_ROW, column, FIRST_ROW + self.rows - 1, column)
        return indexed(f"{PRODUCTS}!{cells}", f"{channel}+1")

    def choose(self, of: Callable[[Lens], str | float]) -> str:
        """Return the formula of what belongs to the chosen layer."""
        return self.chosen([str(of(lens)) for lens in self.lenses])

    def chosen(self, texts: Sequence[str]) -> str:
        """Return the formula of one of these texts, one for each layer."""
        return choose(self.fact("layer"), texts)

    def kernels(self, lens: Lens) -> str:
        """Return the range of all kernels of a layer on `Weights`."""
        return self._kernels[lens.sheet.name]

    @cached_property
    def _kernels(self) -> dict[str, str]:
        found = {}
        for lens in self.lenses:
            if lens.kernels is not None:
                places = self.weights[lens.sheet.name].kernels
                tops, lefts, bottoms, rights = zip(*places, strict=True)
                cells = range_address(min(tops), min(lefts), max(bottoms), max(rights))
                found[lens.sheet.name] = f"{WEIGHTS}!{cells}"
        return found


def _largest(sizes: Iterable[tuple[int, ...]]) -> tuple[int, int]:
    heights, widths = zip(*sizes, strict=True) if (sizes := list(sizes)) else ((0,), (0,))
    return max(heights), max(widths)
