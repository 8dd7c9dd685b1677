"""The engines that are Rust libraries and run in this process: IronCalc and Formualizer."""

import importlib.metadata
import importlib.util
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from sheetgen.errors import InputError, RunError
from sheetgen.spreadsheet import reader
from sheetgen.spreadsheet.engines.engine import Engine, Values
from sheetgen.spreadsheet.reader import Value

# The errors that are not written as Formualizer's name for them, as #VALUE! is for Value.
_ERRORS = {"Div": "#DIV/0!", "NImpl": "#N/IMPL!", "Na": "#N/A", "Name": "#NAME?"}


class LibraryEngine(Engine):
    """An engine that is a Python package with the engine's name."""

    install: ClassVar[str]

    def missing(self) -> str | None:
        """Return None if the package is installed, else a sentence that says how to install it."""
        if importlib.util.find_spec(self.name):
            return None
        return f"The engine {self.name} is not installed: {self.install}"

    def version(self) -> str:
        """Return name and version, such as "ironcalc 0.9.1"; RunError if it is not installed."""
        self.require()
        return f"{self.name} {importlib.metadata.version(self.name)}"

    @contextmanager
    def failures(self, path: Path) -> Iterator[None]:
        """Raise whatever goes wrong inside the engine, Rust panics included, as a RunError."""
        try:
            yield
        except (InputError, RunError):
            raise
        except BaseException as error:
            # PyO3 derives its panic from BaseException, and offers no way to import the class.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            raise RunError(f"{self.name} could not recalculate {path}: {error}") from error


class IronCalc(LibraryEngine):
    """Evaluates with the ironcalc package, which every installation has, in double precision.

    It loads no cached results: a formula that it cannot evaluate is "#ERROR!" or "#NAME?".
    """

    name = "ironcalc"
    install = "pip install ironcalc"

    def recalculate(self, path: Path) -> Values:
        """Evaluate every formula from scratch; see Engine.recalculate."""
        self.require()
        import ironcalc  # noqa: PLC0415 - loaded only when used, as the other engines are

        values: Values = {sheet: {} for sheet in reader.sheet_names(path)}
        with self.failures(path):
            model = ironcalc.load_from_xlsx(str(path))
            model.evaluate()
            names = [sheet["name"] for sheet in model.get_worksheets_properties()]
            for sheet, row, column in model.get_all_cells():
                value = model.get_cell_value(sheet, row, column)
                values[names[sheet]][row - 1, column - 1] = value
        return values


class Formualizer(LibraryEngine):
    """Evaluates with the formualizer package, in full double precision.

    It shares no code with IronCalc, so its results are an independent check. It loads no cached
    results: a formula that it cannot evaluate is an error value, and a reference to another
    workbook makes the whole recalculation fail.
    """

    name = "formualizer"
    install = "pip install 'sheetgen[dev]'"

    def recalculate(self, path: Path) -> Values:
        """Evaluate every formula from scratch; see Engine.recalculate."""
        self.require()
        import formualizer  # noqa: PLC0415 - an optional dependency

        values: Values = {sheet: {} for sheet in reader.sheet_names(path)}
        with self.failures(path):
            workbook = formualizer.load_workbook(str(path))
            workbook.set_temporal_egress("serial")
            workbook.evaluate_all()
            for sheet, row, column, _ in reader.iterate_cells(path):
                result = workbook.get_value(sheet, row + 1, column + 1)
                values[sheet][row, column] = _value(result)
        return values


def _value(result: object) -> Value:
    """Return a result of Formualizer in the form that all engines share."""
    match result:
        case None | bool() | str():
            return result
        case int() | float():
            # A literal such as 1E400 is infinite here, which no spreadsheet can show.
            return float(result) if math.isfinite(result) else "#NUM!"
        case {"type": "Error", "kind": kind}:
            return _ERRORS.get(str(kind), f"#{str(kind).upper()}!")
    raise RunError(f"formualizer returned a value of an unknown kind: {result!r}")
