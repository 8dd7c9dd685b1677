"""Random networks of the supported modules: the workbook's numbers are torch's."""

import random
from pathlib import Path

import pytest
import torch
from torch import nn

from cnn.export import export_workbook, verify_workbook

ACTIVATIONS = (
    nn.ReLU, nn.Sigmoid, nn.Tanh, nn.ELU, nn.LeakyReLU, nn.Softplus, nn.GELU,
    nn.SiLU, nn.Hardswish,
    lambda: nn.GELU(approximate="tanh"), lambda: nn.Softplus(2.0, 3.0), lambda: nn.ELU(0.5),
)  # fmt: skip


def random_network(draw: random.Random) -> tuple[nn.Sequential, tuple[int, int, int]]:
    """Return a network of 1 to 4 blocks, and the shape of its input."""
    shape = draw.randint(1, 4), draw.randint(5, 11), draw.randint(5, 11)
    channels, height, width = shape
    layers: list[nn.Module] = []
    for _ in range(draw.randint(1, 4)):
        block = nn.Sequential()
        for module in random_block(draw, channels, height, width):
            block.append(module)
        x = block.eval()(torch.zeros(1, channels, height, width))
        _, channels, height, width = x.shape
        layers.append(block)
    layers += random_end(draw, channels, height, width)
    return nn.Sequential(*layers), shape


def random_block(draw: random.Random, channels: int, height: int, width: int) -> list[nn.Module]:
    wide = draw.randint(1, 8)
    kernel = draw.randint(1, min(5, height)), draw.randint(1, min(5, width))
    padding = draw.choice(["same", "valid", (draw.randint(0, 2), draw.randint(0, 2))])
    stride = 1 if padding == "same" else (draw.randint(1, 3), draw.randint(1, 2))
    modules: list[nn.Module] = [
        nn.Conv2d(channels, wide, kernel, stride, padding, bias=draw.random() < 0.7)
    ]
    followers = [nn.BatchNorm2d(wide), draw.choice(ACTIVATIONS)(), nn.Dropout(0.3)]
    draw.shuffle(followers)
    modules += followers[: draw.randint(0, 3)]
    with torch.no_grad():
        x = nn.Sequential(*modules).eval()(torch.zeros(1, channels, height, width))
    return [*modules, *random_pool(draw, *x.shape[2:])]


def random_pool(draw: random.Random, height: int, width: int) -> list[nn.Module]:
    kernel = draw.randint(1, min(3, height)), draw.randint(1, min(3, width))
    padding = draw.randint(0, kernel[0] // 2), draw.randint(0, kernel[1] // 2)
    stride = draw.randint(1, 3)
    smaller = draw.randint(1, height), draw.randint(1, width)
    return draw.choice(
        [
            [],
            [nn.MaxPool2d(kernel, stride, padding)],
            [nn.AvgPool2d(kernel, stride, padding, count_include_pad=draw.random() < 0.5)],
            [nn.AdaptiveAvgPool2d(smaller)],
            [nn.AdaptiveMaxPool2d(smaller)],
        ]
    )


def random_end(draw: random.Random, channels: int, height: int, width: int) -> list[nn.Module]:
    size = channels * height * width
    hidden, classes = draw.randint(2, 12), draw.randint(2, 6)
    head = [
        nn.Flatten(),
        nn.Linear(size, hidden),
        nn.BatchNorm1d(hidden),
        draw.choice(ACTIVATIONS)(),
    ]
    return draw.choice(
        [
            [],
            [nn.Flatten(), nn.Softmax(1)],
            [*head, nn.Linear(hidden, classes, bias=False)],
            [*head, nn.Linear(hidden, classes), nn.LogSoftmax(dim=1)],
            [nn.Flatten(), nn.BatchNorm1d(size), nn.Linear(size, classes), nn.Softmax(-1)],
        ]
    )


def with_statistics(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Give every BatchNorm statistics and parameters that change its input visibly."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            count = module.num_features
            module.running_mean = torch.randn(count, generator=generator)
            module.running_var = torch.rand(count, generator=generator) + 0.2
            with torch.no_grad():
                module.weight.copy_(torch.randn(count, generator=generator))
                module.bias.copy_(torch.randn(count, generator=generator))
    return model.eval()


SEEDS = (2, 4, 8, 9, 10, 11, 14, 17, 18, 26, 27, 32)
"""Of the first 40, those that between them have every module with every kind of its options."""


# Torch tells that it copies the input where padding="same" meets an even kernel.
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_network_is_computed_as_torch_does(seed: int, tmp_path: Path) -> None:
    torch.manual_seed(seed)
    draw = random.Random(seed)
    model, shape = random_network(draw)
    with_statistics(model, torch.Generator().manual_seed(seed))
    samples = torch.randn(2, *shape, dtype=torch.float64).numpy()
    path = tmp_path / "random.xlsx"
    export_workbook(model, shape, path, samples, fold_batchnorm=seed % 2 == 1)
    results = verify_workbook(path, model, inputs=1, seed=seed)
    assert [(r.shown, layer.wrong) for r in results for layer in r.layers if layer.wrong] == []
    assert max(result.largest_difference for result in results) <= 1e-9
    assert all(result.predicted == result.expected for result in results)
