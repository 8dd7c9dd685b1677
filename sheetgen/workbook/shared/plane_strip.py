"""A network that looks at pictures, drawn in cells: a column of planes for each of its steps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import NamedTuple

from sheetgen.formulas import notation
from sheetgen.network.network import Network, activation_name
from sheetgen.network.planes import Convolution, Planes, Windowed
from sheetgen.spreadsheet.address import range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Place, Rule
from sheetgen.spreadsheet.style import HIDDEN, INK, KINDS, Style
from sheetgen.workbook.shared.page import largest_of, shade_by_sign

MOST_ROWS = 24
"""Rows of cells that a step takes before its planes are put side by side."""
WIDEST = 16  # columns of kernels side by side
OF_TITLE = 6.1  # pixels of a character of a step's title, in bold
INTO_GAP = 0.4  # of a column that such a title may take of the gap behind it
SMALL_NUMBERS = Style(size=8, number_format="0.00", align="center")
FRAME: dict[str, object] = {"bold": True, "border": 1, "border_color": INK}
"""How a cell looks that is chosen."""
KEPT: dict[str, object] = {"border": 1, "border_color": KINDS["unit"].strong}
"""How a cell looks that a max pool keeps."""


class Tile(NamedTuple):
    """One plane of a step: its title, and its symbols row by row; a bias has its name below."""

    title: str
    symbols: tuple[str, ...]
    columns: int
    bias: str = ""

    @property
    def rows(self) -> int:
        """How many rows of cells it takes, with its title and the bias."""
        return 1 + ceil(len(self.symbols) / self.columns) + (self.bias != "")

    @property
    def width(self) -> int:
        """How many columns of cells it takes."""
        return max(self.columns, 2 if self.bias else 1)

    def mapped(self, symbol_of: Callable[[str], str]) -> "Tile":
        """Return a tile of the same shape with other symbols."""
        return self._replace(symbols=tuple(map(symbol_of, self.symbols)))


@dataclass(frozen=True)
class Step:
    """What is in a column of the strip: tiles of one kind, `across` of them side by side.

    Tiles that `touch` have no gap between them, and each has its own scale of colours. `back` is
    what comes back to the step.
    """

    title: str
    kind: str
    tiles: tuple[Tile, ...]
    across: int = 1
    touch: bool = False
    back: "Step | None" = None

    @property
    def lines(self) -> list[tuple[Tile, ...]]:
        """The tiles that are side by side."""
        starts = range(0, len(self.tiles), self.across)
        return [self.tiles[start : start + self.across] for start in starts]

    @property
    def gap(self) -> int:
        """Columns between two tiles."""
        return 0 if self.touch else 1

    def columns(self, pixels: int) -> int:
        """Return how many columns of cells of that width it takes, with its title."""
        widths = (sum(tile.width + self.gap for tile in line) - self.gap for line in self.lines)
        return max(ceil(len(self.title) * OF_TITLE / pixels - INTO_GAP), *widths)

    @property
    def rows(self) -> int:
        """How many rows of cells it takes, with its title, and a row between two lines."""
        return sum(max(tile.rows for tile in line) + 1 for line in self.lines)


def tiles_of(symbols: Sequence[str], shape: Planes, titles: Sequence[str]) -> tuple[Tile, ...]:
    """Return a tile for each channel of some planes."""
    size = shape.rows * shape.columns
    return tuple(
        Tile(title, tuple(symbols[at * size : (at + 1) * size]), shape.columns)
        for at, title in enumerate(titles)
    )


def _step(title: str, kind: str, tiles: tuple[Tile, ...]) -> Step:
    """Return a step whose tiles are as far below each other as it has rows for."""
    lines = max(1, MOST_ROWS // (tiles[0].rows + 1))
    return Step(title, kind, tiles, ceil(len(tiles) / lines))


def input_step(network: Network) -> Step:
    """Return the planes of the inputs."""
    assert network.planes
    titles = map_titles(network.input_names, network.planes)
    return _step("input", "input", tiles_of(network.input_names, network.planes, titles))


def map_titles(units: tuple[str, ...], shape: Planes) -> list[str]:
    """Return what the values of each map are called: h1_1, h1_2, …"""
    return [notation.map_name(units, shape, channel) for channel in range(shape.channels)]


def map_step(network: Network, layer: int) -> Step:
    """Return the planes of a convolution's pre-activations, or of what a pool puts out."""
    chosen, units = network.layers[layer], network.unit_names[layer]
    assert isinstance(chosen, Windowed)
    tiles = tiles_of(units, chosen.shape, map_titles(units, chosen.shape))
    return _step(notation.layer_title(network, layer), "unit", tiles)


def activation_step(network: Network, layer: int) -> Step:
    """Return the planes of a convolution's activations."""
    step, activation = map_step(network, layer), network.layers[layer].activation
    tiles = tuple(tile.mapped(activation_name) for tile in step.tiles)
    return replace(step, title=f"a = {activation.notation('z')}", tiles=tiles)


def dense_step(network: Network, layer: int) -> Step:
    """Return the columns of a fully connected layer: z, a, and of the last one t."""
    units = network.unit_names[layer]
    columns = {"z": units, "a": tuple(map(activation_name, units))}
    is_last = layer == len(network.layers) - 1
    if is_last:
        columns["t"] = network.target_names
    wide = ceil(len(units) / MOST_ROWS)
    tiles = tuple(Tile(title, names, wide) for title, names in columns.items())
    title = "output" if is_last else f"layer {layer + 1}"
    name = network.layers[layer].activation.name
    return Step(f"{title}: {name}", "unit", tiles, len(tiles), touch=True)


def kernel_step(network: Network, layer: int) -> Step:
    """Return the kernels of a convolution, each map's side by side, with the biases."""
    chosen = network.layers[layer]
    assert isinstance(chosen, Convolution)
    names = [each.name for each in network.weights if each.layer == layer]
    biases = {each.unit: each.name for each in network.biases if each.layer == layer}
    size, channels = chosen.window[0] * chosen.window[1], chosen.planes.channels
    tiles = []
    for number, title in enumerate(kernel_titles(network, layer)):
        each, channel = divmod(number, channels)
        bias = biases.get(each, "") if channel == channels - 1 else ""
        kernel = tuple(names[number * size : (number + 1) * size])
        tiles.append(Tile(title, kernel, chosen.window[1], bias))
    step = _step("kernels", "weight", tuple(tiles))
    if channels == 1:
        return step
    fitting = max(1, (WIDEST + 1) // (chosen.window[1] + 1))
    return replace(step, across=channels if channels <= fitting else fitting)


def kernel_titles(network: Network, layer: int) -> list[str]:
    """Return from which map to which one each kernel of a convolution leads: i→h1_1, …"""
    chosen = network.layers[layer]
    assert isinstance(chosen, Convolution)
    sources = map_titles(network.source_names[layer], chosen.planes)
    maps = map_titles(network.unit_names[layer], chosen.shape)
    return [f"{source}→{to}" for to in maps for source in sources]


def forward_groups(network: Network) -> Iterator[list[Step]]:
    """Yield the steps from the inputs to the outputs, with activations only, layer by layer."""
    yield [input_step(network)]
    for layer, chosen in enumerate(network.layers):
        if isinstance(chosen, Convolution):
            step = activation_step(network, layer)
            title = notation.layer_title(network, layer)
            yield [kernel_step(network, layer), replace(step, title=title)]
        elif isinstance(chosen, Windowed):
            yield [map_step(network, layer)]
        else:
            step = dense_step(network, layer)
            yield [replace(step, tiles=(step.tiles[1]._replace(title="a"),))]


def bands(groups: Iterator[list[Step]], pixels: int, most: int) -> list[list[Step]]:
    """Divide the strip into bands of at most so many columns; what is of a layer stays together."""
    found: list[list[Step]] = [[]]
    for group in groups:
        if found[-1] and band_width([*found[-1], *group], pixels) > most:
            found.append([])
        for step in group:
            if found[-1] and band_width([*found[-1], step], pixels) > most:
                found.append([])
            found[-1].append(step)
    return found


def band_width(steps: Sequence[Step], pixels: int) -> int:
    """Return how many columns some steps take side by side, with a gap between two."""
    return sum(step.columns(pixels) + 1 for step in steps) - 1


@dataclass
class Strip:
    """Draws steps side by side on a canvas; `cell` gives a symbol's formula and value.

    `pixels` is the width of its columns. `places` has the place of every tile by its first symbol,
    `addresses` the cell of every symbol.
    """

    canvas: Canvas
    cell: Callable[[str], tuple[str, float]]
    pixels: int
    style: Style = SMALL_NUMBERS
    places: dict[str, Place] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def band(self, row: int, column: int, steps: Sequence[Step], is_back: bool = False) -> int:
        """Draw steps side by side, or what comes back to them; return the last row."""
        last = row
        for step in steps:
            shown = step.back if is_back else step
            if shown:
                last = max(last, self._step(row, column, shown))
            column += step.columns(self.pixels) + 1
        return last

    def _step(self, row: int, column: int, step: Step) -> int:
        """Write a step's title into a row, and its tiles below; return the last row."""
        title = Style(size=9, bold=True, colour=KINDS[step.kind].strong)
        self.canvas.write(row, column, step.title, title)
        row += 1
        ranges = []
        for line in step.lines:
            at = column
            for tile in line:
                ranges.append(self._tile(row, at, tile, step.kind))
                at += tile.width + step.gap
            row += max(tile.rows for tile in line) + 1
        for together in [[each] for each in ranges] if step.touch else [ranges]:
            self._shade([place for places in together for place in places])
        return row - 2

    def _tile(self, row: int, column: int, tile: Tile, kind: str) -> list[Place]:
        """Write a tile and its bias; return their places."""
        name = Style(size=8, colour=KINDS[kind].strong)
        self.canvas.write(row, column, tile.title, name)
        for at, symbol in enumerate(tile.symbols):
            down, across = divmod(at, tile.columns)
            self._number(row + 1 + down, column + across, symbol)
        bottom = row + ceil(len(tile.symbols) / tile.columns)
        places = [(row + 1, column, bottom, column + tile.columns - 1)]
        if tile.bias:
            self.canvas.write(bottom + 1, column, tile.bias.removeprefix("∂E/∂"), name)
            self._number(bottom + 1, column + 1, tile.bias)
            places.append((bottom + 1, column + 1, bottom + 1, column + 1))
        self.places[tile.symbols[0]] = places[0]
        return places

    def _number(self, row: int, column: int, symbol: str) -> None:
        formula, value = self.cell(symbol)
        self.canvas.calculate(row, column, formula, value, self.style)
        self.addresses[symbol] = range_address(row, column, row, column)

    def _shade(self, places: list[Place]) -> None:
        shade_by_sign(self.canvas, places)
        if self.style.number_format != HIDDEN:
            fit_small(self.canvas, places)


def fit_small(canvas: Canvas, places: Sequence[Place]) -> None:
    """Show numbers of a narrow column in few characters, of ranges that are shaded on one scale.

    Small numbers have an exponent if they have a colour: none that is not white is shown as 0.00.
    """
    largest = largest_of(places)
    for place in places:
        size = f"ABS({relative_address(*place[:2])})"
        is_coloured = f"AND({size}<0.005,{size}>={largest}*{COLOURED},{size}>0)"
        for condition, shown in (
            (f"{size}>=1000", "0E-0"),
            (f"{size}>=100", "0"),
            (f"{size}>=10", "0.0"),
            (is_coloured, "0E-0"),
        ):
            canvas.rules.append(Rule(place, f"={condition}", {"num_format": shown}))


COLOURED = 0.05
"""The share of the largest number from which on a shade is seen."""
