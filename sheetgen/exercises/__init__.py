"""Exercises that mark themselves: workbooks with blanks, their key, and the grading.

from sheetgen.template import template
from sheetgen.exercises import grade, make_exercise

made = make_exercise(template.load("era-v1"), "ada.xlsx", level=2)
for graded in grade(made.key.path, ["ada.xlsx"]):
    print(graded.right, "of", len(graded.marks))
"""

from sheetgen.exercises.grading.grade import Graded, grade
from sheetgen.exercises.grading.grader import Mark
from sheetgen.exercises.make import Made, make_exercise

__all__ = ["Graded", "Made", "Mark", "grade", "make_exercise"]
