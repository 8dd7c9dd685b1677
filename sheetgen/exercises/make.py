"""Writes and verifies exercises: the students' workbooks, the teacher's copies and the key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheetgen.console import progress
from sheetgen.errors import InputError, RunError
from sheetgen.exercises.assignment.class_list import Name, given_names, read_names
from sheetgen.exercises.assignment.exercise import Assignment, Exercise, Student
from sheetgen.exercises.key import ENDING, check_key, key_text, refused
from sheetgen.exercises.sheets.exercise_workbook import ANSWERS, compose, read_seal
from sheetgen.files.characters import require_possible
from sheetgen.files.locking import in_turn, reserved
from sheetgen.files.saving import Saved, is_open_elsewhere, resolved, save_text
from sheetgen.spreadsheet import stamp
from sheetgen.spreadsheet.engines import EMBEDDED, Engine
from sheetgen.spreadsheet.reader import sheet_names
from sheetgen.spreadsheet.save_workbook import save_workbook
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template.template import Template
from sheetgen.verification.results import Result
from sheetgen.verification.verify import verify_canvases

ENDING_OF_SOLUTION = ".solution.xlsx"
SOLUTIONS = "solutions"  # the folder for those of a class
SINGLE = "exercise"  # the name of a file that has no student's name


@dataclass(frozen=True)
class Made:
    """What was written: the workbooks, the teacher's copies, the key; and how each verifies."""

    exercise: Exercise
    students: tuple[Student, ...]
    workbooks: tuple[Saved, ...]
    solutions: tuple[Saved, ...]
    key: Saved
    results: tuple[Result, ...]


@dataclass(frozen=True)
class _File:
    """A workbook to write."""

    path: Path
    assignment: Assignment
    solved: bool = False


def make_exercise(
    template: Template,
    path: Path | str,
    *,
    topic: str = "all",
    level: int = 1,
    seed: int = 0,
    students: Path | str | Sequence[str] | None = None,
    solution: bool = False,
    force: bool = False,
    engine: Engine = EMBEDDED,
) -> Made:
    """Write an exercise to the file `path`, or one for each student into the folder `path`.

    `students` is a CSV file with a column `name`, or the names themselves. With `solution` the
    teacher's copies are written, too.

    Raises InputError if the exercise cannot be made from the template, if nothing can be written
    there, or if there is a file that is not this same exercise, untouched (unless `force`); nothing
    is written then. Raises RunError if writing fails or a written workbook does not verify.
    """
    path = Path(path)
    exercise = Exercise.of(template, topic, level, seed)
    if students is None:
        path = path / f"{SINGLE}.xlsx" if path.is_dir() else path
        if path.suffix.lower() != ".xlsx":
            raise InputError(f"{path} must end in .xlsx, so that spreadsheet programs open it")
        require_possible(path.stem, f"the name {path.name!r}")
        people = [exercise.student("", seed, path.stem)]
        folder, key = path.parent, path.with_name(f"{path.stem}{ENDING}")
    else:
        if path.suffix.lower() == ".xlsx" or path.is_file():
            raise InputError(f"{path} is a file; expected a folder for a workbook of each student")
        people = exercise.students(_names(students))
        # The folder may have been given as "." and the like.
        folder, key = path, path / f"{path.resolve().name or SINGLE}{ENDING}"
    exercise = exercise.closed(people)
    files = list(_files(exercise, people, folder, students is not None, solution))
    text = key_text(exercise, people)
    with in_turn(resolved(path)) if students is None else reserved(folder):
        if not force:
            check_key(key, text)
            for file in files:
                _check_workbook(file.path, file.assignment)
        return _write(exercise, people, files, (key, text), engine)


def _names(students: Path | str | Sequence[str]) -> list[Name]:
    if isinstance(students, (Path, str)):
        return read_names(Path(students))
    return given_names(students)


def _files(
    exercise: Exercise, people: Sequence[Student], folder: Path, is_class: bool, solution: bool
) -> Iterator[_File]:
    solutions = folder / SOLUTIONS if is_class else folder
    for student in people:
        assignment = exercise.assigned(student)
        yield _File(folder / f"{student.file}.xlsx", assignment)
        if solution:
            path = solutions / f"{student.file}{ENDING_OF_SOLUTION}"
            yield _File(path, assignment, solved=True)


def _write(
    exercise: Exercise,
    people: Sequence[Student],
    files: Sequence[_File],
    key: tuple[Path, str],
    engine: Engine,
) -> Made:
    # The key first: without it the workbooks could not be graded.
    saved_key = save_text(*key)
    saved: dict[bool, list[Saved]] = {False: [], True: []}
    results = []
    for file in progress.counted(files, "workbooks"):
        place, result = _write_file(file, engine)
        saved[file.solved].append(place)
        results.append(result)
    workbooks, solutions = map(tuple, saved.values())
    return Made(exercise, tuple(people), workbooks, solutions, saved_key, tuple(results))


def _write_file(file: _File, engine: Engine) -> tuple[Saved, Result]:
    composed = compose(file.assignment, file.solved)
    saved = save_workbook(
        file.path,
        lambda to: write_workbook(composed.canvases, to, composed.title),
        is_open_elsewhere(file.path),
    )
    try:
        result = verify_canvases(saved.path, composed.canvases, file.assignment.plan, engine)
    except RunError as error:
        raise RunError(f"{saved.path} is written, but could not be verified: {error}") from error
    for finding in result.findings:
        raise RunError(f"{saved.path} is written, but does not verify: {finding}")
    return saved, result


def _check_workbook(path: Path, assignment: Assignment) -> None:
    """Raise InputError unless the place is free or holds this same exercise, untouched."""
    target = resolved(path)
    if not target.exists() or is_open_elsewhere(path):  # then it is left as it is
        return
    try:
        hidden = stamp.hidden_values(target, ANSWERS)
    except InputError:
        raise refused(path, "and is not a workbook") from None
    if hidden is None:
        raise refused(path, "and is not an exercise of sheetgen")
    identifier, fingerprint = read_seal(hidden)
    if identifier != assignment.student.identifier:
        raise refused(path, "and is another exercise")
    seen = [name for name in sheet_names(target) if name != ANSWERS]
    if not stamp.is_unedited(target, seen, fingerprint):
        raise refused(path, "and somebody has worked in it")
