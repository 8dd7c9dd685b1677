"""Two commands at once do not overwrite each other's work."""

import errno
import os
import signal
import sys
from dataclasses import replace

import pytest
from pausing import start, start_paused, wait_for
from test_interruption import BUILD, build, environment, paused, place  # noqa: F401
from test_saving import contents

from sheetgen.errors import InputError
from sheetgen.files import locking
from sheetgen.files.locking import ENDING, Owner, in_turn, reserved
from sheetgen.spreadsheet.reader import sheet_names

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

HOLDING = """
import sys
from pathlib import Path
from sheetgen.files.locking import in_turn, reserved
how, path, mark = sys.argv[1:]
with {"reserved": reserved, "in_turn": in_turn}[how](Path(path)):
    Path(mark).touch()
    sys.stdin.readline()
"""


def holding(how, path, mark):
    """A process that holds a lock until it gets a line."""
    process = start([sys.executable, "-c", HOLDING, how, path, mark])
    wait_for(mark.exists, process)
    return process


def test_a_folder_is_reserved_by_one_process_at_a_time(tmp_path, capsys):
    folder = tmp_path / "runs" / "run"
    with holding("reserved", folder, tmp_path / "here") as process:
        message = rf"run is in use by process {process.pid} \(since 2.*\); wait until it has ended"
        with pytest.raises(InputError, match=message), reserved(folder):
            pass
        process.communicate("\n")
    assert not folder.parent.exists()
    with reserved(folder):
        assert [path.name for path in folder.iterdir()] == [ENDING]
        (folder / "file").touch()
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert capsys.readouterr().err == ""


def test_the_lock_of_a_killed_process_is_taken_over_and_that_is_said(tmp_path, capsys):
    folder = tmp_path / "run"
    with holding("reserved", folder, tmp_path / "here") as process:
        process.kill()
    with reserved(folder):
        pass
    said = capsys.readouterr().err
    assert said.startswith(f"taking over {folder}: process {process.pid} (since ")
    assert list(folder.iterdir()) == []


def test_the_lock_of_an_earlier_process_with_a_number_that_is_used_again_is_taken_over(tmp_path):
    """Here even with the same start: only the lock of the system counts."""
    (tmp_path / ENDING).write_text(f"{Owner.this_process()} machine 2026-01-01 12:00:00\n")
    with reserved(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"\xff\0", b"1 2 3", b"x" * 10_000])
def test_a_damaged_lock_is_taken_over(tmp_path, content):
    (tmp_path / ENDING).write_bytes(content)
    with reserved(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_only_another_user_may_write_is_taken_over(tmp_path, monkeypatch):
    opened = locking._opened

    def another_users(lock, mode):
        if mode == "ab+":
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(lock, mode)

    (tmp_path / ENDING).write_text(f"{replace(Owner.this_process(), process=2**31)} vm 1 2\n")
    monkeypatch.setattr(locking, "_opened", another_users)
    with reserved(tmp_path), (tmp_path / ENDING).open("rb") as second:
        assert not locking._is_taken(second)
    assert list(tmp_path.iterdir()) == []


def test_other_users_can_read_a_lock(tmp_path):
    """So that they can take it over if its process is killed."""
    former = os.umask(0o077)
    try:
        with reserved(tmp_path):
            assert (tmp_path / ENDING).stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(former)


def test_a_lock_that_is_a_folder_is_refused(tmp_path):
    (tmp_path / ENDING).mkdir()
    with pytest.raises(InputError, match="cannot be opened: Is a directory"), reserved(tmp_path):
        pass


def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_is_left(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / ENDING).symlink_to("mine")
    with pytest.raises(InputError, match="cannot be opened"), reserved(tmp_path):
        pass
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_place_that_takes_no_lock_is_none_for_the_file_itself(tmp_path):
    (tmp_path / "file").write_text("mine")
    with reserved(tmp_path / "file"), in_turn(tmp_path / "file" / "book.xlsx"):
        pass
    with in_turn(tmp_path / ("x" * 300) / "book.xlsx"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_process_may_need_a_lock_twice(tmp_path):
    with in_turn(tmp_path / "book.xlsx"), in_turn(tmp_path / "book.xlsx"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_second_of_two_builds_waits_and_keeps_what_was_added(place):  # noqa: F811
    with paused(place, ("os", "fsync", 1)) as first:
        command = [sys.executable, "-m", "sheetgen", *BUILD, "--no-verify", "-o", place]
        with start(command, env=environment(place)) as second:
            assert second.stderr.readline() == (
                f"waiting for {holder(place, first)}, which is writing {place}\n"
            )
            first.communicate("\n")
            assert second.communicate()[1] == ""
    assert (first.returncode, second.returncode) == (0, 0)
    assert contents(place.parent).keys() == {"book.xlsx"}
    assert "Playground" in sheet_names(place)


def holder(place, process):  # noqa: F811
    """How a message names the process that holds the lock of a place."""
    words = place.with_name(f".{place.name}{ENDING}").read_text().split()
    return f"process {process.pid} (since {words[2]} {words[3]})"


@pytest.mark.slow
def test_the_second_of_two_exercises_in_one_folder_is_refused(place):  # noqa: F811
    names = place.with_name("names.csv")
    names.write_text("name\nAda\nBen\n")
    folder = place.parent / "class"
    command = ["exercise", "--students", names, "-o", folder]
    mark = place.parents[1] / "here"
    second_file = ("os", "replace", 2)
    with start_paused(second_file, mark, "sheetgen", *command) as first:
        before = contents(folder)
        with start([sys.executable, "-m", "sheetgen", *command, "--seed", "2"]) as second:
            stdout, stderr = second.communicate()
        assert (second.returncode, stdout) == (2, "")
        assert stderr.startswith(f"Error: {folder} is in use by process {first.pid} (since ")
        assert len(stderr.splitlines()) == 1
        assert contents(folder) == before
        first.send_signal(signal.SIGKILL)
    with start([sys.executable, "-m", "sheetgen", *command]) as third:
        stdout, stderr = third.communicate()
    assert (third.returncode, len(stderr.splitlines())) == (0, 1), stderr
    assert stderr.startswith(f"taking over {folder}: process {first.pid} (since ")
    assert contents(folder).keys() == {"Ada.xlsx", "Ben.xlsx", "class.key.json"}
