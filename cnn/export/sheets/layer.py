"""The looks of a layer's sheet: what it is, how to read it, and its numbers shaded."""

from cnn.export.layout import FIRST_COLUMN, Sheet
from cnn.export.sheets.looks import PALE_ACTIVATIONS, described, words_of
from sheetgen.canvas import Canvas, Cell, HeatMap
from sheetgen.style import KINDS, LINK, NOTE, TITLE, WHITE, Style

WIDE, NARROW = 9.0, 5.5  # characters
COLUMN_PIXELS, TITLE_PIXELS, FIRST_PIXELS = 44, 11, 89
HEADINGS = tuple(
    Style(size=9, align="center", colour=KINDS["unit"].strong, fill=fill)
    for fill in (KINDS["unit"].tint, WHITE)
)
SMALL = Style(size=9, number_format="0.0")
FINE = Style(number_format="0.0000")


def dress_layer(canvas: Canvas, sheet: Sheet, links: tuple[str, ...]) -> Canvas:
    """Shade a layer's sheet, say how to read it, lead to other sheets, and return it."""
    shape = sheet.shape
    canvas.tab_colour = KINDS["input" if sheet.name == "input" else "unit"].strong
    canvas.heights[0] = 30
    title = f"{sheet.name}: {words_of(sheet.layer)}, {described(shape)}"
    canvas.write(0, 0, title, TITLE)
    column = FIRST_COLUMN + max(0, len(title) * TITLE_PIXELS - FIRST_PIXELS) // COLUMN_PIXELS + 2
    for name in links:
        canvas.link(0, column, name, name, LINK)
        column += 2
    canvas.write(0, column, _reading(sheet), NOTE)
    fine = shape.pixels == 1
    for unit in sheet.units():
        at = sheet.cell(*unit)
        cell = canvas.cells[at]
        canvas.cells[at] = Cell(cell.value, cell.formula, FINE if fine else SMALL)
    _headings(canvas, sheet)
    canvas.heat_maps.append(HeatMap(sheet.place, PALE_ACTIVATIONS))
    canvas.numbers.append(sheet.place)
    return canvas


def _headings(canvas: Canvas, sheet: Sheet) -> None:
    """Tint the pixel columns in turn, so that the channels of each are seen together."""
    shape = sheet.shape
    for pixel in sheet.pixel_columns:
        for channel in range(shape.channels):
            at = sheet.cell(channel, 0, pixel)[1]
            canvas.widths[at] = WIDE if shape.pixels == 1 else NARROW
            if pixel not in range(shape.width):
                continue
            style = HEADINGS[pixel % 2]
            canvas.write(1, at, pixel if channel == 0 else "", style)
            canvas.write(2, at, channel, style)


def _reading(sheet: Sheet) -> str:
    shape = sheet.shape
    if shape.pixels == 1:
        return "A column for each unit."
    if shape.channels == 1:
        return "A cell for each pixel."
    return (
        f"Each pixel is {shape.channels} cells, one for each channel; "
        "choose this layer on Layers to see the channels as pictures."
    )
