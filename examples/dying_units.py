"""Shows how units of ReLU die at a large learning rate.

python examples/dying_units.py
"""

from pathlib import Path

import numpy as np

from sheetgen import Template, build_workbook, open_workbook

PICTURE = "dying.xlsx", "Learning rates"


def main(folder: Path) -> None:
    """Train the built-in network of two ReLU layers at a small rate and at one that kills it."""
    template = Template.load("deep").with_training(learning_rates=[0.1, 1], iterations=200)
    built = build_workbook(template, folder / "dying.xlsx", force=True)
    book = open_workbook(built.saved.path)
    for sheet in ("lr 0.1", "lr 1"):
        errors = np.array(book.table(sheet)["E_total"])
        print(f"{sheet}: the mean of the last 20 errors is {errors[-20:].mean():.2f}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
