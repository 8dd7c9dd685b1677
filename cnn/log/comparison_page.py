"""Says where everything is on the sheet that compares trainings.

At the top are the metric to choose, what came of each group and of each training, and the charts
beside these. Below are the tables that need more room, and below all of them the logs, one after
the other, so that the sheet is no wider than a screen however many trainings there are.
"""

from dataclasses import dataclass
from functools import cached_property

from cnn.log.comparison import LONGEST_NAME, Comparison, different
from cnn.log.log_charts import SIZE, SLOT
from cnn.log.log_page import FIRST_ROW, HEADER_ROW, LEFT
from cnn.log.metrics import is_number
from sheetgen.errors import short_names
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas

NUMBERS = LEFT + 1
"""The first column of numbers; names are to the left of it."""
WIDTH = 10.0
"""Characters of a column of numbers."""
COLUMNS = 6
"""Columns of numbers to the left of the charts."""
CHART_COLUMN = NUMBERS + COLUMNS
CHART = (672, SIZE[1])
"""Pixels of a chart; with the tables beside it, it fits a screen of 1366 pixels."""
_MOST_BANDS = 5
_CHART_ROWS = SLOT + 1
"""Rows of a chart with its heading."""
STEP, CHOSEN = NUMBERS, NUMBERS + 1
"""Columns of the logs."""
BEST, FORMAT = NUMBERS, NUMBERS + 2
"""Columns of what is known of the metrics: which value is best, how it is shown."""
FACTS, QUANTILE = NUMBERS + 4, NUMBERS + 6
"""Columns of what is known of the chosen metric, and of Student's t."""


@dataclass(frozen=True)
class ComparisonPage:
    """The cells of the sheet. Titles are a row above headers, headers a row above a table."""

    canvas: Canvas
    comparison: Comparison

    @property
    def groups_row(self) -> int:
        """The header of the groups."""
        return FIRST_ROW + 1

    @property
    def runs_row(self) -> int:
        """The header of the trainings."""
        return self.groups_row + len(self.comparison.groups) + 3

    @cached_property
    def has_means(self) -> bool:
        """Whether there is a group of several trainings."""
        return any(len(group) > 1 for group in self.comparison.groups)

    def chart_row(self, place: int) -> int:
        """Return the row of the heading of a chart."""
        return FIRST_ROW + _CHART_ROWS * place

    @cached_property
    def settings_row(self) -> int:
        """The header of the settings that differ."""
        charts = self.chart_row(1 + self.has_means)
        return max(self.runs_row + len(self.comparison.logs) + 1, charts) + 2

    @property
    def every_row(self) -> int:
        """The header of the last and best values of every metric, below that of their names."""
        settings = len(self.comparison.logs) + 3 if self.comparison.differing else 0
        return self.settings_row + settings + 1

    @property
    def metrics_row(self) -> int:
        """The header of what is known of the metrics."""
        return self.every_row + len(self.comparison.logs) + 3

    @property
    def means_row(self) -> int:
        """The header of the means by epoch, below that of the groups."""
        return self.metrics_row + max(len(self.comparison.metrics), 4, self.freedoms) + 4

    @property
    def logs_row(self) -> int:
        """The header of all logs."""
        return self.means_row + (len(self.mean_steps) + 3 if self.has_means else 0)

    @property
    def end(self) -> int:
        """The first row below everything but the stamp."""
        return self.logs_row + sum(len(log.rows) for log in self.comparison.logs) + 2

    @property
    def freedoms(self) -> int:
        """The degrees of freedom for which Student's t is given; a range has two cells or more."""
        return max(2, max(map(len, self.comparison.groups)) - 1)

    @cached_property
    def mean_steps(self) -> list[float]:
        """The epochs that any training of a group of several has."""
        logs, groups = self.comparison.logs, self.comparison.groups
        places = [place for group in groups if len(group) > 1 for place in group]
        return sorted({step for place in places for step in logs[place].steps})

    @property
    def choice(self) -> str:
        """The cell in which the user chooses the metric."""
        return cell_address(HEADER_ROW, NUMBERS)

    def known(self, column: int, place: int = 0) -> tuple[int, int]:
        """Return a cell of what is known, by its column."""
        return self.metrics_row + 1 + place, column

    def known_range(self, column: int, count: int) -> str:
        """Return a column of what is known; of two cells or more, or programs find nothing."""
        row = self.metrics_row + 1
        return range_address(row, column, row + max(2, count) - 1, column)

    def fact(self, place: int) -> str:
        """Return a cell of the chosen metric: its place, best, format, and as what it is drawn."""
        return cell_address(self.metrics_row + 1 + place, FACTS + 1)

    @property
    def place(self) -> str:
        """The cell with the place of the chosen metric."""
        return self.fact(0)

    @property
    def best(self) -> str:
        """The cell that says whether the highest or the lowest of its values is best."""
        return self.fact(1)

    @property
    def kind(self) -> str:
        """The cell with its format."""
        return self.fact(2)

    @property
    def factor(self) -> str:
        """The cell with what its values are multiplied by where they are drawn."""
        return self.fact(3)

    def log_rows(self, place: int) -> tuple[int, int]:
        """Return the first and the last row of a training in the logs."""
        lengths = [len(log.rows) for log in self.comparison.logs[: place + 1]]
        last = self.logs_row + sum(lengths)
        return last - lengths[-1] + 1, last

    @cached_property
    def with_gaps(self) -> set[int]:
        """The trainings of which any metric has a value that is no number."""
        logs, metric = self.comparison.logs, self.comparison.metric
        return {
            place
            for place in range(len(logs))
            for name in self.comparison.metrics
            if not all(map(is_number, metric(place, name).values))
        }

    def metric_column(self, metric: int) -> int:
        """Return the column of a metric in the logs, behind what is drawn of the chosen one."""
        return CHOSEN + 1 + bool(self.with_gaps) + metric

    @cached_property
    def names(self) -> list[str]:
        """The names of the trainings, those that are too long so that they still differ."""
        return different(short_names(self.comparison.names, LONGEST_NAME))

    def logged(self, place: int, column: int) -> str:
        """Return a column of a training in the logs, on this sheet."""
        first, last = self.log_rows(place)
        return range_address(first, column, last, column)

    def every(self, place: int) -> str:
        """Return the range of the last and best values of all metrics of a training."""
        row, last = self.every_row + 1 + place, LEFT + 2 * len(self.comparison.metrics)
        return range_address(row, NUMBERS, row, last)

    @cached_property
    def mean_columns(self) -> int:
        """The number of columns of a group of several: mean, mean − s, mean + s.

        The bands of many groups would hide each other; then there are the means alone.
        """
        return 3 if sum(len(each) > 1 for each in self.comparison.groups) <= _MOST_BANDS else 1

    def mean_column(self, group: int) -> int:
        """Return the first column of a group of several."""
        before = self.comparison.groups[:group]
        return NUMBERS + self.mean_columns * sum(len(each) > 1 for each in before)
