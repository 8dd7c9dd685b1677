"""The network's diagram: a scatter chart whose labels are the names of its series.

A series' name that is taken from a cell is followed by every spreadsheet program; text boxes
linked to cells and data labels taken from cells are not followed by LibreOffice. So every label
is a series of one point: its name is the text, its point is the place.
"""

from dataclasses import dataclass, replace

from sheetgen import notation
from sheetgen.canvas import Canvas, Chart, Series
from sheetgen.network import Bias, Connection, Network, activation_name
from sheetgen.sheets.diagram_layout import (
    BIAS_PIXELS,
    Node,
    Plane,
    height_of,
    label_places,
    too_many,
)
from sheetgen.sheets.plan import Plan, rounded_text
from sheetgen.style import KINDS, LABEL, NOTE, SECTION, header


def draw(
    canvas: Canvas, plan: Plan, cells: dict[str, str], at: tuple[int, int], behind: int
) -> None:
    """Draw the diagram at a cell; `behind` is the first row of the cells that it shows.

    `cells` gives the address of every input, target, weight, bias and activation at iteration 0.
    """
    network = plan.network
    pen = _Pen(canvas, plan, cells, Plane.of(network), behind + 2)
    canvas.write(behind, 1, "Cells behind the diagram", SECTION)
    for column, text in enumerate(("label", "x from", "x to", "y from", "y to"), start=2):
        canvas.write(behind + 1, column, text, header("helper"))
    nodes = {node.symbol: node for node in _nodes(plan)}
    labels = label_places(network)
    if labels:
        series = [pen.edge(edge, nodes) for edge in network.connections]
        series += [pen.weight(edge, *labels[edge.name]) for edge in network.connections]
    else:
        sources = (name for names in network.source_names for name in names)
        series = [pen.edges(network.out_of(source), nodes) for source in sources]
    series += [pen.node(node) for node in nodes.values()]
    series += [pen.bias(bias, nodes) for bias in network.biases]
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


def size(network: Network) -> tuple[int, int]:
    """Return the diagram's width and height in pixels."""
    plane = Plane.of(network)
    return plane.width, plane.height


def note(canvas: Canvas, network: Network, row: int, column: int) -> None:
    """Write what the network is made of, and why there is no diagram."""
    canvas.write(row, column, "The network", SECTION)
    lines = [f"{network.inputs} inputs"]
    for index, layer in enumerate(network.layers):
        lines.append(f"{layer.units} units in the {notation.layer_title(network, index)}")
    lines.append(too_many(network))
    for offset, line in enumerate(lines, start=1):
        canvas.write(row + offset, column, line, NOTE)
    canvas.widths[column] = 34


def _nodes(plan: Plan) -> list[Node]:
    network = plan.network
    nodes = [
        Node(name, "input", 0, height_of(place, network.inputs), value)
        for place, (name, value) in enumerate(
            zip(network.input_names, plan.sample.tolist(), strict=True)
        )
    ]
    for layer, units in enumerate(network.unit_names):
        for place, unit in enumerate(units):
            value = float(plan.start.activations[layer][place])
            y = height_of(place, len(units))
            nodes.append(Node(activation_name(unit), "unit", layer + 1, y, value))
    return nodes


@dataclass
class _Pen:
    """Writes the cells of one series a row and returns the series."""

    canvas: Canvas
    plan: Plan
    cells: dict[str, str]
    plane: Plane
    row: int

    def edge(self, edge: Connection, nodes: dict[str, Node]) -> Series:
        x_from, x_to, y_from, y_to = self.plane.shortened(
            nodes[edge.source], nodes[activation_name(edge.target)]
        )
        self.canvas.write(self.row, 2, f"{edge.name}: {edge.source} → {edge.target}", LABEL)
        return self._series((x_from, x_to), (y_from, y_to), colour=KINDS["weight"].strong)

    def edges(self, edges: list[Connection], nodes: dict[str, Node]) -> Series:
        """Draw all that goes out of a unit in one line, which comes back after each."""
        xs, ys = [], []
        for edge in edges:
            start, end = nodes[edge.source], nodes[activation_name(edge.target)]
            x_from, x_to, y_from, y_to = self.plane.shortened(start, end)
            xs += [x_from, x_to, x_from]
            ys += [y_from, y_to, y_from]
        self.canvas.write(self.row, 2, f"{edges[0].source}: x, and y below", LABEL)
        return self._line(xs, ys)

    def weight(self, edge: Connection, x: float, y: float) -> Series:
        self._live(edge.name, self.plan.value(edge))
        return self._series((x,), (y,), label="center", label_size=9)

    def node(self, node: Node) -> Series:
        """Draw a circle with the symbol and, below it, the value."""
        self._live(node.symbol, node.value, "\n")
        palette = KINDS[node.kind]
        return self._series(
            (node.x,),
            (node.y,),
            colour=palette.strong,
            marker_size=self.plane.scale.circle,
            marker_fill=palette.tint,
            label="center",
            label_bold=True,
            label_size=self.plane.scale.text,
        )

    def bias(self, bias: Bias, nodes: dict[str, Node]) -> Series:
        """Write a bias below its unit."""
        node, plane = nodes[activation_name(bias.target)], self.plane
        down = (plane.scale.radius + BIAS_PIXELS / 2) * 2 * plane.half_height / plane.height
        self._live(bias.name, self.plan.value(bias))
        return self._series((node.x,), (node.y - down,), label="center", label_size=9)

    def target(self, output: int, nodes: dict[str, Node]) -> Series:
        network = self.plan.network
        node = nodes[activation_name(network.unit_names[-1][output])]
        self._live(network.target_names[output], self.plan.target[output])
        return self._series((node.x + 0.42,), (node.y,), label="center", label_size=10)

    def _live(self, symbol: str, value: float, sign: str = " = ") -> None:
        joint = sign.replace("\n", '"&CHAR(10)&"')
        formula = f'="{symbol}{joint}"&ROUND({self.cells[symbol]},4)'.replace('&""', "")
        text = f"{symbol}{sign}{rounded_text(value, 4)}"
        self.canvas.calculate(self.row, 2, formula, text, replace(LABEL, wrap=True))
        if "\n" in sign:
            self.canvas.heights[self.row] = 28

    def _line(self, xs: list[float], ys: list[float]) -> Series:
        """Draw a line of many points, the x of which stand above the y."""
        row, last = self.row, 2 + len(xs)
        for offset, values in enumerate((xs, ys)):
            for column, value in enumerate(values, start=3):
                self.canvas.write(row + offset, column, round(value, 4), PLACE)
        self.row += 2
        return Series(
            x=self.canvas.range(row, 3, row, last),
            y=self.canvas.range(row + 1, 3, row + 1, last),
            name=self.canvas.absolute(row, 2),
            colour=KINDS["weight"].strong,
            width=1.0,
            in_legend=False,
        )

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
