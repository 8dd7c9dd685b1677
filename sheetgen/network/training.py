"""The settings of a training: its samples, batches, optimiser and schedule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sheetgen.network.data import Data
from sheetgen.network.optimizers import OPTIMIZERS, Optimizer
from sheetgen.network.schedules import SCHEDULES, Schedule

Reduction = Literal["mean", "sum"]


@dataclass(frozen=True)
class Training:
    """Everything that leads from the initial weights to the later ones, except the learning rate.

    One row of a training table is one sample's pass. The rows of a batch share their weights,
    which change after its last row; the last batch of an epoch may be a short one.
    """

    data: Data
    iterations: int
    order: tuple[int, ...]
    """The place in the data, from 0, of each sample of an epoch."""
    batch_size: int = 1
    reduction: Reduction = "mean"
    """How the gradients of a batch are combined."""
    optimizer: Optimizer = field(default_factory=lambda: OPTIMIZERS["sgd"])
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=lambda: SCHEDULES["constant"])
    schedule_parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def samples(self) -> int:
        """Number of samples, the rows of an epoch."""
        return self.data.samples

    @property
    def is_batched(self) -> bool:
        """Whether several rows share their weights."""
        return self.batch_size > 1

    @property
    def is_scheduled(self) -> bool:
        """Whether the learning rate changes from update to update."""
        return self.schedule.name != "constant"

    @property
    def batches(self) -> int:
        """Number of batches of an epoch, and so of its updates."""
        return -(-self.samples // self.batch_size)

    @property
    def updates(self) -> int:
        """Number of updates that lead to the last row, at least 1: what a schedule spans."""
        epochs, rest = divmod(self.iterations, self.samples)
        return max(1, epochs * self.batches + rest // self.batch_size)

    @property
    def epochs(self) -> int:
        """Number of epochs of which the table has all rows, at least 1."""
        return max(1, (self.iterations + 1) // self.samples)

    @property
    def is_by_epoch(self) -> bool:
        """Whether there are several samples, and epochs whose means can be compared."""
        return self.samples > 1 and self.epochs > 1

    @property
    def is_tested(self) -> bool:
        """Whether there are test samples, and several epochs after which they are evaluated."""
        return self.is_by_epoch and self.data.test_samples > 0

    @property
    def ends_with_epoch(self) -> bool:
        """Whether the last row ends an epoch: no row has the weights after it."""
        return self.epochs * self.samples > self.iterations
