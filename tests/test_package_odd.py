"""Inserting into and from workbooks written by hand, in the odd ways that are allowed."""

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import handmade
import openpyxl
import pytest
import xlsxwriter
from conftest import held
from handmade import PARTS, prefixed, strict, without_base, without_names, without_styles, written
from packages import check_kept, check_sound, children, orphans, related, tree

from sheetgen.errors import RunError
from sheetgen.files.saving import save
from sheetgen.spreadsheet.engines.libreoffice import converted_all
from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.insert.moved_formulas import Formulas
from sheetgen.spreadsheet.reader import read_cells, sheet_names

pytestmark = pytest.mark.filterwarnings("ignore:.*not supported:UserWarning")


@pytest.fixture
def small(bare: Path, without_surfaces: None) -> Path:  # noqa: ARG001
    """A workbook of fewer cells than others of this name have."""
    return bare


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A workbook with one styled sheet, "Data"."""
    with xlsxwriter.Workbook(tmp_path / "log.xlsx") as book:
        sheet = book.add_worksheet("Data")
        bold = book.add_format({"bold": True, "bg_color": "#00FF00", "num_format": "0.00%"})
        sheet.write_row("A1", ["epoch", 0.5], bold)
        sheet.write_formula("B2", "=Data!B1*own", None, 1.0)
        sheet.write("C1", "plain")
        red = book.add_format({"font_color": "#FF0000"})
        sheet.conditional_format("B1", {"type": "cell", "criteria": ">", "value": 0, "format": red})
        book.define_name("Data!own", "=Data!$B$1+1.5")
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=Data!$B$1:$B$2"})
        sheet.insert_chart("E1", chart)
    return tmp_path / "log.xlsx"


def check(target: Path, output: Path, replaced: tuple[str, ...] = ()) -> None:
    check_sound(output)
    check_kept(target, output, replaced)
    assert orphans(output) <= orphans(target)


def names_of(path: Path) -> dict[tuple[str, str | None], str]:
    with ZipFile(path) as archive:
        root = tree(archive, "xl/book.xml")
    return {
        (each.get("name"), each.get("localSheetId")): each.text
        for each in children(root, "definedNames")
    }


Spelling = Callable[[dict[str, str]], dict[str, str]]


def same(parts: dict[str, str]) -> dict[str, str]:
    return parts


SPELLINGS = (same, prefixed, strict, without_styles)


def with_log(folder: Path, log: Path, spelling: Spelling) -> tuple[Path, Path]:
    """A workbook written by hand, and it with the sheet of `log`."""
    target = written(folder / f"{spelling.__name__}.xlsx", spelling(PARTS))
    output = folder / f"{spelling.__name__} output.xlsx"
    assert add_sheets(target, log, ["Data"], output) == {"Data": "Data (2)"}
    return target, output


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_into_a_workbook_written_by_hand(tmp_path: Path, log: Path, spelling: Spelling) -> None:
    target, output = with_log(tmp_path, log, spelling)
    check(target, output)
    assert sheet_names(output) == ["Data", "Pivot", "it's", "Data (2)"]
    before = names_of(target)
    assert names_of(output) == before | {("own", "3"): "'Data (2)'!$B$1+1.5"}
    with ZipFile(output) as archive:
        assert "xl/calcChain.xml" not in archive.namelist()
        assert b"calcChain" not in archive.read("[Content_Types].xml")
        # The person has switched automatic calculation off.
        assert tree(archive, "xl/book.xml").find("{*}calcPr").get("fullCalcOnLoad") is None
        if spelling is strict:
            new = set(archive.namelist()) - set(PARTS)
            assert not [name for name in new if b"/spreadsheetml/2006" in archive.read(name)]
    if spelling is not strict:  # which openpyxl cannot read
        seen = openpyxl.load_workbook(output)
        assert seen["Data (2)"]["A1"].fill.start_color.rgb == "FF00FF00"
        assert seen["Data (2)"]["C1"].font.name == "Calibri"


@pytest.mark.usefixtures("libreoffice")
def test_libreoffice_shows_what_is_in_a_workbook_written_by_hand(tmp_path: Path, log: Path) -> None:
    outputs = [with_log(tmp_path, log, spelling)[1] for spelling in SPELLINGS]
    with converted_all(outputs, "xlsx") as results:
        for spelling, result in zip(SPELLINGS, results, strict=True):
            cells, shown = read_cells(result), openpyxl.load_workbook(result)
            data = [cells["Data"][place].value for place in ((0, 0), (0, 1), (1, 0))]
            assert data == ["old text", 3, 6]
            assert cells["Data (2)"][1, 1].value == 1.0
            assert shown["Data (2)"]["A1"].font.bold
            assert shown["Data (2)"]["B1"].number_format == "0.00%"
            assert shown["Data (2)"]["C1"].font.name == "Calibri"
            assert len(shown["Data (2)"]._charts) == 1
            (rules,) = shown["Data (2)"].conditional_formatting
            assert rules.rules[0].dxf.font.color.rgb == "FFFF0000"
            if spelling is not without_styles:
                assert shown["Data"]["A1"].number_format == "0.000000"
                assert shown["Data"]["B1"].font.name == "Courier New"


@pytest.mark.parametrize("spelling", [without_names, without_base])
def test_the_base_of_old_styles_stays(
    tmp_path: Path, log: Path, spelling: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    target, output = written(tmp_path / "hand.xlsx", spelling(PARTS)), tmp_path / "output.xlsx"
    add_sheets(target, log, ["Data"], output)
    check(target, output)
    with ZipFile(target) as old, ZipFile(output) as new:
        before, after = tree(old, "xl/styles.xml"), tree(new, "xl/styles.xml")
    assert len(children(after, "cellStyleXfs")) == len(children(before, "cellStyleXfs"))
    assert not children(after, "cellStyles")
    assert {each.get("xfId") for each in children(after, "cellXfs")} <= {
        each.get("xfId") for each in children(before, "cellXfs")
    }


def test_replacing_removes_what_nothing_else_uses(tmp_path: Path, log: Path) -> None:
    target, output = written(tmp_path / "hand.xlsx", PARTS), tmp_path / "output.xlsx"
    assert add_sheets(target, log, ["Data"], output, {"Data": "Data"}) == {"Data": "Data"}
    check(target, output, ("Data",))
    assert sheet_names(output) == ["Data", "Pivot", "it's"]
    assert names_of(output) == {
        ("factor", None): "Data!$B$1-1",
        ("own", "0"): "Data!$B$1+1.5",
        ("own", "2"): "'it''s'!$A$1",
    }
    with ZipFile(output) as archive:
        assert "xl/worksheets/data.xml" not in archive.namelist()
        # The sheet "Pivot" uses it too.
        assert archive.read("xl/unknown/thing.dat") == b"\x01\x02"
        assert b"cloud" not in archive.read("xl/drawings/drawing1.xml")


def test_links_and_threads_come_along_once(small: Path, tmp_path: Path) -> None:
    source = written(tmp_path / "hand.xlsx", PARTS)
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    assert set(add_sheets(small, source, ["it's", "Data"], first)) == {"it's", "Data"}
    check(small, first)
    names = add_sheets(first, source, ["Data", "it's"], second)
    assert names == {"Data": "Data (2)", "it's": "it's (2)"}
    check(first, second)
    for path, sheet, reference in ((first, "Data", "Data"), (second, "Data (2)", "'Data (2)'")):
        assert held(path, sheet, "B2").formula == "[1]Far!$A$1+1"
        assert held(path, sheet, "A1").value == "old text"
        with ZipFile(path) as archive:
            assert len(children(tree(archive, "xl/workbook.xml"), "externalReferences")) == 1
            assert archive.read("xl/persons/person1.xml").startswith(b"<personList")
            assert "xl/persons/person2.xml" not in archive.namelist()
            drawings = [each for each in archive.namelist() if each.startswith("xl/drawings/d")]
            link = f'textlink="{reference}!$A$2"'
            assert any(link.encode() in archive.read(each) for each in drawings)
    book = openpyxl.load_workbook(second)
    assert book["Data"]["A1"].number_format == "0.000000"
    assert book["Data"]["B1"].font.name == "Courier New"


def test_a_link_to_a_workbook_gets_the_number_it_has_here(tmp_path: Path) -> None:
    parts = dict(PARTS)
    parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = handmade.rels(
        ("externalLinkPath", "http://127.0.0.1/another.xlsx")
    )
    source = written(tmp_path / "source.xlsx", parts)
    target, output = written(tmp_path / "hand.xlsx", PARTS), tmp_path / "output.xlsx"
    add_sheets(target, source, ["Data"], output)
    check(target, output)
    assert held(output, "Data", "B2").formula == "[1]Far!$A$1+1"
    assert held(output, "Data (2)", "B2").formula == "[2]Far!$A$1+1"


def newest(archive: ZipFile) -> str:
    """Return the part of the last sheet that was added."""
    sheets = [each for each in archive.namelist() if each.startswith("xl/worksheets/sheet")]
    return max(sheets, key=lambda part: (len(part), part))


def test_dynamic_arrays_and_check_boxes(small: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.xlsx"
    with xlsxwriter.Workbook(source) as book:
        sheet = book.add_worksheet("New")
        sheet.write_dynamic_array_formula("A1:A2", "=_xlfn.SEQUENCE(2)")
        sheet.insert_checkbox("B1", True)
    first, second, third = (tmp_path / f"{number}.xlsx" for number in range(3))
    add_sheets(small, source, ["New"], first)
    add_sheets(first, source, ["New"], second)
    check(first, second)
    with ZipFile(second) as archive:
        kinds = related(archive, "xl/workbook.xml")
        assert {"sheetMetadata", "FeaturePropertyBag"} <= kinds.keys()
        assert b' cm="1"' in archive.read(newest(archive))
        assert archive.read("xl/styles.xml").count(b"xfComplement ") == 1
    with ZipFile(first) as old, ZipFile(third, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"XLDAPR", b"OTHERS").replace(b"Checkbox", b"Other"))
    add_sheets(third, source, ["New"], tmp_path / "4.xlsx")
    with ZipFile(tmp_path / "4.xlsx") as archive:
        sheet_text = archive.read(newest(archive))
        assert archive.read("xl/styles.xml").count(b"xfComplement ") == 1
    assert b' cm="' not in sheet_text
    assert b'<f t="array" ref="A1:A2">_xlfn.SEQUENCE(2)</f>' in sheet_text


def test_comments_in_a_sheet_are_not_taken_for_its_rows(small: Path, tmp_path: Path) -> None:
    source, odd, output = (tmp_path / name for name in ("source.xlsx", "odd.xlsx", "output.xlsx"))
    with xlsxwriter.Workbook(source) as book:
        book.add_worksheet("Numbers").write_row("A1", [1, "=A1*2"])
    comment = b"<!--<?sheetgen-rows?><sheetData>-->"
    with ZipFile(source) as old, ZipFile(odd, "w") as new:
        for name in old.namelist():
            data = old.read(name).replace(b"<sheetData>", comment + b"<sheetData>")
            new.writestr(name, data.replace(b"A1*2", b"A1<!--+1-->*2"))
    add_sheets(small, odd, ["Numbers"], output)
    check(small, output)
    assert held(output, "Numbers", "A1").value == 1
    assert held(output, "Numbers", "B1").formula == "A1*2"


def test_a_chart_sheet(small: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "source.xlsx", tmp_path / "output.xlsx"
    with xlsxwriter.Workbook(source) as book:
        book.add_worksheet("Numbers").write_column("A1", [1, 2])
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Numbers!$A$1:$A$2"})
        book.add_chartsheet("Curve").set_chart(chart)
    add_sheets(small, source, ["Numbers", "Curve"], output)
    check(small, output)
    add_sheets(source, small, ["lr 0.1"], tmp_path / "other.xlsx")
    check(source, tmp_path / "other.xlsx")
    assert [sheet.title for sheet in openpyxl.load_workbook(output).chartsheets] == ["Curve"]


def test_a_reference_to_a_sheet_that_stays_behind(small: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "source.xlsx", tmp_path / "output.xlsx"
    with xlsxwriter.Workbook(source) as book:
        sheet = book.add_worksheet("New")
        book.add_worksheet("Gone").write("A1", 2)
        sheet.write_formula("A1", "=Gone!A1+1", None, 3)
        sheet.write_formula("A2", "=Inputs!C6", None, 3)
    add_sheets(small, source, ["New"], output)
    assert held(output, "New", "A1").formula == "#REF!A1+1"
    assert held(output, "New", "A2").formula == "Inputs!C6"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SUM(Log!A1:B2)", "SUM('Log (2)'!A1:B2)"),
        ("LOG!A1&\"Log!A1\"&'log'!B1", "'Log (2)'!A1&\"Log!A1\"&'Log (2)'!B1"),
        ("A1:Log!B2", "A1:'Log (2)'!B2"),
        ("$A$1:Log!B2", "$A$1:'Log (2)'!B2"),
        ("SUM(Log:Kept!A1)", "SUM('Log (2):Kept'!A1)"),
        ("'it''s'!A1", "'it''s (2)'!A1"),
        ("Kept!A1+Catalog!A1", "Kept!A1+#REF!A1"),
        ("'Gone one'!A1+#REF!A1+#N/A", "#REF!A1+#REF!A1+#N/A"),
        ("[1]Log!A1+'[1]a b'!A1+[0]!name", "[3]Log!A1+'[3]a b'!A1+[0]!name"),
        ("SUM(Epochs[[#This Row],[Log!x]])+Epochs2", "SUM(E_2[[#This Row],[Log!x]])+Epochs2"),
        ("T[a'[b]+Log!A1", "T[a'[b]+'Log (2)'!A1"),
        ("∂E!A1*1.5E3", "∂E!A1*1.5E3"),
    ],
)
def test_what_becomes_of_references(old: str, new: str) -> None:
    sheets = {"log": "Log (2)", "kept": "Kept", "it's": "it's (2)", "gone one": None, "∂e": "∂E"}
    formulas = Formulas(sheets, {"epochs": "E_2"}, lambda number: number + 2)
    assert formulas.translate(old) == new


def test_links_to_missing_sheets_stay() -> None:
    formulas = Formulas({"gone": None, "log": "Log (2)"}, {}, int)
    assert formulas.translate("Gone!A1", keep_missing=True) == "Gone!A1"
    assert formulas.translate("Log!A1", keep_missing=True) == "'Log (2)'!A1"


def test_long_names_are_cut(small: Path, tmp_path: Path) -> None:
    source, first, second = (tmp_path / f"{name}.xlsx" for name in "abc")
    # A letter outside of the basic plane counts twice.
    name = "𝜂" + "x" * 29
    with xlsxwriter.Workbook(source) as book:
        book.add_worksheet("start").name = name
    add_sheets(small, source, [name], first)
    assert add_sheets(first, source, [name], second) == {name: "𝜂" + "x" * 25 + " (2)"}
    assert sheet_names(second)[-2:] == [name, "𝜂" + "x" * 25 + " (2)"]


def test_in_place_through_save(small: Path, log: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(small.read_bytes())
    save(path, lambda to: add_sheets(path, log, ["Data"], to) and None)
    check(small, path)
    with pytest.raises(RunError, match=r"book\.xlsx could not be written: No space left"):
        save(path, lambda to: add_sheets(path, log, ["Data"], to and Path("/dev/full")) and None)
    check(small, path)
