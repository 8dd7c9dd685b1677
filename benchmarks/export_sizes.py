"""Exports networks of growing size, and measures what the exports and LibreOffice need for them.

    python benchmarks/export_sizes.py [FORMULAS...] [--zoo NAME...]

prints a row for each: what the export foretold of formulas and file size, and what they came to;
the CPU seconds and memory of the export; and LibreOffice's, for opening the workbook and for
recalculating all of it. The networks are two convolutions with poolings and a fully connected
layer, over pictures as large as it takes; those of the zoo are named by their beginnings. CPU
seconds differ little while other programs run.
"""

import argparse
import math
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from export_zoo import ZOO, made
from libreoffice_time import cpu_seconds
from torch import nn

import cnn

SIZES = (10_000, 100_000, 300_000, 1_000_000)
PER_PIXEL, OTHERS = 16, 6_000
"""Formulas: of the network for each pixel of a picture, and of the other sheets at least."""
HEADS = (
    *("network", "weights", "formulas", "MB foretold", "MB", "export: s", "MiB"),
    *("opening: s", "foretold", "recalculating: s", "foretold", "MiB"),
)


def network(side: int) -> nn.Module:
    """Return a network for grey pictures with sides of a multiple of four."""
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(side * side, 10)),
    )


def side_for(formulas: int) -> int:
    """Return the side of the pictures of a network with about so many formulas."""
    return max(4, round((max(formulas - OTHERS, 0) / PER_PIXEL) ** 0.5 / 4) * 4)


def export(name: str, path: Path) -> Iterator[object]:
    """Export a network in this process, and yield the cells of the row until the file's size."""
    if name.isdecimal():
        side = side_for(int(name))
        shape, model = (1, side, side), made(lambda: network(side))
    else:
        make, shape = next(row[:2] for key, row in ZOO.items() if key.startswith(name))
        model = made(make)
    start = time.process_time()
    with warnings.catch_warnings(action="ignore"):
        # A sample is a row; a larger one would not fit.
        samples = torch.rand(1, *shape) if math.prod(shape) < 16_000 else None
        exported = cnn.export_workbook(model, shape, path, samples, force=True)
    seconds = time.process_time() - start
    foretold = exported.foretold
    assert foretold.formulas == exported.formulas
    yield name if not name.isdecimal() else f"{shape[1]} × {shape[2]} pixels"
    yield f"{sum(each.numel() for each in model.parameters()):,}"
    yield f"{exported.formulas:,}"
    yield f"{foretold.size / 1e6:.2f}"
    yield f"{path.stat().st_size / 1e6:.2f}"
    yield f"{seconds:.1f}"
    yield f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}"
    yield f"{foretold.opening:.0f}"
    yield f"{foretold.recalculation:.1f}"


def main() -> None:
    """Print the table, each export in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("formulas", nargs="*", type=int, default=SIZES)
    parser.add_argument("--zoo", nargs="*", default=[])
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print("\n".join(map(str, export(arguments.only, arguments.path))))
        return
    print(f"| {' | '.join(HEADS)} |")
    print("|---" + "|---:" * (len(HEADS) - 1) + "|", flush=True)
    with TemporaryDirectory() as folder:
        path = Path(folder, "network.xlsx")
        for name in [*map(str, arguments.formulas), *arguments.zoo]:
            line = [sys.executable, __file__, "--only", name, "--path", str(path)]
            done = subprocess.run(line, check=True, capture_output=True, text=True)
            *row, to_open, to_compute = done.stdout.splitlines()
            opening, recalculation, mebibytes = cpu_seconds(path)
            row += [f"{opening:.1f}", to_open, f"{recalculation:.2f}", to_compute]
            print(f"| {' | '.join(row)} | {mebibytes:.0f} |", flush=True)


if __name__ == "__main__":
    main()
