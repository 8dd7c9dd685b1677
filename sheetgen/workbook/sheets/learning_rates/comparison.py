"""The sheet `Learning rates` or `Optimizers`: the error of each at every step, and charts.

A step is an iteration, or with several samples an epoch.
"""

import numpy as np

from sheetgen.spreadsheet.address import cell_address, column_letters, range_address
from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.canvas import POSITIVE, Canvas
from sheetgen.spreadsheet.style import (
    FINE,
    GENERAL,
    KINDS,
    LABEL,
    NOTE,
    PERCENT,
    SUBTITLE,
    TITLE,
    Style,
    band,
    header,
    number,
)
from sheetgen.workbook.plan import Plan, general_text
from sheetgen.workbook.shared.curves import Curve
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.sheets.learning_rates.comparison_charts import draw_charts
from sheetgen.workbook.sheets.learning_rates.comparison_frame import Frame, series_name
from sheetgen.workbook.sheets.training_table import BAND_ROW, FIRST_ROW, HEADER_ROW, Compared

__all__ = ["comparison_sheet", "series_name"]

NONE = "1E+300"  # greater than any error


def comparison_sheet(plan: Plan, compared: tuple[Compared, ...], sources: Sources) -> Canvas:
    """Draw the sheet."""
    canvas = Canvas(plan.comparison, tab_colour=KINDS["error"].strong)
    sheet = Frame(canvas, plan, compared, sources)
    canvas.freeze = (FIRST_ROW, 1)
    canvas.repeat_rows = (BAND_ROW, HEADER_ROW)
    canvas.heights[0] = 28
    step, error = sheet.curves[0].step, sheet.curves[0].error
    if plan.template.compare:
        canvas.write(0, 0, "What the optimiser does to the error", TITLE)
        text = f"{error} of each optimiser’s sheet, {step} by {step}, live."
    else:
        canvas.write(0, 0, "What the learning rate does to the error", TITLE)
        text = f"{error} of each sheet “lr …”, {step} by {step}, live."
    canvas.write(1, 0, text, SUBTITLE)
    _table(sheet)
    _flags(sheet)
    _extremes(sheet)
    _summary(sheet)
    draw_charts(sheet)
    canvas.print_area = (0, 0, sheet.last_row, sheet.flags_column - 5)
    return canvas


def _table(sheet: Frame) -> None:
    canvas, curves = sheet.canvas, sheet.curves
    canvas.write(BAND_ROW, 0, "step", band("iteration"))
    canvas.write(HEADER_ROW, 0, curves[0].step, header("iteration"))
    canvas.widths[0] = 11
    of_each = "optimiser" if sheet.plan.template.compare else "learning rate"
    for index in range(len(curves)):
        canvas.write(BAND_ROW, 1 + index, "", band("error"))
        name = _name(sheet, index)
        canvas.notes[HEADER_ROW, 1 + index] = (
            f"{curves[0].error} of the sheet {sheet.compared[index].canvas.name}"
        )
        canvas.widths[1 + index] = max(13, len(name) + 2)
    titles = (f"{curves[0].error} at each {of_each}", curves[0].error)
    _title(sheet, 1, titles, "error")
    styles = [number("iteration", "0")] + [number("error", FINE)] * len(curves)
    if curves[0].step == "iteration":
        steps = sheet.compared[0].table.trace["iteration"]
        addresses = [_row_address(curves[0].step_cell(0))]
        addresses += [_row_address(curve.cell(0)) for curve in curves]
        values = [steps.astype(int), *(curve.values for curve in curves)]
        block = Block(FIRST_ROW, 0, tuple(addresses), tuple(values), tuple(styles))
        canvas.blocks.append(block)
    else:
        for at in range(len(curves[0].values)):
            row = FIRST_ROW + at
            canvas.calculate(row, 0, f"={curves[0].step_cell(at)}", at + 1, styles[0])
            for place, curve in enumerate(curves, start=1):
                value = float(curve.values[at])
                canvas.calculate(row, place, f"={curve.cell(at)}", value, styles[place])
    canvas.numbers.append((FIRST_ROW, 1, sheet.last_row, len(sheet.rates)))


def _title(sheet: Frame, column: int, titles: tuple[str, str], kind: str) -> None:
    """Write the title above a column for each curve: the long one if these are wide enough."""
    canvas, columns = sheet.canvas, range(column, column + len(sheet.rates))
    is_wide = sum(canvas.widths[each] for each in columns) >= len(titles[0])
    canvas.write(BAND_ROW, column, titles[0] if is_wide else titles[1], band(kind))
    if not is_wide:
        canvas.notes[BAND_ROW, column] = titles[0]


def _name(sheet: Frame, index: int) -> str:
    """Write what a curve is called, and return it."""
    canvas, variant = sheet.canvas, sheet.plan.variants[index]
    if sheet.plan.template.compare:
        canvas.write(HEADER_ROW, 1 + index, variant.optimizer, header("error"))
        return variant.optimizer
    address = sheet.sources.address(f"learning_rate_{variant.rate + 1}")
    text = f"η = {general_text(sheet.rates[index])}"
    canvas.calculate(HEADER_ROW, 1 + index, f'="η = "&{address}', text, header("error"))
    return text


def _row_address(cell: str) -> str:
    """Return the formula that repeats a cell of the same row; both tables start in one row."""
    sheet, _, address = cell.rpartition("!")
    return f"={sheet}!{address.split('$')[1]}{{row}}"


def _flags(sheet: Frame) -> None:
    """Mark the iterations whose error is below the threshold, so that MATCH finds the first."""
    canvas, threshold = sheet.canvas, sheet.plan.controls.threshold
    title = f"helper: is {sheet.curves[0].error} below the threshold? (1 = yes)"
    formulas = []
    for index in range(len(sheet.rates)):
        place = sheet.flags_column + index
        canvas.write(BAND_ROW, place, "", band("helper"))
        name = f"={cell_address(HEADER_ROW, 1 + index)}"
        canvas.calculate(
            HEADER_ROW, place, name, canvas.value(HEADER_ROW, 1 + index), header("helper")
        )
        cell = f"{column_letters(1 + index)}{{row}}"
        formulas.append(f"=IF(ISNUMBER({cell}),IF({cell}<{_threshold(sheet)},1,0),0)")
        canvas.widths[place] = canvas.widths[1 + index]
    _title(sheet, sheet.flags_column, (title, "helper: flags"), "helper")
    values = [(curve.values < threshold).astype(int) for curve in sheet.curves]
    styles = (number("helper", "0"),) * len(formulas)
    block = Block(FIRST_ROW, sheet.flags_column, tuple(formulas), tuple(values), styles)
    canvas.blocks.append(block)


def _extremes(sheet: Frame) -> None:
    """Write each step's least and greatest error, of those curves that are still numbers."""
    canvas, left = sheet.canvas, sheet.extremes_column
    title = "helper: of all that are numbers"
    cells = [f"{column_letters(1 + index)}{{row}}" for index in range(len(sheet.rates))]
    formulas = []
    for place, (name, function, none) in enumerate(
        (("least", "MIN", NONE), ("greatest", "MAX", 0))
    ):
        canvas.write(BAND_ROW, left + place, title if place == 0 else "", band("helper"))
        canvas.write(HEADER_ROW, left + place, f"{name} error", header("helper"))
        canvas.widths[left + place] = 16
        numbers = ",".join(f"IF(ISNUMBER({cell}),{cell},{none})" for cell in cells)
        formulas.append(f"={function}({numbers})")
    canvas.notes[HEADER_ROW, left] = f"{NONE} where no error is a number any more"
    canvas.notes[HEADER_ROW, left + 1] = "0 where no error is a number any more"
    errors = np.array([curve.values for curve in sheet.curves])
    is_number = np.isfinite(errors)
    least = np.where(is_number, errors, float(NONE)).min(axis=0)
    greatest = np.where(is_number, errors, 0.0).max(axis=0)
    styles = (number("helper", FINE),) * 2
    block = Block(FIRST_ROW, left, tuple(formulas), (least, greatest), styles)
    canvas.blocks.append(block)
    canvas.numbers.append((FIRST_ROW, left, sheet.last_row, left + 1))


def _threshold(sheet: Frame) -> str:
    return cell_address(2, sheet.summary_column + 3)


def _summary(sheet: Frame) -> None:
    canvas, left = sheet.canvas, sheet.summary_column
    canvas.widths.update({left - 1: 3, left: 16, left + 1: 16, left + 2: 14, left + 3: 22})
    step, name = sheet.curves[0].step, sheet.curves[0].error
    canvas.write(2, left, f"threshold for {name} (type your own)", LABEL)
    canvas.ask(2, left + 3, "threshold", sheet.plan.controls.threshold, **POSITIVE)
    titles = {
        sheet.subject: "from the sheet Inputs",
        f"final {name}": f"{name} at the last {step}",
        **_third(sheet),
        f"first {step} below": f"the first {step} whose {name} is below the threshold",
    }
    if sheet.curves[0].accuracies is not None:
        titles["final accuracy"] = "the part of the last epoch's samples that were right"
        canvas.widths[left + 4] = 16
    for offset, (title, note) in enumerate(titles.items()):
        canvas.notes[HEADER_ROW, left + offset] = note
        canvas.write(BAND_ROW, left + offset, "summary" if offset == 0 else "", band("error"))
        canvas.write(HEADER_ROW, left + offset, title, header("error"))
    for index, curve in enumerate(sheet.curves):
        _summary_row(sheet, index, curve)
    _common_scale(sheet)
    canvas.numbers.append((FIRST_ROW, left + 1, sheet.scale_row + 1, left + 1))


def _third(sheet: Frame) -> dict[str, str]:
    """Return the title of the summary's third column, and what it means."""
    curve = sheet.curves[0]
    if curve.outcome:
        return {curve.outcome.title: f"the mean over {curve.outcome.part}"}
    return {"reduction": f"1 − final {curve.error} / {curve.error} at the first {curve.step}"}


def _summary_row(sheet: Frame, index: int, curve: Curve) -> None:
    canvas, left, row = sheet.canvas, sheet.summary_column, FIRST_ROW + index
    error, variant = curve.values, sheet.plan.variants[index]
    first, last = curve.cell(0), curve.cell(-1)
    plain = Style(align="center", number_format=GENERAL, border="#E2E8F0")
    if sheet.plan.template.compare:
        canvas.write(row, left, variant.optimizer, plain)
    else:
        address = sheet.sources.address(f"learning_rate_{variant.rate + 1}")
        canvas.calculate(row, left, f"={address}", sheet.rates[index], plain)
    fine = Style(number_format=FINE, border="#E2E8F0")
    canvas.calculate(row, left + 1, f"={last}", float(error[-1]), fine)
    percent = Style(number_format=PERCENT, border="#E2E8F0")
    if curve.outcome:
        style = percent if curve.outcome.is_part else fine
        canvas.calculate(row, left + 2, f"={curve.outcome.cell}", curve.outcome.value, style)
    else:
        reduction = 0.0 if error[0] == 0 else float(1 - error[-1] / error[0])
        canvas.calculate(row, left + 2, f"=IF({first}=0,0,1-{last}/{first})", reduction, percent)
    flags, steps = sheet.below(index), range_address(FIRST_ROW, 0, sheet.last_row, 0)
    reached = np.flatnonzero(error < sheet.plan.controls.threshold)
    offset = 0 if curve.step == "iteration" else 1
    found = int(reached[0]) + offset if len(reached) else "not reached"
    first_place = f"INDEX({steps},MATCH(1,{flags},0))"
    if len(error) == 1:  # ironcalc finds nothing in a range of one cell
        first_place = cell_address(FIRST_ROW, 0)
    formula = f'=IF(SUM({flags})=0,"not reached",{first_place})'
    canvas.calculate(row, left + 3, formula, found, plain)
    if curve.accuracies is not None:
        accuracy = float(curve.accuracies[-1])
        canvas.calculate(row, left + 4, f"={curve.accuracy_cell(-1)}", accuracy, percent)


def _common_scale(sheet: Frame) -> None:
    """Write the two points that stretch every small chart to the same axes."""
    least, greatest = sheet.canvas.blocks[-1].values
    canvas, left, row = sheet.canvas, sheet.summary_column, sheet.scale_row
    start = 0 if sheet.curves[0].step == "iteration" else 1
    end = start + len(sheet.curves[0].values) - 1
    column = sheet.extremes_column
    lows, highs = (
        range_address(FIRST_ROW, each, sheet.last_row, each) for each in (column, column + 1)
    )
    steps = range_address(FIRST_ROW, 0, sheet.last_row, 0)
    canvas.write(row - 1, left, f"common scale of the small charts: {_axes(sheet)}", NOTE)
    fine = Style(number_format=FINE, colour=LABEL.colour)
    whole = Style(number_format="0", colour=LABEL.colour, align="center")
    canvas.calculate(row, left, f"=MIN({steps})", start, whole)
    canvas.calculate(row, left + 1, f"=MIN({lows})", float(least.min()), fine)
    canvas.calculate(row + 1, left, f"=MAX({steps})", end, whole)
    canvas.calculate(row + 1, left + 1, f"=MAX({highs})", float(greatest.max()), fine)


def _axes(sheet: Frame) -> str:
    return f"{sheet.curves[0].step}, {sheet.curves[0].error}"
