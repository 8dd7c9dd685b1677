"""Grades files in worker processes, so that what breaks an engine costs no more than its own mark.

Where the engine fails, crashes, hangs or takes all memory, each formula of that file is tried by
itself, and those on which the engine fails are left out when the file is graded again.
"""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from sheetgen.errors import RunError
from sheetgen.exercises.assignment.exercise import Student
from sheetgen.exercises.assignment.table_layout import Quantity
from sheetgen.exercises.grading.grader import Grader, Mark
from sheetgen.exercises.grading.handed_in import read_handed_in
from sheetgen.exercises.grading.identity import owner_of
from sheetgen.exercises.grading.submission import Submission
from sheetgen.exercises.key import Key
from sheetgen.processes.workers import Outcome, UnexpectedError, run_each
from sheetgen.spreadsheet.engines import Engine

# Of a processor. A file takes about a tenth of a second, or ten where LibreOffice has to start.
SECONDS = 600.0
SECONDS_OF_A_FORMULA = 120.0
MOST_FAILURES = 5  # formulas that may fail one by one, before the rest is not tried any more


@dataclass(frozen=True)
class Work:
    """A file to grade; `bundle` is the pickle of the key and the engine, the same for all files.

    `left_out` are the blanks whose formulas are not calculated; only `alone`, if there is such a
    blank, is.
    """

    path: Path
    bundle: bytes
    left_out: frozenset[Quantity] = frozenset()
    alone: Quantity | None = None


@dataclass(frozen=True)
class Marked:
    """The result of a file: whose it is, the marks, and what is odd about it."""

    student: Student
    marks: tuple[Mark, ...]
    remarks: tuple[str, ...]


def graded_by_workers(files: Sequence[Work], jobs: int) -> Iterator[Outcome[Marked]]:
    """Yield the outcome of each file in the order of the files; up to `jobs` processes work."""
    jobs = max(1, min(jobs, len(files)))
    for work, outcome in zip(files, run_each(_graded, files, jobs, SECONDS), strict=True):
        has_failed = isinstance(outcome.error, RunError)
        is_our_fault = isinstance(outcome.error, UnexpectedError)
        yield _graded_in_parts(work, jobs) if has_failed and not is_our_fault else outcome


def _graded_in_parts(work: Work, jobs: int) -> Outcome[Marked]:
    """Return the outcome of a file on whose formulas the engine failed."""
    (asked,) = run_each(_formulas, [work], 1, SECONDS)
    if asked.error:  # then it was no formula
        return Outcome(None, asked.error)
    blanks = asked.result()
    trials = [replace(work, alone=blank) for blank in blanks]
    fine: set[Quantity] = set()
    failures = 0
    tried = run_each(_tried, trials, jobs, SECONDS_OF_A_FORMULA)
    for blank, trial in zip(blanks, tried, strict=True):
        if trial.error is None:
            fine.add(blank)
        elif (failures := failures + 1) == MOST_FAILURES:
            break
    rest = replace(work, left_out=frozenset(blanks) - fine)
    (outcome,) = run_each(_graded, [rest], 1, SECONDS)
    return outcome


@lru_cache(maxsize=1)
def _unpacked(bundle: bytes) -> tuple[Key, Engine]:
    key, engine = pickle.loads(bundle)
    return key, engine


def _read(work: Work) -> tuple[Student, list[str], Grader]:
    """Return whose file it is, what is odd about it, and what can mark it."""
    key, engine = _unpacked(work.bundle)
    handed_in = read_handed_in(work.path)
    owner = owner_of(handed_in, key)
    submission = Submission.of(handed_in, key.assigned(owner.student))
    doubts = [note for note in (owner.doubt, *submission.remarks()) if note]
    return owner.student, doubts, Grader(submission, engine, work.left_out)


def _graded(work: Work) -> Marked:
    student, doubts, grader = _read(work)
    marks = tuple(grader.marks())
    return Marked(student, marks, (*doubts, *grader.remarks()))


def _formulas(work: Work) -> list[Quantity]:
    """Return the blanks with formulas, once all is calculated but these."""
    *_, grader = _read(work)
    grader.recalculated({})
    return list(grader.formulas)


def _tried(work: Work) -> None:
    """Calculate one formula alone."""
    *_, grader = _read(work)
    assert work.alone is not None, "a trial is of one formula"
    grader.recalculated({work.alone: grader.formulas[work.alone]})
