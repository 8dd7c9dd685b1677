"""The sheet of a layer: one formula cell for each activation, shaded, and how to read it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from cnn.export.network.sequence_stages import GATES, Recurrent
from cnn.export.network.stages import Softmax
from cnn.export.sheets.export_style import (
    about_zero,
    behind,
    described,
    shorten,
    words_of,
)
from cnn.export.sheets.layout import FIRST_COLUMN, FIRST_ROW, InputPlaces, Sheet, Unit
from cnn.export.sheets.stage_formulas import unit_formulas
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import KINDS, LABEL, LINK, MUTED, NOTE, WHITE, Style

ACTIVATION = Style(size=9, number_format="0.0")
FINE_ACTIVATION = Style(number_format="0.0000")
LARGE_NUMBERS = {99.95: "0", 9999.5: "0E+0"}
FINE_NUMBERS = {99.995: "0.0", 99999.5: "0E+0"}
HELPER = Style(number_format="0.00")
BORDER = Style(number_format="0", colour=MUTED, italic=True)
WIDE, NARROW = 9.0, 5.5  # characters
LINK_PIXELS = 64
TITLE_PIXELS, NOTE_PIXELS = 12, 7  # of a letter
HEADINGS = tuple(
    Style(size=9, align="center", colour=KINDS["unit"].strong, fill=fill, heads=True)
    for fill in (KINDS["unit"].tint, WHITE)
)


def layer_sheet(
    sheet: Sheet,
    inputs: InputPlaces,
    values: Mapping[str, Array],
    links: Sequence[str],
    formula: Callable[[Unit], str] | None = None,
) -> Canvas:
    """Draw a layer's sheet, with its formulas unless others are given.

    `values` are the activations (channels, height, width) of each layer by its name, `links` the
    names of the sheets to which links lead.
    """
    canvas = Canvas(sheet.name, freeze=(FIRST_ROW, FIRST_COLUMN), zoom=70)
    canvas.repeat_rows, canvas.repeat_columns = (1, 2), (0, 0)
    canvas.tab_colour = KINDS["input" if sheet.name == "input" else "unit"].strong
    _column_headings(canvas, sheet)
    _title(canvas, sheet, links)
    _border(canvas, sheet)
    formula = formula or unit_formulas(sheet, inputs)
    activations = values[sheet.name].tolist()
    is_fine = sheet.shape.pixels == 1 or isinstance(sheet.layer.base, Recurrent)
    style = FINE_ACTIVATION if is_fine else ACTIVATION
    for unit in sheet.units():
        channel, row, column = unit
        value = activations[channel][row][column]
        canvas.calculate(*sheet.cell(*unit), formula(unit), value, style)
    if isinstance(sheet.layer.base, Softmax) and sheet.before is not None:
        _helpers(canvas, sheet, sheet.before, values[sheet.before.name])
    canvas.heat_maps.append(about_zero(sheet.place))
    shorten(canvas, sheet.place, FINE_NUMBERS if style is FINE_ACTIVATION else LARGE_NUMBERS)
    return canvas


def title_of(sheet: Sheet) -> str:
    """Return the sheet's title: the layer's name, what it does, the shape of its activations."""
    base, shape = sheet.layer.base, described(sheet.shape)
    if isinstance(base, Recurrent):
        shape = f"{sheet.shape.height} steps of {base.units} units"
    return f"{sheet.name}: {words_of(sheet.layer)}, {shape}"


def _title(canvas: Canvas, sheet: Sheet, links: Sequence[str]) -> None:
    title, reading = title_of(sheet), _reading(sheet)
    canvas.heights[0] = 30
    canvas.title(title)
    column = behind(canvas, 0, len(title) * TITLE_PIXELS)
    for name in links:
        canvas.link(0, column, name, name, LINK)
        column = behind(canvas, column, LINK_PIXELS)
    canvas.write(0, column, reading, NOTE)
    # Text that flows out of the printed columns is neither printed nor rendered.
    rows, columns = sheet.extent
    end = behind(canvas, column, len(reading) * NOTE_PIXELS)
    canvas.print_area = (0, 0, rows - 1, max(end, columns) - 1)


def _reading(sheet: Sheet) -> str:
    shape, base = sheet.shape, sheet.layer.base
    if isinstance(base, Recurrent):
        gates = ", ".join(GATES[base.kind])
        return f"A row for each step, read {'upwards' if base.backwards else 'downwards'}: {gates}."
    if shape.pixels == 1:
        return "A column for each unit."
    if shape.width == 1:
        return "A row for each step, a column for each channel."
    place = "place" if shape.line else "pixel"
    if shape.channels == 1:
        return f"A cell for each {place}."
    return (
        f"Each {place} is {shape.channels} cells, one for each channel; "
        "Layers has the channels as pictures."
    )


def _column_headings(canvas: Canvas, sheet: Sheet) -> None:
    """Tint the pixel columns alternately, so that the channels of each are seen together."""
    shape = sheet.shape
    if isinstance(sheet.layer.base, Recurrent):
        _gate_headings(canvas, sheet, sheet.layer.base)
        return
    is_unit = shape.pixels == 1
    canvas.write(1, 0, "" if is_unit else "place" if shape.line else "pixel column", LABEL)
    canvas.write(2, 0, "unit" if is_unit else "channel", LABEL)
    canvas.widths[0] = 12
    for row in range(shape.height):
        canvas.write(sheet.cell(0, row, 0)[0], 0, row, LABEL)
    for pixel in sheet.pixel_columns:
        for channel in range(shape.channels):
            at = sheet.cell(channel, 0, pixel)[1]
            canvas.widths[at] = WIDE if shape.pixels == 1 else NARROW
            if pixel in range(shape.width):
                names_place = channel == 0 and not is_unit
                canvas.write(1, at, pixel if names_place else "", HEADINGS[pixel % 2])
                canvas.write(2, at, channel, HEADINGS[pixel % 2])


def _gate_headings(canvas: Canvas, sheet: Sheet, stage: Recurrent) -> None:
    """Name the gates and states above their units, and the steps on the left."""
    canvas.write(1, 0, "step, and gate", LABEL)
    canvas.write(2, 0, "unit", LABEL)
    canvas.widths[0] = 14
    for row in range(sheet.shape.height):
        canvas.write(sheet.cell(0, row, 0)[0], 0, row, LABEL)
    for channel in range(sheet.shape.channels):
        gate, unit = divmod(channel, stage.units)
        at = sheet.cell(channel, 0, 0)[1]
        canvas.widths[at] = WIDE
        canvas.write(1, at, "" if unit else GATES[stage.kind][gate], HEADINGS[gate % 2])
        canvas.write(2, at, unit, HEADINGS[gate % 2])


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
    """Write the largest z, the sum of the exponentials e^(z - largest), and the exponentials.

    Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 6.2.2.3: subtracting the
    largest z from every exponent changes no share, and no exponential is then above 1.
    """
    exponentials = np.exp(scores - scores.max())
    for (row, column), text in ((sheet.greatest, "largest"), (sheet.total, "sum")):
        canvas.write(row, column - 1, text, LABEL)
    first = sheet.exponential(0, 0, 0)
    last = sheet.exponential(*(side - 1 for side in scores.shape))
    canvas.write(first[0], 0, "exponentials", LABEL)
    canvas.calculate(*sheet.greatest, f"=MAX({before.map})", float(scores.max()), HELPER)
    cells = range_address(*first, *last)
    canvas.calculate(*sheet.total, f"=SUM({cells})", float(exponentials.sum()), HELPER)
    greatest = cell_address(*sheet.greatest)
    for unit in sheet.units():
        formula = f"=EXP({before.address(*unit)}-{greatest})"
        canvas.calculate(*sheet.exponential(*unit), formula, float(exponentials[unit]), HELPER)
