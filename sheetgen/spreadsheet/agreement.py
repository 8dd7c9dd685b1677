"""Compares the values that a spreadsheet engine computes with those that NumPy promises."""

import math
import re

from sheetgen.spreadsheet.canvas import Value

TOLERANCE = 1e-12  # |found - expected| <= TOLERANCE * max(1, |expected|), for plain SGD
OTHER_TOLERANCE = 1e-10  # for other optimisers, which divide by small numbers
DIVERGED = 1e6  # larger values are outside the promise
LABEL_TOLERANCE = 1.01e-4  # labels show four digits, and engines round a tie differently

_NUMBER = re.compile(r"[-−+]?\d+(?:\.\d+)?(?:E[-−+]?\d+)?", re.IGNORECASE)


def disagreement(
    expected: Value, found: Value | None, scale: float, tolerance: float
) -> tuple[str, float]:
    """Return what is wrong with a value, or "", and its difference relative to the scale.

    The scale is max(1, |expected|), or more where it is given.
    """
    if isinstance(expected, str):
        same = isinstance(found, str) and same_text(expected, found)
        return ("" if same else "it is another text"), 0.0
    if not math.isfinite(expected) or abs(expected) > DIVERGED:
        return "", 0.0
    if isinstance(found, (str, bool)) or found is None:
        return "it is not a number", 0.0
    difference = abs(found - expected) / max(1.0, abs(expected), scale)
    return ("" if difference <= tolerance else f"it is off by {difference:.2e}"), difference


def same_text(expected: str, found: str, allowed: tuple[float, ...] = ()) -> bool:
    """Compare two texts, and the numbers in them by value: engines write 0.00001 or 1E-05.

    `allowed` is, for each number, how much more than a label's rounding it may differ.
    """
    if words(expected) != words(found):
        return False
    numbers = numbers_in(expected)
    more = allowed or (0.0,) * len(numbers)
    return all(
        abs(one - other) <= max(LABEL_TOLERANCE * max(1.0, abs(one)), extra)
        for one, other, extra in zip(numbers, numbers_in(found), more, strict=True)
    )


def words(text: str) -> str:
    """Return a text with # in place of each number."""
    return _NUMBER.sub("#", text)


def numbers_in(text: str) -> tuple[float, ...]:
    """Return the numbers of a text in their order."""
    return tuple(float(each.replace("−", "-")) for each in _NUMBER.findall(text))
