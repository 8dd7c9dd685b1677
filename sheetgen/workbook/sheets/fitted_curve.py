"""The sheet `Fitted curve` of a network with one input: its output over the range of that input.

The network runs at 61 values of the input, at the chosen iteration and, for comparison, at
iteration 0. A column holds what one unit makes of all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from sheetgen.formulas.columns import MAXIMUM_FORMULA
from sheetgen.network.activations import Array
from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.address import cell_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import (
    KINDS,
    LABEL,
    NOTE,
    SECTION,
    SERIES_COLOURS,
    SUBTITLE,
    TITLE,
    WHITE,
    header,
    number,
)
from sheetgen.workbook.plan import FITTED_CURVE, Plan
from sheetgen.workbook.shared.chosen_output import choose_output, softmax_formula
from sheetgen.workbook.shared.moment import Moment
from sheetgen.workbook.shared.samples_list import MOST, InputColumn, SamplesList
from sheetgen.workbook.shared.snapshot import Snapshot, run
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.sheets.training_table import Table

POINTS = 61
MOST_FORMULAS = 8000  # from which on there is no such sheet
ROW = 8  # the header of the helpers; the points follow
HELPERS = 19
CURVE, START, SAMPLES = KINDS["unit"].strong, "#9CA3AF", KINDS["target"].strong
DRAWN_UNITS = 12  # hidden units of which there is a chart


def fitted_curve_sheet(plan: Plan, sources: Sources, tables: Sequence[Table]) -> Canvas | None:
    """Draw the sheet; return None for a network with several inputs, or one that is too large."""
    units = sum(layer.units for layer in plan.network.layers)
    if plan.network.inputs != 1 or 2 * units * POINTS > MOST_FORMULAS:
        return None
    canvas = Canvas(FITTED_CURVE, tab_colour=KINDS["unit"].strong)
    _Sheet(canvas, plan, sources, InputColumn(plan, sources, 0)).draw(tables)
    longest = max(len(cell.formula or "") for cell in canvas.cells.values())
    return None if longest > MAXIMUM_FORMULA else canvas


@dataclass(frozen=True)
class _Curve:
    """The points of the network at one moment: x and the output shown, and units by their names."""

    header: tuple[int, int]
    """The cell that names the output's column."""
    y: str
    units: dict[str, int]
    next_column: int


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    plan: Plan
    sources: Sources
    inputs: InputColumn

    def draw(self, tables: Sequence[Table]) -> None:
        canvas, network = self.canvas, self.plan.network
        canvas.widths.update({0: 2, 1: 28, 2: 13})
        canvas.heights[0] = 28
        canvas.write(0, 1, "Fitted curve", TITLE)
        text = (
            "What the network makes of every value of its input. "
            "Type another iteration and watch it learn."
        )
        canvas.write(1, 1, text, SUBTITLE)
        title = "Cells behind: the weights, what the axis shows, the samples, the network’s points"
        canvas.write(1, HELPERS, title, SECTION)
        moment = Moment.ask(canvas, self.plan, tables, "surface", (3, 2), HELPERS)
        now = Snapshot.draw(canvas, network, moment, (ROW, HELPERS + 2))
        first = Snapshot.draw(
            canvas, network, replace(moment, row="0", iteration=0), (ROW, HELPERS + 5)
        )
        output, place, _ = choose_output(canvas, self.plan, (5, 2), (ROW, HELPERS + 8))
        at = ROW, HELPERS + 14
        samples = SamplesList.draw(canvas, self.plan, self.sources, at, output, place)
        self._axis((ROW, HELPERS + 11))
        column = HELPERS + 18
        start = self._points(first, column, output, place)
        curve = self._points(now, start.next_column + 1, output, place)
        name = "output at iteration "
        canvas.write(*start.header, f"{name}0", header("unit"))
        formula = f'="{name}"&{moment.row}'
        canvas.calculate(*curve.header, formula, f"{name}{moment.iteration}", header("unit"))
        canvas.write(ROW, samples.column + samples.target, "samples", header("target"))
        canvas.widths.update(dict.fromkeys(range(HELPERS, curve.next_column), 12))
        canvas.widths.update({start.header[1]: 22, curve.header[1]: 22})
        self._chart(samples, start, curve)
        self._units(curve)
        if self.plan.data.samples > MOST:
            text = f"{MOST} of {self.plan.data.samples} samples are shown"
            canvas.write(6, 1, text, NOTE)
        canvas.shorten(2, 2)
        canvas.shorten(HELPERS, curve.next_column)
        canvas.print_area = (0, 0, 30, HELPERS - 2)

    def _axis(self, at: tuple[int, int]) -> None:
        """Write the range of the input: a tenth more on either side, or 1 about a single value."""
        (row, column), canvas, cells = at, self.canvas, self.inputs.range
        low, width, span = *self._range, f"(MAX({cells})-MIN({cells}))"
        canvas.write(row, column, self.inputs.name, header("input"))
        canvas.write(row, column + 1, "", header("input"))
        canvas.write(row + 1, column, "from", LABEL)
        formula = f"=MIN({cells})-IF({span}>0,{span}/10,1)"
        canvas.calculate(row + 1, column + 1, formula, low, number("input"))
        canvas.write(row + 2, column, "step", LABEL)
        formula = f"=IF({span}>0,1.2*{span},2)/{POINTS - 1}"
        canvas.calculate(row + 2, column + 1, formula, width, number("input"))

    @property
    def _range(self) -> tuple[float, float]:
        """Where the axis begins, and the step from point to point."""
        low, width = float(self.inputs.values.min()), float(np.ptp(self.inputs.values))
        return low - (width / 10 or 1), (1.2 * width or 2) / (POINTS - 1)

    def _points(self, snapshot: Snapshot, column: int, output: int, place: str) -> _Curve:
        """Write the columns of x, of every unit and of the output shown, from a column on."""
        network, (low, step) = self.plan.network, self._range
        x = low + step * np.arange(POINTS, dtype=np.float64)
        used = self.inputs.used(np.asarray(x))
        sums, activations = run(network, snapshot.parameters, used[:, None])
        start, gap = (cell_address(ROW + offset, HELPERS + 12) for offset in (1, 2))
        axis = [f"{start}+{gap}*{k}" for k in range(POINTS)]
        self._column(column, self.inputs.name, "input", axis, x)
        units = {network.input_names[0]: column}
        column += 1
        if self.plan.data.standardize:
            cells = [self._cell(k, column - 1) for k in range(POINTS)]
            texts = [self.inputs.used_formula(cell) for cell in cells]
            self._column(column, f"{self.inputs.name} standardised", "helper", texts, used)
            units[network.input_names[0]] = column
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
        y = self.canvas.range(ROW + 1, column, ROW + POINTS, column)
        return _Curve((ROW, column), y, units, column + 1)

    def _column(
        self, column: int, title: str, kind: str, formulas: list[str], values: Array
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

    def _x(self, units: dict[str, int]) -> str:
        """Return the range of x in the units of the data."""
        column = units[self.inputs.name] - int(self.plan.data.standardize)
        return self.canvas.range(ROW + 1, column, ROW + POINTS, column)

    def _chart(self, samples: SamplesList, start: _Curve, curve: _Curve) -> None:
        """Draw the samples, the curve at iteration 0 and the chosen one."""
        canvas = self.canvas
        name = canvas.absolute(ROW, samples.column + samples.target)
        x = samples.range(1)
        series = (
            Series(
                self._x(start.units), start.y, canvas.absolute(*start.header), START, width=1.25
            ),
            Series(self._x(curve.units), curve.y, canvas.absolute(*curve.header), CURVE, width=3),
            Series(
                x, samples.range(samples.target), name, WHITE, marker_size=8, marker_fill=SAMPLES
            ),
        )
        canvas.charts.append(
            Chart(
                row=ROW - 1,
                column=1,
                width=640,
                height=420,
                series=series,
                description="The network's output over its input, and the samples",
                x_title=self.inputs.title,
                y_title="output and targets",
                labels_outside=True,
            )
        )

    def _units(self, curve: _Curve) -> None:
        """Draw what the last hidden layer makes of the input."""
        network = self.plan.network
        if len(network.layers) == 1 or network.layers[-2].units > DRAWN_UNITS:
            return
        names = [activation_name(unit) for unit in network.unit_names[-2]]
        columns = [curve.units[name] for name in names]
        series = tuple(
            Series(
                self._x(curve.units),
                self.canvas.range(ROW + 1, column, ROW + POINTS, column),
                self.canvas.absolute(ROW, column),
                SERIES_COLOURS[at % len(SERIES_COLOURS)],
                width=1.75,
                dash="" if at < len(SERIES_COLOURS) else "dash",
            )
            for at, column in enumerate(columns)
        )
        self.canvas.write(ROW - 2, 9, "What the hidden units make of the input", SECTION)
        self.canvas.charts.append(
            Chart(
                row=ROW - 1,
                column=9,
                width=520,
                height=420,
                series=series,
                description="The activations of the last hidden layer over the input",
                x_title=self.inputs.title,
                y_title="activation",
                labels_outside=True,
            )
        )
