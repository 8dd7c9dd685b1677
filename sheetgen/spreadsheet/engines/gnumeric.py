"""Recalculates workbooks with Gnumeric, without a window."""

import re
import shutil
from collections.abc import Sequence
from functools import cache
from math import isinf
from pathlib import Path

from sheetgen.errors import RunError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines.engine import Engine, Values
from sheetgen.spreadsheet.engines.programs import run
from sheetgen.spreadsheet.package_parts import opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.reader import Damage, Value, cells_of_sheets
from sheetgen.spreadsheet.sheet_values import SheetValues

INSTALL = "sudo apt-get install gnumeric"
SECONDS = 600.0

_PROGRAM = "ssconvert"
_UNREAD = '#"'  # an error with the text of a formula that Gnumeric cannot read
_NUMBER = re.compile(r"-?\d[\d.]*e\+\d+")


class Gnumeric(Engine):
    """Evaluates with Gnumeric, in the processor's longest numbers, and saves all of their digits.

    A formula that refers to itself has a number there, not an error.
    """

    name = "gnumeric"

    def missing(self) -> str | None:
        """Return None if Gnumeric is installed, else a sentence that says how to install it."""
        return None if shutil.which(_PROGRAM) else f"Gnumeric is not installed: {INSTALL}"

    def version(self) -> str:
        """Return name and version, such as "Gnumeric 1.12.55"; RunError if not installed."""
        self.require()
        return _version()

    def recalculate(self, path: Path) -> Values:
        """Evaluate every formula from scratch; see Engine.recalculate."""
        self.require()
        with scratch_folder() as folder:
            source, result = Path(folder, "workbook.xlsx"), Path(folder, "result.xlsx")
            # Without cached results none can pass for a result.
            write_changed(path, source, {}, only_values=True)
            options = ["--recalc", "--export-type=Gnumeric_Excel:xlsx", str(source), str(result)]
            messages = _ssconvert(Path(folder), options)
            if not result.is_file():
                raise RunError(f"Gnumeric could not convert {path}: {messages.strip()[-500:]}")
            return _saved_values(result)


def _saved_values(path: Path) -> Values:
    with opened(path) as package:
        values = {sheet.name: SheetValues() for sheet in Workbook(package).sheets}
        # What is passed over is a number that is too large for others.
        for name, cells in cells_of_sheets(package, lambda *_: "", damage=Damage.PASS_OVER):
            for row, column, _, value in cells:
                values[name].put(row, column, _value(value))
    return {**values}


def _value(found: Value) -> Value:
    """Return a value of Gnumeric in the form that all engines share."""
    if found is None:
        return ""  # the text of a formula
    if not isinstance(found, str):
        return found
    if found.startswith(_UNREAD):
        return "#NAME?"
    return "#NUM!" if _NUMBER.fullmatch(found) and isinf(float(found)) else found


def _ssconvert(folder: Path, options: Sequence[str]) -> str:
    """Run Gnumeric's converter and return what it printed; raises RunError if it fails."""
    return run([str(shutil.which(_PROGRAM)), *options], SECONDS, folder)


@cache
def _version() -> str:
    with scratch_folder() as folder:
        printed = _ssconvert(Path(folder), ["--version"])
    # "ssconvert version '1.12.55'", and lines on its folders.
    return "Gnumeric " + printed.split("'")[1]
