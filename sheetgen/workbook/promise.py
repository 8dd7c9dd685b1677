"""Says how close the numbers of every spreadsheet program are to NumPy's, row by row."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.rounding import has_kinks, moved_networks
from sheetgen.network.trace import Trace
from sheetgen.spreadsheet.agreement import OTHER_TOLERANCE, TOLERANCE
from sheetgen.workbook.plan import Plan

ROUNDED = 100
"""By how much more than the moved weights the rounding of all steps may move a row."""
MARGIN = 10
"""Times the tolerance: for programs that nobody has measured."""
MOST = 1e-8
"""A row that rounding alone may move by more is not promised."""


def tolerance_of(plan: Plan) -> float:
    """Return the tolerance that holds for a workbook's optimisers."""
    return TOLERANCE if set(plan.optimizers) == {"sgd"} else OTHER_TOLERANCE


def moved(plan: Plan) -> Iterator[Plan]:
    """Yield the plan with the initial weights moved by about what rounding does.

    They are moved both ways where one of the two may cross a kink nearby.
    """
    for network in islice(moved_networks(plan.network), 1 + has_kinks(plan.network)):
        yield replace(plan, template=replace(plan.template, network=network))


def movement(trace: Trace, other: Trace, symbols: Iterable[str]) -> Array:
    """Return how far each row of a training is from that of a moved plan, as far as it counts.

    It is relative to max(1, |value|), and infinite where a value is nan.
    """
    found = np.zeros(len(trace["iteration"]))
    with np.errstate(invalid="ignore", over="ignore"):
        for symbol in symbols:
            values = trace[symbol]
            apart = np.abs(other[symbol] - values) / np.maximum(1.0, np.abs(values))
            np.maximum(found, np.where(np.isnan(apart), np.inf, apart), out=found)
    return found


def closeness(tolerance: float, movement: Array) -> Array:
    """Return by how much each row of a training may differ, relative to max(1, |value|).

    `movement` is the largest of the moved plans. The array never falls; it is infinite from the row
    on in which rounding alone decides the digits, because the training is chaotic or diverges.
    """
    allowed = MARGIN * tolerance + ROUNDED * np.maximum.accumulate(movement)
    return np.where(allowed <= MOST, allowed, np.inf)
