"""Measures the sheets of a new workbook: what of them `Proof` can promise in any program."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.trace import Trace
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.plan import DATA, INPUTS, PLAYGROUND, WORKINGS, Plan
from sheetgen.workbook.promise import MARGIN, closeness, moved, movement, tolerance_of
from sheetgen.workbook.shared.table_cells import FIRST_ROW, Table
from sheetgen.workbook.shared.workings import LINK_ROW
from sheetgen.workbook.sheets.proof.checksums import Closeness, Terms
from sheetgen.workbook.sheets.proof.proof import AsBuilt
from sheetgen.workbook.sheets.training_table import BAND_ROW, FIRST_COLUMN

SOURCES = (INPUTS, DATA)

BLOCKS = (LINK_ROW, 0)
"""On `Workings` each block says which sheet it is for."""

Trainings = Callable[[Plan], Sequence[Trace]]
"""Returns the trainings that the tables show, one of each, as those of a plan."""


def measured(
    plan: Plan,
    canvases: Sequence[Canvas],
    tables: Sequence[Table],
    trainings: Trainings,
    bands: Mapping[str, tuple[int, int]] | None = None,
) -> AsBuilt:
    """Return the checksums of all sheets as the reference computes them for a new workbook.

    `bands` are sheets with bands besides the tables: their row, and the first column with one.
    """
    near = {
        table.canvas.name: closeness(tolerance_of(plan), found)
        for table, found in zip(tables, _movements(plan, tables, trainings), strict=True)
    }
    titled = {
        **dict.fromkeys(near, (BAND_ROW, FIRST_COLUMN)),
        WORKINGS: BLOCKS,
        **(bands or {}),
    }
    apart = max(rows[-1] for rows in near.values())
    alike: dict[str, Closeness] = {
        **{canvas.name: everywhere(apart) for canvas in canvases},
        **dict.fromkeys(SOURCES, everywhere(MARGIN * tolerance_of(plan))),
        **{name: _by_row(rows) for name, rows in near.items()},
    }
    return AsBuilt.of(
        canvases,
        {
            canvas.name: Terms(titles_of(canvas, titled.get(canvas.name)), alike[canvas.name])
            for canvas in canvases
        },
        {canvas.name: canvas.inputs.values() for canvas in canvases},
        SOURCES,
        {*SOURCES, *near} - {PLAYGROUND},
    )


def _movements(plan: Plan, tables: Sequence[Table], trainings: Trainings) -> list[Array]:
    """Return the movement of each table's rows."""
    movements = [np.zeros(len(table.trace["iteration"])) for table in tables]
    for each in moved(plan):  # one after the other: each has as many values as the workbook
        for table, other, found in zip(tables, trainings(each), movements, strict=True):
            np.maximum(found, movement(table.trace, other, table.places), out=found)
    return movements


def everywhere(apart: float) -> Closeness:
    """Return the closeness of a sheet all of whose numbers are as close."""
    return lambda _, rows: np.full(len(rows), apart)


def _by_row(near: Array) -> Closeness:
    """Return the closeness of a table's rows; what is left of it depends on all of them."""

    def at(columns: Array, rows: Array) -> Array:
        return near[
            np.where(columns < FIRST_COLUMN, -1, np.clip(rows - FIRST_ROW, 0, len(near) - 1))
        ]

    return at


def titles_of(canvas: Canvas, bands: tuple[int, int] | None) -> dict[int, str]:
    """Return what the columns of a sheet are called, none without bands."""
    if bands is None:
        return {}
    row, first = bands
    found = {
        column: str(cell.value)
        for (at, column), cell in sorted(canvas.cells.items())
        if at == row and column >= first and cell.value != ""
    }
    return {0: "summary", **found} if canvas.name != WORKINGS else found
