"""Exercises that mark themselves: workbooks with blanks, their key, and the grading.

from sheetgen.template import template
from sheetgen.exercises import grade, make_exercise

made = make_exercise(template.load("era-v1"), "ada.xlsx", level=2)
for graded in grade(made.key.path, ["ada.xlsx"]):
    print(graded.right, "of", len(graded.marks))
"""

from typing import TYPE_CHECKING

from sheetgen.first_use import on_first_use

if TYPE_CHECKING:
    from sheetgen.exercises.grading.grade import Graded, grade
    from sheetgen.exercises.grading.grader import Mark
    from sheetgen.exercises.make import Made, make_exercise

__all__ = ["Graded", "Made", "Mark", "grade", "make_exercise"]

__getattr__ = on_first_use(
    __name__,
    {
        "Graded": "sheetgen.exercises.grading.grade",
        "Made": "sheetgen.exercises.make",
        "Mark": "sheetgen.exercises.grading.grader",
        "grade": "sheetgen.exercises.grading.grade",
        "make_exercise": "sheetgen.exercises.make",
    },
)
