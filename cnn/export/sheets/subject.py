"""The data that all sheets of an exported network are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from torch import nn

from cnn.export.network.stages import Network
from cnn.export.network.torch_reference import Reference
from cnn.export.samples import Samples
from cnn.export.sheets.layout import SAMPLES, SamplePlaces, Sheet, require_extents, sheets_of
from cnn.export.sheets.weights_sheet import WEIGHTS, extent, weight_places
from sheetgen.network.activations import Array

if TYPE_CHECKING:
    from cnn.log.record import Record


class Pick(NamedTuple):
    """One activation of a layer, and a channel of the map that it looks at."""

    layer: str
    channel: int
    row: int
    column: int
    source: int


@dataclass(frozen=True, eq=False)
class Subject:
    """A network, the positions of its numbers, and their values when the workbook is opened."""

    title: str
    network: Network
    sheets: dict[str, Sheet]
    """The position of each layer's map, by the layer's name."""
    values: Mapping[str, Array]
    """The activations of each layer, (channels, height, width), for the input that is shown."""
    samples: Samples
    choice: int
    """The number of the sample that is shown; 0 is the user's own input."""
    shown: Array
    """The input that is shown (channels, height, width), as the cells hold it."""
    run: "Record | None" = None
    """The run of `cnn train` that the network comes from, if any."""
    layer: str = ""
    """The layer that is shown on `Layers`; if none is named, the first after the input."""
    first_channel: int = 0
    """The first of its channels that is shown, if they are not all shown."""
    pick: Pick | None = None
    """What is chosen on `Activation`; at first the largest of the first layer."""


def subject_of(
    model: nn.Module,
    network: Network,
    samples: Samples,
    title: str,
    run: "Record | None" = None,
) -> Subject:
    """Return the data of the sheets, showing the first sample, or zeros without samples.

    Raises InputError if the sheets would exceed what a workbook holds.
    """
    sheets = sheets_of(network)
    shape = network.input.output
    extents = {name: sheet.extent for name, sheet in sheets.items()}
    extents[WEIGHTS] = extent(weight_places(network, sheets))
    if len(samples):
        extents[SAMPLES] = SamplePlaces(len(samples), shape).extent
    require_extents(extents)
    shown = samples.values[0] if len(samples) else np.zeros(shape.sides)
    found = Reference(model, network).activations(shown[None])
    values = {name: numbers[0] for name, numbers in found.items()}
    choice = 1 if len(samples) else 0
    return Subject(title, network, sheets, values, samples, choice, shown, run)
