"""Schemes that draw the initial weights of a layer, as torch.nn.init defines them.

https://docs.pytorch.org/docs/stable/nn.init.html: xavier (Glorot and Bengio, "Understanding the
difficulty of training deep feedforward neural networks", 2010) with gain 1, and kaiming (He,
Zhang, Ren and Sun, "Delving deep into rectifiers", 2015) with fan_in and the gain √2 of a ReLU.
To add one, write a function and list it in SCHEMES.
"""

from collections.abc import Callable
from math import sqrt

import numpy as np

from sheetgen.network.activations import Array

Scheme = Callable[[np.random.Generator, int, int, float], Array]
"""(generator, units, fan-in, spread) → weights (units, fan-in)."""


def xavier_uniform(random: np.random.Generator, units: int, fan_in: int, _: float) -> Array:
    """Draw from the uniform distribution on ±√(6 / (fan-in + units))."""
    bound = sqrt(6 / (fan_in + units))
    return random.uniform(-bound, bound, (units, fan_in))


def xavier_normal(random: np.random.Generator, units: int, fan_in: int, _: float) -> Array:
    """Draw from the normal distribution of deviation √(2 / (fan-in + units))."""
    return random.normal(0, sqrt(2 / (fan_in + units)), (units, fan_in))


def kaiming_uniform(random: np.random.Generator, units: int, fan_in: int, _: float) -> Array:
    """Draw from the uniform distribution on ±√(6 / fan-in)."""
    bound = sqrt(6 / fan_in)
    return random.uniform(-bound, bound, (units, fan_in))


def kaiming_normal(random: np.random.Generator, units: int, fan_in: int, _: float) -> Array:
    """Draw from the normal distribution of deviation √(2 / fan-in)."""
    return random.normal(0, sqrt(2 / fan_in), (units, fan_in))


def normal(random: np.random.Generator, units: int, fan_in: int, deviation: float) -> Array:
    """Draw from the normal distribution of the given deviation."""
    return random.normal(0, deviation, (units, fan_in))


def uniform(random: np.random.Generator, units: int, fan_in: int, bound: float) -> Array:
    """Draw from the uniform distribution on ±bound."""
    return random.uniform(-bound, bound, (units, fan_in))


def zeros(_: np.random.Generator, units: int, fan_in: int, __: float) -> Array:
    """Return zeros, with which all units of a layer remain equal."""
    return np.zeros((units, fan_in))


SCHEMES: dict[str, Scheme] = {
    "xavier-uniform": xavier_uniform,
    "xavier-normal": xavier_normal,
    "kaiming-uniform": kaiming_uniform,
    "kaiming-normal": kaiming_normal,
    "normal": normal,
    "uniform": uniform,
    "zeros": zeros,
}

SPREADS = {"normal": "deviation", "uniform": "bound"}
"""The name of a scheme's spread, if it has one; the spread is 1 unless given."""


def initial_weights(
    scheme: str, units: int, fan_in: int, seed: int, spread: float = 1.0
) -> tuple[tuple[float, ...], ...]:
    """Draw a layer's weights (units, fan-in) with numpy.random.default_rng(seed).

    They are rounded to 6 significant digits, so that they can be read and retyped. Raises KeyError
    for an unknown scheme.
    """
    drawn = SCHEMES[scheme](np.random.default_rng(seed), units, fan_in, spread)
    return tuple(tuple(float(f"{weight:.6g}") for weight in row) for row in drawn.tolist())
