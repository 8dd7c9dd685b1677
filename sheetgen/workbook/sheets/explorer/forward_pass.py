"""The panel of `Explorer`, and the forward pass in it: symbol, equation, the same in numbers.

The lines of the chain rule, which follow below, are in chain_rule.py and weight_update.py.
"""

from dataclasses import dataclass, replace
from math import ceil

from sheetgen.formulas import notation
from sheetgen.network.activations import Activation
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import EXPONENTIALS, GREATEST
from sheetgen.spreadsheet.style import FINE, KINDS, Style, band
from sheetgen.workbook.shared.live_text import Words, filled, joined
from sheetgen.workbook.sheets.explorer.moment_values import Values

MOST_UNITS = 14  # in a network whose forward pass is written out
MOST_TERMS = 9  # of a weighted sum that is written out
TERM_IN_NUMBERS, BIAS_IN_NUMBERS = 19, 12  # characters of "0.1234·(−0.1234) + " and of a bias
EXPONENTIAL_IN_NUMBERS = 24  # characters of "e^(0.1234 − 0.1234) + "
LEAST_WIDTH, MOST_WIDTH = 36, 52  # of a column
FITTING = 1.15  # characters of such a text that fit into one character of a column's width
POINTS_OF_LINE = 15


def is_written_out(network: Network) -> bool:
    """Tell whether the forward pass of all units is short enough to be read."""
    units = sum(layer.units for layer in network.layers)
    terms = max(layer.fan_in + (layer.biases is not None) for layer in network.layers)
    return units <= MOST_UNITS and terms <= MOST_TERMS


@dataclass
class Panel:
    """Writes line below line; `column` is that of the symbols, `last_column` that of the values."""

    values: Values
    column: int
    row: int

    def __post_init__(self) -> None:
        self.canvas, self.network = self.values.canvas, self.values.network
        self.last_column = self.column + 3

    @property
    def text_width(self) -> float:
        """The width of the column of the numbers."""
        if not is_written_out(self.network):
            return LEAST_WIDTH
        longest = max(self._longest(unit) for units in self.network.unit_names for unit in units)
        return min(MOST_WIDTH, max(LEAST_WIDTH, longest / FITTING))

    def widths(self) -> dict[int, float]:
        """Return the columns' widths in characters."""
        widths = (17.0, max(LEAST_WIDTH, 0.8 * self.text_width), self.text_width, 15.0)
        return dict(enumerate(widths, start=self.column))

    def section(self, title: Words | str, kind: str) -> None:
        """Write a band across the panel, with a title that is live or not."""
        style = replace(band(kind), size=11)
        for column in range(self.column, self.last_column + 1):
            self.canvas.write(self.row, column, "", style)
        if isinstance(title, str):
            self.canvas.write(self.row, self.column, title, style)
        else:
            self.canvas.calculate(self.row, self.column, title.formula, title.text, style)
        self.row += 1

    def forward(self) -> None:
        """Write every unit's weighted sum and activation, and the errors."""
        for layer, units in enumerate(self.network.unit_names):
            if self.network.layers[layer].activation.acts_on_layer:
                self._softmax(layer, units)
                continue
            for unit in units:
                self._weighted_sum(unit)
                self._activation(layer, unit)
        for output in range(self.network.outputs):
            self._error(output)
        words = [self.values.text(name) for name in self.network.error_names]
        self._line("E_total", notation.total_error(self.network), _sum(words), "error")

    def _weighted_sum(self, unit: str) -> None:
        factor = self.values.factor
        edges, bias = self.network.into(unit), self.network.bias_of(unit)
        terms = [joined(factor(edge.name), "·", factor(edge.source)) for edge in edges]
        terms += [factor(bias.name)] if bias else []
        self._line(unit, notation.weighted_sum(self.network, unit), _sum(terms))

    def _activation(self, layer: int, unit: str) -> None:
        symbols = notation.activation(self.network, unit)
        template, parts = activation_template(self.network.layers[layer].activation, self.values)
        numbers = filled(template, z=self.values.text(unit), **parts)
        self._line(activation_name(unit), symbols, numbers)

    def _softmax(self, layer: int, units: tuple[str, ...]) -> None:
        """Write a layer in which every activation depends on all weighted sums."""
        for unit in units:
            self._weighted_sum(unit)
        texts, greatest = [self.values.text(unit) for unit in units], self.values.text(GREATEST)
        self._line(GREATEST, f"max({', '.join(units)})", joined("max(", *_listed(texts), ")"))
        powers = _sum([joined("e^(", text, " − ", greatest, ")") for text in texts])
        self._line(EXPONENTIALS, " + ".join(f"e^({unit} − m)" for unit in units), powers)
        for unit in units:
            self._activation(layer, unit)

    def _error(self, output: int) -> None:
        network, values = self.network, self.values
        unit = network.unit_names[-1][output]
        target, activated = network.target_names[output], activation_name(unit)
        template = network.loss.notation("{t}", "{z}", "{a}", network.outputs)
        # Behind the equals sign of a logarithm's loss is the form that avoids ln 0.
        template = template.split(" = ")[0]
        numbers = filled(
            template, t=values.factor(target), z=values.factor(unit), a=values.factor(activated)
        )
        symbols = template.format(t=target, z=unit, a=activated)
        self._line(network.error_names[output], symbols, numbers, "error")

    def _line(self, symbol: str, symbols: str, numbers: Words, kind: str = "unit") -> None:
        canvas, palette = self.canvas, KINDS[kind]
        style = Style(fill=palette.tint, wrap=True)
        name = replace(style, bold=True, colour=palette.strong, wrap=False, indent=1)
        canvas.write(self.row, self.column, notation.letter(symbol), name)
        canvas.write(self.row, self.column + 1, f"= {symbols}", style)
        numbers = joined("= ", numbers)
        canvas.calculate(self.row, self.column + 2, numbers.formula, numbers.text, style)
        value = replace(style, bold=True, number_format=FINE, align="right", wrap=False)
        formula = f"={self.values.cells[symbol]}"
        canvas.calculate(self.row, self.last_column, formula, self.values.instant[symbol], value)
        lines = ceil(self._longest(symbol) / FITTING / self.text_width)
        if lines > 1:
            canvas.heights[self.row] = POINTS_OF_LINE * lines
        self.row += 1

    def _longest(self, symbol: str) -> int:
        """Return the most characters that a symbol's equation in numbers may have."""
        if symbol == EXPONENTIALS:
            return self.network.outputs * EXPONENTIAL_IN_NUMBERS
        if not any(symbol in units for units in self.network.unit_names):
            return 0
        terms = len(self.network.into(symbol)) * TERM_IN_NUMBERS
        return terms + (BIAS_IN_NUMBERS if self.network.bias_of(symbol) else 0)


def activation_template(activation: Activation, values: Values) -> tuple[str, dict[str, Words]]:
    """Return an activation as a textbook writes it, with {z}, and the numbers of its other parts.

    For softmax these are the greatest pre-activation m and the sum S.
    """
    template = activation.notation("{z}")
    if not activation.acts_on_layer or GREATEST not in values.cells:
        return template, {}
    template = template.replace(notation.LETTERS[GREATEST], "{m}")
    template = template.replace(notation.LETTERS[EXPONENTIALS], "{s}")
    return template, {"m": values.factor(GREATEST), "s": values.text(EXPONENTIALS)}


def _sum(terms: list[Words]) -> Words:
    return joined(*_listed(terms, " + "))


def _listed(terms: list[Words], between: str = ", ") -> list[Words | str]:
    parts: list[Words | str] = []
    for term in terms:
        parts += [between, term] if parts else [term]
    return parts
