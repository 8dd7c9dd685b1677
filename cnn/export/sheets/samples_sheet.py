"""The sheet `Samples`: the inputs to choose from, one a row; pictures are shaded."""

from dataclasses import replace

from cnn.export.described_numbers import Quantities
from cnn.export.network.stages import Shape
from cnn.export.samples import Samples
from cnn.export.sheets.export_style import FULL, PALE_PICTURE, width_of
from cnn.export.sheets.layout import FIRST_SAMPLE, FIRST_VALUE, SAMPLES, SamplePlaces
from sheetgen.spreadsheet.canvas import Canvas, HeatMap
from sheetgen.spreadsheet.style import KINDS, LABEL, NOTE, PLAIN, SECTION, Style, header

PIXEL_COLUMN = replace(header("input"), size=8)
WIDTH, WIDEST = 9, 24  # characters of a column with the name of a feature
MOST_ON_PAPER = 100  # numbers of a sample; of more there is only the list of the samples
CENTRED = Style(align="center")
PIXEL = Style(size=8, align="center", number_format="0")
READING = (
    "One picture a row, its pixels from left to right, row by row. On the first sheet, type a "
    "picture's number to see it."
)


def samples_sheet(samples: Samples, shape: Shape, known: Quantities, *, pictures: bool) -> Canvas:
    """Draw the sheet: number, label, name and the numbers of each sample.

    The numbers of a row of features have their names. `pictures` have one channel and values from 0
    to 255; they are shaded, and their pixels named.
    """
    canvas = Canvas(SAMPLES, freeze=(FIRST_SAMPLE, FIRST_VALUE))
    canvas.repeat_rows, canvas.repeat_columns = (1, FIRST_SAMPLE - 1), (0, FIRST_VALUE - 1)
    canvas.title(SAMPLES)
    canvas.heights[0] = 30
    canvas.widths |= {0: 9, 1: 9, 2: 24}
    titles = ("number", "class", "which one") if pictures else ("number", "label", "name", "values")
    for column, title in enumerate(titles):
        canvas.write(FIRST_SAMPLE - 1, column, title, header("input") if pictures else LABEL)
    centred, pixel = (CENTRED, PIXEL) if pictures else (PLAIN, PLAIN)
    for at, label in enumerate(samples.labels):
        row = FIRST_SAMPLE + at
        canvas.write(row, 0, at + 1, centred)
        canvas.write(row, 1, "" if label is None else label, centred)
        canvas.write(row, 2, samples.names[at])
    if samples.labels:
        numbers = samples.values.reshape(len(samples), shape.size)
        canvas.fill(FIRST_SAMPLE, FIRST_VALUE, numbers, pixel)
    if shape.size > MOST_ON_PAPER:  # which would be a hundred pages
        canvas.print_area = (0, 0, FIRST_SAMPLE + len(samples) - 1, FIRST_VALUE - 1)
    if shape.flat:
        for column, feature in enumerate(known.features, start=FIRST_VALUE):
            canvas.write(FIRST_SAMPLE - 1, column, feature.title, LABEL)
            wide = len(feature.title) + 2
            canvas.widths[column] = max(WIDTH, min(WIDEST, wide))
    if pictures:
        _name_pixels(canvas, SamplePlaces(len(samples), shape))
    return canvas


def _name_pixels(canvas: Canvas, places: SamplePlaces) -> None:
    canvas.tab_colour = KINDS["input"].strong
    canvas.zoom = 70
    canvas.write(0, 3, READING, NOTE)
    canvas.write(1, 2, "pixel row", LABEL)
    for row in range(places.shape.height):
        for column in range(places.shape.width):
            at = FIRST_VALUE + places.shape.index(0, row, column)
            canvas.widths[at] = width_of(25)
            canvas.write(FIRST_SAMPLE - 1, at, column, PIXEL_COLUMN)
            if column == 0:
                canvas.write(1, at, f"row {row}", SECTION)
    rows, columns = places.extent
    area = FIRST_SAMPLE, FIRST_VALUE, rows - 1, columns - 1
    canvas.heat_maps.append(HeatMap(area, PALE_PICTURE, (0, FULL)))
