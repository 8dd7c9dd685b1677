"""Makes an exercise to fill in with a pen, and the teacher's copy.

python examples/exercise_on_paper.py
"""

from pathlib import Path

from sheetgen import Template
from sheetgen.exercises import make_exercise

PICTURE = "worksheet.xlsx", "Worksheet"


def main(folder: Path) -> None:
    """Ask for the forward pass only."""
    template = Template.load("era-v1")
    path = folder / "worksheet.xlsx"
    made = make_exercise(template, path, topic="forward", level=2, solution=True, force=True)
    print(f"{len(made.exercise.blanks)} blanks, {len(made.solutions)} solution")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
