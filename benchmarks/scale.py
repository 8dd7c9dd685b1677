"""Measures how build time and file size grow with the workbook: seconds and bytes per formula.

    python benchmarks/scale.py [--rounds N] [--convolution]

The network is a 4-5-3 softmax network with trained biases on eight samples in batches of four,
with momentum, at one learning rate; with --convolution it is a 3 x 3 kernel over 6 x 6 pictures, a
max pool and those three outputs. Only the number of iterations grows, until a workbook has some two
million formulas. Each build runs in its own process, all sizes in turn in each round. The time is
that of the processor, the median over the rounds; the time per formula leaves out that of a
workbook of three rows.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sheetgen.template.template import parse
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan

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
FIRST = """
units = 5
activation = "tanh"
init = {{ scheme = "xavier-uniform", seed = 1 }}
biases = [0, 0, 0, 0, 0]
"""
CONVOLUTION = """
type = "convolution"
channels = 1
kernel = 3
activation = "tanh"
init = {{ scheme = "xavier-uniform", seed = 1 }}
biases = [0]

[[network.layers]]
type = "max-pool"
kernel = 2
"""
INPUTS = ", ".join(
    f"[{n / 8}, {(n * 3 % 8) / 8}, {(n * 5 % 8) / 8}, {1 - n / 8}]" for n in range(8)
)
PICTURES = ", ".join(str([(n * pixel % 9) / 8 for pixel in range(36)]) for n in range(1, 9))
SIZES = (30_000, 100_000, 300_000, 1_000_000, 2_000_000)


def text(iterations: int, convolution: bool) -> str:
    if not convolution:
        return TEMPLATE.format(iterations=iterations, inputs=INPUTS)
    template = TEMPLATE.replace("inputs = 4", "inputs = [6, 6]").replace(FIRST, CONVOLUTION)
    return template.format(iterations=iterations, inputs=PICTURES)


def formulas(iterations: int, convolution: bool) -> int:
    canvases = compose(Plan.of(parse(text(iterations, convolution))))
    return sum(1 for canvas in canvases for _ in canvas.promised())


def build(folder: Path, iterations: int, convolution: bool) -> float:
    """Return the processor seconds of a build in this process."""
    template = parse(text(iterations, convolution))
    start = time.process_time()
    build_workbook(template, folder / f"{iterations}.xlsx", force=True)
    return time.process_time() - start


def measure(folder: Path, iterations: int, convolution: bool) -> tuple[float, int]:
    """Return the seconds of a build in its own process, warmed up, and the file's bytes."""
    line = [sys.executable, __file__, "--only", str(iterations), "--folder", str(folder)]
    line += ["--convolution"] * convolution
    result = subprocess.run(line, check=True, capture_output=True, text=True)
    return float(result.stdout), (folder / f"{iterations}.xlsx").stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--convolution", action="store_true", help="a kernel and a pool")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    kind = arguments.convolution
    if arguments.only:
        build(arguments.folder, 2, kind)
        print(build(arguments.folder, arguments.only, kind))
        return
    few, more = formulas(100, kind), formulas(200, kind)
    per_row = (more - few) / 100
    rows = [2, *(round((size - few) / per_row) + 100 for size in SIZES)]
    with TemporaryDirectory() as folder:
        runs = [
            [measure(Path(folder), count, kind) for count in rows] for _ in range(arguments.rounds)
        ]
    seconds = [statistics.median(run[at][0] for run in runs) for at in range(len(rows))]
    counts = [few + per_row * (count - 100) for count in rows]
    spent_each, bytes_each = [], []
    print("formulas   seconds   µs a formula   bytes a formula")
    for at in range(1, len(rows)):
        # The smallest workbook's time is for sheets, charts and styles, not for formulas.
        spent = (seconds[at] - seconds[0]) / (counts[at] - counts[0])
        size = runs[0][at][1] / counts[at]
        spent_each.append(spent)
        bytes_each.append(size)
        print(f"{counts[at]:>9,.0f} {seconds[at]:>8.2f} {1e6 * spent:>12.2f} {size:>15.1f}")
    mean = statistics.mean(spent_each)
    spread = max(abs(spent / mean - 1) for spent in spent_each)
    sizes = f"{min(bytes_each):.0f} to {max(bytes_each):.0f}"
    print(f"the time per formula is within {spread:.0%} of its mean, at {sizes} bytes each")


if __name__ == "__main__":
    main()
