"""The sheet `Data`: the samples to train on and to test on, and if asked standardised inputs."""

import textwrap
from dataclasses import replace

import numpy as np

from sheetgen.errors import short
from sheetgen.network.data import Rows
from sheetgen.network.network import Network
from sheetgen.spreadsheet.address import cell_address, column_letters, range_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    GENERAL,
    INPUT,
    KINDS,
    LABEL,
    VALUE,
    Style,
    band,
    common_format,
    header,
    label,
    number,
)
from sheetgen.workbook.plan import DATA, Plan, formats_of
from sheetgen.workbook.shared.page import ROOMY, write_title
from sheetgen.workbook.shared.sources import DataSheet
from sheetgen.workbook.sheets.data_pictures import draw_pictures, picture_columns
from sheetgen.workbook.sheets.inputs import target_limits, write_reach

REMARK_ROW = 2
BAND_ROW = 3
SYMBOL_ROW = 4
LONGEST_LINE = 12  # characters of a column's name
FITTING = 15  # letters that fit a line of such a column, as most are narrower
MOST_LINES, POINTS_OF_LINE = 4, 13.5
WIDTHS, NARROW = (8.5, 11.0), (5.0, 9.5)
"""Characters of a column whose numbers the program fits into it, and of one with decimals; of very
many columns."""
MANY = 16
WIDTH_OF_STANDARDISED = 11.5
GAP = 0.5  # characters, between groups of columns
WIDTH_OF_EMPTY = 9  # characters of a column behind the table


def data_sheet(plan: Plan) -> DataSheet:
    """Draw the sheet; its input keys are those of `Plan.data_key`, and problem."""
    canvas = Canvas(DATA, tab_colour=KINDS["input"].strong)
    canvas.widths.update({0: 2, 1: 10})
    text = f"{_counted(plan)}. Change a yellow cell: every sheet follows at once."
    write_title(canvas, 1, "Data", text)
    network, data = plan.network, plan.data
    rows = _header_rows(plan)
    canvas.freeze = (len(rows) + SYMBOL_ROW, 2)
    canvas.repeat_rows = (BAND_ROW, len(rows) + SYMBOL_ROW - 1)
    sheet = DataSheet(canvas, {}, rows, len(rows) + SYMBOL_ROW, data.samples, data.test_samples)
    _count(sheet, 1, ("samples", "sample"), range(1, len(sheet.rows) + 1))
    column = _targets(sheet, plan)
    inputs = data.inputs + data.test_inputs
    titles = "inputs", network.input_names
    column = _parted(sheet, column)
    pictures = picture_columns(plan, column)
    column += len(pictures)
    columns = _columns(sheet, plan, column, "input", titles, inputs)
    sheet.columns.update(columns)
    column += len(columns)
    below = draw_pictures(sheet, plan, pictures, BAND_ROW) if pictures else 0
    if data.standardize:
        column = _standardized(sheet, plan, network, _parted(sheet, column))
    if plan.template.order != tuple(range(data.samples)):
        places = [place + 1 for place in plan.template.order]
        column = _parted(sheet, column)
        _count(sheet, column, ("shuffled", "order"), places)
        canvas.notes[SYMBOL_ROW, column] = "the order of the samples in an epoch"
        sheet.columns["order"] = column
        column += 1
    if data.test_samples:
        _test_band(sheet, max(sheet.columns.values()), pictures, below)
    if data.problems:
        _problems(sheet, plan, _parted(sheet, column))
    first, last = (sheet.columns[network.target_names[at]] for at in (0, -1))
    remark = REMARK_ROW, 4 if data.problems else 1
    write_reach(canvas, plan, remark, range_address(sheet.first_row, first, sheet.last_row, last))
    canvas.print_area = (0, 0, max(below, sheet.rows[-1]), _last_column(canvas, remark))
    return sheet


def _last_column(canvas: Canvas, remark: tuple[int, int]) -> int:
    """Return the last column that is printed: the lines above the table are not cut."""
    last, width = max(canvas.widths), sum(canvas.widths.values())
    lines = [canvas.cells[1, 1], *([canvas.cells[remark]] if remark in canvas.cells else [])]
    longest = max(len(str(line.value)) for line in lines)
    while width < longest:
        last, width = last + 1, width + WIDTH_OF_EMPTY
    return last


def _header_rows(plan: Plan) -> dict[str, int]:
    """Return the rows above the samples by what they hold."""
    data = plan.data
    held = ["symbol"]
    if data.input_labels or data.target_labels:
        held.append("name")  # of the columns in the file that the data came from
    if data.standardize:
        held += ["mean", "deviation"]
    return {each: row for row, each in enumerate(held, start=SYMBOL_ROW)}


def _counted(plan: Plan) -> str:
    """Return how many samples there are."""
    samples, test = plan.data.samples, plan.data.test_samples
    counted = f"{samples:,} sample" + ("" if samples == 1 else "s")
    return f"{counted} to train on, and {test:,} to test on" if test else counted


def _head(sheet: DataSheet, column: int, symbol: str, kind: str, title: str) -> None:
    """Write the band and the symbol of a column, and fill the other rows above the samples."""
    sheet.canvas.write(BAND_ROW, column, title, band(kind))
    for each, row in sheet.header_rows.items():
        sheet.canvas.write(row, column, symbol if each == "symbol" else "", header(kind))


def _parted(sheet: DataSheet, column: int) -> int:
    """Part two groups of columns by a line's width; return the column of the second."""
    sheet.canvas.widths[column] = GAP
    return column + 1


def _count(
    sheet: DataSheet, column: int, titles: tuple[str, str], numbers: range | list[int]
) -> None:
    canvas = sheet.canvas
    _head(sheet, column, titles[1], "iteration", titles[0])
    canvas.widths[column] = 10
    for row, value in zip(sheet.rows, numbers, strict=False):
        canvas.write(row, column, value, label("iteration"))


def _test_band(sheet: DataSheet, last_column: int, pictures: range, below: int) -> None:
    """Write above the test samples what they are, but not over the pictures down to a row."""
    row = sheet.last_row + 1
    text = "test samples: never trained on, only evaluated at the end of each epoch"
    for column in range(1, last_column + 1):
        if column in pictures and row <= below:
            continue
        sheet.canvas.write(row, column, text if column == 1 else "", band("helper"))


def _targets(sheet: DataSheet, plan: Plan) -> int:
    """Write the targets, or of several problems those of the chosen one; return the next column."""
    data, names = plan.data, plan.network.target_names
    if not data.problems:
        columns = _columns(
            sheet, plan, 2, "target", ("targets", names), data.targets + data.test_targets
        )
        sheet.columns.update(columns)
        return 2 + len(columns)
    for place, name in enumerate(names):
        _head(sheet, 2 + place, name, "target", "" if place else "targets")
        sheet.columns[name] = 2 + place
        sheet.canvas.widths[2 + place] = 11  # its first cell is where the problem is chosen
    return 2 + len(names)


def _problems(sheet: DataSheet, plan: Plan, column: int) -> None:
    """Write the targets of each problem, and let one of them be chosen."""
    canvas, data, names = sheet.canvas, plan.data, plan.network.target_names
    canvas.heights[REMARK_ROW - 1] = ROOMY
    canvas.write(REMARK_ROW, 1, "problem", LABEL)
    options = [each.name for each in data.problems]
    canvas.choose(REMARK_ROW, 2, "problem", data.problem, options)
    canvas.notes[REMARK_ROW, 2] = "Choose what the network is to learn: the targets follow."
    chosen, places = cell_address(REMARK_ROW, 2), []
    for problem in data.problems:
        places.append(column)
        titles = (problem.name, names)
        columns = _columns(sheet, plan, column, "target", titles, problem.targets, problem.name)
        column = _parted(sheet, column + len(columns))
    style = number("target", common_format(value for row in data.targets for value in row))
    for offset, name in enumerate(names):
        for row, targets in zip(sheet.rows, data.targets, strict=True):
            # The last one needs no condition: no other choice is left.
            formula = cell_address(row, places[-1] + offset)
            for place in reversed(places[:-1]):
                title = cell_address(BAND_ROW, place)
                formula = f"IF({chosen}={title},{cell_address(row, place + offset)},{formula})"
            canvas.calculate(row, sheet.columns[name], f"={formula}", targets[offset], style)


def _columns(
    sheet: DataSheet,
    plan: Plan,
    column: int,
    kind: str,
    titles: tuple[str, tuple[str, ...]],
    samples: Rows,
    problem: str = "",
) -> dict[str, int]:
    """Write columns to change, with a title above their symbols; return the column of each."""
    canvas, (title, names) = sheet.canvas, titles
    labels = plan.data.input_labels if kind == "input" else plan.data.target_labels
    limits = target_limits(plan) if kind == "target" else {}
    formats = formats_of(names, samples, kind == "input" and plan.has_pictures)
    is_wide = plan.network.inputs + plan.network.outputs > MANY
    for place, name in enumerate(names):
        at = column + place
        _head(sheet, at, name, kind, "" if place else title)
        shown = formats[name]
        canvas.widths[at] = (NARROW if is_wide else WIDTHS)[shown != GENERAL]
        if labels:
            _name(sheet, at, labels[place], kind)
        style = replace(INPUT, number_format=shown)
        for sample, (row, values) in enumerate(zip(sheet.rows, samples, strict=True)):
            key = plan.data_key(name, sample, problem)
            canvas.ask(row, at, key, values[place], style, **limits)
    return {name: column + place for place, name in enumerate(names)}


def _name(sheet: DataSheet, column: int, name: str, kind: str) -> None:
    """Write what the file calls a column, in several lines if it is long."""
    canvas, row = sheet.canvas, sheet.header_rows["name"]
    canvas.widths[column] = max(canvas.widths[column], min(LONGEST_LINE + 2, len(name) + 2))
    style = name_style(kind)
    if len(name) > LONGEST_LINE:
        shown = short(name, MOST_LINES * LONGEST_LINE)
        lines = min(MOST_LINES, len(textwrap.wrap(shown, FITTING)))
        canvas.heights[row] = max(canvas.heights.get(row, 0), lines * POINTS_OF_LINE)
        canvas.notes[row, column] = name
        style = replace(style, wrap=True)
    canvas.write(row, column, name, style)


def name_style(kind: str) -> Style:
    """Return the style of the name that a column has in the file of the data."""
    return replace(header(kind), bold=False, italic=True)


def _standardized(sheet: DataSheet, plan: Plan, network: Network, column: int) -> int:
    """Write (x − mean) / deviation of each input, with the mean and deviation above."""
    canvas = sheet.canvas
    values = np.array(plan.data.inputs)
    used = np.concatenate([plan.data.used_inputs(), plan.data.used_test_inputs()])
    mean_row, deviation_row = sheet.header_rows["mean"], sheet.header_rows["deviation"]
    canvas.write(mean_row, 1, "mean", name_style("iteration"))
    canvas.write(deviation_row, 1, "deviation", name_style("iteration"))
    for place, name in enumerate(network.input_names):
        at, raw = column + place, sheet.columns[name]
        cells = range_address(sheet.first_row, raw, sheet.last_row, raw)
        _head(sheet, at, name, "helper", "" if place else "standardised")
        canvas.widths[at] = WIDTH_OF_STANDARDISED
        fine = Style(number_format=VALUE, border="#E2E8F0")
        # Rounding can leave a constant column a deviation that is not quite 0.
        constant = f"MAX({cells})=MIN({cells})"
        mean, deviation = values[:, place].mean(), values[:, place].std()
        if values[:, place].max() == values[:, place].min():
            mean, deviation = values[0, place], 1.0
        average = f"=IF({constant},MIN({cells}),AVERAGE({cells}))"
        canvas.calculate(mean_row, at, average, float(mean), fine)
        spread = f"=IF({constant},1,STDEVP({cells}))"
        canvas.calculate(deviation_row, at, spread, float(deviation), fine)
        top, source = column_letters(at), column_letters(raw)
        for sample, row in enumerate(sheet.rows):
            formula = f"=({source}{row + 1}-{top}${mean_row + 1})/{top}${deviation_row + 1}"
            value = float(used[sample, place])
            canvas.calculate(row, at, formula, value, number("helper", VALUE))
        sheet.columns[name] = at
    last = column + network.inputs - 1
    canvas.numbers.append((mean_row, column, sheet.rows[-1], last))
    return column + network.inputs
