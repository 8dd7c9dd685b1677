"""Makes the pictures of README and docs: builds the workbooks, renders them and crops the sheets.

Run it as `python docs/pictures.py --run output/runs/fast --data-dir DIR`, with a finished run of
the network `fast`; it needs LibreOffice, pdftoppm and the extra `cnn`.
"""

import argparse
import runpy
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import openpyxl
from PIL import Image

from cnn.export.runs import export_run
from cnn.log.compare_command import compare
from cnn.log.run_log import put_into_workbook
from sheetgen.exercises import make_exercise
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.package_parts import opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.render import render
from sheetgen.spreadsheet.sheet_sizes import SheetSizes, measure
from sheetgen.template import template
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan

EXAMPLES = Path(__file__).parents[1] / "examples"
SEEDS = Path(__file__).parents[1] / "tests" / "cases" / "seeds"
WIDEST, HIGHEST = 1940, 1800  # pixels of a picture, at 96 per inch
MARGIN = 10
PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    """Write docs/pictures/<name>.png for each picture that README and docs show."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        two_inputs(folder)
        data_sets(folder)
        explorer(folder)
        kernel(folder)
        exercise(folder)
        own_log(folder)
        comparison(folder)
        features(folder)
        examples(folder)
        log(folder, arguments.run, arguments.data_dir)
        digit(folder, arguments.run, arguments.data_dir)


def two_inputs(folder: Path) -> None:
    """Save sheets of era-v1, and the surfaces of xor."""
    built = build_workbook(template.load("era-v1"), folder / "backprop.xlsx").saved.path
    save(built, "Overview", "Derivation", "Playground", "Learning rates", "Matrices")
    xor = template.load("xor").with_training(learning_rates=[2])
    built = build_workbook(xor, folder / "xor.xlsx").saved.path
    save(built, "Decision surface", "Error surface")


def data_sets(folder: Path) -> None:
    """Save what iris and digits open with, and how many digits are recognised."""
    # The first sheet does not depend on the length of the tables.
    iris = template.load("iris").with_training(iterations=20)
    save(build_workbook(iris, folder / "iris.xlsx").saved.path, Overview="iris")
    save(build_workbook(template.load("digits"), folder / "digits.xlsx").saved.path, "Predictions")


def explorer(folder: Path) -> None:
    """Save Explorer in the middle of a training of era-v1."""
    era = template.load("era-v1")
    built = build_workbook(era, folder / "era.xlsx").saved.path
    canvas = next(each for each in compose(Plan.of(era)) if each.name == "Explorer")
    chosen: dict[tuple[int, int], float | str] = {
        canvas.inputs["explorer_iteration"]: 40,
        canvas.inputs["explorer_weight"]: "w1",
    }
    write_changed(built, folder / "moved.xlsx", {"Explorer": chosen})
    save(folder / "moved.xlsx", "Explorer")


def kernel(folder: Path) -> None:
    """Save how the kernel of edges has learned, and the first sheets of conv-digits."""
    edges = template.load("edges")
    built = build_workbook(edges, folder / "edges.xlsx").saved.path
    canvas = next(each for each in compose(Plan.of(edges)) if each.name == "Explorer")
    chosen: dict[tuple[int, int], float | str] = {
        canvas.inputs["explorer_table"]: "lr 2",
        canvas.inputs["explorer_iteration"]: 18,
        canvas.inputs["explorer_unit"]: "h1_1_4",
    }
    write_changed(built, folder / "learned.xlsx", {"Explorer": chosen})
    save(folder / "learned.xlsx", Explorer="edges")
    part = ("The gradient of one kernel’s weight, position by position", "The update")
    save(built, part=part, Derivation="edges-derivation")
    digits = template.load("conv-digits").with_training(iterations=48)
    built = build_workbook(digits, folder / "conv-digits.xlsx").saved.path
    save(built, Overview="conv-digits", Data="conv-digits-data")


def exercise(folder: Path) -> None:
    """Save an exercise with some blanks filled in, one of them wrongly."""
    made = make_exercise(template.load("era-v1"), folder / "ada.xlsx", level=2)
    layout = made.exercise.assigned(made.students[0]).layout
    book = openpyxl.load_workbook(made.workbooks[0].path)
    for number, blank in enumerate(made.exercise.blanks[:14]):
        right = layout.formula(blank)
        book["Exercise"][layout.cell(blank)] = 0.5 if number == 13 else right
    book.save(folder / "filled.xlsx")
    save(folder / "filled.xlsx", "Exercise")


def own_log(folder: Path) -> None:
    """Save the sheet of a loop of NumPy."""
    runpy.run_path(str(EXAMPLES / "log_any_loop.py"))["main"](folder)
    save(folder / "spirals.xlsx", Spirals="own-log")


def comparison(folder: Path) -> None:
    """Save what compares two networks over their seeds, without the tables below the charts."""
    compare(sorted(SEEDS.glob("*.jsonl")), folder / "spirals.xlsx", "Two networks")
    save(folder / "spirals.xlsx", highest=0, **{"Two networks": "comparison"})


def features(folder: Path) -> None:
    """Save what a pipeline of scikit-learn says of an iris."""
    runpy.run_path(str(EXAMPLES / "iris_in_cells.py"))["main"](folder)
    exported = folder / "iris.xlsx"
    typed: dict[tuple[int, int], float | str] = {(9, 2): 4.9, (10, 2): 1.7}
    write_changed(exported, folder / "typed.xlsx", {"Inputs": typed})
    save(folder / "typed.xlsx", "Inputs")


def examples(folder: Path) -> None:
    """Save what the gallery shows of each example."""
    for path in sorted(EXAMPLES.glob("*.py")):
        example = runpy.run_path(str(path))
        example["main"](folder)
        workbook, sheet = example["PICTURE"]
        save(folder / workbook, highest=800, **{sheet: f"example-{path.stem}"})


def log(folder: Path, run: Path, data_dir: Path) -> None:
    """Save the sheet of a training on MNIST."""
    workbook = build_workbook(template.load("era-v1"), folder / "log.xlsx").saved.path
    put_into_workbook(run, workbook, data_dir)
    save(workbook, "CNN fast")


def digit(folder: Path, run: Path, data_dir: Path) -> None:
    """Save Digit with a digit drawn by hand, and what a convolution makes of it."""
    exported = export_run(run, folder / "digit.xlsx", data_dir)
    choice = exported.places.choice
    assert choice
    write_changed(exported.saved.path, folder / "drawn.xlsx", {"Digit": {choice: 0}})
    save(folder / "drawn.xlsx", "Digit", "Layers", "Activation")


def save(
    workbook: Path,
    *sheets: str,
    highest: int = HIGHEST,
    part: tuple[str, str] | None = None,
    **named: str,
) -> None:
    """Save sheets of a workbook in docs/pictures, by the names given or their own, in 256 colours.

    A `part` is from the row with its first text to the one above that with its second.
    """
    names = {sheet: sheet.lower().replace(" ", "-") for sheet in sheets} | named
    with TemporaryDirectory() as folder:
        for picture in render(workbook, Path(folder), sheets=list(names)):
            with Image.open(picture.path) as whole:
                if part:
                    box = between(workbook, picture.sheet, whole.size, part)
                else:
                    box = (0, 0, *shown(workbook, picture.sheet, whole.size, highest))
                small = without_panel(whole.crop(box).convert("RGB")).quantize(256)
                target = PICTURES / f"{names[picture.sheet]}.png"
                small.save(target, optimize=True)


def shown(workbook: Path, sheet: str, size: tuple[int, int], highest: int) -> tuple[int, int]:
    """Return the width and height of the part of a sheet's picture that the documents show.

    What is too wide ends with a column. What is too high is a long table: it ends beside the lowest
    chart, if there is one. LibreOffice's columns and rows have other sizes by up to a hundredth.
    """
    width, height = size
    sizes = measured(workbook, sheet)
    assert sizes.shown
    top, left, bottom, right = sizes.shown
    whole_width, whole_height = sizes.size(sizes.shown)
    if width > WIDEST:
        right = sizes.columns.last_within(left, right, WIDEST * whole_width / width)
        width = round(width * sizes.size((top, left, bottom, right))[0] / whole_width)
    if height > highest:
        drawn = [each.bottom - sizes.rows.start(top) for each in sizes.drawings]
        reach = max(drawn, default=highest * whole_height / height)
        bottom = sizes.rows.last_within(top, bottom, reach) + 1
        height = round(height * sizes.size((top, left, bottom, right))[1] / whole_height)
    return width, height


def measured(workbook: Path, sheet: str) -> SheetSizes:
    """Return the sizes of a sheet's rows and columns."""
    with opened(workbook) as package:
        book = Workbook(package)
        return measure(package, book, [each.name for each in book.sheets].index(sheet))


def between(
    workbook: Path, sheet: str, size: tuple[int, int], texts: tuple[str, str]
) -> tuple[int, int, int, int]:
    """Return the box of the rows from that with the first text to the one above the second."""
    rows = openpyxl.load_workbook(workbook)[sheet].iter_rows()
    found = {cell.value: cell.row - 1 for row in rows for cell in row if cell.value in texts}
    sizes = measured(workbook, sheet)
    assert sizes.shown
    ratio = size[1] / sizes.size(sizes.shown)[1]
    top, bottom = (round(sizes.rows.start(found[text]) * ratio) for text in texts)
    return 0, top - MARGIN, size[0], bottom - 2 * MARGIN  # empty rows are there


def without_panel(picture: Image.Image) -> Image.Image:
    """Leave out what is empty below, the page and then a panel: rows of pixels that repeat."""
    pixels = np.asarray(picture)
    for _ in ("page", "panel"):
        changing = (pixels != pixels[-1]).any(axis=(1, 2))
        pixels = pixels[: int(changing.nonzero()[0].max()) + 1]
    return picture.crop((0, 0, picture.width, min(len(pixels) + MARGIN, picture.height)))


if __name__ == "__main__":
    main()
