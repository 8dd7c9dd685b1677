"""Text that XML cannot hold is refused wherever it comes from, and no workbook is broken by it."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import refusal, sheetgen

from sheetgen.errors import InputError, RunError
from sheetgen.exercises.make import make_exercise
from sheetgen.files.characters import impossible_character
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.reader import read_cells
from sheetgen.spreadsheet.save_workbook import save_workbook
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template import template
from sheetgen.template.template import Template

CASES = Path(__file__).parent / "cases" / "hostile"
TOML = (CASES / "vt" / "t.toml").read_text()
VERTICAL_TAB = "U+000B, which is a control character"


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold_is_found(character):
    assert impossible_character(f"a\t\r\n{character}").startswith(f"U+{ord(character):04X}")


@pytest.mark.parametrize("text", ["\t\r\n", "\x7f\x85", "\ud7ff\ue000\ufffd", "😀\U0010ffff"])
def test_what_xml_can_hold_is_not(text):
    assert impossible_character(text) == ""


def test_the_class_name_that_broke_a_workbook_is_refused(small, tmp_path):
    book = tmp_path / "book.xlsx"
    book.write_bytes(small.read_bytes())
    result = sheetgen("build", CASES / "vt" / "t.toml", "-o", book)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"found {VERTICAL_TAB}, in column c, line 2 of d.csv" in result.stderr
    assert book.read_bytes() == small.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["book.xlsx"]


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("a,b,\x0bc\n1,2,x\n3,4,y\n", "in column 3, line 1 of d.csv"),
        ("a,b,c\n1,2,x\n3,4\x0b,y\n", "in column b, line 3 of d.csv"),
        ('a,b,c\n1,2,x\n3,4,"y\n\x0b"\n', "in column c, line 4 of d.csv"),
        ("a,b,c,unused\n1,2,x,\n3,4,y,\x0b\n", "in column unused, line 3 of d.csv"),
    ],
    ids=["header", "number", "text of two lines", "column without use"],
)
def test_a_data_file_with_a_control_character_is_refused(tmp_path, output, table, place):
    (tmp_path / "d.csv").write_text(table, newline="")
    (tmp_path / "t.toml").write_text(TOML)
    assert f"found {VERTICAL_TAB}, {place}" in refusal(output, tmp_path / "t.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title="T"', 'title="a\\u000bb"', f"title: found {VERTICAL_TAB}"),
        ('title="T"', 'title="a\x0bb"', f"t.toml, line 1, column 9: found {VERTICAL_TAB}"),
        ("[network]", "[network] # \ufffe", "t.toml, line 2, column 13: found U+FFFE"),
        ("inputs=2", 'inputs=2\n"\\u000b"=1', "found an unknown key"),
        ('"d.csv"', '"d\\u0000.csv"', "data.file: found 'd\\x00.csv'"),
        ('"c"', '"c\\u000b"', "data.class_column: found 'c\\x0b'"),
    ],
    ids=["title", "raw", "comment", "key", "file", "class column"],
)
def test_a_template_with_a_control_character_is_refused(tmp_path, output, old, new, message):
    (tmp_path / "d.csv").write_text("a,b,c\n1,2,x\n3,4,y\n")
    (tmp_path / "t.toml").write_text(TOML.replace(old, new, 1))
    assert message in refusal(output, tmp_path / "t.toml")


@pytest.mark.slow
def test_any_other_text_may_be_the_name_of_a_class(tmp_path):
    names = ["x\ty", "_x000B_", "x\u2028y", "é\u0301<&>\"'", "x\x7f\x85y"]
    rows = "".join(f"{place},2,{name}\n" for place, name in enumerate(names))
    (tmp_path / "d.csv").write_text(f"a,b,c\n{rows}")
    (tmp_path / "t.toml").write_text(
        TOML.replace('units=2\nactivation="softmax"', 'units=5\nactivation="softmax"')
    )
    result = sheetgen("build", tmp_path / "t.toml", "-o", tmp_path / "book.xlsx")
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_title_that_python_code_gives_is_refused():
    network = template.load("era-v1").network
    with pytest.raises(InputError, match=r"^title: found U\+000B"):
        Template.of(network, [[0.1, 0.2]], [[0, 1]], title="a\x0bb")


def test_an_exercise_is_refused_a_name_that_its_key_cannot_hold(tmp_path):
    source = template.load("era-v1")
    with pytest.raises(InputError, match=r"found U\+DCFF, which is not a character"):
        make_exercise(source, tmp_path / "a\udcff.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "draw",
    [
        lambda canvas: canvas.write(1, 2, "half \ud83d a pair"),
        lambda canvas: canvas.calculate(1, 2, '="a\x0bb"', "a"),
        lambda canvas: canvas.calculate(1, 2, "=A1", "a\x0bb"),
        lambda canvas: (canvas.write(1, 2, "a"), canvas.notes.update({(1, 2): "a\x0bb"})),
    ],
    ids=["constant", "formula", "result", "note"],
)
def test_the_writer_refuses_what_comes_through_and_names_the_cell(tmp_path, draw):
    canvas = Canvas("Sheet")
    draw(canvas)
    with pytest.raises(InputError, match=r"^'?Sheet'?!\$C\$2: found U\+"):
        write_workbook([canvas], tmp_path / "book.xlsx", "title")


@pytest.mark.parametrize(("escape", "read"), [("_xD800_", "\ufffd"), ("_x000B_", "\x0b")])
def test_the_escape_of_no_character_is_read_as_unknown(poisoned, escape, read):
    path = poisoned({"Sheet": {"A1": "x"}})
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace(
        b"<t>x</t>", f"<t>{escape}</t>".encode()
    )
    with ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    assert read_cells(path)["Sheet"][0, 0].value == read


def rewritten(path, to, part, change):
    """Write a copy of a workbook in which one part is changed."""
    with ZipFile(path) as archive, ZipFile(to, "w") as copy:
        for name in archive.namelist():
            data = archive.read(name)
            copy.writestr(name, change(data) if name == part else data)


BROKEN = {
    "no zip file": lambda _small, to: to.write_text("half"),
    "half of it": lambda small, to: to.write_bytes(small.read_bytes()[:5000]),
    "no sheet": lambda small, to: rewritten(
        small, to, "xl/_rels/workbook.xml.rels", lambda data: data.replace(b"sheet2.", b"sheet99.")
    ),
    "control character": lambda small, to: rewritten(
        small, to, "docProps/core.xml", lambda data: data.replace(b"Made by", b"Made\x0bby")
    ),
    "chart": lambda small, to: rewritten(
        small, to, "xl/charts/chart2.xml", lambda data: data[:-20]
    ),
    "wrong checksum": lambda small, to: to.write_bytes(
        small.read_bytes().replace(b"\x50\x4b\x01\x02", b"\x50\x4b\x01\x03", 1)
    ),
}


@pytest.mark.parametrize("write", BROKEN.values(), ids=BROKEN)
def test_a_broken_workbook_replaces_nothing(small, workbook, write):
    with pytest.raises(RunError, match="is left as it was, for the new file cannot be read back"):
        save_workbook(workbook, lambda to: write(small, to))
    assert workbook.read_bytes() == small.read_bytes()
    assert [path.name for path in workbook.parent.iterdir()] == ["book.xlsx"]


def test_a_part_that_was_broken_before_may_be_copied(small, workbook):
    BROKEN["chart"](small, workbook)
    copy = workbook.read_bytes()
    save_workbook(workbook, lambda to: to.write_bytes(copy), former=workbook)
    assert workbook.read_bytes() == copy
