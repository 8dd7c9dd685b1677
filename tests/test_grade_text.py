"""A number that a student typed as text, such as 0,05 in an English Excel, counts as that number.

Which number a text says, where that could be doubted, is the rule in `typed_number`.
"""

import csv
import json
from pathlib import Path

import click.testing
import pytest
from handed_in import always, assignment_of, graded, hand_in, in_turn, right_formula, right_number
from hypothesis import given
from hypothesis import strategies as st

from sheetgen.cli import main
from sheetgen.exercises import grade, make_exercise
from sheetgen.exercises.grading.typed_number import number_in
from sheetgen.template import template

CASES = Path(__file__).parent / "cases" / "grade"
COMMA, PERCENT = "with a decimal comma", "with a percent sign"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One exercise of the forward pass, everything blank; not to be written to."""
    path = tmp_path_factory.mktemp("text") / "exercise.xlsx"
    return make_exercise(template.load("era-v1"), path, topic="forward", level=3)


def run(*arguments):
    return click.testing.CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("text", "value", "how"),
    [
        ("0,05078", 0.05078, COMMA),
        ("0.05", 0.05, ""),
        (" 0.5 ", 0.5, ""),
        ("\u00a00.5\u202f", 0.5, ""),
        ("'0.5", 0.5, ""),
        ("’0,5", 0.5, COMMA),
        ("1e-3", 0.001, ""),
        ("1,5E−3", 0.0015, COMMA),
        ("2·10^-3", 0.002, ""),
        ("2 × 10⁻³", 0.002, ""),
        ("2*10^(-3)", 0.002, ""),
        ("5 %", 0.05, PERCENT),
        ("2,5%", 0.025, f"{COMMA} and {PERCENT}"),
        ("−0,05", -0.05, COMMA),
        ("– 0.05", -0.05, ""),
        ("+3", 3.0, ""),
        (".5", 0.5, ""),
        (",5", 0.5, COMMA),
        ("5.", 5.0, ""),
        # A sign that is there once is the decimal mark, also where it could separate thousands.
        ("1,234", 1.234, COMMA),
        ("1.234", 1.234, ""),
        ("123,456", 123.456, COMMA),
        # Of two kinds of signs the last is the decimal mark.
        ("1.234,5", 1234.5, COMMA),
        ("1,234.5", 1234.5, ""),
        ("1.234.567,89", 1234567.89, COMMA),
        # What is there several times, a space or an apostrophe separates thousands.
        ("1.234.567", 1234567.0, ""),
        ("1,234,567", 1234567.0, ""),
        ("1 234,5", 1234.5, COMMA),
        ("1\u202f234.5", 1234.5, ""),
        ("1’234.5", 1234.5, ""),
        ("０，５", 0.5, COMMA),
    ],
)
def test_a_text_that_says_a_number_is_read(text, value, how):
    found = number_in(text)
    assert (found.value, found.how) == (value, how)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", ",", "-", "%", "e3", "'", "abc", "0.5 m", "h1 = 0.5", "about 0.5", "1/2"),
        *("0.1.2", "1,2,3", "1,23,456", "01.234,5", "1.23,456.7", "1,234.567.8", "0,05 078"),
        *("12 34", "1 2", "--5", "5 % %", "1e", "1e99999", "1e999", "NaN", "inf", "-Infinity"),
        *("0x10", "1_000", "TRUE", "=0.5", "#N/A", "(0.5)", "0.5;", "0.5\n0.6", "9" * 101),
    ],
)
def test_a_text_that_says_none_is_not(text):
    assert number_in(text) is None


@given(st.floats(-1e6, 1e6), st.sampled_from([".", ","]), st.sampled_from(["", " ", "'", "\u00a0"]))
def test_every_number_is_read_as_it_is_written(value, mark, before):
    assert number_in(f"{before}{value!r}".replace(".", mark)).value == value


@given(st.text("0123456789.,eE+-−%'’ ·*x10^()⁻³\u00a0", max_size=30))
def test_no_text_is_too_odd(text):
    found = number_in(text)
    assert found is None or abs(found.value) < float("inf")


def test_answers_typed_as_text_are_right_if_their_numbers_are(made, tmp_path):
    number = right_number(made)
    kinds = [
        lambda blank: f"{number(blank):.6g}".replace(".", ","),
        lambda blank: f" {number(blank):.9f}",
        lambda blank: f"{100 * number(blank)!r} %",
        right_formula(made),
    ]
    result = graded(made, hand_in(made, tmp_path / "book.xlsx", in_turn(made, kinds)))
    assert result.is_full
    for place, mark in enumerate(result.marks):
        said = [f"typed as text {COMMA}; read as ", "typed as text; read as ", PERCENT, ""]
        assert said[place % 4] in mark.reason and bool(mark.reason) == (place % 4 < 3)
        assert place % 4 == 3 or isinstance(mark.found, float)
    cells = [mark.cell for mark in result.marks if mark.reason]
    first, second, third, rest = result.remarks
    assert first.startswith(f"{cells[0]} is typed as text {COMMA}; read as 0.")
    assert second.startswith(f"{cells[1]} is typed as text; read as 0.")
    assert third.startswith(f"{cells[2]} is typed as text {PERCENT}; read as 0.")
    assert rest == f"{len(cells) - 3} more answers are typed as text and read as numbers"


def test_a_wrong_number_typed_as_text_is_wrong_and_says_how_it_was_read(made, tmp_path):
    (mark, *_) = graded(made, hand_in(made, tmp_path / "book.xlsx", always("1,234"))).marks
    assert mark.status == "wrong" and (mark.answer, mark.found) == ("1,234", 1.234)
    assert mark.reason.startswith("found 1.234, expected ")
    assert mark.reason.endswith(f"; typed as text {COMMA}; read as 1.234")


def test_a_formula_that_reads_a_number_typed_as_text_calculates_with_the_number(made, tmp_path):
    number, formula = right_number(made), right_formula(made)

    def answers(blank):
        is_read = blank[0] in ("h1", "h2")
        return f"{number(blank)!r}".replace(".", ",") if is_read else formula(blank)

    assert graded(made, hand_in(made, tmp_path / "book.xlsx", answers)).is_full
    assert assignment_of(made).layout.operands(("a_h1", 0)) == {("h1", 0)}


def test_the_marks_say_right_and_the_remarks_how_it_was_typed(tmp_path):
    table = tmp_path / "marks.csv"
    key, path = CASES / "ex.key.json", CASES / "comma.xlsx"
    result = run("grade", "--key", key, path, "--csv", table)
    assert result.exit_code == 0
    note = f"M15 is typed as text {COMMA}; read as 0.05078"
    assert result.stdout.startswith(f"{path}: 27 of 27 right\n  note: {note}\n")
    with table.open(encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["right"] == "27" and line["h2 (0)"] == "right" and note in line["remarks"]
    (found,) = json.loads(run("grade", "--key", key, path, "--json").stdout)
    cell = next(each for each in found["cells"] if each["cell"] == "M15")
    assert (cell["status"], cell["answer"], cell["found"]) == ("right", "0,05078", 0.05078)
    assert cell["reason"] == f"typed as text {COMMA}; read as 0.05078"


def test_a_text_that_no_workbook_of_ours_can_hold_is_a_wrong_answer(made, tmp_path):
    """An escape such as _x0001_ means a character that XML has no place for."""
    formula = right_formula(made)

    def answers(blank):
        return "_x0001__xD800__xFFFF_" if blank[0] == "E1" else formula(blank)

    path = hand_in(made, tmp_path / "book.xlsx", answers)
    result = graded(made, path)
    wrong = [mark for mark in result.marks if mark.status == "wrong"]
    assert not result.error and {mark.symbol for mark in wrong} == {"E1", "E_total"}
    assert all(mark.reason.isprintable() for mark in wrong)
    for options in ((), ("--json",), ("--csv", tmp_path / "marks.csv")):
        shown = run("grade", "--key", made.key.path, path, *options)
        assert shown.exit_code == 1 and shown.stdout.replace("\n", "").isprintable()


def test_a_file_without_such_answers_has_no_remark(made, tmp_path):
    path = hand_in(made, tmp_path / "book.xlsx", right_number(made))
    (result,) = grade(made.key.path, [path])
    assert result.remarks == ()
