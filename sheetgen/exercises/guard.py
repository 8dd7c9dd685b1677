"""Checks whether writing an exercise would overwrite something that is still needed."""

import json
from pathlib import Path

from sheetgen.errors import InputError
from sheetgen.exercises.assignment.exercise import Assignment
from sheetgen.exercises.sheets import answers
from sheetgen.saving import is_open_elsewhere, resolved
from sheetgen.spreadsheet import stamp
from sheetgen.spreadsheet.reader import sheet_names


def check_workbook(path: Path, assignment: Assignment) -> None:
    """Raise InputError unless the place is free or holds this same exercise, untouched."""
    target = resolved(path)
    if not target.exists() or is_open_elsewhere(path):  # then it is left as it is
        return
    try:
        hidden = stamp.hidden_values(target, answers.NAME)
    except InputError:
        raise _refused(path, "and is no workbook") from None
    if hidden is None:
        raise _refused(path, "and is no exercise of sheetgen")
    identifier, fingerprint = answers.read_seal(hidden)
    if identifier != assignment.student.identifier:
        raise _refused(path, "and is another exercise")
    seen = [name for name in sheet_names(target) if name != answers.NAME]
    if not stamp.is_unedited(target, seen, fingerprint):
        raise _refused(path, "and somebody has worked in it")


def check_key(path: Path, text: str) -> None:
    """Raise InputError unless the place is free or all its students are in the new key, too."""
    target = resolved(path)
    if not target.exists():
        return
    try:
        former = json.loads(target.read_bytes())
        new = json.loads(text)
        is_kept = all(student in new["students"] for student in former["students"]) and all(
            former[name] == new[name] for name in ("format", "template", "topic", "level", "blanks")
        )
    except (OSError, ValueError, KeyError, TypeError):
        is_kept = False
    if not is_kept:
        raise _refused(path, "and is the key of other workbooks")


def _refused(path: Path, what: str) -> InputError:
    return InputError(f"{path} is there already {what}; --force overwrites it")
