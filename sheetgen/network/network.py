"""The network: layers of weights and biases, and the textbook name of every quantity in it.

The names are those of the columns: inputs i1 i2 …, weights w1 w2 … numbered layer by layer and
unit by unit, biases b1 b2 … in the order of the units that have one, pre-activations h1 (hidden)
and o1 (output), activations a_h1. With several hidden layers h2_1 is the first unit of the
second one. What belongs to a picture is named by its place: i2_3 is the input in row 2 and column
3, h1_2_3 the unit of layer 1 there, k2_3 the kernel's weight; a channel comes before the row, and
of a kernel's weight the map that it makes, then the channel that it reads: k2_1_3_3. With several
convolutions the layer comes first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sheetgen.errors import InputError
from sheetgen.network.from_torch import layers_and_loss
from sheetgen.network.layer import AnyLayer
from sheetgen.network.losses import HalfSquaredError, Loss
from sheetgen.network.parameters import Bias, Connection, Parameter, Weight
from sheetgen.network.planes import Planes, Pool, Windowed


@dataclass(frozen=True)
class Network:
    """Layers from the inputs to the outputs, and the loss.

    Raises ValueError if the layers do not fit each other or the loss, or if a weight is not finite.
    """

    layers: tuple[AnyLayer, ...]
    loss: Loss = field(default_factory=HalfSquaredError)

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("a network needs at least one layer")
        fan_in = self.inputs
        for number, layer in enumerate(self.layers, start=1):
            layer.check(number, fan_in)
            fan_in = layer.units
        self._check_output()

    def _check_output(self) -> None:
        if any(layer.activation.acts_on_layer for layer in self.layers[:-1]):
            raise ValueError("softmax is for the output layer")
        needed, last = self.loss.activation, self.layers[-1].activation.name
        if needed and needed != last:
            raise ValueError(f"{self.loss.name} needs {needed} outputs, not {last}")
        if not self.layers[-1].is_dense:
            raise ValueError("the output layer must be fully connected")

    @classmethod
    def from_torch(
        cls,
        model: Iterable[Any],
        loss: object = "half-squared-error",
        input_shape: Sequence[int] = (),
    ) -> "Network":
        """Return the network of a `torch.nn.Sequential`, with its present weights.

        The modules may be Linear, Conv2d, MaxPool2d, AvgPool2d, Flatten and those that
        activations.py has a class of the same name for, GELU in its tanh form and Softmax at the
        end; `loss` is a name as in a template, or MSELoss, BCEWithLogitsLoss or CrossEntropyLoss
        of torch.nn. A model that begins with a Conv2d or a pool needs the `input_shape` of one
        example: (channels, rows, columns). Raises InputError for anything else.
        """
        layers, chosen = layers_and_loss(model, loss, input_shape)
        try:
            return cls(layers, chosen)
        except ValueError as error:
            raise InputError(f"model: {error}") from None

    @property
    def is_dense(self) -> bool:
        """Whether all layers are fully connected."""
        return all(layer.is_dense for layer in self.layers)

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.layers[0].fan_in

    @property
    def planes(self) -> Planes | None:
        """The shape of the inputs, if the first layer looks at them as a picture."""
        first = self.layers[0]
        return first.planes if isinstance(first, Windowed) else None

    @property
    def outputs(self) -> int:
        """Number of output units."""
        return self.layers[-1].units

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """i1, i2, …; i1_1, i1_2, … of a picture: row and column, after the channel if several."""
        return _placed("i", self.layers[0].sources)

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
        """The pre-activations of each layer: h1 h2 …, or h1_1 h1_2 …, and o1 o2 …

        Those of a pool, which are its activations too, are p2_1_1 …
        """
        hidden = range(len(self.layers) - 1)
        numbers = [""] if len(hidden) == 1 else [f"{layer + 1}_" for layer in hidden]
        prefixes = [f"{self.layers[layer].letter}{numbers[layer]}" for layer in hidden]
        return tuple(
            _placed(prefix, layer.places)
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
        """Every use of a weight, unit by unit."""
        return tuple(
            Connection(
                self._weight_names[layer][term.row][term.position],
                layer, term.row, term.position, self.source_names[layer][term.source], target,
            )
            for layer, targets in enumerate(self.unit_names)
            for unit, target in enumerate(targets)
            for term in self.layers[layer].terms(unit)
        )  # fmt: skip

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        """Every weight, in the order of the matrices."""
        uses = _grouped(self.connections, lambda use: use.name)
        return tuple(
            Weight(name, layer, unit, position, tuple(uses[name]))
            for layer, rows in enumerate(self._weight_names)
            for unit, names in enumerate(rows)
            for position, name in enumerate(names)
        )

    @cached_property
    def _weight_names(self) -> list[list[tuple[str, ...]]]:
        """The names of each layer's matrix: w1, w2, … in all, or k and the place in the kernel."""
        number, found = 0, []
        kernels = sum(layer.kernel_places != () for layer in self.layers)
        for at, layer in enumerate(self.layers):
            prefix = "k" if kernels == 1 else f"k{at + 1}_"
            names: list[tuple[str, ...]] = [
                _placed(prefix, places) for places in layer.kernel_places
            ]
            if layer.is_dense:
                for _ in range(layer.units):
                    every = range(number + 1, number + 1 + layer.fan_in)
                    names.append(_placed("w", map(str, every)))
                    number += layer.fan_in
            found.append(names)
        return found

    @cached_property
    def biases(self) -> tuple[Bias, ...]:
        """Every bias in the order of its number."""
        owners = [
            (layer, row, targets)
            for layer, units in enumerate(self.unit_names)
            if self.layers[layer].biases is not None
            for row, targets in enumerate(self.layers[layer].sharing(units))
        ]
        return tuple(
            Bias(f"b{number}", layer, row, targets, self.layers[layer].train_biases)
            for number, (layer, row, targets) in enumerate(owners, start=1)
        )

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Everything that is trained, in the order of the gradients: weights, then biases."""
        return (*self.weights, *(bias for bias in self.biases if bias.is_trained))

    def bias_of(self, unit: str) -> Bias | None:
        """Return the bias of a unit, such as "h1", if it has one."""
        return self._bias_by_target.get(unit)

    @cached_property
    def _bias_by_target(self) -> dict[str, Bias]:
        return {target: bias for bias in self.biases for target in bias.targets}

    @cached_property
    def _by_target(self) -> dict[str, list[Connection]]:
        return _grouped(self.connections, lambda edge: edge.target)

    @cached_property
    def _by_source(self) -> dict[str, list[Connection]]:
        return _grouped(self.connections, lambda edge: edge.source)

    def pool_of(self, unit: str) -> Pool | None:
        """Return the layer of a unit of a pool, and None for another unit."""
        layer = self.layers[self.positions[unit][0]]
        return layer if isinstance(layer, Pool) else None

    def pooled(self, unit: str) -> tuple[str, ...]:
        """Return the inputs or activations of which a pool's unit takes the largest or the mean."""
        layer, place = self.positions[unit]
        pool = self.pool_of(unit)
        return tuple(self.source_names[layer][at] for at in pool.pooled(place)) if pool else ()

    @cached_property
    def winners(self) -> dict[str, tuple[str, ...]]:
        """What each unit of a max pool looks at, but for pools that look at the inputs."""
        return {
            unit: self.pooled(unit)
            for unit in self.positions
            if (pool := self.pool_of(unit)) and pool.kind == "max" and self.positions[unit][0]
        }

    def pools_of(self, source: str) -> list[str]:
        """Return the pools' units that look at an input or an activation."""
        return self._pools_by_source.get(source, [])

    @cached_property
    def _pools_by_source(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for unit in self.positions:
            for source in self.pooled(unit):
                found.setdefault(source, []).append(unit)
        return found

    def into(self, unit: str) -> list[Connection]:
        """Return the weights that feed a unit, such as "h1"."""
        return self._by_target.get(unit, [])

    def weights_into(self, unit: str) -> list[Weight]:
        """Return the weights of a unit of a fully connected layer, whose own they are."""
        return [self._weight_by_name[use.name] for use in self.into(unit)]

    @cached_property
    def _weight_by_name(self) -> dict[str, Weight]:
        return {weight.name: weight for weight in self.weights}

    def out_of(self, source: str) -> list[Connection]:
        """Return the weights that carry an input or an activation onwards, such as "a_h1"."""
        return self._by_source.get(source, [])

    def weight(self, weight: Weight | Connection) -> float:
        """Return an initial weight."""
        return self.layers[weight.layer].weights[weight.unit][weight.position]

    def bias(self, bias: Bias) -> float:
        """Return the initial value of a bias."""
        biases = self.layers[bias.layer].biases
        assert biases is not None
        return biases[bias.unit]

    @cached_property
    def values(self) -> dict[str, float]:
        """The initial weights and biases by their names, including those that are not trained."""
        weights = {weight.name: self.weight(weight) for weight in self.weights}
        return weights | {bias.name: self.bias(bias) for bias in self.biases}

    def with_parameters(self, values: Mapping[str, float]) -> "Network":
        """Return the network with some initial weights and biases replaced, by their names."""
        weights = [[list(row) for row in layer.weights] for layer in self.layers]
        biases = [list(layer.biases or ()) for layer in self.layers]
        for each in self.weights:
            weights[each.layer][each.unit][each.position] = values.get(each.name, self.weight(each))
        for bias in self.biases:
            biases[bias.layer][bias.unit] = values.get(bias.name, self.bias(bias))
        layers = tuple(
            layer.with_numbers(tuple(map(tuple, rows)), tuple(added) or None)
            for layer, rows, added in zip(self.layers, weights, biases, strict=True)
        )
        return replace(self, layers=layers)


def numbered(prefix: str, count: int) -> tuple[str, ...]:
    """Return prefix1, prefix2, … up to count."""
    return tuple(f"{prefix}{number}" for number in range(1, count + 1))


def _placed(prefix: str, places: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{prefix}{place}" for place in places)


def activation_name(unit: str) -> str:
    """Return the name of a unit's activation: a_h1 for h1, and p1_1 for p1_1 of a pool."""
    return unit if unit.startswith("p") else f"a_{unit}"


def _grouped(
    connections: Iterable[Connection], key: Callable[[Connection], str]
) -> dict[str, list[Connection]]:
    groups: dict[str, list[Connection]] = {}
    for connection in connections:
        groups.setdefault(key(connection), []).append(connection)
    return groups
