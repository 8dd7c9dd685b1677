"""The data that networks are trained on: by its name, or from the folder where it is."""

from pathlib import Path

from cnn.data.idx_files import (
    DEFAULT_FOLDER,
    FASHION_MNIST,
    FILES,
    KMNIST,
    MNIST,
    TEST_FILES,
    IdxFiles,
    MissingError,
    load_idx,
    load_idx_test,
)
from cnn.data.image_folder import FOLDER, ImageFolder, is_there
from cnn.data.images import MNIST_FORMAT, DataSet, ImageFormat, ReadImages
from cnn.data.sample_digits import SAMPLE, load_sample
from sheetgen.console.commands import suggestion
from sheetgen.errors import InputError

KNOWN: dict[str, IdxFiles] = {each.name: each for each in (MNIST, FASHION_MNIST, KMNIST)}
KINDS = (*KNOWN, SAMPLE, FOLDER)
"""The kinds of data; FOLDER is one of the user's own."""


def read_source(text: str) -> tuple[str, Path | None]:
    """Return the kind of data that `--data` names, and where it is if it says that.

    Raises `InputError` for what is neither a known name nor a folder.
    """
    if text in KNOWN:
        return text, None
    path = Path(text)
    if "\0" not in text and path.is_dir():
        for known in KNOWN.values():
            if not known.missing(path):
                raise InputError(
                    f"--data: found {text}, which has {known.place} in it; expected a name or a "
                    f"folder of images: --data {known.name} --data-dir {text}"
                )
        return FOLDER, path
    raise InputError(
        f'--data: found no folder "{text}", and no data of that name; {suggestion(text, KNOWN)}'
    )


def format_of(kind: str, folder: Path | None) -> ImageFormat:
    """Return the format of the images, before they are read: the normalisation is not measured.

    Raises `InputError` for a folder that cannot be used.
    """
    if kind == FOLDER:
        return ImageFolder.of(_known(folder)).format
    return KNOWN[kind].format if kind in KNOWN else MNIST_FORMAT


def load_data(kind: str, folder: Path | None) -> DataSet:
    """Return the images; `folder` is where they are, None for where they are downloaded to.

    Raises `InputError` for damaged data, `MissingError` if there is none.
    """
    if kind == FOLDER:
        return ImageFolder.of(_known(folder)).load()
    return load_sample() if kind == SAMPLE else load_idx(KNOWN[kind], folder)


def load_test(kind: str, folder: Path | None) -> ReadImages:
    """Return only the test images, as `load_data` does; damaged training images are not noticed."""
    if kind == FOLDER:
        return ImageFolder.of(_known(folder)).load_test()
    return load_sample().tested if kind == SAMPLE else load_idx_test(KNOWN[kind], folder)


def measured(data: DataSet) -> DataSet:
    """Return the data, normalised by its own training images where that is not known already."""
    if data.kind in (MNIST.name, SAMPLE):
        return data
    return data.formatted(data.train.format.measured(data.train.pixels))


def is_missing(kind: str, folder: Path, *, training: bool = True) -> bool:
    """Return whether any of the data is not in a folder, or any of its test images."""
    if kind == FOLDER:
        return not is_there(folder)
    names = FILES if training else TEST_FILES
    return kind in KNOWN and bool(KNOWN[kind].missing(folder, names))


def place_of(kind: str) -> str:
    """Return what is in the folder of some data."""
    return KNOWN[kind].place if kind in KNOWN else "train"


def located_folder(kind: str, folder: Path | None) -> Path | None:
    """Return the absolute path of the folder that data was read from; None for the sample."""
    return None if kind == SAMPLE else (folder or DEFAULT_FOLDER).absolute()


def _known(folder: Path | None) -> Path:
    if folder is None:
        raise MissingError("the folder of the images is not known; name it by --data-dir")
    return folder
