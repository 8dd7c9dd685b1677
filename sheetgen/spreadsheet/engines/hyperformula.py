"""Recalculates workbooks with HyperFormula, a library for Node.js, through a script that loads it.

The script finds it in the folders of NODE_PATH, or where npm installs it globally. It gets the
cells and names of a workbook as JSON: {"sheets": [{"name": "lr 0.1", "cells": [[row, column,
content], …]}, …], "names": [{"name": "w_1", "expression": "=Inputs!$C$5"}, …]}, rows and columns
counted from zero; a name of one sheet has its place as "scope". What comes back is a list of
values for each sheet, in the order of the cells.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sheetgen.errors import RunError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet import reader
from sheetgen.spreadsheet.engines.engine import Engine, Values
from sheetgen.spreadsheet.engines.programs import run
from sheetgen.spreadsheet.package_parts import opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.sheet_values import SheetValues

INSTALL = "npm install --global hyperformula@3.5.0"
INSTALL_NODE = f"sudo apt-get install npm && {INSTALL}"
SECONDS = 600.0

_PROGRAM = "node"
_MEMORY = 8192  # MiB
_SCRIPT = Path(__file__).with_name("hyperformula.js")
_PRINT_AREAS = "_xlnm."  # how names begin that no formula uses
# The errors that are not written as HyperFormula's names for them.
_ERRORS = {"#CYCLE!": "#CIRC!"}


class HyperFormula(Engine):
    """Evaluates with HyperFormula, in double precision; it gets no cached results."""

    name = "hyperformula"

    def missing(self) -> str | None:
        """Return None if HyperFormula is installed, else how to install it."""
        if shutil.which(_PROGRAM) is None:
            return f"HyperFormula needs Node.js, which is not installed: {INSTALL_NODE}"
        return None if _version() else f"HyperFormula is not installed: {INSTALL}"

    def version(self) -> str:
        """Return name and version, such as "HyperFormula 3.5.0"; RunError if not installed."""
        self.require()
        return f"HyperFormula {_version()}"

    def recalculate(self, path: Path) -> Values:
        """Evaluate every formula from scratch; see Engine.recalculate."""
        (values,) = self.recalculate_all([path])
        return values

    def recalculate_all(self, paths: Sequence[Path]) -> Iterator[Values]:
        """Yield what `recalculate` returns for each workbook; Node starts once for all."""
        self.require()
        workbooks = [_contents(path) for path in paths]
        with scratch_folder() as folder:
            sources = [Path(folder, f"workbook-{number}.json") for number in range(len(paths))]
            results = [source.with_suffix(".values") for source in sources]
            for workbook, source in zip(workbooks, sources, strict=True):
                source.write_text(json.dumps(workbook), "utf-8")
            files = [str(file) for pair in zip(sources, results, strict=True) for file in pair]
            try:
                _node(*files, seconds=SECONDS * len(paths))
            except RunError as error:
                names = ", ".join(map(str, paths))
                raise RunError(f"HyperFormula could not recalculate {names}: {error}") from error
            for workbook, result in zip(workbooks, results, strict=True):
                yield _values(workbook, json.loads(result.read_text("utf-8")))


def _contents(path: Path) -> dict[str, Any]:
    """Return what the script gets; raises InputError if the file is no workbook."""
    names = reader.sheet_names(path)
    cells: dict[str, list[tuple[int, int, reader.Value]]] = {name: [] for name in names}
    for sheet, row, column, cell in reader.iterate_cells(path):
        content = cell.value
        if cell.formula is not None:
            content = f"={cell.formula}"
        elif isinstance(content, str) and not reader.is_error(content):
            content = f"'{content}"
        cells[sheet].append((row, column, content))
    sheets = [{"name": name, "cells": found} for name, found in cells.items()]
    return {"sheets": sheets, "names": list(_names(path))}


def _names(path: Path) -> Iterator[dict[str, str | int]]:
    with opened(path) as package:
        for scope, names in Workbook(package).names_of_scopes().items():
            for element in names.values():
                name = str(element.get("name"))
                if not name.startswith(_PRINT_AREAS):
                    where = {} if scope is None else {"scope": int(scope)}
                    yield {"name": name, "expression": f"={element.text}", **where}


def _values(workbook: dict[str, Any], found: list[list[object]]) -> Values:
    values: Values = {}
    for sheet, results in zip(workbook["sheets"], found, strict=True):
        values[sheet["name"]] = held = SheetValues()
        for (row, column, _), result in zip(sheet["cells"], results, strict=True):
            held.put(row, column, _value(result))
    return values


def _value(found: object) -> reader.Value:
    """Return a value of HyperFormula in the form that all engines share."""
    if isinstance(found, str):
        return _ERRORS.get(found, found)
    if found is None or isinstance(found, bool):
        return found
    if isinstance(found, (int, float)):
        return float(found)
    raise RunError(f"HyperFormula returned a value of an unknown kind: {found!r}")


def _node(*arguments: str, seconds: float = SECONDS) -> str:
    return run([_PROGRAM, f"--max-old-space-size={_MEMORY}", str(_SCRIPT), *arguments], seconds)


@cache
def _version() -> str:
    """Return the version that Node finds, or "" if it finds none."""
    try:
        return _node()
    except RunError:
        return ""
