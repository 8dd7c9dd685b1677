"""Draws the exercise's `Worksheet`: the same table to be printed and filled in with a pen.

The quantities are below each other, so that all of them fit a page of A4, with empty boxes for the
blanks and the equations behind them.
"""

from dataclasses import replace
from math import ceil

from sheetgen.exercises.assignment.table_layout import RATE_CELL, Quantity
from sheetgen.exercises.sheets.exercise_sheet import ExerciseSheet, digits, hint
from sheetgen.formulas.columns import Column
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    KINDS,
    LABEL,
    MUTED,
    SECTION,
    SUBTITLE,
    Style,
    band,
    header,
    label,
    number,
)

WORKSHEET = "Worksheet"
NAME_ROW, FIRST_ROW = 3, 8
SYMBOL, FIRST = 1, 2
"""The columns of the symbols, and of iteration 0."""

_BOX = Style(border=MUTED)
_EQUATION = Style(size=9, wrap=True, vertical="top")
_WIDTH = 13.5  # characters of a box: 27 mm of paper, as wide as nine decimals by hand
_HEIGHT = 20  # points of a box: 7 mm
_COLUMNS = 6  # of the sheet, at least, which the texts need
_LETTERS = 20  # of an equation in a column
_GAP = 6  # points above a part of the table, where a page may end
_LINE = 12.5  # points of a line of an equation


class ExercisePaper:
    """The sheet of an assignment; if `solved`, its boxes show the right numbers."""

    def __init__(self, sheet: ExerciseSheet) -> None:
        self._sheet, self._assignment = sheet, sheet.assignment
        self._rows = self._assignment.layout.rows
        self._last = max(FIRST + self._rows - 1, SYMBOL + _COLUMNS - 1)
        self.canvas = Canvas(WORKSHEET, tab_colour=KINDS["iteration"].strong, portrait=True)
        widths = dict.fromkeys(range(FIRST, self._last + 1), _WIDTH)
        self.canvas.repeat_columns = (SYMBOL, SYMBOL)
        self.canvas.widths = {0: 2, SYMBOL: 15, **widths}
        self._heading()
        self._equations(self._table())

    def _heading(self) -> None:
        canvas, assignment = self.canvas, self._assignment
        exercise, student = assignment.exercise, assignment.student
        canvas.heights.update({0: 28, NAME_ROW: 24, NAME_ROW + 1: _GAP, NAME_ROW + 3: _GAP})
        canvas.title(self._sheet.title, SYMBOL)
        text = f"{exercise.template.title}  ·  exercise {student.identifier}"
        canvas.write(1, SYMBOL, text, SUBTITLE)
        canvas.write(NAME_ROW, SYMBOL, "Name", LABEL)
        canvas.write(NAME_ROW, FIRST + 2, "Number", replace(LABEL, indent=1))
        self._field(NAME_ROW, FIRST, student.name)
        self._field(NAME_ROW, FIRST + 3, "")
        count = len(exercise.blanks)
        canvas.write(5, SYMBOL, "learning rate η", LABEL)
        rate = f"={self._sheet.canvas.absolute(*RATE_CELL)}"
        value = self._sheet.canvas.value(*RATE_CELL)
        canvas.calculate(5, FIRST, rate, value, Style(bold=True, align="left"))
        text = f"Fill in the {count} boxes; six digits are enough.   Right: ____ of {count}"
        if self._sheet.solved:
            text = f"The {count} numbers that are asked for are bold."
        canvas.write(5, FIRST + 1, text)

    def _field(self, row: int, column: int, text: str) -> None:
        """Leave a box of two columns to write into."""
        self.canvas.merges.append((row, column, row, column + 1))
        for at in (column, column + 1):
            self.canvas.write(row, at, text if at == column else "", replace(_BOX, bold=True))

    def _table(self) -> int:
        """Draw the table, with a band for each part of it; return the row below."""
        canvas, row, former = self.canvas, FIRST_ROW - 1, None
        canvas.repeat_rows = (NAME_ROW, row)  # so that each page says whose it is
        canvas.write(row, SYMBOL, "iteration", header("iteration"))
        for iteration in range(self._rows):
            canvas.write(row, FIRST + iteration, iteration, header("iteration"))
        blanks = set(self._assignment.exercise.blanks)
        for column in self._assignment.layout.columns:
            if column.symbol == "iteration":
                continue
            row += 1
            if column.band != former:
                canvas.heights[row] = _GAP
                row += 1
                for at in range(SYMBOL, FIRST + self._rows):
                    text = column.band.title if at == SYMBOL else ""
                    canvas.write(row, at, text, band(column.band.kind))
                row, former = row + 1, column.band
            canvas.heights[row] = _HEIGHT
            canvas.write(row, SYMBOL, column.symbol, label(column.band.kind))
            for iteration in range(self._rows):
                place = row, FIRST + iteration
                self._quantity(place, (column.symbol, iteration), column, blanks)
        canvas.numbers.append((FIRST_ROW, FIRST, row, FIRST + self._rows - 1))
        return row + 1

    def _quantity(
        self, at: tuple[int, int], quantity: Quantity, column: Column, blanks: set[Quantity]
    ) -> None:
        if quantity in blanks and not self._sheet.solved:
            self.canvas.write(*at, "", _BOX)
            return
        style = replace(number(column.band.kind, digits(self._assignment, column)), border=MUTED)
        if quantity in blanks:
            style = replace(_BOX, bold=True, number_format=digits(self._assignment, column))
        formula = f"={self._sheet.address(quantity)}"
        self.canvas.calculate(*at, formula, self._assignment.value(quantity), style)

    def _equations(self, row: int) -> None:
        """Write the equation of each quantity that is asked for, as the blanks' notes do."""
        canvas = self.canvas
        asked = {symbol for symbol, _ in self._assignment.exercise.blanks}
        row += 1
        canvas.write(row, SYMBOL, "Equations", SECTION)
        for column in self._assignment.layout.columns:
            if column.symbol not in asked:
                continue
            row += 1
            text = hint(self._assignment, column)
            room = _LETTERS * (self._last - SYMBOL + 1)
            lines = sum(max(1, ceil(len(line) / room)) for line in text.split("\n"))
            canvas.heights[row] = lines * _LINE + 2
            canvas.merges.append((row, SYMBOL, row, self._last))
            canvas.write(row, SYMBOL, text, _EQUATION)


def exercise_paper(sheet: ExerciseSheet) -> Canvas:
    """Draw the sheet, whose given numbers come from the sheet `Exercise`."""
    return ExercisePaper(sheet).canvas
