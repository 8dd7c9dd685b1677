"""The settings of a run of `cnn train`: everything needed to repeat it.

torch is imported only for a new network and for the versions: many only read what a run was.
"""

import os
import platform
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from cnn.data.data_sources import (
    KINDS,
    is_missing,
    load_data,
    load_test,
    located_folder,
    place_of,
)
from cnn.data.idx_files import MNIST, MissingError
from cnn.data.images import MNIST_FORMAT, DataSet, ImageFormat, ReadImages
from cnn.data.sample_digits import SAMPLE
from cnn.model_names import is_own
from cnn.training.recipes import Recipe, require_whole, shown
from sheetgen.errors import InputError
from sheetgen.version import __version__

if TYPE_CHECKING:
    from torch import nn

DATA_FOLDER = "data_folder"
"""The key in `config.json` of the folder with the data in it; null for the sample."""

MODEL_SOURCE = "model_checksum"
"""The key in `config.json` of the SHA-256 of the file with the user's own network."""

FIRST_EPOCHS = "epochs_at_first"
"""The key in `config.json` of the epochs that a run was begun with, if it went on to others."""

LAST, BEST = "last", "best"
"""The weights of a run: after the last epoch, or after the best one on held out images."""

TEACHERS = "teacher_checksums"
"""The key in `config.json` of the SHA-256 of each teacher's weights; runs without have none."""

TARGET = "target_accuracy"
"""The key in `config.json` of the test accuracy to reach; null where none was asked for."""

MNIST_TARGET = 0.994
"""What the networks for MNIST are meant to reach; no other data has a target of its own."""

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
    """The kind of data, such as `mnist`, `sample` or `folder`."""
    limit: int | None
    """Train on this number of images only; None means all."""
    hold_out: int
    """Test on this number of training images, left out of training; 0 means on the test set."""
    device: str
    threads: int
    """Per process."""
    processes: int
    image_format: ImageFormat = MNIST_FORMAT
    keep: str = LAST
    """BEST: also keep the weights of the best epoch."""
    parameters: int | None = field(default=None, compare=False)
    """How many the network of a run has: an earlier version had others of some names."""

    @property
    def tested_on(self) -> str:
        """What the images that are not trained on are called: held out ones are for validation.

        The log's keys are those of a test in both cases, so that whatever reads one reads all.
        """
        return "validation" if self.hold_out else "test"

    def __post_init__(self) -> None:
        for name in ("model", "device"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{name} is {shown(getattr(self, name))}; expected a name")
        if self.data not in KINDS:
            known = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
            raise InputError(f"data is {shown(self.data)}; expected {known}")
        require_whole("seed", self.seed, 0, 2**32 - 1)
        if self.limit is not None:
            require_whole("limit", self.limit, 1)
        require_whole("hold_out", self.hold_out, 0)
        require_whole("threads", self.threads, 1, MOST_THREADS)
        require_whole("processes", self.processes, 1)
        if self.parameters is not None:
            require_whole("parameters", self.parameters, 0)
        if self.keep not in (LAST, BEST):
            raise InputError(f"keep is {shown(self.keep)}; expected {LAST} or {BEST}")
        if self.keep == BEST and not self.hold_out:
            raise InputError(
                "keep is best, but no images are held out to choose by, and the test set must not "
                "be; add --hold-out N"
            )

    @classmethod
    def from_dict(cls, values: dict[str, Any], path: Path) -> Self:
        """Return the settings from the dictionary that `describe` returned.

        Those of earlier versions lack the format of the images, which is MNIST's, and what is
        kept. Raises `InputError` for anything else; it names `path`, the file that held it.
        """
        try:
            image_format = asdict(MNIST_FORMAT) | dict(values.get("image_format", {}))
            optional = {"keep": LAST, "parameters": None}
            whole = optional | values | {"image_format": ImageFormat.from_dict(image_format)}
            own = {name: whole[name] for name in cls.__dataclass_fields__}
            return cls(**own | {"recipe": Recipe.from_dict(values["recipe"])})
        except (InputError, KeyError, TypeError, ValueError) as error:
            known = isinstance(error, InputError)
            missing = f"found no {error}" if isinstance(error, KeyError) else str(error)
            reason = error if known else f"it does not describe a run: {missing}"
            raise InputError(f"{path} cannot be used: {reason}") from error


def load(config: Config, data_dir: Path | None, remembered: Path | None = None) -> DataSet:
    """Return the images that a run trains and tests on.

    They are read from `data_dir`, else from the folder that the run remembers, else from the
    default folder. Raises `InputError` for damaged data, `MissingError` if there is none.
    """
    data = load_data(config.data, _folder(config, data_dir, remembered, training=True))
    return data.hold_out(config.hold_out).limit(config.limit)


def load_tested(config: Config, data_dir: Path | None, remembered: Path | None) -> ReadImages:
    """Return only the images that a run tests on, as `load` does, with the format of its training.

    Raises `InputError` if they do not fit.
    """
    # Images that are held out are training images.
    folder = _folder(config, data_dir, remembered, training=config.hold_out > 0)
    if config.hold_out:
        found = load_data(config.data, folder).hold_out(config.hold_out).tested
    else:
        found = load_test(config.data, folder)
    require_fitting(found.images.format, config)
    return replace(found, images=replace(found.images, format=config.image_format))


def _folder(
    config: Config, data_dir: Path | None, remembered: Path | None, *, training: bool
) -> Path | None:
    """Return where the images are; raises `MissingError` if they are not where they should be."""
    named, title = data_dir or remembered, config.image_format.title
    if remembered is None or named is None:
        return named
    if is_missing(config.data, named, training=training):
        # Nothing is downloaded into a folder that may be a mistyped one.
        if data_dir is not None:
            raise MissingError(f"{title} is not in {data_dir}; the run found it in {remembered}")
        raise MissingError(
            f"{title} is no longer in {remembered}, where the run found it; "
            f"name the folder that has {place_of(config.data)} in it now by --data-dir"
        )
    return named


def require_fitting(found: ImageFormat, config: Config) -> None:
    """Raise `InputError` if images have another shape or other classes than those of a run."""
    wanted = config.image_format
    if found.shape != wanted.shape:
        raise InputError(
            f"the data has images of {found.sides}; the run was trained on {wanted.sides}"
        )
    if found.classes != wanted.classes:
        classes = " and ".join(f"{len(each.classes)} classes" for each in (found, wanted))
        new = next((name for name in found.classes if name not in wanted.classes), "")
        reason = f"found the class {new}" if new else f"found {classes}"
        raise InputError(f"the data has other classes than those of the run: {reason}")


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
    """Return what `config.json` says of the folder that the data was read from."""
    folder = located_folder(config.data, data_dir)
    return None if folder is None else str(folder)


def describe(
    config: Config, data: DataSet, data_dir: Path | None, target: float | None = None
) -> dict[str, Any]:
    """Return the content of `config.json`: settings, data folder and checksums, versions."""
    from cnn.models import parameter_count  # noqa: PLC0415
    from cnn.own_model import source_checksum  # noqa: PLC0415

    return asdict(config) | {
        "parameters": parameter_count(new_model(config)),
        MODEL_SOURCE: source_checksum(config.model) if is_own(config.model) else None,
        DATA_FOLDER: described_folder(config, data_dir),
        TARGET: target,
        "data_checksums": data.checksums,
        "versions": versions(),
    }


def target_of(config: Config, described: dict[str, Any], path: Path) -> float | None:
    """Return the test accuracy that a run is meant to reach, None if there is none.

    Raises `InputError`, naming `path`, if the content of `config.json` has no number there.
    """
    found = described.get(TARGET)
    if found is None:
        return MNIST_TARGET if config.data in (MNIST.name, SAMPLE) else None
    if type(found) is not float or not 0 < found <= 1:
        raise InputError(
            f"{path} cannot be used: {TARGET} is {shown(found)}; expected a fraction up to 1"
        )
    return found


def new_model(config: Config) -> "nn.Module":
    """Return a new network for the images of a run, as `build_model` does."""
    from cnn.models import build_model  # noqa: PLC0415

    shape, classes = config.image_format.shape, len(config.image_format.classes)
    return build_model(config.model, shape, classes, config.parameters)


def versions() -> dict[str, str]:
    """Return the versions of everything that the weights' last bits depend on."""
    import torch  # noqa: PLC0415

    return {
        "sheetgen": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.platform(),
    }
