"""The reference: forward pass, backpropagation and gradient descent in plain NumPy matrices.

The method is that of Rumelhart, Hinton and Williams, "Learning representations by
back-propagating errors", Nature 323 (1986), in the matrix form of Goodfellow, Bengio and
Courville, "Deep Learning" (2016), section 6.5. Nothing here knows of cells or formulas.
"""

from collections.abc import Iterator, Sequence
from itertools import count, islice

import numpy as np

from sheetgen.console import progress
from sheetgen.network.activations import Array
from sheetgen.network.data import Data
from sheetgen.network.network import Network
from sheetgen.network.trace import (
    Backward,
    Evaluation,
    Forward,
    History,
    Parameters,
    Row,
    Trace,
    is_right,
)
from sheetgen.network.training import Training


def initial(network: Network) -> Parameters:
    """Return the weights and biases before the first update."""
    weights = [np.array(layer.weights, dtype=np.float64) for layer in network.layers]
    biases = [
        np.zeros(len(layer.weights))
        if layer.biases is None
        else np.array(layer.biases, dtype=float)
        for layer in network.layers
    ]
    return Parameters(weights, biases)


def forward(
    network: Network, parameters: Parameters, sample: Sequence[float], target: Sequence[float]
) -> Forward:
    """Run the network on one sample: z = W a + b, a = f(z), layer by layer."""
    pre_activations, activations = [], []
    a = np.array(sample, dtype=np.float64)
    layers = zip(network.layers, parameters.weights, parameters.biases, strict=True)
    for layer, matrix, bias in layers:
        z = layer.pre_activations(matrix, bias, a)
        a = layer.activation.value(z)
        pre_activations.append(z)
        activations.append(a)
    errors = network.loss.value(np.array(target, dtype=np.float64), z, a)
    return Forward(pre_activations, activations, errors)


def backward(
    network: Network,
    parameters: Parameters,
    sample: Sequence[float],
    target: Sequence[float],
    run: Forward,
) -> Backward:
    """Carry the error back: δ = ∂E/∂a · f'(z), ∂E/∂W = δ aᵀ, and Wᵀ δ for the layer before."""
    sources = [np.array(sample, dtype=np.float64), *run.activations[:-1]]
    result = Backward([], [], [], [], [])
    gradient, slope, delta = _output(network, np.array(target, dtype=np.float64), run)
    for index in reversed(range(len(network.layers))):
        layer = network.layers[index]
        found = layer.gradients(parameters.weights[index], sources[index], delta)
        result.activation_gradients.insert(0, gradient)
        result.slopes.insert(0, slope)
        result.deltas.insert(0, delta)
        result.weight_gradients.insert(0, found.weights)
        result.bias_gradients.insert(0, found.biases)
        if index:
            z, a = run.pre_activations[index - 1], run.activations[index - 1]
            gradient = found.sources
            slope = network.layers[index - 1].activation.slope(z, a)
            delta = gradient * slope
    return result


def _output(network: Network, target: Array, run: Forward) -> tuple[Array, Array, Array]:
    """Return ∂E/∂a, ∂a/∂z and ∂E/∂z of the output layer."""
    loss, activation = network.loss, network.layers[-1].activation
    z, a = run.pre_activations[-1], run.activations[-1]
    missing = np.full(len(a), np.nan)
    if loss.activation is not None:
        return missing, missing, loss.delta(target, z, a)
    gradient = loss.slope(target, a)
    slope = missing if activation.acts_on_layer else activation.slope(z, a)
    return gradient, slope, activation.delta(z, a, gradient)


def evaluate(network: Network, parameters: Parameters, data: Data) -> Evaluation:
    """Run the network on every test sample."""
    inputs, targets = data.used_test_inputs(), np.array(data.test_targets)
    passes = tuple(
        forward(network, parameters, sample, target)
        for sample, target in zip(inputs, targets, strict=True)
    )
    outputs = np.array([each.activations[-1] for each in passes])
    return Evaluation(parameters, passes, is_right(network, targets, outputs))


def train(
    network: Network, training: Training, learning_rate: float, rows: int | None = None
) -> Trace:
    """Train the network and keep every value on the way, of the first `rows` if it is given.

    Row 0 of the trace holds the initial weights; the weights change after each batch. After each
    epoch the test samples are evaluated, if there are any. A run that diverges ends in inf and
    nan, as it does in a spreadsheet's #NUM!.
    """
    rows = training.iterations + 1 if rows is None else rows
    history = History(network, training, rows)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        passes = islice(_rows(network, training, learning_rate), rows)
        for row in progress.counted(passes, "training", rows):
            history.keep(row)
    return history.trace()


def _rows(network: Network, training: Training, learning_rate: float) -> Iterator[Row]:
    """Yield the rows of a training without end."""
    inputs, targets = training.data.used_inputs(), np.array(training.data.targets)
    trained = _Trained(network)
    vector = trained.flat(initial(network))
    state = tuple(np.zeros(len(vector)) for _ in training.optimizer.states)
    update = 0
    for epoch in count():
        for start in range(0, training.samples, training.batch_size):
            batch = training.order[start : start + training.batch_size]
            rate = training.schedule.rate(
                learning_rate, update, training.updates, training.schedule_parameters
            )
            parameters = trained.parameters(vector)
            total = np.zeros(len(vector))
            for place, sample in enumerate(batch, start=1):
                run = forward(network, parameters, inputs[sample], targets[sample])
                back = backward(network, parameters, inputs[sample], targets[sample], run)
                gradient = trained.gradient(back)
                total = total + gradient
                evaluation = None
                if place == len(batch):
                    mean = total / len(batch) if training.reduction == "mean" else total
                    vector, state = training.optimizer.step(
                        vector, mean, state, rate, update + 1, training.hyperparameters
                    )
                    if training.data.test_samples and start + place == training.samples:
                        after = trained.parameters(vector)
                        evaluation = evaluate(network, after, training.data)
                yield Row(
                    sample, epoch, place, len(batch), update, rate,
                    parameters, run, back, gradient, total, state, evaluation,
                )  # fmt: skip
            update += 1


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
        parts = [matrix.ravel() for matrix in weights]
        return np.concatenate(parts + [biases[index] for index in self._with_bias])

    def parameters(self, vector: Array) -> Parameters:
        weights, biases, at = [], list(self._start.biases), 0
        for matrix in self._start.weights:
            weights.append(vector[at : at + matrix.size].reshape(matrix.shape))
            at += matrix.size
        for index in self._with_bias:
            biases[index] = vector[at : at + len(biases[index])]
            at += len(biases[index])
        return Parameters(weights, biases)
