"""Defines an exercise, and the assignment of one student: the exercise with their numbers."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite

from sheetgen.console import progress
from sheetgen.errors import InputError
from sheetgen.exercises.assignment import blanks
from sheetgen.exercises.assignment.class_list import Name, file_names
from sheetgen.exercises.assignment.own_numbers import RATE, Numbers, draw, with_numbers
from sheetgen.exercises.assignment.table_layout import MAXIMUM_COLUMNS, Layout, Quantity, Stage
from sheetgen.exercises.choices import LEVELS, TOPICS
from sheetgen.network.trace import Trace
from sheetgen.spreadsheet import stamp
from sheetgen.template.template import Template
from sheetgen.workbook.compose import draw_sources
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.sources import Sources

ROWS = {1: 4, 2: 3, 3: 3}  # by level
LARGEST_BATCH = 6  # rows before the first update that are not too many to fill in

RELATIVE = 1e-5
"""How far from the exact value a right answer may be, times that value.

Rounding to six significant digits moves a number by at most half of this.
"""
ABSOLUTE = 5e-10
"""A difference that is always allowed: half a unit of the ninth decimal, the last one shown."""

ATTEMPTS = 30
SMALLEST = 1e-6  # of a blank's exact value that a student should get
LARGEST = 1e6


@dataclass(frozen=True)
class Student:
    """A student and their numbers; `file` is the workbook's name without its ending.

    `identifier` is written into the workbook. The name may be empty.
    """

    identifier: str
    name: str
    seed: int
    file: str
    numbers: Numbers


@dataclass(frozen=True)
class Exercise:
    """What the exercises of a class have in common."""

    template: Template
    topic: str
    level: int
    seed: int
    rows: int
    last: Stage
    blanks: tuple[Quantity, ...] = ()

    @property
    def lacks_update(self) -> bool:
        """Whether the update is left out of topic "all", as it comes too late in large batches."""
        return self.topic == "all" and self.last == "backward"

    @classmethod
    def of(
        cls, template: Template, topic: str = "all", level: int = 1, seed: int = 0
    ) -> "Exercise":
        """Return the exercise of a template, with the blanks chosen.

        Raises InputError for an unknown topic or level, and if the network is too large for an
        exercise.
        """
        if topic not in TOPICS or level not in LEVELS:
            raise InputError(
                f"found topic {topic!r}, level {level!r}; expected one of {', '.join(TOPICS)} and "
                "a level from 1 to 3"
            )
        if not template.network.is_dense:
            raise InputError(
                "found a convolution or a pool in the exercise’s network; expected fully "
                "connected layers only"
            )
        weights = sum(layer.units * layer.fan_in for layer in template.network.layers)
        if weights > MAXIMUM_COLUMNS:  # drawing so many different numbers would take long
            raise InputError(
                f"found {weights:,} weights in the exercise; expected at most {MAXIMUM_COLUMNS} "
                "columns: choose a smaller network"
            )
        rows, last = _shape(template, topic, level)
        empty = cls(template, topic, level, seed, rows, last)
        typical = empty.assigned(Student("", "", seed, "", draw(template, seed)))
        chosen = blanks.choose(typical.layout, template.network, typical.trace, topic, level)
        return replace(empty, blanks=tuple(chosen))

    def closed(self, students: Sequence[Student]) -> "Exercise":
        """Return the exercise with every cell blank that would tell a student an answer.

        Such as a_h1 beside a blank h1 that is positive, behind a ReLU.
        """
        found = set(self.blanks)
        for student in progress.counted(students, "choosing the blanks"):
            assignment = self.assigned(student)
            found |= blanks.told(assignment.layout, set(self.blanks), assignment.trace)
        layout = self.assigned(students[0]).layout
        return replace(self, blanks=tuple(sorted(found, key=layout.place)))

    def assigned(self, student: Student) -> "Assignment":
        """Return the exercise with a student's numbers."""
        return Assignment(self, student)

    def students(self, names: Sequence[Name]) -> list[Student]:
        """Return the students of a class, each with their own numbers.

        A student without a seed gets one from the class's seed and the name, so that it does not
        depend on who else is in the list.
        """
        found: list[Student] = []
        counts: Counter[str] = Counter()
        files = file_names(each.name for each in names)
        for name, file in zip(progress.counted(names, "drawing numbers"), files, strict=True):
            counts[name.name] += 1
            seed = name.seed
            if seed is None:
                text = f"{self.seed}\n{name.name}\n{counts[name.name]}"
                seed = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
            found.append(self.student(name.name, seed, file, found))
        return found

    def student(self, name: str, seed: int, file: str, others: Sequence[Student] = ()) -> Student:
        """Return a student whose numbers differ from those of all others with another seed.

        Raises InputError if the training diverges with all numbers that are drawn.
        """
        taken = [each.numbers for each in others if each.seed != seed]
        best: Student | None = None
        fewest = len(self.blanks) + 1
        for attempt in range(ATTEMPTS):
            numbers = draw(self.template, seed, attempt)
            drawn = Student("", name, seed, file, numbers)
            values = self.assigned(drawn).expected.values()
            is_usable = all(isfinite(each) and abs(each) < LARGEST for each in values)
            if numbers in taken or not is_usable:
                continue
            vanishing = sum(abs(each) < SMALLEST for each in values)
            if vanishing < fewest:
                best, fewest = drawn, vanishing
            if not fewest:
                break
        if best is None:
            raise InputError(
                f"the training of {self.template.title!r} leaves the numbers that one can work "
                f"with, above {LARGEST:g}, within {self.rows} rows; choose a smaller rate"
            )
        whole = [self.template.source, self.topic, self.level, self.seed, len(others)]
        identifier = stamp.identifier([*whole, name, best.numbers], digits=12)
        return replace(best, identifier=identifier)


@dataclass(frozen=True)
class Assignment:
    """One student's exercise."""

    exercise: Exercise
    student: Student

    @cached_property
    def plan(self) -> Plan:
        """The template with the student's numbers and one learning rate."""
        template = with_numbers(self.exercise.template, self.student.numbers)
        iterations = self.exercise.rows - 1
        if template.schedule != "constant":  # a schedule spans all updates
            iterations = max(iterations, template.iterations)
        return Plan.untrained(replace(template, iterations=iterations))

    @cached_property
    def trace(self) -> Trace:
        """The value of every symbol in the rows of the exercise, by the reference."""
        rate = self.student.numbers[RATE]
        return self.plan.train(rate, self.plan.template.optimizer, self.exercise.rows)

    @cached_property
    def sources(self) -> Sources:
        """The sheets with the student's numbers."""
        return draw_sources(self.plan)

    @cached_property
    def layout(self) -> Layout:
        """The table."""
        training = self.plan.training(self.plan.template.optimizer)
        last, rows = self.exercise.last, self.exercise.rows
        return Layout.of(self.plan.network, training, last, rows, self.sources.address)

    @property
    def expected(self) -> dict[Quantity, float]:
        """The exact value of each blank."""
        return {each: self.value(each) for each in self.exercise.blanks}

    def value(self, quantity: Quantity) -> float:
        """Return the exact value of a quantity."""
        symbol, iteration = quantity
        return float(self.trace[symbol][iteration])


def is_right(found: float, expected: float) -> bool:
    """Tell whether an answer is close enough to the exact value."""
    return abs(found - expected) <= max(RELATIVE * abs(expected), ABSOLUTE)


def _shape(template: Template, topic: str, level: int) -> tuple[int, Stage]:
    """Return the number of rows and the last stage that the table shows."""
    rows, size = ROWS[level], template.batch_size
    if topic == "forward":
        return rows, "forward"
    if topic == "backward" or (topic == "all" and size > LARGEST_BATCH):
        return rows, "backward"
    if size > LARGEST_BATCH:
        raise InputError(
            f"found batch_size {size}; expected at most {LARGEST_BATCH} for an exercise on the "
            "update, as the weights change only after a batch"
        )
    return max(rows, size + 1) if size > 1 else rows, "update"
