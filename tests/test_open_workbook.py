"""A workbook in Python: cells are set, calculated, read and saved, and nothing else changes."""

import math
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import openpyxl
import pytest
import xlsxwriter
from conftest import Build, held
from full_donor import full_donor
from handmade import PARTS
from handmade import written as handmade
from handwritten_xlsx import written
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packages import check_kept, check_sound

import sheetgen
from sheetgen.errors import CellValueError, InputError
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.reader import FileCell, read_cells

# openpyxl knows no sparklines, data bars of 2010, or text boxes.
pytestmark = pytest.mark.filterwarnings("ignore:.*not supported:UserWarning")


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with one of everything on its sheet Log; not to be written to."""
    return full_donor(tmp_path_factory.mktemp("full"))


def differing(before: Path, after: Path) -> set[str]:
    """The parts that are not the same byte for byte; there must be the same ones."""
    with ZipFile(before) as old, ZipFile(after) as new:
        assert new.namelist() == old.namelist()
        return {name for name in old.namelist() if old.read(name) != new.read(name)}


def names(table: Any) -> list[str]:
    """Return the columns of a table, with pandas or without."""
    return list(table.columns if hasattr(table, "columns") else table.dtype.names)


def test_a_rate_is_moved_and_the_whole_workbook_follows(small: Path, tmp_path: Path) -> None:
    """`verify` finds NumPy's results for the new rate, already in the file."""
    book = sheetgen.open_workbook(small)
    before = book.table("lr 0.1")
    assert names(before)[:3] == ["iteration", "t1", "t2"]
    book["learning_rate_1"] = 0.3
    with pytest.raises(CellValueError, match=r"'lr 0\.1'!B4 .*since it was .*recalculate\(\)"):
        _ = book["lr 0.1!B4"]
    book.recalculate()
    moved = book.table("lr 0.1")
    assert moved["E_total"][0] == before["E_total"][0]
    assert moved["w1"][1] - moved["w1"][0] == pytest.approx(
        3 * (before["w1"][1] - before["w1"][0]), rel=1e-12
    )
    assert book.save(tmp_path / "moved.xlsx").reason == ""
    check_kept(small, tmp_path / "moved.xlsx", book.sheets)
    with ZipFile(small) as old, ZipFile(tmp_path / "moved.xlsx") as new:
        same = {name for name in old.namelist() if old.read(name) == new.read(name)}
    assert {"xl/charts/chart1.xml", "xl/styles.xml", "xl/workbook.xml"} <= same
    (result,) = sheetgen.verify(tmp_path / "moved.xlsx", perturbations=0)
    assert result.passed
    reopened = sheetgen.open_workbook(tmp_path / "moved.xlsx")
    again = reopened.table("lr 0.1")
    assert all((again[name] == moved[name]).all() for name in names(moved))


PLACES = st.tuples(st.integers(0, 12), st.integers(0, 11))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=8),
    st.sampled_from(["=1+1", " a ", "\t\r\n", "_x0041_", "<&>", "1", "#N/A", ""]),
)


@settings(max_examples=12)
@example({(9, 3): "_x0041_", (9, 4): " a ", (10, 3): "=1+1", (11, 1): "\t\r\n", (1, 1): None})
@given(st.dictionaries(PLACES, VALUES, max_size=6))
def test_what_is_set_is_all_that_changes(
    full: Path, tmp_path_factory: pytest.TempPathFactory, wanted: dict[tuple[int, int], object]
) -> None:
    book = sheetgen.open_workbook(full)
    new: dict[tuple[int, int], object] = {}
    for place, value in wanted.items():
        try:
            book[f"Log!{relative_address(*place)}"] = value
        except CellValueError:  # a merged cell, or the header of a table
            assert place[0] in (0, 5)
        else:
            new[place] = value
    path = tmp_path_factory.mktemp("set") / "set.xlsx"
    book.save(path)
    assert differing(full, path) <= ({"xl/worksheets/sheet2.xml"} if new else set())
    expected = dict(read_cells(full)["Log"])
    for place, value in new.items():
        expected.pop(place, None)
        if value is not None:
            expected[place] = FileCell(None, value)
    found = dict(read_cells(path)["Log"])
    assert found == expected
    assert {place: type(cell.value) for place, cell in found.items()} == {
        place: type(cell.value) for place, cell in expected.items()
    }
    check_sound(path)


def test_cells_are_called_as_in_a_formula(full: Path) -> None:
    book = sheetgen.open_workbook(full)
    assert book["Log!B3"] == book["$log!$b$3"[1:]] == book["'LOG'!B$3"] == 0.75
    assert book["Log!A2:B4"].tolist() == [[1, 0.5], [2, 0.75], [3, 0.9]]
    assert book["log!best"] == 0.9
    assert math.isnan(book["Log!B4:B5"][1, 0]) is False
    assert book["Log!A1:A2"].tolist() == [["epoch"], [1.0]]
    assert math.isnan(book["Log!F2:G3"][0, 1])
    assert book.sheets == ["First", "Log"]
    assert book.names["step"] == "0.6"
    assert list(book.table("Epochs")["n"]) == [1, 2]
    assert book.table("Log!A1:B4")["accuracy"].tolist() == [0.5, 0.75, 0.9]
    assert names(book.table("Log")) == ["epoch", "accuracy", "∂E & <η>"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("A1", "found A1 without a sheet; expected it as in First!A1"),
        ("Lok!A1", "found no sheet 'Lok'; did you mean 'Log'?"),
        ("Log!A0", "found 'A0' on the sheet 'Log'; expected the address of cells"),
        ("Log!XFE1", "found 'XFE1' on the sheet 'Log'"),
        ("best", "found best, which is a name on the sheet Log; expected it as in Log!best"),
        ("Log", "found the name of a sheet; expected cells, as in Log!B4"),
        ("stop", "found no name 'stop'; did you mean 'step'?"),
        ("step", "the name step means =0.6; expected cells of one sheet"),
        ("Log!A1:XFD1048576", "expected at most 1,000,000 cells at once"),
        (3, "found 3; expected a text such as Inputs!B4"),
    ],
)
def test_a_wrong_name_is_answered_in_a_sentence(full: Path, key: str, message: str) -> None:
    book = sheetgen.open_workbook(full)
    with pytest.raises(InputError) as caught:
        _ = book[key]
    assert isinstance(caught.value, ValueError if key == "step" else KeyError)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("Log!D9", math.inf, "found inf; expected a finite number, a text"),
        ("Log!D9", object, "expected a finite number, a text"),
        ("Log!D9", "\0", "found U\\+0000, which is a control character"),
        ("Log!D9", "x" * 32_768, "a text of 32,768 characters; expected at most 32,767"),
        ("Log!D9:E9", [1, 2, 3], "Log!D9:E9: found 3 values; expected 1 × 2"),
        ("Log!D9:E10", [1, 2, 3, 4], "found 4 values; expected 2 × 2"),
        ("Log!B6", 1, "Log!B6 is hidden in the merged cells A6:B6; expected its first"),
        ("Log!F1", "m", "Log!F1 is a header of the table 'Epochs'"),
    ],
)
def test_what_a_cell_cannot_hold_changes_nothing(
    full: Path, tmp_path: Path, key: str, value: object, message: str
) -> None:
    book = sheetgen.open_workbook(full)
    with pytest.raises(CellValueError, match=message):
        book[key] = value
    book.save(tmp_path / "same.xlsx")
    assert differing(full, tmp_path / "same.xlsx") == set()


def test_arrays_fill_cells_and_one_value_all_of_them(full: Path, tmp_path: Path) -> None:
    book = sheetgen.open_workbook(full)
    book["First!C3:D5"] = np.arange(6).reshape(3, 2)
    book["First!F1:H1"] = ["a", np.float32(0.5), np.bool_(True)]
    book["First!F2:H3"] = 7
    book.save(tmp_path / "filled.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "filled.xlsx")["First"]
    assert [[cell.value for cell in row] for row in sheet["C3:D5"]] == [[0, 1], [2, 3], [4, 5]]
    assert [cell.value for cell in sheet["F1:H1"][0]] == ["a", 0.5, True]
    assert [[cell.value for cell in row] for row in sheet["F2:H3"]] == [[7] * 3] * 2
    assert sheet["A1"].font.italic
    with ZipFile(tmp_path / "filled.xlsx") as archive:
        text = archive.read("xl/worksheets/sheet1.xml").decode()
    assert '<dimension ref="A1:H5"/>' in text
    assert 'spans="1:1"' not in text  # it would say that the row ends with its first cell


def test_a_new_cell_looks_as_its_row_or_column_does(full: Path, tmp_path: Path) -> None:
    book = sheetgen.open_workbook(full)
    book["Log!A30"], book["Log!G2"], book["Log!G30"] = 0.5, " a", 1
    book.save(tmp_path / "new.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "new.xlsx")["Log"]
    assert sheet["A30"].number_format == "0.000%"
    assert (sheet["G2"].font.bold, sheet["G30"].font.bold) == (True, False)
    with ZipFile(tmp_path / "new.xlsx") as archive:
        assert b'xml:space="preserve"> a</t>' in archive.read("xl/worksheets/sheet2.xml")


def test_a_locked_formula_of_a_protected_sheet_is_kept(small: Path, tmp_path: Path) -> None:
    book = sheetgen.open_workbook(small)
    with pytest.raises(CellValueError, match=r"Explorer!E3 is a locked formula .*unlock=True"):
        book["Explorer!E3"] = 1
    book["Playground!C8"] = 1  # a table is not protected, so that rows can be dragged
    unlocked = sheetgen.open_workbook(small, unlock=True)
    unlocked["Explorer!E3"] = 1
    unlocked.save(tmp_path / "typed.xlsx")
    assert held(tmp_path / "typed.xlsx", "Explorer", "E3") == FileCell(None, 1.0)


def test_a_formula_that_others_share_can_be_replaced(tmp_path: Path) -> None:
    """The first cell of the group has its text, which the others then get for themselves."""
    shared = (
        '<row r="3"><c r="A3"><v>2</v></c><c r="B3"><f t="shared" ref="B3:B5" si="0">A3*$A$3</f>'
        '<v>4</v></c></row><row r="4"><c r="A4"><v>3</v></c><c r="B4"><f t="shared" si="0"/>'
        '<v>6</v></c></row><row r="5"><c r="B5"><f t="shared" si="0"/><v>0</v></c></row>'
    )
    with xlsxwriter.Workbook(tmp_path / "empty.xlsx") as made:
        made.add_worksheet("one")
    with ZipFile(tmp_path / "empty.xlsx") as archive:
        contents = {name: archive.read(name).decode() for name in archive.namelist()}
    part = "xl/worksheets/sheet1.xml"
    rows = contents[part].replace("<sheetData/>", f"<sheetData>{shared}</sheetData>")
    path = written(tmp_path / "shared.xlsx", contents | {part: rows})
    book = sheetgen.open_workbook(path)
    book["one!B3"], book["one!A5"], book["one!A1"], book["one!A9"] = 1, 5, "top", "end"
    book.recalculate()
    assert book["one!B3:B5"].ravel().tolist() == [1, 6, 10]
    book.save(tmp_path / "copy.xlsx")
    assert read_cells(tmp_path / "copy.xlsx")["one"] == {
        (0, 0): FileCell(None, "top"),
        (2, 0): FileCell(None, 2),
        (2, 1): FileCell(None, 1),
        (3, 0): FileCell(None, 3),
        (3, 1): FileCell("A4*$A$3", 6),
        (4, 0): FileCell(None, 5),
        (4, 1): FileCell("A5*$A$3", 10),
        (8, 0): FileCell(None, "end"),
    }


@pytest.mark.parametrize(("address", "is_kept"), [("A1", True), ("A2", False)])
def test_the_order_of_formulas_is_forgotten_with_one_of_them(
    tmp_path: Path, address: str, is_kept: bool
) -> None:
    """Excel calls a file damaged whose calcChain lists a cell without a formula."""
    book = sheetgen.open_workbook(handmade(tmp_path / "hand.xlsx", PARTS))
    assert "xl/calcChain.xml" in PARTS
    book[f"Data!{address}"] = 3
    book.save(tmp_path / "typed.xlsx")
    check_sound(tmp_path / "typed.xlsx")
    with ZipFile(tmp_path / "typed.xlsx") as archive:
        assert ("xl/calcChain.xml" in archive.namelist()) is is_kept
    if is_kept:
        assert differing(tmp_path / "hand.xlsx", tmp_path / "typed.xlsx") == {
            "xl/worksheets/data.xml"
        }


def test_formulas_that_fill_several_cells(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "array.xlsx") as made:
        sheet = made.add_worksheet("S")
        sheet.write_column("A1", [1, 2])
        sheet.write_array_formula("B1:B2", "{=A1:A2*2}", None, 2)
    book = sheetgen.open_workbook(tmp_path / "array.xlsx")
    with pytest.raises(CellValueError, match="S!B2 is one of the cells B1:B2, which one formula"):
        book["S!B2"] = 1
    book["S!A2"] = 5
    with pytest.raises(CellValueError, match="recalculate"):
        _ = book["S!B2"]
    book.recalculate()
    assert book["S!B1:B2"].ravel().tolist() == [2, 10]


def test_a_workbook_without_results_says_so(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active["A1"], made.active["B1"] = 2, "=A1*3"
    made.save(tmp_path / "plain.xlsx")
    book = sheetgen.open_workbook(tmp_path / "plain.xlsx")
    with pytest.raises(CellValueError, match=r"Sheet!B1 has a formula without a result; .*recalc"):
        _ = book["Sheet!B1"]
    book.recalculate()
    assert book["Sheet!B1"] == 6
    book.save(tmp_path / "plain.xlsx")
    assert book["Sheet!B1"] == held(tmp_path / "plain.xlsx", "Sheet", "B1").value == 6


def test_every_engine_calculates_what_is_set(poisoned: Build, engine: Engine) -> None:
    path = poisoned({"a b": {"A1": 0.5, "B1": "=A1*2", "C1": '=IF(D1,"yes","no")&A2'}})
    book = sheetgen.open_workbook(path)
    book["a b!A1"], book["'a b'!A2"], book["a b!D1"] = 4, "!", True
    book.recalculate(engine=engine.name)
    assert (book["a b!B1"], book["a b!C1"]) == (8, "yes!")


def test_a_formula_that_an_engine_does_not_know_has_no_result(
    poisoned: Build, tmp_path: Path
) -> None:
    """The old one may be wrong now; all others are there."""
    book = sheetgen.open_workbook(poisoned({"a": {"A1": 1, "B1": "=A1+1", "B2": "=NOSUCH(1)"}}))
    book["a!A1"] = 3
    book.recalculate()
    assert book["a!B1"] == 4
    with pytest.raises(CellValueError, match=r"ironcalc .* a!B2: '=NOSUCH\(1\)'; .*libreoff"):
        _ = book["a!B2"]
    book.save(tmp_path / "saved.xlsx")
    assert held(tmp_path / "saved.xlsx", "a", "B2") == FileCell("NOSUCH(1)", None)
    with pytest.raises(InputError, match="no engine named 'excel'"):
        book.recalculate("excel")


def test_a_file_that_has_changed_is_not_written_over_in_ignorance(
    poisoned: Build, tmp_path: Path
) -> None:
    path = poisoned({"a": {"A1": 1}})
    book = sheetgen.open_workbook(path)
    book["a!A1"] = 2
    with pytest.raises(InputError, match=r"copy\.csv must end in \.xlsx"):
        book.save(tmp_path / "copy.csv")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(InputError, match="has changed since it was opened; open it again"):
        book.save(tmp_path / "copy.xlsx")
    assert not (tmp_path / "copy.xlsx").exists()
    with pytest.raises(InputError, match="cannot be read"):
        sheetgen.open_workbook(tmp_path / "copy.xlsx")


def test_a_table_is_a_data_frame_where_there_is_pandas(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = pytest.importorskip("pandas", reason="this is about a DataFrame of pandas")
    table = sheetgen.open_workbook(full).table("Epochs")
    assert isinstance(table, pandas.DataFrame) and list(table.columns) == ["n"]
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    without = sheetgen.open_workbook(full).table("Epochs")
    assert isinstance(without, np.ndarray) and (without["n"] == table["n"]).all()


def test_a_notebook_shows_tables(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheetgen.spreadsheet.book.book.LARGEST", 0)
    book = sheetgen.open_workbook(full)
    book["Log!A2"] = "<b>"
    page = book._repr_html_()
    assert "2 sheets, 1 cells set" in page
    assert '<td class="text" title="=MAX(Log!B2:B4)">…</td>' in page
    assert "&lt;b&gt;" in page
    assert "<img" not in page


def test_a_notebook_shows_the_first_sheets_as_pictures(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the workbook as it is now; test_html_page.py has them drawn."""

    def drawn(path: Path, sheets: list[str]) -> dict[str, bytes]:
        assert held(path, "Inputs", "N6").value == 0.3
        return dict.fromkeys(sheets, b"PNG")

    monkeypatch.setattr("sheetgen.spreadsheet.book.book.pictures_of", drawn)
    book = sheetgen.open_workbook(small)
    book["learning_rate_1"] = 0.3
    shown = re.findall(
        r'alt="The sheet (\w+)" src="data:image/png;base64,UE5H"', book._repr_html_()
    )
    assert shown == book.sheets[:3]
