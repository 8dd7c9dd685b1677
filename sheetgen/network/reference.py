"""The reference: forward pass, backpropagation and gradient descent in plain NumPy matrices.

The method is that of Rumelhart, Hinton and Williams, "Learning representations by
back-propagating errors", Nature 323 (1986), in the matrix form of Goodfellow, Bengio and
Courville, "Deep Learning" (2016), section 6.5. Nothing here knows of cells or formulas.

Vectors and matrices are the last axes of the arrays. Axes before these are those of several
samples, which share a matrix, and of several networks, which differ in their learning rate: all
that is written here for one is done for each.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import count

import numpy as np

from sheetgen.console import progress
from sheetgen.network.activations import Array
from sheetgen.network.data import Data
from sheetgen.network.network import Network
from sheetgen.network.trace import (
    Backward,
    Batch,
    Evaluation,
    Forward,
    History,
    Parameters,
    Trace,
    is_right,
)
from sheetgen.network.training import Training


def initial(network: Network) -> Parameters:
    """Return the weights and biases before the first update."""
    # A pool has no weights: a matrix without columns.
    weights = [np.array(layer.weights, dtype=np.float64, ndmin=2) for layer in network.layers]
    biases = [
        np.zeros(len(layer.weights))
        if layer.biases is None
        else np.array(layer.biases, dtype=float)
        for layer in network.layers
    ]
    return Parameters(weights, biases)


def forward(
    network: Network,
    parameters: Parameters,
    sample: Sequence[float] | Array,
    target: Sequence[float] | Array,
) -> Forward:
    """Run the network on a sample, or on each of several: z = W a + b, a = f(z), layer by layer."""
    pre_activations, activations = [], []
    a = np.asarray(sample, dtype=np.float64)
    layers = zip(network.layers, parameters.weights, parameters.biases, strict=True)
    for layer, matrix, bias in layers:
        z = layer.pre_activations(matrix, bias, a)
        a = layer.activation.value(z)
        pre_activations.append(z)
        activations.append(a)
    errors = network.loss.value(np.asarray(target, dtype=np.float64), z, a)
    return Forward(pre_activations, activations, errors)


def backward(
    network: Network,
    parameters: Parameters,
    sample: Sequence[float] | Array,
    target: Sequence[float] | Array,
    run: Forward,
) -> Backward:
    """Carry the error back: δ = ∂E/∂a · f'(z), ∂E/∂W = δ aᵀ, and Wᵀ δ for the layer before."""
    sources = [np.asarray(sample, dtype=np.float64), *run.activations[:-1]]
    result = Backward([], [], [], [], [])
    gradient, slope, delta = _output(network, np.asarray(target, dtype=np.float64), run)
    for index in reversed(range(len(network.layers))):
        layer = network.layers[index]
        matrix, source = parameters.weights[index], sources[index]
        found = layer.gradients(source, delta)
        result.activation_gradients.insert(0, gradient)
        result.slopes.insert(0, slope)
        result.deltas.insert(0, delta)
        result.weight_gradients.insert(0, found.weights)
        result.bias_gradients.insert(0, found.biases)
        if index:
            z, a = run.pre_activations[index - 1], run.activations[index - 1]
            gradient = layer.carried_back(matrix, source, delta)
            slope = network.layers[index - 1].activation.slope(z, a)
            delta = gradient * slope
    return result


def _output(network: Network, target: Array, run: Forward) -> tuple[Array, Array, Array]:
    """Return ∂E/∂a, ∂a/∂z and ∂E/∂z of the output layer."""
    loss, activation = network.loss, network.layers[-1].activation
    z, a = run.pre_activations[-1], run.activations[-1]
    if loss.activation is not None:
        missing = np.full_like(a, np.nan)
        return missing, missing, loss.delta(target, z, a)
    gradient = loss.slope(target, a)
    slope = np.full_like(a, np.nan) if activation.acts_on_layer else activation.slope(z, a)
    return gradient, slope, activation.delta(z, a, gradient)


def evaluate(network: Network, parameters: Parameters, data: Data) -> Evaluation:
    """Run the network on every test sample."""
    targets = np.array(data.test_targets)
    each = Parameters([w[None] for w in parameters.weights], [b[None] for b in parameters.biases])
    run = forward(network, each, data.used_test_inputs(), targets)
    return Evaluation(parameters, run, is_right(network, targets, run.activations[-1]))


def train(
    network: Network, training: Training, learning_rate: float, rows: int | None = None
) -> Trace:
    """Train the network and keep every value on the way, of the first `rows` if it is given.

    Row 0 of the trace holds the initial weights; the weights change after each batch. After each
    epoch the test samples are evaluated, if there are any. A run that diverges ends in inf and
    nan, as it does in a spreadsheet's #NUM!.
    """
    return train_each(network, training, [learning_rate], rows)[0]


def train_each(
    network: Network, training: Training, learning_rates: Sequence[float], rows: int | None = None
) -> tuple[Trace, ...]:
    """Train the network with each of the learning rates, as `train` does, all at the same time."""
    rows = training.iterations + 1 if rows is None else rows
    history = History(network, training, len(learning_rates), rows)
    batches = _batches(network, training, learning_rates)
    with (
        np.errstate(over="ignore", invalid="ignore", divide="ignore"),
        progress.step("training", rows) as advance,
    ):
        while rows:
            kept = history.keep(next(batches))
            advance(kept)
            rows -= kept
    return history.traces()


def _batches(
    network: Network, training: Training, learning_rates: Sequence[float]
) -> Iterator[Batch]:
    """Yield the batches of the trainings without end."""
    data = training.data
    inputs, targets = data.used_inputs(), np.array(data.targets)
    trained = _Trained(network)
    vector = np.tile(trained.flat(initial(network)), (len(learning_rates), 1))
    state = tuple(np.zeros_like(vector) for _ in training.optimizer.states)
    rate_of = _schedule(training)
    every = []
    for start in range(0, training.samples, training.batch_size):
        batch = list(training.order[start : start + training.batch_size])
        given = inputs[batch]
        if not network.layers[0].weights:  # a pool, whose outputs all trainings have in common
            given = np.broadcast_to(given, (len(learning_rates), *given.shape))
        every.append((batch, given, targets[batch]))
    update = 0
    for epoch in count():
        for batch, given, wanted in every:
            if update == 0 or training.is_scheduled:
                rates = np.array([[rate_of(each, update)] for each in learning_rates])
            parameters = trained.parameters(vector[:, None])  # which the samples share
            run = forward(network, parameters, given, wanted)
            back = backward(network, parameters, given, wanted, run)
            gradients = trained.gradient(back)
            total = gradients.sum(axis=1)
            mean = total / len(batch) if training.reduction == "mean" else total
            after, new_state = training.optimizer.step(
                vector, mean, state, rates, update + 1, training.hyperparameters
            )
            is_tested = data.test_samples and batch is every[-1][0]  # after each epoch
            evaluations = [
                evaluate(network, trained.parameters(each), data)
                for each in (after if is_tested else ())
            ]
            yield Batch(
                batch, epoch, update, rates, vector, run, back, gradients, state, new_state,
                evaluations,
            )  # fmt: skip
            vector, state, update = after, new_state, update + 1


def _schedule(training: Training) -> Callable[[float, int], float]:
    """Return what gives the rate of an update, from the base rate."""
    updates, parameters = training.updates, training.schedule_parameters
    return lambda base, update: training.schedule.rate(base, update, updates, parameters)


class _Trained:
    """The trained parameters as one vector, in the order of `Network.parameters`."""

    def __init__(self, network: Network) -> None:
        self._start = initial(network)
        self._with_bias = [
            index
            for index, layer in enumerate(network.layers)
            if layer.biases is not None and layer.train_biases
        ]

    def flat(self, parameters: Parameters) -> Array:
        return self._joined(parameters.weights, parameters.biases)

    def gradient(self, back: Backward) -> Array:
        return self._joined(back.weight_gradients, back.bias_gradients)

    def _joined(self, weights: Sequence[Array], biases: Sequence[Array]) -> Array:
        parts = [matrix.reshape(*matrix.shape[:-2], -1) for matrix in weights]
        return np.concatenate(parts + [biases[index] for index in self._with_bias], axis=-1)

    def parameters(self, vector: Array) -> Parameters:
        weights, biases, at = [], list(self._start.biases), 0
        for matrix in self._start.weights:
            own = vector[..., at : at + matrix.size]
            weights.append(own.reshape(*vector.shape[:-1], *matrix.shape))
            at += matrix.size
        for index in self._with_bias:
            units = len(biases[index])
            biases[index] = vector[..., at : at + units]
            at += units
        return Parameters(weights, biases)
