"""Grades what students handed in, file by file: whose exercise it is, the marks and the remarks."""

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sheetgen.errors import InputError
from sheetgen.exercises.assignment.exercise import Student
from sheetgen.exercises.grading.grader import Mark
from sheetgen.exercises.grading.grading_worker import Marked, Work, graded_by_workers
from sheetgen.exercises.key import Key, read_key
from sheetgen.processes.workers import Outcome
from sheetgen.spreadsheet.engines import EMBEDDED, Engine


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
    key: Path | str | Key, files: Iterable[Path | str], engine: Engine = EMBEDDED, jobs: int = 1
) -> Iterator[Graded]:
    """Yield the result of each file, in the order of the files; one without marks has an `error`.

    Up to `jobs` worker processes work on the files; the results are the same with any number of
    them. Raises InputError if the key cannot be read, RunError if the engine is missing.
    """
    key = key if isinstance(key, Key) else read_key(Path(key))
    engine.require()
    bundle = pickle.dumps((key, engine))
    work = [Work(Path(path), bundle) for path in files]
    seen: dict[str, Path] = {}
    for each, outcome in zip(work, graded_by_workers(work, jobs), strict=True):
        yield _told_apart(_result(each.path, outcome), seen)


def _result(path: Path, outcome: Outcome[Marked]) -> Graded:
    if outcome.error is None:
        marked = outcome.result()
        return Graded(path, marked.student, marked.marks, marked.remarks)
    reason = " ".join(str(outcome.error).split())
    if isinstance(outcome.error, InputError):
        return Graded(path, None, error=reason)
    return Graded(path, None, error=f"{path} could not be graded: {reason}", has_failed=True)


def _told_apart(graded: Graded, seen: dict[str, Path]) -> Graded:
    """Return the result with a remark if an earlier file is of the same student."""
    if graded.student is None:
        return graded
    former = seen.setdefault(graded.student.identifier, graded.path)
    if former is graded.path:
        return graded
    return replace(graded, remarks=(*graded.remarks, f"{former} is this exercise, too"))
