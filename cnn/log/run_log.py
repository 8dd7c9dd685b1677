"""Describes a run of `cnn train` as its sheet shows it, and puts that into a workbook."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

import torch

from cnn.log.add_log import Placed, add_log
from cnn.log.description import Confusion, Example, Layer, Target, TrainingLog
from cnn.log.live_sheet import LiveSheet
from cnn.log.metrics import Logged
from cnn.log.metrics_file import sheet_name
from cnn.log.record import Record, mark_of, read_record
from cnn.log.run_settings import settings_in_words
from cnn.own_model import is_own, label
from cnn.summary import summarize
from cnn.training.config import DATA_FOLDER, Config, new_model, target_of
from cnn.training.run import Line, Run
from sheetgen.console import progress
from sheetgen.errors import InputError

MOST_PARAMETERS = 20_000
PATIENCE = 50.0
"""Writing the sheet while a run is trained takes at most one part in so many of the time."""
EXPECTED = 0.1
"""Seconds that writing the sheet is taken to need before it was written."""
_EXAMPLES = 18
# The fields of a line in the order of the table; those that belong together are side by side.
_FIELDS = (
    "epoch",
    "train_loss",
    "test_loss",
    "train_accuracy",
    "test_accuracy",
    "learning_rate",
    "seconds",
    "samples_per_second",
)


def described(record: Record) -> TrainingLog:
    """Return the description of a run."""
    evaluation, name = record.evaluation, _name(record.config)
    wrong = evaluation.mistakes.tolist()
    return TrainingLog(
        sheet=sheet_name(name),
        title=f"{name}: {record.title}",
        details=f"run {record.name}: {record.subtitle}",
        mark=record.mark,
        rows=[_row(line, record.config) for line in record.log],
        settings=record.settings,
        target=_target(record.target, record.config),
        layers=_layers(record.config),
        most_parameters=_most_parameters(record.config),
        confusion=_confusion(record),
        examples=[_example(record, index) for index in wrong[:_EXAMPLES]],
        wrong=len(wrong),
    )


def described_untested(path: Path) -> TrainingLog:
    """Return the description of a run as its files tell it, without testing the network again.

    Raises InputError if the run is missing or damaged, or if no epoch is finished.
    """
    run = Run(path)
    run.require_possible_name()
    values = run.read_config()
    config, log = Config.from_dict(values, run.config), run.read_log()
    if not log:
        raise InputError(f"{path} has no finished epoch")
    name, done = _name(config), len(log)
    values.pop(DATA_FOLDER, None)
    count = values.get("parameters", 0)
    return TrainingLog(
        sheet=sheet_name(name),
        title=f"{name}: training on {config.image_format.title}",
        details=f"run {path.resolve().name}: {count:,} parameters, {done} of "
        f"{config.recipe.epochs} epochs",
        mark=mark_of(path.resolve().name, values),
        rows=[_row(line, config) for line in log],
        settings=settings_in_words(config, values),
        target=_target(target_of(config, values, run.config), config),
        most_parameters=_most_parameters(config),
    )


class LiveRun:
    """The sheet of a run that is being trained, made from the run's files."""

    def __init__(self, run: Path, workbook: Path) -> None:
        self.run = run
        self.sheet = LiveSheet(workbook, run.name, patience=PATIENCE, expected=EXPECTED)

    def update(self) -> None:
        """Update the sheet after an epoch, as often as takes little of the training's time."""
        self.sheet.follow(self._log, Run(self.run).log)

    def _log(self) -> TrainingLog:
        return replace(described_untested(self.run), layers=self._layers)

    @cached_property
    def _layers(self) -> list[Layer]:
        run = Run(self.run)
        config = Config.from_dict(run.read_config(), run.config)
        # The training goes on with the random numbers that it would have without this.
        with torch.random.fork_rng(devices=[]):
            return _layers(config)


def put_into_workbook(run: Path, workbook: Path, data_dir: Path | None) -> Placed:
    """Put the sheet of a run into a workbook, which is built from `era-v1` if it does not exist.

    Raises InputError if the run, the data or the workbook cannot be read, RunError if the
    workbook cannot be written, which is then unchanged.
    """
    with progress.step("reading the run"):
        log = described(read_record(run, data_dir))
    return add_log(log, run, workbook)


def _target(accuracy: float | None, config: Config) -> Target | None:
    return None if accuracy is None else Target(f"{config.tested_on} accuracy", accuracy)


def _name(config: Config) -> str:
    return f"CNN {label(config.model)}"


def _most_parameters(config: Config) -> int | None:
    return None if is_own(config.model) else MOST_PARAMETERS


def _layers(config: Config) -> list[Layer]:
    rows = summarize(new_model(config), config.image_format.shape).rows
    return [
        Layer(row.layer, row.shape, row.parameters, row.field.size if row.field else None)
        for row in rows
    ]


def _row(line: Line, config: Config) -> dict[str, Logged]:
    names = (field.replace("test_", f"{config.tested_on} ") for field in _FIELDS)
    return {name.replace("_", " "): line[field] for name, field in zip(names, _FIELDS, strict=True)}


def _confusion(record: Record) -> Confusion:
    images = record.config.image_format
    return Confusion(images.classes, record.evaluation.confusion.tolist(), images.noun)


def _example(record: Record, index: int) -> Example:
    evaluation = record.evaluation
    taken = record.images.format.classes[int(evaluation.predictions[index])]
    probability = float(evaluation.certainty[index])
    return Example(record.images.name(index), taken, probability, record.images.png(index))
