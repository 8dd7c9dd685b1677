"""Moves a network's weights and activations by about what rounding does, to see what that changes.

The movement of the results is their sensitivity, as in N. J. Higham, "Accuracy and Stability of
Numerical Algorithms" (2002), section 1.6: the error of a result is about the problem's condition
times the backward error. The activations move by as much as the weights, because of a saturated
unit no movement of the weights shows in a, but the rounding of a does in its slope: tanh's 1 − a²
and sigmoid's a (1 − a) cancel.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from itertools import cycle

import numpy as np

from sheetgen.network.activation import Activation
from sheetgen.network.activations import Array
from sheetgen.network.network import Network

MOVE = 1e-15  # of a weight of up to 1, relative beyond that: ten units in the last place near 1
DIRECTIONS = 2  # each of them both ways, so that one of the two crosses a kink nearby


def moved_networks(network: Network) -> Iterator[Network]:
    """Yield the network with initial weights, biases and activations moved, by seeded steps."""
    starts, random = network.values, np.random.default_rng(0)
    for _ in range(DIRECTIONS):
        steps = random.choice((-1.0, 1.0), len(starts)) * random.uniform(0.5, 1.5, len(starts))
        for step in (MOVE * steps, -MOVE * steps):
            values = {
                # A start of 0 stays: it is exact, and moving it could cross a kink that is at 0.
                name: start + by * max(1.0, abs(start)) if start else start
                for (name, start), by in zip(starts.items(), step.tolist(), strict=True)
            }
            moved = network.with_parameters(values)
            layers = tuple(
                layer.with_activation(_moved_activation(layer.activation, by))
                for layer, by in zip(moved.layers, cycle(step.tolist()), strict=False)
            )
            yield replace(moved, layers=layers)


def has_kinks(network: Network) -> bool:
    """Tell whether a small movement can lead to another slope: of an activation, or of a max."""
    return bool(network.winners) or any(layer.activation.kinks for layer in network.layers)


def _moved_activation(activation: Activation, by: float) -> Activation:
    """Return an activation whose values are moved relatively, but not out of its reach.

    At 0 nothing is rounded: e^0 is exact, and so is sigmoid's ½, on which an answer turns.
    """

    def value(z: Array) -> Array:
        """Return the moved values."""
        exact = activation.value(z)
        least, most = activation.reach
        return np.where(z == 0, exact, np.minimum(np.maximum(exact * (1 + by), least), most))

    moved = copy(activation)
    object.__setattr__(moved, "value", value)  # some are frozen
    return moved
