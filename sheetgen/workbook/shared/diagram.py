"""The network's diagram: a scatter chart whose labels are the names of its series.

Every spreadsheet program keeps a series' name up to date that is taken from a cell; LibreOffice
does not do so for text boxes and data labels. So every label is a series of one point: its name is
the text, its point is the place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sheetgen.errors import short_names
from sheetgen.formulas import notation
from sheetgen.network.data import Data
from sheetgen.network.network import Network
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import ABOVE, BELOW, GREY, KINDS, MUTED, NOTE, SECTION
from sheetgen.workbook.shared.alternative_texts import as_built, signs
from sheetgen.workbook.shared.diagram_layout import Layout, Node
from sheetgen.workbook.shared.diagram_lines import (
    LINE_COLUMNS,
    MEDIUM,
    NEGATIVE,
    PLACE,
    THICK,
    ZERO,
    SignedLines,
    line_widths,
)
from sheetgen.workbook.shared.live_text import Fact, Words, compact, joined, literal
from sheetgen.workbook.shared.workings import Corner

SIZE = (700, 400)  # pixels, at most, on Overview
EDGE, MOST_MARGIN, RIGHT_MARGIN = 12, 103, 108  # pixels beside the inputs and the outputs
PIXELS_OF_CHARACTER = 5.6  # of a label
PIXELS_IN_NAME = 7  # of a character of a name from the data, which may have an m or a w
LONGEST_NAME = 13  # characters of a name from the data
LEGEND_PIXELS, SAMPLE, GAP = 30, 24, 16  # of height; of a line in the legend, and behind a text
THREE_LINES, TWO_LINES = 56, 40  # pixels from output to output, for so much text beside them
DRAWING_COLUMNS = LINE_COLUMNS + 1 + 5


def layout_of(
    network: Network,
    data: Data,
    size: tuple[int, int] = SIZE,
    looked_at: Mapping[int, int] | None = None,
) -> Layout:
    """Return the diagram's geometry, with room for the names of inputs and classes."""
    longest = max(map(len, short_names(data.input_labels, LONGEST_NAME)), default=0)
    left = min(MOST_MARGIN, EDGE + round(longest * PIXELS_IN_NAME))
    return Layout(network, size, (left, RIGHT_MARGIN), looked_at or {})


def label_of(symbol: str) -> str:
    """Return the key of what the data call an input or an output, among what changes its name."""
    return f"label of {symbol}"


def dots_at(layer: int, which: int) -> str:
    """Return the key of a layer's dots, above (0) or below (1), among what changes its name."""
    return f"dots {which} of layer {layer}"


def draw(
    canvas: Canvas,
    at: tuple[int, int],
    network: Network,
    data: Data,
    cells: Mapping[str, str],
    values: Mapping[str, float],
    corner: Corner,
) -> None:
    """Draw the diagram at a cell; it reads DRAWING_COLUMNS columns of cells from a corner on.

    `cells` gives the address of every input, target, weight, bias and activation, `values` their
    values.
    """
    layout = layout_of(network, data)
    numbers = {name: Fact(cells[name], values[name]) for name in values if name in cells}
    lines = [(literal(edge.name), layout.ends(edge), numbers[edge.name]) for edge in layout.edges]
    pen = Pen(corner.beside(LINE_COLUMNS + 1), layout, data, numbers)
    series = SignedLines(corner, "w", lines).series()
    series += pen.weights()
    series += [pen.node(node) for node in layout.nodes.values()]
    series += pen.biases() + pen.dots() + pen.names() + pen.targets(with_errors=False)
    series += pen.legend(FORWARD)
    told = signs({edge.name: values[edge.name] for edge in layout.edges}, "weights")
    pen.chart(canvas, at, series, as_built(described(network), told))


def described(network: Network) -> str:
    """Return what a diagram of the network shows, in words."""
    counts = network.inputs, *(layer.units for layer in network.layers)
    layers = "-".join(map(str, counts))
    return f"Diagram of the {layers} network with its weights and activations"


def size(network: Network, data: Data) -> tuple[int, int]:
    """Return the diagram's width and height in pixels."""
    layout = layout_of(network, data)
    return layout.width, layout.height + LEGEND_PIXELS


def why_not(network: Network, data: Data) -> str:
    """Say why the network is not drawn, or nothing."""
    return layout_of(network, data).too_many


def labels_weights(network: Network, data: Data) -> bool:
    """Tell whether the diagram has a label on every weight."""
    return bool(layout_of(network, data).labels.places)


def note(canvas: Canvas, network: Network, row: int, column: int, why: str) -> None:
    """Write what the network is made of, and why there is no diagram."""
    canvas.write(row, column, "The network", SECTION)
    lines = [f"{network.inputs} inputs"]
    for index, layer in enumerate(network.layers):
        lines.append(f"{layer.units} units in the {notation.layer_title(network, index)}")
    lines.append(why)
    for offset, line in enumerate(lines, start=1):
        canvas.write(row + offset, column, line, NOTE)
    canvas.widths[column] = 34


@dataclass
class Pen:
    """Writes the cells of one series a row, in five columns from a corner on, and returns it.

    `numbers` has every symbol that is shown; `called` the names of those that change with what is
    looked at.
    """

    corner: Corner
    layout: Layout
    data: Data
    numbers: Mapping[str, Fact]
    called: Mapping[str, Words] = field(default_factory=dict)
    down: int = 1

    def __post_init__(self) -> None:
        self.network = self.layout.network
        inputs = () if self.data.standardize else self.network.input_names
        self.given = {*inputs, *self.network.target_names}
        self.corner.headers("label", "x from", "x to", "y from", "y to")

    def chart(
        self, canvas: Canvas, at: tuple[int, int], series: Sequence[Series], description: str
    ) -> None:
        """Put the diagram at a cell of a sheet."""
        layout = self.layout
        canvas.charts.append(
            Chart(
                at,
                (layout.width, layout.height + LEGEND_PIXELS),
                tuple(series),
                description,
                legend="",
                bare=True,
                limits=(0, layout.width, -LEGEND_PIXELS, layout.height),
            )
        )

    def name(self, symbol: str) -> Words:
        """Return a symbol's name."""
        return self.called.get(symbol) or literal(symbol)

    def live(self, symbol: str, sign: str = " = ", digits: int = 4) -> Words:
        """Return a symbol and its value to some decimals, fewer if it is large.

        Inputs and targets have the decimals that they are given with.
        """
        number = self.numbers[symbol]
        between = LINE_BREAK if sign == "\n" else literal(sign)
        is_given = symbol in self.given
        words = compact(number.cell, number.number, digits, with_zeros=not is_given)
        return joined(self.name(symbol), between, words)

    def node(self, node: Node, words: Words | None = None, kind: str = "") -> Series:
        """Draw a circle with the symbol and, below it, the value; or with other words."""
        palette, scale = KINDS[kind or node.kind], self.layout.scale
        return self.series(
            words or self.live(node.symbol, "\n", scale.decimals),
            (node.x,),
            (node.y,),
            colour=palette.strong,
            marker_size=scale.circle,
            marker_fill=palette.tint,
            label="center",
            label_bold=True,
            label_size=scale.text,
        )

    def weights(self) -> list[Series]:
        """Write each weight on its line, where there is room for all of them."""
        texts = self.layout.labels
        return [
            self.label(self.live(name, digits=texts.decimals), *place)
            for name, place in texts.places.items()
        ]

    def biases(self) -> list[Series]:
        """Write each bias below its unit, where there is room for all of them."""
        texts = self.layout.below
        biases = ((self.network.bias_of(unit), place) for unit, place in texts.places.items())
        return [
            self.label(self.live(bias.name, digits=texts.decimals), *place)
            for bias, place in biases
            if bias
        ]

    def pre_activations(self) -> list[Series]:
        """Write each pre-activation above its unit, where there is room for all of them."""
        texts = self.layout.above
        return [
            self.label(self.live(unit, digits=texts.decimals), *place)
            for unit, place in texts.places.items()
        ]

    def dots(self) -> list[Series]:
        """Write dots where units of a condensed layer are left out."""
        return [
            self.label(self.called.get(dots_at(*at)) or literal(DOTS), *place, label_size=14)
            for at, place in self.layout.dots.items()
        ]

    def names(self) -> list[Series]:
        """Write the inputs' names in the data beside them, where they have some."""
        labels = short_names(self.data.input_labels, LONGEST_NAME)
        nodes = [node for node in self.layout.nodes.values() if node.layer == 0 and labels]
        radius = self.layout.scale.radius
        return [
            self.series(
                self._label(node, labels), (node.x - radius,), (node.y,), label="left", label_size=9
            )
            for node in nodes
        ]

    def _label(self, node: Node, labels: Sequence[str]) -> Words:
        """Return what the data call an input or an output."""
        return self.called.get(label_of(node.symbol)) or literal(labels[node.place])

    def outputs(self) -> list[Node]:
        """Return the outputs that are drawn."""
        last = len(self.network.layers)
        return [node for node in self.layout.nodes.values() if node.layer == last]

    def targets(self, with_errors: bool) -> list[Series]:
        """Write each output's class, target and error beside it, as far as there is room."""
        found = []
        labels = short_names(self.data.target_labels, LONGEST_NAME)
        pitch = self.layout.pitch_of(len(self.network.layers))
        for node in self.outputs():
            lines = [self.live(self.network.target_names[node.place])]
            if labels and pitch >= TWO_LINES:
                lines.insert(0, self._label(node, labels))
            if with_errors and pitch >= (THREE_LINES if len(lines) > 1 else TWO_LINES):
                lines.append(self.live(self.network.error_names[node.place]))
            words = lines[0]
            for line in lines[1:]:
                words = joined(words, LINE_BREAK, line)
            found.append(self.right_of(node, words))
        return found

    def right_of(self, node: Node, words: Words) -> Series:
        """Write words to the right of an output."""
        x = node.x + self.layout.scale.radius + RIGHT_MARGIN / 2
        return self.label(words, x, node.y, label_size=9)

    def legend(self, entries: Sequence[tuple[str, str, int, str]]) -> list[Series]:
        """Write below the diagram what the colours, dashes and widths mean."""
        series, x, y = [], float(EDGE), -LEGEND_PIXELS / 2
        widths = line_widths(len(self.layout.edges))
        for text, colour, size, dash in (*entries, *LINE_WIDTHS):
            words, end = literal(text), x + SAMPLE
            how = {"colour": colour, "width": widths[size], "dash": dash}
            line = self.series(words, (x, end), (y, y), **how)
            series.append(line)
            series.append(self.series(words, (end,), (y,), label="right", label_size=9))
            x = end + GAP + PIXELS_OF_CHARACTER * len(text)
        return series

    def label(self, words: Words, x: float, y: float, label_size: int = 9) -> Series:
        """Write words at a place, with room beside them on their white ground."""
        words = joined(ROOM, words, ROOM)
        return self.series(words, (x,), (y,), label="center", label_size=label_size)

    def words(self, words: Words) -> str:
        """Write words into a row of their own; return their address."""
        self.down += 1
        return self.corner.calculate(self.down - 1, 0, words.expression, words.text)

    def series(
        self,
        words: Words,
        xs: tuple[float, ...],
        ys: tuple[float, ...],
        **formatting: object,
    ) -> Series:
        """Write a series' name, and the coordinates of its one or two points."""
        corner, down = self.corner, self.down
        for column, values in ((1, xs), (3, ys)):
            for across, value in enumerate(values, start=column):
                corner.write(down, across, round(value, 1), PLACE)
        return Series(
            x=corner.range(down, 1, down, len(xs)),
            y=corner.range(down, 3, down, 2 + len(ys)),
            name=self.words(words),
            in_legend=False,
            **formatting,  # type: ignore[arg-type]
        )


DOTS = "⋮"
ROOM = "\u00a0"  # a space that no program leaves out at the end of a line
LINE_BREAK = Words("CHAR(10)", "\n")
FORWARD = (("w > 0", ABOVE, 2, ""), ("w < 0", BELOW, 2, NEGATIVE), ("0", GREY, 0, ZERO))
LINE_WIDTHS = (
    (f"≥ {THICK:.0%} of largest", MUTED, 3, ""),
    (f"≥ {MEDIUM:.0%}", MUTED, 2, ""),
    ("less", MUTED, 1, ""),
)
"""Each legend entry's text, and its line's colour, size class and dash."""
