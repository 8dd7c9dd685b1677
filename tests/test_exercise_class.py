"""A class: one command gives every student other numbers, and nothing of theirs is overwritten."""

import csv
import json

import click.testing
import pytest
from handed_in import hand_in, right_number
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from sheetgen.console.commands import CommandGroup
from sheetgen.errors import InputError
from sheetgen.exercises import exercise_command as commands
from sheetgen.exercises import grade, make_exercise
from sheetgen.exercises.assignment.class_list import Name, file_names, read_names
from sheetgen.exercises.assignment.exercise import Exercise
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.spreadsheet.reader import read_cells
from sheetgen.template import template


def run(*arguments):
    main = CommandGroup(commands=[commands.exercise, commands.grade])
    return click.testing.CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def names_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


def numbers_of(path):
    """The contents of Inputs, by cell."""
    return {at: cell.value for at, cell in read_cells(path, ["Inputs"])["Inputs"].items()}


@pytest.mark.slow
def test_three_students_get_three_workbooks_whose_solutions_are_right(tmp_path):
    students = [f"Student {number}" for number in range(3)]
    names = names_csv(tmp_path / "names.csv", [["name"], *([student] for student in students)])
    result = run("exercise", "--students", names, "--solution", "-o", tmp_path / "class")
    assert (result.exit_code, result.stderr) == (0, "")
    wrote, key, verified = result.stdout.splitlines()
    assert wrote.startswith("wrote 3 exercises of 27 blanks and 3 solutions")
    assert str(tmp_path / "class" / "class.key.json") in key
    assert "of 6 workbooks with ironcalc" in verified
    workbooks = [tmp_path / "class" / f"{student}.xlsx" for student in students]
    assert len({json.dumps(sorted(numbers_of(path).items())) for path in workbooks}) == 3
    solutions = sorted((tmp_path / "class" / "solutions").glob("*.solution.xlsx"))
    assert len(solutions) == 3
    scores = {EMBEDDED.recalculate(path)["Exercise"][2, 1] for path in solutions}
    assert scores == {"27 of 27 right"}
    graded = list(grade(tmp_path / "class" / "class.key.json", solutions))
    assert all(each.is_full for each in graded)
    assert sorted(each.student.name for each in graded) == sorted(students)


def test_a_seed_gives_the_same_numbers_and_another_seed_others():
    chosen = Exercise.of(template.load("era-v1"))
    first, again, other = (chosen.student("", seed, "x").numbers for seed in (1, 1, 2))
    assert first == again != other
    ada, bo, cy = chosen.students([Name("Ada", 5), Name("Bo", 5), Name("Cy")])
    assert ada.numbers == bo.numbers != cy.numbers
    assert ada.identifier != bo.identifier


def test_the_numbers_do_not_depend_on_who_else_is_in_the_class():
    chosen = Exercise.of(template.load("era-v1"))
    few = chosen.students([Name("Ada"), Name("Bo")])
    more = chosen.students([Name("Ada"), Name("Bo"), Name("Ada")])
    assert [each.numbers for each in few] == [each.numbers for each in more[:2]]
    assert more[2].numbers != more[0].numbers
    assert [each.file for each in more] == ["Ada", "Bo", "Ada (2)"]


@pytest.mark.parametrize("name", ["era-v1", "line-fit", "deep"])
def test_no_two_weights_are_the_same_and_all_have_two_digits(name):
    chosen = Exercise.of(template.load(name), "forward")
    for student in chosen.students([Name(str(number)) for number in range(10)]):
        weights = [value for key, value in student.numbers.items() if key[0] in "wb"]
        assert len(set(weights)) == len(weights)
        assert all(value == float(f"{value:.2g}") for value in weights)


@pytest.mark.slow
@settings(max_examples=40)
@given(names=st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=8))
def test_file_names_are_safe_and_distinct_on_every_system(names):
    found = file_names(names)
    assert len({name.casefold() for name in found}) == len(names)
    for name in found:
        assert not set(name) & set('<>:"/\\|?*\0\n')
        assert name[0] not in "-.~= " and name == name.rstrip(". ")
        assert len(name.encode()) <= 255 - len(".solution.xlsx")


def test_names_are_text_in_every_cell(tmp_path):
    names = ["=1+1", "@SUM(A1)", "+49", "../up", "CON", "Zoë “Z” Ünal"]
    made = make_exercise(template.load("era-v1"), tmp_path / "class", students=names)
    assert all(saved.path.parent == tmp_path / "class" for saved in made.workbooks)
    for saved, name in zip(made.workbooks, names, strict=True):
        cells = read_cells(saved.path, ["Overview", "Exercise"])
        for sheet in cells.values():
            assert sheet[1, 1].formula is None and str(sheet[1, 1].value).startswith(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found nothing"),
        ("student\nAda\n", "expected a first line with the column name"),
        ("nmae\nAda\n", "did you mean"),
        ("name;name\nAda;1\n", "found the columns 'name, name'; expected a first line"),
        ("name,name\nAda,Bo\n", "expected a first line with the column name"),
        ("name\n", "found 0 students"),
        ("name,seed\nAda\n", "found 1 columns in line 2; expected 2"),
        ("name,seed\nAda,1\n,2\n", "the name '' in line 3"),
        ("name,seed\nAda,1.5\n", "the seed '1.5' in line 2"),
        ("name,seed\nAda,-1\n", "the seed '-1' in line 2"),
        ("name,seed\nAda,99999999999999999999\n", "the seed"),
        ('name\n"A\nda"\n', "printable characters"),
        ("name\n" + "a" * 101 + "\n", "printable characters"),
        ('name\n"Ada\n', "in line 2"),
        ("name\n" + "Ada\n" * 1001, "found 1001 students"),
    ],
)
def test_a_bad_list_is_refused_in_a_sentence_and_nothing_is_written(tmp_path, text, said):
    names = tmp_path / "names.csv"
    names.write_text(text, encoding="utf-8")
    result = run("exercise", "--students", names, "-o", tmp_path / "class")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr and len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == [names]


def test_a_list_that_cannot_be_read_is_refused(tmp_path):
    latin = tmp_path / "latin.csv"
    latin.write_bytes("name\nZoë\n".encode("latin-1"))
    for path in (latin, tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_names(path)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_list_may_be_as_a_spreadsheet_of_another_country_writes_it(tmp_path, delimiter):
    names = tmp_path / "names.csv"
    lines = [("Name", "Seed"), ("Ada, Countess of Lovelace", "7"), ("Bo", "")]
    names.write_text("".join(f"{delimiter.join(each)}\n" for each in lines), encoding="utf-8")
    assert read_names(names) == [Name("Ada, Countess of Lovelace", 7), Name("Bo")]


def test_an_exercise_that_leaves_the_update_out_says_so(tmp_path):
    result = run("exercise", "iris", "-o", tmp_path / "iris.xlsx")
    assert result.exit_code == 0
    assert "without the update: the weights change after 10 rows only, a batch" in result.stdout
    title = read_cells(tmp_path / "iris.xlsx", ["Exercise"])["Exercise"][0, 0].value
    assert title == "Exercise: forward, backward, level 1"


def test_equal_seeds_are_pointed_out(tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("name,seed\nAda,5\nBo,6\nCy,5\n", encoding="utf-8")
    result = run("exercise", "--students", names, "-o", tmp_path / "class")
    assert result.exit_code == 0
    assert "Ada and Cy have the same seed, 5, and so the same numbers" in result.stderr


def test_a_list_may_have_a_byte_order_mark_empty_lines_and_other_columns(tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("\ufeffid, name ,seed\r\n1,Ada,7\r\n\r\n2, Bo ,\r\n", encoding="utf-8")
    assert read_names(names) == [Name("Ada", 7), Name("Bo")]


def test_work_of_a_student_is_never_overwritten(tmp_path):
    era, path = template.load("era-v1"), tmp_path / "book.xlsx"
    made = make_exercise(era, path, topic="forward")
    make_exercise(era, path, topic="forward")  # the same exercise, untouched
    hand_in(made, path, right_number(made))
    before = contents(tmp_path)
    result = run("exercise", "--topic", "forward", "-o", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "worked in it; --force" in result.stderr and contents(tmp_path) == before
    assert run("exercise", "--topic", "forward", "--force", "-o", path).exit_code == 0
    assert run("exercise", "--topic", "forward", "-o", path).exit_code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"my notes", "not a workbook"), (None, "not an exercise of sheetgen")],
)
def test_another_file_is_never_overwritten(tmp_path, content, said):
    path = tmp_path / "book.xlsx"
    if content is None:
        from openpyxl import Workbook  # noqa: PLC0415

        Workbook().save(path)
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(InputError, match=said):
        make_exercise(template.load("era-v1"), path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_key_of_other_workbooks_is_kept_and_one_more_student_is_added(tmp_path):
    era, folder = template.load("era-v1"), tmp_path / "class"
    make_exercise(era, folder, students=["Ada", "Bo"])
    before = contents(folder)
    with pytest.raises(InputError, match="the key of other workbooks"):
        make_exercise(era, folder, students=["Ada", "Bo"], seed=1)
    with pytest.raises(InputError, match="the key of other workbooks"):
        make_exercise(era, folder, students=["Bo"])
    assert contents(folder) == before
    made = make_exercise(era, folder, students=["Ada", "Bo", "Cy"])
    assert len(json.loads(made.key.path.read_text(encoding="utf-8"))["students"]) == 3


def test_one_student_s_work_stops_the_whole_class_before_anything_is_written(tmp_path):
    era, folder = template.load("era-v1"), tmp_path / "class"
    made = make_exercise(era, folder, students=["Ada", "Bo"])
    hand_in(made, made.workbooks[1].path, right_number(made, 1), student=1)
    before = contents(folder)
    with pytest.raises(InputError, match="somebody has worked in it"):
        make_exercise(era, folder, students=["Ada", "Bo", "Cy"])
    assert contents(folder) == before


def test_a_workbook_that_is_open_elsewhere_is_left_as_it_is(tmp_path):
    path = tmp_path / "book.xlsx"
    run("exercise", "-o", path)
    (tmp_path / ".~lock.book.xlsx#").touch()
    before = path.read_bytes()
    result = run("exercise", "-o", path)
    assert result.exit_code == 0 and "book (2).xlsx" in result.stderr
    assert path.read_bytes() == before


def test_the_output_is_a_file_for_one_and_a_folder_for_a_class(tmp_path):
    names = names_csv(tmp_path / "names.csv", [["name"], ["Ada"]])
    for arguments in (
        ("-o", tmp_path / "book.ods"),
        ("--students", names, "-o", tmp_path / "book.xlsx"),
        ("--students", names, "-o", names),
    ):
        result = run("exercise", *arguments)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert list(tmp_path.iterdir()) == [names]
    folder = tmp_path / "folder"
    folder.mkdir()
    assert run("exercise", "--solution", "-o", folder).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "exercise.key.json", "exercise.solution.xlsx", "exercise.xlsx",
    ]  # fmt: skip


def test_the_solution_looks_like_the_exercise(tmp_path):
    made = make_exercise(template.load("era-v1"), tmp_path / "book.xlsx", solution=True)
    blank, solved = (
        load_workbook(saved.path)["Exercise"] for saved in (*made.workbooks, *made.solutions)
    )
    layout = made.exercise.assigned(made.students[0]).layout
    for quantity in made.exercise.blanks:
        cell = layout.cell(quantity)
        assert solved[cell].value == layout.formula(quantity)
        assert solved[cell].fill.fgColor.rgb == blank[cell].fill.fgColor.rgb
        assert solved[cell].number_format == blank[cell].number_format
