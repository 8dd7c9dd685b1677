"""Writes exercises: the students' workbooks, the teacher's copies, the key; and verifies them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheetgen.errors import InputError, RunError
from sheetgen.exercises.assignment.class_list import Name, read_names
from sheetgen.exercises.assignment.exercise import Assignment, Exercise, Student
from sheetgen.exercises.guard import check_key, check_workbook
from sheetgen.exercises.key import ENDING, key_text
from sheetgen.exercises.proof import Proof, prove
from sheetgen.exercises.sheets.exercise_workbook import Composed, compose
from sheetgen.saving import Saved, is_open_elsewhere, save
from sheetgen.spreadsheet.engines import EMBEDDED, Engine
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template.template import Template

ENDING_OF_SOLUTION = ".solution.xlsx"
SOLUTIONS = "solutions"  # the folder of a class's
SINGLE = "exercise"  # the name of a file in a folder, where no student's name gives one


@dataclass(frozen=True)
class Made:
    """What was written: the workbooks, the teacher's copies, the key; and that they verify."""

    exercise: Exercise
    students: tuple[Student, ...]
    workbooks: tuple[Saved, ...]
    solutions: tuple[Saved, ...]
    key: Saved
    proof: Proof


@dataclass(frozen=True)
class _File:
    """A workbook to write."""

    assignment: Assignment
    path: Path
    solved: bool


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
    progress: Callable[[int, int], None] | None = None,
) -> Made:
    """Write an exercise to the file `path`, or one for each student into the folder `path`.

    `students` is a CSV file with a column name, or the names themselves. With `solution` the
    teacher's copies are written, too. `progress` is told how many workbooks of how many are done.

    Raises InputError when the exercise cannot be made of the template, when nothing can be
    written there, or when a file stands there that is anything but this same exercise untouched
    (unless `force`); nothing is written then. Raises RunError when writing fails or a written
    workbook does not verify.
    """
    path = Path(path)
    exercise = Exercise.of(template, topic, level, seed)
    if students is None:
        path = path / f"{SINGLE}.xlsx" if path.is_dir() else path
        _check_ending(path)
        people = [exercise.student("", seed, path.stem)]
        folder, key = path.parent, path.with_name(f"{path.stem}{ENDING}")
    else:
        if path.suffix.lower() == ".xlsx" or path.is_file():
            raise InputError(f"{path} is a file; expected a folder for a workbook of each student")
        people = exercise.students(_names(students))
        folder, key = path, path / f"{_name_of(path)}{ENDING}"
    exercise = exercise.closed(people)
    files = list(_files(exercise, people, folder, students is not None, solution))
    text = key_text(exercise, people)
    if not force:
        check_key(key, text)
        for file in files:
            check_workbook(file.path, file.assignment)
    return _write(exercise, people, files, (key, text), engine, progress)


def _name_of(folder: Path) -> str:
    """Return the name of a folder that may have been given as "."."""
    return folder.resolve().name or SINGLE


def _names(students: Path | str | Sequence[str]) -> list[Name]:
    if isinstance(students, (Path, str)):
        return read_names(Path(students))
    if not students:
        raise InputError("found no students; expected at least one name")
    return [Name(name) for name in students]


def _check_ending(path: Path) -> None:
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path} must end in .xlsx, so that spreadsheet programs open it")


def _files(
    exercise: Exercise, people: Sequence[Student], folder: Path, is_class: bool, solution: bool
) -> Iterator[_File]:
    behind = folder / SOLUTIONS if is_class else folder
    for student in people:
        assignment = exercise.assigned(student)
        yield _File(assignment, folder / f"{student.file}.xlsx", solved=False)
        if solution:
            yield _File(assignment, behind / f"{student.file}{ENDING_OF_SOLUTION}", solved=True)


def _write(
    exercise: Exercise,
    people: Sequence[Student],
    files: Sequence[_File],
    key: tuple[Path, str],
    engine: Engine,
    progress: Callable[[int, int], None] | None,
) -> Made:
    # The key first: without it the workbooks could not be graded.
    path, text = key
    saved_key = save(path, lambda to: _write_text(to, text))
    saved: dict[bool, list[Saved]] = {False: [], True: []}
    proof = Proof(engine.version())
    for done, file in enumerate(files):
        if progress:
            progress(done, len(files))
        composed = compose(file.assignment, file.solved)
        place, found = _write_file(file, composed, engine)
        saved[file.solved].append(place)
        proof = proof.joined(found)
    if progress:
        progress(len(files), len(files))
    return Made(exercise, tuple(people), tuple(saved[False]), tuple(saved[True]), saved_key, proof)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_file(file: _File, composed: Composed, engine: Engine) -> tuple[Saved, Proof]:
    saved = save(
        file.path,
        lambda to: write_workbook(composed.canvases, to, composed.title),
        is_open_elsewhere(file.path),
    )
    try:
        return saved, prove(saved.path, composed.canvases, file.assignment.plan, engine)
    except RunError as error:
        raise RunError(f"{saved.path} is written, but {error}") from error
