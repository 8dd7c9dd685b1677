"""The logs of frameworks: tiny real trainings, and the sheet beside what the framework says."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from conftest import require
from packages import check_sound

from cnn.log.adapters.counted_log import CountedLog
from cnn.log.logged_sheet import read_logs
from cnn.log.metrics_file import read_metrics
from sheetgen.spreadsheet.reader import sheet_names

WARNINGS = {
    "keras": "__array__ implementation doesn't accept a copy keyword",
    "ignite": "`torch.jit",
    "pytorch_lightning": "`isinstance(treespec, LeafSpec)` is deprecated",
}
"""What the frameworks warn of themselves, with the versions of constraints.txt."""
RUN = """
import json, os, runpy, sys, warnings
from pathlib import Path
from cnn.torch_loading import import_mnist
import_mnist()
import torch._dynamo  # as every optimiser does

for ignored, programs, folder in json.loads(sys.argv[1]):
    if os.fork() == 0:
        os.environ["KERAS_HOME"] = folder
        os.dup2(os.open(f"{folder}/errors.txt", os.O_WRONLY | os.O_CREAT), 2)
        if ignored:
            warnings.filterwarnings("ignore", ignored)
        sys.argv[1:] = [folder]
        for program in programs:
            sys.stdout.flush()
            os.dup2(os.open(f"{folder}/{Path(program).stem}.txt", os.O_WRONLY | os.O_CREAT), 1)
            runpy.run_path(program, run_name="__main__")
        sys.exit()
    Path(folder, "status.txt").write_text(str(os.wait()[1]))
"""
"""Runs the programs of each framework in a process of its own, for which torch is imported once.

torchvision can be imported in them also where it does not fit the torch.
"""
FRAMEWORKS = {
    "ignite": "ignite",
    "keras": "keras",
    "lightning": "pytorch_lightning",
    "transformers": "transformers",
}
PROGRAMS = ("train", "export")


@pytest.fixture(scope="module")
def programs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which tests/train_<framework>.py has run, for those that tests here ask for.

    And export_<framework>.py, if there is one.
    """
    place, here = tmp_path_factory.mktemp("frameworks"), Path(__file__)
    wanted = " ".join(item.name for item in request.session.items if item.path == here)
    cases = []
    for name, package in FRAMEWORKS.items():
        if name in wanted and find_spec(package):
            (place / name).mkdir()
            programs = [here.with_name(f"{each}_{name}.py") for each in PROGRAMS]
            ignored = re.escape(WARNINGS.get(package, ""))
            cases.append(
                (ignored, [str(each) for each in programs if each.exists()], str(place / name))
            )
    surroundings = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "KERAS_BACKEND": "torch",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-Werror", "-c", RUN, json.dumps(cases)]
    subprocess.run(command, env=surroundings, check=True)
    return place


def trained(framework: str, programs: Path) -> tuple[Any, Path]:
    """Return what a framework's training printed last, and the folder in which it has run."""
    said, folder = said_by(f"train_{framework}", framework, programs)
    return json.loads(said), folder


def said_by(program: str, framework: str, programs: Path) -> tuple[str, Path]:
    package, folder = FRAMEWORKS[framework], programs / framework
    found = find_spec(package)
    require(None if found else f"{package} is not installed: pip install 'sheetgen[loggers]'")
    assert (folder / "status.txt").read_text() == "0", (folder / "errors.txt").read_text()
    return (folder / f"{program}.txt").read_text().splitlines()[-1], folder


def table(book: Path, sheet: str) -> list[dict[str, Any]]:
    """Return the rows of a log, without what is empty."""
    rows = read_logs(book, [sheet])[sheet].rows
    return [{name: row[name] for name in row if row[name] is not None} for row in rows]


def settings(book: Path, sheet: str) -> dict[str, Any]:
    return dict(read_logs(book, [sheet])[sheet].settings)


def near(expected: Any) -> Any:
    """Return what is equal to the 16 digits that a file has."""
    return pytest.approx(expected, rel=1e-15, abs=0, nan_ok=True)


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    """Return the values of a metric, -1 where there is none."""
    return [row.get(name, -1) for row in rows]


def test_a_second_training_goes_on_and_a_resumed_one_writes_over_its_rows(tmp_path: Path) -> None:
    book = tmp_path / "runs.xlsx"
    log = CountedLog(book, title="Runs")
    log.add(0, {"val_loss": 9})
    for finished, numbers in ((0, (1, 2)), (0, (1, 2, 3)), (2, (3, 4)), (6, (7,))):
        log.begin(finished)
        for number in numbers:
            log.add(number, {"loss": finished + number / 10})
            log.add(number, {"val_loss": number / 10})
        log.close()
        log.add(9, {"val_loss": 8, f"test_{finished}": 1})
    log.close()
    rows = table(book, "Runs")
    assert column(rows, "epoch") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert column(rows, "loss") == [-1, 0.1, 0.2, 0.1, 0.2, 2.3, 2.4, 6.7]
    assert column(rows, "val_loss") == [9, 0.1, 0.2, 0.1, 0.2, 0.3, 0.4, 0.7]
    assert [rows[at][f"test_{key}"] for at, key in ((5, 0), (6, 2), (7, 6))] == [1, 1, 1]


@pytest.mark.slow
def test_lightning(programs: Path) -> None:
    (checkpoint, tested, failed, version), folder = trained("lightning", programs)
    book = folder / "runs.xlsx"
    check_sound(book)
    assert sheet_names(book) == ["Line a b", "Resumed", "Fabric"]
    rows = table(book, "Line a b")
    (path,) = folder.glob("csv/*/metrics.csv")
    theirs = {row["epoch"]: row for row in read_metrics(path).rows}
    assert column(rows, "epoch") == [0, 1, 2, 3, 4]
    for row in rows[:3]:
        expected = dict(theirs[row["epoch"]])
        del expected["loss_step"]
        test = tested if row["epoch"] == 2 else {}
        assert row == near(expected | test)
    assert column(rows, "lr-SGD") == [0.1, 0.05, 0.025, -1, -1]
    assert all({"loss_epoch", "val/loss", "last"} <= row.keys() for row in rows)
    assert settings(book, "Line a b") == {
        "seed": 1,
        "width": 4,
        "fails_in": "none",
        "optimizer": "name SGD, decay/every 1",
        "act": "relu",
    }
    assert Path(checkpoint).is_relative_to(folder / "csv")
    assert list(folder.glob("Line a b/version_0/checkpoints/*.ckpt"))
    assert version == 1
    assert column(table(book, "Resumed"), "epoch") == [3, 4]
    assert [list(row.values()) for row in table(book, "Fabric")] == [[0, 0.5, 0.5], [1, 0.25, 0.5]]
    assert failed == "the power is off"
    finished = table(folder / "runs (2).xlsx", "Failing")
    assert [row.keys() for row in finished] == [{"epoch", "loss_epoch", "last"}] * 2
    assert not (folder / "other.xlsx").exists()
    assert not list(folder.glob("other*"))


@pytest.mark.slow
def test_keras(programs: Path) -> None:
    said, folder = trained("keras", programs)
    book = folder / "runs.xlsx"
    check_sound(book)
    rows = table(book, "MLP")
    assert column(rows, "epoch") == [1, 2, 3, 4, 5, 6, 7]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        expected = [each for history in said for each in history.get(name, [-1, -1])]
        assert column(rows, name) == near(expected)
    for row, theirs in zip(rows, read_metrics(folder / "keras.csv").rows, strict=False):
        assert row == near(dict(theirs) | {"epoch": row["epoch"]})
    assert settings(book, "MLP") == {
        "seed": 1,
        "epochs": 7,
        "steps": 2,
        "optimizer": "name adam, learning_rate 0.1, beta_1 0.9, beta_2 0.999, epsilon 1e-07",
    }
    assert column(table(book, "Stopped"), "epoch") == [1, 2]


@pytest.mark.slow
def test_a_model_of_keras_is_shown_with_its_layers_names_and_channels_first(programs: Path) -> None:
    said, _ = said_by("export_keras", "keras", programs)
    names = said.split()
    assert names[:3] == ["input", "first", "each"]
    assert names[-5:] == ["head.linear", "head.softmax", "2", "6", "5"]


@pytest.mark.slow
def test_transformers(programs: Path) -> None:
    history, folder = trained("transformers", programs)
    book = folder / "runs.xlsx"
    check_sound(book)
    rows = table(book, "Epochs")
    assert column(rows, "epoch") == [0, 1, 2, 3, 4, 5, 6]
    for name in ("eval_loss", "eval_accuracy"):
        expected = [line[name] for line in history if name in line]
        assert column(rows, name)[1:4] == near(expected[:3])  # and not what was measured afterwards
    for name in ("loss", "learning_rate", "grad_norm"):
        last = {-(-line["epoch"] // 1): line[name] for line in history if name in line}
        assert column(rows, name)[1:4] == near([last[number] for number in (1, 2, 3)])
    (tested,) = [line["test_loss"] for line in history if "test_loss" in line]
    assert column(rows, "test_loss")[3] == near(tested)
    assert column(rows, "test_loss").count(-1) == 6
    assert {name for row in rows for name in row} == {
        *("epoch", "eval_loss", "eval_accuracy", "loss", "learning_rate", "grad_norm"),
        *("test_loss", "test_accuracy"),
    }
    assert settings(book, "Epochs") == {
        "model": "linear",
        "per_device_train_batch_size": 8,
        "num_train_epochs": 3,
        "learning_rate": 0.1,
        "lr_scheduler_type": "cosine",
        "lr_scheduler_kwargs": "num_cycles 0.75",
        "seed": 42,
    }
    steps = table(book, "Steps")
    assert column(steps, "step") == [5, 10]
    assert {"loss", "eval_loss"} <= steps[1].keys()
    assert column(table(book, "Resumed"), "step") == [15, 20]
    assert b"secret" not in book.read_bytes() + b"".join(
        path.read_bytes() for path in folder.glob("*.jsonl")
    )


@pytest.mark.slow
def test_ignite(programs: Path) -> None:
    said, folder = trained("ignite", programs)
    book = folder / "runs.xlsx"
    check_sound(book)
    expected = [{"epoch": at, **row} for at, row in enumerate(said["rows"], start=1)]
    expected[2]["test_acc"] = said["test"]
    assert len(expected) == 6
    for row, theirs in zip(table(book, "MLP"), expected, strict=True):
        assert row == near(theirs)
    assert settings(book, "MLP") == {"seed": 1}
    assert said["failed"] == "the power is off"
    assert column(table(book, "Failing"), "epoch") == [1, 2]
