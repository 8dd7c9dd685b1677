"""The sheet `Derivation` of a network with many weights: backpropagation in matrices, live.

The equations are those of Goodfellow, Bengio and Courville, "Deep Learning" (2016), algorithms
6.3 and 6.4, with δ for ∂E/∂z. As on the sheet of a small network, the values come from the
sheet's own forward pass, and not from the training tables.
"""

from collections.abc import Sequence

from sheetgen.formulas import back_formulas, notation, quantities
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import EXPONENTIALS, GREATEST, INNER
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.canvas import Rule
from sheetgen.spreadsheet.style import KINDS, LARGE, LONG_FORMAT, MIDDLE
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.sheets.derivation.derivation_pens import (
    BLOCKS,
    FIRST_NUMBER,
    FIRST_ROW,
    SYMBOL,
    WIDTH,
    Derivation,
    MatrixPen,
    Vector,
)

LARGEST_MATRIX = 1024  # numbers; a larger one would be a wall of digits
FEWEST, MANY = 9, 14  # numbers in a line: what the sentences need, and what fits a screen
WIDE, NARROW, ZOOM = 11, 10.2, 95  # characters, and the zoom at which lines of more fit it


def matrix_derivation_sheet(chosen: ChosenMoment) -> Derivation:
    """Draw the sheet."""
    subtitle = "Backpropagation in matrices, layer by layer"
    layers = chosen.network.layers
    longest = min(WIDTH, max(FEWEST, *(max(each.units, each.fan_in) for each in layers)))
    last, is_long = FIRST_NUMBER + longest - 1, longest > MANY
    pen = LayerPen(chosen, subtitle, last)
    numbers = dict.fromkeys(range(FIRST_NUMBER, last + 1), NARROW if is_long else WIDE)
    pen.canvas.widths = {0: 2, SYMBOL: 17} | numbers
    pen.canvas.zoom = ZOOM if is_long else 100
    pen.forward()
    for layer in reversed(range(len(chosen.network.layers))):
        pen.backward(layer)
    pen.update()
    place = FIRST_ROW, FIRST_NUMBER, pen.row, last
    if is_long:
        size = f"ABS(N({relative_address(*place[:2])}))"
        is_middle = f"=AND({size}>={MIDDLE},{size}<={LARGE})"
        pen.canvas.rules.append(Rule(place, is_middle, LONG_FORMAT))
    pen.canvas.numbers.append(place)
    return pen.sheet


class LayerPen(MatrixPen):
    """Writes the derivation layer by layer."""

    def forward(self) -> None:
        """Write the forward pass."""
        network = self.network
        self.section("Forward pass", "unit")
        self.palette = KINDS["unit"]
        self.remark(
            "In W·a a matrix multiplies a vector; ᵀ swaps a matrix's rows and columns; "
            "⊙ multiplies element by element. E is E_total."
        )
        self.definitions()
        self.row += 1
        self.given_inputs()
        for layer in range(len(network.layers)):
            self.forward_layer(layer)
        self.errors()

    def given_inputs(self) -> None:
        """Write the inputs."""
        names = self.network.input_names
        self.equation("The inputs:")
        self.vectors(names, self.given("a₀", "input", names))

    def forward_layer(self, layer: int) -> None:
        """Write a layer's sums and activations."""
        self.equation(_forward_equation(self.network, layer))
        units = self.network.unit_names[layer]
        z = self.vector(notation.indexed("z", layer), "unit", units)
        a = self.vector(
            notation.indexed("a", layer), "unit", [activation_name(unit) for unit in units]
        )
        if not self.network.layers[layer].activation.acts_on_layer:
            self.vectors(units, z, a)
            return
        self.vectors(units, z)
        for symbol in (GREATEST, EXPONENTIALS):
            formula = quantities.forward_formula(self.network, symbol, self.place)
            self.scalar(symbol, "unit", formula)
        self.row += 1
        self.vectors(units, a)

    def vector(self, name: str, kind: str, symbols: Sequence[str]) -> Vector:
        """Return a vector of the forward pass."""
        return Vector(
            name,
            kind,
            symbols,
            lambda at: quantities.forward_formula(self.network, symbols[at], self.place),
        )

    def given(self, name: str, kind: str, symbols: Sequence[str]) -> Vector:
        """Return a vector of cells that are known before: of the inputs or the targets."""
        cells = dict(self.cells)
        return Vector(name, kind, symbols, lambda at: cells[symbols[at]])

    def errors(self) -> None:
        """Write the errors."""
        network = self.network
        z, a = (notation.indexed(symbol, len(network.layers) - 1) for symbol in "za")
        form = network.loss.notation("t", z, a, network.outputs)
        self.equation(f"The error of each output:  {form}.  E_total is their sum.")
        targets = self.given("t", "target", network.target_names)
        errors = self.vector("E", "error", network.error_names)
        self.vectors(network.unit_names[-1], targets, errors)
        total = quantities.total_error_formula(network, self.place)
        self.scalar("E_total", "error", total)
        self.row += 1

    def backward(self, layer: int) -> None:
        """Write δ of a layer, then the gradients of its biases and weights."""
        network = self.network
        self.begin_backward(layer)
        if layer < len(network.layers) - 1:
            after = layer + 1
            back = f"{notation.indexed('W', after)}ᵀ·{notation.indexed('δ', after)}"
            self.equation(f"∂E/∂{notation.indexed('a', layer)} = {back}")
            self.elementwise(layer, self.gradient(layer))
        elif notation.is_joint(network):
            self.joint_output()
        else:
            self.output()
        self.biases(layer)
        self.weights(layer)

    def begin_backward(self, layer: int) -> None:
        """Begin the section of a layer on the way back."""
        title = notation.layer_title(self.network, layer)
        self.section(f"Back through the {title}", "gradient")
        self.palette = BLOCKS[0]

    def joint_output(self) -> None:
        """Write δ of outputs that are differentiated together with their loss."""
        network, layer = self.network, len(self.network.layers) - 1
        self.joint_remark()
        z, a = notation.indexed("z", layer), notation.indexed("a", layer)
        text = notation.bare(network.loss.delta_notation("t", z, a, network.outputs))
        self.equation(f"{notation.indexed('δ', layer)} = ∂E/∂{z} = {text}")
        units = network.unit_names[-1]
        self.vectors(units, self.delta(layer))

    def output(self) -> None:
        """Write δ of the outputs, by ∂E/∂a."""
        network, layer = self.network, len(self.network.layers) - 1
        z, a = notation.indexed("z", layer), notation.indexed("a", layer)
        slope = network.loss.slope_notation("t", a, network.outputs)
        self.equation(f"∂E/∂{a} = {notation.bare(slope)}")
        units = network.unit_names[-1]
        gradient = self.gradient(layer)
        if quantities.output_softmax(network) is None:
            self.elementwise(layer, gradient)
            return
        self.vectors(units, gradient)
        self.scalar(INNER, "gradient", back_formulas.inner_sum(network, self.place))
        self.row += 1
        text = f"∂E/∂{z} = {a} ⊙ (∂E/∂{a} − {INNER}), where Σ runs over all outputs"
        self.equation(f"{notation.indexed('δ', layer)} = {text}")
        self.vectors(units, self.delta(layer))

    def elementwise(self, layer: int, gradient: Vector) -> None:
        """Write δ = ∂E/∂a ⊙ f′(z)."""
        network, activation = self.network, self.network.layers[layer].activation
        z, a = notation.indexed("z", layer), notation.indexed("a", layer)
        slope = notation.bare(activation.slope_notation(z, a))
        text = f"∂E/∂{z} = ∂E/∂{a} ⊙ f′({z})  with  f′({z}) = {slope}"
        self.equation(f"{notation.indexed('δ', layer)} = {text}")
        units = self.network.unit_names[layer]
        slopes = Vector(
            f"f′({z})",
            "gradient",
            [f"∂{activation_name(unit)}/∂{unit}" for unit in units],
            lambda at: back_formulas.slope(network, units[at], self.place),
        )
        delta = self.delta(layer)
        self.vectors(units, gradient, slopes, delta)

    def gradient(self, layer: int) -> Vector:
        """Return ∂E/∂a of a layer."""
        network, units = self.network, self.network.unit_names[layer]
        symbols = [f"∂E/∂{activation_name(unit)}" for unit in units]
        return Vector(
            f"∂E/∂{notation.indexed('a', layer)}",
            "gradient",
            symbols,
            lambda at: back_formulas.gradient_of_activation(network, units[at], self.place),
        )

    def delta(self, layer: int) -> Vector:
        """Return δ = ∂E/∂z of a layer."""
        network, units = self.network, self.network.unit_names[layer]
        symbols = [f"∂E/∂{unit}" for unit in units]
        return Vector(
            notation.indexed("δ", layer),
            "gradient",
            symbols,
            lambda at: back_formulas.delta(network, units[at], self.place),
        )

    def biases(self, layer: int) -> None:
        """Write ∂E/∂b = δ, or say that the biases are not trained."""
        network = self.network
        self.fixed_biases(layer)
        biases = [each for each in network.biases if each.layer == layer and each.is_trained]
        if not biases:
            return
        name = f"∂E/∂{notation.indexed('b', layer)}"
        self.equation(f"{name} = {notation.indexed('δ', layer)}")
        symbols = [bias.gradient for bias in biases]
        delta = Vector(
            name, "gradient", symbols, lambda at: back_formulas.gradient(biases[at], self.place)
        )
        names = [bias.name for bias in biases]
        self.vectors(names, delta)

    def weights(self, layer: int) -> None:
        """Write ∂E/∂W = δ·aᵀ as a matrix, if it is not too large to be read."""
        network = self.network
        units, fan_in = network.layers[layer].units, network.layers[layer].fan_in
        name = f"∂E/∂{notation.indexed('W', layer)}"
        is_shown = units * fan_in <= LARGEST_MATRIX
        shaded = ",  blue below 0 and orange above" if is_shown else ""
        self.equation(
            f"{name} = {notation.indexed('δ', layer)}·{notation.indexed('a', layer - 1)}ᵀ{shaded}"
        )
        if not is_shown:
            self.remark(
                f"These {units} × {fan_in} numbers are too many to show here; "
                "the training tables have them all."
            )
            return
        rows = [self.weight_row(layer, unit) for unit in range(units)]
        self.matrix(name, network.source_names[layer], rows)

    def weight_row(self, layer: int, unit: int) -> Vector:
        """Return the gradients of all weights into a unit."""
        edges = self.network.weights_into(self.network.unit_names[layer][unit])
        symbols = [edge.gradient for edge in edges]
        return Vector(
            edges[0].target,
            "gradient",
            symbols,
            lambda at: back_formulas.gradient(edges[at], self.place),
        )


def _forward_equation(network: Network, layer: int) -> str:
    chosen = network.layers[layer]
    z, weights, bias = (notation.indexed(symbol, layer) for symbol in ("z", "W", "b"))
    added = "" if chosen.biases is None else f" + {bias}"
    is_softmax = chosen.activation.acts_on_layer
    value = f"softmax({z})" if is_softmax else chosen.activation.notation(z)
    units = f"{chosen.units} unit" if chosen.units == 1 else f"{chosen.units} units"
    return (
        f"{notation.layer_title(network, layer).capitalize()}, {units}:  "
        f"{z} = {weights}·{notation.indexed('a', layer - 1)}{added}  with {chosen.units} × "
        f"{chosen.fan_in} weights {weights} on Workings,  {notation.indexed('a', layer)} = {value}"
    )
