"""Finds out whose exercise a file is, by the number in it or else by its name or its inputs."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sheetgen.errors import InputError
from sheetgen.exercises.assignment.exercise import Student
from sheetgen.exercises.grading.handed_in import HandedIn
from sheetgen.exercises.key import Key
from sheetgen.exercises.sheets.exercise_workbook import ANSWERS, IDENTIFIER, MARK
from sheetgen.spreadsheet.reader import EMPTY
from sheetgen.workbook.plan import INPUTS

_IDENTIFIER = re.compile(r"exercise ([0-9a-f]{12})")


@dataclass(frozen=True)
class Owner:
    """The student whose exercise a file is, and what is doubtful about it ("" if nothing is)."""

    student: Student
    doubt: str = ""


def owner_of(handed_in: HandedIn, key: Key) -> Owner:
    """Return the student whose exercise a file is.

    The number of the exercise is on several sheets and in the properties; the one that occurs most
    often counts. Without any, the file's name decides, or else the numbers on `Inputs`.
    Raises InputError if it belongs to nobody in the key.
    """
    found = Counter(_identifiers(handed_in))
    students = {student.identifier: student for student in key.students}
    known = [students[each] for each, _ in found.most_common() if each in students]
    if known:
        return Owner(known[0], _doubt(handed_in, known, key))
    if found:
        raise InputError(
            f"{handed_in.path} is exercise {found.most_common(1)[0][0]}, which is not in the key"
        )
    if by_name := _by_file_name(handed_in, key.students):
        return Owner(by_name, f"it has lost its number; by its name it is {_shown(by_name)}")
    if by_inputs := _by_inputs(handed_in, key.students):
        return Owner(by_inputs, f"it has lost its number; by its inputs it is {_shown(by_inputs)}")
    raise InputError(f"{handed_in.path} does not say whose exercise it is")


def _identifiers(handed_in: HandedIn) -> Iterator[str]:
    for cells in handed_in.cells.values():
        for (row, _), cell in cells.items():
            if row == 1 and isinstance(cell.value, str):
                yield from _IDENTIFIER.findall(cell.value)
    yield from _IDENTIFIER.findall(handed_in.title)
    hidden = handed_in.cells.get(ANSWERS, {}).get(IDENTIFIER, EMPTY).value
    if isinstance(hidden, str):
        yield from _IDENTIFIER.findall(f"{MARK} {hidden}")


def _doubt(handed_in: HandedIn, known: Sequence[Student], key: Key) -> str:
    student, *others = known
    if others:
        names = ", ".join(map(_shown, others))
        return f"it is graded as {_shown(student)}'s, but parts of it belong to {names}"
    named = _by_file_name(handed_in, key.students)
    if named and named != student:
        return f"it is {_shown(student)}'s exercise, but its file name is {_shown(named)}'s"
    return ""


def _by_file_name(handed_in: HandedIn, students: Sequence[Student]) -> Student | None:
    """Return the student with the longest name that the file's name contains."""
    stem = handed_in.path.stem.casefold()
    fitting = [
        student
        for student in students
        if re.search(rf"(?<!\w){re.escape(student.file.casefold())}(?!\w)", stem)
    ]
    return max(fitting, key=lambda student: len(student.file), default=None)


def _by_inputs(handed_in: HandedIn, students: Sequence[Student]) -> Student | None:
    """Return the student most of whose numbers are on `Inputs`, if more than half of them are."""
    cells = handed_in.cells.get(INPUTS, {}).values()
    there = {cell.value for cell in cells if isinstance(cell.value, float)}

    def share(student: Student) -> float:
        """Return the share of a student's numbers that are there."""
        return sum(each in there for each in student.numbers.values()) / len(student.numbers)

    best = max(students, key=share)
    return best if share(best) > 0.5 else None


def _shown(student: Student) -> str:
    return student.name or student.file
