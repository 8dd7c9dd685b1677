"""Shows what a single unit cannot learn: the exclusive or.

python examples/one_unit_and_xor.py
"""

from pathlib import Path

from sheetgen import Template, build_workbook

PICTURE = "unit.xlsx", "Decision surface"


def main(folder: Path) -> None:
    """Train a single unit on XOR; its border is a straight line."""
    template = Template.load("logic-unit").with_training(learning_rates=[1], iterations=100)
    build_workbook(template, folder / "unit.xlsx", force=True)
    print(f"{len(template.data.problems)} problems to choose from on the sheet Data")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
