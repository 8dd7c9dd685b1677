"""The inputs that come with an exported network for the user to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnn.export.network.stages import Shape
from sheetgen.errors import InputError
from sheetgen.network.activations import Array

if TYPE_CHECKING:
    from cnn.data.images import Images
    from cnn.training.evaluation_findings import Findings


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs (N, channels, height, width) as the input cells hold them, and what they are.

    `names` and `labels` have one entry for each; the label is None if the class is not known.
    `indices` are their indices in the set of images that they come from, if any.
    """

    values: Array = field(repr=False)
    names: tuple[str, ...]
    labels: tuple[int | None, ...]
    indices: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def number_of(self, index: int) -> int | None:
        """Return the number, from 1, that shows the image with this index in its set, if any."""
        return self.indices.index(index) + 1 if index in self.indices else None


def no_samples(shape: Shape) -> Samples:
    """Return an empty collection."""
    return Samples(np.zeros((0, *shape.sides)), (), ())


def as_samples(values: object, shape: Shape) -> Samples:
    """Return samples from an array, or from a sequence of arrays with the shape of one input.

    Raises InputError for another shape and for anything but finite numbers.
    """
    if isinstance(values, Sequence) and len(values) == 0:
        return no_samples(shape)
    array = _array(values)
    expected = shape.torch_sides
    if array.shape[1:] != expected:
        wanted = ", ".join(map(str, expected))
        raise InputError(f"samples: found the shape {array.shape}; expected (N, {wanted})")
    if not np.isfinite(array).all():
        raise InputError("samples: not all numbers are finite")
    array = array.reshape(len(array), *shape.sides)
    names = tuple(f"sample {number}" for number in range(1, len(array) + 1))
    return Samples(array, names, (None,) * len(array))


def _array(values: object) -> Array:
    """Return numbers as float64, including those of tensors that require gradients."""
    if isinstance(values, list | tuple):
        plain: object = [_plain(each) for each in values]
    else:
        plain = _plain(values)
    try:
        # NumPy only warns when it drops imaginary parts.
        array = np.asarray(plain)
        if not np.iscomplexobj(array):
            return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    raise InputError("samples: found no array of numbers; expected real ones")


def _plain(values: object) -> object:
    if not isinstance(values, torch.Tensor):
        return values
    if values.is_complex() or values.is_meta:
        raise InputError("samples: found no array of numbers; expected real ones")
    return values.detach().to_dense().cpu().double().numpy()


def choose_images(images: "Images", findings: "Findings", count: int = 100) -> Samples:
    """Return the first images of each class, `count` of all, and those that are misclassified.

    `count` is rounded up to a multiple of the classes. The samples are in the order of the images.
    """
    labels = images.labels.cpu().numpy()
    classes = len(images.format.classes)
    each = -(-count // classes)
    chosen = {int(i) for label in range(classes) for i in np.flatnonzero(labels == label)[:each]}
    chosen |= {each.index for each in findings.mistakes}
    return images_at(images, sorted(chosen))


def images_at(images: "Images", indices: Sequence[int]) -> Samples:
    """Return the images with these indices."""
    pixels = images.pixels.cpu().numpy()[list(indices)].astype(np.float64)
    labels = tuple(int(images.labels[index]) for index in indices)
    kind = "digit" if images.format.is_digits else "image"
    names = tuple(f"{images.name(index)} (test {kind} {index})" for index in indices)
    return Samples(pixels, names, labels, tuple(indices))
