"""Reads an exported workbook, and the network that should be in it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import nn

from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Network
from cnn.export.network.torch_reference import Reference
from cnn.export.samples import Samples
from cnn.export.sheets.accuracy_sheet import ACCURACY, count_place
from cnn.export.sheets.activation_sheet import ACTIVATION, activation_sheets
from cnn.export.sheets.cases_sheet import held_rows
from cnn.export.sheets.export_origin import Origin, read_origin
from cnn.export.sheets.export_style import CASES, DIGIT, INPUTS, PICTURE_TAB, VALUES
from cnn.export.sheets.kernels_sheet import KERNELS
from cnn.export.sheets.layer_sheet import title_of
from cnn.export.sheets.layers_sheet import LAYERS, layers_sheet
from cnn.export.sheets.layout import FIRST_SAMPLE, FIRST_VALUE, SAMPLES, Sheet, sheets_of
from cnn.export.sheets.network_sheet import NETWORK
from cnn.export.sheets.products_places import PRODUCTS
from cnn.export.sheets.subject import Subject, cases_of, shown_at_first
from cnn.export.sheets.weights_sheet import WEIGHTS, weights_sheet
from sheetgen.errors import InputError
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.reader import EMPTY, FileCell, read_cells
from sheetgen.version import is_older
from sheetgen.workbook.plan import PROOF, WORKINGS
from sheetgen.workbook.shared.workings import Workings

Cells = Mapping[str, Mapping[tuple[int, int], FileCell]]

OTHER_SHEETS = {
    *(
        DIGIT,
        PICTURE_TAB,
        INPUTS,
        CASES,
        VALUES,
        LAYERS,
        ACTIVATION,
        PRODUCTS,
        KERNELS,
        NETWORK,
        ACCURACY,
    ),
    *(SAMPLES, WEIGHTS, PROOF, WORKINGS),
}
"""The sheets that are not those of layers."""


@dataclass(frozen=True, eq=False)
class ExportedFile:
    """A workbook to verify: its cells, how it was exported, the network that should be in it."""

    path: Path
    cells: Cells
    origin: Origin
    network: Network
    reference: Reference

    @property
    def is_older(self) -> bool:
        """Whether an earlier version wrote it, which may have laid out sheets differently."""
        return is_older(self.origin.written_by) or self.origin.places.sheet == VALUES

    @cached_property
    def sheets(self) -> dict[str, Sheet]:
        """The positions of each layer's activations."""
        return sheets_of(self.network)

    @cached_property
    def weights(self) -> Canvas:
        """The sheet of the parameters as it should be."""
        return weights_sheet(self.network, self.sheets)

    @cached_property
    def samples(self) -> Samples:
        """The samples in the file.

        Raises InputError for a cell that does not hold the number expected there.
        """
        shape = self.origin.source.output
        values = np.zeros((self.origin.samples, *shape.sides))
        names, labels = [], []
        for row, numbers in enumerate(values, start=FIRST_SAMPLE):
            label = self.cell(SAMPLES, (row, 1)).value
            names.append(str(self.cell(SAMPLES, (row, 2)).value or ""))
            labels.append(None if label in (None, "") else int(self._number(SAMPLES, (row, 1))))
            for unit in np.ndindex(shape.sides):
                place = row, FIRST_VALUE + shape.index(*unit)
                numbers[unit] = self._number(SAMPLES, place)
        return Samples(values, tuple(names), tuple(labels))

    @cached_property
    def blank(self) -> Subject:
        """The data of the sheets if all numbers are 0; their formulas are those of any input."""
        zeros = {name: np.zeros(sheet.shape.sides) for name, sheet in self.sheets.items()}
        shown = np.zeros(self.origin.source.output.sides)
        known = self.origin.quantities
        known = known if known.features else known.completed(self.network)
        cases = cases_of(self.reference, self.held) if self.origin.rows else None
        subject = Subject("", self.network, self.sheets, zeros, self.samples, 0, shown, known)
        return replace(subject, cases=cases)

    @cached_property
    def at_first(self) -> Subject:
        """The data of the sheets as they were exported."""
        known, rows = self.blank.quantities, self.origin.rows
        return shown_at_first(self.reference, self.samples, known=known, rows=rows)

    @cached_property
    def held(self) -> tuple[tuple[Value | None, ...], ...]:
        """What the rows of the table of cases hold, none without a table."""
        held = self.cells.get(CASES, {})
        values = {place: cell.value for place, cell in held.items()}
        return tuple(held_rows(values, self.origin.rows, self.origin.source.output.size))

    @cached_property
    def layers(self) -> Canvas:
        """The sheet `Layers`, with its cells to change."""
        return layers_sheet(self.blank, Workings())

    @cached_property
    def activation(self) -> Canvas | None:
        """The sheet `Activation`, with its cells to change, if the file has it."""
        found = activation_sheets(self.blank, Workings())
        return found[0] if found and ACTIVATION in self.cells else None

    def counts(self) -> list[list[int]]:
        """Return the confusion matrix. Raises InputError for a cell without a number."""
        classes = range(self.network.layers[-1].output.size)
        places = [[count_place(row, column) for column in classes] for row in classes]
        return [[int(self._number(ACCURACY, place)) for place in row] for row in places]

    def cell(self, sheet: str, place: tuple[int, int]) -> FileCell:
        """Return what a cell holds."""
        return self.cells[sheet].get(place, EMPTY)

    def _number(self, sheet: str, place: tuple[int, int]) -> float:
        cell = self.cell(sheet, place)
        if cell.formula is not None or type(cell.value) is not float:
            found = "a formula" if cell.formula is not None else spoken(cell.value)
            where = spoken_place(sheet, place)
            raise InputError(f"{self.path}: {where} holds {found}; expected a number")
        return cell.value


def read_exported(
    path: Path, model: nn.Module, source: Input | None = None, name: str = "the network"
) -> ExportedFile:
    """Read a workbook and the network that it should show; `source` is that network's input.

    Raises InputError if the file is not an export, lacks a sheet, or was made from a network with
    other layers than this one, which messages call `name`.
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
    """Yield the sheets whose title shows that the layer has another shape."""
    for name, sheet in exported.sheets.items():
        found, expected = exported.cell(name, (0, 0)).value, title_of(sheet)
        if found != expected:
            held = "" if found is None else found
            yield f"the title of its sheet {name} is {held!r}, not {expected!r}"


def _input(source: Input) -> str:
    numbers = "normalised pixels" if source.normalized else "plain numbers"
    classes = f" of the classes {', '.join(source.classes)}" if source.classes else ""
    return f"{source.output} {numbers}{classes}"


def spoken_place(sheet: str, place: tuple[int, int]) -> str:
    """Return a cell's address for a message."""
    return f"{sheet}!{relative_address(*place)}"


def spoken(value: object) -> str:
    """Return a cell's value for a message."""
    if value is None or value == "":
        return "nothing"
    return repr(float(value)) if isinstance(value, (int, float)) else repr(value)
