"""The samples that a sheet shows beside the network's outputs: a list in helper columns."""

import numpy as np

from sheetgen.spreadsheet.address import cell_address, local
from sheetgen.spreadsheet.canvas import Canvas, Series
from sheetgen.spreadsheet.style import WHITE, WHOLE, header, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.grid import OFF, Axis
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.sources import InputColumn, Sources

LOW, HIGH = "#1E40AF", "#B45309"  # the points of lower and of higher targets
MOST = 200
"""The most samples that are marked; of more, this number, evenly spaced in the data."""
MARKER_SIZES = ((20, 11), (60, 8), (MOST, 6))  # the most samples, and their size


class SamplesList:
    """Samples in rows: number, inputs in the data's own units, and one target.

    `row` and `column` are those of the first number, `inputs` and `targets` the values.
    """

    def __init__(
        self,
        canvas: Canvas,
        plan: Plan,
        sources: Sources,
        at: tuple[int, int],
        output: int,
        place: str,
    ) -> None:
        """Write the list, its header at a cell.

        `output` is the place of the output whose targets are listed, `place` the address of that
        place if it can be chosen.
        """
        network, data, (row, column) = plan.network, plan.data, at
        count = min(data.samples, MOST)
        samples = [round(k * (data.samples - 1) / max(1, count - 1)) for k in range(count)]
        columns = [InputColumn(plan, sources, k) for k in range(network.inputs)]
        titles = ["sample", *network.input_names, "target"]
        kinds = ["iteration", *["input"] * network.inputs, "target"]
        for offset, (title, kind) in enumerate(zip(titles, kinds, strict=True)):
            canvas.write(row, column + offset, title, header(kind))
        for at_row, sample in enumerate(samples, start=row + 1):
            canvas.write(at_row, column, sample + 1, number("iteration", WHOLE))
            for offset, each in enumerate(columns, start=1):
                value = data.inputs[sample][each.place]
                canvas.calculate(at_row, column + offset, f"={each.cell(sample)}", value, INPUT)
            targets = [sources.sample(name, sample) for name in network.target_names]
            formula = f"=CHOOSE({place},{','.join(targets)})" if place else f"={targets[0]}"
            value = data.targets[sample][output]
            canvas.calculate(at_row, column + network.inputs + 1, formula, value, TARGET)
        chosen = np.array(samples)
        self.canvas, self.row, self.column = canvas, row + 1, column
        self.inputs = np.array(data.inputs)[chosen]
        self.targets = np.array(data.targets)[chosen, output]

    def cell(self, at: int, offset: int) -> str:
        """Return the address of a sample's cell; offset 1 is the first input."""
        return cell_address(self.row + at, self.column + offset)

    def range(self, offset: int) -> str:
        """Return the absolute address of a column, with the sheet's name."""
        column = self.column + offset
        return self.canvas.range(self.row, column, self.row + len(self.targets) - 1, column)

    @property
    def target(self) -> int:
        """The offset of the targets."""
        return int(self.inputs.shape[1]) + 1

    def points(self, axes: tuple[Axis, Axis], middle: float | None) -> list[Series]:
        """Write the samples' positions on a picture with these axes; return the points to draw.

        The first are those with a target below `middle`, the others those of `middle` or more. If
        it is None, it is the middle between the smallest and the largest target.
        """
        canvas, column = self.canvas, self.column + self.target + 1
        titles = ("across", "up, lower", "up, higher", "middle")
        write_headers(canvas, self.row - 1, column, titles)
        limit = cell_address(self.row, column + 3)
        if middle is None:
            cells = local(self.range(self.target))
            middle = float(self.targets.min() + self.targets.max()) / 2
            formula = f"=(MIN({cells})+MAX({cells}))/2"
            canvas.calculate(self.row, column + 3, formula, middle, HELPER)
        else:
            canvas.write(self.row, column + 3, middle, HELPER)
        for at, (inputs, target) in enumerate(zip(self.inputs, self.targets, strict=True)):
            row, (x, y) = self.row + at, map(float, inputs)
            formula = f"={axes[0].position_formula(self.cell(at, 1))}"
            canvas.calculate(row, column, formula, axes[0].position(x), HELPER, axes[0].scale(x))
            up, value = axes[1].position_formula(self.cell(at, 2)), axes[1].position(y)
            condition, is_low = f"{self.cell(at, self.target)}<{limit}", bool(target < middle)
            either = ((up, OFF, is_low), (OFF, up, not is_low))
            for offset, (lower, higher, is_shown) in enumerate(either, start=1):
                formula = f"=IF({condition},{lower},{higher})"
                shown = value if is_shown else float(OFF)
                canvas.calculate(row, column + offset, formula, shown, HELPER, axes[1].scale(y))
        first = self.target + 1
        size = next(size for most, size in MARKER_SIZES if len(self.targets) <= most)
        return [
            Series(
                self.range(first),
                self.range(first + offset),
                colour=WHITE,
                marker_size=size,
                marker_fill=colour,
            )
            for offset, colour in ((1, LOW), (2, HIGH))
        ]


INPUT, TARGET, HELPER = number("input"), number("target"), number("helper")
