"""What `cnn train` and `cnn evaluate` refuse, leaving every file as it was."""

import shutil

import pytest
from test_cnn_data import mnist  # noqa: F401 - a fixture
from test_cnn_run import QUICK, contents, copy, finished, invoke, train  # noqa: F401

torch = pytest.importorskip("torch")

import safetensors.torch  # noqa: E402


def test_an_existing_directory_is_refused(copy, mnist):  # noqa: F811
    before = contents(copy)
    result = train(copy, mnist, *QUICK)
    assert result.exit_code == 2
    assert f"{copy} exists already" in result.stderr
    assert contents(copy) == before


@pytest.mark.parametrize(
    ("option", "name"),
    [
        (["--model", "fast"], "model tiny, not fast"),
        (["--epochs", "4"], "epochs 3, not 4"),
        (["--batch-size", "64"], "batch size 128, not 64"),
        (["--learning-rate", "0.5"], "learning rate 0.1, not 0.5"),
        (["--seed", "1"], "seed 0, not 1"),
        (["--limit", "100"], "limit 512, not 100"),
        (["--hold-out", "0"], "hold out 500, not 0"),
        (["--threads", "77"], "not 77"),
        (["--device", "cuda"], "device cpu, not cuda"),
    ],
)
def test_another_configuration_is_refused(copy, mnist, option, name):  # noqa: F811
    before = contents(copy)
    result = train(copy, mnist, "--resume", *option)
    assert result.exit_code == 2
    assert name in result.stderr
    assert contents(copy) == before


def test_other_data_is_refused(copy):  # noqa: F811
    result = invoke("train", "--run", copy, "--sample", "--resume")
    assert result.exit_code == 2
    assert "data mnist, not sample" in result.stderr


DAMAGES = ["truncated", "empty", "text", "pickle", "other tensor"]


@pytest.mark.parametrize("how", [*DAMAGES, "one bit"])
def test_a_damaged_checkpoint_is_refused(copy, mnist, how):  # noqa: F811
    damage(copy / "checkpoint.pt", how)
    before = contents(copy)
    result = train(copy, mnist, "--resume")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {copy / 'checkpoint.pt'} is damaged: ")
    assert len(result.stderr.splitlines()) == 1
    assert contents(copy) == before


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_weights_are_refused(copy, mnist, how):  # noqa: F811
    damage(copy / "model.safetensors", how)
    result = invoke("evaluate", copy, "--data-dir", mnist)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert str(copy) in result.stderr


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model": "tiny"}', "\xff"])
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_damaged_configuration_is_refused(copy, mnist, content, command):  # noqa: F811
    (copy / "config.json").write_bytes(content.encode("latin-1"))
    before = contents(copy)
    if command == "train":
        result = train(copy, mnist, "--resume")
    else:
        result = invoke("evaluate", copy, "--data-dir", mnist)
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(copy / "config.json") in result.stderr
    assert contents(copy) == before


def damage(path, how):
    path.write_bytes(damaged(path.read_bytes(), how))


def damaged(content, how):
    other = {"weight": torch.zeros(3)}
    return {
        "truncated": content[: len(content) // 2],
        "empty": b"",
        "one bit": content[:20_000]
        + bytes([content[20_000 % len(content)] ^ 1])
        + content[20_001:],
        "text": b"no such file",
        "pickle": b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.",
        "other tensor": safetensors.torch.save(other),
    }[how]


def test_a_checkpoint_of_another_model_is_refused(copy, mnist, tmp_path):  # noqa: F811
    other = tmp_path / "other"
    assert train(other, mnist, *QUICK, "--model", "fast").exit_code == 0
    for run, source in ((copy, other), (other, copy)):
        before = contents(run)
        shutil.copy(source / "checkpoint.pt", run / "checkpoint.pt")
        result = train(run, mnist, "--resume")
        assert result.exit_code == 2
        assert f"{run / 'checkpoint.pt'} is that of another run" in result.stderr
        (run / "checkpoint.pt").write_bytes(before["checkpoint.pt"])
        assert contents(run) == before
    shutil.copy(other / "model.safetensors", copy / "model.safetensors")
    result = invoke("evaluate", copy, "--data-dir", mnist)
    assert result.exit_code == 2
    assert "do not fit tiny" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "bset"], 'there is no model "bset"; did you mean "best"?'),
        (["--epochs", "0"], "epochs is 0; expected at least 1"),
        (["--batch-size", "0"], "batch size is 0; expected at least 1"),
        (["--learning-rate", "-0.1"], "the learning rate is -0.1; expected a positive number"),
        (["--learning-rate", "nan"], "the learning rate is nan; expected a positive number"),
        (["--device", "toaster"], 'there is no device "toaster" here; choose auto, cpu or cuda'),
        (["--device", "meta"], 'the device "meta" is not supported; choose auto, cpu or cuda'),
        (["--threads", "0"], "--threads is 0; expected at least 1"),
        (["--limit", "0"], "--limit is 0; expected at least 1"),
        (["--seed", "-1"], "-1 is not in the range"),
        (["--epochs", "many"], "'many' is not a valid integer"),
    ],
)
def test_bad_options(mnist, tmp_path, options, message):  # noqa: F811
    result = train(tmp_path / "run", mnist, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_training_that_diverges_says_so(mnist, tmp_path):  # noqa: F811
    options = [*QUICK, "--epochs", 20, "--learning-rate", "1e8"]
    result = train(tmp_path / "run", mnist, *options)
    assert result.exit_code == 1
    assert "try a smaller --learning-rate" in result.stderr
    log_file = tmp_path / "run" / "log.jsonl"
    assert not log_file.exists() or "NaN" not in log_file.read_text()


def test_evaluating_what_is_no_run(mnist, tmp_path):  # noqa: F811
    result = invoke("evaluate", tmp_path, "--data-dir", mnist)
    assert result.exit_code == 2
    assert result.stderr == f"Error: {tmp_path} is not a run: it has no config.json\n"
