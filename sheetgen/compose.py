"""Composes all sheets of a workbook in memory, each formula with the value it must have."""

from sheetgen import __version__, fingerprint
from sheetgen.canvas import Canvas
from sheetgen.columns import MAXIMUM_FORMULA
from sheetgen.errors import InputError
from sheetgen.sheets.derivation import derivation_sheet
from sheetgen.sheets.gradient_check import gradient_check_sheet
from sheetgen.sheets.inputs import inputs_sheet
from sheetgen.sheets.learning_rates import learning_rates_sheet, series_name
from sheetgen.sheets.origin import origin_sheet
from sheetgen.sheets.overview import overview_sheet
from sheetgen.sheets.plan import Plan
from sheetgen.sheets.playground import playground_sheet
from sheetgen.sheets.training_table import learning_rate_sheet


def compose(plan: Plan) -> list[Canvas]:
    """Return the sheets in the order of their tabs, all but `_sheetgen`.

    Raises InputError when the network does not fit a worksheet.
    """
    inputs = inputs_sheet(plan)
    tables = tuple(
        learning_rate_sheet(plan, index, inputs, series_name(index))
        for index in range(len(plan.tabs))
    )
    playground = playground_sheet(plan, inputs)
    derivation = derivation_sheet(plan, inputs)
    gradient_check = gradient_check_sheet(plan, inputs, tables[0], derivation)
    canvases = [
        overview_sheet(
            plan,
            tuple(table.canvas.name for table in tables),
            gradient_check,
            derivation.cells,
        ),
        inputs,
        derivation.canvas,
        playground.canvas,
        *(table.canvas for table in tables),
        learning_rates_sheet(plan, tables, inputs),
        gradient_check,
    ]
    for canvas in canvases:
        _check_formulas(canvas)
    return canvases


def with_origin(plan: Plan, canvases: list[Canvas]) -> list[Canvas]:
    """Return the sheets with `_sheetgen` behind them, which says what they were made from."""
    names = tuple(canvas.name for canvas in canvases)
    return [
        *canvases,
        origin_sheet(plan, names, fingerprint.of_canvases(canvases), __version__),
    ]


def _check_formulas(canvas: Canvas) -> None:
    for (row, column), cell in canvas.cells.items():
        if cell.formula is not None and len(cell.formula) > MAXIMUM_FORMULA:
            raise InputError(
                f"the formula in {canvas.absolute(row, column)} would have "
                f"{len(cell.formula):,} characters; a cell holds {MAXIMUM_FORMULA:,}"
            )
