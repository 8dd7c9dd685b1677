"""The cells of `Inputs` and `Data` that the other sheets read."""

from dataclasses import dataclass

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import local
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.controls import input_titles
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.axis import Axis
from sheetgen.workbook.shared.workings import Corner


@dataclass(frozen=True)
class DataSheet:
    """The sheet `Data`, and its columns."""

    canvas: Canvas
    columns: dict[str, int]
    """The column of each symbol, and of "order"; inputs as the network reads them."""
    header_rows: dict[str, int]
    """The rows above the samples: "symbol", and as needed "name", "mean" and "deviation"."""
    first_row: int
    samples: int
    test_samples: int

    @property
    def last_row(self) -> int:
        """The row of the last sample to train on."""
        return self.first_row + self.samples - 1

    @property
    def rows(self) -> list[int]:
        """The row of each sample: of those to train on, and below a heading of the test samples."""
        first_test = self.last_row + 2
        test = range(first_test, first_test + self.test_samples)
        return [*range(self.first_row, self.last_row + 1), *test]

    def range(self, symbol: str) -> str:
        """Return the absolute address of a symbol's column, of all samples to train on."""
        column = self.columns[symbol]
        return self.canvas.range(self.first_row, column, self.last_row, column)

    def cell(self, symbol: str, sample: int) -> str:
        """Return the absolute address of a sample's input or target; test samples come last."""
        heading = 0 if sample < self.samples else 1
        return self.canvas.absolute(self.first_row + sample + heading, self.columns[symbol])


@dataclass(frozen=True)
class Sources:
    """The sheets with everything that the user may change about the training."""

    plan: Plan
    inputs: Canvas
    updates: str
    """The address of the number of updates that a schedule spans, where there is one."""
    data: DataSheet | None = None

    @property
    def canvases(self) -> tuple[Canvas, ...]:
        """The sheets in their order."""
        return (self.inputs, self.data.canvas) if self.data else (self.inputs,)

    def address(self, symbol: str) -> str:
        """Return the absolute address of an initial value, a rate or a hyper-parameter.

        With several samples, inputs and targets have the range of their column.
        """
        if symbol == "updates":
            return self.updates
        if self.data and symbol in self.data.columns:
            return self.data.range(symbol)
        return self.inputs.address(symbol)

    def first(self, symbol: str) -> str:
        """Return the absolute address of a symbol's value at iteration 0."""
        return self.sample(symbol, self.plan.template.order[0])

    def sample(self, symbol: str, sample: int) -> str:
        """Return the absolute address of a symbol, and if each sample has one, of that sample's."""
        if self.data and symbol in self.data.columns:
            return self.data.cell(symbol, sample)
        return self.inputs.address(symbol)


@dataclass(frozen=True)
class InputColumn:
    """An input's column of the data, in the data's own units."""

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
        return input_titles(self.plan.template)[self.place]

    def cell(self, sample: int) -> str:
        """Return the absolute address of a sample's value."""
        canvas = self.sources.data.canvas if self.sources.data else self.sources.inputs
        return canvas.address(self.plan.data_key(self.name, sample))

    @property
    def range(self) -> str:
        """The absolute address of the values of all samples to train on."""
        first, last = self.cell(0), self.cell(self.plan.data.samples - 1)
        return first if first == last else f"{first}:{local(last)}"

    @property
    def values(self) -> Array:
        """The values of all samples to train on."""
        return np.array([row[self.place] for row in self.plan.data.inputs], dtype=np.float64)

    def used_formula(self, value: str) -> str:
        """Return the expression of what the network reads for a value."""
        if not self.plan.data.standardize:
            return value
        mean, deviation = self.standard
        return f"({value}-{mean})/{deviation}"

    @property
    def standard(self) -> tuple[str, str]:
        """The absolute addresses of the mean and the deviation of a standardised input."""
        assert self.sources.data is not None
        data = self.sources.data
        column, rows = data.columns[self.name], data.header_rows
        mean, deviation = (
            data.canvas.absolute(rows[each], column) for each in ("mean", "deviation")
        )
        return mean, deviation

    @property
    def standard_values(self) -> tuple[tuple[str, float], tuple[str, float]]:
        """The same with the values; a constant input has the deviation 1."""
        (mean, deviation), column = self.standard, self.values
        if column.max() == column.min():
            return (mean, float(column[0])), (deviation, 1.0)
        return (mean, float(column.mean())), (deviation, float(column.std()))

    def used(self, values: Array) -> Array:
        """Return what the network reads for these values."""
        if not self.plan.data.standardize:
            return values
        (_, mean), (_, deviation) = self.standard_values
        return np.asarray((values - mean) / deviation)

    def axis(self, corner: Corner, ends: tuple[float, float], count: int) -> Axis:
        """Write an axis with these ends from a corner on."""
        start, end = ends
        step = f"({constant(end)}-({constant(start)}))/{count - 1}"
        known = (constant(start), start), (step, (end - start) / (count - 1))
        reading = (self.used_formula, self.used) if self.plan.data.standardize else None
        return Axis.write(corner, self.name, known, count, reading)
