"""Finds the mistake in a linear regression that was made by hand.

python examples/check_a_regression.py
"""

from pathlib import Path

import openpyxl

from sheetgen.check import check_workbook

PICTURE = "regression.xlsx", "Sheet"


POINTS = ((1, 3), (2, 5), (3, 7), (4, 9))
FIRST = ("x", "y", "w", "b", "prediction", "error", "dw", "db")


def main(folder: Path) -> None:
    """Write y = wx + b by gradient descent, with the gradient of b in the update of w."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["learning rate", 0.05])
    sheet.append(FIRST)
    for row, (x, y) in enumerate(POINTS * 5, start=3):
        last = row - 1
        weights = [0, 0] if row == 3 else [f"=C{last}-$B$1*H{last}", f"=D{last}-$B$1*H{last}"]
        forward = [f"=C{row}*A{row}+D{row}", f"=E{row}-B{row}"]
        sheet.append([x, y, *weights, *forward, f"=F{row}*A{row}", f"=F{row}"])
    path = folder / "regression.xlsx"
    book.save(path)
    for mistake in check_workbook(path).mistakes:
        print(f"{mistake.column} in {mistake.cell}: {mistake.words}; expected {mistake.expected}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
