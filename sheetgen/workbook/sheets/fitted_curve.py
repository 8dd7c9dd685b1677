"""The sheet `Fitted curve` of a network with one input: its output over the range of that input.

The network runs at 61 values of the input, at the chosen iteration and, for comparison, at
iteration 0. Each column holds one unit at all of these values.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.address import MAXIMUM_FORMULA, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import (
    KINDS,
    NOTE,
    SECTION,
    SERIES_COLOURS,
    WHITE,
    header,
    number,
)
from sheetgen.workbook.plan import FITTED_CURVE, Plan
from sheetgen.workbook.shared.chosen_output import choose_output, softmax_formula
from sheetgen.workbook.shared.grid import Axis
from sheetgen.workbook.shared.moment import Moment, Snapshot, run
from sheetgen.workbook.shared.page import longest_formula, write_title
from sheetgen.workbook.shared.samples_list import MOST, SamplesList
from sheetgen.workbook.shared.sources import InputColumn, Sources
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings

POINTS = 61
MOST_FORMULAS = 8000  # with more there is no such sheet
ROW = 8  # the header of the helpers; the points follow
HELPERS = 19
CURVE, START, SAMPLES = KINDS["unit"].strong, "#9CA3AF", KINDS["target"].strong
DRAWN_UNITS = 12  # hidden units, at most, in the chart of them


def fitted_curve_sheet(
    plan: Plan, sources: Sources, tables: Sequence[Table], workings: Workings
) -> Canvas | None:
    """Draw the sheet; return None if the network has several inputs or is too large."""
    units = sum(layer.units for layer in plan.network.layers)
    if plan.network.inputs != 1 or 2 * units * POINTS > MOST_FORMULAS:
        return None
    canvas = Canvas(FITTED_CURVE, tab_colour=KINDS["unit"].strong)
    _Sheet(canvas, plan, sources, InputColumn(plan, sources, 0)).draw(tables, workings)
    return None if longest_formula(canvas) > MAXIMUM_FORMULA else canvas


@dataclass(frozen=True)
class _Curve:
    """The network at one moment: the ranges of x and of the output shown, the units' columns."""

    header: tuple[int, int]
    """The cell that names the output's column."""
    x: str
    y: str
    units: dict[str, int]
    next_column: int


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    plan: Plan
    sources: Sources
    inputs: InputColumn

    def draw(self, tables: Sequence[Table], workings: Workings) -> None:
        canvas, network = self.canvas, self.plan.network
        canvas.widths.update({0: 2, 1: 28, 2: 13})
        text = (
            "The network’s output for every value of its input. "
            "Type another iteration and watch it learn."
        )
        write_title(canvas, 1, "Fitted curve", text)
        title = "Cells behind: the weights, the axis, the samples, the points of the curves"
        canvas.write(1, HELPERS, title, SECTION)
        moment = Moment.ask(canvas, self.plan, tables, "surface", (3, 2), workings)
        now = Snapshot(canvas, network, moment, (ROW, HELPERS + 2))
        first = Snapshot(canvas, network, replace(moment, row="0", iteration=0), (ROW, HELPERS + 5))
        output, place, _ = choose_output(canvas, self.plan, (5, 2), (ROW, HELPERS + 8))
        at = ROW, HELPERS + 14
        samples = SamplesList(canvas, self.plan, self.sources, at, output, place)
        at = ROW, HELPERS + 11
        axis = self.inputs.axis(canvas, at, 10, POINTS - 1, number("input"))
        start = self._points(first, axis, HELPERS + 18, output, place)
        curve = self._points(now, axis, start.next_column + 1, output, place)
        name = "output at iteration "
        canvas.write(*start.header, f"{name}0", header("unit"))
        formula = f'="{name}"&{moment.row}'
        canvas.calculate(*curve.header, formula, f"{name}{moment.iteration}", header("unit"))
        canvas.write(ROW, samples.column + samples.target, "samples", header("target"))
        canvas.widths.update(dict.fromkeys(range(HELPERS, curve.next_column), 12))
        canvas.widths.update({start.header[1]: 22, curve.header[1]: 22})
        self._draw_samples(samples, start, curve)
        self._draw_units(curve)
        if self.plan.data.samples > MOST:
            text = f"{MOST} of {self.plan.data.samples} samples are shown"
            canvas.write(6, 1, text, NOTE)
        canvas.shorten(2, 2)
        canvas.shorten(HELPERS, curve.next_column)
        canvas.print_area = (0, 0, 30, HELPERS - 2)

    def _points(
        self, snapshot: Snapshot, axis: Axis, column: int, output: int, place: str
    ) -> _Curve:
        """Write the columns of x, of every unit and of the output shown, from a column on."""
        network = self.plan.network
        x = axis.start + axis.step * np.arange(POINTS, dtype=np.float64)
        used = self.inputs.used(np.asarray(x))
        sums, activations = run(network, snapshot.parameters, used[:, None])
        self._column(column, self.inputs.name, "input", map(axis.formula, range(POINTS)), x)
        units, x_range = {self.inputs.name: column}, self._range(column)
        column += 1
        if self.plan.data.standardize:
            cells = (self._cell(k, column - 1) for k in range(POINTS))
            texts = list(map(self.inputs.used_formula, cells))
            self._column(column, f"{self.inputs.name} standardised", "helper", texts, used)
            units[self.inputs.name] = column
            column += 1
        is_softmax = network.layers[-1].activation.acts_on_layer
        for layer, names in enumerate(network.unit_names):
            is_sum = is_softmax and layer == len(network.layers) - 1
            values = (sums if is_sum else activations)[layer]
            formula = snapshot.sum_formula if is_sum else snapshot.unit_formula
            for at, unit in enumerate(names):
                name = unit if is_sum else activation_name(unit)
                texts = [formula(unit, partial(self._unit, units, k)) for k in range(POINTS)]
                self._column(column + at, name, "unit", texts, values[:, at])
            chosen = names if is_sum else map(activation_name, names)
            units |= {name: column + at for at, name in enumerate(chosen)}
            column += len(names)
        texts = [self._shown(units, k, place, is_softmax) for k in range(POINTS)]
        self._column(column, "", "unit", texts, activations[-1][:, output])
        return _Curve((ROW, column), x_range, self._range(column), units, column + 1)

    def _column(
        self, column: int, title: str, kind: str, formulas: Iterable[str], values: Array
    ) -> None:
        self.canvas.write(ROW, column, title, header(kind))
        for row, (formula, value) in enumerate(zip(formulas, values, strict=True), start=ROW + 1):
            self.canvas.calculate(row, column, f"={formula}", float(value), number(kind))

    def _cell(self, point: int, column: int) -> str:
        return relative_address(ROW + 1 + point, column)

    def _unit(self, units: dict[str, int], point: int, symbol: str) -> str:
        return self._cell(point, units[symbol])

    def _shown(self, units: dict[str, int], point: int, place: str, is_softmax: bool) -> str:
        """Return the expression of the chosen output at a point."""
        names = self.plan.network.unit_names[-1]
        every = [
            self._unit(units, point, name if is_softmax else activation_name(name))
            for name in names
        ]
        chosen = f"CHOOSE({place},{','.join(every)})" if place else every[0]
        return softmax_formula(chosen, every) if is_softmax else chosen

    def _range(self, column: int) -> str:
        return self.canvas.range(ROW + 1, column, ROW + POINTS, column)

    def _draw_samples(self, samples: SamplesList, start: _Curve, curve: _Curve) -> None:
        """Draw the samples, the curve at iteration 0 and the chosen one."""
        canvas = self.canvas
        targets = samples.range(samples.target)
        name = canvas.absolute(ROW, samples.column + samples.target)
        series = (
            Series(start.x, start.y, canvas.absolute(*start.header), START, width=1.25),
            Series(curve.x, curve.y, canvas.absolute(*curve.header), CURVE, width=3),
            Series(samples.range(1), targets, name, WHITE, marker_size=8, marker_fill=SAMPLES),
        )
        title = "The network's output over its input, and the samples"
        self._chart(1, 640, series, title, "output and targets")

    def _draw_units(self, curve: _Curve) -> None:
        """Draw the activations of the last hidden layer."""
        network = self.plan.network
        if len(network.layers) == 1 or network.layers[-2].units > DRAWN_UNITS:
            return
        columns = [curve.units[activation_name(unit)] for unit in network.unit_names[-2]]
        series = tuple(
            Series(
                curve.x,
                self._range(column),
                self.canvas.absolute(ROW, column),
                SERIES_COLOURS[at % len(SERIES_COLOURS)],
                width=1.75,
                dash="" if at < len(SERIES_COLOURS) else "dash",
            )
            for at, column in enumerate(columns)
        )
        self.canvas.write(ROW - 2, 9, "The hidden units over the input", SECTION)
        title = "The activations of the last hidden layer over the input"
        self._chart(9, 520, series, title, "activation")

    def _chart(
        self, column: int, width: int, series: tuple[Series, ...], description: str, y_title: str
    ) -> None:
        self.canvas.charts.append(
            Chart(
                (ROW - 1, column),
                (width, 420),
                series,
                description,
                (self.inputs.title, y_title),
                labels_outside=True,
            )
        )
