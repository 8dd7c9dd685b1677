"""Writes and reads the key file, which has all that grading needs but the answers.

It is JSON, with the template's text and each student's numbers:

    {"format": "sheetgen exercise key", "version": 1, "written_by": "sheetgen 0.1.0",
     "template": {"toml": "title = …", "files": {"iris.csv": "…"}},
     "topic": "all", "level": 1, "seed": 0, "tolerance": {"relative": 1e-05, "absolute": 5e-10},
     "blanks": [{"cell": "K14", "symbol": "h1", "iteration": 0}, …],
     "students": [{"id": "3f9c…", "name": "Ada", "seed": 7, "file": "Ada.xlsx",
                   "numbers": {"i1": 0.05, …, "learning_rate": 0.5}}, …]}
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sheetgen.errors import InputError
from sheetgen.exercises.assignment.class_list import MAXIMUM_SEED
from sheetgen.exercises.assignment.exercise import (
    ABSOLUTE,
    LEVELS,
    RELATIVE,
    TOPICS,
    Exercise,
    Student,
)
from sheetgen.saving import resolved
from sheetgen.template.template import parse
from sheetgen.template.toml_table import Table, number
from sheetgen.version import __version__

FORMAT = "sheetgen exercise key"
VERSION = 1
ENDING = ".key.json"


@dataclass(frozen=True)
class Key:
    """What a key file says: the exercise and who got it with which numbers."""

    exercise: Exercise
    students: tuple[Student, ...]


def key_text(exercise: Exercise, students: Sequence[Student]) -> str:
    """Return the text of the key file."""
    layout = exercise.assigned(students[0]).layout
    document = {
        "format": FORMAT,
        "version": VERSION,
        "written_by": f"sheetgen {__version__}",
        "template": {"toml": exercise.template.source, "files": dict(exercise.template.files)},
        "topic": exercise.topic,
        "level": exercise.level,
        "seed": exercise.seed,
        "tolerance": {"relative": RELATIVE, "absolute": ABSOLUTE},
        "blanks": [
            {"cell": layout.cell(each), "symbol": each[0], "iteration": each[1]}
            for each in exercise.blanks
        ],
        "students": [
            {
                "id": each.identifier,
                "name": each.name,
                "seed": each.seed,
                "file": f"{each.file}.xlsx",
                "numbers": each.numbers,
            }
            for each in students
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


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
        raise refused(path, "and is the key of other workbooks")


def refused(path: Path, what: str) -> InputError:
    """Return the complaint about a file that must not be overwritten."""
    return InputError(f"{path} already exists {what}; --force overwrites it")


def read_key(path: Path) -> Key:
    """Read a key file; raises InputError if it is not one, or one of another version."""
    table = Table(_document(path))
    try:
        return _key(table)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path} cannot be read: it is not a file")
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path} is not a key file: it is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f"{path} is not a key file that `sheetgen exercise` wrote")
    return document


def _key(table: Table) -> Key:
    if table.values.get("version") != VERSION:
        raise table.refused("version", f"{VERSION}, which this sheetgen reads")
    source = table.table("template")
    files = source.table("files").values
    template = parse(str(source.required("toml")), source.path("toml"), files)
    topic = table.choice("topic", TOPICS, "all")
    level = table.whole("level", LEVELS[0], LEVELS[-1])
    exercise = Exercise.of(template, topic, level, table.whole("seed", 0, MAXIMUM_SEED))
    students = tuple(_read_student(each, exercise) for each in table.tables("students"))
    exercise = replace(exercise, blanks=_blanks(table, exercise, students[0]))
    return Key(exercise, students)


def _read_student(table: Table, exercise: Exercise) -> Student:
    numbers = table.table("numbers")
    found = {name: number(value, numbers.path(name)) for name, value in numbers.values.items()}
    name, file, identifier = (table.required(key) for key in ("name", "file", "id"))
    for key in ("name", "file", "id"):
        if not isinstance(table.values[key], str):
            raise table.refused(key, "a text")
    seed = table.whole("seed", 0, MAXIMUM_SEED)
    student = Student(identifier, name, seed, file.removesuffix(".xlsx"), found)
    try:
        exercise.assigned(student).plan  # noqa: B018 - asks for every number
    except KeyError as error:
        missing = numbers.path(error.args[0])
        raise InputError(f"{missing}: found nothing; expected this key") from None
    return student


def _blanks(table: Table, exercise: Exercise, student: Student) -> tuple[tuple[str, int], ...]:
    """Return the blanks, which must be where this version of sheetgen puts them."""
    layout = exercise.assigned(student).layout
    found = []
    for entry in table.tables("blanks"):
        symbol = entry.required("symbol")
        quantity = str(symbol), entry.whole("iteration", 0, layout.rows - 1)
        if symbol not in layout.places or layout.cell(quantity) != entry.required("cell"):
            expected = "the cell of that symbol and iteration, in a table of this sheetgen"
            raise entry.refused("cell", expected)
        found.append(quantity)
    return tuple(found)
