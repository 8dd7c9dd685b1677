"""Chooses what `Error surface` shows at first: its samples, and two weights whose path descends."""

from itertools import combinations

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.data import Data
from sheetgen.network.many_passes import run, sample_errors, weights_in_row
from sheetgen.network.network import Network
from sheetgen.network.parameters import Parameter, Weight
from sheetgen.network.trace import Parameters, Trace

RANKED = 200
"""As many samples are put in order by how well they stand for all; the others follow."""
ASKED = 24
"""Of these as many are run through the network for each pair of weights."""
MOVING = 12
"""Of a layer's weights as many are looked at: those that the training moves most."""
STEPS = 8
"""Of a path, between the points at which the error is looked at."""
CLIMB = 3.0
"""How many times as much a climb counts as a descent."""


def telling_samples(network: Network, data: Data, trace: Trace, iteration: int) -> tuple[int, ...]:
    """Return the places of all samples; the first ones of them, however many, stand for all.

    Sample by sample the mean comes as close as it can to that of all, of the errors with the
    weights at the start and at an iteration and, with classes, of the targets.
    """
    inputs, targets = data.used_inputs(), np.array(data.targets)
    errors = [
        sample_errors(network, targets, *run(network, weights_in_row(network, trace, row), inputs))
        for row in (iteration, 0)
    ]
    features = np.stack([_relative(each) for each in errors], axis=1)
    if data.is_one_hot:
        features = np.concatenate([features, targets - targets.mean(axis=0)], axis=1)
    order: list[int] = []
    is_free, total = np.full(data.samples, True), np.zeros(features.shape[1])
    for _ in range(min(RANKED, data.samples)):
        distances = np.square(total + features).sum(axis=1)
        place = int(np.argmin(np.where(is_free, distances, np.inf)))
        order.append(place)
        is_free[place] = False
        total += features[place]
    return (*order, *np.flatnonzero(is_free).tolist())


def _relative(errors: Array) -> Array:
    """Return how far errors are from their mean, relative to it; 0 where that is no number."""
    mean = errors.mean()
    if not np.isfinite(mean) or mean == 0:
        return np.zeros(len(errors))
    return np.asarray(errors / mean - 1)


def telling_weights(
    network: Network, data: Data, trace: Trace, iteration: int, samples: tuple[int, ...]
) -> tuple[str, str]:
    """Return the names of two weights whose path falls most, over the surface that it is drawn on.

    All other weights are there those of an iteration, where the path ends. The two are weights of
    the last layer, which move the error most, or of a network with one there any two.
    """
    last = len(network.layers) - 1
    pair = [each for each in network.weights if each.layer == last]
    every: list[Parameter] = list(pair if len(pair) > 1 else network.parameters)
    moved = [-abs(trace[each.name][iteration] - trace[each.name][0]) for each in every]
    most = sorted(np.argsort(moved, kind="stable")[:MOVING].tolist())
    pairs = list(combinations([every[place] for place in most], 2))
    if not pairs:
        return every[0].name, every[0].name
    chosen = sorted(samples[:ASKED])
    inputs, targets = data.used_inputs()[chosen], np.array(data.targets)[chosen]
    parameters = _along(network, trace, iteration, pairs)
    errors = sample_errors(network, targets, *run(network, parameters, inputs)).mean(axis=-1)
    steps = np.diff(errors.reshape(len(pairs), STEPS + 1), axis=1)
    falls = -np.minimum(steps, 0).sum(axis=1) - CLIMB * np.maximum(steps, 0).sum(axis=1)
    best = int(np.argmax(np.nan_to_num(falls, nan=-np.inf)))
    return pairs[best][0].name, pairs[best][1].name


def _along(
    network: Network, trace: Trace, iteration: int, pairs: list[tuple[Parameter, Parameter]]
) -> Parameters:
    """Return the weights at all points of all paths, of one pair after the other."""
    rows = [round(iteration * step / STEPS) for step in range(STEPS + 1)]
    end, count = weights_in_row(network, trace, iteration), len(pairs) * len(rows)
    found = Parameters(
        [np.repeat(each[None], count, axis=0) for each in end.weights],
        [np.repeat(each[None], count, axis=0) for each in end.biases],
    )
    for at, pair in enumerate(pairs):
        points = slice(at * len(rows), (at + 1) * len(rows))
        for each in pair:
            values = trace[each.name][rows]
            if isinstance(each, Weight):
                found.weights[each.layer][points, each.unit, each.position] = values
            else:
                found.biases[each.layer][points, each.unit] = values
    return found
