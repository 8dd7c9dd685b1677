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
from sheetgen.spreadsheet.style import FINE, KINDS, NOTE, SECTION, label, number
from sheetgen.workbook.plan import GRADIENT_CHECK
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.derivation.derivation import Derivation, is_by_unit
from sheetgen.workbook.sheets.gradient_check.batch import Checked, checked
from sheetgen.workbook.sheets.gradient_check.evaluations import (
    FIRST,
    TO,
    Evaluations,
    write_moved,
    write_next,
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
    "found in three ways that must agree: all weights into a unit and its trained bias are moved "
    "at once, along the direction d given below.",
    "all weights and biases",
    ("weights", "Σ d·∂E/∂w, found in three ways"),
    {
        "into": "the unit whose weights and trained bias are moved, each by s·d",
        "∂z/∂s": "d·x: by how much that moves the unit's pre-activation z, for each unit of s",
        "analytic": "Σ d·∂E/∂w over the gradients of the chosen row of the training table",
        "closed form": "δ·(d·x), with δ = ∂E/∂z from Derivation",
        "central difference": (
            "(E(w + s·d) − E(w − s·d)) / 2s, from the table below; s is ε, or less where z would "
            "move by more than ε"
        ),
    },
)
ALONE = "E is the error of this sample alone: in a network of this size no batch is checked."
DIRECTION_ROWS = 4  # names, x, d, and an empty row before the next layer


def gradient_check_sheet(
    chosen: ChosenMoment, derivation: Derivation, workings: Workings
) -> Canvas:
    """Draw the sheet: the table's gradients at the moment, and those of `derivation`."""
    samples = checked(chosen, derivation, workings)
    if is_by_parameter(chosen.network):
        return _WeightCheck(samples, 0).draw()
    rows = DIRECTION_ROWS * len(chosen.network.layers) + 2 + len(checked_units(chosen.network))
    return _UnitCheck(samples, rows).draw()


def verdict(subject: Subject) -> str:
    """Return what the reference says about the whole check: PASS or FAIL.

    It is kink if no central difference is a derivative.
    """
    return verdict_of(probes(subject))


class _Check(ABC):
    """Draws the sheet: a row of comparisons for each probe, then two evaluations for each.

    `between` is the number of rows that a kind of check needs between the two, from `below` on.
    """

    def __init__(self, samples: Checked, between: int) -> None:
        self.samples, self.chosen, self.derivation = samples, samples.chosen, samples.derivation
        self.network, self.reference = self.chosen.network, self.chosen.reference
        strong = KINDS["gradient"].strong
        self.canvas = canvas = Canvas(GRADIENT_CHECK, tab_colour=strong, freeze=(FIRST_ROW, 2))
        controls = self.chosen.plan.controls
        self.probes = found = probes(Subject(samples.passes, controls, samples.share))
        self.below = FIRST_ROW + len(found) + 3
        self.evaluations = Evaluations(canvas, self.network, self.below + between, between > 0)
        self.comparisons = Comparisons(canvas, samples, found, self.evaluations)

    def draw(self) -> Canvas:
        self.begin()
        for place in range(len(self.probes)):
            self.comparisons.row(place, self.gradients(place))
        self.evaluations.headers(*self.headings())
        for place in range(len(self.probes)):
            for side in (1, -1):
                self.evaluate(place, side, self.comparisons.evaluation(place, side))
        last = self.comparisons.evaluation(len(self.probes), 1) - 1
        self.canvas.numbers.append((self.evaluations.row + 1, 2, last, self.evaluations.total))
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
        texts = Texts(
            f"{error} for {checked}, in three ways that must agree.",
            "all weights and biases" if both else "all weights",
            ("weights and biases" if both else "weights", "∂E/∂w, found in three ways"),
            {
                "gradient": "what is checked",
                "weight": f"the {self.moved}'s value in the chosen row",
                "analytic": analytic,
                "closed form": closed,
                "central difference": (
                    "(E(w + ε) − E(w − ε)) / 2ε, from the table below; where a weight multiplies "
                    "an x beyond ±1, it is moved by ε/|x|"
                ),
            },
        )
        self.comparisons.frame(texts)

    def _of_batch(self) -> tuple[str, str, str]:
        """Return what is made of the samples, where the gradient comes from, and of which error."""
        training = self.chosen.moment.table.training
        if not self.samples.is_batch:
            analytic = "from the chosen row of the training table"
            alone = "the gradient of E_total of this sample alone (the batch is too large to check)"
            return "", analytic, alone if training.is_batched else "the gradient of E_total"
        what = "mean" if self.samples.is_mean else "sum"
        over = ", over the number of rows" if self.samples.is_mean else ""
        analytic = f"Σ∂E/∂w in the last row of the chosen row's batch{over}"
        return what, analytic, f"the gradient of the batch's {what} error"

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
        step = self.samples.step(parameter, cell_address(*EPSILON))
        sign, shown = ("+", "+") if side > 0 else ("-", "−")
        formula = f"{self.chosen.cells[parameter.name]}{sign}{step}"
        value = self.reference.value(parameter) + side * probe.step
        write_moved(self.canvas, row, f"{parameter.name} {shown} ε", formula, value)
        runs = probe.above if side > 0 else probe.below
        moved = {parameter.name: cell_address(row, TO)}
        for at, known in enumerate(self.samples.known):
            if at:
                write_next(self.canvas, row + at, f"row {at + 1}")
            run = runs[min(at, len(runs) - 1)]
            self.evaluations.evaluate(row + at, run, {**known, **moved})
        if side < 0:
            self.comparisons.crossings(place)


class _UnitCheck(_Check):
    """Moves the weights into each unit together.

    `rows` has the row of each layer's d: its x is above it, d·x in front of it; `rows_of_units`
    that of the table's gradients of each unit.
    """

    def __init__(self, samples: Checked, between: int) -> None:
        super().__init__(samples, between)
        self.rows: dict[int, int] = {}
        self.rows_of_units: dict[str, int] = {}

    def begin(self) -> None:
        self.comparisons.frame(self.texts())
        if self.chosen.moment.table.training.is_batched:
            self.canvas.write(2, 1, ALONE, NOTE)
        title = "The directions: what the weights multiply, x, how far they are moved, d, and ∂E/∂w"
        self.canvas.write(self.below, 1, title, SECTION)
        row = self.below + 3
        for layer in range(len(self.network.layers)):
            self.rows[layer] = row
            row = self.direction(layer) + DIRECTION_ROWS - 1

    def texts(self) -> Texts:
        step = units_per_probe(self.network)
        if step == 1:
            return UNIT_TEXTS
        subtitle = (
            f"{UNIT_TEXTS.subtitle} This network is so deep that one unit in {step} is checked."
        )
        return replace(UNIT_TEXTS, subtitle=subtitle, rows=f"the weights into one unit in {step}")

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
        canvas, row, network = self.canvas, self.rows[layer], self.network
        names = [*network.source_names[layer], *["bias"] * trains_biases(network, layer)]
        write_headers(canvas, row - 2, 1, (notation.layer_title(network, layer), "d·x", *names))
        canvas.write(row - 1, 1, "x", label("helper"))
        canvas.write(row, 1, "d", label("helper"))
        xs, ds = sources_of(self.reference, layer), direction(network, layer)
        for column, (name, x, d) in enumerate(zip(names, xs, ds, strict=True), start=FIRST):
            if name == "bias":
                canvas.write(row - 1, column, 1, number("helper"))
            else:
                source = self.derivation.cells[name]
                canvas.calculate(row - 1, column, f"={source}", float(x), number("helper"))
            canvas.write(row, column, float(d), number("helper"))
            canvas.widths.setdefault(column, 12.5)
        upper, lower = (_range(at, len(names)) for at in (row - 1, row))
        formula = f"=SUMPRODUCT({upper},{lower})"
        canvas.calculate(row, TO, formula, float(xs @ ds), number("helper"))
        for unit in checked_units(network):
            if network.positions[unit][0] == layer:
                row += 1
                self.analytic_row(row, unit)
        return row

    def analytic_row(self, row: int, unit: str) -> None:
        """Write the table's gradients of the weights into a unit, and of its trained bias."""
        self.rows_of_units[unit] = row
        write_headers(self.canvas, row, 1, (unit, "∂E/∂w"), "gradient")
        moment, bias = self.chosen.moment, self.network.bias_of(unit)
        parameters: list[Parameter] = [*self.network.weights_into(unit)]
        if bias and bias.is_trained:
            parameters.append(bias)
        for column, each in enumerate(parameters, start=FIRST):
            value, style = moment.value(each.gradient), number("gradient", FINE)
            self.canvas.calculate(row, column, moment.formula(each.gradient), value, style)

    def gradients(self, place: int) -> Gradients:
        probe, network = self.probes[place], self.network
        name = network.unit_names[probe.layer][probe.unit]
        row, xs = self.rows[probe.layer], sources_of(self.reference, probe.layer)
        slope = cell_address(row, TO)
        gradients = _range(self.rows_of_units[name], len(xs))
        analytic = f"SUMPRODUCT({gradients},{_range(row, len(xs))})"
        value = float(xs @ direction(network, probe.layer))
        closed = f"{self.derivation.cells[f'∂E/∂{name}']}*{slope}"
        return Gradients(name, slope, value, analytic, closed)

    def evaluate(self, place: int, side: int, row: int) -> None:
        """Write what changes when the weights into a unit are moved."""
        probe = self.probes[place]
        name = self.network.unit_names[probe.layer][probe.unit]
        slope = cell_address(self.rows[probe.layer], TO)
        sign, shown = ("", "+") if side > 0 else ("-", "−")
        formula = f"{sign}{cell_address(*EPSILON)}/MAX(1,ABS({slope}))"
        write_moved(self.canvas, row, f"{name} {shown} s", formula, side * probe.step)
        (run,) = probe.above if side > 0 else probe.below
        moved = f"{without_dollars(self.derivation.cells[name])}+{cell_address(row, TO)}*{slope}"
        self.evaluations.evaluate_after(row, run, self.known, name, moved)

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
                for column, name in enumerate(sources, start=FIRST)
            }
        return known


def _range(row: int, count: int) -> str:
    return f"{cell_address(row, FIRST)}:{cell_address(row, FIRST + count - 1)}"
