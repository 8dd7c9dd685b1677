"""The student's `Inputs` and `Data`: the sheets of any workbook, but to be read only."""

from dataclasses import replace

from sheetgen.exercises.assignment.exercise import Assignment
from sheetgen.spreadsheet.canvas import Canvas, Cell
from sheetgen.spreadsheet.style import INPUT, LINE, LINK, SUBTITLE, Style

GIVEN = Style(border=LINE, bold=True)
LINES = (1, 1)  # the cell with the sentence below the title


def given_sheets(assignment: Assignment, sheet: str) -> tuple[Canvas, ...]:
    """Return the sheets with the student's numbers; links lead to the sheet of the exercise."""
    canvases = assignment.sources.canvases
    names = {canvas.name for canvas in canvases}
    for canvas in canvases:
        canvas.write(*LINES, "The numbers of this exercise: read them and leave them.", SUBTITLE)
        canvas.validations.clear()
        for place in canvas.inputs.values():
            cell = canvas.cells[place]
            canvas.cells[place] = Cell(cell.value, None, _locked(cell.style))
        for place, target in list(canvas.links.items()):
            if not any(name in target for name in names):
                # A table of its own for each learning rate, which an exercise does not have.
                canvas.link(*place, sheet, sheet, replace(LINK, align="center"))
    return canvases


def _locked(style: Style) -> Style:
    return replace(GIVEN, number_format=style.number_format) if style == INPUT else style
