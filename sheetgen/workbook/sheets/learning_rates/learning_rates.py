"""The sheet `Learning rates` or `Optimisers`: the error of each at every step, and charts.

A step is an iteration, or an epoch if there are several samples.
"""

from dataclasses import replace

import numpy as np

from sheetgen.spreadsheet.address import local
from sheetgen.spreadsheet.canvas import POSITIVE, Canvas, Chart, Series
from sheetgen.spreadsheet.sheet_sizes import column_pixels
from sheetgen.spreadsheet.style import (
    FINE,
    GENERAL,
    KINDS,
    LABEL,
    PERCENT,
    SECTION,
    Style,
    look,
)
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.alternative_texts import as_built, courses
from sheetgen.workbook.shared.curves import TEST_WIDTH, Curve, cell_of, step_axis, with_dots
from sheetgen.workbook.shared.grid import pixels_wide
from sheetgen.workbook.shared.live_text import beginning, joined
from sheetgen.workbook.shared.page import ROOMY, fit_errors, write_band, write_title
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import FIRST_ROW, HEADER_ROW
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.learning_rates.comparison_columns import (
    TABLE,
    THRESHOLD_CELL,
    Comparison,
    series_name,
    write_flags,
    write_table,
)
from sheetgen.workbook.sheets.learning_rates.drawn_errors import Drawn, write_drawn
from sheetgen.workbook.sheets.training_table import BAND_ROW, DIVERGES, NONE, Compared
from sheetgen.workbook.threshold import FALLS

__all__ = ["comparison_sheet", "series_name"]

GAP = 10
OVERLAY = (464, 320)
HALF, THIRD = (464, 220), (306, 220)  # of the charts of each curve by itself, as many fill a row
PIXELS_OF_ROW = 20
ROWS_OF_SMALL = THIRD[1] // PIXELS_OF_ROW + 1
UNUSED = 8.43  # characters of a column
WIDTH = 3 * (THIRD[0] + GAP)
"""Of the summary and the charts, up to the table: an upright page of A4, large enough to read."""
PAGE = 1250
"""What fits the width of a page that is not upright, with the table's last column."""


def comparison_sheet(
    plan: Plan, compared: tuple[Compared, ...], sources: Sources, workings: Workings
) -> Canvas:
    """Draw the sheet: on the left the summary and the charts, right of them the table."""
    canvas = Canvas(plan.comparison, tab_colour=KINDS["error"].strong)
    sheet = Comparison(canvas, plan, compared, sources)
    canvas.freeze = (FIRST_ROW, 0)
    canvas.repeat_rows = (BAND_ROW, HEADER_ROW)
    title, sheets = "What the learning rate does to the error", "sheets “lr …”"
    if sheet.compares_optimizers:
        title, sheets = "What the optimiser does to the error", "optimisers’ sheets"
    if sheet.count == 1:
        sheets = f"sheet “{compared[0].canvas.name}”"
    what = "E_total at each iteration"
    if sheet.step == "epoch":
        what = "Mean E_total of each epoch, while it learns"
    text = f"{what}, of the {sheets}: live."
    if sheet.is_tested:
        text += " Thin, dashed: the test samples, after each epoch."
    write_title(canvas, 0, title, text)
    canvas.heights[1] = ROOMY
    write_table(sheet, workings)
    _summary(sheet, write_flags(sheet, workings))
    bottom = _charts(sheet, workings)
    used = sum(column_pixels(canvas.widths.get(column, UNUSED)) for column in range(TABLE - 1))
    canvas.widths[TABLE - 1] = pixels_wide(WIDTH - used)
    table = sum(column_pixels(canvas.widths[column]) for column in range(TABLE, sheet.last_column))
    if WIDTH + table > PAGE:
        canvas.column_breaks.append(TABLE)
    canvas.print_area = (0, 0, max(sheet.last_row, bottom), sheet.last_column)
    return canvas


def _summary(sheet: Comparison, flags: list[str]) -> None:
    canvas = sheet.canvas
    canvas.widths.update({0: 16, 1: 16, 2: 14, 3: 26})
    step, name = sheet.step, sheet.error
    canvas.write(2, 0, f"threshold for {name} (type your own)", LABEL)
    canvas.ask(*THRESHOLD_CELL, "threshold", sheet.plan.controls.threshold, **POSITIVE)
    outcome = sheet.curves[0].outcome
    third, meaning = "reduction", f"1 − final {name} / {name} at the first {step}"
    if outcome:
        third, meaning = outcome.title, f"the mean over {outcome.part}"
    at_last = f"{name} at the last {step}"
    if step == "epoch":
        at_last = "the mean over the last epoch, while it learns: Predictions has another one"
    titles = {
        sheet.subject: "from the sheet Inputs",
        f"final {name}": at_last,
        third: meaning,
        f"first {step} below": f"the first {step} whose {name} is below the threshold",
    }
    if sheet.curves[0].accuracies is not None:
        titles["final accuracy"] = "the share of right answers in the last epoch, while it learns"
        canvas.widths[4] = 16
    if sheet.is_tested:
        after = "of the test samples, with the weights after the last epoch"
        names = ("final test E_total", "final test accuracy")
        for name, _ in zip(names, sheet.curves[0].tested, strict=False):
            canvas.widths[len(titles)] = 20
            titles[name] = f"the {'mean E_total' if 'E_' in name else 'accuracy'} {after}"
    for offset, note in enumerate(titles.values()):
        canvas.notes[HEADER_ROW, offset] = note
    write_band(canvas, BAND_ROW, 0, "summary", titles, "error")
    for index, curve in enumerate(sheet.curves):
        _summary_row(sheet, index, curve, flags[index])
    last = FIRST_ROW + sheet.count - 1
    fit_errors(canvas, (FIRST_ROW, 1, last, 1))
    canvas.numbers.append((FIRST_ROW, 2, last, 2))


def _summary_row(sheet: Comparison, index: int, curve: Curve, flags: str) -> None:
    canvas, row = sheet.canvas, FIRST_ROW + index
    error, variant = curve.values, sheet.plan.variants[index]
    first, last = curve.cell(0), curve.cell(-1)
    plain = Style(align="center", number_format=GENERAL, border="#E2E8F0")
    if sheet.compares_optimizers:
        canvas.write(row, 0, variant.optimizer, plain)
    else:
        address = sheet.sources.address(f"learning_rate_{variant.rate + 1}")
        canvas.calculate(row, 0, f"={address}", sheet.rates[index], plain)
    fine = replace(plain, number_format=FINE, align="right")
    final = curve.unless_diverged(f"={last}", float(error[-1]), DIVERGES)
    canvas.calculate(row, 1, *final, fine)
    percent = replace(fine, number_format=PERCENT)

    def follow(column: int, formula: str, value: float, style: Style) -> None:
        """Write a formula that shows a dash where the training diverges."""
        canvas.calculate(row, column, *curve.unless_diverged(formula, value, NONE), style)

    if curve.outcome:
        style = percent if curve.outcome.is_part else fine
        follow(2, f"={curve.outcome.cell}", curve.outcome.value, style)
    else:
        reduction = 0.0 if error[0] == 0 else float(1 - error[-1] / error[0])
        follow(2, f"=IF({first}=0,0,1-{last}/{first})", reduction, percent)
    canvas.calculate(row, 3, *_first_below(sheet, curve, flags), plain)
    if curve.accuracies is not None:
        formula = f"={cell_of(curve.accuracy, -1)}"
        follow(4, formula, float(curve.accuracies[-1]), percent)
    start = 4 + (curve.accuracies is not None)
    for offset, points in enumerate(curve.tested):
        at, style = (row, start + offset), percent if offset else fine
        follow(at[1], f"={cell_of(points.y, -1)}", float(points.values[-1]), style)
        if not offset:
            canvas.numbers.append((*at, *at))


def _first_below(sheet: Comparison, curve: Curve, flags: str) -> tuple[str, int | str]:
    """Return the formula and the value of the first step below the threshold.

    Where there is none it is in words what happens instead.
    """
    error, first = curve.values, curve.cell(0)
    steps = local(sheet.steps_column)
    first_place = f"INDEX({steps},MATCH(1,{flags},0))"
    if sheet.steps == 1:  # ironcalc finds nothing in a range of one cell
        first_place = steps
    diverges = beginning(curve.divergence, ":")
    formula = (
        f'=IF(SUM({flags})>0,{first_place},IF({curve.divergence.expression}<>"",'
        f"{diverges.expression},"
        f'IF(MIN({curve.y})<{FALLS!r}*{first},"not reached","the error does not fall")))'
    )
    reached = np.flatnonzero(error < sheet.plan.controls.threshold)
    if len(reached):
        return formula, int(reached[0]) + curve.first
    if diverges.text:
        return formula, str(diverges.text)
    does_fall = error.min() < FALLS * error[0]
    return formula, "not reached" if does_fall else "the error does not fall"


def _charts(sheet: Comparison, workings: Workings) -> int:
    """Draw the charts below the summary; return the last row that they cover.

    With a single curve those of each by itself would draw it once more.
    """
    canvas = sheet.canvas
    row, count = FIRST_ROW + sheet.count + 1, sheet.count
    drawn = write_drawn(sheet, workings)
    curves = tuple(_curves(sheet, index, drawn) for index in range(count))
    every, one = ("optimisers", "optimiser") if sheet.compares_optimizers else ("rates", "rate")
    text, second = "Linear axis on the left and logarithmic on the right", _logarithmic
    if sheet.plan.has_few_powers and sheet.curves[0].accuracies is not None:
        text, second = "The error on the left and the accuracy on the right", _accuracy
    if count > 1:
        text = f"All {every}, {text[0].lower()}{text[1:]}"
    title = joined(text, drawn.remark)
    canvas.calculate(row, 0, title.formula, title.text, SECTION)
    linear = f"{sheet.error} (linear)" if second is _logarithmic else sheet.error
    described = _told(sheet, f"{sheet.error} of all {every}, linear axis")
    together = _overlay(sheet, row + 1, sum(curves, ()), linear, described)
    right = replace(together, offset=(OVERLAY[0] + GAP, 0))
    canvas.charts += [together, second(sheet, right, every)]
    row += 1 + OVERLAY[1] // PIXELS_OF_ROW + 1
    if count == 1:
        return row - 2
    canvas.write(row, 0, f"Each {one} by itself, all on the same scale", SECTION)
    size = HALF if count in (2, 4) else THIRD
    for index, curve in enumerate(curves):
        series = (*curve, *drawn.leaving[index : index + 1], drawn.greatest)
        canvas.charts.append(_small_chart(sheet, row + 1, index, series, size))
    return row + -(-count // _per_row(size)) * ROWS_OF_SMALL


def _curves(sheet: Comparison, index: int, drawn: Drawn) -> tuple[Series, ...]:
    """Return the curve of a training, and a thin one of its test samples if there are any."""
    drawn_as = look(index)
    parts = list(zip(drawn.columns, drawn.names, strict=True))[index :: sheet.count]
    lines = (2.0, drawn_as.dash), (TEST_WIDTH, drawn_as.light_dash)
    series = (
        Series(sheet.steps_column, column, name, drawn_as.colour, *line)
        for (column, name), line in zip(parts, lines, strict=False)
    )
    return tuple(with_dots(each, sheet.steps) for each in series)


def _told(sheet: Comparison, what: str, is_share: bool = False, only: int | None = None) -> str:
    """Return the description of a chart of the curves' errors or accuracies, or of only one."""
    chosen = range(sheet.count) if only is None else [only]
    drawn = {
        f"{start}{sheet.canvas.value(*sheet.header(at))}": values
        for at in chosen
        for start, values in zip(
            ("", "test samples, "), sheet.curves[at].drawn("", is_share).values(), strict=False
        )
    }
    return as_built(what, courses(drawn, is_share))


def _overlay(
    sheet: Comparison, row: int, curves: tuple[Series, ...], title: str, description: str
) -> Chart:
    """Return the chart of all curves, with a linear axis."""
    first, last, unit = step_axis(sheet.step, sheet.steps)
    return Chart(
        (row, 0),
        OVERLAY,
        curves,
        description,
        (sheet.step, title),
        limits=(first, last, 0, None),
        units=(unit, None),
        legend="right",
    )


def _logarithmic(sheet: Comparison, linear: Chart, every: str) -> Chart:
    """Return the same chart with a logarithmic axis."""
    return replace(
        linear,
        description=_told(sheet, f"{sheet.error} of all {every}, logarithmic axis"),
        titles=(sheet.step, f"{sheet.error} (logarithmic)"),
        logarithmic=True,
        limits=(*linear.limits[:2], None, None) if linear.limits else None,
    )


def _accuracy(sheet: Comparison, linear: Chart, every: str) -> Chart:
    """Return the chart of the accuracies, which has the curves of that of the errors."""
    areas = [
        area
        for curve in sheet.curves
        for area in (curve.accuracy, *(points.y for points in curve.tested[1:]))
    ]
    return replace(
        linear,
        description=_told(sheet, f"accuracy of all {every}", is_share=True),
        titles=(sheet.step, "accuracy"),
        series=tuple(
            replace(each, y=area) for each, area in zip(linear.series, areas, strict=True)
        ),
        limits=(*linear.limits[:2], 0, 1) if linear.limits else None,
        units=(*linear.units[:1], 0.2) if linear.units else None,
        number_format="0%",
    )


def _small_chart(
    sheet: Comparison, row: int, index: int, series: tuple[Series, ...], size: tuple[int, int]
) -> Chart:
    down, across = divmod(index, _per_row(size))
    first, last, unit = step_axis(sheet.step, sheet.steps)
    return Chart(
        (row + down * ROWS_OF_SMALL, 0),
        size,
        series,
        _told(sheet, f"{sheet.error}, curve {index + 1}, on the scale of all", only=index),
        (sheet.step, sheet.error),
        offset=(across * (size[0] + GAP), 0),
        limits=(first, last, 0, None),
        units=(unit, None),
        legend="top",
    )


def _per_row(size: tuple[int, int]) -> int:
    return WIDTH // size[0]
