"""Decides which activation, loss and biases a table was made with: those that fit its columns."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sheetgen.check.formula.expressions import Symbol, evaluate, leaves, symbols
from sheetgen.check.meaning.column_values import Numbers
from sheetgen.check.meaning.functions import ACTIVATIONS, activated, losses
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.table_network import Network, bias_readings, expanded, is_helper
from sheetgen.check.tables.headers import family
from sheetgen.check.tables.table import Table
from sheetgen.network.activations import Activation


def with_biases(table: Table, network: Network, numbers: Numbers, resolver: Resolver) -> Network:
    """Return the network with the biases that its formulas refer to and its columns agree with.

    Two biases of a 2-2-2 network may be those of the layers or of the hidden units.
    """
    readings = bias_readings(table.columns, network.hidden, network.outputs)
    if len(readings) < 2:
        return network
    units = [f"h{one}" for one in range(1, network.hidden + 1)]
    units += [f"o{one}" for one in range(1, network.outputs + 1)]
    used = {unit: _biases_in(table, resolver, unit) for unit in units}
    names = set(readings[0].values())
    columns = [*units, *(f"a_{unit}" for unit in units), *(f"∂E/∂{name}" for name in names)]

    def score(biases: Mapping[str, str]) -> float:
        """Count the formulas that refer to what this reading says, and the numbers that agree."""
        as_said = sum(
            found == {biases[unit]} if unit in biases else not found
            for unit, found in used.items()
            if found is not None
        )
        return as_said + _votes(replace(network, biases=biases), columns, table, numbers)

    return replace(network, biases=max(readings, key=score))


def _biases_in(table: Table, resolver: Resolver, unit: str) -> set[str] | None:
    """Return the biases that a unit's formula refers to; None without a formula."""
    if unit not in table.columns:
        return None
    row, column = table.first, table.columns[unit]
    formula = table.content(row, column).formula
    tree = resolver.resolved(formula, row, column) if formula is not None else None
    if tree is None:
        return None
    return {one.name for one in symbols(tree) if family(one.name) in ("b", "b_h", "b_o")}


def chosen_network(table: Table, network: Network, numbers: Numbers, resolver: Resolver) -> Network:
    """Return the network with the functions that most columns agree with.

    The sigmoid and ½ (t - a)², the seeds' own, win every tie, so that a wrong column or two does
    not make another network of it.
    """
    network = replace(network, trains_biases=_trains_biases(table, network))
    outputs = [f"a_o{one}" for one in range(1, network.outputs + 1)]
    hidden = [f"a_h{one}" for one in range(1, network.hidden + 1)]
    network = _best(
        [network.with_choices(output=one) for one in _written(table, resolver, outputs)],
        [*outputs, *_gradients(network, of_outputs=True)],
        table,
        numbers,
    )
    network = _best(
        [network.with_choices(hidden=one) for one in _written(table, resolver, hidden)],
        [*hidden, *_gradients(network, of_outputs=False)],
        table,
        numbers,
    )
    return _with_loss(table, network, numbers)


_PROBES = np.linspace(-3.1, 3.3, 17)


def _written(table: Table, resolver: Resolver, columns: list[str]) -> tuple[Activation, ...]:
    """Return the activation that most of a layer's formulas are, or all that are possible.

    Where z is never negative, numbers cannot tell the ReLU from the identity.
    """
    found: Counter[Activation] = Counter()
    for column in columns:
        row, z = table.first, Symbol(column.removeprefix("a_"))
        formula = (
            table.content(row, table.columns[column]).formula if column in table.columns else None
        )
        tree = resolver.resolved(formula, row, table.columns[column]) if formula else None
        if tree is not None and set(leaves(tree)) == {z}:
            values = evaluate(tree, lambda _: _PROBES)
            for one in ACTIVATIONS:
                if np.allclose(values, evaluate(activated(one, z), lambda _: _PROBES), rtol=1e-9):
                    found[one] += 1
                    break
    (best, most), *_ = found.most_common(1) or [(ACTIVATIONS[0], 0)]
    return (best,) if 2 * most > len(columns) else ACTIVATIONS


def _gradients(network: Network, of_outputs: bool) -> list[str]:
    first = network.hidden * network.inputs
    indices = range(first + 1, network.weights + 1) if of_outputs else range(1, first + 1)
    return [f"∂E/∂w{index}" for index in indices]


def _with_loss(table: Table, network: Network, numbers: Numbers) -> Network:
    errors = [f"E{one}" for one in range(1, network.outputs + 1)] + ["E_total"]
    gradients = [f"∂E/∂w{one}" for one in range(1, network.weights + 1)]
    candidates = [network.with_choices(loss=one) for one in losses(network.outputs)]
    usual = _votes(candidates[0], [*errors, *gradients], table, numbers)
    best, most = network, usual
    if usual == len([name for name in (*errors, *gradients) if name in table.columns]):
        return network
    present = [name for name in errors if name in table.columns]
    for candidate in candidates[1:]:
        votes = _votes(candidate, [*errors, *gradients], table, numbers)
        if votes > most and _votes(candidate, present, table, numbers) == len(present):
            best, most = candidate, votes
    return best


def _best(candidates: list[Network], columns: list[str], table: Table, numbers: Numbers) -> Network:
    scores = []
    activations = [one for one in columns if one.startswith("a_")]
    for candidate in candidates:
        # The activations say it themselves; gradients decide where these are missing or wrong.
        own = _votes(candidate, activations, table, numbers)
        scores.append(1000 * own + _votes(candidate, columns, table, numbers))
        if own and own == len([one for one in activations if one in table.columns]):
            break
    return candidates[int(np.argmax(scores))]


def _votes(network: Network, columns: list[str], table: Table, numbers: Numbers) -> float:
    """Return how many columns agree; a column of which only some rows agree counts in part."""
    definitions = network.definitions()
    known = set(table.columns) | set(numbers.constants)
    kept = {name for name in known if not is_helper(name)}
    votes = 0.0
    for column in columns:
        if column in table.columns and column in definitions:
            right = expanded(definitions[column], definitions, kept)
            _, agrees = numbers.agreement(column, right)
            share = float(np.mean(agrees))
            votes += 1.0 if share > 0.99 else 0.5 * share
    return votes


def _trains_biases(table: Table, network: Network) -> bool:
    """Return whether any bias, or the gradient of one, has a column that says that it changes."""
    for bias in set(network.biases.values()):
        if f"∂E/∂{bias}" in table.columns:
            return True
        if bias in table.columns and len(set(table.values(bias).tolist())) > 1:
            return True
    return False


def has_softmax(numbers: Numbers, network: Network) -> bool:
    """Return whether the outputs are a softmax: they sum to 1, with a_j/a_k = e^(o_j - o_k)."""
    units = range(1, network.outputs + 1)
    names = [f"{stem}{unit}" for stem in ("a_o", "o") for unit in units]
    if network.outputs < 2 or not all(name in numbers.values for name in names):
        return False
    activated = np.array([numbers.values[f"a_o{unit}"] for unit in units])
    z = np.array([numbers.values[f"o{unit}"] for unit in units])
    with np.errstate(all="ignore"):
        ratios = np.log(activated / activated[0]) - (z - z[0])
        separate = 1 / (1 + np.exp(-z))
    sums = np.abs(activated.sum(axis=0) - 1)
    fits = (sums < 1e-3) & np.all(np.abs(ratios) < 1e-2, axis=0)
    # Sigmoids of units that get nothing are 1/2, and those of two units sum to 1 as well.
    sigmoids = np.all(np.abs(activated - separate) < 1e-6, axis=0)
    return bool(np.mean(fits & ~sigmoids) > 0.5)
