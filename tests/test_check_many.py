"""The command `sheetgen check` with many files: over all processors, and interrupted."""

import csv
import shutil
import signal

import pytest
from check_helper import HandMade, write
from click.testing import CliRunner
from dying import check_or_die
from pausing import start_paused

from sheetgen.check import audit
from sheetgen.check.check_command import check


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Five workbooks, of which the second and the last are wrong and the fourth is no workbook."""
    folder = tmp_path_factory.mktemp("class")
    table = HandMade()
    right = write(folder / "1.xlsx", S=table)
    table.formulas["∂E/∂w6"] = table.formulas["∂E/∂w5"]
    wrong = write(folder / "2.xlsx", S=table)
    (folder / "4.xlsx").write_text("no workbook")
    return [right, wrong, shutil.copy(right, folder / "3.xlsx"), folder / "4.xlsx",
            shutil.copy(wrong, folder / "5.xlsx")]  # fmt: skip


def run(*args):
    return CliRunner().invoke(check, [str(arg) for arg in args], catch_exceptions=False)


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_results_come_in_the_order_given_however_many_files_are_worked_on_at_once(files, tmp_path):
    one, several = (tmp_path / name for name in ("one.csv", "several.csv"))
    alone = run(*files, "--csv", one, "--jobs", 1)
    result = run(*files, "--csv", several, "--jobs", 3)
    assert result.exit_code == alone.exit_code == 1
    assert (result.stdout, result.stderr) == (alone.stdout, alone.stderr)
    folder = str(files[0].parent)
    verdicts = [line for line in result.stdout.splitlines() if line.startswith(folder)]
    found = [line.partition(": ")[2] for line in verdicts]
    assert found == ["right", "1 mistake", "right", "1 mistake"]
    assert several.read_bytes() == one.read_bytes()
    assert list(dict.fromkeys(row["file"] for row in rows(several))) == list(map(str, files))


def test_json_is_the_same_however_many_files_are_worked_on_at_once(files):
    assert run(*files, "--json", "--jobs", 3).stdout == run(*files, "--json", "--jobs", 1).stdout


def test_a_file_whose_check_dies_takes_nothing_else_down(files, tmp_path, monkeypatch):
    monkeypatch.setattr(audit, "check_workbook", check_or_die)
    dies, findings = tmp_path / "dies.xlsx", tmp_path / "findings.csv"
    result = run(files[0], dies, files[2], "--csv", findings, "--jobs", 2)
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {dies} could not be checked: its process ended (signal {signal.SIGSEGV:d})\n"
    )
    assert result.stdout.count(": right\n") == 2
    unreadable = [row for row in rows(findings) if row["status"] == "unreadable"]
    assert [row["file"] for row in unreadable] == [str(dies)]


def test_an_error_of_ours_in_one_file_takes_nothing_else_down(files, monkeypatch):
    def checked(path):
        if path == files[1]:
            raise RecursionError("too deep")
        return check_or_die(path)

    monkeypatch.setattr(audit, "check_workbook", checked)
    result = run(*files[:3], "--jobs", 1)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {files[1]} could not be checked: an unexpected Recurs")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout.count(": right\n") == 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_check_keeps_what_it_has_found(files, tmp_path, jobs):
    findings = tmp_path / "findings.csv"
    call = "sheetgen.check.check_command", "_print", 2
    options = "check", *files, "--csv", findings, "--jobs", jobs
    process = start_paused(call, tmp_path / "paused", "sheetgen", *options)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    partial = tmp_path / "findings.partial.csv"
    assert f" are in {partial}" in err
    assert not findings.exists()
    assert {row["file"] for row in rows(partial)} == set(map(str, files[:2]))
    assert out.startswith(f"{files[0]}: right")
    # The next complete list leaves no partial one behind.
    run(files[0], "--csv", findings)
    assert [path.name for path in tmp_path.glob("*.csv")] == ["findings.csv"]
