"""The samples on a sheet that shows what a network makes of them: a list in helper columns."""

from dataclasses import dataclass

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, local
from sheetgen.spreadsheet.canvas import Canvas, Series
from sheetgen.spreadsheet.style import WHITE, WHOLE, header, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.grid import OFF, Axis
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.sheets.data_sheet import DEVIATION_ROW, MEAN_ROW

LOW, HIGH = "#1E40AF", "#B45309"  # the points of lower and of higher targets
MOST = 200
"""Samples that are marked; of more, as many that lie evenly in the data."""
MARKER_SIZES = ((20, 11), (60, 8), (MOST, 6))  # for up to so many samples


@dataclass(frozen=True)
class InputColumn:
    """An input's column of the data, in the units of the data."""

    plan: Plan
    sources: Sources
    place: int

    @property
    def name(self) -> str:
        """The input's symbol."""
        return self.plan.network.input_names[self.place]

    @property
    def title(self) -> str:
        """The input's symbol, and its name in the data where it has one."""
        labels = self.plan.data.input_labels
        return f"{self.name}: {labels[self.place]}" if labels else self.name

    def cell(self, sample: int) -> str:
        """Return the absolute address of a sample's value."""
        canvas = self.sources.data.canvas if self.sources.data else self.sources.inputs
        return canvas.address(self.plan.data_key(self.name, sample))

    @property
    def range(self) -> str:
        """The absolute address of all samples' values."""
        first, last = self.cell(0), self.cell(self.plan.data.samples - 1)
        return first if first == last else f"{first}:{local(last)}"

    @property
    def values(self) -> Array:
        """All samples' values."""
        return np.array([row[self.place] for row in self.plan.data.inputs], dtype=np.float64)

    def used_formula(self, value: str) -> str:
        """Return the expression of what the network reads for a value."""
        if not self.plan.data.standardize:
            return value
        assert self.sources.data is not None
        canvas, column = self.sources.data.canvas, self.sources.data.columns[self.name]
        mean, deviation = (canvas.absolute(row, column) for row in (MEAN_ROW, DEVIATION_ROW))
        return f"({value}-{mean})/{deviation}"

    def used(self, values: Array) -> Array:
        """Return what the network reads for these values."""
        if not self.plan.data.standardize:
            return values
        column = self.values
        if column.max() == column.min():
            return np.asarray(values - column[0])
        return np.asarray((values - column.mean()) / column.std())


@dataclass(frozen=True)
class SamplesList:
    """Samples in rows: number, inputs in the units of the data, and one target."""

    canvas: Canvas
    row: int
    column: int
    samples: tuple[int, ...]
    inputs: Array
    targets: Array

    @classmethod
    def draw(
        cls,
        canvas: Canvas,
        plan: Plan,
        sources: Sources,
        at: tuple[int, int],
        output: int,
        place: str,
    ) -> "SamplesList":
        """Write the list, its header at a cell.

        `place` is the address of the output's place, where it can be chosen.
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
            targets = [_target(sources, name, sample) for name in network.target_names]
            formula = f"=CHOOSE({place},{','.join(targets)})" if place else f"={targets[0]}"
            value = data.targets[sample][output]
            canvas.calculate(at_row, column + network.inputs + 1, formula, value, TARGET)
        chosen = np.array(samples)
        inputs, targets = np.array(data.inputs)[chosen], np.array(data.targets)[chosen, output]
        return cls(canvas, row + 1, column, tuple(samples), inputs, targets)

    def cell(self, at: int, offset: int) -> str:
        """Return the address of a sample's cell; offset 1 is the first input."""
        return cell_address(self.row + at, self.column + offset)

    def range(self, offset: int) -> str:
        """Return the absolute address of a column, with the sheet's name."""
        column = self.column + offset
        return self.canvas.range(self.row, column, self.row + len(self.samples) - 1, column)

    @property
    def target(self) -> int:
        """The offset of the targets."""
        return int(self.inputs.shape[1]) + 1

    def points(self, axes: tuple[Axis, Axis], middle: float | None) -> list[Series]:
        """Write where the samples are on a picture with these axes; return the points to draw.

        The first are those with a target below `middle`, or without one below the middle between
        the smallest and the largest target.
        """
        canvas, column = self.canvas, self.column + self.target + 1
        for offset, title in enumerate(("across", "up, lower", "up, higher", "middle")):
            canvas.write(self.row - 1, column + offset, title, header("helper"))
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
        size = next(size for most, size in MARKER_SIZES if len(self.samples) <= most)
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


def _target(sources: Sources, name: str, sample: int) -> str:
    return sources.data.cell(name, sample) if sources.data else sources.inputs.address(name)


INPUT, TARGET, HELPER = number("input"), number("target"), number("helper")
