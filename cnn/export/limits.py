"""What a worksheet holds, and whether a network's sheets fit."""

from collections.abc import Iterable, Mapping

from sheetgen.errors import InputError
from sheetgen.formulas.columns import MAXIMUM_COLUMNS, MAXIMUM_FORMULA
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.template.read_template import MAXIMUM_ROWS


def require_extents(extents: Mapping[str, tuple[int, int]]) -> None:
    """Raise InputError, saying by how much, if a sheet has more rows or columns than it can.

    `extents` has the rows and columns that each sheet is going to have.
    """
    for name, (rows, columns) in extents.items():
        for count, most, what in (
            (rows, MAXIMUM_ROWS, "rows"),
            (columns, MAXIMUM_COLUMNS, "columns"),
        ):
            if count > most:
                raise InputError(
                    f"the sheet {name} would have {count:,} {what}, {count - most:,} more than "
                    f"the {most:,} that a worksheet holds"
                )


def require_sheets(canvases: Iterable[Canvas]) -> None:
    """Raise InputError, saying by how much, if a sheet or a formula is larger than it can be."""
    for canvas in canvases:
        rows = max((row for row, _ in canvas.cells), default=-1) + 1
        columns = max((column for _, column in canvas.cells), default=-1) + 1
        require_extents({canvas.name: (rows, columns)})
        for (row, column), cell in canvas.cells.items():
            if cell.formula is not None and len(cell.formula) > MAXIMUM_FORMULA:
                length = len(cell.formula)
                raise InputError(
                    f"the formula in {canvas.absolute(row, column)} would have {length:,} "
                    f"characters, {length - MAXIMUM_FORMULA:,} more than the "
                    f"{MAXIMUM_FORMULA:,} that a cell holds"
                )
