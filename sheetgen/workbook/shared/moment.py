"""A moment of a training, chosen on a sheet: its table, its iteration, the network at that time.

The values are live: CHOOSE takes the table, INDEX the row. INDIRECT would need fewer formulas, but
it takes the names of tabs from texts, which stay as they are when a tab is renamed.

Sheets that run the network on many inputs have its weights at the moment in a list of cells, a
Snapshot. Its formulas are put together from quantities.py.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sheetgen.formulas import quantities
from sheetgen.network.many_passes import value_of, weights_in_row
from sheetgen.network.network import Network
from sheetgen.network.parameters import Parameter
from sheetgen.network.sample_pass import SamplePass
from sheetgen.network.trace import Parameters, Trace
from sheetgen.spreadsheet.address import choose, local
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import KINDS, LABEL, WHOLE, Style
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.live_text import Words, beginning, joined, only_if
from sheetgen.workbook.shared.page import write_headers, write_value
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import TABLES, Workings

HELPER = Style(colour=KINDS["helper"].strong, number_format=WHOLE)


@dataclass(frozen=True)
class Moment:
    """The cells in which a moment is chosen, and what the reference says about it.

    The last iteration that can be chosen, `last`, may be the one after the last row: the weights
    after the last update.
    """

    tables: tuple[Table, ...]
    trace: Trace
    """Of the chosen table."""
    iteration: int
    place: str
    """The address of the chosen table's place among `tables`, from 1."""
    row: str
    """The address of the chosen iteration, which is in the training."""
    tab: str
    """The address of the chosen table's name."""
    diverges: Words
    """What the chosen table says of where it diverges."""
    last: int

    @classmethod
    def ask(
        cls,
        canvas: Canvas,
        plan: Plan,
        tables: Sequence[Table],
        prefix: str,
        at: tuple[int, int],
        workings: Workings,
        may_be_after: bool = False,
        label: int | None = None,
    ) -> "Moment":
        """Write the drop-down of tables into a cell, the iteration below it, both with labels.

        Those are in the column to the left, or in the column `label`.

        `prefix` is that of the two controls: moment, explorer, surface or error. A block of the
        workings gets the place of the chosen table, and the iteration, limited to those of the
        training; if it may be after the last row and the weights after that are in cells, to one
        more.
        """
        row, column = at
        label = column - 1 if label is None else label
        tabs = [table.canvas.name for table in tables]
        tab = str(getattr(plan.controls, f"{prefix}_table"))
        iteration = int(getattr(plan.controls, f"{prefix}_iteration"))
        corner = workings.block(canvas.name, "The chosen table and iteration", 3)
        behind = corner.canvas
        write_headers(behind, corner.row, corner.column, ("place", "row", "diverges"))
        chosen = canvas.absolute(row, column)
        # ironcalc finds nothing by MATCH in a range of one cell.
        formula = f"=MATCH({chosen},{local(workings.tables)},0)" if len(tabs) > 1 else "=1"
        behind.calculate(corner.row + 1, corner.column, formula, tabs.index(tab) + 1, HELPER)
        what = "optimiser" if plan.template.compare else "learning rate"
        canvas.write(row, label, what, LABEL)
        canvas.choose(row, column, f"{prefix}_table", tab, tabs, source=TABLES)
        last = tables[0].iterations + (1 if may_be_after and tables[0].after else 0)
        canvas.write(row + 1, label, f"iteration, 0 to {last:,}", LABEL)
        canvas.count(row + 1, column, f"{prefix}_iteration", iteration, 0, last)
        where = corner.absolute(1, 0)
        index = _index(tables, where, canvas.absolute(row + 1, column), last)
        behind.calculate(corner.row + 1, corner.column + 1, index, iteration, HELPER)
        of_each = [table.divergence for table in tables]
        found = _chosen(where, (each.expression for each in of_each))
        diverges = corner.words(1, 2, Words(found, of_each[tabs.index(tab)].text))
        return cls(
            tuple(tables),
            plan.trace_of(tab),
            iteration,
            where,
            corner.absolute(1, 1),
            chosen,
            diverges,
            last,
        )

    @property
    def table(self) -> Table:
        """The chosen table."""
        return next(table for table in self.tables if table.trace is self.trace)

    @property
    def divergence(self) -> Words:
        """The words "; diverges from iteration 2 on" of the chosen training, or nothing."""
        cell, text = self.diverges.expression, self.diverges.text
        return only_if(f'{cell}<>""', text != "", joined("; ", beginning(self.diverges, ":")))

    @property
    def is_last(self) -> bool:
        """Whether the chosen iteration is the last one."""
        return self.iteration == self.table.iterations

    def formula(self, symbol: str, row: str = "") -> str:
        """Return "=…", the value of a symbol at the chosen moment, or of another row's iteration.

        `row` is an expression for that iteration.
        """
        index, last = row or self.row, self.table.iterations
        is_limited = not row and self.last > last
        place = f"MIN({last},{index})+1" if is_limited else f"{index}+1"
        found = self.chosen(f"INDEX({table.range(symbol)},{place})" for table in self.tables)
        if is_limited:
            after = self.chosen(table.after[symbol] for table in self.tables)
            return f"=IF({index}>{last},{after},{found})"
        return f"={found}"

    def chosen(self, of_each: Iterable[str]) -> str:
        """Return the expression that takes the chosen table's one of an expression per table."""
        return _chosen(self.place, of_each)

    def value(self, symbol: str) -> float:
        """Return the reference's value at the chosen moment."""
        return float(self.trace[symbol][self.iteration])

    def parameters(self, network: Network) -> Parameters:
        """Return the weights and biases at the chosen moment, which may be after the last row."""
        if self.iteration <= self.table.iterations:
            return weights_in_row(network, self.trace, self.iteration)
        return self.trace.evaluations[-1].parameters


def _index(tables: Sequence[Table], where: str, typed: str, last: int) -> str:
    """Return the formula of the iteration that is typed, within 0 and the last one.

    `where` has the place of the chosen one of the tables.
    """
    # Pasting bypasses the validation, and INDEX takes a row of 0 for a whole column.
    within = f"MAX(0,MIN({last},INT({typed})))"
    # LibreOffice that comes from below to rows not yet computed takes some for circular (Err:522).
    # The count, which skips errors, makes it compute the table from the top before.
    counts = _chosen(where, (f"COUNT({table.range('E_total')})" for table in tables))
    return f"={within}+0*{counts}"


def _chosen(place: str, of_each: Iterable[str]) -> str:
    listed = list(of_each)
    return choose(place, listed) if len(listed) > 1 else listed[0]


def promised(found: Parameters) -> Parameters:
    """Return weights and biases, or if one of them has diverged as many nan.

    Nothing is promised of what follows from such a weight.
    """
    arrays = (*found.weights, *found.biases)
    if all(np.all(np.abs(each) <= DIVERGED) for each in arrays):
        return found
    weights, biases = (
        [np.full_like(each, np.nan) for each in some] for some in (found.weights, found.biases)
    )
    return Parameters(weights, biases)


def parameters_at(network: Network, trace: Trace, iteration: int) -> Parameters:
    """Return the weights and biases in a row of a training, all nan if one has diverged."""
    return promised(weights_in_row(network, trace, iteration))


def pass_in_row(network: Network, trace: Trace, iteration: int) -> SamplePass:
    """Return the pass of a row's sample, computed again from the row's weights and biases."""
    parameters = parameters_at(network, trace, iteration)
    sample = [float(trace[name][iteration]) for name in network.input_names]
    target = [float(trace[name][iteration]) for name in network.target_names]
    return SamplePass(network, parameters, sample, target)


class Snapshot:
    """The weights and biases at a moment, in cells of a sheet.

    `addresses` are the absolute addresses of all, on the sheet itself, and `values` their values.
    """

    def __init__(
        self,
        canvas: Canvas,
        network: Network,
        moment: Moment,
        at: tuple[int, int],
        names: Sequence[str] = (),
    ) -> None:
        """Write the names of all weights and biases down from a cell, their values beside them.

        `names` are all of them in their order on the sheet.
        """
        self.network, (row, column) = network, at
        parameters = moment.parameters(network)
        self.parameters = promised(parameters)
        listed: tuple[Parameter, ...] = (*network.weights, *network.biases)
        every = {each.name: each for each in listed}
        write_headers(canvas, row, column, ("weight", "value"), "weight")
        self.values = {name: value_of(parameters, every[name]) for name in names or every}
        self.addresses = {
            name: write_value(canvas, place, column, name, moment.formula(name), value, "weight")
            for place, (name, value) in enumerate(self.values.items(), start=row + 1)
        }

    def sum_formula(self, unit: str, source: Callable[[str], str]) -> str:
        """Return the expression of a unit's weighted sum.

        `source` gives the address of an input or of an activation of the layer before.
        """
        return quantities.pre_activation_formula(
            self.network, unit, lambda symbol: self.addresses.get(symbol) or source(symbol)
        )

    def unit_formula(self, unit: str, source: Callable[[str], str]) -> str:
        """Return the expression of a unit's activation, its weighted sum written out in it.

        Not for softmax, where a unit depends on all units.
        """
        z = self.sum_formula(unit, source)
        return quantities.activation_formula(self.network, unit, lambda _: f"({z})")
