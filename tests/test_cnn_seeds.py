"""Several trainings in one command, and what a training says that does not learn."""

import json

import openpyxl
import pytest
from test_cnn_run import contents, empty_workbook, invoke

torch = pytest.importorskip("torch")

from cnn.train_command import read_seeds  # noqa: E402
from cnn.training.config import Config  # noqa: E402
from cnn.training.recipes import RECIPES  # noqa: E402
from cnn.training.training_progress import Lines  # noqa: E402
from sheetgen.errors import InputError  # noqa: E402


def train(folder, mnist, *options):
    """Train with seeds; the comparison goes into a workbook with nothing else in it."""
    book = folder / "book.xlsx"
    empty_workbook(book)
    quick = ["--model", "tiny", "--limit", 128, "--hold-out", 100, "--epochs", 1]
    places = ["--run", folder / "run", "--data-dir", mnist, "--workbook", book]
    return invoke("train", *quick, *places, *options)


def test_runs_with_several_seeds_are_compared(mnist, tmp_path):
    result = train(tmp_path, mnist, "--seeds", "3,5", "--threads", "1")
    assert result.exit_code == 0, result.stderr
    assert [line for line in result.stdout.splitlines() if line.startswith("seed")] == [
        "seed 3:",
        "seed 5:",
    ]
    for seed in (3, 5):
        config = json.loads((tmp_path / f"run-{seed}" / "config.json").read_text())
        assert config["seed"] == seed
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames == ["Sheet", "tiny, seeds 3,5"]
    assert result.stdout.splitlines()[-1] == (
        f"2 trainings are compared on the sheet tiny, seeds 3,5 of {tmp_path / 'book.xlsx'}"
    )
    before = contents(tmp_path / "run-3")
    again = train(tmp_path, mnist, "--seeds", "2-3")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "run-3 already exists; continue its run with --resume" in again.stderr
    assert not (tmp_path / "run-2").exists()
    more = train(tmp_path, mnist, "--seeds", "2,3", "--threads", "1", "--resume")
    assert more.exit_code == 0, more.stderr
    assert (tmp_path / "run-2" / "model.safetensors").exists()
    none = train(tmp_path, mnist, "--seeds", "7,8", "--resume")
    assert (none.exit_code, none.stdout) == (2, "")
    assert f"there is no run in {tmp_path / 'run-7'} to resume" in none.stderr
    assert contents(tmp_path / "run-3") == before


def test_the_seed_of_a_training_that_fails_is_named(mnist, tmp_path):
    options = ["--seeds", "0,1", "--learning-rate", "1e30", "--threads", "1"]
    result = train(tmp_path, mnist, *options)
    assert result.exit_code == 1
    assert "Error: seed 0: the training diverged in epoch 1" in result.stderr


def test_seeds_are_ranges_and_numbers():
    assert read_seeds("0-4") == [0, 1, 2, 3, 4]
    assert read_seeds(" 7, 1-2 ,7") == [7, 1, 2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0", "1 seed"),
        ("1,1", "1 seed"),
        ("5-3", "5-3"),
        ("0-100", "101 seeds"),
        ("0-4000000000", "0-4000000000"),
        ("9999999998-9999999999", "9999999998-9999999999"),
        ("many", "'many'"),
        ("-1-3", "'-1-3'"),
        ("", "''"),
    ],
)
def test_other_seeds_are_refused(text, found):
    with pytest.raises(InputError) as error:
        read_seeds(text)
    assert str(error.value).startswith(f"--seeds: found {found}; expected 2 to 100 seeds")


def test_a_seed_and_seeds_exclude_each_other(mnist, tmp_path):
    result = train(tmp_path, mnist, "--seeds", "0-1", "--seed", "3")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--seed and --seeds exclude each other" in result.stderr


@pytest.mark.parametrize(
    ("accuracies", "times"),
    [([0.1, 0.11], 1), ([0.1, 0.1, 0.1, 0.1], 1), ([0.1, 0.4, 0.1], 0), ([0.5, 0.6], 0)],
)
def test_a_training_at_chance_for_two_epochs_says_so_once(capsys, accuracies, times):
    report = Lines(Config("tiny", RECIPES["tiny"], 0, "mnist", None, 0, "cpu", 1, 1), 0.114)
    for epoch, accuracy in enumerate(accuracies, start=1):
        line = {"epoch": epoch, "train_loss": 2.3, "test_loss": 2.3, "seconds": 1.0}
        line |= {"train_accuracy": accuracy, "test_accuracy": 0.1, "samples_per_second": 10.0}
        report.epoch(line)
    errors = capsys.readouterr().err
    assert errors.count("it is not learning: the accuracy was that of chance for 2 epochs") == times
    assert errors.count("try another --learning-rate than 0.1, a tenth of it first") == times
