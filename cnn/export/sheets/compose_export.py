"""Composes the sheets of an exported network, in the order of their tabs."""

from collections.abc import Iterator
from typing import NamedTuple

from cnn.export.network.stages import Stage
from cnn.export.sheets.accuracy_sheet import accuracy_sheet
from cnn.export.sheets.activation_sheet import activation_sheets
from cnn.export.sheets.digit_sheet import digit_sheet
from cnn.export.sheets.export_style import is_digit_reader
from cnn.export.sheets.kernels_sheet import kernels_sheet
from cnn.export.sheets.layer_sheet import layer_sheet
from cnn.export.sheets.layers_sheet import LAYERS, layers_sheet
from cnn.export.sheets.layout import InputPlaces
from cnn.export.sheets.network_sheet import NETWORK, network_sheet
from cnn.export.sheets.samples_sheet import samples_sheet
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.values_sheet import values_sheet
from cnn.export.sheets.weights_sheet import weights_sheet
from sheetgen.spreadsheet.canvas import Canvas


class Book(NamedTuple):
    """The sheets of a workbook, and the positions of the input's cells."""

    canvases: tuple[Canvas, ...]
    places: InputPlaces


def compose(subject: Subject) -> Book:
    """Return all sheets but `_cnn`: those to look at, the parameters, a sheet for each layer."""
    network, samples = subject.network, subject.samples
    first, places = input_sheet(subject)
    canvases = [first, layers_sheet(subject), *activation_sheets(subject)]
    kernels = kernels_sheet(network, subject.sheets)
    canvases += [kernels] if kernels else []
    canvases.append(network_sheet(subject, places))
    if subject.run is not None:
        canvases.append(accuracy_sheet(subject, subject.run))
    if len(samples):
        pictures = is_digit_reader(network)
        canvases.append(samples_sheet(samples, network.input.output, pictures=pictures))
    canvases.append(weights_sheet(network, subject.sheets))
    canvases += layer_sheets(subject, places)
    return Book(tuple(canvases), places)


def input_sheet(subject: Subject) -> tuple[Canvas, InputPlaces]:
    """Return the sheet with the input's cells, `Digit` or `Values`, and their positions."""
    return (digit_sheet if is_digit_reader(subject.network) else values_sheet)(subject)


def layer_sheets(
    subject: Subject, places: InputPlaces, kind: type[Stage] = Stage
) -> Iterator[Canvas]:
    """Yield the sheets of the layers whose first stage is of a kind."""
    links = places.sheet, LAYERS, NETWORK
    for sheet in subject.sheets.values():
        if isinstance(sheet.layer.base, kind):
            yield layer_sheet(sheet, places, subject.values, links)
