"""Composes all sheets of a workbook in memory, each formula with the value it must have."""

from sheetgen.console import progress
from sheetgen.errors import InputError
from sheetgen.spreadsheet import stamp
from sheetgen.spreadsheet.address import MAXIMUM_FORMULA
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.version import __version__
from sheetgen.workbook.plan import PROOF, Plan
from sheetgen.workbook.shared.chosen_moment import choose_moment
from sheetgen.workbook.shared.epoch_tests import Evaluations
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.data_sheet import data_sheet
from sheetgen.workbook.sheets.decision_surface.decision_surface import decision_surface_sheet
from sheetgen.workbook.sheets.derivation.derivation import derivation_sheet
from sheetgen.workbook.sheets.error_surface.error_surface import error_surface_sheet
from sheetgen.workbook.sheets.explorer.explorer import explorer_sheet
from sheetgen.workbook.sheets.fitted_curve import fitted_curve_sheet
from sheetgen.workbook.sheets.gradient_check.gradient_check import gradient_check_sheet
from sheetgen.workbook.sheets.inputs import inputs_sheet
from sheetgen.workbook.sheets.learning_rates.learning_rates import comparison_sheet, series_name
from sheetgen.workbook.sheets.matrices.matrices import matrices_sheet
from sheetgen.workbook.sheets.origin import origin_sheet
from sheetgen.workbook.sheets.overview import MOMENT, overview_canvas, overview_sheet
from sheetgen.workbook.sheets.plane_explorer.plane_explorer import plane_explorer_sheet
from sheetgen.workbook.sheets.playground import playground_sheet
from sheetgen.workbook.sheets.predictions.predictions import predictions_sheet
from sheetgen.workbook.sheets.proof.measured import measured
from sheetgen.workbook.sheets.proof.proof import AsBuilt, proof_sheet, write_state
from sheetgen.workbook.sheets.training_table import Compared, variant_sheet

PICTURES = (predictions_sheet, decision_surface_sheet, fitted_curve_sheet, error_surface_sheet)
"""Sheets that show what a trained network does; each returns None if it does not suit it."""


def compose(plan: Plan, as_built: AsBuilt | None = None) -> list[Canvas]:
    """Return the sheets in the order of their tabs, all but `_sheetgen`.

    `as_built` is what `Proof` holds of the workbook whose inputs have been changed to those of the
    plan; without it the plan is that of a new workbook.

    Raises InputError when the network does not fit a worksheet.
    """
    sources = draw_sources(plan)
    workings = Workings([each.tab for each in plan.variants])
    tested = plan.training(plan.template.optimizer).is_tested
    evaluations = Evaluations(plan, sources, workings) if tested else None
    compared = tuple(
        variant_sheet(plan, index, sources, series_name(plan, index), evaluations)
        for index in progress.counted(range(len(plan.traces)), "composing the tables")
    )
    with progress.step("composing the other sheets"):
        playground = playground_sheet(plan, sources, evaluations)
        return _compose_others(plan, sources, workings, compared, playground, as_built)


def _compose_others(
    plan: Plan,
    sources: Sources,
    workings: Workings,
    compared: tuple[Compared, ...],
    playground: Table,
    as_built: AsBuilt | None,
) -> list[Canvas]:
    """Return all sheets, of which the sources and the tables are drawn already."""
    tables = [each.table for each in compared]
    overview = overview_canvas(plan.template.title, plan.template.description)
    chosen = choose_moment(overview, plan, tables, MOMENT, workings)
    derivation = derivation_sheet(chosen, workings)
    gradient_check = gradient_check_sheet(chosen, derivation, workings)
    canvases = [
        *sources.canvases,
        derivation.canvas,
        explorer_sheet(sources, tables, workings)
        if plan.network.is_dense
        else plane_explorer_sheet(plan, tables, workings),
        playground.canvas,
        *(each.canvas for each in compared),
        comparison_sheet(plan, compared, sources, workings),
        *(canvas for sheet in PICTURES if (canvas := sheet(plan, sources, tables, workings))),
        gradient_check,
        *filter(None, [matrices_sheet(chosen, workings)]),
        workings.canvas,
    ]
    sheets = [canvas.name for canvas in canvases]
    sheets.insert(-1, PROOF)
    row = overview_sheet(overview, chosen, sheets, gradient_check, derivation.cells, workings)
    canvases.insert(0, overview)
    is_new = as_built is None
    as_built = as_built or measured(
        plan, canvases, [*tables, playground], lambda each: (*each.traces, each.playground)
    )
    proof = proof_sheet(canvases, as_built, workings, is_new)
    write_state(overview, row, proof)
    canvases.insert(-1, proof)
    workings.fit()
    for canvas in canvases:
        _check_formulas(canvas)
    return canvases


def draw_sources(plan: Plan) -> Sources:
    """Draw `Inputs` and, if there are several samples, `Data`."""
    data = data_sheet(plan) if plan.has_data_sheet else None
    return Sources(plan, *inputs_sheet(plan), data)


def with_origin(plan: Plan, canvases: list[Canvas]) -> list[Canvas]:
    """Return the sheets followed by `_sheetgen`, which says what they were made from."""
    names = tuple(canvas.name for canvas in canvases)
    return [
        *canvases,
        origin_sheet(plan, names, stamp.fingerprint(canvases), __version__),
    ]


def _check_formulas(canvas: Canvas) -> None:
    for (row, column), cell in canvas.cells.items():
        if cell.formula is not None and len(cell.formula) > MAXIMUM_FORMULA:
            raise InputError(
                f"the formula in {canvas.absolute(row, column)} would have "
                f"{len(cell.formula):,} characters; a cell holds {MAXIMUM_FORMULA:,}"
            )
