"""Composes the sheets of an exported network, in the order of their tabs."""

from dataclasses import dataclass

from cnn.export.inputs import InputSheets, plain_inputs
from cnn.export.layer_sheets import layer_sheet
from cnn.export.sheets.accuracy import accuracy_sheet
from cnn.export.sheets.digit import digit_sheets, has_digit_sheet
from cnn.export.sheets.layer import dress_layer
from cnn.export.sheets.layers_explorer import LAYERS, layers_sheet
from cnn.export.sheets.network_sheet import NETWORK, network_sheet
from cnn.export.sheets.weights import dress_weights
from cnn.export.subject import Subject
from sheetgen.canvas import Canvas


@dataclass(frozen=True, eq=False)
class Book:
    """The sheets of a workbook, and which of them are the input's."""

    canvases: tuple[Canvas, ...]
    inputs: InputSheets


def compose(subject: Subject) -> Book:
    """Return all sheets but `_cnn`: those to look at, the parameters, a sheet for each layer."""
    inputs = _inputs(subject)
    first, *samples = inputs.canvases
    canvases = [first, layers_sheet(subject), network_sheet(subject, inputs)]
    if subject.run is not None:
        canvases.append(accuracy_sheet(subject, subject.run))
    canvases += [*samples, dress_weights(subject.weights), *layer_canvases(subject, inputs)]
    return Book(tuple(canvases), inputs)


def _inputs(subject: Subject) -> InputSheets:
    if has_digit_sheet(subject.network):
        return digit_sheets(subject)
    return plain_inputs(subject.network, subject.samples, subject.shown, subject.choice)


def layer_canvases(subject: Subject, inputs: InputSheets) -> list[Canvas]:
    """Return a sheet for each layer, the input layer first."""
    sheets = list(subject.sheets.values())
    links = inputs.canvases[0].name, LAYERS, NETWORK
    return [
        dress_layer(layer_sheet(sheet, before, inputs.places, subject.values), sheet, links)
        for before, sheet in zip([None, *sheets], sheets, strict=False)
    ]
