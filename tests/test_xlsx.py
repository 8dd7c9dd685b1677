"""Reading and copying .xlsx files, of every writer and in every state of repair."""

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from conftest import WRONG, Build
from handwritten_xlsx import CELLS, MAIN, ROWS, STRICT, example, parts, written
from lxml import etree

from sheetgen.errors import InputError, RunError
from sheetgen.spreadsheet import copying, reader
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.engines.libreoffice import converted
from sheetgen.spreadsheet.reader import FileCell


@pytest.mark.parametrize(
    "contents",
    [
        parts(),
        parts(folder=""),
        parts(folder="../xl/"),
        parts(main=STRICT, links="http://purl.oclc.org/ooxml/officeDocument/relationships"),
        parts()
        | {
            "xl/worksheets/s.xml": f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>'
            + re.sub(r"<(/?)(\w)", r"<\1x:\2", ROWS)
            + "</x:sheetData></x:worksheet>"
        },
    ],
    ids=["absolute", "relative", "dotted", "strict", "prefixed"],
)
def test_every_kind_of_cell(tmp_path: Path, contents: dict[str, str]) -> None:
    path = written(tmp_path / "hand.xlsx", contents)
    assert reader.read_cells(path) == {"one": CELLS}
    copy = tmp_path / "copy.xlsx"
    copying.write_changed(path, copy, {"one": {(2, 2): 0.1}})
    stripped = {
        place: cell if cell.formula is None else FileCell(cell.formula, None)
        for place, cell in CELLS.items()
    }
    assert reader.read_cells(copy) == {"one": stripped | {(2, 2): FileCell(None, 0.1)}}
    with zipfile.ZipFile(copy) as archive:
        assert re.findall(r' t="(e|str)"', archive.read("xl/worksheets/s.xml").decode()) == []
        assert archive.read("xl/strings.xml").decode() == contents["xl/strings.xml"]


def check_example(path: Path, cached: reader.Value, true: str | None = None) -> None:
    assert reader.sheet_names(path) == ["lr 0.1", "it's"]
    assert reader.visible_sheets(path) == ["lr 0.1"]
    cells = {
        (0, 0): FileCell(None, 0.5),
        (0, 1): FileCell("A1*2", cached),
        (1, 0): FileCell(None, "∂ & <η>"),
        (1, 1): FileCell(true, True),
    }
    assert reader.read_cells(path) == {"lr 0.1": cells, "it's": {}}
    assert reader.read_cells(path, ["it's"]) == {"it's": {}}


@pytest.mark.parametrize(("library", "cached"), [("openpyxl", None), ("xlsxwriter", 0.0)])
def test_files_of_libraries(tmp_path: Path, library: str, cached: reader.Value) -> None:
    check_example(example(tmp_path / "a.xlsx", library), cached)


def test_files_of_libreoffice(libreoffice: Engine, tmp_path: Path) -> None:
    assert libreoffice.missing() is None
    with converted(example(tmp_path / "a.xlsx", "xlsxwriter"), "xlsx") as result:
        # Calc saves a truth value as the formula that makes it.
        check_example(result, 1.0, "TRUE()")
        copying.write_changed(result, tmp_path / "b.xlsx", {"lr 0.1": {(0, 0): 4.0}})
    assert libreoffice.recalculate(tmp_path / "b.xlsx")["lr 0.1"][0, 1] == 8.0


def test_a_copy_differs_only_in_results(poisoned: Build, tmp_path: Path) -> None:
    path = poisoned({"a": {"A1": 0.5, "B1": "=A1*2"}, "b": {"A1": "=a!B1", "A2": "text"}})
    copying.write_changed(path, tmp_path / "copy.xlsx", {"a": {(0, 0): 1 / 3}})
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "copy.xlsx") as new:
        assert new.namelist() == old.namelist()
        differing = [name for name in old.namelist() if old.read(name) != new.read(name)]
        times = [info.date_time for info in old.infolist()]
        assert [info.date_time for info in new.infolist()] == times
    assert differing == ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"]
    assert WRONG in {cell.value for *_, cell in reader.iterate_cells(path)}
    assert reader.read_cells(tmp_path / "copy.xlsx") == {
        "a": {(0, 0): FileCell(None, 1 / 3), (0, 1): FileCell("A1*2", None)},
        "b": {(0, 0): FileCell("a!B1", None), (1, 0): FileCell(None, "text")},
    }
    reopened = openpyxl.load_workbook(tmp_path / "copy.xlsx")
    assert reopened["a"]["A1"].value == 1 / 3


def test_a_file_can_be_changed_in_place(poisoned: Build) -> None:
    path = poisoned({"a": {"A1": 0.5, "B1": "=A1*2"}})
    copying.write_changed(path, path, {"a": {(0, 0): 2.0}})
    assert reader.read_cells(path)["a"][0, 0] == FileCell(None, 2.0)
    assert list(path.parent.iterdir()) == [path]


CELL = '<row r="1"><c r="A1"><v>2</v></c><c r="B1"><f>A1*2</f><v>3</v></c></row>'
BEFORE, AFTER = "<sheetData>", "</sheetData>"
HIDDEN = {
    "a start in a comment": (BEFORE, f"<!--{BEFORE}-->{BEFORE}"),
    "a start in an instruction": (BEFORE, f"<?odd {BEFORE}?>{BEFORE}"),
    "an end in a comment": (AFTER, f"{AFTER}<!--{AFTER}-->"),
    "an end in a text": (AFTER, f"{AFTER}<x><![CDATA[{AFTER}]]></x>"),
    "ranges in comments": (AFTER, f"{AFTER}<!--<mergeCells>--><x/><!--</mergeCells>-->"),
    "10,000 starts in a comment": (BEFORE, f"<!--{BEFORE * 10_000}-->{BEFORE}"),
    "10,000 ranges in a comment": (AFTER, f"{AFTER}<x/><!--{'<mergeCells ' * 10_000}-->"),
    "a comment in a row": ("<c r=", "<!--<c>--><c r="),
    "a comment in a formula": ("A1*2", "A1<!--+1-->*2"),
    "a comment in a number": ("<v>2", "<v>2<!--1-->"),
    "a text that is marked": ("A1*2", "<![CDATA[A1*2]]>"),
    "rows in two places": (AFTER, f'{AFTER}{BEFORE}<row r="2"/>{AFTER}'),
    "another encoding": ("<worksheet", '<?xml version="1.0" encoding="ISO-8859-1"?><worksheet'),
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_a_copy_is_right_whatever_comments_say(tmp_path: Path, kind: str) -> None:
    sheet = parts(CELL)["xl/worksheets/s.xml"]
    ranges = '<mergeCells><mergeCell ref="C1:D9"/></mergeCells>'
    odd = sheet.replace(*HIDDEN[kind]).replace("</worksheet>", f"{ranges}</worksheet>")
    path = written(tmp_path / "odd.xlsx", parts() | {"xl/worksheets/s.xml": odd})
    copying.write_changed(path, tmp_path / "copy.xlsx", {"one": {(0, 0): 5.0}}, cached=7.0)
    cells = {(0, 0): FileCell(None, 5.0), (0, 1): FileCell("A1*2", 7.0)}
    assert reader.read_cells(tmp_path / "copy.xlsx") == {"one": cells}
    with zipfile.ZipFile(tmp_path / "copy.xlsx") as archive:
        root = etree.fromstring(archive.read("xl/worksheets/s.xml"))
    assert len(root.findall(".//{*}mergeCells")) == 0
    assert len(root.findall("{*}x")) == odd.count("<x")
    assert len(root.findall("{*}sheetData/{*}row")) == odd.count("<row")


def test_rows_inside_of_rows_are_refused(tmp_path: Path) -> None:
    rows = f"<row>{BEFORE}{CELL}{AFTER}</row>"
    path = written(tmp_path / "odd.xlsx", parts(rows))
    with pytest.raises(InputError, match=r"odd\.xlsx is damaged .*: it has rows inside of rows"):
        copying.write_changed(path, tmp_path / "copy.xlsx", {})
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_cell_stays_empty_in_every_engine(tmp_path: Path, engine: Engine) -> None:
    book = openpyxl.Workbook()
    book["Sheet"].append([None, '=IF(A1="","empty","full")'])
    book["Sheet"]["A1"].number_format = "0.00"
    book.save(tmp_path / "a.xlsx")
    copying.write_changed(tmp_path / "a.xlsx", tmp_path / "b.xlsx", {}, cached=-7e77)
    assert engine.recalculate(tmp_path / "b.xlsx")["Sheet"][0, 1] == "empty"


@pytest.mark.parametrize(
    ("sheet", "place", "number", "named"),
    [
        ("lr 0.1", (0, 1), 1.0, "'lr 0.1'!B1 holds no number"),
        ("lr 0.1", (1, 0), 1.0, "'lr 0.1'!A2 holds no number"),
        ("lr 0.1", (6, 2), 1.0, "no cell 'lr 0.1'!C7"),
        ("gone", (0, 0), 1.0, "no cell 'gone'!A1"),
        ("lr 0.1", (0, 0), float("nan"), "'lr 0.1'!A1 holds no number that nan could replace"),
    ],
)
def test_changes_that_are_refused(
    tmp_path: Path, sheet: str, place: tuple[int, int], number: float, named: str
) -> None:
    path = example(tmp_path / "a.xlsx", "xlsxwriter")
    with pytest.raises(ValueError, match=re.escape(named)):
        copying.write_changed(path, tmp_path / "b.xlsx", {sheet: {place: number}})
    assert list(tmp_path.iterdir()) == [path]


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    path = example(tmp_path / "a.xlsx", "xlsxwriter")
    with pytest.raises(RunError, match=r"^a copy of .*a\.xlsx cannot be written: No such file"):
        copying.write_changed(path, tmp_path / "no" / "b.xlsx", {})


@pytest.mark.slow
def test_memory_does_not_grow_with_the_sheet(tmp_path: Path) -> None:
    tracemalloc = pytest.importorskip("tracemalloc")
    path = tmp_path / "large.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for row in range(20_000):
            sheet.write_number(row, 0, row)
    tracemalloc.start()
    assert sum(cell.value == row for _, row, _, cell in reader.iterate_cells(path)) == 20_000
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    path = example(tmp_path / "a.xlsx", "xlsxwriter")
    with pytest.raises(InputError, match="no sheet named 'gone'"):
        reader.read_cells(path, ["gone"])


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    attack = f'<!DOCTYPE sst [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    contents = parts() | {"xl/strings.xml": f"{attack}<sst>{'<si><t>&x;</t></si>' * 3}</sst>"}
    cells = reader.read_cells(written(tmp_path / "attack.xlsx", contents))
    assert "hunter2" not in str(cells)


def test_the_row_of_a_form_control_is_no_row_of_cells(tmp_path: Path) -> None:
    path, odd, copy = (tmp_path / name for name in ("plain.xlsx", "odd.xlsx", "copy.xlsx"))
    with xlsxwriter.Workbook(path) as workbook:
        workbook.add_worksheet("S").write_formula("A1", "=1+1", None, 2)
    control = b'<controls><from xmlns="urn:anchor"><col>0</col><row>3</row></from></controls>'
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(odd, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = data.replace(b"</sheetData>", b"</sheetData>" + control)
            new.writestr(name, data)
    copying.write_changed(odd, copy, {})
    with zipfile.ZipFile(copy) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<row>3</row>") == 1
    assert sheet.endswith(control + sheet.partition(control)[2])
    assert reader.read_cells(copy) == {"S": {(0, 0): FileCell("1+1", None)}}
