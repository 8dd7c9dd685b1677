"""Chooses the samples that `Data` shows as pictures: the first of each class."""

import numpy as np

from sheetgen.network.answers import class_names, classes_of
from sheetgen.network.data import Data
from sheetgen.network.network import Network
from sheetgen.network.planes import Planes

MOST_CELLS = 36  # side by side
MOST_PIXELS = 2000  # cells of all pictures, each with a formula; a class has one in any case
LINES = 4  # of pictures, where there are no classes


def columns_of(planes: Planes) -> int:
    """Return how many columns a picture takes: its channels, each with a gap behind it."""
    return planes.channels * (planes.columns + 1)


def pictured_samples(network: Network, data: Data) -> tuple[tuple[int, ...], ...]:
    """Return the samples of each line of pictures, none if a network looks at no planes."""
    planes, classes = network.planes, len(class_names(network, data))
    if planes is None:
        return ()
    lines, samples = classes or LINES, range(data.samples)
    across = max(1, min(MOST_CELLS // columns_of(planes), MOST_PIXELS // (lines * planes.size)))
    if not classes:
        return tuple(tuple(samples[at : at + across]) for at in samples[::across][:lines])
    found = classes_of(np.array(data.targets))
    of_classes = (np.flatnonzero(found == each)[:across].tolist() for each in range(classes))
    return tuple(tuple(line) for line in of_classes if line)
