"""Styles of an inserted sheet: equal ones are used again, too many are refused with the numbers."""

import re
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

import pytest
import xlsxwriter
from conftest import sheetgen
from handmade import PARTS, written
from packages import check_kept, check_sound, children, tree

from sheetgen.errors import UnmovableError
from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.reader import sheet_names

CASES = Path(__file__).parent / "cases" / "insert"
FULL = CASES / "styles65490.xlsx"
PART = "xl/styles.xml"
FORMAT = '<xf fontId="0" xfId="0"/>'
COLORS = ("#FF0000", "#00FF00", "#0000FF")


def colored(path: Path, colors: Iterable[str] = COLORS, column: str = "") -> Path:
    """Write a workbook with a sheet, "Data", that has a cell of each color, or a column of one."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Data")
        for row, color in enumerate(colors):
            sheet.write(row, 0, row, book.add_format({"bg_color": color}))
        if column:
            sheet.set_column("C:C", 9, book.add_format({"bg_color": column}))
    return path


def with_list(path: Path, name: str, items: Iterable[str]) -> Path:
    """Write the workbook by hand with more items in one of its lists of styles."""
    found = re.search(rf'<{name} count="(\d+)">(.*?)</{name}>', PARTS[PART])
    assert found
    new = list(items)
    text = f'<{name} count="{int(found[1]) + len(new)}">{found[2]}{"".join(new)}</{name}>'
    return written(path, PARTS | {PART: PARTS[PART].replace(found[0], text)})


def counts(path: Path) -> dict[str, int]:
    with ZipFile(path) as archive:
        (part,) = [name for name in archive.namelist() if name.endswith("styles.xml")]
        root = tree(archive, part)
    return {name: len(children(root, name)) for name in ("numFmts", "fonts", "fills", "cellXfs")}


def refusal(target: Path, donor: Path, sheets: Iterable[str] = ("Data",)) -> str:
    """Insert, which must be refused before anything is written; return the sentence."""
    output, before = target.with_name("refused.xlsx"), target.read_bytes()
    with pytest.raises(UnmovableError) as caught:
        add_sheets(target, donor, list(sheets), output)
    assert not output.exists()
    assert target.read_bytes() == before
    return str(caught.value)


def test_a_workbook_full_of_cell_formats_is_refused_with_the_numbers(tmp_path: Path) -> None:
    target = tmp_path / "full.xlsx"
    target.write_bytes(FULL.read_bytes())
    assert refusal(target, colored(tmp_path / "donor.xlsx")) == (
        f"{target} has 65,490 cell formats; the sheet needs 3 more and Excel allows 65,490"
    )


@pytest.mark.slow
def test_a_sheet_whose_formats_are_all_there_goes_into_a_full_workbook(tmp_path: Path) -> None:
    donor, output = tmp_path / "donor.xlsx", tmp_path / "new.xlsx"
    with ZipFile(FULL) as archive:
        text = archive.read(PART).decode()
    # The donor is the same workbook with one of each of its formats, in other words.
    formats = re.findall("<xf [^>]*/>", text[text.index("<cellXfs") : text.index("</cellXfs>")])
    once = "".join(
        each.replace(' fillId="0"', "").replace('applyFont="1"', 'applyFont="true"')
        for each in dict.fromkeys(formats)
    )
    text = re.sub("<cellXfs.*</cellXfs>", f"<cellXfs>{once}</cellXfs>", text, flags=re.DOTALL)
    with ZipFile(FULL) as old, ZipFile(donor, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if "/worksheets/sheet" in name:
                data = re.sub(rb' (s|style)="\d+"', rb' \1="1"', data)
            new.writestr(name, text.encode() if name == PART else data)
    assert add_sheets(FULL, donor, ["Sheet1"], output) == {"Sheet1": "Sheet1 (2)"}
    check_sound(output)
    check_kept(FULL, output)
    assert counts(output) == counts(FULL)


@pytest.mark.slow
def test_the_last_free_places_are_used(tmp_path: Path) -> None:
    donor = colored(tmp_path / "donor.xlsx")
    there = 2  # in the workbook by hand
    target = with_list(tmp_path / "hand.xlsx", "cellXfs", [FORMAT] * (65_490 - there - 3))
    add_sheets(target, donor, ["Data"], tmp_path / "new.xlsx")
    check_sound(tmp_path / "new.xlsx")
    assert counts(tmp_path / "new.xlsx")["cellXfs"] == 65_490
    target = with_list(tmp_path / "hand.xlsx", "cellXfs", [FORMAT] * (65_490 - there - 2))
    assert " has 65,488 cell formats; the sheet needs 3 more and" in refusal(target, donor)


@pytest.mark.slow
def test_named_styles_count_as_cell_formats(tmp_path: Path) -> None:
    donor = colored(tmp_path / "donor.xlsx")
    formats = with_list(tmp_path / "hand.xlsx", "cellXfs", [FORMAT] * (65_490 - 2 - 3 - 1))
    with ZipFile(formats) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    for number in range(2):
        element = f'<cellStyle name="Own {number}" xfId="0"/>'
        parts[PART] = parts[PART].replace("</cellStyles>", f"{element}</cellStyles>")
        parts[PART] = re.sub("<cellStyles count=.*?>", "<cellStyles>", parts[PART])
        target = written(tmp_path / f"{number}.xlsx", parts)
        if number == 0:
            add_sheets(target, donor, ["Data"], tmp_path / "new.xlsx")
        else:
            assert " has 65,488 cell formats; the sheet needs 3 more" in refusal(target, donor)


def test_columns_cannot_have_the_last_formats(tmp_path: Path) -> None:
    donor = colored(tmp_path / "donor.xlsx", (), "#FF0000")
    target = with_list(tmp_path / "hand.xlsx", "cellXfs", [FORMAT] * (65_429 - 2))
    add_sheets(target, donor, ["Data"], tmp_path / "new.xlsx")
    target = with_list(tmp_path / "hand.xlsx", "cellXfs", [FORMAT] * (65_430 - 2))
    assert refusal(target, donor) == (
        f"{target} has 65,430 cell formats that columns can have; the sheet needs 1 more and "
        "Excel allows 65,430"
    )


def test_number_formats_fonts_and_fills_have_limits_too(tmp_path: Path) -> None:
    path, donor = tmp_path / "hand.xlsx", tmp_path / "donor.xlsx"
    with xlsxwriter.Workbook(donor) as book:
        for name in ("Data", "More"):
            sheet = book.add_worksheet(name)
            for row in range(3):
                code = f'0.0000"{name}{row}"'
                look = {"num_format": code, "font_size": 30 + row, "bg_color": COLORS[row]}
                sheet.write(row, 0, row, book.add_format(look))
    formats = [f'<numFmt numFmtId="{165 + place}" formatCode="{place}.0"/>' for place in range(204)]
    assert refusal(with_list(path, "numFmts", formats), donor) == (
        f"{path} has 205 number formats; the sheet needs 3 more and Excel allows 206"
    )
    assert refusal(with_list(path, "numFmts", formats), donor, ["Data", "More"]) == (
        f"{path} has 205 number formats; the sheets need 6 more and Excel allows 206"
    )
    add_sheets(with_list(path, "numFmts", formats[2:]), donor, ["Data"], tmp_path / "new.xlsx")
    assert counts(tmp_path / "new.xlsx")["numFmts"] == 206
    for name, item, what in (
        ("fonts", '<font><sz val="9"/></font>', "fonts"),
        ("fills", '<fill><patternFill patternType="gray0625"/></fill>', "fills"),
    ):
        target = with_list(path, name, [item] * 65_427)
        assert refusal(target, donor) == (
            f"{path} has 65,429 {what}; the sheet needs 3 more and Excel allows 65,430"
        )


def test_a_format_that_was_there_under_another_number_is_used_again(tmp_path: Path) -> None:
    donor = colored(tmp_path / "donor.xlsx")
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    target = with_list(
        tmp_path / "hand.xlsx",
        "numFmts",
        ['<numFmt numFmtId="900" formatCode="0.000000"/>', '<numFmt numFmtId="7"/>'],
    )
    add_sheets(target, donor, ["Data"], first)
    add_sheets(first, donor, ["Data"], second)
    check_sound(second)
    assert counts(second) == counts(first)


def test_a_rebuilt_workbook_names_the_users_file_when_an_added_sheet_does_not_fit(
    workbook: Path,
) -> None:
    extended = workbook.with_name("extended.xlsx")
    add_sheets(workbook, colored(workbook.with_name("added.xlsx")), ["Data"], extended)
    with ZipFile(extended) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    # The user's sheet has more number formats than our workbook has room for.
    numbers = range(500, 706)
    styles = parts[PART].decode()
    (formats,) = re.findall("<cellXfs.*</cellXfs>", styles, flags=re.DOTALL)
    first = formats.count("<xf ")
    codes = "".join(
        f'<numFmt numFmtId="{each}" formatCode="0.0&quot;{each}&quot;"/>' for each in numbers
    )
    styled = "".join(f'<xf numFmtId="{each}"/>' for each in numbers)
    styles = styles.replace("</numFmts>", f"{codes}</numFmts>")
    styles = styles.replace("</cellXfs>", f"{styled}</cellXfs>")
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" s="{first + place}"><v>1</v></c></row>'
        for place, row in enumerate(numbers)
    )
    sheet = f"xl/worksheets/sheet{len(sheet_names(extended))}.xml"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", f"{rows}</sheetData>".encode())
    with ZipFile(workbook, "w") as archive:
        for name, data in (parts | {PART: styles.encode()}).items():
            archive.writestr(name, data)
    before = workbook.read_bytes()
    result = sheetgen("build", "-o", workbook, "--no-verify")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{workbook} holds Data, which cannot be carried over: {workbook} has " in result.stderr
    assert "number formats; the sheet needs 206 more and Excel allows 206" in result.stderr
    assert workbook.read_bytes() == before
