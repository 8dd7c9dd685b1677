"""Files that are odd, or no workbooks at all."""

import re
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from handmade_books import Book
from handmade_examples import seed_table
from planting import change, complaints
from xlsxwriter.utility import xl_rowcol_to_cell

from sheetgen import cli
from sheetgen.check import check_workbook
from sheetgen.check.reading import open_file
from sheetgen.errors import InputError


def repacked(path: Path, change_part: Callable[[str, str], str]) -> Path:
    """Rewrite every XML part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, change_part(name, text), compresslevel=1)
    return path


def odd_style(name: str, text: str) -> str:
    return text.replace('<family val="2"/>', '<family val="99"/>') if "styles" in name else text


def odd_date(name: str, text: str) -> str:
    return (
        re.sub(r"(<dcterms:created[^>]*>)[^<]*", r"\1yesterday", text) if "core" in name else text
    )


def odd_sheet_view(name: str, text: str) -> str:
    return text.replace("<sheetView ", '<sheetView view="sideways" ') if "sheet1" in name else text


def odd_filter(name: str, text: str) -> str:
    filter_text = '</sheetData><autoFilter ref="all of it"/>'
    return text.replace("</sheetData>", filter_text) if "sheet1" in name else text


ODD = [odd_style, odd_date, odd_sheet_view, odd_filter]


@pytest.mark.parametrize("oddity", ODD)
def test_files_that_openpyxl_cannot_read(oddity: Callable[[str, str], str], tmp_path: Path) -> None:
    table = seed_table()
    path = repacked(Book([table]).written(tmp_path / "odd.xlsx"), oddity)
    with path.open("rb") as file, pytest.raises((ValueError, TypeError)):
        openpyxl.load_workbook(file)
    assert check_workbook(path).passed
    change(table, "∂E/∂w3", "(1-{a_h2})", "(1+{a_h2})", range(8))
    path = repacked(Book([table]).written(tmp_path / "wrong.xlsx"), oddity)
    kinds = frozenset(["sum-for-difference"])
    assert not complaints(check_workbook(path), table, [("∂E/∂w3", 0)], kinds)


def compound_file(*streams: str) -> bytes:
    """An OLE compound file with empty streams, as Office wraps an encrypted workbook.

    Source: Microsoft's [MS-CFB], sections 2.2 (header) and 2.6 (directory).
    """
    end, free, none = 0xFFFFFFFE, 0xFFFFFFFF, bytes(16)
    header = bytes.fromhex("d0cf11e0a1b11ae1") + none
    header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, end, *[free] * 126)
    entries = b""
    for number, name in enumerate(("Root Entry", *streams)):
        text = name.encode("utf-16-le") + b"\0\0"
        after = number + 1 if 0 < number < len(streams) else free
        child = 1 if number == 0 else free
        kind = 5 if number == 0 else 2
        entries += text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
        entries += struct.pack("<3I", free, after, child) + bytes(36) + struct.pack("<IQ", end, 0)
    return header + table + entries.ljust(512, b"\0")


def no_sheets(_: str, text: str) -> str:
    return re.sub("<sheet .*?/>", "", text)


def bad_files(folder: Path) -> dict[str, Path]:
    """Files that hold no training table, by what is wrong with them."""
    files = {}
    for name, content in {
        "text.xlsx": b"w1,w2\n0.15,0.2\n",
        "empty.xlsx": b"",
        "picture.xlsx": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "locked.xlsx": compound_file("EncryptionInfo", "EncryptedPackage"),
    }.items():
        files[name] = folder / name
        files[name].write_bytes(content)
    whole = Book([seed_table()]).written(folder / "torn.xlsx").read_bytes()
    files["torn.xlsx"] = folder / "torn.xlsx"
    files["torn.xlsx"].write_bytes(whole[: len(whole) // 2])
    files["0 sheets.xlsx"] = repacked(
        Book([seed_table()]).written(folder / "0 sheets.xlsx"), no_sheets
    )
    for name, rows in {
        "shopping.xlsx": [["thing", "price"], ["milk", 1.1], ["bread", 2.5]],
        "no weights.xlsx": [
            ["Step", "i1", "i2", "E_total"],
            [0, 0.05, 0.1, 0.3],
            [1, 0.05, 0.1, 0.2],
        ],
        "blank.xlsx": [],
    }.items():
        book = openpyxl.Workbook()
        for row in rows:
            book["Sheet"].append(row)
        files[name] = folder / name
        book.save(files[name])
    files["missing.xlsx"] = folder / "missing.xlsx"
    files["folder.xlsx"] = folder / "folder.xlsx"
    files["folder.xlsx"].mkdir()
    return files


def test_bad_files_are_refused_in_one_line(tmp_path: Path) -> None:
    for name, path in bad_files(tmp_path).items():
        with pytest.raises(InputError) as refused:
            check_workbook(path)
        message = str(refused.value)
        assert name in message, message
        assert "\n" not in message and len(message) < 300, message
        assert ("password" in message) == (name == "locked.xlsx"), message


def test_the_command_checks_the_other_files(tmp_path: Path) -> None:
    bad = bad_files(tmp_path)
    right, wrong = seed_table(), seed_table()
    change(wrong, "∂E/∂w3", "{a_h2}*(1-{a_h2})", "{a_h1}*(1-{a_h1})", range(8))
    right_path = Book([right]).written(tmp_path / "right.xlsx")
    wrong_path = Book([wrong]).written(tmp_path / "wrong.xlsx")

    def run(*paths: Path) -> Result:
        return CliRunner().invoke(cli.main, ["check", *map(str, paths)])

    assert run(right_path).exit_code == 0
    assert run(*bad.values(), right_path).exit_code == 2
    result = run(*bad.values(), wrong_path, right_path)
    assert result.exit_code == 1
    assert wrong.cell("∂E/∂w3", 0) in result.stdout
    for name in bad:
        lines = [line for line in result.stderr.splitlines() if name in line]
        assert len(lines) == 1, (name, lines)


def with_empty_cells(path: Path, megabytes: int) -> Path:
    """Append rows of formatted cells that hold nothing, as clearing a whole sheet leaves them."""
    letters = [xl_rowcol_to_cell(0, column)[:-1] for column in range(200)]
    row_text = "<row>" + "".join(f'<c r="{c}%d" s="0"/>' for c in letters) + "</row>"

    def filled(name: str, text: str) -> str:
        if not name.endswith("sheet1.xml"):
            return text
        count = megabytes * 10**6 // len(row_text)
        rows = "".join(row_text.replace("%d", str(n)) for n in range(1000, 1000 + count))
        return text.replace("</sheetData>", f"{rows}</sheetData>")

    return repacked(path, filled)


@pytest.mark.slow
def test_10_megabytes_of_empty_cells(tmp_path: Path) -> None:
    path = with_empty_cells(Book([seed_table()]).written(tmp_path / "large.xlsx"), 10)
    start = time.process_time()
    assert check_workbook(path).passed
    assert time.process_time() - start < 6


def test_the_file_is_only_read(tmp_path: Path) -> None:
    for cached in (True, False):
        path = Book([seed_table()]).written(tmp_path / "mine.xlsx", cached)
        path.chmod(0o444)
        before = (path.read_bytes(), path.stat().st_mtime_ns)
        check_workbook(path)
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before
        assert list(tmp_path.iterdir()) == [path]
        path.unlink()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_package_whose_kind_cannot_be_unpacked_is_refused(
    method: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_file, "_missing", lambda: "LibreOffice, which takes seconds")
    file = tmp_path / "a.xlsx"
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet" * 20)
    data = file.read_bytes()
    start = 30 + len("mimetype") + 9  # behind the entry's head and the options of LZMA
    file.write_bytes(data[:start] + b"\xff" * 8 + data[start + 8 :])
    with pytest.raises(InputError, match=re.escape(str(file))):
        check_workbook(file)
