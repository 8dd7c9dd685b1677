"""Grades what students handed in: their answers, recalculated in a workbook of our own.

That workbook is made from the key: the student's numbers and what the exercise gives, as
constants, but no answers. From the student's file it takes only what is in the blanks. An engine
calculates it, and the reference says what is right.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from sheetgen.errors import InputError, RunError
from sheetgen.exercises.assignment.exercise import Student, is_right
from sheetgen.exercises.assignment.own_numbers import RATE
from sheetgen.exercises.assignment.table_layout import RATE_CELL, Quantity
from sheetgen.exercises.grading.handed_in import read_handed_in
from sheetgen.exercises.grading.identity import owner_of
from sheetgen.exercises.grading.scrutiny import RefusedError, scrutinised
from sheetgen.exercises.grading.submission import Submission
from sheetgen.exercises.key import Key, read_key
from sheetgen.exercises.sheets import exercise_sheet
from sheetgen.exercises.sheets.exercise_workbook import given_sheets
from sheetgen.spreadsheet.address import place_of, without_dollars
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.engines import EMBEDDED, Engine, Values
from sheetgen.spreadsheet.reader import EMPTY, FileCell, is_error
from sheetgen.spreadsheet.tokens import Token, tokens
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.verification.verify import IMPOSSIBLE

Status = Literal["right", "wrong", "empty", "answers"]
LONGEST_TEXT = 200  # of an answer that is repeated in a report


@dataclass(frozen=True)
class Mark:
    """The result of one blank.

    The status is "answers" for a formula that refers to the answers. `answer` is what the student
    put there, a formula with "="; `found` is its value, if it was calculated.
    """

    cell: str
    symbol: str
    iteration: int
    status: Status
    answer: str
    found: float | str | None
    expected: float
    reason: str


@dataclass(frozen=True)
class Graded:
    """The result of one file; `error` says why it could not be graded, or is empty.

    `has_failed` tells that the engine failed, rather than that the file is bad.
    """

    path: Path
    student: Student | None
    marks: tuple[Mark, ...] = ()
    remarks: tuple[str, ...] = ()
    error: str = ""
    has_failed: bool = False

    @property
    def right(self) -> int:
        """Number of right answers."""
        return sum(mark.status == "right" for mark in self.marks)

    @property
    def is_full(self) -> bool:
        """Whether everything is right."""
        return bool(self.marks) and self.right == len(self.marks)


def grade(
    key: Path | str | Key, files: Iterable[Path | str], engine: Engine = EMBEDDED
) -> Iterator[Graded]:
    """Yield the result of each file; one that cannot be read has an `error`.

    Raises InputError if the key cannot be read, RunError if the engine is missing.
    """
    key = key if isinstance(key, Key) else read_key(Path(key))
    engine.require()
    seen: dict[str, Path] = {}
    for path in map(Path, files):
        try:
            graded = _graded(path, key, engine, seen)
        except InputError as error:
            graded = Graded(path, None, error=str(error))
        except RunError as error:
            reason = f"{path} could not be recalculated: {error}"
            graded = Graded(path, None, error=reason, has_failed=True)
        yield graded


def _graded(path: Path, key: Key, engine: Engine, seen: dict[str, Path]) -> Graded:
    handed_in = read_handed_in(path)
    owner = owner_of(handed_in, key)
    submission = Submission.of(handed_in, key.exercise.assigned(owner.student))
    notes = [owner.doubt, *submission.remarks()]
    former = seen.setdefault(owner.student.identifier, path)
    if former is not path:
        notes.append(f"{former} is this exercise, too")
    marks = tuple(_Grader(submission, engine).marks())
    return Graded(path, owner.student, marks, tuple(note for note in notes if note))


class _Grader:
    """Grades one file."""

    def __init__(self, submission: Submission, engine: Engine) -> None:
        self.submission, self.engine = submission, engine
        self.assignment, self.layout = submission.assignment, submission.assignment.layout
        self.numbers = given_sheets(self.assignment)
        self.answers = {each: submission.answer(each) for each in self.assignment.exercise.blanks}
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
        if self.submission.is_spread(blank):
            raise RefusedError("belongs to an array formula over several cells", False)
        return text

    def marks(self) -> Iterator[Mark]:
        values = self._computed(self.formulas)
        for blank, answer in self.answers.items():
            found = values.get(blank) if blank in self.formulas else _constant(answer)
            yield self._mark(blank, answer, found)

    def _mark(self, blank: Quantity, answer: FileCell, found: object) -> Mark:
        expected, refusal = self.assignment.value(blank), self.refused.get(blank)
        status, reason = _status(answer, found, expected)
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

    def _computed(self, formulas: Mapping[Quantity, str]) -> dict[Quantity, object]:
        """Return the values of the formulas; one on which the engine fails has none."""
        try:
            return self._recalculated(formulas)
        except RunError:
            fine: dict[Quantity, str] = {}
            for each, text in formulas.items():
                with suppress(RunError):
                    self._recalculated({each: text})
                    fine[each] = text
            if len(fine) == len(formulas):
                raise
            return self._recalculated(fine)

    def _recalculated(self, formulas: Mapping[Quantity, str]) -> dict[Quantity, object]:
        if not formulas:
            return {}
        with TemporaryDirectory(prefix="sheetgen-") as folder:
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
            elif (found := _constant(self.answers[quantity])) is not None:
                canvas.write(*place, found)
        return canvas


def _constant(answer: FileCell) -> float | str | None:
    """Return what a student typed; truth values as text, as they are not numbers here."""
    value = answer.value
    if answer.formula is not None or value is None:
        return None
    if isinstance(value, float) and isfinite(value):
        return value
    return str(value).upper() if isinstance(value, bool) else str(value)[:LONGEST_TEXT]


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
    return str(_constant(answer) or "")
