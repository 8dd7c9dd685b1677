"""Types iterations on the sheet Decision surface and reads the network's output.

python examples/watch_it_learn.py

A user types them into the yellow cell and watches the picture change; here a program types them,
and the embedded engine calculates.
"""

from pathlib import Path

from sheetgen import Template, build_workbook, open_workbook

PICTURE = "xor.xlsx", "Decision surface"

ITERATIONS = (0, 40, 100)


def main(folder: Path) -> None:
    """Print how far apart the network's outputs for XOR are at three iterations."""
    xor = Template.load("xor").with_training(learning_rates=[2], iterations=100)
    saved = build_workbook(xor, folder / "xor.xlsx", force=True).saved
    book = open_workbook(saved.path)
    for iteration in ITERATIONS:
        book["Decision surface!C5"] = iteration
        book.recalculate()
        low, high = book["Decision surface!C7:C8"].ravel()
        print(f"iteration {iteration}: from {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
