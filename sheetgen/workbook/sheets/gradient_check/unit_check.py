"""The gradient check of a large network, in which all weights into a unit are moved together.

The directions in which they are moved, and the table's gradients, are above the evaluations.
"""

from dataclasses import replace
from functools import cached_property

from sheetgen.formulas import notation, quantities
from sheetgen.network.parameters import Parameter
from sheetgen.spreadsheet.address import cell_address, without_dollars
from sheetgen.spreadsheet.style import FINE, SECTION, label, number
from sheetgen.workbook.plan import WORKINGS
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.gradient_check.batch import Checked
from sheetgen.workbook.sheets.gradient_check.drawn_check import Check
from sheetgen.workbook.sheets.gradient_check.evaluations import FIRST, Evaluations
from sheetgen.workbook.sheets.gradient_check.gradient_rows import EPSILON, Gradients, Texts
from sheetgen.workbook.sheets.gradient_check.probes import (
    checked_units,
    direction,
    sources_of,
    trains_biases,
    units_per_probe,
)

UNIT_TEXTS = Texts(
    "All weights into a unit and its trained bias are moved at once, along a direction d: the "
    "gradient of E_total in three ways that must agree.",
    "",
    "all weights and biases",
    ("weights", "Σ d·∂E/∂w, found in three ways"),
    {
        "into": "the unit whose weights and trained bias are moved, each by s·d",
        "∂z/∂s": "d·x: by how much that moves the unit's pre-activation z, for each unit of s",
        "analytic": "Σ d·∂E/∂w over the gradients of the chosen row of the training table",
        "closed form": "δ·(d·x), with δ = ∂E/∂z from Derivation",
        "central difference": (
            "(E(w + s·d) − E(w − s·d)) / 2s, from the table on Workings; s is ε, or less where z "
            "would move by more than ε"
        ),
    },
)
ALONE = " E is the error of this sample alone: in a network of this size no batch is checked."
DIRECTION_ROWS = 4  # names, x, d, and an empty row before the next layer


class UnitCheck(Check):
    """Moves the weights into each unit together.

    `rows` has the row of each layer's d: its x is above it, d·x in front of it; `rows_of_units`
    that of the table's gradients of each unit.
    """

    is_by_unit = True

    def __init__(self, samples: Checked, workings: Workings) -> None:
        """Begin the sheet, with a block for the directions and the evaluations."""
        network = samples.chosen.network
        self.rows: dict[int, int] = {}
        self.rows_of_units: dict[str, int] = {}
        self.between = DIRECTION_ROWS * len(network.layers) + 2 + len(checked_units(network))
        super().__init__(samples, workings)
        self.behind = self.evaluations.canvas

    def columns(self, table: Evaluations) -> int:
        """Return how many columns a block needs for the evaluations, and for the directions."""
        network = self.network
        sources = (layer.fan_in + trains_biases(network, at)
                   for at, layer in enumerate(network.layers))  # fmt: skip
        return max(super().columns(table), FIRST + max(sources))

    def begin(self) -> None:
        """Write the directions above the evaluations, and the titles."""
        self.comparisons.frame(self.texts())
        row = self.evaluations.row - self.between
        title = "The directions: what the weights multiply, x, how far they are moved, d, and ∂E/∂w"
        self.behind.write(row, self.evaluations.column, title, SECTION)
        row += 3
        for layer in range(len(self.network.layers)):
            self.rows[layer] = row
            row = self.direction(layer) + DIRECTION_ROWS - 1

    def texts(self) -> Texts:
        """Return the texts, which say which units are checked."""
        step = units_per_probe(self.network)
        remark = ALONE if self.chosen.moment.table.training.is_batched else ""
        if step == 1:
            return replace(UNIT_TEXTS, remark=remark)
        remark = f" This network is so deep that one unit in {step} is checked.{remark}"
        return replace(UNIT_TEXTS, remark=remark, rows=f"the weights into one unit in {step}")

    def headings(self) -> tuple[str, str]:
        """Return the title of the evaluations, and what their second column holds."""
        return (
            "The network evaluated again, with the weights into one unit moved by ±s·d: z and a "
            "are that unit's, and what does not change is not computed again",
            "±s, by which d is multiplied",
        )

    def direction(self, layer: int) -> int:
        """Write what a layer's weights multiply, and the direction in which they are moved.

        Below are the table's gradients of each unit that is checked. Returns the last row.
        """
        canvas, row, network, table = self.behind, self.rows[layer], self.network, self.evaluations
        names = [*network.source_names[layer], *["bias"] * trains_biases(network, layer)]
        titles = notation.layer_title(network, layer), "d·x", *names
        write_headers(canvas, row - 2, table.column, titles)
        canvas.write(row - 1, table.column, "x", label("helper"))
        canvas.write(row, table.column, "d", label("helper"))
        xs, ds = sources_of(self.reference, layer), direction(network, layer)
        for column, (name, x, d) in enumerate(zip(names, xs, ds, strict=True), start=table.first):
            if name == "bias":
                canvas.write(row - 1, column, 1, number("helper"))
            else:
                source = self.derivation.cells[name]
                canvas.calculate(row - 1, column, f"={source}", float(x), number("helper"))
            canvas.write(row, column, float(d), number("helper"))
        upper, lower = (self._range(at, len(names)) for at in (row - 1, row))
        formula = f"=SUMPRODUCT({upper},{lower})"
        canvas.calculate(row, table.to, formula, float(xs @ ds), number("helper"))
        for unit in checked_units(network):
            if network.positions[unit][0] == layer:
                row += 1
                self.analytic_row(row, unit)
        return row

    def analytic_row(self, row: int, unit: str) -> None:
        """Write the table's gradients of the weights into a unit, and of its trained bias."""
        self.rows_of_units[unit] = row
        table = self.evaluations
        write_headers(self.behind, row, table.column, (unit, "∂E/∂w"), "gradient")
        moment, bias = self.chosen.moment, self.network.bias_of(unit)
        parameters: list[Parameter] = [*self.network.weights_into(unit)]
        if bias and bias.is_trained:
            parameters.append(bias)
        for column, each in enumerate(parameters, start=table.first):
            value, style = moment.value(each.gradient), number("gradient", FINE)
            self.behind.calculate(row, column, moment.formula(each.gradient), value, style)

    def gradients(self, place: int) -> Gradients:
        """Return a unit's name, d·x, and the gradients along d."""
        probe, network = self.probes[place], self.network
        name = network.unit_names[probe.layer][probe.unit]
        row, xs = self.rows[probe.layer], sources_of(self.reference, probe.layer)
        slope = self.evaluations.seen(row, self.evaluations.to)
        rows = self.rows_of_units[name], row
        gradients, directions = (f"{WORKINGS}!{self._range(at, len(xs))}" for at in rows)
        analytic = f"SUMPRODUCT({gradients},{directions})"
        value = float(xs @ direction(network, probe.layer))
        closed = f"{self.derivation.cells[f'∂E/∂{name}']}*{slope}"
        return Gradients(name, slope, value, analytic, closed)

    def evaluate(self, place: int, side: int, row: int) -> None:
        """Write what changes when the weights into a unit are moved."""
        probe = self.probes[place]
        name = self.network.unit_names[probe.layer][probe.unit]
        table = self.evaluations
        slope = cell_address(self.rows[probe.layer], table.to)
        sign, shown = ("", "+") if side > 0 else ("-", "−")
        formula = f"{sign}{table.sees(*EPSILON)}/MAX(1,ABS({slope}))"
        table.moved(row, f"{name} {shown} s", formula, side * probe.step)
        (run,) = probe.above if side > 0 else probe.below
        by = f"{cell_address(row, table.to)}*{slope}"
        moved = f"{without_dollars(self.derivation.cells[name])}+{by}"
        table.evaluate_after(row, run, self.known, name, moved)

    @cached_property
    def known(self) -> dict[str, str]:
        """The address of what no evaluation computes."""
        network = self.network
        # Without the $ a sum over a wide layer stays within what a cell holds.
        names = network.given_names[network.inputs :]
        known = {name: without_dollars(self.chosen.cells[name]) for name in names}
        for unit in network.unit_names[-1]:
            for name in quantities.of_unit(unit):
                known[name] = without_dollars(self.derivation.cells[name])
        for layer, sources in enumerate(network.source_names[1:], start=1):
            row = self.rows[layer] - 1
            known |= {
                name: without_dollars(cell_address(row, column))
                for column, name in enumerate(sources, start=self.evaluations.first)
            }
        return known

    def _range(self, row: int, count: int) -> str:
        first = self.evaluations.first
        return f"{cell_address(row, first)}:{cell_address(row, first + count - 1)}"
