"""A network's units over the plane of its two inputs: a picture for each, layer by layer.

Each picture is a grid of cells, which compute a unit from the pictures of the layer before it, or
in the first layer from the values along the axes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import nan

import numpy as np

from sheetgen.formulas.notation import layer_title
from sheetgen.network.activations import Array
from sheetgen.network.network import Network, activation_name
from sheetgen.spreadsheet.canvas import HeatMap
from sheetgen.spreadsheet.style import SECTION
from sheetgen.workbook.shared.chosen_output import ChosenOutput, softmax_formula
from sheetgen.workbook.shared.grid import Grid, pixels_wide, shading
from sheetgen.workbook.shared.live_text import joined, literal, only_if
from sheetgen.workbook.shared.moment import run

PER_BAND = 4  # pictures side by side, right of the output's
BELOW = 7  # rows from a picture to the next band
CONSTANT = "1E-12"  # a picture is constant if its values differ by less

Point = tuple[int, int]
"""A point of a grid, its places across and up."""


def pictures(network: Network) -> int:
    """Return the number of pictures: the hidden units, what softmax goes through, the output."""
    hidden = sum(layer.units for layer in network.layers[:-1])
    softmax = network.layers[-1].activation.acts_on_layer
    return hidden + (network.outputs + 1 if softmax else 0) + 1


def width(network: Network) -> int:
    """Return the number of pictures side by side."""
    units = [layer.units for layer in network.layers[:-1]]
    if network.layers[-1].activation.acts_on_layer:
        units.append(network.outputs + 1)
    return 1 + min(PER_BAND, max(units, default=0))


@dataclass
class Pictures:
    """The pictures drawn so far, by what they show.

    `main` is the chosen output's; its axes are those of all. `values` (2, size) are what the
    network reads along them.
    """

    chosen: ChosenOutput
    main: Grid
    values: Array
    grids: dict[str, Grid] = field(default_factory=dict)
    bands: int = 0

    def __post_init__(self) -> None:
        self.network = self.chosen.snapshot.network

    @property
    def last_row(self) -> int:
        """The last row of any picture."""
        return max(grid.place[2] for grid in (self.main, *self.grids.values()))

    def draw(self) -> Array:
        """Draw all; return the chosen output (size, size), from the lower left upwards."""
        network, output = self.network, self.chosen.output
        across, up = np.meshgrid(*self.values)
        samples = np.stack([across.ravel(), up.ravel()], axis=1)
        sums, activations = run(network, self.chosen.snapshot.parameters, samples)
        for layer, units in enumerate(network.unit_names[:-1]):
            title, activation = layer_title(network, layer), network.layers[layer].activation
            grids = self._band([(activation_name(unit), title) for unit in units])
            for place, (unit, grid) in enumerate(zip(units, grids, strict=True)):
                shown = partial(self.chosen.snapshot.unit_formula, unit)
                self._fill(grid, shown, activations[layer][:, place])
                grid.canvas.heat_maps.append(shading(grid.place, activation))
        activation = network.layers[-1].activation
        if activation.acts_on_layer:
            self._softmax(sums[-1])
        formula = self._share if activation.acts_on_layer else self.chosen.unit_formula
        values = self._fill(self.main, formula, activations[-1][:, output])
        self.main.canvas.heat_maps.append(shading(self.main.place, activation))
        if limits := activation.limits:
            self.main.outline(f"({{cell}}>={limits[1]:g})")
        return values

    def _band(self, titles: list[tuple[str, str]]) -> list[Grid]:
        """Begin pictures side by side, in as many rows as they need; return them."""
        drawn, main, canvas = [], self.main, self.main.canvas
        for place, (name, title) in enumerate(titles):
            row = main.row + (self.bands + place // PER_BAND) * (main.size + BELOW)
            column = main.column + (1 + place % PER_BAND) * (main.size + 2)
            grid = Grid(canvas, row, column, main.size)
            grid.squares()
            canvas.widths.update(dict.fromkeys((column - 1, column - 2), pixels_wide(16)))
            canvas.write(row - 1, column, f"{name}, {title}", SECTION)
            self.grids[name] = grid
            drawn.append(grid)
        self.bands += -(-len(titles) // PER_BAND)
        return drawn

    def _fill(
        self, grid: Grid, formula: Callable[[Callable[[str], str]], str], values: Array
    ) -> Array:
        plane = values.reshape(grid.size, grid.size)
        grid.fill(lambda across, up: formula(partial(self._source, (across, up))), plane)
        if grid is not self.main:
            self._entitle(grid, plane)
        return plane

    def _entitle(self, grid: Grid, plane: Array) -> None:
        """Let the title say if there is nothing to see: a dead unit is white everywhere."""
        title = literal(str(grid.canvas.cells[grid.row - 1, grid.column].value))
        spread = f"MAX({grid.range})-MIN({grid.range})<{CONSTANT}"
        is_constant = bool(np.ptp(plane) < float(CONSTANT))
        words = joined(title, only_if(spread, is_constant, literal(": the same everywhere")))
        text = words.text if np.isfinite(plane).all() else nan
        grid.canvas.calculate(grid.row - 1, grid.column, words.formula, text, SECTION)

    def _source(self, point: Point, symbol: str) -> str:
        """Return the address of an input or a unit at a point."""
        across, up = point
        if symbol in self.network.input_names:
            first = symbol == self.network.input_names[0]
            return self.main.below(across) if first else self.main.beside(up)
        return self.grids[symbol].address(across, up)

    def _softmax(self, sums: Array) -> None:
        """Draw the weighted sums of the outputs, and that of the chosen one again."""
        units = self.network.unit_names[-1]
        titles = [(unit, "before softmax") for unit in units]
        *grids, mine = self._band([*titles, (CHOSEN, "before softmax")])
        for place, (unit, grid) in enumerate(zip(units, grids, strict=True)):
            self._fill(grid, partial(self.chosen.snapshot.sum_formula, unit), sums[:, place])
        self._fill(mine, self.chosen.unit_formula, sums[:, self.chosen.output])
        mine.canvas.heat_maps += [HeatMap(grid.place) for grid in (*grids, mine)]

    def _share(self, source: Callable[[str], str]) -> str:
        every = [source(unit) for unit in self.network.unit_names[-1]]
        return softmax_formula(source(CHOSEN), every)


CHOSEN = "the chosen output"
