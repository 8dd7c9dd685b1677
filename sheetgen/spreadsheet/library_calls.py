"""Evaluates workbooks with libraries in Rust: what runs in a worker process, for they can crash.

Little is imported here, for every worker waits for it. Each function returns sheet → zero-based
(row, column) → value, and raises RunError if the library fails without ending the process.
"""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sheetgen.errors import InputError, RunError
from sheetgen.spreadsheet.sheet_cells import Value
from sheetgen.spreadsheet.sheet_values import SheetValues

Found = dict[str, Mapping[tuple[int, int], Value]]
Changes = Mapping[str, Mapping[tuple[int, int], float | str]]
"""Sheet → zero-based (row, column) → the new number or text of a cell."""

# The errors that are not written as Formualizer's name for them, as #VALUE! is for Value.
_ERRORS = {"Div": "#DIV/0!", "NImpl": "#N/IMPL!", "Na": "#N/A", "Name": "#NAME?"}


@contextmanager
def _failures(name: str, path: Path) -> Iterator[None]:
    """Raise whatever goes wrong inside an engine, Rust panics included, as a RunError."""
    try:
        yield
    except (InputError, RunError, MemoryError):
        raise
    except BaseException as error:
        # PyO3 derives its panic from BaseException, and offers no way to import the class.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise RunError(f"{name} could not recalculate {path}: {error}") from error


@dataclass
class _Model:
    """A workbook that IronCalc has loaded."""

    model: Any
    names: list[str]
    cells: list[tuple[int, int, int]]
    former: dict[tuple[int, int, int], float | str] = field(default_factory=dict)
    """The original content of the cells that have been changed."""

    @classmethod
    def of(cls, path: Path) -> "_Model":
        import ironcalc  # noqa: PLC0415 - loaded only when used, as the other libraries are

        model = ironcalc.load_from_xlsx(str(path))
        names = [str(sheet["name"]) for sheet in model.get_worksheets_properties()]
        return cls(model, names, sorted(model.get_all_cells()))

    def change(self, changes: Changes) -> None:
        """Make these changes to the workbook as it was loaded."""
        wanted = {
            (self.names.index(sheet), row + 1, column + 1): value
            for sheet, found in changes.items()
            for (row, column), value in found.items()
        }
        for place in wanted.keys() - self.former.keys():
            self.former[place] = _constant(self.model.get_cell_value(*place))
        for place, value in {**self.former, **wanted}.items():
            if isinstance(value, str):
                self.model.update_cell_with_text(*place, value)
            else:
                self.model.update_cell_with_number(*place, value)

    def evaluated(self) -> Found:
        self.model.evaluate()
        values = [SheetValues() for _ in self.names]
        for sheet, row, column in self.cells:
            values[sheet].put(row - 1, column - 1, self.model.get_cell_value(sheet, row, column))
        return dict(zip(self.names, values, strict=True))


def ironcalc_values(path: Path) -> Found:
    """Evaluate every formula with ironcalc, which loads no cached results."""
    _loaded.clear()
    with _failures("ironcalc", path):
        return _Model.of(path).evaluated()


def ironcalc_values_after(case: tuple[Path, Changes]) -> Found:
    """Evaluate every formula after changes to the file, which is loaded once for many cases.

    Empty cells may be changed as if they held 0.
    """
    path, changes = case
    with _failures("ironcalc", path):
        file = os.stat(path)  # noqa: PTH116 - no more than that
        key = path, file.st_mtime_ns, file.st_size
        model = _loaded.pop(key, None)
        _loaded.clear()  # before another one takes as much memory
        model = model or _Model.of(path)
        model.change(changes)
        values = model.evaluated()
        _loaded[key] = model
        return values


_loaded: dict[tuple[Path, int, int], _Model] = {}
"""The last workbook that was evaluated after changes, by its file; none after a failure."""


def _constant(value: Value) -> float | str:
    """Return the content of an input cell, 0 if it is empty.

    Raises ValueError for anything but a number or a text.
    """
    if value is None or value == "":
        return 0.0
    if not isinstance(value, (float, str)):
        raise ValueError(f"an input cell holds {value!r}; expected a number")
    return value


def formualizer_values(path: Path) -> Found:
    """Evaluate every formula with formualizer, which loads no cached results."""
    import formualizer  # noqa: PLC0415 - an optional dependency

    from sheetgen.spreadsheet import reader  # noqa: PLC0415 - slow to import

    values = {sheet: SheetValues() for sheet in reader.sheet_names(path)}
    with _failures("formualizer", path):
        workbook = formualizer.load_workbook(str(path))
        workbook.set_temporal_egress("serial")
        workbook.evaluate_all()
        for sheet, row, column, _ in reader.iterate_cells(path):
            result = workbook.get_value(sheet, row + 1, column + 1)
            values[sheet].put(row, column, _value(result))
    return {**values}


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
