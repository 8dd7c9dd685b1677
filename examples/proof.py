"""Has every number proven in whatever program opens the file.

python examples/proof.py
"""

from pathlib import Path

from sheetgen import Template, build_workbook, open_workbook

PICTURE = "proof.xlsx", "Proof"


def main(folder: Path) -> None:
    """Build a workbook; its sheet Proof needs neither Python nor this program."""
    template = Template.load("biases").with_training(iterations=20)
    book = open_workbook(build_workbook(template, folder / "proof.xlsx", force=True).saved.path)
    print("as built:", book["Proof!B4"])
    book["lr 0.5!AA12"] = 0.1  # a number in place of a formula
    book.recalculate()
    print("with a number pasted over a formula:", book["Proof!B4"])


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
