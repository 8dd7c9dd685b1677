"""Measures what `WorkbookLog.epoch` costs a training, and how long `cnn compare` takes.

Run it as `python benchmarks/workbook_log.py`. A call writes the journal; now and then it writes the
sheet as well.
"""

import json
import os
import time
from math import exp
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from zipfile import ZIP_STORED, ZipFile

from cnn import WorkbookLog
from cnn.log.compare_command import compare
from sheetgen.template import template
from sheetgen.workbook.build import build_workbook

LARGE = 50_000_000  # bytes


def main() -> None:
    """Print a line for each number of epochs and each workbook."""
    print(f"{'workbook':<16}{'epochs':>7}{'median ms':>11}{'mean ms':>9}{'longest':>9}{'close':>7}")
    with TemporaryDirectory() as folder:
        built = Path(folder, "era-v1.xlsx")
        build_workbook(template.load("era-v1"), built)
        large = Path(folder, "50 MB.xlsx")
        large.write_bytes(built.read_bytes())
        with ZipFile(large, "a", ZIP_STORED) as archive:
            archive.writestr("xl/media/large.bin", os.urandom(LARGE))
        for epochs in (1, 200, 2000):
            measure(Path(folder, f"new {epochs}.xlsx"), epochs)
        measure(built, 200)
        measure(large, 200)
        measure_comparison(Path(folder), built)


def measure(workbook: Path, epochs: int) -> None:
    """Log a training and print how long the calls took, in milliseconds."""
    log, seconds = WorkbookLog(workbook), []
    for epoch in range(epochs):
        values = metrics(epoch, epochs)
        start = time.perf_counter()
        log.epoch(**values)
        seconds.append(1000 * (time.perf_counter() - start))
    start = time.perf_counter()
    log.close()
    closing = 1000 * (time.perf_counter() - start)
    print(
        f"{workbook.stem:<16}{epochs:>7}{median(seconds):>11.1f}{mean(seconds):>9.1f}"
        f"{max(seconds):>9.0f}{closing:>7.0f}"
    )


def metrics(epoch: int, epochs: int) -> dict[str, float]:
    """Return what a training may log at an epoch."""
    return {
        "loss": exp(-epoch / 30),
        "val_loss": 0.1 + exp(-epoch / 25),
        "val_acc": 0.95 - 0.5 * exp(-epoch / 20),
        "lr": 0.1 * (1 - epoch / epochs),
    }


def measure_comparison(folder: Path, workbook: Path, runs: int = 20, epochs: int = 200) -> None:
    """Compare trainings at four rates, and print how long that took."""
    paths = [folder / f"run {run}.jsonl" for run in range(runs)]
    for run, path in enumerate(paths):
        settings = {"rate": run % 4, "seed": run // 4}
        rows = [{"epoch": epoch + 1, **metrics(epoch + run, epochs)} for epoch in range(epochs)]
        lines = [{"workbook_log": 1, "title": path.stem, "settings": settings}, *rows]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    start = time.perf_counter()
    compare(paths, workbook, "Rates")
    print(f"comparing {runs} trainings of {epochs} epochs: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
