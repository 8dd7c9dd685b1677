"""The panel of `Explorer`, and the forward pass in it: symbol, equation, the same in numbers.

The lines of the chain rule, which follow below, are in chain_rule.py and weight_update.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sheetgen.formulas import notation
from sheetgen.network.activations import Activation
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import EXPONENTIALS, GREATEST
from sheetgen.spreadsheet.style import FINE, KINDS, Style, band
from sheetgen.workbook.shared.live_text import Words, filled, joined
from sheetgen.workbook.sheets.explorer.moment_values import Values

MOST_UNITS = 14  # in a network whose forward pass is written out
MOST_TERMS = 9  # of a weighted sum that is written out
TERM_IN_NUMBERS, BIAS_IN_NUMBERS = 22, 12  # characters of "0.1234·(−0.1234) + " and of a bias
EXPONENTIAL_IN_NUMBERS = 24  # characters of "e^(0.1234 − 0.1234) + "
NUMBER = 11  # characters of "−0.01234, "
NAMES, SYMBOLS, NUMBERS, VALUES = 13, 31.3, 37.6, 13.5  # characters of the columns' widths
LONG_NAME = 3  # characters of a unit's name: with longer ones two columns are wider
WIDER_NAMES, WIDER_SYMBOLS = 2, 5  # characters
FITTING = 1.2  # characters of such a text that fit into one character of a column's width
Piece = tuple[str, Words, int]
"""A part of an equation: in symbols, in numbers, and the most characters that these may have."""


def is_written_out(network: Network) -> bool:
    """Tell whether the forward pass of all units is short enough to be read."""
    units = sum(layer.units for layer in network.layers)
    terms = max(layer.fan_in + (layer.biases is not None) for layer in network.layers)
    return units <= MOST_UNITS and terms <= MOST_TERMS


def has_long_names(network: Network) -> bool:
    """Tell whether units have names such as h1_1, so that lines are longer."""
    return any(len(names[-1]) > LONG_NAME for names in network.unit_names)


@dataclass
class Panel:
    """Writes line below line; `column` is that of the symbols, `last_column` that of the values."""

    values: Values
    column: int
    row: int

    def __post_init__(self) -> None:
        self.canvas, self.network = self.values.canvas, self.values.network
        self.last_column = self.column + 3

    def widths(self) -> dict[int, float]:
        """Return the columns' widths in characters."""
        more = has_long_names(self.network)
        widths = NAMES + more * WIDER_NAMES, SYMBOLS + more * WIDER_SYMBOLS, NUMBERS, VALUES
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
        self._line("E_total", self._total(), "error")

    def _weighted_sum(self, unit: str) -> None:
        factor = self.values.factor
        edges, bias = self.network.into(unit), self.network.bias_of(unit)
        terms: list[Piece] = [
            (
                f"{edge.name}·{edge.source}",
                joined(factor(edge.name), "·", factor(edge.source)),
                TERM_IN_NUMBERS,
            )
            for edge in edges
        ]
        terms += [(bias.name, factor(bias.name), BIAS_IN_NUMBERS)] if bias else []
        self._line(unit, _sum(terms))

    def _activation(self, layer: int, unit: str) -> None:
        symbols = notation.activation(self.network, unit)
        template, parts = activation_template(self.network.layers[layer].activation, self.values)
        numbers = filled(template, z=self.values.text(unit), **parts)
        self._line(activation_name(unit), [(symbols, numbers, 0)])

    def _softmax(self, layer: int, units: tuple[str, ...]) -> None:
        """Write a layer in which every activation depends on all weighted sums."""
        for unit in units:
            self._weighted_sum(unit)
        texts, greatest = [self.values.text(unit) for unit in units], self.values.text(GREATEST)
        listed: list[Piece] = [
            (f"{unit}, ", joined(text, ", "), NUMBER)
            for unit, text in zip(units[:-1], texts[:-1], strict=True)
        ]
        listed.append((f"{units[-1]})", joined(texts[-1], ")"), NUMBER))
        symbols, numbers, length = listed[0]
        listed[0] = f"max({symbols}", joined("max(", numbers), length + 4
        self._line(GREATEST, listed)
        powers: list[Piece] = [
            (f"e^({unit} − m)", joined("e^(", text, " − ", greatest, ")"), EXPONENTIAL_IN_NUMBERS)
            for unit, text in zip(units, texts, strict=True)
        ]
        self._line(EXPONENTIALS, _sum(powers))
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
        self._line(network.error_names[output], [(symbols, numbers, 0)], "error")

    def _total(self) -> list[Piece]:
        names = self.network.error_names
        return _sum([(name, self.values.text(name), NUMBER) for name in names])

    def _line(self, symbol: str, pieces: list[Piece], kind: str = "unit") -> None:
        """Write an equation in symbols and in numbers, in as many rows as it needs."""
        canvas, palette = self.canvas, KINDS[kind]
        style = Style(fill=palette.tint)
        name = replace(style, bold=True, colour=palette.strong, indent=1)
        value = replace(style, bold=True, number_format=FINE, align="right")
        for place, line in enumerate(_lines(pieces)):
            symbols, numbers = "".join(each[0] for each in line), joined(*(e[1] for e in line))
            sign = "  " if place else "= "
            numbers = joined(sign, numbers)
            canvas.write(self.row, self.column, "" if place else notation.letter(symbol), name)
            canvas.write(self.row, self.column + 1, f"{sign}{symbols}", style)
            canvas.calculate(self.row, self.column + 2, numbers.formula, numbers.text, style)
            if place:
                canvas.write(self.row, self.last_column, "", style)
            else:
                formula = f"={self.values.cells[symbol]}"
                number = self.values.instant[symbol]
                canvas.calculate(self.row, self.last_column, formula, number, value)
            self.row += 1


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


def _sum(terms: list[Piece]) -> list[Piece]:
    """Return the terms with plus signs before all but the first."""
    first, *others = terms
    return [first, *((f" + {s}", joined(" + ", n), length) for s, n, length in others)]


def _lines(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Yield as many pieces at once as a line holds."""
    line: list[Piece] = []
    for piece in pieces:
        if line and sum(each[2] for each in (*line, piece)) > NUMBERS * FITTING:
            yield line
            line = []
        line.append(piece)
    yield line
