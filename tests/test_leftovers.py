"""Temporary files of processes that are gone are removed, and no others."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sheetgen.files import locking
from sheetgen.files.leftovers import remove_leftovers, scratch_folder, temporary_file
from sheetgen.files.locking import ENDING, Owner, in_turn
from sheetgen.files.saving import save_text

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="left to the user on Windows")

THIS = Owner.this_process()


@pytest.fixture(scope="module")
def gone():
    """A process that has ended."""
    script = "from sheetgen.files.locking import Owner; print(Owner.this_process())"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    return Owner.read(shown.decode().strip())


def test_a_process_is_known_again():
    assert Owner.read(str(THIS)) == THIS
    assert not THIS.is_gone()


def test_a_process_that_has_ended_is_gone(gone):
    assert gone.is_gone()


def test_another_users_process_is_not_gone():
    assert not replace(THIS, process=1, started=0).is_gone()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not tell")
def test_a_later_process_with_the_same_number_is_another():
    assert replace(THIS, started=THIS.started + 1).is_gone()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not tell")
def test_a_process_that_nobody_has_asked_for_is_gone():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = replace(THIS, process=process.pid, started=0)
    assert not owner.is_gone()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
    assert owner.is_gone()
    process.communicate()


def test_a_process_of_another_machine_may_be_alive(gone):
    assert not replace(gone, machine="00000000").is_gone()


@pytest.mark.parametrize("text", ["", "1", "1-2", "1-2-3", "-1-2-01234567", "1-2-0123456789", "a"])
def test_what_names_no_process_is_none(text):
    assert Owner.read(text) is None


def test_the_files_of_a_process_that_is_gone_are_removed(tmp_path, gone):
    (tmp_path / f".book.{gone}-abc.tmp").write_text("half")
    (tmp_path / f".{'∂' * 40}.{gone}-a_c.tmp").write_text("half")
    (tmp_path / f"sheetgen-{gone}-abc").mkdir()
    (tmp_path / f"sheetgen-{gone}-abc" / "part.xml").write_text("half")
    (tmp_path / f".book.xlsx{ENDING}").write_text(f"{gone} machine 2026-01-01 12:00:00\n")
    (tmp_path / "book.xlsx").write_text("mine")
    temporary_file(tmp_path / "new.xlsx").unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["book.xlsx"]


def test_all_other_files_are_left(tmp_path, gone):
    elsewhere = replace(gone, machine="00000000")
    names = {
        f".book.{THIS}-abc.tmp",
        f".book.{elsewhere}-abc.tmp",
        f"book.{gone}-abc.tmp",
        f".book.{gone}-abc.tmp.xlsx",
        f"sheetgen-{elsewhere}-abc",
        ".draft.tmp",
        "sheetgen-abc",
        f".book.xlsx{ENDING}",
    }
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / f".book.xlsx{ENDING}").write_text(f"{THIS} machine 2026-01-01 12:00:00\n")
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_machine_of_the_same_name_is_another(tmp_path, gone, monkeypatch):
    (tmp_path / "machine-id").write_text("0123\n")
    monkeypatch.setattr(locking, "_NUMBERS", [tmp_path / "missing", tmp_path / "machine-id"])
    locking._machine.cache_clear()
    try:
        assert Owner.this_process().machine != THIS.machine
        assert not gone.is_gone(), "its machine cannot be asked"
    finally:
        locking._machine.cache_clear()


def test_a_system_that_does_not_number_its_users_removes_leftovers_as_well(
    tmp_path, gone, monkeypatch
):
    """As Windows."""
    monkeypatch.delattr("os.getuid")
    (tmp_path / f".book.{gone}-abc.tmp").write_text("half")
    with in_turn(tmp_path / "book.xlsx"):
        save_text(tmp_path / "book.xlsx", "mine")
    assert (tmp_path / "book.xlsx").read_text("utf-8") == "mine"


def test_a_link_to_a_folder_is_not_followed(tmp_path, gone):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("mine")
    (tmp_path / f"sheetgen-{gone}-abc").symlink_to("mine")
    remove_leftovers(tmp_path)
    assert (tmp_path / "mine" / "thesis.docx").read_text() == "mine"


def test_a_folder_that_cannot_be_read_is_no_hindrance(tmp_path):
    remove_leftovers(tmp_path / "missing")


def test_a_scratch_folder_is_removed_at_the_end():
    with scratch_folder() as folder:
        (folder / "file").write_text("part")
    assert not folder.exists()
