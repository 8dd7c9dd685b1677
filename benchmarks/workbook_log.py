"""Measures what `WorkbookLog.epoch` costs a training: seconds a call, by epochs and workbook.

Run it as `python benchmarks/workbook_log.py`. A call writes the journal; now and then it writes the
sheet as well.
"""

import os
import time
from math import exp
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from zipfile import ZIP_STORED, ZipFile

from cnn import WorkbookLog
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


def measure(workbook: Path, epochs: int) -> None:
    """Log a training and print how long the calls took, in milliseconds."""
    log, seconds = WorkbookLog(workbook), []
    for epoch in range(epochs):
        start = time.perf_counter()
        log.epoch(
            loss=exp(-epoch / 30),
            val_loss=0.1 + exp(-epoch / 25),
            val_acc=0.95 - 0.5 * exp(-epoch / 20),
            lr=0.1 * (1 - epoch / epochs),
        )
        seconds.append(1000 * (time.perf_counter() - start))
    start = time.perf_counter()
    log.close()
    closing = 1000 * (time.perf_counter() - start)
    print(
        f"{workbook.stem:<16}{epochs:>7}{median(seconds):>11.1f}{mean(seconds):>9.1f}"
        f"{max(seconds):>9.0f}{closing:>7.0f}"
    )


if __name__ == "__main__":
    main()
