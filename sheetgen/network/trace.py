"""The values of every symbol in every row of a training, as a training table shows them."""

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


def winner_name(unit: str) -> str:
    """Return the name of the place in its window, from 1, of what a pool's unit takes over."""
    return f"winner {unit}"


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

    def values(self, network: Network) -> dict[str, float]:
        """Return all pre-activations, activations and errors by their symbols, and m and S."""
        found = dict(zip(network.error_names, self.errors.tolist(), strict=True))
        for units, z, a in zip(
            network.unit_names, self.pre_activations, self.activations, strict=True
        ):
            found |= dict(zip(units, z.tolist(), strict=True))
            found |= dict(zip(map(activation_name, units), a.tolist(), strict=True))
        for unit, sources in network.winners.items():
            found[winner_name(unit)] = float(np.argmax([found[each] for each in sources]) + 1)
        outputs = self.pre_activations[-1]
        found[GREATEST] = float(outputs.max())
        found[EXPONENTIALS] = float(np.exp(outputs - outputs.max()).sum())
        return found | {"E_total": self.total_error}


@dataclass(frozen=True)
class Backward:
    """∂E/∂a, ∂a/∂z and ∂E/∂z of each layer (units), ∂E/∂W and ∂E/∂b, shaped as W and b are.

    Those of an output layer are nan if it has none: if its loss is computed together with its
    activation, or if each activation depends on all units.
    """

    activation_gradients: list[Array]
    slopes: list[Array]
    deltas: list[Array]
    weight_gradients: list[Array]
    bias_gradients: list[Array]

    def values(self, network: Network) -> dict[str, float]:
        """Return ∂E/∂a, ∂a/∂z, ∂E/∂z, ∂E/∂w and ∂E/∂b by their symbols: "∂E/∂a_h1" and so on."""
        found: dict[str, float] = {}
        for layer, units in enumerate(network.unit_names):
            for at, unit in enumerate(units):
                activated = activation_name(unit)
                found[f"∂E/∂{activated}"] = float(self.activation_gradients[layer][at])
                found[f"∂{activated}/∂{unit}"] = float(self.slopes[layer][at])
                found[f"∂E/∂{unit}"] = float(self.deltas[layer][at])
        for weight in network.weights:
            gradients = self.weight_gradients[weight.layer]
            found[weight.gradient] = float(gradients[weight.unit, weight.position])
        for bias in network.biases:
            found[bias.gradient] = float(self.bias_gradients[bias.layer][bias.unit])
        return found


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
    """The number of updates made before."""
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
    evaluation: "Evaluation | None" = None
    """Of the test samples after an epoch's last row."""


@dataclass(frozen=True)
class Evaluation:
    """A pass of every test sample, with the parameters at the end of an epoch.

    `right` is 1 for each sample whose answer is right, else 0.
    """

    parameters: Parameters
    passes: tuple[Forward, ...]
    right: Array

    @property
    def errors(self) -> Array:
        """E_total of each sample."""
        return np.array([each.total_error for each in self.passes])


@dataclass(frozen=True)
class Trace:
    """The values of every symbol in rows 0 … N: one array (N + 1) per symbol.

    `evaluations` has one for each epoch of which there are all rows, if there are test samples.
    """

    values: dict[str, Array]
    evaluations: tuple[Evaluation, ...] = ()

    def __getitem__(self, symbol: str) -> Array:
        return self.values[symbol]


class History:
    """Collects `rows` rows of a training: for each kind of value an array (rows, values)."""

    def __init__(self, network: Network, training: Training, rows: int) -> None:
        self._network, self._training = network, training
        self._units = [unit for units in network.unit_names for unit in units]
        units, outputs, trained = len(self._units), network.outputs, len(network.parameters)
        self._counts = np.empty((rows, 6))
        self._weights = np.empty((rows, len(network.weights)))
        self._biases = np.empty((rows, sum(len(layer.weights) for layer in network.layers)))
        self._pre_activations = np.empty((rows, units))
        self._activations = np.empty((rows, units))
        self._deltas = np.empty((rows, units))
        self._output_gradients = np.empty((rows, outputs))
        self._errors = np.empty((rows, outputs))
        self._gradients = np.empty((rows, trained))
        self._sums = np.empty((rows, trained))
        self._states = [np.empty((rows, trained)) for _ in training.optimizer.states]
        self._evaluations: list[Evaluation] = []
        self._row = 0

    def keep(self, row: Row) -> None:
        """Take the next row."""
        at = self._row
        self._counts[at] = (
            row.epoch, row.sample, row.batch_row, row.batch_size, row.update, row.learning_rate
        )  # fmt: skip
        self._weights[at] = np.concatenate([each.ravel() for each in row.parameters.weights])
        self._biases[at] = np.concatenate(row.parameters.biases)
        self._pre_activations[at] = np.concatenate(row.run.pre_activations)
        self._activations[at] = np.concatenate(row.run.activations)
        self._deltas[at] = np.concatenate(row.back.deltas)
        self._output_gradients[at] = row.back.activation_gradients[-1]
        self._errors[at] = row.run.errors
        self._gradients[at] = row.gradient
        self._sums[at] = row.gradient_sum
        for kept, state in zip(self._states, row.state, strict=True):
            kept[at] = state
        if row.evaluation:
            self._evaluations.append(row.evaluation)
        self._row += 1

    def trace(self) -> Trace:
        """Return the arrays by their symbols."""
        values = self._steps() | self._samples() | self._passes() | self._trained()
        return Trace(values, tuple(self._evaluations))

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
            values[CORRECT] = is_right(
                self._network, targets, self._activations[:, -self._network.outputs :]
            )
        return values

    def _passes(self) -> dict[str, Array]:
        network = self._network
        values = dict(zip(self._units, self._pre_activations.T, strict=True))
        values |= dict(zip(map(activation_name, self._units), self._activations.T, strict=True))
        deltas = (f"∂E/∂{unit}" for unit in self._units)
        values |= dict(zip(deltas, self._deltas.T, strict=True))
        values |= dict(zip(network.error_names, self._errors.T, strict=True))
        values["E_total"] = self._errors.sum(axis=1)
        if network.layers[-1].activation.acts_on_layer:
            values |= self._softmax()
        return values

    def _softmax(self) -> dict[str, Array]:
        outputs = self._network.outputs
        z, a = self._pre_activations[:, -outputs:], self._activations[:, -outputs:]
        greatest = z.max(axis=1)
        with np.errstate(over="ignore", invalid="ignore"):
            return {
                GREATEST: greatest,
                EXPONENTIALS: np.exp(z - greatest[:, None]).sum(axis=1),
                INNER: (self._output_gradients * a).sum(axis=1),
            }

    def _trained(self) -> dict[str, Array]:
        network = self._network
        weights = (weight.name for weight in network.weights)
        values = dict(zip(weights, self._weights.T, strict=True))
        before = np.cumsum([0, *(len(layer.weights) for layer in network.layers)])
        values |= {bias.name: self._biases[:, before[bias.layer] + bias.unit]
                   for bias in network.biases}  # fmt: skip
        for place, parameter in enumerate(network.parameters):
            values[parameter.gradient] = self._gradients[:, place]
            values[sum_name(parameter.name)] = self._sums[:, place]
            for state, kept in zip(self._training.optimizer.states, self._states, strict=True):
                values[state_name(state, parameter.name)] = kept[:, place]
        return values


def is_right(network: Network, targets: Array, outputs: Array) -> Array:
    """Return 1 where the network's answer is the target's, else 0 (rows, outputs → rows)."""
    if network.layers[-1].activation.acts_on_layer:
        right = np.einsum("ru,ru->r", targets, outputs) >= outputs.max(axis=1)
    else:
        right = ((outputs >= 0.5) == (targets >= 0.5)).all(axis=1)
    return np.asarray(right, dtype=np.float64)
