"""The chosen weight of `Explorer`: what it is and what belongs to it, in cells behind the sheet.

The layers are few, so that what differs from layer to layer has one cell each, of which the one
of the chosen weight's layer is taken.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sheetgen.formulas import notation
from sheetgen.network.network import Bias, Network, Parameter, activation_name
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.style import LABEL, header
from sheetgen.workbook.shared.live_text import Words, factor, filled, joined, only_if, significant
from sheetgen.workbook.sheets.explorer.moment_values import RATE, Instant, Values

ONE = "1"
"""Stands for what a bias multiplies."""
NO_LAYER = "-"
SLOPE = "∂a/∂z"


@dataclass(frozen=True)
class Fact:
    """A cell and the number that it must hold."""

    cell: str
    number: float

    @property
    def words(self) -> Words:
        """The number with four significant digits."""
        return significant(self.cell, self.number)

    @property
    def factor(self) -> Words:
        """The number as it stands in a product."""
        return factor(self.cell, self.number, self.words)


@dataclass
class Choice:
    """Writes the cells; `row` and `column` are those of the first header, `at` of the drop-down."""

    canvas: Canvas
    values: Values
    at: tuple[int, int]
    row: int
    column: int
    numbers: dict[str, Fact] = field(default_factory=dict)
    names: dict[str, Words] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        """The network."""
        return self.values.network

    @property
    def instant(self) -> Instant:
        """The reference's account of the moment."""
        return self.values.instant

    @property
    def name(self) -> Words:
        """The chosen weight's or bias's name."""
        return Words(cell_address(*self.at), self.values.plan.controls.explorer_weight)

    @cached_property
    def place(self) -> int:
        """Its place among the parameters."""
        return [each.name for each in self.network.parameters].index(str(self.name.text))

    @property
    def parameter(self) -> Parameter:
        """The chosen weight or bias."""
        return self.network.parameters[self.place]

    @property
    def last_row(self) -> int:
        """The last row of the list of parameters."""
        return self.row + len(self.network.parameters)

    def range(self, offset: int) -> str:
        """Return a column of the list of parameters, by its place."""
        column = self.column + offset
        return f"{cell_address(self.row + 1, column)}:{cell_address(self.last_row, column)}"

    @property
    def options(self) -> str:
        """The range of the parameters' names."""
        return self.range(0)

    def ask(self) -> None:
        """Write the drop-down, and the list behind it."""
        names = [each.name for each in self.network.parameters]
        self.canvas.choose(
            *self.at, "explorer_weight", str(self.name.text), names, source=self.options
        )
        for offset, text in enumerate(("name", "into", "from", "layer", "unit")):
            self.canvas.write(self.row, self.column + offset, text, header("helper"))
        for row, each in enumerate(self.network.parameters, start=self.row + 1):
            source = ONE if isinstance(each, Bias) else each.source
            cells: tuple[Value, ...] = (
                each.name,
                each.target,
                source,
                each.layer + 1,
                each.unit + 1,
            )
            for column, value in enumerate(cells, start=self.column):
                self.canvas.write(row, column, value, LABEL)

    def draw(self, row: int, column: int) -> None:
        """Write what the choice comes to, in a column of names and one of values."""
        self.canvas.write(row, column, "the chosen weight", header("helper"))
        self._next = row + 1, column
        self._layers(row, column + 3)
        self._what()
        self._numbers()

    def number(self, name: str, expression: str, value: float) -> Fact:
        """Write a number, and remember it by its name."""
        cell = self._write(name, expression, value)
        self.numbers[name] = Fact(cell, value)
        return self.numbers[name]

    def text(self, name: str, words: Words) -> Words:
        """Write a text, and remember it by its name."""
        cell = self._write(name, words.expression, words.text)
        self.names[name] = Words(cell, words.text)
        return self.names[name]

    def _write(self, name: str, expression: str, value: Value) -> str:
        row, column = self._next
        self._next = row + 1, column
        self.canvas.write(row, column, name, LABEL)
        return self.put(row, column + 1, expression, value)

    def put(self, row: int, column: int, expression: str, value: Value) -> str:
        """Write a cell behind the sheet and return its address."""
        self.canvas.calculate(row, column, f"={expression}", value, LABEL)
        return cell_address(row, column)

    def _layers(self, row: int, column: int) -> None:
        """Write a row for each layer: what the layer behind it is."""
        network = self.network
        titles = ("layer", "units", "units behind", "are called", "weights before theirs")
        for offset, title in enumerate(titles):
            self.canvas.write(row, column + offset, title, header("helper"))
        weights = 0
        for layer, units in enumerate(network.unit_names):
            weights += len(units) * network.layers[layer].fan_in
            behind = network.unit_names[layer + 1] if layer + 1 < len(network.layers) else ()
            called = behind[0][:-1] if behind else NO_LAYER
            cells: tuple[Value, ...] = (layer + 1, len(units), len(behind), called, weights)
            for offset, value in enumerate(cells):
                self.canvas.write(row + 1 + layer, column + offset, value, LABEL)
        self._table = row + 1, column

    def _of_layer(self, offset: int) -> str:
        row, column = self._table[0], self._table[1] + offset
        last = row + len(self.network.layers) - 1
        cells = f"{cell_address(row, column)}:{cell_address(last, column)}"
        return f"INDEX({cells},{self.numbers['layer'].cell})"

    def _what(self) -> None:
        parameter = self.parameter
        # ironcalc finds nothing by MATCH in a range of one cell.
        several = len(self.network.parameters) > 1
        match = f"MATCH({self.name.expression},{self.options},0)" if several else "1"
        place = self.number("place", match, self.place + 1).cell
        source = ONE if isinstance(parameter, Bias) else parameter.source
        into = self.text("into", Words(f"INDEX({self.range(1)},{place})", parameter.target))
        self.text("from", Words(f"INDEX({self.range(2)},{place})", source))
        self.number("layer", f"INDEX({self.range(3)},{place})", parameter.layer + 1)
        self.number("unit", f"INDEX({self.range(4)},{place})", parameter.unit + 1)
        self.text("activation", joined("a_", into))
        units = self.network.unit_names
        behind = units[parameter.layer + 1] if not self.is_output else ()
        self.number("units", self._of_layer(1), len(units[parameter.layer]))
        self.number("behind", self._of_layer(2), len(behind))
        self.text("called", Words(self._of_layer(3), behind[0][:-1] if behind else NO_LAYER))
        layers = self.network.layers[: parameter.layer + 1]
        before = sum(layer.units * layer.fan_in for layer in layers)
        self.number("weights before", self._of_layer(4), before)

    def _numbers(self) -> None:
        network, parameter, instant = self.network, self.parameter, self.instant
        lookup = self.values.lookup
        into, source = self.names["into"].expression, self.names["from"].expression
        self.number("w", lookup(self.name.expression), instant[parameter.name])
        x = 1.0 if isinstance(parameter, Bias) else instant[parameter.source]
        self.number("x", f'IF({source}="{ONE}",1,{lookup(source)})', x)
        self.number("z", lookup(into), instant[parameter.target])
        activated = self.names["activation"].expression
        self.number("a", lookup(activated), instant[activation_name(parameter.target)])
        target = lookup(f'"t"&{self.numbers["unit"].cell}')
        value = instant[network.target_names[parameter.unit]] if self.is_output else 0.0
        self.number("t", f"IF({self.of_output},{target},0)", value)
        self.number("η", self.values.cells[RATE], instant[RATE])

    @property
    def is_output(self) -> bool:
        """Whether the chosen weight belongs to the output layer."""
        return self.parameter.layer == len(self.network.layers) - 1

    @property
    def of_output(self) -> str:
        """The condition that it does."""
        return f"{self.numbers['layer'].cell}={len(self.network.layers)}"

    @property
    def has_slope(self) -> bool:
        """Whether the chosen weight's unit has a ∂a/∂z of its own."""
        return notation.has_slope(self.network, self.parameter.layer)

    @property
    def of_slope(self) -> str:
        """The condition that it does."""
        count = len(self.network.layers)
        sign = ">" if notation.has_slope(self.network, count - 1) else "<"
        return f"{self.numbers['layer'].cell}{sign}{0 if sign == '>' else count}"

    def draw_slope(self) -> None:
        """Write ∂a/∂z of the chosen unit: its value, and it in symbols and in numbers.

        Each layer has cells of its own, which are empty while another layer's weight is chosen.
        """
        layers = [
            self._slope_of(layer)
            for layer in range(len(self.network.layers))
            if notation.has_slope(self.network, layer)
        ]
        if not layers:
            return
        values, symbols, numbers = zip(*layers, strict=True)
        total = "+".join(fact.cell for fact in values)
        self.number(SLOPE, total, sum(fact.number for fact in values))
        self.text(f"{SLOPE} in symbols", joined(*symbols))
        self.text(f"{SLOPE} in numbers", joined(*numbers))

    def _slope_of(self, layer: int) -> tuple[Fact, Words, Words]:
        activation = self.network.layers[layer].activation
        is_chosen = layer == self.parameter.layer
        here = f"{self.numbers['layer'].cell}={layer + 1}"
        z, a = self.numbers["z"], self.numbers["a"]
        value = 0.0
        if is_chosen:
            with np.errstate(over="ignore", invalid="ignore"):
                value = activation.slope(np.array([z.number]), np.array([a.number]))[0].item()
        template = activation.slope_notation("{z}", "{a}")
        symbols = filled(template, z=self.names["into"], a=self.names["activation"])
        # In σ′(z) the number stands in parentheses already.
        z_words = z.words if template.endswith("({z})") else z.factor
        numbers = filled(template, z=z_words, a=a.factor)
        title = f"{SLOPE}, layer {layer + 1}"
        formula = activation.slope_formula(z.cell, a.cell)
        return (
            self.number(title, f"IF({here},{formula},0)", value),
            self.text(f"{title} in symbols", only_if(here, is_chosen, symbols)),
            self.text(f"{title} in numbers", only_if(here, is_chosen, numbers)),
        )
