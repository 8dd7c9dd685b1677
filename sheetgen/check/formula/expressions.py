"""Expressions over the symbols of a network: evaluated, substituted, and written as a formula.

The right definition of a column and the formula that a person wrote are the same kind of tree,
so that one can be compared with the other at random points, mutated, and written again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Expression:
    """A node; arithmetic on nodes makes larger ones, so that definitions read like the maths."""

    __slots__ = ()

    def __add__(self, other: Expression | float) -> Expression:
        return Operation("+", self, _node(other))

    def __radd__(self, other: float) -> Expression:
        return Operation("+", _node(other), self)

    def __sub__(self, other: Expression | float) -> Expression:
        return Operation("-", self, _node(other))

    def __rsub__(self, other: float) -> Expression:
        return Operation("-", _node(other), self)

    def __mul__(self, other: Expression | float) -> Expression:
        return Operation("*", self, _node(other))

    def __rmul__(self, other: float) -> Expression:
        return Operation("*", _node(other), self)

    def __rtruediv__(self, other: float) -> Expression:
        return Operation("/", _node(other), self)

    def __truediv__(self, other: Expression | float) -> Expression:
        return Operation("/", self, _node(other))

    def __pow__(self, other: Expression | float) -> Expression:
        return Operation("^", self, _node(other))

    def __neg__(self) -> Expression:
        return Negation(self)


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Symbol(Expression):
    """A quantity of the table's row that lies `offset` rows below the one at hand."""

    name: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Cell(Expression):
    """A cell that stands for no known symbol; zero-based, on the sheet of that name."""

    sheet: str
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Operation(Expression):
    """A binary operation: + - * / ^ or a comparison."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negation(Expression):
    """Unary minus."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A spreadsheet function; its name is in upper case."""

    name: str
    arguments: tuple[Expression, ...]


Leaf = Symbol | Cell
Lookup = Callable[[Leaf], Array]


def _node(value: Expression | float) -> Expression:
    return value if isinstance(value, Expression) else Number(float(value))


def total(terms: list[Expression]) -> Expression:
    """Return the sum of at least one term."""
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def children(node: Expression) -> tuple[Expression, ...]:
    """Return the direct parts of a node, from left to right."""
    match node:
        case Operation(_, left, right):
            return (left, right)
        case Negation(operand):
            return (operand,)
        case Call(_, arguments):
            return arguments
    return ()


def with_children(node: Expression, parts: tuple[Expression, ...]) -> Expression:
    """Return the same node with other parts."""
    match node:
        case Operation(operator, _, _):
            return Operation(operator, *parts)
        case Negation():
            return Negation(*parts)
        case Call(name, _):
            return Call(name, parts)
    return node


def walk(node: Expression) -> Iterator[Expression]:
    """Yield a node and all below it, from left to right."""
    yield node
    for part in children(node):
        yield from walk(part)


def leaves(node: Expression) -> list[Leaf]:
    """Return every occurrence of a symbol or a cell, from left to right."""
    return [part for part in walk(node) if isinstance(part, Symbol | Cell)]


def symbols(node: Expression) -> list[Symbol]:
    """Return every occurrence of a symbol, from left to right."""
    return [part for part in walk(node) if isinstance(part, Symbol)]


def replace(node: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """Return the tree with each node for which `change` gives another one replaced by that."""
    changed = change(node)
    if changed is not None:
        return changed
    parts = children(node)
    return with_children(node, tuple(replace(part, change) for part in parts)) if parts else node


def shifted(node: Expression, rows: int) -> Expression:
    """Return the expression as it stands so many rows further down."""

    def shift(part: Expression) -> Expression | None:
        return Symbol(part.name, part.offset + rows) if isinstance(part, Symbol) else None

    return replace(node, shift) if rows else node


def _exponential(exponent: Array) -> Array:
    """Return e to the exponent; what overflows is an error in a spreadsheet, and no infinity."""
    result = np.exp(exponent)
    return np.where(np.isinf(result), np.nan, result)


_OPERATIONS: dict[str, Callable[[Array, Array], Array]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": np.power,
    ">": lambda a, b: np.where(a > b, 1.0, 0.0),
    "<": lambda a, b: np.where(a < b, 1.0, 0.0),
    ">=": lambda a, b: np.where(a >= b, 1.0, 0.0),
    "<=": lambda a, b: np.where(a <= b, 1.0, 0.0),
    "=": lambda a, b: np.where(a == b, 1.0, 0.0),
    "<>": lambda a, b: np.where(a != b, 1.0, 0.0),
}

_FUNCTIONS: dict[str, Callable[[list[Array]], Array]] = {
    "EXP": lambda values: _exponential(values[0]),
    "LN": lambda values: np.log(values[0]),
    "SQRT": lambda values: np.sqrt(values[0]),
    "TANH": lambda values: np.tanh(values[0]),
    "SINH": lambda values: np.sinh(values[0]),
    "COSH": lambda values: np.cosh(values[0]),
    "ABS": lambda values: np.abs(values[0]),
    "SIGN": lambda values: np.sign(values[0]),
    "POWER": lambda values: np.power(values[0], values[1]),
    "POW": lambda values: np.power(values[0], values[1]),  # how Google Sheets exports it
    "SUM": np.add.reduce,
    "SUMSQ": lambda values: np.add.reduce([value**2 for value in values]),
    "PRODUCT": np.multiply.reduce,
    "AVERAGE": lambda values: np.add.reduce(values) / len(values),
    "MAX": np.maximum.reduce,
    "MIN": np.minimum.reduce,
    "MULTIPLY": lambda values: values[0] * values[1],
    "ADD": lambda values: values[0] + values[1],
    "MINUS": lambda values: values[0] - values[1],
    "DIVIDE": lambda values: values[0] / values[1],
    "IF": lambda values: np.where(values[0] != 0, values[1], values[2]),
    "STEP": lambda values: np.where(values[0] > 0, 1.0, 0.0),
}

_ARITY = {"POWER": 2, "POW": 2, "MULTIPLY": 2, "ADD": 2, "MINUS": 2, "DIVIDE": 2, "IF": 3}
_ONE = {"EXP", "LN", "SQRT", "TANH", "SINH", "COSH", "ABS", "SIGN", "STEP"}


def is_known(name: str, count: int) -> bool:
    """Return whether a function can be evaluated with so many arguments."""
    if name in _ONE:
        return count == 1
    return name in _FUNCTIONS and (count == _ARITY[name] if name in _ARITY else count > 0)


def evaluate(node: Expression, lookup: Lookup) -> Array:
    """Return the value at every point that `lookup` gives; what is undefined is not finite."""
    with np.errstate(all="ignore"):
        return np.asarray(_evaluate(node, lookup), dtype=float)


def _evaluate(node: Expression, lookup: Lookup) -> Array:
    match node:
        case Number(value):
            return np.asarray(value)
        case Symbol() | Cell():
            return lookup(node)
        case Negation(operand):
            return -_evaluate(operand, lookup)
        case Operation(operator, left, right):
            return _OPERATIONS[operator](_evaluate(left, lookup), _evaluate(right, lookup))
        case Call(name, arguments):
            values = [_evaluate(one, lookup) for one in arguments]
            return _FUNCTIONS[name](list(np.broadcast_arrays(*values)))
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
