"""The sheet `Derivation`: the chain rule for every weight, from ∂E/∂w to the closed form, live.

Each factor stands above its value at iteration 0. The values come from a forward pass in the
sheet's own cells, so that they are a way to the gradients independent of the training tables.
"""

from dataclasses import dataclass, field, replace

from sheetgen import notation
from sheetgen.canvas import Canvas, cell_address
from sheetgen.columns import gradient_formula
from sheetgen.network import Connection, Network, activation_name
from sheetgen.sheets.plan import DERIVATION, Plan
from sheetgen.style import FINE, KINDS, SUBTITLE, TITLE, VALUE, Palette, Style, band

SYMBOL, RESULT, EQUALS, FIRST, TIMES_1, SECOND, TIMES_2, THIRD = range(1, 9)
# The blocks of neighbouring units take turns in two tints of the gradients' colour.
GRADIENT = KINDS["gradient"]
BLOCKS = (GRADIENT, Palette("#F7F5FF", GRADIENT.strong))
LINE = 130  # characters that fit from the first factor to the last one
FACTOR = 78  # characters that fit into the first factor's column


@dataclass
class Derivation:
    """The sheet, and the address of every quantity that it has a value for."""

    canvas: Canvas
    cells: dict[str, str] = field(default_factory=dict)


@dataclass
class _Pen:
    """Writes line below line; remembers where each symbol's value stands and what it is."""

    plan: Plan
    sheet: Derivation
    palette: Palette = BLOCKS[0]
    row: int = 3
    values: dict[str, float] = field(default_factory=dict)

    def place(self, symbol: str) -> str:
        """Return a symbol's address as this sheet's formulas write it."""
        return self.sheet.cells[symbol].removeprefix(f"{DERIVATION}!")

    def text(self, column: int, text: str, style: Style | None = None) -> None:
        self.sheet.canvas.write(self.row, column, text, style or self.style())

    def style(self, **changes: object) -> Style:
        return replace(Style(fill=self.palette.tint), **changes)  # type: ignore[arg-type]

    def fill(self) -> None:
        """Colour the whole width of the line."""
        for column in range(SYMBOL, THIRD + 1):
            self.sheet.canvas.write(self.row, column, "", self.style())

    def section(self, title: str, kind: str) -> None:
        self.row += 1
        for column in range(SYMBOL, THIRD + 1):
            self.text(column, title if column == SYMBOL else "", replace(band(kind), size=11))
        self.sheet.canvas.heights[self.row] = 22
        self.row += 1

    def equation(self, symbol: str, right: str, formula: str, value: float) -> None:
        """Write symbol, value = right side, and remember where the value stands."""
        self.fill()
        self.text(SYMBOL, symbol, self.style(bold=True, colour=self.palette.strong))
        self.text(EQUALS, "=", self.style(align="center"))
        if len(right) > LINE:
            self.wrapped(FIRST, right, self.style(wrap=True))
        else:
            self.text(FIRST, right)
        style = self.style(bold=True, number_format=FINE)
        self.sheet.canvas.calculate(self.row, RESULT, f"={formula}", value, style)
        self.sheet.cells[symbol] = self.sheet.canvas.absolute(self.row, RESULT)
        self.values[symbol] = value
        self.row += 1

    def wrapped(self, column: int, text: str, style: Style) -> None:
        """Write text into one cell, in as many lines as it needs."""
        self.text(column, text, style)
        lines = -(-len(text) // FACTOR)
        self.sheet.canvas.heights[self.row] = 15 * lines if lines > 1 else 15

    def remark(self, text: str) -> None:
        self.fill()
        self.text(SYMBOL, text, self.style(italic=True))
        self.row += 1


def derivation_sheet(plan: Plan, inputs: Canvas) -> Derivation:
    """Draw the sheet."""
    canvas = Canvas(DERIVATION, tab_colour=KINDS["gradient"].strong, freeze=(3, 0))
    canvas.widths = {0: 2, SYMBOL: 17, EQUALS: 4, FIRST: 64, TIMES_1: 4, SECOND: 22}
    canvas.widths.update({TIMES_2: 4, THIRD: 14, RESULT: 15})
    canvas.heights[0] = 28
    canvas.write(0, SYMBOL, "Derivation of every gradient", TITLE)
    text = "The chain rule from the error back to each weight; numbers are those of iteration 0."
    canvas.write(1, SYMBOL, text, SUBTITLE)
    sheet = Derivation(canvas)
    pen = _Pen(plan, sheet)
    _start(pen, inputs)
    _forward(pen)
    for layer in reversed(range(len(plan.network.layers))):
        _layer(pen, layer)
    _closed_forms(pen)
    canvas.numbers.append((3, RESULT, pen.row, THIRD))
    return sheet


def _start(pen: _Pen, inputs: Canvas) -> None:
    """Let the pen know the inputs, targets and weights by their cells on `Inputs`."""
    template, network = pen.plan.template, pen.plan.network
    known = dict(zip(network.input_names, template.sample, strict=True))
    known.update(zip(network.target_names, template.target, strict=True))
    known.update({edge.name: network.weight(edge) for edge in network.connections})
    for symbol, value in known.items():
        pen.sheet.cells[symbol] = inputs.address(symbol)
        pen.values[symbol] = value


def _forward(pen: _Pen) -> None:
    network, start = pen.plan.network, pen.plan.start
    pen.section("Forward pass", "unit")
    pen.palette = KINDS["unit"]
    for index, layer in enumerate(network.layers):
        for unit, name in enumerate(network.unit_names[index]):
            products = (
                f"{pen.place(edge.name)}*{pen.place(edge.source)}" for edge in network.into(name)
            )
            z, a = start.pre_activations[index][unit], start.activations[index][unit]
            pen.equation(name, notation.weighted_sum(network, name), "+".join(products), float(z))
            formula = layer.activation.formula(pen.place(name))
            text = notation.activation(network, name)
            pen.equation(activation_name(name), text, formula, float(a))
    pen.palette = KINDS["error"]
    for output, name in enumerate(network.error_names):
        target = pen.place(network.target_names[output])
        activated = pen.place(activation_name(network.unit_names[-1][output]))
        formula = network.loss.formula(target, activated)
        error = float(start.errors[output])
        pen.equation(name, notation.error(network, output), formula, error)
    total = "+".join(pen.place(name) for name in network.error_names)
    pen.equation("E_total", notation.total_error(network), total, start.total_error)
    pen.palette = KINDS["unit"]
    for definition in dict.fromkeys(layer.activation.definition for layer in network.layers):
        pen.remark(definition)
    pen.remark("In the derivatives below, E stands for E_total.")


def _layer(pen: _Pen, layer: int) -> None:
    network = pen.plan.network
    pen.section(f"Back through the {notation.layer_title(network, layer)}", "gradient")
    pen.palette = BLOCKS[0]
    if layer == len(network.layers) - 1 and network.outputs > 1:
        pen.remark(
            "Each output appears in its own error only: the other errors' derivatives are 0."
        )
    for unit, name in enumerate(network.unit_names[layer]):
        pen.palette = BLOCKS[unit % len(BLOCKS)]
        if layer == len(network.layers) - 1:
            _output_gradient(pen, unit, name)
        else:
            _hidden_gradient(pen, layer, unit, name)
        _delta(pen, layer, unit, name)
        for edge in network.into(name):
            _weight(pen, edge)
        pen.row += 1


def _output_gradient(pen: _Pen, output: int, name: str) -> None:
    """∂E/∂a of an output: only its own error depends on it."""
    network = pen.plan.network
    activated = activation_name(name)
    formula = network.loss.slope_formula(
        pen.place(network.target_names[output]), pen.place(activated)
    )
    own = network.error_names[output]
    steps = network.loss.slope_steps(network.target_names[output], activated)
    text = f"∂{own}/∂{activated} = {steps} = {notation.loss_slope(network, output)}"
    value = float(pen.plan.start_gradients.activation_gradients[-1][output])
    pen.equation(f"∂E/∂{activated}", text, formula, value)


def _hidden_gradient(pen: _Pen, layer: int, unit: int, name: str) -> None:
    """∂E/∂a of a hidden unit: a sum over all the units that it feeds."""
    network = pen.plan.network
    activated = activation_name(name)
    text = notation.substituted_activation_gradient(network, name)
    if " + " in text:
        pen.remark(f"∂E/∂{activated} = {notation.chain_of_activation_gradient(network, name)}")
    parts = []
    for edge in network.out_of(activated):
        delta = f"∂E/∂{edge.target}"
        name_of_part = _part(network, layer, edge, activated)
        share = f"{delta} · ∂{edge.target}/∂{activated} = {delta} · {edge.name}"
        formula = f"{pen.place(delta)}*{pen.place(edge.name)}"
        pen.equation(name_of_part, share, formula, pen.values[delta] * pen.values[edge.name])
        parts.append(name_of_part)
    value = float(pen.plan.start_gradients.activation_gradients[layer][unit])
    pen.equation(f"∂E/∂{activated}", text, "+".join(map(pen.place, parts)), value)


def _part(network: Network, layer: int, edge: Connection, activated: str) -> str:
    """Name the share of ∂E/∂a that comes back through one unit of the next layer."""
    if layer == len(network.layers) - 2:
        return f"∂{network.error_names[int(edge.target[1:]) - 1]}/∂{activated}"
    return f"∂E/∂{activated} via {edge.target}"


def _delta(pen: _Pen, layer: int, unit: int, name: str) -> None:
    network, gradients = pen.plan.network, pen.plan.start_gradients
    activated = activation_name(name)
    slope = f"∂{activated}/∂{name}"
    formula = network.layers[layer].activation.slope_formula(pen.place(name), pen.place(activated))
    text = notation.activation_slope(network, name)
    pen.equation(slope, text, formula, float(gradients.slopes[layer][unit]))
    product = f"{pen.place(f'∂E/∂{activated}')}*{pen.place(slope)}"
    text = f"∂E/∂{activated} · {slope}"
    pen.equation(f"∂E/∂{name}", text, product, float(gradients.deltas[layer][unit]))


def _weight(pen: _Pen, edge: Connection) -> None:
    """Write the chain rule of one weight in three lines: general, substituted, in numbers."""
    network, canvas = pen.plan.network, pen.sheet.canvas
    factors = notation.chain_rule(edge)
    activation_gradient = notation.substituted_activation_gradient(network, edge.target)
    substituted = (
        f"({activation_gradient})" if " + " in activation_gradient else activation_gradient,
        notation.activation_slope(network, edge.target),
        edge.source,
    )
    strong = pen.style(bold=True, colour=pen.palette.strong)
    pen.fill()
    pen.text(SYMBOL, edge.gradient, strong)
    _product(pen, factors, replace(strong, align="center"))
    pen.fill()
    if len(substituted[0]) > FACTOR:
        pen.wrapped(FIRST, substituted[0], pen.style(align="center", wrap=True))
    _product(pen, substituted, pen.style(align="center", wrap=len(substituted[0]) > FACTOR))
    pen.fill()
    row = pen.row
    _product(pen, ("", "", ""), pen.style(align="center"))
    sources = (*factors[:2], edge.source)
    numbers = pen.style(align="center", number_format=VALUE)
    for column, symbol in zip((FIRST, SECOND, THIRD), sources, strict=True):
        canvas.calculate(row, column, f"={pen.place(symbol)}", pen.values[symbol], numbers)
    cells = (cell_address(row, column) for column in (FIRST, SECOND, THIRD))
    gradient = float(
        pen.plan.start_gradients.weight_gradients[edge.layer][edge.unit, edge.position]
    )
    style = pen.style(bold=True, number_format=FINE, colour=pen.palette.strong)
    canvas.calculate(row, RESULT, f"={'*'.join(cells)}", gradient, style)


def _product(pen: _Pen, factors: tuple[str, str, str], style: Style) -> None:
    for column, factor in zip((FIRST, SECOND, THIRD), factors, strict=True):
        pen.text(column, factor, style)
    for column, sign in ((EQUALS, "="), (TIMES_1, "·"), (TIMES_2, "·")):
        pen.text(column, sign, pen.style(align="center"))
    pen.row += 1


def _closed_forms(pen: _Pen) -> None:
    """Write every gradient once more in one line and one formula, as the seeds end."""
    network = pen.plan.network
    pen.section("All gradients in closed form", "gradient")
    gradients = pen.plan.start_gradients.weight_gradients
    former = None
    for edge in network.connections:
        if edge.target != former:
            pen.palette = BLOCKS[edge.unit % len(BLOCKS)]
            former = edge.target
        formula = gradient_formula(network, edge, pen.place)
        value = float(gradients[edge.layer][edge.unit, edge.position])
        pen.equation(edge.gradient, notation.gradient(network, edge), formula, value)
    pen.section("The update", "weight")
    pen.palette = KINDS["weight"]
    pen.remark(
        "w ← w − η·∂E/∂w for every weight at once: each gradient is that of the old weights."
    )
    pen.remark("This is what leads from one row of a training table to the next.")
