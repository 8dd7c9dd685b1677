"""What every symbol of a training was in every row: the arrays that a training table shows."""

from dataclasses import dataclass

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.network import Network, activation_name
from sheetgen.network.training import Training

GREATEST = "greatest o"
EXPONENTIALS = "Σ e^o"
INNER = "Σ ∂E/∂a·a"
CORRECT = "correct"
BATCH_ROW = "batch row"
BATCH_SIZE = "batch size"
UPDATE = "update"


def sum_name(parameter: str) -> str:
    """Return the name of the sum of a parameter's gradients over the batch so far."""
    return f"Σ∂E/∂{parameter}"


def state_name(state: str, parameter: str) -> str:
    """Return the name of a parameter's state in the optimiser."""
    return f"{state} {parameter}"


@dataclass(frozen=True)
class Parameters:
    """A layer's weights (units, fan-in) and biases (units); a layer without biases adds zeros."""

    weights: list[Array]
    biases: list[Array]


@dataclass(frozen=True)
class Forward:
    """One sample's forward pass: a layer's pre_activations z[l] and activations a[l]."""

    pre_activations: list[Array]
    activations: list[Array]
    errors: Array

    @property
    def total_error(self) -> float:
        """E_total, the sum of the outputs' errors."""
        return float(self.errors.sum())


@dataclass(frozen=True)
class Backward:
    """∂E/∂a, ∂a/∂z and ∂E/∂z of each layer (units), ∂E/∂W (units, fan-in) and ∂E/∂b (units).

    What an output layer does not have, because its loss is computed together with its
    activation or because each activation depends on all units, is nan.
    """

    activation_gradients: list[Array]
    slopes: list[Array]
    deltas: list[Array]
    weight_gradients: list[Array]

    @property
    def bias_gradients(self) -> list[Array]:
        """∂E/∂b of each layer, which is ∂E/∂z."""
        return self.deltas


@dataclass(frozen=True)
class Row:
    """All that belongs to one sample's pass."""

    sample: int
    """Its place in the data, from 0."""
    epoch: int
    batch_row: int
    """Its place in the batch, from 1."""
    batch_size: int
    update: int
    """How many updates were made before."""
    learning_rate: float
    parameters: Parameters
    run: Forward
    back: Backward
    gradient: Array
    """Of everything that is trained, in the order of `Network.parameters`."""
    gradient_sum: Array
    """Over the batch so far."""
    state: tuple[Array, ...]
    """The optimiser's, with the update after this row if there is one."""


@dataclass(frozen=True)
class Trace:
    """What every symbol was in rows 0 … N: one array (N + 1) per symbol."""

    values: dict[str, Array]

    def __getitem__(self, symbol: str) -> Array:
        return self.values[symbol]


class History:
    """Collects the rows of a training."""

    def __init__(self, network: Network, training: Training) -> None:
        self._network, self._training = network, training
        rows = training.iterations + 1
        layers = network.layers
        self._counts = np.empty((rows, 6))
        self._weights = [np.empty((rows, layer.units, layer.fan_in)) for layer in layers]
        self._biases = [np.empty((rows, layer.units)) for layer in layers]
        self._pre_activations = [np.empty((rows, layer.units)) for layer in layers]
        self._activations = [np.empty((rows, layer.units)) for layer in layers]
        self._deltas = [np.empty((rows, layer.units)) for layer in layers]
        self._output_gradients = np.empty((rows, network.outputs))
        self._errors = np.empty((rows, network.outputs))
        width = len(network.parameters)
        self._gradients = np.empty((rows, width))
        self._sums = np.empty((rows, width))
        self._states = [np.empty((rows, width)) for _ in training.optimizer.states]
        self._row = 0

    def keep(self, row: Row) -> None:
        """Take the next row."""
        at = self._row
        self._counts[at] = (
            row.epoch, row.sample, row.batch_row, row.batch_size, row.update, row.learning_rate
        )  # fmt: skip
        for layer in range(len(self._network.layers)):
            self._weights[layer][at] = row.parameters.weights[layer]
            self._biases[layer][at] = row.parameters.biases[layer]
            self._pre_activations[layer][at] = row.run.pre_activations[layer]
            self._activations[layer][at] = row.run.activations[layer]
            self._deltas[layer][at] = row.back.deltas[layer]
        self._output_gradients[at] = row.back.activation_gradients[-1]
        self._errors[at] = row.run.errors
        self._gradients[at] = row.gradient
        self._sums[at] = row.gradient_sum
        for kept, state in zip(self._states, row.state, strict=True):
            kept[at] = state
        self._row += 1

    def trace(self) -> Trace:
        """Return the arrays by their symbols."""
        return Trace(self._steps() | self._samples() | self._layers() | self._trained())

    def _steps(self) -> dict[str, Array]:
        epoch, sample, batch_row, batch_size, update, learning_rate = self._counts.T
        return {
            "iteration": np.arange(len(epoch), dtype=np.float64),
            "epoch": epoch + 1,
            "sample": sample + 1,
            "learning_rate": learning_rate,
            BATCH_ROW: batch_row,
            BATCH_SIZE: batch_size,
            UPDATE: update,
        }

    def _samples(self) -> dict[str, Array]:
        places = self._counts[:, 1].astype(int)
        inputs = self._training.data.used_inputs()[places]
        targets = np.array(self._training.data.targets)[places]
        values = dict(zip(self._network.input_names, inputs.T, strict=True))
        values |= dict(zip(self._network.target_names, targets.T, strict=True))
        if self._network.loss.activation is not None:
            values[CORRECT] = self._correct(targets)
        return values

    def _correct(self, targets: Array) -> Array:
        """Return 1 where the network says what the target says, else 0."""
        activations = self._activations[-1]
        if self._network.layers[-1].activation.acts_on_layer:
            right = np.einsum("ru,ru->r", targets, activations) >= activations.max(axis=1)
        else:
            right = ((activations >= 0.5) == (targets >= 0.5)).all(axis=1)
        return np.asarray(right, dtype=np.float64)

    def _layers(self) -> dict[str, Array]:
        values: dict[str, Array] = {}
        for layer, units in enumerate(self._network.unit_names):
            for unit, name in enumerate(units):
                values[name] = self._pre_activations[layer][:, unit]
                values[activation_name(name)] = self._activations[layer][:, unit]
                values[f"∂E/∂{name}"] = self._deltas[layer][:, unit]
        for unit, name in enumerate(self._network.error_names):
            values[name] = self._errors[:, unit]
        values["E_total"] = self._errors.sum(axis=1)
        if self._network.layers[-1].activation.acts_on_layer:
            values |= self._softmax()
        return values

    def _softmax(self) -> dict[str, Array]:
        z, a = self._pre_activations[-1], self._activations[-1]
        greatest = z.max(axis=1)
        with np.errstate(over="ignore", invalid="ignore"):
            return {
                GREATEST: greatest,
                EXPONENTIALS: np.exp(z - greatest[:, None]).sum(axis=1),
                INNER: (self._output_gradients * a).sum(axis=1),
            }

    def _trained(self) -> dict[str, Array]:
        network = self._network
        values: dict[str, Array] = {}
        for edge in network.connections:
            values[edge.name] = self._weights[edge.layer][:, edge.unit, edge.position]
        for bias in network.biases:
            values[bias.name] = self._biases[bias.layer][:, bias.unit]
        for place, parameter in enumerate(network.parameters):
            values[parameter.gradient] = self._gradients[:, place]
            values[sum_name(parameter.name)] = self._sums[:, place]
            for state, kept in zip(self._training.optimizer.states, self._states, strict=True):
                values[state_name(state, parameter.name)] = kept[:, place]
        return values
