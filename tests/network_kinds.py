"""Networks with random weights of each kind that the explaining sheets tell apart."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from openpyxl.utils.cell import coordinate_to_tuple

from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.engines import Values
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.workbook.compose import compose, draw_sources
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.chosen_moment import choose_moment
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.derivation.derivation import Derivation, derivation_sheet
from sheetgen.workbook.sheets.training_table import variant_sheet


@dataclass(frozen=True)
class Kind:
    """A network with random weights: its units from the inputs to the outputs, and so on."""

    widths: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str
    biases: str = "none"  # none, trained or fixed
    samples: int = 1
    scale: float = 1.0
    training: str = ""

    @cached_property
    def template(self) -> Template:
        random = np.random.default_rng(len(self.widths) + sum(self.widths))

        def numbers(*shape: int) -> list:
            return np.round(random.normal(size=shape) * self.scale, 3).tolist()

        lines = ["[network]", f"inputs = {self.widths[0]}", f'loss = "{self.loss}"']
        for fan_in, units, activation in zip(
            self.widths, self.widths[1:], self.activations, strict=False
        ):
            lines += ["[[network.layers]]", f"units = {units}", f'activation = "{activation}"']
            lines.append(f"weights = {numbers(units, fan_in)}")
            if self.biases != "none":
                lines.append(f"biases = {numbers(units)}")
            if self.biases == "fixed":
                lines.append("train_biases = false")
        outputs = self.widths[-1]
        targets = np.eye(outputs)[random.integers(0, outputs, self.samples)].tolist()
        if outputs == 1 or "squared" in self.loss:
            targets = np.abs(np.tanh(numbers(self.samples, outputs))).tolist()
        lines += ["[data]", f"inputs = {numbers(self.samples, self.widths[0])}"]
        lines += [f"targets = {targets}", "[training]", "learning_rates = [0.1]", "iterations = 1"]
        return template.parse("\n".join([*lines, self.training]))


SHUFFLED = "batch_size = 2\nshuffle_seed = 3"
KINDS = {
    "fixed biases": Kind((2, 2, 2), ("sigmoid",) * 2, "half-squared-error", "fixed"),
    "trained biases": Kind((2, 3, 2), ("tanh", "identity"), "mean-squared-error", "trained"),
    "one output": Kind(
        (2, 3, 1), ("tanh", "sigmoid"), "binary-cross-entropy", "trained", 4, training=SHUFFLED
    ),
    "two outputs": Kind((3, 2, 2), ("elu", "sigmoid"), "binary-cross-entropy"),
    "classes": Kind(
        (4, 5, 3), ("gelu", "softmax"), "cross-entropy", "trained", 6, training=SHUFFLED
    ),
    "softmax apart": Kind((3, 4, 3), ("softplus", "softmax"), "mean-squared-error", "fixed"),
    "deep": Kind((2, 4, 4, 1), ("relu", "leaky-relu", "identity"), "half-squared-error", "trained"),
    "matrices": Kind((17, 3, 4), ("tanh", "softmax"), "cross-entropy", "trained", 3, 0.5),
    "matrices, softmax apart": Kind((9, 6, 3), ("tanh", "softmax"), "half-squared-error", "fixed"),
    "matrices, sigmoid": Kind((6, 5, 7), ("relu", "sigmoid"), "binary-cross-entropy", "trained"),
    "by unit": Kind((10, 18, 6), ("relu", "identity"), "mean-squared-error", "trained", 1, 0.4),
    "by unit, deep": Kind(
        (4, 7, 7, 21), ("gelu", "elu", "softmax"), "cross-entropy", "trained", 3, 0.4, SHUFFLED
    ),
    "by unit, fixed": Kind((4, 50, 3), ("sigmoid", "softmax"), "mean-squared-error", "fixed"),
}
SMALL = [name for name, kind in KINDS.items() if "matrices" not in name and "unit" not in name]
LARGE = [name for name in KINDS if name not in SMALL]
MOVED = [
    *("one output", "classes", "softmax apart", "deep"),
    *("matrices", "matrices, softmax apart", "by unit, deep", "by unit, fixed"),
]
"""One for each way to write the equations: the others differ in the numbers only."""


@dataclass(frozen=True)
class Book:
    """A workbook, and what the engine makes of it."""

    plan: Plan
    path: Path
    values: Values

    @cached_property
    def derivation(self) -> Derivation:
        return derivation_of(self.plan)

    @cached_property
    def canvases(self) -> dict[str, Canvas]:
        return {canvas.name: canvas for canvas in compose(self.plan)}

    @property
    def check(self) -> Canvas:
        return self.canvases["Gradient check"]

    def of(self, symbol: str) -> float:
        """The number in the cell that Derivation gives for a symbol."""
        name, _, address = self.derivation.cells[symbol].rpartition("!")
        row, column = coordinate_to_tuple(address.replace("$", ""))
        return self.values[name.strip("'")][row - 1, column - 1]

    def rows(self) -> dict[str, dict[str, object]]:
        """The upper table of Gradient check: what is checked → header → content."""
        cells = self.values["Gradient check"]
        headers = [cells[7, column] for column in range(1, 10)]
        return {
            cells[row, 1]: {header: cells[row, at] for at, header in enumerate(headers, start=1)}
            for row in range(8, max(row for row, _ in cells) + 1)
            if (row, 9) in cells and cells[row, 9] in ("PASS", "FAIL", "kink")
        }

    def texts(self, name: str) -> str:
        return "\n".join(v for v in self.values[name].values() if isinstance(v, str))


def derivation_of(plan: Plan) -> Derivation:
    sources = draw_sources(plan)
    tables = [variant_sheet(plan, at, sources, "").table for at in range(len(plan.variants))]
    workings = Workings([table.canvas.name for table in tables])
    chosen = choose_moment(Canvas("Overview"), plan, tables, (4, 2), workings)
    return derivation_sheet(chosen, workings)


def sheet(plan: Plan, name: str) -> Canvas:
    (found,) = (canvas for canvas in compose(plan) if canvas.name == name)
    return found
