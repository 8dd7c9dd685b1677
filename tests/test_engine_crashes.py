"""A formula that is too much for an engine costs its workbook a result, and nothing else."""

import shutil
import sys
from functools import partial
from pathlib import Path

import pytest
import xlsxwriter
from conftest import WRONG, Build, put, require, sheetgen

from sheetgen.errors import RunError
from sheetgen.processes import workers
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.engines import library_engines

CASES = Path(__file__).parent / "cases"


def too_much(kind: str) -> str:
    """A formula that no Excel could hold."""
    return {
        "parentheses": "=" + "(" * 5_000 + "1" + ")" * 5_000,
        "functions": "=" + "ABS(" * 5_000 + "1" + ")" * 5_000,
        "signs": "=" + "-" * 20_000 + "1",
        "sum": "=1" + "+1" * 100_000,
        "powers": "=1" + "^1" * 100_000,
        "text": '="' + '""' * 100_000 + '"',
    }[kind]


@pytest.mark.parametrize("kind", ["parentheses", "functions", "signs", "sum", "powers", "text"])
@pytest.mark.parametrize("name", ["ironcalc", "formualizer"])
def test_a_formula_that_is_too_much_for_an_engine_costs_one_workbook(
    poisoned: Build, tmp_path: Path, name: str, kind: str
) -> None:
    """Its stack overflows, which would end our own process; or it can bear the formula."""
    chosen, fine = engines.engine(name), poisoned({"one": {"A1": "=1+1"}})
    require(chosen.missing())
    path = tmp_path / f"{kind}.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("deep")
        sheet.write("A1", 1)
        sheet.write_formula("B2", too_much(kind), None, WRONG)
    try:
        values = chosen.recalculate(path)
    except RunError as error:
        assert str(error).startswith(f"{name} ")
        assert str(path) in str(error)
        if "ended (signal" in str(error):
            assert "'deep'!B2" in str(error)
    else:
        assert values["deep"][1, 1] != WRONG
    assert chosen.recalculate(fine) == {"one": {(0, 0): 2.0}}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
@pytest.mark.parametrize("name", ["ironcalc", "formualizer"])
def test_texts_that_double_in_each_row_run_out_of_memory(
    poisoned: Build, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    chosen = engines.engine(name)
    require(chosen.missing())
    limited = partial(workers.run_each, memory=1 << 29)
    monkeypatch.setattr(library_engines, "run_each", limited)
    doubling = {f"A{row}": f"=A{row - 1}&A{row - 1}" for row in range(2, 60)}
    path = poisoned({"one": {"A1": "ten letters", **doubling}})
    with pytest.raises(RunError) as error:
        chosen.recalculate(path)
    assert str(error.value) == f"{name} ran out of memory while recalculating {path}"


@pytest.mark.slow
def test_verify_names_the_formula_that_ends_the_engine(workbook: Path) -> None:
    put(workbook, "lr 0.5", "A500", too_much("parentheses"))
    found = sheetgen("verify", workbook, "--engine", "ironcalc")
    reason = f"ironcalc ended (signal 11) while recalculating {workbook}"
    place = "its longest formula is that of 'lr 0.5'!A500, with 10,001 characters"
    assert (found.exit_code, found.stderr) == (1, f"Error: {reason}; {place}\n")


def test_grade_survives_a_formula_that_ends_the_engine(tmp_path: Path) -> None:
    """One cell of one student, who still gets the marks for all others."""
    key, deep = CASES / "grade" / "ex.key.json", CASES / "grade" / "hw_paren.xlsx"
    other = Path(shutil.copy(deep, tmp_path / "other.xlsx"))
    found = sheetgen("grade", "--key", key, deep, other)
    assert (found.exit_code, found.stderr) == (1, "")
    assert found.stdout.count("0 of 27 right, 1 wrong, 26 empty") == 2
