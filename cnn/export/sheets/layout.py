"""Where the activations of each layer stand.

Channels last: pixel column c of channel k is column c·C + k of the map, so that a window of
whole pixels is one contiguous range. Where the next layer pads, the map has a border of cells
that hold 0: LibreOffice takes five times as long for blank ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cnn.export.network.stages import Border, Convolution, Layer, Network, Shape, Softmax
from sheetgen.spreadsheet.address import quoted, range_address, relative_address, without_dollars
from sheetgen.spreadsheet.canvas import Place

FIRST_ROW = 3
"""Above the maps: the title, the pixel column, the channel."""
FIRST_COLUMN = 1
"""Left of the maps: the pixel row."""


@dataclass(frozen=True)
class Sheet:
    """The place of one layer's map on the sheet of its name; rows and columns count from 0.

    A pixel in the border has a row or column below 0, or from the height or width on.
    """

    layer: Layer
    border: Border

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
    def extent(self) -> tuple[int, int]:
        """Number of rows and of columns of the sheet."""
        rows = FIRST_ROW + len(self.pixel_rows)
        if isinstance(self.layer.base, Softmax):
            rows = helpers(self).last_row + 1
        return rows, FIRST_COLUMN + len(self.pixel_columns) * self.shape.channels

    def cell(self, channel: int, row: int, column: int) -> tuple[int, int]:
        """Return row and column on the sheet of one activation."""
        across = (column + self.border.left) * self.shape.channels + channel
        return FIRST_ROW + self.border.top + row, FIRST_COLUMN + across

    def address(self, channel: int, row: int = 0, column: int = 0) -> str:
        """Return the relative address of one activation with the sheet's name: conv1!C5."""
        return f"{quoted(self.name)}!{relative_address(*self.cell(channel, row, column))}"

    def window(self, row: int, column: int, height: int, width: int) -> str:
        """Return the range of whole pixels, all channels, whose first pixel is (row, column)."""
        first = self.cell(0, row, column)
        last = self.cell(self.shape.channels - 1, row + height - 1, column + width - 1)
        return f"{quoted(self.name)}!{without_dollars(range_address(*first, *last))}"

    def units(self) -> Iterator[tuple[int, int, int]]:
        """Yield channel, row and column of every activation, row by row of the sheet."""
        for row in range(self.shape.height):
            for column in range(self.shape.width):
                for channel in range(self.shape.channels):
                    yield channel, row, column


@dataclass(frozen=True)
class Helpers:
    """Where a softmax keeps the largest z, the exponentials, laid out as the map, and their sum."""

    greatest: tuple[int, int]
    total: tuple[int, int]
    exponentials_row: int
    last_row: int


def helpers(sheet: Sheet) -> Helpers:
    """Return the places of a softmax's helper cells, below its map."""
    row = FIRST_ROW + len(sheet.pixel_rows) + 1
    exponentials = row + 2
    return Helpers(
        (row, FIRST_COLUMN),
        (row + 1, FIRST_COLUMN),
        exponentials,
        exponentials + sheet.shape.height - 1,
    )


def sheets_of(network: Network) -> dict[str, Sheet]:
    """Return the place of every layer's map by the layer's name, in order."""
    found = {}
    following = (*network.layers[1:], None)
    for layer, after in zip(network.layers, following, strict=True):
        pads = after is not None and isinstance(after.base, Convolution)
        border = after.base.padding if pads else Border()  # type: ignore[union-attr]
        found[layer.name] = Sheet(layer, border)
    return found
