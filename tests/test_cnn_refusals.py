"""What `cnn train` and `cnn evaluate` refuse, leaving every file as it was."""

import json
import os

import pytest
from test_cnn_run import QUICK, contents, invoke, train

torch = pytest.importorskip("torch")


from cnn.training.config import most_threads  # noqa: E402


def test_an_existing_directory_is_refused(copy, mnist):
    before = contents(copy)
    result = train(copy, mnist, *QUICK)
    assert result.exit_code == 2
    assert f"{copy} already exists" in result.stderr
    assert contents(copy) == before


@pytest.mark.parametrize(
    ("option", "name"),
    [
        (["--model", "fast"], "model sprint, not fast"),
        (["--epochs", "4"], "epochs 3, not 4"),
        (["--batch-size", "32"], "batch size 128, not 32"),
        (["--learning-rate", "0.1"], "learning rate 0.9, not 0.1"),
        (["--seed", "1"], "seed 0, not 1"),
        (["--limit", "100"], "limit 512, not 100"),
        (["--hold-out", "0"], "hold out 500, not 0"),
        (["--threads", "77"], "not 77"),
        (["--device", "cuda"], "device cpu, not cuda"),
    ],
)
def test_another_configuration_is_refused(copy, mnist, option, name):
    before = contents(copy)
    result = train(copy, mnist, "--resume", *option)
    assert result.exit_code == 2
    assert name in result.stderr
    assert contents(copy) == before


def test_other_data_is_refused(copy):
    result = invoke("train", "--run", copy, "--sample", "--resume")
    assert result.exit_code == 2
    assert "data mnist, not sample" in result.stderr


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model": "tiny"}', "\xff"])
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_damaged_configuration_is_refused(copy, mnist, content, command):
    (copy / "config.json").write_bytes(content.encode("latin-1"))
    before = contents(copy)
    if command == "train":
        result = train(copy, mnist, "--resume")
    else:
        result = invoke("evaluate", copy, "--data-dir", mnist)
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(copy / "config.json") in result.stderr
    assert contents(copy) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "bset"], 'there is no model "bset"; did you mean "best"?'),
        (["--epochs", "0"], "epochs is 0; expected at least 1"),
        (["--batch-size", "0"], "batch size is 0; expected at least 1"),
        (["--learning-rate", "-0.1"], "the learning rate is -0.1; expected a positive number"),
        (["--learning-rate", "nan"], "the learning rate is nan; expected a positive number"),
        (["--device", "toaster"], 'there is no device "toaster" here; choose auto'),
        (["--device", "meta"], 'the device "meta" is not supported; choose auto'),
        (["--threads", "0"], "threads is 0; expected at least 1"),
        (["--threads", "100000"], "--threads is 100000; expected at most "),
        (["--device", "cpu:7"], 'there is no device "cpu:7" here; choose auto'),
        (["--limit", "0"], "limit is 0; expected at least 1"),
        (["--seed", "-1"], "-1 is not in the range"),
        (["--epochs", "many"], "'many' is not a valid integer"),
    ],
)
def test_bad_options(mnist, tmp_path, options, message):
    result = train(tmp_path / "run", mnist, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("count", "choice"), [(0, "auto or cpu"), (1, "auto, cpu or cuda, such")])
def test_only_devices_that_are_there_are_recommended(mnist, tmp_path, monkeypatch, count, choice):
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
    result = train(tmp_path / "run", mnist, "--device", "cuda:9")
    assert result.exit_code == 2
    assert f'there is no device "cuda:9" here; choose {choice}' in result.stderr


def test_a_training_that_diverges_says_so(mnist, tmp_path):
    options = [*QUICK, "--epochs", 20, "--learning-rate", "1e8"]
    result = train(tmp_path / "run", mnist, *options)
    assert result.exit_code == 1
    assert "try a smaller --learning-rate" in result.stderr
    log_file = tmp_path / "run" / "log.jsonl"
    assert not log_file.exists() or "NaN" not in log_file.read_text()


def test_evaluating_what_is_no_run(mnist, tmp_path):
    result = invoke("evaluate", tmp_path, "--data-dir", mnist)
    assert result.exit_code == 2
    assert result.stderr == f"Error: {tmp_path} is not a run: it has no config.json\n"


def test_evaluating_a_file(tmp_path):
    (tmp_path / "model.pt").write_text("weights")
    result = invoke("evaluate", tmp_path / "model.pt")
    refused(result, f"{tmp_path / 'model.pt'} is a file; expected the folder of a run")


def refused(result, message):
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr


@pytest.mark.parametrize("left", ["log.jsonl", "model.safetensors"])
def test_a_missing_checkpoint_is_refused(copy, mnist, left):
    for name in {"checkpoint.pt", "log.jsonl", "model.safetensors"} - {left}:
        (copy / name).unlink()
    before = contents(copy)
    message = f"the checkpoint in {copy} is missing, so that it cannot continue"
    refused(train(copy, mnist, "--resume"), message)
    assert contents(copy) == before


LINE = {
    "epoch": 1,
    "learning_rate": 0.1,
    "train_loss": 1.0,
    "train_accuracy": 0.5,
    "test_loss": 1.0,
    "test_accuracy": 0.5,
    "seconds": 1.0,
    "samples_per_second": 512.0,
}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ([1, 2], "line 1 of the log is [1, 2]; expected an object"),
        ({"epoch": 1}, "learning_rate in line 1 of the log is missing"),
        (LINE | {"epoch": 2}, "epoch in line 1 of the log is 2; expected 1"),
        (LINE | {"seconds": "long"}, "seconds in line 1 of the log is 'long'"),
        (LINE | {"test_loss": float("nan")}, "test_loss in line 1 of the log is nan"),
        (LINE | {"test_accuracy": True}, "test_accuracy in line 1 of the log is True"),
        (LINE | {"test_loss": 10**400}, "int too large"),
    ],
)
def test_a_damaged_log_is_refused(copy, mnist, tmp_path, line, message):
    (copy / "checkpoint.pt").unlink()
    (copy / "log.jsonl").write_text(json.dumps(line) + "\n")
    workbook = tmp_path / "book.xlsx"
    result = invoke("log", copy, "--workbook", workbook, "--data-dir", mnist)
    refused(result, f"{copy / 'log.jsonl'} cannot be read: ")
    assert message in result.stderr
    assert not workbook.exists()


def without_test_loss(log):
    return [{name: line[name] for name in line if name != "test_loss"} for line in log]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: 5, "its log is 5; expected a list"),
        (lambda _: [5], "line 1 of the log is 5; expected an object"),
        (without_test_loss, "test_loss in line 1 of the log is missing"),
    ],
)
@pytest.mark.parametrize("command", ["train", "log"])
def test_a_checkpoint_with_a_damaged_log_is_refused(copy, mnist, change, message, command):
    state = torch.load(copy / "checkpoint.pt", weights_only=True)
    torch.save(state | {"log": change(state["log"])}, copy / "checkpoint.pt")
    (copy / "evaluation.json").unlink()  # without which the log needs the checkpoint
    before = contents(copy)
    if command == "train":
        result = train(copy, mnist, "--resume")
    else:
        result = invoke("log", copy, "--workbook", copy / "book.xlsx", "--data-dir", mnist)
    refused(result, f"{copy / 'checkpoint.pt'} is damaged: {message}")
    assert contents(copy) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": 5}, "model is 5; expected a name"),
        (
            {"data": "cifar"},
            'data is "cifar"; expected mnist, fashion-mnist, kmnist, sample or folder',
        ),
        ({"seed": -1}, "seed is -1; expected at least 0"),
        ({"limit": "all"}, 'limit is "all"; expected a whole number'),
        ({"hold_out": "x"}, 'hold_out is "x"; expected a whole number'),
        ({"hold_out": None}, "hold_out is null; expected a whole number"),
        ({"device": []}, "device is []; expected a name"),
        ({"threads": -1}, "threads is -1; expected at least 1"),
        ({"threads": 100_000}, "threads is 100000; expected at most 1024"),
        ({"processes": True}, "processes is true; expected a whole number"),
        ({"recipe": 5}, "it does not describe a run"),
        ({"epochs": 2.5}, "epochs is 2.5; expected a whole number"),
        ({"batch_size": 2**70}, "batch size is 1180591620717411303424; expected at most"),
        ({"learning_rate": "fast"}, 'the learning rate is "fast"; expected a number'),
        ({"learning_rate": 10**400}, "; expected a number"),
        ({"schedule": "none"}, 'schedule is "none"; expected constant or triangular'),
        ({"momentum": []}, "momentum is []; expected a number"),
        ({"momentum": 0}, "nesterov is true but momentum is 0"),
        ({"nesterov": 1}, "nesterov is 1; expected true or false"),
        ({"weight_decay": -1}, "weight_decay is -1; expected weight_decay >= 0"),
        ({"augmentation": 5}, "it does not describe a run"),
        ({"augmentation": {"rotation": "x"}}, 'rotation is "x"; expected a number'),
        ({"augmentation": {"scale": 1}}, "scale is 1; expected 0 <= scale < 1"),
    ],
)
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_setting_of_another_kind_is_refused(copy, mnist, changes, message, command):
    config = json.loads((copy / "config.json").read_text())
    for name, value in changes.items():
        (config if name in config else config["recipe"])[name] = value
    (copy / "config.json").write_text(json.dumps(config))
    before = contents(copy)
    if command == "train":
        result = train(copy, mnist, "--resume")
    else:
        result = invoke("evaluate", copy, "--data-dir", mnist)
    refused(result, f"{copy / 'config.json'} cannot be used: ")
    assert message in result.stderr
    assert contents(copy) == before


def test_the_most_threads_follow_the_cores(monkeypatch):
    expected = {1: 64, 8: 64, 12: 96, 128: 1024, 500: 1024, None: 64}
    for cores, most in expected.items():
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        assert most_threads() == most


@pytest.mark.slow
def test_after_a_divergence_the_same_command_with_a_smaller_rate_starts_again(mnist, tmp_path):
    run = tmp_path / "run"
    workbook = ["--workbook", tmp_path / "book.xlsx"]
    result = train(run, mnist, *QUICK, *workbook, "--learning-rate", "1e300")
    assert result.exit_code == 1
    assert "the training diverged in epoch 1" in result.stderr
    assert [path.name for path in run.iterdir()] == ["config.json"]
    smaller = [*QUICK, *workbook, "--learning-rate", "0.05"]
    refused(train(run, mnist, *smaller, "--resume"), "without --resume it starts again")
    (run / "log.jsonl").touch()
    (run / ".checkpoint.abc.tmp").write_bytes(b"half")
    assert train(run, mnist, *smaller).exit_code == 0
    assert json.loads((run / "config.json").read_text())["recipe"]["learning_rate"] == 0.05
    assert len((run / "log.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize("resume", [[], ["--resume"]])
@pytest.mark.parametrize("name", ["notes.txt", "config.json"])
def test_a_directory_without_a_run_is_refused(mnist, tmp_path, resume, name):
    (tmp_path / name).write_text('{"name": "of another program"}')
    (tmp_path / ".draft.tmp").write_text("of another program")
    before = contents(tmp_path)
    result = train(tmp_path, mnist, *QUICK, *resume)
    if resume and name == "config.json":
        refused(result, f"{tmp_path / name} cannot be used: it does not describe a run")
    else:
        refused(
            result,
            f"{tmp_path} is not empty and holds no run; name another folder with --run",
        )
    assert contents(tmp_path) == before


@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_a_file_in_the_place_of_the_run_is_refused(mnist, tmp_path, resume):
    file = tmp_path / "run"
    file.write_text("mine")
    refused(train(file, mnist, *QUICK, *resume), f"{file} is a file; expected a folder")
    assert file.read_text() == "mine"


@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_a_name_that_is_too_long_is_refused(mnist, tmp_path, resume):
    run = tmp_path / ("x" * 300)
    refused(train(run, mnist, *QUICK, *resume), f"{run} cannot be used: File name too long")


def test_an_interruption_before_the_first_epoch_promises_nothing(mnist, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cnn.training.start.train", interrupted)
    result = train(tmp_path / "run", mnist, *QUICK)
    assert result.exit_code == 130
    assert "safe" not in result.stderr
    assert f"no epoch is finished in {tmp_path / 'run'}" in result.stderr


def test_a_name_that_no_workbook_can_hold_is_refused_before_the_training(mnist, tmp_path):
    result = train(tmp_path / "run\x0b", mnist, *QUICK)
    refused(result, "the name of the run, 'run\\x0b': found U+000B, which is a control character")
    assert not list(tmp_path.glob("run*"))


def test_a_setting_that_no_workbook_can_hold_is_refused(copy, mnist):
    config = json.loads((copy / "config.json").read_text())
    config["versions"]["machine"] = "half \ud83d a pair"
    (copy / "config.json").write_text(json.dumps(config))
    book = copy.parent / "book.xlsx"
    result = invoke("log", copy, "--workbook", book, "--data-dir", mnist)
    refused(result, "config.json: versions: machine: found U+D83D, which is not a character")
    assert not book.exists()
