"""Measures what commands cost: CPU seconds and peak memory of whole processes.

    python benchmarks/commands.py [--rounds N] [--iterations N]

The help of both programs, the default `sheetgen build` with its verification, and `sheetgen verify`
with ironcalc, the inputs moved once, of a large workbook of era-v1: with 4,170 iterations it has a
million formulas. `python -c "import numpy"` is measured in between, for machines and loads differ.
The CPU seconds are those of all processes, the least of the rounds (of `verify` there is one),
the peak is that of the largest process.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True, check=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
# Linux counts in KiB, macOS in bytes.
peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(usage.ru_utime + usage.ru_stime, peak)
print(done.stdout)
"""


@dataclass(frozen=True)
class Cost:
    """CPU seconds, peak memory in MiB, and what was printed, of a command."""

    seconds: float
    mebibytes: float
    printed: str


def cost(*command: str | Path) -> Cost:
    line = [sys.executable, "-c", MEASURE, sys.executable, *map(str, command)]
    result = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True)
    first, _, printed = result.stdout.partition("\n")
    seconds, mebibytes = map(float, first.split())
    return Cost(seconds, mebibytes, printed)


def least(costs: list[Cost]) -> Cost:
    return min(costs, key=lambda each: each.seconds)


def show(name: str, found: Cost, unit: Cost) -> None:
    ratio = found.seconds / unit.seconds
    print(f"{name}: {found.seconds:.2f} s, {found.mebibytes:.0f} MiB, {ratio:.1f} times NumPy's")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=4170)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.xlsx"), Path(folder, "large.xlsx")
        commands = {
            "import numpy": ("-c", "import numpy"),
            "sheetgen --help": ("-m", "sheetgen", "--help"),
            "cnn --help": ("-m", "cnn", "--help"),
            "sheetgen build": ("-m", "sheetgen", "build", "-o", small),
        }
        found: dict[str, list[Cost]] = {name: [] for name in commands}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                small.unlink(missing_ok=True)
                found[name].append(cost(*command))
        unit = least(found["import numpy"])
        for name, costs in found.items():
            show(name, least(costs), unit)
        build = ("build", "--no-verify", "--iterations", str(arguments.iterations), "-o", large)
        cost("-m", "sheetgen", *build)
        verified = cost("-m", "sheetgen", "verify", large, "--engine", "ironcalc")
        formulas = re.findall(r"^ ?all +([\d,]+) .*PASS", verified.printed, re.MULTILINE)[-1]
        show("sheetgen verify", verified, unit)
        print(f"{formulas} formulas verified")


if __name__ == "__main__":
    main()
