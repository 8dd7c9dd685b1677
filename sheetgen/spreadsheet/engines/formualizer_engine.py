"""Formualizer, a second Rust library; it shares no code with IronCalc, so its vote counts."""

import math
from pathlib import Path

from sheetgen.errors import RunError
from sheetgen.spreadsheet import reader
from sheetgen.spreadsheet.engines.engine import LibraryEngine, Values
from sheetgen.spreadsheet.reader import Value

_ERRORS = {
    "Calc": "#CALC!",
    "Circ": "#CIRC!",
    "Div": "#DIV/0!",
    "Error": "#ERROR!",
    "NImpl": "#N/IMPL!",
    "Na": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Spill": "#SPILL!",
    "Value": "#VALUE!",
}


class Formualizer(LibraryEngine):
    """Evaluates with the formualizer package, in full double precision.

    The loader drops cached results: a formula that it cannot evaluate comes back as an error,
    and a reference into another workbook stops the whole recalculation.
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
    """Return a result of Formualizer as the other engines give it."""
    match result:
        case None | bool() | str():
            return result
        case int() | float():
            # A literal such as 1E400 comes back as infinite, which no spreadsheet can show.
            return float(result) if math.isfinite(result) else "#NUM!"
        case {"type": "Error", "kind": kind}:
            return _ERRORS.get(str(kind), f"#{str(kind).upper()}!")
    raise RunError(f"formualizer returned a value of an unknown kind: {result!r}")
