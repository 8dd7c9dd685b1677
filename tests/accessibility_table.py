"""Prints the table of docs/accessibility.md: by rule the findings, of how much that was looked at.

    python tests/accessibility_table.py

builds all templates, exercises with their solutions, logs, a comparison and exported networks.
"""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from accessibility import DOCUMENT, RULES, findings, header_rows_of
from exported_network import Exported
from sheet_file import SheetFile, read
from torch import nn

from cnn.export import export_workbook
from cnn.log.compare_sheet import compare_sheet
from cnn.log.comparison import Comparison
from cnn.log.log_sheet import log_sheet
from cnn.log.metrics_file import read_metrics
from sheetgen.exercises import make_exercise
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template.template import built_in, load
from sheetgen.workbook.build import build_workbook

RUNS = Path(__file__).parent / "cases" / "seeds"


def templates(folder: Path) -> None:
    """Build all templates, each for as many rows as its second epoch has begun."""
    for name in built_in():
        source = load(name)
        rows = min(source.iterations, source.data.samples + 5)
        build_workbook(source.with_training(iterations=rows), folder / f"{name}.xlsx")


def exercises(folder: Path) -> None:
    """Write an exercise of each level, with its solution."""
    for level in (1, 2, 3):
        make_exercise(load("era-v1"), folder / f"{level}.xlsx", level=level, solution=True)


def logs(folder: Path) -> None:
    """Write the log of a training, and the comparison of several."""
    known = [read_metrics(path) for path in sorted(RUNS.glob("*.jsonl"))]
    write_workbook([log_sheet(known[0])], folder / "log.xlsx", "A log")
    comparison = Comparison.of("Seeds", [(log.title, log) for log in known])
    write_workbook([compare_sheet(comparison, "Seeds")[0]], folder / "compared.xlsx", "Compared")


def exports(folder: Path) -> None:
    """Export networks for images, for named numbers and for signals."""
    Exported(folder)
    torch.manual_seed(1)
    numbers = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    export_workbook(numbers, (3,), folder / "numbers.xlsx", torch.randn(5, 3))
    signals = nn.Sequential(nn.Conv1d(2, 3, 3), nn.Flatten(), nn.Linear(12, 2)).eval()
    export_workbook(signals, (2, 6), folder / "signals.xlsx", torch.randn(2, 2, 6))


KINDS: dict[str, Callable[[Path], None]] = {
    "`build`": templates,
    "`exercise`": exercises,
    "`cnn log`, `compare`": logs,
    "`cnn export`": exports,
}


def charts(sheet: SheetFile) -> int:
    """The number of charts."""
    return sum(each is not None for each in sheet.charts)


LOOKED_AT: dict[str, Callable[[SheetFile], int]] = {
    "merged cells": lambda sheet: len(sheet.view.merges),
    "header rows": lambda sheet: len(list(header_rows_of(sheet))),
    "alternative text": lambda sheet: len(sheet.drawn),
    "reading order": lambda sheet: len(sheet.drawn),
    "links": lambda sheet: len(sheet.view.links),
    "contrast of texts": lambda sheet: sum(bool(each.text) for each in sheet.cells.values()),
    "contrast in charts": charts,
    "texts in charts": charts,
    "series": charts,
    "marks": lambda sheet: len(sheet.view.highlights),
    "negative numbers": lambda sheet: sum(each.is_number for each in sheet.cells.values()),
}
"""How many things a rule is about; of the others each sheet is one."""


def main() -> None:
    """Print the table, and the findings themselves to standard error."""
    files, sheets = Counter[str](), Counter[str]()
    seen, found = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for kind, write in KINDS.items():
        with TemporaryDirectory() as name:
            folder = Path(name)
            write(folder)
            for path in sorted(folder.glob("**/*.xlsx")):
                shown = read(path)
                files[kind] += 1
                sheets[kind] += len(shown)
                seen[DOCUMENT, kind] += 1
                for rule in RULES:
                    seen[rule, kind] += sum(map(LOOKED_AT.get(rule, lambda _: 1), shown))
                for sheet, each in findings(path):
                    found[each.rule, kind] += 1
                    print(f"{path.stem}: {sheet}: {each}", file=sys.stderr)
    heads = [f"{kind}: {files[kind]} files, {sheets[kind]} sheets" for kind in KINDS]
    print("| rule | " + " | ".join(heads) + " |")
    print("|---" * (len(KINDS) + 1) + "|")
    for rule in (DOCUMENT, *RULES):
        cells = (f"{found[rule, kind]} of {seen[rule, kind]:,}" for kind in KINDS)
        print(f"| {rule} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
