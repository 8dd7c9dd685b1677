"""Says in words what charts show, for those who cannot see them, with the reference's numbers.

A description in a file does not change with the inputs, so each says that it is of the workbook as
it was built.
"""

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.workbook.shared.live_text import is_promised

Numbers = Sequence[float] | NDArray[np.float64]

NAMED = 4
"""So many curves are described one by one."""
TURN = 0.05
"""A curve turns if it goes beyond its ends by this part of the way between smallest and largest."""


def digits(number: float) -> str:
    """Return a number with four digits."""
    return f"{number:.4g}"


def course(values: Numbers, is_share: bool = False) -> str:
    """Return how numbers go from the first to the last: "falls from 0.2425 to 0.005231".

    Shares are given in percent.
    """
    numbers = [float(value) for value in values]
    if not numbers or not isfinite(numbers[0]):
        return "has no numbers"
    first, last = numbers[0], numbers[-1]
    if not isfinite(last) or (is_promised(first) and not is_promised(last)):
        return f"starts at {digits(first)} and diverges"
    known = [value for value in numbers if isfinite(value)]
    low, high = min(known), max(known)
    least, most, start, end = (_written(each, is_share) for each in (low, high, first, last))
    if start == end and least == most:
        return f"is {start}" if len(numbers) == 1 else f"stays at {start}"
    way = f"{'rises' if last > first else 'falls'} from {start} to {end}"
    if start == end:
        way = f"starts and ends at {start}"
    room = TURN * (high - low)
    turns = [f"down to {least}"] * (low < min(first, last) - room)
    turns += [f"up to {most}"] * (high > max(first, last) + room)
    return f"{way}, {' and '.join(turns)} between" if turns else way


def _written(number: float, is_share: bool) -> str:
    return f"{number:.1%}" if is_share else digits(number)


def between(values: Numbers) -> str:
    """Return the smallest and the largest of numbers: "between 0.1 and 0.9"."""
    known = [float(value) for value in np.ravel(values) if isfinite(value)]
    if not known:
        return "beyond all numbers"
    return f"between {digits(min(known))} and {digits(max(known))}"


def courses(curves: Mapping[str, Numbers], is_share: bool = False) -> str:
    """Return how several curves go, each by its name; of many only the lowest and the highest."""
    told = {name: f"{name} {course(values, is_share)}" for name, values in curves.items()}
    if len(curves) <= NAMED:
        return "; ".join(told.values())
    ends = {name: float(values[-1]) for name, values in curves.items()}
    ends = {name: end if isfinite(end) else DIVERGED for name, end in ends.items()}
    lowest, highest = min(ends, key=ends.__getitem__), max(ends, key=ends.__getitem__)
    return f"of {len(curves)} curves the lowest, {told[lowest]}; the highest, {told[highest]}"


def signs(numbers: Mapping[str, float], what: str) -> str:
    """Return how many of the named numbers are above and below 0, and the largest of them."""
    known = {name: value for name, value in numbers.items() if isfinite(value)}
    if not known:
        return f"no {what} is a number"
    above, below = (sum(sign * value > 0 for value in known.values()) for sign in (1, -1))
    largest = max(known, key=lambda name: abs(known[name]))
    return (
        f"{above} of {len(known)} {what} are above 0 and {below} below; "
        f"the largest in size is {largest} = {digits(known[largest])}"
    )


def as_built(what: str, told: str) -> str:
    """Return a description: what is drawn, and what is to be seen of it."""
    return f"{what}. As built: {told}."
