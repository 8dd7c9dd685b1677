"""Runs that go on to more epochs, keep their best epoch, and are seen while they are trained."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import mnist_folder
from test_cnn_run import contents, invoke, log, stop_after, train

torch = pytest.importorskip("torch")
import safetensors.torch  # noqa: E402

from cnn.log import live_sheet, run_log  # noqa: E402
from cnn.log.add_log import Placed  # noqa: E402
from cnn.log.record import read_record  # noqa: E402
from cnn.log.run_description import described_untested  # noqa: E402
from cnn.log.tested_run import described  # noqa: E402
from cnn.training.run import Run  # noqa: E402
from sheetgen.files.saving import Saved  # noqa: E402
from sheetgen.spreadsheet.reader import read_cells, sheet_names  # noqa: E402

SHORT = ["--model", "tiny", "--limit", "256", "--hold-out", "200", "--threads", "1"]
CONSTANT = [*SHORT, "--schedule", "constant", "--learning-rate", "0.05", "--keep", "best"]
"""The second of three epochs is the best one, at least on the machine where this was written."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of three epochs at a constant rate that keeps its best; not to be written to."""
    run = tmp_path_factory.mktemp("whole") / "run"
    result = train(run, mnist_folder(), *CONSTANT, "--epochs", "3", "--no-live")
    assert (result.exit_code, result.stderr) == (0, "")
    return run


def best_epoch(run):
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return max(lines, key=lambda line: line["test_accuracy"])["epoch"]


def same(run, other):
    """Both runs have the same log and the same last and best weights."""
    assert log(run) == log(other)
    for name in ("model.safetensors", "best.safetensors"):
        assert (run / name).read_bytes() == (other / name).read_bytes(), name
    assert {path.name for path in run.iterdir()} == {path.name for path in other.iterdir()}


@pytest.fixture
def live(monkeypatch):
    """The sheet of a run is written after each epoch; returns what was on it each time."""
    seen = []
    write = live_sheet.LiveSheet.write

    def watched(self, *args, **kwargs):
        write(self, *args, **kwargs)
        names = [name for name in sheet_names(self.workbook) if name.startswith("CNN")]
        texts = [cell.value for cell in read_cells(self.workbook, names)[names[0]].values()]
        seen.append((names, next(text for text in texts if str(text).startswith("run "))))

    monkeypatch.setattr(live_sheet.LiveSheet, "write", watched)
    monkeypatch.setattr(run_log, "EXPECTED", 0.0)
    monkeypatch.setattr(run_log, "PATIENCE", 0.0)
    return seen


@pytest.mark.slow
def test_a_finished_run_goes_on_and_is_seen_growing(whole, mnist, tmp_path, live):
    """It ends with the weights of one that was not watched and went through at once."""
    run, best = tmp_path / "run", best_epoch(whole)
    result = train(run, mnist, *CONSTANT, "--epochs", best)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [said.partition(": ")[2] for _, said in live] == [
        f"7,802 parameters, {epoch} of {best} epochs" for epoch in range(1, best + 1)
    ]
    kept = (run / "model.safetensors").read_bytes()
    assert (whole / "best.safetensors").read_bytes() == kept
    mark = read_record(run, None).mark
    result = train(run, mnist, "--resume", "--epochs", "3", "--target", "0.25")
    assert (result.exit_code, result.stderr) == (0, "")
    same(run, whole)
    assert all(names == ["CNN tiny"] for names, _ in live)
    assert read_record(run, None).target == 0.25
    assert read_record(run, None).mark == mark == described_untested(run).mark
    config = json.loads((run / "config.json").read_text())
    assert (config["recipe"]["epochs"], config["epochs_at_first"]) == (3, best)
    assert train(run, mnist, "--resume").exit_code == 0


def test_a_run_of_an_older_version_keeps_its_sheet_when_it_goes_on(whole, mnist, tmp_path):
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    config = json.loads((run / "config.json").read_text())
    del config["recipe"]["pruned"]  # which that version did not know
    (run / "config.json").write_text(json.dumps(config))
    mark = described_untested(run).mark
    result = train(run, mnist, "--resume", "--epochs", "4", "--no-live")
    assert (result.exit_code, result.stderr) == (0, "")
    described = json.loads((run / "config.json").read_text())
    assert described["recipe"] == config["recipe"] | {"epochs": 4}
    assert described_untested(run).mark == mark


def test_what_is_shown_of_a_run_before_its_end_is_what_its_sheet_shows(whole):
    early, last = described_untested(whole), described(read_record(whole, None))
    for name in ("sheet", "mark", "rows", "target", "settings", "most_parameters"):
        assert getattr(early, name) == getattr(last, name), name
    words = "3 epochs, batch size 64, the best epoch kept beside the last"
    assert ("training", words) in last.settings


@pytest.mark.slow
def test_a_run_that_was_killed_has_the_best_weights_of_its_log(whole, mnist, tmp_path):
    """It is killed when an epoch is in the checkpoint only, not in the log or best.safetensors."""
    run = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, best_epoch(whole), "before")
        assert train(run, mnist, *CONSTANT, "--epochs", "3", "--no-live").exit_code == 130
    best = safetensors.torch.load_file(whole / "best.safetensors")
    found = Run(run).read_best_weights()
    assert all(torch.equal(found[name], value) for name, value in best.items())
    (run / "best.safetensors").unlink(missing_ok=True)
    assert train(run, mnist, "--resume", "--no-live").exit_code == 0
    same(run, whole)


def test_the_best_weights_are_tested_by_name(whole, tmp_path):
    last, best = (
        invoke("evaluate", whole, "--weights", which).stdout for which in ("last", "best")
    )
    accuracies = [dict(line)["test_accuracy"] for line in log(whole)]
    assert f"accuracy {accuracies[-1]:.2%}" in last
    assert f"accuracy {max(accuracies):.2%}" in best
    record = read_record(whole, None, "best")
    told = f"3 epochs, weights of epoch {best_epoch(whole)}, the best, validated on"
    assert told in record.subtitle
    copy = Path(shutil.copytree(whole, tmp_path / "copy"))
    (copy / "checkpoint.pt").unlink()
    assert invoke("evaluate", copy, "--weights", "best").stdout == best
    (copy / "best.safetensors").unlink()
    result = invoke("evaluate", copy, "--weights", "best")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "has no best weights: it was not trained with --keep best" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "2"], "run has 3 finished epochs; expected 3 or more"),
        (["--epochs", "0"], "epochs is 0; expected at least 1"),
        (["--epochs", "5", "--learning-rate", "0.2"], "began with learning rate 0.05, not 0.2"),
        (["--keep", "last"], "began with keep best, not last"),
    ],
)
def test_what_a_run_cannot_go_on_with_is_refused(whole, mnist, options, message):
    before = contents(whole)
    result = train(whole, mnist, "--resume", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert contents(whole) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--keep", "best"], "the test set must not be; add --hold-out N"),
        (["--keep", "all", "--hold-out", "9"], 'keep is "all"; expected last or best'),
        (["--device", "mps"], 'there is no device "mps" here; choose auto or cpu'),
    ],
)
def test_what_no_run_can_do_is_refused(mnist, tmp_path, options, message):
    result = train(tmp_path / "run", mnist, "--model", "tiny", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("live")
def test_a_workbook_that_is_open_or_damaged_does_not_stop_a_training(whole, mnist, tmp_path):
    """The lock appears before the second epoch; the workbook is no longer one before the third."""
    run, book = tmp_path / "run", tmp_path / "log.xlsx"
    write = live_sheet.LiveSheet.follow

    def disturbed(self, *args):
        epochs = len((run / "log.jsonl").read_text().splitlines())
        lock = book.with_name("~$log.xlsx")
        if epochs == 2:
            lock.touch()
        elif epochs == 3:
            lock.unlink()
            book.write_text("no workbook")
        write(self, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_sheet.LiveSheet, "follow", disturbed)
        patch.setattr(live_sheet.LiveSheet, "write", WRITE)
        result = train(run, mnist, *CONSTANT, "--epochs", "3")
    first, last = result.stderr.splitlines()
    assert first == (
        f"{book} is open elsewhere; the log goes on in {run / 'log.jsonl'}; the training goes on"
    )
    assert last.startswith(f"Error: {book} is damaged or") and f"the run is safe in {run}" in last
    assert result.exit_code == 1
    same(run, whole)


WRITE = live_sheet.LiveSheet.write


def test_a_training_spends_little_of_its_time_on_the_sheet(monkeypatch, tmp_path):
    """Time is counted here, not spent: each epoch takes 4 s, writing the sheet 0.5 s."""
    now = [0.0]
    monkeypatch.setattr(live_sheet.time, "monotonic", lambda: now[0])
    sheet = live_sheet.LiveSheet(
        tmp_path / "log.xlsx", "run", patience=run_log.PATIENCE, expected=run_log.EXPECTED
    )
    written = []

    def add(*_, **__):
        written.append(now[0])
        now[0] += 0.5
        return Placed(Saved(tmp_path), "run", built=False)

    monkeypatch.setattr(live_sheet, "add_log", add)
    for _ in range(100):
        now[0] += 4.0
        sheet.follow(dict, tmp_path)
    assert written[:2] == [8.0, 36.5]
    assert 0.5 * len(written) <= 0.02 * now[0]
