"""A run survives kills, Ctrl-C, full disks and damage, and is the same in two processes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from conftest import mnist_folder
from pausing import start, start_paused, wait_for

torch = pytest.importorskip("torch")


from cnn.cli import main  # noqa: E402
from cnn.training import recipes  # noqa: E402
from cnn.training import run as run_directory  # noqa: E402
from cnn.training.recipes import Augmentation  # noqa: E402
from sheetgen.errors import RunError  # noqa: E402
from sheetgen.files.locking import ENDING  # noqa: E402

KILLS = int(os.environ.get("CNN_KILLS", "1"))
"""How many runs to kill; 10 take a minute."""

QUICK = ["--model", "sprint", "--limit", "512", "--batch-size", "128", "--hold-out", "500"]
QUICK += ["--epochs", "3", "--threads", "1"]
"""A training of a fraction of a second, four steps an epoch, with the network that is cheapest."""


def invoke(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


def training(run, data_dir):
    """The command; its log goes into an empty workbook, so that none is built for each run."""
    book = Path(run).parent / "log.xlsx"
    book.parent.mkdir(exist_ok=True)
    empty_workbook(book)
    return ["train", "--run", run, "--data-dir", data_dir, "--workbook", book]


def empty_workbook(path):
    """Write a workbook with nothing in it, unless there is one."""
    if not path.exists():
        openpyxl.Workbook().save(path)


def train(run, data_dir, *options):
    return invoke(*training(run, data_dir), *options)


def train_outside(run, data_dir, *options):
    """The command as a process of its own, on the way."""
    return start([sys.executable, "-m", "cnn", *training(run, data_dir), *options])


def log(run):
    """The log's lines without the two fields that differ between equal runs."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [list(line.items())[:-2] for line in lines]


def assert_equal(run, other):
    weights = (run / "model.safetensors").read_bytes()
    assert weights == (other / "model.safetensors").read_bytes()
    assert log(run) == log(other)
    names = {"config.json", "log.jsonl", "checkpoint.pt", "model.safetensors"}
    assert {path.name for path in run.iterdir()} - {"evaluation.json"} == names


@pytest.fixture(scope="session")
def dropout_run(tmp_path_factory):
    """An unbroken run of a network with dropout, its options and its seconds without start-up."""
    run = tmp_path_factory.mktemp("unbroken") / "run"
    options = ["--model", "era-v1", "--limit", "96", "--hold-out", "100", "--epochs", "3"]
    options += ["--threads", "2"]
    begin = time.perf_counter()
    result = train(run, mnist_folder(), *options)
    assert result.exit_code == 0, result.stderr
    return run, options, time.perf_counter() - begin


@pytest.mark.slow
@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_run_resumes_to_the_same_weights(dropout_run, mnist, tmp_path, number):
    unbroken, options, seconds = dropout_run
    run = tmp_path / "run"
    process = train_outside(run, mnist, *options)
    wait_for((run / "config.json").exists, process)
    time.sleep(random.Random(number).uniform(0, seconds * 0.9))
    process.kill()
    process.communicate()
    assert process.returncode in (-signal.SIGKILL, 0)
    has_lock = (run / ENDING).exists()
    resumed = train(run, mnist, *options, "--resume")
    assert resumed.exit_code == 0, resumed.stderr
    if has_lock:
        assert resumed.stderr.startswith(f"taking over {run}: process {process.pid} (since ")
    assert_equal(run, unbroken)


@pytest.mark.slow
def test_ctrl_c_keeps_the_finished_epochs(dropout_run, mnist, tmp_path):
    unbroken, options, _ = dropout_run
    run = tmp_path / "run"
    second_epoch = ("cnn.training.train:Training", "epoch", 2)
    process = start_paused(second_epoch, tmp_path / "here", "cnn", *training(run, mnist), *options)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate("\n")
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert f"the finished epochs are safe in {run}; continue with --resume" in errors
    assert log(run) == log(unbroken)[:1]
    assert len(output.splitlines()) == 2
    assert "is the sheet CNN era-v1" in output
    assert "of 100)" in invoke("evaluate", run, "--data-dir", mnist).stdout
    assert train(run, mnist, "--model", "era-v1", "--resume").exit_code == 0
    assert log(run) == log(unbroken)


@pytest.fixture
def everything(monkeypatch):
    """A recipe of `sprint` in which all that has a state is in use."""
    recipe = {**vars(recipes.OURS), "ema_decay": 0.9, "label_smoothing": 0.1, "pruned": 0.4}
    recipe["augmentation"] = Augmentation(5, 0.05, 1, plain_epochs=1)
    monkeypatch.setitem(recipes.RECIPES, "sprint", recipes.Recipe(**recipe))


def stop_after(monkeypatch, epochs, moment):
    """Let the run die once `epochs` are recorded: just before or after the log is written."""
    write = run_directory.Run.write_log

    def write_log(self, lines):
        if moment == "after":
            write(self, lines)
        if len(lines) == epochs:
            raise KeyboardInterrupt
        if moment == "before":
            write(self, lines)

    monkeypatch.setattr(run_directory.Run, "write_log", write_log)


@pytest.mark.slow
@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(("epochs", "moment"), [(1, "before"), (3, "after")])
def test_every_state_is_in_the_checkpoint(mnist, tmp_path, moment, epochs):
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    assert train(unbroken, mnist, *QUICK).exit_code == 0
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, epochs, moment)
        assert train(broken, mnist, *QUICK).exit_code == 130
    assert not (broken / "model.safetensors").exists()
    torch.manual_seed(99)
    assert train(broken, mnist, "--resume").exit_code == 0
    assert_equal(broken, unbroken)


@pytest.mark.slow
def test_a_training_is_left_alone_until_the_system_ends_it_and_then_resumes_to_the_same_weights(
    finished, mnist, tmp_path
):
    run = tmp_path / "run"
    second_epoch = ("cnn.training.train:Training", "epoch", 2)
    process = start_paused(second_epoch, tmp_path / "here", "cnn", *training(run, mnist), *QUICK)
    before = contents(run)
    for options in ([], ["--resume"]):
        result = train(run, mnist, *QUICK, *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"Error: {run} is in use by process {process.pid} (since ")
        assert len(result.stderr.splitlines()) == 1
    assert contents(run) == before
    process.terminate()
    _, errors = process.communicate()
    assert process.returncode == 143
    safe = f"the finished epochs are safe in {run}; continue with --resume"
    assert errors.split("\n") == ["", safe, "Terminated.", ""]
    assert contents(run).keys() == {"config.json", "log.jsonl", "checkpoint.pt"}
    result = train(run, mnist, "--resume")
    assert (result.exit_code, result.stderr) == (0, "")
    assert_equal(run, finished)


def contents(run):
    return {path.name: path.read_bytes() for path in run.iterdir()}


def leave_half(path):
    """Leave what a process leaves that is killed while it writes a file."""
    script = "import sys; from pathlib import Path; from sheetgen.files import leftovers; "
    script += "leftovers.temporary_file(Path(sys.argv[1])).write_text('half')"
    subprocess.run([sys.executable, "-c", script, path], check=True)
    assert list(path.parent.glob(".*.tmp"))


def test_a_finished_run_resumes_to_nothing(copy, finished, mnist):
    (copy / "model.safetensors").unlink()
    (copy / "log.jsonl").write_text('{"epo')
    leave_half(copy / "checkpoint.pt")
    (copy / ".draft.tmp").write_text("of another program")
    result = train(copy, mnist, "--resume")
    assert (result.exit_code, result.stderr) == (0, "")
    (copy / ".draft.tmp").unlink()  # it was none of ours
    assert_equal(copy, finished)


def test_a_run_that_does_not_exist_is_not_resumed(mnist, tmp_path):
    """A mistyped name would cost the hours of a training from the beginning."""
    run = tmp_path / "new" / "run"
    result = train(run, mnist, *QUICK, "--resume")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: there is no run in {run} to resume; check --run and --model, or leave --resume "
        "out to start one\n"
    )
    assert not run.exists()


@pytest.mark.slow
def test_what_a_kill_before_the_configuration_leaves_is_no_hindrance(finished, mnist, tmp_path):
    (tmp_path / "run").mkdir()
    leave_half(tmp_path / "run" / "config.json")
    (tmp_path / "run" / ".draft.tmp").write_text("of another program")
    assert train(tmp_path / "run", mnist, *QUICK).exit_code == 0
    (tmp_path / "run" / ".draft.tmp").unlink()
    assert_equal(tmp_path / "run", finished)


@contextmanager
def largest_file(size):
    """Let every write past `size` bytes of a file fail, as on a full disk."""
    resource = pytest.importorskip("resource", reason="Windows limits no file's size")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 20_000])
def test_a_full_disk_loses_no_epoch(finished, mnist, tmp_path, size):
    run = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, 1, "after")
        assert train(run, mnist, *QUICK).exit_code == 130
    before = contents(run)
    with largest_file(size):
        result = train(run, mnist, "--resume")
    assert result.exit_code == 1
    assert "could not be written: File too large" in result.stderr
    assert contents(run) == before
    assert train(run, mnist, "--resume").exit_code == 0
    assert_equal(run, finished)


def test_a_disk_that_fills_while_logging(finished, mnist, tmp_path, monkeypatch):
    run = tmp_path / "run"
    write = run_directory.Run.write_log

    def full(self, lines):
        if len(lines) == 2:
            with largest_file(100):
                write(self, lines)
        write(self, lines)

    monkeypatch.setattr(run_directory.Run, "write_log", full)
    result = train(run, mnist, *QUICK)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert f"{run / 'log.jsonl'} could not be written: File too large" in result.stderr
    assert "continue with --resume" in result.stderr
    assert log(run) == log(finished)[:1]
    monkeypatch.undo()
    assert train(run, mnist, "--resume").exit_code == 0
    assert_equal(run, finished)


def test_a_file_that_cannot_be_replaced_is_an_error(tmp_path):
    run = run_directory.Run(tmp_path)
    run.log.write_text("former")
    (tmp_path / "~$log.jsonl").touch()
    with pytest.raises(RunError, match="open elsewhere"):
        run.write_log([])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl", "~$log.jsonl"]
    assert run.log.read_text() == "former"
