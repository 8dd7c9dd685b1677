"""Computes the formulas of a page with random numbers, to tell which quantity each of them is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sheetgen.check.formula.expressions import (
    Array,
    Cell,
    Expression,
    Leaf,
    Symbol,
    evaluate,
    leaves,
)
from sheetgen.check.meaning.simulation import first_row
from sheetgen.check.meaning.table_network import Network
from sheetgen.check.meaning.training_steps import is_carried
from sheetgen.check.pages.sheet_formulas import SheetFormulas

_SLACK = 1e-9


class Truths:
    """Every quantity of a network in a step, at random inputs, targets and parameters."""

    def __init__(self, network: Network) -> None:
        self.values = first_row(network)
        self.names = [one for one in network.definitions() if not is_carried(one)]
        self._matrix = np.array([self.values[one] for one in self.names])

    def named(self, values: Array) -> list[str]:
        """Return the quantities that have these values."""
        return [self.names[one] for one in np.flatnonzero(self._equal(values))]

    def is_known(self, values: Array) -> bool:
        """Return whether a quantity has these values, or their opposite."""
        return bool(self._equal(values).any() or self._equal(-values).any())

    def is_opposite(self, values: Array) -> bool:
        """Return whether the opposite of a quantity has these values, and none itself."""
        return bool(not self._equal(values).any() and self._equal(-values).any())

    def _equal(self, values: Array) -> NDArray[np.bool_]:
        if not np.isfinite(values).any():
            return np.zeros(len(self.names), dtype=bool)
        scale = np.maximum(np.abs(self._matrix), np.abs(values))
        with np.errstate(invalid="ignore"):
            off = np.abs(self._matrix - values) > _SLACK * scale
        return np.asarray(~(off | np.isnan(self._matrix) | np.isnan(values)).any(axis=1))


@dataclass
class StepValues:
    """The values that the formulas of one step have, given what its cells are.

    `here` are the cells of this step's quantities, `elsewhere` those of other steps.
    """

    formulas: SheetFormulas
    truths: Truths
    here: Mapping[Cell, str]
    elsewhere: frozenset[Cell]
    _known: dict[Cell, Array | None] = field(default_factory=dict)

    def of(self, cell: Cell) -> Array | None:
        """Return the values of a cell; None if it is of another step, or holds no number."""
        cell = self.formulas.root(cell)
        if cell in self.here:
            return self.truths.values.get(self.here[cell])
        return None if cell in self.elsewhere else self.computed(cell)

    def computed(self, cell: Cell) -> Array | None:
        """Return the values that a cell's formula has, whatever it should be."""
        if cell not in self._known:
            self._known[cell] = None  # for a circle
            self._known[cell] = self._compute(cell)
        return self._known[cell]

    def _compute(self, cell: Cell) -> Array | None:
        tree = self.formulas.trees.get(cell)
        if tree is None:
            number = self.formulas.content(cell).number
            return None if number is None else np.array(number)
        return self.evaluated(tree)

    def evaluated(self, tree: Expression) -> Array | None:
        """Return the values of a formula; None if a part of it has none."""
        is_unknown = False

        def lookup(leaf: Leaf) -> Array:
            """Return the values of a cell."""
            nonlocal is_unknown
            named = self.truths.values
            found = named.get(leaf.name) if isinstance(leaf, Symbol) else self.of(leaf)
            is_unknown |= found is None
            return np.array(np.nan) if found is None else found

        values = evaluate(tree, lookup)
        if is_unknown:
            return None
        return np.broadcast_to(values, self.truths.values["η"].shape)

    def rate(self, new: Array, before: str, gradient: str) -> float | None:
        """Return the factor of the gradient in a parameter's update; None if it is none."""
        slopes = self.truths.values.get(gradient)
        if slopes is None:
            return None
        with np.errstate(all="ignore"):
            rates = (new - self.truths.values[before]) / slopes
        first = float(rates[0])
        if not np.isfinite(rates).all() or first == 0:
            return None
        return first if np.all(np.abs(rates - first) <= 1e-6 * abs(first)) else None


def read_by(formulas: SheetFormulas) -> Mapping[Cell, list[Cell]]:
    """Return cell → the cells whose formulas read it."""
    found: dict[Cell, list[Cell]] = {}
    for cell, tree in formulas.trees.items():
        for leaf in dict.fromkeys(leaves(tree)):
            if isinstance(leaf, Cell):
                found.setdefault(leaf, []).append(cell)
    return found


def in_order(cells: Iterable[Cell]) -> list[Cell]:
    """Return cells from the top and from the left."""
    return sorted(cells, key=lambda one: (one.row, one.column))
