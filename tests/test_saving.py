"""Whatever goes wrong while a file is saved, what stood there before is there afterwards."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from conftest import sheetgen
from every_case import some
from pausing import start, start_paused, wait_for

from sheetgen.errors import InputError, RunError
from sheetgen.files.saving import Saved, harmless, save, save_text

OLD = b"the old file"
COMMAND = [sys.executable, "-c", "from sheetgen.cli import main; main()", "build"]
PLAINLY_WRITING = [
    sys.executable,
    "-c",
    "from sheetgen.spreadsheet import fast_workbook; fast_workbook.SEEN_VERSIONS = ();"
    + COMMAND[2],
    "build",
]
SMALL = ["--iterations", "5", "--learning-rates", "0.1,0.5"]
MOUNT = ["unshare", "--mount", "--map-root-user", "bash", "-c"]


@pytest.fixture
def place(tmp_path):
    """A path at which there is a file already."""
    path = tmp_path / "book.xlsx"
    path.write_bytes(OLD)
    return path


def write_new(path):
    path.write_bytes(b"the new file")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refuse_moves(monkeypatch, refused):
    """Let no file be moved to a path of which `refused` is true, as Windows does."""
    replace = os.replace

    def guarded(source, target):
        if refused(Path(target)):
            raise PermissionError(errno.EACCES, "Access is denied", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", guarded)


def test_a_new_file_takes_the_place_of_the_old_one(place):
    assert save(place, write_new) == Saved(place)
    assert contents(place.parent) == {"book.xlsx": b"the new file"}


def test_the_old_file_stays_until_the_new_one_is_complete(place):
    def write(path):
        path.write_bytes(b"the new")
        assert place.read_bytes() == OLD
        write_new(path)

    save(place, write)
    assert place.read_bytes() == b"the new file"


def test_a_missing_folder_is_created(tmp_path):
    path = tmp_path / "some" / "where" / "book.xlsx"
    save(path, write_new)
    assert path.read_bytes() == b"the new file"


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), RunError),
        (RunError("the engine crashed"), RunError),
        (InputError("it does not fit"), InputError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (ZeroDivisionError("a bug"), ZeroDivisionError),
    ],
    ids=["disk full", "run", "input", "Ctrl-C", "bug"],
)
def test_a_failure_while_writing_leaves_the_folder_as_it_was(place, failure, raised):
    def write(path):
        path.write_bytes(b"the new")
        raise failure

    with pytest.raises(raised):
        save(place, write)
    assert contents(place.parent) == {"book.xlsx": OLD}


def test_a_file_that_cannot_be_replaced_is_left_and_the_new_one_put_beside_it(place, monkeypatch):
    refuse_moves(monkeypatch, lambda target: target == place)
    saved = save(place, write_new)
    assert saved.path.name == "book (2).xlsx"
    assert "Access is denied" in saved.reason
    assert contents(place.parent) == {"book.xlsx": OLD, "book (2).xlsx": b"the new file"}


def test_a_folder_that_takes_no_file_is_left_as_it_was(place, monkeypatch):
    refuse_moves(monkeypatch, lambda target: target.parent == place.parent)
    with pytest.raises(RunError, match="Access is denied"):
        save(place, write_new)
    assert contents(place.parent) == {"book.xlsx": OLD}


@pytest.mark.parametrize("lock", [".~lock.book.xlsx#", "~$book.xlsx"])
def test_a_file_that_is_open_elsewhere_is_left_and_free_names_count_up(place, lock):
    place.with_name(lock).touch()
    names = [save(place, write_new).path.name for _ in range(2)]
    assert names == ["book (2).xlsx", "book (3).xlsx"]
    assert contents(place.parent) == {
        "book.xlsx": OLD,
        lock: b"",
        "book (2).xlsx": b"the new file",
        "book (3).xlsx": b"the new file",
    }


def test_a_free_name_that_another_program_has_taken_is_not_used(place):
    place.with_name("~$book.xlsx").touch()
    place.with_name("book (2).xlsx").write_bytes(OLD)
    assert save(place, write_new).path.name == "book (3).xlsx"
    assert place.with_name("book (2).xlsx").read_bytes() == OLD


def test_the_lock_of_another_file_does_not_matter(place):
    place.with_name("~$other.xlsx").touch()
    assert save(place, write_new).path == place


def test_a_symbolic_link_stays_one_and_its_target_is_replaced(place):
    link = place.parent / "links" / "link.xlsx"
    link.parent.mkdir()
    link.symlink_to("../book.xlsx")
    save(link, write_new)
    assert link.is_symlink()
    assert place.read_bytes() == b"the new file"
    assert list(link.parent.iterdir()) == [link]


def test_a_link_to_a_file_that_is_not_there_yet_stays_one(tmp_path):
    link = tmp_path / "link.xlsx"
    link.symlink_to("later.xlsx")
    save(link, write_new)
    assert link.is_symlink()
    assert (tmp_path / "later.xlsx").read_bytes() == b"the new file"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_rights_of_the_replaced_file_are_kept(place, mode):
    place.chmod(mode)
    save(place, write_new)
    assert place.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_has_the_rights_of_any_new_file(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        save(tmp_path / "book.xlsx", write_new)
    finally:
        assert os.umask(before) == mask
    assert (tmp_path / "book.xlsx").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("stem", ["x" * 250, "∂" * 83], ids=["ASCII", "UTF-8"])
def test_the_longest_name_that_a_folder_takes_is_taken(tmp_path, stem):
    path = tmp_path / f"{stem}.xlsx"
    assert save(path, write_new).path == path


def finished(command, tmp_path):
    """Run a command with a folder for temporary files of its own, which must be empty again."""
    temporary = tmp_path / "temporary"
    temporary.mkdir(exist_ok=True)
    result = subprocess.run(
        command,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert list(temporary.iterdir()) == []
    return result


@pytest.fixture
def full(tmp_path):
    """A folder with an old file in it, apart from the one for temporary files."""
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "book.xlsx").write_bytes(OLD)
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
def test_a_limit_of_file_sizes_ends_in_one_line_and_loses_nothing(tmp_path, full):
    path = full / "book.xlsx"
    limited = ["bash", "-c", 'ulimit -f 50; "$@"', "bash", *COMMAND, "--force", "-o", str(path)]
    result = finished(limited, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"Error: {path} could not be written: File too large\n"
    assert contents(full) == {"book.xlsx": OLD}


def finished_on_full_disk(disk, script, command, tmp_path):
    """Run a script, whose arguments are a command, where a folder is a disk of 100 kB."""
    if not shutil.which("unshare") or subprocess.call([*MOUNT, "mount -t tmpfs none /mnt"]):
        pytest.skip("mounting a small disk needs root")
    disk.mkdir(exist_ok=True)
    mounting = f"mount -t tmpfs -o size=100k none {disk} && {script}"
    return finished([*MOUNT, mounting, "bash", *map(str, command)], tmp_path)


def assert_says_that_the_disk_is_full(result):
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.endswith("No space left on device\n")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("what", ["output", "temporary files"])
def test_a_full_disk_ends_in_one_line_and_loses_nothing(tmp_path, full, what):
    path = full / "book.xlsx"
    # Only the plain writer, for a release that has not been seen, writes parts to temporary files.
    disk, command = (
        (full, COMMAND) if what == "output" else (tmp_path / "temporary", PLAINLY_WRITING)
    )
    script = f"""printf '{OLD.decode()}' > {path}
        "$@"; code=$?
        ls -A {disk}; cat {path}
        exit $code
    """
    result = finished_on_full_disk(disk, script, [*command, "--force", "-o", path], tmp_path)
    assert_says_that_the_disk_is_full(result)
    listing = "book.xlsx\n" if what == "output" else ""
    assert result.stdout == f"{listing}{OLD.decode()}"


@pytest.mark.slow
def test_a_full_disk_for_temporary_files_loses_no_added_sheet(tmp_path, built_before):
    """A new workbook is a temporary file first if sheets are carried over into it."""
    book = openpyxl.load_workbook(built_before)
    book.create_sheet("My notes")["A1"] = "Ask on Monday"
    book.save(built_before)
    old = built_before.read_bytes()
    command = [*COMMAND, "--force", "-o", built_before]
    script = f'"$@"; code=$?; ls -A {tmp_path / "temporary"}; exit $code'
    result = finished_on_full_disk(tmp_path / "temporary", script, command, tmp_path)
    assert_says_that_the_disk_is_full(result)
    assert result.stdout == ""
    assert contents(built_before.parent) == {"book.xlsx": old}


@pytest.mark.slow
def test_a_full_disk_for_temporary_files_leaves_a_workbook_unverified(tmp_path, full):
    """Writing it takes none, but an engine computes a copy."""
    path = full / "book.xlsx"
    command = [*COMMAND, "--force", "-o", path]
    script = f'"$@"; code=$?; ls -A {tmp_path / "temporary"}; exit $code'
    result = finished_on_full_disk(tmp_path / "temporary", script, command, tmp_path)
    assert_says_that_the_disk_is_full(result)
    assert result.stderr.startswith(f"Error: {path} is written, but could not be verified: ")
    assert result.stdout == f"wrote {path}\n"
    assert list(full.iterdir()) == [path]
    assert ZipFile(path).testzip() is None


def temporary_folder(tmp_path):
    """The environment of a process with an empty folder of its own for temporary files."""
    (tmp_path / "temporary").mkdir()
    return {**os.environ, "TMPDIR": str(tmp_path / "temporary")}


@pytest.fixture
def built_before(small, tmp_path):
    """A workbook in the place of the next one."""
    folder = tmp_path / "output"
    folder.mkdir()
    return Path(shutil.copy(small, folder / "book.xlsx"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("number", some(range(3)))
def test_a_killed_build_leaves_the_old_workbook_or_a_complete_new_one(
    built_before, tmp_path, number
):
    old = built_before.read_bytes()
    command = [*COMMAND, "-o", built_before]
    with start(command, env=temporary_folder(tmp_path)) as process:
        wait_for(lambda: len(contents(built_before.parent)) > 1, process)
        time.sleep(0.3 * random.Random(number).random() if number else 0)
        process.kill()
    if built_before.read_bytes() != old:
        assert ZipFile(built_before).testzip() is None
    # Building again checks the fingerprint of what is there, and refuses what is damaged.
    again = sheetgen("build", *SMALL, "--no-verify", "-o", built_before)
    assert (again.exit_code, again.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(("xlsxwriter.workbook:Workbook", "add_chart", 2), id="sheets"),
        pytest.param(("xlsxwriter.worksheet:Worksheet", "_assemble_xml_file", 3), id="parts"),
        pytest.param(("zipfile:_ZipWriteFile", "write", 9), id="within a part"),
        pytest.param(("os", "fsync", 1), id="complete, not moved"),
    ],
)
def test_ctrl_c_leaves_the_old_workbook_and_no_traces(built_before, tmp_path, call):
    old, options = built_before.read_bytes(), ["build", *SMALL, "-o", built_before]
    environment = temporary_folder(tmp_path)
    with start_paused(call, tmp_path / "here", "sheetgen", *options, env=environment) as process:
        assert len(list(built_before.parent.glob(".book.*.tmp"))) == 1
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (130, "")
    assert stderr.strip() == "Interrupted."
    assert contents(built_before.parent) == {"book.xlsx": old}
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_name_of_a_file_that_is_not_utf_8_can_be_in_a_text(tmp_path):
    save_text(tmp_path / "marks.csv", "file\r\nAda\udcff.xlsx\r\n", "utf-8-sig")
    assert (tmp_path / "marks.csv").read_bytes() == b"\xef\xbb\xbffile\r\nAda\\udcff.xlsx\r\n"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_of_a_csv_file_is_run_as_a_formula(first):
    assert harmless(f"{first}1+2") == f"'{first}1+2"
    assert [harmless(value) for value in (-0.5, None, "1+2", "")] == [-0.5, None, "1+2", ""]
