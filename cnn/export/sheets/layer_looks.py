"""The looks of a layer's sheet: what it is, how to read it, and its numbers shaded."""

from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.looks import PALE_ACTIVATIONS, described, pixels_of, width_of, words_of
from sheetgen.spreadsheet.canvas import Canvas, Cell, HeatMap
from sheetgen.spreadsheet.style import KINDS, LINK, NOTE, TITLE, WHITE, Style

WIDE, NARROW = 9.0, 5.5  # characters
COLUMN = 8.43  # characters; the width of a column that nobody has set
LINK_PIXELS = 64
TITLE_PIXELS, NOTE_PIXELS = 11, 7  # of a letter
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
    title = title_of(sheet)
    canvas.write(0, 0, title, TITLE)
    _headings(canvas, sheet)
    column = _behind(canvas, 0, len(title) * TITLE_PIXELS)
    for name in links:
        canvas.link(0, column, name, name, LINK)
        column = _behind(canvas, column, LINK_PIXELS)
    canvas.write(0, column, _reading(sheet), NOTE)
    # What flows out of the last column is neither printed nor drawn.
    canvas.widths.setdefault(column, width_of(len(_reading(sheet)) * NOTE_PIXELS))
    fine = shape.pixels == 1
    for unit in sheet.units():
        at = sheet.cell(*unit)
        cell = canvas.cells[at]
        canvas.cells[at] = Cell(cell.value, cell.formula, FINE if fine else SMALL)
    canvas.heat_maps.append(HeatMap(sheet.place, PALE_ACTIVATIONS))
    canvas.numbers.append(sheet.place)
    return canvas


def title_of(sheet: Sheet) -> str:
    """Return the sheet's title: the layer's name, what it does, the shape of its activations."""
    return f"{sheet.name}: {words_of(sheet.layer)}, {described(sheet.shape)}"


def _behind(canvas: Canvas, column: int, pixels: int) -> int:
    """Return the first column behind so many pixels, counted from the start of a column."""
    while pixels > 0:
        pixels -= pixels_of(canvas.widths.get(column, COLUMN))
        column += 1
    return column


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
