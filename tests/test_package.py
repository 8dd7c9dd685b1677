"""Inserting sheets into existing workbooks: nothing is lost, and what is new is all there."""

from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from conftest import held
from full_donor import full_donor
from insert_public import differences, incomplete
from lxml import etree
from packages import check_kept, check_sound, children, orphans, tree
from written_files import foreign

from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.engines.engine import saved_values
from sheetgen.spreadsheet.engines.libreoffice import converted, converted_all
from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.reader import read_cells, sheet_names
from sheetgen.verification.verify import verify

# openpyxl knows no sparklines, data bars of 2010, or text boxes.
pytestmark = pytest.mark.filterwarnings("ignore:.*not supported:UserWarning")


@pytest.fixture
def small(bare: Path, without_surfaces: None) -> Path:  # noqa: ARG001
    """A workbook of fewer cells than others of this name have."""
    return bare


@pytest.fixture(scope="session")
def donor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook whose second sheet, "Log", has one of everything."""
    return full_donor(tmp_path_factory.mktemp("donor"))


@pytest.fixture(scope="session")
def office_file(
    donor: Path,
    tmp_path_factory: pytest.TempPathFactory,
    libreoffice: Engine,  # noqa: ARG001
) -> Path:
    """The donor as LibreOffice saves it."""
    path = tmp_path_factory.mktemp("office") / "office.xlsx"
    with converted(donor, "xlsx") as result:
        path.write_bytes(result.read_bytes())
    return path


def insert(target: Path, donor: Path, output: Path, **replace: str) -> str:
    """Insert "Log", check all that must hold of any result, and return the sheet's name."""
    before = target.read_bytes(), donor.read_bytes()
    names = add_sheets(target, donor, ["Log"], output, replace)
    assert (target.read_bytes(), donor.read_bytes()) == before
    check_sound(output)
    check_kept(target, output, replace.values())
    assert orphans(output) <= orphans(target)
    place = sheet_names(target).index(names["Log"]) if replace else len(sheet_names(target))
    assert sheet_names(output)[place] == names["Log"]
    return names["Log"]


def check_log(path: Path, name: str = "Log") -> None:
    """Compare the inserted sheet, as openpyxl sees it, with what the donor's has."""
    book = openpyxl.load_workbook(path, rich_text=True)
    sheet = book[name]
    assert [cell.value for cell in sheet["B"][:4]] == ["accuracy", 0.5, 0.75, 0.9]
    assert str(sheet["C1"].value) == "∂E & <η>"
    assert sheet["A1"].font.bold
    assert sheet["A1"].font.name == "Arial"
    assert sheet["A1"].fill.start_color.rgb == "FFFFCC00"
    assert sheet["A1"].border.left.style == "thin"
    assert not sheet["D5"].font.bold
    assert sheet["B2"].number_format == "0.000%"
    assert sheet["B2"].alignment.horizontal == "center"
    assert [str(each) for each in sheet.merged_cells.ranges] == ["A6:B6"]
    rules = [rule for each in sheet.conditional_formatting for rule in each.rules]
    (fill,) = [rule.dxf.fill for rule in rules if rule.dxf]
    assert fill.end_color.rgb == "FFFF0000"
    (validation,) = sheet.data_validations.dataValidation
    assert validation.formula1.replace("'", "") == f"{name}!$A$2:$A$4"
    assert sheet["A7"].hyperlink.target == "https://example.org/?a=1&b=2"
    assert sheet["A8"].hyperlink.location.replace("'", "") == f"{name}!A1"
    assert sheet["B4"].comment.text == "the best one"
    assert len(sheet._charts) == 1
    assert len(sheet._images) == 1


def check_values(path: Path, result: Path, name: str) -> None:
    """Compare what LibreOffice computes of old and new sheets, and how it shows them."""
    cells, shown = read_cells(result), openpyxl.load_workbook(result)[name]
    assert shown["A1"].font.bold
    assert shown["A1"].fill.start_color.rgb == "FFFFCC00"
    assert shown["B2"].number_format == "0.000%"
    assert len(shown._charts) == 1
    assert shown["B4"].comment.text.endswith("the best one")
    assert cells[name][0, 1].value == "accuracy"
    assert [cells[name][row, 1].value for row in range(1, 5)] == [0.5, 0.75, 0.9, 0.9]
    assert cells[name][4, 2].value == pytest.approx(0.9 + 0.9 + 0.6 + 3)
    for sheet, old in read_cells(path).items():
        for place, cell in old.items():
            if isinstance(cell.value, float) and cell.formula is None:
                # It saves numbers with 15 digits.
                assert cells[sheet][place].value == pytest.approx(cell.value, rel=1e-14)
            elif cell.formula is None:
                assert cells[sheet][place].value == cell.value


def test_into_a_workbook_of_ours(small: Path, donor: Path, tmp_path: Path) -> None:
    output = tmp_path / "output.xlsx"
    assert insert(small, donor, output) == "Log"
    check_log(output)
    (result, _) = verify(output, [engines.engine("ironcalc")])
    assert result.passed
    assert result.formulas > 100
    with ZipFile(small) as old, ZipFile(output) as new:
        charts = [name for name in old.namelist() if name.startswith("xl/charts/")]
        assert {*charts, f"xl/charts/chart{len(charts) + 1}.xml"} <= set(new.namelist())
        assert tree(new, "xl/workbook.xml").find("{*}calcPr").get("fullCalcOnLoad") == "1"
        titles = [each.text for each in tree(new, "docProps/app.xml").iterfind(".//{*}lpstr")]
    assert titles.index("Log") == titles.index("Workings") + 1


def test_into_a_file_of_libreoffice(office_file: Path, donor: Path, tmp_path: Path) -> None:
    assert insert(office_file, donor, tmp_path / "output.xlsx") == "Log (2)"
    check_log(tmp_path / "output.xlsx", "Log (2)")


@pytest.mark.slow
def test_libreoffice_shows_old_and_new_values_in_files_of_many_programs(
    office_file: Path, donor: Path, tmp_path: Path
) -> None:
    """`python benchmarks/insert_public.py FOLDER` does so with files of others."""
    # LibreOffice takes half a minute for a cell in the last row.
    others = (path for path in foreign(tmp_path) if path.stem != "stray_1048576")
    targets = [office_file, by_openpyxl(tmp_path / "target.xlsx"), *others]
    outputs = [tmp_path / f"{number}.xlsx" for number in range(len(targets))]
    names = [insert(target, donor, output) for target, output in zip(targets, outputs, strict=True)]
    expected = dict(saved_values(donor)["Log"])
    del expected[4, 3]  # It refers to the sheet First, which is not inserted.
    with converted_all([*targets, *outputs], "xlsx") as results:
        before, after = results[: len(targets)], results[len(targets) :]
        for *case, old, new in zip(targets, outputs, names, before, after, strict=True):
            target, output, name = case
            check_values(output, new, name)
            faults = differences(saved_values(old), found := saved_values(new))
            assert [*faults, *incomplete(new, name, found, expected)] == [], target.name


def by_openpyxl(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title, sheet["A1"], sheet["B1"] = "log", 2.5, "=A1*2"
    sheet["A1"].number_format = "0.0000"
    sheet["A1"].font = openpyxl.styles.Font(name="Courier New", italic=True)
    sheet["A2"].style = "Good"
    book.create_sheet("hidden").sheet_state = "hidden"
    book.save(path)
    return path


def test_into_a_file_of_openpyxl(donor: Path, tmp_path: Path) -> None:
    target, output = by_openpyxl(tmp_path / "target.xlsx"), tmp_path / "output.xlsx"
    # Names of sheets are the same in large and small letters.
    assert insert(target, donor, output) == "Log (2)"
    check_log(output, "Log (2)")
    old = openpyxl.load_workbook(output)["log"]
    assert (old["A1"].number_format, old["A1"].font.name) == ("0.0000", "Courier New")
    assert old["A2"].style == "Good"


def test_a_second_time_all_names_are_new(small: Path, donor: Path, tmp_path: Path) -> None:
    one, two, three = (tmp_path / f"{number}.xlsx" for number in range(3))
    insert(small, donor, one)
    assert insert(one, donor, two) == "Log (2)"
    assert insert(two, donor, three) == "Log (3)"
    check_log(three, "Log (3)")
    assert held(three, "Log (3)", "B5").formula == "MAX('Log (3)'!B2:B4)"
    assert held(three, "Log (3)", "C5").formula == "best+total+SUM(Epochs_3[n])"
    with ZipFile(two) as old, ZipFile(three) as new:
        assert old.read("xl/styles.xml") == new.read("xl/styles.xml")
        texts = b"".join(new.read(name) for name in set(new.namelist()) - set(old.namelist()))
        names = {
            (each.get("name"), each.get("localSheetId")): each.text
            for each in children(tree(new, "xl/workbook.xml"), "definedNames")
        }
    assert b"Log!" not in texts
    assert texts.count(b"'Log (3)'!$B$2:$B$4") == 1
    assert b"'Log (3)'!B2:B4</xm:f>" in texts
    assert b"\"#'Log%20(3)'!B2\"" in texts
    assert b"textlink=\"'Log (3)'!$A$1\"" in texts
    first = len(sheet_names(small))
    assert names["best", str(first)] == "Log!$B$5"
    assert names["best", str(first + 2)] == "'Log (3)'!$B$5"
    assert names["_xlnm.Print_Area", str(first + 2)] == "'Log (3)'!$A$1:$D$5"
    assert names["total", None] == "SUM(Log!$B$4:$B$4)+step"
    assert names["total", str(first + 2)] == "SUM('Log (3)'!$B$4:$B$4)+step"
    assert names["step", None] == "0.6"
    assert not [name for name, _ in names if name == "unused"]


@pytest.mark.slow
def test_replacing_round_trips(bare: Path, donor: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.xlsx" for number in range(5)]
    insert(bare, donor, paths[0])
    insert(paths[0], donor, paths[1])
    insert(paths[1], donor, paths[2], Log="Log")
    with ZipFile(paths[1]) as old, ZipFile(paths[2]) as new:
        assert new.namelist() == old.namelist()
        assert {name for name in old.namelist() if old.read(name) != new.read(name)} <= {
            "xl/workbook.xml",
            "[Content_Types].xml",
        }
    check_log(paths[2])
    insert(paths[2], donor, paths[3], Log="Overview")
    check_log(paths[3], "Overview")
    assert sheet_names(paths[3]) == sheet_names(paths[1])
    with ZipFile(paths[3]) as archive:
        names = children(tree(archive, "xl/workbook.xml"), "definedNames")
    assert [each.text for each in names if each.get("localSheetId") == "0"] == [
        "'Overview'!$B$5",
        "'Overview'!$A$1:$D$5",
        "SUM('Overview'!$B$4:$B$4)+step",
    ]
    assert insert(paths[3], donor, paths[4]) == "Log (3)"


def test_from_a_file_of_libreoffice(office_file: Path, tmp_path: Path) -> None:
    target, output = by_openpyxl(tmp_path / "target.xlsx"), tmp_path / "output.xlsx"
    assert insert(target, office_file, output) == "Log (2)"
    sheet = openpyxl.load_workbook(output)["Log (2)"]
    assert sheet["A1"].font.bold
    assert sheet["B2"].number_format == "0.000%"
    assert len(sheet._charts) == 1
    values = engines.engine("ironcalc").recalculate(output)["Log (2)"]
    assert values[4, 1] == 0.9
    assert values[0, 1] == "accuracy"


def test_from_a_file_of_openpyxl(small: Path, tmp_path: Path) -> None:
    source, output = by_openpyxl(tmp_path / "source.xlsx"), tmp_path / "output.xlsx"
    names = add_sheets(small, source, ["hidden", "log"], output)
    assert names == {"hidden": "hidden", "log": "log"}
    check_sound(output)
    check_kept(small, output)
    book = openpyxl.load_workbook(output)
    assert book["hidden"].sheet_state == "hidden"
    assert book["log"]["A1"].font.name == "Courier New"
    assert book["log"]["A2"].style == "Good"
    # This one names no style, so it has the first one of its file.
    assert book["log"]["B1"].font.name == "Calibri"
    assert engines.engine("ironcalc").recalculate(output)["log"][0, 1] == 5.0


def test_no_tab_is_selected_twice(small: Path, donor: Path, tmp_path: Path) -> None:
    insert(small, donor, tmp_path / "one.xlsx")
    insert(tmp_path / "one.xlsx", donor, tmp_path / "two.xlsx")
    with ZipFile(tmp_path / "two.xlsx") as archive:
        views = [
            view.get("tabSelected")
            for name in archive.namelist()
            if name.startswith("xl/worksheets/sheet")
            for view in etree.fromstring(archive.read(name)).iter("{*}sheetView")
        ]
    assert views.count("1") == 1
