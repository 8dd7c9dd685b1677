"""Expressions over the symbols of a network, to evaluate, change and write as a formula.

The right definition of a column and the formula that a user wrote are the same kind of tree, so
that the two can be compared at random points, mutated, and written as text.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Expression:
    """A node; arithmetic on nodes makes larger ones, so that definitions read like the maths.

    No node is changed after it is made. The classes do not forbid it: a frozen one is made in
    three times the time, and a search makes many.
    """

    __slots__ = ()

    def __add__(self, other: Expression | float) -> Expression:
        return Operation("+", self, _node(other))

    def __sub__(self, other: Expression | float) -> Expression:
        return Operation("-", self, _node(other))

    def __rsub__(self, other: float) -> Expression:
        return Operation("-", _node(other), self)

    def __mul__(self, other: Expression | float) -> Expression:
        return Operation("*", self, _node(other))

    def __truediv__(self, other: Expression | float) -> Expression:
        return Operation("/", self, _node(other))

    def __pow__(self, other: Expression | float) -> Expression:
        return Operation("^", self, _node(other))

    def __neg__(self) -> Expression:
        return Negation(self)


@dataclass(slots=True, unsafe_hash=True)
class Number(Expression):
    """A literal."""

    value: float


@dataclass(slots=True, unsafe_hash=True)
class Symbol(Expression):
    """A quantity of the table, `offset` rows below the row of the formula."""

    name: str
    offset: int = 0


@dataclass(slots=True, unsafe_hash=True)
class Cell(Expression):
    """A cell that holds no known symbol; zero-based, on the sheet of that name."""

    sheet: str
    row: int
    column: int


@dataclass(slots=True, unsafe_hash=True)
class Operation(Expression):
    """A binary operation: + - * / ^ or a comparison."""

    operator: str
    left: Expression
    right: Expression


@dataclass(slots=True, unsafe_hash=True)
class Negation(Expression):
    """Unary minus."""

    operand: Expression


@dataclass(slots=True, unsafe_hash=True)
class Call(Expression):
    """A spreadsheet function; its name is in upper case."""

    name: str
    arguments: tuple[Expression, ...]


Leaf = Symbol | Cell
_LEAF = (Symbol, Cell)  # to ask for the union of two classes takes much longer
Lookup = Callable[[Leaf], Array]


def _node(value: Expression | float) -> Expression:
    return value if isinstance(value, Expression) else Number(float(value))


def total(terms: list[Expression]) -> Expression:
    """Return the sum of at least one term."""
    return reduce(operator.add, terms)


def children(node: Expression) -> tuple[Expression, ...]:
    """Return the direct parts of a node, from left to right."""
    # Not a match statement: the search for a mistake walks through thousands of formulas.
    if isinstance(node, Operation):
        return node.left, node.right
    if isinstance(node, Negation):
        return (node.operand,)
    return node.arguments if isinstance(node, Call) else ()


def with_children(node: Expression, parts: tuple[Expression, ...]) -> Expression:
    """Return the same node with other parts."""
    if isinstance(node, Operation):
        return Operation(node.operator, *parts)
    if isinstance(node, Negation):
        return Negation(*parts)
    return Call(node.name, parts) if isinstance(node, Call) else node


def walk(node: Expression) -> Iterator[Expression]:
    """Yield a node and all below it, from left to right."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Operation):
            waiting += node.right, node.left
        elif not isinstance(node, _LEAF):
            waiting.extend(reversed(children(node)))


def is_deeper(node: Expression, levels: int) -> bool:
    """Return whether parts are nested in more than so many levels."""
    level = [node]
    for _ in range(levels):
        if not level:
            break
        level = [part for one in level for part in children(one)]
    return bool(level)


def leaves(node: Expression) -> list[Leaf]:
    """Return every occurrence of a symbol or a cell, from left to right."""
    return [part for part in walk(node) if isinstance(part, _LEAF)]


def symbols(node: Expression) -> list[Symbol]:
    """Return every occurrence of a symbol, from left to right."""
    return [part for part in walk(node) if isinstance(part, Symbol)]


def replace(node: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """Return the tree with each node replaced for which `change` returns another one.

    A part in which nothing changes stays the same object.
    """
    changed = change(node)
    if changed is not None:
        return changed
    if isinstance(node, Operation):  # as most are
        left, right = replace(node.left, change), replace(node.right, change)
        is_same = left is node.left and right is node.right
        return node if is_same else Operation(node.operator, left, right)
    parts = children(node)
    if not parts:
        return node
    new = [replace(part, change) for part in parts]
    return node if all(map(operator.is_, parts, new)) else with_children(node, tuple(new))


def shifted(node: Expression, rows: int) -> Expression:
    """Return the expression as a cell `rows` rows further down has it."""

    def shift(part: Expression) -> Expression | None:
        """Return a symbol further down, None for all else."""
        return Symbol(part.name, part.offset + rows) if isinstance(part, Symbol) else None

    return replace(node, shift) if rows else node


def _exponential(exponent: Array) -> Array:
    """Return e to the exponent, NaN where it overflows: that is an error in a spreadsheet."""
    result = np.exp(exponent)
    return np.where(np.isinf(result), np.nan, result)


def _chosen(condition: Array, if_true: Array, if_false: Array) -> Array:
    return np.where(condition != 0, if_true, if_false)


_OPERATIONS: dict[str, Callable[[Array, Array], Array]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": np.power,
    ">": lambda a, b: np.where(a > b, 1.0, 0.0),
    "<": lambda a, b: np.where(a < b, 1.0, 0.0),
    ">=": lambda a, b: np.where(a >= b, 1.0, 0.0),
    "<=": lambda a, b: np.where(a <= b, 1.0, 0.0),
    "=": lambda a, b: np.where(a == b, 1.0, 0.0),
    "<>": lambda a, b: np.where(a != b, 1.0, 0.0),
}

# With the number of arguments that each takes; None for any number from 1 on.
_FUNCTIONS: dict[str, tuple[int | None, Callable[..., Array]]] = {
    "EXP": (1, _exponential),
    "LN": (1, np.log),
    "SQRT": (1, np.sqrt),
    "TANH": (1, np.tanh),
    "SINH": (1, np.sinh),
    "COSH": (1, np.cosh),
    "ABS": (1, np.abs),
    "SIGN": (1, np.sign),
    "STEP": (1, lambda a: np.where(a > 0, 1.0, 0.0)),
    "POWER": (2, np.power),
    "MULTIPLY": (2, np.multiply),
    "ADD": (2, np.add),
    "MINUS": (2, np.subtract),
    "DIVIDE": (2, np.divide),
    "IF": (3, _chosen),
    "AND": (None, lambda *values: np.where(np.all(values, axis=0), 1.0, 0.0)),
    "OR": (None, lambda *values: np.where(np.any(values, axis=0), 1.0, 0.0)),
    "SUM": (None, lambda *values: np.add.reduce(values)),
    "SUMSQ": (None, lambda *values: np.add.reduce(np.square(values))),
    "PRODUCT": (None, lambda *values: np.multiply.reduce(values)),
    "AVERAGE": (None, lambda *values: np.add.reduce(values) / len(values)),
    "MAX": (None, lambda *values: np.maximum.reduce(values)),
    "MIN": (None, lambda *values: np.minimum.reduce(values)),
}


def is_known(name: str, count: int) -> bool:
    """Return whether a function can be evaluated with that number of arguments."""
    expected, _ = _FUNCTIONS.get(name, (0, None))
    return count > 0 and expected in (None, count)


def evaluate(node: Expression, lookup: Lookup) -> Array:
    """Return the value at every point that `lookup` gives; what is undefined is not finite."""
    with np.errstate(all="ignore"):
        return np.asarray(_evaluate(node, lookup), dtype=float)


def _evaluate(node: Expression, lookup: Lookup) -> Array:
    if isinstance(node, Operation):
        left, right = _evaluate(node.left, lookup), _evaluate(node.right, lookup)
        return _OPERATIONS[node.operator](left, right)
    if isinstance(node, _LEAF):
        return lookup(node)
    if isinstance(node, Number):
        return np.asarray(node.value)
    return applied(node, [_evaluate(one, lookup) for one in children(node)])


def applied(node: Expression, values: Sequence[Array]) -> Array:
    """Return what a node makes of the values of its parts."""
    if isinstance(node, Operation):
        return _OPERATIONS[node.operator](*values)
    if isinstance(node, Negation):
        return -values[0]
    if isinstance(node, Call):
        return np.asarray(_FUNCTIONS[node.name][1](*np.broadcast_arrays(*values)))
    raise TypeError(node)


_STRENGTH = {"^": 4, "*": 2, "/": 2, "+": 1, "-": 1}


def written(node: Expression, name: Callable[[Leaf], str]) -> str:
    """Return the expression as a formula without "=", with the parentheses that it needs."""
    return _written(node, name)[0]


def _written(node: Expression, name: Callable[[Leaf], str]) -> tuple[str, int]:
    """Return the text and how strongly its outermost operation binds."""
    match node:
        case Number(value):
            return (f"{value:.15g}".upper(), 9 if value >= 0 else 3)
        case Symbol() | Cell():
            return name(node), 9
        case Negation(operand):
            text, strength = _written(operand, name)
            # Excel's unary minus binds tighter than ^, so only an atom may follow it.
            return (f"-{text}" if strength == 9 else f"-({text})"), 3
        case Call("STEP", (argument,)):
            return f"IF({_written(argument, name)[0]}>0,1,0)", 9
        case Call(function, arguments):
            return f"{function}({','.join(_written(one, name)[0] for one in arguments)})", 9
        case Operation(operator, left, right):
            return _operation(operator, _written(left, name), _written(right, name))
    raise TypeError(node)


def _operation(operator: str, left: tuple[str, int], right: tuple[str, int]) -> tuple[str, int]:
    strength = _STRENGTH.get(operator, 0)
    (before, weak_left), (after, weak_right) = left, right
    if weak_left < strength or (operator == "^" and weak_left <= strength):
        before = f"({before})"
    if weak_right < strength or (weak_right == strength and operator in "-/^"):
        after = f"({after})"
    return f"{before}{operator}{after}", strength
