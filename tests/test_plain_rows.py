"""Rows that are read and copied as text come to what they come to element by element."""

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
import xlsxwriter

from sheetgen.check.reading.cells import read_package
from sheetgen.errors import InputError
from sheetgen.spreadsheet import copying, reader, sheet_contents
from sheetgen.spreadsheet.plain_rows import plain_cells
from sheetgen.spreadsheet.plain_sheet import PlainSheet

PLAIN = {
    "numbers": '<row r="2" spans="1:2"><c r="A2"><v>2</v></c><c r="C2"><v>-1E-3</v></c></row>',
    "a formula": '<row r="2"><c r="A2" s="1"><f>1+1</f><v>2</v></c></row>',
    "a formula of LibreOffice": '<row r="2"><c r="A2"><f aca="false">1+1</f><v>2</v></c></row>',
    "a sheet that is lost": '<row r="2"><c r="A2" t="e"><f>#ref!a1</f><v>#NAME?</v></c></row>',
    "a formula without end": '<row r="2"><c r="A2"><f>"a</f><v>1</v></c></row>',
    "entities": '<row r="2"><c r="A2" t="str"><f>"&lt;"&amp;"&amp;gt;"</f><v>&lt;</v></c></row>',
    "no ASCII": '<row r="2"><c r="A2" t="str"><f>"∂"</f><v>∂</v></c></row>',
    "an empty text": '<row r="2"><c r="A2" t="str"><f>""</f><v></v></c></row>',
    "no result": '<row r="2"><c r="A2"><f>1+1</f></c></row>',
    "an error": '<row r="2"><c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>',
    "a truth value": '<row r="2"><c r="A2" t="b"><v>1</v></c></row>',
    "a shared text": '<row r="2"><c r="A2" t="s"><v>0</v></c></row>',
    "a text that is not there": '<row r="2"><c r="A2" t="s"><v>9</v></c></row>',
    "no number": '<row r="2"><c r="A2"><v>1_0</v></c></row>',
    "an empty cell": '<row r="2"><c r="A2" s="1" t="n"/><c r="B2"><v>1</v></c></row>',
    "an empty number": '<row r="2"><c r="A2"><v></v></c></row>',
    "an empty row": '<row r="2" ht="20"/>',
    "the last column": '<row r="2"><c r="XFD2"><v>1</v></c></row>',
}
OTHERS = {
    "no addresses": "<row><c><v>1</v></c><c><v>2</v></c></row>",
    "a shared formula": '<row r="2"><c r="A2"><f t="shared" si="0" ref="A2:B2">A1</f></c>'
    '<c r="B2"><f t="shared" si="0"/></c></row>',
    "a text in the cell": '<row r="2"><c r="A2" t="inlineStr"><is><t>x</t></is></c></row>',
    "a line end": '<row r="2"><c r="A2" t="str"><f>"&#13;"</f><v>&#13;</v></c></row>',
    "spaces": '<row r="2"> <c r="A2"> <v>1</v> </c> </row>',
    "another order": '<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
    "a cell twice": '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
    "a cell of another row": '<row r="2"><c r="A3"><v>1</v></c></row>',
    "zeros before a number": '<row r="2"><c r="A02"><v>1</v></c></row>',
    "a small letter": '<row r="2"><c r="a2"><v>1</v></c></row>',
    "a column past the end": '<row r="2"><c r="XFE2"><v>1</v></c></row>',
    "what is no cell": '<row r="2"><c r="A2"><v>1</v></c><x/><c r="B2"><v>2</v></c></row>',
    "an empty formula": '<row r="2"><c r="A2"><f></f><v>1</v></c></row>',
}
# What a sheet may hold that cannot be cut into rows without parsing it, or not at all.
ODD = {
    "a comment": '<row r="2"><!-- </row> --><c r="A2"><v>1</v></c></row>',
    "a section": '<row r="2"><c r="A2" t="str"><f>1</f><v><![CDATA[</row>]]></v></c></row>',
    "an instruction": '<row r="2"><c r="A2"><?x </row>?><v>1</v></c></row>',
    "another namespace": '<row r="2" xmlns="urn:x"><c r="A2"><v>1</v></c></row>',
    "a prefix": '<row r="2" xmlns:x="urn:x"><c r="A2"><v>1</v></c><x:c r="B2"><v>2</v></x:c></row>',
    "a prefix of nothing": '<row r="2" x:y="1"><c r="A2"><v>1</v></c></row>',
    "an attribute twice": '<row r="2" ht="1" ht="2"><c r="A2"><v>1</v></c></row>',
    "a row in a row": '<row r="2"><row r="3"><c r="A3"><v>1</v></c></row></row>',
    "lines": '\n <row\n r="2" >\n<c r="A2"><v>1</v></c></row> <row r="3"/>\n',
    "a text between": 'x<row r="2"><c r="A2"><v>1</v></c></row>',
    "an element between": '<x/><row r="2"><c r="A2"><v>1</v></c></row>',
    "rows twice": '</sheetData><sheetData><row r="2"><c r="A2"><v>1</v></c></row>',
    "no end": '<row r="2"><c r="A2"><v>1</v></c>',
    "a control character": '<row r="2"><c r="A2" t="str"><f>1</f><v>\x0b</v></c></row>',
    "a line end of DOS": '<row r="2"><c r="A2" t="str"><f>1</f><v>\r\n</v></c></row>',
    "an entity of nothing": '<row r="2"><c r="A2" t="str"><f>1</f><v>&x;</v></c></row>',
    "an angle in an attribute": '<row r="2" ht="a>b"><c r="A2"><v>1</v></c></row>',
    "what is no number": '<row r="x"><c><v>1</v></c></row>',
    "no rising rows": '<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"/></row>',
    "a row twice": '<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="B2"><v>1</v></c></row>',
}


@pytest.fixture
def book(tmp_path: Path) -> Callable[[str], Path]:
    """A function that returns a workbook of one sheet with this row."""

    def write(row: str) -> Path:
        plain, path = tmp_path / "plain.xlsx", tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(plain) as workbook:
            sheet = workbook.add_worksheet("one")
            sheet.write("A1", "a text", workbook.add_format({"bold": True}))
        with ZipFile(plain) as old, ZipFile(path, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name.endswith("sheet1.xml"):
                    data = data.replace(b"</sheetData>", f"{row}</sheetData>".encode())
                new.writestr(name, data)
        return path

    return write


def outcomes(path: Path) -> list[object]:
    """What reading, checking and copying the workbook come to: cells, or a refusal."""
    copy = path.with_name("copy.xlsx")

    def of_copy(cached: float | None) -> object:
        copying.write_changed(path, copy, {"one": {}}, cached)
        with ZipFile(copy) as archive:
            return archive.read("xl/worksheets/sheet1.xml"), reader.read_cells(copy)

    calls = (
        lambda: reader.read_cells(path),
        lambda: read_package(path),
        lambda: of_copy(None),
        lambda: of_copy(-7e77),
    )
    found: list[object] = []
    for call in calls:
        try:
            found.append(call())
        except InputError as error:
            # A copy may be refused while it is made, or when it is read.
            found.append(str(error).replace(str(copy), str(path)))
    return found


@pytest.mark.parametrize("kind", [*PLAIN, *OTHERS, *ODD])
def test_a_row_is_read_and_copied_as_element_by_element(
    kind: str, book: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book((PLAIN | OTHERS | ODD)[kind])
    plain = []

    def counted(text: str, number: int) -> object:
        plain.append(found := plain_cells(text, number))
        return found

    monkeypatch.setattr(sheet_contents, "plain_cells", counted)
    as_text = outcomes(path)
    assert kind in ODD or (plain[1] is not None) == (kind in PLAIN)
    monkeypatch.setattr(sheet_contents, "plain_cells", lambda *_: None)
    monkeypatch.setattr(PlainSheet, "of", lambda _: None)
    monkeypatch.setattr(copying, "with_result", lambda *_: None)
    by_element = outcomes(path)
    for one, other in zip(as_text, by_element, strict=True):
        if isinstance(one, tuple) and isinstance(other, tuple):
            assert one[1] == other[1]
            assert squeezed(one[0]) == squeezed(other[0])
        else:
            assert one == other


def squeezed(sheet: bytes) -> str:
    """The XML of a sheet in one spelling of empty elements and characters."""
    text = sheet.decode().replace("<v></v>", "<v/>").replace("<f></f>", "<f/>")
    return text.replace("&#8706;", "∂")
