"""The two diagrams of `Explorer`: forward with values, and below it the gradient flowing back.

A condensed layer shows the unit that the chosen weight leads into or comes from. What belongs to
that unit is looked up by its name, which is in a cell. So is what `Values` does not list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sheetgen.errors import short_names
from sheetgen.formulas import quantities
from sheetgen.network.network import activation_name
from sheetgen.network.parameters import Bias, Connection, Weight
from sheetgen.spreadsheet.address import indexed
from sheetgen.spreadsheet.canvas import Series
from sheetgen.spreadsheet.style import ABOVE, BELOW, GREY
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.alternative_texts import as_built, signs
from sheetgen.workbook.shared.diagram import (
    DOTS,
    FORWARD,
    LINE_BREAK,
    LONGEST_NAME,
    ROOM,
    Pen,
    described,
    dots_at,
    label_of,
    layout_of,
)
from sheetgen.workbook.shared.diagram_layout import CHOSEN_WIDTH, FIRST_UNITS, Layout, Node
from sheetgen.workbook.shared.diagram_lines import (
    FRAME_COLUMNS,
    LINE_COLUMNS,
    NEGATIVE,
    ZERO,
    Frame,
    SignedLines,
)
from sheetgen.workbook.shared.live_text import Fact, Words, joined, literal, only_if, significant
from sheetgen.workbook.sheets.explorer.chosen_weight import Choice
from sheetgen.workbook.sheets.explorer.forward_pass import has_long_names
from sheetgen.workbook.sheets.explorer.moment_values import Values

SIZE = (604, 388)  # pixels, at most, of the network
LOWER, LEAST_TEXT = 350, 8  # of both on a page, unless the texts would be of fewer points then
ROOM_AT = 6  # pixels from the lower left corner
NARROWER = 49  # pixels, where the lines beside it are longer
LABEL_DIGITS, LABEL_DECIMALS, CHOSEN_DECIMALS = 3, 7, 5
BACKWARD = (
    ("∂E/∂w > 0: w falls", ABOVE, 2, ""), ("< 0: w rises", BELOW, 2, NEGATIVE), ("0", GREY, 0, ZERO)
)  # fmt: skip


def layout_at(plan: Plan) -> Layout:
    """Return the geometry of both diagrams, with the weight that is chosen in the plan."""
    chosen = plan.controls.explorer_weight
    parameter = next(each for each in plan.network.parameters if each.name == chosen)
    looked_at = {parameter.layer + 1: parameter.unit}
    if not isinstance(parameter, Bias):
        looked_at[parameter.layer] = parameter.position
    counts = plan.network.inputs, *(layer.units for layer in plan.network.layers)
    inner = {at: unit for at, unit in looked_at.items() if FIRST_UNITS <= unit < counts[at] - 1}
    width, height = SIZE[0] - NARROWER * has_long_names(plan.network), SIZE[1]
    lower = layout_of(plan.network, plan.data, (width, LOWER), inner)
    if lower.too_many or lower.scale.text >= LEAST_TEXT:
        return lower
    return layout_of(plan.network, plan.data, (width, height), inner)


@dataclass
class Followed:
    """The names and numbers of what is drawn, as far as they must be looked up.

    `called` has the names that change with the chosen weight, by what they are at present;
    `numbers` and `gradients` are those of all that is drawn.
    """

    choice: Choice
    layout: Layout
    called: dict[str, Words] = field(default_factory=dict)
    numbers: dict[str, Fact] = field(default_factory=dict)
    gradients: dict[str, Fact] = field(default_factory=dict)
    _units: dict[int, str] = field(default_factory=dict)
    """The address of the number, from 1, of the unit that each condensed layer shows."""

    def __post_init__(self) -> None:
        self.network, self.values = self.choice.network, self.choice.values
        values, instant = self.values, self.values.instant
        self.numbers = {name: Fact(cell, instant[name]) for name, cell in values.cells.items()}
        self.gradients = {
            name: Fact(cell, instant.gradients[name]) for name, cell in values.gradients.items()
        }
        if self.layout.condensed:
            self._corner, self._down = self.choice.block("In condensed layers", 2, 24), 0
            self._follow()

    def _write(self, title: str, expression: str, value: float | str) -> str:
        self._corner.write(self._down, 0, title)
        self._down += 1
        return self._corner.calculate(self._down - 1, 1, expression, value)

    def _follow(self) -> None:
        followed = [node for node in self.layout.nodes.values() if node.follows]
        for node in followed:
            self._units[node.layer] = self._unit(node)
            self._name(node)
            self._dots(node)
        for edge in self.layout.edges:
            self._edge(edge)
        for symbol in self._drawn():
            self._look_up(symbol)
            self._look_up_gradient(symbol)

    def _drawn(self) -> list[str]:
        """Return the symbols of all that is drawn."""
        found, network = [edge.name for edge in self.layout.edges], self.network
        for node in self.layout.nodes.values():
            unit = node.symbol.removeprefix("a_")
            found += [node.symbol] if node.layer == 0 else [node.symbol, unit]
            bias = network.bias_of(unit) if node.layer else None
            found += [bias.name] if bias else []
            if node.layer == len(network.layers):
                found += [network.target_names[node.place], network.error_names[node.place]]
        return found

    def _unit(self, node: Node) -> str:
        """Write the number of the unit that a condensed layer shows."""
        numbers, last = self.choice.numbers, self.layout.counts[node.layer]
        layer, into, source = (numbers[each].cell for each in ("layer", "unit", "source"))
        place = f"IF({layer}={node.layer},{into},IF({layer}={node.layer + 1},{source},0))"
        found = self._write(f"chosen in layer {node.layer}", place, self._chosen(node.layer))
        typical = self.layout.typical(node.layer) + 1
        expression = f"IF(AND({found}>{FIRST_UNITS},{found}<{last}),{found},{typical})"
        return self._write(f"shown in layer {node.layer}", expression, node.place + 1)

    def _chosen(self, layer: int) -> int:
        parameter = self.choice.parameter
        if parameter.layer + 1 == layer:
            return parameter.unit + 1
        if isinstance(parameter, Weight) and parameter.layer == layer:
            return parameter.position + 1
        return 0

    def _dots(self, node: Node) -> None:
        """Write dots above and below a unit that is looked at, where units are left out."""
        number, last = self._units[node.layer], self.layout.counts[node.layer]
        for which, neighbour in enumerate((FIRST_UNITS + 1, last - 1)):
            is_apart = node.place + 1 != neighbour
            text = only_if(f"{number}<>{neighbour}", is_apart, literal(DOTS))
            address = self._write("dots", text.expression, str(text.text))
            self.called[dots_at(node.layer, which)] = Words(address, text.text)

    def _name(self, node: Node) -> None:
        """Write the names of a unit that is looked at, and of what belongs to it."""
        number, unit = self._units[node.layer], node.symbol.removeprefix("a_")
        stem = unit[: -len(str(node.place + 1))]
        symbols = {unit: f'"{stem}"&{number}'}
        if node.layer:
            symbols[node.symbol] = f'"a_{stem}"&{number}'
            symbols |= self._bias(node, unit, number)
        if node.layer == len(self.network.layers):
            names = self.network.target_names, self.network.error_names
            for stem, name in zip("tE", (each[node.place] for each in names), strict=True):
                symbols[name] = f'"{stem}"&{number}'
        for symbol, expression in symbols.items():
            address = self._write("called", expression, symbol)
            self.called[symbol] = Words(address, symbol)
        self._label(node, number)

    def _bias(self, node: Node, unit: str, number: str) -> dict[str, str]:
        bias = self.network.bias_of(unit)
        if not bias:
            return {}
        before = sum(layer.units for layer in self.network.layers[: node.layer - 1] if layer.biases)
        return {bias.name: f'"b"&({before}+{number})'}

    def _label(self, node: Node, number: str) -> None:
        data = self.values.plan.data
        labels = short_names(data.target_labels if node.layer else data.input_labels, LONGEST_NAME)
        if not labels or 0 < node.layer < len(self.network.layers):
            return
        corner = self.choice.block("Names in the data", 1)
        for down, label in enumerate(labels):
            corner.write(down, 0, label)
        expression = indexed(corner.range(0, 0, len(labels) - 1, 0), number)
        address = self._write("named", expression, labels[node.place])
        self.called[label_of(node.symbol)] = Words(address, labels[node.place])

    def _edge(self, edge: Connection) -> None:
        """Write a weight's name, if one of its ends changes."""
        end = self.layout.nodes[activation_name(edge.target)]
        start = self.layout.nodes[edge.source]
        if not (start.follows or end.follows):
            return
        # Weights are numbered layer by layer and unit by unit, over that unit's inputs.
        layers = self.network.layers
        before = sum(layer.units * layer.fan_in for layer in layers[: edge.layer])
        unit, source = (
            self._units[node.layer] if node.follows else f"{node.place + 1}"
            for node in (end, start)
        )
        expression = f'"w"&({before}+({unit}-1)*{layers[edge.layer].fan_in}+{source})'
        self.called[edge.name] = Words(self._write("called", expression, edge.name), edge.name)

    def _name_of(self, symbol: str) -> str:
        return (self.called.get(symbol) or literal(symbol)).expression

    def _look_up(self, symbol: str) -> None:
        if symbol in self.called or symbol not in self.values.cells:
            number = self.values.instant[symbol]
            found = self.values.lookup(self._name_of(symbol))
            self.numbers[symbol] = Fact(self._write("value", found, number), number)

    def _look_up_gradient(self, symbol: str) -> None:
        values = self.values
        if symbol not in values.instant.gradients:
            return
        is_unit = symbol in self.network.positions
        if not values.is_complete and (
            symbol.startswith("a_") or (is_unit and not quantities.uses_delta_columns(self.network))
        ):
            return  # it is neither here nor in the tables
        if symbol in self.called or symbol not in values.gradients:
            number = values.instant.gradients[symbol]
            found = values.lookup_gradient(self._name_of(symbol), is_unit)
            self.gradients[symbol] = Fact(self._write("∂E/∂", found, number), number)


class Diagrams:
    """Draws both."""

    def __init__(self, values: Values, choice: Choice, layout: Layout) -> None:
        """Write where the connections run, and the frame around the chosen one."""
        self.values, self.choice, self.network = values, choice, values.network
        self.layout = layout
        self.followed = Followed(choice, self.layout)
        self.numbers, self.gradients = self.followed.numbers, self.followed.gradients
        corner = choice.block("The labels of the diagrams", 5)
        data, called = values.plan.data, self.followed.called
        self.pen = Pen(corner, self.layout, data, self.numbers, called)
        corner = choice.block("The frame around the chosen weight", FRAME_COLUMNS, 10)
        self.frame = Frame(corner, self._framed(), choice.name)

    def _framed(self) -> Sequence[tuple[Words, tuple[float, ...], tuple[float, float]]]:
        """Return what may be chosen: its name, a line through it, and a place for its label."""
        layout, found = self.layout, []
        for edge in layout.edges:
            # In the corner nothing is hidden by a label that is not needed.
            place = (ROOM_AT, ROOM_AT) if layout.labels.places else layout.chosen_place(edge)
            found.append((self.pen.name(edge.name), layout.ends(edge), place))
        for bias in self._drawn_biases():
            node = layout.nodes[activation_name(bias.target)]
            labelled = layout.below.places.get(bias.target)
            x, y = place = labelled or layout.chosen_bias_place(node)
            ends = x - CHOSEN_WIDTH / 2, x + CHOSEN_WIDTH / 2, y, y
            place = (ROOM_AT, ROOM_AT) if labelled else place
            found.append((self.pen.name(bias.name), ends, place))
        return found

    def _drawn_biases(self) -> list[Bias]:
        nodes = self.layout.nodes
        return [bias for bias in self.network.biases if activation_name(bias.target) in nodes]

    def forward(self, at: tuple[int, int]) -> None:
        """Draw inputs, weights, pre-activations, activations, targets and errors."""
        pen, layout = self.pen, self.layout
        series = [self.frame.line(), *self._signed("w", self.numbers)]
        series += pen.weights() + [pen.node(node) for node in layout.nodes.values()]
        series += pen.pre_activations() + pen.biases() + pen.dots() + pen.names()
        series += pen.targets(with_errors=True)
        w = self.choice.numbers["w"]
        value = _short(w, CHOSEN_DECIMALS)
        series += self._chosen(joined(self.choice.name, " = ", value))
        series += pen.legend(FORWARD)
        what = f"{described(self.network)}, {self._when()}"
        pen.chart(self.values.canvas, at, series, self._told(what, "weights", self.numbers))

    def _when(self) -> str:
        return f"at iteration {self.values.moment.iteration}"

    def _told(self, what: str, names: str, numbers: dict[str, Fact]) -> str:
        drawn = {edge.name: numbers[edge.name].number for edge in self.layout.edges}
        return as_built(what, signs(drawn, names))

    def _signed(self, symbol: str, numbers: dict[str, Fact]) -> list[Series]:
        corner = self.choice.block(f"The lines by {symbol}", LINE_COLUMNS)
        lines = [
            (self.pen.name(edge.name), self.layout.ends(edge), numbers[edge.name])
            for edge in self.layout.edges
        ]
        return SignedLines(corner, symbol, lines).series()

    def _chosen(self, words: Words) -> list[Series]:
        """Return the label of what is chosen, a weight or a bias, if these have none."""
        source, layout = self.choice.numbers["source"], self.layout
        if layout.labels.places and layout.below.places:
            return []
        if layout.below.places:
            words = only_if(f"{source.cell}>0", source.number > 0, words, literal(ROOM))
        elif layout.labels.places:
            words = only_if(f"{source.cell}=0", source.number == 0, words, literal(ROOM))
        return [self.frame.label(self.pen.words(words))]

    def backward(self, at: tuple[int, int]) -> None:
        """Draw the gradient of every weight, bias and pre-activation."""
        pen, layout = self.pen, self.layout
        series = [self.frame.line(), *self._signed("∂E/∂w", self.gradients)]
        for name, place in layout.labels.places.items():
            finest = layout.labels.decimals + 1
            series.append(pen.label(self._gradient(name, ": ", finest), *place))
        series += [self._node(node) for node in layout.nodes.values()]
        for bias in self._drawn_biases():
            if bias.is_trained and bias.target in layout.below.places:
                place, finest = layout.below.places[bias.target], layout.below.decimals + 1
                series.append(pen.label(self._gradient(bias.name, ": ", finest), *place))
        for node in pen.outputs():
            if node.symbol in self.gradients:
                words = joined("∂E/∂", self._gradient(node.symbol, LINE_BREAK))
                series.append(pen.right_of(node, words))
        series += pen.dots() + pen.names()
        gradient = _short(self.choice.numbers["∂E/∂w"], CHOSEN_DECIMALS)
        series += self._chosen(joined(self.choice.name, ": ", gradient))
        series += pen.legend(BACKWARD)
        what = f"The same network with the gradients that flow back, {self._when()}"
        told = self._told(what, "gradients of weights", self.gradients)
        pen.chart(self.values.canvas, at, series, told)

    def _gradient(self, symbol: str, between: Words | str, finest: int = LABEL_DECIMALS) -> Words:
        """Return a symbol and its gradient."""
        return joined(self.pen.name(symbol), between, _short(self.gradients[symbol], finest))

    def _node(self, node: Node) -> Series:
        unit = node.symbol.removeprefix("a_")
        if node.kind == "input" or unit not in self.gradients:
            return self.pen.node(node)
        scale = self.layout.scale
        words = self._gradient(unit, LINE_BREAK, scale.decimals + 1)
        # In a small circle there is room for the unit's name; the title says what it shows.
        if len(unit) <= scale.longest:
            words = joined("∂E/∂", words)
        return self.pen.node(node, words, "gradient")


def _short(number: Fact, finest: int) -> Words:
    """Return a number with the same few digits as any other."""
    return significant(number.cell, number.number, LABEL_DIGITS, finest, with_zeros=True)
