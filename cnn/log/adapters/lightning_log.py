"""Logs a training of PyTorch Lightning as a sheet of a workbook."""

from argparse import Namespace
from collections.abc import Mapping
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from cnn.log.adapters.counted_log import CountedLog
from cnn.log.metrics_file import STEPS, sheet_name

try:
    from lightning.pytorch.loggers.logger import Logger, rank_zero_experiment
    from lightning.pytorch.utilities import rank_zero_only
except ModuleNotFoundError:
    from pytorch_lightning.loggers.logger import Logger, rank_zero_experiment
    from pytorch_lightning.utilities import rank_zero_only


class LightningLog(Logger):
    """A logger of Lightning: `Trainer(logger=cnn.LightningLog("runs.xlsx", title="ResNet"))`.

    The options are those of `WorkbookLog`. Each epoch is a row, counted as Lightning does. Of a
    metric that is logged by steps the row has the last value; of one that is logged by steps and
    by epochs it has `loss_epoch`, not `loss_step`. Hyperparameters are settings. What
    `trainer.test` finds after the training is in its last row. `experiment` is the log itself, for
    its `results`. Used with Fabric, each step is a row unless `epoch` is logged.
    """

    def __init__(self, workbook: str | Path, **options: Any) -> None:  # noqa: ANN401 - see above
        super().__init__()
        self._log = CountedLog(workbook, **options)
        self._trainer: Any = None
        self._begins = False

    @property
    def name(self) -> str:
        """The title of the log, as the sheet is called, and the folder of the checkpoints."""
        return sheet_name(self._log.title)

    @cached_property
    def version(self) -> int:
        """The number of the training: the first of which there are no checkpoints yet."""
        folder = self._log.workbook.parent / self.name
        return next(number for number in count() if not (folder / f"version_{number}").exists())

    @property
    def save_dir(self) -> str:
        """The folder of the workbook."""
        return str(self._log.workbook.parent)

    @property
    @rank_zero_experiment
    def experiment(self) -> CountedLog:
        """The log, on the first process of several."""
        return self._log

    @rank_zero_only
    def log_hyperparams(
        self,
        params: Mapping[str, Any] | Namespace,
        *_: Any,  # noqa: ANN401 - metrics, which some loggers take
        **__: Any,  # noqa: ANN401
    ) -> None:
        """Add hyperparameters to the settings."""
        self._log.add_settings(vars(params) if isinstance(params, Namespace) else params)

    def log_graph(self, model: Any, input_array: Any = None) -> None:  # noqa: ANN401, ARG002
        """Note which trainer begins, to fit or to test."""
        self._trainer = model.trainer
        self._begins = self._trainer.state.fn == "fit"

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Add metrics to the row of the epoch."""
        values = {name: value for name, value in metrics.items() if name.lower() not in STEPS}
        trainer = self._trainer
        if trainer is None:
            known = {"epoch": metrics.get("epoch"), "step": step}
            number = next(({name: at} for name, at in known.items() if at is not None), {})
            self._log.epoch(**number, **values)
        elif not trainer.sanity_checking:
            if self._begins:
                self._log.begin(trainer.current_epoch, first=0)
                self._begins = False
            names = trainer.callback_metrics.keys()
            halves = {name for name in values if name.removesuffix("_step") in names - {name}}
            row = {name: values[name] for name in values if name not in halves}
            self._log.add(trainer.current_epoch, row)

    @rank_zero_only
    def finalize(self, status: str) -> None:  # noqa: ARG002 - a failed training has a log, too
        """Write the sheet."""
        self._log.close()
