"""Infers the network that a table's headers name, and defines each of its quantities.

The definitions are the seeds' own: h = Σ w·i + b, a = f(h), E = ½ (t - a)², and the chain rule
through ∂E/∂a_o, ∂E/∂o, ∂E/∂a_h and ∂E/∂h, which need not be columns of the table. Weights are
numbered layer by layer, unit by unit, over that unit's inputs.
Source of the chain rule: Rumelhart, Hinton and Williams, "Learning representations by
back-propagating errors", Nature 323 (1986).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sheetgen.check.formula.expressions import (
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
    CROSS_ENTROPY,
    Loss,
    activated,
    losses,
    scaled,
    slope,
)
from sheetgen.check.tables.headers import family, is_parameter, number
from sheetgen.network.activations import Activation

_MISSING = 4  # times as many weights as columns: w999999 is no weight of a table


@dataclass(frozen=True, slots=True)
class Network:
    """A network of one hidden layer: its size, its biases and its functions.

    `biases` gives the symbol of each unit's bias, such as {"h1": "b1", "h2": "b1"}.
    """

    inputs: int
    hidden: int
    outputs: int
    biases: Mapping[str, str]
    hidden_activation: Activation = ACTIVATIONS[0]
    output_activation: Activation = ACTIVATIONS[0]
    loss: Loss = losses(1)[0]
    trains_biases: bool = True

    def __hash__(self) -> int:
        """Return a hash for the key of a dictionary: of the sizes, for `biases` has none."""
        return hash((self.inputs, self.hidden, self.outputs))

    @property
    def weights(self) -> int:
        """The number of weights."""
        return self.hidden * (self.inputs + self.outputs)

    @property
    def hidden_units(self) -> list[str]:
        """The hidden units: h1, h2, …"""
        return [f"h{unit}" for unit in range(1, self.hidden + 1)]

    @property
    def output_units(self) -> list[str]:
        """The output units: o1, o2, …"""
        return [f"o{unit}" for unit in range(1, self.outputs + 1)]

    def incoming(self, unit: str) -> list[tuple[str, str]]:
        """Return (weight, source) of each connection to a unit, such as ("w3", "i1") for h2."""
        is_hidden = family(unit) == "h"
        source, count = ("i", self.inputs) if is_hidden else ("a_h", self.hidden)
        before = (number(unit) - 1) * count + (0 if is_hidden else self.hidden * self.inputs)
        return [(f"w{before + index}", f"{source}{index}") for index in range(1, count + 1)]

    def definitions(self) -> dict[str, Expression]:
        """Return symbol → its definition from the symbols nearest to it, in the order of a row.

        Weights and biases, which come from the row before, are last.
        """
        found: dict[str, Expression] = {}
        self._forward(found)
        self._backward(found)
        names = [f"w{index}" for index in range(1, self.weights + 1)]
        if self.trains_biases:
            names.extend(dict.fromkeys(self.biases.values()))
        for name in names:
            found[name] = Symbol(name, -1) - Symbol("η") * Symbol(f"∂E/∂{name}", -1)
        return found

    def _forward(self, found: dict[str, Expression]) -> None:
        for unit in (*self.hidden_units, *self.output_units):
            terms = [Symbol(weight) * Symbol(source) for weight, source in self.incoming(unit)]
            if unit in self.biases:
                terms.append(Symbol(self.biases[unit]))
            is_hidden = family(unit) == "h"
            activation = self.hidden_activation if is_hidden else self.output_activation
            found[unit] = total(terms)
            found[f"a_{unit}"] = activated(activation, Symbol(unit))
        errors: list[Expression] = []
        for index in range(1, self.outputs + 1):
            found[f"E{index}"] = self.loss.error(Symbol(f"t{index}"), Symbol(f"a_o{index}"))
            errors.append(Symbol(f"E{index}"))
        found["E_total"] = scaled(self.loss.whole, total(errors))

    def _backward(self, found: dict[str, Expression]) -> None:
        for unit in self.output_units:
            z, a, target = Symbol(unit), Symbol(f"a_{unit}"), Symbol(f"t{number(unit)}")
            through = slope(self.output_activation, z, a)
            found[f"∂E/∂a_{unit}"] = self.loss.slope(target, a)
            found[f"∂E/∂{unit}"] = _times(Symbol(f"∂E/∂a_{unit}"), through)
            if (self.loss.name, self.output_activation.name) == (CROSS_ENTROPY, "sigmoid"):
                # The slope of the sigmoid cancels the denominator.
                scale = self.loss.each * self.loss.whole
                found[f"∂E/∂{unit}"] = scaled(scale, a - target)
        for unit in self.hidden_units:
            paths = [
                Symbol(f"∂E/∂{output}") * Symbol(weight)
                for output in self.output_units
                for weight, source in self.incoming(output)
                if source == f"a_{unit}"
            ]
            through = slope(self.hidden_activation, Symbol(unit), Symbol(f"a_{unit}"))
            found[f"∂E/∂a_{unit}"] = total(paths)
            found[f"∂E/∂{unit}"] = _times(Symbol(f"∂E/∂a_{unit}"), through)
        for unit in (*self.hidden_units, *self.output_units):
            for weight, source in self.incoming(unit):
                found[f"∂E/∂{weight}"] = Symbol(f"∂E/∂{unit}") * Symbol(source)
        for bias in dict.fromkeys(self.biases.values()):
            units = [unit for unit, name in self.biases.items() if name == bias]
            found[f"∂E/∂{bias}"] = total([Symbol(f"∂E/∂{unit}") for unit in units])


def _times(left: Expression, right: Expression) -> Expression:
    """Return left·(r1·r2) as (left·r1)·r2, as people write it, and without a factor of 1."""
    if isinstance(right, Operation) and right.operator == "*":
        return _times(left, right.left) * right.right
    return left if right == Number(1) else left * right


def is_helper(symbol: str) -> bool:
    """Return whether a symbol is a step of the chain rule that most tables do not show."""
    return symbol.startswith("∂E/∂") and not is_parameter(symbol.removeprefix("∂E/∂"))


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
        if definition is None or is_parameter(part.name):
            return None
        return shifted(expanded(definition, definitions, kept), part.offset)

    return replace(expression, expand)


def infer(names: Collection[str]) -> Network | None:
    """Return the network whose quantities have these names, or None if they fit none."""
    greatest: dict[str, int] = {}
    for name in names:
        of = name.removeprefix("∂E/∂")
        greatest[family(of)] = max(greatest.get(family(of), 0), number(of))
    weights = greatest.get("w", 0)
    if weights > _MISSING * len(names):
        return None
    hidden = max(greatest.get("h", 0), greatest.get("a_h", 0))
    outputs = max(greatest.get(one, 0) for one in ("o", "a_o", "t", "E"))
    for n, m, k in _shapes(weights, greatest.get("i", 0), hidden, outputs):
        if readings := bias_readings(names, m, k):
            return Network(n, m, k, readings[0], loss=losses(k)[0])
    return None


def _shapes(weights: int, inputs: int, hidden: int, outputs: int) -> list[tuple[int, int, int]]:
    """Return every (n inputs, m hidden, k outputs) with this number of weights; 0 is unknown."""
    found = []
    for m in [hidden] if hidden else range(1, weights + 1):
        if weights == 0 or weights % m:
            continue
        for k in [outputs] if outputs else range(1, weights // m):
            n = weights // m - k
            if n > 0 and inputs in (0, n):
                found.append((n, m, k))
    # 2-2-2 is the most likely.
    return sorted(found, key=lambda shape: (abs(shape[0] - shape[2]), abs(shape[1] - shape[0])))


def bias_readings(
    names: Collection[str], hidden: int, outputs: int, numbered: int | None = None
) -> list[dict[str, str]]:
    """Return every way to assign biases of these names to the units, the most usual first.

    One for each unit, one for each layer, or for the units of one layer only; empty if none fits.
    `numbered` is how many biases have a number, if that is not the greatest number of their names.
    """
    network = Network(1, hidden, outputs, {})
    layers = [network.hidden_units, network.output_units]
    units = [*layers[0], *layers[1]]
    named = {name.removeprefix("∂E/∂") for name in names}
    if numbered is None:
        numbered = max((number(one) for one in named if family(one) == "b"), default=0)
    explicit = {
        unit: bias for unit in units for bias in (f"b_{unit}", f"b_{unit[0]}") if bias in named
    }
    if explicit or numbered == 0:
        return [explicit]
    readings = []
    if numbered == len(units):
        readings.append({unit: f"b{index}" for index, unit in enumerate(units, 1)})
    if numbered == len(layers):
        readings.append({unit: f"b{1 + (unit in layers[1])}" for unit in units})
    for layer in layers:
        if numbered in (1, len(layer)):
            readings.append(
                {unit: f"b{min(index, numbered)}" for index, unit in enumerate(layer, 1)}
            )
    if numbered == 1:
        readings.append(dict.fromkeys(units, "b1"))
    return readings
