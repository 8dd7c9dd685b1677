"""What a sheet brings along, and what it has to forget, when it moves to another workbook."""

import re
from pathlib import Path
from zipfile import ZipFile

import pytest
import xlsxwriter
from conftest import held
from handmade import PARTS, sheet, written
from lxml import etree
from packages import check_kept, check_sound, children, links, tree

from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.package_parts import Package
from sheetgen.spreadsheet.package_workbook import Workbook

TABLE = (
    '<table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" id="1" name="T" '
    'displayName="T" ref="A1:A2"><tableColumns count="1"><tableColumn id="1" name="n" '
    'dataDxfId="0"/></tableColumns><tableStyleInfo name="Mine"/></table>'
)
CONTROL = (
    '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    '<mc:Choice Requires="x14"><controls><control><anchor><from><xdr:row xmlns:xdr="urn:d">5'
    "</xdr:row></from></anchor></control></controls></mc:Choice></mc:AlternateContent>"
)
ROWS = (
    '<row r="1" s="2" customFormat="1"><c r="A1" s="2"><v>1</v></c></row>'
    '<row r="2"><c r="A2" t="s"><f>A1&amp;"x"</f><v>0</v></c><c r="B2"><v>5</v></c></row>'
)
STYLES = (
    PARTS["xl/styles.xml"]
    .replace('<fill><patternFill patternType="none"/></fill>', "<fill/>")
    .replace('<cellStyleXfs count="1">', '<cellStyleXfs count="2"><xf fontId="1" numFmtId="164"/>')
    .replace("</cellXfs>", '<xf fontId="1" fillId="0" numFmtId="164" xfId="0"/></cellXfs>')
    .replace(
        '<cellStyle name="Standard" xfId="0"',
        '<cellStyle name="Own" xfId="0"/>\n<cellStyle name="Standard" xfId="1"',
    )
    .replace(
        "<extLst>",
        '<tableStyles count="1"><tableStyle name="Mine" count="1"><tableStyleElement '
        'type="wholeTable" dxfId="0"/></tableStyle></tableStyles><extLst>',
    )
)


@pytest.fixture
def output(small: Path, tmp_path: Path) -> Path:
    """`small` with a sheet of a workbook that is hard to leave."""
    data = (
        sheet(ROWS, f'{CONTROL}<tableParts count="1"><tablePart r:id="rId1"/></tableParts>')
        .replace("<sheetViews>", '<sheetPr codeName="Sheet1"/><sheetViews>')
        .replace(
            "</sheetViews>",
            '<sheetView workbookViewId="1"/></sheetViews>'
            '<cols><col min="3" max="3" style="2"/></cols>',
        )
    )
    rels = PARTS["xl/worksheets/_rels/data.xml.rels"]
    rels = rels.replace("/xl/drawings/drawing1.xml", "../my%20table.xml")
    rels = rels.replace("relationships/drawing", "relationships/table")
    types = PARTS["[Content_Types].xml"].replace(
        '/xl/drawings/drawing1.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        "drawing+xml",
        '/xl/my table.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        "spreadsheetml.table+xml",
    )
    parts = {name: text for name, text in PARTS.items() if name != "xl/drawings/drawing1.xml"}
    parts |= {
        "xl/worksheets/data.xml": data,
        "xl/worksheets/_rels/data.xml.rels": rels,
        "xl/my table.xml": TABLE,
        "xl/styles.xml": STYLES,
        "[Content_Types].xml": types,
    }
    add_sheets(small, written(tmp_path / "hand.xlsx", parts), ["Data"], tmp_path / "output.xlsx")
    check_sound(tmp_path / "output.xlsx")
    check_kept(small, tmp_path / "output.xlsx")
    return tmp_path / "output.xlsx"


def moved(output: Path) -> tuple[etree._Element, bytes]:
    with ZipFile(output) as archive:
        part = Workbook(Package(archive)).sheets[-1].part
        return tree(archive, part), archive.read(part)


def test_the_sheet_forgets_its_workbook(output: Path) -> None:
    root, _ = moved(output)
    (view,) = children(root, "sheetViews")
    assert view.get("tabSelected") is None
    assert root.find("{*}sheetPr").get("codeName") is None


def test_rows_are_written_once_and_without_their_own_namespaces(output: Path) -> None:
    root, text = moved(output)
    assert text.count(b"xmlns=") == 1
    assert [row.get("r") for row in children(root, "sheetData")] == ["1", "2"]
    # The place of a form control has an element called row, too.
    assert [row.text for row in root.iter("{*}row") if "r" not in row.attrib] == ["5"]


def test_a_shared_result_of_a_formula_becomes_text(output: Path) -> None:
    assert held(output, "Data", "A2").formula == 'A1&"x"'
    assert held(output, "Data", "A2").value == "old text"
    root, _ = moved(output)
    assert [cell.get("t") for cell in root.iter("{*}c")] == [None, "str", None]


def test_styles_of_rows_columns_and_tables(output: Path) -> None:
    root, _ = moved(output)
    with ZipFile(output) as archive:
        styles = tree(archive, "xl/styles.xml")
        part = Workbook(Package(archive)).sheets[-1].part
        (table,) = [tree(archive, name) for kind, name in links(archive, part) if kind == "table"]
    rows = children(root, "sheetData")
    place = int(rows[0].get("s"))
    assert place == int(rows[0][0].get("s")) == int(children(root, "cols")[0].get("style"))
    found = children(styles, "cellXfs")[place]
    formats = {each.get("numFmtId"): each.get("formatCode") for each in children(styles, "numFmts")}
    assert formats[found.get("numFmtId")] == "0.000000"
    # The first fill is none in every file, whatever it says.
    assert found.get("fillId") == "0"
    names = {each.get("xfId"): each.get("name") for each in children(styles, "cellStyles")}
    assert names[found.get("xfId")] == "Own"
    assert "Standard" not in names.values()
    (own,) = [each for each in children(styles, "tableStyles") if each.get("name") == "Mine"]
    assert own[0].get("dxfId") == table[0][0].get("dataDxfId") != "0"
    difference = children(styles, "dxfs")[int(own[0].get("dxfId"))]
    assert difference.find("{*}font/{*}color").get("rgb") == "FF00FF00"


def test_a_program_computes_everything_when_it_opens_the_file(small: Path, tmp_path: Path) -> None:
    book = PARTS["xl/book.xml"].replace('<calcPr calcMode="manual"/>', "")
    target = written(tmp_path / "hand.xlsx", PARTS | {"xl/book.xml": book})
    add_sheets(target, small, ["Inputs"], tmp_path / "output.xlsx")
    check_sound(tmp_path / "output.xlsx")
    check_kept(target, tmp_path / "output.xlsx")
    with ZipFile(tmp_path / "output.xlsx") as archive:
        settings = tree(archive, "xl/book.xml").find("{*}calcPr")
    assert settings.get("fullCalcOnLoad") == "1"


def test_a_replaced_sheet_takes_its_names_for_the_workbook_along(tmp_path: Path) -> None:
    donor = written(
        tmp_path / "donor.xlsx",
        PARTS | {"xl/book.xml": PARTS["xl/book.xml"].replace("Data!$B$1-1", "Data!$B$1+4")},
    )
    target, output = written(tmp_path / "target.xlsx", PARTS), tmp_path / "output.xlsx"
    add_sheets(target, donor, ["Data"], output, {"Data": "Data"})
    check_sound(output)
    with ZipFile(output) as archive:
        names = children(tree(archive, "xl/book.xml"), "definedNames")
    assert [(each.text, each.get("localSheetId")) for each in names] == [
        ("Data!$B$1+4", None),
        ("'it''s'!$A$1", "2"),
        ("Data!$A$1", "0"),
    ]


def test_another_link_to_the_same_workbook_is_another_link(tmp_path: Path) -> None:
    part = "xl/externalLinks/externalLink1.xml"
    donor = written(
        tmp_path / "donor.xlsx", PARTS | {part: PARTS[part].replace("<v>7</v>", "<v>8</v>")}
    )
    target, output = written(tmp_path / "target.xlsx", PARTS), tmp_path / "output.xlsx"
    add_sheets(target, donor, ["Data"], output)
    assert held(output, "Data (2)", "B2").formula == "[2]Far!$A$1+1"


def test_a_name_that_is_a_table_in_the_target_holds_for_the_new_sheet_only(
    tmp_path: Path,
) -> None:
    with xlsxwriter.Workbook(tmp_path / "target.xlsx") as book:
        book.add_worksheet("Tables").add_table("A1:A3", {"name": "Factor"})
    donor, output = written(tmp_path / "donor.xlsx", PARTS), tmp_path / "output.xlsx"
    add_sheets(tmp_path / "target.xlsx", donor, ["Data"], output)
    check_sound(output)
    assert held(output, "Data", "A2").formula == "B1*factor"
    with ZipFile(output) as archive:
        names = children(tree(archive, "xl/workbook.xml"), "definedNames")
    found = {each.get("name"): (each.text, each.get("localSheetId")) for each in names}
    assert found["factor"] == ("Data!$B$1-1", "1")


def test_a_name_without_a_name_stays_behind(small: Path, tmp_path: Path) -> None:
    book = PARTS["xl/book.xml"].replace('name="own" localSheetId="0"', 'localSheetId="0"')
    donor = written(tmp_path / "donor.xlsx", PARTS | {"xl/book.xml": book})
    add_sheets(small, donor, ["Data"], tmp_path / "output.xlsx")
    check_sound(tmp_path / "output.xlsx")


@pytest.mark.parametrize("length", ["²", "9" * 5000, "-1", ""])
def test_odd_lengths_in_the_titles_of_a_document_are_left(
    small: Path, tmp_path: Path, length: str
) -> None:
    part, output = "docProps/app.xml", tmp_path / "output.xlsx"
    with ZipFile(small) as old, ZipFile(tmp_path / "odd.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                data = re.sub(rb"<vt:i4>\d+<", f"<vt:i4>{length}<".encode(), data)
                titles = data
            new.writestr(name, data)
    donor = written(tmp_path / "donor.xlsx", PARTS)
    add_sheets(tmp_path / "odd.xlsx", donor, ["Data"], output)
    check_sound(output)
    with ZipFile(output) as archive:
        assert archive.read(part) == titles
