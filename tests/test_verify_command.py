"""What `sheetgen verify` says of odd files, in JSON, and of engines that do not exist."""

import json

import openpyxl
import pytest
import xlsxwriter
from conftest import put, sheetgen
from verify_helper import check, finding, replaced


@pytest.fixture
def small(bare, without_surfaces):  # noqa: ARG001
    """A workbook of fewer cells than others of this name have."""
    return bare


def test_a_workbook_of_another_program_is_sent_to_check(tmp_path):
    path = tmp_path / "own.xlsx"
    with xlsxwriter.Workbook(path) as own:
        own.add_worksheet("Table").write_formula("A1", "=1+1")
    result = check(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`sheetgen check`" in result.stderr


@pytest.mark.parametrize("kind", ["missing", "folder", "text", "half"])
def test_what_is_no_workbook_is_refused_in_one_line(tmp_path, small, kind):
    path = tmp_path / "file.xlsx"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("a,b\n1,2\n")
    elif kind == "half":
        path.write_bytes(small.read_bytes()[:20_000])
    result = check(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1
    assert str(path) in result.stderr


def test_a_damaged_origin_is_refused(workbook):
    put(workbook, "_sheetgen", "A8", "[network")
    result = check(workbook)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "_sheetgen" in result.stderr


@pytest.mark.parametrize("name", ["ironcalc", "formualizer"])
def test_a_workbook_that_another_program_saved_again_verifies(workbook, name):
    openpyxl.load_workbook(workbook).save(workbook)
    assert sheetgen("verify", workbook, "--engine", name).exit_code == 0


def test_a_sheet_that_build_did_not_write_is_named_and_left_alone(workbook):
    book = openpyxl.load_workbook(workbook)
    book.create_sheet("My notes")["A1"] = "=1/0"
    book.save(workbook)
    result = sheetgen("verify", workbook, "--engine", "formualizer", "--perturb", 0)
    assert result.exit_code == 0
    assert result.stderr == "not verified, as build did not write them: My notes\n"
    assert "My notes" not in result.stdout


@pytest.mark.slow
def test_a_deleted_sheet_fails(workbook):
    book = openpyxl.load_workbook(workbook)
    del book["lr 0.5"]
    book.save(workbook)
    result = sheetgen("verify", workbook, "--engine", "formualizer", "--perturb", 0)
    assert result.exit_code == 1
    assert finding(result, "lr 0.5", "A1")


def test_json_is_all_that_is_on_stdout(small):
    result = sheetgen("verify", small, "--engine", "ironcalc", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    as_it_is, moved = json.loads(result.stdout)
    assert [as_it_is["perturbation"], moved["perturbation"]] == [0, 1]
    assert as_it_is["engine"].startswith("ironcalc ")
    assert as_it_is["passed"] is moved["passed"] is True
    assert {"sheet", "formulas", "largest_difference", "findings"} <= as_it_is["sheets"][0].keys()


@pytest.mark.slow
def test_json_holds_every_finding(workbook):
    formula = replaced(workbook, "lr 0.1", "AF7", "(V7-E7)", "(E7-V7)")
    put(workbook, "Gradient check", "D4", "PASS")
    result = sheetgen("verify", workbook, "--engine", "ironcalc", "--perturb", 0, "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)
    assert found["passed"] is False
    findings = {
        (each["sheet"], each["cell"]): each
        for sheet in found["sheets"]
        for each in sheet["findings"]
    }
    assert findings["Gradient check", "D4"]["found"] == "PASS"
    first = findings["lr 0.1", "AF7"]
    assert first["formula"] == formula
    assert first["found"] == pytest.approx(-first["expected"])


def test_an_unknown_engine_is_refused_with_those_that_exist(small):
    result = sheetgen("verify", small, "--engine", "excel")
    assert (result.exit_code, result.stdout) == (2, "")
    for name in ("ironcalc", "formualizer", "libreoffice"):
        assert name in result.stderr


def test_verify_leaves_the_file_and_its_folder_as_they_were(workbook):
    before = workbook.read_bytes()
    check(workbook, perturb=1)
    assert workbook.read_bytes() == before
    assert list(workbook.parent.iterdir()) == [workbook]
