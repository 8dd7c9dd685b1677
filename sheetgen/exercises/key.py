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
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from sheetgen.errors import InputError
from sheetgen.exercises.assignment.blanks import possible
from sheetgen.exercises.assignment.class_list import MAXIMUM_NAME
from sheetgen.exercises.assignment.exercise import (
    ABSOLUTE,
    LARGEST,
    RELATIVE,
    Assignment,
    Exercise,
    Student,
)
from sheetgen.exercises.assignment.own_numbers import RATE, draw
from sheetgen.exercises.assignment.table_layout import Quantity
from sheetgen.exercises.choices import LEVELS, MAXIMUM_SEED, TOPICS
from sheetgen.exercises.key_document import LONGEST_NAME, Object, read_document
from sheetgen.files.saving import resolved
from sheetgen.template.template import parse
from sheetgen.template.toml_table import chosen
from sheetgen.version import __version__

FORMAT = "sheetgen exercise key"
VERSION = 1
ENDING = ".key.json"

_IDENTIFIER = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True)
class Key:
    """What a key file says: the exercise and who got it with which numbers."""

    exercise: Exercise
    students: tuple[Student, ...]
    path: Path

    def assigned(self, student: Student) -> Assignment:
        """Return the exercise of one of the students.

        Raises InputError if the training with these numbers leaves those that one can work with.
        """
        assignment = self.exercise.assigned(student)
        values = map(assignment.value, assignment.layout.quantities)
        is_bounded = all(abs(value) < LARGEST for value in assignment.expected.values())
        if not is_bounded or not all(map(isfinite, values)):
            place = self.students.index(student)
            raise InputError(
                f"{self.path}: students[{place}].numbers: found numbers with which the training "
                f"diverges; expected results within {LARGEST:g}"
            )
        return assignment


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
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        is_kept = False
    if not is_kept:
        raise refused(path, "and is the key of other workbooks")


def refused(path: Path, what: str) -> InputError:
    """Return the complaint about a file that must not be overwritten."""
    return InputError(f"{path} already exists {what}; --force overwrites it")


def read_key(path: Path) -> Key:
    """Read a key file; raises InputError if it is not one, or one of another version."""
    try:
        return _key(read_document(path, FORMAT), path)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _key(table: Object, path: Path) -> Key:
    table.whole("version", VERSION, VERSION, f"{VERSION}, which this sheetgen reads")
    table.only(
        *("format", "version", "written_by", "template", "topic", "level", "seed"),
        *("tolerance", "blanks", "students"),
    )
    table.line("written_by", MAXIMUM_NAME)
    _check_tolerance(table.table("tolerance"))
    source = table.table("template")
    source.only("toml", "files")
    files = source.table("files").texts_by_name()
    text = source.required("toml")
    if not isinstance(text, str):
        raise source.refused("toml", "the text of a template")
    template = parse(text, source.path("toml"), files)
    table.required("topic")
    topic = table.choice("topic", TOPICS, "")
    level, seed = table.whole("level", *LEVELS[::2]), table.whole("seed", 0, MAXIMUM_SEED)
    try:
        exercise = Exercise.of(template, topic, level, seed)
    except InputError as error:
        raise InputError(f"{source.path('toml')}: {error}") from None
    students = _students(table, exercise)
    exercise = replace(exercise, blanks=_blanks(table, exercise))
    return Key(exercise, students, path)


def _check_tolerance(table: Object) -> None:
    """Refuse another tolerance than that by which the exercises mark themselves."""
    known = {"relative": RELATIVE, "absolute": ABSOLUTE}
    table.only(*known)
    for key, expected in known.items():
        if table.number(key) != expected:
            raise table.refused(key, f"{expected:g}, as in the workbooks of this sheetgen")


def _students(table: Object, exercise: Exercise) -> tuple[Student, ...]:
    known = draw(exercise.template, exercise.seed)
    seen: dict[str, str] = {}
    students = []
    for entry in table.tables("students"):
        student = _student(entry, tuple(known))
        for key, value in (("id", student.identifier), ("file", student.file.casefold())):
            former = seen.setdefault(f"{key} {value}", entry.path(key))
            if former != entry.path(key):
                raise entry.refused(key, f"another than that of {former}")
        students.append(student)
    return tuple(students)


def _student(table: Object, names: tuple[str, ...]) -> Student:
    table.only("id", "name", "seed", "file", "numbers")
    identifier = table.required("id")
    if not isinstance(identifier, str) or not _IDENTIFIER.fullmatch(identifier):
        raise table.refused("id", "the 12 digits, 0 to 9 and a to f, in the student's workbook")
    numbers = table.table("numbers")
    numbers.only(*names)
    found = {name: numbers.number(name) for name in names}
    if found[RATE] <= 0:
        raise numbers.refused(RATE, "a number above 0")
    file = table.line("file", LONGEST_NAME)
    if not file.endswith(".xlsx") or file == ".xlsx":
        raise table.refused("file", "the name of a workbook, NAME.xlsx")
    name, seed = table.line("name", MAXIMUM_NAME), table.whole("seed", 0, MAXIMUM_SEED)
    return Student(identifier, name, seed, file.removesuffix(".xlsx"), found)


def _blanks(table: Object, exercise: Exercise) -> tuple[Quantity, ...]:
    """Return the blanks, which must be where this version of sheetgen puts them."""
    numbers = draw(exercise.template, exercise.seed)
    typical = exercise.assigned(Student("", "", exercise.seed, "", numbers))
    layout = typical.layout
    calculated = possible(layout, exercise.template.network, typical.trace)
    symbols = list(dict.fromkeys(symbol for symbol, _ in sorted(calculated, key=layout.place)))
    found: list[Quantity] = []
    for entry in table.tables("blanks"):
        entry.only("cell", "symbol", "iteration")
        expected = "a symbol of the table that is calculated"
        symbol = chosen(entry.required("symbol"), symbols, entry.path("symbol"), expected)
        quantity = symbol, entry.whole("iteration", 0, layout.rows - 1)
        if quantity not in calculated:
            raise entry.refused("iteration", f"an iteration in which {symbol} is calculated")
        if entry.required("cell") != layout.cell(quantity):
            expected = f"{layout.cell(quantity)}, where {symbol} is in a table of this sheetgen"
            raise entry.refused("cell", expected)
        if quantity in found:
            raise entry.refused("cell", "each blank once")
        found.append(quantity)
    return tuple(found)
