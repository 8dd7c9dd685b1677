"""Trains one network at several learning rates and compares them.

python examples/learning_rates.py
"""

from pathlib import Path

import numpy as np

from sheetgen import Template, build_workbook, open_workbook

PICTURE = "rates.xlsx", "Learning rates"


def main(folder: Path) -> None:
    """Put the exclusive or at three rates side by side; the largest one overshoots."""
    template = Template.load("xor").with_training(learning_rates=[0.2, 2, 20], iterations=100)
    built = build_workbook(template, folder / "rates.xlsx", force=True)
    book = open_workbook(built.saved.path)
    for sheet in ("lr 0.2", "lr 2", "lr 20"):
        print(f"{sheet}: {np.array(book.table(sheet)['E_total'])[-4:].mean():.3f}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
