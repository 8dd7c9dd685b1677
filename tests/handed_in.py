"""Workbooks that students hand in: an exercise whose blanks hold what a test puts there."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from sheetgen.exercises import Graded, Made, grade
from sheetgen.exercises.assignment.exercise import Assignment, Exercise
from sheetgen.exercises.assignment.table_layout import Quantity
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.template import template

Answer = float | str | bool | None
Answers = Callable[[Quantity], Answer]
"""What a student puts into a blank."""


def assignment_of(made: Made, student: int = 0) -> Assignment:
    """The exercise of one of the students."""
    return made.exercise.assigned(made.students[student])


def exercise(name: str = "era-v1", topic: str = "all", level: int = 1) -> Exercise:
    """An exercise on a built-in template."""
    return Exercise.of(template.load(name), topic, level)


def typical(chosen: Exercise) -> Assignment:
    """An exercise with some student's numbers."""
    return chosen.assigned(chosen.student("", 1, "exercise"))


def blank_columns(chosen: Exercise | Assignment) -> dict[str, list[int]]:
    """Each blank column with its blank rows."""
    found: dict[str, list[int]] = {}
    for symbol, row in chosen.blanks:
        found.setdefault(symbol, []).append(row)
    return found


def hand_in(
    made: Made,
    path: Path,
    answers: Answers,
    change: Callable[[Workbook], None] = lambda _: None,
    student: int = 0,
) -> Path:
    """Fill in a student's workbook, change what else a student might, and save it."""
    workbook = load_workbook(made.workbooks[student].path)
    assignment = assignment_of(made, student)
    for blank in made.exercise.blanks:
        answer = answers(blank)
        if answer is not None:
            workbook["Exercise"][assignment.layout.cell(blank)] = answer
    change(workbook)
    saved, linked = path.with_suffix(".saved.xlsx"), path.with_suffix(".linked.xlsx")
    workbook.save(saved)
    write_changed(saved, linked, {})  # openpyxl's package has links that ironcalc does not follow
    _without_empty_numbers(linked, path)
    saved.unlink()
    linked.unlink()
    return path


def _without_empty_numbers(source: Path, target: Path) -> None:
    """Let empty cells have no type, as Excel does: to ironcalc an empty number is a 0."""
    with ZipFile(source) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                data = re.sub(rb'(<c [^>]*?) t="n"(/>|></c>)', rb"\1\2", data)
            new.writestr(name, data)


def graded(made: Made, path: Path) -> Graded:
    """What `grade` makes of one file."""
    (result,) = grade(made.key.path, [path])
    return result


def right_number(made: Made, student: int = 0) -> Answers:
    """Every answer right, as a number in full precision."""
    assignment = assignment_of(made, student)
    return assignment.value


def right_formula(made: Made, student: int = 0) -> Answers:
    """Every answer right, as the formula of a training table."""
    assignment = assignment_of(made, student)
    return assignment.layout.formula


def in_turn(made: Made, kinds: Sequence[Answers]) -> Answers:
    """The first kind of answer in the first blank, the second in the second, and so on."""
    return lambda blank: kinds[made.exercise.blanks.index(blank) % len(kinds)](blank)


def always(answer: Answer) -> Answers:
    """The same answer in every blank."""
    return lambda _: answer
