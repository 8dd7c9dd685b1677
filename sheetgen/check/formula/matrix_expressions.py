"""Matrices of expressions, as ranges are in formulas: products, transposes, element by element."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import mul

from sheetgen.check.formula.expressions import Call, Expression, Operation

AGGREGATES = frozenset(("SUM", "SUMSQ", "PRODUCT", "AVERAGE", "MAX", "MIN", "AND", "OR"))
"""The functions that take all elements of a range together."""


class UnsupportedError(Exception):
    """The formula uses something that the parser does not know."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The expressions of a range, row by row."""

    rows: tuple[tuple[Expression, ...], ...]

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return len(self.rows), len(self.rows[0])


Value = Expression | Matrix


def elements(value: Value) -> tuple[Expression, ...]:
    """Return the expression, or those of a matrix, row by row."""
    return (
        tuple(one for row in value.rows for one in row) if isinstance(value, Matrix) else (value,)
    )


def element_of(value: Value, place: tuple[int, int]) -> Expression:
    """Return what a cell of an array formula holds; a single row or column fills the others.

    Raises UnsupportedError beyond the ends of a matrix.
    """
    if not isinstance(value, Matrix):
        return value
    row, column = (0 if size == 1 else one for one, size in zip(place, value.shape, strict=True))
    if row >= value.shape[0] or column >= value.shape[1]:
        raise UnsupportedError("an array formula that fills more cells than it has")
    return value.rows[row][column]


def elementwise(make: Callable[..., Expression], parts: Sequence[Value]) -> Matrix:
    """Return what `make` makes of each place of these matrices and numbers."""
    shapes = [one.shape for one in parts if isinstance(one, Matrix)]
    height, width = (max(sizes) for sizes in zip(*shapes, strict=True))
    return Matrix(
        tuple(
            tuple(
                make(*(element_of(one, (row, column)) for one in parts)) for column in range(width)
            )
            for row in range(height)
        )
    )


def _matrix(value: Value) -> Matrix:
    return value if isinstance(value, Matrix) else Matrix(((value,),))


def _sum(terms: Sequence[Expression]) -> Expression:
    return terms[0] if len(terms) == 1 else Call("SUM", tuple(terms))


def _product(arguments: Sequence[Value]) -> Value:
    if len(arguments) != 2:
        raise UnsupportedError("MMULT")
    left, right = map(_matrix, arguments)
    if left.shape[1] != right.shape[0]:
        raise UnsupportedError("MMULT of matrices that do not fit")
    columns = tuple(zip(*right.rows, strict=True))
    found = Matrix(
        tuple(
            tuple(
                _sum([Operation("*", a, b) for a, b in zip(row, column, strict=True)])
                for column in columns
            )
            for row in left.rows
        )
    )
    return found.rows[0][0] if found.shape == (1, 1) else found


def _transpose(arguments: Sequence[Value]) -> Value:
    if len(arguments) != 1:
        raise UnsupportedError("TRANSPOSE")
    return Matrix(tuple(zip(*_matrix(arguments[0]).rows, strict=True)))


def _sum_of_products(arguments: Sequence[Value]) -> Value:
    groups = [elements(one) for one in arguments]
    if not groups or len({len(group) for group in groups}) != 1:
        raise UnsupportedError("SUMPRODUCT")
    return Call("SUM", tuple(reduce(mul, factors) for factors in zip(*groups, strict=True)))


def _as_array(arguments: Sequence[Value]) -> Value:
    if len(arguments) != 1:
        raise UnsupportedError("ARRAYFORMULA")
    return arguments[0]


OF_MATRICES: dict[str, Callable[[Sequence[Value]], Value]] = {
    "MMULT": _product,
    "TRANSPOSE": _transpose,
    "SUMPRODUCT": _sum_of_products,
    "ARRAYFORMULA": _as_array,  # of Google Sheets
}
"""The functions that take matrices as such, also where a formula is no array formula."""
