"""Workbooks that version 0.1.0 wrote, in `older/`: known as ours, verified, rebuilt, graded.

Sheets that it laid out otherwise than this version are named and not verified.
"""

import json
import shutil
from pathlib import Path

import click.testing
import openpyxl
import pytest
from conftest import held, put

from sheetgen.cli import main
from sheetgen.version import is_older

OLDER = Path(__file__).parent / "older"
SAME = ("--learning-rates", "0.5", "--iterations", "3", "--no-verify")
"""The options with which `older/era-v1.xlsx` was built; `cnn train` then added `CNN tiny`."""


def run(*arguments: object) -> click.testing.Result:
    return click.testing.CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLDER / "era-v1.xlsx", tmp_path / "era-v1.xlsx"))


LAID_OUT_DIFFERENTLY = "not verified, as sheetgen 0.1.0 laid them out differently: "


@pytest.mark.parametrize("name", ["era-v1", "xor"])
def test_it_is_verified_but_for_the_sheets_that_are_laid_out_differently(name: str) -> None:
    result = run("verify", OLDER / f"{name}.xlsx", "--engine", "ironcalc", "--perturb", "1")
    assert result.exit_code == 0, result.output
    assert "FAIL" not in result.output and "worded differently" not in result.output
    (line,) = [each for each in result.stderr.splitlines() if LAID_OUT_DIFFERENTLY in each]
    assert "Overview" in line and "`sheetgen build` brings them up to date" in line
    named = line.partition(LAID_OUT_DIFFERENTLY)[2].partition(";")[0].split(", ")
    assert not {"Playground", "lr 0.5", "CNN tiny"} & set(named)
    assert all(f" {each} " in result.stdout for each in ("Inputs", "Playground", "lr 0.5"))


def test_json_says_what_is_not_verified(workbook: Path) -> None:
    result = run("verify", workbook, "--engine", "ironcalc", "--perturb", "0", "--json")
    (found,) = json.loads(result.stdout)
    assert found["passed"] and found["written_by"] == "sheetgen 0.1.0"
    assert "Overview" in found["not_verified"] and "lr 0.5" not in found["not_verified"]


def test_changed_inputs_are_verified_as_well(workbook: Path) -> None:
    put(workbook, "Inputs", "C5", 0.4)
    result = run("verify", workbook, "--engine", "ironcalc", "--perturb", "0")
    assert result.exit_code == 0 and "FAIL" not in result.output, result.output


@pytest.mark.slow
def test_a_changed_sample_is_verified_as_well(tmp_path: Path) -> None:
    """Version 0.1.0 left rows empty above the samples on Data."""
    workbook = Path(shutil.copy(OLDER / "xor.xlsx", tmp_path))
    assert held(workbook, "Data", "F10").value == 1
    put(workbook, "Data", "F10", 0.75)
    result = run("verify", workbook, "--engine", "ironcalc", "--perturb", "1")
    assert result.exit_code == 0 and "FAIL" not in result.output, result.output


@pytest.mark.slow
def test_a_wrong_formula_in_a_table_is_found(workbook: Path) -> None:
    former = held(workbook, "lr 0.5", "K8")
    put(workbook, "lr 0.5", "K8", f"={former.formula}*1.01")
    result = run("verify", workbook, "--engine", "ironcalc", "--perturb", "0")
    assert result.exit_code == 1 and "lr 0.5!K8: " in result.output, result.output


@pytest.mark.parametrize(("version", "code"), [("0.1.0", 0), ("0.2.0", 1), ("99.0.0", 1)])
def test_only_an_older_workbook_may_have_another_layout(
    small: Path, tmp_path: Path, version: str, code: int
) -> None:
    book = Path(shutil.copy(small, tmp_path))
    cell = next(place for place in ("B9", "C9") if held(book, "Gradient check", place).formula)
    formula = held(book, "Gradient check", cell).formula
    put(book, "Gradient check", cell, f"={formula}*1" if code == 0 else "=1234+0*A1")
    put(book, "_sheetgen", "B3", f"sheetgen {version}")
    result = run("verify", book, "--engine", "ironcalc", "--perturb", "0")
    assert result.exit_code == code, result.output
    differently = "laid them out differently: Gradient check, Proof;"
    assert (differently in result.stderr) == (code == 0)
    assert (f"Gradient check!{cell}: " in result.stdout) == (code == 1)


def test_an_older_version_is_one_with_a_smaller_number() -> None:
    assert is_older("sheetgen 0.1.0") and is_older("sheetgen 0.0.99")
    assert not is_older("sheetgen 0.2.0.dev0") and not is_older("sheetgen 0.10.0")
    assert not is_older("") and not is_older("sheetgen") and not is_older("sheetgen 0.1")


def test_it_is_rebuilt_in_place_and_keeps_the_sheet_that_cnn_added(workbook: Path) -> None:
    result = run("build", "era-v1", *SAME, "-o", workbook)
    assert result.exit_code == 0, result.output
    assert "kept the added sheets: CNN tiny" in result.output
    assert "CNN tiny" in openpyxl.load_workbook(workbook, read_only=True).sheetnames


def test_an_edit_of_it_is_noticed(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    book["Derivation"]["B40"] = "my own note"
    book.save(workbook)
    before = workbook.read_bytes()
    result = run("build", "era-v1", *SAME, "-o", workbook)
    assert result.exit_code == 2 and "edited" in result.output
    assert workbook.read_bytes() == before


def test_an_exercise_is_graded_with_its_key() -> None:
    names = ("--key", OLDER / "exercise.key.json", OLDER / "exercise.solution.xlsx")
    result = run("grade", *names)
    assert result.exit_code == 0 and "27 of 27" in result.output, result.output


def test_the_log_of_a_run_is_put_in_place_of_its_former_sheet(workbook: Path, mnist: Path) -> None:
    pytest.importorskip("torch")

    from cnn.cli import main as cnn  # noqa: PLC0415

    copy = shutil.copytree(OLDER / "run", workbook.with_name("run"))  # results are kept in it
    arguments = ["log", copy, "--workbook", workbook, "--data-dir", mnist]
    result = click.testing.CliRunner().invoke(cnn, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0 and result.stderr == "", result.output
    tabs = openpyxl.load_workbook(workbook, read_only=True).sheetnames
    assert [tab for tab in tabs if tab.startswith("CNN")] == ["CNN tiny"]


def test_an_exported_network_agrees_with_torch() -> None:
    pytest.importorskip("torch")
    import safetensors.torch  # noqa: PLC0415 - only where torch is
    from exported_network import small_network  # noqa: PLC0415

    from cnn.export import verify_workbook  # noqa: PLC0415

    model = small_network()
    model.load_state_dict(safetensors.torch.load_file(OLDER / "export.safetensors"))
    results = verify_workbook(OLDER / "export.xlsx", model)
    assert len(results) > 1 and all(result.passed for result in results)


def test_an_exported_sheet_that_is_laid_out_differently_is_named(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    import safetensors.torch  # noqa: PLC0415 - only where torch is
    from exported_network import small_network  # noqa: PLC0415

    from cnn.export import verify_workbook  # noqa: PLC0415

    model = small_network()
    model.load_state_dict(safetensors.torch.load_file(OLDER / "export.safetensors"))
    book = Path(shutil.copy(OLDER / "export.xlsx", tmp_path))
    former = held(book, "Network", "F13")
    assert former.formula
    put(book, "Network", "F13", "=77")
    (result,) = verify_workbook(book, model, inputs=1)
    assert result.passed and "Network" in result.not_verified
    conv = held(book, "conv1", "N5")
    put(book, "conv1", "N5", f"={conv.formula}+0.01")
    (result,) = verify_workbook(book, model, inputs=1)
    assert not result.passed and "conv1" in result.wrong
