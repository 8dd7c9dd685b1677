"""The samples that a sheet shows beside the network's outputs: a list on the workings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import local
from sheetgen.spreadsheet.canvas import Series
from sheetgen.spreadsheet.style import HIGHER, LOWER, WHITE, WHOLE, header, number
from sheetgen.workbook.shared.axis import Axis
from sheetgen.workbook.shared.chosen_output import ChosenOutput
from sheetgen.workbook.shared.grid import OFF
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.workings import Workings

SYMBOLS = "circle", "square"  # of lower and of higher targets
MOST = 200
"""The most samples that are marked; of more, this number, evenly spaced in the data."""
MARKER_SIZES = ((20, 11), (60, 8), (MOST, 6))  # the most samples, and their size
INPUT, TARGET, HELPER = number("input"), number("target"), number("helper")
POSITIONS = ("across", "up, lower", "up, higher")


@dataclass(frozen=True)
class SampleInput:
    """An input that the list shows: its title, and the expression of a sample's value.

    `values` are those of all samples, in the data's own units.
    """

    title: str
    expression: Callable[[int], str]
    values: Array


class SamplesList:
    """Samples in rows: number, inputs in the data's own units, and the chosen output's target.

    `targets` are the reference's values of the latter.
    """

    def __init__(
        self,
        sheet: str,
        workings: Workings,
        sources: Sources,
        chosen: ChosenOutput,
        inputs: Sequence[SampleInput],
    ) -> None:
        """Write the list into a block for a sheet."""
        data = sources.plan.data
        self.samples = evenly_chosen(data.samples, MOST)
        self.target = len(inputs) + 1
        columns = self.target + 1 + (len(POSITIONS) if len(inputs) > 1 else 0)
        self.corner = corner = workings.block(sheet, "The samples", columns)
        canvas, row, column = corner.canvas, corner.row, corner.column
        titles = ["sample", *(each.title for each in inputs), "target"]
        kinds = ["iteration", *["input"] * len(inputs), "target"]
        for offset, (title, kind) in enumerate(zip(titles, kinds, strict=True)):
            canvas.write(row, column + offset, title, header(kind))
        self.inputs = np.stack([each.values[self.samples] for each in inputs], axis=1)
        self.targets = np.array(data.targets)[self.samples, chosen.output]
        for at, sample in enumerate(self.samples):
            place = row + 1 + at
            canvas.write(place, column, sample + 1, number("iteration", WHOLE))
            for offset, each in enumerate(inputs):
                value = float(self.inputs[at, offset])
                formula = f"={each.expression(sample)}"
                canvas.calculate(place, column + 1 + offset, formula, value, INPUT)
            names = sources.plan.network.target_names
            formula = f"={chosen.of_each([sources.sample(name, sample) for name in names])}"
            value = float(self.targets[at])
            canvas.calculate(place, column + self.target, formula, value, TARGET)

    def range(self, offset: int) -> str:
        """Return the absolute address of a column, with the sheet's name; 1 is the first input."""
        return self.corner.range(1, offset, len(self.samples), offset)

    def points(self, axes: tuple[Axis, Axis], middle: tuple[str, float]) -> list[Series]:
        """Write the samples' positions on a picture with these axes; return the points to draw.

        The first are those with a target below `middle`, the others those of `middle` or more.
        """
        corner, first = self.corner, self.target + 1
        canvas = corner.canvas
        write_headers(canvas, corner.row, corner.column + first, POSITIONS)
        for at, (inputs, target) in enumerate(zip(self.inputs, self.targets, strict=True), start=1):
            row, (x, y) = corner.row + at, map(float, inputs)
            formula = f"={axes[0].position_formula(corner.local(at, 1))}"
            position, scale = axes[0].position(x), axes[0].scale(x)
            canvas.calculate(row, corner.column + first, formula, position, HELPER, scale)
            up, value = axes[1].position_formula(corner.local(at, 2)), axes[1].position(y)
            condition = f"{corner.local(at, self.target)}<{middle[0]}"
            is_low = bool(target < middle[1])
            either = ((up, OFF, is_low), (OFF, up, not is_low))
            for offset, (lower, higher, is_shown) in enumerate(either, start=first + 1):
                formula = f"=IF({condition},{lower},{higher})"
                shown = value if is_shown else float(OFF)
                place = row, corner.column + offset
                canvas.calculate(*place, formula, shown, HELPER, axes[1].scale(y))
        size = next(size for most, size in MARKER_SIZES if len(self.targets) <= most)
        return [
            Series(
                self.range(first),
                self.range(first + offset),
                colour=WHITE,
                marker_size=size,
                symbol=symbol,
                marker_fill=colour,
            )
            for offset, colour, symbol in zip((1, 2), (LOWER, HIGHER), SYMBOLS, strict=True)
        ]

    def middle(self) -> tuple[str, float]:
        """Return the expression of the middle between the smallest and the largest target."""
        cells = local(self.range(self.target))
        value = float(self.targets.min() + self.targets.max()) / 2
        return f"(MIN({cells})+MAX({cells}))/2", value


def evenly_chosen(samples: int, most: int) -> list[int]:
    """Return all samples' numbers, from 0, or the most that are asked for, evenly spaced."""
    count = min(samples, most)
    return [round(place * (samples - 1) / max(1, count - 1)) for place in range(count)]
