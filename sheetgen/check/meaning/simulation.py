"""Random trainings of the same network, which tell two formulas apart.

In a table made by hand two targets may be equal, or an input 1, and a wrong formula then gives
right numbers. Here every quantity is random (inputs, targets, initial parameters, the rate) or
follows from those by its definition, so that a formula agrees in all of them only if it is
mathematically the same (Schwartz, "Fast probabilistic algorithms for verification of polynomial
identities", Journal of the ACM 27 (1980)). Where an activation changes its form away from 0, more
trainings and large inputs reach all of its pieces.
"""

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from sheetgen.check.formula.expressions import (
    Array,
    Cell,
    Expression,
    Leaf,
    Symbol,
    evaluate,
)
from sheetgen.check.meaning.table_network import Network
from sheetgen.check.meaning.training_steps import is_carried
from sheetgen.check.tables.headers import (
    BATCH_ROW,
    BATCH_SIZE,
    ITERATION,
    UPDATE,
    is_parameter,
    of_sample,
)

POINTS = 7
REACH = 12
"""Rows before and after the one at hand."""
AGREEMENT = 1e-8
Mistake = tuple[str, str]  # its kind, and words


class Simulation:
    """Every symbol of a network in REACH rows before and after, at each of the trainings."""

    def __init__(self, network: Network, several_samples: bool = False) -> None:
        # What the searches for mistakes found, and whether they ended early.
        self.searched: dict[Hashable, tuple[Mistake | None, bool]] = {}
        self._rows = _trained_rows(network, several_samples)
        self._shape = self._rows[0]["η"].shape

    def values(
        self, expression: Expression, names: Mapping[str, str] | None = None
    ) -> Array | None:
        """Return the values at the random points; None if a leaf is not a symbol of the network.

        `names` says what the names in the expression mean, where they are no symbols themselves.
        """
        unknown = False
        meaning = names or {}

        def lookup(leaf: Leaf) -> Array:
            """Return the values of a leaf, NaN where they are unknown."""
            nonlocal unknown
            if isinstance(leaf, Symbol):
                leaf = Symbol(meaning.get(leaf.name, leaf.name), leaf.offset)
            found = self.at(leaf)
            if found is None:
                unknown = True
                return np.full(self._shape, np.nan)
            return found

        found = evaluate(expression, lookup)
        if unknown:
            return None
        return found if found.shape == self._shape else np.broadcast_to(found, self._shape)

    def at(self, leaf: Leaf) -> Array | None:
        """Return the values of a symbol at the random points; None if the network has none."""
        if isinstance(leaf, Cell) or leaf.name not in self._rows[0]:
            return None
        return self._rows[REACH + max(-REACH, min(REACH, leaf.offset))][leaf.name]


def same(left: Array | None, right: Array | None) -> bool:
    """Return whether two formulas agree at all random points; one without values never does."""
    if left is None or right is None:
        return False
    first, other = float(left[0]), float(right[0])
    if abs(first - other) > AGREEMENT * max(abs(first), abs(other)):
        return False
    finite = np.isfinite(left) & np.isfinite(right)
    # Points at which both are undefined, such as the logarithm of a negative number, do not count.
    if not finite.any() or np.any(np.isfinite(left) != np.isfinite(right)):
        return False
    difference = np.abs(left[finite] - right[finite])
    scale = np.maximum(np.abs(left[finite]), np.abs(right[finite]))
    return bool(np.all(difference <= AGREEMENT * scale))


@lru_cache(16)  # most files are of the same few networks
def _trained_rows(network: Network, several_samples: bool) -> Sequence[Mapping[str, Array]]:
    """Return symbol → its values at each of the trainings, for every row."""
    random = np.random.default_rng(20240131)
    scale = _scale_of_inputs(network)
    definitions = network.definitions()
    ones = np.ones_like(scale)
    fixed = _samples(random, network, scale)
    biases = list(dict.fromkeys(network.biases.values()))
    parameters = [f"w{one}" for one in range(1, network.weights + 1)] + biases
    first = {name: _draw(random, ones) for name in parameters}
    # A gradient grows with the square of the inputs, and no training may diverge.
    rate = random.uniform(0.05, 0.4, scale.shape) / scale**2
    settings = {name: np.full(scale.shape, value) for name, value in network.steps.settings}
    counts = network.steps.optimizer == "adam" and not network.steps.batches
    carried = [name for name in definitions if is_carried(name) and not is_parameter(name)]
    rows: list[dict[str, Array]] = []
    for row in range(2 * REACH + 1):
        values: dict[str, Array] = {"η": rate, **settings, **_place_in_batch(row, len(scale))}
        if counts:
            values[ITERATION] = np.full(scale.shape, float(row))
        rows.append(values)
        if several_samples:
            fixed = _samples(random, network, scale)
        values.update(fixed)
        if row == 0:
            values.update({name: np.abs(_draw(random, ones)) for name in carried})
        for name in parameters:
            earlier = row > 0 and name in definitions
            values[name] = _at(definitions[name], rows, row) if earlier else first[name]
        for name, definition in definitions.items():
            if not is_parameter(name) and name not in values:
                values[name] = _at(definition, rows, row)
    return rows


@lru_cache(64)
def first_row(network: Network) -> Mapping[str, Array]:
    """Return symbol → its values at random inputs, targets and parameters, in a single row."""
    random = np.random.default_rng(20240131)
    scale = _scale_of_inputs(network)
    values = {"η": np.ones_like(scale), **_samples(random, network, scale)}
    definitions = network.definitions()
    biases = dict.fromkeys(network.biases.values())
    for name in (*(f"w{one}" for one in range(1, network.weights + 1)), *biases):
        values[name] = _draw(random, np.ones_like(scale))
    for name, definition in definitions.items():
        if not is_carried(name):
            values[name] = _at(definition, [values], 0)
    return values


def _samples(random: np.random.Generator, network: Network, scale: Array) -> dict[str, Array]:
    """Return inputs and targets; those of a softmax are shares of 1, and in some trainings 0 or 1.

    A sum of all targets is 1 then, as people take it to be.
    """
    if network.samples == 1:
        return _sample(random, network, scale)
    return {
        of_sample(name, number): values
        for number in range(1, network.samples + 1)
        for name, values in _sample(random, network, scale).items()
    }


def _sample(random: np.random.Generator, network: Network, scale: Array) -> dict[str, Array]:
    found = {f"i{one}": _draw(random, scale) for one in range(1, network.inputs + 1)}
    targets = [_draw(random, np.ones_like(scale)) for _ in range(network.outputs)]
    if network.is_softmax and network.is_distribution:
        shares = np.abs(targets) / np.sum(np.abs(targets), axis=0)
        certain = np.arange(network.outputs)[:, None] == np.arange(len(scale)) % network.outputs
        targets = list(np.where(np.arange(len(scale)) % 4 == 3, certain, shares))
    return found | {f"t{one}": target for one, target in enumerate(targets, 1)}


def _place_in_batch(row: int, trainings: int) -> dict[str, Array]:
    """Return the place in its batch that a row has, in batches of 1, 2, … rows."""
    sizes = 1.0 + np.arange(trainings) % 4
    # Of the row at hand, about half begin a batch, and half end one.
    before = row - REACH + np.where(np.arange(trainings) % 3 == 1, sizes // 2, 0.0) + 4 * 12
    after = np.where(np.arange(trainings) % 3 == 2, sizes - 1, 0.0)
    return {
        BATCH_ROW: (before + after) % sizes + 1,
        BATCH_SIZE: sizes,
        UPDATE: (before + after) // sizes,
    }


def _at(expression: Expression, rows: Sequence[Mapping[str, Array]], row: int) -> Array:
    """Return the values of an expression in a row."""

    def lookup(leaf: Leaf) -> Array:
        """Return the values of a symbol in its row."""
        assert isinstance(leaf, Symbol)
        return rows[row + leaf.offset][leaf.name]

    return evaluate(expression, lookup)


def _scale_of_inputs(network: Network) -> Array:
    """Return the size of the inputs of each training: all 1, or half of them large."""
    reach = max((abs(kink) for each in network.activations for kink in each.kinks), default=0.0)
    more = 2 if network.is_softmax or network.steps.batches else 1
    return np.tile([1.0, 1.0 + 4.0 * reach], 3 * POINTS) if reach else np.ones(POINTS * more)


def _draw(random: np.random.Generator, size: Array) -> Array:
    """Return numbers away from 0 and 1, of either sign, times their size."""
    numbers = size * random.uniform(0.3, 0.9, size.shape)
    return np.asarray(numbers * random.choice([-1.0, 1.0], size.shape))
