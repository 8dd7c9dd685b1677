"""`sheetgen build` writes, verifies and says so, and never overwrites a user's work."""

import re
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
import xlsxwriter
from conftest import put, sheetgen
from full_donor import PIXEL
from openpyxl.comments import Comment

from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.reader import read_cells, sheet_names

SMALL = ("--iterations", 5, "--learning-rates", "0.1,0.5")


@pytest.fixture
def small(bare, without_surfaces):  # noqa: ARG001
    """A workbook of fewer cells than others of this name have."""
    return bare


def rebuild(path, *options):
    return sheetgen("build", *SMALL, "--no-verify", "-o", path, *options)


def assert_refused(path, *said):
    """Building over a file ends with 2 and one line, and changes nothing."""
    before = path.read_bytes()
    result = rebuild(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    for text in (str(path), "--force", *said):
        assert text in result.stderr
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def assert_only_forced(path, *said):
    """Building over a file is refused; --force overwrites it."""
    assert_refused(path, *said)
    assert rebuild(path, "--force").exit_code == 0
    assert rebuild(path).exit_code == 0, "the new workbook is an unedited one"


def test_the_output_says_where_the_workbook_is_and_that_all_of_it_is_verified(tmp_path):
    path = tmp_path / "new folder" / "book.xlsx"
    result = sheetgen("build", *SMALL, "-o", path)
    assert (result.exit_code, result.stderr) == (0, "")
    wrote, verified = result.stdout.splitlines()
    assert wrote == f"wrote {path}"
    match = re.match(
        r"verified ([\d,]+) formulas with ironcalc \d\S+: largest .+ \d\.\de-\d+$", verified
    )
    cells = read_cells(path).values()
    formulas = sum(cell.formula is not None for sheet in cells for cell in sheet.values())
    assert match[1] == f"{formulas:,}"


def test_no_verify_claims_nothing(tmp_path):
    result = rebuild(tmp_path / "book.xlsx")
    assert result.stdout == f"wrote {tmp_path / 'book.xlsx'}\n"


@pytest.mark.slow
def test_a_workbook_that_does_not_verify_ends_with_1(tmp_path, monkeypatch):
    # An engine that takes every exponential for 1, as a broken one might.
    monkeypatch.setattr(
        "sheetgen.network.activations.Sigmoid.formula", lambda _self, z: f"1/(1+0*{z})"
    )
    result = sheetgen("build", *SMALL, "-o", tmp_path / "book.xlsx")
    assert result.exit_code == 1
    assert result.stderr.endswith(
        f"Error: {tmp_path / 'book.xlsx'} is written, but does not verify\n"
    )
    assert "FAIL" in result.stdout


def test_an_unedited_workbook_is_overwritten_silently(workbook):
    result = sheetgen("build", "era-v2", "--no-verify", *SMALL, "-o", workbook)
    assert (result.exit_code, result.stderr) == (0, "")
    assert read_cells(workbook, ["Inputs"])["Inputs"][5, 5].value == 0.5


def test_a_workbook_that_was_only_opened_and_saved_is_overwritten(workbook):
    openpyxl.load_workbook(workbook).save(workbook)
    assert rebuild(workbook).exit_code == 0


def test_new_results_in_the_old_cells_are_no_edit(workbook):
    put(workbook, "Overview", "B19", "='Gradient check'!$D$4", cached=-777.0)
    assert rebuild(workbook).exit_code == 0


@pytest.mark.parametrize(
    ("sheet", "cell", "content"),
    [
        pytest.param("Inputs", "K6", 0.16, id="a number typed into an input"),
        pytest.param("Inputs", "K6", 0.15000000001, id="a small change of a number"),
        pytest.param("Playground", "B2", 0.3, id="a view control moved"),
        pytest.param("Inputs", "K6", None, id="an input cleared"),
        pytest.param("Overview", "A999", "Ask about this on Monday", id="a note in an empty cell"),
        pytest.param("lr 0.1", "A999", 0.0, id="a zero in an empty cell"),
        pytest.param("lr 0.1", "I7", "=I6-2*$B$2*AB6", id="a formula changed"),
        pytest.param("Derivation", "C36", -0.04245525009260471, id="a formula made a value"),
        pytest.param("lr 0.1", "A107", "=A106+1", id="the table dragged down"),
        pytest.param("Overview", "A1", "Our network", id="a heading changed"),
    ],
)
def test_an_edited_workbook_is_not_overwritten(workbook, sheet, cell, content):
    put(workbook, sheet, cell, content)
    assert_refused(workbook, "edited")


@pytest.mark.slow
def test_an_edit_with_a_spreadsheet_program_is_noticed(workbook):
    book = openpyxl.load_workbook(workbook)
    book["Inputs"]["K6"] = 0.16
    book.save(workbook)
    assert_only_forced(workbook, "edited")


def add_sheet(workbook, name, **cells):
    book = openpyxl.load_workbook(workbook)
    sheet = book.create_sheet(name)
    for cell, content in cells.items():
        sheet[cell] = content
    book.save(workbook)


def test_a_note_that_a_person_wrote_is_an_edit(workbook):
    book = openpyxl.load_workbook(workbook)
    book["Overview"]["B2"].comment = Comment("what does this mean?", "a student")
    book.save(workbook)
    assert_refused(workbook, "edited")


@pytest.mark.slow
def test_an_added_sheet_is_carried_over(workbook):
    add_sheet(workbook, "My notes", A1="Ask on Monday", A2="=2*Inputs!$K$6", A3="='lr 0.5'!X6")
    result = sheetgen("build", "era-v2", *SMALL, "-o", workbook)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1] == "kept the added sheets: My notes"
    assert "verified" in result.stdout.splitlines()[2]
    cells = read_cells(workbook, ["My notes"])["My notes"]
    assert cells[0, 0].value == "Ask on Monday"
    assert cells[1, 0].formula == "2*Inputs!$K$6"
    assert cells[2, 0].formula == "'lr 0.5'!X6"
    assert rebuild(workbook).stdout.endswith("kept the added sheets: My notes\n"), "and again"


@pytest.mark.slow
def test_an_added_sheet_gives_way_to_a_new_sheet_of_its_name(workbook):
    add_sheet(workbook, "lr 3", A1="mine")
    result = sheetgen("build", "--no-verify", "--learning-rates", "3", "-o", workbook)
    assert result.stdout.endswith("kept the added sheets: lr 3 (2)\n")
    assert read_cells(workbook, ["lr 3 (2)"])["lr 3 (2)"][0, 0].value == "mine"


@pytest.mark.slow
def test_an_added_sheet_that_would_lose_what_it_refers_to_is_not_overwritten(workbook):
    add_sheet(workbook, "My notes", A1="='lr 0.5'!X6")
    add_sheet(workbook, "Others", A1="=Inputs!$K$6")
    before = workbook.read_bytes()
    other = ("build", "--no-verify", "--learning-rates", "0.7", "-o", workbook)
    result = sheetgen(*other)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "holds My notes, which cannot be carried over" in result.stderr
    assert "My notes refers to lr 0.5; --force builds without it" in result.stderr
    assert workbook.read_bytes() == before
    result = sheetgen(*other, "--force")
    assert result.exit_code == 0
    assert result.stderr.startswith("left out: My notes, which cannot be carried over")
    assert result.stdout.endswith("kept the added sheets: Others\n")
    assert "My notes" not in sheet_names(workbook)


@pytest.mark.parametrize(
    ("part", "said", "is_kept"),
    [
        # A note on a sheet of ours, and a picture on the user's.
        ("xl/comments1.xml", "{} cannot be read: ", True),
        ("xl/media/image1.png", "{} holds Mine, which cannot be carried over: {} is", False),
    ],
)
def test_force_overwrites_a_damaged_workbook_and_keeps_what_is_whole(workbook, part, said, is_kept):
    added, whole = workbook.with_name("added.xlsx"), workbook.with_name("whole.xlsx")
    with xlsxwriter.Workbook(added) as book:
        sheet = book.add_worksheet("Mine")
        sheet.write_comment("A1", "a note")
        sheet.insert_image("A2", "pixel.png", {"image_data": BytesIO(PIXEL)})
    add_sheets(workbook, added, ["Mine"], whole)
    with ZipFile(whole) as old, ZipFile(workbook, "w") as new:
        assert part in old.namelist()
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
    before = workbook.read_bytes()
    result = rebuild(workbook)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {said.replace('{}', str(workbook))}")
    assert f"{part}', which is missing" in result.stderr or f"no part '{part}'" in result.stderr
    assert "; --force " in result.stderr
    assert workbook.read_bytes() == before
    result = rebuild(workbook, "--force")
    assert result.exit_code == 0
    assert ("Mine" in sheet_names(workbook)) == is_kept
    assert result.stderr.startswith("left out: Mine, which cannot be carried") == (not is_kept)


@pytest.mark.slow
def test_force_overwrites_edits_but_keeps_added_sheets(workbook):
    add_sheet(workbook, "My notes", A1="mine")
    put(workbook, "Inputs", "K6", 0.16)
    assert_only_forced(workbook, "edited")
    assert "My notes" in sheet_names(workbook)


def test_a_deleted_sheet_is_an_edit(workbook):
    book = openpyxl.load_workbook(workbook)
    del book["lr 0.5"]
    book.save(workbook)
    assert_refused(workbook, "edited")


@pytest.mark.slow
def test_a_renamed_sheet_is_an_edit(workbook):
    book = openpyxl.load_workbook(workbook)
    book["lr 0.5"].title = "the best"
    book.save(workbook)
    assert_only_forced(workbook, "edited", "lacks lr 0.5")


@pytest.mark.slow
def test_a_workbook_of_another_program_is_not_overwritten(tmp_path):
    path = tmp_path / "budget.xlsx"
    with xlsxwriter.Workbook(path) as own:
        own.add_worksheet("2024").write("A1", 1)
    assert_only_forced(path, "not made by sheetgen")


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"not a workbook", b""], ids=["text", "empty"])
def test_what_is_no_workbook_is_not_overwritten(tmp_path, content):
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    assert_only_forced(path, "not a workbook")


@pytest.mark.parametrize("lock", [".~lock.book.xlsx#", "~$book.xlsx"])
def test_a_workbook_that_is_open_is_left_and_the_new_one_put_beside_it(workbook, lock):
    before = workbook.read_bytes()
    workbook.with_name(lock).touch()
    result = sheetgen("build", *SMALL, "-o", workbook)
    beside = workbook.with_name("book (2).xlsx")
    assert result.exit_code == 0
    assert result.stderr == f"{workbook} is left as it was: it is open elsewhere.\n"
    assert result.stdout.startswith(f"wrote {beside}\nverified ")
    assert workbook.read_bytes() == before
    assert sheet_names(beside) == sheet_names(workbook)


def test_an_open_workbook_that_has_been_edited_is_left_too(workbook):
    put(workbook, "Inputs", "K6", 0.16)
    before = workbook.read_bytes()
    workbook.with_name("~$book.xlsx").touch()
    assert rebuild(workbook, "--force").exit_code == 0
    assert workbook.read_bytes() == before


def test_through_a_link_the_target_is_replaced_and_an_existing_path_is_named(workbook, tmp_path):
    link = tmp_path / "links" / "link.xlsx"
    link.parent.mkdir()
    link.symlink_to(workbook)
    result = rebuild(link)
    assert link.is_symlink()
    assert Path(result.stdout.removeprefix("wrote ").strip()).resolve() == workbook


@pytest.mark.parametrize("beside", ["link", "target"])
def test_a_lock_keeps_an_edited_workbook_behind_a_link(workbook, tmp_path, beside):
    link = tmp_path / "links" / "link.xlsx"
    link.parent.mkdir()
    link.symlink_to(workbook)
    locked = link if beside == "link" else workbook
    locked.with_name(f"~${locked.name}").touch()
    put(workbook, "Inputs", "K6", 0.16)
    before = workbook.read_bytes()
    rebuild(link)
    assert workbook.read_bytes() == before
