"""The data that all sheets of an exported network are drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from torch import nn

from cnn.export.described_numbers import Quantities, answering
from cnn.export.network.stages import Network
from cnn.export.network.torch_reference import Reference
from cnn.export.samples import Samples
from cnn.export.sheets.layout import SAMPLES, SamplePlaces, Sheet, require_extents, sheets_of
from cnn.export.sheets.weights_sheet import WEIGHTS, extent, weight_places
from sheetgen.errors import InputError
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.canvas import Value

if TYPE_CHECKING:
    from cnn.log.record import Record


NOTHING_KNOWN = Quantities()


class Pick(NamedTuple):
    """One activation of a layer, and a channel of the map that it looks at."""

    layer: str
    channel: int
    row: int
    column: int
    source: int


@dataclass(frozen=True, eq=False)
class Cases:
    """A table of cases: what its rows hold, and the activations of the complete ones in order.

    `values` are (complete cases, channels, height, width) by the layers' names.
    """

    held: tuple[tuple[Value | None, ...], ...]
    values: Mapping[str, Array]

    @property
    def complete(self) -> list[tuple[Value | None, ...]]:
        """The rows that hold a number in every cell."""
        return [each for each in self.held if all(isinstance(value, float) for value in each)]


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
    quantities: Quantities
    """The names of the numbers that go in and come out, and the rest that is known of them."""
    run: "Record | None" = None
    """The run of `cnn train` that the network comes from, if any."""
    cases: Cases | None = None
    """The table of cases, if there is one."""
    layer: str = ""
    """The layer that is shown on `Layers`; if none is named, the first after the input."""
    first_channel: int = 0
    """The first of its channels that is shown, if they are not all shown."""
    pick: Pick | None = None
    """What is chosen on `Activation`; at first the largest of the first layer."""
    reference: Reference | None = None
    """What computes the activations, where it is known."""

    @property
    def outputs(self) -> list[float]:
        """The outputs in their units, for the input that is shown."""
        numbers = self.values[answering(self.network).name].reshape(-1)
        found: list[float] = self.quantities.restored(numbers).tolist()
        return found


def subject_of(
    model: nn.Module,
    network: Network,
    samples: Samples,
    title: str,
    run: "Record | None" = None,
    known: Quantities = NOTHING_KNOWN,
    rows: int = 0,
) -> Subject:
    """Return the data of the sheets, showing the first sample, or what is usual without samples.

    With `rows` there is a table of so many cases. Raises InputError if the sheets would exceed what
    a workbook holds.
    """
    return shown_at_first(Reference(model, network), samples, title, run, known, rows)


def shown_at_first(
    reference: Reference,
    samples: Samples,
    title: str = "",
    run: "Record | None" = None,
    known: Quantities = NOTHING_KNOWN,
    rows: int = 0,
) -> Subject:
    """Return what `subject_of` does, of a network that torch has followed."""
    network = reference.network
    sheets = sheets_of(network)
    shape = network.input.output
    extents = {name: sheet.extent for name, sheet in sheets.items()}
    extents[WEIGHTS] = extent(weight_places(network, sheets))
    if len(samples):
        extents[SAMPLES] = SamplePlaces(len(samples), shape).extent
    require_extents(extents)
    known = known.completed(network)
    shown = samples.values[0] if len(samples) else usual(network, known)
    found = reference.activations(shown[None])
    values = {name: numbers[0] for name, numbers in found.items()}
    # Where numbers are few, the user's own are shown, so that typing another one is seen at once.
    choice = 1 if len(samples) and not (shape.flat or shape.line) else 0
    cases = None
    if rows:
        require_row(network)
        given = samples.values if len(samples) else shown[None]
        held = [tuple(each) for each in given[:rows].reshape(-1, shape.size).tolist()]
        empty = [(None,) * shape.size] * (rows - len(held))
        cases = cases_of(reference, (*held, *empty))
    subject = Subject(title, network, sheets, values, samples, choice, shown, known, run, cases)
    return replace(subject, reference=reference)


def usual(network: Network, known: Quantities) -> Array:
    """Return an input to begin with: the middle of each range, or what is scaled to 0."""
    shape, scaling = network.input.output, network.input.scaling
    zeros = np.zeros(shape.sides)
    if scaling is not None:
        zeros = scaling.restored(zeros, shape.named_axis)
    for at, each in enumerate(known.features if shape.flat else ()):
        if each.least is not None and each.greatest is not None:
            zeros[at] = (each.least + each.greatest) / 2
    rounded: Array = np.vectorize(lambda number: float(f"{number:.4g}"))(zeros)
    return rounded


def require_row(network: Network) -> None:
    """Raise InputError if a case of the network has no room in a row of cells."""
    shape = network.input.output
    if not shape.flat:
        raise InputError(
            f"rows: found a network that takes in {shape}; expected one that takes in a row of "
            "features"
        )
    for layer in network.layers:
        if layer.output.pixels > 1:
            raise InputError(
                f"rows: found the layer {layer.name}, {layer.output}, which is a map; expected "
                "layers of units only"
            )


def cases_of(reference: Reference, held: Sequence[tuple[Value | None, ...]]) -> Cases:
    """Return the table whose rows hold these, with the activations of the complete ones."""
    shape = reference.network.input.output
    whole = Cases(tuple(held), {}).complete
    values = np.array(whole, dtype=float).reshape(len(whole), *shape.sides)
    return Cases(tuple(held), reference.activations(values) if whole else {})
