"""The sheet `Layers`: the channels of a layer that the user chooses, as pictures in a grid.

Every plane has the same number of cells. A smaller map is enlarged: each of its pixels is a block
of cells. So every cell of a plane shows one activation of each layer, or nothing if the layer has
too few channels:

    =CHOOSE($FT$1,conv1!B4,conv2!B4,pool1!B4,"")

Ranges with INDEX instead of single cells would take LibreOffice three times as long, because it
checks for each formula whether all cells of all ranges are up to date.
"""

from collections.abc import Mapping
from dataclasses import replace

from cnn.export.network.stages import Shape
from cnn.export.sheets.export_style import (
    ACTIVATIONS,
    CAPTION,
    HIDDEN,
    TABLE,
    described,
    height_of,
    input_tab,
    is_digit_reader,
    width_of,
    words_of,
)
from cnn.export.sheets.layers_grid import (
    CHOICE_ROW,
    FIRST_ROW,
    LEFT,
    ROWS_ABOVE,
    TOP,
    Page,
    planes_of,
)
from cnn.export.sheets.layout import Sheet, chosen_of
from cnn.export.sheets.one_activation import closer_sheets
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Place, Rule, Value
from sheetgen.spreadsheet.style import INPUT, KINDS, LINK, NOTE, SUBTITLE, TITLE, WHITE, Style

LAYERS = "Layers"
LAYER = "layer"
"""The key of the cell that chooses the layer."""
FIRST = "first channel"
"""The key of the cell that chooses the first channel shown, if they are not all shown."""
MOST_LAYERS = 200  # CHOOSE takes 254 arguments
CAPTION_HEIGHT, SCALE_HEIGHT, SPACE = 16, 3, 8  # pixels
LINK_PIXELS = 80
TITLE_WIDTH, DECIMALS_WIDTH = 56, 40  # pixels that "channel 12" and -1.23 take

LOOKUP = Style(size=8, number_format=HIDDEN)
END = replace(LOOKUP, fill=TABLE)
PIXEL = Style(number_format=HIDDEN, fill=TABLE)
BACK = Style(fill=TABLE)
CAPTION_ON_TABLE = replace(CAPTION, fill=TABLE, align="center")
NAME = replace(CAPTION_ON_TABLE, bold=True, align="left")
BOLD = Style(bold=True)
LARGE_NUMBERS = {0.0: "0.00", 99.5: "0", 9999.5: "0E+0", 9.5e99: '"…"'}
"""The formats of a number above a picture by the size from which they apply, so it is not ###."""
LARGE_NUMBERS_NARROW = {0.0: "0.0", 99.5: "0", 9999.5: "0E+0", 9.5e9: '"…"'}
HIGHEST: dict[str, object] = {"bg_color": ACTIVATIONS[1], "font_color": WHITE}


def layers_sheet(subject: Subject) -> Canvas:
    """Draw the sheet, on which the subject's layer is chosen."""
    canvas = Canvas(LAYERS, tab_colour=KINDS["unit"].strong)
    every = tuple(subject.sheets.values())
    sheets = every[1 : MOST_LAYERS + 1] or every
    page = Page(canvas, subject, sheets, planes_of([sheet.shape for sheet in sheets]))
    canvas.widths[0] = 2
    canvas.heights[0] = 30
    canvas.freeze = (TOP, 0)
    what = "picture" if is_digit_reader(subject.network) else "input"
    canvas.write(0, LEFT, f"What each layer makes of the {what}", TITLE)
    reading = "One square picture for each channel or unit; the darker, the larger the activation."
    canvas.write(1, LEFT, reading, SUBTITLE)
    _links(page)
    _list(page)
    _facts(page)
    _controls(page)
    _size(page)
    _back(page)
    for number in range(page.planes.count):
        _plane(page, number)
    columns = page.helper - 2
    canvas.print_area = (0, 0, page.top(page.planes.rows * page.planes.columns) - 1, columns)
    return canvas


def _links(page: Page) -> None:
    width = -(-LINK_PIXELS // page.planes.pixels)
    first = input_tab(page.subject.network)
    for place, name in enumerate((first, *closer_sheets(page.subject), "Network")):
        column = LEFT + place * width
        page.canvas.merges.append((2, column, 2, column + width - 1))
        page.canvas.link(2, column, name, name, LINK)


def _list(page: Page) -> None:
    """Write the layers to choose from, with their sizes and descriptions."""
    canvas = page.canvas
    for row, sheet in enumerate(page.sheets):
        shape = sheet.shape
        text = f"{words_of(sheet.layer)}: {described(shape)}"
        facts: tuple[Value, ...] = (sheet.name, shape.channels, shape.pixels, text)
        for column, value in enumerate(facts, start=page.helper + 1):
            canvas.write(row, column, value, LOOKUP)
    canvas.widths |= dict.fromkeys(range(page.helper - 1, page.helper + 5), width_of(4))


def _facts(page: Page) -> None:
    """Write the numbers of the chosen layer, in the order of FACTS."""
    canvas, shape = page.canvas, page.shown.shape
    values = page.subject.values[page.shown.name]
    number = page.fact("number")
    choice, names = cell_address(CHOICE_ROW, page.input_column), page.listed(0)
    # MATCH in a range of one cell finds nothing in ironcalc.
    only = len(page.sheets) == 1
    found = f"IF({choice}={names},1,NA())" if only else f"MATCH({choice},{names},0)"
    facts = (
        (f"={found}", page.sheets.index(page.shown) + 1),
        (f"={chosen_of(page.listed(1), number)}", shape.channels),
        (f"={chosen_of(page.listed(2), number)}", shape.pixels),
        (f"=MIN({page.maps})", float(values.min())),
        (f"=MAX({page.maps})", float(values.max())),
    )
    for row, (formula, value) in enumerate(facts):
        canvas.calculate(row, page.helper, formula, value, LOOKUP)


def _controls(page: Page) -> None:
    canvas, column = page.canvas, page.input_column
    last, behind = page.input_last, page.text_column
    style = replace(INPUT, size=12, bold=True, align="center")
    canvas.heights[CHOICE_ROW] = 22
    canvas.write(CHOICE_ROW, LEFT, "Choose a layer", BOLD)
    canvas.merges.append((CHOICE_ROW, column, CHOICE_ROW, last))
    names = [sheet.name for sheet in page.sheets]
    canvas.choose(CHOICE_ROW, column, LAYER, page.shown.name, names, style, page.listed(0))
    formula = f"={chosen_of(page.listed(3), page.fact('number'))}"
    text = canvas.value(page.sheets.index(page.shown), page.helper + 4)
    canvas.calculate(CHOICE_ROW, behind, formula, text, BOLD)
    if page.has_pages:
        most = max(sheet.shape.channels for sheet in page.sheets) - 1
        canvas.write(FIRST_ROW, LEFT, "from channel", BOLD)
        canvas.merges.append((FIRST_ROW, column, FIRST_ROW, last))
        canvas.count(FIRST_ROW, column, FIRST, page.channel(0), 0, most, style)
        canvas.heights[FIRST_ROW] = 22
    canvas.write(FIRST_ROW, behind, page.note, NOTE)


def _back(page: Page) -> None:
    """Colour the area around the planes, so that a white plane stands out from it."""
    canvas, planes = page.canvas, page.planes
    last = page.top(planes.rows * planes.columns) - 1
    for row in range(TOP, last + 1):
        for column in range(LEFT, page.behind_planes):
            canvas.write(row, column, "", BACK)


def _size(page: Page) -> None:
    """Make the cells of the planes square, with room for the rows above them."""
    canvas, planes = page.canvas, page.planes
    for line in range(planes.rows):
        top = page.top(line * planes.columns)
        canvas.heights[top] = height_of(CAPTION_HEIGHT)
        canvas.heights[top + 1] = height_of(SCALE_HEIGHT)
        rows = range(top + ROWS_ABOVE, top + ROWS_ABOVE + planes.height)
        canvas.heights |= dict.fromkeys(rows, height_of(planes.pixels))
        canvas.heights[rows.stop] = height_of(SPACE)
    columns = range(LEFT, page.helper - 1)
    canvas.widths |= dict.fromkeys(columns, width_of(planes.pixels))


def _plane(page: Page, number: int) -> None:
    canvas, planes = page.canvas, page.planes
    top, left = page.top(number) + ROWS_ABOVE, page.left(number)
    shape, values = page.shown.shape, page.subject.values[page.shown.name]
    channel = page.channel(number)
    _caption(page, number)
    for y in range(planes.height):
        for x in range(planes.width):
            shown = (_activation(page, sheet, number, (y, x)) for sheet in page.sheets)
            formula = f"=CHOOSE({page.fact('number')},{','.join(shown)})"
            row, column = _pixel(page, shape, (y, x))
            value = float(values[channel, row, column]) if channel < shape.channels else ""
            canvas.calculate(top + y, left + x, formula, value, PIXEL)


def _pixel(page: Page, shape: Shape, at: tuple[int, int]) -> tuple[int, int]:
    """Return the pixel of a map that a cell of the plane shows."""
    y, x = at
    return y * shape.height // page.planes.height, x * shape.width // page.planes.width


def _activation(page: Page, sheet: Sheet, number: int, at: tuple[int, int]) -> str:
    """Return what a plane's cell shows if this layer is chosen."""
    pixel = _pixel(page, sheet.shape, at)
    if number >= sheet.shape.channels:
        return '""'
    if not page.has_pages:
        return sheet.address(number, *pixel)
    channel = cell_address(page.top(number), page.left(number))
    if sheet.shape.channels == 1:
        return f'IF({channel}="","",{sheet.address(0, *pixel)})'
    return f'IF({channel}="","",INDEX({sheet.window(*pixel, 1, 1)},1,{channel}+1))'


def _caption(page: Page, number: int) -> None:
    """Write the channel that a plane shows, and its smallest and largest number."""
    canvas, planes = page.canvas, page.planes
    top, left = page.top(number), page.left(number)
    third, last = planes.width // 3, left + planes.width - 1
    low, high = last + 1 - 2 * third, last + 1 - third
    for start, end in ((left, low - 1), (low, high - 1), (high, last)):
        if end > start:
            canvas.merges.append((top, start, top, end))
    shown = page.channel(number)
    channel = f"{page.first}+{number}" if page.has_pages else f"{number}"
    formula = f'=IF({channel}<{page.fact("channels")},{channel},"")'
    has_room = (low - left) * planes.pixels >= TITLE_WIDTH
    title = replace(NAME, number_format='"channel "0' if has_room else "0")
    value = shown if shown < page.shown.shape.channels else ""
    canvas.calculate(top, left, formula, value, title)
    is_wide = third * planes.pixels >= DECIMALS_WIDTH
    style = replace(CAPTION_ON_TABLE, number_format="0.00" if is_wide else "0.0")
    _scale(page, number, (low, high), style if is_wide else replace(style, size=7))
    is_map = f'AND(NOT({cell_address(top, left)}=""),{page.fact("pixels")}>1)'
    sizes = LARGE_NUMBERS if is_wide else LARGE_NUMBERS_NARROW
    shorten_number(canvas, (top, low, top, high - 1), sizes, {"TRUE": {}})
    shorten_number(canvas, (top, high, top, last), sizes, {is_map: HIGHEST, f"NOT({is_map})": {}})


def _scale(page: Page, number: int, columns: tuple[int, int], style: Style) -> None:
    """Shade a plane from its smallest to its largest number, and write these above it.

    The units of a fully connected layer share one scale, since each is a single number. The
    limits of the scale are in the hidden row below the caption.
    """
    canvas, planes, shown = page.canvas, page.planes, page.shown
    top, left = page.top(number), page.left(number)
    area = top + ROWS_ABOVE, left, top + 1 + planes.height, left + planes.width - 1
    values = page.subject.values[shown.name]
    channel = page.channel(number)
    is_shown, is_unit = channel < shown.shape.channels, shown.shape.pixels == 1
    own = values[channel] if is_shown else values
    part = values if is_unit else own
    blank, unit = f'{cell_address(top, left)}=""', f"{page.fact('pixels')}=1"
    cells = range_address(*area)
    low, high, end = (cell_address(top + 1, left + offset) for offset in range(3))
    lowest, highest = float(part.min()), float(part.max())
    # A channel that is constant but for rounding is as light as its smallest number.
    differs = highest - lowest > 1e-12 + 1e-9 * abs(highest)
    end_of = highest if differs else lowest + 1
    limits = (
        (f"=IF({blank},0,IF({unit},{page.fact('lowest')},MIN({cells})))", lowest, 0),
        (f"=IF({blank},0,IF({unit},{page.fact('highest')},MAX({cells})))", highest, 0),
        (f"=IF({blank},1,IF({high}-{low}>1E-12+1E-9*ABS({high}),{high},{low}+1))", end_of, 1),
    )
    for offset, (formula, value, otherwise) in enumerate(limits):
        canvas.calculate(top + 1, left + offset, formula, value if is_shown else otherwise, END)
    canvas.heat_maps.append(HeatMap(area, ACTIVATIONS, (f"={low}", f"={end}")))
    smallest = float(own.min()) if is_shown and not is_unit else ""
    formula = f'=IF({blank},"",IF({unit},"",MIN({cells})))'
    canvas.calculate(top, columns[0], formula, smallest, style)
    largest = float(own.max()) if is_shown else ""
    canvas.calculate(top, columns[1], f'=IF({blank},"",MAX({cells}))', largest, style)


def shorten_number(
    canvas: Canvas,
    place: Place,
    sizes: Mapping[float, str],
    formats: Mapping[str, dict[str, object]],
) -> None:
    """Format a cell for its number's size and, of `formats`, for the condition that is true.

    Only one condition may be true at a time: LibreOffice applies no second rule to a cell.
    """
    number = f"ABS({cell_address(place[0], place[1])})"
    for condition, properties in formats.items():
        for start, end in zip(sizes, [*list(sizes)[1:], 1e308], strict=True):
            if start == 0 and not properties:
                continue
            formula = f"=AND({condition},{number}>={start!r},{number}<{end!r})".upper()
            canvas.rules.append(Rule(place, formula, {**properties, "num_format": sizes[start]}))
