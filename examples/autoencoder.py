"""Finds a code for eight patterns in three units.

python examples/autoencoder.py
"""

from pathlib import Path

from sheetgen import Template, build_workbook

PICTURE = "autoencoder.xlsx", "Predictions"


def main(folder: Path) -> None:
    """Build the built-in template; the code is among the hidden activations on Predictions."""
    template = Template.load("autoencoder").with_training(iterations=300)
    build_workbook(template, folder / "autoencoder.xlsx", force=True)
    print(template.description)


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
