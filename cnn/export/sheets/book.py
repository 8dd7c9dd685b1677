"""Composes the sheets of an exported network, in the order of their tabs."""

from collections.abc import Iterator
from dataclasses import dataclass

from cnn.export.network.stages import Stage
from cnn.export.sheets.accuracy import accuracy_sheet
from cnn.export.sheets.digit import DIGIT, digit_sheet, has_digit_sheet
from cnn.export.sheets.layer_cells import layer_sheet
from cnn.export.sheets.layer_looks import dress_layer
from cnn.export.sheets.layers_explorer import LAYERS, layers_sheet
from cnn.export.sheets.network_inputs import InputPlaces, InputSheets, samples_sheet, values_sheet
from cnn.export.sheets.network_sheet import NETWORK, network_sheet
from cnn.export.sheets.sample_pictures import digit_samples
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_looks import dress_weights
from sheetgen.spreadsheet.canvas import Canvas


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
    canvases += [*samples, dress_weights(subject.weights), *_layers(subject, inputs)]
    return Book(tuple(canvases), inputs)


def input_sheet(subject: Subject) -> tuple[Canvas, InputPlaces]:
    """Return the sheet with the input's cells, `Digit` or `Values`, and where these stand."""
    if has_digit_sheet(subject.network):
        return digit_sheet(subject)
    return values_sheet(subject.network, subject.samples, subject.shown, subject.choice)


def plain_layers(
    subject: Subject, places: InputPlaces, kind: type[Stage] = Stage
) -> Iterator[Canvas]:
    """Yield the sheets, without their looks, of the layers that begin with a kind of stage."""
    sheets = list(subject.sheets.values())
    for before, sheet in zip([None, *sheets], sheets, strict=False):
        if isinstance(sheet.layer.base, kind):
            yield layer_sheet(sheet, before, places, subject.values)


def _inputs(subject: Subject) -> InputSheets:
    canvas, places = input_sheet(subject)
    if not len(subject.samples):
        return InputSheets((canvas,), places)
    draw = digit_samples if canvas.name == DIGIT else samples_sheet
    return InputSheets((canvas, draw(subject.samples, subject.network.input.output)), places)


def _layers(subject: Subject, inputs: InputSheets) -> list[Canvas]:
    """Return a sheet for each layer, the input layer first."""
    links = inputs.canvases[0].name, LAYERS, NETWORK
    canvases = plain_layers(subject, inputs.places)
    return [dress_layer(canvas, subject.sheets[canvas.name], links) for canvas in canvases]
