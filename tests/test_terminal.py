"""Names from files and folders never reach the terminal raw: no escape sequence, no markup."""

import ast
import io
import json
import os
import re
import shutil
from pathlib import Path

import openpyxl
import pytest
from check_helper import HandMade, write
from click.testing import CliRunner, Result
from conftest import sheetgen
from handed_in import always, hand_in

from sheetgen.console.terminal import plain, printable, say_json
from sheetgen.exercises import make_exercise
from sheetgen.template import template

ROOT = Path(__file__).resolve().parents[1]
EVIL = "\x1b]0;mine\x07\x9b31m\u202e\u2067[red]:skull:\r\nright"
"""Sets the title of the window, colours what follows, turns it round, and forges a line."""
IN_XML = "\x9b31m\u202e\u2067[red]x"
"""What a cell can hold of that."""
TAB = IN_XML.replace("[red]", "(red)")
"""What a sheet's name can hold."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""The escape sequences that rich writes itself."""


@pytest.fixture
def small(bare: Path, without_surfaces: None) -> Path:  # noqa: ARG001
    """A workbook of fewer cells than others of this name have."""
    return bare


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A folder whose name is evil."""
    folder = tmp_path / EVIL
    folder.mkdir()
    return folder


def is_safe(text: str) -> bool:
    return all(printable(line) == line for line in COLOURS.sub("", text).split("\n"))


def assert_safe(result: Result, *shown: str) -> None:
    """The output has no raw control character, and shows these names."""
    output = COLOURS.sub("", result.stdout + result.stderr)
    assert is_safe(output), output
    assert "\nright" not in output and "💀" not in output
    for name in shown:
        assert printable(name) in output, output


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\x9bb\x85", "a\\x9bb\\x85"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("two\nlines\r\t\u2028", "two\\nlines\\r\\t\\u2028"),
        ("\x7f\0", "\\x7f\\x00"),
        ("\udc80", "\\udc80"),
        ("∂E/∂w1 é 漢字 שלום 👩‍🚀", "∂E/∂w1 é 漢字 שלום 👩‍🚀"),
    ],
)
def test_controls_are_shown_and_letters_stay(raw: str, seen: str) -> None:
    assert printable(raw) == seen


def test_a_name_in_a_table_is_no_markup() -> None:
    assert plain("[red]:skull:\x1b[31m").plain == "[red]:skull:\\x1b[31m"


def test_json_says_every_character_and_holds_none_raw(capsys: pytest.CaptureFixture[str]) -> None:
    values = [{"name": EVIL + "\x7f\udc80 ∂ 👩‍🚀"}]
    say_json(values)
    printed = capsys.readouterr().out
    assert is_safe(printed) and printed.count("\n") == 1
    assert json.loads(printed) == values


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "utf-8"])
def test_json_is_json_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"name": "José À 😀 ∂ \u202e\udc80"}
    output = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(output, encoding, "backslashreplace"))
    say_json(values)
    assert json.loads(output.getvalue().decode(encoding)) == values


def prints(path: Path) -> list[str]:
    """The lines of a file that print without `say`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in ("print", "click.echo", "click.secho") or called.endswith(".write_err"):
                found.append(f"{path.name}:{node.lineno}")
    return found


def test_all_output_goes_through_say() -> None:
    paths = [path for face in ("sheetgen", "cnn") for path in (ROOT / face).rglob("*.py")]
    others = [path for path in paths if path.name not in ("commands.py", "terminal.py")]
    assert [line for path in others for line in prints(path)] == []


@pytest.mark.parametrize(
    "words",
    [
        ("build", EVIL),
        ("build", f"--{EVIL}"),
        ("build", "era-v1", EVIL),
        ("build", "--learning-rates", EVIL),
        ("build", "--iterations", EVIL),
        ("build", "era-v1", "-o", EVIL),
        ("verify", EVIL),
        ("verify", "book.xlsx", "--engine", EVIL),
        ("check", EVIL),
        ("grade", "--key", EVIL, "x.xlsx"),
        ("exercise", "--topic", EVIL),
        ("exercise", "--students", EVIL, "-o", "class"),
        ("render", EVIL, "-o", "pictures"),
        (EVIL,),
        (f"--{EVIL}",),
    ],
    ids=lambda words: " ".join("EVIL" if EVIL in word else word for word in words),
)
def test_what_is_typed_is_answered_safely(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "tests" / "older" / "one-output.xlsx", "book.xlsx")
    result = sheetgen(*words)
    assert result.exit_code == 2
    assert_safe(result)
    assert result.stdout == ""


def with_sheet(path: Path, name: str) -> Path:
    book = openpyxl.load_workbook(path)
    book.create_sheet(name)["A1"] = "=1+1"
    book.save(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("terminal", ["", "1"])
def test_build_and_verify_show_names_safely(
    workbook: Path, evil: Path, terminal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", terminal)
    path = with_sheet(Path(shutil.move(workbook, evil / "book.xlsx")), TAB)
    result = sheetgen("verify", path, "--engine", "ironcalc", "--perturb", 0)
    assert_safe(result, TAB)
    built = ("--learning-rates", "0.1,0.5", "--iterations", 5, "--no-verify")
    result = sheetgen("build", "era-v1", *built, "-o", path)
    assert result.exit_code == 0
    assert_safe(result, TAB, EVIL)
    result = sheetgen("verify", path, "--engine", "ironcalc", "--perturb", 0, "--json")
    assert is_safe(result.stdout) and json.loads(result.stdout)


@pytest.mark.parametrize("terminal", ["", "1"])
def test_check_shows_names_and_cells_safely(
    evil: Path, terminal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", terminal)
    monkeypatch.setenv("COLUMNS", "300")
    table = HandMade()
    table.formulas["∂E/∂w6"] = f'{table.formulas["∂E/∂w5"]}+LEN("{IN_XML}")'
    contents = table.contents()
    contents["AZ5"] = f"my {IN_XML}"
    path = write(evil / "book.xlsx", **{TAB: contents})
    other = evil / "text.xlsx"
    other.write_text(EVIL)
    result = sheetgen("check", path, other)
    assert result.exit_code == 1
    assert_safe(result, EVIL, TAB)
    csv = evil / "findings.csv"
    result = sheetgen("check", path, other, "--json", "--csv", csv)
    assert is_safe(result.stdout + result.stderr)
    assert json.loads(result.stdout)[0]["file"] == str(path)
    assert IN_XML in csv.read_text("utf-8-sig")


def test_a_name_that_is_no_text_is_printed_and_listed(tmp_path: Path) -> None:
    """Files from another system may have names that are not UTF-8."""
    path = os.fsdecode(os.fsencode(tmp_path / "a") + b"\xff.xlsx")
    Path(write(tmp_path / "a.xlsx", S=HandMade())).rename(path)
    result = sheetgen("check", path, "--csv", tmp_path / "findings.csv")
    assert result.exit_code == 0
    assert_safe(result, "a\udcff.xlsx: right")
    assert "a\\udcff.xlsx" in (tmp_path / "findings.csv").read_text("utf-8-sig")
    assert json.loads(sheetgen("check", path, "--json").stdout)[0]["file"] == path


def test_exercise_and_grade_show_students_safely(evil: Path) -> None:
    names = evil / "names.csv"
    names.write_text(f'name\n"{IN_XML}"\n', "utf-8")
    folder = evil / "class"
    result = sheetgen("exercise", "--students", names, "-o", folder)
    assert result.exit_code == 2
    assert_safe(result)
    names.write_text("name,seed\n[red]Ada,3\nBo,3\n", "utf-8")
    result = sheetgen("exercise", "--students", names, "--topic", "forward", "-o", folder)
    assert result.exit_code == 0, result.output
    assert_safe(result, "[red]Ada", EVIL)
    (key,) = folder.glob("*.key.json")
    result = sheetgen("grade", "--key", key, *folder.glob("*.xlsx"))
    assert result.exit_code == 1
    assert_safe(result, "[red]Ada", EVIL)
    result = sheetgen("grade", "--key", key, *folder.glob("*.xlsx"), "--json")
    assert is_safe(result.stdout)
    assert {each["file"] for each in json.loads(result.stdout)} == {
        str(path) for path in folder.glob("*.xlsx")
    }


def test_an_answer_is_shown_safely(tmp_path: Path) -> None:
    made = make_exercise(template.load("era-v1"), tmp_path / "exercise.xlsx", topic="forward")
    path = hand_in(made, tmp_path / "answers.xlsx", always(f'="{IN_XML}"'))
    result = sheetgen("grade", "--key", made.key.path, path)
    assert result.exit_code == 1
    assert_safe(result, IN_XML)


def test_rendered_pictures_are_named_safely(evil: Path, renderer: None) -> None:  # noqa: ARG001
    path = evil / "book.xlsx"
    book = openpyxl.Workbook()
    book.active["A1"] = "a text"
    book.save(path)
    result = sheetgen("render", path, "-o", evil / "pictures")
    assert result.exit_code == 0, result.output
    assert_safe(result, EVIL)


@pytest.mark.parametrize(
    "words",
    [
        ("summary", EVIL),
        ("train", "--model", EVIL),
        ("train", "--device", EVIL, "--sample"),
        ("train", f"--{EVIL}"),
        ("log", EVIL, "--workbook", "book.xlsx"),
        ("evaluate", EVIL),
        ("export", EVIL, "-o", "new.xlsx"),
        ("export", "run", "-o", EVIL),
        ("verify", EVIL, "run"),
        (EVIL,),
    ],
    ids=lambda words: " ".join("EVIL" if EVIL in word else word for word in words),
)
def test_cnn_answers_safely(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from cnn.cli import main  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (2, "")
    assert_safe(result)


@pytest.mark.slow
def test_a_run_with_an_evil_name_is_trained_logged_and_evaluated(
    evil: Path, workbook: Path, mnist: Path
) -> None:
    pytest.importorskip("torch")
    from cnn.cli import main  # noqa: PLC0415

    run, book = evil / "run", with_sheet(Path(shutil.copy(workbook, evil / "book.xlsx")), TAB)
    quick = ("--model", "tiny", "--limit", 256, "--hold-out", 100, "--epochs", 1, "--threads", 1)
    commands = (
        (0, "train", *quick, "--run", run, "--data-dir", mnist, "--workbook", book),
        (0, "train", "--resume", "--run", run, "--data-dir", mnist, "--workbook", book),
        (2, "train", *quick, "--run", run, "--data-dir", mnist),
        (0, "log", run, "--workbook", book, "--data-dir", mnist),
        (0, "evaluate", run, "--data-dir", mnist),
        (0, "export", run, "-o", evil / "network.xlsx", "--data-dir", mnist, "--no-verify"),
        (2, "verify", book, run),
    )
    for exit_code, *words in commands:
        result = CliRunner().invoke(main, [*map(str, words)], catch_exceptions=False)
        assert result.exit_code == exit_code, result.output
        assert_safe(result)
