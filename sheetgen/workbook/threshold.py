"""Chooses from the errors' curves what the summary of the rates asks for, and what is drawn."""

from collections.abc import Sequence
from statistics import median

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.trace import Trace
from sheetgen.network.training import Training
from sheetgen.spreadsheet.agreement import DIVERGED

LEAST, MOST = 1e-4, 0.99
"""Of the error at the start: what falls below the one falls to it, and a curve in the middle that
stays above the other is not asked for."""
FALLS = 1 - 1e-6
"""Of the error at the start: what stays above it does not fall."""


def default_threshold(traces: Sequence[Trace], training: Training) -> float:
    """Return an error between where the trainings start and where the middle one of them ends.

    Some of them fall below it and others do not, or later: it is the geometric mean of the two, in
    two significant digits or as many more as it takes to lie between them. If the middle one hardly
    falls it is the lowest error of all in its place, and if none falls half of the error at the
    start.
    """
    curves = [shown_errors(trace, training) for trace in traces]
    start = float(min((curve[0] for curve in curves if np.isfinite(curve[0])), default=0.0))
    ends = [curve[-1] if curve[-1] < start else start for curve in curves]  # also if it is nan
    end = float(median(ends))  # NumPy imports a whole package for its own
    if end >= MOST * start:
        end = min(float(curve[np.isfinite(curve)].min(initial=start)) for curve in curves)
    if end >= FALLS * start:
        return float(f"{start / 2:.2g}") or 1e-3
    end = max(end, LEAST * start)
    chosen = float(np.sqrt(start) * np.sqrt(end))
    rounded = (float(f"{chosen:.{digits}g}") for digits in range(2, 17))
    return next((each for each in rounded if end < each < start), chosen)


def outcome_of(trace: Trace, training: Training) -> int:
    """Return 0 if the shown error falls, 1 if it does not, and 2 if it diverges.

    Errors of different samples say nothing about whether it falls.
    """
    errors = shown_errors(trace, training)
    if not np.isfinite(errors[-1]) or errors[-1] > max(DIVERGED, errors[0]):
        return 2
    is_comparable = training.is_by_epoch or training.samples == 1
    return int(is_comparable and not errors[-1] < FALLS * errors[0])


def has_few_powers(traces: Sequence[Trace], training: Training) -> bool:
    """Tell whether the errors are within a power of ten: programs show two on such an axis."""
    errors = np.concatenate([shown_errors(trace, training) for trace in traces])
    errors = errors[np.isfinite(errors)]
    return bool(errors.size and errors.max() <= 10 * errors.min())


def shown_errors(trace: Trace, training: Training) -> Array:
    """Return E_total at every iteration, or with two epochs and more its mean in each of them."""
    errors = trace["E_total"]
    if not training.is_by_epoch:
        return errors
    whole = errors[: training.epochs * training.samples]
    return np.asarray(whole.reshape(training.epochs, training.samples).mean(axis=1))
