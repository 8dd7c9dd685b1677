"""The network that a table's headers name, and the right definition of each of its quantities.

The definitions are the seeds' own: h = Σ w·i + b, a = f(h), E = ½ (t - a)², and the chain rule
through ∂E/∂a_o, ∂E/∂o, ∂E/∂a_h and ∂E/∂h, which a table may or may not show as columns. Weights are
numbered layer by layer, unit by unit, over that unit's inputs.
Source of the chain rule: Rumelhart, Hinton and Williams, "Learning representations by
back-propagating errors", Nature 323 (1986).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sheetgen.check.formula.expressions import (
    Expression,
    Number,
    Operation,
    Symbol,
    shifted,
    symbols,
    total,
)
from sheetgen.check.formula.expressions import replace as replace_nodes
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


@dataclass(frozen=True, slots=True)
class Network:
    """One hidden layer: inputs, hidden units, outputs; which biases there are; what is computed.

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

    @property
    def weights(self) -> int:
        """How many weights there are."""
        return self.hidden * (self.inputs + self.outputs)

    def with_choices(
        self,
        hidden: Activation | None = None,
        output: Activation | None = None,
        loss: Loss | None = None,
    ) -> "Network":
        """Return the same network with other functions."""
        return replace(
            self,
            hidden_activation=hidden or self.hidden_activation,
            output_activation=output or self.output_activation,
            loss=loss or self.loss,
        )

    def hidden_weight(self, unit: int, source: int) -> str:
        """Return the weight from input `source` to hidden `unit`, both from 1."""
        return f"w{(unit - 1) * self.inputs + source}"

    def output_weight(self, unit: int, source: int) -> str:
        """Return the weight from hidden unit `source` to output `unit`, both from 1."""
        return f"w{self.hidden * self.inputs + (unit - 1) * self.hidden + source}"

    def definitions(self) -> dict[str, Expression]:
        """Return symbol → its definition from the symbols nearest to it, in the order of a row.

        Weights and biases, which come from the row before, are last.
        """
        found: dict[str, Expression] = {}
        self._forward(found)
        self._backward(found)
        self._updates(found)
        return found

    def _forward(self, found: dict[str, Expression]) -> None:
        for unit in range(1, self.hidden + 1):
            terms: list[Expression] = [
                Symbol(self.hidden_weight(unit, source)) * Symbol(f"i{source}")
                for source in range(1, self.inputs + 1)
            ]
            found[f"h{unit}"] = self._with_bias(terms, f"h{unit}")
            found[f"a_h{unit}"] = activated(self.hidden_activation, Symbol(f"h{unit}"))
        for unit in range(1, self.outputs + 1):
            terms = [
                Symbol(self.output_weight(unit, source)) * Symbol(f"a_h{source}")
                for source in range(1, self.hidden + 1)
            ]
            found[f"o{unit}"] = self._with_bias(terms, f"o{unit}")
            found[f"a_o{unit}"] = activated(self.output_activation, Symbol(f"o{unit}"))
        errors: list[Expression] = []
        for unit in range(1, self.outputs + 1):
            found[f"E{unit}"] = self.loss.error(Symbol(f"t{unit}"), Symbol(f"a_o{unit}"))
            errors.append(Symbol(f"E{unit}"))
        found["E_total"] = scaled(self.loss.whole, total(errors))

    def _with_bias(self, terms: list[Expression], unit: str) -> Expression:
        return total([*terms, Symbol(self.biases[unit])] if unit in self.biases else terms)

    def _backward(self, found: dict[str, Expression]) -> None:
        gradient = "∂E/∂{}{}".format
        for unit in range(1, self.outputs + 1):
            z, a, target = (Symbol(f"{stem}{unit}") for stem in ("o", "a_o", "t"))
            found[gradient("a_o", unit)] = self.loss.slope(target, a)
            found[gradient("o", unit)] = _times(
                Symbol(gradient("a_o", unit)), slope(self.output_activation, z, a)
            )
            if (self.loss.name, self.output_activation.name) == (CROSS_ENTROPY, "sigmoid"):
                # The slope of the sigmoid cancels the denominator.
                scale = self.loss.each * self.loss.whole
                found[gradient("o", unit)] = scaled(scale, a - target)
        for unit in range(1, self.hidden + 1):
            found[gradient("a_h", unit)] = total(
                [
                    Symbol(gradient("o", output)) * Symbol(self.output_weight(output, unit))
                    for output in range(1, self.outputs + 1)
                ]
            )
            z, a = Symbol(f"h{unit}"), Symbol(f"a_h{unit}")
            found[gradient("h", unit)] = _times(
                Symbol(gradient("a_h", unit)), slope(self.hidden_activation, z, a)
            )
        for unit in range(1, self.hidden + 1):
            for source in range(1, self.inputs + 1):
                name = f"∂E/∂{self.hidden_weight(unit, source)}"
                found[name] = Symbol(gradient("h", unit)) * Symbol(f"i{source}")
        for unit in range(1, self.outputs + 1):
            for source in range(1, self.hidden + 1):
                name = f"∂E/∂{self.output_weight(unit, source)}"
                found[name] = Symbol(gradient("o", unit)) * Symbol(f"a_h{source}")
        for bias in dict.fromkeys(self.biases.values()):
            units = [unit for unit, name in self.biases.items() if name == bias]
            found[f"∂E/∂{bias}"] = total([Symbol(f"∂E/∂{unit}") for unit in units])

    def _updates(self, found: dict[str, Expression]) -> None:
        names = [f"w{index}" for index in range(1, self.weights + 1)]
        if self.trains_biases:
            names.extend(dict.fromkeys(self.biases.values()))
        for name in names:
            found[name] = Symbol(name, -1) - Symbol("η") * Symbol(f"∂E/∂{name}", -1)


def _times(left: Expression, right: Expression) -> Expression:
    return left if right == Number(1) else _product(left, right)


def _product(left: Expression, right: Expression) -> Expression:
    """Return left·(r1·r2) as (left·r1)·r2, the way that people write it."""
    if isinstance(right, Operation) and right.operator == "*":
        return _product(left, right.left) * right.right
    return left * right


def is_helper(symbol: str) -> bool:
    """Return whether a symbol is a step of the chain rule that most tables do not show."""
    return symbol.startswith("∂E/∂") and not is_parameter(symbol.removeprefix("∂E/∂"))


def names_of(definitions: Mapping[str, Expression]) -> list[str]:
    """Return every symbol that definitions define or refer to, but for the learning rate."""
    names = dict.fromkeys(definitions)
    for definition in definitions.values():
        names.update(dict.fromkeys(one.name for one in symbols(definition)))
    names.pop("η", None)
    return list(names)


def expanded(
    expression: Expression, definitions: Mapping[str, Expression], kept: Collection[str]
) -> Expression:
    """Return the expression with every symbol that is not `kept` replaced by its definition.

    What has no definition, or only one from the row before, stays.
    """

    def expand(part: Expression) -> Expression | None:
        if not isinstance(part, Symbol) or part.name in kept:
            return None
        definition = definitions.get(part.name)
        if definition is None or is_parameter(part.name):
            return None
        return shifted(expanded(definition, definitions, kept), part.offset)

    return replace_nodes(expression, expand)


def infer(names: Collection[str]) -> Network | None:
    """Return the network whose quantities have these names, or None where they fit none."""
    greatest: dict[str, int] = {}
    for name in names:
        of = name.removeprefix("∂E/∂")
        greatest[family(of)] = max(greatest.get(family(of), 0), number(of))
    weights = greatest.get("w", 0)
    hidden = max(greatest.get("h", 0), greatest.get("a_h", 0))
    outputs = max(greatest.get(one, 0) for one in ("o", "a_o", "t", "E"))
    for shape in _shapes(weights, greatest.get("i", 0), hidden, outputs):
        inputs, units, k = shape
        readings = bias_readings(names, units, k)
        if readings:
            return Network(inputs, units, k, readings[0], loss=losses(k)[0])
    return None


def _shapes(weights: int, inputs: int, hidden: int, outputs: int) -> list[tuple[int, int, int]]:
    """Return every (inputs, hidden, outputs) with that many weights; 0 stands for unknown."""
    found = []
    for m in [hidden] if hidden else range(1, weights + 1):
        if weights == 0 or weights % m:
            continue
        for k in [outputs] if outputs else range(1, weights // m):
            n = weights // m - k
            if n > 0 and inputs in (0, n):
                found.append((n, m, k))
    # 2-2-2 before anything else that is as likely.
    return sorted(found, key=lambda shape: (abs(shape[0] - shape[2]), abs(shape[1] - shape[0])))


def bias_readings(names: Collection[str], hidden: int, outputs: int) -> list[dict[str, str]]:
    """Return every way to give biases of these names to the units, the most usual first.

    One for each unit, one for each layer, or for the units of one layer only; empty where none of
    these fits.
    """
    layers = [[f"h{unit}" for unit in range(1, hidden + 1)]]
    layers.append([f"o{unit}" for unit in range(1, outputs + 1)])
    units = [*layers[0], *layers[1]]
    named = {name.removeprefix("∂E/∂") for name in names}
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
