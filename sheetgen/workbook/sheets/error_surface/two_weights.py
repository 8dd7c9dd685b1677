"""The two weights of `Error surface`: the choice, and their path through the training."""

from collections.abc import Iterator
from math import floor

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import local
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, LABEL, NOTE, WHOLE, Style, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.axis import COLUMNS, Axis
from sheetgen.workbook.shared.grid import OFF, SIDE, cells_between
from sheetgen.workbook.shared.moment import Moment, Snapshot
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings

KINDS = BASE, ACROSS, DOWN = "base", "across", "down"
"""A weight's parts in base + across·x + down·y."""
SAME = "choose two different ones"
STEPS = 60  # from the first iteration to the last, or fewer in a shorter training
LENGTH = 1.6  # of the picture, in lengths of the longer side of the path
SHORTEST = 0.001  # of that side, relative to the larger weight or 1
WEIGHTS = "trained_weights"
"""The defined name of the list of all trained weights, for the drop-downs."""
FLAG, STEP, WEIGHT = number("helper", WHOLE), number("iteration", WHOLE), number("weight")
HELPER = number("helper", FINE)


class WeightChoice:
    """The chosen weights, across and upwards. If both are the same, it counts as the one across.

    `chosen` are the addresses of the two drop-downs, `names` the range of all trained weights'
    names, `columns` that of their columns in the training tables, counted from the iterations;
    the ranges are for formulas of the workings.
    """

    def __init__(
        self, canvas: Canvas, plan: Plan, moment: Moment, workings: Workings, rows: Iterator[int]
    ) -> None:
        """Write the drop-downs into the sheet's next `rows`, the list of weights into a block."""
        self.plan, self.moment = plan, moment
        names = [each.name for each in plan.network.parameters]
        others = [bias.name for bias in plan.network.biases if not bias.is_trained]
        self.corner = corner = workings.block(canvas.name, "The weights at this iteration", 6)
        at = corner.row, corner.column
        self.snapshot = Snapshot(corner.canvas, plan.network, moment, at, (*names, *others))
        self._rows = {name: row for row, name in enumerate(names, start=1)}
        listed = corner.range(1, 0, len(names), 0)
        self.names = local(listed)
        self.columns = local(corner.range(1, 5, len(names), 5))
        canvas.names[WEIGHTS] = listed
        self.chosen: tuple[str, ...] = ()
        titles = {"error_across": "weight across", "error_down": "weight upwards"}
        for key, title in titles.items():
            row = next(rows)
            canvas.write(row, 1, title, LABEL)
            canvas.choose(row, 2, key, str(getattr(plan.controls, key)), names, source=WEIGHTS)
            self.chosen += (canvas.absolute(row, 2),)
        formula = f'=IF({local(self.chosen[0])}={local(self.chosen[1])},"{SAME}","")'
        same = plan.controls.error_across == plan.controls.error_down
        canvas.calculate(next(rows), 1, formula, SAME if same else "", NOTE)
        self._flags()

    def _flags(self) -> None:
        """Write each weight's base (its value unless it is chosen), and whether it is x or y."""
        table, corner = self.moment.tables[0], self.corner
        canvas = corner.canvas
        write_headers(canvas, corner.row, corner.column + 2, (*KINDS, "column"))
        for row, each in enumerate(self.plan.network.parameters, start=1):
            name, value, _, across, down = (corner.local(row, offset) for offset in range(5))
            start, is_across, is_down = self.parts(each.name)
            first = table.header("iteration")
            place = table.places[each.name] - table.places["iteration"] + 1
            cells = (
                (f"=IF({across}+{down}>0,0,{value})", start, number("weight")),
                (f"=IF({name}={self.chosen[0]},1,0)", is_across, FLAG),
                (f"=IF(AND({name}={self.chosen[1]},{across}=0),1,0)", is_down, FLAG),
                (f"=COLUMN({table.header(each.name)})-COLUMN({first})+1", place, FLAG),
            )
            for offset, (formula, result, style) in enumerate(cells, start=2):
                at = corner.row + row, corner.column + offset
                canvas.calculate(*at, formula, result, style)

    def parts(self, name: str) -> tuple[float, int, int]:
        """Return the base of a weight, and 1 or 0 for whether it is across and upwards."""
        controls, value = self.plan.controls, self.snapshot.values[name]
        if name not in self._rows:
            return value, 0, 0
        is_across = name == controls.error_across
        is_down = name == controls.error_down and not is_across
        return 0.0 if is_across or is_down else value, int(is_across), int(is_down)

    def addresses(self, name: str) -> dict[str, str]:
        """Return the addresses of a weight's base and, if it is trained, of ACROSS and DOWN."""
        if name not in self._rows:
            return {BASE: self.snapshot.addresses[name]}
        row = self._rows[name]
        return {kind: self.corner.local(row, at) for at, kind in enumerate(KINDS, start=2)}


ITERATION, RAW, GOOD, CLEAN, PLACES = 0, 1, 3, 4, 6  # columns of the path, two of some
TITLES = ("iteration", "across", "upwards", "drawn", "across", "upwards", "x", "y")


class WeightPath:
    """Points of the path in rows, and one more row for the chosen moment; the axes.

    A training that diverges has a path as far as both weights are within what is promised; after
    that each point is the last one again. `points` (rows, 2) are those that are drawn, `is_drawn`
    tells which of them are themselves.
    """

    def __init__(self, sheet: str, choice: WeightChoice, workings: Workings, size: int) -> None:
        """Write the path, and the axes of a picture, into two blocks.

        The moment is one of the points of a grid of the `size`, so that its error is shown.
        """
        self.choice, moment = choice, choice.moment
        last = moment.tables[0].iterations
        steps = min(STEPS, last)
        self.iterations = [round(last * k / max(1, steps)) for k in range(steps + 1)]
        self.corner = workings.block(sheet, "The path of the training", len(TITLES))
        corner = self.corner
        write_headers(corner.canvas, corner.row, corner.column, TITLES)
        self.here = len(self.iterations) + 1
        for at, iteration in enumerate(self.iterations, start=1):
            corner.canvas.write(corner.row + at, corner.column, iteration, STEP)
        self._write(self.here, ITERATION, f"={moment.row}", moment.iteration, STEP)
        controls = choice.plan.controls
        every = [*self.iterations, moment.iteration]
        raw = np.stack(
            [moment.trace[name][every] for name in (controls.error_across, controls.error_down)],
            axis=1,
        )
        with np.errstate(invalid="ignore"):
            good = np.asarray((np.abs(raw) <= DIVERGED).all(axis=1))  # which is false of nan too
        good[:-1] = np.logical_and.accumulate(good[:-1])
        self.is_drawn = good
        self.points = raw.copy()
        for at in range(1, len(every)):
            if not good[at]:
                self.points[at] = self.points[at - 1]
        self._weights(raw)
        self.axes = self._axes(sheet, workings, size)
        self._positions()

    def _write(
        self, row: int, column: int, formula: str, value: float, style: Style, scale: float = 1.0
    ) -> None:
        corner = self.corner
        at = corner.row + row, corner.column + column
        corner.canvas.calculate(*at, formula, value, style, scale)

    def _weights(self, raw: Array) -> None:
        """Write both weights at each point, as the table has them and as they are drawn."""
        choice, corner = self.choice, self.corner
        tables = choice.moment.tables
        # Biases are beside their layer's weights, so the last column of all may be a weight's.
        names = [parameter.name for parameter in choice.plan.network.parameters]
        last = max(names, key=tables[0].places.__getitem__)
        for row, values in enumerate(raw, start=1):
            step = corner.local(row, ITERATION)
            cells = [corner.local(row, RAW + which) for which in range(2)]
            for which, value in enumerate(map(float, values)):
                place = f"INDEX({choice.columns},MATCH({choice.chosen[which]},{choice.names},0))"
                found = (f"INDEX({_table(each, last)},{step}+1,{place})" for each in tables)
                self._write(row, RAW + which, f"={choice.moment.chosen(found)}", value, WEIGHT)
            size = f"MAX(ABS({cells[0]}),ABS({cells[1]}))"
            good = f"IF(ISNUMBER({cells[0]}+{cells[1]}),IF({size}<={DIVERGED:.0f},1,0),0)"
            if 1 < row < self.here:
                good = f"IF({corner.local(row - 1, GOOD)}=1,{good},0)"
            self._write(row, GOOD, f"={good}", int(self.is_drawn[row - 1]), FLAG)
            for which, cell in enumerate(cells):
                formula, value = f"={cell}", float(self.points[row - 1, which])
                if row > 1:
                    former = corner.local(row - 1, CLEAN + which)
                    formula = f"=IF({corner.local(row, GOOD)}=1,{cell},{former})"
                self._write(row, CLEAN + which, formula, value, WEIGHT)

    def _axes(self, sheet: str, workings: Workings, size: int) -> tuple[Axis, Axis]:
        """Write both axes, with the same step, and the path about in their middle.

        From the moment it is a whole number of steps of a grid to each point of that.
        """
        corner = workings.block(sheet, "The axes", 2 * COLUMNS)
        behind, row, column = corner.canvas, corner.row, corner.column
        columns = [local(self.range(CLEAN + which, 1, self.here)) for which in range(2)]
        spans = ",".join(f"MAX({cells})-MIN({cells})" for cells in columns)
        sizes = ",".join(f"MAX({cells}),-MIN({cells})" for cells in columns)
        longest = f"MAX({LENGTH}*MAX({spans}),{SHORTEST}*MAX(1,{sizes}))"
        least, most = self.points.min(axis=0), self.points.max(axis=0)
        largest = max(1.0, float(np.abs(self.points).max()))
        side = max(LENGTH * float((most - least).max()), SHORTEST * largest)
        step, between = side / (SIDE - 1), cells_between(size)
        write_headers(behind, row, column, ("step of both", ""), "input")
        behind.calculate(row, column + 1, f"={longest}/{SIDE - 1}", step, HELPER)
        gap = corner.local(0, 1)
        axes = []
        for which, cells in enumerate(columns):
            here, value = self.corner.local(self.here, CLEAN + which), self.points[-1, which]
            middle = float(least[which] + most[which]) / 2
            start = f"((MIN({cells})+MAX({cells}))/2-{gap}*{SIDE - 1}/2)"
            steps = floor((value - middle + step * (SIDE - 1) / 2) / (step * between) + 0.5)
            start = f"{here}-{between}*{gap}*ROUND(({here}-{start})/({between}*{gap}),0)"
            ends = (start, float(value - between * step * steps)), (gap, step)
            at = corner.moved(2, which * COLUMNS)
            axes.append(Axis.write(at, ("across", "upwards")[which], ends, SIDE))
        return axes[0], axes[1]

    def _positions(self) -> None:
        """Write where the points are on the picture; the chosen moment only if it is drawn."""
        for row, point in enumerate(self.points, start=1):
            for which, (axis, value) in enumerate(zip(self.axes, map(float, point), strict=True)):
                formula = axis.position_formula(self.corner.local(row, CLEAN + which))
                position, scale = axis.position(value), axis.scale(value)
                if row == self.here:
                    formula = f"IF({self.corner.local(row, GOOD)}=1,{formula},{OFF})"
                    position = position if self.is_drawn[-1] else float(OFF)
                self._write(row, PLACES + which, f"={formula}", position, HELPER, scale)

    def range(self, column: int, first: int, last: int) -> str:
        """Return a column from one row to another, counted from 1, with the sheet's name."""
        return self.corner.range(first, column, last, column)

    @property
    def end(self) -> tuple[str, int]:
        """The expression of the last iteration that is drawn, for any sheet, and that iteration."""
        drawn = self.range(GOOD, 1, self.here - 1)
        iterations = self.range(ITERATION, 1, self.here - 1)
        return f"INDEX({iterations},SUM({drawn}),1)", self.iterations[self.drawn - 1]

    @property
    def drawn(self) -> int:
        """The number of points of the path that are drawn."""
        return int(self.is_drawn[:-1].sum())


def _table(table: Table, last: str) -> str:
    """Return a training table's range from the iterations to its last weight or bias."""
    return f"{table.cell('iteration', 0)}:{local(table.cell(last, table.iterations))}"
