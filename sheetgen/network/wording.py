"""Writes formulas so that spreadsheet programs, which differ in details, read them alike."""

from decimal import Decimal
from math import floor, log10

_ABOVE_ALL = 400
"""More than the power of ten of any number, whatever its sign."""


def constant(number: float) -> str:
    """Return a number as a formula has it: 0.01, 1, 0.000000001.

    Not all programs read 1E-09 as Excel does.
    """
    text = repr(float(number))
    if "e" in text or "n" in text:  # an exponent; inf and nan
        text = f"{Decimal(text):f}"
    return text.rstrip("0").removesuffix(".") if "." in text else text


def rounded_down(cell: str) -> str:
    """Return the expression of the whole number below: HyperFormula's INT(-1.5) is -1."""
    return f"INT({cell})-({cell}<INT({cell}))"


def rounded_up(cell: str) -> str:
    """Return the expression of the whole number above."""
    return f"INT({cell})+({cell}>INT({cell}))"


def exponent(size: str) -> str:
    """Return the expression of the power of ten of a positive number; `exponent_of` is its value.

    INT gets no negative number here, and what is less than a power of ten by rounding errors only
    counts as that power: programs do not agree on the last digit of a logarithm.
    """
    return f"(INT(LOG10({size})+{_ABOVE_ALL})-{_ABOVE_ALL})"


def exponent_of(size: float) -> int:
    """Return the power of ten of a positive number."""
    return floor(log10(size) + _ABOVE_ALL) - _ABOVE_ALL
