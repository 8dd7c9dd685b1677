"""Training in two processes, as PyTorch's launcher starts them."""

import json
import runpy
import subprocess
import sys

import pytest
from conftest import mnist_folder
from test_cnn_run import assert_equal, log, train

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.slow

import safetensors.torch  # noqa: E402

from cnn import models  # noqa: E402
from cnn.training import recipes  # noqa: E402

SCRIPT = """
import os
import sys
from contextlib import contextmanager
from pathlib import Path

from torch import nn

from cnn import models
from cnn.cli import main
from cnn.training import processes as module
from cnn.training import recipes
from cnn.training.run import Run
from cnn.training.start import Options, start
from sheetgen.errors import InputError, RunError

data, folder = map(Path, sys.argv[1:])
models.MODELS["plain"] = lambda: nn.Sequential(
    nn.Conv2d(1, 4, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10), nn.LogSoftmax(1)
)
recipes.RECIPES["plain"] = recipes.Recipe(2, 0.05, 64, ema_decay=0.5, augmentation=recipes.LIGHT)
launched = module.launched


def fail(run, lines):
    raise RunError("full")


def train(processes, name, model, **options):
    options |= {"data_dir": data, "hold_out": 500, "threads": 1}
    options.setdefault("recipe", {"epochs": 2})
    start(Options(run=folder / name, model=model, **options), processes)


@contextmanager
def launched_and_trained():
    with launched() as processes:
        train(processes, "plain", "plain", limit=601)
        train(processes, "unbroken", "era-v1", limit=257)
        write_log, Run.write_log = Run.write_log, fail
        try:
            train(processes, "broken", "era-v1", limit=257)
        except RunError:
            Run.write_log = write_log
            train(processes, "broken", "era-v1", resume=True)
        try:
            train(processes, "shared", "plain", recipe={"batch_size": 1})
        except InputError as error:
            if processes.is_main:
                (folder / "said").write_text(str(error))
        os.dup2(os.open(folder / f"error {processes.rank}", os.O_WRONLY | os.O_CREAT), 2)
        yield processes


if "WORLD_SIZE" in os.environ:
    # The command trains in the processes that have trained before.
    module.launched = launched_and_trained
    options = ["--run-dir", folder / "plain", "--data-dir", data, "--seed", 9, "--resume"]
    main(["train", *map(str, options)])
with launched() as processes:
    train(processes, "plain", "plain", limit=601)
"""

LAUNCHER = """
import torch._dynamo  # as every optimiser does
import cnn.log.add_log, cnn.training.start
from cnn.torch_loading import import_mnist
from torch.distributed.run import main

import_mnist()
main()
"""
"""`torchrun`, which forks its processes, so that all of this is imported once."""


@pytest.fixture(scope="session")
def two_processes(tmp_path_factory):
    """The folder of the runs that the script makes in two processes, and the script."""
    folder = tmp_path_factory.mktemp("two")
    script = folder / "script.py"
    script.write_text(SCRIPT)
    options = ("--nproc-per-node", 2, "--start-method", "fork", "--run-path")
    parts = [str(part) for part in (*options, script, mnist_folder(), folder)]
    parts = [sys.executable, "-c", LAUNCHER, *parts]
    result = subprocess.run(parts, check=False, capture_output=True, text=True)
    assert result.returncode != 0
    assert (folder / "error 0").exists(), result.stderr
    assert len(result.stdout.splitlines()) == 2 + 2 + 1
    return folder, script


def test_two_processes_train_the_same_network_as_one(two_processes, mnist, tmp_path, monkeypatch):
    """Without BatchNorm and dropout, which see a process's own images, roundings alone differ."""
    folder, script = two_processes
    monkeypatch.setitem(models.MODELS, "plain", None)  # what the script adds is taken away again
    monkeypatch.setitem(recipes.RECIPES, "plain", None)
    monkeypatch.setattr(sys, "argv", [str(script), str(mnist), str(tmp_path)])
    runpy.run_path(str(script))
    runs = [tmp_path / "plain", folder / "plain"]
    one, two = (safetensors.torch.load_file(run / "model.safetensors") for run in runs)
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=1e-4, atol=1e-5)
    for line, other in zip(*map(log, runs), strict=True):
        numbers, other_numbers = (dict(fields[:-1]) for fields in (line, other))
        assert other_numbers == pytest.approx(numbers, rel=1e-4)


def test_two_processes_resume_to_the_same_weights(two_processes):
    folder, _ = two_processes
    assert json.loads((folder / "broken" / "config.json").read_text())["processes"] == 2
    assert_equal(folder / "broken", folder / "unbroken")


def test_two_processes_fail_with_one_message(two_processes):
    folder, _ = two_processes
    first, second = ((folder / f"error {rank}").read_text() for rank in range(2))
    assert first.count("Error: the run in") == 1
    assert "began with seed 0, not 9" in first
    assert "Error" not in second


def test_a_run_of_two_processes_is_not_resumed_by_one(two_processes, mnist):
    folder, _ = two_processes
    result = train(folder / "unbroken", mnist, "--resume")
    assert result.exit_code == 2
    assert "processes 2, not 1" in result.stderr


def test_more_processes_than_images_are_refused(two_processes):
    folder, _ = two_processes
    assert "2 processes cannot share batches of 1 images" in (folder / "said").read_text()
    assert not (folder / "shared").exists()
