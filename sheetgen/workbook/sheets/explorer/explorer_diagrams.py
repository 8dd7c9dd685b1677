"""The two diagrams of `Explorer`: forward with values, and below it the gradient flowing back."""

from dataclasses import dataclass, replace

from sheetgen.network.network import Network, activation_name
from sheetgen.spreadsheet.canvas import Series
from sheetgen.spreadsheet.style import LABEL, LINE, MUTED
from sheetgen.workbook.shared.diagram import LINE_BREAK, Pen
from sheetgen.workbook.shared.diagram_layout import (
    BIAS_PIXELS,
    Node,
    Plane,
    is_drawn,
    label_places,
    nodes_of,
    too_many,
)
from sheetgen.workbook.shared.live_text import Words, joined, literal, significant
from sheetgen.workbook.sheets.explorer.chosen_weight import Choice
from sheetgen.workbook.sheets.explorer.connection_lines import (
    FALLS,
    MEDIUM,
    RISES,
    THICK,
    WIDTHS,
    ConnectionLines,
)
from sheetgen.workbook.sheets.explorer.moment_values import Values

MOST_CONNECTIONS = 100  # more would take too many cells, and be a tangle
MOST_SERIES = 250  # a chart takes 255
LEAST_HEIGHT = 330  # pixels
LEGEND_PIXELS = 34  # of height, at the bottom
LABEL_DIGITS, LABEL_DECIMALS = 3, 7
ERROR_AT = 0.42  # to the right of an output, as wide as a layer


def why_not(network: Network) -> str:
    """Say why there are no diagrams; return nothing if there are."""
    if not is_drawn(network):
        return too_many(network)
    if len(network.connections) > MOST_CONNECTIONS:
        return f"not drawn here: over {MOST_CONNECTIONS} weights"
    units = sum(layer.units for layer in network.layers)
    labels = len(labels_of(network))
    series = 15 + labels + network.inputs + 2 * units + 2 * network.outputs + len(network.biases)
    return "not drawn here: too many units" if series > MOST_SERIES else ""


def labels_of(network: Network) -> dict[str, tuple[float, float]]:
    """Return the places of the weights' labels, clear of the units' labels if there is room."""
    plane, beside = plane_of(network), []
    for node in nodes_of(network).values():
        if node.kind == "unit":
            beside += [(node.x, node.y + plane.beside), (node.x, node.y - plane.beside)]
    return label_places(network, plane, beside) or label_places(network, plane)


def plane_of(network: Network) -> Plane:
    """Return the plane of both diagrams."""
    return Plane.of(network, lines=1, least=LEAST_HEIGHT)


@dataclass
class Diagrams:
    """Draws both."""

    values: Values
    choice: Choice

    def __post_init__(self) -> None:
        values = self.values
        self.network = values.network
        self.plane = plane_of(self.network)
        self.nodes = nodes_of(self.network)
        self.labels = labels_of(self.network)
        self.lines = ConnectionLines(values, self.choice, self.plane)
        self.lines.draw()
        shown = {symbol: values.instant[symbol] for symbol in values.cells}
        corner = self.choice.block("The labels of the diagrams", 6)
        row, column = corner.row + 1, corner.column
        behind, cells = corner.canvas, values.cells
        self.pen = Pen(behind, self.network, cells, shown, self.plane, row, column, False)
        self.frame = self.lines.draw_frame(row, column + 1)
        behind.write(row, column, "frame: x, and y below", LABEL)
        self.pen.row += 2

    @property
    def shows_widths(self) -> bool:
        """Whether there is room to say what the widths of the lines mean."""
        return self.plane.width >= LEGEND_WIDTH

    def forward(self, at: tuple[int, int]) -> None:
        """Draw inputs, weights, pre-activations, activations, targets and errors."""
        pen, network = self.pen, self.network
        series = [self.frame, self.lines.all()]
        for edge in network.connections if self.labels else ():
            series.append(pen.label(pen.live(edge.name), *self.labels[edge.name]))
        series += [pen.node(node) for node in self.nodes.values()]
        for unit in (unit for units in network.unit_names for unit in units):
            node = self.nodes[activation_name(unit)]
            series.append(pen.label(pen.live(unit), node.x, node.y + self.plane.beside))
        series += [pen.bias(bias, self.nodes) for bias in network.biases]
        series += [self._error(output) for output in range(network.outputs)]
        top = self.plane.half_height - self.plane.up(BIAS_PIXELS)
        right = len(network.layers) + ERROR_AT
        series.append(pen.label(pen.live("E_total"), right, top, label_size=10))
        title = "The network with all values of the chosen moment"
        self.pen.chart(self.values.canvas, at, series, title)

    def _error(self, output: int) -> Series:
        network, pen = self.network, self.pen
        node = self.nodes[activation_name(network.unit_names[-1][output])]
        target = pen.live(network.target_names[output])
        words = joined(target, LINE_BREAK, pen.live(network.error_names[output]))
        return pen.label(words, node.x + ERROR_AT, node.y, label_size=10)

    def backward(self, at: tuple[int, int]) -> None:
        """Draw the gradient of every weight, bias and pre-activation."""
        pen, network = self.pen, self.network
        series = [self.frame, *self.lines.by_kind()]
        for edge in network.connections if self.labels else ():
            words = self._gradient(edge.name, f"{edge.name}: ")
            series.append(pen.label(words, *self.labels[edge.name]))
        series += [self._node(node) for node in self.nodes.values()]
        for bias in network.biases:
            if bias.is_trained:
                words = self._gradient(bias.name, f"{bias.name}: ")
                series.append(pen.bias(bias, self.nodes, words))
        for unit in network.unit_names[-1]:
            activated = activation_name(unit)
            if activated in self.values.gradients:
                node = self.nodes[activated]
                words = self._gradient(activated, f"∂E/∂{activated}", LINE_BREAK)
                series.append(pen.label(words, node.x + ERROR_AT, node.y, label_size=10))
        series += self._legend()
        title = "The gradient flowing back at the chosen moment"
        self.pen.chart(self.values.canvas, at, series, title, LEGEND_PIXELS)

    def _gradient(self, symbol: str, *before: Words | str) -> Words:
        value, cell = self.values.instant.gradients[symbol], self.values.gradients[symbol]
        return joined(*before, significant(cell, value, LABEL_DIGITS, LABEL_DECIMALS))

    def _node(self, node: Node) -> Series:
        if node.kind == "input":
            return self.pen.node(node)
        unit = node.symbol.removeprefix("a_")
        words = self._gradient(unit, f"∂E/∂{unit}", LINE_BREAK)
        return self.pen.node(replace(node, kind="gradient"), words)

    def _legend(self) -> list[Series]:
        """Write below the diagram what the colours and widths mean."""
        plane, series = self.plane, []
        y = -plane.half_height - plane.up(LEGEND_PIXELS / 2)
        entries = (*COLOURS, *LINE_WIDTHS) if self.shows_widths else COLOURS
        for pixels, colour, width, text in entries:
            start, end = (plane.left + plane.across * (pixels + more) for more in (0, SAMPLE))
            self.pen.write(literal(text))
            series.append(self.pen.series((start, end), (y, y), colour, width))
            self.pen.write(literal(text))
            series.append(self.pen.series((end,), (y,), label="right", label_size=9))
        return series


COLOURS = (
    (20, FALLS, 2.5, "∂E/∂w > 0: w falls"),
    (180, RISES, 2.5, "∂E/∂w < 0: w rises"),
    (340, LINE, 1.0, "= 0"),
)
LINE_WIDTHS = (
    (450, MUTED, WIDTHS[3], f"{THICK:.0%} or more"),
    (580, MUTED, WIDTHS[2], f"{MEDIUM:.0%} or more"),
    (700, MUTED, WIDTHS[1], "less"),
)
"""Each legend entry's place in pixels, its line's colour and width, and its text."""
LEGEND_WIDTH, SAMPLE = 800, 26  # pixels: of all entries, of an entry's line
