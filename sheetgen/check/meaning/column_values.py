"""Compares a column's numbers with a formula, recomputed from the other columns of each row.

Numbers that were pasted with few digits are compared within their own rounding and that of the
numbers that they are recomputed from.
"""

import math
from collections.abc import Collection, Mapping, Sequence
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
from sheetgen.check.tables.headers import COUNTED

RELATIVE = 1e-9
_FULL_DIGITS = 14
_MOST_NUMBERS = 1 << 16  # to hold for each part of a formula at a time
_MOST_KEPT = 1 << 22  # numbers that were recomputed
_FLOAT = 4e-15  # a saved double has 15 digits at least


@dataclass(frozen=True)
class Numbers:
    """The numbers of a table: symbol → values and their rounding errors, each of shape (rows,)."""

    values: dict[str, Array]
    roundings: dict[str, Array]
    constants: dict[str, float]
    rows: int
    _recomputed: dict[Expression, tuple[Array, Array]] = field(default_factory=dict, init=False)

    def lookup(self, leaf: Leaf) -> Array:
        """Return the values of a symbol in its row; nan beyond the table's ends, and for a cell."""
        if isinstance(leaf, Cell) or leaf.name not in self.values:
            known = None if isinstance(leaf, Cell) else self.constants.get(leaf.name)
            return np.full(self.rows, math.nan if known is None else known)
        return _moved(self.values[leaf.name], leaf.offset)

    def rounding(self, leaf: Leaf) -> Array:
        """Return the largest possible error of each value of `lookup`; counts are exact."""
        if isinstance(leaf, Symbol) and leaf.name in COUNTED:
            return np.zeros(self.rows)
        values = np.abs(self.lookup(leaf)) * _FLOAT
        if isinstance(leaf, Symbol) and leaf.name in self.roundings:
            return np.maximum(values, _moved(self.roundings[leaf.name], leaf.offset))
        return values

    def recomputed(self, expression: Expression) -> tuple[Array, Array]:
        """Return an expression's value in each row, and its largest error; shape (rows,)."""
        known = self._recomputed.get(expression)
        if known is None:
            known = self._recompute(expression)
            if self.rows * len(self._recomputed) < _MOST_KEPT:
                self._recomputed[expression] = known
        return known

    def _recompute(self, expression: Expression) -> tuple[Array, Array]:
        value = np.broadcast_to(evaluate(expression, self.lookup), self.rows)
        allowed = np.abs(value) * RELATIVE
        every = list(dict.fromkeys(leaves(expression)))
        together = max(1, _MOST_NUMBERS // max(1, self.rows))
        for first in range(0, len(every), together):
            nudged = self._nudged(expression, every[first : first + together])
            with np.errstate(invalid="ignore"):
                for one in nudged:
                    allowed = allowed + np.abs(one - value)
        return value, allowed

    def _nudged(self, expression: Expression, moved: Sequence[Leaf]) -> Array:
        """Return an expression's values with one leaf off by its error, shape (leaves, rows)."""
        places = {leaf: place for place, leaf in enumerate(moved)}

        def lookup(leaf: Leaf) -> Array:
            """Return a leaf's values, (leaves, rows) where it is one of those that are moved."""
            values = self.lookup(leaf)
            if leaf not in places:
                return values
            each = np.empty((len(moved), self.rows))
            each[:] = values
            each[places[leaf]] += self.rounding(leaf)
            return each

        return np.broadcast_to(evaluate(expression, lookup), (len(moved), self.rows))

    def agreement(self, symbol: str, expression: Expression) -> tuple[Array, NDArray[np.bool_]]:
        """Return the column's relative differences from an expression, and where it agrees.

        Both have shape (rows,); if either is undefined the difference is nan and the row does not
        agree.
        """
        value, allowed = self.recomputed(expression)
        actual = self.values[symbol]
        with np.errstate(invalid="ignore", divide="ignore"):
            difference = np.abs(actual - value)
            agrees = difference <= allowed + self.rounding(Symbol(symbol))
            largest = np.max(np.abs(value), initial=0.0, where=np.isfinite(value))
            # If a column passes through 0, the digits that cancel out mean nothing.
            scale = np.maximum(np.maximum(np.abs(value), np.abs(actual)), 1e-6 * largest)
            relative = np.where(difference == 0, 0.0, difference / scale)
        return relative, agrees


@dataclass(frozen=True, slots=True)
class Precision:
    """The number of decimals, significant digits and characters that numbers were written with.

    `small` are the significant digits of positive and of negative numbers that programs show as
    9.22E-05: often fewer than the others have.
    """

    decimals: int
    digits: int
    characters: int = 99
    small: tuple[int, int] = (99, 99)

    @classmethod
    def of(cls, values: Array) -> "Precision":
        """Return the precision of numbers, which the longest one shows."""
        finite = values[np.isfinite(values)]
        texts = [_text(value) for value in finite.tolist()]
        plain = [text for text in texts if "e" not in text]
        small = [text for text in texts if "e-" in text]
        return cls(
            max((_decimals(text) for text in texts), default=0),
            max((_digits(text) for text in texts), default=0),
            max((len(text) for text in plain), default=99),
            (
                max((_digits(text) for text in small if text[0] != "-"), default=99),
                max((_digits(text) for text in small if text[0] == "-"), default=99),
            ),
        )

    def rounding(self, values: Array) -> Array:
        """Return half a unit of the last digit of each number; 0 for full precision.

        The coarsest of decimals, digits and characters counts: in a narrow column the sign takes
        the place of a digit, and so does each digit before the point.
        """
        if self.digits >= _FULL_DIGITS:
            return np.zeros_like(values)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.where(values == 0, -300.0, np.floor(np.log10(np.abs(values))))
        by_digits = 10.0 ** (size + 1 - self.digits)
        whole_part = np.maximum(size, 0) + 1
        # A column that is too narrow for the digits before the point shows no number at all.
        by_width = np.minimum(10.0 ** (whole_part + (values < 0) + 1 - self.characters), 1.0)
        kept = np.where(values < 0, self.small[1], self.small[0])
        by_notation = np.where((values != 0) & (size < -4), 10.0 ** (size + 1 - kept), 0.0)
        coarsest = np.maximum.reduce([by_digits, by_width, by_notation])
        largest = np.maximum(coarsest, 10.0**-self.decimals)
        return np.where(np.isfinite(values), 0.5 * largest, 0.0)


def roundings_of(values: Mapping[str, Array], given: Collection[str]) -> dict[str, Array]:
    """Return symbol → rounding errors of its column, shape (rows,).

    A column of only one or two different numbers does not show its precision and takes the whole
    table's. Numbers that were typed (`given`) are exact unless they have as many decimals.
    """
    computed = [column for symbol, column in values.items() if symbol not in given]
    whole = Precision.of(np.concatenate(computed)) if computed else Precision(0, 99)
    found = {}
    for symbol, column in values.items():
        own = Precision.of(column)
        if symbol in given:
            exact = own.decimals < whole.decimals
            found[symbol] = np.zeros_like(column) if exact else whole.rounding(column)
        else:
            few = len(set(column[np.isfinite(column)].tolist())) < 3
            found[symbol] = (whole if few else own).rounding(column)
    return found


def _text(value: float) -> str:
    """Return a number as spreadsheets show it, with 15 digits at most: 0.1 + 0.2 is 0.3."""
    short = float(f"{value:.15g}")
    return repr(value if _digits(repr(short)) >= _FULL_DIGITS else short).removesuffix(".0")


def _digits(text: str) -> int:
    mantissa = text.partition("e")[0].replace(".", "").lstrip("-0")
    return len(mantissa.rstrip("0"))


def _decimals(text: str) -> int:
    mantissa, _, exponent = text.partition("e")
    fraction = mantissa.partition(".")[2].rstrip("0")
    return max(0, len(fraction) - int(exponent or 0))


def _moved(values: Array, offset: int) -> Array:
    """Return each row's value of the row `offset` below it; nan beyond the ends."""
    if offset == 0:
        return values
    result = np.full_like(values, np.nan)
    if offset > 0:
        result[:-offset] = values[offset:]
    else:
        result[-offset:] = values[:offset]
    return result
