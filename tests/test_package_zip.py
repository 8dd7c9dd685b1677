"""Packages as odd programs zip them: all of it is kept, or one sentence says what is wrong."""

import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
import xlsxwriter
from conftest import held
from handmade import KIND, LINKS, PARTS, RELS, strict, written
from packages import check_sound, children, tree

from sheetgen.errors import InputError
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.reader import read_cells, sheet_names

BOOK = "xl/book.xml"
TYPES = "[Content_Types].xml"
LINK = f"{LINKS}/sharedStrings"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A workbook with one sheet, "Log", that has a chart."""
    with xlsxwriter.Workbook(tmp_path / "log.xlsx") as book:
        sheet = book.add_worksheet("Log")
        sheet.write_row("A1", [1, 2])
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Log!$A$1:$B$1"})
        sheet.insert_chart("A3", chart)
    return tmp_path / "log.xlsx"


def renamed(rename: Callable[[str], str]) -> Callable[[Path], None]:
    """Write a package whose zip file calls the parts otherwise than the package does."""

    def write(path: Path) -> None:
        written(path, {rename(name): text for name, text in PARTS.items()})

    return write


def from_a_stream(path: Path) -> None:
    """Write a package as a server does that sends it while it is made: sizes come behind."""

    class Stream(BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError

        def tell(self) -> int:
            raise OSError

    with ZipFile(stream := Stream(), "w", ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        assert all(entry.flag_bits & 8 for entry in archive.infolist())
    path.write_bytes(stream.getvalue())


def of_large_parts(path: Path) -> None:
    """Write a package in the format for parts of more than 4 GB."""
    with ZipFile(path, "w") as archive:
        for name, text in PARTS.items():
            with archive.open(ZipInfo(name), "w", force_zip64=True) as file:
                file.write(text.encode())


def with_folders_and_a_comment(path: Path) -> None:
    written(path, {"xl/": "", "xl/worksheets/": "", **PARTS})
    with ZipFile(path, "a") as archive:
        archive.comment = b"made by hand"


def in_utf_16(path: Path) -> None:
    with ZipFile(path, "w") as archive:
        for name, text in PARTS.items():
            is_xml = name.endswith((".xml", ".rels")) and name != "customXml/item1.xml"
            archive.writestr(name, text.encode("utf-16") if is_xml else text)


def with_backslashes_in_targets(path: Path) -> None:
    rels = "xl/_rels/book.xml.rels"
    written(path, PARTS | {rels: PARTS[rels].replace("/xl/worksheets/", "worksheets\\")})


KINDS: dict[str, Callable[[Path], None]] = {
    "with backslashes": renamed(lambda name: name.replace("/", "\\")),
    "in other letters": renamed(lambda name: name.title().replace("Rels", "RELS")),
    "with a slash before": renamed(lambda name: f"/{name}"),
    "with backslashes in targets": with_backslashes_in_targets,
    "from a stream": from_a_stream,
    "of large parts": of_large_parts,
    "with folders and a comment": with_folders_and_a_comment,
    "in UTF-16": in_utf_16,
    "in UTF-16, of the strict standard": lambda path: written(
        path,
        {name: text.encode("utf-16") if name == BOOK else text for name, text in STRICT.items()},
    ),
}
STRICT = strict(PARTS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_package_keeps_all_and_gets_the_sheet(tmp_path: Path, log: Path, kind: str) -> None:
    target, output = tmp_path / "odd.xlsx", tmp_path / "new.xlsx"
    KINDS[kind](target)
    before = target.read_bytes()
    assert sheet_names(target) == ["Data", "Pivot", "it's"]
    cells = read_cells(target)
    assert cells["Data"][0, 0].value == "old text"
    add_sheets(target, log, ["Log"], output)
    assert target.read_bytes() == before
    assert sheet_names(output) == ["Data", "Pivot", "it's", "Log"]
    found = read_cells(output)
    assert {name: found[name] for name in cells} == cells
    assert found["Log"][0, 1].value == 2
    with ZipFile(target) as old, ZipFile(output) as new:
        assert new.comment == old.comment
        lost = {name.replace("\\", "/").lstrip("/") for name in old.namelist()} - {*new.namelist()}
        assert {name.casefold() for name in lost} == {"xl/calcchain.xml"}
    if "letters" not in kind and "targets" not in kind:
        check_sound(output)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sheet_of_an_odd_package_comes_along(small: Path, tmp_path: Path, kind: str) -> None:
    source, output = tmp_path / "odd.xlsx", tmp_path / "new.xlsx"
    KINDS[kind](source)
    add_sheets(small, source, ["Data"], output)
    check_sound(output)
    assert held(output, "Data", "A1").value == "old text"
    with ZipFile(output) as archive:
        texts = [archive.read(name) for name in archive.namelist()]
        shapes = [archive.read(name) for name in archive.namelist() if "/drawings/" in name.lower()]
    assert any(b"cloud" in shape for shape in shapes)
    assert not any(b"purl.oclc.org/ooxml" in text for text in texts)


@pytest.mark.parametrize("kind", KINDS)
def test_no_cached_result_is_left_in_a_copy_of_an_odd_package(tmp_path: Path, kind: str) -> None:
    source, copy = tmp_path / "odd.xlsx", tmp_path / "copy.xlsx"
    KINDS[kind](source)
    assert held(source, "Data", "A2").value == 6
    write_changed(source, copy, {"Data": {(0, 1): 7}}, cached=-7e77)
    assert held(copy, "Data", "A2").value == -7e77
    assert held(copy, "Data", "B1").value == 7


def refusal(target: Path, donor: Path, sheet: str = "Log") -> str:
    before = target.read_bytes(), donor.read_bytes()
    with pytest.raises(InputError) as caught:
        add_sheets(target, donor, [sheet], target.with_name("refused.xlsx"))
    assert (target.read_bytes(), donor.read_bytes()) == before
    assert not target.with_name("refused.xlsx").exists()
    return str(caught.value)


@pytest.mark.parametrize("name", ["xl/styles.xml", "XL/Styles.XML", "xl\\styles.xml"])
def test_two_parts_of_one_name_are_refused(
    small: Path, tmp_path: Path, log: Path, name: str
) -> None:
    path = written(tmp_path / "odd.xlsx", PARTS)
    with warnings.catch_warnings(), ZipFile(path, "a", ZIP_STORED) as archive:
        warnings.simplefilter("ignore")
        archive.writestr(name, PARTS["xl/styles.xml"].replace("Courier New", "Arial"))
    sentence = f"{path} is damaged or is not an .xlsx workbook: it has more than one part "
    assert refusal(path, log) == f"{sentence}'xl/styles.xml'"
    assert refusal(written_copy(small, tmp_path), path, "Data") == f"{sentence}'xl/styles.xml'"


def written_copy(path: Path, folder: Path) -> Path:
    copy = folder / "copy.xlsx"
    copy.write_bytes(path.read_bytes())
    return copy


def test_a_signature_under_any_name_is_found(tmp_path: Path, log: Path) -> None:
    rels = "_rels/.rels"
    kind = f"{RELS}/digital-signature/origin"
    link = f'<Relationship Id="rId9" Type="{kind}" Target="signed/by.sigs"/></Relationships>'
    parts = PARTS | {
        rels: PARTS[rels].replace("</Relationships>", link),
        "signed/by.sigs": "",
        TYPES: PARTS[TYPES].replace(
            "<Override", '<Default Extension="sigs" ContentType="x/y"/><Override', 1
        ),
    }
    assert "odd.xlsx is signed" in refusal(written(tmp_path / "odd.xlsx", parts), log)


def test_a_binary_workbook_is_called_so(tmp_path: Path, log: Path) -> None:
    parts = {name.replace(BOOK, "xl/book.bin"): text for name, text in PARTS.items()}
    parts["_rels/.rels"] = PARTS["_rels/.rels"].replace("book.xml", "book.bin")
    path = written(tmp_path / "odd.xlsx", parts | {"xl/book.bin": "\x83\x01"})
    assert refusal(path, log).endswith("it is a binary workbook (.xlsb); save it as .xlsx")


@pytest.mark.parametrize("text", [" vm='1'", '\n vm = "1"'])
def test_a_picture_in_a_cell_is_found_however_it_is_written(
    small: Path, tmp_path: Path, text: str
) -> None:
    part = "xl/worksheets/data.xml"
    parts = PARTS | {part: PARTS[part].replace(' t="s"', text)}
    source = written(tmp_path / "odd.xlsx", parts)
    assert "odd.xlsx has a picture" in refusal(written_copy(small, tmp_path), source, "Data")


def test_a_text_that_looks_like_a_picture_is_moved(small: Path, tmp_path: Path) -> None:
    text = "a vm = 1 in a text"
    parts = PARTS | {"xl/strings.xml": PARTS["xl/strings.xml"].replace("old", text)}
    part = "xl/worksheets/data.xml"
    parts[part] = PARTS[part].replace("<v>3</v>", "<v>3</v><!-- vm=1 -->")
    add_sheets(small, written(tmp_path / "odd.xlsx", parts), ["Data"], tmp_path / "new.xlsx")
    assert held(tmp_path / "new.xlsx", "Data", "A1").value == f"{text} text"


def test_macros_protection_and_hidden_sheets_stay(tmp_path: Path, log: Path) -> None:
    rels = "xl/_rels/book.xml.rels"
    kind = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    link = f'<Relationship Id="rId99" Type="{kind}" Target="vbaProject.bin"/></Relationships>'
    override = (
        '<Override PartName="/xl/vbaProject.bin" '
        'ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    )
    macros = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    book = (
        PARTS[BOOK]
        .replace("<bookViews", '<workbookPr codeName="This"/><workbookProtection '
                 'workbookPassword="CC1A" lockStructure="1"/><bookViews')
        .replace('state="hidden"', 'state="veryHidden"')
        .replace('sheetId="7"', 'sheetId="65534"')
    )  # fmt: skip
    parts = PARTS | {
        rels: PARTS[rels].replace("</Relationships>", link),
        TYPES: PARTS[TYPES].replace("</Types>", override).replace(f"{KIND}.sheet.main+xml", macros),
        BOOK: book,
        "xl/vbaProject.bin": "Sub Macro()",
    }
    target, output = written(tmp_path / "odd.xlsm", parts), tmp_path / "new.xlsm"
    add_sheets(target, log, ["Log"], output)
    check_sound(output)
    with ZipFile(output) as archive:
        root = tree(archive, BOOK)
        assert archive.read("xl/vbaProject.bin") == b"Sub Macro()"
        assert macros.encode() in archive.read(TYPES)
    assert root.find("{*}workbookProtection").get("lockStructure") == "1"
    found = [(each.get("sheetId"), each.get("state")) for each in children(root, "sheets")]
    assert found == [("65534", None), ("3", None), ("9", "veryHidden"), ("1", None)]


def test_spaces_in_texts_stay(small: Path, tmp_path: Path) -> None:
    strings = PARTS["xl/strings.xml"].replace(
        "<t>old</t>", '<t xml:space="preserve">  two\nlines\t</t>'
    )
    source = written(tmp_path / "odd.xlsx", PARTS | {"xl/strings.xml": strings})
    add_sheets(small, source, ["Data"], tmp_path / "new.xlsx")
    assert held(tmp_path / "new.xlsx", "Data", "A1").value == "  two\nlines\t text"
    with ZipFile(tmp_path / "new.xlsx") as archive:
        text = archive.read("xl/worksheets/data1.xml")
    assert b'<t xml:space="preserve">  two\nlines' in text


def test_a_workbook_without_shared_strings_keeps_and_gives_its_sheets(
    small: Path, tmp_path: Path, log: Path
) -> None:
    parts = {name: text for name, text in PARTS.items() if name != "xl/strings.xml"}
    for name, old, new in (
        (
            "xl/_rels/book.xml.rels",
            f'<Relationship Id="rId6" Type="{LINK}" Target="/xl/strings.xml"/>',
            "",
        ),
        (
            TYPES,
            f'<Override PartName="/xl/strings.xml" ContentType="{KIND}.sharedStrings+xml"/>',
            "",
        ),
        ("xl/worksheets/data.xml", ' t="s"', ""),
    ):
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new)
    path = written(tmp_path / "odd.xlsx", parts)
    add_sheets(path, log, ["Log"], tmp_path / "new.xlsx")
    add_sheets(small, path, ["Data"], tmp_path / "other.xlsx")
    for output in (tmp_path / "new.xlsx", tmp_path / "other.xlsx"):
        check_sound(output)
        assert held(output, "Data", "B1").value == 3
