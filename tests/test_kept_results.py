"""What a test of the network came to, kept beside the run: when it is believed, and when not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
from cnn.log import run_log
from cnn.log.kept_results import basis_of, keep, kept_results
from cnn.log.record import read_record
from cnn.training.run import Run
from sheetgen.spreadsheet.reader import read_cells


def test_the_sheet_of_a_finished_run_needs_neither_torch_nor_the_data(folder):
    code = "import sys; sys.modules['torch'] = None; from cnn.cli import main; main()"
    config, book = folder / "first" / "config.json", folder / "book.xlsx"
    before = read_cells(book, ["CNN sprint"])
    line = [sys.executable, "-c", code, "log", folder / "first", "--workbook", book]
    root = Path(__file__).parents[1]
    subprocess.run(line, cwd=root, check=True)
    assert read_cells(book, ["CNN sprint"]) == before
    config.write_text(config.read_text() + " ")
    result = subprocess.run(line, cwd=root, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.split(":")[:2]) == (2, ["Error", " cnn needs PyTorch"])


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", lambda content: content + b" "),
        ("log.jsonl", lambda content: content.replace(b"0.", b"0.9", 1)),
        ("model.safetensors", lambda content: content[:-1] + bytes([content[-1] ^ 1])),
        (
            "evaluation.json",
            lambda content: content.replace(b'confusion": [[', b'confusion": [[1'),
        ),
        ("evaluation.json", lambda content: content[:-20]),
        ("evaluation.json", lambda _: b"[1]"),
        ("evaluation.json", lambda _: b'{"checksum": 1}'),
        ("evaluation.json", None),
    ],
)
def test_results_of_another_network_log_or_setting_are_not_believed(folder, file, change):
    run, path = Run(folder / "first"), folder / "first" / file
    results, content = kept_results(run), path.read_bytes()
    assert (results.findings.images, len(results.examples)) == (500, 18)
    path.unlink()
    if change:
        path.write_bytes(change(content))
    else:
        os.mkfifo(path)  # nobody writes into it
    assert kept_results(run) is None
    path.unlink()
    path.write_bytes(content)
    assert kept_results(run) == results


def test_results_are_kept_and_believed_with_the_log_that_they_are_of_only(folder):
    """A training that is killed between checkpoint and log has an epoch less in its log."""
    run = Run(folder / "first")
    results, whole = kept_results(run), run.read_log()
    run.write_log(whole[:1])
    keep(run, results, basis_of(run), whole)
    assert kept_results(run) is None
    wrong = [whole[0], whole[1] | {"test_accuracy": 0.9999}]
    run.write_log(wrong)
    keep(run, results, basis_of(run), wrong)
    assert kept_results(run) is None
    run.write_log(whole)
    run.evaluation.unlink()
    run.evaluation.mkdir()
    keep(run, results, basis_of(run), whole)  # in vain
    run.evaluation.rmdir()
    keep(run, results, basis_of(run), whole)
    assert kept_results(run) == results


def test_results_of_an_own_network_are_believed_while_its_file_is_the_same(folder):
    run, net = Run(folder / "first"), folder / "net.py"
    results, log = kept_results(run), run.read_log()
    net.write_text("nn.ReLU")
    run.write_config(run.read_config() | {"model": f"{net}:Net"})
    keep(run, results, basis_of(run), log)
    assert kept_results(run) == results
    net.write_text("nn.Tanh")
    assert kept_results(run) is None
    run.write_config(run.read_config() | {"model": "package.module:Net"})
    assert basis_of(run) is None


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_run_whose_log_lacks_an_epoch_is_shown_whole_each_time(folder, epochs):
    """The checkpoint has the epoch, whether the network was tested before or not."""
    run = Run(folder / "first")
    whole = run.read_log()
    run.write_log(whole[:epochs])
    for _ in range(2):
        assert read_record(run.path, None).log == whole
        assert len(run_log.evaluated(run.path, None).rows) == 2
    assert kept_results(run) is None


def test_results_of_an_earlier_version_or_an_unfinished_run_are_not_believed(folder, monkeypatch):
    monkeypatch.setattr("cnn.log.kept_results.__version__", "0.0.1")
    assert kept_results(Run(folder / "first")) is None
    monkeypatch.undo()
    (folder / "first" / "model.safetensors").unlink()
    assert kept_results(Run(folder / "first")) is None
