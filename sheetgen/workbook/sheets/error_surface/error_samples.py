"""What an error surface is computed from that does not depend on x and y: the samples' part."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import header, label, number
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.sheets.error_surface.error_passes import ACROSS, BASE, DOWN
from sheetgen.workbook.sheets.error_surface.weight_choice import WeightChoice

KINDS = (BASE, ACROSS, DOWN)


@dataclass(frozen=True)
class Samples:
    """The samples whose error is shown: their inputs as the network reads them, and targets."""

    inputs: Array
    targets: Array
    cell: Callable[[str, int], str]
    """The address of an input or a target of one of them."""

    @classmethod
    def all(cls, choice: WeightChoice, sources: Sources) -> "Samples":
        """Return all samples."""
        data = choice.plan.data

        def cell(symbol: str, sample: int) -> str:
            return sources.data.cell(symbol, sample) if sources.data else sources.address(symbol)

        return cls(data.used_inputs(), np.array(data.targets), cell)

    @classmethod
    def of_row(cls, canvas: Canvas, choice: WeightChoice, at: tuple[int, int]) -> "Samples":
        """Write the sample of the chosen iteration down two columns from a cell; return it."""
        (row, column), network, moment = at, choice.plan.network, choice.moment
        addresses = {}
        canvas.write(row, column, "sample", header("input"))
        canvas.write(row, column + 1, "", header("input"))
        for place, name in enumerate((*network.input_names, *network.target_names), start=row + 1):
            kind = "input" if name in network.input_names else "target"
            canvas.write(place, column, name, label(kind))
            formula = moment.formula(name)
            canvas.calculate(place, column + 1, formula, moment.value(name), number(kind))
            addresses[name] = cell_address(place, column + 1)
        inputs = np.array([[moment.value(name) for name in network.input_names]])
        targets = np.array([[moment.value(name) for name in network.target_names]])
        return cls(inputs, targets, lambda symbol, _: addresses[symbol])


@dataclass(frozen=True)
class FirstLayer:
    """c, r and s of the weighted sums c + r·x + s·y of the first layer, in four columns."""

    choice: WeightChoice
    samples: Samples
    row: int
    column: int

    def draw(self, canvas: Canvas) -> None:
        """Write a row for each unit and sample."""
        network = self.choice.plan.network
        for offset, title in enumerate(("first layer", *KINDS)):
            canvas.write(self.row - 1, self.column + offset, title, header("helper"))
        for sample in range(len(self.samples.inputs)):
            for place, unit in enumerate(network.unit_names[0]):
                row = self._row(sample, place)
                name = f"{unit} of {sample + 1}" if len(self.samples.inputs) > 1 else unit
                canvas.write(row, self.column, name, label("unit"))
                for offset, kind in enumerate(KINDS):
                    text, value = self._sum(unit, sample, offset, kind)
                    at = row, self.column + 1 + offset
                    canvas.calculate(*at, f"={text}", value, number("unit"))

    def address(self, unit: str, sample: int, kind: str) -> str:
        """Return where c (BASE), r (ACROSS) or s (DOWN) of a unit stands."""
        place = self.choice.plan.network.unit_names[0].index(unit)
        column = self.column + 1 + KINDS.index(kind)
        return relative_address(self._row(sample, place), column)

    def _row(self, sample: int, place: int) -> int:
        return self.row + sample * self.choice.plan.network.layers[0].units + place

    def _sum(self, unit: str, sample: int, which: int, kind: str) -> tuple[str, float]:
        """Return the sum over a unit's weights of what they are times what they multiply."""
        network = self.choice.plan.network
        texts, value = [], 0.0
        for edge in network.into(unit):
            factor = self.choice.addresses(edge.name)[kind]
            texts.append(f"{factor}*{self.samples.cell(edge.source, sample)}")
            part = self.choice.parts(edge.name)[which]
            value += part * float(self.samples.inputs[sample, edge.position])
        bias = network.bias_of(unit)
        if bias and kind in self.choice.addresses(bias.name):
            texts.append(self.choice.addresses(bias.name)[kind])
            value += self.choice.parts(bias.name)[which]
        return "+".join(texts), value
