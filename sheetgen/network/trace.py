"""The values of every symbol in every row of a training, as a training table shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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
    """A layer's weights (units, fan-in) and biases (units); a layer without biases adds zeros.

    Those of several networks of one shape have more axes before these.
    """

    weights: list[Array]
    biases: list[Array]


@dataclass(frozen=True)
class Forward:
    """A forward pass: a layer's pre_activations z[l] and activations a[l] (units), and the errors.

    Those of several samples, or in several networks, have more axes before the units.
    """

    pre_activations: list[Array]
    activations: list[Array]
    errors: Array

    @property
    def total_error(self) -> float:
        """E_total of one sample, the sum of the outputs' errors."""
        return float(self.errors.sum())

    def __getitem__(self, sample: int) -> "Forward":
        """Return the pass of one of several samples."""
        z = [layer[sample] for layer in self.pre_activations]
        a = [layer[sample] for layer in self.activations]
        return Forward(z, a, self.errors[sample])

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
class Batch:
    """The passes of a batch, in each of several trainings (trainings, samples, …).

    What is trained is in the order of `Network.parameters`.
    """

    samples: Sequence[int]
    """Their places in the data, from 0."""
    epoch: int
    update: int
    """The number of updates made before."""
    learning_rates: Array
    """(trainings, 1)"""
    trained: Array
    """What the passes were made with (trainings, parameters)."""
    run: Forward
    back: Backward
    gradients: Array
    state: tuple[Array, ...]
    """The optimiser's before the update (trainings, parameters)."""
    new_state: tuple[Array, ...]
    evaluations: "Sequence[Evaluation]" = ()
    """Of the test samples in each training, after an epoch's last update."""


@dataclass(frozen=True)
class Evaluation:
    """A pass of every test sample, with the parameters at the end of an epoch.

    `right` is 1 for each sample whose answer is right, else 0.
    """

    parameters: Parameters
    run: Forward
    right: Array

    @property
    def errors(self) -> Array:
        """E_total of each sample."""
        return np.asarray(self.run.errors.sum(axis=-1))


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
    """Collects the first `rows` passes of some trainings.

    Of each kind of value it has an array (trainings, rows, values), or (rows, values) if the
    trainings have it in common.
    """

    def __init__(self, network: Network, training: Training, trainings: int, rows: int) -> None:
        self._network, self._training = network, training
        self._units = [unit for units in network.unit_names for unit in units]
        units, outputs, trained = len(self._units), network.outputs, len(network.parameters)

        def room(values: int) -> Array:
            return np.empty((trainings, rows, values))

        self._counts = np.empty((rows, 5))
        self._learning_rates = room(1)
        self._pre_activations = room(units)
        self._activations = room(units)
        self._deltas = room(units)
        self._output_gradients = room(outputs)
        self._errors = room(outputs)
        self._trained = room(trained)
        self._gradients = room(trained)
        self._sums = room(trained)
        self._states = [room(trained) for _ in training.optimizer.states]
        self._evaluations: list[Sequence[Evaluation]] = []
        self._row = 0

    def keep(self, batch: Batch) -> int:
        """Take the next batch; return how many of its passes are among the rows."""
        size = len(batch.samples)
        count = min(size, len(self._counts) - self._row)
        rows = slice(self._row, self._row + count)
        self._counts[rows] = [
            (batch.epoch, sample, place, size, batch.update)
            for place, sample in enumerate(batch.samples[:count], start=1)
        ]
        run, back = batch.run, batch.back
        for kept, values in (
            (self._learning_rates, batch.learning_rates[:, None]),
            (self._trained, batch.trained[:, None]),
            (self._pre_activations, np.concatenate(run.pre_activations, axis=-1)),
            (self._activations, np.concatenate(run.activations, axis=-1)),
            (self._deltas, np.concatenate(back.deltas, axis=-1)),
            (self._output_gradients, back.activation_gradients[-1]),
            (self._errors, run.errors),
            (self._gradients, batch.gradients),
            (self._sums, batch.gradients.cumsum(axis=1)),
        ):
            kept[:, rows] = values[:, :count]
        for kept, before, after in zip(self._states, batch.state, batch.new_state, strict=True):
            kept[:, rows] = before[:, None]
            if count == size:
                kept[:, rows.stop - 1] = after
        if count == size and batch.evaluations:
            self._evaluations.append(batch.evaluations)
        self._row += count
        return count

    def traces(self) -> tuple[Trace, ...]:
        """Return the arrays of each training by their symbols."""
        common = self._steps() | self._samples()
        return tuple(
            Trace(
                common | self._passes(at) | self._learned(at),
                tuple(each[at] for each in self._evaluations),
            )
            for at in range(len(self._trained))
        )

    def _steps(self) -> dict[str, Array]:
        epoch, sample, batch_row, batch_size, update = self._counts.T
        return {
            "iteration": np.arange(len(epoch), dtype=np.float64),
            "epoch": epoch + 1,
            "sample": sample + 1,
            BATCH_ROW: batch_row,
            BATCH_SIZE: batch_size,
            UPDATE: update,
        }

    def _samples(self) -> dict[str, Array]:
        inputs = self._training.data.used_inputs()[self._places]
        values = dict(zip(self._network.input_names, inputs.T, strict=True))
        return values | dict(zip(self._network.target_names, self._targets.T, strict=True))

    @property
    def _places(self) -> NDArray[np.intp]:
        return self._counts[:, 1].astype(np.intp)

    @cached_property
    def _targets(self) -> Array:
        return np.array(self._training.data.targets)[self._places]

    def _passes(self, training: int) -> dict[str, Array]:
        network = self._network
        z, a, deltas = (
            each[training] for each in (self._pre_activations, self._activations, self._deltas)
        )
        errors = self._errors[training]
        values = dict(zip(self._units, z.T, strict=True))
        values |= dict(zip(map(activation_name, self._units), a.T, strict=True))
        values |= dict(zip((f"∂E/∂{unit}" for unit in self._units), deltas.T, strict=True))
        values |= dict(zip(network.error_names, errors.T, strict=True))
        values["E_total"] = errors.sum(axis=1)
        z, a = z[:, -network.outputs :], a[:, -network.outputs :]
        if network.loss.activation is not None:
            values[CORRECT] = is_right(network, self._targets, a)
        if network.layers[-1].activation.acts_on_layer:
            greatest = z.max(axis=1)
            with np.errstate(over="ignore", invalid="ignore"):
                values[GREATEST] = greatest
                values[EXPONENTIALS] = np.exp(z - greatest[:, None]).sum(axis=1)
                values[INNER] = (self._output_gradients[training] * a).sum(axis=1)
        return values

    def _learned(self, training: int) -> dict[str, Array]:
        network = self._network
        values = {"learning_rate": self._learning_rates[training, :, 0]}
        values |= {
            bias.name: np.full(len(self._counts), network.bias(bias)) for bias in network.biases
        }
        for place, parameter in enumerate(network.parameters):
            values[parameter.name] = self._trained[training, :, place]
            values[parameter.gradient] = self._gradients[training, :, place]
            values[sum_name(parameter.name)] = self._sums[training, :, place]
            for state, kept in zip(self._training.optimizer.states, self._states, strict=True):
                values[state_name(state, parameter.name)] = kept[training, :, place]
        return values


def is_right(network: Network, targets: Array, outputs: Array) -> Array:
    """Return 1 where the network's answer is the target's, else 0 (rows, outputs → rows)."""
    if network.layers[-1].activation.acts_on_layer:
        right = np.einsum("ru,ru->r", targets, outputs) >= outputs.max(axis=1)
    else:
        right = ((outputs >= 0.5) == (targets >= 0.5)).all(axis=1)
    return np.asarray(right, dtype=np.float64)
