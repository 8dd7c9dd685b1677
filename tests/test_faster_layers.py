"""Layers changed to train faster compute what those of torch do."""

import math

import pytest

torch = pytest.importorskip("torch")

from cnn import models  # noqa: E402
from cnn.training.faster_layers import (  # noqa: E402
    MaskDropout,
    ReluDropout,
    join_relu_and_dropout,
    pool_before_relu,
    speed_up_dropout,
)


@pytest.mark.parametrize("p", [0.1, 0.15, 0.2, 0.5])
def test_dropout_drops_with_its_probability(p):
    torch.manual_seed(0)
    count = 2_000_000
    kept = MaskDropout(p)(torch.ones(count))
    exact = round(p * 65536) / 65536
    assert abs(exact - p) < 1e-5
    assert kept.unique().tolist() == pytest.approx([0, 1 / (1 - exact)])
    deviation = math.sqrt(p * (1 - p) / count)
    assert abs(float((kept == 0).float().mean()) - p) < 4 * deviation


def test_dropout_units_are_independent():
    torch.manual_seed(0)
    dropped = (MaskDropout(0.25)(torch.ones(500_000, 8)) == 0).double()
    covariance = torch.cov(dropped.T) - torch.eye(8) * 0.25 * 0.75
    assert float(covariance.abs().max()) < 5 * 0.25 * 0.75 / math.sqrt(500_000) * 2


@pytest.mark.parametrize("shape", [(3,), (2, 3, 5, 5), (1, 1, 1, 1), (0, 4)])
@pytest.mark.parametrize("last", [True, False])
def test_dropout_gradient_is_its_mask(shape, last):
    values = torch.rand(shape) + 1
    if last and values.dim() == 4:
        values = values.contiguous(memory_format=torch.channels_last)
    values.requires_grad_()
    output = MaskDropout(0.5)(values)
    assert output.stride() == values.stride()
    output.sum().backward()
    torch.testing.assert_close(values.grad * values, output)


def test_dropout_at_the_ends_and_in_evaluation():
    values = torch.rand(100)
    assert torch.equal(MaskDropout(0.0)(values), values)
    assert torch.equal(MaskDropout(1.0)(values), torch.zeros(100))
    assert torch.equal(MaskDropout(0.5).eval()(values), values)


def test_faster_dropout_changes_neither_weights_nor_layers():
    model = models.era_v1()
    before = list(model.state_dict())
    speed_up_dropout(model)
    layers = [layer for layer in model if isinstance(layer, torch.nn.Dropout)]
    assert [(type(layer), layer.p) for layer in layers] == [(MaskDropout, 0.1)] * 7
    assert list(model.state_dict()) == before


@pytest.mark.parametrize("p", [0.1, 0.0, 1.0])
def test_relu_joined_with_dropout_is_both_to_the_last_bit(p):
    values = torch.randn(3, 4, 5, 5).contiguous(memory_format=torch.channels_last)
    layers = torch.nn.Sequential(torch.nn.ReLU(), MaskDropout(p))
    outputs, gradients = [], []
    for _ in range(2):
        torch.manual_seed(0)
        values.grad = None
        output = layers(values.requires_grad_())
        (output * torch.arange(output.numel()).view(output.shape)).sum().backward()
        outputs.append(output)
        gradients.append(values.grad)
        join_relu_and_dropout(layers)
    assert [type(layer) for layer in layers] == [ReluDropout, torch.nn.Identity]
    assert torch.equal(*outputs)
    assert torch.equal(*gradients)
    assert outputs[1].stride() == values.stride()
    layers(values).sum().backward()  # a gradient that is one number for all units
    assert torch.equal(layers.eval()(values), values.relu())


def test_a_pool_before_relu_gives_the_same_gradients_to_the_last_bit():
    model = models.tiny()
    images = torch.rand(8, *models.IMAGE_SHAPE)
    before, found = list(model.state_dict()), []
    for _ in range(2):
        model.zero_grad(set_to_none=True)
        model(images).square().sum().backward()
        found.append([parameter.grad.clone() for parameter in model.parameters()])
        pool_before_relu(model)
    kinds = [type(layer).__name__ for layer in model]
    assert [kinds[place - 1] for place, kind in enumerate(kinds) if kind == "MaxPool2d"] == [
        "BatchNorm2d"
    ] * 2
    assert list(model.state_dict()) == before
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
