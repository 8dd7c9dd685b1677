"""The sheet of a layer: one formula cell for each activation, with the value it must have."""

from collections.abc import Mapping

import numpy as np

from cnn.export.network.stages import Array, Softmax
from cnn.export.sheets.layout import FIRST_COLUMN, FIRST_ROW, Sheet, helpers
from cnn.export.sheets.network_inputs import InputPlaces
from cnn.export.sheets.stage_formulas import unit_formulas
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import LABEL, TITLE, Style

ACTIVATION = Style(number_format="0.00")
BORDER = Style(number_format="0", colour="#CBD5E1")


def layer_sheet(
    sheet: Sheet, before: Sheet | None, inputs: InputPlaces, values: Mapping[str, Array]
) -> Canvas:
    """Draw a layer's sheet; `before` is the layer before, None for the input.

    `values` are the activations (channels, height, width) of each layer by its name.
    """
    canvas = Canvas(sheet.name, freeze=(FIRST_ROW, FIRST_COLUMN), zoom=70)
    words = ", ".join(dict.fromkeys(stage.word for stage in sheet.layer.stages))
    canvas.write(0, 0, f"{sheet.name}: {words}, {sheet.shape}", TITLE)
    _headings(canvas, sheet)
    _border(canvas, sheet)
    formula = unit_formulas(sheet, before, inputs)
    activations = values[sheet.name].tolist()
    for unit in sheet.units():
        channel, row, column = unit
        value = activations[channel][row][column]
        canvas.calculate(*sheet.cell(*unit), formula(unit), value, ACTIVATION)
    if isinstance(sheet.layer.base, Softmax):
        assert before is not None
        _helpers(canvas, sheet, before, values[before.name])
    return canvas


def _headings(canvas: Canvas, sheet: Sheet) -> None:
    canvas.write(1, 0, "pixel column", LABEL)
    canvas.write(2, 0, "channel", LABEL)
    canvas.widths[0] = 12
    for row in range(sheet.shape.height):
        canvas.write(sheet.cell(0, row, 0)[0], 0, row, LABEL)
    for column in range(sheet.shape.width):
        for channel in range(sheet.shape.channels):
            at = sheet.cell(channel, 0, column)[1]
            canvas.write(2, at, channel, LABEL)
            if channel == 0:
                canvas.write(1, at, column, LABEL)
            canvas.widths[at] = 7


def _border(canvas: Canvas, sheet: Sheet) -> None:
    """Write the zeros that the next layer's windows read around the map."""
    inside_rows, inside_columns = range(sheet.shape.height), range(sheet.shape.width)
    for row in sheet.pixel_rows:
        for column in sheet.pixel_columns:
            if row in inside_rows and column in inside_columns:
                continue
            for channel in range(sheet.shape.channels):
                canvas.write(*sheet.cell(channel, row, column), 0, BORDER)


def _helpers(canvas: Canvas, sheet: Sheet, before: Sheet, scores: Array) -> None:
    """Write the largest z, the sum of the exponentials e^(z - largest) and these themselves.

    Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 6.2.2.3: taking the largest
    z off every exponent changes no share, and no exponential is then above 1.
    """
    places = helpers(sheet)
    exponentials = np.exp(scores - scores.max())
    height, width = sheet.shape.height, sheet.shape.width
    for (row, column), text in ((places.greatest, "largest"), (places.total, "sum")):
        canvas.write(row, column - 1, text, LABEL)
    canvas.write(places.exponentials_row, 0, "exponentials", LABEL)
    z = before.window(0, 0, height, width)
    canvas.calculate(*places.greatest, f"=MAX({z})", float(scores.max()), ACTIVATION)
    first, last = sheet.place[1], sheet.place[3]
    cells = range_address(places.exponentials_row, first, places.last_row, last)
    canvas.calculate(*places.total, f"=SUM({cells})", float(exponentials.sum()), ACTIVATION)
    greatest = cell_address(*places.greatest)
    for unit in sheet.units():
        at = places.exponentials_row + unit[1], sheet.cell(*unit)[1]
        value = float(exponentials[unit])
        canvas.calculate(*at, f"=EXP({before.address(*unit)}-{greatest})", value, ACTIVATION)
