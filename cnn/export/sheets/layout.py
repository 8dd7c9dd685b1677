"""The positions of inputs, samples and activations on their sheets, and the limits of a sheet.

Channels last: pixel column c of channel k is column c·C + k of the map, so that a window of
whole pixels is one contiguous range. Where the next layer pads, the map has a border of cells
that hold 0: LibreOffice takes five times as long for blank ones.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cnn.export.network.stages import Border, Convolution, Layer, Network, Shape, Softmax
from sheetgen.errors import InputError
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import (
    MAXIMUM_COLUMNS,
    MAXIMUM_FORMULA,
    MAXIMUM_ROWS,
    cell_address,
    quoted,
    relative_address,
)
from sheetgen.spreadsheet.canvas import Canvas, Place

Unit = tuple[int, int, int]
"""Channel, row and column of an activation, or of a number of the input."""

FIRST_ROW = 3
"""Above the maps: the title, the pixel column, the channel."""
FIRST_COLUMN = 1
"""Left of the maps: the pixel row."""
SAMPLES = "Samples"
CHOICE = "choice"
"""The key of the cell that chooses a sample, or 0 for the user's own numbers."""
FIRST_SAMPLE = 3
"""The row of the first sample on `Samples`."""
FIRST_VALUE = 3
"""The column of a sample's first number on `Samples`."""


@dataclass(frozen=True)
class Sheet:
    """The position of one layer's map on the sheet of its name; rows and columns count from 0.

    A pixel in the border has a negative row or column, or one of at least the height or width.
    """

    layer: Layer
    border: Border
    sources: "Mapping[int, Sheet]" = field(default_factory=dict, repr=False)
    """The positions of the maps that the layer reads, by the numbers of their layers."""

    @property
    def before(self) -> "Sheet | None":
        """The position of the map that the layer reads; None for the input, and of several."""
        reads = self.layer.reads
        whole = reads[0].whole if len(reads) == 1 else None
        return None if whole is None else self.sources[whole]

    @property
    def name(self) -> str:
        """The sheet's name."""
        return self.layer.name

    @cached_property
    def shape(self) -> Shape:
        """The shape of the map, without its border."""
        return self.layer.output

    @property
    def pixel_rows(self) -> range:
        """The rows of pixels with those of the border."""
        return range(-self.border.top, self.shape.height + self.border.bottom)

    @property
    def pixel_columns(self) -> range:
        """The columns of pixels with those of the border."""
        return range(-self.border.left, self.shape.width + self.border.right)

    @property
    def place(self) -> Place:
        """First row and column, last row and column of the map without its border."""
        last = self.cell(self.shape.channels - 1, self.shape.height - 1, self.shape.width - 1)
        return (*self.cell(0, 0, 0), *last)

    @property
    def map(self) -> str:
        """The range of the map without its border."""
        return self.window(0, 0, self.shape.height, self.shape.width)

    @property
    def extent(self) -> tuple[int, int]:
        """The number of rows and of columns of the sheet."""
        rows = FIRST_ROW + len(self.pixel_rows)
        if isinstance(self.layer.base, Softmax):
            rows = self.exponential(0, self.shape.height, 0)[0]
        return rows, FIRST_COLUMN + len(self.pixel_columns) * self.shape.channels

    def cell(self, channel: int, row: int, column: int) -> tuple[int, int]:
        """Return row and column on the sheet of one activation."""
        first_row, first_column, channels = self._first
        return first_row + row, first_column + column * channels + channel

    @cached_property
    def _first(self) -> tuple[int, int, int]:
        """The cell of the first activation, and the number of channels."""
        channels = self.shape.channels
        first = FIRST_COLUMN + self.border.left * channels
        return FIRST_ROW + self.border.top, first, channels

    @cached_property
    def _prefix(self) -> str:
        """The sheet's name before an address."""
        return f"{quoted(self.name)}!"

    @property
    def greatest(self) -> tuple[int, int]:
        """The cell of a softmax's largest z, the first of the helper cells below the map."""
        return FIRST_ROW + len(self.pixel_rows) + 1, FIRST_COLUMN

    @property
    def total(self) -> tuple[int, int]:
        """The cell of the sum of a softmax's exponentials."""
        return self.greatest[0] + 1, FIRST_COLUMN

    def exponential(self, channel: int, row: int, column: int) -> tuple[int, int]:
        """Return the cell of an exponential of a softmax; they are laid out as the map."""
        return self.greatest[0] + 2 + row, self.cell(channel, row, column)[1]

    def helper(self, place: tuple[int, int]) -> str:
        """Return the address of a helper cell, for formulas of the layer's own sheet."""
        return cell_address(*place)

    def address(self, channel: int, row: int = 0, column: int = 0) -> str:
        """Return the relative address of one activation with the sheet's name: conv1!C5."""
        return self._prefix + relative_address(*self.cell(channel, row, column))

    def of_channel(self, channel: str, row: int, column: int) -> str:
        """Return the activation of the channel, from 0, whose number is in the cell `channel`."""
        if self.shape.channels == 1:
            return self.address(0, row, column)
        return f"INDEX({self.window(row, column, 1, 1)},1,{channel}+1)"

    def arguments(self, at: int = 0) -> Callable[[Unit], str]:
        """Return a function: the address of the number that the layer takes in for a unit.

        `at` says in which of the maps that it reads.
        """
        view = self.layer.reads[at]
        if view.whole is not None and self.sources[view.whole].shape.sides == view.indices.shape:
            return lambda unit: self.sources[view.whole or 0].address(*unit)
        sources, indices = view.sources.tolist(), view.indices.tolist()
        constants = view.constants

        def address(unit: Unit) -> str:
            channel, row, column = unit
            source = sources[channel][row][column]
            if source < 0:
                text = constant(0 if constants is None else constants[unit])
                return f"({text})" if text.startswith("-") else text
            there = self.sources[source]
            return there.address(*there.shape.unit(indices[channel][row][column]))

        return address

    def window(self, row: int, column: int, height: int, width: int) -> str:
        """Return the range of whole pixels, all channels, whose first pixel is (row, column)."""
        first = relative_address(*self.cell(0, row, column))
        end = self.cell(self.shape.channels - 1, row + height - 1, column + width - 1)
        last = relative_address(*end)
        return f"{self._prefix}{first}" if first == last else f"{self._prefix}{first}:{last}"

    def units(self) -> Iterator[Unit]:
        """Yield channel, row and column of every activation, row by row of the sheet."""
        for row in range(self.shape.height):
            for column in range(self.shape.width):
                for channel in range(self.shape.channels):
                    yield channel, row, column


def sheets_of(network: Network) -> dict[str, Sheet]:
    """Return the position of every layer's map by the layer's name, in order."""
    borders = [Border()] * len(network.layers)
    for layer in network.layers:
        if isinstance(layer.base, Convolution):
            source = layer.reads[0].whole
            assert source is not None
            borders[source] = borders[source].around(layer.base.padding)
    found = list[Sheet]()
    for layer, border in zip(network.layers, borders, strict=True):
        numbers = {int(at) for view in layer.reads for at in np.unique(view.sources) if at >= 0}
        found.append(Sheet(layer, border, {at: found[at] for at in sorted(numbers)}))
    return {sheet.name: sheet for sheet in found}


@dataclass(frozen=True)
class InputPlaces:
    """The positions of the input's planes on its sheet; rows and columns count from 0.

    Each plane is an ordinary picture, height × width; the plane of each further channel is
    `step` rows below, in the column beside it where signals are `turned` so that time runs down.
    `pixels` and `drawing` are the first cells of what the network reads and of
    what the user types; `choice` is the cell that chooses a sample, None without samples.
    """

    sheet: str
    pixels: tuple[int, int]
    drawing: tuple[int, int]
    choice: tuple[int, int] | None
    step: int
    turned: bool = False

    def pixel(self, channel: int, row: int, column: int) -> tuple[int, int]:
        """Return the cell that the network reads."""
        return self.beside(self.pixels, (channel, row, column))

    def drawn(self, channel: int, row: int, column: int) -> tuple[int, int]:
        """Return the cell that the user changes."""
        return self.beside(self.drawing, (channel, row, column))

    def beside(self, first: tuple[int, int], unit: tuple[int, ...]) -> tuple[int, int]:
        """Return the cell of a number, of cells laid out alike from a first one on."""
        channel, row, column = unit
        if self.turned:
            return first[0] + column, first[1] + channel
        return first[0] + channel * self.step + row, first[1] + column

    def pixel_address(self, channel: int, row: int, column: int) -> str:
        """Return the relative address of the cell that the network reads: Digit!C5."""
        return f"{quoted(self.sheet)}!{relative_address(*self.pixel(channel, row, column))}"


@dataclass(frozen=True)
class SamplePlaces:
    """The positions on `Samples`: a sample per row, its numbers channel by channel."""

    count: int
    shape: Shape

    @property
    def labels(self) -> str:
        """The range of the classes."""
        return self._range(1)

    @property
    def names(self) -> str:
        """The range of the names."""
        return self._range(2)

    def column(self, channel: int, row: int, column: int) -> str:
        """Return the range of all samples' numbers of one pixel: Samples!$D$4:$D$103."""
        return self._range(FIRST_VALUE + self.shape.index(channel, row, column))

    @property
    def extent(self) -> tuple[int, int]:
        """The number of rows and of columns of the sheet."""
        return FIRST_SAMPLE + self.count, FIRST_VALUE + self.shape.size

    def _range(self, column: int) -> str:
        first, last = FIRST_SAMPLE, FIRST_SAMPLE + self.count - 1
        return f"{SAMPLES}!{cell_address(first, column)}:{cell_address(last, column)}"


def require_extents(extents: Mapping[str, tuple[int, int]]) -> None:
    """Raise InputError, saying by how much, if a sheet would have too many rows or columns.

    `extents` are the numbers of rows and columns by the names of the sheets.
    """
    for name, extent in extents.items():
        limits = (MAXIMUM_ROWS, "rows"), (MAXIMUM_COLUMNS, "columns")
        for count, (most, what) in zip(extent, limits, strict=True):
            if count > most:
                raise InputError(
                    f"the sheet {name} would have {count:,} {what}, {count - most:,} more than "
                    f"the {most:,} that a worksheet holds"
                )


def require_sheets(canvases: Iterable[Canvas]) -> None:
    """Raise InputError, saying by how much, if a sheet or a formula is too large."""
    for canvas in canvases:
        blocks = [(each.row_range.stop, each.column_range.stop) for each in canvas.blocks]
        rows = max([*(row + 1 for row, _ in canvas.cells), *(end for end, _ in blocks)], default=0)
        columns = max([*(at + 1 for _, at in canvas.cells), *(end for _, end in blocks)], default=0)
        require_extents({canvas.name: (rows, columns)})
        for (row, column), cell in canvas.cells.items():
            length = len(cell.formula or "")
            if length > MAXIMUM_FORMULA:
                raise InputError(
                    f"the formula in {canvas.absolute(row, column)} would have {length:,} "
                    f"characters, {length - MAXIMUM_FORMULA:,} more than the "
                    f"{MAXIMUM_FORMULA:,} that a cell holds"
                )
