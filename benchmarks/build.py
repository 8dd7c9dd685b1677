"""Measures `sheetgen build` against a bare XlsxWriter loop that writes the same table cells.

    python benchmarks/build.py [--iterations N]

The command is measured as a whole process: the start of Python, the training of all rates in
NumPy, all sheets and charts, saving. The bare loop is timed from `Workbook()` to `close()`, without
the preparation of its formula strings and values, and draws no charts. Both run in one process, and
their seconds are those of the processor, so that other work on the machine counts little.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import xlsxwriter

from sheetgen.template import template
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan


def command(iterations: int, folder: Path) -> tuple[float, int]:
    """Return the seconds and the peak memory (bytes) of `sheetgen build --no-verify`."""
    target = folder / "command.xlsx"
    line = [sys.executable, "-m", "sheetgen", "build", "--no-verify", "-o", str(target)]
    process = subprocess.Popen([*line, "--iterations", str(iterations)])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("sheetgen build failed")
    # Linux counts in KiB, macOS in bytes.
    seconds = usage.ru_utime + usage.ru_stime
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def bare_loop(iterations: int, folder: Path) -> tuple[float, int]:
    """Return the seconds of the bare loop, without preparation, and its number of cells."""
    plan = Plan.of(template.load("era-v1").with_training(iterations=iterations))
    canvases = [canvas for canvas in compose(plan) if canvas.blocks]
    cells = 0
    seconds = -time.process_time()
    workbook = xlsxwriter.Workbook(folder / "bare.xlsx")
    number = workbook.add_format({"num_format": "0.000000"})
    seconds += time.process_time()
    for canvas in canvases:
        prepared = list(canvas.promised())
        cells += len(prepared)
        seconds -= time.process_time()
        worksheet = workbook.add_worksheet(canvas.name)
        for row, column, formula, value in prepared:
            worksheet.write_formula(row, column, formula, number, value)
        seconds += time.process_time()
        del prepared
    seconds -= time.process_time()
    workbook.close()
    seconds += time.process_time()
    return seconds, cells


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--iterations", type=int, default=10_000)
    iterations = parser.parse_args().iterations
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, memory = command(iterations, folder)
        bare, cells = bare_loop(iterations, folder)
        second, _ = command_again(iterations, folder)
        ours = (first + second) / 2
        print(f"{cells:,} table formulas, {iterations:,} iterations, six rates and Playground")
        print(f"sheetgen build   {first:6.1f} s and {second:.1f} s, peak {memory / 2**20:.0f} MiB")
        print(f"bare loop        {bare:6.1f} s")
        print(f"the bare loop takes {bare / ours:.1f} times as long")


def command_again(iterations: int, folder: Path) -> tuple[float, int]:
    """Measure the command again after the loop, in case the machine's speed drifts."""
    (folder / "command.xlsx").unlink()
    return command(iterations, folder)


if __name__ == "__main__":
    main()
