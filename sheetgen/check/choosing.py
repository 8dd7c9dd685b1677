"""Decides which activation, loss and biases a table was made with: those that fit its columns."""

from dataclasses import replace

import numpy as np

from sheetgen.check.network import ACTIVATIONS, Network, expanded, is_helper, losses
from sheetgen.check.tables import Table
from sheetgen.check.values import Numbers


def chosen_network(table: Table, network: Network, numbers: Numbers) -> Network:
    """Return the network with the functions that most columns agree with.

    The sigmoid and ½ (t - a)², the seeds' own, win every tie, so that a wrong column or two does
    not make another network of it.
    """
    network = replace(network, trains_biases=_trains_biases(table, network))
    outputs = [f"a_o{one}" for one in range(1, network.outputs + 1)]
    hidden = [f"a_h{one}" for one in range(1, network.hidden + 1)]
    network = _best(
        [network.with_choices(output=one) for one in ACTIVATIONS],
        [*outputs, *_gradients(network, of_outputs=True)],
        table,
        numbers,
    )
    network = _best(
        [network.with_choices(hidden=one) for one in ACTIVATIONS],
        [*hidden, *_gradients(network, of_outputs=False)],
        table,
        numbers,
    )
    return _with_loss(table, network, numbers)


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
    sums = np.abs(activated.sum(axis=0) - 1)
    return bool(np.mean((sums < 1e-3) & np.all(np.abs(ratios) < 1e-2, axis=0)) > 0.5)
