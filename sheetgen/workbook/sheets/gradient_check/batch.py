"""What the gradient check takes the error over: one sample, or the batch that the training uses.

A batch has a block of `Workings` with a pass for each of its rows, forward and back, in cells of
its own: the chain rule's gradient is put together from these. A short batch at an epoch's or the
table's end repeats its last row, which is then not counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sheetgen.formulas import quantities
from sheetgen.network.parameters import Bias, Parameter, Weight
from sheetgen.network.sample_pass import SamplePass
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, sum_name
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import WHOLE, number
from sheetgen.workbook.plan import GRADIENT_CHECK
from sheetgen.workbook.shared.chosen_moment import ChosenMoment
from sheetgen.workbook.shared.moment import pass_in_row
from sheetgen.workbook.shared.page import write_headers, write_value
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.derivation.derivation import Derivation
from sheetgen.workbook.sheets.gradient_check.probes import rows_checked

COUNTED = "counted"


def passes_of(chosen: ChosenMoment) -> list[SamplePass]:
    """Return the reference's passes over which the error is taken."""
    network, trace, row = chosen.network, chosen.moment.trace, chosen.moment.iteration
    if rows_checked(network, chosen.moment.table.training) == 1:
        return [chosen.reference]
    start = row - int(trace[BATCH_ROW][row]) + 1
    end = min(start + int(trace[BATCH_SIZE][row]), chosen.moment.table.iterations + 1)
    return [pass_in_row(network, trace, each) for each in range(start, end)]


@dataclass(frozen=True)
class Checked:
    """The samples in cells: `known` has for each row the addresses that a pass begins with.

    `counted` is the range of 1 for each row that counts and 0 for others, `count` the address of
    their number, which a mean is divided by; both are empty for one sample.
    """

    chosen: ChosenMoment
    passes: Sequence[SamplePass]
    known: Sequence[Mapping[str, str]]
    derivation: Derivation
    columns: Mapping[str, str]
    """The range of each symbol of the block's passes."""
    counted: str = ""
    count: str = ""
    last: str = ""
    """The address of the batch's last iteration."""

    @property
    def is_batch(self) -> bool:
        """Whether there is a block of several samples."""
        return bool(self.counted)

    def counts(self, sample: int) -> str:
        """Return the address of 1 or 0: whether a row counts."""
        return self.known[sample][COUNTED]

    @property
    def is_mean(self) -> bool:
        """Whether the error and its gradient are means over the batch."""
        return self.is_batch and self.chosen.moment.table.training.reduction == "mean"

    @property
    def share(self) -> float:
        """By what a sample's error is multiplied."""
        return 1 / len(self.passes) if self.is_mean else 1.0

    def reduced(self, expression: str) -> str:
        """Return a sum over the batch as the training takes it: its mean, or the sum itself."""
        return f"{expression}/{self.count}" if self.is_mean else expression

    def total_error(self) -> str:
        """Return the expression of the error."""
        if not self.is_batch:
            return self.chosen.cells["E_total"]
        return self.reduced(f"SUMPRODUCT({self.counted},{self.columns['E_total']})")

    def analytic(self, parameter: Parameter) -> str:
        """Return the expression of the table's gradient."""
        moment = self.chosen.moment
        if not self.is_batch:
            return moment.formula(parameter.gradient).removeprefix("=")
        total = moment.formula(sum_name(parameter.name), self.last).removeprefix("=")
        return self.reduced(total)

    def closed(self, parameter: Parameter) -> str:
        """Return the expression of the chain rule's gradient."""
        if not self.is_batch:
            return self.derivation.cells[parameter.gradient]
        if isinstance(parameter, Bias):
            factors = [[f"∂E/∂{target}"] for target in parameter.targets]
        else:
            factors = [[f"∂E/∂{use.target}", use.source] for use in parameter.uses]
        listed = ([self.counted, *(self.columns[each] for each in some)] for some in factors)
        terms = [f"SUMPRODUCT({','.join(some)})" for some in listed]
        total = "+".join(terms)
        return self.reduced(total if len(terms) == 1 else f"({total})")

    def step(self, parameter: Parameter, epsilon: str) -> str:
        """Return the expression of the step of a weight: ε, or less where its input is large."""
        if not isinstance(parameter, Weight):
            return epsilon
        sources = [use.source for use in parameter.uses]
        if not self.is_batch and len(sources) == 1:
            return f"{epsilon}/MAX(1,ABS({self.derivation.cells[sources[0]]}))"
        known = self.columns if self.is_batch else self.derivation.cells
        listed = ",".join(known[source] for source in sources)
        return f"{epsilon}/MAX(1,MAX({listed}),-MIN({listed}))"


def checked(chosen: ChosenMoment, derivation: Derivation, workings: Workings) -> Checked:
    """Return what is checked, with the block of a batch."""
    rows = rows_checked(chosen.network, chosen.moment.table.training)
    if rows == 1:
        return Checked(chosen, [chosen.reference], [chosen.cells], derivation, {})
    return _Block(chosen, workings, rows).draw(derivation)


class _Block:
    """Writes the passes of a batch, a row for each."""

    def __init__(self, chosen: ChosenMoment, workings: Workings, rows: int) -> None:
        self.chosen, self.network, self.rows = chosen, chosen.network, rows
        self.passes = passes_of(chosen)
        network = chosen.network
        units = [unit for names in network.unit_names for unit in names]
        forward = [name for unit in units for name in quantities.of_unit(unit)]
        self.given = [*network.input_names, *network.target_names]
        helpers = quantities.softmax_helpers(network)
        self.symbols = [
            *self.given, *forward, *helpers, *network.error_names, "E_total",
            *(f"∂E/∂{unit}" for unit in units),
        ]  # fmt: skip
        title = "The batch of the chosen moment"
        self.corner = workings.block(GRADIENT_CHECK, title, 2 + len(self.symbols), width=11)
        self.canvas: Canvas = self.corner.canvas
        self.top = self.corner.row + 5

    def draw(self, derivation: Derivation) -> Checked:
        corner, column, moment = self.corner, self.corner.column, self.chosen.moment
        start, end = (f"{moment.row}-{self.chosen.cells[BATCH_ROW]}+1", moment.table.iterations)
        first = moment.iteration - int(moment.value(BATCH_ROW)) + 1
        last = first + len(self.passes) - 1
        names = ("first row", "last row", "rows")
        cells = [corner.absolute(down, 1) for down in range(3)]
        formulas = (
            f"={start}",
            f"=MIN({end},{cells[0]}+{self.chosen.cells[BATCH_SIZE]}-1)",
            f"={cells[1]}-{cells[0]}+1",
        )
        values = (first, last, len(self.passes))
        for down, (name, formula, value) in enumerate(zip(names, formulas, values, strict=True)):
            write_value(self.canvas, corner.row + down, column, name, formula, value, "iteration")
        headers = ("iteration", "counted", *self.symbols)
        write_headers(self.canvas, self.top - 1, column, headers)
        known = [self.row(place, cells) for place in range(self.rows)]
        columns = {symbol: self.range(column + 2 + at) for at, symbol in enumerate(self.symbols)}
        return Checked(
            self.chosen, self.passes, known, derivation, columns,
            self.range(column + 1), cells[2], cells[1],
        )  # fmt: skip

    def range(self, column: int) -> str:
        return self.canvas.range(self.top, column, self.top + self.rows - 1, column)

    def row(self, place: int, cells: Sequence[str]) -> dict[str, str]:
        """Write a row's pass; return the addresses of all that it begins with."""
        canvas, row, column = self.canvas, self.top + place, self.corner.column
        shown = min(place, len(self.passes) - 1)
        first = int(self.chosen.moment.iteration - self.chosen.moment.value(BATCH_ROW) + 1)
        style = number("iteration", WHOLE)
        formula = f"=MIN({cells[1]},{cells[0]}+{place})"
        canvas.calculate(row, column, formula, first + shown, style)
        iteration = canvas.absolute(row, column)
        counted = int(place < len(self.passes))
        canvas.calculate(row, column + 1, f"=IF({place}<{cells[2]},1,0)", counted, style)
        places = {
            symbol: canvas.absolute(row, column + 2 + at) for at, symbol in enumerate(self.symbols)
        }
        known = {**self.chosen.cells, **places}
        for at, symbol in enumerate(self.symbols, start=column + 2):
            formula = self.formula(symbol, known, iteration)
            value = self.passes[shown].values[symbol]
            canvas.calculate(row, at, formula, value, number("helper"))
        given = {name: places[name] for name in self.given}
        return {**self.chosen.cells, **given, COUNTED: canvas.absolute(row, column + 1)}

    def formula(self, symbol: str, known: Mapping[str, str], iteration: str) -> str:
        network = self.network
        if symbol in self.given:
            return self.chosen.moment.formula(symbol, iteration)
        if symbol.startswith("∂E/∂"):
            unit = symbol.removeprefix("∂E/∂")
            return f"={quantities.delta_formula(network, unit, known.__getitem__)}"
        helpers = quantities.softmax_helper_formulas(network, known.__getitem__)
        for name, formula, _ in helpers:
            if name == symbol:
                return f"={formula}"
        return f"={quantities.forward_formula(network, symbol, known.__getitem__)}"
