"""The sheet `Fitted curve` of a network with one input: its output over the range of that input.

The network runs at 61 values of the input, at the chosen iteration and, for comparison, at
iteration 0. On the workings each column holds one unit at all of these values. The ends of the
axis are round, and do not follow the data: an axis that does is wider than the curve.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from sheetgen.network.activations import Array
from sheetgen.network.many_passes import run
from sheetgen.network.network import Network, activation_name
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import GREY, KINDS, NOTE, SECTION, WHITE, header, look, number
from sheetgen.workbook.plan import FITTED_CURVE, Plan
from sheetgen.workbook.shared.alternative_texts import as_built, between, course
from sheetgen.workbook.shared.axis import COLUMNS, Axis
from sheetgen.workbook.shared.chosen_output import ChosenOutput, softmax_formula
from sheetgen.workbook.shared.live_text import literal, only_if
from sheetgen.workbook.shared.moment import Moment, Snapshot
from sheetgen.workbook.shared.page import write_title
from sheetgen.workbook.shared.samples_list import MOST, SampleInput, SamplesList
from sheetgen.workbook.shared.sources import InputColumn, Sources
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Corner, Workings

POINTS = 61
MOST_FORMULAS = 8000  # with more there is no such sheet
CONTROLS, CHARTS = 3, 7  # their first rows
HEIGHT, WIDTHS = 360, (640, 520)  # of the charts, in pixels
SECOND = 9  # the second chart's column
CURVE, START, SAMPLES = KINDS["unit"].strong, GREY, KINDS["target"].strong
DRAWN_UNITS = 12  # hidden units, at most, in the chart of them
BEYOND = "samples are beyond the ends of the x axis"


def formulas_of_curves(network: Network) -> int:
    """Return how many formulas the curves of all units have, 0 if there is no such sheet."""
    found = 2 * POINTS * sum(layer.units for layer in network.layers)
    return found if network.inputs == 1 and found <= MOST_FORMULAS else 0


def fitted_curve_sheet(
    plan: Plan, sources: Sources, tables: Sequence[Table], workings: Workings
) -> Canvas | None:
    """Draw the sheet; return None if the network has several inputs or is too large."""
    if not formulas_of_curves(plan.network):
        return None
    start, canvas = workings.end, Canvas(FITTED_CURVE, tab_colour=KINDS["unit"].strong)
    _Sheet(canvas, plan, workings, InputColumn(plan, sources, 0)).draw(sources, tables)
    if workings.fits(start):
        return canvas
    workings.release(start)
    return None


@dataclass(frozen=True)
class _Curve:
    """The network at one moment: a block with a column for each unit, and one for the output."""

    corner: Corner
    columns: dict[str, int]
    """The column of each unit, counted from the corner."""
    units: dict[str, Array] = field(default_factory=dict)
    """What each unit gives along the axis."""
    values: Sequence[float] = ()
    """The output that is shown."""

    @property
    def last(self) -> int:
        """The column of the output that is shown."""
        return len(self.columns)

    @property
    def name(self) -> str:
        """The cell with the curve's name."""
        return self.corner.absolute(0, self.last)

    def range(self, column: int) -> str:
        """Return the range of a column, with the sheet's name."""
        return self.corner.range(1, column, POINTS, column)

    def cell(self, name: str, point: int) -> str:
        """Return the address of a unit at a point, on the workings."""
        return relative_address(
            self.corner.row + 1 + point, self.corner.column + self.columns[name]
        )


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    plan: Plan
    workings: Workings
    inputs: InputColumn

    def draw(self, sources: Sources, tables: Sequence[Table]) -> None:
        canvas, plan, workings = self.canvas, self.plan, self.workings
        canvas.widths.update({0: 2, 1: 28, 2: 14})
        canvas.heights[2] = 6
        text = (
            "The network’s output for every value of its input. "
            "Type another iteration and watch it learn."
        )
        write_title(canvas, 1, FITTED_CURVE, text)
        moment = Moment.ask(canvas, plan, tables, "surface", (CONTROLS, 2), workings)
        chosen = ChosenOutput(canvas, plan, workings, (CONTROLS + 2, 2))
        corner = workings.block(canvas.name, "The axis", COLUMNS)
        axis = self.inputs.axis(corner, plan.curve_ends[:2], POINTS)
        title, cell = self.inputs.name, self.inputs.cell
        samples = SamplesList(
            canvas.name, workings, sources, chosen, [SampleInput(title, cell, self.inputs.values)]
        )
        start = self._curve("0", 0, replace(moment, row="0", iteration=0), chosen, axis)
        curve = self._curve(moment.row, moment.iteration, moment, chosen, axis)
        chosen.write_title(canvas, CHARTS - 1, 1)
        self._draw_samples(samples, axis, start, curve)
        self._draw_units(axis, curve)
        self._remark()
        if plan.data.samples > MOST:
            text = f"{MOST} of {plan.data.samples:,} samples are shown"
            canvas.write(CONTROLS, 4, text, NOTE)
        canvas.print_area = (0, 0, CHARTS + HEIGHT // 20 + 1, SECOND + WIDTHS[1] // 64 + 1)

    def _remark(self) -> None:
        """Say if the data was changed to samples that are beyond the ends of the axis."""
        (start, end, _), cells, values = self.plan.curve_ends, self.inputs.range, self.inputs.values
        outside = f"OR(MIN({cells})<{constant(start)},MAX({cells})>{constant(end)})"
        is_beyond = bool(values.min() < start or values.max() > end)
        words = only_if(outside, is_beyond, literal(BEYOND))
        self.canvas.calculate(CHARTS - 2, 1, words.formula, words.text, NOTE)

    def _curve(
        self, row: str, iteration: int, moment: Moment, chosen: ChosenOutput, axis: Axis
    ) -> _Curve:
        """Write every unit and the output shown, at a moment, into columns of a block."""
        network, name = self.plan.network, self.canvas.name
        when = "at iteration 0" if row == "0" else "at the chosen iteration"
        corner = self.workings.block(name, f"The weights {when}", 2)
        snapshot = Snapshot(corner.canvas, network, moment, (corner.row, corner.column))
        softmax = network.layers[-1].activation.acts_on_layer
        names = [activation_name(unit) for units in network.unit_names[:-1] for unit in units]
        last = network.unit_names[-1]
        outputs = list(last) if softmax else list(map(activation_name, last))
        columns = {name: at for at, name in enumerate([*names, *outputs])}
        corner = self.workings.block(name, f"The units {when}", len(columns) + 1)
        curve = _Curve(corner, columns)
        sums, activations = run(network, snapshot.parameters, axis.read[:, None])
        for layer, units in enumerate(network.unit_names):
            is_sum = softmax and units == last
            formula = snapshot.sum_formula if is_sum else snapshot.unit_formula
            values = (sums if is_sum else activations)[layer]
            for at, unit in enumerate(units):
                title = unit if is_sum else activation_name(unit)
                texts = [
                    formula(unit, partial(self._source, curve, axis, k)) for k in range(POINTS)
                ]
                self._column(curve, columns[title], texts, values[:, at])
                curve.units[title] = values[:, at]
                corner.canvas.write(
                    corner.row, corner.column + columns[title], title, header("unit")
                )
        texts = []
        for point in range(POINTS):
            every = [curve.cell(each, point) for each in outputs]
            mine = chosen.of_each(every)
            texts.append(softmax_formula(mine, every) if softmax else mine)
        shown = activations[-1][:, chosen.output]
        self._column(curve, curve.last, texts, shown)
        top, words = (corner.row, corner.column + curve.last), "output at iteration "
        corner.canvas.calculate(*top, f'="{words}"&{row}', f"{words}{iteration}", header("unit"))
        return replace(curve, values=shown.tolist())

    def _source(self, curve: _Curve, axis: Axis, point: int, symbol: str) -> str:
        """Return the address of the input or of a unit at a point."""
        if symbol == self.inputs.name:
            return axis.read_cell(point)
        return curve.cell(symbol, point)

    def _column(self, curve: _Curve, column: int, formulas: Sequence[str], values: Array) -> None:
        corner = curve.corner
        for at, (formula, value) in enumerate(zip(formulas, values, strict=True), start=1):
            place = corner.row + at, corner.column + column
            corner.canvas.calculate(*place, f"={formula}", float(value), number("unit"))

    def _draw_samples(self, samples: SamplesList, axis: Axis, start: _Curve, curve: _Curve) -> None:
        """Draw the samples, the curve at iteration 0 and the chosen one."""
        targets = samples.range(samples.target)
        corner = samples.corner
        name = corner.absolute(0, samples.target)
        corner.canvas.write(corner.row, corner.column + samples.target, "samples", header("target"))
        series = (
            Series(axis.range, start.range(start.last), start.name, START, 1.25, "dash"),
            Series(axis.range, curve.range(curve.last), curve.name, CURVE, width=3),
            Series(samples.range(1), targets, name, WHITE, marker_size=8, marker_fill=SAMPLES),
        )
        what = f"The network's output over its input, and {len(samples.targets)} samples"
        told = f"the output lies {between(curve.values)}, at iteration 0 {between(start.values)}"
        told += f", the targets {between(samples.targets)}"
        self._chart(1, WIDTHS[0], series, as_built(what, told), "output and targets")

    def _draw_units(self, axis: Axis, curve: _Curve) -> None:
        """Draw the activations of the last hidden layer."""
        network = self.plan.network
        if len(network.layers) == 1 or network.layers[-2].units > DRAWN_UNITS:
            return
        names = [activation_name(unit) for unit in network.unit_names[-2]]
        columns = [curve.columns[name] for name in names]
        series = tuple(
            Series(
                axis.range,
                curve.range(column),
                curve.corner.absolute(0, column),
                look(at).colour,
                1.75,
                look(at).dash,
            )
            for at, column in enumerate(columns)
        )
        self.canvas.write(CHARTS - 1, SECOND, "The hidden units over the input", SECTION)
        what = f"The activations of the last hidden layer’s {len(columns)} units over the input"
        told = "; ".join(f"{name} {course(curve.units[name])}" for name in names)
        self._chart(SECOND, WIDTHS[1], series, as_built(what, told), "activation")

    def _chart(
        self, column: int, width: int, series: tuple[Series, ...], description: str, y_title: str
    ) -> None:
        self.canvas.charts.append(
            Chart(
                (CHARTS, column),
                (width, HEIGHT),
                series,
                description,
                (self.inputs.title, y_title),
                labels_outside=True,
                limits=(*self.plan.curve_ends[:2], None, None),
                units=(self.plan.curve_ends[2], None),
            )
        )
