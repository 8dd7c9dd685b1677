"""What cannot be inserted, or inserted into: one clear sentence, and no file is touched."""

import struct
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
import xlsxwriter
from handmade import PARTS, written

from sheetgen.errors import InputError
from sheetgen.spreadsheet import package_parts
from sheetgen.spreadsheet.insert import add_sheets


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A workbook with one sheet, "Data"."""
    with xlsxwriter.Workbook(tmp_path / "log.xlsx") as book:
        book.add_worksheet("Data").write("A1", "epoch")
    return tmp_path / "log.xlsx"


def check_refused(target: Path, donor: Path, match: str, sheet: str = "Data") -> None:
    output = target.with_name("refused.xlsx")
    before = target.read_bytes(), donor.read_bytes()
    with pytest.raises(InputError, match=match) as caught:
        add_sheets(target, donor, [sheet], output)
    assert not str(caught.value).endswith(".")
    assert (target.read_bytes(), donor.read_bytes()) == before


def changed(path: Path, part: str, text: str | None) -> Path:
    parts = {name: data for name, data in PARTS.items() if name != part}
    return written(path, parts if text is None else parts | {part: text})


@pytest.mark.parametrize(
    ("part", "text", "reason"),
    [
        ("[Content_Types].xml", None, "damaged"),
        ("[Content_Types].xml", "<Types", "damaged"),
        ("_rels/.rels", "", "damaged"),
        ("xl/book.xml", "<workbook/>", "damaged"),
        ("xl/book.xml", "not XML", "damaged"),
        ("xl/styles.xml", None, "damaged"),
        ("xl/styles.xml", "<styleSheet>", "damaged"),
        ("xl/worksheets/data.xml", None, "damaged"),
        ("xl/book.xml", PARTS["xl/book.xml"].replace('sheetId="7"', 'sheetId="x"'), "sheetId 'x'"),
        (
            "xl/styles.xml",
            PARTS["xl/styles.xml"].replace('numFmt numFmtId="164"', 'numFmt numFmtId="x"'),
            "numFmtId 'x'",
        ),
        (
            "xl/styles.xml",
            PARTS["xl/styles.xml"].replace('"Standard" xfId="0"', '"Standard" xfId="x"'),
            "xfId 'x'",
        ),
        ("xl/vbaProjectSignature.bin", "x", "is signed"),
        ("_xmlsignatures/sig1.xml", "<x/>", "is signed"),
        (
            "[Content_Types].xml",
            PARTS["[Content_Types].xml"].replace(
                '"application/x-thing"', '"application/vnd.ms-office.vbaProjectSignature"'
            ),
            "is signed",
        ),
    ],
)
def test_refused_targets(tmp_path: Path, log: Path, part: str, text: str, reason: str) -> None:
    check_refused(
        changed(tmp_path / "odd.xlsx", part, text), log, rf"odd\.xlsx .*{reason}|{reason}.*odd"
    )


@pytest.mark.parametrize(
    ("part", "text", "reason"),
    [
        ("xl/worksheets/data.xml", "<worksheet><sheetData><row>", "damaged"),
        (
            "xl/worksheets/data.xml",
            PARTS["xl/worksheets/data.xml"].replace('s="1"', 's="9"'),
            "style 9",
        ),
        ("xl/worksheets/data.xml", PARTS["xl/worksheets/data.xml"].replace("<v>0", "<v>4"), "A1"),
        ("xl/worksheets/data.xml", PARTS["xl/worksheets/data.xml"].replace("[1]", "[2]"), r"\[2\]"),
        (
            "xl/worksheets/data.xml",
            PARTS["xl/worksheets/data.xml"].replace('t="s"', 'vm="1"'),
            "picture",
        ),
        ("xl/drawings/drawing1.xml", None, "missing"),
        ("xl/externalLinks/externalLink1.xml", "<externalLink>", "damaged"),
        (
            "xl/worksheets/_rels/data.xml.rels",
            PARTS["xl/worksheets/_rels/data.xml.rels"].replace('Id="rId2" ', ""),
            "has a relationship without an Id",
        ),
        ("xl/unknown/thing.dat", None, "missing"),
        ("xl/strings.xml", None, "damaged"),
        (
            "[Content_Types].xml",
            PARTS["[Content_Types].xml"].replace('"dat"', '"other"'),
            "no content type",
        ),
    ],
)
def test_refused_donors(small: Path, tmp_path: Path, part: str, text: str, reason: str) -> None:
    target = tmp_path / "target.xlsx"
    target.write_bytes(small.read_bytes())
    check_refused(target, changed(tmp_path / "odd.xlsx", part, text), rf"odd\.xlsx .*{reason}")


DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/book.xml", 'sheetId="7"', f'sheetId="{DIGITS}"'),
        ("xl/styles.xml", 'numFmt numFmtId="164"', f'numFmt numFmtId="{DIGITS}"'),
        ("xl/worksheets/data.xml", ' s="1"', f' s="{DIGITS}"'),
        ("xl/worksheets/data.xml", "[1]", f"[{DIGITS}]"),
        ("xl/worksheets/data.xml", "<v>0</v>", f"<v>{DIGITS}</v>"),
    ],
)
def test_a_number_of_5000_digits_is_no_traceback(
    small: Path, tmp_path: Path, log: Path, part: str, old: str, new: str
) -> None:
    assert old in PARTS[part]
    odd = changed(tmp_path / "odd.xlsx", part, PARTS[part].replace(old, new, 1))
    for target, donor in ((odd, log), (small, odd)):
        try:
            add_sheets(target, donor, ["Data"], tmp_path / "new.xlsx")
        except InputError as error:
            assert str(error).startswith(f"{odd} is damaged")
            assert len(str(error)) < 300


def test_sheets_that_cannot_be_moved(tmp_path: Path, log: Path) -> None:
    hand = written(tmp_path / "hand.xlsx", PARTS)
    check_refused(log, hand, r"hand\.xlsx has a pivot table on its sheet 'Pivot'", "Pivot")
    check_refused(hand, log, r"log\.xlsx has no sheet named 'Nothing'", "Nothing")
    with pytest.raises(InputError, match=r"hand\.xlsx has no sheet named 'Nothing'"):
        add_sheets(hand, log, ["Data"], tmp_path / "output.xlsx", {"Data": "Nothing"})


def test_files_that_are_encrypted_torn_or_bombs(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "odd.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99))
    check_refused(path, log, r"odd\.xlsx is password-protected")
    written(path, PARTS)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    check_refused(path, log, r"odd\.xlsx is damaged")
    locked = bytearray(whole)
    struct.pack_into("<H", locked, locked.index(b"PK\x01\x02") + 8, 1)
    path.write_bytes(locked)
    check_refused(path, log, r"odd\.xlsx is a password-protected zip")
    # A part that would only be copied, damaged inside, however it is packed.
    for method in (ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA):
        with ZipFile(path, "w", method) as archive:
            for name, text in PARTS.items():
                archive.writestr(name, text)
            entry = archive.getinfo("customXml/item1.xml")
        packed = bytearray(path.read_bytes())
        start = entry.header_offset + 30 + len(entry.filename)
        packed[start + 12 : start + 24] = bytes(12)
        path.write_bytes(packed)
        check_refused(path, log, r"^[^ ]*odd\.xlsx is damaged")
    # The name of a part that is not text.
    written(path, PARTS | {"xl/é": ""})
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xc3\xc3"))
    check_refused(path, log, r"^[^ ]*odd\.xlsx is damaged")
    path.write_bytes(whole.replace(b"a customer's own", b"a customer's owl"))
    check_refused(path, log, r"odd\.xlsx is damaged")
    path.write_bytes(whole)
    with ZipFile(path, "a", ZIP_DEFLATED) as archive:
        archive.writestr("xl/zeros", bytes(1_000_000))
    monkeypatch.setattr(package_parts, "MAXIMUM_BYTES", 500_000)
    check_refused(path, log, r"odd\.xlsx would unpack to 1,\d+,\d+ bytes, which is too large")
    path.write_bytes(whole)
    monkeypatch.setattr(package_parts, "MAXIMUM_TREE", 1000)
    check_refused(path, log, r"odd\.xlsx is damaged .*'\[Content_Types\]\.xml' is too large")
