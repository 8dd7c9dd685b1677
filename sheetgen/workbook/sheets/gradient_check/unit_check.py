"""`Gradient check` of a large network: the weights into each unit are moved together.

See probes.py for the method. The pre-activation z = w·x + b is linear in what is moved, so that
moving the weights and the bias by ±s·d moves z by ±s·(d·x): that is how the cells compute it.
"""

from dataclasses import dataclass
from functools import cached_property

from sheetgen.formulas import notation
from sheetgen.spreadsheet.address import cell_address, local, without_dollars
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import SECTION, header, label, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.sheets.derivation.derivation import Derivation
from sheetgen.workbook.sheets.gradient_check.evaluations import (
    FIRST,
    TO,
    Evaluations,
    of_unit,
    write_moved,
)
from sheetgen.workbook.sheets.gradient_check.gradient_rows import (
    EPSILON,
    FIRST_ROW,
    Comparisons,
    Gradients,
    Texts,
)
from sheetgen.workbook.sheets.gradient_check.probes import (
    direction,
    probes,
    sources_of,
    trains_biases,
)
from sheetgen.workbook.sheets.training_table import Table

TEXTS = Texts(
    "The gradients at iteration 0, found in three ways that must agree: all weights into a unit, "
    "and its trained bias, at once, along the direction d given below.",
    "all weights and biases",
    ("weights", "Σ d·∂E/∂w, found in three ways"),
    {
        "into": "the unit whose weights and trained bias are moved, each by s·d",
        "∂z/∂s": "d·x, by how much that moves its pre-activation z",
        "analytic": "Σ d·∂E/∂w over the gradients of the first training table, iteration 0",
        "closed form": "δ·(d·x), with δ = ∂E/∂z from Derivation",
        "central difference": (
            "(E(w + s·d) − E(w − s·d)) / 2s, from the table below; s is ε, or less where z would "
            "move by more than ε"
        ),
    },
)
DIRECTION_ROWS = 4  # names, x, d, and one to part it from the next layer's


def draw(
    canvas: Canvas, plan: Plan, sources: Sources, table: Table, derivation: Derivation
) -> None:
    """Draw the sheet."""
    found = probes(plan)
    directions = FIRST_ROW + len(found) + 3
    header_row = directions + DIRECTION_ROWS * len(plan.network.layers) + 2
    evaluations = Evaluations(canvas, plan.network, header_row, is_by_unit=True)
    total = table.cell("E_total", 0)
    comparisons = Comparisons(canvas, plan, found, evaluations, header_row + 1, total)
    sheet = _Sheet(plan, sources, table, derivation, comparisons, directions)
    comparisons.frame(TEXTS)
    for layer in range(len(plan.network.layers)):
        sheet.direction(layer)
    evaluations.headers(
        "The network evaluated again, with the weights into one unit moved by ±s·d: z and a are "
        "that unit's, and what does not change is not computed again",
        "±s, by which d is multiplied",
    )
    for place in range(len(found)):
        sheet.compare(place)
        for side in (1, -1):
            sheet.evaluate(place, side)
    last = comparisons.evaluation(len(found) - 1, -1)
    canvas.numbers.append((header_row + 1, 2, last, evaluations.total))


@dataclass(frozen=True)
class _Sheet:
    plan: Plan
    sources: Sources
    table: Table
    derivation: Derivation
    comparisons: Comparisons
    directions: int
    """The row of the title above the directions."""

    @property
    def canvas(self) -> Canvas:
        return self.comparisons.canvas

    def direction_row(self, layer: int) -> int:
        """Return the row of a layer's d; its x stands above, d·x before it."""
        return self.directions + 3 + DIRECTION_ROWS * layer

    def direction(self, layer: int) -> None:
        """Write what a layer's weights multiply, and the direction in which they are moved."""
        canvas, row = self.canvas, self.direction_row(layer)
        network = self.plan.network
        title = "The directions: what the weights multiply, x, and how far they are moved, d"
        canvas.write(self.directions, 1, title, SECTION)
        names = [*network.source_names[layer], *["bias"] * trains_biases(network, layer)]
        title = notation.layer_title(network, layer)
        for column, text in enumerate((title, "d·x", *names), start=1):
            canvas.write(row - 2, column, text, header("helper"))
        canvas.write(row - 1, 1, "x", label("helper"))
        canvas.write(row, 1, "d", label("helper"))
        xs, ds = sources_of(self.plan, layer), direction(network, layer)
        for column, (name, x, d) in enumerate(zip(names, xs, ds, strict=True), start=FIRST):
            if name == "bias":
                canvas.write(row - 1, column, 1, number("helper"))
            else:
                source = self.derivation.cells[name]
                canvas.calculate(row - 1, column, f"={source}", float(x), number("helper"))
            canvas.write(row, column, float(d), number("helper"))
            canvas.widths.setdefault(column, 12)
        last = FIRST + len(names) - 1
        upper, lower = (_range(at, FIRST, last) for at in (row - 1, row))
        formula = f"=SUMPRODUCT({upper},{lower})"
        canvas.calculate(row, TO, formula, float(xs @ ds), number("helper"))

    def compare(self, place: int) -> None:
        """Write the row in which a unit's gradients are compared."""
        probe = self.comparisons.probes[place]
        network, name = self.plan.network, self.plan.network.unit_names[probe.layer][probe.unit]
        row = self.direction_row(probe.layer)
        slope = cell_address(row, TO)
        edges = network.into(name)
        first, last = (self.table.cell(edges[at].gradient, 0) for at in (0, -1))
        lower = _range(row, FIRST, FIRST + len(edges) - 1)
        analytic = f"SUMPRODUCT({first}:{local(last)},{lower})"
        bias = network.bias_of(name)
        if bias and bias.is_trained:
            multiple = cell_address(row, FIRST + len(edges))
            analytic += f"+{self.table.cell(bias.gradient, 0)}*{multiple}"
        value = float(sources_of(self.plan, probe.layer) @ direction(network, probe.layer))
        closed = f"{self.derivation.cells[f'∂E/∂{name}']}*{slope}"
        self.comparisons.row(place, Gradients(name, slope, value, analytic, closed))

    def evaluate(self, place: int, side: int) -> None:
        """Write what changes when the weights into a unit are moved."""
        comparisons, network = self.comparisons, self.plan.network
        probe = comparisons.probes[place]
        name = network.unit_names[probe.layer][probe.unit]
        row = comparisons.evaluation(place, side)
        slope = cell_address(self.direction_row(probe.layer), TO)
        sign, shown = ("", "+") if side > 0 else ("-", "−")
        formula = f"{sign}{cell_address(*EPSILON)}/MAX(1,ABS({slope}))"
        write_moved(self.canvas, row, f"{name} {shown} s", formula, side * probe.step)
        start = without_dollars(self.derivation.cells[name])
        run = probe.above if side > 0 else probe.below
        moved = f"{start}+{cell_address(row, TO)}*{slope}"
        comparisons.evaluations.evaluate_after(row, run, self.known, name, moved)

    @cached_property
    def known(self) -> dict[str, str]:
        """The address of what no evaluation computes."""
        network = self.plan.network
        names = [*network.target_names]
        names += [edge.name for edge in network.connections]
        names += [bias.name for bias in network.biases]
        # Without the $ a sum over a wide layer stays within what a cell holds.
        known = {name: without_dollars(self.sources.first(name)) for name in names}
        for unit in network.unit_names[-1]:
            known |= {name: without_dollars(self.derivation.cells[name]) for name in of_unit(unit)}
        for layer, sources in enumerate(network.source_names[1:], start=1):
            row = self.direction_row(layer) - 1
            cells = (cell_address(row, column) for column in range(FIRST, FIRST + len(sources)))
            known |= dict(zip(sources, map(without_dollars, cells), strict=True))
        return known


def _range(row: int, first: int, last: int) -> str:
    return f"{cell_address(row, first)}:{cell_address(row, last)}"
