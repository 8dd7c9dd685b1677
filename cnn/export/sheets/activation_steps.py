"""The parts of `Activation` right of the maps and below the window: sums, steps, colours."""

from dataclasses import replace

from cnn.export.sheets.activation_page import (
    CHOICE_ROW,
    NUMBER_COLUMNS,
    TEXT_COLUMNS,
    TILE_ROW,
    Page,
)
from cnn.export.sheets.export_style import about_zero, furthest, shorten
from cnn.export.sheets.one_activation import Lens, Step, steps_of
from cnn.export.sheets.products_places import FIRST_ROW, PRODUCTS, Products
from cnn.export.sheets.weights_sheet import WEIGHTS
from sheetgen.network.activations import Array
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import cell_address, column_letters, indexed, range_address
from sheetgen.spreadsheet.canvas import Place, Rule
from sheetgen.spreadsheet.style import (
    DIVERGING,
    FAIL_FORMAT,
    KINDS,
    LABEL,
    NOTE,
    PASS_FORMAT,
    SECTION,
    Style,
)

MARKED: dict[str, object] = {"bold": True, "bg_color": KINDS["weight"].tint}
SCALES = [Style(number_format="0.00", align="right", fill=colour) for colour in DIVERGING]
COUNT = Style(number_format="0", align="center")
RESULT = Style(number_format="0.0000", align="right")
FINAL = replace(RESULT, bold=True, fill=KINDS["unit"].tint)


def write_steps(page: Page) -> int:
    """Write the steps from the window to the activation, and the colours; return the next row."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    lenses, line = products.lenses, page.tile_rows + 1
    column = page.panel
    number_column = column + TEXT_COLUMNS
    result_column = number_column + NUMBER_COLUMNS
    canvas.write(
        *page.label(line, column, page.panel_columns), "From there to the activation", SECTION
    )
    line += 1
    every = [steps_of(lens, 0, 0.0) for lens in lenses]
    window = range_address(*page.area(0))
    last = page.line(products.rows + 1) - 1
    sums = range_address(TILE_ROW + 1, page.sums + 1, last, page.sums + 1)
    functions = {"sum of all products": f"SUM({sums})", "largest of the window": f"MAX({window})"}
    texts = products.choose(lambda lens: f'"{lens.first_step}"')
    canvas.calculate(*page.label(line, column, TEXT_COLUMNS), f"={texts}", chosen.lens.first_step)
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


def _step(page: Page, line: int, at: int, steps: list[Step | None], results: list[str]) -> None:
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
        return indexed(cells, "1", f"{products.fact('channel')}+1")

    number_place = page.span(line, column + TEXT_COLUMNS, NUMBER_COLUMNS)
    operand = cell_address(*number_place)

    def result(lens: Lens) -> str:
        found = of[lens.sheet.name]
        if found is None:
            return '""'
        if found.stage is not None:
            return found.stage.formula(before)
        return f"{before}{found.sign}{operand}"

    label = page.label(line, column, TEXT_COLUMNS)
    canvas.calculate(*label, f"={products.choose(text)}", step.text if step else "")
    value = step.number if step and step.sign else ""
    canvas.calculate(*number_place, f"={products.choose(number)}", value, RESULT)
    place = page.span(line, column + TEXT_COLUMNS + NUMBER_COLUMNS, NUMBER_COLUMNS)
    canvas.calculate(*place, f"={products.choose(result)}", step.result if step else "", RESULT)


def _end(page: Page, line: int, results: list[str], own: list[Step]) -> None:
    """Write the activation, beside the number on the layer's sheet."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    column = page.panel
    right = column + TEXT_COLUMNS + NUMBER_COLUMNS
    of = dict(zip((lens.sheet.name for lens in products.lenses), results, strict=True))
    canvas.write(*page.label(line, column, TEXT_COLUMNS), "the activation", Style(bold=True))
    place = page.span(line, right, NUMBER_COLUMNS)
    formula = products.choose(lambda lens: of[lens.sheet.name])
    canvas.calculate(*place, f"={formula}", own[-1].result if own else chosen.first, FINAL)
    activation = float(chosen.map[chosen.unit])
    texts = products.choose(lambda lens: f'"on the sheet {lens.sheet.name}"')
    text = f"on the sheet {chosen.lens.sheet.name}"
    canvas.calculate(*page.label(line + 1, column, TEXT_COLUMNS), f"={texts}", text)
    there = page.span(line + 1, right, NUMBER_COLUMNS)
    formula = products.choose(lambda lens: _activation(products, lens))
    canvas.calculate(*there, f"={formula}", activation, FINAL)
    one, other = cell_address(*place), cell_address(*there)
    verdict = page.span(line + 1, column + TEXT_COLUMNS, NUMBER_COLUMNS)
    is_same = f"ABS({one}-{other})<={constant(1e-9)}*MAX(1,ABS({other}))"
    formula = f'=IF({is_same},"the same","different")'
    canvas.calculate(*verdict, formula, "the same", Style(bold=True, align="center"))
    area = (*verdict, *verdict)
    for word, style in (("the same", PASS_FORMAT), ("different", FAIL_FORMAT)):
        canvas.rules.append(Rule(area, f'={cell_address(*verdict)}="{word}"', dict(style)))


def _activation(products: Products, lens: Lens) -> str:
    """Return the activation on the layer's sheet."""
    sheet = lens.sheet
    row, column, channel = (products.fact(which) for which in ("row", "column", "channel"))
    across = f"{column}*{sheet.shape.channels}+{channel}+1"
    return indexed(sheet.map, f"{row}+1", across)


def _colours(page: Page, line: int) -> int:
    """Write the numbers with the strongest colours, and shade; return the next row."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    column = page.panel
    canvas.write(*page.label(line, column, TEXT_COLUMNS), "Colours", SECTION)
    heads = ("blue", "white", "orange")
    for at, head in enumerate(heads):
        place = page.span(line, column + TEXT_COLUMNS + 2 * at, 2)
        canvas.write(*place, head, replace(LABEL, align="right"))
    source = chosen.source
    areas: list[tuple[str, Place, Array | None, list[Place]]] = [
        ("input, window", page.inputs, chosen.seen[source], [page.inputs, page.area(0)]),
    ]
    if products.kernel[0]:
        weights = None if chosen.kernel is None else chosen.kernel[source]
        found = None if chosen.products is None else chosen.products[source]
        areas.append(("kernel", page.area(1), weights, [page.area(1)]))
        areas.append(("products", page.area(2), found, [page.area(2)]))
    areas.append(("output", page.outputs, chosen.map[chosen.unit[0]], [page.outputs]))
    for offset, (text, area, numbers, shaded) in enumerate(areas, start=1):
        at = line + offset
        canvas.write(*page.label(at, column, TEXT_COLUMNS), text, LABEL)
        low, zero, high = (page.span(at, column + TEXT_COLUMNS + across, 2) for across in (0, 2, 4))
        end = 0.0 if numbers is None else float(abs(numbers).max(initial=0.0))
        canvas.calculate(*high, f"={furthest(range_address(*area))}", end, SCALES[2])
        canvas.calculate(*low, f"=-{cell_address(*high)}", -end, SCALES[0])
        canvas.write(*zero, 0, SCALES[1])
        canvas.heat_maps += [about_zero(each, cell_address(*high)) for each in shaded]
        shorten(canvas, (*high, *high))
        shorten(canvas, (*low, *low))
    return page.line(line + len(areas) + 1)


def write_sums(page: Page) -> int:
    """List the sum of each input channel's products; return the row below."""
    canvas, products, chosen = page.canvas, page.products, page.chosen
    column = page.sums
    canvas.write(CHOICE_ROW, column, "sum of each", SECTION)
    canvas.write(CHOICE_ROW + 1, column, "input channel", NOTE)
    if not products.kernel[0]:
        return TILE_ROW
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
