"""Exports networks as people write them, and compares every activation with torch.

    python benchmarks/export_zoo.py [NAME...] [--engine ironcalc]... > docs/export-zoo.md

prints a row for each of zoo_networks.py, of which three are also read from ONNX: formulas, size and
seconds of the workbook, and the largest difference to torch in float64 of each engine, relative to
the larger of the value and 1.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn
from zoo_estimators import FEATURES, ON_TABLES, VALUES, OnTable
from zoo_networks import ZOO, made
from zoo_onnx import FROM_ONNX, graph_of

import cnn
from cnn.export import verify_workbook
from sheetgen.errors import RunError
from sheetgen.spreadsheet.engines import ENGINES, Engine, engine

Given = tuple[Any, tuple[int, ...] | None, Any, dict[str, Any]]
"""A network, the shape of its input, samples, and what else the export is told."""

HEADING = """# Networks as people write them, exported

Printed by `python benchmarks/export_zoo.py`: for each network the number of formulas, the size of
the workbook, the processor time of the export, and for each engine the largest difference between
a cell and torch in float64, relative to the larger of the number and 1. The weights are random.
"""


def difference(path: Path, model: Any, by: Engine) -> str:
    """Return the largest difference of an engine, or what it cannot do."""
    try:
        [result] = verify_workbook(path, model, (by,), inputs=1)
    except RunError as error:
        return str(error)
    return f"{result.largest_difference:.1e}" if result.passed else f"wrong: {result.wrong}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="beginnings of the rows' names")
    parser.add_argument("--engine", action="append", default=[])
    arguments = parser.parse_args()
    engines = [engine(name) for name in arguments.engine] or list(ENGINES)
    print(HEADING)
    print(f"| network | formulas | MB | seconds | {' | '.join(each.name for each in engines)} |")
    print("|" + "---|" * (4 + len(engines)))
    networks = {name: partial(_network, *each) for name, each in ZOO.items()}
    networks |= {name: partial(_on_table, each) for name, each in ON_TABLES.items()}
    networks |= {f"{name}, from ONNX": partial(_from_onnx, name) for name in FROM_ONNX}
    with TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        for name, make in networks.items():
            if not arguments.names or name.startswith(tuple(arguments.names)):
                row(name, make, Path(folder, "network.xlsx"), engines)


def _network(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> Given:
    model = made(make)
    return model, shape, torch.rand(2, *shape), {}


def _on_table(each: OnTable) -> Given:
    return each.fitted(), (FEATURES,), VALUES[:2], {"rows": 10, **each.options}


def _from_onnx(name: str) -> Given:
    return graph_of(name), None, None, {}


def row(name: str, make: Callable[[], Given], path: Path, engines: list[Engine]) -> None:
    """Print the row of a network."""
    model, shape, samples, options = make()
    start = time.process_time()
    exported = cnn.export_workbook(model, shape, path, samples, force=True, **options)
    seconds = time.process_time() - start
    cells = " | ".join(difference(path, model, each) for each in engines)
    size = path.stat().st_size / 1e6
    print(f"| {name} | {exported.formulas:,} | {size:.2f} | {seconds:.1f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
