"""Makes the README's pictures anew: builds the workbook, renders it and crops its sheets.

Run it as `python docs/pictures.py`; it needs LibreOffice, pdftoppm and the extra `cnn` (Pillow).
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from sheetgen import template
from sheetgen.build import build_workbook
from sheetgen.render import render

# The part of a sheet to show, in pixels at 96 per inch: left, top, right, bottom.
PARTS = {
    "Overview": (0, 0, 1518, 740),
    "Derivation": (0, 0, 1108, 1754),
    "Playground": (0, 0, 1900, 560),
    "Learning rates": (0, 0, 1940, 1240),
}


def main() -> None:
    """Write docs/<sheet>.png for each part."""
    here = Path(__file__).parent
    with TemporaryDirectory() as folder:
        workbook = Path(folder, "backprop.xlsx")
        build_workbook(template.load("era-v1"), workbook)
        pictures = {path.stem: path for path in render(workbook, Path(folder))}
        for sheet, part in PARTS.items():
            with Image.open(pictures[sheet]) as picture:
                small = picture.crop(part).convert("RGB").quantize(64)
                small.save(here / f"{sheet.lower().replace(' ', '-')}.png", optimize=True)


if __name__ == "__main__":
    main()
