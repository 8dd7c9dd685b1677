"""Finds the mistake in a training table that was made by hand.

python examples/check_a_table.py
"""

from pathlib import Path

import openpyxl

from sheetgen.check import check_workbook

PICTURE = "by-hand.xlsx", "Sheet"

FIRST = {
    "t1": 0.01, "i1": 0.05, "i2": 0.1, "w1": 0.15, "w2": 0.2, "w3": 0.4,
    "h1": "=D{row}*B{row}+E{row}*C{row}",
    "a_h1": "=1/(1+EXP(-G{row}))",
    "o1": "=F{row}*H{row}",
    "a_o1": "=1/(1+EXP(-I{row}))",
    "E_total": "=0.5*(A{row}-J{row})^2",
    "∂E/∂w1": "=(J{row}-A{row})*J{row}*(1-J{row})*F{row}*H{row}*(1-H{row})*B{row}",
    "∂E/∂w2": "=(J{row}-A{row})*J{row}*(1-J{row})*F{row}*H{row}*(1-H{row})",
    "∂E/∂w3": "=(J{row}-A{row})*J{row}*(1-J{row})*H{row}",
}  # fmt: skip
LATER = {
    "w1": "=D{last}-$B$1*L{last}",
    "w2": "=E{last}-$B$1*M{last}",
    "w3": "=F{last}-$B$1*N{last}",
}


def main(folder: Path) -> None:
    """Write the table of a 2-1-1 network, whose ∂E/∂w2 lacks its input, and check it."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["learning rate", 0.5])
    sheet.append(list(FIRST))
    for row in range(3, 23):
        cells = FIRST if row == 3 else FIRST | LATER
        texts = [str(cell).format(row=row, last=row - 1) for cell in cells.values()]
        sheet.append([text if text.startswith("=") else float(text) for text in texts])
    path = folder / "by-hand.xlsx"
    book.save(path)
    for mistake in check_workbook(path).mistakes:
        print(f"{mistake.column} in {mistake.cell}: {mistake.words}; expected {mistake.expected}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
