"""The charts of the sheet that compares trainings: all curves in one, and each by itself."""

from sheetgen.spreadsheet.canvas import Chart, Series
from sheetgen.spreadsheet.style import SECTION, SERIES_COLOURS
from sheetgen.workbook.sheets.learning_rates.comparison_frame import Frame, series_name
from sheetgen.workbook.sheets.training_table import FIRST_ROW

CHARTS_PER_ROW = 3
OVERLAY = (580, 340)
SMALL = (385, 230)


def draw_charts(sheet: Frame) -> None:
    """Draw the charts below the summary and the cells of their common scale."""
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


def _curve(sheet: Frame, index: int) -> Series:
    canvas = sheet.canvas
    return Series(
        x=canvas.range(FIRST_ROW, 0, sheet.last_row, 0),
        y=canvas.range(FIRST_ROW, 1 + index, sheet.last_row, 1 + index),
        name=series_name(sheet.plan, index),
        colour=SERIES_COLOURS[index % len(SERIES_COLOURS)],
    )


def _small_chart(sheet: Frame, row: int, index: int, curve: Series) -> Chart:
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
