"""A table with one row, or one that is not filled in yet, is described as what it is."""

from pathlib import Path

import pytest
from check_helper import HandMade, mistakes, write
from click.testing import CliRunner, Result

from sheetgen.check import check_workbook
from sheetgen.check.check_command import check
from sheetgen.errors import InputError

CASES = Path(__file__).parent / "cases" / "check"
ONE_ROW = "remark: S: the table has one row: there is nothing to check from row to row"


def run(path: Path) -> Result:
    return CliRunner().invoke(check, [str(path)], catch_exceptions=False)


def checked(folder: Path, table: HandMade) -> tuple[int, list[str]]:
    """The exit code, and the lines without the file's name."""
    path = write(folder / "a.xlsx", S=table)
    result = run(path)
    return result.exit_code, (result.stdout + result.stderr).replace(str(path), "X").splitlines()


def without_last(count: int, rows: int = 1) -> HandMade:
    """A table whose last row lacks its last cells."""
    table = HandMade(rows=rows)
    for name in table.order[-count:]:
        table.cells[table.address(name, rows - 1)] = None
    return table


def test_a_row_of_givens_is_one_row_whose_other_columns_are_empty() -> None:
    path = CASES / "unfinished-first-row.xlsx"
    result = run(path)
    assert result.exit_code == 2
    assert result.stdout.splitlines()[:3] == [
        f"{path}: not checked: 19 of 31 columns are empty",
        "Sheet1 B32:AF33: 1 row, not checked",
        "remark: Sheet1: the table has one row: there is nothing to check from row to row",
    ]


def test_one_row_is_checked_within_itself(tmp_path: Path) -> None:
    code, lines = checked(tmp_path, HandMade(rows=1))
    assert (code, lines[0], lines[2]) == (0, "X: right", ONE_ROW)
    wrong = HandMade(rows=1)
    wrong.formulas["h1"] = "{w1}*{i1}-{w2}*{i2}"
    assert checked(tmp_path, wrong)[0] == 1
    assert mistakes(check_workbook(tmp_path / "a.xlsx")) == [("h1", "difference-for-sum")]


def test_two_rows_are_checked_from_row_to_row(tmp_path: Path) -> None:
    code, lines = checked(tmp_path, HandMade(rows=2))
    assert (code, lines[0], len(lines)) == (0, "X: right", 2)
    wrong = HandMade(rows=2)
    wrong.formulas["w1"] = "{w1.up}+{η}*{∂E/∂w1.up}"
    assert checked(tmp_path, wrong)[0] == 1


@pytest.mark.parametrize("count", [3, 8, 11])
def test_what_is_filled_in_of_a_row_is_checked(tmp_path: Path, count: int) -> None:
    code, lines = checked(tmp_path, without_last(count))
    assert code == 2
    assert lines[0] == f"X: right as far as checked: {count} of 31 columns are not checked"
    wrong = without_last(count)
    wrong.formulas["h1"] = "{w1}*{i1}-{w2}*{i2}"
    assert checked(tmp_path, wrong)[0] == 1


def test_a_row_that_ends_among_the_weights_is_counted(tmp_path: Path) -> None:
    code, (line,) = checked(tmp_path, without_last(24))
    assert code == 2
    assert line == (
        "Error: X has no training table: row 6 holds numbers in 7 of the 31 columns headed in "
        "row 5 of 'S'"
    )


def test_the_second_row_may_be_unfinished(tmp_path: Path) -> None:
    code, lines = checked(tmp_path, without_last(12, rows=2))
    assert (code, lines[0]) == (0, "X: right")


@pytest.mark.parametrize("comma", [".", ","])
def test_a_row_of_numbers_as_text_is_read(tmp_path: Path, comma: str) -> None:
    table = HandMade(rows=1)
    table.paste()
    for place, number in list(table.cells.items()):
        table.cells[place] = repr(number).replace(".", comma)
    code, lines = checked(tmp_path, table)
    assert (code, lines[0]) == (0, "X: right")
    assert lines[-1].endswith("31 numbers are stored as text; they were read as numbers")


def test_texts_below_the_headers_are_quoted(tmp_path: Path) -> None:
    table = HandMade(rows=1)
    for name in table.order:
        table.cells[table.address(name, 0)] = "later"
    code, (line,) = checked(tmp_path, table)
    assert code == 2
    assert line.endswith(
        "there are texts but no numbers below the headers in row 5 of 'S', such as 'later'"
    )


def test_headers_with_numbers_of_something_else_far_below(tmp_path: Path) -> None:
    table = HandMade(rows=0)
    table.cells["AZ40"] = 3
    code, (line,) = checked(tmp_path, table)
    assert code == 2
    assert line.endswith("there are no numbers below the headers in row 5 of 'S'")


def test_a_page_of_matrices_is_called_that(tmp_path):
    cells: dict[str, object] = {"A1": "X", "D1": "W1", "G1": "z1"}
    for left, right in ("AB", "DE"):
        cells |= {f"{column}{row}": 0.1 * row for column in (left, right) for row in (2, 3)}
    for row in (2, 3):
        cells |= {f"{z}{row}": f"=A{row}*{w}2+B{row}*{w}3" for z, w in ("GD", "HE")}
    path = write(tmp_path / "a.xlsx", S=cells)
    with pytest.raises(InputError) as refused:
        check_workbook(path)
    said = "'S' has matrices (X at A2:B3, W1 at D2:E3, z1 at G2:H3), but their formulas are"
    assert said in str(refused.value)
