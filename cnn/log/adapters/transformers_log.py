"""Logs a training of Hugging Face's Trainer as a sheet of a workbook."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from math import ceil
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from cnn.log.adapters.counted_log import CountedLog

_ALWAYS = ("learning_rate", "num_train_epochs", "per_device_train_batch_size", "seed")
_ASIDE = (
    *("output_dir", "log", "save_", "eval_", "do_", "report_to", "run_name", "disable_tqdm"),
    *("hub_", "push_to", "use_cpu", "dataloader_", "accelerator_config"),
)
"""How the names of arguments begin that say where and how a training ran, not what was trained."""
_TIMES = ("_runtime", "_per_second", "_preparation_time")
"""How the names of metrics end that Hugging Face's own table leaves out, too."""
_DECIMALS = 6


class TransformersLog(TrainerCallback):
    """A callback of Hugging Face: `Trainer(…, callbacks=[cnn.TransformersLog("runs.xlsx")])`.

    The options are those of `WorkbookLog`. A row is an epoch where the Trainer evaluates or logs
    by epochs, with the last values that it logged in it; else a step. How long evaluations took
    is left out. Arguments that are not as by default are settings, and learning rate, epochs,
    batch size and seed always. `log` is the log itself, for its `results`.
    """

    def __init__(self, workbook: str | Path, **options: Any) -> None:  # noqa: ANN401 - see above
        self.log = CountedLog(workbook, **options)

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **kwargs: Any,  # noqa: ANN401, ARG002
    ) -> None:
        """Add the arguments to the settings."""
        if state.is_world_process_zero:
            self.log.add_settings(dict(_settings(args)))
            self.log.begin(_place(args, state))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        logs: Mapping[str, Any] | None = None,
        **kwargs: Any,  # noqa: ANN401, ARG002
    ) -> None:
        """Add to the row of the epoch or the step; the summary of the whole training is no part."""
        found = logs or {}
        if not state.is_world_process_zero or "train_runtime" in found:
            return
        values = {
            name: found[name] for name in found if name != "epoch" and not name.endswith(_TIMES)
        }
        self.log.add(_place(args, state), values, "epoch" if _is_by_epoch(args) else "step")

    def on_train_end(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - as above
        """Write the sheet."""
        self.log.close()


def _is_by_epoch(args: TrainingArguments) -> bool:
    return "epoch" in (args.eval_strategy, args.logging_strategy)


def _place(args: TrainingArguments, state: TrainerState) -> int:
    """Return the number of the epoch that the state is in or at the end of, or that of its step."""
    return ceil(round(state.epoch or 0, _DECIMALS)) if _is_by_epoch(args) else state.global_step


def _settings(args: TrainingArguments) -> Iterator[tuple[str, Any]]:
    values = args.to_dict()
    for field in fields(args):
        if field.name not in values or field.name.startswith(_ASIDE):
            continue
        value = values[field.name]
        default = None if field.default is MISSING else field.default
        # Some that are None by default become False or empty.
        if field.name in _ALWAYS or (value != default and (value or default)):
            yield field.name, value
