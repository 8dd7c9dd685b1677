"""The chosen weight of `Explorer`: its name, layer, unit and numbers, in cells of `Workings`.

What differs from layer to layer has one cell for each layer, and formulas take that of the chosen
weight's layer.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sheetgen.formulas import notation
from sheetgen.network.activation import Activation
from sheetgen.network.network import activation_name
from sheetgen.network.parameters import Bias
from sheetgen.spreadsheet.address import indexed
from sheetgen.spreadsheet.canvas import Value
from sheetgen.workbook.shared.live_text import Fact, Words, filled, joined, only_if
from sheetgen.workbook.shared.workings import Corner, Workings
from sheetgen.workbook.sheets.explorer.moment_values import RATE, Values

ONE = "1"
"""What a bias multiplies, in place of a name."""
NO_LAYER = "-"
SLOPE = "∂a/∂z"
MOST_LAYERS = 20
"""With more, formulas tell kinds of layers apart: they would be too long with a part for each."""
OPTIONS = "explorer_weights"
"""The defined name of the list of weights and biases, for the drop-down."""

Case = tuple[tuple[str, bool], int]
"""The expression of a condition, whether that holds now, and a layer for which it does."""


@dataclass
class Choice:
    """Writes the cells; `at` is the cell of the drop-down.

    `parameter` is the chosen weight or bias, `name` its name, `place` its place among all;
    `is_output` tells whether it belongs to the output layer, `has_slope` whether its unit has a
    ∂a/∂z of its own.
    """

    values: Values
    at: tuple[int, int]
    workings: Workings
    numbers: dict[str, Fact] = field(default_factory=dict)
    names: dict[str, Words] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.canvas, self.network = self.values.canvas, self.values.network
        self.instant = self.values.instant
        self.options = [each.name for each in self.network.parameters]
        chosen = self.values.plan.controls.explorer_weight
        self.place = self.options.index(chosen)
        self.parameter = self.network.parameters[self.place]
        self.name = Words(self.canvas.absolute(*self.at), chosen)
        self.is_output = self.parameter.layer == len(self.network.layers) - 1
        self.has_slope = notation.has_slope(self.network, self.parameter.layer)

    def block(self, title: str, columns: int, width: float = 14) -> Corner:
        """Return a new block of the workings."""
        return self.workings.block(self.canvas.name, title, columns, width)

    def ask(self) -> None:
        """Write the drop-down, and the list that it offers."""
        chosen = self.parameter.name
        self.canvas.choose(*self.at, "explorer_weight", chosen, self.options, source=OPTIONS)
        rows = [
            (
                each.name,
                each.target,
                ONE if isinstance(each, Bias) else each.source,
                each.layer + 1,
                each.unit + 1,
                0 if isinstance(each, Bias) else each.position + 1,
            )
            for each in self.network.parameters
        ]
        titles = ("name", "into", "from", "layer", "unit", "source")
        self._list = self._listed("Weights and biases", titles, rows)
        self.workings.canvas.names[OPTIONS] = self._list[0]

    def _listed(
        self, title: str, titles: tuple[str, ...], rows: Sequence[tuple[Value, ...]]
    ) -> list[str]:
        """Write a table into a new block; return the address of each of its columns."""
        corner = self.block(title, len(titles))
        corner.headers(*titles)
        for down, cells in enumerate(rows, start=1):
            for across, value in enumerate(cells):
                corner.write(down, across, value)
        return [corner.range(1, at, len(rows), at) for at in range(len(titles))]

    def draw(self) -> None:
        """Write all about the chosen weight, in a column of names and one of values."""
        self._layers()
        self._corner, self._down = self.block("The chosen weight", 2, 24), 0
        self._what()
        self._numbers()

    def number(self, name: str, expression: str, value: float) -> Fact:
        """Write a number, and remember it by its name."""
        self.numbers[name] = Fact(self._write(name, expression, value), value)
        return self.numbers[name]

    def text(self, name: str, words: Words) -> Words:
        """Write a text, and remember it by its name."""
        self.names[name] = Words(self._write(name, words.expression, words.text), words.text)
        return self.names[name]

    def _write(self, name: str, expression: str, value: Value) -> str:
        self._corner.write(self._down, 0, name)
        address = self._corner.calculate(self._down, 1, expression, value)
        self._down += 1
        return address

    def _layers(self) -> None:
        """Write a row for each layer, with what is needed of the next layer."""
        rows, weights, units = [], 0, self.network.unit_names
        for layer, (names, behind) in enumerate(zip(units, (*units[1:], ()), strict=True)):
            weights += len(names) * self.network.layers[layer].fan_in
            called = behind[0][:-1] if behind else NO_LAYER
            rows.append((layer + 1, len(names), len(behind), called, weights))
        titles = ("layer", "units", "units behind", "are called", "weights before theirs")
        self._table, self._of_each_layer = self._listed("The layers", titles, rows), rows

    def _of_layer(self, column: int) -> str:
        return indexed(self._table[column], self.numbers["layer"].cell)

    def kinds(self, title: str, keys: Sequence[Hashable]) -> list[Case]:
        """Return the cases that formulas must tell apart: each layer, or layers of equal keys.

        The keys are those of all layers; where they name the cases, a column numbers them.
        """
        place, layer = self.parameter.layer, self.numbers["layer"].cell
        if len(keys) <= MOST_LAYERS:
            return [((f"{layer}={each + 1}", each == place), each) for each in range(len(keys))]
        found = list(dict.fromkeys(keys))
        numbers = [found.index(key) + 1 for key in keys]
        (cells,) = self._listed(title.capitalize(), (title,), [(number,) for number in numbers])
        kind = self.number(title, indexed(cells, layer), numbers[place]).cell
        return [
            ((f"{kind}={number}", number == numbers[place]), keys.index(key))
            for number, key in enumerate(found, start=1)
        ]

    def _what(self) -> None:
        parameter = self.parameter
        # ironcalc finds nothing by MATCH in a range of one cell.
        match = f"MATCH({self.name.expression},{self._list[0]},0)"
        place = self.number("place", match if len(self.options) > 1 else "1", self.place + 1).cell
        source = ONE if isinstance(parameter, Bias) else parameter.source
        into = self.text("into", Words(indexed(self._list[1], place), parameter.target))
        self.text("from", Words(indexed(self._list[2], place), source))
        self.number("layer", indexed(self._list[3], place), parameter.layer + 1)
        self.number("unit", indexed(self._list[4], place), parameter.unit + 1)
        position = 0 if isinstance(parameter, Bias) else parameter.position + 1
        self.number("source", indexed(self._list[5], place), position)
        self.text("activation", joined("a_", into))
        _, units, behind, called, weights = self._of_each_layer[parameter.layer]
        self.number("units", self._of_layer(1), units)
        self.number("behind", self._of_layer(2), behind)
        self.text("called", Words(self._of_layer(3), called))
        self.number("weights before", self._of_layer(4), weights)

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
    def of_output(self) -> str:
        """The condition that the chosen weight belongs to the output layer."""
        return f"{self.numbers['layer'].cell}={len(self.network.layers)}"

    @property
    def of_slope(self) -> str:
        """The condition that the chosen weight's unit has a ∂a/∂z of its own."""
        count = len(self.network.layers)
        sign = ">0" if notation.has_slope(self.network, count - 1) else f"<{count}"
        return f"{self.numbers['layer'].cell}{sign}"

    def draw_slope(self) -> None:
        """Write ∂a/∂z of the chosen unit: its value, and its equation in symbols and in numbers.

        Each case has its own cells, which are empty while a weight of another case is chosen.
        """
        having = [notation.has_slope(self.network, at) for at in range(len(self.network.layers))]
        if not any(having):
            return
        keys = [
            _written(layer.activation) if has_slope else None
            for layer, has_slope in zip(self.network.layers, having, strict=True)
        ]
        cases = [each for each in self.kinds(f"kind of {SLOPE}", keys) if having[each[1]]]
        slopes = (self._slope_of(*condition, layer) for condition, layer in cases)
        values, symbols, numbers = zip(*slopes, strict=True)
        total = "+".join(fact.cell for fact in values)
        self.number(SLOPE, total, sum(fact.number for fact in values))
        self.text(f"{SLOPE} in symbols", joined(*symbols))
        self.text(f"{SLOPE} in numbers", joined(*numbers))

    def _slope_of(self, here: str, is_chosen: bool, layer: int) -> tuple[Fact, Words, Words]:
        activation = self.network.layers[layer].activation
        z, a = self.numbers["z"], self.numbers["a"]
        value = 0.0
        if is_chosen:
            with np.errstate(over="ignore", invalid="ignore"):
                value = activation.slope(np.array([z.number]), np.array([a.number]))[0].item()
        template = activation.slope_notation("{z}", "{a}")
        symbols = filled(template, z=self.names["into"], a=self.names["activation"])
        # In σ′(z) the number is in parentheses already.
        z_words = z.words if template.endswith("({z})") else z.factor
        numbers = filled(template, z=z_words, a=a.factor)
        title = f"{SLOPE}, layer {layer + 1}"
        formula = activation.slope_formula(z.cell, a.cell)
        return (
            self.number(title, f"IF({here},{formula},0)", value),
            self.text(f"{title} in symbols", only_if(here, is_chosen, symbols)),
            self.text(f"{title} in numbers", only_if(here, is_chosen, numbers)),
        )


def _written(activation: Activation) -> Hashable:
    """Return all that a formula writes of an activation, so that equal ones are one kind."""
    slope = activation.slope_notation("z", "a"), activation.slope_formula("z", "a")
    return activation.notation("z"), *slope
