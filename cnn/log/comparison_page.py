"""Says where everything is on the sheet that compares trainings.

On the left is the metric to choose, above the charts; on the right are the tables of what came of
the trainings. Below both, out of sight, are the cells behind these: the chosen metric by epoch, all
logs, and the metrics with what is known of them.
"""

from dataclasses import dataclass
from functools import cached_property

from cnn.log.comparison import Comparison
from cnn.log.log_charts import HALF, SIZE, SLOT
from cnn.log.log_page import FIRST_ROW, HEADER_ROW, LEFT, SIDE, TABLE
from cnn.log.metrics import Logged
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas

CHART = (2 * HALF * SIDE - 8, SIZE[1])
"""Pixels of a chart, which is as wide as the left half."""
_CHARTS = 2
_CORNER = {"metric": 0, "more is better": 6, "format": 9, "t": 12, "place": 14, "off the mean": 16}


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

    @property
    def every_row(self) -> int:
        """The header of the last and best values of every metric, below that of their names."""
        return self.runs_row + len(self.comparison.logs) + 4

    @cached_property
    def chosen_row(self) -> int:
        """The header of the chosen metric by epoch."""
        below = self.every_row + len(self.comparison.logs) + 3
        return max(below, FIRST_ROW + _CHARTS * SLOT + 3)

    @property
    def logs_row(self) -> int:
        """The header of all logs."""
        return self.chosen_row + len(self.comparison.steps) + 4

    @property
    def end(self) -> int:
        """The first row below everything but the stamp."""
        comparison = self.comparison
        rows = max(map(len, (comparison.steps, comparison.metrics, comparison.logs)))
        return self.logs_row + max(rows, self.freedoms) + 2

    @property
    def freedoms(self) -> int:
        """The degrees of freedom for which Student's t is given; a range has two cells or more."""
        return max(2, max(map(len, self.comparison.groups)) - 1)

    @property
    def count(self) -> int:
        """The number of epochs."""
        return len(self.comparison.steps)

    @property
    def choice(self) -> str:
        """The cell in which the user chooses the metric."""
        return cell_address(HEADER_ROW, LEFT + 2)

    def corner(self, name: str, place: int = 0) -> tuple[int, int]:
        """Return the row and column of a cell of what is known of the metrics."""
        return self.logs_row + 1 + place, LEFT + _CORNER[name]

    def known(self, place: int) -> str:
        """Return the cell of the place of the chosen metric, or of what is known of it."""
        return cell_address(*self.corner("place", place))

    def corner_range(self, name: str, count: int) -> str:
        """Return a column of what is known; of two cells or more, or programs find nothing."""
        first = self.corner(name)
        return range_address(*first, first[0] + max(2, count) - 1, first[1])

    def run(self, place: int) -> int:
        """Return the column of the chosen metric of a training."""
        return TABLE + 1 + place

    def group(self, place: int) -> int:
        """Return the first column of a group: mean, mean − s, mean + s."""
        return TABLE + 1 + len(self.comparison.logs) + 3 * place

    def raw(self, place: int, metric: int = 0) -> int:
        """Return the column of a metric of a training."""
        return TABLE + 1 + len(self.comparison.metrics) * place + metric

    def drawn(self, place: int) -> int:
        """Return the column from which a chart draws a training that has gaps."""
        return self.raw(len(self.comparison.logs)) + 1 + place

    def by_epoch(self, column: int) -> str:
        """Return the range of a column of the chosen metric, on this sheet."""
        return range_address(self.chosen_row + 1, column, self.chosen_row + self.count, column)

    def logged(self, column: int) -> str:
        """Return the range of a column of the logs, on this sheet."""
        return range_address(self.logs_row + 1, column, self.logs_row + self.count, column)

    def every(self, place: int) -> str:
        """Return the range of the last and best values of all metrics of a training."""
        row, last = self.every_row + 1 + place, TABLE + 2 * len(self.comparison.metrics)
        return range_address(row, TABLE + 1, row, last)

    def shown(self, place: int) -> list[Logged]:
        """Return the values of a training that are shown at first."""
        return self.comparison.values(place, self.comparison.metrics[0])
