"""Opens a workbook in Python, to set cells, recalculate, read and save, and lose nothing.

The file's parts stay as they are, byte for byte, but for the sheets with cells that have changed.
"""

import importlib
import importlib.util
from contextlib import suppress
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from sheetgen.errors import CellNameError, CellValueError, InputError, RunError, shortened
from sheetgen.files.leftovers import scratch_folder
from sheetgen.files.locking import in_turn
from sheetgen.files.saving import Saved, is_open_elsewhere, resolved
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.address import quoted, relative_address, unquoted
from sheetgen.spreadsheet.book.book_page import pictures_of, sections
from sheetgen.spreadsheet.book.book_table import Table, found_table, structured, table_of
from sheetgen.spreadsheet.book.cell_names import Area, CellNames, alike
from sheetgen.spreadsheet.book.cell_values import as_array, cell_values
from sheetgen.spreadsheet.book.changed_cells import Place, SheetChange
from sheetgen.spreadsheet.book.sheet_rules import SheetRules, filling_sheets
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.insert.changed_copy import changed_copy
from sheetgen.spreadsheet.package_parts import blaming, opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.reader import read_cells, visible_sheets
from sheetgen.spreadsheet.save_workbook import save_workbook
from sheetgen.spreadsheet.sheet_cells import EMPTY, SheetCells, Value

PICTURES = 3
"""Sheets that a notebook shows as pictures: drawing one takes seconds, more of them little more."""
LARGEST = 3_000_000
"""Bytes of a workbook that LibreOffice opens within seconds."""
ROWS, COLUMNS = 20, 12
"""Of a sheet's table in a notebook."""

# What engines say of formulas that they cannot compute.
_UNKNOWN = ("#NAME?", "#ERROR!", "#N/IMPL!", "#SPILL!")


def open_workbook(path: Path | str, unlock: bool = False) -> "Book":
    """Open an .xlsx file; nothing is written to it before `save`.

    Locked formulas of protected sheets are not overwritten, unless `unlock` lets them be.

    Raises InputError if the file cannot be read as a workbook.
    """
    return Book(Path(path), unlock)


class Book:
    """An open workbook, whose cells are called by their addresses or names.

    `book["Inputs!B4"]`, `book["'lr 0.5'!A2:C9"]` and `book["learning_rate_1"]` are read and set. A
    cell holds a number, a text (which is never taken for a formula), True, False or None; several
    cells are an array of NumPy. Large and small letters are the same, and $ may be left out.
    """

    def __init__(self, path: Path, unlock: bool) -> None:
        """Read which sheets and names there are; raises InputError."""
        self.path, self._unlock = path, unlock
        self._signature = _signature(path)
        with opened(path) as package:
            self._names = CellNames.of(package)
        self._cells: dict[str, SheetCells] = {}
        self._rules: dict[str, SheetRules] = {}
        self._values: dict[str, dict[Place, Value]] = {}
        self._results: dict[str, dict[Place, Value]] = {}
        self._unknown: dict[tuple[str, Place], str] = {}
        self._calculated: bool | None = None
        self._filling: set[str] | None = None
        self._is_calculated = True

    def __repr__(self) -> str:
        changed = sum(map(len, self._values.values()))
        return f"<workbook {self.path}: {len(self.sheets)} sheets, {changed:,} cells set>"

    def _repr_html_(self) -> str:
        """Return HTML for a notebook: each visible sheet as a table, the first ones as pictures.

        Pictures need LibreOffice, and a workbook that it opens within seconds.
        """
        sheets, pictures = visible_sheets(self.path), dict[str, bytes]()
        if self.path.stat().st_size <= LARGEST:
            with scratch_folder() as folder, suppress(RunError):
                copy = Path(folder, "shown.xlsx")
                self._write(copy)
                pictures = pictures_of(copy, sheets[:PICTURES])
        tables = [sheet for sheet in sheets if sheet in self.sheets]
        return f"<p>{escape(repr(self))}</p>{sections(self, tables, pictures, (ROWS, COLUMNS))}"

    @property
    def sheets(self) -> list[str]:
        """The names of the sheets with cells, hidden ones too, in their order."""
        return list(self._names.sheets)

    @property
    def names(self) -> dict[str, str]:
        """The defined names of the whole workbook, and what each means."""
        return dict(self._names.names)

    @property
    def has_results(self) -> bool:
        """Whether the file has results; an empty text, which is one, is often left out."""
        if self._calculated is None:
            self._calculated = any(
                cell.formula is not None and cell.value is not None
                for sheet in self.sheets
                for cell in self.cells(sheet).values()
            )
        return self._calculated

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - whatever is in the cell
        """Return what a cell holds, or an array of NumPy, in rows and columns, of several cells.

        Raises CellNameError, a KeyError, if there is no such cell, and CellValueError, a
        ValueError, if its formula has no result, or one from before a cell was set.
        """
        area = self._area(key)
        if area.is_one:
            return self.value(area.sheet, area.places[0])
        values = [self.value(area.sheet, place) for place in area.places]
        return as_array(values, area.shape)

    def __setitem__(self, key: str, value: object) -> None:
        """Give a cell a value, or several cells the same or those of an array of their shape.

        A formula there is gone. Raises CellNameError, a KeyError, if there is no such cell, and
        CellValueError, a ValueError, if it may not be set or cannot hold the value; then nothing
        is changed.
        """
        area = self._area(key)
        values = cell_values(value, area)
        rules = self._rules_of(area.sheet)
        for place in area.places:
            rules.refuse(place, protection=not self._unlock)
        new = dict(zip(area.places, values, strict=True))
        self._values.setdefault(area.sheet, {}).update(new)
        self._is_calculated = False

    def table(self, name: str) -> Any:  # noqa: ANN401 - a DataFrame, where there is pandas
        """Return the table on a sheet, or in cells of that name, whose first row is its header.

        It is a pandas.DataFrame where pandas is installed, else a structured array of NumPy; of
        both, `["E_total"]` is a column. On a sheet it is the largest table: a row of texts with
        numbers below it, up to the first empty row. The name may also be that of a table of Excel.

        Raises CellNameError if there is no such table, and what reading a cell raises.
        """
        sheet, found = self._table(name)
        array = structured(found, partial(self.value, sheet))
        if importlib.util.find_spec("pandas"):
            return importlib.import_module("pandas").DataFrame(array)
        return array

    def recalculate(self, engine: str | Engine = engines.EMBEDDED.name) -> None:
        """Calculate all formulas, by the embedded engine or one that `verify` knows by name.

        A formula that the engine cannot calculate has no result then, and reading it says so.
        Raises RunError if the engine is not installed or fails.
        """
        chosen = engines.engine(engine) if isinstance(engine, str) else engine
        chosen.require()
        with scratch_folder() as folder:
            copy = Path(folder, "changed.xlsx")
            self._write(copy, with_results=False)
            with engines.errors_about(self.path, [copy]):
                (found,) = chosen.recalculate_changed(copy, [{}])
        self._results = self._found(found, chosen.version())
        self._is_calculated = True

    def save(self, path: Path | str) -> Saved:
        """Save the workbook, with the values that were set and the results of `recalculate`.

        Without `recalculate` the results in the file are those of before; a spreadsheet program
        calculates them when it opens the file. A file that is open elsewhere is left as it is,
        and the new one gets a free name beside it: the result says where it is.

        Raises InputError if nothing can be written at that place, or the file that was opened has
        changed since; RunError if writing fails.
        """
        path = Path(path)
        if path.suffix.lower() != self.path.suffix.lower():
            raise InputError(f"{path} must end in {self.path.suffix}, as {self.path} does")
        with in_turn(resolved(path)):
            saved = save_workbook(path, self._write, is_open_elsewhere(path), former=self.path)
        if resolved(saved.path) == resolved(self.path):
            self._forget()
        return saved

    def value(self, sheet: str, place: Place) -> Value:
        """Return what a cell holds, by its row and column counted from 0; raises CellValueError."""
        values = self._values.get(sheet, {})
        if place in values:
            return values[place]
        cell = self.cells(sheet).get(place, EMPTY)
        results = self._results.get(sheet, {})
        if cell.formula is None and not self._is_filled(sheet, place):
            return cell.value
        address = f"{quoted(sheet)}!{relative_address(*place)}"
        if not self._is_calculated:
            raise CellValueError(
                f"{address} has a formula, and cells have been set since it was calculated; "
                "expected a call of recalculate()"
            )
        if reason := self._unknown.get((sheet, place)):
            formula = shortened(f"={cell.formula or ''}")
            raise CellValueError(
                f"{reason} {address}: {formula}; "
                'expected a call of recalculate(engine="libreoffice")'
            )
        if place in results:
            return results[place]
        if cell.value is None and not self.has_results:
            raise CellValueError(
                f"{address} has a formula without a result; expected a call of recalculate()"
            )
        return "" if cell.value is None else cell.value

    def cells(self, sheet: str) -> SheetCells:
        """Return the cells of a sheet as the file has them."""
        if sheet not in self._cells:
            self._require_unchanged()
            self._cells |= read_cells(self.path, [sheet])
        return self._cells[sheet]

    def _table(self, name: str) -> tuple[str, Table]:
        """Return the sheet of a table and where on it the table is."""
        if sheet := alike(unquoted(name), self.sheets):
            value = partial(self.value, sheet)
            found = found_table(self.cells(sheet).keys() | self._values.get(sheet, {}), value)
            if found is None:
                raise CellNameError(f"found no table on the sheet {shortened(sheet)}")
            return sheet, found
        area = self._names.tables.get(name.casefold()) or self._names.area(name)
        if len(area.rows) == 1:
            raise CellNameError(f"found {area}; expected a header row and rows below it")
        return area.sheet, table_of(area)

    def _area(self, key: object) -> Area:
        if not isinstance(key, str):
            raise CellNameError(f"found {shortened(key)}; expected a text such as Inputs!B4")
        return self._names.area(key)

    def _rules_of(self, name: str) -> SheetRules:
        if name not in self._rules:
            self._require_unchanged()
            with opened(self.path) as package:
                workbook = Workbook(package)
                sheet = workbook.sheets[workbook.place(name)]
                self._rules[name] = SheetRules.of(package, workbook, sheet)
        return self._rules[name]

    def _forget(self) -> None:
        """Forget what was in the file, and what was to be written, once that is in it."""
        for known in (self._cells, self._rules, self._values, self._results, self._unknown):
            known.clear()
        self._calculated = self._filling = None
        self._signature = _signature(self.path)

    def _is_filled(self, sheet: str, place: Place) -> bool:
        """Tell whether a formula in another cell fills this one, together with others."""
        if self._filling is None:
            self._require_unchanged()
            with opened(self.path) as package:
                self._filling = filling_sheets(package, Workbook(package))
        return sheet in self._filling and self._rules_of(sheet).is_filled(place)

    def _require_unchanged(self) -> None:
        if _signature(self.path) != self._signature:
            raise InputError(f"{self.path} has changed since it was opened; open it again")

    def _write(self, output: Path, with_results: bool = True) -> None:
        """Write the workbook as it is now to a new file, or with the results that it had before."""
        self._require_unchanged()
        with changed_copy(self.path, output) as workbook:
            lost_formula = False
            for sheet in workbook.sheets:
                values = self._values.get(sheet.name)
                results = self._results.get(sheet.name) if with_results else None
                if not (values or results):
                    continue
                rules = self._rules_of(sheet.name) if values else SheetRules(sheet.name)
                change = SheetChange(sheet.name, values or {}, results or {}, rules.format_at)
                with blaming(self.path):
                    data = change.written(workbook.package.read(sheet.part))
                workbook.package.change(sheet.part, data)
                workbook.compute_when_opened()
                lost_formula |= change.lost_formula
            if lost_formula:
                workbook.forget_order()
            workbook.save()

    def _found(self, found: engines.Values, engine: str) -> dict[str, dict[Place, Value]]:
        """Return the new results, where they differ from those in the file."""
        results: dict[str, dict[Place, Value]] = {}
        self._unknown = {}
        for sheet in self.sheets:
            new, here = found.get(sheet, {}), results.setdefault(sheet, {})
            for place, (formula, old) in self.cells(sheet).items():
                is_constant = formula is None and not self._is_filled(sheet, place)
                if is_constant or place in self._values.get(sheet, {}):
                    continue
                value = new.get(place)
                if value in _UNKNOWN and value != old:
                    # The old result may be that of other inputs.
                    self._unknown[sheet, place] = f"{engine} cannot calculate"
                    value = None
                if not _is_same(value, old):
                    here[place] = value
        return results


def _is_same(new: Value, old: Value) -> bool:
    """Tell whether two results are the same to 15 digits, which all programs keep."""
    if type(new) is float and type(old) is float:
        return f"{new:.15g}" == f"{old:.15g}"
    if {new, old} <= {None, ""}:
        return True
    return type(new) is type(old) and new == old


def _signature(path: Path) -> tuple[int, int] | None:
    """Return by what a file is known to be unchanged; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
