"""The sheet `Derivation`: the chain rule for every weight, from ∂E/∂w to the closed form, live.

Each factor stands above its value at iteration 0. The values come from a forward pass in the
sheet's own cells, so that they are a way to the gradients independent of the training tables.
A network of many weights is written in matrices instead, by matrix_derivation.py.
"""

from dataclasses import dataclass, replace

import numpy as np

from sheetgen.formulas import notation, quantities
from sheetgen.network.activations import Softmax
from sheetgen.network.network import Connection, Network, Parameter, activation_name
from sheetgen.network.trace import INNER
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.style import FINE, KINDS, VALUE
from sheetgen.workbook.plan import Plan, gradient_of
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.sheets.derivation import derivation_pen
from sheetgen.workbook.sheets.derivation.derivation_pen import BLOCKS, FIRST_ROW, SYMBOL, Derivation
from sheetgen.workbook.sheets.derivation.matrix_derivation import matrix_derivation_sheet
from sheetgen.workbook.sheets.derivation.unit_pen import (
    EQUALS,
    FIRST,
    FITTING,
    RESULT,
    SECOND,
    THIRD,
    TIMES_1,
    TIMES_2,
    UnitPen,
)

__all__ = ["Derivation", "derivation_sheet", "is_by_unit"]

MAXIMUM_WEIGHTS = 40  # beyond that a derivation by unit is a dozen screens long


def is_by_unit(network: Network) -> bool:
    """Tell whether the network is small enough for a chain rule of every weight."""
    return len(network.connections) <= MAXIMUM_WEIGHTS


def derivation_sheet(plan: Plan, sources: Sources) -> Derivation:
    """Draw the sheet."""
    if not is_by_unit(plan.network):
        return matrix_derivation_sheet(plan, sources)
    subtitle = "The chain rule from the error back to each weight"
    pen = derivation_pen.new_pen(UnitPen, plan, sources, subtitle, THIRD)
    canvas = pen.sheet.canvas
    canvas.widths = {0: 2, SYMBOL: 17, EQUALS: 4, FIRST: 64, TIMES_1: 4, SECOND: 22}
    canvas.widths.update({TIMES_2: 4, THIRD: 14, RESULT: 15})
    unit = _ByUnit(pen)
    unit.forward()
    for layer in reversed(range(len(plan.network.layers))):
        unit.layer(layer)
    unit.closed_forms()
    derivation_pen.update(pen)
    canvas.numbers.append((FIRST_ROW, RESULT, pen.row, THIRD))
    return pen.sheet


@dataclass
class _ByUnit:
    """Writes the derivation unit by unit."""

    pen: UnitPen

    @property
    def network(self) -> Network:
        return self.pen.plan.network

    def forward(self) -> None:
        pen = self.pen
        pen.section("Forward pass", "unit")
        pen.palette = KINDS["unit"]
        for index, layer in enumerate(self.network.layers):
            if layer.activation.acts_on_layer:
                self.softmax()
                continue
            for unit, name in enumerate(self.network.unit_names[index]):
                self.pre_activation(index, unit, name)
                self.activation(index, unit, name)
        self.errors()
        pen.palette = KINDS["unit"]
        derivation_pen.definitions(pen)
        pen.remark("In the derivatives below, E stands for E_total.")

    def pre_activation(self, layer: int, unit: int, name: str) -> None:
        formula = quantities.pre_activation_formula(self.network, name, self.pen.place)
        value = float(self.pen.plan.start.pre_activations[layer][unit])
        self.pen.equation(name, notation.weighted_sum(self.network, name), formula, value)

    def activation(self, layer: int, unit: int, name: str) -> None:
        formula = quantities.activation_formula(self.network, name, self.pen.place)
        value = float(self.pen.plan.start.activations[layer][unit])
        text = notation.activation(self.network, name)
        self.pen.equation(activation_name(name), text, formula, value)

    def softmax(self) -> None:
        """Write an output layer in which every activation depends on all pre-activations."""
        network, last = self.network, len(self.network.layers) - 1
        for unit, name in enumerate(network.unit_names[-1]):
            self.pre_activation(last, unit, name)
        z = self.pen.plan.start.pre_activations[-1]
        values = (z.max(), np.exp(z - z.max()).sum())
        texts = quantities.softmax_helper_formulas(network, self.pen.place)
        for value, (symbol, formula, text) in zip(values, texts, strict=False):
            self.pen.equation(symbol, text, formula, float(value))
        for unit, name in enumerate(network.unit_names[-1]):
            self.activation(last, unit, name)

    def errors(self) -> None:
        pen, network, start = self.pen, self.network, self.pen.plan.start
        pen.palette = KINDS["error"]
        for output, name in enumerate(network.error_names):
            formula = quantities.error_formula(network, output, pen.place)
            self.pen.equation(name, notation.error(network, output), formula, start.errors[output])
        total = quantities.total_error_formula(network, pen.place)
        self.pen.equation("E_total", notation.total_error(network), total, start.total_error)

    def layer(self, layer: int) -> None:
        pen, network = self.pen, self.network
        is_output = layer == len(network.layers) - 1
        pen.section(f"Back through the {notation.layer_title(network, layer)}", "gradient")
        pen.palette = BLOCKS[0]
        if is_output:
            self.before_outputs()
        derivation_pen.fixed_biases(pen, layer)
        for unit, name in enumerate(network.unit_names[layer]):
            pen.palette = BLOCKS[unit % len(BLOCKS)]
            if not is_output:
                self.hidden_gradient(layer, unit, name)
            elif notation.has_slope(network, layer):
                self.output_gradient(unit, name)
            if notation.has_slope(network, layer):
                self.delta(layer, unit, name)
            else:
                self.output_delta(unit, name)
            for edge in network.into(name):
                self.chain_rule(edge)
            bias = network.bias_of(name)
            if bias and bias.is_trained:
                self.chain_rule(bias)
            pen.row += 1

    def before_outputs(self) -> None:
        """Say what is special about the outputs, and write what they need together."""
        pen, network = self.pen, self.network
        if notation.is_joint(network):
            derivation_pen.joint_remark(pen)
        if not network.layers[-1].activation.acts_on_layer:
            if network.outputs > 1:
                text = "Each output appears in its own error only: the other errors' derivatives"
                pen.remark(f"{text} are 0.")
        elif not notation.is_joint(network):
            pen.remark(
                "Softmax makes every output depend on every o: the sum below is of them all."
            )
            for output, name in enumerate(network.unit_names[-1]):
                self.output_gradient(output, name)
            activated = [activation_name(name) for name in network.unit_names[-1]]
            text = " + ".join(f"∂E/∂{each}·{each}" for each in activated)
            formula = "+".join(f"{pen.place(f'∂E/∂{a}')}*{pen.place(a)}" for a in activated)
            gradients = pen.plan.start_gradients.activation_gradients[-1]
            self.pen.equation(
                INNER, text, formula, float(gradients @ pen.plan.start.activations[-1])
            )

    def output_gradient(self, output: int, name: str) -> None:
        """∂E/∂a of an output: only its own error depends on it."""
        pen, network = self.pen, self.network
        activated = activation_name(name)
        target, own = network.target_names[output], network.error_names[output]
        loss, count = network.loss, network.outputs
        formula = loss.slope_formula(pen.place(target), pen.place(activated), count)
        steps = loss.slope_steps(target, activated, count)
        text = f"∂{own}/∂{activated} = {steps} = {notation.loss_slope(network, output)}"
        value = float(pen.plan.start_gradients.activation_gradients[-1][output])
        self.pen.equation(f"∂E/∂{activated}", text, formula, value)

    def output_delta(self, output: int, name: str) -> None:
        """∂E/∂o at once, where there is no ∂a/∂o of a single unit to go through."""
        pen, network = self.pen, self.network
        activation = network.layers[-1].activation
        if isinstance(activation, Softmax) and not notation.is_joint(network):
            activated = activation_name(name)
            cells = (pen.place(each) for each in (f"∂E/∂{activated}", activated, INNER))
            formula = activation.delta_formula(*cells)
        else:
            formula = quantities.delta_formula(network, name, pen.place)
        value = float(pen.plan.start_gradients.deltas[-1][output])
        self.pen.equation(f"∂E/∂{name}", notation.output_delta(network, output), formula, value)

    def hidden_gradient(self, layer: int, unit: int, name: str) -> None:
        """∂E/∂a of a hidden unit: a sum over all the units that it feeds."""
        pen, network = self.pen, self.network
        activated = activation_name(name)
        text = notation.substituted_activation_gradient(network, name)
        if " + " in text:
            chain = notation.chain_of_activation_gradient(network, name)
            self.pen.prose(f"∂E/∂{activated}", chain)
        parts = []
        for edge in network.out_of(activated):
            delta = f"∂E/∂{edge.target}"
            name_of_part = _part(network, layer, edge, activated)
            share = f"{delta} · ∂{edge.target}/∂{activated} = {delta} · {edge.name}"
            formula = f"{pen.place(delta)}*{pen.place(edge.name)}"
            self.pen.equation(
                name_of_part, share, formula, pen.values[delta] * pen.values[edge.name]
            )
            parts.append(name_of_part)
        value = float(pen.plan.start_gradients.activation_gradients[layer][unit])
        self.pen.equation(f"∂E/∂{activated}", text, "+".join(map(pen.place, parts)), value)

    def delta(self, layer: int, unit: int, name: str) -> None:
        pen, network, gradients = self.pen, self.network, self.pen.plan.start_gradients
        activated = activation_name(name)
        slope = f"∂{activated}/∂{name}"
        activation = network.layers[layer].activation
        formula = activation.slope_formula(pen.place(name), pen.place(activated))
        text = notation.activation_slope(network, name)
        self.pen.equation(slope, text, formula, float(gradients.slopes[layer][unit]))
        product = f"{pen.place(f'∂E/∂{activated}')}*{pen.place(slope)}"
        text = f"∂E/∂{activated} · {slope}"
        self.pen.equation(f"∂E/∂{name}", text, product, float(gradients.deltas[layer][unit]))

    def chain_rule(self, parameter: Parameter) -> None:
        """Write a weight's chain rule in three lines: general, substituted, in numbers."""
        pen, canvas = self.pen, self.pen.sheet.canvas
        factors = notation.chain_rule(self.network, parameter)
        substituted = dict(
            zip(FITTING, notation.substituted_chain_rule(self.network, parameter), strict=False)
        )
        strong = pen.style(bold=True, colour=pen.palette.strong)
        self.pen.product(factors, replace(strong, align="center"))
        canvas.write(pen.row - 1, SYMBOL, parameter.gradient, strong)
        is_long = any(len(text) > FITTING[column] for column, text in substituted.items())
        if is_long:
            self.pen.heighten(substituted)
        self.pen.product(tuple(substituted.values()), pen.style(align="center", wrap=is_long))
        row, numbers = pen.row, pen.style(align="center", number_format=VALUE)
        self.pen.product(("",) * len(factors), pen.style(align="center"))
        symbols = [*factors[:-1], parameter.source if isinstance(parameter, Connection) else ""]
        columns = list(FITTING)[: len(factors)]
        for column, symbol in zip(columns, symbols, strict=True):
            if symbol:
                canvas.calculate(row, column, f"={pen.place(symbol)}", pen.values[symbol], numbers)
            else:
                canvas.write(row, column, 1, numbers)
        formula = "*".join(cell_address(row, column) for column in columns)
        style = pen.style(bold=True, number_format=FINE, colour=pen.palette.strong)
        gradient = gradient_of(pen.plan, parameter)
        canvas.calculate(row, RESULT, f"={formula}", gradient, style)

    def closed_forms(self) -> None:
        """Write every gradient once more in one line and one formula, as the seeds end."""
        pen, network = self.pen, self.network
        pen.section("All gradients in closed form", "gradient")
        former = None
        for parameter in network.parameters:
            if parameter.target != former:
                pen.palette = BLOCKS[parameter.unit % len(BLOCKS)]
                former = parameter.target
            formula = quantities.gradient_formula(network, parameter, pen.place)
            text = notation.gradient(network, parameter)
            self.pen.equation(parameter.gradient, text, formula, gradient_of(pen.plan, parameter))


def _part(network: Network, layer: int, edge: Connection, activated: str) -> str:
    """Name the share of ∂E/∂a that comes back through one unit of the next layer."""
    is_own = layer == len(network.layers) - 2 and not network.layers[-1].activation.acts_on_layer
    if is_own:  # E1 depends on o1 alone
        return f"∂{network.error_names[int(edge.target[1:]) - 1]}/∂{activated}"
    return f"∂E/∂{activated} via {edge.target}"
