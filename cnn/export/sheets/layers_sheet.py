"""The sheet `Layers`: the channels of a layer that the user chooses, as pictures in a grid.

Every plane has the same number of cells. A smaller map is enlarged: each of its pixels is a block
of cells. So every cell of a plane shows one activation of each layer, or nothing if the layer has
too few channels:

    =CHOOSE(Workings!$C$7,conv1!B4,conv2!B4,pool1!B4,"")

Ranges with INDEX instead of single cells would take LibreOffice three times as long, because it
checks for each formula whether all cells of all ranges are up to date.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from cnn.export.network.stages import Shape
from cnn.export.sheets.export_style import (
    CAPTION,
    TABLE,
    about_zero,
    described,
    height_of,
    input_tab,
    is_digit_reader,
    shorten,
    width_of,
    words_of,
    write_links,
)
from cnn.export.sheets.layers_grid import (
    CAPTION_HEIGHT,
    CHOICE_ROW,
    FACTS,
    FIRST,
    FIRST_ROW,
    LAYER,
    LEFT,
    SCALE_ROW,
    SPACE,
    TOP,
    Page,
    planes_of,
)
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.one_activation import closer_sheets
from cnn.export.sheets.subject import Subject
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, choose, range_address
from sheetgen.spreadsheet.canvas import Canvas, Rule, Value
from sheetgen.spreadsheet.style import (
    HIDDEN,
    INPUT,
    KINDS,
    LABEL,
    NOTE,
    SUBTITLE,
    WHITE,
    Style,
)
from sheetgen.workbook.shared.workings import Workings

LAYERS = "Layers"
LISTED = "pictured_layers"
"""The defined name of the list of layers, as Excel 2007 allows no other in a validation."""
MOST_LAYERS = 90  # the ranges of all of them are in one formula
TITLE_WIDTH = 66  # pixels that "channel 12" takes
WHOLE = Style(number_format="0")
PIXEL = Style(number_format=HIDDEN, fill=TABLE)
BACK = Style(fill=TABLE)
NAME = replace(CAPTION, fill=TABLE, bold=True, align="left")
END = Style(size=9, fill=TABLE, align="center", number_format="0.00")
BOLD = Style(bold=True)


def layers_sheet(subject: Subject, workings: Workings) -> Canvas:
    """Draw the sheet, on which the subject's layer is chosen."""
    canvas = Canvas(LAYERS, tab_colour=KINDS["unit"].strong)
    every = tuple(subject.sheets.values())
    sheets = every[1 : MOST_LAYERS + 1] or every
    planes = planes_of([sheet.shape for sheet in sheets])
    facts = workings.block(LAYERS, "The layer that is shown", 2)
    listed = workings.block(LAYERS, "The layers to choose from", 4)
    page = Page(canvas, subject, sheets, planes, facts, listed)
    canvas.widths[0] = 2
    canvas.heights[0] = 30
    canvas.freeze = (TOP, 0)
    what = "picture" if is_digit_reader(subject.network) else "input"
    canvas.title(f"What each layer makes of the {what}", LEFT)
    reading = "A picture for each channel or unit: orange is above 0, blue below, and white is 0."
    canvas.write(1, LEFT, reading, SUBTITLE)
    _size(page)
    links = [input_tab(subject.network), *closer_sheets(subject), "Network"]
    write_links(canvas, 2, LEFT, links)
    _list(page)
    _controls(page)
    _facts(page)
    _back(page)
    for number in range(planes.count):
        _plane(page, number)
    canvas.print_area = (0, 0, page.top(planes.rows * planes.columns) - 1, page.last)
    return canvas


def _list(page: Page) -> None:
    """Write the layers to choose from, with their sizes and descriptions."""
    page.listed.headers("layer", "channels", "pixels of each", "what it is")
    for down, sheet in enumerate(page.sheets, start=1):
        shape = sheet.shape
        facts: tuple[Value, ...] = (sheet.name, shape.channels, shape.pixels, _text(sheet))
        for across, value in enumerate(facts):
            page.listed.write(down, across, value)
    page.canvas.names[LISTED] = page.column(0)


def _text(sheet: Sheet) -> str:
    return f"{words_of(sheet.layer)}: {described(sheet.shape)}"


def _facts(page: Page) -> None:
    """Write the numbers of the chosen layer."""
    choice, names = page.canvas.address(LAYER), page.column(0)
    # MATCH in a range of one cell finds nothing in ironcalc.
    only = len(page.sheets) == 1
    first = names.partition(":")[0]
    found = f"IF({choice}={first},1,NA())" if only else f"MATCH({choice},{names},0)"
    shape = page.shown.shape
    facts = (
        (found, page.sheets.index(page.shown) + 1),
        (page.chosen(1), shape.channels),
        (page.chosen(2), shape.pixels),
    )
    for down, (text, (expression, value)) in enumerate(zip(FACTS.values(), facts, strict=True)):
        page.facts.write(down, 0, text)
        page.facts.calculate(down, 1, expression, value, WHOLE)


def _controls(page: Page) -> None:
    canvas, column = page.canvas, page.input_column
    last, behind = page.input_last, page.text_column
    style = replace(INPUT, size=12, bold=True, align="center")
    canvas.heights[CHOICE_ROW] = 22
    canvas.write(CHOICE_ROW, LEFT, "Choose a layer", BOLD)
    canvas.merges.append((CHOICE_ROW, column, CHOICE_ROW, last))
    names = [sheet.name for sheet in page.sheets]
    canvas.choose(CHOICE_ROW, column, LAYER, page.shown.name, names, style, LISTED)
    canvas.calculate(CHOICE_ROW, behind, f"={page.chosen(3)}", _text(page.shown), BOLD)
    if page.has_pages:
        most = max(sheet.shape.channels for sheet in page.sheets) - 1
        canvas.write(FIRST_ROW, LEFT, "from channel", BOLD)
        canvas.merges.append((FIRST_ROW, column, FIRST_ROW, last))
        canvas.count(FIRST_ROW, column, FIRST, page.channel(0), 0, most, style)
        canvas.heights[FIRST_ROW] = 22
    canvas.write(FIRST_ROW, behind, page.note, NOTE)
    if any(sheet.shape.pixels == 1 for sheet in page.sheets):
        _common_scale(page)


def _common_scale(page: Page) -> None:
    """Write the end of the scale that the units of a layer share, each being a single number."""
    canvas, place = page.canvas, (SCALE_ROW, page.input_column)
    canvas.merges.append((*place, SCALE_ROW, page.input_last))
    is_unit = page.shown.shape.pixels == 1
    end = float(abs(page.subject.values[page.shown.name]).max()) if is_unit else ""
    test = f"{page.fact('pixels')}=1"
    text = "the scale ends at"
    canvas.calculate(SCALE_ROW, LEFT, f'=IF({test},"{text}","")', text if is_unit else "", LABEL)
    style = Style(number_format="0.00", align="center")
    canvas.calculate(*place, f'=IF({test},{page.furthest},"")', end, style)
    area = (*place, *place)
    shorten(canvas, area)
    canvas.heat_maps.append(about_zero(area))


def _back(page: Page) -> None:
    """Colour the area around the planes, so that a white plane stands out from it."""
    canvas, planes = page.canvas, page.planes
    for line in range(planes.rows):
        number = line * planes.columns
        top, below = page.top(number), page.top(number + planes.columns)
        for row in range(top, below):
            for column in range(LEFT, page.behind_planes):
                canvas.write(row, column, "", BACK)
        if line:
            rule = f'={cell_address(top, page.left(number))}=""'
            place = top, LEFT, below - 1, page.behind_planes - 1
            canvas.rules.append(Rule(place, rule, {"bg_color": WHITE}))


def _size(page: Page) -> None:
    """Make the cells of the planes square, with room for the rows above them."""
    canvas, planes = page.canvas, page.planes
    for line in range(planes.rows):
        top = page.top(line * planes.columns)
        canvas.heights[top] = height_of(CAPTION_HEIGHT)
        rows = range(top + 1, top + 1 + planes.height)
        canvas.heights |= dict.fromkeys(rows, height_of(planes.pixels))
        canvas.heights[rows.stop] = height_of(SPACE)
    canvas.widths |= dict.fromkeys(range(LEFT, page.last + 1), width_of(planes.pixels))


def _plane(page: Page, number: int) -> None:
    """Draw a picture, and above it its channel and its number furthest from 0."""
    canvas, planes = page.canvas, page.planes
    top, left = page.top(number) + 1, page.left(number)
    shape, values = page.shown.shape, page.subject.values[page.shown.name]
    channel = page.channel(number)
    is_there = channel < shape.channels
    _caption(page, number, values[channel] if is_there else None)
    maps = [_map(page, sheet, number) for sheet in page.sheets]
    for y in range(planes.height):
        for x in range(planes.width):
            shown = [each(y, x) for each in maps]
            formula = f"={choose(page.fact('number'), shown)}"
            row, column = _pixel(page, shape, (y, x))
            value = float(values[channel, row, column]) if is_there else ""
            canvas.calculate(top + y, left + x, formula, value, PIXEL)


def _pixel(page: Page, shape: Shape, at: tuple[int, int]) -> tuple[int, int]:
    """Return the pixel of a map that a cell of the plane shows."""
    y, x = at
    return y * shape.height // page.planes.height, x * shape.width // page.planes.width


def _map(page: Page, sheet: Sheet, number: int) -> Callable[[int, int], str]:
    """Return what gives what a plane's cell shows if this layer is chosen."""
    if number >= sheet.shape.channels:
        return lambda _y, _x: '""'
    channel = cell_address(page.top(number), page.left(number))

    @cache  # as many cells show the same pixel
    def activation(row: int, column: int) -> str:
        if not page.has_pages:
            return sheet.address(number, row, column)
        return f'IF({channel}="","",{sheet.of_channel(channel, row, column)})'

    return lambda y, x: activation(*_pixel(page, sheet.shape, (y, x)))


def _caption(page: Page, number: int, map_: Array | None) -> None:
    """Write the channel that a plane shows, and the number at the end of its scale."""
    canvas, planes = page.canvas, page.planes
    top, left = page.top(number), page.left(number)
    last = left + planes.width - 1
    middle = last + 1 - planes.number_columns
    for start, end in ((left, middle - 1), (middle, last)):
        canvas.merges.append((top, start, top, end))
    channel = f"{page.first}+{number}" if page.has_pages else f"{number}"
    formula = f'=IF({channel}<{page.fact("channels")},{channel},"")'
    has_room = (middle - left) * planes.pixels >= TITLE_WIDTH
    word = "unit" if all(sheet.shape.pixels == 1 for sheet in page.sheets) else "channel"
    title = replace(NAME, number_format=f'"{word} "0' if has_room else "0")
    canvas.calculate(top, left, formula, "" if map_ is None else page.channel(number), title)
    area = top + 1, left, top + planes.height, last
    cells = range_address(*area)
    is_above = f"MAX({cells})>=-MIN({cells})"
    formula = f'=IF({cell_address(top, left)}="","",IF({is_above},MAX({cells}),MIN({cells})))'
    value = "" if map_ is None else float(map_.max() if map_.max() >= -map_.min() else map_.min())
    canvas.calculate(top, middle, formula, value, END)
    own, common = cell_address(top, middle), cell_address(SCALE_ROW, page.input_column)
    largest = f'ABS(N(IF({common}="",{own},{common})))'
    canvas.heat_maps += [about_zero(each, largest) for each in (area, (top, middle, top, last))]
    shorten(canvas, (top, middle, top, last))
