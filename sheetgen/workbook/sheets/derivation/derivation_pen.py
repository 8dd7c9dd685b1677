"""What both ways to write `Derivation`, by unit and in matrices, have in common.

A pen goes down the sheet line by line, and remembers where each symbol's value stands.
"""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from sheetgen.network.optimizers import OPTIMIZERS
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import KINDS, SUBTITLE, TITLE, Palette, Style, band
from sheetgen.workbook.plan import DERIVATION, Plan
from sheetgen.workbook.shared.sources import Sources

SYMBOL = 1  # the column in which every line begins
FIRST_ROW = 3
# The blocks of neighbouring units take turns in two tints of the gradients' colour.
GRADIENT = KINDS["gradient"]
BLOCKS = (GRADIENT, Palette("#F7F5FF", GRADIENT.strong))


@dataclass
class Derivation:
    """The sheet, and the address of every quantity that it has a value for."""

    canvas: Canvas
    cells: dict[str, str] = field(default_factory=dict)


@dataclass
class Pen:
    """Writes line below line; remembers where each symbol's value stands and what it is."""

    plan: Plan
    sheet: Derivation
    last_column: int
    palette: Palette = BLOCKS[0]
    row: int = FIRST_ROW
    values: dict[str, float] = field(default_factory=dict)

    def place(self, symbol: str) -> str:
        """Return a symbol's address as this sheet's formulas write it."""
        return self.sheet.cells[symbol].removeprefix(f"{DERIVATION}!")

    def text(self, column: int, text: str, style: Style | None = None) -> None:
        """Write text into the current line."""
        self.sheet.canvas.write(self.row, column, text, style or self.style())

    def style(self, **changes: object) -> Style:
        """Return the style of the current block, changed."""
        return replace(Style(fill=self.palette.tint), **changes)  # type: ignore[arg-type]

    def fill(self) -> None:
        """Colour the whole width of the line."""
        for column in range(SYMBOL, self.last_column + 1):
            self.sheet.canvas.write(self.row, column, "", self.style())

    def section(self, title: str, kind: str) -> None:
        """Begin a section with a band across the sheet."""
        self.row += 1
        for column in range(SYMBOL, self.last_column + 1):
            self.text(column, title if column == SYMBOL else "", replace(band(kind), size=11))
        self.sheet.canvas.heights[self.row] = 22
        self.row += 1

    def remark(self, text: str) -> None:
        """Write a line of prose."""
        self.fill()
        self.text(SYMBOL, text, self.style(italic=True))
        self.row += 1


P = TypeVar("P", bound=Pen)


def new_pen(kind: type[P], plan: Plan, sources: Sources, subtitle: str, last_column: int) -> P:
    """Return a pen on a sheet with a title, which knows what stands on `Inputs` and `Data`."""
    canvas = Canvas(DERIVATION, tab_colour=KINDS["gradient"].strong, freeze=(FIRST_ROW, 0))
    canvas.heights[0] = 28
    canvas.write(0, SYMBOL, "Derivation of every gradient", TITLE)
    canvas.write(1, SYMBOL, f"{subtitle}; {_when(plan)}.", SUBTITLE)
    pen = kind(plan, Derivation(canvas), last_column)
    network = plan.network
    known = dict(zip(network.input_names, plan.sample.tolist(), strict=True))
    known.update(zip(network.target_names, plan.target, strict=True))
    known.update({each.name: plan.value(each) for each in network.connections})
    known.update({each.name: plan.value(each) for each in network.biases})
    for symbol, value in known.items():
        pen.sheet.cells[symbol] = sources.first(symbol)
        pen.values[symbol] = value
    return pen


def _when(plan: Plan) -> str:
    """Say which numbers the sheet shows."""
    if plan.data.samples == 1:
        return "numbers are those of iteration 0"
    sample = plan.template.order[0] + 1
    return f"numbers are those of iteration 0, which is sample {sample}, the first in the order"


def definitions(pen: Pen) -> None:
    """Write what each activation of the network is, once."""
    activations = (layer.activation for layer in pen.plan.network.layers)
    for definition in dict.fromkeys(activation.definition for activation in activations):
        pen.remark(definition)


def fixed_biases(pen: Pen, layer: int) -> None:
    """Say of a layer's biases, where it has some that are not trained, that they stay."""
    names = [b.name for b in pen.plan.network.biases if b.layer == layer and not b.is_trained]
    if len(names) == 1:
        pen.remark(f"{names[0]} is not trained: it stays what it is on Inputs.")
    elif names:
        listed = f"{names[0]} and {names[1]}" if len(names) == 2 else f"{names[0]} to {names[-1]}"
        pen.remark(f"{listed} are not trained: they stay what they are on Inputs.")


def joint_remark(pen: Pen) -> None:
    """Say why the loss and the output activation are differentiated as one."""
    loss, activation = pen.plan.network.loss, pen.plan.network.layers[-1].activation
    pen.remark(
        f"{activation.name.capitalize()} and {loss.name} are taken as one: where an output is "
        "wrong and sure of it, ∂E/∂a grows without bound and ∂a/∂o vanishes."
    )
    if activation.acts_on_layer:
        rest = "a·Σt − t, which is a − t as long as the targets add up to 1."
    elif pen.plan.network.outputs > 1:
        rest = "a − t, over the number of outputs."
    else:
        rest = "a − t."
    pen.remark(f"In their product both cancel out, and what remains of ∂E/∂o is {rest}")


def update(pen: Pen) -> None:
    """End the sheet with what the gradients are for."""
    network, training = pen.plan.network, pen.plan.training(pen.plan.template.optimizer)
    pen.section("The update", "weight")
    pen.palette = KINDS["weight"]
    names = pen.plan.optimizers
    for name in names:
        decays = f"{name}.weight_decay" in pen.plan.settings
        rule = OPTIMIZERS[name].rule("w", "∂E/∂w", decays)
        begin = f"{name}: " if len(names) > 1 else ""
        if name == "sgd":
            rule += " for every weight at once: each gradient is that of the old weights."
        pen.remark(begin + rule)
    if names != ("sgd",) and "sgd" not in names:
        pen.remark("So for every weight at once: each gradient is that of the old weights.")
    if training.is_batched:
        which = "mean" if training.reduction == "mean" else "sum"
        pen.remark(f"∂E/∂w is there the {which} over the samples of a batch, after its last one.")
    if any(bias.is_trained for bias in network.biases):
        pen.remark("The trained biases change by the same rule, with ∂E/∂b.")
    pen.remark("This is what leads from one row of a training table to the next.")
