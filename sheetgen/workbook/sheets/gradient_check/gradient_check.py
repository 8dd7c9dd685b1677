"""The sheet `Gradient check`: every gradient at the chosen moment, found in three ways, live.

The table's own gradient is beside the chain rule of `Derivation` and beside the central difference
(E(w + ε) - E(w - ε)) / 2ε, for which cells evaluate the network again with one weight moved
(Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 11.5).

In a large network all weights into a unit are moved together, as probes.py describes. The
pre-activation z = w·x + b is linear in what is moved, so moving the weights and the bias by ±s·d
moves z by ±s·(d·x): that is how the cells compute it.
"""

from functools import cached_property

from sheetgen.network.parameters import Parameter
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.derivation.derivation import Derivation, is_by_unit
from sheetgen.workbook.sheets.gradient_check.batch import checked
from sheetgen.workbook.sheets.gradient_check.drawn_check import Check
from sheetgen.workbook.sheets.gradient_check.gradient_rows import (
    EPSILON,
    VERDICT_CELL,
    Gradients,
    Texts,
)
from sheetgen.workbook.sheets.gradient_check.probes import (
    Subject,
    checked_parameters,
    is_by_parameter,
    probes,
    verdict_of,
)
from sheetgen.workbook.sheets.gradient_check.unit_check import UnitCheck

__all__ = ["VERDICT_CELL", "gradient_check_sheet", "verdict"]

TOO_LARGE = " E_total is the error of this sample alone: the batch is too large to check."


def gradient_check_sheet(
    chosen: ChosenMoment, derivation: Derivation, workings: Workings
) -> Canvas:
    """Draw the sheet: the table's gradients at the moment, and those of `derivation`."""
    samples = checked(chosen, derivation, workings)
    kind = _WeightCheck if is_by_parameter(chosen.network) else UnitCheck
    return kind(samples, workings).draw()


def verdict(subject: Subject) -> str:
    """Return what the reference says about the whole check: PASS or FAIL.

    It is kink if no central difference is a derivative.
    """
    return verdict_of(probes(subject))


class _WeightCheck(Check):
    """Moves every weight and trained bias by itself."""

    @cached_property
    def parameters(self) -> list[Parameter]:
        return checked_parameters(self.network)

    def begin(self) -> None:
        both = self.moved == "weight or bias"
        closed = "the substituted chain rule at the end of Derivation"
        if not is_by_unit(self.network):
            closed = "δ·aᵀ, and δ for a bias, from Derivation"
        if not self.network.is_dense:
            closed = "δ·a, and δ for a bias, summed over positions, from Derivation"
        checked = "every weight and trained bias" if both else "every weight"
        of_what, analytic, error = self._of_batch()
        if self.samples.is_batch:
            closed = f"δ·a of each sample of the batch, on Workings: their {of_what}"
        is_alone = self.chosen.moment.table.training.is_batched and not self.samples.is_batch
        where = "below" if self.evaluations.is_beside else "on Workings"
        texts = Texts(
            f"The gradient of {error} for {checked}, in three ways that must agree.",
            TOO_LARGE if is_alone else "",
            "all weights and biases" if both else "all weights",
            ("weights and biases" if both else "weights", "∂E/∂w, found in three ways"),
            {
                "gradient": "what is checked",
                "weight": f"the {self.moved}'s value in the chosen row",
                "analytic": analytic,
                "closed form": closed,
                "central difference": (
                    f"(E(w + ε) − E(w − ε)) / 2ε, from the table {where}; where a weight "
                    "multiplies an x beyond ±1, it is moved by ε/|x|"
                ),
            },
        )
        self.comparisons.frame(texts)

    def _of_batch(self) -> tuple[str, str, str]:
        """Return what is made of the samples, where the gradient comes from, and of which error."""
        if not self.samples.is_batch:
            return "", "from the chosen row of the training table", "E_total"
        what = "mean" if self.samples.is_mean else "sum"
        over = ", over the number of rows" if self.samples.is_mean else ""
        analytic = f"Σ∂E/∂w in the last row of the chosen row's batch{over}"
        return what, analytic, f"the batch's {what} error"

    @property
    def moved(self) -> str:
        has_biases = any(bias.is_trained for bias in self.network.biases)
        return "weight or bias" if has_biases else "weight"

    def gradients(self, place: int) -> Gradients:
        parameter = self.parameters[place]
        return Gradients(
            parameter.gradient,
            self.chosen.cells[parameter.name],
            self.reference.value(parameter),
            self.samples.analytic(parameter),
            self.samples.closed(parameter),
        )

    def headings(self) -> tuple[str, str]:
        return (
            f"The network evaluated again, with one {self.moved} moved by ±ε",
            "the weight ± ε, or ± ε/|x| where it multiplies an x beyond ±1",
        )

    def evaluate(self, place: int, side: int, row: int) -> None:
        """Write forward passes with a parameter replaced by the cell that holds w ± ε."""
        probe, parameter = self.probes[place], self.parameters[place]
        table = self.evaluations
        step = self.samples.step(parameter, table.sees(*EPSILON))
        sign, shown = ("+", "+") if side > 0 else ("-", "−")
        formula = f"{self.chosen.cells[parameter.name]}{sign}{step}"
        value = self.reference.value(parameter) + side * probe.step
        table.moved(row, f"{parameter.name} {shown} ε", formula, value)
        runs = probe.above if side > 0 else probe.below
        moved = {parameter.name: cell_address(row, table.to)}
        for at, known in enumerate(self.samples.known):
            if at:
                table.goes_on(row + at, f"row {at + 1}")
            run = runs[min(at, len(runs) - 1)]
            table.evaluate(row + at, run, {**known, **moved})
