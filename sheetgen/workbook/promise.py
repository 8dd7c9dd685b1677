"""Says how close the numbers of every spreadsheet program are to NumPy's, row by row."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice, product

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.rounding import moved_networks
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


def moved(plan: Plan) -> tuple[Plan, ...]:
    """Return the plan with the initial weights moved by about what rounding does, both ways.

    One of the two crosses a kink nearby.
    """
    networks = islice(moved_networks(plan.network), 2)
    return tuple(
        replace(plan, template=replace(plan.template, network=network)) for network in networks
    )


def closeness(plan: Plan, trace: Trace, others: Iterable[Trace], symbols: Iterable[str]) -> Array:
    """Return by how much each row of a training may differ, relative to max(1, |value|).

    `others` are the same training of the `moved` plans. The array has one number for each row and
    never falls; it is infinite from the row on in which rounding alone decides the symbols' digits,
    because the training is chaotic or diverges.
    """
    movement = np.zeros(len(trace["iteration"]))
    with np.errstate(invalid="ignore", over="ignore"):
        for symbol, other in product(symbols, others):
            values = trace[symbol]
            apart = np.abs(other[symbol] - values) / np.maximum(1.0, np.abs(values))
            np.maximum(movement, np.where(np.isnan(apart), np.inf, apart), out=movement)
    allowed = MARGIN * tolerance_of(plan) + ROUNDED * np.maximum.accumulate(movement)
    return np.where(allowed <= MOST, allowed, np.inf)
