"""What is tested with every engine, in LibreOffice: at one start, for it is slow to start."""

# ruff: noqa: F401 - fixtures are found by their names

import ast
from collections.abc import Callable, Sequence
from functools import partial
from inspect import isfunction, signature
from pathlib import Path

import pytest

pytest.importorskip("torch")

import test_activations
import test_canvas
import test_chosen_row
import test_compare
import test_data_sets
import test_engines
import test_exercise
import test_explorer
import test_export_activation
import test_export_network
import test_export_one_cell
import test_export_sheets
import test_export_sheets_layers
import test_grade
import test_live
import test_log_sheet
import test_losses
import test_open_workbook
import test_optimizers
import test_proof
import test_schedules
import test_sensitivity
import test_surfaces
import test_verify
import test_xlsx
from one_start import errors_of
from test_canvas import path
from test_compare import comparison
from test_exercise import made as made_exercises
from test_explorer import books as explorer_books
from test_proof import book as proof_book
from test_sensitivity import chaotic, diverging, kink

from sheetgen.spreadsheet.engines import Engine

# As in the tests' own files: openpyxl does not know every extension of a sheet.
pytestmark = pytest.mark.filterwarnings("ignore:.* extension is not supported:UserWarning")

Test = Callable[..., None]
FORMULAS: list[Test] = [
    test_activations.test_every_engine_has_the_numbers_of_numpy,
    test_canvas.test_choices_made_in_the_file_are_followed,
    test_compare.test_every_formula_comes_to_what_the_reference_says,
    test_engines.test_dates_are_numbers_and_precision_is_kept,
    test_engines.test_defined_names,
    test_engines.test_every_formula_is_evaluated_from_scratch,
    test_engines.test_long_chains,
    test_engines.test_what_cannot_be_evaluated_is_no_cached_value,
    test_exercise.test_another_network_verifies_in_every_engine,
    test_exercise.test_the_marks_follow_what_is_typed,
    test_log_sheet.test_what_is_large_or_missing_or_no_number_is_kept_and_shown,
    test_losses.test_every_engine_has_the_numbers_of_numpy,
    test_open_workbook.test_every_engine_calculates_what_is_set,
    test_optimizers.test_every_engine_trains_as_numpy_does,
    test_proof.test_for_other_inputs_it_claims_nothing_and_names_the_first,
    test_schedules.test_every_engine_has_the_rates_of_numpy_and_none_fails_beyond_the_end,
    test_xlsx.test_an_empty_cell_stays_empty_in_every_engine,
]
WORKBOOKS: list[Test] = [
    test_chosen_row.no_circle_on_the_way_to_a_row_far_down,
    test_data_sets.test_workbooks_verify_in_every_engine,
    test_explorer.libreoffice_shows_the_same,
    test_live.test_a_saturated_unit_is_0_in_every_engine_and_not_an_error,
    test_sensitivity.test_a_chaotic_training_verifies_in_every_engine,
    test_sensitivity.test_a_diverging_training_verifies_and_is_summed_up_in_every_engine,
    test_sensitivity.test_a_sum_that_is_0_up_to_rounding_may_fall_on_either_side_of_a_kink,
    test_surfaces.test_every_sheet_follows_what_is_chosen_in_every_engine,
    test_verify.test_every_engine_agrees_with_numpy_whatever_the_inputs,
]
EXPORTS: list[Test] = [
    test_export_activation.test_window_times_kernel_is_what_torch_computes,
    test_export_network.test_a_trained_network_recognises_the_same_digits_in_every_engine,
    test_export_network.maps_of_more_rows_than_libreoffice_computes_in_one_thread,
    test_export_network.test_numbers_typed_with_another_library_give_torchs_answer,
    test_export_one_cell.test_one_digit_to_choose_from,
    *(partial(test_export_one_cell.computed_by, case=case) for case in test_export_one_cell.FEWER),
    test_export_sheets.test_a_chosen_digit_is_recognised_as_torch_does,
    test_export_sheets.test_every_formula_comes_to_what_its_cell_promises,
    test_export_sheets_layers.test_a_chosen_layer_of_a_chosen_digit_is_shown,
]
RENAMED: dict[tuple[str, str], str] = {
    ("test_exercise", "made"): "made_exercises",
    ("test_explorer", "books"): "explorer_books",
    ("test_proof", "book"): "proof_book",
}
"""The fixtures that have another name here, by the module of the test and by their names there."""


@pytest.mark.parametrize(
    "tests", [FORMULAS, WORKBOOKS, EXPORTS], ids=["formulas", "books", "exports"]
)
def test_libreoffice_passes(
    tests: Sequence[Test], libreoffice: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    asking = {}
    for number, test in enumerate(tests):
        function = test.func if isinstance(test, partial) else test
        given: dict[str, object] = {}
        for name in signature(test).parameters:
            if name in ("tmp_path", "folder"):
                given[name] = tmp_path / str(number)
                (tmp_path / str(number)).mkdir()
            elif name not in ("engine", "libreoffice", "every_engine", "case"):
                fixture = RENAMED.get((function.__module__, name), name)
                given[name] = request.getfixturevalue(fixture)
        asking[f"{number} {function.__name__}"] = partial(asked, test, given)
    errors = errors_of(asking, libreoffice)
    for name, error in errors.items():
        error.add_note(f"in {name}")
    if errors:
        raise ExceptionGroup("in LibreOffice", list(errors.values()))


def asked(test: Test, given: dict[str, object], engine: Engine) -> None:
    """Run a test with an engine in place of the fixture that names it."""
    engines = {"engine": engine, "libreoffice": engine, "every_engine": (engine,)}
    test(**given, **{name: engines[name] for name in signature(test).parameters if name in engines})


def test_no_test_with_an_engine_is_left_out() -> None:
    """Only grading is by itself, which sends engines to processes."""
    run = {test.__name__ for test in [*FORMULAS, *WORKBOOKS, *EXPORTS] if isfunction(test)}
    run.add(test_grade.test_right_numbers_and_right_formulas_are_right.__name__)
    found = set()
    for source in Path(__file__).parent.glob("test_*.py"):
        for each in ast.parse(source.read_bytes()).body:
            if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"):
                names = {argument.arg for argument in each.args.args}
                if {"engine", "every_engine"} & names and "libreoffice" not in names:
                    found.add(each.name)
    assert found - run == set()
