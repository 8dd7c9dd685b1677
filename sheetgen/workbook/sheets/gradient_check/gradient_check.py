"""The sheet `Gradient check`: every gradient at the chosen moment, found in three ways, live.

The table's own gradient is beside the chain rule of `Derivation` and beside the central difference
(E(w + ε) - E(w - ε)) / 2ε, for which cells evaluate the network again with one weight moved
(Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 11.5).

In a large network all weights into a unit are moved together, as probes.py describes. The
pre-activation z = w·x + b is linear in what is moved, so moving the weights and the bias by ±s·d
moves z by ±s·(d·x): that is how the cells compute it.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property

from sheetgen.formulas import notation, quantities
from sheetgen.network.parameters import Parameter
from sheetgen.spreadsheet.address import cell_address, without_dollars
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, KINDS, LINK, SECTION, label, number
from sheetgen.workbook.plan import GRADIENT_CHECK, WORKINGS
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.derivation.derivation import Derivation, is_by_unit
from sheetgen.workbook.sheets.gradient_check.batch import Checked, checked
from sheetgen.workbook.sheets.gradient_check.evaluations import (
    FIRST,
    Evaluations,
)
from sheetgen.workbook.sheets.gradient_check.gradient_rows import (
    EPSILON,
    FIRST_ROW,
    VERDICT_CELL,
    Comparisons,
    Gradients,
    Texts,
)
from sheetgen.workbook.sheets.gradient_check.probes import (
    Subject,
    checked_parameters,
    checked_units,
    direction,
    is_by_parameter,
    probes,
    sources_of,
    trains_biases,
    units_per_probe,
    verdict_of,
)

__all__ = ["VERDICT_CELL", "gradient_check_sheet", "verdict"]

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
TOO_LARGE = " E_total is the error of this sample alone: the batch is too large to check."
EVALUATIONS, TO_WORKINGS = (3, 8), replace(LINK, indent=1)
MOST_ROWS, MOST_COLUMNS = 40, 11  # of evaluations that are below the comparisons, on one page
DIRECTION_ROWS = 4  # names, x, d, and an empty row before the next layer


def gradient_check_sheet(
    chosen: ChosenMoment, derivation: Derivation, workings: Workings
) -> Canvas:
    """Draw the sheet: the table's gradients at the moment, and those of `derivation`."""
    samples = checked(chosen, derivation, workings)
    kind = _WeightCheck if is_by_parameter(chosen.network) else _UnitCheck
    return kind(samples, workings).draw()


def verdict(subject: Subject) -> str:
    """Return what the reference says about the whole check: PASS or FAIL.

    It is kink if no central difference is a derivative.
    """
    return verdict_of(probes(subject))


class _Check(ABC):
    """Draws the sheet: a row of comparisons for each probe, and two evaluations for each.

    The evaluations are below the comparisons if there are few, and else on `Workings`. `between`
    is the number of rows there that a kind of check needs above them.
    """

    between = 0

    def __init__(self, samples: Checked, workings: Workings) -> None:
        self.samples, self.chosen, self.derivation = samples, samples.chosen, samples.derivation
        self.network, self.reference = self.chosen.network, self.chosen.reference
        strong = KINDS["gradient"].strong
        self.canvas = Canvas(GRADIENT_CHECK, tab_colour=strong, freeze=(FIRST_ROW, 2))
        controls = self.chosen.plan.controls
        self.probes = probes(Subject(samples.passes, controls, samples.share))
        self.evaluations = self._evaluations(workings)
        self.comparisons = Comparisons(self.canvas, samples, self.probes, self.evaluations)

    def _evaluations(self, workings: Workings) -> Evaluations:
        """Return the table of evaluations, on the sheet or in a block of its own."""
        count, is_by_unit = len(self.probes), isinstance(self, _UnitCheck)
        row = FIRST_ROW + count + 3
        table = Evaluations(self.canvas, self.canvas, self.network, row, 1, is_by_unit)
        is_small = 2 * count * len(self.samples.known) <= MOST_ROWS
        if is_small and table.crossing <= MOST_COLUMNS + 1 and not is_by_unit:
            return table
        title = self.headings()[0]
        corner = workings.block(GRADIENT_CHECK, title, self.columns(table), width=12.5)
        row, column = corner.row + self.between, corner.column
        return replace(table, canvas=corner.canvas, row=row, column=column)

    def columns(self, table: Evaluations) -> int:
        """Return how many columns a block needs for the evaluations."""
        return table.crossing + 1 - table.column

    def draw(self) -> Canvas:
        table = self.evaluations
        self.begin()
        if not table.is_beside:
            place = table.row - 1, table.column
            self.canvas.link(*EVALUATIONS, WORKINGS, "evaluations: Workings", TO_WORKINGS, place)
        for place in range(len(self.probes)):
            self.comparisons.row(place, self.gradients(place))
        title, to = self.headings()
        table.headers(title if table.is_beside or self.between else "", to)
        for place in range(len(self.probes)):
            for side in (1, -1):
                self.evaluate(place, side, self.comparisons.evaluation(place, side))
            self.comparisons.crossings(place)
        last = self.comparisons.evaluation(len(self.probes), 1) - 1
        table.canvas.numbers.append((table.row + 1, table.to, last, table.total))
        return self.canvas

    @abstractmethod
    def begin(self) -> None:
        """Write what is above the comparisons, and between them and the evaluations."""

    @abstractmethod
    def gradients(self, place: int) -> Gradients:
        """Return what the first columns of a probe's row hold."""

    @abstractmethod
    def headings(self) -> tuple[str, str]:
        """Return the title of the evaluations, and what their second column holds."""

    @abstractmethod
    def evaluate(self, place: int, side: int, row: int) -> None:
        """Write the network with something moved up (1) or down (-1)."""


class _WeightCheck(_Check):
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


class _UnitCheck(_Check):
    """Moves the weights into each unit together.

    `rows` has the row of each layer's d: its x is above it, d·x in front of it; `rows_of_units`
    that of the table's gradients of each unit.
    """

    def __init__(self, samples: Checked, workings: Workings) -> None:
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
        self.comparisons.frame(self.texts())
        row = self.evaluations.row - self.between
        title = "The directions: what the weights multiply, x, how far they are moved, d, and ∂E/∂w"
        self.behind.write(row, self.evaluations.column, title, SECTION)
        row += 3
        for layer in range(len(self.network.layers)):
            self.rows[layer] = row
            row = self.direction(layer) + DIRECTION_ROWS - 1

    def texts(self) -> Texts:
        step = units_per_probe(self.network)
        remark = ALONE if self.chosen.moment.table.training.is_batched else ""
        if step == 1:
            return replace(UNIT_TEXTS, remark=remark)
        remark = f" This network is so deep that one unit in {step} is checked.{remark}"
        return replace(UNIT_TEXTS, remark=remark, rows=f"the weights into one unit in {step}")

    def headings(self) -> tuple[str, str]:
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
