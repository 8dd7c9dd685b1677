"""The sheet `Learning rates`: η against E_total at every iteration, charts and a summary."""

from dataclasses import dataclass

import numpy as np

from sheetgen.canvas import POSITIVE, Block, Canvas, Chart, Series, local
from sheetgen.sheets.plan import LEARNING_RATES, Plan, general_text
from sheetgen.sheets.training_table import BAND_ROW, FIRST_ROW, HEADER_ROW, Table
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


def series_name(index: int) -> str:
    """Return the cell that names a rate's curve: "η = 0.1", live."""
    return Canvas(LEARNING_RATES).absolute(HEADER_ROW, 1 + index)


def learning_rates_sheet(plan: Plan, tables: tuple[Table, ...], inputs: Canvas) -> Canvas:
    """Draw the sheet."""
    sheet = _Sheet(Canvas(LEARNING_RATES, tab_colour=KINDS["error"].strong), plan, tables, inputs)
    canvas = sheet.canvas
    canvas.freeze = (FIRST_ROW, 1)
    canvas.repeat_rows = (BAND_ROW, HEADER_ROW)
    canvas.heights[0] = 28
    canvas.write(0, 0, "What the learning rate does to the error", TITLE)
    canvas.write(1, 0, "E_total of each sheet “lr …”, iteration by iteration, live.", SUBTITLE)
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
    tables: tuple[Table, ...]
    inputs: Canvas

    @property
    def rates(self) -> tuple[float, ...]:
        return self.plan.template.learning_rates

    @property
    def last_row(self) -> int:
        return FIRST_ROW + self.plan.template.iterations

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
        """Return the range of a rate's flags."""
        column = self.flags_column + index
        return local(self.canvas.range(FIRST_ROW, column, self.last_row, column))


def _table(sheet: _Sheet) -> None:
    canvas = sheet.canvas
    canvas.write(BAND_ROW, 0, "step", band("iteration"))
    canvas.write(HEADER_ROW, 0, "iteration", header("iteration"))
    canvas.widths[0] = 11
    for index, rate in enumerate(sheet.rates):
        title = "E_total at each learning rate" if index == 0 else ""
        canvas.write(BAND_ROW, 1 + index, title, band("error"))
        address = sheet.inputs.address(f"learning_rate_{index + 1}")
        name = f'="η = "&{address}'
        canvas.calculate(HEADER_ROW, 1 + index, name, f"η = {general_text(rate)}", header("error"))
        canvas.notes[HEADER_ROW, 1 + index] = (
            f"E_total of the sheet {sheet.tables[index].canvas.name}"
        )
        canvas.widths[1 + index] = 13
    first = sheet.tables[0]
    formulas = [_follow(first, "iteration")]
    formulas += [_follow(table, "E_total") for table in sheet.tables]
    values = [first.trace["iteration"].astype(int)]
    values += [table.trace["E_total"] for table in sheet.tables]
    styles = [number("iteration", "0")] + [number("error", FINE)] * len(sheet.rates)
    canvas.blocks.append(Block(FIRST_ROW, 0, tuple(formulas), tuple(values), tuple(styles)))
    canvas.numbers.append((FIRST_ROW, 1, sheet.last_row, len(sheet.rates)))


def _follow(table: Table, symbol: str) -> str:
    """Return the formula that repeats a table's quantity; both tables start in the same row."""
    sheet, cell = table.cell(symbol, 0).split("!")
    return f"={sheet}!{cell.split('$')[1]}{{row}}"


def _flags(sheet: _Sheet) -> None:
    """Mark the iterations whose error is below the threshold, so that MATCH finds the first."""
    canvas, threshold = sheet.canvas, sheet.plan.controls.threshold
    title = "helper: is E_total below the threshold? (1 = yes)"
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
    values = [(table.trace["E_total"] < threshold).astype(int) for table in sheet.tables]
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
    canvas.write(2, left, "threshold for E_total (type your own)", LABEL)
    canvas.ask(2, left + 3, "threshold", sheet.plan.controls.threshold, **POSITIVE)
    titles = {
        "learning rate η": "from the sheet Inputs",
        "final E_total": "E_total at the last iteration",
        "reduction": "1 − final E_total / E_total at iteration 0",
        "first iteration below": "the first iteration whose E_total is below the threshold",
    }
    for offset, (title, note) in enumerate(titles.items()):
        canvas.notes[HEADER_ROW, left + offset] = note
        canvas.write(BAND_ROW, left + offset, "summary" if offset == 0 else "", band("error"))
        canvas.write(HEADER_ROW, left + offset, title, header("error"))
    for index, table in enumerate(sheet.tables):
        _summary_row(sheet, index, table)
    errors = np.array([table.trace["E_total"] for table in sheet.tables])
    _common_scale(sheet, float(errors.min()), float(errors.max()))
    canvas.numbers.append((FIRST_ROW, left + 1, sheet.scale_row + 1, left + 1))


def _summary_row(sheet: _Sheet, index: int, table: Table) -> None:
    canvas, left, row = sheet.canvas, sheet.summary_column, FIRST_ROW + index
    error = table.trace["E_total"]
    iterations = sheet.plan.template.iterations
    address = sheet.inputs.address(f"learning_rate_{index + 1}")
    first, last = table.cell("E_total", 0), table.cell("E_total", iterations)
    plain = Style(align="center", number_format=GENERAL, border="#E2E8F0")
    canvas.calculate(row, left, f"={address}", sheet.rates[index], plain)
    fine = Style(number_format=FINE, border="#E2E8F0")
    canvas.calculate(row, left + 1, f"={last}", float(error[-1]), fine)
    reduction = 0.0 if error[0] == 0 else float(1 - error[-1] / error[0])
    percent = Style(number_format=PERCENT, border="#E2E8F0")
    canvas.calculate(row, left + 2, f"=IF({first}=0,0,1-{last}/{first})", reduction, percent)
    flags, steps = sheet.below(index), local(canvas.range(FIRST_ROW, 0, sheet.last_row, 0))
    reached = np.flatnonzero(error < sheet.plan.controls.threshold)
    found = int(reached[0]) if len(reached) else "not reached"
    formula = f'=IF(SUM({flags})=0,"not reached",INDEX({steps},MATCH(1,{flags},0)))'
    canvas.calculate(row, left + 3, formula, found, plain)


def _common_scale(sheet: _Sheet, lowest: float, highest: float) -> None:
    """Write the two points that stretch every small chart to the same axes."""
    canvas, left, row = sheet.canvas, sheet.summary_column, sheet.scale_row
    iterations = sheet.plan.template.iterations
    errors = local(canvas.range(FIRST_ROW, 1, sheet.last_row, len(sheet.rates)))
    steps = local(canvas.range(FIRST_ROW, 0, sheet.last_row, 0))
    canvas.write(row - 1, left, "common scale of the small charts: iteration, E_total", NOTE)
    fine = Style(number_format=FINE, colour=LABEL.colour)
    whole = Style(number_format="0", colour=LABEL.colour, align="center")
    canvas.calculate(row, left, f"=MIN({steps})", 0, whole)
    canvas.calculate(row, left + 1, f"=MIN({errors})", lowest, fine)
    canvas.calculate(row + 1, left, f"=MAX({steps})", iterations, whole)
    canvas.calculate(row + 1, left + 1, f"=MAX({errors})", highest, fine)


def _charts(sheet: _Sheet) -> None:
    canvas, left = sheet.canvas, sheet.summary_column
    row = sheet.scale_row + 3
    curves = tuple(_curve(sheet, index) for index in range(len(sheet.rates)))
    canvas.write(
        row, left, "All rates, linear axis on the left and logarithmic on the right", SECTION
    )
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
                description=f"E_total of all learning rates, {scale} axis",
                x_title="iteration",
                y_title=f"E_total ({scale})",
                logarithmic=logarithmic,
                legend="right",
            )
        )
    row += 1 + OVERLAY[1] // 20 + 2
    canvas.write(row, left, "Each rate by itself, all on the same scale", SECTION)
    for index, curve in enumerate(curves):
        canvas.charts.append(_small_chart(sheet, row + 1, index, curve))


def _curve(sheet: _Sheet, index: int) -> Series:
    canvas = sheet.canvas
    return Series(
        x=canvas.range(FIRST_ROW, 0, sheet.last_row, 0),
        y=canvas.range(FIRST_ROW, 1 + index, sheet.last_row, 1 + index),
        name=series_name(index),
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
        description=f"E_total at learning rate {index + 1}, on the scale of all rates",
        x_title="iteration",
        y_title="E_total",
        legend="top",
    )
