"""The output that a sheet shows, chosen from a list if the network has several."""

from collections.abc import Sequence

from sheetgen.spreadsheet.address import choose, local
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import LABEL, SECTION, WHOLE, label, number
from sheetgen.workbook.controls import output_titles
from sheetgen.workbook.plan import WORKINGS, Plan
from sheetgen.workbook.shared.page import fit_choices, write_headers
from sheetgen.workbook.shared.workings import Workings

OUTPUTS = "outputs"
"""The defined name of the list of the outputs, for the drop-down."""


class ChosenOutput:
    """The chosen output: its place among the outputs, from 0, and its title.

    `place` is the address, on the workings, of its place from 1, or "" if there is only one.
    """

    def __init__(self, canvas: Canvas, plan: Plan, workings: Workings, at: tuple[int, int]) -> None:
        """Write a drop-down of the outputs into a cell, its label before it, if there are several.

        A block of the workings has the list of them.
        """
        titles = output_titles(plan.template)
        self.title = plan.controls.surface_output
        self.output, self.place = titles.index(self.title), ""
        if len(titles) == 1:
            return
        corner = workings.block(canvas.name, "The outputs", 2)
        behind, row, column = corner.canvas, corner.row, corner.column
        write_headers(behind, row, column, ("output", ""))
        for offset, title in enumerate(titles, start=1):
            behind.write(row + offset, column, title, label("unit"))
        self._list = corner.range(1, 0, len(titles), 0)
        canvas.names[OUTPUTS] = self._list
        canvas.write(at[0], at[1] - 1, "output", LABEL)
        canvas.choose(*at, "surface_output", self.title, titles, source=OUTPUTS)
        fit_choices(canvas, at[1], titles)
        last = len(titles) + 1
        behind.write(row + last, column, "place", label("helper"))
        formula = f"=MATCH({canvas.absolute(*at)},{local(self._list)},0)"
        place = self.output + 1
        behind.calculate(row + last, column + 1, formula, place, number("helper", WHOLE))
        self.place = corner.local(last, 1)

    def write_title(self, canvas: Canvas, row: int, column: int) -> None:
        """Write the title of the chosen output into a cell of a sheet."""
        if self.place:
            formula = f"=INDEX({self._list},{WORKINGS}!{self.place})"
            canvas.calculate(row, column, formula, self.title, SECTION)
        else:
            canvas.write(row, column, self.title, SECTION)

    def of_each(self, expressions: Sequence[str]) -> str:
        """Return the expression of the chosen output's one of an expression for each output."""
        return choose(self.place, expressions) if self.place else expressions[0]


def softmax_formula(mine: str, every: Sequence[str]) -> str:
    """Return the expression of a softmax output's activation from its z and from all z.

    a = e^z / Σ e^zⱼ = 1 / Σ e^(zⱼ − z). Where an exponent passes 700 it is practically 0.
    """
    terms = "+".join(f"EXP(MIN({each}-{mine},700))" for each in every)
    return f"1/({terms})"
