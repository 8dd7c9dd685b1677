"""The cells of a training table, by symbol and iteration, for the sheets that read them."""

from dataclasses import dataclass, field

from sheetgen.network.trace import Trace
from sheetgen.network.training import Training
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.shared.live_text import Words

HEADER_ROW = 4
FIRST_ROW = 5  # iteration 0
RATE_CELL = (1, 1)
DIVERGENCE_CELL = (1, 4)


@dataclass(frozen=True)
class Table:
    """A sheet with a training table, and the columns of its quantities (`places`).

    `after` has the addresses of the weights after the last row, if they are in cells: where test
    samples are evaluated with them.
    """

    canvas: Canvas
    trace: Trace
    places: dict[str, int]
    training: Training
    after: dict[str, str] = field(default_factory=dict)

    @property
    def iterations(self) -> int:
        """The last iteration."""
        return self.training.iterations

    def cell(self, symbol: str, iteration: int) -> str:
        """Return the absolute address of a quantity at an iteration."""
        return self.canvas.absolute(FIRST_ROW + iteration, self.places[symbol])

    def range(self, symbol: str, first: int = 0, last: int | None = None) -> str:
        """Return the absolute address of a quantity at all iterations, or from first to last."""
        column, end = self.places[symbol], self.iterations if last is None else last
        return self.canvas.range(FIRST_ROW + first, column, FIRST_ROW + end, column)

    @property
    def divergence(self) -> Words:
        """The cell that says from where on the training diverges: a sentence with a colon."""
        text = str(self.canvas.value(*DIVERGENCE_CELL))
        return Words(self.canvas.absolute(*DIVERGENCE_CELL), text)

    def header(self, symbol: str) -> str:
        """Return the absolute address of a quantity's header."""
        return self.canvas.absolute(HEADER_ROW, self.places[symbol])
