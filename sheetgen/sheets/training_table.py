"""A training table: one row an iteration, the error chart beside it; a sheet `lr …` for each rate.

Left of the table stand the rate, what it achieves and the chart, right of it the columns of
`columns.training_columns`, in which every row from iteration 1 on is the same relative formula.
"""

from dataclasses import dataclass

from sheetgen.canvas import Block, Canvas, Chart, Series
from sheetgen.columns import Column, training_columns
from sheetgen.reference import Trace
from sheetgen.sheets.plan import Plan, general_text
from sheetgen.style import (
    KINDS,
    LABEL,
    PERCENT,
    RESULT,
    TITLE,
    Style,
    band,
    column_width,
    header,
    number,
    number_format,
)

BAND_ROW = 3
HEADER_ROW = 4
FIRST_ROW = 5  # iteration 0
FIRST_COLUMN = 3
RATE_CELL = (1, 1)
CHART_WIDTH = 325


@dataclass(frozen=True)
class Table:
    """A sheet with a training table, and where its quantities stand."""

    canvas: Canvas
    trace: Trace
    places: dict[str, int]
    iterations: int

    def cell(self, symbol: str, iteration: int) -> str:
        """Return the absolute address of a quantity at an iteration."""
        return self.canvas.absolute(FIRST_ROW + iteration, self.places[symbol])

    def range(self, symbol: str) -> str:
        """Return the absolute address of a quantity at all iterations."""
        column = self.places[symbol]
        return self.canvas.range(FIRST_ROW, column, FIRST_ROW + self.iterations, column)

    def header(self, symbol: str) -> str:
        """Return the absolute address of a quantity's header."""
        return self.canvas.absolute(HEADER_ROW, self.places[symbol])


def learning_rate_sheet(plan: Plan, index: int, inputs: Canvas, series_name: str) -> Table:
    """Draw the sheet of one learning rate; `series_name` is the cell that names its curve."""
    tab, rate = plan.tabs[index], plan.template.learning_rates[index]
    canvas = Canvas(f"lr {tab:g}", tab_colour=KINDS["error"].strong)
    rate_address = inputs.address(f"learning_rate_{index + 1}")
    canvas.calculate(*RATE_CELL, f"={rate_address}", rate, RESULT_RATE)
    stays = rate == tab
    title = f"Training with learning rate η = {general_text(rate)}"
    moved = f"   (the tab was named for η = {tab:g})"
    canvas.calculate(
        0,
        0,
        f'="Training with learning rate η = "&B2&IF(B2={tab:.16G},"","{moved}")',
        title if stays else title + moved,
        TITLE,
    )
    table = draw_table(canvas, plan, plan.traces[index], inputs)
    colour = KINDS["error"].strong
    error_chart(
        table, Series(table.range("iteration"), table.range("E_total"), series_name, colour)
    )
    return table


def draw_table(canvas: Canvas, plan: Plan, trace: Trace, inputs: Canvas) -> Table:
    """Draw the columns and the summary onto a sheet whose rate stands in RATE_CELL."""
    columns = training_columns(plan.network, inputs.address, "$B$2", FIRST_COLUMN)
    places = {column.symbol: FIRST_COLUMN + place for place, column in enumerate(columns)}
    table = Table(canvas, trace, places, plan.template.iterations)
    canvas.protected = False
    canvas.freeze = (FIRST_ROW, FIRST_COLUMN + 1)
    canvas.repeat_rows = (BAND_ROW, HEADER_ROW)
    canvas.widths.update({0: 25, 1: 21, 2: 2})
    canvas.heights[0] = 28
    canvas.names[f"'{canvas.name}'!learning_rate"] = canvas.absolute(*RATE_CELL)
    _headers(canvas, columns)
    _rows(canvas, columns, trace)
    _summary(table)
    return table


def _headers(canvas: Canvas, columns: tuple[Column, ...]) -> None:
    former = None
    for place, column in enumerate(columns, start=FIRST_COLUMN):
        title = "" if column.band == former else column.band.title
        canvas.write(BAND_ROW, place, title, band(column.band.kind))
        canvas.write(HEADER_ROW, place, column.symbol, header(column.band.kind))
        canvas.notes[HEADER_ROW, place] = column.notation
        canvas.widths[place] = column_width(column.band.kind)
        former = column.band


def _rows(canvas: Canvas, columns: tuple[Column, ...], trace: Trace) -> None:
    styles = [number(column.band.kind, number_format(column.band.kind)) for column in columns]
    for place, (column, style) in enumerate(zip(columns, styles, strict=True)):
        value = trace[column.symbol][0].item()
        at = FIRST_ROW, FIRST_COLUMN + place
        if isinstance(column.first, int):
            canvas.write(*at, column.first, style)
        else:
            canvas.calculate(*at, column.first.replace("{row}", str(FIRST_ROW + 1)), value, style)
    later = tuple(trace[column.symbol][1:] for column in columns)
    formulas = tuple(column.rest for column in columns)
    canvas.blocks.append(Block(FIRST_ROW + 1, FIRST_COLUMN, formulas, later, tuple(styles)))
    last_row, last_column = FIRST_ROW + len(later[0]), FIRST_COLUMN + len(columns) - 1
    canvas.numbers.append((FIRST_ROW, FIRST_COLUMN + 1, last_row, last_column))
    canvas.numbers.append((2, 1, 3, 1))


def _summary(table: Table) -> None:
    canvas, iterations = table.canvas, table.iterations
    first, last = (float(table.trace["E_total"][at]) for at in (0, -1))
    canvas.write(1, 0, "learning rate η", LABEL)
    canvas.write(2, 0, "E_total at iteration 0", LABEL)
    canvas.calculate(2, 1, f"={table.cell('E_total', 0)}", first, RESULT)
    canvas.write(3, 0, f"E_total at iteration {iterations}", LABEL)
    canvas.calculate(3, 1, f"={table.cell('E_total', iterations)}", last, RESULT)
    canvas.write(4, 0, "reduction of E_total", LABEL)
    reduction = 0.0 if first == 0 else 1 - last / first
    style = Style(bold=True, number_format=PERCENT, align="right")
    canvas.calculate(4, 1, "=IF(B3=0,0,1-B4/B3)", reduction, style)


def error_chart(table: Table, series: Series) -> None:
    """Put the chart of E_total left of the table, under the summary."""
    table.canvas.charts.append(
        Chart(
            row=FIRST_ROW,
            column=0,
            width=CHART_WIDTH,
            height=300,
            series=(series,),
            description=f"E_total at each iteration, {table.canvas.name}",
            x_title="iteration",
            y_title="E_total",
            x_offset=4,
            y_offset=6,
        )
    )


RESULT_RATE = Style(bold=True, align="right")
