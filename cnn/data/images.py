"""Images to train and test on, all of them in memory, and what a network has to know of them.

torch is not imported here, nor in the files beside this one before images are read: what is known
of the data of a run is often all that is asked.
"""

import io
import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from sheetgen.errors import InputError

if TYPE_CHECKING:
    import torch

DIGITS = tuple("0123456789")
WHITE = 255
MOST_SIDE = 10_000
"""Pixels, of an image that is stored as an array of numbers."""
_PART = 1000
"""Images that are counted at a time."""


@dataclass(frozen=True)
class ImageFormat:
    """What a network has to know of its images. Raises `InputError` for what is none."""

    title: str
    """What the data is called."""
    shape: tuple[int, int, int]
    """Channels, height and width in pixels; 1 channel is grey, 3 are red, green and blue."""
    classes: tuple[str, ...]
    mean: float
    deviation: float
    """Of all pixels of the training images, if white is 1."""
    is_ink: bool = True
    """Whether large values are ink, which pictures show as black on white."""

    def __post_init__(self) -> None:
        sides = isinstance(self.shape, tuple) and [type(side) is int for side in self.shape]
        names = isinstance(self.classes, tuple) and [type(name) is str for name in self.classes]
        numbers = [type(each) is float for each in (self.mean, self.deviation)]
        if not (
            sides == [True] * 3
            and self.shape[0] in (1, 3)
            and all(1 <= side <= MOST_SIDE for side in self.shape)
            and names
            and all(names)
            and len(self.classes) > 1
            and all(numbers)
            and math.isfinite(self.mean)
            and 0 < self.deviation < math.inf
            and type(self.title) is str
            and type(self.is_ink) is bool
        ):
            raise InputError(f"image_format is {asdict(self)!r:.200}; expected that of images")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the format from the dictionary of its fields, in which tuples may be lists."""
        tuples = {name: tuple(values[name]) for name in ("shape", "classes")}
        return cls(**values | tuples)

    @property
    def is_digits(self) -> bool:
        """Whether the classes are the ten digits."""
        return self.classes == DIGITS

    @property
    def noun(self) -> str:
        """What a class is called."""
        return "digit" if self.is_digits else "class"

    @property
    def nouns(self) -> str:
        """What several images are called."""
        return "digits" if self.is_digits else "images"

    @property
    def sides(self) -> str:
        """The shape in words, such as 1×28×28."""
        return "×".join(map(str, self.shape))

    def normalize(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """Return pixels from 0 to 255 as float32, those of the training with mean 0, deviation 1.

        Pixels that are float32 already are changed in place.
        """
        return pixels.float().mul_(1 / (WHITE * self.deviation)).sub_(self.mean / self.deviation)

    def measured(self, pixels: "torch.Tensor") -> Self:
        """Return the format with mean and deviation of these pixels, to four digits.

        Counts are whole numbers, and so it is the same on any machine. Raises `InputError` if all
        pixels are the same.
        """
        counts = [0] * (WHITE + 1)
        for part in pixels.split(_PART):
            found = part.flatten().bincount(minlength=WHITE + 1).tolist()
            counts = [one + other for one, other in zip(counts, found, strict=True)]
        total = sum(counts)
        first = sum(value * count for value, count in enumerate(counts))
        second = sum(value**2 * count for value, count in enumerate(counts))
        variance = (total * second - first**2) / total**2
        if variance <= 0:
            raise InputError(f"{self.title}: all pixels of the training images are the same")
        mean, deviation = first / total / WHITE, math.sqrt(variance) / WHITE
        return replace(self, mean=float(f"{mean:.4g}"), deviation=float(f"{deviation:.4g}"))


MNIST_FORMAT = ImageFormat("MNIST", (1, 28, 28), DIGITS, mean=0.1307, deviation=0.3081)


@dataclass(frozen=True)
class Images:
    """Pixels (N, channels, height, width) from 0 to 255 as uint8, labels (N,) as int64."""

    pixels: "torch.Tensor"
    labels: "torch.Tensor"
    format: ImageFormat = MNIST_FORMAT

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: "slice | torch.Tensor") -> Self:
        return replace(self, pixels=self.pixels[part], labels=self.labels[part])

    def to(self, device: "torch.device") -> Self:
        """Return the images on a device."""
        return replace(self, pixels=self.pixels.to(device), labels=self.labels.to(device))

    def name(self, index: int) -> str:
        """Return the class of an image."""
        return self.format.classes[int(self.labels[index])]

    def png(self, index: int) -> bytes:
        """Return one image as a PNG; ink is black on white."""
        from PIL import Image  # noqa: PLC0415

        pixels = self.pixels[index].cpu().numpy()
        pixels = WHITE - pixels if self.format.is_ink else pixels
        buffer = io.BytesIO()
        picture = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
        picture.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


@dataclass(frozen=True)
class ReadImages:
    """The images of one part of a data set, and the MD5 of what was read."""

    images: Images
    checksums: dict[str, str]


@dataclass(frozen=True)
class DataSet:
    """A training and a test set, the kind of the data and the MD5 of what was read."""

    train: Images
    test: Images
    kind: str
    checksums: dict[str, str]

    @property
    def tested(self) -> ReadImages:
        """The test set, which was read with the rest."""
        return ReadImages(self.test, self.checksums)

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

    def formatted(self, image_format: ImageFormat) -> Self:
        """Return the data with another format, of which it takes the normalisation."""
        train = replace(self.train, format=image_format)
        return replace(self, train=train, test=replace(self.test, format=image_format))

    def to(self, device: "torch.device") -> Self:
        """Return the data on a device."""
        return replace(self, train=self.train.to(device), test=self.test.to(device))
