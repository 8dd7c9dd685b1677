"""Draws the logs that a comparison is made of, and from them the chosen metric of each training."""

from dataclasses import dataclass, replace
from statistics import mean, stdev

from cnn.log.comparison import Comparison, known_numbers
from cnn.log.log_page import FIRST_ROW, GAP_WIDTH, HEADER_ROW, METRIC_WIDTH, STEP_WIDTH, TABLE
from cnn.log.log_table import shown_value
from cnn.log.metrics import Logged, is_number
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import header, number

VALUE = "0.0000"
_MISSING = "#N/A"
_CHOSEN = number("unit", VALUE)
_MEAN = number("gradient", VALUE)


@dataclass(frozen=True)
class Data:
    """The cells of the logs: steps, the chosen metric of each training, means, and all metrics."""

    canvas: Canvas
    comparison: Comparison
    choice: str
    """The cell with the place of the chosen metric among all."""

    @property
    def last_row(self) -> int:
        """The row of the last step."""
        return FIRST_ROW + len(self.comparison.steps) - 1

    @property
    def rows(self) -> range:
        """The rows of the steps."""
        return range(FIRST_ROW, self.last_row + 1)

    def run(self, place: int) -> int:
        """Return the column of the chosen metric of a training."""
        return TABLE + 1 + place

    def group(self, place: int) -> int:
        """Return the first column of a group: mean, mean − s, mean + s."""
        return TABLE + 1 + len(self.comparison.logs) + 3 * place

    def raw(self, place: int, metric: int = 0) -> int:
        """Return the column of a metric of a training."""
        start = self.group(len(self.comparison.groups)) + 1
        return start + len(self.comparison.metrics) * place + metric

    def range(self, column: int, length: int | None = None) -> str:
        """Return the range of a column, on this sheet."""
        last = self.last_row if length is None else FIRST_ROW + length - 1
        return range_address(FIRST_ROW, column, last, column)

    def chosen(self, place: int) -> list[Logged]:
        """Return the values of a training that are shown at first."""
        return self.comparison.values(place, self.comparison.metrics[0])


def draw_data(data: Data) -> None:
    """Draw all of it, the chosen metric beside the steps and the whole logs behind."""
    canvas, comparison = data.canvas, data.comparison
    _title(canvas, TABLE, comparison.logs[0].step, "iteration", STEP_WIDTH)
    for row, step in zip(data.rows, comparison.steps, strict=True):
        canvas.write(row, TABLE, step, number("iteration", "0"))
    canvas.widths[data.raw(0) - 1] = GAP_WIDTH
    for place, name in enumerate(comparison.names):
        _draw_run(data, place, name)
    for place, group in enumerate(comparison.groups):
        _draw_group(data, place, group)


def _title(canvas: Canvas, column: int, text: str, kind: str, width: float = METRIC_WIDTH) -> None:
    canvas.write(HEADER_ROW, column, text, replace(header(kind), wrap=True))
    canvas.widths[column] = max(width, min(30.0, len(text) / 2 + 4))


def _draw_run(data: Data, place: int, name: str) -> None:
    canvas, metrics = data.canvas, data.comparison.metrics
    _title(canvas, data.run(place), name, "unit")
    for offset, metric in enumerate(metrics):
        column = data.raw(place, offset)
        _title(canvas, column, f"{name}: {metric}", "helper")
        for row, value in zip(data.rows, data.comparison.values(place, metric), strict=True):
            canvas.write(row, column, shown_value(value), number("helper"))
    first, last = data.raw(place), data.raw(place, len(metrics) - 1)
    for row, value in zip(data.rows, data.chosen(place), strict=True):
        cells = range_address(row, first, row, last)
        found = f"INDEX({cells},{data.choice})" if first != last else cells
        formula = f'=IF(ISNUMBER({found}),{found},"")'
        shown = float(value) if is_number(value) else ""
        canvas.calculate(row, data.run(place), formula, shown, _CHOSEN)


def _draw_group(data: Data, place: int, group: range) -> None:
    """Draw the mean of a group at each step and, of several trainings, one s below and above."""
    canvas, column = data.canvas, data.group(place)
    name = data.comparison.called(group)
    titles = (f"mean of {name}", "mean − s", "mean + s")
    for offset, title in enumerate(titles):
        _title(canvas, column + offset, title, "gradient")
    values = [data.chosen(each) for each in group]
    for at, row in enumerate(data.rows):
        numbers = known_numbers(each[at] for each in values)
        cells = range_address(row, data.run(group[0]), row, data.run(group[-1]))
        average = mean(numbers) if numbers else None
        spread = stdev(numbers) if len(numbers) > 1 else None
        formula = f"=IF(COUNT({cells})=0,NA(),AVERAGE({cells}))"
        canvas.calculate(row, column, formula, _MISSING if average is None else average, _MEAN)
        middle = cell_address(row, column)
        for offset, sign in ((1, "-"), (2, "+")):
            formula = f"=IF(COUNT({cells})<2,NA(),{middle}{sign}STDEV({cells}))"
            value: float | str = _MISSING
            if average is not None and spread is not None:
                value = average - spread if sign == "-" else average + spread
            canvas.calculate(row, column + offset, formula, value, _MEAN)
