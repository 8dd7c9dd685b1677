"""Hostile sheets end in one sentence or a right answer, with work that grows with filled cells."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from zipfile import ZipFile

import pytest
from check_helper import HandMade, write
from conftest import sigmoid_network
from hostile_packages import CHANGES, hostile
from openpyxl.utils import get_column_letter
from shared_books import no_surfaces

from sheetgen import errors
from sheetgen.check import check_workbook
from sheetgen.errors import InputError, RunError
from sheetgen.exercises import Made, grade, make_exercise
from sheetgen.spreadsheet import render
from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.package_parts import opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.reader import read_cells
from sheetgen.verification.verify import verify
from sheetgen.workbook.build import build_workbook

CASES = Path(__file__).parent / "cases" / "hostile"
OURS = str(Path(errors.__file__).parent)
TABLE = "xl/worksheets/sheet1.xml"
SMALL = sigmoid_network([[[0.5, 0.2, -0.1]]], [0.3, 0.1, 0.4], [0.2], iterations=2)
"""The build of a single unit takes half as long as that of era-v1."""
MOVED = "no addresses"  # the cells count on from the left and top: another table, with mistakes
MANY = {"17,000 cells in a row", "every second of 3,000 rows", "5,000 formats", MOVED}
"""The changes that add many cells or formats, or mistakes to find a name for."""
ALIKE = {
    *(f"row {text}" for text in ("10^20", "0", "-1", "5 with a space")),
    *(name for name in CHANGES if name.endswith("its cell without") and name[0] != "t"),
    *("a row in Arabic digits", "a column of 4 letters", "dollars everywhere", "no letters at all"),
    *(f"the number {text!r}" for text in ("INF", "1e999", "0x10", "  ")),
    *("the shared text 10^9", "the shared text 5,000 digits", "a sheet named a path of Windows"),
}
"""Changes that differ from another one in a number or a text only: all commands read them alike.

What they cost is counted of the other one.
"""
assert CHANGES.keys() >= ALIKE


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small right table made by hand, whose results are to be computed."""
    return write(tmp_path_factory.mktemp("base") / "base.xlsx", S=HandMade(1, 1, 1, rows=3))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workbook of ours."""
    path = tmp_path_factory.mktemp("built") / "built.xlsx"
    with no_surfaces():
        build_workbook(SMALL, path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small exercise."""
    path = tmp_path_factory.mktemp("made") / "exercise.xlsx"
    return make_exercise(SMALL, path, topic="forward")


def answer(command: Callable[[], object]) -> str:
    """What a command says of a file that it cannot use, in one sentence; empty if it can."""
    try:
        command()
    except (InputError, RunError) as error:
        said = " ".join(str(error).split())
        assert 0 < len(said) < 400
        return said
    return ""


def lines_run(command: Callable[[], object]) -> int:
    """Count the lines of ours and the calls of all others that a command runs, however it ends."""
    count = 0

    def trace(frame: FrameType, _: str, __: Any) -> Any:
        nonlocal count
        count += 1
        return trace if frame.f_code.co_filename.startswith(OURS) else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        answer(command)
    finally:
        sys.settrace(before)
    return count


@pytest.fixture(scope="module")
def usual(base: Path) -> int:
    """How many lines it takes to check the good table."""
    check_workbook(base)
    return lines_run(lambda: check_workbook(base))


@pytest.mark.parametrize("name", CHANGES)
def test_a_hostile_sheet_is_checked_or_refused_with_the_work_of_a_good_one(
    name: str, base: Path, usual: int, tmp_path: Path
) -> None:
    path = hostile(base, TABLE, name, tmp_path / "odd.xlsx")
    before = path.read_bytes()
    said = answer(lambda: read_cells(path))
    assert not said or "odd.xlsx" in said
    reports, sentences = [], []

    def check() -> None:
        sentences.append(answer(lambda: reports.append(check_workbook(path))))

    if name in ALIKE:
        check()
    else:
        assert lines_run(check) < (20 if name in MANY else 2) * usual
    (said,) = sentences
    assert "odd.xlsx" in said if said else reports[0].passed or name == MOVED
    assert path.read_bytes() == before


def part_of(path: Path, sheet: str) -> str:
    """The part of a sheet."""
    with opened(path) as package:
        return next(each.part for each in Workbook(package).sheets if each.name == sheet)


ENDLESS = {"a huge range"}
"""IronCalc goes through every cell of the range; only a limit on its process ends that."""


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in ENDLESS | ALIKE])
def test_every_command_that_takes_a_workbook_ends_in_a_sentence_or_in_what_it_should_do(
    name: str,
    built: Path,
    made: Made,
    tmp_path: Path,
    without_surfaces: None,  # noqa: ARG001
) -> None:
    path = hostile(built, part_of(built, "lr 0.5"), name, tmp_path / "odd.xlsx")
    before = path.read_bytes()
    answer(lambda: list(verify(path, perturbations=0)))
    answer(lambda: add_sheets(path, built, ["Playground"], tmp_path / "target.xlsx"))
    answer(lambda: add_sheets(built, path, ["lr 0.5"], tmp_path / "donor.xlsx"))
    assert path.read_bytes() == before
    if answer(lambda: build_workbook(SMALL, path)):
        assert path.read_bytes() == before
    exercise = made.workbooks[0].path
    handed_in = hostile(exercise, part_of(exercise, "Exercise"), name, tmp_path / "handed in.xlsx")
    (result,) = grade(made.key.path, [handed_in])
    assert not result.error or "handed in.xlsx" in result.error


def test_a_number_in_the_last_row_costs_nothing() -> None:
    path = CASES / "stray_1048576.xlsx"
    (table,) = check_workbook(path).tables
    assert (table.rows, table.wrong) == (9, ())
    assert lines_run(lambda: check_workbook(path)) < 1_000_000


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("row 10^20", "the row '100000000000000000000' below row 8; expected 1 to 1,048,576"),
        ("a cell of another row", "'S' has the cell 'A3' in row 800; expected one of that row"),
        ("a row twice", "'S' has row 800 twice; expected it once"),
        ("a cell twice", "'S' has the cell A800 twice; expected it once"),
        ("17,000 cells in a row", "'S' has more cells in row 800; expected at most 16,384"),
        ("two sheets of one name", "it has 2 sheets named 's'; expected one"),
        ("a shared text without end", "the formula of A901 is not valid"),
        ("the number '1_0'", "the cell 'S'!A900 is not valid"),
        ("the shared text -1", "the cell 'S'!A900 is not valid"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    name: str, said: str, base: Path, tmp_path: Path
) -> None:
    path = hostile(base, TABLE, name, tmp_path / "odd.xlsx")
    assert answer(lambda: read_cells(path)).endswith(said)


@pytest.mark.slow
def test_a_training_may_continue_a_million_rows_below_a_gap(tmp_path: Path, usual: int) -> None:
    """The gap is one remark, and costs no more than a small one."""
    table = HandMade(1, 1, 1, rows=3)
    contents = table.contents()
    far = 1_048_576 - 2
    for name in table.order:
        column = get_column_letter(table.column(name) + 1)
        for row in (far, far + 1):
            formula = table.formulas.get(name, f"{{{name}.up}}")
            text = "=" + formula.replace("{η}", table.fixed_rate())
            for one in table.order:
                place = get_column_letter(table.column(one) + 1)
                above = table.address(one, 2) if row == far else f"{place}{row}"
                text = text.replace(f"{{{one}.up}}", above).replace(
                    f"{{{one}}}", f"{place}{row + 1}"
                )
            contents[f"{column}{row + 1}"] = text
    path = write(tmp_path / "gap.xlsx", S=contents)
    report = check_workbook(path)
    assert report.passed, report.mistakes
    assert report.tables[0].rows == 5
    gap = next(one for one in report.remarks if one.kind == "gap")
    assert gap.words == "the table continues below rows 9 to 1048574, without numbers"
    assert lines_run(lambda: check_workbook(path)) < 2 * usual


def test_sheets_that_refer_to_one_that_no_file_may_be_named_after_are_right(
    tmp_path: Path,
) -> None:
    table = HandMade(rows=4)
    table.formulas["h1"] += "+'Other'!A1"
    good = write(tmp_path / "good.xlsx", Other={"A1": 0.0, "B1": "=A1"}, S=table)
    with ZipFile(good) as archive:
        held = {part: archive.read(part) for part in archive.namelist()}
    odd = tmp_path / "odd.xlsx"
    with ZipFile(odd, "w") as archive:
        for part, content in held.items():
            archive.writestr(part, content.replace(b"Other", b"../[O:t/her"))
    assert check_workbook(good).passed
    assert check_workbook(odd).passed


@pytest.mark.parametrize(
    ("sheet", "stem"),
    [
        ("../../../PWNED", "_.._.._.._PWNED"),
        ("..", "_"),
        (".hidden", "_.hidden"),
        ("C:\\Windows\\x", "C__Windows_x"),
        ("NUL", "_NUL"),
        ("com1.txt", "_com1.txt"),
        ("Console", "Console"),
        ("x" * 300, "x" * 60),
        ("a\x7fb", "a_b"),
        ("lr 0.5", "lr 0.5"),
    ],
)
def test_a_picture_named_after_a_sheet_stays_in_its_folder(
    sheet: str, stem: str, tmp_path: Path
) -> None:
    (name,) = render._file_names([sheet])
    assert name == f"{stem}.png"
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()
