"""Reads MNIST and the data sets made like it: four files of the format IDX, by torchvision."""

import gzip
import hashlib
import io
import socket
import zlib
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cnn.data.images import MNIST_FORMAT, DataSet, ImageFormat, Images, ReadImages
from cnn.torch_loading import import_mnist
from sheetgen.errors import InputError

if TYPE_CHECKING:
    import torch

DEFAULT_FOLDER = Path("output/data")
"""Where data is downloaded to if no other folder is named."""

TRAIN_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST_FILES = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
FILES = TRAIN_FILES + TEST_FILES

CHECKSUMS = dict(
    zip(
        FILES,
        (
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        ),
        strict=True,
    )
)
"""The MD5 of MNIST's files; torchvision's own table has those of the .gz around them."""

PATIENCE = 20.0
"""Seconds without data after which a download has failed."""

_MAGIC = {True: 0x00000803, False: 0x00000801}
"""The first number of a file of images, and of labels: bytes in three dimensions, or in one."""


class MissingError(InputError):
    """The data is not in the folder where it should be, and could not be downloaded."""


@dataclass(frozen=True)
class IdxFiles:
    """A data set of 60,000 training and 10,000 test images, as torchvision stores it."""

    name: str
    torchvision: str
    """The class in torchvision, which is the name of its folder."""
    format: ImageFormat
    page: str
    """With links to the four files."""
    checksums: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The MD5 that the content of each file has to have, where it is known."""

    @property
    def place(self) -> str:
        """The folder of the files in the data folder."""
        return f"{self.torchvision}/raw"

    def raw(self, root: Path) -> Path:
        """Return the folder of the files."""
        return root / self.torchvision / "raw"

    def missing(self, root: Path, names: Sequence[str] = FILES) -> list[str]:
        """Return which files are not in a folder, where torchvision puts them."""
        return [name for name in names if _find(self.raw(root), name) is None]


_CLOTHES = "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag Ankle-boot"
_HIRAGANA = "o ki su tsu na ha ma ya re wo"

MNIST = IdxFiles(
    "mnist", "MNIST", MNIST_FORMAT, "https://github.com/cvdf-datasets/mnist", CHECKSUMS
)
FASHION_MNIST = IdxFiles(
    "fashion-mnist",
    "FashionMNIST",
    replace(
        MNIST_FORMAT,
        title="Fashion-MNIST",
        classes=tuple(name.replace("-boot", " boot") for name in _CLOTHES.split()),
    ),
    "https://github.com/zalandoresearch/fashion-mnist",
)
KMNIST = IdxFiles(
    "kmnist",
    "KMNIST",
    replace(MNIST_FORMAT, title="KMNIST", classes=tuple(_HIRAGANA.split())),
    "https://github.com/rois-codh/kmnist",
)


def load_idx(source: IdxFiles, data_dir: Path | None) -> DataSet:
    """Return the images of a data set, from files packed as .gz or not.

    torchvision downloads missing files. Raises `InputError` for a damaged file, `MissingError` if
    missing files cannot be downloaded.
    """
    train, test = (_load_part(source, data_dir, names) for names in (TRAIN_FILES, TEST_FILES))
    return DataSet(train.images, test.images, source.name, train.checksums | test.checksums)


def load_idx_test(source: IdxFiles, data_dir: Path | None) -> ReadImages:
    """Return only the test images of a data set, as `load_idx` does."""
    return _load_part(source, data_dir, TEST_FILES)


def _load_part(source: IdxFiles, data_dir: Path | None, names: tuple[str, ...]) -> ReadImages:
    """Return the images of two files."""
    root = DEFAULT_FOLDER if data_dir is None else data_dir
    if source.missing(root, names):
        _download(source, root)
    read = [_read(source, root, name) for name in names]
    (images, labels), checksums = (content for content, _ in read), [found for _, found in read]
    pixels, classes = images.view(-1, *source.format.shape), labels.long()
    if len(pixels) != len(classes):
        raise InputError(
            f"{source.raw(root)}: found {len(pixels):,} images in {names[0]} but "
            f"{len(classes):,} labels in {names[1]}"
        )
    return ReadImages(
        Images(pixels, classes, source.format), dict(zip(names, checksums, strict=True))
    )


def _find(raw: Path, name: str) -> Path | None:
    """Return the path of one of the files, unpacked or packed, if it is there."""
    for path in (raw / name, raw / f"{name}.gz"):
        # Where the path is too long, or may not be entered, there is nothing to read either.
        with suppress(OSError):
            if path.is_file():
                return path
    return None


def _read(source: IdxFiles, root: Path, name: str) -> "tuple[torch.Tensor, str]":
    """Return a file's content after its header, as (N,) of uint8, and the MD5 of all."""
    path = _find(source.raw(root), name)
    if path is None:
        raise InputError(f"{source.raw(root) / name} is missing")
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return _checked(source, path, name, (status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(len(FILES))  # a command may need the images several times
def _checked(
    source: IdxFiles, path: Path, name: str, _version: tuple[int, ...]
) -> "tuple[torch.Tensor, str]":
    """Return the content of a version of a file, once it is known to be the right one."""
    start = 16 if "images" in name else 8
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(start)
            expected = _size(source, name, header)
            # One byte more than expected shows that the file is another; a packed file could
            # unpack to any size.
            content = header + file.read(max(0, expected - len(header)) + 1)
    except EOFError as error:
        raise InputError(f"{path} cannot be read: it is truncated") from error
    except (OSError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    checksum = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if reason := _fault(source, name, content, expected, checksum):
        raise InputError(f"{path} is damaged or not {source.format.title}'s: {reason}")
    import torch  # noqa: PLC0415 - images.py says why

    return torch.frombuffer(bytearray(content), dtype=torch.uint8)[start:], checksum


def _size(source: IdxFiles, name: str, header: bytes) -> int:
    """Return the size that a file should have, by its header or, where that is known, always."""
    is_images = "images" in name
    size = 1
    for side in source.format.shape if is_images else ():
        size *= side
    start = 16 if is_images else 8
    known = 60_000 if name.startswith("train") else 10_000
    count = known if source.checksums else int.from_bytes(header[4:8])
    return start + size * count


def _fault(source: IdxFiles, name: str, content: bytes, expected: int, checksum: str) -> str:
    """Return what is wrong with the content of a file, "" if nothing is."""
    size = ""
    if len(content) > expected:
        size = f"it is longer than {expected:,} bytes"
    elif len(content) < expected:
        size = f"it is truncated to {len(content):,} of {expected:,} bytes"
    if known := source.checksums.get(name):
        found = f"the MD5 of its content is {checksum}, expected {known}"
        return "" if checksum == known else f"{size}, and {found}" if size else found
    is_images = "images" in name
    sides = [int.from_bytes(content[at : at + 4]) for at in (8, 12)] if is_images else []
    if int.from_bytes(content[:4]) != _MAGIC[is_images]:
        return f"it is no file of the format IDX with {'images' if is_images else 'labels'}"
    if is_images and sides != list(source.format.shape[1:]):
        wanted = "×".join(map(str, source.format.shape[1:]))
        return f"its images have {sides[0]}×{sides[1]} pixels, expected {wanted}"
    if not size and not is_images and max(content[8:], default=0) >= len(source.format.classes):
        most = len(source.format.classes) - 1
        return f"it has the label {max(content[8:])}, expected 0 to {most}"
    return size or ("" if len(content) > (16 if is_images else 8) else "it holds nothing")


def _download(source: IdxFiles, root: Path) -> None:
    """Let torchvision download the data. Raises `MissingError` if it cannot."""
    download = getattr(import_mnist(), source.torchvision)
    raw = source.raw(root)
    new_folders = list[Path]()
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        new_folders += [folder for folder in (raw, *raw.parents) if not folder.exists()]
        # Its progress bars do not suit a file or a pipe, and take seconds on a terminal.
        with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
            download(root, download=True)
    except (OSError, RuntimeError) as error:
        for folder in new_folders:
            with suppress(OSError):
                folder.rmdir()
        # A damaged file matters more to the user than the missing ones.
        for name in FILES:
            if _find(raw, name):
                _read(source, root, name)
        raise MissingError(_missing(source, root, error)) from error
    finally:
        socket.setdefaulttimeout(patience)


def _missing(source: IdxFiles, root: Path, error: Exception) -> str:
    """Return a sentence that says which files are missing, where, and what to do."""
    missing, title = source.missing(root), source.format.title
    are_some = 0 < len(missing) < len(FILES)
    what = f"of {title}, {', '.join(missing)} is" if are_some else f"{title} is"
    # After its list of servers torchvision quotes what the last one said.
    said = getattr(error, "strerror", None) or str(error).rpartition("got:")[2]
    reason = " ".join(said.split()).strip("<>")
    return (
        f"{what} not in {source.raw(root)} and could not be downloaded ({reason}); name the "
        f"folder that has {source.place} with its four files in it by --data-dir (they are at "
        f"{source.page})"
    )
