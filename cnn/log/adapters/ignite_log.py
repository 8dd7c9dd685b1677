"""Logs a training of PyTorch-Ignite as a sheet of a workbook."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import ignite.distributed
from ignite.engine import Engine, Events

from cnn.log.adapters.counted_log import CountedLog


class IgniteLog(CountedLog):
    """A `WorkbookLog` that is attached to engines of Ignite, below the metrics of these.

        with cnn.IgniteLog("runs.xlsx", title="ResNet") as log:
            log.attach(trainer, val=evaluator)
            trainer.run(loader, max_epochs=20)

    Each epoch of the trainer is a row, with the trainer's metrics and those of evaluators that
    run in it or, of new names, after the training.
    """

    def attach(self, trainer: Engine, **evaluators: Engine) -> Self:
        """Log the metrics of engines; of an evaluator `val` they are called `val_loss` and so on.

        Returns the log. Of several processes the first one logs.
        """
        if ignite.distributed.get_rank() != 0:
            return self
        trainer.add_event_handler(Events.STARTED, self._begin)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, self._note, trainer, "")
        trainer.add_event_handler(Events.COMPLETED, self.close)
        for name, evaluator in evaluators.items():
            evaluator.add_event_handler(Events.COMPLETED, self._note, trainer, f"{name}_")
        return self

    def _begin(self, trainer: Engine) -> None:
        self.begin(trainer.state.epoch)

    def _note(self, engine: Engine, trainer: Engine, prefix: str) -> None:
        self.add(trainer.state.epoch, dict(_numbers(prefix, engine.state.metrics)))


def _numbers(prefix: str, metrics: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield metrics under their names, a vector's entries with numbers from 0, and no matrices."""
    for name, value in metrics.items():
        dimensions = getattr(value, "ndim", 0)
        if dimensions == 0 and not isinstance(value, Mapping):  # whose entries are there as well
            yield f"{prefix}{name}", value
        elif dimensions == 1:
            yield from ((f"{prefix}{name}/{at}", each) for at, each in enumerate(value))
