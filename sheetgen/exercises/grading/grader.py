"""Marks one file that a student handed in: their answers, recalculated in a workbook of our own.

That workbook is made from the key: the student's numbers and what the exercise gives, as
constants, but no answers. From the student's file it takes only what is in the blanks. An engine
calculates it, and the reference says what is right.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Literal

from sheetgen.exercises.assignment.exercise import is_right
from sheetgen.exercises.assignment.own_numbers import RATE
from sheetgen.exercises.assignment.table_layout import RATE_CELL, Quantity
from sheetgen.exercises.grading.scrutiny import RefusedError, scrutinised
from sheetgen.exercises.grading.submission import Submission
from sheetgen.exercises.grading.typed_number import TypedNumber, number_in
from sheetgen.exercises.sheets import exercise_sheet
from sheetgen.exercises.sheets.exercise_workbook import given_sheets
from sheetgen.files.characters import without_impossible
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet.address import place_of, without_dollars
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.engines import Engine, Values
from sheetgen.spreadsheet.engines.engine import IMPOSSIBLE
from sheetgen.spreadsheet.reader import EMPTY, FileCell, is_error
from sheetgen.spreadsheet.tokens import Token, tokens
from sheetgen.spreadsheet.writer import write_workbook

Status = Literal["right", "wrong", "empty", "answers"]
LONGEST_TEXT = 200  # of an answer that is repeated in a report
LISTED = 3  # numbers typed as text that a remark on the file says one by one


@dataclass(frozen=True)
class Mark:
    """The result of one blank.

    The status is "answers" for a formula that refers to the answers. `answer` is what the student
    put there, a formula with "="; `found` is its value, if it was calculated. The reason says
    what is wrong, or how a right number was typed as text.
    """

    cell: str
    symbol: str
    iteration: int
    status: Status
    answer: str
    found: float | str | None
    expected: float
    reason: str


class Grader:
    """Marks the blanks of one file."""

    def __init__(
        self, submission: Submission, engine: Engine, left_out: Collection[Quantity] = ()
    ) -> None:
        """Scrutinise the answers; formulas in the blanks that are `left_out` score nothing."""
        self.submission, self.engine, self.left_out = submission, engine, left_out
        self.assignment, self.layout = submission.assignment, submission.assignment.layout
        self.numbers = given_sheets(self.assignment)
        for canvas in self.numbers:  # with constants for what they compute, as in `_trusted`
            for place, cell in canvas.cells.items():
                canvas.cells[place] = cell._replace(formula=None)
        self.answers = {each: submission.answer(each) for each in self.assignment.exercise.blanks}
        self.typed = {each: _typed(answer) for each, answer in self.answers.items()}
        self.formulas: dict[Quantity, str] = {}
        self.refused: dict[Quantity, RefusedError] = {}
        for blank, answer in self.answers.items():
            if answer.formula is not None:
                try:
                    self.formulas[blank] = self._scrutinised(blank, answer.formula)
                except RefusedError as refusal:
                    self.refused[blank] = refusal

    def _scrutinised(self, blank: Quantity, formula: str) -> str:
        known = {exercise_sheet.NAME, *(canvas.name for canvas in self.numbers)}
        text = scrutinised(formula, self.submission, known)
        if blank in self.left_out:
            raise RefusedError("could not be calculated", False)
        if blank in self.submission.spread:
            raise RefusedError("belongs to an array formula over several cells", False)
        return text

    def marks(self) -> Iterator[Mark]:
        """Yield the mark of each blank; raises RunError if the engine fails."""
        values = self.recalculated(self.formulas) if self.formulas else {}
        for blank, answer in self.answers.items():
            found = values.get(blank) if blank in self.formulas else self._constant(blank)
            yield self._mark(blank, answer, found)

    def remarks(self) -> Iterator[str]:
        """Yield a sentence on each number that was typed as text, or on the rest of many."""
        said = [
            f"{self.layout.cell(blank)} is {_as_typed(typed)}"
            for blank, typed in self.typed.items()
            if typed
        ]
        yield from said[:LISTED]
        if (rest := len(said) - LISTED) > 0:
            answers = "1 more answer is" if rest == 1 else f"{rest} more answers are"
            yield f"{answers} typed as text and read as numbers"

    def _constant(self, blank: Quantity) -> float | str | None:
        """Return what a student typed; truth values as text, as they are not numbers here."""
        answer, typed = self.answers[blank], self.typed[blank]
        return typed.value if typed else _plain(answer)

    def _mark(self, blank: Quantity, answer: FileCell, found: object) -> Mark:
        expected, refusal = self.assignment.value(blank), self.refused.get(blank)
        status, reason = _status(answer, found, expected)
        if typed := self.typed[blank]:
            reason = f"{reason}; {_as_typed(typed)}" if reason else _as_typed(typed)
        if refusal:
            status, reason = ("answers" if refusal.is_cheating else "wrong"), str(refusal)
        elif status == "wrong" and (helper := self._helper(self.formulas.get(blank, ""))):
            reason += f"; {helper} is not a cell of the exercise and counts as empty"
        cell, value = self.layout.cell(blank), found if isinstance(found, (float, str)) else None
        return Mark(cell, *blank, status, _shown(answer), value, expected, reason)

    def _helper(self, formula: str) -> str:
        """Return a cell that a formula reads and the student filled, but that is not graded."""
        known = {RATE_CELL, *map(self.layout.place, self.layout.quantities)}
        for before, token in pairwise([Token("", ""), *tokens(formula)]):
            if token.kind == "cell" and before.kind != "sheet":
                place = place_of(token.text)
                if place not in known and self.submission.cells.get(place, EMPTY) != EMPTY:
                    return without_dollars(token.text)
        return ""

    def recalculated(self, formulas: Mapping[Quantity, str]) -> dict[Quantity, object]:
        """Return the values of these formulas; raises RunError if the engine fails."""
        with scratch_folder() as folder:
            path = Path(folder, "trusted.xlsx")
            canvases = [self._trusted(formulas), *self.numbers]
            write_workbook(canvases, path, "Answers to grade")
            values: Values = self.engine.recalculate(path)
        found = values[exercise_sheet.NAME]
        return {blank: found.get(self.layout.place(blank)) for blank in formulas}

    def _trusted(self, formulas: Mapping[Quantity, str]) -> Canvas:
        """Return the sheet of the exercise with constants for all but the student's formulas."""
        canvas = Canvas(exercise_sheet.NAME)
        canvas.write(*RATE_CELL, self.assignment.student.numbers[RATE])
        for quantity in self.layout.quantities:
            place = self.layout.place(quantity)
            if quantity not in self.answers:
                canvas.write(*place, self.assignment.value(quantity))
            elif quantity in formulas:
                canvas.calculate(*place, f"={formulas[quantity]}", IMPOSSIBLE)
            elif (found := self._constant(quantity)) is not None:
                canvas.write(*place, found)
        return canvas


def _plain(answer: FileCell) -> float | str | None:
    value = answer.value
    if answer.formula is not None or value is None:
        return None
    if isinstance(value, float) and isfinite(value):
        return value
    # A file's escapes, such as _x0001_, say characters that no workbook or report can hold.
    text = without_impossible(str(value)[:LONGEST_TEXT])
    return text.upper() if isinstance(value, bool) else text


def _typed(answer: FileCell) -> TypedNumber | None:
    """Return the number that an answer says which is a text."""
    is_text = answer.formula is None and isinstance(answer.value, str)
    return number_in(str(answer.value)) if is_text else None


def _as_typed(typed: TypedNumber) -> str:
    return f"typed as text{' ' * bool(typed.how)}{typed.how}; read as {typed.value:.15g}"


def _status(answer: FileCell, found: object, expected: float) -> tuple[Status, str]:
    if answer.formula is None and answer.value is None:
        return "empty", ""
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        is_truth = answer.formula is None and isinstance(answer.value, bool)
        return "wrong", _not_a_number(answer.value if is_truth else found)
    if is_right(found, expected):
        return "right", ""
    return "wrong", f"found {found:.9g}, expected {expected:.9g}"


def _not_a_number(found: object) -> str:
    if is_error(found):
        return f"the value is the error {found}"
    if isinstance(found, str) and found:
        return f"found the text {found[:LONGEST_TEXT]!r}"
    return "has no value" if found in (None, "") else f"found {str(found).upper()}"


def _shown(answer: FileCell) -> str:
    if answer.formula is not None:
        return f"={answer.formula}"[:LONGEST_TEXT]
    if isinstance(answer.value, float):
        return f"{answer.value:.15g}"
    return str(_plain(answer) or "")
