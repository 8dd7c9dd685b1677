"""The sheet `Derivation`: the chain rule for every weight, from ∂E/∂w to the closed form, live.

Each factor is above its value at the moment that is chosen on `Overview`. The values come from a
forward pass in the sheet's own cells, so that they are a way to the gradients that is independent
of the training tables. A network of many weights is written in matrices instead, by
matrix_derivation.py.
"""

from dataclasses import replace
from itertools import cycle, islice

from sheetgen.formulas import notation, quantities
from sheetgen.network.network import Network, activation_name
from sheetgen.network.parameters import Connection, Parameter, Weight
from sheetgen.network.trace import INNER
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, KINDS, VALUE, WHOLE
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.derivation.derivation_pens import (
    BLOCKS,
    EQUALS,
    FIRST,
    FIRST_ROW,
    FITTING,
    RESULT,
    SECOND,
    SYMBOL,
    THIRD,
    TIMES_1,
    TIMES_2,
    Derivation,
    UnitPen,
)
from sheetgen.workbook.sheets.derivation.matrix_derivation import matrix_derivation_sheet
from sheetgen.workbook.sheets.derivation.plane_derivation import plane_derivation_sheet

__all__ = ["Derivation", "derivation_sheet", "is_by_unit"]

WIDTHS = {FIRST: 63.0, SECOND: 22.0, THIRD: 14.0}  # characters, at most, of the factors' columns
LEAST_WIDTH, PADDING = 12.0, 3
FITTING_IN_ONE = 1.2  # characters of a text that fit into one of a column's width
MAXIMUM_WEIGHTS = 40  # with more, a derivation by unit is a dozen screens long
TOGETHER = 8  # weights of a unit without a gap, so that they fit a page


def is_by_unit(network: Network) -> bool:
    """Tell whether the network is small enough for a chain rule of every weight."""
    return len(network.weights) <= MAXIMUM_WEIGHTS


def derivation_sheet(chosen: ChosenMoment, workings: Workings) -> Derivation:
    """Draw the sheet."""
    if not chosen.network.is_dense:
        return plane_derivation_sheet(chosen, workings)
    if not is_by_unit(chosen.network):
        return matrix_derivation_sheet(chosen)
    subtitle = "The chain rule from the error back to each weight"
    pen = _ByUnit(chosen, subtitle, THIRD)
    canvas = pen.canvas
    pen.forward()
    for layer in reversed(range(len(chosen.network.layers))):
        pen.layer(layer)
    pen.closed_forms()
    pen.update()
    canvas.widths = {0: 2, SYMBOL: 18, RESULT: 15, EQUALS: 4, TIMES_1: 4, TIMES_2: 4}
    canvas.widths |= _factor_widths(canvas)
    canvas.numbers.append((FIRST_ROW, RESULT, pen.row, THIRD))
    return pen.sheet


def _factor_widths(canvas: Canvas) -> dict[int, float]:
    """Return the widths of the factors' columns: as wide as their texts, and no wider than WIDTHS.

    What the longest line needs besides is shared by all three, as far as that goes.
    """
    widths, before, running = dict.fromkeys(WIDTHS, LEAST_WIDTH), sum(canvas.widths.values()), 0.0
    for (_, column), cell in canvas.cells.items():
        needed = len(str(cell.value)) * cell.style.size / 10 / FITTING_IN_ONE + PADDING
        if cell.style.wrap:
            return WIDTHS
        if column in WIDTHS and cell.style.align == "center":
            widths[column] = max(widths[column], needed)
        elif column in (SYMBOL, FIRST):
            start = sum(canvas.widths[at] for at in (SYMBOL, RESULT, EQUALS) if at < column)
            running = max(running, start + needed)
    fixed = before - canvas.widths[0]
    for at, places in ((THIRD, 3), (SECOND, 2), (FIRST, 1)):
        missing = max(0.0, running - fixed - sum(widths.values()))
        widths[at] = round(min(WIDTHS[at], widths[at] + missing / places), 1)
    return widths


class _ByUnit(UnitPen):
    """Writes the derivation unit by unit."""

    def forward(self) -> None:
        self.section("Forward pass", "unit")
        self.palette = KINDS["unit"]
        for index, layer in enumerate(self.network.layers):
            units = self.network.unit_names[index]
            if layer.activation.acts_on_layer:
                self.softmax(units)
                continue
            for unit in units:
                self.quantities(unit, activation_name(unit))
        self.palette = KINDS["error"]
        self.quantities(*self.network.error_names, "E_total")
        self.palette = KINDS["unit"]
        self.definitions()
        self.remark("In the derivatives below, E is E_total.")

    def quantities(self, *symbols: str) -> None:
        for symbol in symbols:
            formula = quantities.forward_formula(self.network, symbol, self.place)
            self.equation(symbol, notation.forward(self.network, symbol), formula)

    def softmax(self, units: tuple[str, ...]) -> None:
        """Write an output layer in which every activation depends on all pre-activations."""
        self.quantities(*units)
        helpers = quantities.softmax_helper_formulas(self.network, self.place)
        for symbol, formula, text in islice(helpers, 2):
            self.equation(symbol, text, formula)
        self.quantities(*map(activation_name, units))

    def layer(self, layer: int) -> None:
        network = self.network
        is_output = layer == len(network.layers) - 1
        self.section(f"Back through the {notation.layer_title(network, layer)}", "gradient")
        self.palette = BLOCKS[0]
        if is_output:
            self.before_outputs()
        self.fixed_biases(layer)
        for unit, name in enumerate(network.unit_names[layer]):
            self.palette = BLOCKS[unit % len(BLOCKS)]
            if not is_output:
                self.hidden_gradient(layer, name)
            elif notation.has_slope(network, layer):
                self.output_gradient(unit, name)
            if notation.has_slope(network, layer):
                self.delta(layer, name)
            else:
                self.output_delta(unit, name)
            for place, edge in enumerate(network.weights_into(name)):
                if place and place % TOGETHER == 0:
                    self.row += 1
                self.chain_rule(edge)
            bias = network.bias_of(name)
            if bias and bias.is_trained:
                self.chain_rule(bias)
            self.row += 1

    def before_outputs(self) -> None:
        """Say what is special about the outputs, and write what all of them need."""
        network = self.network
        if notation.is_joint(network):
            self.joint_remark()
        if not network.layers[-1].activation.acts_on_layer:
            if network.outputs > 1:
                text = "Each output appears in its own error only: the other errors' derivatives"
                self.remark(f"{text} are 0.")
        elif not notation.is_joint(network):
            self.remark(
                "With softmax every output depends on every o: the sum below is over all outputs."
            )
            for output, name in enumerate(network.unit_names[-1]):
                self.output_gradient(output, name)
            activated = [activation_name(name) for name in network.unit_names[-1]]
            text = " + ".join(f"∂E/∂{each}·{each}" for each in activated)
            formula = "+".join(f"{self.place(f'∂E/∂{a}')}*{self.place(a)}" for a in activated)
            self.equation(INNER, text, formula)

    def output_gradient(self, output: int, name: str) -> None:
        """∂E/∂a of an output: only its own error depends on it."""
        network = self.network
        activated = activation_name(name)
        target, own = network.target_names[output], network.error_names[output]
        loss, count = network.loss, network.outputs
        formula = loss.slope_formula(self.place(target), self.place(activated), count)
        steps = loss.slope_steps(target, activated, count)
        text = f"∂{own}/∂{activated} = {steps} = {notation.loss_slope(network, output)}"
        self.equation(f"∂E/∂{activated}", text, formula)

    def output_delta(self, output: int, name: str) -> None:
        """∂E/∂o at once, where there is no ∂a/∂o of a single unit to go through."""
        network = self.network
        softmax = quantities.output_softmax(network)
        if softmax and not notation.is_joint(network):
            activated = activation_name(name)
            cells = (self.place(each) for each in (f"∂E/∂{activated}", activated, INNER))
            formula = softmax.delta_formula(*cells)
        else:
            formula = quantities.delta_formula(network, name, self.place)
        self.equation(f"∂E/∂{name}", notation.output_delta(network, output), formula)

    def hidden_gradient(self, layer: int, name: str) -> None:
        """∂E/∂a of a hidden unit: a sum over all the units that it feeds."""
        network = self.network
        activated = activation_name(name)
        text = notation.substituted_activation_gradient(network, name)
        if " + " in text:
            chain = notation.chain_of_activation_gradient(network, name)
            self.prose(f"∂E/∂{activated}", chain)
        parts = []
        for edge in network.out_of(activated):
            delta = f"∂E/∂{edge.target}"
            name_of_part = _part(network, layer, edge, activated)
            share = f"{delta} · ∂{edge.target}/∂{activated} = {delta} · {edge.name}"
            formula = f"{self.place(delta)}*{self.place(edge.name)}"
            self.values[name_of_part] = self.values[delta] * self.values[edge.name]
            self.equation(name_of_part, share, formula)
            parts.append(name_of_part)
        self.equation(f"∂E/∂{activated}", text, "+".join(map(self.place, parts)))

    def delta(self, layer: int, name: str) -> None:
        network = self.network
        activated = activation_name(name)
        slope = f"∂{activated}/∂{name}"
        activation = network.layers[layer].activation
        formula = activation.slope_formula(self.place(name), self.place(activated))
        text = notation.activation_slope(network, name)
        self.equation(slope, text, formula)
        product = f"{self.place(f'∂E/∂{activated}')}*{self.place(slope)}"
        self.equation(f"∂E/∂{name}", f"∂E/∂{activated} · {slope}", product)

    def chain_rule(self, parameter: Parameter) -> None:
        """Write a weight's chain rule in three lines: general, substituted, in numbers."""
        canvas = self.canvas
        factors = notation.chain_rule(self.network, parameter)
        substituted = dict(
            zip(FITTING, notation.substituted_chain_rule(self.network, parameter), strict=False)
        )
        strong = self.style(bold=True, colour=self.palette.strong)
        self.product(factors, replace(strong, align="center"))
        canvas.write(self.row - 1, SYMBOL, parameter.gradient, strong)
        is_long = any(len(text) > FITTING[column] for column, text in substituted.items())
        if is_long:
            self.heighten(substituted)
        self.product(tuple(substituted.values()), self.style(align="center", wrap=is_long))
        row = self.row
        self.product(("",) * len(factors), self.style(align="center"))
        symbols = [*factors[:-1], parameter.source if isinstance(parameter, Weight) else ""]
        columns = list(FITTING)[: len(factors)]
        for (column, text), symbol in zip(substituted.items(), symbols, strict=True):
            shown = WHOLE if text == "1" else self.plan.data_formats.get(symbol, VALUE)
            style = self.style(align="center", number_format=shown)
            if symbol:
                canvas.calculate(row, column, f"={self.place(symbol)}", self.values[symbol], style)
            else:
                canvas.write(row, column, 1, style)
        formula = "*".join(cell_address(row, column) for column in columns)
        style = self.style(bold=True, number_format=FINE, colour=self.palette.strong)
        canvas.calculate(row, RESULT, f"={formula}", self.values[parameter.gradient], style)

    def closed_forms(self) -> None:
        """Write every gradient again, in one line and one formula.

        A block has the weights of a unit, or the biases of a layer.
        """
        network = self.network
        self.section("All gradients in closed form", "gradient")
        blocks, former = cycle(BLOCKS), None
        for parameter in network.parameters:
            is_weight = isinstance(parameter, Weight)
            block = parameter.target if is_weight else parameter.layer
            if block != former:
                self.palette, former = next(blocks), block
            formula = quantities.gradient_formula(network, parameter, self.place)
            self.equation(parameter.gradient, notation.gradient(network, parameter), formula)


def _part(network: Network, layer: int, edge: Connection, activated: str) -> str:
    """Name the share of ∂E/∂a that comes back through one unit of the next layer."""
    is_own = layer == len(network.layers) - 2 and not network.layers[-1].activation.acts_on_layer
    if is_own:  # E1 depends on o1 alone
        return f"∂{network.error_names[int(edge.target[1:]) - 1]}/∂{activated}"
    return f"∂E/∂{activated} via {edge.target}"
