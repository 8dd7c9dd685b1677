"""The test samples at the end of each epoch: their passes, and the mean error of each epoch.

All training tables share three blocks of the workings: the means, a row for each pass, and the
weights after the last row, which no table has if it ends with an epoch.
"""

from dataclasses import dataclass

import numpy as np

from sheetgen.errors import InputError
from sheetgen.formulas.columns import has_correct
from sheetgen.formulas.updates import Rule
from sheetgen.network.activations import Array
from sheetgen.network.many_passes import value_of
from sheetgen.network.network import Network
from sheetgen.network.parameters import Bias, Parameter
from sheetgen.network.trace import CORRECT, Evaluation, Parameters
from sheetgen.network.training import Training
from sheetgen.spreadsheet.address import MAXIMUM_ROWS, local
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Value
from sheetgen.spreadsheet.style import FINE, PERCENT, WHOLE, label, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.pass_cells import (
    hidden_symbols,
    output_symbols,
    pass_formula,
    sum_symbols,
)
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import RATE_CELL, Table
from sheetgen.workbook.shared.workings import FIRST_ROW, Corner, Workings

BEFORE = ("table", "epoch", "sample")
"""The columns before those of a pass."""
ROUNDED = number("unit"), number("error", FINE)
Row = dict[str, str]
"""The addresses of a table's weights and biases in one row."""


@dataclass(frozen=True)
class Points:
    """A mean over the test samples after each epoch: its name's cell, its range, its values."""

    name: str
    y: str
    values: Array


def pass_symbols(network: Network, training: Training) -> tuple[str, ...]:
    """Return what has a cell for each test sample and epoch."""
    correct = (CORRECT,) if has_correct(network, training) else ()
    before = (*hidden_symbols(network), *sum_symbols(network), *output_symbols(network))
    return (*before, "E_total", *correct)


def evaluated_formulas(network: Network, training: Training, tables: int) -> int:
    """Return how many formulas so many tables have for their test samples.

    Raises InputError if these need more rows than a worksheet has.
    """
    if not training.is_tested:
        return 0
    rows = tables * training.epochs * training.data.test_samples
    if FIRST_ROW + 1 + rows > MAXIMUM_ROWS:
        raise InputError(
            f"the test samples need {rows:,} rows, one after each epoch of each training; "
            f"a worksheet has {MAXIMUM_ROWS:,}"
        )
    return rows * len(pass_symbols(network, training))


class Evaluations:
    """The blocks, to which each training table adds its own part."""

    def __init__(self, plan: Plan, sources: Sources, workings: Workings) -> None:
        """Ask for blocks that have room for the table of each variant and for the Playground."""
        self._network, self._sources = plan.network, sources
        training = plan.training(plan.template.optimizer)
        self._symbols = pass_symbols(plan.network, training)
        self._averaged = [name for name in ("E_total", CORRECT) if name in self._symbols]
        tables, self._tables, sheet = len(plan.variants) + 1, 0, plan.comparison
        title = "Test samples: means after each epoch"
        self._means = workings.block(sheet, title, 1 + len(self._averaged) * tables)
        self._final: Corner | None = None
        if training.ends_with_epoch:
            title = "Weights after the last row"
            self._final = workings.block(sheet, title, 1 + tables)
        title = "Test samples: a row for each after each epoch"
        self._passes = workings.block(sheet, title, len(BEFORE) + len(self._symbols))
        corner = self._passes
        write_headers(corner.canvas, corner.row, corner.column, (*BEFORE, *self._symbols))
        self._columns = {
            name: corner.column + len(BEFORE) + at for at, name in enumerate(self._symbols)
        }
        self._next_row = corner.row + 1

    def add(self, table: Table) -> list[Points]:
        """Write the part of a table; return the points of its error, and of its accuracy if any."""
        first_row, samples = self._next_row, table.training.samples
        for epoch, evaluation in enumerate(table.trace.evaluations, start=1):
            row = epoch * samples
            if row <= table.iterations:
                weights = {name: table.cell(name, row) for name in self._network.values}
            else:
                weights = self._weights_after(table, evaluation.parameters)
            self._write_passes(table, epoch, evaluation, weights)
        points = [
            self._write_means(table, at, first_row) for at in range(len(self._averaged))
        ]  # fmt: skip
        self._tables += 1
        return points

    def _weights_after(self, table: Table, parameters: Parameters) -> Row:
        """Write the weights and biases after the last row of a table, which then knows them."""
        corner = self._final
        assert corner is not None
        canvas, column, last = corner.canvas, corner.column + 1 + self._tables, table.iterations
        write_headers(canvas, corner.row, corner.column, ("weight",), "weight")
        write_headers(canvas, corner.row, column, (table.canvas.name,), "weight")
        rule = Rule(
            table.training,
            lambda name, _row="": table.cell(name, last),
            self._sources.address,
            table.canvas.absolute(*RATE_CELL),
        )
        every: tuple[Parameter, ...] = (*self._network.weights, *self._network.biases)
        for row, each in enumerate(every, start=corner.row + 1):
            canvas.write(row, corner.column, each.name, label("weight"))
            value = value_of(parameters, each)
            is_trained = not isinstance(each, Bias) or each.is_trained
            formula = rule.updated(each) if is_trained else table.cell(each.name, last)
            canvas.calculate(row, column, f"={formula}", value, number("weight"))
            table.after[each.name] = canvas.absolute(row, column)
        return table.after

    def _write_passes(self, table: Table, epoch: int, evaluation: Evaluation, weights: Row) -> None:
        """Write a row for each test sample, with the weights after an epoch."""
        canvas, left, trained = self._passes.canvas, self._passes.column, table.training.samples
        has_diverged = not _is_promised(evaluation.parameters)
        for sample, right in enumerate(evaluation.right.tolist()):
            row, place = self._next_row, trained + sample

            def cell(name: str, row: int = row, place: int = place) -> str:
                """Return the cell of a quantity in this row, of a weight, or of the data."""
                if name in self._columns:
                    return local(canvas.absolute(row, self._columns[name]))
                return weights.get(name) or self._sources.sample(name, place)

            counted: tuple[Value, ...] = (table.canvas.name, epoch, place + 1)
            for offset, content in enumerate(counted):
                canvas.write(row, left + offset, content, number("iteration", WHOLE))
            values = evaluation.run[sample].values(self._network) | {CORRECT: right}
            for name, column in self._columns.items():
                formula = f"={pass_formula(self._network, name, cell)}"
                value = np.nan if has_diverged else values[name]
                style = ROUNDED[name in ("E_total", CORRECT)]
                canvas.calculate(row, column, formula, value, style)
            self._next_row += 1

    def _write_means(self, table: Table, which: int, first_row: int) -> Points:
        """Write the means of the errors or of what is right, after each epoch of a table."""
        corner, symbol = self._means, self._averaged[which]
        canvas, epochs = corner.canvas, len(table.trace.evaluations)
        column = corner.column + 1 + self._tables * len(self._averaged) + which
        title = "test accuracy" if symbol == CORRECT else "test E_total"
        write_headers(canvas, corner.row, column, (table.canvas.name,), "error")
        write_headers(canvas, corner.row + 1, column, (title,), "error")
        write_headers(canvas, corner.row + 1, corner.column, ("epoch",), "iteration")
        size, top = table.training.data.test_samples, corner.row + 2
        style = number("error", PERCENT if symbol == CORRECT else FINE)
        values = []
        for at, evaluation in enumerate(table.trace.evaluations):
            canvas.write(top + at, corner.column, at + 1, number("iteration", WHOLE))
            first, of = first_row + at * size, self._columns[symbol]
            cells = local(canvas.range(first, of, first + size - 1, of))
            each = evaluation.right if symbol == CORRECT else evaluation.errors
            value = float(each.mean()) if _is_promised(evaluation.parameters) else np.nan
            canvas.calculate(top + at, column, f"=AVERAGE({cells})", value, style)
            values.append(value)
        if symbol == "E_total":
            canvas.numbers.append((top, column, top + epochs - 1, column))
        area = canvas.range(top, column, top + epochs - 1, column)
        return Points(canvas.absolute(corner.row + 1, column), area, np.array(values))


def _is_promised(parameters: Parameters) -> bool:
    """Tell whether no weight has diverged."""
    arrays = (*parameters.weights, *parameters.biases)
    return all(bool((np.abs(each) <= DIVERGED).all()) for each in arrays)
