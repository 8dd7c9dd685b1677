"""The network's diagram: a scatter chart whose labels are the names of its series.

A series' name that is taken from a cell is followed by every spreadsheet program; text boxes
linked to cells and data labels taken from cells are not followed by LibreOffice. So every label
is a series of one point: its name is the text, its point is the place.
"""

from dataclasses import dataclass

from sheetgen import notation
from sheetgen.canvas import Canvas, Chart, Series
from sheetgen.network import Connection, Network, activation_name
from sheetgen.sheets.plan import Plan, significant
from sheetgen.style import INK, KINDS, LABEL, NOTE, SECTION, header

MAXIMUM_SERIES = 250  # a chart takes 255
MAXIMUM_LABELLED_EDGES = 40  # more labels would cover each other
WIDTH, HEIGHT = 820, 430
LABEL_AT = 0.27  # how far along its edge a weight's label stands: before the edges cross


@dataclass(frozen=True)
class _Node:
    name: str
    kind: str
    x: float
    y: float
    value: str  # address of the value that stands below the node
    shown: float
    symbol: str


def is_drawn(network: Network) -> bool:
    """Tell whether the network is small enough to be drawn."""
    nodes = network.inputs + sum(layer.units for layer in network.layers)
    return 2 * nodes + 2 * len(network.connections) + 2 * network.outputs <= MAXIMUM_SERIES


def draw(
    canvas: Canvas, plan: Plan, cells: dict[str, str], at: tuple[int, int], behind: int
) -> None:
    """Draw the diagram at a cell; `behind` is the first row of the cells that it shows.

    `cells` gives the address of every input, weight and activation at iteration 0.
    """
    pen = _Pen(canvas, plan, cells, behind + 2)
    canvas.write(behind, 1, "Cells behind the diagram", SECTION)
    for column, text in enumerate(("label", "x", "", "y", ""), start=2):
        canvas.write(behind + 1, column, text, header("helper"))
    nodes = {node.symbol: node for node in _nodes(plan, cells)}
    labelled = len(plan.network.connections) <= MAXIMUM_LABELLED_EDGES
    lines = [pen.edge(edge, nodes) for edge in plan.network.connections]
    labels = [pen.weight(edge, nodes) for edge in plan.network.connections if labelled]
    circles = [series for node in nodes.values() for series in pen.node(node)]
    targets = [pen.target(output, nodes) for output in range(plan.network.outputs)]
    heights = [abs(node.y) for node in nodes.values()]
    edge = max(heights) + 0.45
    canvas.charts.append(
        Chart(
            row=at[0],
            column=at[1],
            width=WIDTH,
            height=HEIGHT,
            series=(*lines, *labels, *circles, *targets),
            description="The network with its weights and activations at iteration 0",
            legend="",
            bare=True,
            limits=(-0.35, len(plan.network.layers) + 0.75, -edge - 0.1, edge),
        )
    )


def _nodes(plan: Plan, cells: dict[str, str]) -> list[_Node]:
    network = plan.network
    nodes = []
    for place, (name, value) in enumerate(
        zip(network.input_names, plan.template.sample, strict=True)
    ):
        y = _height(place, network.inputs)
        nodes.append(_Node(name, "input", 0, y, cells[name], value, name))
    for layer, units in enumerate(network.unit_names):
        for place, unit in enumerate(units):
            symbol = activation_name(unit)
            value = float(plan.start.activations[layer][place])
            y = _height(place, len(units))
            nodes.append(_Node(unit, "unit", layer + 1, y, cells[symbol], value, symbol))
    return nodes


def _height(place: int, count: int) -> float:
    return (count - 1) / 2 - place


@dataclass
class _Pen:
    """Writes the cells of one series a row and returns the series."""

    canvas: Canvas
    plan: Plan
    cells: dict[str, str]
    row: int

    def edge(self, edge: Connection, nodes: dict[str, _Node]) -> Series:
        start, end = nodes[edge.source], nodes[activation_name(edge.target)]
        self._text(f"{edge.name}: {edge.source} → {edge.target}")
        return self._series((start.x, end.x), (start.y, end.y), colour=KINDS["weight"].strong)

    def weight(self, edge: Connection, nodes: dict[str, _Node]) -> Series:
        start, end = nodes[edge.source], nodes[activation_name(edge.target)]
        x = start.x + LABEL_AT * (end.x - start.x)
        y = start.y + LABEL_AT * (end.y - start.y)
        self._live(edge.name, self.cells[edge.name], self.plan.network.weight(edge))
        return self._series((x,), (y,), label="center", label_size=9)

    def node(self, node: _Node) -> tuple[Series, Series]:
        self._text(node.name)
        palette = KINDS[node.kind]
        circle = self._series(
            (node.x,),
            (node.y,),
            colour=palette.strong,
            marker_size=44,
            marker_fill=palette.tint,
            label="center",
            label_bold=True,
            label_size=12,
        )
        self._live(node.symbol, node.value, node.shown)
        below = self._series((node.x,), (node.y - 0.26,), label="center", label_size=9)
        return circle, below

    def target(self, output: int, nodes: dict[str, _Node]) -> Series:
        network = self.plan.network
        node = nodes[activation_name(network.unit_names[-1][output])]
        name = network.target_names[output]
        self._live(name, self.cells[name], self.plan.template.target[output])
        return self._series((node.x + 0.45,), (node.y,), label="center", label_size=9)

    def _text(self, text: str) -> None:
        self.canvas.write(self.row, 2, text, LABEL)

    def _live(self, symbol: str, address: str, value: float) -> None:
        formula = f'="{symbol} = "&ROUND({address},4)'
        text = f"{symbol} = {significant(value, 4)}"
        self.canvas.calculate(self.row, 2, formula, text, LABEL)

    def _series(
        self, xs: tuple[float, ...], ys: tuple[float, ...], colour: str = INK, **looks: object
    ) -> Series:
        canvas, row = self.canvas, self.row
        for column, values in ((3, xs), (5, ys)):
            for offset, value in enumerate(values):
                canvas.write(row, column + offset, value, LABEL)
        self.row += 1
        return Series(
            x=canvas.range(row, 3, row, 2 + len(xs)),
            y=canvas.range(row, 5, row, 4 + len(ys)),
            name=canvas.absolute(row, 2),
            colour=colour if len(xs) > 1 or "marker_size" in looks else "",
            width=1.5,
            in_legend=False,
            **looks,  # type: ignore[arg-type]
        )


def note(canvas: Canvas, network: Network, row: int, column: int) -> None:
    """Write why there is no diagram."""
    units = ", ".join(
        f"{layer.units} in the {notation.layer_title(network, index)}"
        for index, layer in enumerate(network.layers)
    )
    text = f"{network.inputs} inputs, {units}: too many connections to draw."
    canvas.write(row, column, text, NOTE)


