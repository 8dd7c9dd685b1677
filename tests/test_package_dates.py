"""Workbooks that count their dates from 1904: only a sheet with dates cannot change the count."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
import xlsxwriter
from conftest import sheetgen
from handmade import PARTS, written
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from packages import check_kept, check_sound

from sheetgen.errors import UnmovableError
from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.insert.dates import is_date_format
from sheetgen.spreadsheet.reader import sheet_names

# openpyxl does not know what the workbook by hand has in its extensions.
pytestmark = pytest.mark.filterwarnings("ignore:.*not supported:UserWarning")

CASES = Path(__file__).parent / "cases" / "insert"
DAY = date(2026, 11, 29)
Fill = Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], None]


def donor_with(path: Path, fill: Fill, from_1904: bool = False) -> Path:
    """Write a workbook with one sheet, "Log", that `fill` fills."""
    with xlsxwriter.Workbook(path, {"date_1904": from_1904}) as book:
        fill(book, book.add_worksheet("Log"))
    return path


def dated(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    sheet.write("A1", "started")
    sheet.write_datetime("B7", DAY, book.add_format({"num_format": "yyyy-mm-dd"}))


def undated(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    """What looks like dates and is none: clock times, durations, empty cells, texts."""
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write("A1", "29/11/2026", day)
    sheet.write_blank("A2", None, day)
    sheet.set_column("C:C", 12, day)
    sheet.write("B1", 0.75, book.add_format({"num_format": "hh:mm"}))
    sheet.write("B2", timedelta(hours=30), book.add_format({"num_format": "[hh]:mm:ss"}))
    sheet.write("B3", 0.25, book.add_format({"num_format": '0.00" days"'}))
    sheet.write("B4", 1e9, book.add_format({"num_format": "[Red]0.00E+00"}))


def counting_from_1904(path: Path) -> Path:
    book = PARTS["xl/book.xml"].replace("<bookViews", "<workbookPr date1904='1'/><bookViews")
    return written(path, PARTS | {"xl/book.xml": book})


@pytest.mark.parametrize("sheet", ["lr 0.1", "Overview", "Explorer"])
def test_a_sheet_of_ours_goes_into_a_workbook_that_counts_from_1904(
    small: Path, tmp_path: Path, sheet: str
) -> None:
    target, output = CASES / "date1904.xlsx", tmp_path / "new.xlsx"
    assert add_sheets(target, small, [sheet], output) == {sheet: sheet}
    check_sound(output)
    check_kept(target, output)
    book, before = openpyxl.load_workbook(output), openpyxl.load_workbook(target)
    assert book.epoch == before.epoch == CALENDAR_MAC_1904
    (old,) = before.sheetnames
    values = [[cell.value for cell in row] for row in before[old].iter_rows()]
    assert [[cell.value for cell in row] for row in book[old].iter_rows()] == values


@pytest.mark.parametrize("from_1904", [True, False])
def test_times_and_texts_are_no_dates(tmp_path: Path, from_1904: bool) -> None:
    donor = donor_with(tmp_path / "donor.xlsx", undated, from_1904)
    target = tmp_path / "hand.xlsx"
    if from_1904:
        written(target, PARTS)
    else:
        counting_from_1904(target)
    add_sheets(target, donor, ["Log"], tmp_path / "new.xlsx")
    check_sound(tmp_path / "new.xlsx")
    check_kept(target, tmp_path / "new.xlsx")


def test_dates_go_where_they_mean_the_same(tmp_path: Path) -> None:
    donor, target = tmp_path / "donor.xlsx", counting_from_1904(tmp_path / "hand.xlsx")
    donor_with(donor, dated, from_1904=True)
    add_sheets(target, donor, ["Log"], tmp_path / "new.xlsx")
    assert openpyxl.load_workbook(tmp_path / "new.xlsx")["Log"]["B7"].value.date() == DAY


@pytest.mark.parametrize("from_1904", [True, False])
def test_a_sheet_with_dates_is_refused_by_the_name_of_its_file(
    tmp_path: Path, from_1904: bool
) -> None:
    donor = donor_with(tmp_path / "donor.xlsx", dated, from_1904)
    target = tmp_path / "hand.xlsx"
    if from_1904:
        written(target, PARTS)
    else:
        counting_from_1904(target)
    year = 1904 if from_1904 else 1900
    with pytest.raises(UnmovableError) as caught:
        add_sheets(target, donor, ["Log"], tmp_path / "new.xlsx")
    assert str(caught.value).startswith(
        f"{donor} has dates that count from {year} on its sheet 'Log', the first in B7; expected "
    )
    assert not (tmp_path / "new.xlsx").exists()


@pytest.mark.slow
def test_a_rebuilt_workbook_that_was_saved_with_1904_keeps_sheets_without_dates(
    workbook: Path, tmp_path: Path
) -> None:
    for fill, kept in ((undated, True), (dated, False)):
        added = tmp_path / "added.xlsx"
        add_sheets(workbook, donor_with(tmp_path / "log.xlsx", fill), ["Log"], added)
        with ZipFile(added) as old, ZipFile(tmp_path / "mine.xlsx", "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name == "xl/workbook.xml":
                    assert data.count(b"<workbookPr ") == 1
                    data = data.replace(b"<workbookPr ", b'<workbookPr date1904="1" ')
                new.writestr(name, data)
        before = (tmp_path / "mine.xlsx").read_bytes()
        result = sheetgen("build", "-o", tmp_path / "mine.xlsx", "--no-verify")
        if kept:
            assert (result.exit_code, result.stderr) == (0, "")
            assert sheet_names(tmp_path / "mine.xlsx")[-1] == "Log"
        else:
            assert (result.exit_code, result.stdout) == (2, "")
            assert f"{tmp_path / 'mine.xlsx'} has dates that count from 1904" in result.stderr
            assert "new-workbook" not in result.stderr
            assert (tmp_path / "mine.xlsx").read_bytes() == before


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("General", False),
        ("0.00", False),
        ('0" days of m"', False),
        ("0.00E+00", False),
        ("[Red]#,##0;[Blue]-#,##0", False),
        ("h:mm AM/PM", False),
        ("hh:mm:ss.000", False),
        ("mm:ss", False),
        ("[mm]:ss", False),
        ("[h]:mm", False),
        ("[ss].00", False),
        (r"0\d", False),
        ("_d0_)", False),
        ("yyyy-mm-dd", True),
        ("MMM", True),
        ("d/m", True),
        ("m/d/yy h:mm", True),
        ("[$-407]dddd", True),
        ("[$-411]ge.m.d", True),
        ("h:mm m/d", True),
        ("0.00;mmm", True),
        ("h:mm:mm", True),
        ("mm mm:ss", True),
        ("m:s:m", False),
        pytest.param("m" * 20_000, True, id="20,000 letters"),
        pytest.param("[" * 20_000, False, id="20,000 brackets"),
    ],
)
def test_which_number_formats_show_dates(code: str, is_date: bool) -> None:
    assert is_date_format(code) == is_date
