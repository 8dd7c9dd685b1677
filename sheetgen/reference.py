"""Forward pass, backpropagation and gradient descent in plain NumPy matrices: the truth.

The method is that of Rumelhart, Hinton and Williams, "Learning representations by
back-propagating errors", Nature 323 (1986), in the matrix form of Goodfellow, Bengio and
Courville, "Deep Learning" (2016), section 6.5. Nothing here knows of cells or formulas.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sheetgen.activations import Array
from sheetgen.network import Network, activation_name


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
    """∂E/∂a, ∂a/∂z and ∂E/∂z of each layer (units), and ∂E/∂W (units, fan-in)."""

    activation_gradients: list[Array]
    slopes: list[Array]
    deltas: list[Array]
    weight_gradients: list[Array]


@dataclass(frozen=True)
class Trace:
    """What every symbol was at iterations 0 … N: one array (N + 1) per symbol."""

    values: dict[str, Array]

    def __getitem__(self, symbol: str) -> Array:
        return self.values[symbol]


def weight_matrices(network: Network) -> list[Array]:
    """Return the initial weights, one matrix (units, fan-in) per layer."""
    return [np.array(layer.weights, dtype=np.float64) for layer in network.layers]


def forward(
    network: Network, weights: Sequence[Array], sample: Sequence[float], target: Sequence[float]
) -> Forward:
    """Run the network on one sample: z = W a, a = f(z), layer by layer."""
    pre_activations, activations = [], []
    a = np.array(sample, dtype=np.float64)
    for layer, matrix in zip(network.layers, weights, strict=True):
        z = matrix @ a
        a = layer.activation.value(z)
        pre_activations.append(z)
        activations.append(a)
    errors = network.loss.value(np.array(target, dtype=np.float64), a)
    return Forward(pre_activations, activations, errors)


def backward(
    network: Network,
    weights: Sequence[Array],
    sample: Sequence[float],
    target: Sequence[float],
    run: Forward,
) -> Backward:
    """Carry the error back: δ = ∂E/∂a · f'(z), ∂E/∂W = δ aᵀ, and Wᵀ δ for the layer before."""
    sources = [np.array(sample, dtype=np.float64), *run.activations[:-1]]
    result = Backward([], [], [], [])
    activation_gradient = network.loss.slope(np.array(target), run.activations[-1])
    for index in reversed(range(len(network.layers))):
        slope = network.layers[index].activation.slope(
            run.pre_activations[index], run.activations[index]
        )
        delta = activation_gradient * slope
        result.activation_gradients.insert(0, activation_gradient)
        result.slopes.insert(0, slope)
        result.deltas.insert(0, delta)
        result.weight_gradients.insert(0, np.outer(delta, sources[index]))
        activation_gradient = weights[index].T @ delta
    return result


def train(
    network: Network,
    sample: Sequence[float],
    target: Sequence[float],
    learning_rate: float,
    iterations: int,
) -> Trace:
    """Descend the gradient on one sample, w ← w - η ∂E/∂w, and keep every value on the way.

    Row 0 of the trace holds the initial weights; row n + 1's weights come from row n.
    A run that diverges ends in inf and nan, as it does in a spreadsheet's #NUM!.
    """
    rows = iterations + 1
    weights = weight_matrices(network)
    history = _History.empty(network, rows)
    with np.errstate(over="ignore", invalid="ignore"):
        for row in range(rows):
            run = forward(network, weights, sample, target)
            gradients = backward(network, weights, sample, target, run)
            history.keep(row, weights, run, gradients)
            weights = [
                matrix - learning_rate * gradient
                for matrix, gradient in zip(weights, gradients.weight_gradients, strict=True)
            ]
    return Trace(history.by_symbol(network, sample, target))


@dataclass(frozen=True)
class _History:
    """The arrays of all iterations, a list entry per layer, the iteration as first axis."""

    weights: list[Array]
    pre_activations: list[Array]
    activations: list[Array]
    errors: Array
    deltas: list[Array]
    gradients: list[Array]

    @classmethod
    def empty(cls, network: Network, rows: int) -> "_History":
        matrices = [(rows, layer.units, layer.fan_in) for layer in network.layers]
        vectors = [(rows, layer.units) for layer in network.layers]
        return cls(
            weights=[np.empty(shape) for shape in matrices],
            pre_activations=[np.empty(shape) for shape in vectors],
            activations=[np.empty(shape) for shape in vectors],
            errors=np.empty((rows, network.outputs)),
            deltas=[np.empty(shape) for shape in vectors],
            gradients=[np.empty(shape) for shape in matrices],
        )

    def keep(self, row: int, weights: Sequence[Array], run: Forward, back: Backward) -> None:
        for layer, matrix in enumerate(weights):
            self.weights[layer][row] = matrix
            self.pre_activations[layer][row] = run.pre_activations[layer]
            self.activations[layer][row] = run.activations[layer]
            self.deltas[layer][row] = back.deltas[layer]
            self.gradients[layer][row] = back.weight_gradients[layer]
        self.errors[row] = run.errors

    def by_symbol(
        self, network: Network, sample: Sequence[float], target: Sequence[float]
    ) -> dict[str, Array]:
        rows = len(self.errors)
        values: dict[str, Array] = {"iteration": np.arange(rows, dtype=np.float64)}
        for name, constant in zip(network.input_names, sample, strict=True):
            values[name] = np.full(rows, constant)
        for name, constant in zip(network.target_names, target, strict=True):
            values[name] = np.full(rows, constant)
        for layer, units in enumerate(network.unit_names):
            for unit, name in enumerate(units):
                values[name] = self.pre_activations[layer][:, unit]
                values[activation_name(name)] = self.activations[layer][:, unit]
                values[f"∂E/∂{name}"] = self.deltas[layer][:, unit]
        for edge in network.connections:
            index = (slice(None), edge.unit, edge.position)
            values[edge.name] = self.weights[edge.layer][index]
            values[edge.gradient] = self.gradients[edge.layer][index]
        for unit, name in enumerate(network.error_names):
            values[name] = self.errors[:, unit]
        values["E_total"] = self.errors.sum(axis=1)
        return values
