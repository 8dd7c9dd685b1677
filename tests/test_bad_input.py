"""What cannot be used is refused in one sentence that says why, and nothing is written."""

import os
import sys
import tempfile

import pytest
from conftest import build_small, put, refusal, sheetgen

from sheetgen.template import template


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ("0", "found 0; expected numbers above 0"),
        ("0.1,-0.5", "found -0.5; expected numbers above 0"),
        ("inf", "found inf; expected numbers above 0"),
        ("nan", "found 'nan'; expected numbers"),
        ("0.1,abc", "found 'abc'; expected numbers"),
        ("", "found ''; expected numbers"),
        ("0.1,", "found ''; expected numbers"),
        ("0.1,0.10", "found 0.1 twice; expected each rate once"),
    ],
)
def test_a_wrong_list_of_learning_rates_is_refused(output, rates, said):
    line = refusal(output, f"--learning-rates={rates}")
    assert "learning" in line
    assert said in line


@pytest.mark.parametrize("number", [0, -1, 2_000_000])
def test_iterations_that_fit_no_worksheet_are_refused(output, number):
    line = refusal(output, f"--iterations={number}")
    assert f"iterations: found {number}; expected 1 to " in line


def test_iterations_that_are_no_number_are_refused(output):
    assert "'many' is not a valid integer" in refusal(output, "--iterations", "many")


def test_a_network_too_wide_for_a_worksheet_is_refused(tmp_path, output):
    row, layer = [0.1] * 90, "[[network.layers]]\nunits = 90\nweights = "
    path = tmp_path / "wide.toml"
    path.write_text(
        f"[network]\ninputs = 90\n{layer}{[row] * 90}\n{layer}{[row] * 90}\n"
        f"[data]\ninputs = [{row}]\ntargets = [{row}]\n[training]\nlearning_rates = [0.1]\n"
    )
    assert "a worksheet has 16,384" in refusal(output, path)


@pytest.mark.parametrize("name", ["book", "book.xls", "book.csv", "book.xlsm"])
def test_a_name_without_xlsx_is_refused(tmp_path, name):
    assert "must end in .xlsx" in refusal(tmp_path / "new folder" / name)


def refused_place(path):
    """Build to a place that cannot be written; return the one line that says why."""
    result = sheetgen("build", "-o", path, "--iterations", 1, "--no-verify")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {path}")
    return line


def test_a_folder_is_no_place_for_a_workbook(tmp_path):
    path = tmp_path / "book.xlsx"
    path.mkdir()
    assert "is a folder" in refused_place(path)
    assert list(path.iterdir()) == []


@pytest.mark.parametrize("below", ["book.xlsx", "deeper/book.xlsx"])
def test_a_file_is_no_folder(tmp_path, below):
    (tmp_path / "file").write_text("mine")
    refused_place(tmp_path / "file" / below)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    # Root may write anywhere, so what it does not meet is staged.
    def denied(**_where):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkstemp", denied)
    assert "cannot be written: Permission denied" in refused_place(tmp_path / "book.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_looked_into_is_refused(tmp_path, monkeypatch):
    path, stat = tmp_path / "closed" / "book.xlsx", os.stat

    def guarded(target, *args, **options):
        if str(target).startswith(str(path.parent)):
            raise PermissionError(13, "Permission denied", str(target))
        return stat(target, *args, **options)

    monkeypatch.setattr(os, "stat", guarded)
    assert "Permission denied" in refused_place(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows says it in other words")
def test_a_name_too_long_for_a_folder_is_refused(tmp_path):
    assert "File name too long" in refused_place(tmp_path / f"{'x' * 300}.xlsx")


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    path = tmp_path / "book.xlsx"
    path.symlink_to(path)
    refused_place(path)
    assert path.is_symlink()


def test_verify_refuses_a_negative_number_of_perturbations(small):
    result = sheetgen("verify", small, "--perturb", -1)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize("rates", ["0,5;1", "0,5;1;", "0.5,1", " 0.5, 1.0 ", "0.5;1", "5e-1,1"])
def test_rates_are_read_with_a_point_or_a_comma(output, rates):
    inputs = build_small(output, "--learning-rates", rates)["Inputs"]
    assert [inputs[row, 13].value for row in (5, 6)] == [0.5, 1.0]
    assert (7, 13) not in inputs


def test_templates_lists_the_built_in_ones_with_their_titles():
    result = sheetgen("templates")
    assert result.stderr == ""
    assert [line.split()[0] for line in result.stdout.splitlines()] == [
        "autoencoder", "biases", "conv-digits", "deep", "digits", "edges", "era-v1", "era-v2",
        "iris", "line-fit", "logic", "logic-unit", "moons", "sine", "xor",
    ]  # fmt: skip
    for line in result.stdout.splitlines():
        assert template.load(line.split()[0]).title in line


@pytest.mark.slow
def test_messages_and_results_go_apart(workbook):
    workbook.with_name("~$book.xlsx").touch()
    put(workbook, "Gradient check", "D4", "PASS")
    built = sheetgen("build", "--iterations", 1, "--no-verify", "-o", workbook)
    assert (built.stdout.count("\n"), built.stderr.count("\n")) == (1, 1)
    verified = sheetgen("verify", workbook, "--engine", "ironcalc", "--perturb", 0)
    assert verified.stderr == ""
    assert "Gradient check!D4" in verified.stdout
