"""The positions on the sheet `Activation`: the pictures, the squares, the lines of numbers."""

from dataclasses import dataclass

from cnn.export.sheets.one_activation import Chosen
from cnn.export.sheets.products_places import Products
from sheetgen.spreadsheet.canvas import Canvas, Place

KEYS = ("layer", "channel", "row", "column", "source")
"""The keys of the cells to choose in, in the order of `Pick`."""
LABELS = ("layer", "channel", "row", "column", "input channel")
LEFT = 1
CHOICE_ROW = 3
SENTENCE_ROW = 6
TILE_ROW = CHOICE_ROW + 1
"""The first row of the window and the kernel, beside the cells to choose in."""
SCREEN = 1316  # pixels of the whole sheet's width
SMALLEST, LARGEST = 5, 20  # pixels of a cell of a picture
LEAST = 215  # pixels of its width, for the texts above it
WIDTHS = {3: 40, 5: 36, 7: 34}  # pixels of a column of numbers, for tiles of up to as many columns
SIGN_PIXELS = 20  # of the columns between tiles
LINE_PIXELS, LEAST_LINE = 20, 16
"""The height of a line above the pictures, and beside them at least."""
SMALLEST_TILE = 3  # columns, so that there is room for the steps below
HEADINGS = 3  # rows above a picture: its name, a note, and the ground
TEXT_COLUMNS, NUMBER_COLUMNS = 5, 3
MARGIN, GAP, CHANNEL_PIXELS, SUM_PIXELS = 19, 12, 56, 72
LAYER_PIXELS, COUNT_PIXELS = 100, 76
"""Of the cell to choose the layer in, and of each of the others."""


@dataclass(frozen=True)
class Page:
    """The sheet while it is drawn: what is chosen, and the numbers behind it."""

    canvas: Canvas
    chosen: Chosen
    products: Products

    @property
    def picture(self) -> tuple[int, int]:
        """Height and width of both pictures, in cells."""
        return self.products.picture

    @property
    def pixels(self) -> int:
        """The side of a picture's cell."""
        numbers = 3 * self.tile * self.number_pixels + 2 * SIGN_PIXELS
        room = SCREEN - MARGIN - 3 * GAP - numbers - CHANNEL_PIXELS - SUM_PIXELS
        return max(SMALLEST, min(LARGEST, room // 2 // (max(self.picture) + 2)))

    @property
    def top(self) -> int:
        """The first row of the pictures, whose ground is a cell larger on all sides.

        It is below the tiles: LibreOffice shades only the first row of a line of several rows.
        """
        return max(SENTENCE_ROW + HEADINGS, TILE_ROW + self.tile_rows) + 1

    @property
    def headings(self) -> int:
        """The row of the pictures' names."""
        return self.top - HEADINGS

    @property
    def ground(self) -> int:
        """Columns of a picture with the ground that it lies on.

        There is room for the texts above it, and above both pictures for the cells to choose in.
        """
        choices = self.choice(len(KEYS)) - LEFT - 1
        return max(self.picture[1] + 2, -(-LEAST // self.pixels), choices // 2)

    def choice(self, number: int) -> int:
        """Return the first column of a cell to choose in, by its place."""
        first = -(-LAYER_PIXELS // self.pixels) + 1
        rest = -(-COUNT_PIXELS // self.pixels) + 1
        return LEFT + (first + (number - 1) * rest if number else 0)

    @property
    def inputs(self) -> Place:
        """The picture of what the layer looks at."""
        return self._picture(LEFT)

    @property
    def outputs(self) -> Place:
        """The picture of the layer's own map."""
        return self._picture(LEFT + self.ground + 1)

    def _picture(self, left: int) -> Place:
        height, width = self.picture
        return self.top, left + 1, self.top + height - 1, left + width

    @property
    def panel(self) -> int:
        """The first column of numbers."""
        return LEFT + 2 * (self.ground + 1)

    @property
    def tile(self) -> int:
        """Columns of the window, of the kernel, and of the products."""
        return max(SMALLEST_TILE, self.products.window[1], self.products.kernel[1])

    @property
    def tile_rows(self) -> int:
        """Rows of the window, of the kernel, and of the products."""
        return max(self.products.window[0], self.products.kernel[0])

    @property
    def panel_columns(self) -> int:
        """The number of columns of numbers."""
        return 3 * self.tile + 2

    @property
    def number_pixels(self) -> int:
        """The width of one of them that is not between tiles."""
        return next(pixels for columns, pixels in WIDTHS.items() if self.tile <= columns)

    def block(self, which: int) -> int:
        """Return the first column of the window, of the kernel or of the products."""
        return self.panel + which * (self.tile + 1)

    @property
    def sums(self) -> int:
        """The column of the channels, left of those of their sums."""
        return self.panel + self.panel_columns + 1

    def area(self, which: int) -> Place:
        """Return the cells of the window, of the kernel or of the products."""
        height, width = self.products.kernel if which else self.products.window
        left = self.block(which)
        return TILE_ROW, left, TILE_ROW + height - 1, left + width - 1

    @property
    def rows(self) -> int:
        """Rows of the sheet for a line of numbers."""
        return -(-LEAST_LINE // self.pixels)

    def line(self, number: int) -> int:
        """Return the first row of a line of numbers: beside pictures a line is several rows."""
        above = self.top - 1 - TILE_ROW
        return TILE_ROW + number if number < above else self.top - 1 + (number - above) * self.rows

    def label(self, line: int, column: int, columns: int) -> tuple[int, int]:
        """Return the place of a text that runs on over some columns of a line."""
        is_high = self.line(line + 1) - self.line(line) > 1
        return self.span(line, column, columns) if is_high else (self.line(line), column)

    def span(self, line: int, column: int, columns: int = 1) -> tuple[int, int]:
        """Make one cell of those of a line; return its place."""
        row, rows = self.line(line), self.line(line + 1) - self.line(line)
        if rows > 1 or columns > 1:
            last = row + rows - 1, column + columns - 1
            self.canvas.merges.append((row, column, *last))
        return row, column
