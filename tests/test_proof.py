"""The sheet `Proof` says in any program that opens a workbook whether its numbers are NumPy's."""

import shutil

import openpyxl
import pytest
from conftest import held, put
from test_sensitivity import product
from verify_helper import WRONG_NUMBERS, replaced

from sheetgen.exercises import make_exercise
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.spreadsheet.reader import read_cells, sheet_names
from sheetgen.template import template
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets.proof.checksums import weights
from sheetgen.workbook.sheets.proof.proof import FIRST_ROW, JUDGED, SHEET

FACE = {"verdict": (3, 1), "sentence": (4, 1)}


@pytest.fixture
def book(bare, tmp_path):
    """A small workbook to tamper with."""
    return shutil.copy(bare, tmp_path / "book.xlsx")


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """era-v1's exercise and its solution; not to be written to."""
    path = tmp_path_factory.mktemp("solved") / "exercise.xlsx"
    return make_exercise(template.load("era-v1"), path, solution=True)


def shown(path, engine=EMBEDDED):
    """Return the verdict, the sentence below it, and the verdicts by sheet, recalculated."""
    cells = engine.recalculate(path)["Proof"]
    judged = {}
    for (row, column), sheet in cells.items():
        if column == SHEET and row >= FIRST_ROW:
            judged.setdefault(sheet, set()).add(cells[row, JUDGED])
    return *(cells[place] for place in FACE.values()), judged


def test_a_workbook_as_built_is_proven_and_overview_says_so(bare):
    verdict, sentence, judged = shown(bare)
    assert verdict == "PASS"
    assert sentence.startswith("The numbers of ")
    assert {word for words in judged.values() for word in words} == {"PASS"}
    words = {cell.value for cell in read_cells(bare, ["Overview"])["Overview"].values()}
    assert "every number against NumPy's, live" in words


@pytest.mark.parametrize("name", template.built_in())
def test_every_sheet_of_a_built_in_template_is_proven(name, short_book):
    proof = read_cells(short_book(name).saved.path, ["Proof"])["Proof"]
    assert proof[FACE["verdict"]].value == "PASS"
    assert (7, 1) not in proof, "no sheet is left out"


@pytest.mark.parametrize(("sheet", "cell", "old", "new"), WRONG_NUMBERS)
def test_a_wrong_formula_fails_it(book, sheet, cell, old, new):
    replaced(book, sheet, cell, old, new)
    verdict, sentence, judged = shown(book)
    assert verdict == "FAIL"
    assert "FAIL" in judged[sheet]
    assert sentence.startswith("At least one number is not NumPy's. The first is in ")


def test_a_number_pasted_over_a_formula_fails_it_unless_it_is_the_same(book):
    right = EMBEDDED.recalculate(book)["lr 0.5"][6, 31]
    put(book, "lr 0.5", "AF7", right)
    assert shown(book)[0] == "PASS"
    put(book, "lr 0.5", "AF7", right * (1 + 1e-4))
    verdict, sentence, judged = shown(book)
    assert verdict == "FAIL"
    assert sentence.startswith("At least one number is not NumPy's. The first is in lr 0.5, ")
    assert judged["lr 0.1"] == {"PASS"}


@pytest.mark.parametrize("content", ["none", None, "=1/0"], ids=["a text", "nothing", "an error"])
def test_what_is_no_number_fails_it(book, content):
    put(book, "lr 0.5", "AF7", content, cached=0.0 if content == "=1/0" else None)
    assert shown(book)[0] == "FAIL"


def test_for_other_inputs_it_claims_nothing_and_names_the_first(book, engine):
    for cell in ("K8", "F7"):
        put(book, "Inputs", cell, held(book, "Inputs", cell).value / 2)
    verdict, sentence, judged = shown(book, engine)
    assert verdict == "inputs changed"
    assert sentence.endswith("Changed since then: Inputs!F7 and 1 more.")
    assert judged["lr 0.1"] == judged["Derivation"] == {"not judged"}


def test_tables_stay_proven_where_only_a_view_has_changed(book):
    (row, column) = next(
        (row, column)
        for canvas in compose(Plan.of(template.load("era-v1").with_training([0.1, 0.5], 5)))
        if canvas.name == "Explorer"
        for key, (row, column) in canvas.inputs.items()
        if key == "explorer_iteration"
    )
    address = f"{openpyxl.utils.get_column_letter(column + 1)}{row + 1}"
    put(book, "Explorer", address, 3)
    verdict, sentence, judged = shown(book)
    assert verdict == "inputs changed"
    assert sentence.endswith(f"Changed since then: Explorer!{address}.")
    assert judged["lr 0.1"] == judged["lr 0.5"] == {"PASS"}
    assert judged["Explorer"] == {"not judged"}


def test_it_holds_after_another_program_has_saved_the_file(book):
    workbook = openpyxl.load_workbook(book)
    workbook.save(book)
    assert shown(book, engines.engine("formualizer"))[0] == "PASS"


def test_a_chaotic_training_is_not_judged_where_rounding_decides():
    plan = Plan.of(product("0.1, 2.9", 35))
    (proof,) = (each for each in compose(plan) if each.name == "Proof")
    assert "Learning rates" in proof.value(7, 1)
    sheets = {cell.value for (row, column), cell in proof.cells.items() if column == SHEET}
    assert {"lr 0.1", "lr 2.9"} <= sheets, "of the second a few rows"
    assert "Learning rates" not in sheets


def test_neighbours_have_different_weights_between_1_and_2():
    found = weights(2000)
    assert ((found >= 1) & (found <= 2)).all()
    assert len(set(found)) > 1990


def test_a_solution_is_proven_and_an_exercise_says_nothing_of_it(solved):
    solution = solved.solutions[0].path
    verdict, _, judged = shown(solution)
    assert verdict == "PASS"
    assert {"Exercise", "Worksheet", "Workings", "_answers"} == set(judged)
    assert read_cells(solution, ["Overview"])["Overview"][6, 1].value == "PASS"
    assert "Proof" not in sheet_names(solved.workbooks[0].path)


@pytest.mark.parametrize(
    ("cell", "content"),
    [
        pytest.param("G15", 0.21, id="a weight pasted over"),
        pytest.param(
            "AE15", "=(C15-T15)*T15*(1-T15)*N15", id="a wrong sign in a gradient of the teacher's"
        ),
        pytest.param("X15", 0.0362, id="a number pasted over a formula"),
    ],
)
def test_a_wrong_cell_of_a_solution_fails_it(solved, cell, content, tmp_path):
    book = shutil.copy(solved.solutions[0].path, tmp_path / "solution.xlsx")
    put(book, "Exercise", cell, content)
    verdict, sentence, judged = shown(book)
    assert verdict == "FAIL"
    assert sentence.startswith("At least one number is not NumPy's. The first is in Exercise, ")
    assert judged["_answers"] == {"PASS"}
