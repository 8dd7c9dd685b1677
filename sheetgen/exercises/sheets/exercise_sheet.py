"""Draws the sheet `Exercise`: the table with blanks, the score above it and the marks below it."""

from collections import Counter
from dataclasses import replace

from sheetgen.exercises.assignment.exercise import ABSOLUTE, RELATIVE, Assignment
from sheetgen.exercises.assignment.own_numbers import RATE
from sheetgen.exercises.assignment.table_layout import (
    BAND_ROW,
    FIRST_COLUMN,
    FIRST_ROW,
    HEADER_ROW,
    RATE_CELL,
    Quantity,
)
from sheetgen.formulas import notation
from sheetgen.formulas.columns import Column
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, CORRECT, UPDATE
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Rule
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    FINE,
    INPUT,
    KINDS,
    LABEL,
    LINE,
    NOTE,
    PASS_FORMAT,
    SECTION,
    SUBTITLE,
    WHOLE,
    Style,
    band,
    column_width,
    header,
    number,
    number_format,
)
from sheetgen.workbook.shared.table_cells import Table

NAME = "Exercise"
SCORE_CELL = (2, FIRST_COLUMN)
FIRST_STEP = 4
STEPS = (
    "Fill in the yellow cells: type a number or, better, a formula (=…) that reads the cells "
    "beside it.",
    "A cell turns green when it is right, red and bold when it is not. Point at it for a hint.",
    "A number is right if six significant digits are, or the nine decimals that a cell shows.",
    "Every cell is marked against the exact value, so fix the first red cell first.",
    "Only the yellow cells count. Formulas may read this table and Inputs.",
)
TOPIC_TITLES = {
    "forward": "the forward pass",
    "backward": "the backward pass",
    "update": "the update of the weights",
    "all": "forward, backward, update",
}
SCORE = Style(size=14, bold=True)
MARK = Style(align="center", number_format='[=1]"right";[=0]"wrong";General', size=9, border=LINE)


class Concealed(Style):
    """A style that hides a cell's formula while the sheet is protected."""

    def properties(self) -> dict[str, object]:
        """Return XlsxWriter's format properties."""
        return super().properties() | {"hidden": True}


class ExerciseSheet:
    """The sheet of an assignment, drawn; if `solved`, its blanks hold the right formulas.

    `answers` is the table whose formulas give the exact values.
    """

    def __init__(self, assignment: Assignment, answers: Table, solved: bool) -> None:
        self.assignment, self.solved = assignment, solved
        self.canvas = Canvas(NAME, tab_colour=KINDS["gradient"].strong)
        self._answers = answers
        self._layout, self._total = assignment.layout, len(assignment.exercise.blanks)
        self._draw()

    @property
    def title(self) -> str:
        """What the exercise is called."""
        exercise = self.assignment.exercise
        word = "Solution" if self.solved else "Exercise"
        topic = "forward, backward" if exercise.lacks_update else TOPIC_TITLES[exercise.topic]
        return f"{word}: {topic}, level {exercise.level}"

    @property
    def owner(self) -> str:
        """Whose exercise it is, and its identifier."""
        student = self.assignment.student
        owner = f"{student.name}  ·  " if student.name else ""
        return f"{owner}exercise {student.identifier}"

    @property
    def score(self) -> str:
        """The address of the score."""
        return self.canvas.absolute(*SCORE_CELL)

    @property
    def score_text(self) -> str:
        """What the score says now."""
        return str(self.canvas.value(*SCORE_CELL))

    def address(self, quantity: Quantity) -> str:
        """Return the absolute address of a quantity."""
        return self.canvas.absolute(*self._layout.place(quantity))

    def mark(self, quantity: Quantity) -> str:
        """Return the absolute address of the mark of a blank."""
        return self.canvas.absolute(*self._layout.mark(quantity))

    def _draw(self) -> None:
        canvas, layout = self.canvas, self._layout
        canvas.freeze = (0, FIRST_COLUMN + 1)
        canvas.widths[0] = 2
        canvas.heights.update({0: 30, SCORE_CELL[0]: 24})
        canvas.repeat_rows = (BAND_ROW, HEADER_ROW)
        canvas.repeat_columns = (FIRST_COLUMN, FIRST_COLUMN)
        self._heading()
        self._headers()
        blanks = set(self.assignment.exercise.blanks)
        for quantity in layout.quantities:
            if quantity in blanks:
                self._blank(quantity)
                self._mark(quantity)
            else:
                self._given(quantity)
        self._below_the_marks()
        self._score()
        self._colours()
        bottom = FIRST_ROW + layout.rows - 1
        canvas.numbers.append((FIRST_ROW, FIRST_COLUMN + 1, bottom, layout.last_column))

    def _heading(self) -> None:
        canvas, assignment = self.canvas, self.assignment
        canvas.title(self.title, FIRST_COLUMN)
        text = f"{self.owner}  ·  {assignment.exercise.template.title}"
        canvas.write(1, FIRST_COLUMN, text, SUBTITLE)
        for place, step in enumerate(STEPS):
            canvas.write(FIRST_STEP + place, FIRST_COLUMN, f"{place + 1}   {step}")
        canvas.write(RATE_CELL[0], FIRST_COLUMN, "learning rate η", LABEL)
        formula = f"={assignment.sources.address('learning_rate_1')}"
        style = Style(bold=True, align="left")
        canvas.calculate(*RATE_CELL, formula, assignment.student.numbers[RATE], style)

    def _headers(self) -> None:
        canvas, former = self.canvas, None
        bands = Counter(column.band for column in self._layout.columns)
        for place, column in enumerate(self._layout.columns, start=FIRST_COLUMN):
            kind, text = column.band.kind, "" if column.band == former else column.band.title
            canvas.write(BAND_ROW, place, text, band(kind))
            canvas.write(HEADER_ROW, place, column.symbol, header(kind))
            canvas.widths[place] = column_width("error" if _is_fine(column) else kind)
            if bands[column.band] == 1:  # its title has no more room
                canvas.widths[place] = max(canvas.widths[place], len(column.band.title))
            former = column.band

    def _blank(self, quantity: Quantity) -> None:
        place, column = self._layout.place(quantity), self._layout.by_symbol[quantity[0]]
        style = replace(INPUT, number_format=digits(self.assignment, column))
        if self.solved:
            formula, value = self._layout.formula(quantity), self.assignment.value(quantity)
            self.canvas.calculate(*place, formula, value, style)
        else:
            self.canvas.write(*place, "", style)
        self.canvas.notes[place] = hint(self.assignment, column)

    def _given(self, quantity: Quantity) -> None:
        """Write a given quantity: live, but without showing how it is calculated."""
        symbol, row = quantity
        place, column = self._layout.place(quantity), self._layout.by_symbol[symbol]
        kind, style = column.band.kind, number(column.band.kind, digits(self.assignment, column))
        if symbol == "iteration":
            self.canvas.write(*place, row, style)
            return
        formula = self._layout.formula(quantity)
        if kind not in ("input", "target") and (kind != "weight" or row):
            formula, style = f"={self._answers.cell(*quantity)}", _concealed(style)
        self.canvas.calculate(*place, formula, self.assignment.value(quantity), style)

    def _mark(self, quantity: Quantity) -> None:
        """Write 1 for a right answer, 0 for any other and nothing for none.

        Conditional formats of Excel 2007 cannot look at other sheets, so they look at this cell.
        """
        cell, answer = self._layout.cell(quantity), self._answers.cell(*quantity)
        most = f"MAX({constant(RELATIVE)}*ABS({answer}),{constant(ABSOLUTE)})"
        near = f"ABS({cell}-{answer})<={most}"
        formula = f'=IF(ISBLANK({cell}),"",IF(ISNUMBER({cell}),IF({near},1,0),0))'
        value = 1.0 if self.solved else ""
        self.canvas.calculate(*self._layout.mark(quantity), formula, value, _concealed(MARK))

    def _below_the_marks(self) -> None:
        canvas, top = self.canvas, self._layout.marks_row
        canvas.write(top - 1, FIRST_COLUMN, "Marks", SECTION)
        style = number("iteration", number_format("iteration"))
        for row in range(self._layout.rows):
            canvas.write(top + row, FIRST_COLUMN, row, style)
        text = (
            f"The tolerance is {constant(RELATIVE)} times the exact value, but at least "
            f"{constant(ABSOLUTE)}."
        )
        canvas.write(top + self._layout.rows + 1, FIRST_COLUMN, text, NOTE)

    @property
    def _marks(self) -> str:
        first, last = self._layout.marks_row, self._layout.marks_row + self._layout.rows - 1
        return range_address(first, FIRST_COLUMN + 1, last, self._layout.last_column)

    def _score(self) -> None:
        total, marks = self._total, self._marks
        formula = (
            f'=SUM({marks})&" of {total} right"'
            f'&IF(COUNT({marks})>SUM({marks}),", "&(COUNT({marks})-SUM({marks}))&" wrong","")'
            f'&IF(COUNT({marks})<{total},", "&({total}-COUNT({marks}))&" still empty","")'
        )
        empty = f"0 of {total} right, {total} still empty"
        text = f"{total} of {total} right" if self.solved else empty
        self.canvas.calculate(*SCORE_CELL, formula, text, SCORE)

    def _colours(self) -> None:
        """Colour the blanks and their marks, and the score when everything is right."""
        canvas, layout = self.canvas, self._layout
        mark = relative_address(layout.marks_row, FIRST_COLUMN + 1)
        for top in (FIRST_ROW, layout.marks_row):
            place = (top, FIRST_COLUMN + 1, top + layout.rows - 1, layout.last_column)
            canvas.rules.append(Rule(place, f"={mark}=1", {**PASS_FORMAT}))
            # An empty cell also equals 0.
            canvas.rules.append(Rule(place, f"=AND(ISNUMBER({mark}),{mark}=0)", {**FAIL_FORMAT}))
        formula = f"=SUM({self._marks})={self._total}"
        canvas.rules.append(Rule((*SCORE_CELL, *SCORE_CELL), formula, {"font_color": "#166534"}))


def _is_fine(column: Column) -> bool:
    """Tell whether a column needs more digits, so that the shown numbers are enough to go on."""
    return column.band.kind not in ("iteration", "target", "input")


def digits(assignment: Assignment, column: Column) -> str:
    """Return the number format of a column's quantities: what is counted has no decimals."""
    given = dict.fromkeys((BATCH_ROW, BATCH_SIZE, UPDATE, CORRECT), WHOLE)
    given |= assignment.plan.data_formats
    if column.symbol in given:
        return given[column.symbol]
    return FINE if _is_fine(column) else number_format(column.band.kind)


def _concealed(style: Style) -> Style:
    return Concealed(**{name: getattr(style, name) for name in Style.__dataclass_fields__})


def hint(assignment: Assignment, column: Column) -> str:
    """Return the equation of a blank: of a gradient the chain rule, at level 1 written out."""
    network, symbol = assignment.plan.network, column.symbol
    parameter = next((each for each in network.parameters if each.gradient == symbol), None)
    if parameter is None or assignment.exercise.level == 1:
        return column.notation
    factors = notation.chain_rule(network, parameter)
    lines = [f"{parameter.gradient} = {notation.TIMES.join(factors)}"]
    if parameter.layer < len(network.layers) - 1:
        chain = notation.chain_of_activation_gradient(network, parameter.target)
        lines.append(f"{factors[0]} = {chain}")
    return "\n".join(lines)
