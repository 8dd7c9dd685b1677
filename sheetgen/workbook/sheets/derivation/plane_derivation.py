"""The sheet `Derivation` of a network that looks at pictures: backpropagation in planes, live.

What a convolution or a pool reads and puts out is laid out as the picture that it is, as Dumoulin
and Visin do in "A guide to convolution arithmetic for deep learning" (2016). The fully connected
layers behind are written as in matrix_derivation.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sheetgen.formulas import back_formulas, notation, quantities
from sheetgen.network.network import Network, activation_name
from sheetgen.network.parameters import Bias, Weight
from sheetgen.network.planes import Convolution, Planes, Pool, Windowed
from sheetgen.spreadsheet.style import VALUE, number
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.shared.page import shade_by_sign, write_headers
from sheetgen.workbook.shared.plane_strip import kernel_titles
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.derivation.derivation_pens import (
    BLOCKS,
    FIRST_NUMBER,
    FIRST_ROW,
    LAST_NUMBER,
    SYMBOL,
    Derivation,
)
from sheetgen.workbook.sheets.derivation.kernel_sum import write_kernel_sum
from sheetgen.workbook.sheets.derivation.matrix_derivation import LayerPen


def plane_derivation_sheet(chosen: ChosenMoment, workings: Workings) -> Derivation:
    """Draw the sheet."""
    pen = _ByPlane(chosen, "Backpropagation in planes, layer by layer", LAST_NUMBER)
    numbers = range(FIRST_NUMBER, LAST_NUMBER + 1)
    pen.canvas.widths = {0: 2, SYMBOL: 17, **dict.fromkeys(numbers, 11)}
    pen.forward()
    has_kernels = any(isinstance(layer, Convolution) for layer in chosen.network.layers)
    if has_kernels:
        pen.rule_of_kernels()
    for layer in reversed(range(len(chosen.network.layers))):
        pen.backward(layer)
    if has_kernels:
        write_kernel_sum(pen, workings)
    pen.update()
    pen.canvas.numbers.append((FIRST_ROW, FIRST_NUMBER, pen.row, LAST_NUMBER))
    return pen.sheet


@dataclass(frozen=True)
class Plane:
    """A picture of numbers: its title, and each number's symbol and formula, row by row."""

    title: str
    kind: str
    columns: int
    symbols: Sequence[str]
    formula: Callable[[str], str]
    is_own: bool = True
    """Whether later formulas read the numbers here."""


Range = tuple[int, int, int, int]
FITTING = 14  # columns of planes side by side that a laptop's screen shows
READ = "a[(r−1)·s + y − p, (c−1)·s + x − p]"
RULE = (
    "z[r, c] = Σ k[y, x]·{read} + b: the kernel's weight in row y and column x is in every z.",
    "Rows and columns count from 1, s is the stride, p the zeros around.",
    "So its gradient is by the chain rule the sum over all positions:",
    "∂E/∂k[y, x] = Σ ∂E/∂z[r, c]·∂z[r, c]/∂k[y, x] = Σ δ[r, c]·{read}",
    "And a value that is read gets back what every window that looks at it sends:",
    "∂E/∂a[i, j] = Σ δ[r, c]·k[i − (r−1)·s + p, j − (c−1)·s + p]",
    "Above the update the sum is written out, position by position, for a weight that you choose.",
)
"""What a convolution and the chain rule say of a kernel's weight."""


class _ByPlane(LayerPen):
    """Writes the derivation layer by layer, with planes where there are pictures."""

    def rule_of_kernels(self) -> None:
        """Write in general where the gradient of a kernel's weight comes from."""
        self.section("How a kernel’s weight gets its gradient", "gradient")
        self.palette = BLOCKS[0]
        for line in RULE:
            self.remark(line.format(read=READ))

    def given_inputs(self) -> None:
        network = self.network
        if network.planes is None:  # pragma: no cover
            super().given_inputs()
            return
        self.equation("The inputs, in planes:")
        given = dict(self.cells)
        self.planes(self.split("a₀", "input", network.planes, network.input_names,
                               given.__getitem__))  # fmt: skip

    def split(
        self,
        title: str,
        kind: str,
        shape: Planes,
        symbols: Sequence[str],
        formula: Callable[[str], str],
        part: str = "channel",
        parts: Sequence[str] = (),
    ) -> list[Plane]:
        """Return a plane for each channel; `parts` says what each is, else they are numbered."""
        size = shape.rows * shape.columns
        parts = parts or [f"{part} {channel + 1}" for channel in range(shape.channels)]
        return [
            Plane(
                f"{title}, {parts[channel]}" if shape.channels > 1 else title,
                kind,
                shape.columns,
                symbols[channel * size : (channel + 1) * size],
                formula,
            )
            for channel in range(shape.channels)
        ]

    def planes(self, *groups: Sequence[Plane]) -> None:
        """Write planes side by side, as many as a line has room for; a group has one scale."""
        ranges: dict[int, list[Range]] = {}
        lines: list[list[tuple[int, Plane]]] = [[]]
        for place, group in enumerate(groups):
            for plane in group:
                used = sum(each.columns + 1 for _, each in lines[-1])
                if lines[-1] and used + plane.columns > FITTING:
                    lines.append([])
                lines[-1].append((place, plane))
        for row_of in lines:
            places = self._line_of_planes([plane for _, plane in row_of])
            for (group_place, _), found in zip(row_of, places, strict=True):
                ranges.setdefault(group_place, []).append(found)
        for some in ranges.values():
            shade_by_sign(self.canvas, some)

    def _line_of_planes(self, planes: Sequence[Plane]) -> list[Range]:
        places, column, deepest = [], FIRST_NUMBER, 0
        for plane in planes:
            rows = len(plane.symbols) // plane.columns
            names = (plane.title, *[""] * (plane.columns - 1))
            write_headers(self.canvas, self.row, column, names, plane.kind)
            for at, symbol in enumerate(plane.symbols):
                down, across = divmod(at, plane.columns)
                self._number(self.row + 1 + down, column + across, plane, symbol)
            places.append((self.row + 1, column, self.row + rows, column + plane.columns - 1))
            column, deepest = column + plane.columns + 1, max(deepest, rows)
        self.row += deepest + 2
        return places

    def _number(self, row: int, column: int, plane: Plane, symbol: str) -> None:
        style = number(plane.kind, self.plan.data_formats.get(symbol, VALUE))
        formula = f"={plane.formula(symbol)}"
        self.canvas.calculate(row, column, formula, self.values[symbol], style)
        if plane.is_own:
            self.cells[symbol] = self.canvas.absolute(row, column)

    def forward_layer(self, layer: int) -> None:
        chosen, units = self.network.layers[layer], self.network.unit_names[layer]
        if not isinstance(chosen, Windowed):
            super().forward_layer(layer)
            return
        self.equation(self._window_equation(layer, chosen))
        z, a = (notation.indexed(symbol, layer) for symbol in "za")
        forward = self.forward_formula
        if isinstance(chosen, Pool):
            self.planes(self.split(a, "unit", chosen.shape, units, forward))
            return
        names = [each.name for each in self.network.weights if each.layer == layer]
        shape = Planes(chosen.maps * chosen.planes.channels, *chosen.window)
        given = dict(self.cells)
        activated = list(map(activation_name, units))
        self.planes(
            self.split("k", "weight", shape, names, given.__getitem__,
                       parts=kernel_titles(self.network, layer)),
            self.split(z, "unit", chosen.shape, units, forward, "map"),
            self.split(a, "unit", chosen.shape, activated, forward, "map"),
        )  # fmt: skip

    def forward_formula(self, symbol: str) -> str:
        return quantities.forward_formula(self.network, symbol, self.place)

    def _window_equation(self, layer: int, chosen: Windowed) -> str:
        title = notation.layer_title(self.network, layer).capitalize()
        z, a, before = (
            notation.indexed(*each) for each in (("z", layer), ("a", layer), ("a", layer - 1))
        )
        rows, columns = chosen.window
        moved = f"a window of {rows} × {columns}, moved by {_sides(chosen.stride)}"
        if isinstance(chosen, Pool):
            taken = "the largest" if chosen.kind == "max" else "the mean"
            return f"{title}:  {a} = {taken} of {before} in {moved}"
        around = f", with {_sides(chosen.padding)} zeros around" if any(chosen.padding) else ""
        added = "" if chosen.biases is None else " + b"
        value = chosen.activation.notation(z)
        return (
            f"{title}:  {z} = Σ k·{before}{added} over {moved}{around},  {a} = {value};  "
            "every position uses the same kernel"
        )

    def backward(self, layer: int) -> None:
        """Write δ of a layer as planes, then the gradients of its biases and kernels."""
        chosen = self.network.layers[layer]
        if not isinstance(chosen, Windowed):
            super().backward(layer)
            return
        self.begin_backward(layer)
        self._back_to_planes(layer, chosen)
        if isinstance(chosen, Convolution):
            self._kernels(layer, chosen)

    def _back_to_planes(self, layer: int, chosen: Windowed) -> None:
        z, a, delta = (notation.indexed(symbol, layer) for symbol in "zaδ")
        self.equation(f"∂E/∂{a}: {_way_back(self.network.layers[layer + 1])}")
        arriving = self._way(
            f"∂E/∂{a}", layer, lambda unit: f"∂E/∂{activation_name(unit)}",
            back_formulas.gradient_of_activation,
        )  # fmt: skip
        if isinstance(chosen, Pool):
            self.planes(arriving)
            return
        slope = notation.bare(chosen.activation.slope_notation(z, a))
        self.equation(f"{delta} = ∂E/∂{z} = ∂E/∂{a} ⊙ f′({z})  with  f′({z}) = {slope}")
        slopes = self._way(
            f"f′({z})", layer, lambda unit: f"∂{activation_name(unit)}/∂{unit}", back_formulas.slope
        )
        deltas = self._way(delta, layer, lambda unit: f"∂E/∂{unit}", back_formulas.delta)
        self.planes(arriving, slopes, deltas)

    def _way(
        self,
        title: str,
        layer: int,
        symbol_of: Callable[[str], str],
        formula: Callable[[Network, str, Callable[[str], str]], str],
    ) -> list[Plane]:
        """Return the planes of a quantity of each unit on the way back."""
        by_symbol = {symbol_of(unit): unit for unit in self.network.unit_names[layer]}
        shape = self.network.layers[layer]
        assert isinstance(shape, Windowed)
        return self.split(
            title, "gradient", shape.shape, list(by_symbol),
            lambda symbol: formula(self.network, by_symbol[symbol], self.place), "map",
        )  # fmt: skip

    def _kernels(self, layer: int, chosen: Convolution) -> None:
        self.fixed_biases(layer)
        delta, before = notation.indexed("δ", layer), notation.indexed("a", layer - 1)
        of_layer = [each for each in self.network.parameters if each.layer == layer]
        weights = {each.gradient: each for each in of_layer if isinstance(each, Weight)}
        biases = {each.gradient: each for each in of_layer if isinstance(each, Bias)}
        also = f", and ∂E/∂b = Σ {delta}" if biases else ""
        self.equation(
            f"∂E/∂k = Σ {delta}·{before} over all positions{also}: wherever the kernel lies, "
            "δ there times what the weight multiplies there"
        )
        shape = Planes(chosen.maps * chosen.planes.channels, *chosen.window)
        gradients = self.split(
            "∂E/∂k", "gradient", shape, list(weights),
            lambda symbol: back_formulas.gradient(weights[symbol], self.place),
            parts=kernel_titles(self.network, layer),
        )  # fmt: skip
        row = Plane(
            "∂E/∂b", "gradient", len(biases), list(biases),
            lambda symbol: back_formulas.gradient(biases[symbol], self.place),
        )  # fmt: skip
        self.planes(gradients, [row] if biases else [])


def _sides(sides: tuple[int, int]) -> str:
    """Return 2, or 1 × 2 if it differs down and across."""
    return str(sides[0]) if sides[0] == sides[1] else f"{sides[0]} × {sides[1]}"


def _way_back(after: object) -> str:
    """Return in words how the gradient comes back from the next layer."""
    if isinstance(after, Pool):
        if after.kind == "max":
            return "what the pool's gradient sends back to the largest of each window, else 0"
        return "the pool's gradient, in equal parts"
    if isinstance(after, Convolution):
        return "Σ δ·k over every window that looks at it"
    return "Wᵀ·δ of the layer behind, in its place in the picture"
