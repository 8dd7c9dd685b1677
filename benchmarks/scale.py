"""Measures how building grows with the workbook: seconds and bytes a formula cell.

    python benchmarks/scale.py [--rounds N]

The network is a 4-5-3 softmax network with trained biases on eight samples in batches of four,
with momentum, at one learning rate; only the iterations grow, until a workbook has some two
million formulas. Each build is a process of its own (`sheetgen build --no-verify`), all sizes in
turn in each round; the time is the median over the rounds, less that of the smallest possible
workbook, which is the start of Python.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sheetgen.compose import compose
from sheetgen.sheets.plan import Plan
from sheetgen.template import parse

TEMPLATE = """
[network]
inputs = 4
loss = "cross-entropy"

[[network.layers]]
units = 5
activation = "tanh"
init = {{ scheme = "xavier-uniform", seed = 1 }}
biases = [0, 0, 0, 0, 0]

[[network.layers]]
units = 3
activation = "softmax"
init = {{ scheme = "xavier-uniform", seed = 2 }}
biases = [0, 0, 0]

[data]
inputs = [{inputs}]
targets = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]

[training]
learning_rates = [0.05]
iterations = {iterations}
batch_size = 4
optimizer = "momentum"
"""
INPUTS = ", ".join(
    f"[{n / 8}, {(n * 3 % 8) / 8}, {(n * 5 % 8) / 8}, {1 - n / 8}]" for n in range(8)
)
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000)


def text(iterations: int) -> str:
    return TEMPLATE.format(iterations=iterations, inputs=INPUTS)


def formulas(iterations: int) -> int:
    canvases = compose(Plan.of(parse(text(iterations))))
    return sum(1 for canvas in canvases for _ in canvas.promised())


def build(folder: Path, iterations: int) -> tuple[float, int]:
    """Return the seconds of a build and the bytes of its file."""
    source, target = folder / f"{iterations}.toml", folder / f"{iterations}.xlsx"
    source.write_text(text(iterations))
    line = [sys.executable, "-m", "sheetgen", "build", source, "--no-verify", "-o", target]
    start = time.perf_counter()
    subprocess.run([str(part) for part in line], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start, target.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    few, more = formulas(100), formulas(200)
    per_row = (more - few) / 100
    rows = [1, *(round((size - few) / per_row) + 100 for size in SIZES)]
    with TemporaryDirectory() as folder:
        times = [[build(Path(folder), count) for count in rows] for _ in range(rounds)]
    seconds = [statistics.median(run[at][0] for run in times) for at in range(len(rows))]
    print("formulas   seconds   µs a formula   bytes a formula")
    for at in range(1, len(rows)):
        count = few + per_row * (rows[at] - 100)
        spent, size = seconds[at] - seconds[0], times[0][at][1]
        print(
            f"{count:>9,.0f} {seconds[at]:>8.2f} {1e6 * spent / count:>12.2f} {size / count:>15.1f}"
        )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"the largest build took {peak:.0f} MiB")


if __name__ == "__main__":
    main()
