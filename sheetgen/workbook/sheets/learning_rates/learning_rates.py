"""The sheet `Learning rates` or `Optimizers`: the error of each at every step, and charts.

A step is an iteration, or an epoch if there are several samples.
"""

import numpy as np

from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import POSITIVE, Canvas, Chart, Series
from sheetgen.spreadsheet.style import (
    FINE,
    GENERAL,
    KINDS,
    LABEL,
    NOTE,
    PERCENT,
    SECTION,
    SERIES_COLOURS,
    Style,
)
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.curves import Curve, cell_of
from sheetgen.workbook.shared.page import write_band, write_title
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import FIRST_ROW, HEADER_ROW
from sheetgen.workbook.sheets.learning_rates.comparison_columns import (
    Comparison,
    series_name,
    write_columns,
)
from sheetgen.workbook.sheets.training_table import BAND_ROW, Compared

__all__ = ["comparison_sheet", "series_name"]

CHARTS_PER_ROW = 3
OVERLAY = (580, 340)
SMALL = (385, 230)


def comparison_sheet(plan: Plan, compared: tuple[Compared, ...], sources: Sources) -> Canvas:
    """Draw the sheet."""
    canvas = Canvas(plan.comparison, tab_colour=KINDS["error"].strong)
    sheet = Comparison(canvas, plan, compared, sources)
    canvas.freeze = (FIRST_ROW, 1)
    canvas.repeat_rows = (BAND_ROW, HEADER_ROW)
    title, of_each = "What the learning rate does to the error", "of each sheet “lr …”"
    if sheet.compares_optimizers:
        title, of_each = "What the optimiser does to the error", "of each optimiser’s sheet"
    write_title(canvas, 0, title, f"{sheet.error} {of_each}, {sheet.step} by {sheet.step}, live.")
    write_columns(sheet)
    _summary(sheet)
    _charts(sheet)
    canvas.print_area = (0, 0, sheet.last_row, sheet.flags_column - 5)
    return canvas


def _summary(sheet: Comparison) -> None:
    canvas, left = sheet.canvas, sheet.summary_column
    canvas.widths.update({left - 1: 3, left: 16, left + 1: 16, left + 2: 14, left + 3: 22})
    step, name = sheet.step, sheet.error
    canvas.write(2, left, f"threshold for {name} (type your own)", LABEL)
    canvas.ask(2, left + 3, "threshold", sheet.plan.controls.threshold, **POSITIVE)
    outcome = sheet.curves[0].outcome
    third, meaning = "reduction", f"1 − final {name} / {name} at the first {step}"
    if outcome:
        third, meaning = outcome.title, f"the mean over {outcome.part}"
    titles = {
        sheet.subject: "from the sheet Inputs",
        f"final {name}": f"{name} at the last {step}",
        third: meaning,
        f"first {step} below": f"the first {step} whose {name} is below the threshold",
    }
    if sheet.curves[0].accuracies is not None:
        titles["final accuracy"] = "the share of the last epoch's samples that are right"
        canvas.widths[left + 4] = 16
    for offset, note in enumerate(titles.values()):
        canvas.notes[HEADER_ROW, left + offset] = note
    write_band(canvas, BAND_ROW, left, "summary", titles, "error")
    for index, curve in enumerate(sheet.curves):
        _summary_row(sheet, index, curve)
    _common_scale(sheet)
    canvas.numbers.append((FIRST_ROW, left + 1, sheet.scale_row + 1, left + 1))


def _summary_row(sheet: Comparison, index: int, curve: Curve) -> None:
    canvas, left, row = sheet.canvas, sheet.summary_column, FIRST_ROW + index
    error, variant = curve.values, sheet.plan.variants[index]
    first, last = curve.cell(0), curve.cell(-1)
    plain = Style(align="center", number_format=GENERAL, border="#E2E8F0")
    if sheet.compares_optimizers:
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
    flags, steps = sheet.steps(sheet.flags_column + index), sheet.steps(0)
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
        canvas.calculate(row, left + 4, f"={cell_of(curve.accuracy, -1)}", accuracy, percent)


def _common_scale(sheet: Comparison) -> None:
    """Write the two points that stretch every small chart to the same axes."""
    least, greatest = sheet.canvas.blocks[-1].values
    canvas, left, row = sheet.canvas, sheet.summary_column, sheet.scale_row
    start = 0 if sheet.step == "iteration" else 1
    end = start + len(sheet.curves[0].values) - 1
    column = sheet.extremes_column
    lows, highs, steps = (sheet.steps(each) for each in (column, column + 1, 0))
    text = f"common scale of the small charts: {sheet.step}, {sheet.error}"
    canvas.write(row - 1, left, text, NOTE)
    fine = Style(number_format=FINE, colour=LABEL.colour)
    whole = Style(number_format="0", colour=LABEL.colour, align="center")
    canvas.calculate(row, left, f"=MIN({steps})", start, whole)
    canvas.calculate(row, left + 1, f"=MIN({lows})", float(least.min()), fine)
    canvas.calculate(row + 1, left, f"=MAX({steps})", end, whole)
    canvas.calculate(row + 1, left + 1, f"=MAX({highs})", float(greatest.max()), fine)


def _charts(sheet: Comparison) -> None:
    """Draw the charts below the summary and the cells of their common scale."""
    canvas, left = sheet.canvas, sheet.summary_column
    row = sheet.scale_row + 3
    step, name = sheet.step, sheet.error
    curves = tuple(_curve(sheet, index) for index in range(len(sheet.rates)))
    every, one = ("optimisers", "optimiser") if sheet.compares_optimizers else ("rates", "rate")
    text = f"All {every}, linear axis on the left and logarithmic on the right"
    canvas.write(row, left, text, SECTION)
    for place, logarithmic in enumerate((False, True)):
        scale = "logarithmic" if logarithmic else "linear"
        canvas.charts.append(
            Chart(
                (row + 1, left),
                OVERLAY,
                curves,
                f"{name} of all {every}, {scale} axis",
                (step, f"{name} ({scale})"),
                offset=(place * (OVERLAY[0] + 10), 0),
                logarithmic=logarithmic,
                legend="right",
            )
        )
    row += 1 + OVERLAY[1] // 20 + 2
    canvas.write(row, left, f"Each {one} by itself, all on the same scale", SECTION)
    for index, curve in enumerate(curves):
        canvas.charts.append(_small_chart(sheet, row + 1, index, curve))


def _curve(sheet: Comparison, index: int) -> Series:
    canvas = sheet.canvas
    return Series(
        x=canvas.range(FIRST_ROW, 0, sheet.last_row, 0),
        y=canvas.range(FIRST_ROW, 1 + index, sheet.last_row, 1 + index),
        name=series_name(sheet.plan, index),
        colour=SERIES_COLOURS[index % len(SERIES_COLOURS)],
    )


def _small_chart(sheet: Comparison, row: int, index: int, curve: Series) -> Chart:
    canvas, left, scale = sheet.canvas, sheet.summary_column, sheet.scale_row
    extremes = Series(
        x=canvas.range(scale, left, scale + 1, left),
        y=canvas.range(scale, left + 1, scale + 1, left + 1),
        name=canvas.absolute(scale - 1, left),
        in_legend=False,
    )
    down, across = divmod(index, CHARTS_PER_ROW)
    return Chart(
        (row, left),
        SMALL,
        (curve, extremes),
        f"{sheet.error}, curve {index + 1}, on the scale of all",
        (sheet.step, sheet.error),
        offset=(across * (SMALL[0] + 10), down * (SMALL[1] + 10)),
        legend="top",
    )
