"""Logs a training of Keras as a sheet of a workbook."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras.callbacks import Callback
from keras.optimizers import Optimizer

from cnn.log.adapters.counted_log import CountedLog


class KerasLog(Callback):
    """A callback of Keras: `model.fit(…, callbacks=[cnn.KerasLog("runs.xlsx", title="MLP")])`.

    The options are those of `WorkbookLog`. Each epoch is a row, counted from 1 as Keras prints
    them; `fit` called again goes on with the same log. The epochs that all of them are to train,
    and steps and optimizer of the last one are settings. `log` is the log itself, for its
    `results`.
    """

    def __init__(self, workbook: str | Path, **options: Any) -> None:  # noqa: ANN401 - see above
        super().__init__()
        self.log = CountedLog(workbook, **options)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Add how `fit` was called to the settings."""
        optimizer = getattr(self.model, "optimizer", None)
        called = {"steps": (self.params or {}).get("steps")}
        self.log.add_settings(called | ({"optimizer": _settings(optimizer)} if optimizer else {}))

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Note where `fit` is, and up to which epoch it trains."""
        self.log.begin(epoch)
        if epochs := (self.params or {}).get("epochs"):
            self.log.add_settings({"epochs": epochs + self.log.shift})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Add a row."""
        self.log.add(epoch + 1, logs or {})

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Write the sheet."""
        self.log.close()


def _settings(optimizer: Optimizer) -> dict[str, Any]:
    """Return what an optimizer is and does; what is off is left out."""
    found = dict(optimizer.get_config())
    if not found.get("use_ema"):
        found.pop("ema_momentum", None)
    # Keras keeps the learning rate in single precision: 0.1 is 0.10000000149.
    return {
        name: float(f"{value:.7g}") if isinstance(value, float) else value
        for name, value in found.items()
        if value
    }
