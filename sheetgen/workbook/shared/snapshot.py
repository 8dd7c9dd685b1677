"""The network at a chosen moment of a training: its weights in a list of cells, its outputs.

Sheets that run the network on many inputs share this. The cells' account of a pass is put together
from quantities.py; `run` is NumPy's, for all inputs at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sheetgen.formulas import quantities
from sheetgen.network.activations import Array
from sheetgen.network.network import Network
from sheetgen.network.trace import Parameters, Trace
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import header, label, number
from sheetgen.workbook.shared.moment import Moment


def parameters_at(network: Network, trace: Trace, iteration: int) -> Parameters:
    """Return the weights and biases in a row of a training; a layer without biases adds zeros.

    All are nan where one has diverged, because nothing is promised of what follows from it.
    """
    weights = [np.empty((layer.units, layer.fan_in)) for layer in network.layers]
    biases = [np.zeros(layer.units) for layer in network.layers]
    for edge in network.connections:
        weights[edge.layer][edge.unit, edge.position] = trace[edge.name][iteration]
    for bias in network.biases:
        biases[bias.layer][bias.unit] = trace[bias.name][iteration]
    if any(not np.all(np.abs(each) <= DIVERGED) for each in (*weights, *biases)):
        for each in (*weights, *biases):
            each.fill(np.nan)
    return Parameters(weights, biases)


def run(
    network: Network, parameters: Parameters, samples: Array
) -> tuple[list[Array], list[Array]]:
    """Return each layer's pre-activations and activations (…, samples, units).

    `samples` (samples, inputs) are inputs as the network reads them. Weights (…, units, fan-in)
    and biases (…, units) may be those of several networks of one shape. What overflows is inf or
    nan.
    """
    pre_activations, activations = [], []
    a = samples
    layers = zip(network.layers, parameters.weights, parameters.biases, strict=True)
    with np.errstate(over="ignore", invalid="ignore"):
        for layer, matrix, bias in layers:
            z = np.einsum("...uf,...sf->...su", matrix, a) + bias[..., None, :]
            a = layer.activation.value(z)
            pre_activations.append(z)
            activations.append(a)
    return pre_activations, activations


@dataclass(frozen=True)
class Snapshot:
    """The weights and biases at a moment, in cells of a sheet."""

    network: Network
    parameters: Parameters
    addresses: dict[str, str]
    """The absolute address of each weight and bias, on the sheet itself."""
    values: dict[str, float]

    @classmethod
    def draw(
        cls,
        canvas: Canvas,
        network: Network,
        moment: Moment,
        at: tuple[int, int],
        names: Sequence[str] = (),
    ) -> "Snapshot":
        """Write the names of all weights and biases down from a cell, their values beside them.

        `names` are all of them in the order to write them in.
        """
        row, column = at
        edges = [edge.name for edge in network.connections]
        names = names or [*edges, *(bias.name for bias in network.biases)]
        canvas.write(row, column, "weight", header("weight"))
        canvas.write(row, column + 1, "value", header("weight"))
        addresses, values = {}, {}
        for place, name in enumerate(names, start=row + 1):
            canvas.write(place, column, name, label("weight"))
            values[name] = moment.value(name)
            formula = moment.formula(name)
            canvas.calculate(place, column + 1, formula, values[name], number("weight"))
            addresses[name] = cell_address(place, column + 1)
        parameters = parameters_at(network, moment.trace, moment.iteration)
        return cls(network, parameters, addresses, values)

    def sum_formula(self, unit: str, source: Callable[[str], str]) -> str:
        """Return the expression of a unit's weighted sum.

        `source` gives the address of an input or of an activation of the layer before.
        """
        return quantities.pre_activation_formula(
            self.network, unit, lambda symbol: self.addresses.get(symbol) or source(symbol)
        )

    def unit_formula(self, unit: str, source: Callable[[str], str]) -> str:
        """Return the expression of a unit's activation, its weighted sum written out in it.

        Not for softmax, where a unit depends on all units.
        """
        z = self.sum_formula(unit, source)
        return quantities.activation_formula(self.network, unit, lambda _: f"({z})")
