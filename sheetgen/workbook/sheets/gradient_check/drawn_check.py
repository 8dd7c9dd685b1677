"""What both kinds of gradient check draw: the comparisons, and the evaluations behind them."""

from abc import ABC, abstractmethod
from dataclasses import replace

from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import KINDS, LINK
from sheetgen.workbook.plan import GRADIENT_CHECK, WORKINGS
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.gradient_check.batch import Checked
from sheetgen.workbook.sheets.gradient_check.evaluations import Evaluations
from sheetgen.workbook.sheets.gradient_check.gradient_rows import (
    FIRST_ROW,
    Comparisons,
    Gradients,
)
from sheetgen.workbook.sheets.gradient_check.probes import Subject, probes

EVALUATIONS, TO_WORKINGS = (3, 8), replace(LINK, indent=1)
MOST_ROWS, MOST_COLUMNS = 40, 11  # of evaluations that are below the comparisons, on one page


class Check(ABC):
    """Draws the sheet: a row of comparisons for each probe, and two evaluations for each.

    The evaluations are below the comparisons if there are few, and else on `Workings`. `between`
    is the number of rows there that a kind of check needs above them.
    """

    between = 0
    is_by_unit = False

    def __init__(self, samples: Checked, workings: Workings) -> None:
        """Begin the sheet, with a block of the workings if the evaluations are many."""
        self.samples, self.chosen, self.derivation = samples, samples.chosen, samples.derivation
        self.network, self.reference = self.chosen.network, self.chosen.reference
        strong = KINDS["gradient"].strong
        self.canvas = Canvas(GRADIENT_CHECK, tab_colour=strong, freeze=(FIRST_ROW, 2))
        controls = self.chosen.plan.controls
        self.probes = probes(Subject(samples.passes, controls, samples.share))
        self.evaluations = self._evaluations(workings)
        self.comparisons = Comparisons(self.canvas, samples, self.probes, self.evaluations)

    def _evaluations(self, workings: Workings) -> Evaluations:
        """Return the table of evaluations, on the sheet or in a block of its own."""
        count, is_by_unit = len(self.probes), self.is_by_unit
        row = FIRST_ROW + count + 3
        table = Evaluations(self.canvas, self.canvas, self.network, row, 1, is_by_unit)
        is_small = 2 * count * len(self.samples.known) <= MOST_ROWS
        if is_small and table.crossing <= MOST_COLUMNS + 1 and not is_by_unit:
            return table
        title = self.headings()[0]
        corner = workings.block(GRADIENT_CHECK, title, self.columns(table), width=12.5)
        row, column = corner.row + self.between, corner.column
        return replace(table, canvas=corner.canvas, row=row, column=column)

    def columns(self, table: Evaluations) -> int:
        """Return how many columns a block needs for the evaluations."""
        return table.crossing + 1 - table.column

    def draw(self) -> Canvas:
        """Write the sheet."""
        table = self.evaluations
        self.begin()
        if not table.is_beside:
            title = table.row - 1, table.column
            self.canvas.link(*EVALUATIONS, WORKINGS, "evaluations: Workings", TO_WORKINGS, title)
        for place in range(len(self.probes)):
            self.comparisons.row(place, self.gradients(place))
        heading, to = self.headings()
        table.headers(heading if table.is_beside or self.between else "", to)
        for place in range(len(self.probes)):
            for side in (1, -1):
                self.evaluate(place, side, self.comparisons.evaluation(place, side))
            self.comparisons.crossings(place)
        last = self.comparisons.evaluation(len(self.probes), 1) - 1
        table.canvas.numbers.append((table.row + 1, table.to, last, table.total))
        return self.canvas

    @abstractmethod
    def begin(self) -> None:
        """Write what is above the comparisons, and between them and the evaluations."""

    @abstractmethod
    def gradients(self, place: int) -> Gradients:
        """Return what the first columns of a probe's row hold."""

    @abstractmethod
    def headings(self) -> tuple[str, str]:
        """Return the title of the evaluations, and what their second column holds."""

    @abstractmethod
    def evaluate(self, place: int, side: int, row: int) -> None:
        """Write the network with something moved up (1) or down (-1)."""
