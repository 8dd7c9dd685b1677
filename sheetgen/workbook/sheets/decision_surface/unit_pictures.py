"""The hidden units over the plane of two inputs: a small picture of each, right of the output's.

They are half as large as the output's, so that two below each other fill its rows: the middle row
has the title of the lower one. Each layer begins a column of its own.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import nan

import numpy as np

from sheetgen.network.activations import Activation, Array
from sheetgen.network.network import Network, activation_name
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import cell_address, relative_address
from sheetgen.spreadsheet.canvas import HeatMap, Rule
from sheetgen.spreadsheet.style import HIGHER, LOWER, MUTED, SECTION, Style
from sheetgen.workbook.shared.grid import COLOURS, PIXELS, Picture, pixels_wide, readable
from sheetgen.workbook.shared.live_text import joined, literal, only_if
from sheetgen.workbook.sheets.decision_surface.unit_grids import UnitGrids

PER_BAND = 4  # columns of pictures, side by side
BELOW = 6  # rows between the output's picture and those in a second band
GAP = 16  # pixels
WIDE = 40  # pixels of a number above a picture
CONSTANT = constant(1e-12)  # a picture is constant if its values differ by less
TITLE = replace(SECTION, size=9)
ENDS = Style(size=8, bold=True, align="right")
NOTHING: dict[str, object] = {"font_color": MUTED, "num_format": "0"}


class UnitPictures:
    """Pictures of all hidden units; `last` is the last row and the last column of any."""

    def __init__(self, main: Picture, units: UnitGrids) -> None:
        """Draw them right of the output's picture and its colour bar."""
        self.main, self.units, self.canvas = main, units, main.canvas
        self.size = main.size // 2
        self._first = main.place[3] + 5
        self.last = main.place[2] + 3, main.place[3] + 3
        network = units.network
        if len(network.layers) > 1:
            self.canvas.column_breaks.append(self._first)  # so that the output is not too small
            self.canvas.write(main.row - 3, self._first, "The hidden units", SECTION)
        for unit, (row, column) in zip(_hidden(network), _places(network), strict=True):
            at = self._row(row), self._first + column * (self.size + 1)
            self._draw(activation_name(unit), Picture(self.canvas, *at, self.size), network, unit)

    def _row(self, row: int) -> int:
        """Return the first row of the pictures that are in a row of them."""
        band, lower = divmod(row, 2)
        return self.main.row + band * (self.main.size + BELOW) + lower * (self.size + 1)

    def _draw(self, name: str, picture: Picture, network: Network, unit: str) -> None:
        canvas, values = self.canvas, self.units.values[name]
        shown = picture.show(self.units.grids[name], values)
        canvas.widths[picture.place[3] + 1] = pixels_wide(GAP)
        self._title(name, picture, shown)
        activation = network.layers[network.positions[unit][0]].activation
        self._shade(picture, activation, shown)
        self.last = max(self.last[0], picture.place[2]), max(self.last[1], picture.place[3] + 1)

    def _title(self, name: str, picture: Picture, shown: Array) -> None:
        """Let the title say if there is nothing to see: a dead unit is white everywhere."""
        row, column = picture.row - 1, picture.column
        spread = f"MAX({picture.range})-MIN({picture.range})<{CONSTANT}"
        is_constant = bool(np.ptp(shown) < float(CONSTANT))
        words = joined(literal(name), only_if(spread, is_constant, literal(": constant")))
        text = words.text if np.isfinite(shown).all() else nan
        self.canvas.calculate(row, column, words.formula, text, TITLE)

    def _shade(self, picture: Picture, activation: Activation, shown: Array) -> None:
        """Colour a picture, and write the numbers of the outer colours above its right end.

        Without limits these are as far from 0 on both sides as the picture is on one, but where
        nothing is below 0, as behind a ReLU, there is 0 in place of the lower one.
        """
        canvas, row, wide = self.canvas, picture.row - 1, -(-WIDE // PIXELS)
        columns = [picture.place[3] + 1 - wide * back for back in (2, 1)]
        for column in columns:
            canvas.merges += [(row, column, row, column + wide - 1)] * (wide > 1)
        styles = [replace(ENDS, colour=colour) for colour in (LOWER, HIGHER)]
        if activation.limits:
            low, middle, high = activation.limits
            for column, end, style in zip(columns, (low, high), styles, strict=True):
                canvas.write(row, column, end, replace(style, number_format="0"))
            canvas.heat_maps.append(HeatMap(picture.place, COLOURS, (low, middle, high)))
            return
        largest = f"MAX(MAX({picture.range}),-MIN({picture.range}))"
        size, least = float(np.abs(shown).max()) or 1.0, float(shown.min())
        ends = [cell_address(row, column) for column in columns]
        formulas = f"=IF(MIN({picture.range})<0,-{ends[1]},0)", f"=IF({largest}>0,{largest},1)"
        values = (-size if least < 0 else 0.0 if np.isfinite(least) else least), size
        for column, formula, value, style in zip(columns, formulas, values, styles, strict=True):
            canvas.calculate(row, column, formula, value, replace(style, number_format="0.00"))
        limits = f"=-{ends[1]}", 0.0, f"={ends[1]}"
        canvas.heat_maps.append(HeatMap(picture.place, COLOURS, limits))
        place = row, columns[0], row, columns[1]
        canvas.rules.append(Rule(place, f"={relative_address(*place[:2])}=0", NOTHING))
        readable(canvas, place, ["0", ends[1]], large=(10_000, "0E+00"))


def _hidden(network: Network) -> Iterator[str]:
    return (unit for units in network.unit_names[:-1] for unit in units)


def _places(network: Network) -> Iterator[tuple[int, int]]:
    """Yield each hidden unit's row and column among the pictures."""
    band, column = 0, 0
    for units in network.unit_names[:-1]:
        for place in range(len(units)):
            if place % 2 == 0 and column == PER_BAND:
                band, column = band + 1, 0
            yield 2 * band + place % 2, column
            if place % 2 == 1 or place == len(units) - 1:
                column += 1
