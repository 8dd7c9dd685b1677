"""Schemes that draw the initial weights of a layer, as torch.nn.init defines them.

https://docs.pytorch.org/docs/stable/nn.init.html: xavier (Glorot and Bengio, "Understanding the
difficulty of training deep feedforward neural networks", 2010) with gain 1, and kaiming (He,
Zhang, Ren and Sun, "Delving deep into rectifiers", 2015) with fan_in and the gain √2 of a ReLU.
To add one, list it in SCHEMES.
"""

from collections.abc import Callable
from math import sqrt

import numpy as np

from sheetgen.network.activations import Array

Draw = Callable[[np.random.Generator, float, tuple[int, int]], Array]
"""(generator, spread, shape) → weights of that shape."""
Spread = Callable[[int, int, float], float]
"""(fan-out, fan-in, given spread) → the spread of the distribution."""


def uniform(random: np.random.Generator, bound: float, shape: tuple[int, int]) -> Array:
    """Draw from the uniform distribution on ±bound."""
    return random.uniform(-bound, bound, shape)


def normal(random: np.random.Generator, deviation: float, shape: tuple[int, int]) -> Array:
    """Draw from the normal distribution of mean 0 and the given deviation."""
    return random.normal(0, deviation, shape)


def zeros(_: np.random.Generator, __: float, shape: tuple[int, int]) -> Array:
    """Return zeros, with which all units of a layer remain equal."""
    return np.zeros(shape)


SCHEMES: dict[str, tuple[Draw, Spread]] = {
    "xavier-uniform": (uniform, lambda fan_out, fan_in, _: sqrt(6 / (fan_in + fan_out))),
    "xavier-normal": (normal, lambda fan_out, fan_in, _: sqrt(2 / (fan_in + fan_out))),
    "kaiming-uniform": (uniform, lambda _, fan_in, __: sqrt(6 / fan_in)),
    "kaiming-normal": (normal, lambda _, fan_in, __: sqrt(2 / fan_in)),
    "normal": (normal, lambda _, __, deviation: deviation),
    "uniform": (uniform, lambda _, __, bound: bound),
    "zeros": (zeros, lambda _, __, ___: 0.0),
}
"""Each scheme's distribution, and its spread: the bound of a uniform one, else the deviation."""

SPREADS = {"normal": "deviation", "uniform": "bound"}
"""The name of a scheme's spread, if it has one; the spread is 1 unless given."""


def initial_weights(
    scheme: str,
    units: int,
    fan_in: int,
    seed: int,
    spread: float = 1.0,
    fan_out: int | None = None,
) -> tuple[tuple[float, ...], ...]:
    """Draw a layer's weights (units, fan-in) with numpy.random.default_rng(seed).

    A unit or a kernel feeds `fan_out` values, those of one position of a kernel; without it as
    many as there are units. The weights are rounded to 6 significant digits, so that they can be
    read and retyped. Raises KeyError for an unknown scheme.
    """
    draw, spread_of = SCHEMES[scheme]
    width = spread_of(units if fan_out is None else fan_out, fan_in, spread)
    drawn = draw(np.random.default_rng(seed), width, (units, fan_in))
    return tuple(tuple(float(f"{weight:.6g}") for weight in row) for row in drawn.tolist())
