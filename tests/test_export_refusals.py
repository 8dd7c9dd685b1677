"""What `cnn export` and `cnn verify` refuse, in one line, leaving every file as it was."""

import shutil
from pathlib import Path

import click
import numpy as np
import pytest
import safetensors.torch
import torch
from click.testing import CliRunner, Result
from test_cnn_run import QUICK, train
from torch import nn

from cnn.export import export_workbook
from cnn.export.export_command import export, verify
from cnn.models import build_model
from sheetgen.console.commands import CommandGroup
from sheetgen.errors import InputError
from sheetgen.spreadsheet.copying import write_changed

SMALL = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(18, 2))
SHAPE = (1, 5, 5)


def invoke(*words: object) -> Result:
    main = click.command(cls=CommandGroup)(lambda: None)
    assert isinstance(main, CommandGroup)
    main.add_command(export)
    main.add_command(verify)
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def refused(result: Result, *texts: str) -> None:
    """The command ended with one line that says these things, and exit code 2."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    for text in texts:
        assert text in result.stderr


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.LSTM(3, 3), "1: LSTM(3, 3) is not supported: it returns several tensors"),
        (nn.Conv2d(3, 2, 3), "it takes in 3 channels; here are 2 × 5 × 5"),
        (nn.Conv2d(2, 2, 9), "its kernel is larger than maps of 2 × 5 × 5"),
        (nn.MaxPool2d(2, return_indices=True), "return_indices is True"),
        (nn.AdaptiveMaxPool2d(2, return_indices=True), "return_indices is True"),
        (nn.MaxPool2d(6), "its window is larger than maps"),
        (nn.Linear(4, 2), "put a Flatten before it"),
        (nn.BatchNorm2d(2, track_running_stats=False), "it keeps no running statistics"),
        (nn.BatchNorm2d(3), "it takes in 3 channels; here are 2"),
        (nn.BatchNorm1d(2), "does not fit activations of 2 × 5 × 5: it takes in units"),
        (nn.Sequential(nn.Flatten(), nn.Linear(3, 1)), "it takes in 3 units; here are 50"),
        (nn.Sequential(nn.Flatten(), nn.Softmax(dim=0)), "dim is 0; expected 1 or -1"),
        (nn.Sequential(nn.Flatten(), nn.MaxPool2d(2)), "it takes in maps; here are 50 units"),
    ],
    ids=str,
)
def test_a_module_that_is_not_supported_is_named(
    module: nn.Module, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "network.xlsx"
    with pytest.raises(InputError) as found:
        export_workbook(nn.Sequential(nn.Conv2d(2, 2, 1), module), (2, 5, 5), path)
    assert words in str(found.value)
    assert str(found.value).startswith("the module 1")
    assert list(tmp_path.iterdir()) == []


def test_parameters_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1))
    with torch.no_grad():
        model[1].weight[0, 2] = torch.nan
    with pytest.raises(InputError, match="its parameters are not all finite"):
        export_workbook(model, (1, 2, 2), tmp_path / "network.xlsx")


@pytest.mark.parametrize(
    ("model", "shape", "words"),
    [
        (
            nn.Conv2d(1, 600, 3, padding=1),
            (1, 28, 28),
            "the sheet conv1 would have 16,801 columns, 417 more than the 16,384",
        ),
        (
            nn.Sequential(nn.Flatten(), nn.Linear(20_000, 2)),
            (20_000, 1, 1),
            "the sheet input would have 20,001 columns, 3,617 more",
        ),
        (
            nn.Sequential(nn.Conv2d(1, 2, 1), nn.AdaptiveMaxPool2d(1)),
            (1, 30, 30),
            "the formula in pool1!$B$4 would have 9,",
        ),
        (nn.Identity(), (1, 1_048_576, 1), "rows, 3 more than the 1,048,576"),
        (nn.Identity(), (1, 1, 9_000), "the sheet Inputs would have 18,002 columns, 1,618 more"),
    ],
    ids=["columns", "inputs", "formula", "rows", "typed"],
)
def test_sheets_that_pass_what_a_workbook_holds(
    model: nn.Module, shape: tuple[int, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as found:
        export_workbook(model, shape, tmp_path / "network.xlsx")
    assert words in str(found.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(), (1, 0, 28), (1.0, 28, 28), (1, 1, 28, 28)])
def test_an_input_shape_that_is_none(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected \\(channels, height, width\\) or \\(units,\\)"):
        export_workbook(SMALL, shape, tmp_path / "network.xlsx")


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((3, 5, 5)), "found the shape (3, 5, 5); expected (N, 1, 5, 5)"),
        (np.full((1, 1, 5, 5), np.nan), "not all numbers are finite"),
        ("digits", "found no array of numbers"),
    ],
    ids=["shape", "nan", "text"],
)
def test_samples_that_do_not_fit(samples: object, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as found:
        export_workbook(SMALL, SHAPE, tmp_path / "network.xlsx", samples)
    assert words in str(found.value)


def test_a_file_that_was_edited_or_made_otherwise_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "network.xlsx"
    first = export_workbook(SMALL, SHAPE, path)
    assert export_workbook(SMALL, SHAPE, path).saved.path == path
    place = first.places.drawn(0, 0, 0)
    write_changed(path, path, {first.places.sheet: {place: 7.0}})
    edited = path.read_bytes()
    with pytest.raises(InputError, match="has been edited since it was exported; --force"):
        export_workbook(SMALL, SHAPE, path)
    assert path.read_bytes() == edited
    export_workbook(SMALL, SHAPE, path, force=True)
    path.write_text("a letter")
    with pytest.raises(InputError, match="already exists and was not made by `cnn export`"):
        export_workbook(SMALL, SHAPE, path)
    assert path.read_text() == "a letter"


def test_a_file_that_is_open_elsewhere_stays(tmp_path: Path) -> None:
    path = tmp_path / "network.xlsx"
    path.write_text("open")
    (tmp_path / ".~lock.network.xlsx#").touch()
    saved = export_workbook(SMALL, SHAPE, path).saved
    assert (saved.path.name, saved.reason) == ("network (2).xlsx", "it is open elsewhere")
    assert path.read_text() == "open"


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "network.ods", tmp_path / "file" / "network.xlsx", tmp_path):
        with pytest.raises(InputError):
            export_workbook(SMALL, SHAPE, path)


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of a briefly trained run, to tamper with."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


NET = """
from torch import nn

def net():
    return nn.Sequential(
        nn.AvgPool2d(4), nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(50, 10)
    )
"""


@pytest.mark.slow
def test_a_run_is_exported_and_verified(mnist: Path, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    run, model = tmp_path / "run", f"{tmp_path / 'net.py'}:net"
    assert train(run, mnist, *QUICK, "--model", model, "--epochs", 1).exit_code == 0
    path = tmp_path / "new" / "net.xlsx"
    result = invoke("export", run, "-o", path, "--data-dir", mnist)
    assert result.exit_code == 0
    assert result.stderr.count("\n") == 1 and " formulas, about " in result.stderr
    assert "verified 913 activations with ironcalc" in result.stdout
    result = invoke("verify", path, run, "--engine", "ironcalc", "--inputs", 1)
    assert result.exit_code == 0
    assert result.stdout.count("PASS") == 1
    weights = safetensors.torch.load_file(run / "model.safetensors")
    weights["0.1.weight"] += 0.01
    safetensors.torch.save_file(weights, run / "model.safetensors")
    result = invoke("verify", path, run, "--engine", "ironcalc", "--inputs", 1)
    assert result.exit_code == 1
    assert "FAIL" in result.stdout and "Kernels!" in result.stdout


def test_a_run_without_weights_is_refused(run: Path, tmp_path: Path) -> None:
    (run / "model.safetensors").unlink()
    (run / "checkpoint.pt").unlink()
    path = tmp_path / "network.xlsx"
    refused(invoke("export", run, "-o", path), f"{run} has no weights")
    assert not path.exists()


def test_weights_of_another_model_are_refused(run: Path, tmp_path: Path) -> None:
    weights = build_model("fast").state_dict()
    safetensors.torch.save_file(weights, run / "model.safetensors")
    path = tmp_path / "network.xlsx"
    refused(
        invoke("export", run, "-o", path),
        f"the weights in {run} do not fit sprint: they are those of another network\n",
    )
    assert not path.exists()


def test_a_directory_that_is_no_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.xlsx"
    refused(invoke("export", tmp_path / "none", "-o", path), "there is no folder")
    refused(invoke("verify", path, tmp_path / "none"), "there is no folder")
    (tmp_path / "empty").mkdir()
    refused(invoke("export", tmp_path / "empty", "-o", path), "is not a run")


def test_a_workbook_that_is_no_export_is_refused(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "network.xlsx"
    refused(invoke("verify", path, run), str(path))
    export_workbook(SMALL, SHAPE, path)
    refused(
        invoke("verify", path, run),
        f"{path} was not made from {run}: its input is 1 × 5 × 5 plain numbers",
    )


def test_an_output_of_another_kind_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    refused(invoke("export", tmp_path, "-o", tmp_path / "network.ods"), "must end in .xlsx")


def test_texts_that_no_workbook_can_hold_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    named = nn.Sequential()
    named.add_module("first\x0b", nn.Flatten())
    with pytest.raises(InputError, match=r"name of the module 'first\\x0b': found U\+000B, which"):
        export_workbook(named, SHAPE, path)
    with pytest.raises(InputError, match=r"^title: found U\+FFFE, which is not a character"):
        export_workbook(SMALL, SHAPE, path, title="\ufffe")
    assert not path.exists()
