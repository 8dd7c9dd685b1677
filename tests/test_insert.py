"""`sheetgen insert`: sheets of any workbook into any other, and the proof that nothing is lost."""

import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
import xlsxwriter
from conftest import held, sheetgen
from full_donor import full_donor
from handmade import PARTS, written
from packages import check_kept, check_sound, children, tree

from sheetgen import insert_sheets, verify
from sheetgen.errors import InputError, RunError
from sheetgen.spreadsheet.insert.kept_parts import KeptParts, kept_parts
from sheetgen.spreadsheet.reader import sheet_names

# openpyxl knows no sparklines, data bars of 2010, or text boxes.
pytestmark = pytest.mark.filterwarnings("ignore:.*not supported:UserWarning")


@pytest.fixture(scope="session")
def donor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook whose second sheet, "Log", has one of everything; not to be written to."""
    return full_donor(tmp_path_factory.mktemp("donor"))


def test_results_go_into_a_report_with_a_pivot_table(donor: Path, tmp_path: Path) -> None:
    """What pandas and XlsxWriter have written, into a workbook that they could only destroy."""
    report, output = written(tmp_path / "report.xlsx", PARTS), tmp_path / "new.xlsx"
    done = sheetgen("insert", donor, "--into", report, "-o", output, "--check")
    assert (done.exit_code, done.stderr) == (0, "")
    first, log, names, checked, wrote = done.stdout.splitlines()
    assert first == "inserted First: 1 cell"
    assert log == (
        "inserted Log: 18 cells, 3 formulas, 1 chart, 1 picture, 1 shape, 1 table, 1 note, "
        "2 conditional formats, 1 validation, 2 links, 1 sparkline, 1 merged range"
    )
    assert names == "defined names that came along: total, step, best"
    with ZipFile(report) as old, ZipFile(output) as new:
        same = [name for name in old.namelist() if name in new.namelist()]
        count = sum(old.read(name) == new.read(name) for name in same)
        assert checked.startswith(f"checked: {count} of {len(old.namelist())} parts are the same")
    assert "xl/calcChain.xml is gone, the order of calculation" in checked
    assert wrote == f"wrote {output}"
    assert str(KeptParts(8, (), (), 1)).endswith("; 1 part is new")
    check_sound(output)
    check_kept(report, output)
    assert sheet_names(output) == [*sheet_names(report), "First", "Log"]


def test_a_workbook_of_ours_still_verifies(donor: Path, small: Path, tmp_path: Path) -> None:
    inserted = insert_sheets(donor, small, output=tmp_path / "more.xlsx", check=True)
    assert inserted.kept is not None
    assert inserted.kept.gone == ()
    assert inserted.left_out == ()
    (result,) = verify(inserted.saved.path, perturbations=0)
    assert result.passed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["donor.xlsx", "--sheet", "Lok"], "donor.xlsx has no sheet 'Lok'; did you mean 'Log'?"),
        (["donor.xlsx"], "target.xlsx has a sheet 'log' already; expected one with another name"),
        (
            ["quotes.xlsx"],
            """target.xlsx has a sheet 'It's "q"' already; expected one with another name""",
        ),
        (["text.xlsx"], "text.xlsx is damaged or is not an .xlsx workbook\n"),
        (["nowhere.xlsx"], "nowhere.xlsx cannot be read: No such file or directory"),
        (
            ["donor.xlsx", "--sheet", "First", "-o", "text.xlsx"],
            "text.xlsx already exists; --force",
        ),
        (["donor.xlsx", "--sheet", "First", "-o", "new.xlsm"], "new.xlsm must end in .xlsx"),
        (
            ["donor.xlsx", "--sheet", "First", "-o", "open.xlsx", "--force"],
            "open.xlsx is open else",
        ),
        (
            ["donor.xlsx", "--sheet", "First", "-o", "./donor.xlsx", "--force"],
            "donor.xlsx is the workbook to insert from; expected another name",
        ),
        (["refers.xlsx", "--sheet", "New"], "sheets that would be gone: New refers to Old"),
        (["pivot.xlsx", "--sheet", "pivot"], "pivot.xlsx has a pivot table on its sheet 'Pivot'"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    donor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("donor.xlsx").write_bytes(donor.read_bytes())
    Path("text.xlsx").write_text("epoch,loss")
    Path("open.xlsx").write_text("")
    Path(".~lock.open.xlsx#").touch()
    written(Path("pivot.xlsx"), PARTS)
    with xlsxwriter.Workbook("target.xlsx") as book:
        book.add_worksheet("log")
        book.add_worksheet("Old")  # not the one to which New of refers.xlsx refers
        book.add_worksheet('It\'s "q"')
    with xlsxwriter.Workbook("quotes.xlsx") as book:
        book.add_worksheet('It\'s "q"')
    with xlsxwriter.Workbook("refers.xlsx") as book:
        book.add_worksheet("New").write_formula("A1", "=Old!A1")
        book.add_worksheet("Old")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = sheetgen("insert", *arguments, "--into", "target.xlsx")
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_two_workbooks_call_alike_is_not_taken_for_the_same(tmp_path: Path) -> None:
    """A name keeps its meaning on the new sheet; a sheet that only the target has is meant."""
    target, source = tmp_path / "target.xlsx", tmp_path / "source.xlsx"
    with xlsxwriter.Workbook(target) as book:
        book.add_worksheet("Prices").write("A1", 2)
        book.add_worksheet("Data").write("A1", 3)
        book.define_name("rate", "=0.1")
    with xlsxwriter.Workbook(source) as book:
        sheet = book.add_worksheet("New")
        sheet.write_formula("A1", "=rate*Prices!A1")
        book.add_worksheet("Data").write("A1", 5)
        book.define_name("rate", "=0.5")
    insert_sheets(source, target, ["new"])
    assert held(target, "New", "A1").formula == "rate*Prices!A1"
    with ZipFile(target) as archive:
        names = children(tree(archive, "xl/workbook.xml"), "definedNames")
    assert [(each.get("localSheetId"), each.text) for each in names] == [
        (None, "0.1"),
        ("2", "0.5"),
    ]


def test_colours_of_a_theme_stay_as_they_are(tmp_path: Path) -> None:
    target, source = tmp_path / "target.xlsx", tmp_path / "source.xlsx"
    with xlsxwriter.Workbook(tmp_path / "plain.xlsx") as book:
        book.add_worksheet("Mine")
    with ZipFile(tmp_path / "plain.xlsx") as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/theme/theme1.xml":
                data = re.sub(rb"(?<=<a:accent1><a:srgbClr val=\")\w+", b"00FF00", data)
                data = data.replace(b'<a:latin typeface="Calibri"', b'<a:latin typeface="Arial"')
            new.writestr(name, data)
    book = openpyxl.Workbook()
    colour = openpyxl.styles.colors.Color(theme=4, tint=0.4)
    book.active["A1"], book.active["A2"] = 1, 2
    book.active["A1"].fill = openpyxl.styles.PatternFill("solid", colour)
    book.active["A1"].font = openpyxl.styles.Font(name="Calibri", scheme="minor")
    book.save(source)
    insert_sheets(source, target)
    cell = openpyxl.load_workbook(target)["Sheet"]["A1"]
    assert cell.fill.fgColor.rgb == "FF4F81BD"
    assert cell.fill.fgColor.tint == 0.4
    assert (cell.font.name, cell.font.scheme) == ("Calibri", None)


def test_macros_of_the_donor_are_left_out_and_named(donor: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "source.xlsm", tmp_path / "target.xlsx"
    with xlsxwriter.Workbook(target) as book:
        book.add_worksheet("Mine")
    (tmp_path / "code.bin").write_bytes(b"macros")
    with xlsxwriter.Workbook(source) as book:
        book.add_worksheet("New").write("A1", 1)
        book.add_vba_project(tmp_path / "code.bin")
    done = sheetgen("insert", source, "--into", target)
    assert (done.exit_code, done.stderr) == (0, f"left out: the macros of {source}\n")
    with ZipFile(target) as archive:
        assert not [name for name in archive.namelist() if "vba" in name]
    check_sound(target)
    assert sheet_names(donor) == ["First", "Log"]


Change = Callable[[str, bytes], bytes | None]
LOSSES: dict[str, Change] = {
    "xl/media/image1.png is gone": lambda name, data: None if "media" in name else data,
    "xl/worksheets/sheet2.xml has changed": lambda name, data: (
        data.replace(b"0.75", b"0.76") if "sheet2" in name else data
    ),
    "xl/styles.xml has changed": lambda name, data: (
        data.replace(b"0.000%", b"0.00%") if "styles" in name else data
    ),
    "xl/workbook.xml has changed": lambda name, data: (
        data.replace(b">0.6<", b">0.7<") if name.endswith("workbook.xml") else data
    ),
    r"\[Content_Types\].xml has changed": lambda name, data: (
        data.replace(b'Extension="png"', b'Extension="gif"') if "Types" in name else data
    ),
    "docProps/app.xml has changed": lambda name, data: (
        data.replace(b">Log<", b">Lag<") if "app" in name else data
    ),
}


@pytest.mark.parametrize("found", LOSSES)
def test_whatever_is_lost_is_found(donor: Path, tmp_path: Path, found: str) -> None:
    damaged = tmp_path / "damaged.xlsx"
    with ZipFile(donor) as old, ZipFile(damaged, "w") as new:
        for name in old.namelist():
            data = LOSSES[found](name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    with pytest.raises(RunError, match=f"the part {found}"):
        kept_parts(donor, damaged)
    assert kept_parts(donor, donor).grown == ()


def test_a_workbook_that_is_not_whole_is_not_written(
    donor: Path, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "sheetgen.spreadsheet.insert.insert_into"
    monkeypatch.setattr(f"{module}.kept_parts", lambda *_: (_ for _ in ()).throw(RunError("lost")))
    with pytest.raises(RunError, match=r"new\.xlsx was not written: lost"):
        insert_sheets(donor, small, output=tmp_path / "new.xlsx", check=True)
    found = iter([{"cell": 2}, {"cell": 1}])
    monkeypatch.setattr(f"{module}.counts_of", lambda *_: next(found))
    with pytest.raises(RunError, match="was not written: the sheet 'First' is not whole in it"):
        insert_sheets(donor, small, "First", tmp_path / "new.xlsx")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="no sheet 'x'"):
        insert_sheets(donor, small, sheets="x", output=tmp_path / "new.xlsx")
