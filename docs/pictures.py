"""Makes the README's pictures anew: builds the workbook, renders it and crops its sheets.

Run it as `python docs/pictures.py --run output/runs/best --data-dir DIR`, with a finished run of
the network `best`; it needs LibreOffice, pdftoppm and the extra `cnn`.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from cnn.log import put_into_workbook
from sheetgen import template
from sheetgen.build import build_workbook
from sheetgen.render import render

# The part of a sheet to show, in pixels at 96 per inch: left, top, right, bottom.
PARTS = {
    "Overview": (0, 0, 1518, 740),
    "Derivation": (0, 0, 1108, 1754),
    "Playground": (0, 0, 1900, 560),
    "Learning rates": (0, 0, 1940, 1240),
    "CNN best": (0, 0, 1903, 2138),
}
IRIS = (0, 0, 1518, 670)


def main() -> None:
    """Write docs/<sheet>.png for each part, and docs/iris.png."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        workbook, iris = Path(folder, "backprop.xlsx"), Path(folder, "iris.xlsx")
        build_workbook(template.load("era-v1"), workbook)
        put_into_workbook(arguments.run, workbook, arguments.data_dir)
        pictures = {path.stem: path for path in render(workbook, Path(folder, "backprop"))}
        for sheet, part in PARTS.items():
            save(pictures[sheet], part, sheet.lower().replace(" ", "-"))
        # Its first sheet is the same however long the tables are.
        build_workbook(template.load("iris").with_training(iterations=20), iris)
        pictures = {path.stem: path for path in render(iris, Path(folder, "iris"))}
        save(pictures["Overview"], IRIS, "iris")


def save(path: Path, part: tuple[int, int, int, int], name: str) -> None:
    """Save a part of a picture in few colours as docs/<name>.png."""
    with Image.open(path) as picture:
        small = picture.crop(part).convert("RGB").quantize(64)
        small.save(Path(__file__).parent / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
