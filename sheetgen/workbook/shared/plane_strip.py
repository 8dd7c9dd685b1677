"""A network that looks at pictures, drawn in cells: a column of planes for each of its steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sheetgen.formulas import notation
from sheetgen.network.network import Network, activation_name
from sheetgen.network.planes import Convolution, Planes, Windowed
from sheetgen.spreadsheet.address import range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Place, Rule
from sheetgen.spreadsheet.style import HIDDEN, INK, KINDS, Style
from sheetgen.workbook.shared.page import shade_by_sign

WIDTH = 4.7  # characters of a column
LEAST = 3  # columns that a step takes, for its title
SMALL_NUMBERS = Style(size=8, number_format="0.00", align="center")
FRAME: dict[str, object] = {"bold": True, "border": 1, "border_color": INK}
"""How a cell looks that is chosen."""
KEPT: dict[str, object] = {"border": 1, "border_color": KINDS["unit"].strong}
"""How a cell looks that a max pool keeps."""


class Tile(NamedTuple):
    """One plane of a step: its title, and its symbols row by row."""

    title: str
    symbols: tuple[str, ...]
    columns: int
    number_format: str = ""
    is_shaded: bool = True

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.symbols) // self.columns


@dataclass(frozen=True)
class Step:
    """What stands in a column of the strip: its tiles, one below the other, of one kind."""

    title: str
    kind: str
    tiles: tuple[Tile, ...]

    @property
    def columns(self) -> int:
        """How many columns of cells it takes."""
        return max((tile.columns for tile in self.tiles), default=0)

    @property
    def width(self) -> int:
        """How many columns of cells there are to the next step: a gap, and room for its title."""
        return max(self.columns, LEAST) + 1

    @property
    def rows(self) -> int:
        """How many rows of cells it takes, with a title above each tile and a gap below."""
        return sum(tile.rows + 2 for tile in self.tiles)

    def mapped(self, title: str, kind: str, symbol_of: Callable[[str], str]) -> "Step":
        """Return a step of the same shape with other symbols."""
        tiles = (tile._replace(symbols=tuple(map(symbol_of, tile.symbols))) for tile in self.tiles)
        return Step(title, kind, tuple(tiles))


def tiles_of(symbols: Sequence[str], shape: Planes, titles: Sequence[str]) -> tuple[Tile, ...]:
    """Return a tile for each channel of some planes."""
    size = shape.rows * shape.columns
    return tuple(
        Tile(title, tuple(symbols[at * size : (at + 1) * size]), shape.columns)
        for at, title in enumerate(titles)
    )


def input_step(network: Network) -> Step:
    """Return the planes of the inputs."""
    assert network.planes
    titles = map_titles(network.input_names, network.planes)
    return Step("input", "input", tiles_of(network.input_names, network.planes, titles))


def map_titles(units: tuple[str, ...], shape: Planes) -> list[str]:
    """Return what the values of each map are called: h1_1, h1_2, …"""
    return [notation.map_name(units, shape, channel) for channel in range(shape.channels)]


def unit_step(network: Network, layer: int) -> Step:
    """Return the planes of a layer's pre-activations, or of what a pool puts out."""
    chosen, units = network.layers[layer], network.unit_names[layer]
    if isinstance(chosen, Windowed):
        titles = map_titles(units, chosen.shape)
        title = notation.layer_title(network, layer)
        return Step(title, "unit", tiles_of(units, chosen.shape, titles))
    return Step(notation.layer_title(network, layer), "unit", (Tile("", units, 1),))


def activation_step(network: Network, layer: int) -> Step:
    """Return the planes of a layer's activations."""
    step = unit_step(network, layer)
    activation = network.layers[layer].activation
    value = "softmax(z)" if activation.acts_on_layer else activation.notation("z")
    return step.mapped(f"a = {value}", "unit", activation_name)


def kernel_step(network: Network, layer: int) -> Step:
    """Return the kernels of a convolution, the maps' one below the other, and their biases."""
    chosen = network.layers[layer]
    assert isinstance(chosen, Convolution)
    names = [each.name for each in network.weights if each.layer == layer]
    biases = {each.unit: each.name for each in network.biases if each.layer == layer}
    size, channels = chosen.window[0] * chosen.window[1], chosen.planes.channels
    tiles = []
    for number, title in enumerate(kernel_titles(network, layer)):
        at = number * size
        tiles.append(Tile(title, tuple(names[at : at + size]), chosen.window[1]))
        each, channel = divmod(number, channels)
        if channel == channels - 1 and each in biases:
            tiles.append(Tile(biases[each], (biases[each],), 1))
    return Step("kernels", "weight", tuple(tiles))


def kernel_titles(network: Network, layer: int) -> list[str]:
    """Return from which map to which one each kernel of a convolution leads: i1→h1_1, …"""
    chosen = network.layers[layer]
    assert isinstance(chosen, Convolution)
    sources = map_titles(network.source_names[layer], chosen.planes)
    maps = map_titles(network.unit_names[layer], chosen.shape)
    return [f"{source}→{to}" for to in maps for source in sources]


def forward_steps(network: Network) -> list[Step]:
    """Return the strip from the inputs to the outputs, with activations only."""
    steps = [input_step(network)]
    for layer, chosen in enumerate(network.layers):
        if isinstance(chosen, Convolution):
            steps.append(kernel_step(network, layer))
        step = activation_step(network, layer)
        steps.append(Step(unit_step(network, layer).title, "unit", step.tiles))
    return steps


@dataclass
class Strip:
    """Draws steps side by side on a canvas; `cell` gives a symbol's formula and value.

    `places` has the place of every tile by its first symbol, `addresses` the cell of every symbol.
    """

    canvas: Canvas
    cell: Callable[[str], tuple[str, float]]
    style: Style = SMALL_NUMBERS
    places: dict[str, Place] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def step(self, row: int, column: int, step: Step) -> None:
        """Write a step's title into a row, and its tiles below; they share one scale."""
        canvas = self.canvas
        strong = KINDS[step.kind].strong
        title = Style(size=max(9, self.style.size), bold=True, colour=strong)
        canvas.write(row, column, step.title, title)
        row += 1
        ranges = []
        for tile in step.tiles:
            canvas.write(row, column, tile.title, Style(size=self.style.size, colour=strong))
            for at, symbol in enumerate(tile.symbols):
                down, across = divmod(at, tile.columns)
                formula, value = self.cell(symbol)
                place = row + 1 + down, column + across
                shown = tile.number_format or self.style.number_format
                style = replace(self.style, number_format=shown)
                canvas.calculate(*place, formula, value, style)
                self.addresses[symbol] = range_address(*place, *place)
            area = (row + 1, column, row + tile.rows, column + tile.columns - 1)
            self.places[tile.symbols[0]] = area
            if tile.is_shaded:
                ranges.append(area)
            row += tile.rows + 2
        shade_by_sign(self.canvas, ranges)
        if self.style.number_format != HIDDEN:
            for area in ranges:
                fit_small(self.canvas, area)


def fit_small(canvas: Canvas, place: Place) -> None:
    """Show numbers that are large for a narrow column in few characters."""
    cell = relative_address(*place[:2])
    for least, shown in ((10_000, "0E+00"), (100, "0")):
        canvas.rules.append(Rule(place, f"=ABS({cell})>={least}", {"num_format": shown}))
