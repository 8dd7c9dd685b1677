"""Chooses where the axes of a log's charts begin and end, and the steps of their numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

_NICE = (1.0, 2.0, 5.0, 10.0)
_MOST_STEPS = 10
"""Numbers along an axis of epochs."""
_VALUE_STEPS = 5
_FEW = 3
"""Values that say nothing yet of how much they change."""
# How much of an axis of accuracies is shown, below 100 %, with the steps of its numbers.
_SHARES = (
    *((0.001, 0.0002), (0.002, 0.0005), (0.005, 0.001), (0.01, 0.002), (0.02, 0.005)),
    *((0.05, 0.01), (0.1, 0.02), (0.2, 0.05), (0.3, 0.1), (0.4, 0.1), (0.5, 0.1), (0.6, 0.1)),
    *((0.8, 0.2), (1.0, 0.2)),
)
_ROOM = 0.1
_EARLY = 5
"""The first fifth of the epochs may be below an axis of accuracies, or it would show only them."""


@dataclass(frozen=True)
class Axis:
    """The ends of an axis, the distance of its numbers and their format."""

    low: float
    high: float
    unit: float
    number_format: str = "General"


def step_axis(steps: Sequence[float]) -> Axis:
    """Return the axis of the epochs, which ends with the last one; a single one is amid it."""
    first, last = min(steps), max(steps)
    unit = _nice((last - first) / _MOST_STEPS)
    if all(step == floor(step) for step in steps):
        unit = max(unit, 1.0)
    low = floor(first / unit) * unit
    return Axis(low, last, unit) if low < last else Axis(last - unit, last + unit, unit)


def share_axis(curves: Iterable[Sequence[float]], target: float | None, full: float = 1.0) -> Axis:
    """Return the axis of accuracies, which ends at `full`: from what leaves the curves readable."""
    shown = [value for curve in curves for value in curve[_skipped(curve) :]]
    if target is not None:
        # Below the line of the target there is some room.
        shown.append(min(target, full) - _ROOM * (full - min(target, full)))
    lowest = max(0.0, min(shown) / full)
    share, unit = next(each for each in _SHARES if each[0] >= 1 - lowest - 1e-12)
    if full != 1:
        return Axis(full * (1 - share), full, full * unit, _format(full * unit))
    decimals = "" if unit >= 0.01 else ".0" if unit >= 0.001 else ".00"
    return Axis(1 - share, 1.0, unit, f"0{decimals}%")


def _skipped(curve: Sequence[float]) -> int:
    return len(curve) // _EARLY if len(curve) >= _EARLY else 0


def value_axis(values: Sequence[float]) -> Axis | None:
    """Return an axis from 0, or from near the smallest value if all are far from 0.

    None leaves the choice to the spreadsheet program: the values are too large for arithmetic.
    """
    low, high = min(values), max(values)
    if not isfinite(high - low) or max(abs(low), abs(high)) > 1e100:
        return None
    if low == 0 == high:
        high = 1.0
    elif len(values) <= _FEW or 0 < low <= 0.75 * high or low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    unit = _nice((high - low) / _VALUE_STEPS)
    steps = floor(low / unit + 1e-9), ceil(high / unit - 1e-9)
    return Axis(steps[0] * unit, steps[1] * unit, unit, _format(unit, high))


def _nice(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below a number."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return float(next(each for each in _NICE if each * power >= least * (1 - 1e-9)) * power)


def _format(unit: float, high: float = 100.0) -> str:
    """Return the format of an axis's numbers, with the decimals that they need."""
    if not 1e-5 < unit < 1e6 or abs(high) >= 1e7:
        return "0.0E+00"
    decimals = max(0, -floor(log10(unit) + 1e-9))
    return "#,##0" if decimals == 0 else "0." + "0" * decimals
