"""Workbooks that version 0.1.0 wrote, in `older/`: known as ours, verified, rebuilt, graded."""

import shutil
from pathlib import Path

import click.testing
import openpyxl
import pytest

from sheetgen.cli import main

OLDER = Path(__file__).parent / "older"
SAME = ("--learning-rates", "0.5", "--iterations", "3", "--no-verify")
"""The options with which `older/era-v1.xlsx` was built; `cnn train` then added `CNN tiny`."""


def run(*arguments: object) -> click.testing.Result:
    return click.testing.CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLDER / "era-v1.xlsx", tmp_path / "era-v1.xlsx"))


def test_every_formula_is_the_one_that_this_version_writes(workbook: Path) -> None:
    result = run("verify", workbook, "--engine", "ironcalc", "--perturb", "2")
    assert result.exit_code == 0, result.output
    assert "FAIL" not in result.output and "worded differently" not in result.output


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

    arguments = ["log", OLDER / "run", "--workbook", workbook, "--data-dir", mnist]
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
