"""Chooses the error that the summary of the rates asks for, from the curves that it is about."""

from collections.abc import Sequence

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.trace import Trace
from sheetgen.network.training import Training

LEAST, MOST = 1e-4, 0.99
"""Of the error at the start: what falls below the one falls to it, what stays above the other does
not fall."""


def default_threshold(traces: Sequence[Trace], training: Training) -> float:
    """Return an error between where the trainings start and where the middle one of them ends.

    Some of them fall below it and others do not, or later: it is the geometric mean of the two, in
    two significant digits. Where the error does not fall it is half of the error at the start.
    """
    curves = [shown_errors(trace, training) for trace in traces]
    start = float(min((curve[0] for curve in curves if np.isfinite(curve[0])), default=0.0))
    ends = [curve[-1] if curve[-1] < start else start for curve in curves]  # also if it is nan
    end = max(float(np.median(ends)), LEAST * start)
    chosen = np.sqrt(start) * np.sqrt(end) if end < MOST * start else start / 2
    return float(f"{chosen:.2g}") or 1e-3


def shown_errors(trace: Trace, training: Training) -> Array:
    """Return E_total at every iteration, or with two epochs and more its mean in each of them."""
    errors = trace["E_total"]
    if training.samples == 1 or training.epochs < 2:
        return errors
    starts = range(0, len(errors), training.samples)
    return np.array([errors[at : at + training.samples].mean() for at in starts])
