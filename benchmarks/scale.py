"""Measures how build time and file size grow with the workbook: seconds and bytes per formula.

    python benchmarks/scale.py [--rounds N]

One network is dense, a 4-5-3 softmax network with trained biases on eight samples in batches of
four, with momentum, at one learning rate; the other has a 3 x 3 kernel over 6 x 6 pictures, a max
pool and those three outputs. Only the number of iterations grows, until a workbook has some two
million formulas. Each build runs in its own process, in each round both networks in turn at all
sizes. The time is that of the processor, the least of the rounds; the time per formula leaves
out that of a workbook of three rows. The last line compares the largest
workbooks of the two networks, as a tenth of a second counts least there.
"""

import argparse
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
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


KINDS = ("dense", "convolution")


def text(iterations: int, kind: str) -> str:
    if kind == "dense":
        return TEMPLATE.format(iterations=iterations, inputs=INPUTS)
    template = TEMPLATE.replace("inputs = 4", "inputs = [6, 6]").replace(FIRST, CONVOLUTION)
    return template.format(iterations=iterations, inputs=PICTURES)


@dataclass
class Measured:
    """Workbooks of one network, the first with three rows: their formulas, bytes, seconds."""

    kind: str
    iterations: list[int]
    formulas: list[float]
    bytes: list[int] = field(default_factory=list)
    rounds: list[list[float]] = field(default_factory=list)

    @classmethod
    def of(cls, kind: str) -> "Measured":
        few, more = formulas(100, kind), formulas(200, kind)
        per_row = (more - few) / 100
        iterations = [2, *(round((size - few) / per_row) + 100 for size in SIZES)]
        return cls(kind, iterations, [few + per_row * (count - 100) for count in iterations])

    @property
    def seconds_each(self) -> list[float]:
        """The seconds for each formula beyond those of the smallest workbook.

        That one's time is for sheets, charts and styles.
        """
        (first, *times), (few, *many) = self.least, self.formulas
        return [(time - first) / (count - few) for time, count in zip(times, many, strict=True)]

    @property
    def least(self) -> list[float]:
        """The seconds of each workbook, the least of the rounds."""
        return [min(each) for each in zip(*self.rounds, strict=True)]

    @property
    def bytes_each(self) -> list[float]:
        """Bytes for each formula, but of the smallest workbook."""
        return [size / count for size, count in zip(self.bytes, self.formulas, strict=True)][1:]

    def show(self) -> None:
        print(f"{self.kind:<11}  formulas   seconds   µs a formula   bytes a formula")
        spent = self.seconds_each
        for row in zip(self.formulas[1:], self.least[1:], spent, self.bytes_each, strict=True):
            count, seconds, each, size = row
            print(f"{count:>21,.0f} {seconds:>9.2f} {1e6 * each:>14.2f} {size:>17.1f}")
        mean = statistics.mean(spent)
        spread = max(abs(each / mean - 1) for each in spent)
        sizes = f"{min(self.bytes_each):.0f} to {max(self.bytes_each):.0f}"
        print(f"the time per formula is within {spread:.0%} of its mean, at {sizes} bytes each")


def formulas(iterations: int, kind: str) -> int:
    canvases = compose(Plan.of(parse(text(iterations, kind))))
    return sum(1 for canvas in canvases for _ in canvas.promised())


def build(folder: Path, iterations: int, kind: str) -> float:
    """Return the processor seconds of a build in this process, where no file is yet."""
    template, path = parse(text(iterations, kind)), folder / f"{kind}-{iterations}.xlsx"
    path.unlink(missing_ok=True)
    start = time.process_time()
    build_workbook(template, path)
    return time.process_time() - start


def measure(folder: Path, iterations: int, kind: str) -> tuple[float, int]:
    """Return the seconds of a build in its own process, warmed up, and the file's bytes."""
    line = [sys.executable, __file__, "--only", kind, str(iterations), "--folder", str(folder)]
    result = subprocess.run(line, check=True, capture_output=True, text=True)
    return float(result.stdout), (folder / f"{kind}-{iterations}.xlsx").stat().st_size


def run(each: Measured, folder: Path, place: int) -> None:
    """Build one of the workbooks in the last round."""
    seconds, size = measure(folder, each.iterations[place], each.kind)
    each.rounds[-1].append(seconds)
    each.bytes[place:] = [size]


def compare(dense: Measured, other: Measured) -> None:
    """Print how much more a formula of the other network costs, in the largest workbooks."""
    seconds = other.seconds_each[-1] / dense.seconds_each[-1]
    size = other.bytes_each[-1] / dense.bytes_each[-1]
    print(
        f"a formula of the {other.kind} takes {seconds:.2f} times as long as one of the dense "
        f"network, and {size:.2f} times the bytes"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        kind, iterations = arguments.only
        build(arguments.folder, 2, kind)
        print(build(arguments.folder, int(iterations), kind))
        return
    networks = [Measured.of(kind) for kind in KINDS]
    with TemporaryDirectory() as folder:
        for _ in range(arguments.rounds):
            for each in networks:
                each.rounds.append([])
            for place in range(len(SIZES) + 1):
                for each in networks:
                    run(each, Path(folder), place)
    for each in networks:
        each.show()
    compare(*networks)


if __name__ == "__main__":
    main()
