"""Files that are no workbooks, or damaged ones, are refused in one sentence that names them."""

import struct
import zipfile
from pathlib import Path

import pytest
from handwritten_xlsx import PACKAGE, example, parts, written

from sheetgen.errors import InputError
from sheetgen.spreadsheet import copying, package_parts, reader

BROKEN = {
    "text": b"name,value\n1,2\n",
    "empty": b"",
    "ole": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504),
}
REASONS = {
    "text": "not an .xlsx workbook",
    "empty": "not an .xlsx workbook",
    "ole": "password-protected",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_files_that_are_no_zip(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "broken.xlsx"
    path.write_bytes(BROKEN[kind])
    check_refused(path, REASONS[kind])


def check_refused(path: Path, reason: str) -> None:
    """All functions refuse it with one sentence that names the file and the reason."""
    for call in (
        lambda: reader.read_cells(path),
        lambda: copying.write_changed(path, path.with_name("copy.xlsx"), {}),
    ):
        with pytest.raises(InputError) as caught:
            call()
        message = str(caught.value)
        assert str(path) in message
        assert reason in message
        assert not message.endswith(".")
        assert "\n" not in message
    assert not path.with_name("copy.xlsx").exists()


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    check_refused(tmp_path / "gone.xlsx", "No such file")
    check_refused(tmp_path, "it is a folder")


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_truncated_file(tmp_path: Path, share: float) -> None:
    data = example(tmp_path / "a.xlsx", "xlsxwriter").read_bytes()
    path = tmp_path / "cut.xlsx"
    path.write_bytes(data[: int(len(data) * share)])
    check_refused(path, "damaged")


def test_a_damaged_part(tmp_path: Path) -> None:
    path = example(tmp_path / "a.xlsx", "xlsxwriter")
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    data = bytearray(path.read_bytes())
    middle = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
    data[middle] ^= 0xFF
    path.write_bytes(data)
    check_refused(path, "damaged")


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("_rels/.rels", None),
        ("_rels/.rels", f'<Relationships xmlns="{PACKAGE}"/>'),
        ("xl/workbook.xml", None),
        ("xl/workbook.xml", "<workbook><sheets>"),
        ("xl/workbook.xml", "<workbook/>"),
        ("xl/strings.xml", None),
        ("xl/strings.xml", "<sst/>"),
        ("xl/worksheets/s.xml", None),
        ("xl/worksheets/s.xml", "not XML"),
        ("xl/worksheets/s.xml", "<w><sheetData><row><c><v>1,5</v></c></row></sheetData></w>"),
        ("xl/worksheets/s.xml", "<w><sheetData><row><c r='?'/></row></sheetData></w>"),
        ("xl/worksheets/s.xml", "<w><sheetData><row r='x'/></sheetData></w>"),
        (
            "xl/worksheets/s.xml",
            "<w><sheetData><row><c><f t='shared' si='7'/></c></row></sheetData></w>",
        ),
    ],
)
def test_zips_that_are_no_sound_workbook(tmp_path: Path, part: str, text: str | None) -> None:
    contents = parts() | ({} if text is None else {part: text})
    if text is None:
        del contents[part]
    path = written(tmp_path / "odd.xlsx", contents)
    with pytest.raises(InputError, match=r"odd\.xlsx is damaged or is not an \.xlsx workbook"):
        reader.read_cells(path)


def test_a_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "bomb.xlsx", parts() | {"xl/zeros": "0" * 100_000})
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(package_parts, "MAXIMUM_BYTES", 50_000)
    check_refused(path, "too large")


def test_an_encrypted_zip(tmp_path: Path) -> None:
    path = written(tmp_path / "locked.xlsx", parts())
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, entry + 8, 1)
    path.write_bytes(data)
    check_refused(path, "password-protected")


def test_an_open_document_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "book.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office/>")
    check_refused(path, "OpenDocument file; save it as .xlsx")
