"""The way of two chosen weights through a training, and the part of their plane around it."""

from dataclasses import dataclass

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, local, range_address
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, LABEL, WHOLE, header, number
from sheetgen.workbook.shared.grid import Axis
from sheetgen.workbook.sheets.error_surface.weight_choice import WeightChoice
from sheetgen.workbook.sheets.training_table import Table

STEPS = 60  # from the first iteration to the last, or fewer in a shorter training
SIDE = 1.6  # of the picture, in lengths of the longer side of the path
STEP, WEIGHT, HELPER = number("iteration", WHOLE), number("weight"), number("helper", FINE)


@dataclass(frozen=True)
class WeightPath:
    """Points of the path in rows, and one more row for the chosen moment; the axes.

    `points` (rows, 2) are the two weights, nan in a training that diverges.
    """

    canvas: Canvas
    row: int
    column: int
    points: Array
    axes: tuple[Axis, Axis]

    @classmethod
    def draw(
        cls, canvas: Canvas, choice: WeightChoice, at: tuple[int, int], size: int
    ) -> "WeightPath":
        """Write the axes of a picture of `size` cells a side, two columns from a cell on.

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
        for offset, title in enumerate(("iteration", "across", "upwards", "x", "y")):
            canvas.write(row, column + offset, title, header("helper"))
        for place, iteration in enumerate(iterations, start=row + 1):
            if place == row + len(iterations):
                canvas.calculate(place, column, f"={moment.row}", iteration, STEP)
            else:
                canvas.write(place, column, iteration, STEP)
        path = cls(canvas, row + 1, column, points, _axes(canvas, at, points, size))
        for which, name in enumerate(names):
            path._weight(choice, which, moment.trace[name][iterations])
        return path

    def _weight(self, choice: WeightChoice, which: int, values: Array) -> None:
        """Write one weight at each point, and where that is on the picture."""
        moment, axis = choice.moment, self.axes[which]
        places = moment.tables[0].places
        # Biases stand beside their layer's weights, so the last of all may be a weight.
        names = [parameter.name for parameter in choice.plan.network.parameters]
        last = max(names, key=places.__getitem__)
        place = f"INDEX({choice.columns},MATCH({choice.chosen[which]},{choice.names},0))"
        for row, value in enumerate(map(float, values), start=self.row):
            step = cell_address(row, self.column)
            found = [f"INDEX({_table(each, last)},{step}+1,{place})" for each in moment.tables]
            chosen = f"CHOOSE({moment.place},{','.join(found)})" if len(found) > 1 else found[0]
            cell = row, self.column + 1 + which
            self.canvas.calculate(*cell, f"={chosen}", value, WEIGHT)
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
    canvas.write(row, column, "axes", header("helper"))
    canvas.write(row, column + 1, "", header("helper"))
    canvas.write(row + 1, column, "step", LABEL)
    formula = f"=IF(MAX({spans})>0,{SIDE}*MAX({spans}),1)/{size - 1}"
    canvas.calculate(row + 1, column + 1, formula, step, HELPER)
    gap, axes = cell_address(row + 1, column + 1), []
    for offset, (cells, low, high) in enumerate(zip(ranges, least, most, strict=True), start=2):
        title = ("across from", "upwards from")[offset - 2]
        canvas.write(row + offset, column, title, LABEL)
        start = float((low + high) / 2 - step * (size - 1) / 2)
        formula = f"=(MIN({cells})+MAX({cells}))/2-{gap}*{size - 1}/2"
        canvas.calculate(row + offset, column + 1, formula, start, HELPER)
        axes.append(Axis(cell_address(row + offset, column + 1), gap, start, step))
    return axes[0], axes[1]
