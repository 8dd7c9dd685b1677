"""Types iterations on the sheet Decision surface and reads the network's output.

python examples/watch_it_learn.py

A user types them into the yellow cell and watches the picture change; here a program types them,
and the embedded engine calculates.
"""

from pathlib import Path

import openpyxl

from sheetgen import build_workbook
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.template import template

SHEET = "Decision surface"
ITERATIONS = (0, 100, 399)


def main(folder: Path) -> None:
    """Print how far apart the network's outputs for XOR are at three iterations."""
    xor = template.load("xor").with_training(learning_rates=[2])
    path = build_workbook(xor, folder / "xor.xlsx", force=True).saved.path
    book = openpyxl.load_workbook(path)
    labels = {
        str(cell.value): cell
        for row in book[SHEET].iter_rows(max_col=4)
        for cell in row
        if isinstance(cell.value, str)
    }
    chosen = next(cell for text, cell in labels.items() if text.startswith("iteration"))
    place = chosen.row - 1, chosen.column
    states = [{SHEET: {place: iteration}} for iteration in ITERATIONS]
    ends = [labels[f"{end} output shown"] for end in ("smallest", "largest")]
    found = EMBEDDED.recalculate_changed(path, states)
    for iteration, values in zip(ITERATIONS, found, strict=True):
        low, high = (values[SHEET][end.row - 1, end.column] for end in ends)
        print(f"iteration {iteration}: from {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
