"""The network: layers of weights, and the textbook name of every quantity in it.

The names are those of the columns: inputs i1 i2 …, weights w1 w2 … numbered layer by layer and
unit by unit, pre-activations h1 (hidden) and o1 (output), activations a_h1. With several hidden
layers h2_1 is the first unit of the second one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite

from sheetgen.activations import Activation, Sigmoid
from sheetgen.losses import HalfSquaredError, Loss


@dataclass(frozen=True)
class Layer:
    """A fully connected layer: weights[unit][source], as torch.nn.Linear holds them."""

    weights: tuple[tuple[float, ...], ...]
    activation: Activation = field(default_factory=Sigmoid)

    @property
    def units(self) -> int:
        """Number of units, the rows of the weight matrix."""
        return len(self.weights)

    @property
    def fan_in(self) -> int:
        """Number of values that each unit reads, the columns of the weight matrix."""
        return len(self.weights[0])


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
class Network:
    """Layers from the inputs to the outputs, and the loss.

    Raises ValueError when the layers do not fit each other or a weight is not finite.
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
            fan_in = layer.units

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

    def with_weights(self, values: Mapping[str, float]) -> "Network":
        """Return the network with some initial weights replaced, named as in `connections`."""
        rows = [[list(row) for row in layer.weights] for layer in self.layers]
        for connection in self.connections:
            if connection.name in values:
                rows[connection.layer][connection.unit][connection.position] = values[
                    connection.name
                ]
        layers = tuple(
            replace(layer, weights=tuple(map(tuple, weights)))
            for layer, weights in zip(self.layers, rows, strict=True)
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
