"""`cnn.WorkbookLog` in trouble: slow, open elsewhere, no room, no rights, killed."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from packages import check_sound
from test_workbook_log import lines, parts, quick, texts  # noqa: F401 - one is a fixture

from cnn import WorkbookLog
from cnn.cli import main


def test_a_slow_sheet_is_written_now_and_then_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnn.log.workbook_log._QUICK", -1)
    book = tmp_path / "runs.xlsx"
    with WorkbookLog(book) as log:
        log.epoch(loss=0.5)
        log._sheet._seconds = 1e6
        log.epoch(loss=0.25)
        assert 0.25 not in texts(book, "Training")
        assert lines(log.journal)[-1]["loss"] == 0.25
    assert 0.25 in texts(book, "Training")


def test_excel_has_the_workbook_open_for_half_of_the_training(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    book, lock = tmp_path / "runs.xlsx", tmp_path / "~$runs.xlsx"
    log = WorkbookLog(book)
    log.epoch(loss=0.5)
    lock.touch()
    before = book.read_bytes()
    for loss in (0.4, 0.3):
        log.epoch(loss=loss)
    assert book.read_bytes() == before
    assert [line["loss"] for line in lines(log.journal)[1:]] == [0.5, 0.4, 0.3]
    lock.unlink()
    log.epoch(loss=0.2)
    log.close()
    assert {0.5, 0.4, 0.3, 0.2} <= set(texts(book, "Training"))
    (said,) = capfd.readouterr().err.splitlines()
    assert "is open elsewhere; the log goes on in" in said


def test_at_the_end_an_open_workbook_gets_a_copy_beside_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "runs.xlsx"
    with WorkbookLog(book) as log:
        log.epoch(loss=0.5)
        (tmp_path / "~$runs.xlsx").touch()
        log.epoch(loss=0.25)
    assert 0.25 not in texts(book, "Training")
    assert 0.25 in texts(tmp_path / "runs (2).xlsx", "Training")
    assert (
        f"the log is the sheet Training of {tmp_path / 'runs (2).xlsx'}" in capfd.readouterr().err
    )


@pytest.mark.parametrize("name", ["fsync", "open"])
def test_a_full_disk_does_not_end_the_training_and_loses_nothing(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The journal cannot be written for two epochs, or not be created."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    log = WorkbookLog(tmp_path / "runs.xlsx")
    with monkeypatch.context() as patched:
        if name == "fsync":
            patched.setattr("cnn.log.journal.os.fsync", full)
        else:
            patched.setattr("cnn.log.journal.Journal._open", full)
        log.epoch(loss=0.5)
        log.epoch(loss=0.4)
    log.epoch(loss=0.3)
    log.close()
    assert [line.get("loss") for line in lines(log.journal)] == [None, 0.5, 0.4, 0.3]
    (said,) = capfd.readouterr().err.splitlines()
    assert "the journal" in said
    assert "No space" in said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
def test_files_that_cannot_grow_for_half_of_the_training(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As on a full disk, neither the journal nor the workbook can be written."""
    import resource  # noqa: PLC0415 - not on Windows

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with WorkbookLog(tmp_path / "runs.xlsx") as log:
        for epoch in range(8):
            size = 1000 if 2 <= epoch < 6 else limits[0]
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
            try:
                log.epoch(value=epoch, note="x" * 300)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [line["value"] for line in lines(log.journal)[1:]] == list(range(8))
    assert set(range(8)) <= set(texts(tmp_path / "runs.xlsx", "Training"))
    (said,) = capfd.readouterr().err.splitlines()
    assert said.endswith("; the training goes on")


def test_a_folder_that_cannot_be_written_does_not_end_the_training_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The journal is among the temporary files then."""
    monkeypatch.setattr("cnn.log.journal.gettempdir", lambda: str(tmp_path / "temporary"))
    (tmp_path / "folder").touch()  # where even root can create no file
    with WorkbookLog(tmp_path / "folder" / "runs.xlsx") as log:
        for loss in (0.5, 0.4):
            log.epoch(loss=loss)
    assert log.journal == tmp_path / "temporary" / "runs Training.jsonl"
    assert [line.get("loss") for line in lines(log.journal)] == [None, 0.5, 0.4]
    (said,) = capfd.readouterr().err.splitlines()
    assert f"the log is in {log.journal}; the training goes on" in said


def test_what_is_nowhere_at_the_end_is_among_the_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cnn.log.workbook_log.gettempdir", lambda: str(tmp_path / "temporary"))
    book = tmp_path / "runs.xlsx"
    log = WorkbookLog(book)
    log.epoch(loss=0.5)
    book.write_text("no workbook any more")
    full = log._journal
    monkeypatch.setattr(full, "flush", lambda: setattr(full, "failure", "No space"))
    log.epoch(loss=0.4)
    log.close()
    kept = tmp_path / "temporary" / "runs Training.jsonl"
    assert [line.get("loss") for line in lines(kept)] == [None, 0.5, 0.4]
    assert capfd.readouterr().err.splitlines()[-1] == f"the whole log is in {kept}"


LOOP = """
import sys, itertools
from cnn import WorkbookLog
log = WorkbookLog(sys.argv[1], title="Loop")
assert not {"torch", "keras", "ignite", "transformers"} & sys.modules.keys()
for epoch in itertools.count():
    log.epoch(loss=1 / (epoch + 1))
    print(epoch, flush=True)
"""


@pytest.mark.parametrize("epochs", [1, 4, 9])
def test_a_killed_training_loses_no_epoch(small: Path, tmp_path: Path, epochs: int) -> None:
    book = tmp_path / "book.xlsx"
    book.write_bytes(small.read_bytes())
    command = [sys.executable, "-c", LOOP, str(book)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for _ in range(epochs):
            process.stdout.readline()
        process.kill()
    (path,) = tmp_path.glob("*.jsonl")
    kept = [line for line in path.read_text("utf-8").split("\n") if line.endswith("}")]
    assert len(kept) > epochs
    check_sound(book)
    before, after = parts(small), parts(book)
    lists = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
    lists |= {"xl/styles.xml", "docProps/app.xml", "docProps/core.xml"}
    assert {name for name in before if after[name] != before[name]} <= lists
    arguments = ["log", str(path), "--workbook", str(book)]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    assert 1 / epochs in texts(book, "Loop")
