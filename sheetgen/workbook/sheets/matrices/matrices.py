"""The sheet `Matrices`: the chosen moment as a teacher draws it, in matrices, forth and back.

The upper half goes from left to right, W·a + b = z → f → a for each layer, to the errors; the
lower half from right to left, each gradient below what it belongs to. The numbers are computed
here, from the inputs, targets, weights and biases of the moment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sheetgen.formulas import back_formulas, notation, quantities
from sheetgen.network.network import activation_name
from sheetgen.network.trace import EXPONENTIALS, GREATEST, INNER
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.canvas import Canvas, Place, Rule
from sheetgen.spreadsheet.style import KINDS, MUTED, SUBTITLE, WHOLE, Style, band
from sheetgen.spreadsheet.style import number as number_style
from sheetgen.workbook.plan import MATRICES
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.shared.live_text import joined
from sheetgen.workbook.shared.page import write_title
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.matrices.matrix_places import Places, is_shown, rows_of

FORWARD = 3  # the row of the upper half's band
EQUATIONS, SECOND, NAMES, SHAPES, SOURCES, FIRST = range(1, 7)  # rows below a band
SIGN = Style(size=12, colour=MUTED, align="center")
FUNCTION = Style(bold=True, align="center", colour=KINDS["unit"].strong)
ARROW = Style(size=16, bold=True, align="center", colour=KINDS["gradient"].strong)
FLOW = Style(size=16, bold=True, align="center", colour=KINDS["unit"].strong)
NAME = Style(size=11, bold=True)
SHAPE = Style(size=8, colour=MUTED)
SMALL = Style(size=8, colour=MUTED, align="center")
EQUATION = Style(size=10, italic=True, colour=MUTED)
NOTES = (
    "Each gradient is below what it belongs to; grey: units and gradients of 0.",
    "ᵀ swaps rows and columns; ⊙ multiplies element by element.",
    "The scalars behind each cell are on Derivation.",
)
AS_WHOLE: dict[str, object] = {"num_format": WHOLE}
ZERO: dict[str, object] = {"font_color": "#5B6472", "bg_color": "#E5E7EB", "italic": True}


def matrices_sheet(chosen: ChosenMoment, workings: Workings) -> Canvas | None:
    """Draw the sheet; return None if the network is too large for it, or has planes."""
    is_drawn = chosen.network.is_dense and is_shown(chosen.network)
    return _Sheet(chosen, workings).draw() if is_drawn else None


@dataclass
class _Sheet:
    """`cells` has the address of every quantity that is written so far."""

    chosen: ChosenMoment
    workings: Workings
    cells: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network = self.chosen.network
        self.places, self.tallest = Places.of(self.network), rows_of(self.network)
        colour, zoom = KINDS["gradient"].strong, self.places.zoom
        self.canvas = Canvas(MATRICES, tab_colour=colour, zoom=zoom, freeze=(FORWARD, 0))
        self.cells |= {name: self.chosen.cells[name] for name in self.network.given_names}
        self.back = FORWARD + FIRST + self.tallest + 2
        self.last = len(self.network.layers) - 1

    def draw(self) -> Canvas:
        canvas = self.canvas
        canvas.widths = dict(self.places.widths)
        write_title(canvas, 1, "The network in matrices", "")
        words = joined("At ", self.chosen.place, ", chosen on Overview: ", self.chosen.error)
        canvas.calculate(1, 1, words.formula, words.text, SUBTITLE)
        self.band(FORWARD, "Forward: from the inputs to the errors  →", "unit")
        for layer in range(self.last + 1):
            self.forward(layer)
        self.errors()
        self.band(self.back, "←  Backward: from the errors to every weight", "gradient")
        for layer in reversed(range(self.last + 1)):
            self.backward(layer)
        last = self.back + FIRST + self.tallest + 1
        for row, text in enumerate(NOTES, start=last):
            canvas.write(row, 1, text, replace(EQUATION, size=9))
        canvas.column_breaks += self.places.pages
        canvas.print_area = (0, 0, last + len(NOTES) - 1, self.places.error)
        return canvas

    def band(self, row: int, title: str, kind: str) -> None:
        """Write a band across the sheet, with a title where a page of paper begins."""
        begins = self.places.pages
        for column in range(1, self.places.error + 1):
            text = title if column == 1 else ""
            if column in begins:
                layer = notation.layer_title(self.network, begins[column])
                text = f"{title.partition(':')[0]}: {layer}"
            self.canvas.write(row, column, text, replace(band(kind), size=11))
        self.canvas.heights[row] = 20

    def forward(self, layer: int) -> None:
        """Write W·a + b = z → f → a."""
        network, at, row = self.network, self.places.layers[layer], FORWARD
        chosen, units = network.layers[layer], network.unit_names[layer]
        z, a, w, b = (notation.indexed(symbol, layer) for symbol in "zaWb")
        before = notation.indexed("a", layer - 1)
        added = "" if at.bias is None else f" + {b}"
        self.equations(
            at.names, row, f"{z} = {w}·{before}{added}", f"{a} = {self.activated(layer)}"
        )
        rows = [[edge.name for edge in network.into(unit)] for unit in units]
        self.matrix(row, at.weights, w, rows, "weight", self.given)
        kind = "unit" if layer else "input"
        sources = network.source_names[layer]
        self.labels(row, layer)
        known = self.given if layer == 0 else self.place
        name = f"x = {before}" if layer == 0 else before
        self.vector(row, at.source, name, sources, kind, known)
        if at.bias is not None:
            biases = [each.name for each in network.biases if each.layer == layer]
            self.vector(row, at.bias, b, biases, "weight", self.given)
            self.sign(row, at.bias - 1, "+")
        self.sign(row, at.source - 1, "·", replace(SIGN, size=16, bold=True))
        self.sign(row, at.z - 1, "=")
        self.vector(row, at.z, z, units, "unit", self.forward_formula)
        self.softmax(layer)
        self.sign(row, at.slope - 1, "→")
        self.sign(row, at.a - 1, "→")
        activation = chosen.activation
        symbol = activation.name if activation.symbol == "f" else activation.symbol
        self.sign(row, at.slope, symbol, replace(FUNCTION, size=8 if len(symbol) > 5 else 10))
        activated = [activation_name(unit) for unit in units]
        self.vector(row, at.a, a, activated, "unit", self.forward_formula)

    def activated(self, layer: int) -> str:
        """Return f(z), the right side of a = …"""
        activation, z = self.network.layers[layer].activation, notation.indexed("z", layer)
        return f"softmax({z})" if activation.acts_on_layer else activation.notation(z)

    def softmax(self, layer: int) -> None:
        """Write what all outputs of a softmax need on the workings."""
        if not self.network.layers[layer].activation.acts_on_layer:
            return
        corner = self.workings.block(MATRICES, "Matrices: the softmax", 2)
        for down, symbol in enumerate((GREATEST, EXPONENTIALS)):
            corner.write(down, 0, notation.heading(symbol))
            formula = quantities.forward_formula(self.network, symbol, self.cells.__getitem__)
            self.cells[symbol] = corner.calculate(down, 1, formula, self.chosen.values[symbol])

    def errors(self) -> None:
        """Write the targets and the errors at the right end, and the way back."""
        network, row, at = self.network, FORWARD, self.places
        self.vector(row, at.target, "t", network.target_names, "target", self.given)
        self.sign(row, at.error - 1, "→")
        self.vector(row, at.error, "E", network.error_names, "error", self.forward_formula)
        self.canvas.write(self.back - 1, at.error, "↓", ARROW)
        for layer in at.layers[:-1]:
            self.sign(row, layer.a + 1, "→", FLOW)
            self.sign(self.back, layer.a + 1, "←", replace(FLOW, colour=ARROW.colour))

    def backward(self, layer: int) -> None:
        """Write δ, and the gradients of the biases and the weights, from right to left."""
        network, at, row = self.network, self.places.layers[layer], self.back
        units = network.unit_names[layer]
        z, a, w, b, d = (notation.indexed(symbol, layer) for symbol in "zaWbδ")
        before = notation.indexed("a", layer - 1)
        trained = [each for each in network.biases if each.layer == layer and each.is_trained]
        text = f"∂E/∂{w} = {d}·{before}ᵀ" + (f",  ∂E/∂{b} = {d}" if trained else "")
        self.equations(at.names, row, f"{d} = {self.delta_text(layer)}", text)
        activated = [f"∂E/∂{activation_name(unit)}" for unit in units]
        if layer < self.last or not notation.is_joint(network):
            self.vector(row, at.a, f"∂E/∂{a}", activated, "gradient", self.activation_gradient)
        if notation.has_slope(network, layer):
            slopes = [f"∂{activation_name(unit)}/∂{unit}" for unit in units]
            self.vector(row, at.slope, f"f′({z})", slopes, "gradient", self.slope)
            self.sign(row, at.a - 1, "⊙")
        elif not notation.is_joint(network):
            corner = self.workings.block(MATRICES, "Matrices: the softmax's sum", 2)
            formula = back_formulas.inner_sum(network, self.cells.__getitem__)
            corner.write(0, 0, INNER)
            self.cells[INNER] = corner.calculate(0, 1, formula, self.chosen.values[INNER])
        else:
            self.sign(row, at.slope, self.delta_text(layer), replace(EQUATION, size=9))
        self.sign(row, at.slope - 1, "←")
        self.vector(row, at.z, d, [f"∂E/∂{unit}" for unit in units], "gradient", self.delta)
        if trained and at.bias is not None:
            by_gradient = {each.gradient: each for each in trained}
            self.vector(
                row, at.bias, f"∂E/∂{b}", list(by_gradient), "gradient",
                lambda symbol: back_formulas.gradient(by_gradient[symbol], self.place),
            )  # fmt: skip
        self.sign(row, at.z - 1, "←")
        edges = [network.weights_into(unit) for unit in units]
        by_name = {edge.gradient: edge for each in edges for edge in each}
        rows = [[edge.gradient for edge in each] for each in edges]
        self.matrix(
            row, at.weights, f"∂E/∂{w}", rows, "gradient",
            lambda symbol: back_formulas.gradient(by_name[symbol], self.place),
        )  # fmt: skip
        self.labels(row, layer)

    def delta_text(self, layer: int) -> str:
        """Return the right side of δ = …"""
        network = self.network
        z, a = notation.indexed("z", layer), notation.indexed("a", layer)
        if layer < self.last:
            w, d = notation.indexed("W", layer + 1), notation.indexed("δ", layer + 1)
            return f"∂E/∂{a} ⊙ f′({z}),  with ∂E/∂{a} = {w}ᵀ·{d}"
        if notation.is_joint(network):
            return notation.bare(network.loss.delta_notation("t", z, a, network.outputs))
        slope = notation.bare(network.loss.slope_notation("t", a, network.outputs))
        if notation.has_slope(network, layer):
            return f"∂E/∂{a} ⊙ f′({z}),  with ∂E/∂{a} = {slope}"
        return f"{a} ⊙ (∂E/∂{a} − Σ ∂E/∂a·a),  with ∂E/∂{a} = {slope}"

    def place(self, symbol: str) -> str:
        """Return a symbol's address as this sheet's formulas write it."""
        return self.cells[symbol].removeprefix(f"{MATRICES}!")

    def given(self, symbol: str) -> str:
        return self.chosen.cells[symbol]

    def forward_formula(self, symbol: str) -> str:
        return quantities.forward_formula(self.network, symbol, self.place)

    def activation_gradient(self, symbol: str) -> str:
        unit = symbol.removeprefix("∂E/∂a_")
        return back_formulas.gradient_of_activation(self.network, unit, self.place)

    def slope(self, symbol: str) -> str:
        return back_formulas.slope(self.network, symbol.partition("/∂")[2], self.place)

    def delta(self, symbol: str) -> str:
        return back_formulas.delta(self.network, symbol.removeprefix("∂E/∂"), self.place)

    def equations(self, column: int, row: int, *texts: str) -> None:
        """Write a layer's equations above its matrices."""
        for offset, text in enumerate(texts, start=row + EQUATIONS):
            self.canvas.write(offset, column, text, EQUATION)

    def labels(self, row: int, layer: int) -> None:
        """Write the names of a matrix's rows and columns."""
        at, network = self.places.layers[layer], self.network
        top = self.top(row, network.layers[layer].units)
        for offset, name in enumerate(network.unit_names[layer]):
            self.canvas.write(top + offset, at.names, name, replace(SMALL, align="right"))
        for column, name in enumerate(network.source_names[layer], start=at.weights):
            self.canvas.write(top - 1, column, name, SMALL)

    def top(self, row: int, rows: int) -> int:
        """Return the first row of a matrix, centred on the tallest one."""
        return row + FIRST + (self.tallest - rows) // 2

    def sign(self, row: int, column: int, text: str, style: Style = SIGN) -> None:
        """Write a sign between two matrices, in the middle of their height."""
        self.canvas.write(row + FIRST + (self.tallest - 1) // 2, column, text, style)

    def vector(
        self,
        row: int,
        column: int,
        name: str,
        symbols: Sequence[str],
        kind: str,
        formula: Callable[[str], str],
    ) -> None:
        """Write a column of numbers."""
        self.matrix(row, column, name, [[symbol] for symbol in symbols], kind, formula)

    def matrix(
        self,
        row: int,
        column: int,
        name: str,
        rows: Sequence[Sequence[str]],
        kind: str,
        formula: Callable[[str], str],
    ) -> None:
        """Write a matrix below its name and its shape, and remember its cells."""
        canvas, count, width = self.canvas, len(rows), len(rows[0])
        align = "center" if width == 1 else ""
        canvas.write(
            row + NAMES, column, name, replace(NAME, align=align, colour=KINDS[kind].strong)
        )
        canvas.write(row + SHAPES, column, f"{count} × {width}", replace(SHAPE, align=align))
        top, style = self.top(row, count), number_style(kind, f"0.{'0' * self.places.decimals}")
        for at_row, symbols in enumerate(rows, start=top):
            for at, symbol in enumerate(symbols, start=column):
                value = self.chosen.values[symbol]
                canvas.calculate(at_row, at, f"={formula(symbol)}", value, style)
                self.cells[symbol] = canvas.absolute(at_row, at)
        self.rules((top, column, top + count - 1, column + width - 1), kind)

    def rules(self, place: Place, kind: str) -> None:
        """Grey what is exactly 0, as behind a ReLU, and show other numbers in few characters."""
        canvas, cell = self.canvas, relative_address(*place[:2])
        if kind in ("unit", "gradient"):
            canvas.rules.append(Rule(place, f"={cell}=0", ZERO))
        if kind in ("input", "target"):
            canvas.rules.append(Rule(place, f"={cell}=INT({cell})", AS_WHOLE))
        for condition, number_format in (
            (f"ABS({cell})>=999.9", "0E+00"),
            (f"ABS({cell})>=9.99", "0.0"),
        ):
            properties: dict[str, object] = {"num_format": number_format}
            canvas.rules.append(Rule(place, f"={condition}", properties))
