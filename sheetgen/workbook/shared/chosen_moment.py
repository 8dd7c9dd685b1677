"""The moment that `Overview` chooses, for the sheets that explain one pass through the network.

A block of `Workings` fetches the row of the chosen training table: inputs, targets, weights and
biases, and nothing that follows from them. `Derivation`, `Gradient check`, `Matrices` and the
diagram begin with these cells, so that what they compute is independent of the tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sheetgen.network.network import Network
from sheetgen.network.sample_pass import SamplePass
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE
from sheetgen.spreadsheet.address import local
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import VALUE, WHOLE, label, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.live_text import (
    DIVERGED_HERE,
    Words,
    decimal,
    fixed,
    is_promised,
    joined,
    literal,
    only_if,
)
from sheetgen.workbook.shared.moment import Moment, pass_in_row
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings

STEPS = ("epoch", "sample", BATCH_ROW, BATCH_SIZE)
STATE = "diverged"


@dataclass(frozen=True)
class ChosenMoment:
    """The moment; `cells` are the addresses of its row's numbers, by their symbols.

    Those are all inputs as the network reads them, targets, weights and biases, the counts of
    epoch, sample and batch that the table has, E_total, and whether one of the numbers is beyond
    what is promised (STATE). `reference` is the pass of the row's sample.
    """

    plan: Plan
    moment: Moment
    reference: SamplePass
    cells: Mapping[str, str]
    has_diverged: bool

    @property
    def values(self) -> dict[str, float]:
        """The reference's value of every symbol of the pass; nan if the training has diverged."""
        return self.reference.values

    @property
    def network(self) -> Network:
        """The network; its own weights are the initial ones."""
        return self.plan.network

    @property
    def when(self) -> Words:
        """The words "iteration 3"."""
        return joined("iteration ", Words(f'{self.moment.row}&""', f"{self.moment.iteration}"))

    @property
    def training(self) -> Words:
        """The name of the chosen table's tab."""
        return Words(f'{self.moment.tab}&""', self.moment.table.canvas.name)

    @property
    def sample(self) -> Words | None:
        """The words "sample 4 of 4, epoch 1", or nothing if there is a single sample."""
        if self.plan.data.samples == 1:
            return None
        sample = joined("sample ", self._count("sample"), f" of {self.plan.data.samples}")
        return joined(sample, ", epoch ", self._count("epoch"))

    @property
    def place(self) -> Words:
        """The words "iteration 3 of lr 2, sample 4 of 4, epoch 1"."""
        words = joined(self.when, " of ", self.training)
        return words if self.sample is None else joined(words, ", ", self.sample)

    @property
    def error(self) -> Words:
        """E_total in the chosen row, or that the training has diverged there."""
        shown = fixed(self.cells["E_total"], self.moment.value("E_total"))
        warning = literal(DIVERGED_HERE)
        words = joined("E_total = ", shown, self.moment.divergence)
        return only_if(f"{self.cells[STATE]}=1", self.has_diverged, warning, words)

    def _count(self, symbol: str) -> Words:
        return decimal(self.cells[symbol], self.moment.value(symbol), 0)


def choose_moment(
    canvas: Canvas, plan: Plan, tables: Sequence[Table], at: tuple[int, int], workings: Workings
) -> ChosenMoment:
    """Ask for a table in a cell and for an iteration below it, and fetch that row's numbers."""
    moment = Moment.ask(canvas, plan, tables, "moment", at, workings)
    corner = workings.block(canvas.name, "The chosen moment", 2)
    behind, row, column = corner.canvas, corner.row, corner.column
    write_headers(behind, row, column, ("symbol", "value"), "iteration")
    cells, values = dict[str, str](), list[float]()
    for name, kind in _symbols(plan, tables[0]):
        row += 1
        values.append(moment.value(name))
        behind.write(row, column, name, label(kind))
        shown = WHOLE if kind == "iteration" else plan.data_formats.get(name, VALUE)
        behind.calculate(row, column + 1, moment.formula(name), values[-1], number(kind, shown))
        cells[name] = behind.absolute(row, column + 1)
    block = local(behind.range(corner.row + 1, column + 1, row, column + 1))
    is_beyond = not all(map(is_promised, values))
    largest = f"MAX(MAX({block}),-MIN({block}))"
    formula = f"=IF(COUNT({block})={len(values)},IF({largest}<={DIVERGED:.0f},0,1),1)"
    behind.write(row + 1, column, STATE, label("helper"))
    behind.calculate(row + 1, column + 1, formula, int(is_beyond), number("helper", WHOLE))
    cells[STATE] = behind.absolute(row + 1, column + 1)
    reference = pass_in_row(plan.network, moment.trace, moment.iteration)
    return ChosenMoment(plan, moment, reference, cells, is_beyond)


def _symbols(plan: Plan, table: Table) -> Iterator[tuple[str, str]]:
    """Yield what is fetched, each with its kind."""
    network = plan.network
    yield from ((name, "iteration") for name in STEPS if name in table.places)
    yield from ((name, "input") for name in network.input_names)
    yield from ((name, "target") for name in network.target_names)
    yield from ((name, "weight") for name in network.values)
    yield "E_total", "error"
