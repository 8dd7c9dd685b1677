"""A moment of a training, chosen on a sheet: which table, which iteration, and the values there.

The values are live: CHOOSE takes the table, INDEX the row. INDIRECT would do with less, but it
takes the names of tabs from texts, which nothing keeps in step when a tab is renamed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sheetgen.network.trace import Trace
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import KINDS, LABEL, WHOLE, Style, header
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets.training_table import Table

HELPER = Style(colour=KINDS["helper"].strong, number_format=WHOLE)


@dataclass(frozen=True)
class Moment:
    """The cells of a choice, and what the reference says about it."""

    tables: tuple[Table, ...]
    trace: Trace
    """Of the chosen table."""
    iteration: int
    place: str
    """The address of the chosen table's place among `tables`, from 1."""
    row: str
    """The address of the chosen iteration, which is in the training."""
    tab: str
    """The address of the chosen table's name."""

    @classmethod
    def ask(
        cls,
        canvas: Canvas,
        plan: Plan,
        tables: Sequence[Table],
        prefix: str,
        at: tuple[int, int],
        helper_column: int,
    ) -> "Moment":
        """Write the drop-down of tables at a cell, the iteration below it, both with labels.

        `prefix` is that of the two controls: explorer, surface or error. The names of the tables
        and the place of the chosen one stand in `helper_column`, from the row of the drop-down on,
        and beside that the iteration, brought within the training.
        """
        row, column = at
        tabs = [table.canvas.name for table in tables]
        tab = str(getattr(plan.controls, f"{prefix}_table"))
        iteration = int(getattr(plan.controls, f"{prefix}_iteration"))
        canvas.write(row, helper_column, "place", header("helper"))
        for offset, name in enumerate(tabs, start=2):
            canvas.write(row + offset, helper_column, name, HELPER)
        first, last = (cell_address(row + offset, helper_column) for offset in (2, 1 + len(tabs)))
        chosen = cell_address(row, column)
        # ironcalc finds nothing by MATCH in a range of one cell.
        formula = f"=MATCH({chosen},{first}:{last},0)" if len(tabs) > 1 else "=1"
        canvas.calculate(row + 1, helper_column, formula, tabs.index(tab) + 1, HELPER)
        what = "optimiser" if plan.template.compare else "learning rate"
        canvas.write(row, column - 1, what, LABEL)
        canvas.choose(row, column, f"{prefix}_table", tab, tabs, source=f"{first}:{last}")
        canvas.write(row + 1, column - 1, f"iteration, 0 to {tables[0].iterations:,}", LABEL)
        last_row = tables[0].iterations
        canvas.count(row + 1, column, f"{prefix}_iteration", iteration, 0, last_row)
        # Pasting passes by the validation, and INDEX takes a row of 0 for a whole column.
        within = f"=MAX(0,MIN({last_row},INT({cell_address(row + 1, column)})))"
        canvas.write(row, helper_column + 1, "row", header("helper"))
        canvas.calculate(row + 1, helper_column + 1, within, iteration, HELPER)
        return cls(
            tuple(tables),
            plan.trace_of(tab),
            iteration,
            cell_address(row + 1, helper_column),
            cell_address(row + 1, helper_column + 1),
            chosen,
        )

    @property
    def table(self) -> Table:
        """The chosen table."""
        return next(table for table in self.tables if table.trace is self.trace)

    @property
    def is_last(self) -> bool:
        """Whether the chosen iteration is the last one."""
        return self.iteration == self.table.iterations

    def formula(self, symbol: str, row: str = "") -> str:
        """Return "=…", the value of a symbol at the chosen moment, or of another row's iteration.

        `row` is an expression for that iteration.
        """
        index = f"{row or self.row}+1"
        cells = [f"INDEX({table.range(symbol)},{index})" for table in self.tables]
        return f"=CHOOSE({self.place},{','.join(cells)})" if len(cells) > 1 else f"={cells[0]}"

    def value(self, symbol: str) -> float:
        """Return the reference's value at the chosen moment."""
        return float(self.trace[symbol][self.iteration])
