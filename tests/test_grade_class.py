"""A class is graded over several processes: the same results in the same order, whatever breaks."""

import csv
import json
import os
import signal
from pathlib import Path

import click.testing
import pytest
from handed_in import hand_in, right_formula, right_number
from openpyxl.worksheet.formula import ArrayFormula
from pausing import start_paused

from sheetgen.cli import main
from sheetgen.errors import RunError
from sheetgen.exercises import grade, make_exercise
from sheetgen.exercises.grading import grading_worker
from sheetgen.spreadsheet.engines.library_engines import IronCalc
from sheetgen.spreadsheet.reader import iterate_cells
from sheetgen.template import template

CASES = Path(__file__).parent / "cases" / "grade"
NAMES = ["Ada", "Bo", "Cy", "Di", "Ed"]


@pytest.fixture(scope="module")
def group(tmp_path_factory):
    """Five students' exercises of the forward pass; not to be written to."""
    folder = tmp_path_factory.mktemp("class") / "group"
    return make_exercise(template.load("era-v1"), folder, topic="forward", students=NAMES)


@pytest.fixture(scope="module")
def handed_in(group, tmp_path_factory):
    """What they handed in, the last one twice, and files that are none; not to be written to."""
    folder = tmp_path_factory.mktemp("handed in")
    files = [
        hand_in(group, folder / f"{name}.xlsx", right_formula(group, place), student=place)
        for place, name in enumerate(NAMES)
    ]
    broken = folder / "broken.xlsx"
    broken.write_text("no workbook")
    return [files[3], broken, *files[:3], folder / "missing.xlsx", files[4], files[4]]


def run(*arguments):
    return click.testing.CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def files_in(table):
    with table.open(encoding="utf-8-sig", newline="") as file:
        return [Path(line["file"]) for line in csv.DictReader(file)]


class Deadly(IronCalc):
    """An engine whose process does not survive the formula 1+1, as no process survives another."""

    def recalculate(self, path):
        if any(cell.formula == "1+1" for *_, cell in iterate_cells(path)):
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().recalculate(path)


class Odd(IronCalc):
    """An engine with a fault that nobody foresaw."""

    def recalculate(self, path):
        if any(cell.formula == "2+2" for *_, cell in iterate_cells(path)):
            raise ZeroDivisionError("odd")
        return super().recalculate(path)


@pytest.mark.slow
def test_several_processes_give_the_same_results_in_the_same_order(group, handed_in):
    one = list(grade(group.key.path, handed_in))
    assert [each.path for each in one] == handed_in
    assert [each.is_full for each in one] == [True, False, True, True, True, False, True, True]
    assert one[-1].remarks == (f"{handed_in[-1]} is this exercise, too",)
    assert list(grade(group.key.path, handed_in, jobs=3)) == one
    assert list(grade(group.key.path, handed_in[:2], jobs=64)) == one[:2]


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_command_says_the_same_with_any_number_of_processes(group, handed_in, tmp_path, jobs):
    table = tmp_path / "marks.csv"
    result = run("grade", "--key", group.key.path, *handed_in, "--jobs", jobs, "--csv", table)
    assert result.exit_code == 2, "two files cannot be read, and no mark is lost"
    heads = [line for line in result.stdout.splitlines() if "right" in line and ".xlsx" in line]
    readable = [path for path in handed_in if path.stem in NAMES]
    assert [line.split(": ")[0] for line in heads] == list(map(str, readable))
    assert files_in(table) == handed_in
    found = run("grade", "--key", group.key.path, *handed_in, "--jobs", jobs, "--json")
    assert [each["file"] for each in json.loads(found.stdout)] == list(map(str, handed_in))


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_formula_that_kills_the_engine_costs_only_its_own_mark(group, tmp_path, jobs):
    paths = []
    for place, name in enumerate(NAMES[:3]):
        formula, deadly = right_formula(group, place), {("E2", 1): "=1+1"} if name == "Bo" else {}
        answers = lambda blank, deadly=deadly, formula=formula: deadly.get(blank, formula(blank))  # noqa: E731
        paths.append(hand_in(group, tmp_path / f"{name}.xlsx", answers, student=place))
    ada, bo, cy = grade(group.key.path, paths, Deadly(), jobs=jobs)
    assert ada.is_full and cy.is_full
    assert [mark.reason for mark in bo.marks if mark.status != "right"] == [
        "could not be calculated"
    ]
    assert not bo.error and not bo.has_failed


@pytest.mark.slow
def test_after_some_deaths_no_more_formulas_are_tried(group, tmp_path, monkeypatch):
    monkeypatch.setattr(grading_worker, "MOST_FAILURES", 2)
    formula = right_formula(group)
    deadly = group.exercise.blanks[1:4]
    path = hand_in(
        group, tmp_path / "Ada.xlsx", lambda blank: "=1+1" if blank in deadly else formula(blank)
    )
    (result,) = grade(group.key.path, [path], Deadly())
    assert [mark.status == "right" for mark in result.marks] == [
        place < 1 for place in range(len(result.marks))
    ]


class Failing(IronCalc):
    """An engine that fails on each workbook with formulas, or on all, and lists its attempts."""

    def __init__(self, attempts, always):
        self.attempts, self.always = attempts, always

    def recalculate(self, path):
        with self.attempts.open("a") as file:
            file.write("one\n")
        if self.always or any(cell.formula for *_, cell in iterate_cells(path)):
            raise RunError("soffice was stopped after 600 seconds")
        return super().recalculate(path)


@pytest.mark.slow
@pytest.mark.parametrize("always", [False, True])
def test_an_engine_that_fails_is_not_tried_with_every_formula(group, tmp_path, always):
    path = hand_in(group, tmp_path / "Ada.xlsx", right_formula(group))
    attempts = tmp_path / "attempts"
    (result,) = grade(group.key.path, [path], Failing(attempts, always))
    count = len(attempts.read_text().splitlines())
    if always:
        assert result.has_failed and result.error.endswith("stopped after 600 seconds")
        assert count == 2, "it fails without any formula, too"
    else:
        assert {mark.reason for mark in result.marks} == {"could not be calculated"}
        # The whole, the whole without formulas, and one that is begun before the last one fails.
        assert count <= grading_worker.MOST_FAILURES + 3 < len(group.exercise.blanks)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_unforeseen_fault_costs_only_its_file(group, tmp_path, jobs):
    paths = []
    for place, name in enumerate(NAMES[:3]):
        odd = (lambda _: "=2+2") if name == "Bo" else right_number(group, place)
        paths.append(hand_in(group, tmp_path / f"{name}.xlsx", odd, student=place))
    ada, bo, cy = grade(group.key.path, paths, Odd(), jobs=jobs)
    assert ada.is_full and cy.is_full
    assert bo.has_failed and bo.error.startswith(f"{paths[1]} could not be graded: ")
    assert "ZeroDivisionError" in bo.error and "\n" not in bo.error


def test_a_student_s_many_brackets_take_nobody_else_down():
    """Of 3,000 brackets ironcalc's process dies."""
    key, files = CASES / "ex.key.json", [CASES / "hw_paren.xlsx", CASES / "comma.xlsx"]
    result = run("grade", "--key", key, *files)
    assert result.exit_code == 1 and result.stderr == ""
    assert f"{files[0]}: 0 of 27 right, 1 wrong, 26 empty" in result.stdout
    assert "M15: wrong: has 3,000 brackets within each other; expected at most 64" in result.stdout
    assert f"{files[1]}: 27 of 27 right" in result.stdout


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("=" + "(" * 64 + "1" + ")" * 64, "found 1, expected"),
        ("=" + "(" * 65 + "1" + ")" * 65, "has 65 brackets within each other; expected at most 64"),
        ("=" + "SIN(" * 1000 + "1" + ")" * 1000, "has 1,000 brackets"),
        ("=1" + "+1" * 8000, "has 16,001 characters; expected at most 8,192"),
        ("=SUMPRODUCT(B1:XFD1048576)", "refers to ranges of 17,178,820,608 cells; expected"),
        ("=SUMPRODUCT(B:XFD)", "refers to ranges of 17,178,820,608 cells"),
        ("=SUM($1:$1048576)", "refers to ranges of 17,179,869,184 cells"),
        ("=SUM(Inputs!A1:Inputs!XFD999999)", "refers to ranges of "),
        ("=COUNT(Inputs!A:A)-COUNT(Inputs!$A:$A)", "found 0, expected"),
        ("=ROWS(A1:INDEX(C:C,2))", "the value is the error"),
    ],
)
def test_what_no_engine_need_bear_is_refused_by_its_size(group, tmp_path, formula, said):
    blank = group.exercise.blanks[0]
    path = hand_in(group, tmp_path / "Ada.xlsx", lambda each: formula if each == blank else None)
    (result,) = grade(group.key.path, [path])
    mark = next(each for each in result.marks if (each.symbol, each.iteration) == blank)
    assert mark.status == "wrong" and said in mark.reason


def test_names_that_multiply_are_refused(group, tmp_path):
    """Seven names, each of which is ten times the next: written out they are ten million."""
    from openpyxl.workbook.defined_name import DefinedName  # noqa: PLC0415

    def define(workbook):
        for place in range(7):
            text = "+".join([f"more{place + 1}"] * 10) if place < 6 else "1"
            workbook.defined_names[f"more{place}"] = DefinedName(f"more{place}", attr_text=text)

    path = hand_in(group, tmp_path / "Ada.xlsx", lambda _: "=more0", define)
    (result,) = grade(group.key.path, [path])
    assert {mark.status for mark in result.marks} == {"wrong"}
    assert "with its names written out" in result.marks[0].reason


def test_array_formulas_over_a_whole_sheet_are_not_walked_through(group, tmp_path):
    def spread(workbook):
        sheet = workbook["Exercise"]
        for place in range(300):
            cell = f"A{100 + place}"
            sheet[cell] = ArrayFormula("A1:XFD1048576", f"={place}")

    path = hand_in(group, tmp_path / "Ada.xlsx", right_number(group), spread)
    (result,) = grade(group.key.path, [path])
    assert {mark.reason for mark in result.marks} == {
        "belongs to an array formula over several cells"
    }
    assert {mark.answer for mark in result.marks} == {"=299"}, "the last one counts"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_keeps_the_marks_so_far_and_says_where(group, handed_in, tmp_path):
    table = tmp_path / "marks.csv"
    table.write_text("file,name,right,of,remarks\nformer\n", encoding="utf-8")
    options = ["grade", "--key", group.key.path, *handed_in, "--csv", table, "--jobs", "1"]
    call = ("sheetgen.exercises.grading.marks", "lines", 4)
    process = start_paused(call, tmp_path / "mark", "sheetgen", *options)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 130, said
    partial = tmp_path / "marks.partial.csv"
    assert f"not complete: 4 lines are in {partial}" in said and "Interrupted" in said
    assert files_in(partial) == handed_in[:4]
    assert table.read_text(encoding="utf-8").endswith("former\n"), "as it was"
    assert run(*options).exit_code == 2
    assert files_in(table) == handed_in and not partial.exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_command_leaves_the_marks_so_far(group, handed_in, tmp_path):
    table = tmp_path / "marks.csv"
    options = ["grade", "--key", group.key.path, *handed_in, "--csv", table, "--jobs", "1"]
    call = ("sheetgen.exercises.grading.marks", "lines", 3)
    process = start_paused(call, tmp_path / "mark", "sheetgen", *options)
    process.kill()
    process.communicate()
    assert files_in(tmp_path / "marks.partial.csv") == handed_in[:3] and not table.exists()
    assert run(*options).exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mark", "marks.csv"]


def test_an_engine_that_is_missing_is_said_before_anything_is_written(group, tmp_path, monkeypatch):
    monkeypatch.setattr(IronCalc, "missing", lambda _: "it is not installed")
    table = tmp_path / "new" / "marks.csv"
    result = run("grade", "--key", group.key.path, group.workbooks[0].path, "--csv", table)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: it is not installed\n"
    assert list(tmp_path.iterdir()) == []


def test_a_mistyped_engine_leaves_the_marks_of_an_interrupted_command(group, tmp_path):
    partial = tmp_path / "marks.partial.csv"
    partial.write_text("file,name,right,of,remarks\nformer\n", "utf-8")
    options = ["--engine", "libreofice", "--csv", tmp_path / "marks.csv"]
    assert run("grade", "--key", group.key.path, "Ada.xlsx", *options).exit_code == 2
    assert partial.read_text("utf-8").endswith("former\n")
    assert list(tmp_path.iterdir()) == [partial]
