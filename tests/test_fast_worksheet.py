"""The fast workbook writes the very bytes that XlsxWriter's own class writes."""

import inspect
import io
import re
import zipfile
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest

import numpy as np
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from sheetgen.spreadsheet import fast_workbook, formula_blocks
from sheetgen.spreadsheet.fast_workbook import FastWorkbook, new_workbook
from sheetgen.spreadsheet.formula_blocks import FastWorksheet, FormulaBlock, write_block
from sheetgen.spreadsheet.parsed_part import ParsedPart

Write = Callable[[Worksheet, FormulaBlock], None]
Program = Callable[[Workbook, Write], None]
PICTURE = b64decode(  # a PNG of one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

seen = xlsxwriter.__version__ in fast_workbook.SEEN_VERSIONS
only_with_a_seen_release = pytest.mark.skipif(not seen, reason="this release goes the plain way")


def write_cells(sheet: Worksheet, block: FormulaBlock) -> None:
    """Say what a block means in the plainest way, independently of the module."""
    for i in range(len(block.values[0])):
        for j, formula in enumerate(block.formulas):
            row = block.first_row + i
            text = formula.replace("{row}", f"{row + 1}").replace("{previous}", f"{row}")
            value = block.values[j][i].item() if np.isfinite(block.values[j][i]) else "#NUM!"
            column = block.first_column + j
            if text:
                sheet.write_formula(row, column, text, block.formats[j], value)
            else:
                sheet.write_number(row, column, value, block.formats[j])


def parts(program: Program, workbook_class: type[Workbook], write: Write, option: str):
    """Return the uncompressed parts of the workbook that `program` makes, by name."""
    workbook = workbook_class(file := io.BytesIO(), {option: True})
    workbook.set_properties({"created": datetime(2024, 1, 1)})
    program(workbook, write)
    workbook.close()
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def assert_same(expected: dict[str, bytes], got: dict[str, bytes], how: str) -> None:
    assert list(got) == list(expected), how
    for name in [name for name in expected if got[name] != expected[name]]:
        tags = (part.replace(b"><", b">\n<").split(b"\n") for part in (expected[name], got[name]))
        differ = [pair for pair in zip_longest(*tags) if pair[0] != pair[1]]
        pytest.fail(f"{how}: {len(differ)} tags of {name} differ, first {differ[0]}")


def compare(program: Program, option: str = "in_memory") -> None:
    expected = parts(program, Workbook, write_cells, option)
    assert_same(expected, parts(program, Workbook, write_block, option), "by cells")
    assert_same(expected, parts(program, FastWorkbook, write_block, option), "streamed")


def block_of(first_row, first_column, height, width=2, *, formats=None, seed=0) -> FormulaBlock:
    random = np.random.default_rng(seed)
    formulas = tuple(f"=IF($A{{row}}=0,-Z{{previous}}*{j},1)" for j in range(width))
    values = tuple(random.normal(size=height) for _ in range(width))
    return FormulaBlock(first_row, first_column, formulas, values, tuple(formats or [None] * width))


def with_errors(first_row: int, first_column: int, height: int) -> FormulaBlock:
    block = block_of(first_row, first_column, height, 3)
    block.values[0][2::3] = np.nan
    block.values[1][3:9] = np.inf
    block.values[2][5:] = -np.inf
    return block


def side_cells(workbook: Workbook, write: Write) -> None:
    sheet, bold = workbook.add_worksheet("Side"), workbook.add_format({"bold": True})
    sheet.write_row(0, 0, ["step", "a", "b", "note"], bold)
    for row in range(1, 30):
        sheet.write_number(row, 1, row / 3)
    write(sheet, block_of(1, 3, 33))
    sheet.write_string(4, 6, "right <of> it & more")
    sheet.write_boolean(4, 0, True)
    sheet.write_blank(5, 8, None, bold)
    sheet.write_url(6, 0, "https://example.org/")
    sheet.write_rich_string(7, 7, "a", bold, "b")
    sheet.write_array_formula(8, 7, 9, 7, "{=SUM(A1:A3)}", None, 5)
    for row, value in enumerate(
        ["", "a < b", "#N/A", "# 1", True, np.float64(0.1), 1e300], start=60
    ):
        sheet.write_formula(row, 9, "=SUM(D2:D34)&", bold, value)
        sheet.write(row, 10, value, bold)


def comments_rules_and_widths(workbook: Workbook, write: Write) -> None:
    sheet = workbook.add_worksheet()
    write(sheet, with_errors(2, 4, 20))
    for cell in ("E4", "A5", "J6", "B40", "F80"):
        sheet.write_comment(cell, f"see {cell}")
    rule = {"type": "cell", "criteria": ">", "value": 0, "format": workbook.add_format()}
    sheet.conditional_format("E3:F22", rule)
    sheet.data_validation("E3:E9", {"validate": "decimal", "criteria": ">", "value": 1})
    sheet.autofilter("E2:F22")
    sheet.write_string(1, 4, "a heading of some length")
    if not sheet.constant_memory:
        sheet.autofit()


def charts_over_blocks(workbook: Workbook, write: Write) -> None:
    sheet, other = workbook.add_worksheet("A b"), workbook.add_worksheet("Charts")
    sheet.write_string(1, 2, "name")
    write(sheet, with_errors(3, 1, 30))
    write(sheet, block_of(33, 1, 5, 1))
    sheet.write_number(40, 1, 7)
    sheet.write_row(44, 1, ["7", "no number", 0.1 + 0.2])
    write(sheet, replace(block_of(44, 5, 5000, 1), formulas=("",)))
    chart = workbook.add_chart({"type": "line"})
    ranges = ("$B$1:$B$50", "$C$10:$C$12", "$A$8:$G$8", "$B$36", "$A$2:$D$2", "$A$90:$C$90")
    for cells in (*ranges, "$B$41:$B$46", "$B$45:$F$45", "$F$1:$F$5044", "$B$34:$B$38", "Unknown"):
        chart.add_series({"values": f"='A b'!{cells}", "name": "='A b'!$C$2"})
    other.insert_chart("A1", chart)
    sheet.insert_image("A9", "picture.png", {"image_data": io.BytesIO(PICTURE)})


def formats_of_rows_and_columns(workbook: Workbook, write: Write) -> None:
    red, blue, green, gray = (workbook.add_format({"indent": i}) for i in range(1, 5))
    sheet = workbook.add_worksheet()
    sheet.set_column(3, 5, 12, gray)
    sheet.set_column(6, 6, 20)
    sheet.set_default_row(18)
    write(sheet, block_of(4, 2, 60, 5, formats=(None, red, None, blue, None)))
    sheet.write_number(4, 0, 1, green)
    sheet.set_row(11, None, blue, {"level": 1, "hidden": True})
    for row in range(20, 50):
        sheet.set_row(row, row, (red, green)[row % 2])


def numbers_of_all_kinds(workbook: Workbook, write: Write) -> None:
    write(workbook.add_worksheet(), with_errors(1, 0, 30))
    more_patterns_than_templates = block_of(1, 0, 300, 9)
    for column, values in enumerate(more_patterns_than_templates.values):
        values[np.arange(300) >> column & 1 == 1] = np.nan
    write(workbook.add_worksheet(), more_patterns_than_templates)
    floats = np.array([0.0, -0.0, 1e-300, 5e-324, 1.7e308, 0.1 + 0.2, 1e16, 123456789012345680.0])
    integers = (np.arange(8) - 4, np.arange(8, dtype=np.uint8), np.full(8, 2**63, dtype=np.uint64))
    block = FormulaBlock(0, 0, ("=Z{row}",) * 4, (floats, *integers), (None,) * 4)
    write(workbook.add_worksheet(), block)
    bold = workbook.add_format({"bold": True})
    constants = replace(block, formulas=("", "=B{row}%", "", ""), formats=(bold, None, None, bold))
    write(workbook.add_worksheet(), constants)


def texts_to_escape(workbook: Workbook, write: Write) -> None:
    formulas = (
        *('=IF(A{row}<B{row},"a & b",C{row}>=5%)', "F{previous}", "==-F{previous}", '=LEN("×∂")'),
        '="%s %% {} {other} %(row)s"&"\n"&\'x y\'!A{row}',
    )
    values = (np.arange(9.0),) * len(formulas)
    write(workbook.add_worksheet(), FormulaBlock(1, 1, formulas, values, (None,) * len(formulas)))


def several_blocks(workbook: Workbook, write: Write) -> None:
    bold, italic = workbook.add_format({"bold": True}), workbook.add_format({"italic": True})
    write(workbook.add_worksheet(), block_of(1, 0, 1100, 1))  # more rows than a chunk has
    write(workbook.add_worksheet(), block_of(3, 3, 0))
    sheet = workbook.add_worksheet()
    write(sheet, block_of(1, 8, 30, formats=(italic, bold)))
    write(sheet, block_of(10, 2, 50, 3, formats=(None, bold, None)))
    write(sheet, block_of(31, 9, 7))
    write(sheet, block_of(100, 0, 3))
    for row in (0, 12, 35, 70):
        sheet.write_row(row, 5, [1.5, "between"], italic)


def formulas_that_xlsxwriter_changes(workbook: Workbook, write: Write) -> None:
    source = inspect.getsource(Worksheet._prepare_formula)
    names = re.findall(r'r"\\[bS](\S+?)\\\(', source)
    assert len(names) > 29 + 100
    sheet = workbook.add_worksheet()
    for row, name in enumerate([*names, "SINGLE", "IFERROR", "SUMIFS", "MYSORT", "SORT2", "sort"]):
        sheet.write_formula(row, 0, f"=1+{name}(A1)*{name}(B2,C3)", None, 2)
        sheet.write_formula(row, 1, f"=_xlfn.{name}(A1)")
        sheet.write_formula(row, 2, f"{{={name}(A1:A2)}}")
        block = FormulaBlock(row, 4, (f"={name}(A{{row}})", "=1"), (np.ones(1),) * 2, (None, None))
        write(sheet, block)
    for name in [*names, *formula_blocks._LEFT_ALONE]:
        rule = {"type": "formula", "criteria": f"=N({name}(A1))+{name}(B2,ABS(C3))"}
        sheet.conditional_format(0, 6, 0, 6, rule)
    sheet = workbook.add_worksheet()
    braces = ("{=A1}", "{=A1", "=A1}", "=SUM({1,2})", "={1,2}", "=A1}\n")
    for row, formula in enumerate((*braces, "==A1", "A1", "=A1\n")):
        sheet.write_formula(row, 0, formula, None, "text")
        sheet.write(row, 1, formula)
        write(sheet, FormulaBlock(row, 3, (formula, "=2"), (np.ones(1),) * 2, (None, None)))
    assert sheet.write_formula(2**20, 0, "=A1") == -1


PROGRAMS = (
    *(several_blocks, side_cells, comments_rules_and_widths, charts_over_blocks, texts_to_escape),
    *(formats_of_rows_and_columns, numbers_of_all_kinds, formulas_that_xlsxwriter_changes),
)


@only_with_a_seen_release
@pytest.mark.parametrize("option", ["in_memory", "use_future_functions", "constant_memory"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_same_program_gives_the_same_bytes(program, option):
    compare(program, option)


rows, columns, few = st.integers(1, 70), st.integers(0, 11), st.integers(0, 3)


@only_with_a_seen_release
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.tuples(rows, columns, st.integers(0, 40), st.integers(1, 4), few), max_size=6),
    *[st.sets(st.tuples(rows, columns), max_size=12)] * 2,
    *(st.dictionaries(rows, few, max_size=6), st.dictionaries(columns, few, max_size=4)),
)
def test_any_layout_gives_the_same_bytes(blocks, cells, comments, row_formats, column_formats):
    def program(workbook: Workbook, write: Write) -> None:
        formats = [None, *(workbook.add_format({"indent": i}) for i in range(1, 4))]
        sheet, taken = workbook.add_worksheet(), set()
        for column, index in column_formats.items():
            sheet.set_column(column, column, 9 + index, formats[index])
        for top, left, height, width, seed in blocks:
            area = {(top + i, left + j) for i in range(height) for j in range(width)}
            if area & taken:
                continue
            taken |= area
            own = [formats[(seed + j) % 4] for j in range(width)]
            block = block_of(top, left, height, width, formats=own, seed=seed)
            block.values[-1][seed :: seed + 2] = np.nan
            write(sheet, block)
        for row, column in sorted(cells - taken):
            sheet.write(row, column, (row, "text", "=A1", True)[row % 4], formats[column % 4])
        for row, column in comments:
            sheet.write_comment(row, column, "look")
        for row, index in row_formats.items():
            sheet.set_row(row, None, formats[index])
        chart = workbook.add_chart({"type": "scatter"})
        chart.add_series({"categories": "=Sheet1!$C$1:$C$40", "values": "=Sheet1!$D$1:$D$40"})
        sheet.insert_chart("M1", chart)

    compare(program)


@only_with_a_seen_release
def test_the_rows_of_a_block_never_become_cells(monkeypatch):
    monkeypatch.setattr(Worksheet, "_prepare_formula", lambda *_: pytest.fail("not streamed"))
    workbook = Workbook(io.BytesIO(), {"in_memory": True})
    sheet = workbook.add_worksheet("Table", FastWorksheet)
    sheet.write_formula(0, 0, "=SUM(A2:A9)")
    write_block(sheet, block_of(1, 0, 50))
    workbook.close()
    assert list(sheet.table) == [0]


@pytest.mark.parametrize("sheet_class", [Worksheet, FastWorksheet])
@pytest.mark.parametrize(
    ("place", "message"),
    [(place, "Table is written twice") for place in ((2, 4), (9, 3), (10, 4), (4, 2), (19, 8))]
    + [(place, "does not fit onto sheet Table") for place in ((2**20 - 1, 0), (1, 2**14 - 1))],
)
def test_a_block_needs_free_cells(sheet_class, place, message):
    sheet = Workbook(io.BytesIO()).add_worksheet("Table", sheet_class)
    sheet.write_number("J21", 1)
    for where in ((3, 3, 8), (11, 3, 1), (3, 5, 9)):
        write_block(sheet, block_of(*where))
    with pytest.raises(ValueError, match=message):
        write_block(sheet, block_of(*place, 2))


@only_with_a_seen_release
@pytest.mark.parametrize("cell", ["D7", "E7"])
def test_a_cell_written_into_a_block_is_refused(tmp_path, cell):
    workbook = FastWorkbook((tmp_path / "book.xlsx").open("wb"))
    sheet = workbook.add_worksheet("Table")
    write_block(sheet, block_of(3, 3, 8))
    sheet.write_number(cell, 1)
    with (
        workbook._file,
        pytest.raises(ValueError, match=f"Cell {cell} of sheet Table is written twice"),
    ):
        workbook.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"formats": (None, None)}, "one format per column"),
        ({"formulas": (), "values": (), "formats": ()}, "one formula"),
        ({"values": (np.zeros((2, 2)),)}, "one-dimensional"),
        ({"values": (np.array([True]),)}, "not bool"),
        ({"first_row": -1}, "count from zero"),
        ({"first_column": -1}, "count from zero"),
        ({"first_row": 0}, "above the first row"),
        ({"formulas": ("",), "values": (np.array([1, np.nan]),)}, "must be finite"),
        ({"formulas": ("=\x01",)}, "is not a formula"),
    ],
)
def test_a_block_that_makes_no_sense_is_refused(change, message):
    good = FormulaBlock(1, 0, ("=A{previous}",), (np.zeros(2),), (None,))
    with pytest.raises(ValueError, match=message):
        replace(good, **change)


def test_an_unseen_release_goes_the_plain_way(monkeypatch):
    monkeypatch.setattr(xlsxwriter, "__version__", fast_workbook.SEEN_VERSIONS[0])
    assert type(new_workbook(io.BytesIO(), {})) is FastWorkbook
    monkeypatch.setattr(xlsxwriter, "__version__", "99.0")
    assert type(new_workbook(io.BytesIO(), {})) is Workbook


@only_with_a_seen_release
def test_what_was_parsed_while_it_was_written_is_known_by_its_sums():
    file = io.BytesIO()
    workbook = FastWorkbook(file)
    write_block(workbook.add_worksheet("Table"), block_of(3, 3, 8))
    workbook.close()
    found = zipfile.ZipFile(file).infolist()
    assert workbook.parsed == {(part.CRC, part.file_size) for part in found}


@pytest.mark.parametrize(
    ("texts", "is_good"),
    [
        (["<a>", "<b/>", "</a>"], True),
        (["<a>", "<b/>"], False),
        (["<a>", "<b>", "</a>"], False),
        (["<a>", "\x01", "</a>"], False),
        (["<a>", "<b/>", "</a>", "<a/>"], False),
    ],
)
def test_a_part_that_is_no_xml_is_not_known(texts, is_good):
    file = io.BytesIO()
    file.close = lambda: None  # type: ignore[method-assign]
    part = ParsedPart("xl/a.xml", file)
    for text in texts:
        part.write(text)
    assert part.end() == is_good
    assert file.getvalue() == "".join(texts).encode()
