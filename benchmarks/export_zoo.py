"""Exports networks as people write them, and compares every activation with torch.

    python benchmarks/export_zoo.py [NAME...] [--engine ironcalc]...

prints a row for each of zoo_networks.py: formulas, size and seconds of the workbook, and the
largest difference to torch in float64 of each engine, relative to the larger of the value and 1.
"""

import argparse
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from zoo_networks import ZOO, made

import cnn
from cnn.export import verify_workbook
from sheetgen.spreadsheet.engines import engine


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="beginnings of the rows' names")
    parser.add_argument("--engine", action="append", default=[])
    arguments = parser.parse_args()
    engines = [engine(name) for name in arguments.engine or ["ironcalc"]]
    print(f"| network | formulas | MB | seconds | {' | '.join(each.name for each in engines)} |")
    print("|" + "---|" * (4 + len(engines)))
    with TemporaryDirectory() as folder:
        for name, (make, shape) in ZOO.items():
            if arguments.names and not name.startswith(tuple(arguments.names)):
                continue
            model, path = made(make), Path(folder, "network.xlsx")
            start = time.process_time()
            with warnings.catch_warnings(action="ignore"):
                exported = cnn.export_workbook(
                    model, shape, path, torch.rand(2, *shape), force=True
                )
            seconds = time.process_time() - start
            found = [verify_workbook(path, model, (each,), inputs=1)[0] for each in engines]
            for result in found:
                assert result.passed, (name, result.engine, result.wrong)
            cells = " | ".join(f"{result.largest_difference:.1e}" for result in found)
            size = path.stat().st_size / 1e6
            print(f"| {name} | {exported.formulas:,} | {size:.2f} | {seconds:.1f} | {cells} |")


if __name__ == "__main__":
    main()
