"""The two weights of `Error surface`: the choice, and their path through the training."""

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, local, range_address
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, LABEL, NOTE, WHOLE, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.grid import Axis
from sheetgen.workbook.shared.moment import Moment, Snapshot
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.table_cells import Table

KINDS = BASE, ACROSS, DOWN = "base", "across", "down"
"""A weight's parts in base + across·x + down·y."""
SAME = "choose two different ones"
STEPS = 60  # from the first iteration to the last, or fewer in a shorter training
SIDE = 1.6  # of the picture, in lengths of the longer side of the path
FLAG, STEP, WEIGHT = number("helper", WHOLE), number("iteration", WHOLE), number("weight")
HELPER = number("helper", FINE)


class WeightChoice:
    """The chosen weights, across and upwards. If both are the same, it counts as the one across.

    `chosen` are the addresses of the two drop-downs, `names` the range of all trained weights'
    names, `columns` that of their columns in the training tables, counted from the iterations.
    """

    def __init__(
        self,
        canvas: Canvas,
        plan: Plan,
        moment: Moment,
        at: tuple[int, int],
        list_at: tuple[int, int],
    ) -> None:
        """Write the drop-downs into a cell and the one below, the list of weights from `list_at`.

        The list takes six columns.
        """
        self.plan, self.moment, (self.row, self.column) = plan, moment, list_at
        names = [each.name for each in plan.network.parameters]
        others = [bias.name for bias in plan.network.biases if not bias.is_trained]
        self.snapshot = Snapshot(canvas, plan.network, moment, list_at, (*names, *others))
        self._rows = {name: row for row, name in enumerate(names, start=self.row + 1)}
        self.names, self.columns = (
            range_address(self.row + 1, column, self.row + len(names), column)
            for column in (self.column, self.column + 5)
        )
        self.chosen = cell_address(*at), cell_address(at[0] + 1, at[1])
        titles = {"error_across": "weight across", "error_down": "weight upwards"}
        for row, (key, title) in enumerate(titles.items(), start=at[0]):
            canvas.write(row, at[1] - 1, title, LABEL)
            value = str(getattr(plan.controls, key))
            canvas.choose(row, at[1], key, value, names, source=self.names)
        formula = f'=IF({self.chosen[0]}={self.chosen[1]},"{SAME}","")'
        same = plan.controls.error_across == plan.controls.error_down
        canvas.calculate(at[0] + 1, at[1] + 1, formula, SAME if same else "", NOTE)
        self._flags(canvas)

    def _flags(self, canvas: Canvas) -> None:
        """Write each weight's base (its value unless it is chosen), and whether it is x or y."""
        table = self.moment.tables[0]
        write_headers(canvas, self.row, self.column + 2, (*KINDS, "column"))
        for row, each in enumerate(self.plan.network.parameters, start=self.row + 1):
            name, value, _, across, down = (
                cell_address(row, self.column + offset) for offset in range(5)
            )
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
                canvas.calculate(row, self.column + offset, formula, result, style)

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
        kinds = enumerate(KINDS, start=2)
        row = self._rows[name]
        return {kind: cell_address(row, self.column + offset) for offset, kind in kinds}


class WeightPath:
    """Points of the path in rows, and one more row for the chosen moment; the axes.

    `points` (rows, 2) are the two weights, nan in a training that diverges.
    """

    def __init__(
        self, canvas: Canvas, choice: WeightChoice, at: tuple[int, int], size: int
    ) -> None:
        """Write the axes of a picture of `size` cells a side, in two columns from a cell on.

        The points follow in five columns, after an empty one.
        """
        row, column = at[0], at[1] + 3
        moment, controls = choice.moment, choice.plan.controls
        last = moment.tables[0].iterations
        steps = min(STEPS, last)
        iterations = [
            *(round(last * k / max(1, steps)) for k in range(steps + 1)),
            moment.iteration,
        ]
        names = controls.error_across, controls.error_down
        points = np.stack([moment.trace[name][iterations] for name in names], axis=1)
        if not np.all(np.abs(points) <= DIVERGED):  # which is false of nan too
            points = np.full_like(points, np.nan)
        write_headers(canvas, row, column, ("iteration", "across", "upwards", "x", "y"))
        for place, iteration in enumerate(iterations, start=row + 1):
            if place == row + len(iterations):
                canvas.calculate(place, column, f"={moment.row}", iteration, STEP)
            else:
                canvas.write(place, column, iteration, STEP)
        self.canvas, self.row, self.column = canvas, row + 1, column
        self.points, self.axes = points, _axes(canvas, at, points, size)
        for which, name in enumerate(names):
            self._weight(choice, which, moment.trace[name][iterations])

    def _weight(self, choice: WeightChoice, which: int, values: Array) -> None:
        """Write one weight at each point, and where that is on the picture."""
        moment, axis = choice.moment, self.axes[which]
        places = moment.tables[0].places
        # Biases are beside their layer's weights, so the last column of all may be a weight's.
        names = [parameter.name for parameter in choice.plan.network.parameters]
        last = max(names, key=places.__getitem__)
        place = f"INDEX({choice.columns},MATCH({choice.chosen[which]},{choice.names},0))"
        for row, value in enumerate(map(float, values), start=self.row):
            step = cell_address(row, self.column)
            found = (f"INDEX({_table(each, last)},{step}+1,{place})" for each in moment.tables)
            cell = row, self.column + 1 + which
            self.canvas.calculate(*cell, f"={moment.chosen(found)}", value, WEIGHT)
            formula = f"={axis.position_formula(cell_address(*cell))}"
            position, scale = axis.position(value), axis.scale(value)
            self.canvas.calculate(row, self.column + 3 + which, formula, position, HELPER, scale)

    @property
    def here(self) -> int:
        """The row of the chosen moment."""
        return self.row + len(self.points) - 1

    def range(self, offset: int, first: int, last: int) -> str:
        """Return a column from one row to another, with the name of the sheet."""
        column = self.column + offset
        return self.canvas.range(first, column, last, column)


def _table(table: Table, last: str) -> str:
    """Return a training table's range from the iterations to its last weight or bias."""
    return f"{table.cell('iteration', 0)}:{local(table.cell(last, table.iterations))}"


def _axes(canvas: Canvas, at: tuple[int, int], points: Array, size: int) -> tuple[Axis, Axis]:
    """Write where the axes begin and the step of both, which have the path in their middle."""
    row, column = at
    least, most = points.min(axis=0), points.max(axis=0)
    ranges = [
        range_address(row + 1, column + 4 + k, row + len(points), column + 4 + k) for k in range(2)
    ]
    step = float(SIDE * (most - least).max() / (size - 1)) or 1 / (size - 1)
    spans = ",".join(f"MAX({cells})-MIN({cells})" for cells in ranges)
    write_headers(canvas, row, column, ("axes", ""))
    canvas.write(row + 1, column, "step", LABEL)
    formula = f"=IF(MAX({spans})>0,{SIDE}*MAX({spans}),1)/{size - 1}"
    canvas.calculate(row + 1, column + 1, formula, step, HELPER)
    gap, axes = cell_address(row + 1, column + 1), []
    titles = ("across from", "upwards from")
    for offset, (title, cells, low, high) in enumerate(
        zip(titles, ranges, least, most, strict=True), start=2
    ):
        canvas.write(row + offset, column, title, LABEL)
        start = float((low + high) / 2 - step * (size - 1) / 2)
        formula = f"=(MIN({cells})+MAX({cells}))/2-{gap}*{size - 1}/2"
        canvas.calculate(row + offset, column + 1, formula, start, HELPER)
        axes.append(Axis(cell_address(row + offset, column + 1), gap, start, step))
    return axes[0], axes[1]
