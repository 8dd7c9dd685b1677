"""What the parts of the sheet that compares trainings share: where each of them stands."""

from dataclasses import dataclass

from sheetgen.spreadsheet.address import range_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.curves import Curve
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.sheets.training_table import FIRST_ROW, HEADER_ROW, Compared

FLAGS_OFFSET = 20  # columns from the summary to the helper columns, beyond the charts


def series_name(plan: Plan, index: int) -> str:
    """Return the cell that names a curve: "η = 0.1", live, or "adam"."""
    return Canvas(plan.comparison).absolute(HEADER_ROW, 1 + index)


@dataclass(frozen=True)
class Frame:
    """The sheet, what it compares, and where its parts stand."""

    canvas: Canvas
    plan: Plan
    compared: tuple[Compared, ...]
    sources: Sources

    @property
    def curves(self) -> tuple[Curve, ...]:
        """The errors of each training."""
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
        """The row of the last step."""
        return FIRST_ROW + len(self.curves[0].values) - 1

    @property
    def summary_column(self) -> int:
        """The first column of the summary."""
        return len(self.rates) + 2

    @property
    def flags_column(self) -> int:
        """The first of the columns that say whether an error is below the threshold."""
        return self.summary_column + FLAGS_OFFSET

    @property
    def extremes_column(self) -> int:
        """Where the least and the greatest error of each step stand."""
        return self.flags_column + len(self.rates) + 1

    @property
    def scale_row(self) -> int:
        """Where the common scale of the small charts stands: its lowest, then highest error."""
        return FIRST_ROW + len(self.rates) + 2

    def below(self, index: int) -> str:
        """Return the range of a curve's flags."""
        column = self.flags_column + index
        return range_address(FIRST_ROW, column, self.last_row, column)
