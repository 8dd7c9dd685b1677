"""Reports marks: as a CSV file with one line a file, as JSON, and as text."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from sheetgen.exercises.assignment.exercise import Exercise
from sheetgen.exercises.grading.grade import Graded
from sheetgen.exercises.grading.grader import Mark, Status
from sheetgen.files.growing_table import GrowingTable

COLUMNS = ("file", "name", "right", "of", "remarks")
ANSWERS = "refers to the answers"
WORDS: dict[Status, str] = {
    "wrong": "wrong",
    "empty": "empty",
    "answers": "referring to the answers",
}


def marks_table(path: Path, exercise: Exercise) -> GrowingTable:
    """Return the CSV file of the marks, to which each file adds its `marks_line`."""
    header = [*COLUMNS, *(f"{symbol} ({row})" for symbol, row in exercise.blanks)]
    return GrowingTable(path, header, ",".join(COLUMNS), "marks")


def marks_line(exercise: Exercise, graded: Graded) -> list[str]:
    """Return the line of a file in the table of the marks."""
    return list(_line(graded, len(exercise.blanks)))


def _line(graded: Graded, total: int) -> Iterator[str]:
    yield str(graded.path)
    yield graded.student.name if graded.student else ""
    yield str(graded.right) if not graded.error else ""
    yield str(total)
    yield "; ".join([*graded.remarks, *([graded.error] if graded.error else [])])
    yield from (said(mark) for mark in graded.marks)


def said(mark: Mark) -> str:
    """Return the result of a blank in words, such as "wrong: found 0.5, expected 0.6".

    How a right number was typed is among the remarks.
    """
    if mark.status in ("right", "empty"):
        return mark.status
    if mark.status == "answers" and mark.reason != ANSWERS:
        return f"{ANSWERS}: {mark.reason}"
    return mark.reason if mark.status == "answers" else f"wrong: {mark.reason}"


def lines(graded: Graded) -> Iterator[str]:
    """Yield the lines of text about a file: the marks, the remarks, and each cell."""
    if graded.error or graded.student is None:
        yield graded.error
        return
    counts = Counter(mark.status for mark in graded.marks)
    rest = "".join(f", {counts[each]} {word}" for each, word in WORDS.items() if counts[each])
    owner = f"{graded.student.name}, " if graded.student.name else ""
    yield f"{graded.path}: {owner}{graded.right} of {len(graded.marks)} right{rest}"
    yield from (f"  note: {remark}" for remark in graded.remarks)
    for status in ("right", "empty"):
        if places := [_place(mark) for mark in graded.marks if mark.status == status]:
            yield f"  {status}: {', '.join(places)}"
    for mark in graded.marks:
        if mark.status not in ("right", "empty"):
            answer = f"  [{mark.answer}]" if mark.answer.startswith("=") else ""
            yield f"  {_place(mark)}: {said(mark)}{answer}"


def _place(mark: Mark) -> str:
    return f"{mark.symbol} ({mark.iteration}) {mark.cell}"


def as_json(graded: Graded) -> dict[str, object]:
    """Return the result of a file, for JSON."""
    student = graded.student
    return {
        "file": str(graded.path),
        "name": student.name if student else None,
        "id": student.identifier if student else None,
        "right": graded.right,
        "of": len(graded.marks),
        "remarks": list(graded.remarks),
        "error": graded.error or None,
        "cells": [asdict(mark) for mark in graded.marks],
    }
