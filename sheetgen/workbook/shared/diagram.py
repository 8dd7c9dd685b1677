"""The network's diagram: a scatter chart whose labels are the names of its series.

Every spreadsheet program keeps a series' name up to date that is taken from a cell; LibreOffice
does not do so for text boxes and data labels. So every label is a series of one point: its name is
the text, its point is the place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sheetgen.formulas import notation
from sheetgen.network.network import Bias, Connection, Network, activation_name
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import KINDS, LABEL, NOTE, SECTION
from sheetgen.workbook.shared.diagram_layout import Node, Plane, label_places, nodes_of, too_many
from sheetgen.workbook.shared.live_text import Words, decimal, joined
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.workings import Corner


def draw(
    canvas: Canvas,
    at: tuple[int, int],
    network: Network,
    cells: Mapping[str, str],
    values: Mapping[str, float],
    behind: Corner,
) -> None:
    """Draw the diagram at a cell; `behind` has room for the cells that it reads.

    `cells` gives the address of every input, target, weight, bias and activation, `values` their
    values.
    """
    wraps = behind.canvas is canvas
    place = behind.row + 1, behind.column, wraps
    pen = Pen(behind.canvas, network, cells, values, Plane.of(network), *place)
    nodes = nodes_of(network)
    labels = label_places(network)
    if labels:
        series = [pen.edge(edge, nodes) for edge in network.connections]
        series += [pen.label(pen.live(name), *place) for name, place in labels.items()]
    else:
        sources = (name for names in network.source_names for name in names)
        series = [pen.edges(network.out_of(source), nodes) for source in sources]
    series += [pen.node(node) for node in nodes.values()]
    series += [pen.bias(bias, nodes) for bias in network.biases]
    series += [pen.target(output, nodes) for output in range(network.outputs)]
    pen.chart(canvas, at, series, "The network with its weights and activations")


def columns_behind(network: Network) -> int:
    """Return how many columns the cells need that the diagram reads."""
    if label_places(network):
        return 5
    return max(5, 1 + 3 * max(layer.units for layer in network.layers))


def size(network: Network) -> tuple[int, int]:
    """Return the diagram's width and height in pixels."""
    plane = Plane.of(network)
    return plane.width, plane.height


def note(canvas: Canvas, network: Network, row: int, column: int, why: str = "") -> None:
    """Write what the network is made of, and why there is no diagram.

    Without a reason given, it is that the network has too many units or layers.
    """
    canvas.write(row, column, "The network", SECTION)
    lines = [f"{network.inputs} inputs"]
    for index, layer in enumerate(network.layers):
        lines.append(f"{layer.units} units in the {notation.layer_title(network, index)}")
    lines.append(why or too_many(network))
    for offset, line in enumerate(lines, start=1):
        canvas.write(row + offset, column, line, NOTE)
    canvas.widths[column] = 34


@dataclass
class Pen:
    """Writes the cells of one series a row, from `column` on, and returns the series.

    `cells` has the address of every symbol that is shown, `values` the value it must have. The
    headers go into the row above the first.
    """

    canvas: Canvas
    network: Network
    cells: Mapping[str, str]
    values: Mapping[str, float]
    plane: Plane
    row: int
    column: int = 2
    wraps: bool = True
    """Whether the rows are as high as the words in them."""

    def __post_init__(self) -> None:
        titles = ("label", "x from", "x to", "y from", "y to")
        write_headers(self.canvas, self.row - 1, self.column, titles)

    def chart(
        self,
        canvas: Canvas,
        at: tuple[int, int],
        series: Sequence[Series],
        description: str,
        below: int = 0,
    ) -> None:
        """Put the diagram at a cell of a sheet, with `below` pixels of room below the network."""
        plane = self.plane
        bottom = -plane.half_height - plane.up(below)
        canvas.charts.append(
            Chart(
                at,
                (plane.width, plane.height + below),
                tuple(series),
                description,
                legend="",
                bare=True,
                limits=(plane.left, plane.right, bottom, plane.half_height),
            )
        )

    def edge(self, edge: Connection, nodes: dict[str, Node]) -> Series:
        """Draw a line from circle to circle."""
        x_from, x_to, y_from, y_to = self.plane.shortened(
            nodes[edge.source], nodes[activation_name(edge.target)]
        )
        text = f"{edge.name}: {edge.source} → {edge.target}"
        self.canvas.write(self.row, self.column, text, LABEL)
        return self.series((x_from, x_to), (y_from, y_to), colour=KINDS["weight"].strong)

    def edges(self, edges: list[Connection], nodes: dict[str, Node]) -> Series:
        """Draw all connections out of a unit in one line, which returns to the unit after each."""
        xs, ys = [], []
        for edge in edges:
            start, end = nodes[edge.source], nodes[activation_name(edge.target)]
            x_from, x_to, y_from, y_to = self.plane.shortened(start, end)
            xs += [x_from, x_to, x_from]
            ys += [y_from, y_to, y_from]
        self.canvas.write(self.row, self.column, f"{edges[0].source}: x, and y below", LABEL)
        return self._line(xs, ys)

    def node(self, node: Node, words: Words | None = None) -> Series:
        """Draw a circle with the symbol and, below it, the value; or with other words."""
        self.write(words or self.live(node.symbol, "\n"))
        palette = KINDS[node.kind]
        return self.series(
            (node.x,),
            (node.y,),
            colour=palette.strong,
            marker_size=self.plane.scale.circle,
            marker_fill=palette.tint,
            label="center",
            label_bold=True,
            label_size=self.plane.scale.text,
        )

    def bias(self, bias: Bias, nodes: dict[str, Node], words: Words | None = None) -> Series:
        """Write a bias below its unit, or other words."""
        node = nodes[activation_name(bias.target)]
        return self.label(words or self.live(bias.name), node.x, node.y - self.plane.beside)

    def target(self, output: int, nodes: dict[str, Node]) -> Series:
        """Write a target beside its output."""
        node = nodes[activation_name(self.network.unit_names[-1][output])]
        words = self.live(self.network.target_names[output])
        return self.label(words, node.x + 0.42, node.y, label_size=10)

    def live(self, symbol: str, sign: str = " = ") -> Words:
        """Return a symbol and its value to four decimals."""
        number = decimal(self.cells[symbol], self.values[symbol])
        if "\n" not in sign:
            return joined(f"{symbol}{sign}", number)
        return joined(symbol, LINE_BREAK, number)

    def label(self, words: Words, x: float, y: float, label_size: int = 9) -> Series:
        """Write words at a place."""
        self.write(words)
        return self.series((x,), (y,), label="center", label_size=label_size)

    def write(self, words: Words) -> None:
        """Write the words that are the name of the next series."""
        style = replace(LABEL, wrap=self.wraps)
        self.canvas.calculate(self.row, self.column, words.formula, words.text, style)
        if self.wraps and "\n" in str(words.text):
            self.canvas.heights[self.row] = 28

    def _line(self, xs: list[float], ys: list[float]) -> Series:
        """Draw a line of many points, with x in one row and y in the row below."""
        row, first = self.row, self.column + 1
        last = self.column + len(xs)
        for offset, values in enumerate((xs, ys)):
            for column, value in enumerate(values, start=first):
                self.canvas.write(row + offset, column, round(value, 4), PLACE)
        self.row += 2
        return Series(
            x=self.canvas.range(row, first, row, last),
            y=self.canvas.range(row + 1, first, row + 1, last),
            name=self.canvas.absolute(row, self.column),
            colour=KINDS["weight"].strong,
            width=1.0,
            in_legend=False,
        )

    def series(
        self,
        xs: tuple[float, ...],
        ys: tuple[float, ...],
        colour: str = "",
        width: float = 1.5,
        **formatting: object,
    ) -> Series:
        """Write the coordinates of one or two points into the row of the series' name."""
        canvas, row = self.canvas, self.row
        x_column, y_column = self.column + 1, self.column + 3
        for column, values in ((x_column, xs), (y_column, ys)):
            for offset, value in enumerate(values):
                canvas.write(row, column + offset, round(value, 4), PLACE)
        self.row += 1
        return Series(
            x=canvas.range(row, x_column, row, x_column + len(xs) - 1),
            y=canvas.range(row, y_column, row, y_column + len(ys) - 1),
            name=canvas.absolute(row, self.column),
            colour=colour,
            width=width,
            in_legend=False,
            **formatting,  # type: ignore[arg-type]
        )


LINE_BREAK = Words("CHAR(10)", "\n")
PLACE = replace(LABEL, number_format="0.00")
