"""Makes the README's pictures: builds the workbooks, renders them and crops the sheets.

Run it as `python docs/pictures.py --run output/runs/best --data-dir DIR`, with a finished run of
the network `best`; it needs LibreOffice, pdftoppm and the extra `cnn`.
"""

import argparse
import runpy
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
from PIL import Image

from cnn.export.runs import export_run
from cnn.log.run_log import put_into_workbook
from sheetgen.exercises import make_exercise
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.render import render
from sheetgen.template import template
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan

EXAMPLES = Path(__file__).parents[1] / "examples"
# The part of a sheet to show, in pixels at 96 per inch: left, top, right, bottom.
PARTS = {
    "Overview": (0, 0, 1518, 610),
    "Derivation": (0, 0, 1108, 1754),
    "Playground": (0, 0, 1900, 560),
    "Learning rates": (0, 0, 1940, 1240),
    "CNN best": (0, 0, 1374, 1300),
}
OWN_LOG = (0, 0, 1233, 885)
IRIS = (0, 0, 1518, 670)
PREDICTIONS = (0, 0, 1714, 800)
EXPLORER = (0, 0, 1660, 900)
DECISION_SURFACE = (0, 0, 2190, 674)
ERROR_SURFACE = (0, 0, 860, 710)
EXERCISE = (0, 0, 1900, 410)
DIGIT = (0, 0, 1388, 828)
LAYERS = (0, 0, 1155, 500)


def main() -> None:
    """Write docs/<sheet>.png for each part, and those of the other workbooks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        workbook, iris = Path(folder, "backprop.xlsx"), Path(folder, "iris.xlsx")
        build_workbook(template.load("era-v1"), workbook)
        put_into_workbook(arguments.run, workbook, arguments.data_dir)
        pictures = drawn(workbook, Path(folder, "backprop"))
        for sheet, part in PARTS.items():
            save(pictures[sheet], part, sheet.lower().replace(" ", "-"))
        # The first sheet does not depend on the length of the tables.
        build_workbook(template.load("iris").with_training(iterations=20), iris)
        pictures = drawn(iris, Path(folder, "iris"))
        save(pictures["Overview"], IRIS, "iris")
        built = build_workbook(template.load("digits"), Path(folder, "digits.xlsx")).saved.path
        pictures = drawn(built, Path(folder, "digits"), ["Predictions"])
        save(pictures["Predictions"], PREDICTIONS, "predictions")
        own_log(Path(folder))
        explore(Path(folder))
        exercise(Path(folder))
        digit(Path(folder), arguments.run, arguments.data_dir)


def own_log(folder: Path) -> None:
    """Save the sheet of a loop of NumPy."""
    runpy.run_path(str(EXAMPLES / "log_any_loop.py"))["main"](folder)
    save(drawn(folder / "spirals.xlsx", folder / "spirals")["Spirals"], OWN_LOG, "own-log")


def explore(folder: Path) -> None:
    """Save Explorer in the middle of a training of era-v1, and the surfaces of xor."""
    era, xor = template.load("era-v1"), template.load("xor").with_training(learning_rates=[2])
    built = build_workbook(era, folder / "era.xlsx").saved.path
    canvas = next(each for each in compose(Plan.of(era)) if each.name == "Explorer")
    places = canvas.inputs
    chosen: dict[tuple[int, int], float | str] = {
        places["explorer_iteration"]: 40,
        places["explorer_weight"]: "w1",
    }
    write_changed(built, folder / "moved.xlsx", {"Explorer": chosen}, cached=0)
    pictures = drawn(folder / "moved.xlsx", folder / "era")
    save(pictures["Explorer"], EXPLORER, "explorer")
    built = build_workbook(xor, folder / "xor.xlsx").saved.path
    pictures = drawn(built, folder / "xor")
    save(pictures["Decision surface"], DECISION_SURFACE, "decision-surface")
    save(pictures["Error surface"], ERROR_SURFACE, "error-surface")


def exercise(folder: Path) -> None:
    """Save an exercise with some blanks filled in, one of them wrongly."""
    made = make_exercise(template.load("era-v1"), folder / "ada.xlsx", level=2)
    layout = made.exercise.assigned(made.students[0]).layout
    book = openpyxl.load_workbook(made.workbooks[0].path)
    for number, blank in enumerate(made.exercise.blanks[:14]):
        right = layout.formula(blank)
        book["Exercise"][layout.cell(blank)] = 0.5 if number == 4 else right
    book.save(folder / "filled.xlsx")
    pictures = drawn(folder / "filled.xlsx", folder / "ada")
    save(pictures["Exercise"], EXERCISE, "exercise")


def digit(folder: Path, run: Path, data_dir: Path) -> None:
    """Save Digit with a digit drawn by hand, and Layers with the output of a convolution."""
    exported = export_run(run, folder / "digit.xlsx", data_dir)
    choice = exported.places.choice
    assert choice
    write_changed(exported.saved.path, folder / "drawn.xlsx", {"Digit": {choice: 0}}, cached=0)
    pictures = drawn(folder / "drawn.xlsx", folder / "digit")
    save(pictures["Digit"], DIGIT, "digit")
    save(pictures["Layers"], LAYERS, "layers")


def drawn(workbook: Path, folder: Path, sheets: Sequence[str] = ()) -> dict[str, Path]:
    """Return the picture of each sheet, or of those named."""
    return {picture.sheet: picture.path for picture in render(workbook, folder, sheets=sheets)}


def save(path: Path, part: tuple[int, int, int, int], name: str) -> None:
    """Save a part of a picture in 256 colours as docs/<name>.png."""
    with Image.open(path) as picture:
        small = picture.crop(part).convert("RGB").quantize(256)
        small.save(Path(__file__).parent / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
