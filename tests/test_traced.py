"""Modules with a forward of their own, exported: every number is what torch computes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from conftest import QUICK, require
from every_case import some
from own_forwards import NETWORKS, Calls, Residual, trained
from torch import Tensor, nn

import cnn
from cnn.export.network.grouping import _fitting
from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Network, Shape
from cnn.export.network.torch_reference import Reference
from cnn.export.verification.verify_export import verify_workbook
from sheetgen.errors import InputError
from sheetgen.spreadsheet.engines import EMBEDDED


def read(model: nn.Module, *sides: int, fold: bool = False) -> Network:
    return read_network(model, Input(Shape.of(sides)), fold_batchnorm=fold)


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_engine_value_is_torchs(kind: type[nn.Module], tmp_path: Path) -> None:
    model, path = trained(kind), tmp_path / "network.xlsx"
    samples = torch.rand(2, *NETWORKS[kind])
    cnn.export_workbook(model, NETWORKS[kind], path, samples)
    for result in verify_workbook(path, model, (EMBEDDED,), inputs=1):
        assert result.passed, result.wrong
        assert result.largest_difference < 1e-9


@pytest.mark.slow
def test_another_engine_agrees(tmp_path: Path) -> None:
    """With torch, as IronCalc does in the test above, and LibreOffice in test_random_graphs."""
    require(QUICK[-1].missing())
    model, path = trained(Residual), tmp_path / "network.xlsx"
    cnn.export_workbook(model, NETWORKS[Residual], path)
    for result in verify_workbook(path, model, QUICK[-1:], inputs=1):
        assert result.passed, (result.engine, result.wrong)


@pytest.mark.parametrize("kind", some(NETWORKS))
def test_the_last_layer_is_what_the_network_returns(kind: type[nn.Module]) -> None:
    model, sides = trained(kind), NETWORKS[kind]
    network = read_network(model, Input(Shape.of(sides)), probabilities=False)
    x = torch.rand(3, *sides, dtype=torch.float64)
    inputs = x.reshape(3, *network.input.output.sides).numpy()
    last = Reference(model, network).activations(inputs)[network.layers[-1].name]
    np.testing.assert_allclose(last.ravel(), model.double()(x).detach().numpy().ravel(), rtol=1e-12)


def test_sheets_are_named_by_the_modules_and_show_skip_connections() -> None:
    network = read(trained(Residual), 1, 6, 6)
    assert [layer.name for layer in network.layers] == [
        *("input", "stem", "layer1.0.conv1", "layer1.0.conv2", "layer1.0.sum"),
        *("layer1.1.conv1", "layer1.1.conv2", "layer1.1.shortcut.0", "layer1.1.sum"),
        *("pool1", "fc", "probabilities"),
    ]
    layers = {layer.name: layer for layer in network.layers}
    read_by_sum = [view.whole for view in layers["layer1.0.sum"].reads]
    assert [network.layers[at or 0].name for at in read_by_sum] == ["layer1.0.conv2", "stem"]
    assert [stage.word for stage in layers["layer1.0.sum"].stages] == ["sum", "ReLU"]


class ChannelsLast(nn.Module):
    """Functions of single numbers between convolutions, with the channels as the last axis."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 3, 2, bias=False), nn.Conv2d(3, 2, 2)
        self.register_buffer("shift", torch.rand(3))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x).movedim(1, -1) + self.shift)
        x = (x - self.shift) * self.shift + self.shift
        return self.second(x.movedim(-1, 1))


def test_numbers_that_are_only_arranged_otherwise_stay_on_the_sheet_of_their_maps() -> None:
    network = read(ChannelsLast(), 1, 4, 4)
    assert [layer.name for layer in network.layers] == ["input", "first", "second"]
    assert [stage.word for stage in network.layers[1].stages] == [
        *("convolution", "ReLU", "scale and shift"),
    ]
    assert str(network.layers[1].output) == "3 × 3 × 3"


def test_a_batchnorm_is_folded_where_nothing_else_reads_the_convolution() -> None:
    network = read(trained(Residual), 1, 6, 6, fold=True)
    assert not network.unfolded
    assert all(stage.word != "BatchNorm" for layer in network.layers for stage in layer.stages)


class Written(nn.Module):
    """Modules that are followed as others: maps of one row, clamps."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.norm, self.clamp = nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2), nn.ReLU6()

    def forward(self, x: Tensor) -> Tensor:
        return self.clamp(self.norm(self.line(x)))


def test_modules_are_named_as_they_were_written() -> None:
    layer = read_network(Written().eval(), Input(Shape.of((1, 5)))).layers[1]
    kinds = [text.partition("(")[0] for text in layer.modules]
    assert (layer.name, kinds) == (
        "line",
        ["line: Conv1d", "norm: BatchNorm1d", "clamp: ReLU6"],
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("layer1.0.conv2", "layer1.0.conv2"),
        ("0.downsample.1", "model.0.downsample.1"),
        ("encoder_backbone.0.0.downsample.0", "downsample.0"),
        ("e.self_attention.in_projection.query", "in_projection.query"),
        ("0" * 40, "model." + "0" * 22),
        ("first part.a:b", "first_part.a_b"),
    ],
)
def test_a_path_becomes_a_sheets_name(path: str, name: str) -> None:
    assert _fitting(path) == name


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.cat([x, -torch.ones_like(x)], 1),
        lambda x: F.pad(x, (1, 1), value=-2.0),
        lambda x: torch.where(x > 0, x, -1.0),
        lambda x: x.masked_fill(torch.tensor([True, False, True, False]), -3.0),
        lambda x: torch.sub(x, x * x, alpha=2),
        lambda x: x.float().long() + torch.zeros(4, dtype=torch.float16),
        lambda x: F.rrelu(x) + x.min(1, keepdim=True)[0],
    ],
)
def test_constants_casts_and_factors_are_torchs(function: Callable[..., Tensor]) -> None:
    x = torch.tensor([[1.5, -2.5, 0.25, 3.0]], dtype=torch.float64)
    network = read(Calls(function), 4)
    found = Reference(Calls(function), network).activations(x.reshape(1, 4, 1, 1).numpy())
    last = [layer.name for layer in network.layers if layer.name != "probabilities"][-1]
    np.testing.assert_allclose(found[last].ravel(), function(x).double().ravel(), rtol=1e-12)


def test_a_module_without_a_formula_is_named() -> None:
    class Cumulative(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Calls(lambda x: x.cumprod(1))

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

    with pytest.raises(InputError, match="the module inner: Calls calls cumprod: no formula is"):
        read(Cumulative(), 4)
