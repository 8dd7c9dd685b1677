"""`sheetgen check` reads whatever is handed in, and never writes to it."""

import os
import re
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from check_helper import HandMade, write

from sheetgen.check import check_workbook
from sheetgen.check.formula.relative_formulas import Formula
from sheetgen.check.reading import book_values
from sheetgen.check.reading.open_file import read_book
from sheetgen.errors import InputError, RunError
from sheetgen.spreadsheet.engines import libreoffice

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def repacked(source, target, change):
    """Copy a package with its parts changed; `change` gets name → bytes."""
    with ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "table.xlsx", S=HandMade())


def test_the_file_stays_as_it_is(table):
    os.utime(table, ns=(10**18, 10**18))
    before = table.read_bytes()
    table.chmod(0o444)
    check_workbook(table)
    assert table.read_bytes() == before
    assert table.stat().st_mtime_ns == 10**18
    assert list(table.parent.iterdir()) == [table]


def test_results_that_are_missing_or_zero_are_computed(table, tmp_path):
    def without_results(parts):
        sheet = parts["xl/worksheets/sheet1.xml"]
        parts["xl/worksheets/sheet1.xml"] = re.sub(rb"(</f>)<v>0</v>", rb"\1", sheet)

    bare = repacked(table, tmp_path / "bare.xlsx", without_results)
    for path in (table, bare):
        report = check_workbook(path)
        assert report.passed
        assert report.reader == "xlsx, recalculated with ironcalc"
        assert report.tables[0].largest_difference < 1e-12


@pytest.mark.parametrize(
    ("formula", "is_asked"),
    [
        ("=1/0", False),
        ("=#REF!+1", False),
        ("=A5+1", False),  # a header
        ("=SUM(A5+1,A6:A8)", True),
        ("=MISSING(1)", True),
    ],
)
def test_libreoffice_is_asked_for_errors_that_it_may_not_have(
    tmp_path, monkeypatch, formula, is_asked
):
    """An error that follows from what a formula reads is one in every program."""
    asked = []

    def recalculate(_, path):
        asked.append(path)
        raise RunError("not needed here")

    monkeypatch.setattr(book_values.LibreOffice, "recalculate", recalculate)
    monkeypatch.setattr(book_values.LibreOffice, "missing", lambda _: None)
    table = HandMade(rows=3)
    table.cells[table.address("h1", 1)] = formula
    check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert bool(asked) == is_asked


def test_shared_formulas_are_read_where_they_stand(table, tmp_path):
    """Excel writes a dragged formula once, and for the other cells only that they share it."""
    place = HandMade()
    first, last = place.address("h1", 0), place.address("h1", 7)

    def share(parts):
        sheet = parts["xl/worksheets/sheet1.xml"].decode()
        for row in range(8):
            address = place.address("h1", row)
            formula = place.formula("h1", row)[1:] if row == 0 else ""
            shared = f'<f t="shared" ref="{first}:{last}" si="0">{formula}</f>'
            sheet = re.sub(rf'(<c r="{address}"[^>]*>)<f>[^<]*</f>', rf"\1{shared}", sheet)
        parts["xl/worksheets/sheet1.xml"] = sheet.encode()

    assert check_workbook(repacked(table, tmp_path / "shared.xlsx", share)).passed


def without_relationships(parts):
    del parts["xl/_rels/workbook.xml.rels"]


def with_broken_styles(parts):
    parts["xl/styles.xml"] = b"<styleSheet><fonts"


def without_addresses(parts):
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = re.sub(rb'<row r="\d+"', b"<row", sheet)


def with_a_sheet_that_breaks_off(parts):
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet[: int(0.8 * len(sheet))]


@pytest.mark.parametrize(
    "damage",
    [without_relationships, with_broken_styles, without_addresses, with_a_sheet_that_breaks_off],
)
def test_a_damaged_package_is_read_as_far_as_possible(table, tmp_path, damage):
    report = check_workbook(repacked(table, tmp_path / "damaged.xlsx", damage))
    assert report.passed, report.mistakes
    assert report.tables[0].rows >= 5


@pytest.mark.parametrize("damage", [without_relationships, with_a_sheet_that_breaks_off])
def test_what_may_be_missing_of_a_damaged_file_is_not_called_right(table, tmp_path, damage):
    report = check_workbook(repacked(table, tmp_path / "damaged.xlsx", damage))
    assert not report.conclusive
    (remark,) = [one for one in report.findings if one.kind == "damaged"]
    assert remark.words.startswith(f"read as far as possible: {tmp_path}/damaged.xlsx is damaged")


def test_words_in_the_name_of_a_damaged_file_do_not_matter(table, tmp_path):
    for name in ("password.xlsx", "too large.xlsx", "no sheets.xlsx"):
        assert check_workbook(repacked(table, tmp_path / name, without_relationships)).passed


@pytest.mark.usefixtures("libreoffice")
@pytest.mark.parametrize("kind", ["ods", "xls"])
def test_other_formats_go_through_libreoffice(tmp_path, kind):
    table = HandMade()
    table.formulas["∂E/∂w6"] = table.formulas["∂E/∂w5"]
    path = write(tmp_path / "table.xlsx", S=table)
    with libreoffice.converted(path, kind) as converted:
        other = tmp_path / f"table.{kind}"
        other.write_bytes(converted.read_bytes())
    report = check_workbook(other)
    assert [(one.column, one.kind) for one in report.mistakes] == [
        ("∂E/∂w6", "wrong-activation-index")
    ]


def no_sheets(parts):
    parts["xl/workbook.xml"] = re.sub(rb"<sheets>.*</sheets>", b"", parts["xl/workbook.xml"])


def refusal(path):
    with pytest.raises(InputError) as caught:
        check_workbook(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_what_cannot_be_read_is_refused_in_one_line(table, tmp_path):
    text = tmp_path / "text.xlsx"
    text.write_text("w1,w2\n")
    assert refusal(text).endswith("is not a workbook")
    empty = tmp_path / "empty.xlsx"
    empty.touch()
    assert refusal(empty).endswith("is empty")
    locked = tmp_path / "locked.xlsx"
    locked.write_bytes(COMPOUND + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500))
    assert "password-protected" in refusal(locked)
    short = tmp_path / "short.xlsx"
    short.write_bytes(table.read_bytes()[:3000])
    assert "damaged" in refusal(short)
    assert "no sheets" in refusal(repacked(table, tmp_path / "bare.xlsx", no_sheets))
    assert "it is a folder" in refusal(tmp_path)
    assert "no such file" in refusal(tmp_path / "missing.xlsx")


def test_a_table_without_weights_is_refused(tmp_path):
    path = write(tmp_path / "a.xlsx", S={"A1": "i1", "B1": "h1", "A2": 1, "B2": 2})
    assert "has no training table" in refusal(path)


@pytest.mark.slow
def test_formatted_empty_cells_cost_little(table, tmp_path):
    """A fifth of the size that is promised; time and memory grow with the size at most."""
    letters = [chr(65 + number) for number in range(26)]
    row = "".join(f'<c r="{letter}{{0}}" s="1"/>' for letter in letters)
    rows = "".join(f'<row r="{at}">{row.format(at)}</row>' for at in range(100, 33_000))

    def fill(parts):
        sheet = parts["xl/worksheets/sheet1.xml"]
        filled = sheet.replace(b"</sheetData>", f"{rows}</sheetData>".encode())
        parts["xl/worksheets/sheet1.xml"] = filled
        assert len(filled) > 15_000_000

    path = repacked(table, tmp_path / "wide.xlsx", fill)
    resource = pytest.importorskip("resource", reason="Windows does not tell the memory that way")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    book = read_book(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert len(book.sheets["S"]) == len(HandMade().contents())
    assert grown < 150_000  # kilobytes; the sheet alone is 16 megabytes of text


def test_a_formula_in_relative_notation_is_the_same_wherever_it_is_dragged():
    first = Formula("$G$31*X33-'a sheet'!B$2", 33, 4)
    second = Formula("$G$31*X34-'a sheet'!B$2", 34, 4)
    assert first == second
    assert first.text_at(34, 4) == "$G$31*X34-'a sheet'!B$2"
