"""Pens for `Derivation`: they go down the sheet line by line and remember every symbol's cell.

One writes equations and products, for the derivation by unit; the other writes vectors and
matrices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sheetgen.formulas import notation
from sheetgen.network.optimizers import OPTIMIZERS
from sheetgen.network.planes import Pool
from sheetgen.spreadsheet.address import without_dollars
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    FINE,
    KINDS,
    SUBTITLE,
    VALUE,
    Palette,
    Style,
    band,
    label,
    number,
)
from sheetgen.workbook.plan import DERIVATION
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.shared.live_text import joined
from sheetgen.workbook.shared.page import shade_by_sign, write_headers, write_title

SYMBOL = 1  # the column in which every line begins
FIRST_ROW = 3
GAP_HEIGHT = 6  # points
# The blocks of neighbouring units take turns in two tints of the gradients' colour.
GRADIENT = KINDS["gradient"]
BLOCKS = (GRADIENT, Palette("#F7F5FF", GRADIENT.strong))

RESULT, EQUALS, FIRST, TIMES_1, SECOND, TIMES_2, THIRD = range(SYMBOL + 1, SYMBOL + 8)
LINE = 130  # characters that fit from the first factor to the last one
FITTING = {FIRST: 78, SECOND: 27, THIRD: 17}  # characters that fit into a factor's column

FIRST_NUMBER = SYMBOL + 1
WIDTH = 16  # numbers in a line
LAST_NUMBER = FIRST_NUMBER + WIDTH - 1
EQUATION = Style(bold=True)


@cache
def _tinted(tint: str, **changes: object) -> Style:
    """Return a style on a tint, changed: one object for the thousands of cells that have it."""
    return replace(Style(fill=tint), **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Derivation:
    """The sheet, and the address of every quantity with a value on it."""

    canvas: Canvas
    cells: dict[str, str]


class Pen:
    """Writes line below line; knows the value of each symbol, and remembers its address.

    `palette` has the colours of the current block, `row` is that of the current line.
    """

    def __init__(self, chosen: ChosenMoment, subtitle: str, last_column: int) -> None:
        """Begin a sheet with its title; the moment's inputs, targets and weights are known."""
        self.chosen, self.plan, self.network = chosen, chosen.plan, chosen.network
        self.last_column = last_column
        self.palette, self.row = BLOCKS[0], FIRST_ROW
        colour = KINDS["gradient"].strong
        self.canvas = Canvas(DERIVATION, tab_colour=colour, freeze=(FIRST_ROW, 0))
        self.canvas.heights[FIRST_ROW - 1] = GAP_HEIGHT
        write_title(self.canvas, SYMBOL, "Derivation of every gradient", "")
        words = joined(f"{subtitle}; the numbers are from ", chosen.place, ": chosen on Overview.")
        self.canvas.calculate(1, SYMBOL, words.formula, words.text, SUBTITLE)
        self.values = dict(chosen.values)
        self.cells = {symbol: chosen.cells[symbol] for symbol in self.network.given_names}

    @property
    def sheet(self) -> Derivation:
        """The sheet as it is now."""
        return Derivation(self.canvas, self.cells)

    def place(self, symbol: str) -> str:
        """Return a symbol's address as this sheet's formulas write it."""
        return self.cells[symbol].removeprefix(f"{DERIVATION}!")

    def text(self, column: int, text: str, style: Style | None = None) -> None:
        """Write text into the current line."""
        self.canvas.write(self.row, column, text, style or self.style())

    def style(self, **changes: object) -> Style:
        """Return the style of the current block, changed."""
        return _tinted(self.palette.tint, **changes)

    def fill(self) -> None:
        """Colour the whole width of the line."""
        for column in range(SYMBOL, self.last_column + 1):
            self.canvas.write(self.row, column, "", self.style())

    def section(self, title: str, kind: str) -> None:
        """Begin a section with a band across the sheet."""
        self.row += 1
        for column in range(SYMBOL, self.last_column + 1):
            self.text(column, title if column == SYMBOL else "", replace(band(kind), size=11))
        self.canvas.heights[self.row] = 22
        self.row += 1

    def remark(self, text: str) -> None:
        """Write a line of prose."""
        self.fill()
        self.text(SYMBOL, text, self.style(italic=True))
        self.row += 1

    def definitions(self) -> None:
        """Write the definition of each activation in the network, once."""
        layers = (layer for layer in self.network.layers if not isinstance(layer, Pool))
        for definition in dict.fromkeys(layer.activation.definition for layer in layers):
            self.remark(definition)

    def fixed_biases(self, layer: int) -> None:
        """Say which of a layer's biases are not trained."""
        names = [b.name for b in self.network.biases if b.layer == layer and not b.is_trained]
        if len(names) == 1:
            self.remark(f"{names[0]} is not trained: it keeps its value from Inputs.")
        elif names:
            between = "and" if len(names) == 2 else "to"
            listed = f"{names[0]} {between} {names[-1]}"
            self.remark(f"{listed} are not trained: they keep their values from Inputs.")

    def joint_remark(self) -> None:
        """Say why the loss and the output activation are differentiated as one."""
        loss, activation = self.network.loss, self.network.layers[-1].activation
        self.remark(
            f"{activation.name.capitalize()} and {loss.name} are differentiated together: when an "
            "output is sure but wrong, ∂E/∂a grows without bound and ∂a/∂o goes to 0."
        )
        if activation.acts_on_layer:
            rest = "a·Σt − t, which is a − t as long as the targets add up to 1."
        elif self.network.outputs > 1:
            rest = "a − t, over the number of outputs."
        else:
            rest = "a − t."
        self.remark(f"In their product both cancel, and ∂E/∂o is {rest}")

    def update(self) -> None:
        """Write the update of the weights, which ends the sheet."""
        network, training = self.network, self.plan.training(self.plan.template.optimizer)
        self.section("The update", "weight")
        self.palette = KINDS["weight"]
        names = self.plan.optimizers
        for name in names:
            decays = f"{name}.weight_decay" in self.plan.settings
            rule = OPTIMIZERS[name].rule("w", "∂E/∂w", decays)
            begin = f"{name}: " if len(names) > 1 else ""
            if name == "sgd":
                rule += " for all weights at once: every gradient is computed with the old weights."
            self.remark(begin + rule)
        if "sgd" not in names:
            text = "This is done for all weights at once"
            self.remark(f"{text}: every gradient is computed with the old weights.")
        if training.is_batched:
            which = "mean" if training.reduction == "mean" else "sum"
            text = f"Here ∂E/∂w is the {which} over the samples of a batch"
            self.remark(f"{text}, and the weights change after its last sample.")
        if any(bias.is_trained for bias in network.biases):
            self.remark("The trained biases change by the same rule, with ∂E/∂b.")
        self.remark("These updates lead from one row of a training table to the next.")


class UnitPen(Pen):
    """A pen whose lines are a symbol, its value, and the right side of its equation."""

    def equation(self, symbol: str, right: str, formula: str) -> None:
        """Write symbol, value = right side, and remember the value's cell."""
        self.fill()
        shown = self.style(bold=True, colour=self.palette.strong)
        self.text(SYMBOL, notation.letter(symbol), shown)
        self.text(EQUALS, "=", self.style(align="center"))
        self.text(FIRST, right, self.style(wrap=len(right) > LINE))
        if len(right) > LINE:
            self.heighten({FIRST: right})
        style = self.style(bold=True, number_format=FINE)
        self.canvas.calculate(self.row, RESULT, f"={formula}", self.values[symbol], style)
        self.cells[symbol] = self.canvas.absolute(self.row, RESULT)
        self.row += 1

    def heighten(self, texts: dict[int, str]) -> None:
        """Give the line the height that its wrapped texts need."""
        lines = max(-(-len(text) // FITTING[column]) for column, text in texts.items())
        self.canvas.heights[self.row] = 15 * lines

    def prose(self, symbol: str, right: str) -> None:
        """Write symbol = right side without a value, in one line or in as many as it needs."""
        if len(right) <= LINE:
            self.remark(f"{symbol} = {right}")
            return
        self.fill()
        self.text(SYMBOL, symbol, self.style(italic=True))
        self.text(EQUALS, "=", self.style(align="center"))
        self.text(FIRST, right, self.style(italic=True, wrap=True))
        self.heighten({FIRST: right})
        self.row += 1

    def product(self, factors: tuple[str, ...], style: Style) -> None:
        """Write a line of two or three factors."""
        self.fill()
        for column, factor in zip(FITTING, factors, strict=False):
            self.text(column, factor, style)
        for column, sign in ((EQUALS, "="), (TIMES_1, "·"), (TIMES_2, "·"))[: len(factors)]:
            self.text(column, sign, self.style(align="center"))
        self.row += 1


@dataclass(frozen=True)
class Vector:
    """A row of cells: its name, and each number's symbol and formula.

    `formula` is called once the cells that it may read are written.
    """

    name: str
    kind: str
    symbols: Sequence[str]
    formula: Callable[[int], str]


class MatrixPen(Pen):
    """A pen that lays out vectors and matrices, in lines of WIDTH numbers."""

    def place(self, symbol: str) -> str:
        """Return a symbol's address as this sheet's formulas write it."""
        # Without the $ a sum over a wide layer stays within what a cell holds.
        return without_dollars(super().place(symbol))

    def equation(self, text: str) -> None:
        """Write an equation, above the numbers that it leads to."""
        self.canvas.write(self.row, SYMBOL, text, EQUATION)
        self.row += 1

    def vectors(self, names: Sequence[str], *vectors: Vector) -> None:
        """Write vectors below the names of their elements; a long one continues below."""
        for start in range(0, len(names), WIDTH):
            places = range(start, min(start + WIDTH, len(names)))
            self._names([names[at] for at in places], vectors[0].kind)
            for vector in vectors:
                self._line(vector, places)
        self.row += 1

    def scalar(self, symbol: str, kind: str, formula: str) -> None:
        """Write a single number."""
        vector = Vector(notation.heading(symbol), kind, (symbol,), lambda _: formula)
        self._line(vector, range(1))

    def matrix(
        self, name: str, columns: Sequence[str], rows: Sequence[Vector], kind: str = "gradient"
    ) -> None:
        """Write a matrix of rows as a heat map, WIDTH columns side by side.

        0 is white, and the largest number without its sign is orange or blue.
        """
        first = self.row + 1
        for start in range(0, len(columns), WIDTH):
            places = range(start, min(start + WIDTH, len(columns)))
            self._names([columns[at] for at in places], kind, name)
            for row in rows:
                self._line(row, places)
        last = FIRST_NUMBER + min(WIDTH, len(columns)) - 1
        place = (first, FIRST_NUMBER, self.row - 1, last)
        shade_by_sign(self.canvas, [place])
        self.row += 1

    def _names(self, names: Sequence[str], kind: str, corner: str = "") -> None:
        write_headers(self.canvas, self.row, SYMBOL, (corner, *names), kind)
        self.row += 1

    def _line(self, vector: Vector, places: range) -> None:
        canvas = self.canvas
        canvas.write(self.row, SYMBOL, vector.name, label(vector.kind))
        for column, at in enumerate(places, start=FIRST_NUMBER):
            value = self.values[vector.symbols[at]]
            style = number(vector.kind, self.plan.data_formats.get(vector.symbols[at], VALUE))
            canvas.calculate(self.row, column, f"={vector.formula(at)}", value, style)
            self.cells[vector.symbols[at]] = canvas.absolute(self.row, column)
        self.row += 1
