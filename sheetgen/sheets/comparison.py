"""The sheet `Learning rates` or `Optimizers`: the error of each at every step, and charts.

A step is an iteration, or with several samples an epoch.
"""

from dataclasses import dataclass

import numpy as np

from sheetgen.canvas import POSITIVE, Block, Canvas, Chart, Series, local
from sheetgen.sheets.curves import Curve
from sheetgen.sheets.plan import Plan, general_text
from sheetgen.sheets.sources import Sources
from sheetgen.sheets.training_table import BAND_ROW, FIRST_ROW, HEADER_ROW, Compared
from sheetgen.style import (
    FINE,
    GENERAL,
    KINDS,
    LABEL,
    NOTE,
    PERCENT,
    SECTION,
    SERIES_COLOURS,
    SUBTITLE,
    TITLE,
    Style,
    band,
    header,
    number,
)

CHARTS_PER_ROW = 3
OVERLAY = (580, 340)
SMALL = (385, 230)
FLAGS_OFFSET = 20  # columns from the summary to the helper columns, beyond the charts


def series_name(plan: Plan, index: int) -> str:
    """Return the cell that names a curve: "η = 0.1", live, or "adam"."""
    return Canvas(plan.comparison).absolute(HEADER_ROW, 1 + index)


def comparison_sheet(plan: Plan, compared: tuple[Compared, ...], sources: Sources) -> Canvas:
    """Draw the sheet."""
    canvas = Canvas(plan.comparison, tab_colour=KINDS["error"].strong)
    sheet = _Sheet(canvas, plan, compared, sources)
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
    _summary(sheet)
    _charts(sheet)
    canvas.print_area = (0, 0, sheet.last_row, sheet.flags_column - 5)
    return canvas


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    plan: Plan
    compared: tuple[Compared, ...]
    sources: Sources

    @property
    def curves(self) -> tuple[Curve, ...]:
        return tuple(each.curve for each in self.compared)

    @property
    def subject(self) -> str:
        """What is compared, in a heading."""
        return "optimiser" if self.plan.template.compare else "learning rate η"

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rate of each."""
        return tuple(self.plan.template.learning_rates[each.rate] for each in self.plan.variants)

    @property
    def last_row(self) -> int:
        return FIRST_ROW + len(self.curves[0].values) - 1

    @property
    def summary_column(self) -> int:
        return len(self.rates) + 2

    @property
    def flags_column(self) -> int:
        return self.summary_column + FLAGS_OFFSET

    @property
    def scale_row(self) -> int:
        """Where the common scale of the small charts stands: its lowest, then highest error."""
        return FIRST_ROW + len(self.rates) + 2

    def below(self, index: int) -> str:
        """Return the range of a curve's flags."""
        column = self.flags_column + index
        return local(self.canvas.range(FIRST_ROW, column, self.last_row, column))


def _table(sheet: _Sheet) -> None:
    canvas, curves = sheet.canvas, sheet.curves
    canvas.write(BAND_ROW, 0, "step", band("iteration"))
    canvas.write(HEADER_ROW, 0, curves[0].step, header("iteration"))
    canvas.widths[0] = 11
    for index in range(len(curves)):
        of_each = "optimiser" if sheet.plan.template.compare else "learning rate"
        title = f"{curves[0].error} at each {of_each}" if index == 0 else ""
        canvas.write(BAND_ROW, 1 + index, title, band("error"))
        _name(sheet, index)
        canvas.notes[HEADER_ROW, 1 + index] = (
            f"{curves[0].error} of the sheet {sheet.compared[index].canvas.name}"
        )
        canvas.widths[1 + index] = 13
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


def _name(sheet: _Sheet, index: int) -> None:
    canvas, variant = sheet.canvas, sheet.plan.variants[index]
    if sheet.plan.template.compare:
        canvas.write(HEADER_ROW, 1 + index, variant.optimizer, header("error"))
        return
    address = sheet.sources.address(f"learning_rate_{variant.rate + 1}")
    text = f"η = {general_text(sheet.rates[index])}"
    canvas.calculate(HEADER_ROW, 1 + index, f'="η = "&{address}', text, header("error"))


def _row_address(cell: str) -> str:
    """Return the formula that repeats a cell of the same row; both tables start in one row."""
    sheet, _, address = cell.rpartition("!")
    return f"={sheet}!{address.split('$')[1]}{{row}}"


def _flags(sheet: _Sheet) -> None:
    """Mark the iterations whose error is below the threshold, so that MATCH finds the first."""
    canvas, threshold = sheet.canvas, sheet.plan.controls.threshold
    title = f"helper: is {sheet.curves[0].error} below the threshold? (1 = yes)"
    formulas = []
    for index in range(len(sheet.rates)):
        place = sheet.flags_column + index
        canvas.write(BAND_ROW, place, title if index == 0 else "", band("helper"))
        name = f"={local(canvas.absolute(HEADER_ROW, 1 + index))}"
        canvas.calculate(
            HEADER_ROW, place, name, canvas.value(HEADER_ROW, 1 + index), header("helper")
        )
        column = canvas.absolute(0, 1 + index).split("$")[1]
        formulas.append(f"=IF({column}{{row}}<{_threshold(sheet)},1,0)")
    values = [(curve.values < threshold).astype(int) for curve in sheet.curves]
    styles = (number("helper", "0"),) * len(formulas)
    canvas.widths.update(
        dict.fromkeys(range(sheet.flags_column, sheet.flags_column + len(formulas)), 13)
    )
    block = Block(FIRST_ROW, sheet.flags_column, tuple(formulas), tuple(values), styles)
    canvas.blocks.append(block)


def _threshold(sheet: _Sheet) -> str:
    return f"{local(sheet.canvas.absolute(2, sheet.summary_column + 3))}"


def _summary(sheet: _Sheet) -> None:
    canvas, left = sheet.canvas, sheet.summary_column
    canvas.widths.update({left - 1: 3, left: 16, left + 1: 16, left + 2: 14, left + 3: 22})
    step, name = sheet.curves[0].step, sheet.curves[0].error
    canvas.write(2, left, f"threshold for {name} (type your own)", LABEL)
    canvas.ask(2, left + 3, "threshold", sheet.plan.controls.threshold, **POSITIVE)
    titles = {
        sheet.subject: "from the sheet Inputs",
        f"final {name}": f"{name} at the last {step}",
        "reduction": f"1 − final {name} / {name} at the first {step}",
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
    errors = np.array([curve.values for curve in sheet.curves])
    _common_scale(sheet, float(errors.min()), float(errors.max()))
    canvas.numbers.append((FIRST_ROW, left + 1, sheet.scale_row + 1, left + 1))


def _summary_row(sheet: _Sheet, index: int, curve: Curve) -> None:
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
    reduction = 0.0 if error[0] == 0 else float(1 - error[-1] / error[0])
    percent = Style(number_format=PERCENT, border="#E2E8F0")
    canvas.calculate(row, left + 2, f"=IF({first}=0,0,1-{last}/{first})", reduction, percent)
    flags, steps = sheet.below(index), local(canvas.range(FIRST_ROW, 0, sheet.last_row, 0))
    reached = np.flatnonzero(error < sheet.plan.controls.threshold)
    offset = 0 if curve.step == "iteration" else 1
    found = int(reached[0]) + offset if len(reached) else "not reached"
    first_place = f"INDEX({steps},MATCH(1,{flags},0))"
    if len(error) == 1:  # ironcalc finds nothing in a range of one cell
        first_place = local(canvas.absolute(FIRST_ROW, 0))
    formula = f'=IF(SUM({flags})=0,"not reached",{first_place})'
    canvas.calculate(row, left + 3, formula, found, plain)
    if curve.accuracies is not None:
        accuracy = float(curve.accuracies[-1])
        canvas.calculate(row, left + 4, f"={curve.accuracy_cell(-1)}", accuracy, percent)


def _common_scale(sheet: _Sheet, lowest: float, highest: float) -> None:
    """Write the two points that stretch every small chart to the same axes."""
    canvas, left, row = sheet.canvas, sheet.summary_column, sheet.scale_row
    start = 0 if sheet.curves[0].step == "iteration" else 1
    end = start + len(sheet.curves[0].values) - 1
    errors = local(canvas.range(FIRST_ROW, 1, sheet.last_row, len(sheet.rates)))
    steps = local(canvas.range(FIRST_ROW, 0, sheet.last_row, 0))
    canvas.write(row - 1, left, f"common scale of the small charts: {_axes(sheet)}", NOTE)
    fine = Style(number_format=FINE, colour=LABEL.colour)
    whole = Style(number_format="0", colour=LABEL.colour, align="center")
    canvas.calculate(row, left, f"=MIN({steps})", start, whole)
    canvas.calculate(row, left + 1, f"=MIN({errors})", lowest, fine)
    canvas.calculate(row + 1, left, f"=MAX({steps})", end, whole)
    canvas.calculate(row + 1, left + 1, f"=MAX({errors})", highest, fine)


def _axes(sheet: _Sheet) -> str:
    return f"{sheet.curves[0].step}, {sheet.curves[0].error}"


def _charts(sheet: _Sheet) -> None:
    canvas, left = sheet.canvas, sheet.summary_column
    row = sheet.scale_row + 3
    step, name = sheet.curves[0].step, sheet.curves[0].error
    curves = tuple(_curve(sheet, index) for index in range(len(sheet.rates)))
    every, one = ("optimisers", "optimiser") if sheet.plan.template.compare else ("rates", "rate")
    text = f"All {every}, linear axis on the left and logarithmic on the right"
    canvas.write(row, left, text, SECTION)
    for place, logarithmic in enumerate((False, True)):
        scale = "logarithmic" if logarithmic else "linear"
        canvas.charts.append(
            Chart(
                row=row + 1,
                column=left,
                x_offset=place * (OVERLAY[0] + 10),
                width=OVERLAY[0],
                height=OVERLAY[1],
                series=curves,
                description=f"{name} of all {every}, {scale} axis",
                x_title=step,
                y_title=f"{name} ({scale})",
                logarithmic=logarithmic,
                legend="right",
            )
        )
    row += 1 + OVERLAY[1] // 20 + 2
    canvas.write(row, left, f"Each {one} by itself, all on the same scale", SECTION)
    for index, curve in enumerate(curves):
        canvas.charts.append(_small_chart(sheet, row + 1, index, curve))


def _curve(sheet: _Sheet, index: int) -> Series:
    canvas = sheet.canvas
    return Series(
        x=canvas.range(FIRST_ROW, 0, sheet.last_row, 0),
        y=canvas.range(FIRST_ROW, 1 + index, sheet.last_row, 1 + index),
        name=series_name(sheet.plan, index),
        colour=SERIES_COLOURS[index % len(SERIES_COLOURS)],
    )


def _small_chart(sheet: _Sheet, row: int, index: int, curve: Series) -> Chart:
    canvas, left, scale = sheet.canvas, sheet.summary_column, sheet.scale_row
    extremes = Series(
        x=canvas.range(scale, left, scale + 1, left),
        y=canvas.range(scale, left + 1, scale + 1, left + 1),
        name=canvas.absolute(scale - 1, left),
        in_legend=False,
    )
    down, across = divmod(index, CHARTS_PER_ROW)
    return Chart(
        row=row,
        column=left,
        x_offset=across * (SMALL[0] + 10),
        y_offset=down * (SMALL[1] + 10),
        width=SMALL[0],
        height=SMALL[1],
        series=(curve, extremes),
        description=f"{sheet.curves[0].error}, curve {index + 1}, on the scale of all",
        x_title=sheet.curves[0].step,
        y_title=sheet.curves[0].error,
        legend="top",
    )
