"""Defines each quantity of a dense network that a table trains.

The definitions are the seeds' own: h = Σ w·i + b, a = f(h), E = ½ (t - a)², and the chain rule
through ∂E/∂a_o, ∂E/∂o, ∂E/∂a_h and ∂E/∂h, which need not be columns of the table. Weights are
numbered layer by layer, unit by unit, over that unit's inputs.
Source of the chain rule: Rumelhart, Hinton and Williams, "Learning representations by
back-propagating errors", Nature 323 (1986).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from sheetgen.check.formula.expressions import (
    Call,
    Expression,
    Number,
    Operation,
    Symbol,
    replace,
    shifted,
    symbols,
    total,
)
from sheetgen.check.meaning.functions import (
    ACTIVATIONS,
    BINARY_CROSS_ENTROPY,
    LOGISTIC_DIFFERENCE,
    SOFTMAX,
    Loss,
    activated,
    losses,
    scaled,
    slope,
)
from sheetgen.check.meaning.network_variants import (
    negated,
    of_all_samples,
    times,
    with_slopes,
)
from sheetgen.check.meaning.training_steps import AT_ONCE, Steps, is_carried
from sheetgen.check.tables.headers import (
    EXPONENTIALS,
    GREATEST,
    family,
    is_parameter,
    layer,
    number,
)
from sheetgen.network.activations import Activation


@dataclass(frozen=True, slots=True)
class Network:
    """A network of dense layers: its sizes, its biases and its functions.

    `layers` are the numbers of inputs, of the units of each hidden layer, and of outputs, and
    `activations` those of each layer after the inputs. `biases` gives the symbol of each unit's
    bias, such as {"h1": "b1", "h2": "b1"}. `is_distribution` tells whether the targets of a softmax
    add up to 1 in every row, and `is_shifted` whether its exponents are o less the greatest o.
    """

    layers: tuple[int, ...]
    biases: Mapping[str, str]
    activations: tuple[Activation, ...]
    loss: Loss = losses(1)[0]
    trains_biases: bool = True
    steps: Steps = AT_ONCE
    is_distribution: bool = True
    is_shifted: bool = False
    is_by_source: bool = False
    """Whether weights are numbered source by source instead of unit by unit: w2 from i1 to h2."""
    samples: int = 1
    """The samples of a step; more than one have symbols such as "h1 of sample 2"."""
    is_mean: bool = False
    """Whether the gradients of a step are means over its samples instead of sums."""
    is_mean_error: bool = False
    """Whether the error of a step is the mean over its samples instead of their sum."""
    is_negated: bool = False
    """Whether what is called a gradient is -∂E/∂w, which the updates add."""
    has_slopes: bool = False
    """Whether the slopes of the activations are quantities of their own: ∂a_h1/∂h1."""

    @classmethod
    def sized(cls, layers: Sequence[int], biases: Mapping[str, str]) -> "Network":
        """Return a network of this size with the usual functions."""
        usual = (ACTIVATIONS[0],) * (len(layers) - 1)
        return cls(tuple(layers), biases, usual, losses(layers[-1])[0])

    def __hash__(self) -> int:
        """Return a hash for the key of a dictionary: of the sizes, for `biases` has none."""
        return hash((self.layers, self.activations, self.steps))

    @property
    def inputs(self) -> int:
        """The number of inputs."""
        return self.layers[0]

    @property
    def outputs(self) -> int:
        """The number of outputs."""
        return self.layers[-1]

    @property
    def weights(self) -> int:
        """The number of weights."""
        return sum(before * after for before, after in pairwise(self.layers))

    @property
    def is_unit(self) -> bool:
        """Whether it is a single unit, without hidden layers."""
        return len(self.layers) == 2 and self.outputs == 1

    @property
    def is_softmax(self) -> bool:
        """Whether the outputs are a softmax."""
        return self.activations[-1] is SOFTMAX

    def units(self, layer: int) -> list[str]:
        """Return the units of a layer, counted from 1: h1, … (h2_1, … of several), or o1, …"""
        stem = "o" if layer == len(self.layers) - 1 else "h"
        if stem == "h" and len(self.layers) > 3:
            stem = f"h{layer}_"
        return [f"{stem}{unit}" for unit in range(1, self.layers[layer] + 1)]

    @property
    def unit_layers(self) -> list[list[str]]:
        """The units of each layer after the inputs."""
        return [self.units(layer) for layer in range(1, len(self.layers))]

    @property
    def output_units(self) -> list[str]:
        """The output units: o1, o2, …"""
        return self.units(len(self.layers) - 1)

    def layer_of(self, unit: str) -> int:
        """Return the layer of a unit, counted from 1."""
        return len(self.layers) - 1 if family(unit) == "o" else max(layer(unit), 1)

    def sources(self, layer: int) -> list[str]:
        """Return what the units of a layer read: the inputs, or the activations before it."""
        if layer == 1:
            return [f"i{index}" for index in range(1, self.inputs + 1)]
        return [f"a_{unit}" for unit in self.units(layer - 1)]

    def incoming(self, unit: str) -> list[tuple[str, str]]:
        """Return (weight, source) of each connection to a unit, such as ("w3", "i1") for h2."""
        own = self.layer_of(unit)
        sources = self.sources(own)
        earlier = sum(before * after for before, after in pairwise(self.layers[:own]))
        if self.is_by_source:
            first, step = earlier + number(unit), self.layers[own]
            return [(f"w{first + index * step}", source) for index, source in enumerate(sources)]
        first = earlier + (number(unit) - 1) * len(sources) + 1
        return [(f"w{first + index}", source) for index, source in enumerate(sources)]

    def definitions(self) -> Mapping[str, Expression]:
        """Return symbol → its definition from the symbols nearest to it, in the order of a row.

        Weights and biases, which come from the row before, are last.
        """
        return _definitions(self)


@lru_cache(64)
def _definitions(network: Network) -> Mapping[str, Expression]:
    found: dict[str, Expression] = {}
    _forward(network, found)
    _backward(network, found)
    if network.has_slopes:
        found = with_slopes(found, zip(network.unit_layers, network.activations, strict=True))
    if network.samples > 1:
        found = of_all_samples(found, network.samples, network.is_mean, network.is_mean_error)
    names = [f"w{index}" for index in range(1, network.weights + 1)]
    if network.trains_biases:
        names.extend(dict.fromkeys(network.biases.values()))
    for name in names:
        found.update(network.steps.definitions(name))
        if network.is_negated:
            found[name] = Symbol(name, -1) + Symbol("η") * Symbol(f"∂E/∂{name}", -1)
    return found


def _forward(network: Network, found: dict[str, Expression]) -> None:
    for units, activation in zip(network.unit_layers, network.activations, strict=True):
        for unit in units:
            terms = [Symbol(weight) * Symbol(source) for weight, source in network.incoming(unit)]
            if unit in network.biases:
                terms.append(Symbol(network.biases[unit]))
            found[unit] = total(terms)
            if activation is not SOFTMAX:
                found[f"a_{unit}"] = activated(activation, Symbol(unit))
    if network.is_softmax:
        _softmax(network, found)
    errors: list[Expression] = []
    for index in range(1, network.outputs + 1):
        found[f"E{index}"] = network.loss.error(Symbol(f"t{index}"), Symbol(f"a_o{index}"))
        errors.append(Symbol(f"E{index}"))
    found["E_total"] = network.loss.total(errors, Symbol("t1"), Symbol("a_o1"))
    found["correct"] = _correct(network)


def _softmax(network: Network, found: dict[str, Expression]) -> None:
    """Define a_k = e^o_k / Σ e^o, in steps that need not be columns of the table."""
    units = network.output_units
    if network.is_shifted:
        found[GREATEST] = Call("MAX", tuple(map(Symbol, units)))
    for unit in units:
        exponent = Symbol(unit) - Symbol(GREATEST) if network.is_shifted else Symbol(unit)
        found[f"e^{unit}"] = Call("EXP", (exponent,))
    found[EXPONENTIALS] = total([Symbol(f"e^{unit}") for unit in units])
    for unit in units:
        found[f"a_{unit}"] = Symbol(f"e^{unit}") / Symbol(EXPONENTIALS)


def _correct(network: Network) -> Expression:
    """Return 1 where the outputs say what the targets do, else 0."""
    pairs = [
        (Symbol(f"t{index}"), Symbol(f"a_o{index}")) for index in range(1, network.outputs + 1)
    ]
    if network.is_softmax:
        likeliest = Call("MAX", tuple(a for _, a in pairs))
        right: Expression = Operation(">=", total([t * a for t, a in pairs]), likeliest)
        return Call("IF", (right, Number(1), Number(0)))
    half = Number(0.5)
    each = (Operation("=", Operation(">=", a, half), Operation(">=", t, half)) for t, a in pairs)
    return Call("IF", (Call("AND", tuple(each)), Number(1), Number(0)))


def _backward(network: Network, found: dict[str, Expression]) -> None:
    _output_slopes(network, found)
    last = len(network.layers) - 1
    for below in range(last - 1, 0, -1):
        following = [(unit, network.incoming(unit)) for unit in network.units(below + 1)]
        for place, unit in enumerate(network.units(below)):
            paths = [
                Symbol(f"∂E/∂{later}") * Symbol(incoming[place][0]) for later, incoming in following
            ]
            through = slope(network.activations[below - 1], Symbol(unit), Symbol(f"a_{unit}"))
            found[f"∂E/∂a_{unit}"] = total(paths)
            found[f"∂E/∂{unit}"] = times(Symbol(f"∂E/∂a_{unit}"), through)
    for unit in (one for units in network.unit_layers for one in units):
        for weight, source in network.incoming(unit):
            found[f"∂E/∂{weight}"] = Symbol(f"∂E/∂{unit}") * Symbol(source)
    for bias in dict.fromkeys(network.biases.values()):
        units = [unit for unit, name in network.biases.items() if name == bias]
        found[f"∂E/∂{bias}"] = total([Symbol(f"∂E/∂{unit}") for unit in units])


def _output_slopes(network: Network, found: dict[str, Expression]) -> None:
    loss, units = network.loss, network.output_units
    for unit in units:
        found[f"∂E/∂a_{unit}"] = loss.slope(Symbol(f"t{number(unit)}"), Symbol(f"a_{unit}"))
    _slopes_through(network, found)
    if network.is_negated:
        for name in (f"∂E/∂{stem}{unit}" for unit in units for stem in ("a_", "")):
            if not any(one.name.startswith("∂E/∂") for one in symbols(found[name])):
                found[name] = negated(found[name])


def _slopes_through(network: Network, found: dict[str, Expression]) -> None:
    """Define what arrives before the activation of the outputs."""
    loss, units = network.loss, network.output_units
    scale = abs(loss.each) * loss.whole
    mean = total([Symbol(f"∂E/∂a_{unit}") * Symbol(f"a_{unit}") for unit in units])
    targets = total([Symbol(f"t{number(unit)}") for unit in units])
    for unit in units:
        z, a, target = Symbol(unit), Symbol(f"a_{unit}"), Symbol(f"t{number(unit)}")
        before = Symbol(f"∂E/∂a_{unit}")
        match loss.name, network.activations[-1].name:
            case (name, "sigmoid") if name in (BINARY_CROSS_ENTROPY, LOGISTIC_DIFFERENCE):
                # The slope of the sigmoid cancels the denominator.
                found[f"∂E/∂{unit}"] = scaled(scale, a - target)
            case ("cross-entropy", "softmax"):
                sure = a if network.is_distribution else a * targets
                found[f"∂E/∂{unit}"] = scaled(scale, sure - target)
            case (_, "step"):
                # The rule of the perceptron, although a step has no slope.
                found[f"∂E/∂{unit}"] = a - target
            case (_, "softmax"):
                found[f"∂E/∂{unit}"] = a * (before - mean)
            case _:
                found[f"∂E/∂{unit}"] = times(before, slope(network.activations[-1], z, a))


def layer_name(network: Network, layer: int) -> str:
    """Return what a layer is called: "output", "hidden", or "second hidden" where there are more.

    Layers are counted from 1.
    """
    last = len(network.layers) - 1
    if layer == last:
        return "output"
    ordinals = ("first", "second", "third")
    place = ordinals[layer - 1] if layer <= len(ordinals) else f"{layer}th"
    return "hidden" if last == 2 else f"{place} hidden"


_HELPERS = (GREATEST, EXPONENTIALS, "e^o", "correct")


def is_helper(symbol: str) -> bool:
    """Return whether a symbol is a step on the way to others that most tables do not show."""
    if symbol.startswith("∂a_"):
        return True
    if symbol.startswith("∂E/∂"):
        return not is_parameter(symbol.removeprefix("∂E/∂"))
    return symbol in _HELPERS or family(symbol) in _HELPERS


def names_of(definitions: Mapping[str, Expression]) -> list[str]:
    """Return every symbol that definitions define or refer to, except the learning rate."""
    names = dict.fromkeys(definitions)
    for definition in definitions.values():
        names.update(dict.fromkeys(one.name for one in symbols(definition)))
    names.pop("η", None)
    return list(names)


def expanded(
    expression: Expression, definitions: Mapping[str, Expression], kept: Collection[str]
) -> Expression:
    """Return the expression with every symbol that is not `kept` replaced by its definition.

    A symbol without a definition, or with one from the row before, is kept as well.
    """

    def expand(part: Expression) -> Expression | None:
        """Return the definition of a symbol, None if it is kept."""
        if not isinstance(part, Symbol) or part.name in kept:
            return None
        definition = definitions.get(part.name)
        if definition is None or is_carried(part.name):
            return None
        return shifted(expanded(definition, definitions, kept), part.offset)

    return replace(expression, expand)
