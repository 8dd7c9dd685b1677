"""The samples of `Error surface`, and what they contribute to the first layer's weighted sums."""

from collections.abc import Sequence

import numpy as np

from sheetgen.formulas import quantities
from sheetgen.network.network import Network
from sheetgen.network.parameters import Connection
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.style import header, label, number
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.error_surface.two_weights import BASE, KINDS, WeightChoice


class Samples:
    """The samples whose mean error is shown, in columns of a block: inputs, as read, and targets.

    `inputs` (samples, inputs) and `targets` (samples, outputs) are the reference's values.
    """

    def __init__(self, sheet: str, workings: Workings, sources: Sources, count: int) -> None:
        """Write so many of the data's samples, those that stand best for all."""
        plan = sources.plan
        network, data = plan.network, plan.data
        chosen = sorted(plan.telling_samples[:count])
        self.inputs = data.used_inputs()[chosen]
        self.targets = np.array(data.targets)[chosen]
        self.corner = corner = workings.block(sheet, "The samples", len(chosen) + 1)
        write_headers(corner.canvas, corner.row, corner.column, ("sample",), "iteration")
        self._rows: dict[str, int] = {}
        for kind, names in (("input", network.input_names), ("target", network.target_names)):
            values = self.inputs if kind == "input" else self.targets
            for place, name in enumerate(names):
                row = self._rows[name] = len(self._rows) + 1
                corner.canvas.write(corner.row + row, corner.column, name, label(kind))
                for at, sample in enumerate(chosen, start=1):
                    formula, value = f"={sources.sample(name, sample)}", values[at - 1, place]
                    cell = corner.row + row, corner.column + at
                    corner.canvas.calculate(*cell, formula, float(value), number(kind))
        for at, sample in enumerate(chosen, start=1):
            corner.canvas.write(corner.row, corner.column + at, sample + 1, header("iteration"))

    def cell(self, symbol: str, sample: int) -> str:
        """Return the address of an input or a target of one of them, counted from 0."""
        return self.corner.local(self._rows[symbol], 1 + sample)


class FirstLayer:
    """c, r and s of the weighted sums c + r·x + s·y of the first layer, for every sample."""

    def __init__(
        self, sheet: str, choice: WeightChoice, samples: Samples, workings: Workings
    ) -> None:
        """Write a row for each unit and sample into a block."""
        network = choice.plan.network
        self.choice, self.samples, self.units = choice, samples, network.unit_names[0]
        self.corner = corner = workings.block(sheet, "First layer: c + r·x + s·y", 4)
        titles = ("unit", "c", "r", "s")
        write_headers(corner.canvas, corner.row, corner.column, titles, "unit")
        for sample in range(len(samples.inputs)):
            for unit in self.units:
                row = corner.row + self._row(sample, unit)
                name = f"{unit} of {sample + 1}" if len(samples.inputs) > 1 else unit
                corner.canvas.write(row, corner.column, name, label("unit"))
                for offset, kind in enumerate(KINDS):
                    text, value = self._sum(unit, sample, offset, kind)
                    at = row, corner.column + 1 + offset
                    corner.canvas.calculate(*at, f"={text}", value, number("unit"))

    def address(self, unit: str, sample: int, kind: str) -> str:
        """Return the address of c (BASE), r (ACROSS) or s (DOWN) of a unit."""
        row = self.corner.row + self._row(sample, unit)
        return relative_address(row, self.corner.column + 1 + KINDS.index(kind))

    def _row(self, sample: int, unit: str) -> int:
        return 1 + sample * len(self.units) + self.units.index(unit)

    def _sum(self, unit: str, sample: int, which: int, kind: str) -> tuple[str, float]:
        """Return the sum of a unit's bases, acrosses or downs times what each multiplies."""
        network, choice = self.choice.plan.network, self.choice
        bias = network.bias_of(unit)
        if network.pool_of(unit):
            return self._pooled(unit, sample) if kind == BASE else ("0", 0.0)
        inputs = dict(zip(network.input_names, self.samples.inputs[sample].tolist(), strict=True))
        value = sum(
            choice.parts(use.name)[which] * inputs[use.source] for use in network.into(unit)
        )
        terms = []
        for run in _runs(network.into(unit), network):
            ends = (run[0], run[-1]) if len(run) > 1 else (run[0],)
            moved = ":".join(choice.addresses(use.name)[kind] for use in ends)
            read = ":".join(self.samples.cell(use.source, sample) for use in ends)
            terms.append(f"SUMPRODUCT({moved},{read})" if len(run) > 1 else f"{moved}*{read}")
        text = "+".join(terms)
        if bias and kind in choice.addresses(bias.name):
            text += f"+{choice.addresses(bias.name)[kind]}"
            value += choice.parts(bias.name)[which]
        return text, value

    def _pooled(self, unit: str, sample: int) -> tuple[str, float]:
        """Return what a pool makes of the inputs, which no weight changes."""
        network = self.choice.plan.network
        text = quantities.pre_activation_formula(
            network, unit, lambda name: self.samples.cell(name, sample)
        )
        layer, place = network.positions[unit]
        none, inputs = np.zeros(0), self.samples.inputs[sample]
        return text, float(network.layers[layer].pre_activations(none, none, inputs)[place])


def _runs(uses: Sequence[Connection], network: Network) -> list[list[Connection]]:
    """Part a sum where its weights or its inputs, which are columns of cells, have a gap."""
    place = {name: at for at, name in enumerate(network.input_names)}
    runs: list[list[Connection]] = []
    for use in uses:
        before = runs[-1][-1] if runs else None
        step = (use.position, place[use.source])
        if before and step == (before.position + 1, place[before.source] + 1):
            runs[-1].append(use)
        else:
            runs.append([use])
    return runs
