"""The sheet `Exercise`: the table with blanks, the score above it and the marks below it."""

from dataclasses import dataclass, replace

from sheetgen.exercises.assignment.exercise import ABSOLUTE, RELATIVE, Assignment
from sheetgen.exercises.assignment.own_numbers import RATE
from sheetgen.exercises.assignment.table_layout import (
    BAND_ROW,
    FIRST_COLUMN,
    FIRST_ROW,
    HEADER_ROW,
    RATE_CELL,
    Quantity,
    stage_of,
)
from sheetgen.formulas import notation
from sheetgen.formulas.columns import Column
from sheetgen.network.network import Parameter
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
    TITLE,
    Style,
    band,
    column_width,
    header,
    number,
    number_format,
)
from sheetgen.workbook.sheets.training_table import Table

NAME = "Exercise"
SCORE_CELL = (2, FIRST_COLUMN)
FIRST_STEP = 4
STEPS = (
    "Fill in the yellow cells: type a number or, better, a formula (=…) that reads the cells "
    "beside it.",
    "A cell turns green when it is right and red when it is not. Point at it for a hint.",
    "A number is right to six significant digits, or to the nine decimals that a cell shows.",
    "Every cell is marked against the exact value, so mend the first red cell first.",
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
    """A style whose cell does not show its formula while the sheet is protected."""

    def properties(self) -> dict[str, object]:
        """Return XlsxWriter's format properties."""
        return super().properties() | {"hidden": True}


@dataclass(frozen=True)
class ExerciseSheet:
    """The sheet, and where its score stands."""

    canvas: Canvas
    assignment: Assignment

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
        return self.canvas.absolute(*self.assignment.layout.place(quantity))

    def mark(self, quantity: Quantity) -> str:
        """Return the absolute address of the mark of a blank."""
        return self.canvas.absolute(*self.assignment.layout.mark(quantity))


def exercise_sheet(assignment: Assignment, answers: Table, solved: bool) -> ExerciseSheet:
    """Draw the sheet; where `solved`, the blanks hold the right formulas."""
    canvas = Canvas(NAME, tab_colour=KINDS["gradient"].strong, freeze=(0, FIRST_COLUMN + 1))
    canvas.widths[0] = 2
    canvas.heights.update({0: 30, SCORE_CELL[0]: 24})
    layout = assignment.layout
    _heading(canvas, assignment, solved)
    _headers(canvas, layout.columns)
    blanks = set(assignment.exercise.blanks)
    for column in layout.columns:
        for row in range(layout.rows):
            quantity = column.symbol, row
            if quantity in blanks:
                _blank(canvas, assignment, quantity, solved)
                _mark(canvas, assignment, quantity, answers.cell(*quantity), solved)
            else:
                _given(canvas, assignment, quantity, answers.cell(*quantity))
    _marks_heading(canvas, assignment)
    _score(canvas, assignment, solved)
    _colours(canvas, assignment)
    canvas.numbers.append(
        (FIRST_ROW, FIRST_COLUMN + 1, FIRST_ROW + layout.rows - 1, layout.last_column)
    )
    return ExerciseSheet(canvas, assignment)


def title(assignment: Assignment, solved: bool) -> str:
    """Return what the exercise is called."""
    exercise = assignment.exercise
    word = "Solution" if solved else "Exercise"
    topic = TOPIC_TITLES[exercise.topic]
    if exercise.lacks_update:
        topic = "forward, backward"
    return f"{word}: {topic}, level {exercise.level}"


def whose(assignment: Assignment) -> str:
    """Return whose exercise it is, and the number that tells it from others."""
    student = assignment.student
    owner = f"{student.name}  ·  " if student.name else ""
    return f"{owner}exercise {student.identifier}"


def _heading(canvas: Canvas, assignment: Assignment, solved: bool) -> None:
    canvas.write(0, FIRST_COLUMN, title(assignment, solved), TITLE)
    text = f"{whose(assignment)}  ·  {assignment.exercise.template.title}"
    canvas.write(1, FIRST_COLUMN, text, SUBTITLE)
    for place, step in enumerate(STEPS):
        canvas.write(FIRST_STEP + place, FIRST_COLUMN, f"{place + 1}   {step}")
    canvas.write(RATE_CELL[0], FIRST_COLUMN, "learning rate η", LABEL)
    formula = f"={assignment.sources.address('learning_rate_1')}"
    style = Style(bold=True, align="left")
    canvas.calculate(*RATE_CELL, formula, assignment.student.numbers[RATE], style)


def _headers(canvas: Canvas, columns: tuple[Column, ...]) -> None:
    former = None
    for place, column in enumerate(columns, start=FIRST_COLUMN):
        text = "" if column.band == former else column.band.title
        canvas.write(BAND_ROW, place, text, band(column.band.kind))
        canvas.write(HEADER_ROW, place, column.symbol, header(column.band.kind))
        canvas.widths[place] = column_width("error" if _is_fine(column) else column.band.kind)
        if [each.band for each in columns].count(column.band) == 1:  # its title has no more room
            canvas.widths[place] = max(canvas.widths[place], len(column.band.title))
        former = column.band


def _is_fine(column: Column) -> bool:
    """Tell whether a column needs more digits, so that a person can compute with what it shows."""
    return column.band.kind not in ("iteration", "target", "input")


def _digits(column: Column) -> str:
    return FINE if _is_fine(column) else number_format(column.band.kind)


def _blank(canvas: Canvas, assignment: Assignment, quantity: Quantity, solved: bool) -> None:
    layout = assignment.layout
    place, column = layout.place(quantity), layout.by_symbol[quantity[0]]
    style = replace(INPUT, number_format=_digits(column))
    if solved:
        canvas.calculate(*place, layout.formula(quantity), assignment.value(quantity), style)
    else:
        canvas.write(*place, "", style)
    canvas.notes[place] = hint(assignment, column)


def _given(canvas: Canvas, assignment: Assignment, quantity: Quantity, answer: str) -> None:
    """Write what is given: live, and so that the cell does not show how it is computed."""
    layout, (symbol, row) = assignment.layout, quantity
    place, column = layout.place(quantity), layout.by_symbol[symbol]
    style = number(column.band.kind, _digits(column))
    if symbol == "iteration":
        canvas.write(*place, row, style)
    elif column.band.kind in ("input", "target") or (column.band.kind == "weight" and row == 0):
        canvas.calculate(*place, layout.formula(quantity), assignment.value(quantity), style)
    else:
        canvas.calculate(*place, f"={answer}", assignment.value(quantity), _concealed(style))


def _mark(
    canvas: Canvas, assignment: Assignment, quantity: Quantity, answer: str, solved: bool
) -> None:
    """Write 1 for a right answer, 0 for any other and nothing for none.

    Conditional formats of Excel 2007 cannot look at other sheets, so they look at this cell.
    """
    layout = assignment.layout
    cell = layout.cell(quantity)
    near = f"ABS({cell}-{answer})<=MAX({RELATIVE:.5f}*ABS({answer}),{ABSOLUTE:.0E})"
    formula = f'=IF(ISBLANK({cell}),"",IF(ISNUMBER({cell}),IF({near},1,0),0))'
    canvas.calculate(*layout.mark(quantity), formula, 1.0 if solved else "", _concealed(MARK))


def _concealed(style: Style) -> Style:
    return Concealed(**{name: getattr(style, name) for name in Style.__dataclass_fields__})


def _marks_heading(canvas: Canvas, assignment: Assignment) -> None:
    layout = assignment.layout
    canvas.write(layout.marks_row - 1, FIRST_COLUMN, "Marks", SECTION)
    style = number("iteration", number_format("iteration"))
    for row in range(layout.rows):
        canvas.write(layout.marks_row + row, FIRST_COLUMN, row, style)
    text = f"The tolerance is {RELATIVE:.5f} times the exact value, but at least {ABSOLUTE:.10f}."
    canvas.write(layout.marks_row + layout.rows + 1, FIRST_COLUMN, text, NOTE)


def _score(canvas: Canvas, assignment: Assignment, solved: bool) -> None:
    total, marks = len(assignment.exercise.blanks), _marks(assignment)
    formula = (
        f'=SUM({marks})&" of {total} right"'
        f'&IF(COUNT({marks})>SUM({marks}),", "&(COUNT({marks})-SUM({marks}))&" wrong","")'
        f'&IF(COUNT({marks})<{total},", "&({total}-COUNT({marks}))&" still empty","")'
    )
    text = f"{total} of {total} right" if solved else f"0 of {total} right, {total} still empty"
    canvas.calculate(*SCORE_CELL, formula, text, SCORE)


def _marks(assignment: Assignment) -> str:
    layout = assignment.layout
    first, last = layout.marks_row, layout.marks_row + layout.rows - 1
    return range_address(first, FIRST_COLUMN + 1, last, layout.last_column)


def _colours(canvas: Canvas, assignment: Assignment) -> None:
    """Colour the blanks and their marks; and the score when everything is right."""
    layout, total = assignment.layout, len(assignment.exercise.blanks)
    mark = relative_address(layout.marks_row, FIRST_COLUMN + 1)
    for top in (FIRST_ROW, layout.marks_row):
        place = (top, FIRST_COLUMN + 1, top + layout.rows - 1, layout.last_column)
        canvas.rules.append(Rule(place, f"={mark}=1", {**PASS_FORMAT}))
        # An empty cell equals 0, too.
        canvas.rules.append(Rule(place, f"=AND(ISNUMBER({mark}),{mark}=0)", {**FAIL_FORMAT}))
    formula = f"=SUM({_marks(assignment)})={total}"
    canvas.rules.append(Rule((*SCORE_CELL, *SCORE_CELL), formula, {"font_color": "#166534"}))


def hint(assignment: Assignment, column: Column) -> str:
    """Return the equation of a blank: of a gradient the chain rule, at level 1 written out."""
    network = assignment.plan.network
    parameter = _parameter_of(assignment, column)
    if parameter is None or assignment.exercise.level == 1:
        return column.notation
    factors = notation.chain_rule(network, parameter)
    lines = [f"{parameter.gradient} = {notation.TIMES.join(factors)}"]
    if parameter.layer < len(network.layers) - 1:
        chain = notation.chain_of_activation_gradient(network, parameter.target)
        lines.append(f"{factors[0]} = {chain}")
    return "\n".join(lines)


def _parameter_of(assignment: Assignment, column: Column) -> Parameter | None:
    """Return the weight or bias whose gradient a column holds."""
    if stage_of(column) != "backward":
        return None
    parameters = assignment.plan.network.parameters
    return next((each for each in parameters if each.gradient == column.symbol), None)
