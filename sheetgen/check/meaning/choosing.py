"""Decides which activation, loss and biases a table was made with: those that fit its columns."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from sheetgen.check.formula.expressions import (
    Array,
    Expression,
    Operation,
    Symbol,
    children,
    evaluate,
    leaves,
    symbols,
    walk,
)
from sheetgen.check.meaning.column_values import Numbers
from sheetgen.check.meaning.functions import (
    ACTIVATIONS,
    SOFTMAX,
    THRESHOLDS,
    Loss,
    activated,
    losses,
)
from sheetgen.check.meaning.network_names import bias_readings
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.table_network import Network, expanded, is_helper
from sheetgen.check.tables.headers import GREATEST, family
from sheetgen.check.tables.table import Table
from sheetgen.network.activations import Activation

_PROBES = np.linspace(-3.1, 3.3, 17)
_SHARES = np.linspace(0.1, 0.9, 9)


def with_biases(network: Network, numbers: Numbers, resolver: Resolver) -> Network:
    """Return the network with the biases that its formulas refer to and its columns agree with.

    Two biases of a 2-2-2 network may be those of the layers or of the hidden units.
    """
    readings = bias_readings(resolver.table.columns, network.layers)
    if len(readings) < 2:
        return network
    evidence = _Evidence(numbers, resolver)
    units = [unit for layer in network.unit_layers for unit in layer]
    used = {unit: evidence.biases_in(unit) for unit in units}
    names = set(readings[0].values())
    columns = [*units, *(f"a_{unit}" for unit in units), *(f"∂E/∂{name}" for name in names)]

    def score(biases: Mapping[str, str]) -> float:
        """Count the formulas that refer to what this reading says, and the numbers that agree."""
        as_said = sum(
            found == {biases[unit]} if unit in biases else not found
            for unit, found in used.items()
            if found is not None
        )
        return as_said + evidence.votes(replace(network, biases=biases), columns)

    return replace(network, biases=max(readings, key=score))


def chosen_network(network: Network, numbers: Numbers, resolver: Resolver) -> Network:
    """Return the network with the functions that most columns agree with.

    The sigmoid and ½ (t - a)², the seeds' own, win every tie, so that a wrong column or two does
    not make another network of it.
    """
    evidence = _Evidence(numbers, resolver)
    network = replace(
        network,
        trains_biases=_trains_biases(resolver.table, network),
        is_distribution=_is_distribution(numbers, network),
        is_shifted=GREATEST in resolver.table.columns,
    )
    units_of_all = [unit for units in network.unit_layers for unit in units]
    by_source = replace(network, is_by_source=True)
    if evidence.votes(by_source, units_of_all) > evidence.votes(network, units_of_all) + 1:
        network = by_source
    gradients = _numbered("∂E/∂w", network.weights)
    for layer in range(len(network.layers) - 1, 0, -1):
        units = network.units(layer)
        values = [f"a_{unit}" for unit in units]
        own = [f"∂E/∂{weight}" for unit in units for weight, _ in network.incoming(unit)]
        own += _updated(network)
        choices = [_with(network, layer, one) for one in evidence.written(network, values)]
        if layer == len(network.layers) - 1 and len(units) > 1 and len(choices) > 1:
            softmax = _with(network, layer, SOFTMAX)
            choices = [softmax] if evidence.is_softmax(units) else [*choices, softmax]
        network = evidence.best(choices, values, own)
    return evidence.with_loss(network, [*gradients, *_updated(network)])


def _updated(network: Network) -> list[str]:
    """Return the weights of a single unit, whose table may have no gradients; else nothing."""
    return _numbered("w", network.weights) if network.is_unit else []


def _with(network: Network, layer: int, activation: Activation) -> Network:
    """Return the network with another activation of a layer; a softmax has a loss of its own."""
    changed = list(network.activations)
    changed[layer - 1] = activation
    loss = losses(network.outputs, changed[-1] is SOFTMAX)[0]
    return replace(network, activations=tuple(changed), loss=loss)


def _is_distribution(numbers: Numbers, network: Network) -> bool:
    """Return whether the targets of every row add up to 1, as the outputs of a softmax do."""
    targets = [f"t{index}" for index in range(1, network.outputs + 1)]
    if not all(name in numbers.values for name in targets):
        return True
    sums = np.sum([numbers.values[name] for name in targets], axis=0)
    return bool(np.mean(np.abs(sums - 1) < 1e-6) > 0.5)


def _numbered(stem: str, count: int) -> list[str]:
    return [f"{stem}{index}" for index in range(1, count + 1)]


@dataclass(frozen=True)
class _Evidence:
    """What the formulas and the numbers of a table say for one network or another."""

    numbers: Numbers
    resolver: Resolver

    @property
    def table(self) -> Table:
        return self.resolver.table

    def present(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name in self.table.columns]

    def formula(self, symbol: str) -> Expression | None:
        """Return the formula in a column's first row; None without one that is understood."""
        column = self.table.columns.get(symbol)
        return None if column is None else self.resolver.at(self.table.first, column)

    def biases_in(self, unit: str) -> set[str] | None:
        """Return the biases that a unit's formula refers to; None without a formula."""
        tree = self.formula(unit)
        if tree is None:
            return None
        return {one.name for one in symbols(tree) if family(one.name) in ("b", "b_h", "b_o")}

    def written(self, network: Network, columns: Sequence[str]) -> tuple[Activation, ...]:
        """Return the activation that most of a layer's formulas are, or all that are possible.

        A formula reads z, or has the sum that z is written out. Where z is never negative, numbers
        cannot tell the ReLU from the identity.
        """
        found: Counter[Activation] = Counter()
        possible = (*ACTIVATIONS, *(THRESHOLDS if network.is_unit else ()))
        for column in columns:
            tree, unit = self.formula(column), column.removeprefix("a_")
            for z in (Symbol(unit), network.definitions()[unit]):
                found.update(_applied(possible, z, tree, network.is_unit))
        (best, most), *_ = found.most_common(1) or [(possible[0], 0)]
        return (best,) if 2 * most > len(columns) else possible

    def is_softmax(self, units: Sequence[str]) -> bool:
        """Return whether most formulas of the outputs are those of a softmax.

        Where all pre-activations are 0, numbers cannot tell two sigmoids from it.
        """
        probes = {Symbol(unit): _PROBES / place for place, unit in enumerate(units, 1)}
        exponentials = {unit: np.exp(values) for unit, values in probes.items()}
        whole = np.sum(list(exponentials.values()), axis=0)
        found = 0
        for unit in probes:
            tree = self.formula(f"a_{unit.name}")
            if tree is not None and set(leaves(tree)) == probes.keys():
                values = evaluate(tree, lambda leaf: probes[leaf])  # type: ignore[index]
                found += np.allclose(values, exponentials[unit] / whole, rtol=1e-9)
        return 2 * found > len(units)

    def best(
        self, candidates: list[Network], activations: list[str], gradients: list[str]
    ) -> Network:
        scores = []
        for candidate in candidates:
            # The activations say it themselves; gradients decide where these are missing or wrong.
            own = self.votes(candidate, activations)
            scores.append(1001 * own + self.votes(candidate, gradients))
            if own and own == len(self.present(activations)):
                break
        return candidates[int(np.argmax(scores))]

    def with_loss(self, network: Network, gradients: list[str]) -> Network:
        errors = [*_numbered("E", network.outputs), "E_total"]
        best, most = network, -1.0
        for index, loss in enumerate(self.losses(network)):
            candidate = replace(network, loss=loss)
            of_errors = self.votes(candidate, errors)
            votes = of_errors + self.votes(candidate, gradients)
            if index == 0 or (votes > most and of_errors == len(self.present(errors))):
                best, most = candidate, votes
            if most == len(self.present([*errors, *gradients])):
                break
        return best

    def losses(self, network: Network) -> tuple[Loss, ...]:
        """Return the errors that the network may have; those of a unit, its formula may say.

        A perceptron that makes no error has 0 as every number.
        """
        possible = losses(network.outputs, network.is_softmax, network.is_unit)
        tree = self.formula("E1") if network.is_unit else None
        target, output = Symbol("t1"), Symbol("a_o1")
        if tree is None or set(leaves(tree)) != {target, output}:
            return possible
        probes = {target: _SHARES, output: _SHARES[::-1] ** 2}

        def values(error: Expression) -> Array:
            """Return the values of an error at some targets and outputs."""
            return evaluate(error, lambda leaf: probes[leaf])  # type: ignore[index]

        own = values(tree)
        fitting = [one for one in possible if np.allclose(values(one.error(target, output)), own)]
        return tuple(fitting) or possible

    def votes(self, network: Network, columns: Iterable[str]) -> float:
        """Return the number of columns that agree, in part where only some of its rows do."""
        definitions = network.definitions()
        known = set(self.table.columns) | set(self.numbers.constants)
        kept = {name for name in known if not is_helper(name)}
        votes = 0.0
        for column in self.present(columns):
            if column in definitions:
                right = expanded(definitions[column], definitions, kept)
                _, agrees = self.numbers.agreement(column, right)
                share = float(np.mean(agrees))
                votes += 1.0 if share > 0.99 else 0.5 * share
        return votes


def _applied(
    possible: Iterable[Activation], z: Expression, tree: Expression | None, is_unit: bool
) -> list[Activation]:
    """Return the activation of z that a formula is, none if it is not one of the possible.

    A single unit's sum of products is the identity, even if a term of z is missing in it.
    """
    probes = {leaf: np.roll(_PROBES, 3 * place) for place, leaf in enumerate(leaves(z))}
    read = set() if tree is None else set(leaves(tree))
    if tree is None or not read or not read <= probes.keys():
        return []
    if is_unit and len(probes) > 1 and _is_sum(tree):
        return [one for one in possible if one.name == "identity"]
    values = evaluate(tree, probes.__getitem__)
    same = (
        one
        for one in possible
        if np.allclose(values, evaluate(activated(one, z), probes.__getitem__), rtol=1e-9)
    )
    return [*islice(same, 1)]


def _is_sum(tree: Expression) -> bool:
    """Return whether a formula is a sum of products."""
    nodes = (node for node in walk(tree) if children(node))
    return all(isinstance(node, Operation) and node.operator in "+-*" for node in nodes)


def _trains_biases(table: Table, network: Network) -> bool:
    """Return whether any bias, or the gradient of one, has a column that says that it changes."""
    return any(
        f"∂E/∂{bias}" in table.columns
        or (bias in table.columns and len(set(table.values(bias).tolist())) > 1)
        for bias in network.biases.values()
    )
