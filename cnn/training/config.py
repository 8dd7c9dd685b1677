"""The settings of a run of `cnn train`: everything needed to repeat it."""

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch

from cnn.mnist import (
    DEFAULT_FOLDER,
    MNIST,
    SAMPLE,
    Digits,
    MissingError,
    load_mnist,
    load_sample,
    missing_files,
)
from cnn.models import build_model, parameter_count
from cnn.own_model import is_own, source_checksum
from cnn.training.recipes import Recipe, require_whole, shown
from sheetgen.errors import InputError
from sheetgen.version import __version__

DATA_FOLDER = "data_folder"
"""The key in `config.json` of the folder with MNIST/raw in it; null for the sample."""

MODEL_SOURCE = "model_checksum"
"""The key in `config.json` of the SHA-256 of the file with the user's own network."""

MOST_THREADS = 1024
"""Per process, on any machine."""


def most_threads() -> int:
    """Return the most threads that a new run may use here: 8 per core, but at least 64.

    Many more threads than cores only wait for each other; some ten thousand crash the process.
    """
    return min(MOST_THREADS, max(64, 8 * (os.cpu_count() or 1)))


@dataclass(frozen=True)
class Config:
    """The settings of a run, on which its weights depend to the last bit.

    Raises `InputError` for a value of the wrong type or out of range.
    """

    model: str
    recipe: Recipe
    seed: int
    data: str
    """`mnist` or `sample`."""
    limit: int | None
    """Train on this number of images only; None means all."""
    hold_out: int
    """Test on this number of training images, left out of training; 0 means on the test set."""
    device: str
    threads: int
    """Per process."""
    processes: int

    def __post_init__(self) -> None:
        for name in ("model", "device"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{name} is {shown(getattr(self, name))}; expected a name")
        if self.data not in (MNIST, SAMPLE):
            raise InputError(f"data is {shown(self.data)}; expected {MNIST} or {SAMPLE}")
        require_whole("seed", self.seed, 0, 2**32 - 1)
        if self.limit is not None:
            require_whole("limit", self.limit, 1)
        require_whole("hold_out", self.hold_out, 0)
        require_whole("threads", self.threads, 1, MOST_THREADS)
        require_whole("processes", self.processes, 1)

    @classmethod
    def from_dict(cls, values: dict[str, Any], path: Path) -> Self:
        """Return the settings from the dictionary that `describe` returned.

        Raises `InputError` for anything else; it names `path`, the file that held it.
        """
        try:
            own = {name: values[name] for name in cls.__dataclass_fields__}
            return cls(**own | {"recipe": Recipe.from_dict(values["recipe"])})
        except (InputError, KeyError, TypeError) as error:
            known = isinstance(error, InputError)
            missing = f"found no {error}" if isinstance(error, KeyError) else str(error)
            reason = error if known else f"it does not describe a run: {missing}"
            raise InputError(f"{path} cannot be used: {reason}") from error


def load(config: Config, data_dir: Path | None, remembered: Path | None = None) -> Digits:
    """Return the digits that a run trains and tests on.

    MNIST is read from `data_dir`, else from the folder that the run remembers, else from the
    default folder. Raises `InputError` for damaged data, `MissingError` if there is none.
    """
    if config.data == SAMPLE:
        digits = load_sample()
    elif data_dir is not None and remembered is not None and missing_files(data_dir):
        # Nothing is downloaded into a folder that may be a mistyped one.
        raise MissingError(f"MNIST is not in {data_dir}; the run found it in {remembered}")
    elif data_dir is None and remembered is not None and missing_files(remembered):
        raise MissingError(
            f"MNIST is no longer in {remembered}, where the run found it; "
            "name the folder that has MNIST/raw in it now by --data-dir"
        )
    else:
        digits = load_mnist(data_dir or remembered)
    return digits.hold_out(config.hold_out).limit(config.limit)


def remembered_folder(described: dict[str, Any], path: Path) -> Path | None:
    """Return the data folder in the content of `config.json`; runs of version 0.1.0 have none.

    Raises `InputError`, naming `path`, the file, if it is anything but an absolute path.
    """
    found = described.get(DATA_FOLDER)
    if found is None:
        return None
    if not isinstance(found, str) or "\0" in found or not Path(found).is_absolute():
        raise InputError(
            f"{path} cannot be used: {DATA_FOLDER} is {shown(found)}; expected an absolute path"
        )
    return Path(found)


def described_folder(config: Config, data_dir: Path | None) -> str | None:
    """Return what `config.json` says of the folder that MNIST was read from."""
    return None if config.data == SAMPLE else str((data_dir or DEFAULT_FOLDER).absolute())


def describe(config: Config, digits: Digits, data_dir: Path | None) -> dict[str, Any]:
    """Return the content of `config.json`: settings, data folder and checksums, versions."""
    return asdict(config) | {
        "parameters": parameter_count(build_model(config.model)),
        MODEL_SOURCE: source_checksum(config.model) if is_own(config.model) else None,
        DATA_FOLDER: described_folder(config, data_dir),
        "data_checksums": digits.checksums,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions of everything that the weights' last bits depend on."""
    return {
        "sheetgen": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.platform(),
    }
