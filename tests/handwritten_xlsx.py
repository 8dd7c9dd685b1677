"""Small workbooks, written part by part or by a library."""

import zipfile
from pathlib import Path

import openpyxl
import xlsxwriter

from sheetgen.spreadsheet.reader import FileCell

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

STRINGS = (
    '<si><t xml:space="preserve"> plain</t></si>'
    "<si><r><rPr><b/></rPr><t>∂E</t></r><r><t>/∂w</t></r><rPh sb='0' eb='1'><t>NO</t></rPh></si>"
    "<si><t>line_x000D_break</t><rPh sb='0' eb='1'><t>NO</t></rPh></si>"
)
ROWS = (
    '<row r="2"><c r="A2" t="s"><v>0</v></c><c t="s"><v>1</v></c><c r="D2" t="s"><v>2</v></c></row>'
    '<row><c t="b"><v>1</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c><c><v>1.5E-3</v></c></row>'
    '<row><c t="str"><f>""</f><v></v></c><c t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r>'
    '</is></c><c s="1"/><c><f>1+1</f></c></row>'
    '<row r="10"><c r="B10"><f t="shared" ref="B10:B11" si="0">A10*$A$1</f><v>3</v></c></row>'
    '<row r="11"><c r="B11"><f t="shared" si="0"/><v>4</v></c></row>'
)
CELLS = {
    (1, 0): FileCell(None, " plain"),
    (1, 1): FileCell(None, "∂E/∂w"),
    (1, 3): FileCell(None, "line\rbreak"),
    (2, 0): FileCell(None, True),
    (2, 1): FileCell("1/0", "#DIV/0!"),
    (2, 2): FileCell(None, 0.0015),
    (3, 0): FileCell('""', ""),
    (3, 1): FileCell(None, "inline"),
    (3, 3): FileCell("1+1", None),
    (9, 1): FileCell("A10*$A$1", 3.0),
    (10, 1): FileCell("A11*$A$1", 4.0),
}


def parts(
    rows: str = ROWS, folder: str = "/xl/", main: str = MAIN, links: str = LINKS
) -> dict[str, str]:
    """The parts of a small workbook written by hand; `folder` starts the targets of its links."""
    head = f'<Relationships xmlns="{PACKAGE}">'
    one = f'<Relationship Id="rId1" Type="{links}/'
    return {
        "_rels/.rels": f'{head}{one}officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>'
        '<sheet name="one" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{head}{one}worksheet" Target="{folder}worksheets/s.xml"/>'
        f'<Relationship Id="rId2" Type="{links}/sharedStrings" Target="{folder}strings.xml"/>'
        f'<Relationship Id="rId3" Type="{links}/x" Target="http://x/" TargetMode="External"/>'
        "</Relationships>",
        "xl/worksheets/s.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData>'
        "</worksheet>",
        "xl/strings.xml": f'<sst xmlns="{main}">{STRINGS}</sst>',
    }


def written(path: Path, contents: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            archive.writestr(name, text)
    return path


def example(path: Path, library: str) -> Path:
    """The same two sheets, written by one of the libraries."""
    if library == "openpyxl":
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title, sheet["A1"], sheet["B1"], sheet["A2"] = "lr 0.1", 0.5, "=A1*2", "∂ & <η>"
        sheet["B2"] = True
        book.create_sheet("it's").sheet_state = "hidden"
        book.save(path)
        return path
    with xlsxwriter.Workbook(path) as workbook:
        first, second = workbook.add_worksheet("lr 0.1"), workbook.add_worksheet("it's")
        first.write_row("A1", [0.5, "=A1*2"])
        first.write_row("A2", ["∂ & <η>", True])
        second.hide()
    return path
