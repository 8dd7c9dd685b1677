"""Whole workbooks that were made to break the commands: each ends in a sentence, or in its answer.

They are made from a workbook of ours, each by one change.
"""

import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from conftest import sheetgen
from reaching import RELATIONS, server

from sheetgen.spreadsheet.reader import sheet_names

KEY = Path(__file__).parent / "cases" / "grade" / "ex.key.json"
RATE, BOOK = "xl/worksheets/sheet6.xml", "xl/workbook.xml"
DRAWING, LINKS = "xl/drawings/drawing1.xml", "xl/drawings/_rels/drawing1.xml.rels"
Change = tuple[str, Callable[[str], str]]

ANCHOR = f"""<xdr:twoCellAnchor
 xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="{RELATIONS}">
<xdr:from><xdr:col>0</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>0</xdr:row>
<xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:to><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff>
<xdr:row>5</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to><xdr:pic><xdr:nvPicPr>
<xdr:cNvPr id="990" name="evil"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill>
<a:blip r:link="rId999"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill><xdr:spPr><a:xfrm>
<a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>
</a:prstGeom></xdr:spPr></xdr:pic><xdr:clientData/></xdr:twoCellAnchor>"""


@pytest.fixture
def small(bare: Path, without_surfaces: None) -> Path:  # noqa: ARG001
    """A workbook of fewer cells than others of this name have."""
    return bare


def first(row: str) -> list[Change]:
    """Put a row before the first one of the table of a learning rate."""
    return [(RATE, lambda sheet: sheet.replace("<sheetData>", f"<sheetData>{row}"))]


def linked(address: str) -> list[Change]:
    """Put a picture on the first sheet that lies elsewhere."""
    link = f'<Relationship Id="rId999" Type="{RELATIONS}/image" Target="{address}pic.png"'
    link += ' TargetMode="External"/></Relationships>'
    return [
        (DRAWING, lambda drawing: drawing.replace("</xdr:wsDr>", f"{ANCHOR}</xdr:wsDr>")),
        (LINKS, lambda links: links.replace("</Relationships>", link)),
    ]


DEEP = f'<c r="ZZ1"><f>{"(" * 5000}1{")" * 5000}</f><v>0</v></c>'
TRAVERSAL = [(BOOK, lambda book: book.replace('name="Inputs"', 'name="../../../PWNED4"'))]
CASES: dict[str, list[Change]] = {
    "image_http.xlsx": linked("http://127.0.0.1:18080/"),
    "paren_5000.xlsx": first(f'<row r="1">{DEEP}</row>'),
    "row_1e20.xlsx": first(f'<row r="{"9" * 20}"><c><v>1</v></c></row>'),
    "row_5000digits.xlsx": first(f'<row r="{"9" * 5000}"><c><v>1</v></c></row>'),
    "sheetname_traversal.xlsx": TRAVERSAL,
}


def changed(base: Path, target: Path, changes: list[Change]) -> Path:
    """Write a copy of a workbook with some changes."""
    with ZipFile(base) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    for part, change in changes:
        before, parts[part] = parts[part], change(parts[part])
        assert before != parts[part], "the change found nothing to change"
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return target


def said(*arguments: object) -> tuple[int, str]:
    """The exit code of a command, and all that it says."""
    result = sheetgen(*arguments)
    return result.exit_code, result.output


@pytest.mark.parametrize("name", CASES)
def test_check_verify_and_grade_end_in_a_sentence_or_in_their_answer(
    name: str, small: Path, tmp_path: Path
) -> None:
    path = changed(small, tmp_path / name, CASES[name])
    before = path.read_bytes()
    code, text = said("check", path)
    if name == "sheetname_traversal.xlsx":  # the formulas lead to a sheet that is gone
        assert code == 1 and "the cell holds #REF!" in text
    else:
        assert code == 0 and f"{path}: right" in text
    code, text = said("verify", path, "--engine", "ironcalc", "--perturb", 0)
    refusal = {
        "paren_5000.xlsx": "'lr 0.1' has row 1 twice; expected it once",
        "row_1e20.xlsx": f"'lr 0.1' has the row '{'9' * 20}'; expected 1 to 1,048,576",
        "row_5000digits.xlsx": f"'lr 0.1' has the row '{'9' * 30}",
        "sheetname_traversal.xlsx": "the sheet Inputs is missing",
    }.get(name, "")
    if refusal:
        assert code == 2 and text.startswith(f"Error: {path}") and refusal in text
        assert len(text.splitlines()) == 1 and len(text) < 400 + len(str(path))
    else:
        assert code == 0 and "FAIL" not in text
    code, text = said("grade", "--key", KEY, path)
    reason = refusal if "row" in refusal else "does not say whose exercise it is"
    assert code == 2 and text.startswith(str(path)) and reason in text
    assert len(text.splitlines()) == 1
    assert list(tmp_path.iterdir()) == [path] and path.read_bytes() == before


def test_brackets_that_reach_an_engine_end_in_its_answer(small: Path, tmp_path: Path) -> None:
    """For that the cell has to be in the row 1 that is there; IronCalc overflows its stack."""
    behind = [(RATE, lambda sheet: re.sub("</row>", lambda _: f"{DEEP}</row>", sheet, count=1))]
    path = changed(small, tmp_path / "paren_5000.xlsx", behind)
    code, text = said("verify", path, "--engine", "ironcalc", "--perturb", 0)
    assert code == 1 and len(text.splitlines()) == 1
    assert text.startswith("Error: ironcalc ended (signal ") and str(path) in text
    assert "its longest formula is that of 'lr 0.1'!ZZ1, with 10,001 characters" in text
    assert said("check", path)[0] == 0


@pytest.mark.usefixtures("renderer")
def test_pictures_stay_in_their_folder_and_links_unasked(bare: Path, tmp_path: Path) -> None:
    folder = tmp_path / "one" / "two" / "three" / "pictures"
    with server() as (base, seen):
        path = changed(bare, tmp_path / "image_http.xlsx", [*linked(base), *TRAVERSAL])
        code, text = said("render", path, "-o", folder)
    assert (code, seen) == (0, []), text
    pictures = set(folder.iterdir())
    assert len(pictures) == len(sheet_names(bare)) - 1  # all but _sheetgen
    assert folder / "_.._.._.._PWNED4.png" in pictures
    assert {each for each in tmp_path.rglob("*") if each.is_file()} == {path, *pictures}
