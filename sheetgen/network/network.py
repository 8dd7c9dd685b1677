"""The network: layers of weights and biases, and the textbook name of every quantity in it.

The names are those of the columns: inputs i1 i2 …, weights w1 w2 … numbered layer by layer and
unit by unit, biases b1 b2 … in the order of the units that have one, pre-activations h1 (hidden)
and o1 (output), activations a_h1. With several hidden layers h2_1 is the first unit of the
second one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from typing import Any

from sheetgen.errors import InputError
from sheetgen.network.from_torch import layers_and_loss
from sheetgen.network.layer import Layer
from sheetgen.network.losses import HalfSquaredError, Loss


@dataclass(frozen=True)
class Connection:
    """One weight: it carries `source` (an input or an activation) into the unit `target`."""

    name: str
    layer: int
    unit: int
    position: int
    source: str
    target: str

    @property
    def gradient(self) -> str:
        """The header of its gradient's column."""
        return f"∂E/∂{self.name}"


@dataclass(frozen=True)
class Bias:
    """One bias: it is added to the pre-activation of the unit `target`."""

    name: str
    layer: int
    unit: int
    target: str
    is_trained: bool

    @property
    def gradient(self) -> str:
        """The header of its gradient's column."""
        return f"∂E/∂{self.name}"


Parameter = Connection | Bias


@dataclass(frozen=True)
class Network:
    """Layers from the inputs to the outputs, and the loss.

    Raises ValueError if the layers do not fit each other or the loss, or if a weight is not finite.
    """

    layers: tuple[Layer, ...]
    loss: Loss = field(default_factory=HalfSquaredError)

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("a network needs at least one layer")
        fan_in = self.inputs
        for number, layer in enumerate(self.layers):
            if any(len(row) != fan_in for row in layer.weights) or fan_in == 0:
                raise ValueError(f"every unit of layer {number} needs {fan_in} weights")
            if not all(isfinite(weight) for row in layer.weights for weight in row):
                raise ValueError(f"layer {number} has a weight that is not a finite number")
            biases = (0.0,) * layer.units if layer.biases is None else layer.biases
            if len(biases) != layer.units or not all(map(isfinite, biases)):
                raise ValueError(f"layer {number} needs {layer.units} finite biases, or none")
            fan_in = layer.units
        self._check_output()

    def _check_output(self) -> None:
        if any(layer.activation.acts_on_layer for layer in self.layers[:-1]):
            raise ValueError("softmax is for the output layer")
        needed, last = self.loss.activation, self.layers[-1].activation.name
        if needed and needed != last:
            raise ValueError(f"{self.loss.name} needs {needed} outputs, not {last}")

    @classmethod
    def from_torch(cls, model: Iterable[Any], loss: object = "half-squared-error") -> "Network":
        """Return the network of a `torch.nn.Sequential`, with its present weights.

        The modules may be Linear and those that activations.py has a class of the same name for,
        GELU in its tanh form and Softmax at the end; `loss` is a name as in a template, or
        MSELoss, BCEWithLogitsLoss or CrossEntropyLoss of torch.nn. Raises InputError for
        anything else.
        """
        layers, chosen = layers_and_loss(model, loss)
        try:
            return cls(layers, chosen)
        except ValueError as error:
            raise InputError(f"model: {error}") from None

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.layers[0].fan_in

    @property
    def outputs(self) -> int:
        """Number of output units."""
        return self.layers[-1].units

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """i1, i2, …"""
        return numbered("i", self.inputs)

    @cached_property
    def target_names(self) -> tuple[str, ...]:
        """t1, t2, …"""
        return numbered("t", self.outputs)

    @property
    def given_names(self) -> tuple[str, ...]:
        """What a forward pass begins with: the inputs, the targets, all weights and biases."""
        return (*self.input_names, *self.target_names, *self.values)

    @cached_property
    def error_names(self) -> tuple[str, ...]:
        """E1, E2, …, the error of each output."""
        return numbered("E", self.outputs)

    @cached_property
    def unit_names(self) -> tuple[tuple[str, ...], ...]:
        """The pre-activations of each layer: h1 h2 …, or h1_1 h1_2 …, and o1 o2 …"""
        hidden = len(self.layers) - 1
        prefixes = ["h"] if hidden == 1 else [f"h{layer + 1}_" for layer in range(hidden)]
        return tuple(
            numbered(prefix, layer.units)
            for prefix, layer in zip([*prefixes, "o"], self.layers, strict=True)
        )

    @cached_property
    def positions(self) -> dict[str, tuple[int, int]]:
        """The layer of each unit and its place in it, by the unit's name."""
        return {
            unit: (layer, place)
            for layer, units in enumerate(self.unit_names)
            for place, unit in enumerate(units)
        }

    @cached_property
    def source_names(self) -> tuple[tuple[str, ...], ...]:
        """What each layer reads: the inputs, then the activations of the layer before."""
        activations = (tuple(map(activation_name, names)) for names in self.unit_names[:-1])
        return (self.input_names, *activations)

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """Every weight in the order of its number."""
        return tuple(self._connections())

    def _connections(self) -> Iterator[Connection]:
        number = 0
        for layer, (sources, targets) in enumerate(
            zip(self.source_names, self.unit_names, strict=True)
        ):
            for unit, target in enumerate(targets):
                for position, source in enumerate(sources):
                    number += 1
                    yield Connection(f"w{number}", layer, unit, position, source, target)

    @cached_property
    def biases(self) -> tuple[Bias, ...]:
        """Every bias in the order of its number."""
        places = (
            (layer, unit, target)
            for layer, targets in enumerate(self.unit_names)
            if self.layers[layer].biases is not None
            for unit, target in enumerate(targets)
        )
        return tuple(
            Bias(f"b{number}", layer, unit, target, self.layers[layer].train_biases)
            for number, (layer, unit, target) in enumerate(places, start=1)
        )

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Everything that is trained, in the order of the gradients: weights, then biases."""
        return (*self.connections, *(bias for bias in self.biases if bias.is_trained))

    def bias_of(self, unit: str) -> Bias | None:
        """Return the bias of a unit, such as "h1", if it has one."""
        return self._bias_by_target.get(unit)

    @cached_property
    def _bias_by_target(self) -> dict[str, Bias]:
        return {bias.target: bias for bias in self.biases}

    @cached_property
    def _by_target(self) -> dict[str, list[Connection]]:
        return _grouped(self.connections, lambda edge: edge.target)

    @cached_property
    def _by_source(self) -> dict[str, list[Connection]]:
        return _grouped(self.connections, lambda edge: edge.source)

    def into(self, unit: str) -> list[Connection]:
        """Return the weights that feed a unit, such as "h1"."""
        return self._by_target[unit]

    def out_of(self, source: str) -> list[Connection]:
        """Return the weights that carry an input or an activation onwards, such as "a_h1"."""
        return self._by_source[source]

    def weight(self, connection: Connection) -> float:
        """Return the initial weight of a connection."""
        return self.layers[connection.layer].weights[connection.unit][connection.position]

    def bias(self, bias: Bias) -> float:
        """Return the initial value of a bias."""
        biases = self.layers[bias.layer].biases
        assert biases is not None
        return biases[bias.unit]

    @cached_property
    def values(self) -> dict[str, float]:
        """The initial weights and biases by their names, including those that are not trained."""
        weights = {edge.name: self.weight(edge) for edge in self.connections}
        return weights | {bias.name: self.bias(bias) for bias in self.biases}

    def with_parameters(self, values: Mapping[str, float]) -> "Network":
        """Return the network with some initial weights and biases replaced, by their names."""
        weights = [[list(row) for row in layer.weights] for layer in self.layers]
        biases = [list(layer.biases or ()) for layer in self.layers]
        for edge in self.connections:
            weights[edge.layer][edge.unit][edge.position] = values.get(edge.name, self.weight(edge))
        for bias in self.biases:
            biases[bias.layer][bias.unit] = values.get(bias.name, self.bias(bias))
        layers = tuple(
            replace(layer, weights=tuple(map(tuple, rows)), biases=tuple(added) or None)
            for layer, rows, added in zip(self.layers, weights, biases, strict=True)
        )
        return replace(self, layers=layers)


def numbered(prefix: str, count: int) -> tuple[str, ...]:
    """Return prefix1, prefix2, … up to count."""
    return tuple(f"{prefix}{number}" for number in range(1, count + 1))


def activation_name(unit: str) -> str:
    """Return the name of a unit's activation: a_h1 for h1."""
    return f"a_{unit}"


def _grouped(
    connections: Iterable[Connection], key: Callable[[Connection], str]
) -> dict[str, list[Connection]]:
    groups: dict[str, list[Connection]] = {}
    for connection in connections:
        groups.setdefault(key(connection), []).append(connection)
    return groups
