"""The data that a network is trained on: samples with their targets."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sheetgen.network.activations import Array

MAXIMUM_SAMPLES = 200_000  # whose sheet takes a minute and 2 GB to compose and write
Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Data:
    """Samples: inputs (samples, inputs) and targets (samples, outputs).

    The labels are the names of a CSV file's columns, or of the classes of one-hot targets; data
    without names has none. If `standardize` is true, the network reads each input as
    (x - mean) / deviation of its column. Raises ValueError if the rows do not fit each other.
    """

    inputs: Rows
    targets: Rows
    input_labels: tuple[str, ...] = ()
    target_labels: tuple[str, ...] = ()
    standardize: bool = False

    def __post_init__(self) -> None:
        if not self.inputs or len(self.inputs) != len(self.targets):
            raise ValueError("data needs as many rows of targets as of inputs, and at least one")
        for rows, labels in ((self.inputs, self.input_labels), (self.targets, self.target_labels)):
            if len({len(row) for row in rows}) > 1 or len(labels) not in (0, len(rows[0])):
                raise ValueError("all samples need as many numbers as there are labels")

    @property
    def samples(self) -> int:
        """Number of samples."""
        return len(self.inputs)

    @cached_property
    def is_one_hot(self) -> bool:
        """Whether each target is a class: a single 1, otherwise 0, in two or more columns."""
        rest = (0.0,) * (len(self.targets[0]) - 1)
        return bool(rest) and all(tuple(sorted(row)) == (*rest, 1.0) for row in self.targets)

    def used_inputs(self) -> Array:
        """Return what the network reads (samples, inputs): the inputs, standardised if asked.

        The deviation is that of a population, √(mean of (x - mean)²), as in scikit-learn's
        StandardScaler; a constant column is only shifted to 0.
        """
        inputs = np.array(self.inputs, dtype=np.float64)
        if not self.standardize:
            return inputs
        # Rounding can give a constant column a deviation of 1e-17, so we do not test for 0.
        is_constant = inputs.max(axis=0) == inputs.min(axis=0)
        deviation = np.where(is_constant, 1.0, inputs.std(axis=0))
        mean = np.where(is_constant, inputs[0], inputs.mean(axis=0))
        return np.asarray((inputs - mean) / deviation)
