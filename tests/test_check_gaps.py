"""A table continues below a row without numbers; rows below that were not read are named."""

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from handmade_books import Book
from handmade_examples import seed_table
from handmade_tables import Table
from planting import change, complaints

from sheetgen.check import WorkbookReport, check_workbook


def with_gap(**layout: object) -> Table:
    return seed_table(10, gap=6, **layout)


def gap_remarks(report: WorkbookReport) -> list[str]:
    return [one.words for one in report.remarks if one.kind == "gap"]


def test_a_right_table_with_an_empty_row_is_right(tmp_path: Path) -> None:
    report = check_workbook(Book([with_gap()]).written(tmp_path / "a.xlsx"))
    assert report.passed
    assert (report.tables[0].rows, len(report.tables[0].right)) == (10, 27)
    assert gap_remarks(report) == ["the table continues below row 8, without numbers"]


@pytest.mark.parametrize("digits", [None, 20])
def test_a_mistake_below_the_gap_is_found(tmp_path: Path, digits: int | None) -> None:
    table = with_gap(digits=digits)
    change(table, "E1", "0.5*", "", range(7, 10))
    report = check_workbook(Book([table]).written(tmp_path / "a.xlsx"))
    assert complaints(report, table, [("E1", 7)], frozenset(["missing-half"])) == []


def test_a_formula_that_refers_to_the_gap_is_wrong(tmp_path: Path) -> None:
    path = Book([with_gap()]).written(tmp_path / "a.xlsx", cached=False)
    book = openpyxl.load_workbook(path)
    place = with_gap().cell("w1", 6)
    book.active[place] = book.active[place].value.replace("7", "8")
    book.save(path)
    (finding,) = check_workbook(path).mistakes
    assert (finding.kind, finding.cell) == ("wrong-row", place)
    assert finding.words == "the formula refers to row 8, which holds no numbers"


def test_a_text_in_the_gap_does_not_end_the_table(tmp_path: Path) -> None:
    path = Book([with_gap()]).written(tmp_path / "a.xlsx", cached=False)
    book = openpyxl.load_workbook(path)
    book.active["A8"] = "second epoch"
    book.save(path)
    assert check_workbook(path).tables[0].rows == 10


def test_another_training_below_the_same_headers_is_a_table(tmp_path: Path) -> None:
    first = seed_table(5, rate="formula")
    below = replace(first, layout=replace(first.layout, row=6), contents={}, headers={}, columns={})
    path = Book([first]).written(tmp_path / "a.xlsx", cached=False)
    book = openpyxl.load_workbook(path)
    other = Book([below]).written(tmp_path / "b.xlsx", cached=False)
    for row in openpyxl.load_workbook(other).active.iter_rows(min_row=8, max_row=12):
        for cell in row:
            book.active[cell.coordinate] = cell.value
    book.active[below.cell("E1", 0)] = "=0"
    book.save(path)
    report = check_workbook(path)
    assert [one.rows for one in report.tables] == [5, 5]
    assert [one.cell for one in report.mistakes] == [below.cell("E1", 0)]


def test_averages_below_a_table_are_no_rows_of_it(tmp_path: Path) -> None:
    table = seed_table(8)
    path = Book([table]).written(tmp_path / "a.xlsx", cached=False)
    book = openpyxl.load_workbook(path)
    for symbol in table.network.order():
        span = f"{table.cell(symbol, 0)}:{table.cell(symbol, 7)}"
        book.active[table.cell(symbol, 9)] = f"=AVERAGE({span})"
    book.save(path)
    report = check_workbook(path)
    assert report.passed
    assert report.tables[0].rows == 8
    assert [one.words for one in report.remarks if one.kind == "rows-not-read"] == [
        "row 11 below the table, also with numbers, was not read"
    ]
