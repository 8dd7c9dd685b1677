"""Reads an exported workbook, and the network that should be in it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import nn

from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Array, Input, Network, Shape
from cnn.export.network.torch_reference import Reference
from cnn.export.samples import Samples
from cnn.export.sheets.accuracy import ACCURACY
from cnn.export.sheets.book import input_sheet
from cnn.export.sheets.digit import DIGIT
from cnn.export.sheets.export_origin import Origin, read_origin
from cnn.export.sheets.layer_looks import title_of
from cnn.export.sheets.layers_explorer import LAYERS, layers_sheet
from cnn.export.sheets.layout import Sheet, sheets_of
from cnn.export.sheets.network_inputs import FIRST_SAMPLE, FIRST_VALUE, SAMPLES, SamplePlaces
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_cells import WEIGHTS, Weights, weights_sheet
from sheetgen.errors import InputError
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.reader import FileCell, read_cells

Cells = Mapping[str, Mapping[tuple[int, int], FileCell]]

OTHER_SHEETS = {DIGIT, "Values", LAYERS, "Network", ACCURACY, SAMPLES, WEIGHTS}
"""The sheets that are no layer's."""


@dataclass(frozen=True, eq=False)
class ExportedFile:
    """A workbook to verify: its cells, how it was exported, the network that should be in it."""

    path: Path
    cells: Cells
    origin: Origin
    network: Network
    reference: Reference

    @cached_property
    def sheets(self) -> dict[str, Sheet]:
        """Where each layer's activations stand."""
        return sheets_of(self.network)

    @cached_property
    def weights(self) -> Weights:
        """The sheet of the parameters as it should be."""
        return weights_sheet(self.network, self.sheets)

    @cached_property
    def samples(self) -> Samples:
        """The samples as the file holds them.

        Raises InputError if a cell holds no number where one belongs.
        """
        shape = self.origin.source.output
        count = self.origin.samples
        places = SamplePlaces(count, shape)
        values = np.zeros((count, shape.channels, shape.height, shape.width))
        names, labels = [], []
        for at in range(count):
            row = FIRST_SAMPLE + at
            label = self._held(SAMPLES, (row, 1)).value
            names.append(str(self._held(SAMPLES, (row, 2)).value or ""))
            labels.append(None if label in (None, "") else int(self._number(SAMPLES, (row, 1))))
            for unit in np.ndindex(values.shape[1:]):
                place = row, FIRST_VALUE + places.at(*unit)
                values[at][unit] = self._number(SAMPLES, place)
        return Samples(values, tuple(names), tuple(labels))

    @cached_property
    def blank(self) -> Subject:
        """What the sheets are drawn from where all is 0; their formulas are those of any input."""
        zeros = {name: _zeros(sheet.shape) for name, sheet in self.sheets.items()}
        return self.subject(_zeros(self.origin.source.output), zeros, 0, "", 0)

    @cached_property
    def changeable(self) -> tuple[Canvas, Canvas]:
        """The sheet of the input, and `Layers`, by which the cells to change are found."""
        return input_sheet(self.blank)[0], layers_sheet(self.blank)

    def counts(self, places: list[list[tuple[int, int]]]) -> list[list[int]]:
        """Return whole numbers on `Accuracy`; raises InputError where there is another thing."""
        return [[int(self._number(ACCURACY, place)) for place in row] for row in places]

    def subject(
        self,
        values: Array,
        activations: Mapping[str, Array],
        choice: int,
        layer: str,
        first_channel: int,
    ) -> Subject:
        """Return what the sheets are drawn from when they show an input, and a layer of it.

        `values` and the `activations` are (channels, height, width).
        """
        return Subject(
            title="",
            network=self.network,
            sheets=self.sheets,
            values=activations,
            samples=self.samples,
            choice=choice,
            shown=values,
            weights=self.weights,
            layer=layer,
            first_channel=first_channel,
        )

    def _held(self, sheet: str, place: tuple[int, int]) -> FileCell:
        return self.cells[sheet].get(place, FileCell(None, None))

    def _number(self, sheet: str, place: tuple[int, int]) -> float:
        cell = self._held(sheet, place)
        if cell.formula is not None or type(cell.value) is not float:
            found = "a formula" if cell.formula is not None else spoken(cell.value)
            raise InputError(
                f"{self.path}: {sheet}!{relative_address(*place)} holds {found}; expected a number"
            )
        return cell.value


def read_exported(
    path: Path, model: nn.Module, source: Input | None = None, name: str = "the network"
) -> ExportedFile:
    """Read a workbook and the network that it should show; `source` is that network's input.

    Raises InputError when the file is no export, lacks a sheet, or was made from a network of
    other layers than `name`, as messages call it.
    """
    origin = read_origin(path)
    if source is not None and asdict(source) != asdict(origin.source):
        raise InputError(
            f"{path} was not made from {name}: its input is {_input(origin.source)}, "
            f"that of {name} is {_input(source)}"
        )
    try:
        network = read_network(
            model,
            origin.source,
            fold_batchnorm=origin.fold_batchnorm,
            probabilities=origin.probabilities,
        )
    except InputError as error:
        raise InputError(f"{path} cannot be compared with {name}: {error}") from error
    found = [sheet for sheet in origin.sheets if sheet not in OTHER_SHEETS]
    expected = [layer.name for layer in network.layers]
    if found != expected:
        raise InputError(
            f"{path} was not made from {name}: its layers are {', '.join(found)}, "
            f"those of {name} are {', '.join(expected)}"
        )
    cells = read_cells(path)
    for sheet in origin.sheets:
        if sheet not in cells:
            raise InputError(f"{path}: the sheet {sheet} is missing")
    exported = ExportedFile(path, cells, origin, network, Reference(model, network))
    for sentence in _other_titles(exported):
        raise InputError(f"{path} was not made from {name}: {sentence}")
    return exported


def _other_titles(exported: ExportedFile) -> Iterator[str]:
    """Yield what tells a layer of another shape by the title of its sheet."""
    for name, sheet in exported.sheets.items():
        found, expected = exported.cells[name].get((0, 0)), title_of(sheet)
        if found is None or found.value != expected:
            held = "" if found is None else found.value
            yield f"the title of its sheet {name} is {held!r}, not {expected!r}"


def _zeros(shape: Shape) -> Array:
    return np.zeros((shape.channels, shape.height, shape.width))


def _input(source: Input) -> str:
    numbers = "normalised pixels" if source.normalized else "plain numbers"
    return f"{source.output} {numbers}"


def spoken(value: object) -> str:
    """Return a cell's value as a sentence has it."""
    if value is None or value == "":
        return "nothing"
    return repr(float(value)) if isinstance(value, (int, float)) else repr(value)
