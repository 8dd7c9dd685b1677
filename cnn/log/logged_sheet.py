"""Reads the logs on sheets of a workbook back, to compare them with others."""

from collections.abc import Mapping, Sequence
from math import inf, nan
from pathlib import Path

from cnn.log.description import TrainingLog
from cnn.log.log_page import FIRST_ROW, HEADER_ROW, LEFT, TABLE, read_list
from cnn.log.log_summary import read_best, read_target
from cnn.log.log_table import shown_value
from cnn.log.metrics import Logged
from sheetgen.errors import InputError, shortened
from sheetgen.spreadsheet.reader import FileCell, Value, iterate_cells, read_cells, visible_sheets
from sheetgen.spreadsheet.stamp import sheet_stamp

_NO_NUMBERS = {shown_value(number): number for number in (nan, inf, -inf)}
_Cells = Mapping[tuple[int, int], FileCell]


def read_logs(workbook: Path, sheets: Sequence[str] | None = None) -> dict[str, TrainingLog]:
    """Return the logs on sheets of a workbook by the names of these, without `sheets` all logs.

    Raises InputError if it is no workbook, if it has no such sheet, or none with a log.
    """
    known = visible_sheets(workbook)
    for sheet in sheets or ():
        if sheet not in known:
            raise InputError(
                f"{workbook} has no sheet {shortened(sheet)}; found {', '.join(known)}"
            )
    begun = [sheet for sheet in sheets or known if _begins_as_log(workbook, sheet)]
    cells = read_cells(workbook, begun) if begun else {}
    logs = {sheet: _log(sheet, cells[sheet]) for sheet in begun}
    found = {sheet: log for sheet, log in logs.items() if log}
    for sheet in sheets or ():
        if sheet not in found:
            raise InputError(
                f"the sheet {shortened(sheet)} of {workbook} has no log; expected one that "
                "`cnn log`, `cnn train` or cnn.WorkbookLog has written"
            )
    if not found:
        raise InputError(f"{workbook} has no sheet with a log; found {', '.join(known)}")
    return found


def _begins_as_log(workbook: Path, sheet: str) -> bool:
    """Tell whether a table's header is where a log has it, without reading what may be millions."""
    for _, row, column, cell in iterate_cells(workbook, [sheet]):
        if (row, column) >= (HEADER_ROW, TABLE):
            return (row, column) == (HEADER_ROW, TABLE) and isinstance(cell.value, str)
    return False


def _log(sheet: str, cells: _Cells) -> TrainingLog | None:
    """Return the log of a sheet, None if it has none."""
    stamp = sheet_stamp(cells)
    names = {
        column: str(cell.value)
        for (row, column), cell in cells.items()
        if row == HEADER_ROW and column >= TABLE and cell.value is not None
    }
    if stamp is None or TABLE not in names:
        return None
    rows: list[dict[str, Logged]] = []
    while isinstance(getattr(cells.get((FIRST_ROW + len(rows), TABLE)), "value", None), float):
        found = {name: cells.get((FIRST_ROW + len(rows), at)) for at, name in names.items()}
        if any(cell.formula is not None for cell in found.values() if cell):
            return None  # a comparison computes its table, a log is typed
        rows.append({name: _logged(cell.value) for name, cell in found.items() if cell})
    if not rows:
        return None
    title = cells.get((0, 0)) or cells.get((0, LEFT))  # where former versions wrote it
    return TrainingLog(
        sheet,
        str(title.value) if title else sheet,
        "",
        str(stamp.mark),
        rows,
        step=names[TABLE],
        settings=read_list(cells, "Settings"),
        target=read_target(cells),
        best=read_best(cells, names.values()),
    )


def _logged(value: Value) -> Logged:
    """Return what was logged, of which a cell shows NaN and infinities as texts."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    return _NO_NUMBERS.get(value, value) if isinstance(value, str) else value
