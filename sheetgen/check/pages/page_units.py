"""Finds the units of a network among the formulas of a sheet, and what updates its parameters.

A unit is an activation of a sum of products. A parameter is a typed number, or a cell that starts
from one and adds something that is computed.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sheetgen.check.formula.expressions import (
    Call,
    Cell,
    Expression,
    Operation,
    Symbol,
    children,
    evaluate,
    leaves,
    replace,
)
from sheetgen.check.meaning.functions import ACTIVATIONS, SOFTMAX, THRESHOLDS, activated
from sheetgen.check.pages.sheet_formulas import SheetFormulas, Term, terms_of
from sheetgen.network.activations import Activation

_PROBES = np.linspace(-3.1, 3.3, 17)
_DEEPEST = 3  # helper cells between a softmax and its pre-activations
_Z = Symbol("z")


@dataclass(frozen=True, slots=True)
class Net:
    """A sum of products of two cells, and of single cells with their signs."""

    pairs: tuple[tuple[Cell, Cell], ...]
    biases: tuple[tuple[float, Cell], ...]

    def with_constants(self, constants: Callable[[Cell], bool], units: Collection[Cell]) -> "Net":
        """Return the sum with the weights of constants 1 beside units as biases."""
        if not any(cell in units for pair in self.pairs for cell in pair):
            return self
        pairs, biases = [], list(self.biases)
        for pair in self.pairs:
            ones = [cell for cell in pair if constants(cell)]
            if len(ones) == 1 and not any(cell in units for cell in pair):
                biases.append((1.0, pair[1] if pair[0] == ones[0] else pair[0]))
            else:
                pairs.append(pair)
        return Net(tuple(pairs), tuple(biases))


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: the cells of its output and its sum, if that has one, and what the sum adds up.

    `activation` is None for a function that is not known.
    """

    cell: Cell
    sum_cell: Cell | None
    net: Net
    activation: Activation | None


class Units:
    """The units and the updated parameters of a sheet."""

    def __init__(self, formulas: SheetFormulas) -> None:
        self._formulas = formulas
        self.units: dict[Cell, Unit] = {}
        self.before: dict[Cell, Cell] = {}
        """An updated parameter → the one that it starts from."""
        self._nets: dict[Cell, Net] = {}
        self._functions: dict[Cell, Cell] = {}  # of a single sum, → that
        for cell in formulas.in_order:
            self._read(cell, formulas.trees[cell])
        self._adopt()
        self._add_sums_as_outputs()

    def _read(self, cell: Cell, tree: Expression) -> None:
        net = self._net(tree)
        if net is not None:
            self._nets[cell] = net
            return
        unit = self._unit(cell, tree)
        if unit is not None:
            self.units[cell] = unit
        elif (start := self._start(tree)) is not None:
            self.before[cell] = start

    def is_parameter(self, cell: Cell) -> bool:
        """Return whether a cell may be a weight: typed, or updated."""
        return cell in self.before or self._formulas.is_typed(cell)

    # Sums

    def _net(self, tree: Expression) -> Net | None:
        terms = terms_of(tree)
        if all(one.coefficient == 1 for one in terms):
            terms = [part for one in terms for part in self._expanded(one)]
        pairs: list[tuple[Cell, Cell]] = []
        biases: list[tuple[float, Cell]] = []
        for term in terms:
            cells = [one for one in term.factors if isinstance(one, Cell)]
            if len(cells) < len(term.factors) or abs(term.coefficient) != 1:
                return None
            if len(cells) == 2:
                pairs.append((cells[0], cells[1]))
            elif len(cells) == 1:
                biases.append((term.coefficient, cells[0]))
            else:
                return None
        if not pairs or not all(self.is_parameter(one) for _, one in biases):
            return None
        loose = [one for one in pairs if not self._fits(one)]
        outputs = [one for one in pairs if any(cell in self.units for cell in one)]
        if loose and not (outputs and all(map(self._may_fit, loose))):
            return None
        return Net(tuple(pairs), tuple(biases)).with_constants(self._is_one, self.units)

    def _is_one(self, cell: Cell) -> bool:
        return self._formulas.is_typed(cell) and self._formulas.content(cell).number == 1

    def _expanded(self, term: Term, depth: int = 0) -> list[Term]:
        """Return the terms of a cell that is a part of the sum: a product, or a sum of those."""
        (cell, *others) = term.factors or (None,)
        tree = None if others or not isinstance(cell, Cell) else self._formulas.trees.get(cell)
        if tree is None or depth > 1 or cell in self.before or cell in self.units:
            return [term]
        inner = terms_of(tree)
        is_part = all(one.coefficient == 1 and 0 < len(one.factors) <= 2 for one in inner)
        if not is_part or not any(len(one.factors) == 2 for one in inner):
            return [term]
        return [part for one in inner for part in self._expanded(one, depth + 1)]

    def _fits(self, pair: tuple[Cell, Cell]) -> bool:
        """Return whether a pair may be a parameter, and an input or the output of a unit."""
        return any(
            self.is_parameter(one) and (other in self.units or self.is_parameter(other))
            for one, other in (pair, pair[::-1])
        )

    def _may_fit(self, pair: tuple[Cell, Cell]) -> bool:
        """Return whether a pair may be a parameter and an output whose function is not known."""
        return any(
            self.is_parameter(one) and other in self._functions for one, other in (pair, pair[::-1])
        )

    def _adopt(self) -> None:
        """Take functions of a sum that sums read beside outputs as outputs, too."""
        for net in list(self._nets.values()):
            for pair in net.pairs:
                for cell in pair:
                    if cell in self._functions and cell not in self.units:
                        of = self._functions[cell]
                        own = self._nets.get(of, Net((), ()))
                        self.units[cell] = Unit(cell, of, own, None)

    # Outputs

    def _unit(self, cell: Cell, tree: Expression) -> Unit | None:
        of = _only_cell(tree)
        if of is not None and of in self._functions:  # such as e^-z
            inner = self._formulas.trees[of]
            tree = replace(tree, lambda node: inner if node == of else None)
            of = _only_cell(tree)
        if of is not None and of in self._nets:
            found = _activation(_with_z(tree, of))
            if found is None:
                self._functions[cell] = of
                return None
            return Unit(cell, of, self._nets[of], found)
        if of is not None and self._formulas.is_typed(of):
            self._functions[cell] = of  # of a sum, perhaps, over which a number was typed
        for part in _parts(tree):
            net = self._net(part)
            if net is not None:
                found = _activation(_with_z(tree, part))
                return None if found is None else Unit(cell, None, net, found)
        return self._softmax(cell, tree)

    def _softmax(self, cell: Cell, tree: Expression) -> Unit | None:
        for _ in range(_DEEPEST):
            tree = replace(
                tree,
                lambda part: (
                    self._formulas.trees.get(part)
                    if isinstance(part, Cell) and part not in self._nets
                    else None
                ),
            )
        read = list(dict.fromkeys(leaves(tree)))
        if len(read) < 2 or not all(one in self._nets for one in read):
            return None
        probes = {one: _PROBES / place for place, one in enumerate(read, 1)}
        values = evaluate(tree, lambda leaf: probes[leaf])
        whole = np.sum([np.exp(one) for one in probes.values()], axis=0)
        for one in read:
            if np.allclose(values, np.exp(probes[one]) / whole, rtol=1e-9):
                assert isinstance(one, Cell)
                return Unit(cell, one, self._nets[one], SOFTMAX)
        return None

    def _add_sums_as_outputs(self) -> None:
        """Take sums whose difference from a typed number is computed as outputs themselves."""
        used = {one.sum_cell for one in self.units.values()}
        for one, other in self._formulas.differences():
            for cell, number in ((one, other), (other, one)):
                if cell in self._nets and cell not in used and self._formulas.is_typed(number):
                    self.units[cell] = Unit(cell, cell, self._nets[cell], ACTIVATIONS[-1])

    # Parameters

    def _start(self, tree: Expression) -> Cell | None:
        """Return the parameter that a formula starts from; None if it is no update."""
        terms = terms_of(tree)
        starts = [
            one.factors[0]
            for one in terms
            if one.coefficient == 1
            and len(one.factors) == 1
            and isinstance(one.factors[0], Cell)
            and self.is_parameter(one.factors[0])
        ]
        rest = [one for one in terms if one.factors != tuple(starts)]
        if len(starts) != 1 or not any(map(self._is_step, rest)):
            return None
        return starts[0]

    def _is_step(self, term: Term) -> bool:
        """Return whether a term is computed, and no mere output: t - a is no update of t."""
        computed = any(leaf in self._formulas.trees for one in term.factors for leaf in leaves(one))
        if len(term.factors) != 1 or not isinstance(term.factors[0], Cell):
            return computed
        return computed and term.factors[0] not in {*self.units, *self._nets}


def _only_cell(tree: Expression) -> Cell | None:
    """Return the cell that a formula reads if it reads no other."""
    read = {one for one in leaves(tree) if isinstance(one, Cell)}
    return read.pop() if len(read) == 1 else None


def _with_z(tree: Expression, part: Expression) -> Expression:
    """Return a formula with z in place of a part of it."""
    return replace(tree, lambda node: _Z if node == part else None)


def _parts(tree: Expression) -> Iterator[Expression]:
    """Yield the largest sums and products within a formula, and then those within them."""
    level: Sequence[Expression] = children(tree)
    while level:
        for one in level:
            is_sum = isinstance(one, Call) and one.name == "SUM"
            if is_sum or (isinstance(one, Operation) and one.operator in "+-*"):
                yield one
        level = [part for one in level for part in children(one)]


def _activation(tree: Expression) -> Activation | None:
    """Return the activation that a formula over z is, or None; the identity is none."""
    if set(leaves(tree)) != {_Z}:
        return None
    values = evaluate(tree, lambda _: _PROBES)
    for one in (*ACTIVATIONS[:-1], *THRESHOLDS):
        if np.allclose(values, evaluate(activated(one, _Z), lambda _: _PROBES), rtol=1e-9):
            return one
    return None
