"""All that the sheets of an exported network are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnn.export.network.stages import Array, Network
from cnn.export.samples import Samples
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.weights_cells import Weights

if TYPE_CHECKING:
    from cnn.log.record import Record


@dataclass(frozen=True, eq=False)
class Subject:
    """A network, where its numbers stand, and what they are when the workbook is opened."""

    title: str
    network: Network
    sheets: Mapping[str, Sheet]
    """The place of each layer's map, by the layer's name."""
    values: Mapping[str, Array]
    """The activations of each layer, (channels, height, width), for the input that is shown."""
    samples: Samples
    choice: int
    """The number of the sample that is shown; 0 is a person's own input."""
    shown: Array
    """The input that is shown (channels, height, width), as it stands in the cells."""
    weights: Weights
    run: "Record | None" = None
    """The run of `cnn train` that the network comes from, if it does."""
    layer: str = ""
    """The layer that is shown on `Layers`; the first behind the input if none is named."""
    first_channel: int = 0
    """The first of its channels that is shown, where they are not all shown."""
