"""The sheet `Derivation` of a network with many weights: backpropagation in matrices, live.

The equations are those of Goodfellow, Bengio and Courville, "Deep Learning" (2016), algorithms
6.3 and 6.4, with δ for ∂E/∂z. As on the sheet of a small network, the values come from the
sheet's own forward pass, and not from the training tables.
"""

from collections.abc import Callable

import numpy as np

from sheetgen.formulas import notation, quantities
from sheetgen.network.activations import Softmax
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import EXPONENTIALS, GREATEST, INNER
from sheetgen.spreadsheet.style import KINDS
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.sheets.derivation.derivation_pens import (
    BLOCKS,
    FIRST_NUMBER,
    FIRST_ROW,
    LAST_NUMBER,
    SYMBOL,
    Derivation,
    MatrixPen,
    Vector,
    indexed,
)

LARGEST_MATRIX = 1024  # numbers; a larger one would be a wall of digits
Formula = Callable[[int], str]


def matrix_derivation_sheet(plan: Plan, sources: Sources) -> Derivation:
    """Draw the sheet."""
    subtitle = "Backpropagation in matrices, layer by layer"
    pen = _ByLayer(plan, sources, subtitle, LAST_NUMBER)
    numbers = range(FIRST_NUMBER, LAST_NUMBER + 1)
    pen.canvas.widths = {0: 2, SYMBOL: 17, **dict.fromkeys(numbers, 11)}
    pen.forward()
    for layer in reversed(range(len(plan.network.layers))):
        pen.backward(layer)
    pen.update()
    pen.canvas.numbers.append((FIRST_ROW, FIRST_NUMBER, pen.row, LAST_NUMBER))
    return pen.sheet


class _ByLayer(MatrixPen):
    """Writes the derivation layer by layer."""

    def forward(self) -> None:
        network = self.network
        self.section("Forward pass", "unit")
        self.palette = KINDS["unit"]
        self.remark(
            "In W·a a matrix multiplies a vector; ᵀ swaps a matrix's rows and columns; "
            "⊙ multiplies element by element. E stands for E_total."
        )
        self.definitions()
        self.row += 1
        names, cells = network.input_names, dict(self.cells)
        inputs = Vector("a₀", "input", names, lambda at: cells[names[at]], self.plan.sample)
        self.equation("The inputs:")
        self.vectors(names, inputs)
        for layer in range(len(network.layers)):
            self.forward_layer(layer)
        self.errors()

    def forward_layer(self, layer: int) -> None:
        network, start = self.network, self.plan.start
        self.equation(_forward_equation(network, layer))
        units = network.unit_names[layer]
        z = Vector(
            indexed("z", layer),
            "unit",
            units,
            lambda at: quantities.pre_activation_formula(network, units[at], self.place),
            start.pre_activations[layer],
        )
        a = Vector(
            indexed("a", layer),
            "unit",
            [activation_name(unit) for unit in units],
            lambda at: quantities.activation_formula(network, units[at], self.place),
            start.activations[layer],
        )
        softmax = network.layers[layer].activation
        if not isinstance(softmax, Softmax):
            self.vectors(units, z, a)
            return
        self.vectors(units, z)
        cells, values = [self.place(unit) for unit in units], z.values
        self.scalar(GREATEST, "unit", softmax.greatest_formula(cells), values.max())
        total = softmax.total_formula(cells, self.place(GREATEST))
        self.scalar(EXPONENTIALS, "unit", total, np.exp(values - values.max()).sum())
        self.row += 1
        self.vectors(units, a)

    def errors(self) -> None:
        network, start = self.network, self.plan.start
        z, a = (indexed(symbol, len(network.layers) - 1) for symbol in "za")
        form = network.loss.notation("t", z, a, network.outputs)
        self.equation(f"The error of each output:  {form}.  E_total is their sum.")
        names, cells = network.target_names, dict(self.cells)
        target = np.array(self.plan.target)
        targets = Vector("t", "target", names, lambda at: cells[names[at]], target)
        errors = Vector(
            "E",
            "error",
            network.error_names,
            lambda at: quantities.error_formula(network, at, self.place),
            start.errors,
        )
        self.vectors(network.unit_names[-1], targets, errors)
        total = quantities.total_error_formula(network, self.place)
        self.scalar("E_total", "error", total, start.total_error)
        self.row += 1

    def backward(self, layer: int) -> None:
        """Write δ of a layer, then the gradients of its biases and weights."""
        network = self.network
        self.section(f"Back through the {notation.layer_title(network, layer)}", "gradient")
        self.palette = BLOCKS[0]
        if layer < len(network.layers) - 1:
            after = layer + 1
            back = f"{indexed('W', after)}ᵀ·{indexed('δ', after)}"
            self.equation(f"∂E/∂{indexed('a', layer)} = {back}")
            self.elementwise(layer, self.gradient(layer, self.back_through_weights(layer)))
        elif notation.is_joint(network):
            self.joint_output()
        else:
            self.output()
        self.biases(layer)
        self.weights(layer)

    def joint_output(self) -> None:
        network, layer = self.network, len(self.network.layers) - 1
        self.joint_remark()
        z, a = indexed("z", layer), indexed("a", layer)
        text = _bare(network.loss.delta_notation("t", z, a, network.outputs))
        self.equation(f"{indexed('δ', layer)} = ∂E/∂{z} = {text}")
        units = network.unit_names[-1]
        delta = self.delta(
            layer, lambda at: quantities.delta_formula(network, units[at], self.place)
        )
        self.vectors(units, delta)

    def output(self) -> None:
        network, layer = self.network, len(self.network.layers) - 1
        z, a = indexed("z", layer), indexed("a", layer)
        slope = network.loss.slope_notation("t", a, network.outputs)
        self.equation(f"∂E/∂{a} = {_bare(slope)}")
        units = network.unit_names[-1]
        activated = [activation_name(unit) for unit in units]
        gradient = self.gradient(
            layer,
            lambda at: network.loss.slope_formula(
                self.place(network.target_names[at]), self.place(activated[at]), network.outputs
            ),
        )
        softmax = network.layers[-1].activation
        if not isinstance(softmax, Softmax):
            self.elementwise(layer, gradient)
            return
        self.vectors(units, gradient)
        terms = (f"{self.place(f'∂E/∂{each}')}*{self.place(each)}" for each in activated)
        inner = float(gradient.values @ self.plan.start.activations[-1])
        self.scalar(INNER, "gradient", "+".join(terms), inner)
        self.row += 1
        text = f"∂E/∂{z} = {a} ⊙ (∂E/∂{a} − {INNER}), where Σ runs over all outputs"
        self.equation(f"{indexed('δ', layer)} = {text}")

        def delta(at: int) -> str:
            cells = (self.place(each) for each in (f"∂E/∂{activated[at]}", activated[at], INNER))
            return softmax.delta_formula(*cells)

        self.vectors(units, self.delta(layer, delta))

    def back_through_weights(self, layer: int) -> Formula:
        """Return the expression of (Wᵀ·δ) of the next layer, at each unit of this one."""
        units = self.network.unit_names[layer]

        def formula(at: int) -> str:
            edges = self.network.out_of(activation_name(units[at]))
            place = self.place
            return "+".join(f"{place(edge.name)}*{place(f'∂E/∂{edge.target}')}" for edge in edges)

        return formula

    def elementwise(self, layer: int, gradient: Vector) -> None:
        """Write δ = ∂E/∂a ⊙ f′(z)."""
        place, activation = self.place, self.network.layers[layer].activation
        z, a = indexed("z", layer), indexed("a", layer)
        slope = _bare(activation.slope_notation(z, a))
        text = f"∂E/∂{z} = ∂E/∂{a} ⊙ f′({z})  with  f′({z}) = {slope}"
        self.equation(f"{indexed('δ', layer)} = {text}")
        units = self.network.unit_names[layer]
        slopes = Vector(
            f"f′({z})",
            "gradient",
            [f"∂{activation_name(unit)}/∂{unit}" for unit in units],
            lambda at: activation.slope_formula(
                place(units[at]), place(activation_name(units[at]))
            ),
            self.plan.start_gradients.slopes[layer],
        )
        delta = self.delta(
            layer, lambda at: f"{place(gradient.symbols[at])}*{place(slopes.symbols[at])}"
        )
        self.vectors(units, gradient, slopes, delta)

    def gradient(self, layer: int, formula: Formula) -> Vector:
        """Return ∂E/∂a of a layer."""
        symbols = [f"∂E/∂{activation_name(unit)}" for unit in self.network.unit_names[layer]]
        values = self.plan.start_gradients.activation_gradients[layer]
        return Vector(f"∂E/∂{indexed('a', layer)}", "gradient", symbols, formula, values)

    def delta(self, layer: int, formula: Formula) -> Vector:
        """Return δ = ∂E/∂z of a layer."""
        symbols = [f"∂E/∂{unit}" for unit in self.network.unit_names[layer]]
        values = self.plan.start_gradients.deltas[layer]
        return Vector(indexed("δ", layer), "gradient", symbols, formula, values)

    def biases(self, layer: int) -> None:
        """Write ∂E/∂b = δ, or say that the biases are not trained."""
        network = self.network
        self.fixed_biases(layer)
        biases = [each for each in network.biases if each.layer == layer and each.is_trained]
        if not biases:
            return
        name = f"∂E/∂{indexed('b', layer)}"
        self.equation(f"{name} = {indexed('δ', layer)}")
        values = self.plan.start_gradients.bias_gradients[layer]
        symbols = [bias.gradient for bias in biases]

        def delta(at: int) -> str:
            return self.place(f"∂E/∂{biases[at].target}")

        names = [bias.name for bias in biases]
        self.vectors(names, Vector(name, "gradient", symbols, delta, values))

    def weights(self, layer: int) -> None:
        """Write ∂E/∂W = δ·aᵀ as a matrix, if it is not too large to be read."""
        network = self.network
        units, fan_in = network.layers[layer].units, network.layers[layer].fan_in
        name = f"∂E/∂{indexed('W', layer)}"
        is_shown = units * fan_in <= LARGEST_MATRIX
        shaded = ",  shaded from the least to the greatest" if is_shown else ""
        self.equation(f"{name} = {indexed('δ', layer)}·{indexed('a', layer - 1)}ᵀ{shaded}")
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
        edges = self.network.into(self.network.unit_names[layer][unit])

        def product(at: int) -> str:
            delta, source = f"∂E/∂{edges[at].target}", edges[at].source
            return f"{self.place(delta)}*{self.place(source)}"

        symbols = [edge.gradient for edge in edges]
        values = self.plan.start_gradients.weight_gradients[layer][unit]
        return Vector(edges[0].target, "gradient", symbols, product, values)


def _forward_equation(network: Network, layer: int) -> str:
    chosen = network.layers[layer]
    z, weights, bias = (indexed(symbol, layer) for symbol in ("z", "W", "b"))
    added = "" if chosen.biases is None else f" + {bias}"
    is_softmax = chosen.activation.acts_on_layer
    value = f"softmax({z})" if is_softmax else chosen.activation.notation(z)
    return (
        f"{notation.layer_title(network, layer).capitalize()}, {chosen.units} units:  "
        f"{z} = {weights}·{indexed('a', layer - 1)}{added}  with {chosen.units} × "
        f"{chosen.fan_in} weights {weights} on Inputs,  {indexed('a', layer)} = {value}"
    )


def _bare(product: str) -> str:
    """Return a textbook's expression without the parentheses that a factor needs."""
    inner = product[1:-1]
    is_wrapped = product.startswith("(") and product.endswith(")")
    return inner if is_wrapped and "(" not in inner else product
