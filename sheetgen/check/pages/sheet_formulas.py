"""Reads the formulas of a sheet as expressions over cells, in the order of their computation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sheetgen.check.formula.expressions import (
    Call,
    Cell,
    Expression,
    Negation,
    Number,
    Operation,
    is_deeper,
    leaves,
    replace,
)
from sheetgen.check.formula.matrix_expressions import UnsupportedError
from sheetgen.check.formula.parsing import located, parse
from sheetgen.check.reading.cells import Book, Content, number_in
from sheetgen.check.tables.table import EMPTY

_MOST_FORMULAS = 6000
_MOST_LEVELS = 150  # of a formula
_LONGEST_CHAIN = 8  # references to a cell that only refers to another


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a sum: a number times factors."""

    coefficient: float
    factors: tuple[Expression, ...]


def terms_of(tree: Expression) -> list[Term]:
    """Return the terms of a sum; a tree that is none is a single term."""
    match tree:
        case Operation("+", left, right):
            return [*terms_of(left), *terms_of(right)]
        case Operation("-", left, right):
            return [*terms_of(left), *_scaled(-1.0, terms_of(right))]
        case Negation(operand):
            return _scaled(-1.0, terms_of(operand))
        case Call("SUM", arguments):
            return [one for part in arguments for one in terms_of(part)]
    return [_product(tree)]


def _scaled(factor: float, terms: list[Term]) -> list[Term]:
    return [Term(factor * one.coefficient, one.factors) for one in terms]


def _product(tree: Expression) -> Term:
    match tree:
        case Number(value):
            return Term(value, ())
        case Negation(operand):
            inner = _product(operand)
            return Term(-inner.coefficient, inner.factors)
        case Operation("*", left, right):
            one, other = _product(left), _product(right)
            return Term(one.coefficient * other.coefficient, (*one.factors, *other.factors))
        case Operation("/", left, Number(value)) if value:
            one = _product(left)
            return Term(one.coefficient / value, one.factors)
        case Call("PRODUCT", arguments):
            parts = [_product(one) for one in arguments]
            coefficient = 1.0
            for part in parts:
                coefficient *= part.coefficient
            return Term(coefficient, tuple(one for part in parts for one in part.factors))
    return Term(1.0, (tree,))


@dataclass
class SheetFormulas:
    """The formulas of a sheet; `trees` has those that are understood, over cells."""

    book: Book
    sheet: str
    trees: Mapping[Cell, Expression] = field(init=False)

    def __post_init__(self) -> None:
        cells = self.book.sheets[self.sheet]
        trees: dict[Cell, Expression] = {}
        written = [(place, one.formula) for place, one in cells.items() if one.formula is not None]
        for (row, column), formula in written[:_MOST_FORMULAS]:
            try:
                tree = parse(formula, self.book.names)
            except UnsupportedError:
                continue
            if not is_deeper(tree, _MOST_LEVELS):
                trees[Cell(self.sheet, row, column)] = located(tree, row, column, self.sheet)
        # A cell that only refers to another is that one.
        self._same = {one: tree for one, tree in trees.items() if isinstance(tree, Cell)}
        self.trees = {
            one: replace(tree, lambda part: self.root(part) if isinstance(part, Cell) else None)
            for one, tree in trees.items()
            if not isinstance(tree, Cell)
        }

    def root(self, cell: Cell) -> Cell:
        """Return the cell that a cell refers to, if it does nothing else; or else itself."""
        for _ in range(_LONGEST_CHAIN):
            if cell not in self._same:
                break
            cell = self._same[cell]
        return cell

    def content(self, cell: Cell) -> Content:
        """Return what a cell holds."""
        return self.book.sheets.get(cell.sheet, {}).get((cell.row, cell.column), EMPTY)

    def is_typed(self, cell: Cell) -> bool:
        """Return whether a cell holds a number without a formula, also one as text."""
        content = self.content(cell)
        is_number = content.number is not None or number_in(content.text) is not None
        return content.formula is None and is_number

    @cached_property
    def in_order(self) -> list[Cell]:
        """The cells with formulas, each after those that it reads; none of a circle."""
        waiting = {one: set(leaves(tree)) for one, tree in self.trees.items()}
        readers: dict[Cell, list[Cell]] = {}
        counts: dict[Cell, int] = {}
        for cell, read in waiting.items():
            inner = [one for one in read if one in self.trees]
            counts[cell] = len(inner)
            for one in inner:
                readers.setdefault(one, []).append(cell)  # type: ignore[arg-type]
        ready = [one for one, count in counts.items() if not count]
        for cell in ready:  # which grows
            for reader in readers.get(cell, ()):
                counts[reader] -= 1
                if not counts[reader]:
                    ready.append(reader)
        return ready

    def differences(self) -> Iterator[tuple[Cell, Cell]]:
        """Yield each two cells that a formula subtracts from one another."""
        for tree in self.trees.values():
            yield from _differences(tree)


def _differences(tree: Expression) -> Iterator[tuple[Cell, Cell]]:
    terms = terms_of(tree)
    plain = [
        (one.coefficient, one.factors[0])
        for one in terms
        if len(one.factors) == 1 and isinstance(one.factors[0], Cell)
    ]
    if len(terms) == len(plain) == 2 and plain[0][0] * plain[1][0] < 0:
        yield plain[0][1], plain[1][1]
    for one in terms:
        for factor in one.factors:
            if not isinstance(factor, Cell):
                yield from _inside(factor)


def _inside(tree: Expression) -> Iterator[tuple[Cell, Cell]]:
    match tree:
        case Operation("+" | "-", _, _) | Negation():
            yield from _differences(tree)
        case Operation(_, left, right):
            yield from _differences(left)
            yield from _differences(right)
        case Call(_, arguments):
            for one in arguments:
                yield from _differences(one)
