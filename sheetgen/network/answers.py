"""What the outputs of a network say about a sample: which class it is, or numbers."""

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.data import Data
from sheetgen.network.network import Network

THRESHOLD = 0.5  # of a single output between two classes


def class_names(network: Network, data: Data) -> tuple[str, ...]:
    """Return the names of the classes that the network tells apart; () if its targets are none.

    Several outputs name the class whose output is the largest, if they are shares (softmax) or all
    targets are one-hot. The single output of a sigmoid names one of two classes if all targets are
    0 or 1. Several outputs with binary cross-entropy are answers to questions of their own.
    """
    last = network.layers[-1].activation
    if network.outputs == 1:
        targets = {row[0] for row in data.targets + data.test_targets}
        is_binary = last.name == "sigmoid" and targets <= {0.0, 1.0}
        return ("0", "1") if is_binary else ()
    if is_labelling(network) or not (last.acts_on_layer or data.is_one_hot):
        return ()
    return data.target_labels or tuple(str(number + 1) for number in range(network.outputs))


def is_labelling(network: Network) -> bool:
    """Tell whether each of several outputs says by itself whether a sample is of a kind."""
    return network.outputs > 1 and network.loss.name == "binary-cross-entropy"


def code_layer(network: Network, data: Data) -> int | None:
    """Return the place of an autoencoder's code, its narrowest hidden layer; None for others.

    An autoencoder has its own inputs for targets.
    """
    units = [layer.units for layer in network.layers[:-1]]
    return units.index(min(units)) if units and data.inputs == data.targets else None


def classes_of(values: Array) -> Array:
    """Return the place, from 0, of each row's class (rows, outputs → rows)."""
    if values.shape[1] == 1:
        return np.asarray(values[:, 0] >= THRESHOLD, dtype=int)
    return np.asarray(values.argmax(axis=1))


def confusion(targets: Array, found: Array, classes: int) -> Array:
    """Return how many samples of each class (rows) were taken for each class (columns)."""
    pairs = (targets * classes + found).astype(int)
    counts = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    return counts.astype(np.float64)
