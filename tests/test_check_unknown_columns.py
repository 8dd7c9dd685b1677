"""A column that its header does not name is known by its formula, or else said to be unknown."""

from pathlib import Path

import pytest
from check_helper import HandMade, mistakes, write

from sheetgen.check import WorkbookReport, check_workbook

TEXTBOOK = {
    "h1": "z1", "h2": "z2", "o1": "z3", "o2": "z4",
    "a_h1": "a1", "a_h2": "a2", "a_o1": "a3", "a_o2": "a4",
}  # fmt: skip


def said(report: WorkbookReport, kind: str) -> list[str]:
    return [one.words for one in report.remarks if one.kind == kind]


def audit(table: HandMade, path: Path) -> WorkbookReport:
    return check_workbook(write(path / "a.xlsx", S=table))


def test_the_names_of_textbooks_are_read(tmp_path: Path) -> None:
    report = audit(HandMade(headers=TEXTBOOK), tmp_path)
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 27


@pytest.mark.parametrize("symbol", TEXTBOOK)
def test_a_mistake_in_a_column_of_another_name_is_found_there(tmp_path: Path, symbol: str) -> None:
    table = HandMade(headers={symbol: "unnamed"})
    table.formulas[symbol] = table.formulas[symbol].replace("+", "-")
    report = audit(table, tmp_path)
    assert [column for column, _ in mistakes(report)] == ["unnamed"]
    assert said(report, "identified")[0].endswith(f"'unnamed' as {symbol}")


@pytest.mark.parametrize("symbol", ["a_h2", "∂E/∂w6", "E2"])
def test_pasted_numbers_without_a_header_are_known_by_their_values(
    tmp_path: Path, symbol: str
) -> None:
    table = HandMade(headers={symbol: "?"})
    table.paste()
    report = audit(table, tmp_path)
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 27


@pytest.mark.parametrize("symbol", ["w2", "w6", "a_h2", "∂E/∂w6"])
def test_a_header_that_occurs_twice_is_not_a_mistake_in_the_numbers(
    tmp_path: Path, symbol: str
) -> None:
    before = f"{symbol[:-1]}{int(symbol[-1]) - 1}"
    report = audit(HandMade(headers={symbol: before}), tmp_path)
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 27


def test_a_column_that_stays_unknown_is_said(tmp_path: Path) -> None:
    table = HandMade()
    table.order.insert(10, "ratio")
    table.formulas["ratio"] = "{w1}/{w2}"
    report = audit(table, tmp_path)
    assert said(report, "unknown-header") == ["not understood, and so not checked: K5 'ratio'"]


def test_short_names_of_the_errors_are_read(tmp_path: Path) -> None:
    table = HandMade(headers={"E1": "L1", "E2": "L2", "E_total": "J"})
    table.formulas["E1"] = table.formulas["E1"].replace("t1", "t2")
    assert mistakes(audit(table, tmp_path)) == [("L1", "target-swapped")]
