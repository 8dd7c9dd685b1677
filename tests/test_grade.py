"""`sheetgen grade`: a student's answers are recalculated and compared with the key."""

import csv
import json
import math
import shutil

import click.testing
import pytest
from handed_in import always, assignment_of, graded, hand_in, in_turn, right_formula, right_number
from openpyxl import load_workbook

from sheetgen.console.commands import CommandGroup
from sheetgen.errors import InputError, RunError
from sheetgen.exercises import exercise_command as commands
from sheetgen.exercises import grade, make_exercise
from sheetgen.exercises.assignment.exercise import RELATIVE, is_right
from sheetgen.exercises.key import read_key
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.spreadsheet.engines.library_engines import IronCalc
from sheetgen.spreadsheet.engines.libreoffice import converted
from sheetgen.spreadsheet.reader import iterate_cells
from sheetgen.template import template


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One exercise, everything blank; not to be written to."""
    path = tmp_path_factory.mktemp("grade") / "exercise.xlsx"
    return make_exercise(template.load("era-v1"), path, level=3, solution=True)


@pytest.fixture(scope="module")
def group(tmp_path_factory):
    """Three students' exercises of the forward pass; not to be written to."""
    folder = tmp_path_factory.mktemp("grade") / "group"
    return make_exercise(
        template.load("era-v1"), folder, topic="forward", students=["Ada", "Bo", "=Cy()"]
    )


def run(*arguments):
    main = CommandGroup(commands=[commands.exercise, commands.grade])
    return click.testing.CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def rounded(number, digits):
    return float(f"{number:.{digits}g}")


def test_right_numbers_and_right_formulas_are_right(made, engine, tmp_path):
    kinds = [right_number(made), right_formula(made)]
    path = hand_in(made, tmp_path / "book.xlsx", in_turn(made, kinds))
    (result,) = grade(made.key.path, [path], engine)
    assert result.is_full and result.remarks == ()


def test_right_numbers_and_right_formulas_are_right_in_libreoffice(made, libreoffice, tmp_path):
    test_right_numbers_and_right_formulas_are_right(made, libreoffice, tmp_path)


def test_what_is_off_by_a_thousandth_or_no_number_is_wrong(made, tmp_path):
    number = right_number(made)
    kinds = [
        (number, "right", ""),
        (lambda blank: number(blank) * (1 + 1e-3), "wrong", "found "),
        (lambda blank: number(blank) - 1e-3, "wrong", "expected "),
        (always("no idea"), "wrong", "found the text 'no idea'"),
        (lambda blank: f"{number(blank)} or so", "wrong", "found the text"),
        (always("#N/A"), "wrong", "the error #N/A"),
        (always("=1/0"), "wrong", "the error #DIV/0!"),
        (always('="x"'), "wrong", "found the text 'x'"),
        (always(False), "wrong", "found FALSE"),
        (always(None), "empty", ""),
    ]
    path = hand_in(made, tmp_path / "book.xlsx", in_turn(made, [kind for kind, *_ in kinds]))
    result = graded(made, path)
    assert len(result.marks) == len(made.exercise.blanks)
    for place, mark in enumerate(result.marks):
        _, status, said = kinds[place % len(kinds)]
        assert (mark.status, said in mark.reason) == (status, True), mark


def test_the_workbook_and_the_grading_agree(made, tmp_path):
    number = right_number(made)
    kinds = [
        right_formula(made),
        lambda blank: rounded(number(blank), 6),
        lambda blank: number(blank) * (1 + 2 * RELATIVE),
        always("?"),
        always(None),
    ]
    path = hand_in(made, tmp_path / "book.xlsx", in_turn(made, kinds))
    sheet, layout = EMBEDDED.recalculate(path)["Exercise"], assignment_of(made).layout
    for blank, mark in zip(made.exercise.blanks, graded(made, path).marks, strict=True):
        shown = sheet.get(layout.mark(blank))
        assert (shown == 1) == (mark.status == "right"), mark
        assert (shown in ("", None)) == (mark.status == "empty"), mark


@pytest.mark.parametrize("value", [0.123456499999, -9.999994999, 1.000005, 4.5e-6, 123456.499])
def test_six_significant_digits_are_right_and_a_thousandth_off_is_wrong(value):
    assert is_right(rounded(value, 6), value)
    assert not is_right(value * 1.001, value)
    assert not is_right(math.nan, value)
    assert is_right(0.0, 0.0)


def test_a_number_that_was_read_off_a_cell_with_nine_decimals_is_right():
    assert is_right(0.000014586, 0.0000145864321)
    assert not is_right(0.00001459, 0.0000145864321)


@pytest.mark.usefixtures("libreoffice")
def test_a_workbook_that_libreoffice_saved_is_graded_like_any_other(made, tmp_path):
    kinds = [right_number(made), right_formula(made)]
    path = hand_in(made, tmp_path / "book.xlsx", in_turn(made, kinds))
    with converted(path, "xlsx:Calc MS Excel 2007 XML") as saved:
        result = graded(made, saved)
    assert result.is_full and result.remarks == ()


class Faint(IronCalc):
    """An engine that fails with the whole workbook where one formula is too much for it."""

    def recalculate(self, path):
        if any(cell.formula == "1+1" for *_, cell in iterate_cells(path)):
            raise RunError("too much")
        return super().recalculate(path)


@pytest.mark.slow
def test_a_formula_that_the_engine_cannot_bear_costs_only_its_own_mark(group, tmp_path):
    formula = right_formula(group)
    path = hand_in(
        group, tmp_path / "book.xlsx", lambda blank: {("E2", 1): "=1+1"}.get(blank, formula(blank))
    )
    (result,) = grade(group.key.path, [path], Faint())
    assert result.right == len(result.marks) - 1
    assert {mark.reason for mark in result.marks if mark.status == "wrong"} == {
        "could not be calculated"
    }


def test_follow_on_errors_are_marked_against_the_exact_value(made, tmp_path):
    """h1 is wrong, and so is a_h1, whose formula reads it; h2 and a_h2 are not touched by that."""
    formula = right_formula(made)
    path = hand_in(
        made, tmp_path / "book.xlsx", lambda blank: 0.5 if blank == ("h1", 0) else formula(blank)
    )
    status = {(mark.symbol, mark.iteration): mark.status for mark in graded(made, path).marks}
    assert (status["h1", 0], status["a_h1", 0]) == ("wrong", "wrong")
    assert (status["h2", 0], status["a_h2", 0]) == ("right", "right")


def test_a_formula_may_read_inputs_and_its_names(made, tmp_path):
    def answers(blank):
        if blank == ("h1", 0):
            return "=w_1*i_1+Inputs!$K$7*Inputs!$C$7"
        return "=eta*Exercise!E15/eta" if blank == ("h2", 0) else None

    def change(workbook):
        from openpyxl.workbook.defined_name import DefinedName  # noqa: PLC0415

        workbook.defined_names["eta"] = DefinedName("eta", attr_text="Exercise!$D$11")

    marks = graded(made, hand_in(made, tmp_path / "book.xlsx", answers, change)).marks
    found = {(mark.symbol, mark.iteration): mark for mark in marks}
    assert found["h1", 0].status == "right"
    assert found["h2", 0].found == assignment_of(made).value(("i1", 0)), "the student's own name"


def test_a_cell_beside_the_exercise_does_not_count_and_the_report_says_so(made, tmp_path):
    place = assignment_of(made).layout.cell(("h1", 0))
    right = right_formula(made)

    def change(workbook):
        workbook["Exercise"]["A60"] = right(("h1", 0))
        workbook["Exercise"][place] = "=A60"

    path = hand_in(made, tmp_path / "book.xlsx", always(None), change)
    (mark,) = (each for each in graded(made, path).marks if each.cell == place)
    assert mark.status == "wrong"
    assert mark.reason.endswith("; A60 is not a cell of the exercise and counts as empty")


def test_a_saved_result_counts_for_nothing(made, tmp_path):
    """The cached value of a formula is what a file says; the formula says something else."""
    path = hand_in(made, tmp_path / "book.xlsx", always("=0"))
    cell = assignment_of(made).layout.cell(made.exercise.blanks[0])
    value = assignment_of(made).value(made.exercise.blanks[0])
    from zipfile import ZipFile  # noqa: PLC0415

    forged = tmp_path / "forged.xlsx"
    with ZipFile(path) as source, ZipFile(forged, "w") as target:
        for name in source.namelist():
            data = source.read(name).decode("utf-8") if name.endswith(".xml") else ""
            data = data.replace("<f>0</f>", f"<f>0</f><v>{value!r}</v>")
            target.writestr(name, data.encode() if data else source.read(name))
    assert load_workbook(forged, data_only=True)["Exercise"][cell].value == value
    assert graded(made, forged).right == 0


def test_each_student_is_graded_by_their_own_numbers(group, tmp_path):
    for place, student in enumerate(group.students):
        path = hand_in(group, tmp_path / "any name.xlsx", right_number(group, place), student=place)
        result = graded(group, path)
        assert result.student == student and result.is_full
    copied = hand_in(group, tmp_path / "Bo.xlsx", right_number(group, 0), student=1)
    assert graded(group, copied).right == 0, "Ada's answers in Bo's workbook"


def test_the_number_in_the_file_says_whose_it_is_and_then_the_name_and_then_the_inputs(
    group, tmp_path
):
    def forget(workbook):
        for sheet in ("Overview", "Exercise", "Worksheet"):
            workbook[sheet]["B2"] = "mine"
        workbook["_answers"]["B6"] = None
        workbook.properties.title = ""

    right = right_number(group, 1)
    lent = hand_in(group, tmp_path / "Ada.xlsx", right, student=1)
    assert graded(group, lent).student.name == "Bo"
    assert "but its file name is Ada" in graded(group, lent).remarks[0]
    named = hand_in(group, tmp_path / "handed in by bo (2).xlsx", right, forget, 1)
    assert graded(group, named).student.name == "Bo" and graded(group, named).is_full
    assert "by its name" in graded(group, named).remarks[0]
    nameless = hand_in(group, tmp_path / "book.xlsx", right, forget, 1)
    assert graded(group, nameless).student.name == "Bo"
    assert "by its inputs" in graded(group, nameless).remarks[0]


def test_an_exercise_of_another_key_is_not_graded(group, made):
    (result,) = grade(group.key.path, [made.workbooks[0].path])
    assert "not in the key" in result.error and result.student is None


def test_the_command_lists_marks_and_cells(made, tmp_path):
    number = right_number(made)
    answers = {("h1", 0): "=1", ("h2", 0): "=_answers!J6", ("o1", 0): None, ("o2", 0): "two"}
    path = hand_in(made, tmp_path / "book.xlsx", lambda blank: answers.get(blank, number(blank)))
    result = run("grade", "--key", made.key.path, path)
    assert result.exit_code == 1 and result.stderr == ""
    first, *rest = result.stdout.splitlines()
    assert first == f"{path}: 69 of 73 right, 2 wrong, 1 empty, 1 referring to the answers"
    right = assignment_of(made).value(("h1", 0))
    assert f"  h1 (0) K15: wrong: found 1, expected {right:.9g}  [=1]" in rest
    assert "  h2 (0) M15: refers to the answers  [=_answers!J6]" in rest
    assert "  empty: o1 (0) S15" in rest
    assert "  o2 (0) U15: wrong: found the text 'two'" in rest


def test_the_exit_code_says_whether_all_is_right_wrong_or_unreadable(made, tmp_path):
    full = hand_in(made, tmp_path / "full.xlsx", right_formula(made))
    empty, broken = made.workbooks[0].path, tmp_path / "broken.xlsx"
    broken.write_text("no workbook")
    assert run("grade", "--key", made.key.path, full).exit_code == 0
    assert run("grade", "--key", made.key.path, full, empty).exit_code == 1
    result = run("grade", "--key", made.key.path, broken, full)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "73 of 73 right" in result.stdout, "the other file is graded"
    assert run("grade", "--key", made.key.path, broken, empty).exit_code == 1
    assert run("grade", "--key", tmp_path / "no.json", full).exit_code == 2


def test_json_has_everything(made, tmp_path):
    path = hand_in(made, tmp_path / "book.xlsx", {("h1", 0): "=2"}.get)
    result = run("grade", "--key", made.key.path, path, "--json")
    (found,) = json.loads(result.stdout)
    assert (found["right"], found["of"], found["error"]) == (0, 73, None)
    (cell,) = [each for each in found["cells"] if each["answer"]]
    assert (cell["cell"], cell["symbol"], cell["iteration"]) == ("K15", "h1", 0)
    assert (cell["status"], cell["found"]) == ("wrong", 2)


def test_the_marks_are_a_table_whose_names_are_text(group, tmp_path):
    paths = [
        hand_in(group, tmp_path / f"{place}.xlsx", right_number(group, place), student=place)
        for place in (2, 0)
    ]
    table = tmp_path / "marks.csv"
    result = run("grade", "--key", group.key.path, *paths, tmp_path / "no.xlsx", "--csv", table)
    assert result.exit_code == 2 and f"wrote {table}" in result.stderr
    with table.open(encoding="utf-8-sig", newline="") as file:
        cy, ada, missing = csv.DictReader(file)
    assert (cy["name"], ada["name"]) == ("'=Cy()", "Ada")
    assert (ada["right"], ada["of"], ada["h1 (0)"]) == ("11", "11", "right")
    assert missing["right"] == "" and "cannot be read" in missing["remarks"]
    assert run("grade", "--key", group.key.path, paths[0], "--csv", table).exit_code == 0


def test_the_marks_never_replace_another_file(group, tmp_path):
    path = tmp_path / "Ada.xlsx"
    shutil.copy(group.workbooks[0].path, path)
    before = path.read_bytes()
    result = run("grade", "--key", group.key.path, path, "--csv", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "holds no marks" in result.stderr and path.read_bytes() == before


def test_two_files_of_one_student_are_pointed_out(group, tmp_path):
    first = hand_in(group, tmp_path / "first.xlsx", right_number(group))
    second = hand_in(group, tmp_path / "second.xlsx", right_number(group))
    one, other = grade(group.key.path, [first, second])
    assert one.remarks == () and other.remarks == (f"{first} is this exercise, too",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda key: key.update(format="other"), "not a key file"),
        (lambda key: key.update(version=2), "version: found 2; expected 1"),
        (lambda key: key.update(level=9), "level: found 9"),
        (lambda key: key.update(topic="sideways"), "topic: found 'sideways'"),
        (lambda key: key.pop("students"), "students: found nothing"),
        (lambda key: key["students"][0].pop("name"), "students[0].name"),
        (lambda key: key["students"][0]["numbers"].pop("w3"), "numbers.w3"),
        (lambda key: key["students"][0]["numbers"].update(w3="x"), "numbers.w3: found 'x'"),
        (lambda key: key["blanks"][0].update(cell="A1"), "blanks[0].cell: found 'A1'"),
        (lambda key: key["blanks"][0].update(symbol="h99"), "blanks[0]"),
        (lambda key: key["blanks"][0].update(iteration=9), "blanks[0].iteration"),
        (lambda key: key["template"].update(toml="x"), "template.toml is not valid TOML"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_in_a_sentence(made, tmp_path, change, said):
    document = json.loads(made.key.path.read_text(encoding="utf-8"))
    change(document)
    path = tmp_path / "exercise.key.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_key(path)
    assert said in str(refusal.value) and str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"no JSON", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_key_is_refused(tmp_path, content):
    path = tmp_path / "exercise.key.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a key file"):
        read_key(path)
