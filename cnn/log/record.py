"""Reads a run: its settings, its log, and its network's results on the test images."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnn.data.images import Images
from cnn.data.sample_digits import SAMPLE
from cnn.log.run_settings import settings_in_words
from cnn.models import parameter_count
from cnn.training.config import (
    BEST,
    DATA_FOLDER,
    FIRST_EPOCHS,
    LAST,
    TARGET,
    Config,
    new_model,
    target_of,
)
from cnn.training.evaluation import Evaluation, evaluate_run, run_data
from cnn.training.run import Line, Run
from sheetgen.errors import InputError
from sheetgen.files.characters import require_possible
from sheetgen.spreadsheet.stamp import identifier

ROUNDING = 2.5
"""Images on which two devices may differ because they round floating-point sums differently."""


@dataclass(frozen=True)
class Record:
    """A run and the evaluation of its network."""

    name: str
    config: Config
    log: list[Line]
    described: dict[str, Any]
    evaluation: Evaluation
    images: Images
    target: float | None = None
    """The test accuracy that the run is meant to reach."""
    epoch: int | None = None
    """The epoch that the weights are of, if they are the best and not the last ones."""

    @property
    def title(self) -> str:
        """The training data, in words."""
        if self.config.data == SAMPLE:
            return "a demonstration on 5,000 digits of MNIST, not a result"
        limit, images = self.config.limit, self.config.image_format
        part = "" if limit is None else f" (the first {limit:,} {images.nouns})"
        return f"training on {images.title}{part}"

    @property
    def subtitle(self) -> str:
        """The size of the network, the length of the training, and the test data."""
        images = f"{len(self.images):,} {self.config.image_format.nouns}"
        place = "held out of the training set" if self.config.hold_out else "of the test set"
        tested = "validated" if self.config.hold_out else "tested"
        count = parameter_count(new_model(self.config))
        best = f", weights of epoch {self.epoch}, the best" if self.epoch else ""
        return f"{count:,} parameters, {self.length}{best}, {tested} on {images} {place}"

    @property
    def length(self) -> str:
        """The number of finished epochs, and of all if some are not finished."""
        done, planned = len(self.log), self.config.recipe.epochs
        if done < planned:
            return f"unfinished: {done} of {planned} epochs"
        return "1 epoch" if done == 1 else f"{done} epochs"

    @property
    def mark(self) -> str:
        """The mark that identifies this run, even among those in folders of the same name."""
        return mark_of(self.name, self.described)

    @property
    def settings(self) -> list[tuple[str, str]]:
        """The configuration in words, by groups."""
        return settings_in_words(self.config, self.described)


def mark_of(name: str, described: dict[str, Any]) -> str:
    """Return the mark of a run by the name of its directory and the content of `config.json`.

    It stays the same if the data moves, or if the run goes on to more epochs or another target.
    """
    aside = ("versions", DATA_FOLDER, FIRST_EPOCHS, TARGET)
    settings = {key: value for key, value in described.items() if key not in aside}
    if FIRST_EPOCHS in described:
        settings["recipe"] = settings["recipe"] | {"epochs": described[FIRST_EPOCHS]}
    return identifier([name, settings])


def read_record(path: Path, data_dir: Path | None, weights: str = LAST) -> Record:
    """Read a run and test its network, with its last or its best weights.

    Raises InputError if the run or the data is missing or damaged, if no epoch is finished, or if
    the weights do not have the accuracy of the log.
    """
    run = Run(path)
    run.require_possible_name()
    described = run.read_config()
    # Where someone keeps the data is not for readers of the workbook, nor part of what a run is.
    described.pop(DATA_FOLDER, None)
    config, evaluation = evaluate_run(path, data_dir, weights)
    state = run.read_checkpoint()
    # A run that was killed between writing the two has one epoch less in its log.
    log = state["log"] if state else run.read_log()
    if not log:
        raise InputError(f"{path} has no finished epoch")
    best = max(log, key=lambda line: line["test_accuracy"]) if weights == BEST else None
    _require_the_logs_weights(path, best or log[-1], evaluation)
    target = target_of(config, described, run.config)
    images = run_data(path, config, data_dir).test
    name, epoch = path.resolve().name, best["epoch"] if best else None
    record = Record(name, config, log, described, evaluation, images, target, epoch)
    for label, text in _texts(described):
        require_possible(f"{label}{text}", f"{run.config}: {label}")
    return record


def _require_the_logs_weights(path: Path, last: Line, evaluation: Evaluation) -> None:
    logged = last["test_accuracy"] * len(evaluation.labels)
    if abs(evaluation.right - logged) > ROUNDING:
        raise InputError(
            f"the weights in {path} are not those of its log: their accuracy is "
            f"{evaluation.accuracy:.2%}, in the log it is {last['test_accuracy']:.2%}"
        )


def _texts(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each setting by the way to it."""
    for name, value in values.items():
        label = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from _texts(value, f"{label}: ")
        else:
            yield label, str(value)
