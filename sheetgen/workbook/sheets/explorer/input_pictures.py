"""Pictures on `Explorer` where the inputs are the pixels of an image, as [data] image says.

One is the sample at the chosen moment, in the data's own units; the others are the weights of the
first layer, a picture for each unit: what it looks for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sheetgen.spreadsheet.address import range_address
from sheetgen.spreadsheet.canvas import HeatMap
from sheetgen.spreadsheet.style import (
    DIVERGING,
    HIDDEN,
    INK,
    KINDS,
    LABEL,
    LINE,
    SECTION,
    WHITE,
    Style,
)
from sheetgen.workbook.shared.grid import pixels_wide
from sheetgen.workbook.shared.sources import InputColumn, Sources
from sheetgen.workbook.sheets.explorer.moment_values import Values

MOST_CELLS = 640  # of the weights' pictures; one unit has a picture in any case
MOST_ACROSS = 11  # cells, of pictures side by side
PIXEL = 20  # of the screen, along the side of a cell
LIMIT_CELLS = 3  # wide, of a number of the colour bar
PIXEL_STYLE = Style(size=8, number_format=HIDDEN, border=LINE)


@dataclass
class InputPictures:
    """Draws them downwards from a cell; `row` is then the row behind them."""

    values: Values
    sources: Sources
    row: int
    column: int

    def __post_init__(self) -> None:
        self.canvas, self.plan = self.values.canvas, self.values.plan
        self.network = self.plan.network
        assert self.plan.data.image
        self.height, self.width = self.plan.data.image

    @property
    def across(self) -> int:
        """The number of pictures side by side."""
        return max(1, (MOST_ACROSS + 1) // (self.width + 1))

    @property
    def last_column(self) -> int:
        """The last column that they use."""
        units = min(self.across, len(self._shown))
        return self.column + max(units * (self.width + 1) - 1, 3 * LIMIT_CELLS) - 1

    @property
    def _shown(self) -> tuple[str, ...]:
        """The units whose weights are drawn."""
        most = max(1, MOST_CELLS // self.network.inputs)
        return self.network.unit_names[0][:most]

    def draw(self) -> None:
        """Draw the sample and, below it, the weights."""
        for column in range(self.column, self.last_column + 1):
            self.canvas.widths[column] = pixels_wide(PIXEL)
        self._title("The sample")
        place = self._picture(self.row, self.column, list(self._sample()))
        self.canvas.heat_maps.append(HeatMap(place, (WHITE, INK)))
        self.row += self.height + 1
        self._title("The first weights")
        bar = self.row
        self.row += 2
        places = list(self._weights())
        limits = self._bar(bar, places)
        self.canvas.heat_maps += [HeatMap(place, DIVERGING, limits) for place in places]

    def _title(self, text: str) -> None:
        self.canvas.write(self.row, self.column, text, SECTION)
        self.row += 1

    def _sample(self) -> Iterator[tuple[str, float]]:
        """Yield the formula and the value of each pixel, from left to right and top to bottom."""
        values, data = self.values, self.plan.data
        sample = int(values.instant["sample"]) - 1
        for place in range(self.network.inputs):
            column = InputColumn(self.plan, self.sources, place)
            formula = f"={column.range}"
            if data.samples > 1:
                formula = f"=INDEX({column.range},{values.cells['sample']})"
            yield formula, data.inputs[sample][place]

    def _weights(self) -> Iterator[tuple[int, int, int, int]]:
        """Draw each unit's weights; yield their places."""
        name = Style(size=9, bold=True, colour=KINDS["unit"].strong)
        across, first = self.across, self.row
        for at, unit in enumerate(self._shown):
            row = first + at // across * (self.height + 2)
            column = self.column + at % across * (self.width + 1)
            self.canvas.write(row, column, unit, name)
            edges = [edge.name for edge in self.network.into(unit)]
            pixels = [(self._weight(edge), self.values.instant[edge]) for edge in edges]
            yield self._picture(row + 1, column, pixels)
            self.row = row + self.height + 2
        if left := len(self.network.unit_names[0]) - len(self._shown):
            self.canvas.write(self.row, self.column, f"and {left} more units", LABEL)
            self.row += 1

    def _weight(self, name: str) -> str:
        """Return the formula of a weight's value."""
        cell = self.values.cells.get(name)
        return f"={cell}" if cell else self.values.moment.formula(name)

    def _picture(
        self, row: int, column: int, pixels: list[tuple[str, float]]
    ) -> tuple[int, int, int, int]:
        for place, (formula, value) in enumerate(pixels):
            down, right = divmod(place, self.width)
            self.canvas.calculate(row + down, column + right, formula, value, PIXEL_STYLE)
        return row, column, row + self.height - 1, column + self.width - 1

    def _bar(self, row: int, places: list[tuple[int, int, int, int]]) -> tuple[str, str, str]:
        """Write the numbers of blue, white and orange; return their addresses."""
        ranges = [range_address(*place) for place in places]
        largest = ",".join(f"MAX({each}),-MIN({each})" for each in ranges)
        weights = [edge.name for unit in self._shown for edge in self.network.into(unit)]
        most = max(abs(self.values.instant[name]) for name in weights)
        cells = []
        entries = zip((-1, 0, 1), DIVERGING, strict=True)
        for place, (sign, colour) in enumerate(entries):
            column = self.column + LIMIT_CELLS * place
            style = Style(size=9, fill=colour, align="center", number_format="0.00", border=LINE)
            for at in range(column, column + LIMIT_CELLS):
                self.canvas.write(row, at, "", style)
            self.canvas.merges.append((row, column, row, column + LIMIT_CELLS - 1))
            formula = f"={'-' * (sign < 0)}MAX({largest})" if sign else "=0"
            self.canvas.calculate(row, column, formula, sign * most, style)
            cells.append(range_address(row, column, row, column))
        return cells[0], cells[1], cells[2]
