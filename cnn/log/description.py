"""Describes a training for its sheet: what was logged in each epoch, and what else is known.

A run of `cnn train`, a file of metrics and a loop that logs by itself are described alike, and the
sheet is drawn from the description alone. Nothing here needs torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cnn.log.metrics import BEST, Logged, Metric


@dataclass(frozen=True)
class Target:
    """The value that a metric is meant to reach."""

    metric: str
    value: float


@dataclass(frozen=True)
class Layer:
    """A line of the layer table; `shape` is that of the output of one sample."""

    name: str
    shape: tuple[int, ...]
    parameters: int
    receptive_field: int | None = None
    """Input pixels, along one side, that a unit sees."""


@dataclass(frozen=True)
class Confusion:
    """How often samples of each class (row) were taken for each class (column)."""

    classes: tuple[str, ...]
    counts: Sequence[Sequence[int]]
    noun: str = "class"


@dataclass(frozen=True)
class Example:
    """A misclassified sample, as a PNG, with the probability of what it was taken for."""

    label: str
    taken_for: str
    probability: float
    picture: bytes


@dataclass(frozen=True)
class TrainingLog:
    """A training, as its sheet shows it."""

    sheet: str
    """The name of the sheet, if it is free."""
    title: str
    details: str
    mark: str
    """The mark by which a later log of the same training is known, and replaces its sheet."""
    rows: Sequence[Mapping[str, Logged]]
    """The values of each epoch by the names of the metrics, with `step` among them."""
    step: str = "epoch"
    settings: Sequence[tuple[str, Logged]] = ()
    target: Target | None = None
    best: Mapping[str, str] = field(default_factory=dict)
    """Whether the max or the min of a metric is best, where a user says so."""
    layers: Sequence[Layer] = ()
    most_parameters: int | None = None
    """The number that the parameters are meant to stay below."""
    confusion: Confusion | None = None
    examples: Sequence[Example] = field(default=())
    wrong: int = 0
    """The number of misclassified samples, of which `examples` are some."""

    @cached_property
    def metrics(self) -> list[Metric]:
        """What was logged, in the order in which it first appeared."""
        names = dict.fromkeys(name for row in self.rows for name in row if name != self.step)
        return [self._metric(name) for name in names]

    def _metric(self, name: str) -> Metric:
        """Return a metric with its direction, which a target tells where nothing else does."""
        values = tuple(row.get(name) for row in self.rows)
        found = Metric(name, values, BEST.get(self.best.get(name, "")))
        target = self.target.value if self.target and self.target.metric == name else None
        if target is None or found.told is not None or not found.numbers:
            return found
        return Metric(name, values, target > found.numbers[0])

    @property
    def steps(self) -> list[float]:
        """The number of each epoch."""
        return [float(row[self.step]) for row in self.rows]  # type: ignore[arg-type]

    @cached_property
    def main(self) -> Metric | None:
        """The metric that the result is told by; None if no number was logged.

        It is that of the target, else an accuracy of test data, else one of training data, else a
        loss, else the first one.
        """
        known = [metric for metric in self.metrics if metric.numbers and not metric.is_time]
        if self.target:
            known = [each for each in known if each.name == self.target.metric] or known

        def rank(metric: Metric) -> tuple[bool, bool, bool, bool]:
            is_loss = metric.is_loss and not metric.is_accuracy
            return metric.is_rate, not metric.is_accuracy, not is_loss, metric.part != "test"

        return min(known, key=rank, default=None)
