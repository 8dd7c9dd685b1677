"""Ctrl-C and SIGTERM end every command in one line, from its start on, and it leaves no traces."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pausing import start, start_paused, wait_for
from test_saving import contents

if sys.platform == "win32":  # which has no SIGHUP to name
    pytest.skip("Windows sends no signals", allow_module_level=True)

ENDS = {
    signal.SIGINT: (130, "Interrupted."),
    signal.SIGTERM: (143, "Terminated."),
    signal.SIGHUP: (129, "Terminated."),
}

STARTING = """
import runpy, signal, sys
from pathlib import Path

package, module, mark = sys.argv[1:4]

class Pause:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(self)
            Path(mark).touch()
            sys.stdin.readline()

sys.meta_path.insert(0, Pause())
# As in pausing.py.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.argv[1:] = sys.argv[4:]
runpy.run_module(package, run_name="__main__")
"""


def starting(package, module, mark, *options):
    """A command that waits, in the midst of its imports, before it imports a module."""
    process = start([sys.executable, "-c", STARTING, package, module, mark, *options])
    wait_for(mark.exists, process)
    return process


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize(
    ("package", "module"),
    [("sheetgen", "numpy"), ("sheetgen", "click"), ("cnn", "click"), ("cnn", "torch.nn")],
)
def test_an_interruption_of_the_start_ends_in_one_line(tmp_path, package, module, number):
    command = {"sheetgen": ["templates"], "cnn": ["models"]}[package]
    with starting(package, module, tmp_path / "here", *command) as process:
        process.send_signal(number)
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout, stderr.strip()) == (ENDS[number][0], "", ENDS[number][1])


def test_a_command_that_is_not_interrupted_starts(tmp_path):
    with starting("sheetgen", "numpy", tmp_path / "here", "templates") as process:
        stdout, stderr = process.communicate("\n")
    assert (process.returncode, stderr) == (0, "")
    assert "era-v1" in stdout


@pytest.fixture
def place(small, tmp_path):
    """A workbook in the place of the next one, in a folder of its own."""
    (tmp_path / "output").mkdir()
    (tmp_path / "temporary").mkdir()
    return Path(shutil.copy(small, tmp_path / "output" / "book.xlsx"))


def environment(place):
    """The environment of a process with a folder of its own for temporary files."""
    return {**os.environ, "TMPDIR": str(temporary(place))}


def temporary(place):
    return place.parents[1] / "temporary"


BUILD = ["build", "--iterations", "2", "--learning-rates", "0.5"]


def paused(place, call):
    """A build that waits before a call."""
    mark = place.parents[1] / "here"
    mark.unlink(missing_ok=True)
    return start_paused(call, mark, "sheetgen", *BUILD, "-o", place, env=environment(place))


WRITING = ("xlsxwriter.workbook:Workbook", "add_chart", 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_system_ends_a_command_without_traces(place, number):
    old = contents(place.parent)
    with paused(place, WRITING) as process:
        process.send_signal(number)
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout, stderr.strip()) == (ENDS[number][0], "", ENDS[number][1])
    assert contents(place.parent) == old
    assert contents(temporary(place)) == {}


def test_a_signal_that_the_shell_ignores_is_ignored(tmp_path):
    mark = tmp_path / "here"
    script = STARTING.replace("signal.default_int_handler", "signal.SIG_IGN")
    command = [sys.executable, "-c", script, "sheetgen", "numpy", mark, "templates"]
    with start(command) as process:
        wait_for(mark.exists, process)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate("\n")
    assert (process.returncode, stderr) == (0, "")


def build(place, name="book.xlsx"):
    """Build into the folder of a place, in a process of its own."""
    options = ["--no-verify", "-o", place.with_name(name)]
    command = [sys.executable, "-m", "sheetgen", *BUILD, *options]
    return subprocess.run(
        list(map(str, command)),
        env=environment(place),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["book.xlsx", "other.xlsx"])
def test_what_a_killed_command_leaves_the_next_one_removes(place, name):
    with paused(place, WRITING) as process:
        process.kill()
    assert len(contents(place.parent)) == 3
    assert any(temporary(place).iterdir())
    result = build(place, name)
    assert (result.returncode, result.stderr) == (0, "")
    assert contents(place.parent).keys() == {"book.xlsx", name}
    assert contents(temporary(place)) == {}


@pytest.mark.slow
def test_what_a_command_is_writing_no_other_removes(place):
    with paused(place, WRITING) as process:
        assert build(place, "other.xlsx").returncode == 0
        _, stderr = process.communicate("\n")
    assert (process.returncode, stderr) == (0, "")
    assert contents(place.parent).keys() == {"book.xlsx", "other.xlsx"}
    assert contents(temporary(place)) == {}
