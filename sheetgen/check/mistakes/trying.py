"""Tries wrong formulas, thousands for a column, at a single point before any is looked at closely.

A wrong formula shares all but a few of its parts with the right one, whose values are known. And
formulas that differ in a symbol only are computed together, as one formula with many values.
"""

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sheetgen.check.formula.expressions import (
    Array,
    Call,
    Cell,
    Expression,
    Leaf,
    Number,
    Operation,
    Symbol,
    applied,
    children,
    walk,
)
from sheetgen.check.formula.parsing import Reference
from sheetgen.check.meaning.searches import Effort
from sheetgen.check.mistakes.mistake_kinds import Candidate, Choice, Mutation

_SLACK = 1e-6  # far above what the order of operations may change, far below what tells two apart
Wanted = Callable[[Array], NDArray[np.bool_]]


class Probe:
    """One point at which every symbol has a value, and what a formula has to give there."""

    def __init__(self, right: Expression, at: Callable[[Leaf], float], wanted: Wanted) -> None:
        """Take the formula that the wrong ones are made from, and what is `wanted` of them.

        `at` returns the value of a symbol at the point, nan if it has none.
        """
        self._right, self._at, self._wanted = right, at, wanted
        self._leaves: tuple[Leaf, ...] = ()
        # By identity: a part that a wrong formula shares with the right one is the same object.
        self._known: dict[int, Array | float] = {}
        with np.errstate(all="ignore"):
            for node in reversed(list(walk(right))):
                self._known[id(node)] = self._value(node)

    def passing(self, candidate: Candidate, most: int) -> Iterable[Mutation]:
        """Return which of the first `most` formulas of a candidate fit at the point, in order."""
        if isinstance(candidate, Mutation):
            return (candidate,) if self._fits(candidate.expression).all() else ()
        self._leaves = candidate.leaves
        fitting = np.broadcast_to(self._fits(candidate.expression), candidate.count)[:most]
        return (candidate.mutation(int(index)) for index in np.flatnonzero(fitting))

    def _fits(self, expression: Expression) -> NDArray[np.bool_]:
        with np.errstate(all="ignore"):
            return self._wanted(np.asarray(self._value(expression)))

    def _value(self, node: Expression) -> Array | float:
        known = self._known.get(id(node))
        if known is not None:
            return known
        if isinstance(node, Operation):
            return _combined(node, self._value(node.left), self._value(node.right))
        if isinstance(node, Number):
            return node.value
        if isinstance(node, _LEAF):
            return self._at(self._leaves[node.row] if isinstance(node, Reference) else node)
        if isinstance(node, Choice):
            return np.array([self._value(one) for one in node.options])[node.which]
        return _called(node, [self._value(part) for part in children(node)])


_LEAF = (Symbol, Cell, Reference)
_LARGEST_EXPONENT = math.log(np.finfo(float).max)
_PLAIN: dict[str, Callable[[Array | float, Array | float], Array | float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def _combined(node: Operation, left: Array | float, right: Array | float) -> Array | float:
    plain = _PLAIN.get(node.operator)
    if plain is not None:
        return plain(left, right)
    return applied(node, [np.asarray(left), np.asarray(right)])


def _called(node: Expression, values: Sequence[Array | float]) -> Array | float:
    first = values[0]
    if isinstance(node, Call) and node.name == "EXP" and isinstance(first, float):
        return math.exp(first) if first < _LARGEST_EXPONENT else math.nan
    return applied(node, [np.asarray(value) for value in values])


def near(number: float) -> Wanted:
    """Return what is wanted of formulas that have this value, but for rounding."""

    def wanted(values: Array) -> NDArray[np.bool_]:
        """Tell which values are the number."""
        sizes = np.maximum(np.abs(values), abs(number))
        return np.asarray(np.abs(values - number) <= _SLACK * sizes)

    return wanted


def within(number: float, distance: float) -> Wanted:
    """Return what is wanted of formulas that are as near as that, or undefined at the point."""
    limit = distance + _SLACK * abs(distance) + 1e-12 * abs(number)

    def wanted(values: Array) -> NDArray[np.bool_]:
        """Tell which values are that near, or undefined."""
        return ~np.asarray(np.abs(values - number) > limit)

    return wanted


def promising(candidates: Iterable[Candidate], probe: Probe, effort: Effort) -> Iterator[Mutation]:
    """Yield the formulas that fit at the probe's point, as far as the effort goes."""
    for candidate in candidates:
        most = effort.take(1 if isinstance(candidate, Mutation) else candidate.count)
        if not most:
            return
        yield from probe.passing(candidate, most)
