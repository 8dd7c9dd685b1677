"""Hands out an exercise with different numbers for each student, and grades the answers.

python examples/hand_out_and_grade.py
"""

from pathlib import Path

import openpyxl

from sheetgen import Template
from sheetgen.exercises import grade, make_exercise

PICTURE = "class/Ada.xlsx", "Exercise"


def main(folder: Path) -> None:
    """Grade two students: one answers with a formula and a wrong number, one not at all."""
    era = Template.load("era-v1")
    made = make_exercise(era, folder / "class", level=1, students=["Ada", "Grace"], force=True)
    ada, grace = (saved.path for saved in made.workbooks)
    book = openpyxl.load_workbook(ada)
    sheet = book["Exercise"]
    layout = made.exercise.assigned(made.students[0]).layout
    cells = {symbol: layout.cell((symbol, row)) for symbol, row in made.exercise.blanks}
    formulas = {symbol: layout.formula((symbol, row)) for symbol, row in made.exercise.blanks}
    sheet[cells["E_total"]] = formulas["E_total"]
    sheet[cells["h1"]] = 0.5
    book.save(ada)
    for graded in grade(made.key.path, [ada, grace]):
        print(f"{graded.path.stem}: {graded.right} of {len(graded.marks)} right")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
