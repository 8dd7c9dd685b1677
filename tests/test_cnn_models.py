"""The built-in networks, their layer tables and the commands that show them."""

from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from cnn import models, summary  # noqa: E402
from cnn.cli import main  # noqa: E402
from cnn.training.config import Config, new_model  # noqa: E402
from cnn.training.recipes import RECIPES  # noqa: E402

# The table that the network's first description was published with, to the byte.
ERA_V2_TABLE = """\
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1           [-1, 16, 28, 28]             160
       BatchNorm2d-2           [-1, 16, 28, 28]              32
            Conv2d-3           [-1, 16, 28, 28]           2,320
       BatchNorm2d-4           [-1, 16, 28, 28]              32
            Conv2d-5           [-1, 16, 28, 28]           2,320
       BatchNorm2d-6           [-1, 16, 28, 28]              32
         MaxPool2d-7           [-1, 16, 14, 14]               0
           Dropout-8           [-1, 16, 14, 14]               0
            Conv2d-9           [-1, 16, 14, 14]           2,320
      BatchNorm2d-10           [-1, 16, 14, 14]              32
           Conv2d-11           [-1, 16, 14, 14]           2,320
      BatchNorm2d-12           [-1, 16, 14, 14]              32
           Conv2d-13           [-1, 16, 14, 14]           2,320
      BatchNorm2d-14           [-1, 16, 14, 14]              32
        MaxPool2d-15             [-1, 16, 7, 7]               0
          Dropout-16             [-1, 16, 7, 7]               0
           Conv2d-17             [-1, 16, 7, 7]           2,320
      BatchNorm2d-18             [-1, 16, 7, 7]              32
           Conv2d-19             [-1, 16, 7, 7]           2,320
      BatchNorm2d-20             [-1, 16, 7, 7]              32
           Conv2d-21             [-1, 16, 7, 7]           2,320
      BatchNorm2d-22             [-1, 16, 7, 7]              32
          Dropout-23             [-1, 16, 7, 7]               0
           Linear-24                   [-1, 10]             170
================================================================
Total params: 19,178
Trainable params: 19,178
"""

ERA_V2_FIELDS = [3, 3, 5, 5, 7, 7, 8, 8, 12, 12, 16, 16, 20, 20, 22, 22]
ERA_V2_FIELDS += [30, 30, 38, 38, 46, 46, 46, 70]


COUNTS = {"era-v1": 16_794, "era-v2": 19_178, "fast": 16_570, "sprint": 17_274}
COUNTS |= {"best": 18_906, "tiny": 7_802, "nano": 4_943}


def invoke(*args):
    return CliRunner().invoke(main, args)


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_parameter_counts_and_output(name, count):
    model = models.build_model(name)
    assert models.parameter_count(model) == count
    output = model(torch.rand(4, *models.IMAGE_SHAPE))
    assert output.shape == (4, 10)
    torch.testing.assert_close(output.exp().sum(dim=1), torch.ones(4))


@pytest.mark.parametrize(("name", "count"), models.EARLIER)
def test_the_network_of_a_run_of_an_earlier_version(name, count):
    recipe = asdict(RECIPES[name])
    values = {"model": name, "recipe": recipe, "parameters": count, "seed": 0, "data": "mnist"}
    values |= {"limit": None, "hold_out": 0, "device": "cpu", "threads": 1, "processes": 1}
    model = new_model(Config.from_dict(values, Path("config.json")))
    assert models.parameter_count(model) == count != COUNTS[name]


def test_frozen_parameters_are_not_trainable():
    model = models.era_v2()
    model[0].requires_grad_(False)
    table = summary.summarize(model)
    assert (table.total, table.trainable) == (19_178, 19_178 - 160)
    assert table.rows[0].parameters == 160


def test_order_of_layers():
    def kinds(model):
        return [type(layer).__name__ for layer in model]

    block = ["Conv2d", "BatchNorm2d", "ReLU", "Dropout"]
    stage = [*block, *block, "MaxPool2d"]
    end = ["AdaptiveAvgPool2d", "Flatten", "Linear", "LogSoftmax"]
    assert kinds(models.era_v1()) == [*stage * 3, *block, "Conv2d", *end]
    stage = ["Conv2d", "ReLU", "BatchNorm2d"] * 3
    pool = ["MaxPool2d", "Dropout"]
    assert kinds(models.era_v2()) == [*stage, *pool, *stage, *pool, *stage, "Dropout", *end]
    pooled = ["Conv2d", "MaxPool2d", "BatchNorm2d", "ReLU"]
    stage = [*pooled, "Conv2d", "BatchNorm2d", "ReLU", *pooled]
    assert kinds(models.sprint()) == [*stage, "Flatten", "Linear", "LogSoftmax"]


@pytest.mark.parametrize(("name", "rates"), [("era-v1", [0.1] * 7), ("era-v2", [0.2, 0.2, 0.15])])
def test_dropout_rates(name, rates):
    layers = models.build_model(name)
    assert [layer.p for layer in layers if isinstance(layer, torch.nn.Dropout)] == rates


def test_summary_command_prints_the_published_table_and_receptive_fields():
    result = invoke("summary", "era-v2")
    assert (result.exit_code, result.stderr) == (0, "")
    expected, lines = ERA_V2_TABLE.splitlines(), result.stdout.splitlines()
    width = len(expected[0])
    assert [line[:width].rstrip() for line in lines[: len(expected)]] == expected
    assert [int(line[width:]) for line in lines[3:27]] == ERA_V2_FIELDS
    assert lines[1].endswith("Receptive field")


def impulse_gradients(model, side, units):
    """The gradient of the units in the maps' middle column with respect to each row of the image.

    Image p of the batch is a single bright pixel in row p of the middle column. With positive
    weights and no bias such a pixel wins every max-pool it reaches, so its own gradient is
    positive exactly where the unit sees it. `units` are rows of the map; returns (units, side).
    """
    rows = torch.arange(side)
    images = torch.zeros(side, 1, side, side, dtype=torch.float64)
    images[rows, 0, rows, side // 2] = 1
    images.requires_grad_()
    output = model(images)
    if output.dim() == 2:
        output = output[:, :, None, None]
    gradients = []
    for unit in output.sum(dim=(0, 1))[units, output.shape[-1] // 2]:
        (gradient,) = torch.autograd.grad(unit, images, retain_graph=True)
        gradients.append(gradient[rows, 0, rows, side // 2])
    return torch.stack(gradients)


def positive(model):
    """The model in evaluation mode with positive weights and no bias."""
    for name, parameter in model.named_parameters():
        torch.nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 0.1)
    return model.double().eval()


@pytest.fixture
def narrow(monkeypatch):
    """Make `era-v1` and `era-v2` of two channels, which see as much of the image as 16 do."""
    monkeypatch.setattr(models, "WIDTH", 2)


@pytest.mark.slow
@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("name", COUNTS)
def test_receptive_fields_are_the_extent_of_the_gradient(name):
    rows = summary.summarize(models.build_model(name)).rows
    model = positive(models.build_model(name))
    ends = [i + 1 for i, layer in enumerate(model) if isinstance(layer, summary.ROW_TYPES)]
    assert len(ends) == len(rows)
    for row, end in zip(rows, ends, strict=True):
        side = row.shape[-1] if len(row.shape) == 3 else 1
        units = sorted({0, side // 3, side // 2, side - 1})
        for unit, gradient in zip(units, impulse_gradients(model[:end], 28, units), strict=True):
            seen = gradient.nonzero().flatten().tolist()
            assert (seen[0], seen[-1]) == row.field.window(unit, 28), (row.layer, unit)


@pytest.mark.slow
@pytest.mark.usefixtures("narrow")
def test_sizes_of_receptive_fields_on_an_image_that_holds_them():
    features = positive(models.era_v2())[:-5]
    (gradient,) = impulse_gradients(features, 64, [8])
    assert int((gradient > 0).sum()) == ERA_V2_FIELDS[-2]
    assert gradient[0] == gradient[-1] == 0


def test_first_layer_that_sees_the_whole_image():
    table = summary.summarize(models.era_v2())
    whole = [row.sees_all(28) for row in table.rows]
    assert [row.layer for row in table.rows][whole.index(True)] == "Conv2d-17"
    assert all(later >= earlier for earlier, later in pairwise(whole))
    assert str(table).endswith(
        "From Conv2d-17 on, the unit in the middle of the map sees the whole image."
    )
    assert "whole image" not in str(summary.summarize(models.era_v2()[:3]))


def test_summary_leaves_the_model_as_it_was():
    model = models.era_v2()
    model[2].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    summary.summarize(model)
    assert [layer.training for layer in model] == [i != 2 for i in range(len(model))]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(layer._forward_hooks for layer in model.modules())


def test_strides_dilation_and_a_flattened_map():
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.Conv2d(4, 4, 3, dilation=2), nn.Flatten()
    ).append(nn.Linear(4 * 10 * 10, 10))
    rows = summary.summarize(model).rows
    assert [row.shape for row in rows] == [(4, 14, 14), (4, 10, 10), (10,)]
    assert [row.field.size for row in rows] == [3, 3 + 2 * 4, 11 + 9 * 2]


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ("Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": (3, 5)}),
        ("Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": 3, "padding": "same"}),
        ("Upsample", {"scale_factor": 2}),
    ],
)
def test_from_a_layer_without_a_known_receptive_field_on_none_is_known(layer, options):
    last = torch.nn.Conv2d(1, 1, 3)
    model = torch.nn.Sequential(getattr(torch.nn, layer)(**options), last)
    table = summary.summarize(model)
    assert [row.field for row in table.rows] == [None] * len(table.rows)
    assert str(table).count(" ?\n") == len(table.rows)
    assert "?: not known where layers do not just run one after another." in str(table)


def test_models_command_lists_each_model_with_its_count():
    result = invoke("models")
    assert (result.exit_code, result.stderr) == (0, "")
    listed = [line.split()[:2] for line in result.stdout.splitlines()]
    assert listed == [[name, f"{count:,}"] for name, count in COUNTS.items()]
    assert models.DESCRIPTIONS.keys() == models.MODELS.keys()


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("era_v2", 'did you mean "era-v2"?'),
        ("resnet50", "choose from era-v1, era-v2, fast, sprint, best, tiny, nano"),
    ],
)
def test_unknown_model(name, end):
    result = invoke("summary", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f'Error: there is no model "{name}"; {end}\n'
