"""Progress: a terminal shows how far a command is; a file or a pipe gets nothing of it."""

import io
import os
import re
import subprocess
import sys

import pytest
import xlsxwriter

from sheetgen.console import progress


class Terminal(io.StringIO):
    """What a terminal would get."""

    def isatty(self):
        return True


def terminal_in(monkeypatch):
    """Make standard error a terminal. Not a fixture: pytest replaces what those put there."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return stream


def on_screen():
    """Make the bar write what it shows now, as it does by itself four times a second."""
    progress._bar.get().refresh()


def test_a_terminal_shows_the_step_and_how_much_of_it_is_done(monkeypatch):
    terminal = terminal_in(monkeypatch)
    with progress.shown(), progress.step("verifying", 2000) as advance:
        advance(1500)
        on_screen()
    assert "verifying" in terminal.getvalue()
    assert "1,500 of 2,000" in terminal.getvalue()


def test_a_step_of_unknown_size_shows_no_count(monkeypatch):
    terminal = terminal_in(monkeypatch)
    with progress.shown(), progress.step("composing [a]"):
        on_screen()
    assert "composing [a]" in terminal.getvalue()
    assert " of " not in terminal.getvalue()


def test_items_are_counted_when_they_are_done(monkeypatch):
    terminal = terminal_in(monkeypatch)
    with progress.shown():
        for number in progress.counted([0, 1, 2], "files"):
            on_screen()
            assert f"{number} of 3" in terminal.getvalue()
            assert f"{number + 1} of 3" not in terminal.getvalue()


def test_only_the_outer_of_two_steps_is_shown(monkeypatch):
    terminal = terminal_in(monkeypatch)
    with progress.shown(), progress.step("workbooks", 30), progress.step("writing", 7) as advance:
        advance(1)
        on_screen()
    assert "0 of 30" in terminal.getvalue()
    assert "writing" not in terminal.getvalue()


def test_one_step_follows_another(monkeypatch):
    terminal = terminal_in(monkeypatch)
    with progress.shown():
        for words in ("composing", "writing"):
            with progress.step(words):
                on_screen()
    assert terminal.getvalue().index("composing") < terminal.getvalue().index("writing")


def test_a_line_is_printed_without_the_bar_and_the_bar_goes_on_below_it(monkeypatch):
    terminal = terminal_in(monkeypatch)
    with progress.shown(), progress.step("files", 9):
        on_screen()
        with progress.paused():
            terminal.truncate(0)
            print("a finding", file=sys.stderr)
            assert terminal.getvalue().strip("\0") == "a finding\n"
        on_screen()
        assert "0 of 9" in terminal.getvalue().partition("a finding")[2]


def test_the_bar_is_gone_after_an_error_too(monkeypatch):
    terminal = terminal_in(monkeypatch)
    with pytest.raises(KeyboardInterrupt), progress.shown(), progress.step("files", 9):
        on_screen()
        raise KeyboardInterrupt
    assert progress._bar.get() is None
    _, erased, after = terminal.getvalue().rpartition("\x1b[2K")
    assert erased
    assert re.sub(r"\x1b\[[?0-9]*[a-zA-Z]", "", after).strip() == ""


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_nothing_is_written_where_standard_error_is_no_terminal(monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    with progress.shown(), progress.paused():
        assert list(progress.counted("abc", "letters")) == ["a", "b", "c"]
    assert stream.getvalue() == ""


def test_a_script_that_calls_our_functions_sees_nothing(monkeypatch):
    terminal = terminal_in(monkeypatch)
    with progress.step("composing", 3) as advance:
        advance(1)
    assert terminal.getvalue() == ""


def run_on_terminal(*command):
    """Run a command whose standard error is a terminal; return its process and what that showed."""
    terminal, standard_error = os.openpty()
    settings = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [sys.executable, "-m", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=standard_error,
        text=True,
        env=settings,
    ) as process:
        os.close(standard_error)
        shown = b""
        while part := _read(terminal):
            shown += part
        process.output = process.stdout.read()
    os.close(terminal)
    return process, shown.decode()


def _read(terminal):
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # what Linux says when nobody can write to it any more
        return b""


WRITING = ("composing the tables", "composing the other sheets", "writing rows")
READING = ("reading", "recalculating with ironcalc", "comparing")
COMMANDS = {
    "build": (
        ("build", "-o", "{new}", "--iterations", 3, "--learning-rates", 0.5),
        (*WRITING, *READING),
    ),
    "verify": (("verify", "{book}", "--engine", "ironcalc"), READING),
    "check": (("check", "{book}", "{book}", "--jobs", 1), ("checking", "1 of 2")),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_its_steps_on_a_terminal(name, small, tmp_path):
    options, steps = COMMANDS[name]
    places = {"new": tmp_path / "new.xlsx", "book": small}
    process, shown = run_on_terminal("sheetgen", *(str(each).format(**places) for each in options))
    assert process.returncode in (0, 1)
    assert [step for step in steps if step not in shown] == []
    # What is printed stays free of it, so that it can be used by other programs.
    assert process.output
    assert "\x1b" not in process.output
    _, _, after = shown.rpartition("\x1b[2K")
    assert "━" not in after


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_exercise_and_grade_show_their_steps_on_a_terminal(tmp_path):
    path, key = tmp_path / "exercise.xlsx", tmp_path / "exercise.key.json"
    exercise, shown = run_on_terminal("sheetgen", "exercise", "-o", path)
    assert exercise.returncode == 0
    assert "choosing the blanks" in shown
    grade, shown = run_on_terminal("sheetgen", "grade", "--key", key, path)
    assert grade.returncode == 1
    assert "grading" in shown
    assert "\x1b" not in exercise.output + grade.output


@pytest.mark.usefixtures("renderer")
def test_render_shows_that_it_draws(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        for number in range(2):
            book.add_worksheet().write(0, 0, number)
    process, shown = run_on_terminal("sheetgen", "render", book.filename, "-o", tmp_path)
    assert process.returncode == 0
    assert "drawing" in shown
    assert set(process.output.splitlines()) == set(map(str, tmp_path.glob("*.png")))
