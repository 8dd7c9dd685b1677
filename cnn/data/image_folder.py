"""Reads image folders: train/ and test/ (or val/), in each a folder of images for each class."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnn.data.images import MOST_SIDE, DataSet, ImageFormat, Images, ReadImages
from cnn.torch_loading import import_image_folder
from sheetgen.errors import InputError
from sheetgen.files.characters import require_possible
from sheetgen.files.saving import reason_of

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = "folder"
TRAIN = "train"
TESTS = ("test", "val")
EXPECTED = "expected train and test (or val), each with a folder of images for each class"
MOST_BYTES = 4_000_000_000
"""Of all pixels together, which are held in memory."""
_GREY = ("1", "L", "LA")
_DEEP = ("I", "F")
"""How the modes of Pillow begin whose pixels have more than 8 bits."""


@dataclass(frozen=True)
class _Part:
    """The training or the test images: their paths in the order of the classes."""

    folder: Path
    classes: tuple[str, ...]
    samples: tuple[tuple[Path, int], ...]


@dataclass(frozen=True)
class ImageFolder:
    """A folder of images whose files are all there, of one size, and look readable."""

    folder: Path
    train: _Part
    test: _Part
    format: ImageFormat

    @classmethod
    def of(cls, folder: Path) -> "ImageFolder":
        """Look at all files of a folder, without decoding them.

        Raises `InputError`, naming the folder or the file, if there are no classes, if those for
        testing are others than those for training, or if the images do not have one size.
        """
        tests = [name for name in TESTS if (folder / name).is_dir()]
        if missing := [TRAIN] * (not (folder / TRAIN).is_dir()) or [TESTS[0]] * (not tests):
            is_there = folder.is_dir()
            found = f"{folder} has no folder {missing[0]}" if is_there else f"{folder} is no folder"
            raise InputError(f"{found}; {EXPECTED}")
        train, test = (_part(folder / name) for name in (TRAIN, tests[0]))
        _require_same(train, test)
        shape = _shape([*train.samples, *test.samples])
        title = folder.resolve().name or FOLDER
        for name in (title, *train.classes):
            require_possible(name, f"{folder}: the name {name!r}")
        # The mean and the deviation are measured when the pixels are read.
        image_format = ImageFormat(title, shape, train.classes, 0.5, 0.5, is_ink=False)
        return cls(folder, train, test, image_format)

    def load(self) -> DataSet:
        """Decode all images. Raises `InputError`, naming it, for one that is damaged."""
        import torch  # noqa: PLC0415 - images.py says why

        train, test = self._load_part(self.train), self.load_test()
        # They come sorted by class; a fixed shuffle makes any first or last N fair.
        order = torch.from_numpy(np.random.default_rng(0).permutation(len(train.images)))
        checksums = train.checksums | test.checksums
        return DataSet(train.images[order], test.images, FOLDER, checksums)

    def load_test(self) -> ReadImages:
        """Decode only the test images, as `load` does."""
        return self._load_part(self.test)

    def _load_part(self, part: _Part) -> ReadImages:
        """Decode the images of one part, in the order of the classes."""
        import torch  # noqa: PLC0415 - images.py says why

        pixels = _pixels(part.samples, self.format.shape)
        labels = np.array([label for _, label in part.samples], np.int64)
        content = hashlib.md5(pixels.tobytes(), usedforsecurity=False)
        content.update(labels.tobytes() + repr(part.classes).encode())
        images = Images(torch.from_numpy(pixels), torch.from_numpy(labels), self.format)
        return ReadImages(images, {f"{part.folder.name} images": content.hexdigest()})


def is_there(folder: Path) -> bool:
    """Return whether a folder has one of images to train on."""
    try:
        return (folder / TRAIN).is_dir()
    except OSError:
        return False


def _part(folder: Path) -> _Part:
    """List the images of one part, with torchvision's numbers of the classes."""
    try:
        found = import_image_folder()(folder, allow_empty=True)
    except FileNotFoundError as error:
        raise InputError(f"{folder} has no folders; {EXPECTED}") from error
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {reason_of(error)}") from error
    samples = tuple((Path(path), label) for path, label in found.samples)
    if len(found.classes) < 2:
        raise InputError(f"{folder} has 1 class, {found.classes[0]}; expected 2 or more")
    filled = {label for _, label in samples}
    for label, name in enumerate(found.classes):
        if label not in filled:
            raise InputError(f"{folder / name} has no images; expected some of that class")
    return _Part(folder, tuple(found.classes), samples)


def _require_same(train: _Part, test: _Part) -> None:
    """Raise `InputError` unless both parts have the same classes."""
    for one, other in ((train, test), (test, train)):
        if names := [name for name in one.classes if name not in other.classes]:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise InputError(
                f"{other.folder} has no class {names[0]}{more}, which is in {one.folder}; "
                "expected the same classes in both"
            )


def _shape(samples: Sequence[tuple[Path, int]]) -> tuple[int, int, int]:
    """Return channels, height and width of all images; they are grey only if all are."""
    sizes: dict[tuple[int, int], Path] = {}
    modes = set[str]()
    for path, _ in samples:
        with _opened(path) as image:
            sizes.setdefault(image.size, path)
            modes.add(image.mode)
            if image.mode.startswith(_DEEP):
                raise InputError(f"{path} has pixels of more than 8 bits; expected grey or RGB")
        if len(sizes) > 1:
            (width, height), (first_width, first_height) = image.size, next(iter(sizes))
            raise InputError(
                f"{path} has {width}×{height} pixels, but {next(iter(sizes.values()))} has "
                f"{first_width}×{first_height}; expected images of one size"
            )
    ((width, height),) = sizes
    shape = 1 if modes <= set(_GREY) else 3, height, width
    size = len(samples) * shape[0] * height * width
    if max(shape) > MOST_SIDE or size > MOST_BYTES:
        raise InputError(
            f"found {len(samples):,} images of {width}×{height} pixels, {size / 1e9:,.1f} GB; "
            f"expected at most {MOST_BYTES / 1e9:g} GB: make them smaller"
        )
    return shape


def _opened(path: Path) -> "Image":
    """Open an image. Raises `InputError` if it is none."""
    from PIL import Image  # noqa: PLC0415

    try:
        return Image.open(path)
    # A file that is damaged, or none of an image, can make Pillow raise anything.
    except Exception as error:
        raise InputError(f"{path} cannot be read as an image: {_reason(error)}") from error


def _pixels(
    samples: Sequence[tuple[Path, int]], shape: tuple[int, int, int]
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the pixels (N, channels, height, width) of images."""
    pixels = np.empty((len(samples), *shape), np.uint8)
    for place, (path, _) in enumerate(samples):
        with _opened(path) as image:
            try:
                found = np.asarray(image.convert("L" if shape[0] == 1 else "RGB"))
            except Exception as error:
                raise InputError(f"{path} cannot be read as an image: {_reason(error)}") from error
        pixels[place] = found[None] if shape[0] == 1 else found.transpose(2, 0, 1)
    return pixels


def _reason(error: Exception) -> str:
    words = str(error).strip().split("\n")[0]
    return "it is none" if "cannot identify" in words else words or type(error).__name__
