"""What is no network of torch's own modules is refused by both packages, and they say why."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn.utils import parametrizations, prune  # noqa: E402
from verified_export import require_torchs  # noqa: E402

import sheetgen  # noqa: E402
from cnn.export import export_workbook  # noqa: E402
from cnn.training.faster_layers import MaskDropout  # noqa: E402
from sheetgen.errors import InputError  # noqa: E402


class Residual(nn.Module):
    """A network as most people write theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 2), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)


class Backwards(nn.Sequential):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for module in reversed(self):
            x = module(x)
        return x


class Halved(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) / 2


class Tidied(nn.Linear):
    """A Linear that only adds a method."""


class Speechless(nn.Module):
    def __repr__(self) -> str:
        raise RuntimeError("it cannot be shown")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


# Another class of that name must not pass for torch's.
Impostor = type("Linear", (Halved,), {})
OWN_FORWARD = "it has its own forward; only modules of torch.nn, one after the other, can be read"


def linear() -> nn.Linear:
    return nn.Linear(2, 2)


def hooked() -> nn.Linear:
    module = linear()
    module.register_forward_hook(lambda _, __, found: found * 2)
    return module


def patched() -> nn.Linear:
    module = linear()
    module.forward = lambda x: x  # type: ignore[method-assign]
    return module


def in_itself() -> nn.Sequential:
    model = nn.Sequential(linear())
    return model.append(model)


def with_none() -> nn.Sequential:
    model = nn.Sequential(linear())
    model.register_module("gone", None)
    return model


def refusals(model: Any, path: Path, by: Sequence[str] = ("cnn", "sheetgen")) -> dict[str, str]:
    """What each of these packages says of a model, in one line; nothing is written."""
    found = {}
    reads = {
        "cnn": lambda: export_workbook(model, (2,), path / "network.xlsx"),
        "sheetgen": lambda: sheetgen.Network.from_torch(model),
    }
    for name, read in reads.items():
        if name not in by:
            continue
        with pytest.raises(InputError) as caught:
            read()
        found[name] = str(caught.value)
        assert "\n" not in found[name] and len(found[name]) < 250
        assert "AdaptiveAvgPool2d" not in found[name] and "tensor(" not in found[name]
    assert list(path.iterdir()) == []
    return found


MODULES = {  # what cnn, which follows a forward, says, nothing if it exports; what sheetgen says
    "own network": (Residual, "", OWN_FORWARD),
    "own order": (lambda: Backwards(linear()), "", OWN_FORWARD),
    "own layer": (lambda: nn.Sequential(Halved(2, 2)), "", OWN_FORWARD),
    "impostor": (lambda: nn.Sequential(Impostor(2, 2)), "", OWN_FORWARD),
    "speechless": (lambda: nn.Sequential(Speechless()), "", OWN_FORWARD),
    "subclass": (
        lambda: nn.Sequential(Tidied(2, 2)),
        "",
        "model[0]: found Tidied; expected a Linear itself",
    ),
    "hooked": (lambda: nn.Sequential(hooked()), "", "it has forward hooks"),
    "patched": (lambda: nn.Sequential(patched()), "", "set on the module"),
    "spectral norm": (
        lambda: nn.Sequential(parametrizations.spectral_norm(linear())),
        "",
        "computed by a parametrisation",
    ),
    "pruned": (
        lambda: nn.Sequential(prune.random_unstructured(linear(), "weight", 0.5)),
        "prune.remove",
        "it has forward hooks",
    ),
    "lazy": (
        lambda: nn.Sequential(nn.LazyLinear(2)),
        "no shape yet; run the network once first",
        "no shape yet; run the network once first",
    ),
    "meta": (lambda: nn.Sequential(nn.Linear(2, 2, device="meta")), "no numbers", "no numbers"),
    "complex": (
        lambda: nn.Sequential(nn.Linear(2, 2, dtype=torch.complex64)),
        "complex numbers",
        "complex numbers",
    ),
    "in itself": (in_itself, "a Sequential that it is in itself", "a Sequential in another"),
    "None": (with_none, "the module gone is None", "model[1]: found NoneType"),
    "LSTM": (
        lambda: nn.Sequential(linear(), nn.LSTM(2, 2)),
        "the module 1: LSTM(2, 2) is not supported: it returns several tensors",
        "model[1]: found LSTM; expected a Linear, an activation, Conv2d",
    ),
    "attention": (
        lambda: nn.Sequential(linear(), nn.MultiheadAttention(2, 1)),
        "the module 1: MultiheadAttention(…) is not supported: it returns several tensors",
        "no formula is written",
    ),
    "Conv1d": (lambda: nn.Sequential(nn.Conv1d(1, 1, 1)), "expected Conv2d", "found Conv1d"),
    "LayerNorm": (
        lambda: nn.Sequential(linear(), nn.LayerNorm(2)),
        "",
        "found LayerNorm",
    ),
    "a loss": (
        lambda: nn.Sequential(linear(), nn.MSELoss()),
        "it is a loss, which is for the training",
        "found MSELoss",
    ),
    "Mish": (
        lambda: nn.Sequential(linear(), nn.Mish()),
        "",
        "model[1]: found Mish; expected",
    ),
    "ModuleDict": (
        lambda: nn.ModuleDict({"a": linear()}),
        "it does not say in which order its modules run",
        "model: found ModuleDict; expected a torch.nn.Sequential",
    ),
    "DataParallel": (
        lambda: nn.DataParallel(nn.Sequential(linear())),
        "",
        "model: found DataParallel; expected a torch.nn.Sequential",
    ),
}


@pytest.mark.filterwarnings("ignore")  # torch's own, of prune and of complex modules
@pytest.mark.parametrize("kind", MODULES)
def test_a_refused_module_says_why(kind: str, tmp_path: Path) -> None:
    make, cnns, sheetgens = MODULES[kind]
    found = refusals(make(), tmp_path, ("cnn", "sheetgen") if cnns else ("sheetgen",))
    assert sheetgens in found["sheetgen"]
    assert cnns in found.get("cnn", "")
    if not cnns:
        require_torchs(make(), (2,), tmp_path / "network.xlsx")


NO_NETWORKS = {
    "state_dict": (
        lambda: nn.Sequential(linear()).state_dict(),
        "found a state_dict (2 tensors, the first '0.weight'); expected a",
    ),
    "checkpoint": (
        lambda: {"epoch": 3, "model": linear().state_dict(), "optimizer": {}, "loss": 0.1},
        "found a dict with the keys 'epoch', 'model', 'optimizer', …; expected",
    ),
    "empty dict": (dict, "found an empty dict; expected"),
    "class": (lambda: Residual, "found the class Residual; expected"),
    "function": (lambda: torch.relu, "found the function relu; expected"),
    "name of a file": (lambda: "model.pt", "; expected a"),
    "path": (lambda: Path("model.pt"), "; expected a"),
    "tensor": (lambda: torch.zeros(3), "found Tensor; expected a"),
    "nothing": (lambda: None, "; expected a"),
}


@pytest.mark.parametrize("kind", NO_NETWORKS)
def test_what_is_no_network_is_named_and_not_printed(kind: str, tmp_path: Path) -> None:
    make, message = NO_NETWORKS[kind]
    for said in refusals(make(), tmp_path).values():
        assert said.startswith("model: found ") and message in said


@pytest.mark.parametrize(
    "item", [torch.relu, nn.ReLU, "ReLU", None], ids=["function", "class", "text", "None"]
)
def test_what_is_no_module_in_a_list_is_named(item: object) -> None:
    with pytest.raises(InputError, match=r"model\[1\]: found .*; expected a module of torch.nn"):
        sheetgen.Network.from_torch([linear(), item])


def test_our_own_dropout_and_a_sequential_of_another_name_are_read(tmp_path: Path) -> None:
    class Model(nn.Sequential):
        """As torchvision's classes are."""

    model = Model(nn.Linear(2, 2), MaskDropout(0.5), nn.Sequential(nn.ReLU()))
    export_workbook(model, (2,), tmp_path / "network.xlsx")
    assert len(sheetgen.Network.from_torch(Model(nn.Linear(2, 2), nn.ReLU())).layers) == 1
