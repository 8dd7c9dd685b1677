"""What the reference says of E_total at many points of the plane of two chosen weights."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.network import Connection
from sheetgen.network.trace import EXPONENTIALS, GREATEST, Parameters
from sheetgen.workbook.shared.moment import run
from sheetgen.workbook.sheets.error_surface.error_passes import ERRORS, Part, Passes
from sheetgen.workbook.sheets.error_surface.weight_choice import WeightChoice


@dataclass(frozen=True)
class ErrorValues:
    """The passes of samples at points (points, 2), each the values of the two chosen weights.

    `inputs` (samples, inputs) are as the network reads them, `targets` (samples, outputs).
    """

    choice: WeightChoice
    passes: Passes
    inputs: Array
    targets: Array
    points: Array

    @property
    def errors(self) -> Array:
        """E_total at each point, of several samples the mean."""
        return np.asarray(self._errors.mean(axis=1))

    def part(self, part: Part) -> Array:
        """Return at each point what a part comes to."""
        sample, symbol = part
        if symbol == ERRORS:
            return np.asarray(self._errors[:, list(self.passes.portion(sample))].sum(axis=1))
        sums, activations = self._run
        if symbol in (GREATEST, EXPONENTIALS):
            z = sums[-1][:, sample]
            greatest = z.max(axis=-1)
            with np.errstate(over="ignore", invalid="ignore"):
                total = np.exp(z - greatest[:, None]).sum(axis=-1)
            return np.asarray(greatest if symbol == GREATEST else total)
        layers = self.choice.plan.network.unit_names
        name = symbol.removeprefix("a_")
        layer, place = next(
            (k, units.index(name)) for k, units in enumerate(layers) if name in units
        )
        values = sums if symbol == name else activations
        return np.asarray(values[layer][:, sample, place])

    @cached_property
    def _run(self) -> tuple[list[Array], list[Array]]:
        return run(self.choice.plan.network, self._parameters, self.inputs)

    @cached_property
    def _errors(self) -> Array:
        sums, activations = self._run
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            errors = self.choice.plan.network.loss.value(self.targets, sums[-1], activations[-1])
        return np.asarray(errors.sum(axis=-1))

    @property
    def _parameters(self) -> Parameters:
        """The weights (points, units, fan-in) and biases (points, units) of every layer."""
        start, count = self.choice.snapshot.parameters, len(self.points)
        moved = Parameters(
            [np.repeat(each[None], count, axis=0) for each in start.weights],
            [np.repeat(each[None], count, axis=0) for each in start.biases],
        )
        for each in self.choice.plan.network.parameters:
            _, across, down = self.choice.parts(each.name)
            if across or down:
                values = self.points[:, 0 if across else 1]
                if isinstance(each, Connection):
                    moved.weights[each.layer][:, each.unit, each.position] = values
                else:
                    moved.biases[each.layer][:, each.unit] = values
        return moved
