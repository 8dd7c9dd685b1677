"""Files of every kind that we write, and foreign ones to write into.

`python tests/written_files.py` prints what Microsoft's validator finds in them.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import open_xml
import torch
from exported_network import Exported
from full_donor import full_donor
from handwritten_xlsx import example
from shared_books import short_source
from test_compare import training
from torch import nn

from cnn.export import export_workbook
from cnn.log.compare_sheet import compare_sheet
from cnn.log.comparison import Comparison
from cnn.log.workbook_log import WorkbookLog
from sheetgen.exercises.make import make_exercise
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template import template
from sheetgen.workbook.build import build_workbook

CASES = Path(__file__).parent / "cases"
FOREIGN = (
    *("insert/date1904", "insert/no-default-rels", "grade/comma", "grade/hw_paren"),
    *("check/header-typo-i2", "check/slow-xor", "check/unfinished-first-row"),
    *("hostile/stray_1048576", "../older/one-output", "../older/exercise.solution"),
)
"""Of LibreOffice, openpyxl and XlsxWriter, by hand, and of an older version."""


EXERCISES = (("era-v1", 1), ("xor", 2))
"""The template, and the level, of an exercise of one sample, and of one of several."""


def exercises(folder: Path, chosen: Iterable[tuple[str, int]]) -> Iterable[Path]:
    """Exercises and their solutions."""
    for name, level in chosen:
        path = folder / f"exercise-{name}.xlsx"
        made = make_exercise(template.load(name), path, level=level, solution=True)
        yield from (saved.path for saved in (*made.workbooks, *made.solutions))


def logs(folder: Path, workbook: Path) -> Iterable[Path]:
    """A log in a workbook of ours."""
    path = folder / "log.xlsx"
    path.write_bytes(workbook.read_bytes())
    with WorkbookLog(path) as log:
        for epoch in range(1, 4):
            log.epoch(loss=1 / epoch, accuracy=1 - 0.1 / epoch)
    yield path


def comparisons(folder: Path) -> Iterable[Path]:
    """Two rates, three seeds each."""
    runs = [(f"run {seed}", training(rate, seed)) for rate in (0.1, 0.5) for seed in range(3)]
    canvas, _ = compare_sheet(Comparison.of("Rates", runs), "Comparison")
    write_workbook([canvas], folder / "comparison.xlsx", "Rates")
    yield folder / "comparison.xlsx"


def exports(folder: Path) -> Iterable[Path]:
    """Networks of a table, of signals, and of colours."""
    torch.manual_seed(0)
    table = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2), nn.Softmax(1))
    signals = nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 1))
    colours = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.AvgPool2d(2))
    for name, model, shape in (
        ("table", table, (3,)),
        ("signals", signals, (2, 8)),
        ("colours", colours, (3, 6, 6)),
    ):
        path, rows = folder / f"export-{name}.xlsx", 3 if len(shape) == 1 else 0
        export_workbook(model.eval(), shape, path, np.ones((2, *shape)), rows=rows)
        yield path


def foreign(folder: Path, most: int | None = None) -> Iterable[Path]:
    """Workbooks that others have written, of the listed ones as many as are wanted."""
    yield from (CASES / f"{name}.xlsx" for name in FOREIGN[:most])
    yield full_donor(folder)
    yield example(folder / "openpyxl.xlsx", "openpyxl")


def written(
    folder: Path,
    built: Callable[[str], Path],
    bare: Path,
    exported: Path,
    templates: Iterable[str] = template.built_in(),
    chosen: Iterable[tuple[str, int]] = EXERCISES,
) -> dict[str, list[Path]]:
    """Return the files of each kind; those of templates are `built`, others in a folder."""
    return {
        "templates": [built(name) for name in templates],
        "exercises and solutions": [*exercises(folder, chosen)],
        "logs": [*logs(folder, bare)],
        "comparisons": [*comparisons(folder)],
        "exported networks": [exported, *exports(folder)],
    }


def main() -> None:
    """Print the table of docs/verification.md."""
    with TemporaryDirectory() as name:
        folder = Path(name)

        def built(name: str) -> Path:
            return build_workbook(short_source(name), folder / f"{name}.xlsx").saved.path

        bare = build_workbook(short_source("era-v1"), folder / "bare.xlsx").saved.path
        print("| files | number | errors |\n|---|---|---|")
        for kind, paths in written(folder, built, bare, Exported(folder).path).items():
            count = sum(map(len, open_xml.errors(paths)))
            print(f"| {kind} | {len(paths)} | {count} |")
        targets = open_xml.inserted([*foreign(folder)], folder)
        count = sum(len(each.added) for each in targets)
        print(f"| workbooks of others with a sheet inserted | {len(targets)} | {count} more |")


if __name__ == "__main__":
    main()
