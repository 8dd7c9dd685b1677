"""The marks of a class as a CSV file, one line a file, and as text for a person to read."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from sheetgen.errors import InputError
from sheetgen.exercises.assignment.exercise import Exercise
from sheetgen.exercises.grading.grade import Graded, Mark
from sheetgen.saving import Saved, resolved, save

COLUMNS = ("file", "name", "right", "of", "remarks")
ANSWERS = "refers to the answers"


def save_marks(path: Path, exercise: Exercise, graded: Sequence[Graded]) -> Saved:
    """Write the marks as CSV (RFC 4180, UTF-8 with a byte order mark, which Excel needs).

    Raises InputError when something else stands there than marks, RunError when writing fails.
    """
    check_marks(path)
    text = _text(exercise, graded)
    return save(path, lambda to: _write(to, text))


def check_marks(path: Path) -> None:
    """Raise InputError unless marks can be written to a path: it is free or holds marks."""
    target = resolved(path)
    if not target.exists():
        return
    try:
        start = target.read_bytes()[:200].decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    if not start.startswith(",".join(COLUMNS)):
        raise InputError(f"{path} is there already and holds no marks; expected another name")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8-sig", newline="")


def _text(exercise: Exercise, graded: Sequence[Graded]) -> str:
    output = io.StringIO(newline="")
    writer = csv.writer(output)
    writer.writerow([*COLUMNS, *(f"{symbol} ({row})" for symbol, row in exercise.blanks)])
    for each in graded:
        writer.writerow(map(_safe, _line(each, len(exercise.blanks))))
    return output.getvalue()


def _line(graded: Graded, total: int) -> Iterator[str]:
    yield str(graded.path)
    yield graded.student.name if graded.student else ""
    yield str(graded.right) if not graded.error else ""
    yield str(total)
    yield "; ".join([*graded.remarks, *([graded.error] if graded.error else [])])
    yield from (said(mark) for mark in graded.marks)


def _safe(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def said(mark: Mark) -> str:
    """Return what became of a blank in words, such as "wrong: found 0.5, expected 0.6"."""
    if mark.status in ("right", "empty"):
        return mark.status
    if mark.status == "answers" and mark.reason != ANSWERS:
        return f"{ANSWERS}: {mark.reason}"
    return mark.reason if mark.status == "answers" else f"wrong: {mark.reason}"


def lines(graded: Graded) -> Iterator[str]:
    """Yield what a person reads about a file: the marks, the remarks, and each cell."""
    if graded.error or graded.student is None:
        yield graded.error
        return
    counts = dict.fromkeys(("wrong", "empty", "answers"), 0)
    for mark in graded.marks:
        if mark.status in counts:
            counts[mark.status] += 1
    words = {"wrong": "wrong", "empty": "empty", "answers": "referring to the answers"}
    rest = "".join(f", {count} {words[status]}" for status, count in counts.items() if count)
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
    """Return what became of a file, for JSON."""
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
