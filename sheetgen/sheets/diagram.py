"""The network's diagram: a scatter chart whose labels are the names of its series.

A series' name that is taken from a cell is followed by every spreadsheet program; text boxes
linked to cells and data labels taken from cells are not followed by LibreOffice. So every label
is a series of one point: its name is the text, its point is the place.
"""

from dataclasses import dataclass, replace
from math import hypot

from sheetgen import notation
from sheetgen.canvas import Canvas, Chart, Series
from sheetgen.network import Connection, Network, activation_name
from sheetgen.sheets.plan import Plan, rounded_text
from sheetgen.style import KINDS, LABEL, NOTE, SECTION, header

MAXIMUM_SERIES = 250  # a chart takes 255
MAXIMUM_LABELLED_EDGES = 40  # more labels would cover each other
HEIGHT = 430  # pixels
PIXELS_PER_LAYER = 287
PIXELS_PER_UNIT = 90  # of height, at least, so that circles do not touch
CIRCLE = 56  # diameter in points
RADIUS = CIRCLE / 2 * 96 / 72  # pixels
LABEL_AT = 0.3  # how far along its edge a weight's label stands: before the edges cross


@dataclass(frozen=True)
class _Node:
    symbol: str
    kind: str
    x: float
    y: float
    value: float


@dataclass(frozen=True)
class _Plane:
    """The chart's coordinates: x from 0 (inputs) to the output layer, y up; its pixels."""

    left: float
    right: float
    half_height: float
    width: int
    height: int

    @classmethod
    def of(cls, network: Network) -> "_Plane":
        tallest = max(network.inputs, *(layer.units for layer in network.layers))
        half = (tallest - 1) / 2 + 0.6
        height = max(HEIGHT, round(2 * half * PIXELS_PER_UNIT))
        layers = len(network.layers)
        return cls(-0.3, layers + 0.7, half, (layers + 1) * PIXELS_PER_LAYER, height)

    def shortened(self, start: _Node, end: _Node) -> tuple[float, float, float, float]:
        """Return the edge from circle to circle: x from, x to, y from, y to."""
        across, up = end.x - start.x, end.y - start.y
        pixels = hypot(
            across * self.width / (self.right - self.left),
            up * self.height / (2 * self.half_height),
        )
        cut = RADIUS / pixels
        return (
            start.x + cut * across,
            end.x - cut * across,
            start.y + cut * up,
            end.y - cut * up,
        )


def is_drawn(network: Network) -> bool:
    """Tell whether the network is small enough to be drawn."""
    nodes = network.inputs + sum(layer.units for layer in network.layers)
    return nodes + 2 * len(network.connections) + network.outputs <= MAXIMUM_SERIES


def draw(
    canvas: Canvas, plan: Plan, cells: dict[str, str], at: tuple[int, int], behind: int
) -> None:
    """Draw the diagram at a cell; `behind` is the first row of the cells that it shows.

    `cells` gives the address of every input, weight and activation at iteration 0.
    """
    network = plan.network
    pen = _Pen(canvas, plan, cells, _Plane.of(network), behind + 2)
    canvas.write(behind, 1, "Cells behind the diagram", SECTION)
    for column, text in enumerate(("label", "x from", "x to", "y from", "y to"), start=2):
        canvas.write(behind + 1, column, text, header("helper"))
    nodes = {node.symbol: node for node in _nodes(plan)}
    labelled = labels_weights(network)
    series = [pen.edge(edge, nodes) for edge in network.connections]
    series += [pen.weight(edge, nodes) for edge in network.connections if labelled]
    series += [pen.node(node) for node in nodes.values()]
    series += [pen.target(output, nodes) for output in range(network.outputs)]
    plane = pen.plane
    canvas.charts.append(
        Chart(
            row=at[0],
            column=at[1],
            width=plane.width,
            height=plane.height,
            series=tuple(series),
            description="The network with its weights and activations at iteration 0",
            legend="",
            bare=True,
            limits=(plane.left, plane.right, -plane.half_height, plane.half_height),
        )
    )


def labels_weights(network: Network) -> bool:
    """Tell whether the diagram has room for a label on every weight."""
    return len(network.connections) <= MAXIMUM_LABELLED_EDGES


def rows(network: Network) -> int:
    """Return the height of the diagram in rows of a sheet."""
    return _Plane.of(network).height // 20 + 1


def note(canvas: Canvas, network: Network, row: int, column: int) -> None:
    """Write what the network is made of, and why there is no diagram."""
    canvas.write(row, column, "The network", SECTION)
    lines = [f"{network.inputs} inputs"]
    for index, layer in enumerate(network.layers):
        lines.append(f"{layer.units} units in the {notation.layer_title(network, index)}")
    lines.append("too many connections to draw")
    for offset, line in enumerate(lines, start=1):
        canvas.write(row + offset, column, line, NOTE)
    canvas.widths[column] = 34


def _nodes(plan: Plan) -> list[_Node]:
    network = plan.network
    nodes = [
        _Node(name, "input", 0, _height(place, network.inputs), value)
        for place, (name, value) in enumerate(
            zip(network.input_names, plan.template.sample, strict=True)
        )
    ]
    for layer, units in enumerate(network.unit_names):
        for place, unit in enumerate(units):
            value = float(plan.start.activations[layer][place])
            y = _height(place, len(units))
            nodes.append(_Node(activation_name(unit), "unit", layer + 1, y, value))
    return nodes


def _height(place: int, count: int) -> float:
    return (count - 1) / 2 - place


@dataclass
class _Pen:
    """Writes the cells of one series a row and returns the series."""

    canvas: Canvas
    plan: Plan
    cells: dict[str, str]
    plane: _Plane
    row: int

    def edge(self, edge: Connection, nodes: dict[str, _Node]) -> Series:
        x_from, x_to, y_from, y_to = self.plane.shortened(
            nodes[edge.source], nodes[activation_name(edge.target)]
        )
        self.canvas.write(self.row, 2, f"{edge.name}: {edge.source} → {edge.target}", LABEL)
        return self._series((x_from, x_to), (y_from, y_to), colour=KINDS["weight"].strong)

    def weight(self, edge: Connection, nodes: dict[str, _Node]) -> Series:
        start, end = nodes[edge.source], nodes[activation_name(edge.target)]
        x = start.x + LABEL_AT * (end.x - start.x)
        y = start.y + LABEL_AT * (end.y - start.y)
        self._live(edge.name, self.plan.network.weight(edge))
        return self._series((x,), (y,), label="center", label_size=9)

    def node(self, node: _Node) -> Series:
        """Draw a circle with the symbol and, below it, the value."""
        self._live(node.symbol, node.value, "\n")
        palette = KINDS[node.kind]
        return self._series(
            (node.x,),
            (node.y,),
            colour=palette.strong,
            marker_size=CIRCLE,
            marker_fill=palette.tint,
            label="center",
            label_bold=True,
            label_size=10,
        )

    def target(self, output: int, nodes: dict[str, _Node]) -> Series:
        network = self.plan.network
        node = nodes[activation_name(network.unit_names[-1][output])]
        self._live(network.target_names[output], self.plan.template.target[output])
        return self._series((node.x + 0.42,), (node.y,), label="center", label_size=10)

    def _live(self, symbol: str, value: float, sign: str = " = ") -> None:
        joint = sign.replace("\n", '"&CHAR(10)&"')
        formula = f'="{symbol}{joint}"&ROUND({self.cells[symbol]},4)'.replace('&""', "")
        text = f"{symbol}{sign}{rounded_text(value, 4)}"
        self.canvas.calculate(self.row, 2, formula, text, replace(LABEL, wrap=True))
        if "\n" in sign:
            self.canvas.heights[self.row] = 28

    def _series(
        self, xs: tuple[float, ...], ys: tuple[float, ...], colour: str = "", **looks: object
    ) -> Series:
        canvas, row = self.canvas, self.row
        for column, values in ((3, xs), (5, ys)):
            for offset, value in enumerate(values):
                canvas.write(row, column + offset, round(value, 4), PLACE)
        self.row += 1
        return Series(
            x=canvas.range(row, 3, row, 2 + len(xs)),
            y=canvas.range(row, 5, row, 4 + len(ys)),
            name=canvas.absolute(row, 2),
            colour=colour,
            width=1.5,
            in_legend=False,
            **looks,  # type: ignore[arg-type]
        )


PLACE = replace(LABEL, number_format="0.00")
