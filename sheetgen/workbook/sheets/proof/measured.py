"""Measures the sheets of a new workbook: what of them `Proof` can promise in any program."""

from collections.abc import Mapping, Sequence

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.plan import DATA, INPUTS, PLAYGROUND, WORKINGS, Plan
from sheetgen.workbook.promise import MARGIN, closeness, moved, movement, tolerance_of
from sheetgen.workbook.shared.table_cells import FIRST_ROW, Table
from sheetgen.workbook.shared.workings import LINK_ROW
from sheetgen.workbook.sheets.proof.checksums import Closeness
from sheetgen.workbook.sheets.proof.proof import AsBuilt
from sheetgen.workbook.sheets.training_table import BAND_ROW, FIRST_COLUMN

SOURCES = (INPUTS, DATA)


def measured(plan: Plan, canvases: Sequence[Canvas], tables: Sequence[Table]) -> AsBuilt:
    """Return the checksums of all sheets as the reference computes them for a new workbook."""
    near = {
        table.canvas.name: closeness(plan, found)
        for table, found in zip(tables, _movements(plan, tables), strict=True)
    }
    apart = max(rows[-1] for rows in near.values())
    alike: dict[str, Closeness] = {
        **{canvas.name: _everywhere(apart) for canvas in canvases},
        **dict.fromkeys(SOURCES, _everywhere(MARGIN * tolerance_of(plan))),
        **{name: _by_row(rows) for name, rows in near.items()},
    }
    return AsBuilt.of(
        canvases,
        {canvas.name: _titles(canvas, near) for canvas in canvases},
        alike,
        SOURCES,
        {*SOURCES, *near} - {PLAYGROUND},
    )


def _movements(plan: Plan, tables: Sequence[Table]) -> list[Array]:
    """Return the movement of each table's rows."""
    movements = [np.zeros(table.iterations + 1) for table in tables]
    for each in moved(plan):  # one after the other: each has as many values as the workbook
        others = (*each.traces, each.playground)
        for table, other, found in zip(tables, others, movements, strict=True):
            np.maximum(found, movement(table.trace, other, table.places), out=found)
    return movements


def _everywhere(apart: float) -> Closeness:
    return lambda _, rows: np.full(len(rows), apart)


def _by_row(near: Array) -> Closeness:
    """Return the closeness of a table's rows; what is left of it depends on all of them."""

    def at(column: int, rows: Array) -> Array:
        if column < FIRST_COLUMN:
            return np.full(len(rows), near[-1])
        return near[np.clip(rows - FIRST_ROW, 0, len(near) - 1)]

    return at


def _titles(canvas: Canvas, tables: Mapping[str, Array]) -> dict[int, str]:
    """Return what the columns of a sheet are called.

    A table has bands, and each block of Workings says which sheet it is for.
    """
    if canvas.name in tables:
        return {0: "summary"} | _texts(canvas, BAND_ROW, FIRST_COLUMN)
    return _texts(canvas, LINK_ROW, 0) if canvas.name == WORKINGS else {}


def _texts(canvas: Canvas, row: int, first: int) -> dict[int, str]:
    """Return the texts of a row by their columns, from the first on."""
    return {
        column: str(cell.value)
        for (at, column), cell in sorted(canvas.cells.items())
        if at == row and column >= first and cell.value != ""
    }
