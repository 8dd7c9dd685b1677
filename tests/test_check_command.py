"""The command `sheetgen check`: what it prints and writes, and how it ends."""

import csv
import json

import openpyxl
import pytest
from check_helper import HandMade, write
from click.testing import CliRunner

from sheetgen.check import check_workbook
from sheetgen.check.check_command import check
from sheetgen.check.check_report import CSV_HEADER
from sheetgen.cli import main
from sheetgen.exercises.sheets.exercise_workbook import ANSWERS


@pytest.fixture
def right(tmp_path):
    return write(tmp_path / "right.xlsx", S=HandMade())


@pytest.fixture
def wrong(tmp_path):
    table = HandMade()
    table.formulas["∂E/∂w6"] = table.formulas["∂E/∂w5"]
    return write(tmp_path / "wrong.xlsx", S=table)


def run(*args):
    return CliRunner().invoke(check, [str(arg) for arg in args], catch_exceptions=False)


def run_main(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


def test_a_right_file_ends_with_0(right):
    result = run(right)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{right}: right",
        "S A5:AE13: 8 rows, network 2-2-2, learning rate 0.5 (C1), 27 columns right, 0 wrong, "
        f"largest difference {result.stdout.split()[-1]}",
    ]


def test_a_wrong_file_ends_with_1_and_says_what_it_should_be(wrong):
    table = HandMade()
    result = run(wrong)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[2:] == [
        f"wrong: S {table.address('∂E/∂w6', 0)}: ∂E/∂w6: a_h1 is used instead of a_h2 "
        "[wrong-activation-index, 8 cells]",
        f"    it is        {table.formula('∂E/∂w5', 0)}",
        f"    it should be {table.formula('∂E/∂w6', 0)}",
    ]


def test_unreadable_files_end_with_2_and_the_others_are_still_checked(right, wrong, tmp_path):
    missing = tmp_path / "missing.xlsx"
    result = run(missing, right)
    assert result.exit_code == 2
    assert result.stderr == f"Error: {missing} cannot be read: there is no such file\n"
    assert result.stdout.startswith(f"{right}: right")
    assert run(missing, wrong).exit_code == 1


def test_json(right, wrong, tmp_path):
    result = run(right, wrong, tmp_path / "missing.xlsx", "--json")
    assert result.exit_code == 1
    first, second, third = json.loads(result.stdout)
    assert first["passed"]
    assert (third["passed"], "no such file" in third["error"]) == (None, True)
    (table,) = second["tables"]
    assert table["wrong"] == ["∂E/∂w6"]
    assert (table["rows"], table["network"]) == (8, [2, 2, 2])
    assert table["learning_rate"] == {"value": 0.5, "source": "cell", "cell": "C1"}
    (finding,) = table["findings"]
    assert (finding["kind"], finding["column"]) == ("wrong-activation-index", "∂E/∂w6")


def test_csv_has_a_line_for_each_column_and_file(wrong, tmp_path):
    target = tmp_path / "findings.csv"
    run(wrong, tmp_path / "missing.xlsx", "--csv", target)
    with target.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert tuple(lines[0]) == CSV_HEADER
    statuses = [line["status"] for line in lines]
    assert [statuses.count(one) for one in ("given", "right", "wrong", "unreadable")] == [
        4,
        26,
        1,
        1,
    ]
    (finding,) = [line for line in lines if line["status"] == "wrong"]
    # A spreadsheet program that opens the list must not run what a student wrote.
    assert finding["formula"].startswith("'=")


@pytest.mark.slow
def test_formulas_with_errors_are_found_where_they_begin(tmp_path):
    table = HandMade()
    table.cells[table.address("h1", 3)] = "=1/0"
    result = run(write(tmp_path / "a.xlsx", S=table))
    assert result.exit_code == 1
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("wrong")]
    assert f"S {table.address('h1', 3)}: h1: the formula gives #DIV/0!" in line


@pytest.mark.slow
@pytest.mark.parametrize("name", ["t1", "w1", "h1"])
def test_text_where_a_number_belongs_is_found_in_its_cell(tmp_path, name):
    table = HandMade()
    table.cells[table.address(name, 0)] = "n/a"
    result = run(write(tmp_path / "a.xlsx", S=table))
    assert result.exit_code == 1
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("wrong")]
    assert "found the text 'n/a'; expected a number" in line


def test_a_list_that_cannot_be_written_is_said(right, tmp_path):
    folder = tmp_path / "no" / "folder" / "x.csv"
    (tmp_path / "no").write_text("a file")
    result = CliRunner().invoke(check, [str(right), "--csv", str(folder)])
    assert result.exit_code != 0


@pytest.mark.parametrize("order", ["list first", "workbook first"])
def test_a_list_replaces_no_workbook(right, wrong, order):
    before = right.read_bytes()
    files = ["--csv", right, wrong] if order == "list first" else [right, "--csv", right]
    result = CliRunner().invoke(main, ["check", *map(str, files)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        f"Error: {right} already exists and holds no list of findings; expected another name\n"
    )
    assert right.read_bytes() == before


def test_a_list_replaces_an_older_list(right, wrong, tmp_path):
    target = tmp_path / "findings.csv"
    run(wrong, "--csv", target)
    assert run(right, "--csv", target).exit_code == 0
    assert str(wrong) not in target.read_text(encoding="utf-8-sig")


def unreadable():
    """A table whose headers name no network, and whose sums are hidden in a function."""
    names = {f"w{one}": f"v{one}1" for one in range(1, 9)} | {"w1": "w11", "w2": "w12"}
    table = HandMade(headers=names)
    for unit in ("h1", "h2", "o1", "o2"):
        table.formulas[unit] = f"N({table.formulas[unit]})"
    return table


def test_where_nothing_can_be_checked_it_does_not_say_right(tmp_path):
    path = write(tmp_path / "a.xlsx", S=unreadable())
    result = run(path)
    assert result.exit_code == 2
    assert result.stdout.splitlines()[:2] == [
        f"{path}: not checked: the headers name no network of dense layers whose weights are "
        "all numbered",
        "S A5:AE13: 8 rows, not checked",
    ]
    (report,) = json.loads(run(path, "--json").stdout)
    assert (report["passed"], report["checked"], report["conclusive"]) == (None, False, False)


@pytest.mark.parametrize(("unknown", "ends_with"), [("ratio", 0), ("∂E/∂w8", 2)])
def test_the_first_line_says_how_much_is_not_checked(tmp_path, unknown, ends_with):
    table = HandMade()
    if unknown == "ratio":
        table.order.append(unknown)
        table.formulas[unknown] = "{w1}/{w2}"
    else:
        table.cells = {table.address(unknown, row): None for row in range(table.rows)}
    path = write(tmp_path / "a.xlsx", S=table)
    result = run(path)
    count = len(table.order)
    assert result.stdout.splitlines()[0] == (
        f"{path}: right as far as checked: 1 of {count} columns is not checked"
    )
    # An odd column beside the table matters little, but a gradient is what the table is about.
    assert result.exit_code == ends_with


def test_a_right_table_beside_one_that_is_not_checked(tmp_path):
    path = write(tmp_path / "a.xlsx", S=HandMade(), T=unreadable())
    result = run(path)
    assert result.exit_code == 2
    assert result.stdout.splitlines()[0] == (
        f"{path}: right as far as checked: 1 of 2 tables is not checked"
    )


@pytest.mark.slow
def test_what_a_training_starts_from_should_not_be_a_formula(tmp_path):
    table = HandMade()
    table.cells[table.address("w1", 0)] = "0,15"
    table.formulas["w1"] = "{w1.up}-{η}*{∂E/∂w1.up}"
    lines = run(write(tmp_path / "a.xlsx", S=table)).stdout.splitlines()
    (place,) = [at for at, line in enumerate(lines) if "found the text '0,15'" in line]
    assert not any("it should be" in line for line in lines[place : place + 2])


def test_an_exercise_is_marked_by_another_command(tmp_path):
    path = write(tmp_path / "a.xlsx", Exercise=HandMade(), **{ANSWERS: {"A1": 1}})
    book = openpyxl.load_workbook(path)
    book.worksheets[1].title = ANSWERS
    book.save(path)
    result = run(path)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {path} is an exercise that sheetgen made; `sheetgen grade` marks it\n"
    )


@pytest.mark.parametrize("content", ['="7"', '="x"', "=TRUE", '=A5&""'])
def test_a_formula_whose_result_is_no_number_is_wrong(tmp_path, content):
    table = HandMade()
    table.cells[table.address("h1", 3)] = content
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert [(one.symbol, one.cell) for one in report.mistakes] == [("h1", table.address("h1", 3))]


def test_a_long_formula_is_printed_as_far_as_anybody_reads(tmp_path):
    table = HandMade()
    table.cells[table.address("h1", 3)] = "=" + "+".join(["1"] * 2000)
    result = CliRunner().invoke(check, [str(write(tmp_path / "a.xlsx", S=table))])
    assert "… (4,000 characters)" in result.output
    assert max(map(len, result.output.splitlines())) < 1100
