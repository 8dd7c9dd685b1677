"""A checkpoint, or weights, of something else than the run: our own sentence, none of torch's."""

import io
import pickle
import shutil
import zipfile

import pytest
from test_cnn_run import QUICK, contents, invoke, train

torch = pytest.importorskip("torch")

import safetensors.torch  # noqa: E402
from torch import nn  # noqa: E402

from cnn.models import build_model  # noqa: E402
from cnn.training.tensor_files import misfit  # noqa: E402

TORCHS_WORDS = (
    *("state_dict", "weights_only", "Weights only", "size mismatch", "Missing key", "Unexpected"),
    *("enforce fail", "Error(s)", "deserializing", "zip file", "Traceback", "\x1b", "PyTorch"),
    *("torch.load", "parameter group", "OrderedDict", "tensor("),
)


def refused(result, message):
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert result.stderr.count("\n") == 1 and message in result.stderr, result.stderr
    assert not [words for words in TORCHS_WORDS if words in result.stderr], result.stderr
    assert len(result.stderr) < 400


class Own:
    """An object that no checkpoint of ours holds."""


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def archive(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("_", "."), content)
    return buffer.getvalue()


def scripted():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), buffer)
    return buffer.getvalue()


STATE = {"config": {}, "log": []}
FILES = {
    "empty": (lambda: b"", "it is empty"),
    "a text": (lambda: b"no checkpoint", "it is not a file of torch"),
    "a pickle": (lambda: pickle.dumps({"epoch": 3}), "it is a pickle of something else"),
    "an old format": (
        lambda: saved(STATE, _use_new_zipfile_serialization=False),
        "it is a pickle of something else",
    ),
    "half a file": (lambda: saved(STATE)[:300], "it is truncated, or its archive is damaged"),
    "another archive": (lambda: archive(a_txt="b"), "it is an archive of something else"),
    "an archive of that name": (
        lambda: archive(**{"x/data_pkl": b"junk", "x/version": b"3"}),
        "it is not what torch.save writes",
    ),
    "a network": (lambda: saved(nn.Linear(2, 2)), "it holds other Python objects than numbers"),
    "an own object": (lambda: saved(STATE | {"x": Own()}), "it holds other Python objects"),
    "TorchScript": (scripted, "it is TorchScript"),
    "a tensor": (lambda: saved(torch.zeros(3)), "it does not hold the state of a training"),
    "weights": (
        lambda: saved(build_model("sprint").state_dict()),
        "it does not hold the state of a training",
    ),
    "safetensors": (
        lambda: safetensors.torch.save({"a": torch.zeros(3)}),
        "it is not a file of torch",
    ),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_checkpoint_is_refused_in_our_words(copy, mnist, kind):
    make, message = FILES[kind]
    (copy / "checkpoint.pt").write_bytes(make())
    before = contents(copy)
    refused(train(copy, mnist, "--resume"), f"{copy / 'checkpoint.pt'} is damaged: {message}")
    assert contents(copy) == before


WEIGHTS = {
    "empty": (lambda _: b"", "it is empty"),
    "a text": (lambda _: b"no weights at all", "it is another file; expected one of safet"),
    "a checkpoint": (lambda _: saved(STATE), "it is a file of torch.save; expected"),
    "half a header": (lambda good: good[:99], "it is truncated"),
    "half a file": (lambda good: good[:-99], "it is longer or shorter than its header says"),
    "more": (lambda good: good + b"more", "it is longer or shorter than its header says"),
    "a damaged header": (lambda good: good[:8] + b"{" * 99 + good[107:], "its header is damaged"),
}


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("command", ["evaluate", "export"])
def test_a_file_that_holds_no_weights_is_refused_in_our_words(copy, kind, command):
    make, message = WEIGHTS[kind]
    path = copy / "model.safetensors"
    path.write_bytes(make(path.read_bytes()))
    more = ("-o", copy / "network.xlsx") if command == "export" else ()
    refused(invoke(command, copy, *more), f"{path} is damaged: {message}")
    assert not (copy / "network.xlsx").exists()


def lacking(weights, *names):
    return {name: value for name, value in weights.items() if name not in names}


MISFITS = {
    "another network": (
        lambda _: build_model("fast").state_dict(),
        "they are those of another network\n",
    ),
    "another shape": (
        lambda good: good | {"0.weight": torch.zeros(3)},
        "they are those of another network\n",
    ),
    "nothing": (lambda _: {}, "they are those of another network\n"),
    "more": (
        lambda good: good | {"extra": torch.zeros(3)},
        "they are those of another network\n",
    ),
    "complex numbers": (
        lambda good: good | {"0.weight": good["0.weight"].to(torch.complex64)},
        "they are those of another network\n",
    ),
    "one missing": (
        lambda good: lacking(good, "0.weight"),
        "1 of 20 are missing, such as 0.weight\n",
    ),
}


@pytest.mark.parametrize("kind", MISFITS)
def test_weights_that_do_not_fit_are_refused_in_our_words(copy, mnist, kind):
    change, message = MISFITS[kind]
    path = copy / "model.safetensors"
    weights = change(safetensors.torch.load_file(path))
    safetensors.torch.save_file({name: each.clone() for name, each in weights.items()}, path)
    refused(
        invoke("evaluate", copy, "--data-dir", mnist),
        f"the weights in {copy} do not fit sprint: {message}",
    )


def test_a_weight_that_is_no_tensor_is_named():
    wanted = build_model("sprint").state_dict()
    assert misfit(wanted | {"0.weight": [1.0]}, wanted) == "0.weight is no tensor"
    assert misfit(dict(wanted), wanted) == ""


def optimizer_of(state, **changes):
    groups = [group | changes for group in state["optimizer"]["param_groups"]]
    return {"optimizer": state["optimizer"] | {"param_groups": groups}}


def momenta_of(state, value):
    momenta = {key: {"momentum_buffer": value} for key in state["optimizer"]["state"]}
    return {"optimizer": state["optimizer"] | {"state": momenta}}


STATES = {
    "model": lambda _: {"model": build_model("fast").state_dict()},
    "model of numbers": lambda _: {"model": {"0.weight": 5}},
    "optimizer": lambda _: {"optimizer": {"state": {}, "param_groups": []}},
    "optimizer of another recipe": lambda state: optimizer_of(state, momentum=0.1),
    "optimizer with a text": lambda state: optimizer_of(state, weight_decay="much"),
    "optimizer of other weights": lambda state: momenta_of(state, torch.zeros(2)),
    "optimizer of numbers": lambda state: momenta_of(state, 5),
    "schedule": lambda _: {"schedule": 5},
    "schedule of another recipe": lambda state: {
        "schedule": state["schedule"] | {"base_lrs": [0.7, 0.7]}
    },
    "schedule without a step": lambda state: {
        "schedule": state["schedule"] | {"last_epoch": "third"}
    },
    "generator": lambda _: {"generator": torch.zeros(3, dtype=torch.uint8)},
    "random_states": lambda _: {"random_states": []},
    "random_states of texts": lambda _: {"random_states": [{"cpu": "x"}]},
    "pruning of other images": lambda _: {"pruning": torch.zeros(5)},
}


@pytest.mark.parametrize("kind", STATES)
def test_a_state_of_another_training_is_named_by_its_part(copy, mnist, kind):
    path = copy / "checkpoint.pt"
    state = torch.load(path, weights_only=True)
    state["log"] = state["log"][:2]  # so that there is an epoch to train
    torch.save(state | STATES[kind](state), path)
    name = kind.split()[0]
    result = train(copy, mnist, "--resume")
    refused(result, f"{path} does not fit: its {name} is not that of this run")
    torch.save(lacking(state, name), path)
    result = train(copy, mnist, "--resume")
    refused(result, f"{path} does not fit: its {name} is missing")


DAMAGES = ["truncated", "empty", "text", "pickle", "other tensor"]


@pytest.mark.parametrize("how", [*DAMAGES, "one bit"])
def test_a_damaged_checkpoint_is_refused(copy, mnist, how):
    damage(copy / "checkpoint.pt", how)
    before = contents(copy)
    result = train(copy, mnist, "--resume")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {copy / 'checkpoint.pt'} is damaged: ")
    assert len(result.stderr.splitlines()) == 1
    assert contents(copy) == before


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_weights_are_refused(copy, mnist, how):
    damage(copy / "model.safetensors", how)
    result = invoke("evaluate", copy, "--data-dir", mnist)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert str(copy) in result.stderr


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


@pytest.mark.slow
def test_a_checkpoint_of_another_model_is_refused(copy, mnist, tmp_path):
    other = tmp_path / "other"
    assert train(other, mnist, *QUICK, "--model", "fast").exit_code == 0
    for run, source in ((copy, other), (other, copy)):
        before = contents(run)
        shutil.copy(source / "checkpoint.pt", run / "checkpoint.pt")
        result = train(run, mnist, "--resume")
        assert result.exit_code == 2
        assert f"{run / 'checkpoint.pt'} belongs to a different run" in result.stderr
        (run / "checkpoint.pt").write_bytes(before["checkpoint.pt"])
        assert contents(run) == before
    shutil.copy(other / "model.safetensors", copy / "model.safetensors")
    result = invoke("evaluate", copy, "--data-dir", mnist)
    assert result.exit_code == 2
    assert "do not fit sprint" in result.stderr
