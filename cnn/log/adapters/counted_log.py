"""Keeps the log of a framework that counts the epochs itself and reports each in several calls."""

from collections.abc import Mapping
from typing import Any

from cnn.log.workbook_log import WorkbookLog


class CountedLog(WorkbookLog):
    """A log with a row for each number that the framework counts.

    Trainings one after the other go on with the same log: a second one that counts from the
    beginning comes after the first. One that resumes at a checkpoint writes over the rows that
    it trains again. What is measured when a training is over, such as the accuracy of test data,
    belongs to the last row, and changes nothing that is in it.
    """

    _is_training = False
    _last: int | None = None
    """The number of the last row of a training."""
    shift = 0
    """What is added to the framework's numbers."""

    def begin(self, finished: int, first: int = 1) -> None:
        """Note that a training begins after so many epochs, the first of which has that number."""
        self._is_training = True
        if self._last is None:
            return
        if finished == 0:
            self.shift = self._last + 1 - first
        elif finished + first > self._last:
            self.shift = 0  # the framework has counted the trainings before

    def add(self, number: int, metrics: Mapping[str, Any], step: str = "epoch") -> None:
        """Add metrics to the row of a number; `step` is what the framework counts."""
        place = number + self.shift
        if self._is_training:
            self._last = place
        elif self._last is not None:
            place = self._last
            metrics = {name: metrics[name] for name in metrics if name not in self._rows[-1]}
        if metrics:
            self.epoch(**{step: place, **metrics})

    def close(self) -> None:
        """End the training and write the sheet."""
        self._is_training = False
        super().close()
