"""What the files of a run say of it: settings, log, title, mark. Needs no torch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cnn.data.sample_digits import SAMPLE
from cnn.log.run_settings import settings_in_words
from cnn.training.config import DATA_FOLDER, FIRST_EPOCHS, TARGET, Config, target_of
from cnn.training.run import Line, Run
from sheetgen.errors import InputError
from sheetgen.files.characters import require_possible
from sheetgen.spreadsheet.stamp import identifier


@dataclass(frozen=True)
class Facts:
    """A run, by its files."""

    name: str
    config: Config
    log: list[Line]
    described: dict[str, Any]
    """The content of `config.json`, without the folder of the data."""
    target: float | None = field(default=None, kw_only=True)
    """The test accuracy that the run is meant to reach."""

    @classmethod
    def of(cls, path: Path, log: list[Line] | None = None) -> Self:
        """Read a run, all of it but its log where that is given.

        Raises InputError if it is missing or damaged, if no epoch is finished, or if a workbook
        cannot hold its texts.
        """
        run = Run(path)
        run.require_possible_name()
        described = run.read_config()
        # Where the data is kept is not for readers of the workbook, nor part of what a run is.
        described.pop(DATA_FOLDER, None)
        config = Config.from_dict(described, run.config)
        log = run.read_log() if log is None else log
        if not log:
            raise InputError(f"{path} has no finished epoch")
        target = target_of(config, described, run.config)
        for label, text in _texts(described):
            require_possible(f"{label}{text}", f"{run.config}: {label}")
        return cls(path.resolve().name, config, log, described, target=target)

    def is_of(self, checksums: dict[str, str]) -> bool:
        """Return whether these are checksums of the data that the run was trained and tested on."""
        found = self.described.get("data_checksums")
        return isinstance(found, dict) and bool(checksums) and checksums.items() <= found.items()

    @property
    def parameters(self) -> int:
        """The number of parameters of the network, as `config.json` has it; 0 if it does not."""
        return self.config.parameters or 0

    @property
    def title(self) -> str:
        """The training data, in words."""
        if self.config.data == SAMPLE:
            return "a demonstration on 5,000 digits of MNIST, not a result"
        limit, images = self.config.limit, self.config.image_format
        part = "" if limit is None else f" (the first {limit:,} {images.nouns})"
        return f"training on {images.title}{part}"

    def tested(self, parameters: int, images: int, weights: str = "") -> str:
        """Return in words the size of the network, the training's length, and the test data."""
        shown = f"{images:,} {self.config.image_format.nouns}"
        place = "held out of the training set" if self.config.hold_out else "of the test set"
        done = "validated" if self.config.hold_out else "tested"
        return f"{parameters:,} parameters, {self.length}{weights}, {done} on {shown} {place}"

    @property
    def length(self) -> str:
        """The number of finished epochs, and of all if some are not finished."""
        done, planned = len(self.log), self.config.recipe.epochs
        if done < planned:
            return f"unfinished: {done} of {planned} epochs"
        return "1 epoch" if done == 1 else f"{done} epochs"

    @property
    def mark(self) -> str:
        """The mark that identifies this run, even among those in folders of the same name.

        It stays the same if the data moves, or if the run goes on to more epochs or another target.
        """
        aside = ("versions", DATA_FOLDER, FIRST_EPOCHS, TARGET)
        settings = {key: value for key, value in self.described.items() if key not in aside}
        if FIRST_EPOCHS in self.described:
            settings["recipe"] = settings["recipe"] | {"epochs": self.described[FIRST_EPOCHS]}
        return identifier([self.name, settings])

    @property
    def settings(self) -> list[tuple[str, str]]:
        """The configuration in words, by groups."""
        return settings_in_words(self.config, self.described)


def _texts(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each setting by the way to it."""
    for name, value in values.items():
        label = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from _texts(value, f"{label}: ")
        else:
            yield label, str(value)
