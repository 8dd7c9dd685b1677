"""What a teacher should know about a file beside its marks: what was changed outside the blanks."""

from collections.abc import Iterator

from sheetgen.exercises.assignment.exercise import Assignment
from sheetgen.exercises.grading.handed_in import NOTHING, HandedIn
from sheetgen.exercises.sheets import answers, exercise_sheet
from sheetgen.exercises.sheets.answers import answers_sheet
from sheetgen.exercises.sheets.read_only_sheets import given_sheets

SOLUTION = "Solution"


def remarks_on(handed_in: HandedIn, own: str, assignment: Assignment) -> Iterator[str]:
    """Yield a sentence on each thing that was changed; none of them changes the marks."""
    if own != exercise_sheet.NAME:
        yield f"the sheet {exercise_sheet.NAME} was renamed to {own}"
    yield from _numbers(handed_in, assignment)
    if _is_answered(handed_in, assignment):
        yield "the hidden sheet with the answers was changed or removed"
    if _is_overwritten(handed_in, own, assignment):
        yield "numbers that the exercise gives were typed over"
    if handed_in.title.startswith(SOLUTION):
        yield "it is the teacher's copy, or was made from it"


def _numbers(handed_in: HandedIn, assignment: Assignment) -> Iterator[str]:
    for canvas in given_sheets(assignment, exercise_sheet.NAME):
        cells = handed_in.cells.get(canvas.name)
        if cells is None:
            yield f"the sheet {canvas.name} was renamed or removed"
        elif not all(
            _is_near(cells.get(place, NOTHING).value, float(canvas.value(*place)))
            for place in canvas.inputs.values()
        ):
            yield f"the numbers on the sheet {canvas.name} were changed"


def _is_near(found: object, expected: float) -> bool:
    """Compare a number with one that may have been saved with 15 digits."""
    return isinstance(found, float) and abs(found - expected) <= 1e-12 * max(1.0, abs(expected))


def _is_answered(handed_in: HandedIn, assignment: Assignment) -> bool:
    cells = handed_in.cells.get(answers.NAME, {})
    canvas = answers_sheet(assignment).canvas
    return any(
        cells.get((row, column), NOTHING).formula is None for row, column, *_ in canvas.promised()
    )


def _is_overwritten(handed_in: HandedIn, own: str, assignment: Assignment) -> bool:
    layout, cells = assignment.layout, handed_in.cells[own]
    blanks = set(assignment.exercise.blanks)
    given = (
        (column.symbol, row)
        for column in layout.columns
        for row in range(layout.rows)
        if column.symbol != "iteration" and (column.symbol, row) not in blanks
    )
    return any(cells.get(layout.place(each), NOTHING).formula is None for each in given)
