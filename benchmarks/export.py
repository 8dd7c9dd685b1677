"""Exports trained networks and compares the workbooks with torch, as a table in Markdown.

    python benchmarks/export.py RUN... --data-dir DIR

Each workbook gets 100 test digits in ironcalc and 10 in LibreOffice, chosen through its own input
cell. Differences are |found - torch| / max(1, |torch|), over all activations and over the
probabilities alone. Times are the seconds of one recalculation of all formulas of the opened
workbook, the best of three.
"""

import argparse
import tempfile
import time
from pathlib import Path

import ironcalc
from libreoffice_time import measured

from cnn.export.runs import export_run
from cnn.export.verification.cases import sample_case
from cnn.export.verification.exported_file import read_exported
from cnn.export.verification.verify_export import Result, verify_cases
from cnn.training.evaluation import trained_model
from sheetgen.spreadsheet import engines

REPEATS = 3


def ironcalc_seconds(path: Path) -> float:
    model = ironcalc.load_from_xlsx(str(path))
    return min(_timed(model.evaluate) for _ in range(REPEATS))


def libreoffice_seconds(path: Path) -> float:
    """Time LibreOffice's hard recalculation with a macro in a temporary profile."""
    return min(measured(path, REPEATS).recalculations)


def _timed(work) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def row(run: Path, data_dir: Path | None, folder: Path, counts: tuple[int, int]) -> str:
    path = folder / f"{run.name}.xlsx"
    exported = export_run(run, path, data_dir, force=True)
    file = read_exported(path, trained_model(run)[1])
    cells = [run.name, f"{exported.formulas:,}", f"{path.stat().st_size / 1e6:.1f}"]
    for name, count, timed in (
        ("ironcalc", counts[0], ironcalc_seconds),
        ("libreoffice", counts[1], libreoffice_seconds),
    ):
        if not count:
            continue
        cases = [sample_case(file, number) for number in range(1, count + 1)]
        results = list(verify_cases(file, engines.engine(name), cases))
        cells += [_agreement(results, file.network.probabilities.name), f"{timed(path):.2f}"]
    return f"| {' | '.join(cells)} |"


def _agreement(results: list[Result], probabilities: str) -> str:
    same = sum(result.predicted == result.expected for result in results)
    largest = max(result.largest_difference for result in results)
    shares = max(
        layer.largest_difference
        for result in results
        for layer in result.layers
        if layer.layer == probabilities
    )
    failed = sum(not result.passed for result in results)
    note = f", {failed} FAILED" if failed else ""
    return f"{same} of {len(results)} | {largest:.1e} | {shares:.1e}{note}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--ironcalc", type=int, default=100, help="digits")
    parser.add_argument("--libreoffice", type=int, default=10, help="digits")
    arguments = parser.parse_args()
    counts = arguments.ironcalc, arguments.libreoffice
    heads = ["run", "formulas", "MB"]
    for name, count in zip(("ironcalc", "LibreOffice"), counts, strict=True):
        if count:
            heads += [f"{name}: classes", "activations", "probabilities", "s"]
    print(f"| {' | '.join(heads)} |")
    print("|---" + "|---:" * (len(heads) - 1) + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for run in arguments.runs:
            print(row(run, arguments.data_dir, Path(folder), counts), flush=True)


if __name__ == "__main__":
    main()
