"""The data that a network is trained on: samples with their targets."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sheetgen.network.activations import Array

MAXIMUM_SAMPLES = 200_000  # whose sheet takes a minute and 2 GB to compose and write
Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Problem:
    """A name, and the targets with which the same inputs are a problem of that name."""

    name: str
    targets: Rows


@dataclass(frozen=True)
class Data:
    """Samples to train on: inputs (samples, inputs) and targets (samples, outputs).

    The labels are the names of a CSV file's columns, or of the classes of one-hot targets; data
    without names has none. If `standardize` is true, the network reads each input as
    (x - mean) / deviation of its column. The test samples are like the others, but the network is
    never trained on them, and mean and deviation know nothing of them. `image` is the height and
    the width of the picture that the inputs are, row by row, if they are one. With `problems`
    the targets are those of the one with the name `problem`. Raises ValueError if the rows do not
    fit each other.
    """

    inputs: Rows
    targets: Rows
    input_labels: tuple[str, ...] = ()
    target_labels: tuple[str, ...] = ()
    standardize: bool = False
    test_inputs: Rows = ()
    test_targets: Rows = ()
    image: tuple[int, int] | None = None
    problems: tuple[Problem, ...] = ()
    problem: str = ""

    def __post_init__(self) -> None:
        if not self.inputs or len(self.inputs) != len(self.targets):
            raise ValueError("data needs as many rows of targets as of inputs, and at least one")
        if len(self.test_inputs) != len(self.test_targets):
            raise ValueError("test data needs as many rows of targets as of inputs")
        inputs, targets = self.inputs + self.test_inputs, self.targets + self.test_targets
        for rows, labels in ((inputs, self.input_labels), (targets, self.target_labels)):
            if len({len(row) for row in rows}) > 1 or len(labels) not in (0, len(rows[0])):
                raise ValueError("all samples need as many numbers as there are labels")

    def with_problems(self, problems: tuple[Problem, ...], problem: str) -> "Data":
        """Return the data with these problems, of which one is chosen by its name."""
        (targets,) = (each.targets for each in problems if each.name == problem)
        return replace(self, targets=targets, problems=problems, problem=problem)

    @property
    def samples(self) -> int:
        """Number of samples to train on."""
        return len(self.inputs)

    @property
    def test_samples(self) -> int:
        """Number of test samples."""
        return len(self.test_inputs)

    @cached_property
    def is_one_hot(self) -> bool:
        """Whether each target is a class: a single 1, otherwise 0, in two or more columns."""
        rest = (0.0,) * (len(self.targets[0]) - 1)
        targets = self.targets + self.test_targets
        return bool(rest) and all(tuple(sorted(row)) == (*rest, 1.0) for row in targets)

    def used_inputs(self) -> Array:
        """Return what the network reads of the samples to train on (samples, inputs).

        These are the inputs, standardised if asked.

        The deviation is that of a population, √(mean of (x - mean)²), as in scikit-learn's
        StandardScaler; a constant column is only shifted to 0.
        """
        return self._used(self.inputs)

    def used_test_inputs(self) -> Array:
        """Return what the network reads of the test samples (test samples, inputs)."""
        return self._used(self.test_inputs)

    def _used(self, rows: Rows) -> Array:
        values = np.array(rows, dtype=np.float64).reshape(len(rows), len(self.inputs[0]))
        if not self.standardize:
            return values
        inputs = np.array(self.inputs, dtype=np.float64)
        # Rounding can give a constant column a deviation of 1e-17, so we do not test for 0.
        is_constant = inputs.max(axis=0) == inputs.min(axis=0)
        deviation = np.where(is_constant, 1.0, inputs.std(axis=0))
        mean = np.where(is_constant, inputs[0], inputs.mean(axis=0))
        return np.asarray((values - mean) / deviation)

    def telling_inputs(self, count: int) -> tuple[int, ...]:
        """Return the places of the inputs that the targets depend on most, in their order.

        These have the largest sum, over the targets, of squared correlations; a constant has none.
        """
        inputs, targets = (np.array(rows, dtype=np.float64) for rows in (self.inputs, self.targets))
        inputs, targets = inputs - inputs.mean(axis=0), targets - targets.mean(axis=0)
        spread = np.outer(np.square(inputs).sum(axis=0), np.square(targets).sum(axis=0))
        shares = np.square(inputs.T @ targets) / np.where(spread > 0, spread, 1)
        most = np.argsort(-shares.sum(axis=1), kind="stable")[:count]
        return tuple(sorted(most.tolist()))

    @property
    def typical_sample(self) -> int:
        """The place of the sample that is nearest to the mean of all, in deviations."""
        standard = replace(self, standardize=True).used_inputs()
        return int(np.square(standard).sum(axis=1).argmin())
