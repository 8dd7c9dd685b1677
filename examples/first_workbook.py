"""Builds the workbook of a built-in template and verifies every formula of it.

python examples/first_workbook.py
"""

from pathlib import Path

from sheetgen import Template, build_workbook, verify

PICTURE = "first.xlsx", "Overview"


def main(folder: Path) -> None:
    """Build era-v1, the network that the project began with, with short tables."""
    template = Template.load("era-v1").with_training(iterations=20)
    built = build_workbook(template, folder / "first.xlsx", force=True)
    original, moved = verify(built.saved.path)
    print(f"{original.formulas:,} formulas are right, with other inputs too: {moved.passed}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
