"""The sheet `Samples` of pictures: one a row, shaded, with headings that name the pixels."""

from dataclasses import replace

from cnn.export.network.stages import Shape
from cnn.export.samples import Samples
from cnn.export.sheets.looks import PALE_PICTURE, width_of
from cnn.export.sheets.network_inputs import FIRST_SAMPLE, FIRST_VALUE, SamplePlaces, samples_sheet
from sheetgen.spreadsheet.canvas import Canvas, Cell, HeatMap
from sheetgen.spreadsheet.style import KINDS, LABEL, NOTE, SECTION, Style, header

PIXEL_COLUMN = replace(header("input"), size=8)
CENTRED = Style(align="center")
VALUE = Style(size=8, align="center", number_format="0")
FULL = 255
READING = (
    "One picture a row, its pixels from left to right, row by row. On Digit, type a picture's "
    "number to see it."
)


def digit_samples(samples: Samples, shape: Shape) -> Canvas:
    """Draw the sheet for samples of one channel, whose values are from 0 to 255."""
    canvas, places = samples_sheet(samples, shape), SamplePlaces(len(samples), shape)
    canvas.tab_colour = KINDS["input"].strong
    canvas.zoom = 70
    canvas.heights[0] = 30
    canvas.write(0, 3, READING, NOTE)
    for column, title in enumerate(("number", "digit", "which one")):
        canvas.write(FIRST_SAMPLE - 1, column, title, header("input"))
    canvas.write(1, 2, "pixel row", LABEL)
    for row in range(shape.height):
        for column in range(shape.width):
            at = FIRST_VALUE + places.at(0, row, column)
            canvas.widths[at] = width_of(25)
            canvas.write(FIRST_SAMPLE - 1, at, column, PIXEL_COLUMN)
            if column == 0:
                canvas.write(1, at, f"row {row}", SECTION)
    _shade(canvas, places)
    return canvas


def _shade(canvas: Canvas, places: SamplePlaces) -> None:
    rows, columns = places.extent
    for (row, column), cell in canvas.cells.items():
        if row >= FIRST_SAMPLE and column >= FIRST_VALUE:
            canvas.cells[row, column] = Cell(cell.value, None, VALUE)
        elif row >= FIRST_SAMPLE and column < 2:
            canvas.cells[row, column] = Cell(cell.value, None, CENTRED)
    area = FIRST_SAMPLE, FIRST_VALUE, rows - 1, columns - 1
    canvas.heat_maps.append(HeatMap(area, PALE_PICTURE, (0, FULL)))
