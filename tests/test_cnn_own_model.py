"""Networks of the user's own: what `cnn train` and `cnn summary` take, and how they refuse."""

import json

import pytest
from test_cnn_run import empty_workbook, invoke, log, train

torch = pytest.importorskip("torch")

from cnn.export.runs import export_run  # noqa: E402
from cnn.log.run_description import described_untested  # noqa: E402
from cnn.models import build_model  # noqa: E402
from cnn.summary import summarize  # noqa: E402

NET = """
import torch
from torch import nn
from sizes import CLASSES

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.convolution = nn.Conv2d(1, width, 5, stride=3)
        self.relu = nn.ReLU()
        self.linear = nn.Linear(width * 64, CLASSES)

    def forward(self, images):
        maps = self.convolution(images)
        return self.linear((self.relu(maps) + maps).view(len(images), -1))

class Sized(Net):
    def __init__(self, width):
        super().__init__(width)

class Narrow(nn.Linear):
    def __init__(self):
        super().__init__(28, 10)

class Frozen(nn.Module):
    def forward(self, images):
        return images.flatten(1)[:, :10]

class Detached(Net):
    def forward(self, images):
        return super().forward(images).detach()

def plain():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

def logarithms():
    return plain().append(nn.LogSoftmax(dim=1))

def probabilities():
    return plain().append(nn.Softmax(dim=1))

def small():
    return nn.Sequential(nn.Flatten(), nn.Linear(100, 10))

def nothing():
    return None

def failing():
    return 1 / 0

ready = plain()
number = 5
"""
QUICK = ["--limit", "256", "--hold-out", "200", "--epochs", "2", "--threads", "1"]


@pytest.fixture
def net(tmp_path):
    """A file with networks; a file beside it is imported."""
    (tmp_path / "sizes.py").write_text("CLASSES = 10\n")
    (tmp_path / "net.py").write_text(NET)
    return tmp_path / "net.py"


def test_the_loss_is_that_of_log_probabilities(net):
    images = torch.rand(3, 1, 28, 28)
    for name in ("Net", "plain", "logarithms"):
        output = build_model(f"{net}:{name}")(images)
        assert output.exp().sum(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert len(build_model(f"{net}:logarithms")) == 3


def test_the_weights_depend_on_the_seed_alone(net):
    def weights():
        torch.manual_seed(3)
        return build_model(f"{net}:Net").state_dict().values()

    assert all(map(torch.equal, weights(), weights()))


@pytest.mark.slow
def test_an_own_network_trains_resumes_and_is_tested(net, mnist, tmp_path, monkeypatch):
    run = tmp_path / "run"
    monkeypatch.chdir(tmp_path)
    assert train(run, mnist, "--model", "net.py:Net", *QUICK).exit_code == 0
    config = json.loads((run / "config.json").read_text())
    assert config["model"] == f"{net}:Net"
    first = log(run)
    monkeypatch.chdir("/")
    assert train(run, mnist, "--resume").exit_code == 0
    assert log(run) == first
    assert "(" in invoke("evaluate", run).stdout
    description = described_untested(run)
    assert description.sheet == "CNN Net"
    assert ("model", "Net of net.py, 2,674 parameters") in description.settings
    assert export_run(run, tmp_path / "net.xlsx").network.layers[-1].output.size == 10
    net.write_text(NET + "\n")
    assert "net.py has changed since the run began" in train(run, mnist, "--resume").stderr
    net.unlink()
    result = invoke("evaluate", run)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: there is no file {net}; expected the one with the network Net\n"
    )


@pytest.mark.slow
def test_a_sequential_is_exported(net, mnist, tmp_path):
    run = tmp_path / "run"
    assert train(run, mnist, "--model", f"{net}:plain", *QUICK, "--epochs", "1").exit_code == 0
    exported = export_run(run, tmp_path / "plain.xlsx")
    assert exported.formulas > 10


@pytest.mark.usefixtures("net")
def test_the_run_is_called_as_the_network_is(mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    empty_workbook(tmp_path / "log.xlsx")
    options = ["--data-dir", mnist, "--workbook", "log.xlsx", *QUICK]
    result = invoke("train", "--model", "net:plain", *options)
    assert "plain: validation accuracy" in result.stdout
    config = json.loads((tmp_path / "output/runs/plain/config.json").read_text())
    assert config["model"] == "net:plain"
    assert config["recipe"]["schedule"] == "triangular"


def test_layers_that_do_not_just_run_one_after_another_have_no_receptive_field(net):
    rows = summarize(build_model(f"{net}:Net")).rows
    assert [(row.layer, row.shape, row.parameters, row.field) for row in rows] == [
        ("Conv2d-1", (4, 8, 8), 104, None),
        ("Linear-2", (10,), 2570, None),
    ]
    result = invoke("summary", f"{net}:plain")
    assert " ".join(result.stdout.split()).count("Linear-1 [-1, 10] 7,850 28") == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Ned", 'net.py has no Ned; did you mean "Net"?'),
        ("Sized", "needs arguments (width); expected none: give them defaults, or name a function"),
        ("Narrow", "gives a tensor of shape (N, 1, 28, 10); expected 10 for each image"),
        ("Frozen", "has no parameters to train"),
        ("probabilities", "gives probabilities; expected logits or log-probabilities"),
        ("small", "cannot take in images of 1×28×28: RuntimeError: mat1 and mat2 shapes cannot"),
        ("nothing", "gives a NoneType; expected a torch.nn.Module"),
        ("failing", "cannot be built: ZeroDivisionError: division by zero (line 49)"),
        ("ready", "is a network already; expected a class, or a function that returns one"),
        ("number", "is int; expected a class, or a function that returns one"),
        ("", "expected path/to/file.py:Net or package.module:Net"),
    ],
)
def test_networks_that_do_not_fit_are_refused_in_a_sentence(net, name, message):
    refused(invoke("summary", f"{net}:{name}"), message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nowhere", "cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ("class Net:\n  x = y", "cannot be imported: NameError: name 'y' is not defined (line 2)"),
        ("def :", "cannot be imported: SyntaxError: "),
        ("raise SystemExit", "cannot be imported: SystemExit"),
        ("", "net.py has no Net; it has no class of torch.nn.Module"),
    ],
)
def test_files_that_cannot_be_imported_are_refused_in_a_sentence(net, text, message):
    net.write_text(text)
    refused(invoke("summary", f"{net}:Net"), message)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("missing.py:Net", "missing.py; expected the one with the network Net"),
        ("no.such.module:Net", "no.such.module cannot be imported: ModuleNotFoundError"),
        ("net.py", 'found the model "net.py"; expected path/to/file.py:Net'),
        (":Net", 'found the model ":Net"; expected path/to/file.py:Net'),
    ],
)
def test_models_that_are_not_there_are_refused(model, message):
    refused(invoke("summary", model), message)


def test_a_network_without_a_backward_pass_is_refused_before_anything_is_written(
    net, mnist, tmp_path
):
    result = train(tmp_path / "run", mnist, "--model", f"{net}:Detached", *QUICK)
    refused(
        result, "net.py:Detached cannot be trained: RuntimeError: element 0 of tensors does not"
    )
    assert not (tmp_path / "run").exists()


def test_a_network_that_fails_in_the_training_is_named(net, mnist, tmp_path):
    net.write_text(
        "from torch import nn\ndef net():\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.BatchNorm1d(10))\n"
    )
    options = [*QUICK, "--limit", "129", "--batch-size", "128"]
    result = train(tmp_path / "run", mnist, "--model", f"{net}:net", *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {net}:net failed while it was trained: ValueError: ")


def test_a_name_that_no_sheet_can_hold_is_refused(tmp_path):
    file = tmp_path / "net\x0b.py"
    file.write_text(NET)
    refused(invoke("summary", f"{file}:plain"), "the model's name: found U+000B")


@pytest.mark.parametrize("name", ["", "../elsewhere"])
@pytest.mark.usefixtures("net")
def test_a_name_that_is_none_is_refused_and_no_folder_is_made(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    refused(invoke("train", "--model", f"net.py:{name}", "--workbook", "new.xlsx"), "expected path")
    assert sorted(tmp_path.rglob("*")) == before


def refused(result, message):
    assert (result.exit_code, result.stdout) == (2, ""), result.stdout
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
