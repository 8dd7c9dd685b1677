"""The sheet `Activation`: the user chooses one activation and sees what it is made of.

The map that the layer looks at, with a frame around the window; the layer's map, with a frame
around the activation; window × kernel = products; the sums of all channels, and the steps after
them. `Products`, which holds the numbers of all channels, is behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cnn.export.sheets.export_style import (
    HIDDEN,
    TABLE,
    WEIGHTS_SCALE,
    height_of,
    square,
    width_of,
)
from cnn.export.sheets.kernels_sheet import KERNELS
from cnn.export.sheets.layers_sheet import LAYERS
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.one_activation import Chosen, Lens, Step, lenses_of, steps_of
from cnn.export.sheets.products_sheet import (
    FIRST_ROW,
    LISTED,
    PRODUCTS,
    SCALE,
    Products,
    products_sheet,
    write_scale,
)
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_sheet import WEIGHTS, weight_places
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import (
    cell_address,
    column_letters,
    range_address,
    relative_address,
)
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Place, Rule
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    INPUT,
    KINDS,
    LABEL,
    LINE,
    LINK,
    NOTE,
    PASS_FORMAT,
    PLAIN,
    SECTION,
    SUBTITLE,
    TITLE,
    Style,
)

ACTIVATION = "Activation"
KEYS = ("layer", "channel", "row", "column", "source")
"""The keys of the cells to choose in, in the order of `Pick`."""
LABELS = ("layer", "channel", "row", "column", "input channel")
LEFT = 1
CHOICE_ROW = 3
SENTENCE_ROW = 6
HEADING_ROW = 8
TOP = 10
TILE_ROW = CHOICE_ROW + 1
"""The first row of the window and the kernel, beside the cells to choose in."""
PICTURE = 320  # pixels of the side of a map's picture
SMALLEST, LARGEST = 7, 20  # pixels of a cell of it
LEAST = 260  # pixels of its width, for the texts above it
NARROW, WIDE = 30, 40  # pixels of a column of numbers
MOST_WIDE = 14  # columns of numbers, that are not narrow
LINE_PIXELS = 20
PANEL = 11  # the least number of columns of numbers
TEXT_COLUMNS, NUMBER_COLUMNS = 5, 3
GAP = 12  # pixels
LAYER_PIXELS, COUNT_PIXELS, LINK_PIXELS = 100, 76, 70
"""Of the cell to choose the layer in, of the others, and of a link."""
FRAME: dict[str, object] = {"border": 1, "border_color": "#111827"}
MARKED: dict[str, object] = {"bold": True, "bg_color": KINDS["weight"].tint}
PIXEL = Style(number_format=HIDDEN, fill=TABLE)
NUMBER = Style(size=8, number_format="0.00", align="center", border=LINE)
SIGN = Style(size=12, bold=True, align="center")
RESULT = Style(number_format="0.0000", align="right")
FINAL = replace(RESULT, bold=True, fill=KINDS["unit"].tint)
CENTRED = replace(NOTE, size=8, align="center")
COUNT = Style(number_format="0", align="center")
LARGE_NUMBERS = {99.5: "0", 9999.5: "0E+0"}
"""The formats of numbers in squares, by the size from which they apply, so none is ###."""


@dataclass(frozen=True)
class _Page:
    canvas: Canvas
    chosen: Chosen
    products: Products

    @property
    def inputs(self) -> tuple[int, int]:
        """Height and width of the largest map that a layer looks at."""
        return _largest([lens.seen for lens in self.products.lenses])

    @property
    def outputs(self) -> tuple[int, int]:
        """Height and width of the largest map of a layer."""
        return _largest([lens.sheet.shape.sides[1:] for lens in self.products.lenses])

    @property
    def pixels(self) -> int:
        """The side of a picture's cell."""
        return max(SMALLEST, min(LARGEST, PICTURE // max(*self.inputs, *self.outputs)))

    @property
    def output_column(self) -> int:
        """The first column of the output's picture."""
        return LEFT + self.columns(self.inputs[1]) + 1

    @property
    def panel(self) -> int:
        """The first column of numbers."""
        return self.output_column + self.columns(self.outputs[1]) + 1

    @property
    def tile(self) -> int:
        """Columns of the window, of the kernel, and of the products."""
        return max(self.products.window[1], self.products.kernel[1])

    @property
    def panel_columns(self) -> int:
        """The number of columns of numbers."""
        return max(PANEL, 3 * self.tile + 2)

    @property
    def sums(self) -> int:
        """The column of the channels, left of those of their sums."""
        return self.panel + self.panel_columns + 1

    @property
    def rows(self) -> int:
        """Rows of the sheet for a line of numbers."""
        return -(-LINE_PIXELS // self.pixels)

    def columns(self, width: int) -> int:
        return max(width, -(-LEAST // self.pixels))

    def line(self, number: int) -> int:
        """Return the first row of a line of numbers: beside pictures a line is several rows."""
        above = TOP - TILE_ROW
        return TILE_ROW + number if number < above else TOP + (number - above) * self.rows

    def span(self, line: int, column: int, columns: int = 1) -> tuple[int, int]:
        """Make one cell of those of a line; return its place."""
        row, rows = self.line(line), self.line(line + 1) - self.line(line)
        if rows > 1 or columns > 1:
            last = row + rows - 1, column + columns - 1
            self.canvas.merges.append((row, column, *last))
        return row, column


def _largest(sides: list[tuple[int, int]]) -> tuple[int, int]:
    return max(height for height, _ in sides), max(width for _, width in sides)


def activation_sheets(subject: Subject) -> list[Canvas]:
    """Draw `Activation` and `Products`; none if there is no layer whose activations to take apart.

    The subject's `pick` is what the cells to choose in hold.
    """
    lenses = lenses_of(subject.sheets.values())
    if not lenses:
        return []
    canvas = Canvas(ACTIVATION, tab_colour=KINDS["unit"].strong)
    chosen = Chosen(subject, lenses)
    page = _Page(canvas, chosen, Products(lenses, weight_places(subject.network, subject.sheets)))
    canvas.heights[0] = 30
    canvas.write(0, LEFT, "How one activation is computed", TITLE)
    text = "Choose an activation of a layer: window × kernel, summed over all input channels."
    canvas.write(1, LEFT, text, SUBTITLE)
    _sizes(page)
    _controls(page)
    _sentence(page)
    _pictures(page)
    below = _steps(page, _tiles(page))
    below = max(below, _sums(page), TOP + max(page.inputs[0], page.outputs[0]) + 1)
    below = _notes(page, below + 1)
    canvas.print_area = (0, 0, below, page.sums + 1)
    asked = {key: canvas.address(key) for key in KEYS}
    return [canvas, products_sheet(chosen, page.products, asked)]


def _sizes(page: _Page) -> None:
    canvas = page.canvas
    square(canvas, (TOP, LEFT, TOP + 1, page.panel - 1), page.pixels)
    last = max(page.line(40), TOP + max(page.inputs[0], page.outputs[0]))
    canvas.heights |= dict.fromkeys(range(TOP, last), height_of(page.pixels))
    canvas.heights |= dict.fromkeys(range(CHOICE_ROW, TOP), height_of(LINE_PIXELS))
    canvas.widths[0] = 2
    for column in (page.output_column - 1, page.panel - 1, page.sums - 1):
        canvas.widths[column] = width_of(GAP)
    numbers = range(page.panel, page.panel + page.panel_columns)
    pixels = WIDE if page.panel_columns <= MOST_WIDE else NARROW
    canvas.widths |= dict.fromkeys(numbers, width_of(pixels))
    canvas.widths |= {page.sums: width_of(56), page.sums + 1: width_of(72)}


def _controls(page: _Page) -> None:
    """Write the cells to choose in, side by side, with what they may hold below them."""
    canvas, products, typed = page.canvas, page.products, page.chosen.typed
    style = replace(INPUT, size=12, bold=True, align="center")
    lenses = products.lenses
    shapes = [lens.sheet.shape for lens in lenses]
    most = (
        max(shape.channels for shape in shapes),
        max(shape.height for shape in shapes),
        max(shape.width for shape in shapes),
        max(lens.channels for lens in lenses),
    )
    sides: tuple[Callable[[Lens], int], ...] = (
        lambda lens: lens.sheet.shape.channels,
        lambda lens: lens.sheet.shape.height,
        lambda lens: lens.sheet.shape.width,
        lambda lens: lens.channels,
    )
    column = LEFT
    for at, (key, label) in enumerate(zip(KEYS, LABELS, strict=True)):
        last = column - 1 - (-(LAYER_PIXELS if at == 0 else COUNT_PIXELS) // page.pixels)
        for row in range(CHOICE_ROW, CHOICE_ROW + 3):
            canvas.merges.append((row, column, row, last))
        canvas.write(CHOICE_ROW, column, label, replace(LABEL, align="center"))
        place = CHOICE_ROW + 1, column
        if key == "layer":
            names = [lens.sheet.name for lens in lenses]
            canvas.choose(*place, key, typed.layer, names, style, LISTED)
            canvas.write(CHOICE_ROW + 2, column, "choose from the list", CENTRED)
        else:
            side = sides[at - 1]
            canvas.count(*place, key, int(typed[at]), 0, most[at - 1] - 1, style)
            limit = side(page.chosen.lens) - 1
            end = products.choose(lambda lens, side=side: side(lens) - 1)
            canvas.calculate(CHOICE_ROW + 2, column, f'="0 to "&{end}', f"0 to {limit}", CENTRED)
        column = last + 2
    column = LEFT
    for name in (LAYERS, PRODUCTS, KERNELS):
        if name == KERNELS and not products.kernel[0]:
            continue
        last = column - 1 - (-LINK_PIXELS // page.pixels)
        canvas.merges.append((2, column, 2, last))
        canvas.link(2, column, name, name, LINK)
        column = last + 1


def _sentence(page: _Page) -> None:
    """Say what the activation reads, and where its formula is."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    lens, (channel, row, column) = chosen.lens, chosen.unit
    fact = products.fact

    def text(kind: Callable[[Lens], str]) -> tuple[str, str]:
        return products.choose(lambda each: f'"{kind(each)}"'), kind(lens)

    parts: list[tuple[str, str]] = [
        text(lambda each: f"{each.sheet.name}: channel "),
        (fact("channel"), str(channel)),
        ('", row "', ", row "),
        (fact("row"), str(row)),
        ('", column "', ", column "),
        (fact("column"), str(column)),
        text(
            lambda each: (
                f" reads {each.height} × {each.width} pixels of "
                + ("one channel" if each.kernels is None else _count(each.channels))
                + f" of {each.before.name}."
            )
        ),
    ]
    formula = "&".join(part for part, _ in parts)
    canvas.calculate(SENTENCE_ROW, LEFT, f"={formula}", "".join(word for _, word in parts), PLAIN)


def _count(channels: int) -> str:
    return "1 channel" if channels == 1 else f"all {channels} channels"


def _pictures(page: _Page) -> None:
    """Draw the map that the layer looks at, and the layer's, each with its frame."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    lens = chosen.lens
    fact = products.fact
    for column, size, which, channel, sheet_of, numbers in (
        (LEFT, page.inputs, "source", chosen.source, _before, chosen.seen),
        (page.output_column, page.outputs, "channel", chosen.unit[0], _own, chosen.map),
    ):
        cell = fact(which)
        names = products.choose(lambda each, of=sheet_of: f'"{of(each)[0].name}, channel "')
        title = f"{sheet_of(lens)[0].name}, channel {channel}"
        canvas.calculate(HEADING_ROW, column, f"={names}&{cell}", title, SECTION)
        text = "with the zeros around it" if which == "source" else "the layer's own map"
        canvas.write(HEADING_ROW + 1, column, text, NOTE)
        for y, x in np.ndindex(*size):
            cells = products.choose(
                lambda each, of=sheet_of, at=(y, x), cell=cell: _pixel(*of(each), at, cell)
            )
            is_there = y < numbers.shape[1] and x < numbers.shape[2]
            value = float(numbers[channel, y, x]) if is_there else ""
            canvas.calculate(TOP + y, column + x, f"={cells}", value, PIXEL)
        _frame(page, column, size, is_input=which == "source")


def _before(lens: Lens) -> tuple[Sheet, tuple[int, int], tuple[int, int]]:
    """Return the sheet that a layer looks at, its first pixel with the zeros, and its size."""
    before = lens.before
    return before, (before.pixel_rows.start, before.pixel_columns.start), lens.seen


def _own(lens: Lens) -> tuple[Sheet, tuple[int, int], tuple[int, int]]:
    return lens.sheet, (0, 0), (lens.sheet.shape.height, lens.sheet.shape.width)


def _pixel(
    sheet: Sheet, first: tuple[int, int], size: tuple[int, int], at: tuple[int, int], channel: str
) -> str:
    """Return the number of a pixel of the chosen channel, or "" where the map has none."""
    if at[0] >= size[0] or at[1] >= size[1]:
        return '""'
    y, x = first[0] + at[0], first[1] + at[1]
    if sheet.shape.channels == 1:
        return sheet.address(0, y, x)
    return f"INDEX({sheet.window(y, x, 1, 1)},1,{channel}+1)"


def _frame(page: _Page, column: int, size: tuple[int, int], *, is_input: bool) -> None:
    """Frame the window, or the activation: the rule knows their place by defined names."""
    place = TOP, column, TOP + size[0] - 1, column + size[1] - 1
    row, across = f"ROW()-{TOP}", f"COLUMN()-{column}"
    if is_input:
        rule = (
            f"=AND({row}>=shown_window_top,{row}<=shown_window_bottom,"
            f"{across}>=shown_window_left,{across}<=shown_window_right)"
        )
    else:
        rule = f"=AND({row}=shown_row+1,{across}=shown_column+1)"
    page.canvas.rules.append(Rule(place, rule, FRAME))


def _tiles(page: _Page) -> int:
    """Write window × kernel = products of the shown input channel; return the next free line."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    source = products.fact("source")
    numbers = (chosen.window, chosen.kernel, chosen.products)
    texts = ("window", "kernel", "products")
    height = max(products.window[0], products.kernel[0])
    for block, (text, found) in enumerate(zip(texts, numbers, strict=True)):
        left = page.panel + block * (page.tile + 1)
        size = products.kernel if block else products.window
        if not size[0]:
            continue
        canvas.write(CHOICE_ROW, left, text, SECTION)
        for y, x in np.ndindex(*size):
            place = page.span(y, left + x)
            cell = products.of_channel(products.column(block, y, x), source)
            canvas.calculate(*place, f"={cell}", _of(found, (chosen.source, y, x)), NUMBER)
        if block:
            place = page.span(height // 2, left - 1)
            sign = "×" if block == 1 else "="
            shown = products.choose(
                lambda each, sign=sign: '""' if each.kernels is None else f'"{sign}"'
            )
            canvas.calculate(*place, f"={shown}", "" if found is None else sign, SIGN)
        area = TILE_ROW, left, page.line(size[0]) - 1, left + size[1] - 1
        _shorten(canvas, area)
    return height


def _of(numbers: Array | None, unit: tuple[int, int, int]) -> float | str:
    is_there = numbers is not None and all(np.less(unit, numbers.shape))
    return float(numbers[unit]) if numbers is not None and is_there else ""


def _shorten(canvas: Canvas, place: Place) -> None:
    ends = [*list(LARGE_NUMBERS)[1:], 1e308]
    number = f"ABS({relative_address(*place[:2])})"
    for (start, number_format), end in zip(LARGE_NUMBERS.items(), ends, strict=True):
        rule = f"=AND({number}>={start!r},{number}<{end!r})".upper()
        canvas.rules.append(Rule(place, rule, {"num_format": number_format}))


def _steps(page: _Page, line: int) -> int:
    """Write the steps from the window to the activation, and the colours; return the next row."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    lenses = products.lenses
    column = page.panel
    number_column = column + TEXT_COLUMNS
    result_column = number_column + NUMBER_COLUMNS
    canvas.write(
        *page.span(line, column, page.panel_columns), "From there to the activation", SECTION
    )
    line += 1
    every = [steps_of(lens, 0, 0.0) for lens in lenses]
    window = range_address(
        TILE_ROW,
        column,
        page.line(products.window[0]) - 1,
        column + products.window[1] - 1,
    )
    last = page.line(products.rows + 1) - 1
    sums = range_address(TILE_ROW + 1, page.sums + 1, last, page.sums + 1)
    functions = {"sum of all products": f"SUM({sums})", "largest of the window": f"MAX({window})"}
    texts = products.choose(lambda lens: f'"{lens.first_step}"')
    canvas.calculate(*page.span(line, column, TEXT_COLUMNS), f"={texts}", chosen.lens.first_step)
    first = products.choose(lambda lens: functions.get(lens.first_step, f"SUM({window})"))
    before = page.span(line, result_column, NUMBER_COLUMNS)
    canvas.calculate(*before, f"={first}", chosen.first, RESULT)
    results = [cell_address(*before)]
    own = chosen.steps()
    for at in range(max(map(len, every))):
        line += 1
        _step(page, line, at, [steps[at] if at < len(steps) else None for steps in every], results)
        place = page.line(line), result_column
        results.append(cell_address(*place))
    line += 1
    _end(page, line, [results[len(steps)] for steps in every], own)
    return _colours(page, line + 3)


def _step(page: _Page, line: int, at: int, steps: list[Step | None], results: list[str]) -> None:
    """Write the text, the number and the result of a step, of whichever layer is chosen."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    of = dict(zip((lens.sheet.name for lens in products.lenses), steps, strict=True))
    own = chosen.steps()
    step = own[at] if at < len(own) else None
    before, column = results[-1], page.panel

    def text(lens: Lens) -> str:
        found = of[lens.sheet.name]
        return f'"{found.text}"' if found else '""'

    def number(lens: Lens) -> str:
        found = of[lens.sheet.name]
        if found is None or not found.sign:
            return '""'
        if not found.role:
            return repr(found.number)
        place = products.weights[lens.sheet.name].table[found.role]
        cells = f"{WEIGHTS}!{range_address(*place)}"
        if place[1] == place[3]:
            return f"{WEIGHTS}!{cell_address(*place[:2])}"
        return f"INDEX({cells},1,{products.fact('channel')}+1)"

    number_place = page.span(line, column + TEXT_COLUMNS, NUMBER_COLUMNS)
    operand = cell_address(*number_place)

    def result(lens: Lens) -> str:
        found = of[lens.sheet.name]
        if found is None:
            return '""'
        if found.stage is not None:
            return found.stage.formula(before)
        return f"{before}{found.sign}{operand}"

    label = page.span(line, column, TEXT_COLUMNS)
    canvas.calculate(*label, f"={products.choose(text)}", step.text if step else "")
    value = step.number if step and step.sign else ""
    canvas.calculate(*number_place, f"={products.choose(number)}", value, RESULT)
    place = page.span(line, column + TEXT_COLUMNS + NUMBER_COLUMNS, NUMBER_COLUMNS)
    canvas.calculate(*place, f"={products.choose(result)}", step.result if step else "", RESULT)


def _end(page: _Page, line: int, results: list[str], own: list[Step]) -> None:
    """Write the activation, beside the number on the layer's sheet."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    column = page.panel
    right = column + TEXT_COLUMNS + NUMBER_COLUMNS
    of = dict(zip((lens.sheet.name for lens in products.lenses), results, strict=True))
    canvas.write(*page.span(line, column, TEXT_COLUMNS), "the activation", Style(bold=True))
    place = page.span(line, right, NUMBER_COLUMNS)
    formula = products.choose(lambda lens: of[lens.sheet.name])
    canvas.calculate(*place, f"={formula}", own[-1].result if own else chosen.first, FINAL)
    activation = float(chosen.map[chosen.unit])
    texts = products.choose(lambda lens: f'"on the sheet {lens.sheet.name}"')
    text = f"on the sheet {chosen.lens.sheet.name}"
    canvas.calculate(*page.span(line + 1, column, TEXT_COLUMNS), f"={texts}", text)
    there = page.span(line + 1, right, NUMBER_COLUMNS)
    formula = products.choose(lambda lens: _activation(products, lens))
    canvas.calculate(*there, f"={formula}", activation, FINAL)
    one, other = cell_address(*place), cell_address(*there)
    verdict = page.span(line + 1, column + TEXT_COLUMNS, NUMBER_COLUMNS)
    formula = f'=IF(ABS({one}-{other})<=1E-9*MAX(1,ABS({other})),"the same","different")'
    canvas.calculate(*verdict, formula, "the same", Style(bold=True, align="center"))
    area = (*verdict, *verdict)
    for word, style in (("the same", PASS_FORMAT), ("different", FAIL_FORMAT)):
        canvas.rules.append(Rule(area, f'={cell_address(*verdict)}="{word}"', dict(style)))


def _activation(products: Products, lens: Lens) -> str:
    """Return the activation on the layer's sheet."""
    sheet = lens.sheet
    row, column, channel = (products.fact(which) for which in ("row", "column", "channel"))
    if sheet.shape.size == 1:
        return sheet.address(0)
    across = f"{column}*{sheet.shape.channels}+{channel}+1"
    return f"INDEX({sheet.map},{row}+1,{across})"


def _colours(page: _Page, line: int) -> int:
    """Write the numbers with the strongest colours, and shade; return the next row."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    column = page.panel
    canvas.write(*page.span(line, column, TEXT_COLUMNS), "Colours", SECTION)
    heads = ("blue", "white", "orange")
    for at, head in enumerate(heads):
        place = page.span(line, column + TEXT_COLUMNS + 2 * at, 2)
        canvas.write(*place, head, replace(LABEL, align="right"))
    window, kernel = products.window, products.kernel

    def tile(block: int, size: tuple[int, int]) -> Place:
        left = column + block * (page.tile + 1)
        return TILE_ROW, left, page.line(size[0]) - 1, left + size[1] - 1

    def picture(left: int, size: tuple[int, int]) -> Place:
        return TOP, left, TOP + size[0] - 1, left + size[1] - 1

    source = chosen.source
    seen = picture(LEFT, page.inputs)
    areas: list[tuple[str, Place, Array | None, list[Place]]] = [
        ("input, window", seen, chosen.seen[source], [seen, tile(0, window)]),
    ]
    if kernel[0]:
        weights = None if chosen.kernel is None else chosen.kernel[source]
        found = None if chosen.products is None else chosen.products[source]
        areas.append(("kernel", tile(1, kernel), weights, [tile(1, kernel)]))
        areas.append(("products", tile(2, kernel), found, [tile(2, kernel)]))
    own = picture(page.output_column, page.outputs)
    areas.append(("output", own, chosen.map[chosen.unit[0]], [own]))
    for offset, (text, place, numbers, shaded) in enumerate(areas, start=1):
        at = line + offset
        canvas.write(*page.span(at, column, TEXT_COLUMNS), text, LABEL)
        low = page.span(at, column + TEXT_COLUMNS, 2)
        zero = page.span(at, column + TEXT_COLUMNS + 2, 2)
        high = page.span(at, column + TEXT_COLUMNS + 4, 2)
        canvas.write(*zero, 0, SCALE)
        styles = [replace(SCALE, fill=colour) for colour in WEIGHTS_SCALE[::2]]
        limits = write_scale(canvas, (low, high), range_address(*place), numbers, styles)
        canvas.heat_maps += [HeatMap(each, WEIGHTS_SCALE, limits) for each in shaded]
    return page.line(line + len(areas) + 1)


def _sums(page: _Page) -> int:
    """List the sum of each input channel's products; return the row below."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    column = page.sums
    canvas.write(CHOICE_ROW, column, "sum of each", SECTION)
    canvas.write(CHOICE_ROW + 1, column, "input channel", NOTE)
    if not products.kernel[0]:
        return TOP
    for channel in range(products.rows):
        row, _ = page.span(channel + 1, column)
        page.span(channel + 1, column + 1)
        is_there = f"{channel}<{products.fact('channels')}"
        value = channel if channel < chosen.lens.channels else ""
        canvas.calculate(row, column, f'=IF({is_there},{channel},"")', value, COUNT)
        formula = f"={PRODUCTS}!{cell_address(FIRST_ROW + channel, products.sums)}"
        canvas.calculate(row, column + 1, formula, chosen.sum(channel), RESULT)
    top, last = page.line(1), page.line(products.rows + 1) - 1
    rule = f"=${column_letters(column)}{top + 1}=shown_source"
    canvas.rules.append(Rule((top, column, last, column + 1), rule, MARKED))
    return last + 1


def _notes(page: _Page, row: int) -> int:
    """Say which layers cannot be chosen; return the last row."""
    canvas = page.canvas
    shown = {lens.sheet.name for lens in page.products.lenses}
    every = [name for name, sheet in page.chosen.subject.sheets.items() if sheet.before]
    others = [name for name in every if name not in shown]
    texts = [
        "Products has the numbers of all input channels. A pooling looks at its own channel only, "
        "so its input channel is the same and it has no kernel.",
    ]
    if others:
        texts.append(
            "Not to choose here are layers that have no window of at most 7 × 7 pixels, all alike: "
            f"{', '.join(others[:8])}{' …' if len(others) > 8 else ''}; see their own sheets."
        )
    for offset, text in enumerate(texts):
        canvas.write(row + offset, LEFT, text, NOTE)
        canvas.heights[row + offset] = height_of(17)
    return row + len(texts) - 1
