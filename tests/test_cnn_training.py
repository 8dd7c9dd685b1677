"""The parts of a training: recipes, schedule, augmentation, the step, the log."""

import json
import math
import sys
from dataclasses import asdict, replace

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from cnn import models  # noqa: E402
from cnn.cli import main  # noqa: E402
from cnn.data.images import Images  # noqa: E402
from cnn.training import recipes  # noqa: E402
from cnn.training.augmentation import apply_affine, random_affine  # noqa: E402
from cnn.training.config import Config  # noqa: E402
from cnn.training.evaluation import evaluate  # noqa: E402
from cnn.training.processes import Interruption, Processes  # noqa: E402
from cnn.training.recipes import Augmentation, Recipe, rate_factor  # noqa: E402
from cnn.training.train import Training  # noqa: E402
from cnn.training.training_progress import Bar, Report  # noqa: E402
from sheetgen.errors import InputError  # noqa: E402

FIELDS = ["epoch", "learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy"]


def invoke(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


@pytest.mark.parametrize("name", models.MODELS)
def test_every_model_has_a_recipe_and_keeps_within_the_limits(name):
    assert models.parameter_count(models.build_model(name)) < 20_000
    assert recipes.RECIPES[name].epochs < 20
    stored = json.loads(json.dumps(asdict(recipes.RECIPES[name])))
    assert Recipe.from_dict(stored) == recipes.RECIPES[name]


def test_recipes_of_the_seeds():
    v1, v2 = recipes.RECIPES["era-v1"], recipes.RECIPES["era-v2"]
    assert v1 == Recipe(19, 0.08, 128, "constant", 0.9, False, 0, 0, 0, Augmentation(0, 0, 0))
    assert v2 == replace(v1, epochs=18, learning_rate=0.01)


def test_constant_schedule():
    assert {rate_factor("constant", step, 100) for step in range(100)} == {1.0}


def test_triangular_schedule_rises_for_a_fifth_of_the_steps_and_falls_to_zero():
    factors = [rate_factor("triangular", step, 1000) for step in range(1000)]
    assert factors[0] == pytest.approx(0.0025)
    assert factors[100] == pytest.approx(0.5, abs=0.003)
    assert factors.index(max(factors)) == 200
    assert max(factors) == pytest.approx(1, abs=0.001)
    assert factors[600] == pytest.approx(0.5, abs=0.001)
    assert factors[-1] == pytest.approx(0.000625)
    assert min(rate_factor("triangular", step, 1) for step in range(1)) > 0


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"batch_size": -1},
        {"learning_rate": 0.0},
        {"learning_rate": -0.1},
        {"learning_rate": math.nan},
        {"learning_rate": math.inf},
        {"momentum": 1.0},
        {"label_smoothing": -0.1},
        {"ema_decay": 1.5},
        {"pruned": 0.9},
    ],
)
def test_numbers_out_of_range_are_refused(change):
    with pytest.raises(InputError, match="expected"):
        replace(recipes.OURS, **change)


def affine(augmentation, count=500):
    return random_affine(count, 28, 28, augmentation, torch.Generator().manual_seed(0))


def test_no_augmentation_leaves_the_images():
    images = torch.rand(3, 1, 28, 28)
    assert not Augmentation()
    torch.testing.assert_close(apply_affine(images, affine(Augmentation(), 3)), images)


def test_an_image_that_is_not_square_turns_without_a_shear():
    """A rotated point keeps its distance from the middle, in pixels."""
    generator = torch.Generator().manual_seed(1)
    height, width = 20, 40
    for place in ((10, 28), (4, 20)):
        image = torch.zeros(1, 1, height, width)
        image[0, 0, place[0], place[1]] = 1
        maps = random_affine(1, height, width, Augmentation(rotation=45), generator)
        found = apply_affine(image, maps)[0, 0]
        rows, columns = torch.meshgrid(
            torch.arange(height) - 9.5, torch.arange(width) - 19.5, indexing="ij"
        )
        distance = float((found * (rows**2 + columns**2)).sum() / found.sum()) ** 0.5
        expected = ((place[0] - 9.5) ** 2 + (place[1] - 19.5) ** 2) ** 0.5
        assert distance == pytest.approx(expected, abs=0.6)


def test_shifts_reach_their_limit_in_pixels():
    maps = affine(Augmentation(shift=2))
    pixels = maps[:, :, 2] * 14
    assert torch.equal(maps[:, :, :2], torch.eye(2).expand(500, 2, 2))
    assert 1.9 < float(pixels.abs().max()) <= 2
    image = torch.zeros(1, 1, 28, 28)
    image[0, 0, 10, 12] = 1
    one_right = torch.tensor([[[1.0, 0, 2 / 28], [0, 1, 0]]])
    assert float(apply_affine(image, one_right)[0, 0, 10, 11]) == pytest.approx(1, abs=1e-5)


def test_rotation_and_scale_reach_their_limits():
    maps = affine(Augmentation(rotation=10, scale=0.1))[:, :, :2]
    scale = 1 / torch.linalg.det(maps).sqrt()
    angle = torch.rad2deg(torch.atan2(maps[:, 1, 0], maps[:, 0, 0]))
    assert 9.8 < float(angle.abs().max()) <= 10.0001
    assert 0.8999 <= float(scale.min()) < 0.905
    assert 1.095 < float(scale.max()) <= 1.1001


def test_the_maps_are_those_of_affine_grid():
    images, maps = torch.rand(5, 1, 28, 28), affine(Augmentation(30, 0.3, 5), 5)
    grid = torch.nn.functional.affine_grid(maps, [5, 1, 28, 28], align_corners=False)
    expected = torch.nn.functional.grid_sample(images, grid, align_corners=False)
    torch.testing.assert_close(apply_affine(images, maps), expected, rtol=0, atol=1e-4)


def config(recipe, **changes):
    values = {"model": "tiny", "seed": 0, "data": "mnist", "limit": None, "hold_out": 0}
    values |= {"device": "cpu", "threads": 1, "processes": 1}
    return Config(recipe=recipe, **values | changes)


def noise(count=64):
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (count, 1, 28, 28), dtype=torch.uint8, generator=generator)
    return Images(pixels, torch.randint(0, 10, (count,), generator=generator))


def test_a_step_is_that_of_a_plain_loop():
    """One epoch equals PyTorch's own modules and loss, with weight decay on the weights only."""
    recipe = Recipe(1, 0.001, 16, nesterov=True, weight_decay=0.1, label_smoothing=0.1)
    images = noise()
    training = Training(config(recipe), Processes(), images)
    plain = models.build_model("tiny")
    plain.load_state_dict(training.model.state_dict())
    plain.double()
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    weights = [p for p in plain.parameters() if p.dim() > 1]
    others = [p for p in plain.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": 0.1}, {"params": others}],
        lr=0.001, momentum=0.9, nesterov=True,
    )  # fmt: skip
    loss_function = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    for batch in order.split(16):
        inputs = (images.pixels[batch].double() / 255 - 0.1307) / 0.3081
        optimizer.zero_grad()
        # The logits are before the log-softmax, which CrossEntropyLoss has in it.
        loss_function(plain[:-1](inputs), images.labels[batch]).backward()
        optimizer.step()
    with Interruption() as interruption:
        training.epoch(Report(), interruption)
    for name, value in training.model.state_dict().items():
        torch.testing.assert_close(value.double(), plain.state_dict()[name].double(), msg=name,
                                   rtol=0, atol=1e-6)  # fmt: skip


def test_moving_average_is_what_is_tested():
    recipe = Recipe(1, 0.05, 16, ema_decay=0.9)
    training = Training(config(recipe), Processes(), noise())
    history = []

    class Watch(Report):
        interval = 1

        def step(self, *_):
            history.append([p.detach().clone() for p in training.model.parameters()])

    with Interruption() as interruption:
        training.epoch(Watch(), interruption)
    expected = history[0]
    for weights in history[1:]:
        expected = [0.9 * old + 0.1 * new for old, new in zip(expected, weights, strict=True)]
    averaged = list(training.tested_model().parameters())
    for one, other in zip(averaged, expected, strict=True):
        torch.testing.assert_close(one.detach(), other)
    assert set(training.tested_model().state_dict()) == set(training.model.state_dict())


@pytest.mark.parametrize("count", [33, 32, 31, 1])
def test_every_image_is_seen_once(count):
    training = Training(config(Recipe(1, 0.01, 16)), Processes(), noise(count))
    chosen = training.pruning.choose(1, training.generator)
    labels = torch.cat([share.labels for share in training._shares(chosen)])
    assert labels.sort().values.tolist() == noise(count).labels.sort().values.tolist()


def test_shares_of_processes_make_up_the_batches():
    recipe = Recipe(1, 0.01, 16, augmentation=recipes.LIGHT)
    images = noise(49)
    whole = Training(config(recipe), Processes(), images)
    parts = [Training(config(recipe), Processes(rank, rank, 1), images) for rank in range(2)]
    for rank, part in enumerate(parts):
        part.processes = Processes(rank, rank, 2)
        assert part._batches(1) == 3
    shares = [
        each._shares(each.pruning.choose(1, each.generator)[: 3 * 16]) for each in (whole, *parts)
    ]
    for batch, *halves in zip(*shares, strict=True):
        for rank, half in enumerate(halves):
            torch.testing.assert_close(half.inputs, batch.inputs[rank::2])
            torch.testing.assert_close(half.weights, 2 * batch.weights[rank::2])


def test_the_bar_prints_the_lines_too(capsys):
    bar = Bar(config(Recipe(2, 0.1), data="sample"), 0.1, images=100, done=0)
    bar.step(1, 50, 0.5, 0.9)
    line = dict.fromkeys([*FIELDS, "seconds", "samples_per_second"], 0.5)
    bar.epoch(line | {"epoch": 1})
    bar.epoch(line | {"epoch": 2})
    bar.close()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(
        "epoch 1/2 (sample of 5,000 digits): train loss 0.5000, accuracy 50.00%"
    )
    assert second.startswith("epoch 2/2 (sample of 5,000 digits): ")


def test_evaluation_counts():
    class Fixed(torch.nn.Module):
        def forward(self, inputs):
            return torch.full((len(inputs), 10), -3.0).index_fill_(1, torch.tensor(7), -0.5)

    images = noise(2500)
    result = evaluate(Fixed(), images)
    sevens = int((images.labels == 7).sum())
    assert (result.right, result.accuracy) == (sevens, sevens / 2500)
    assert result.confusion[:, 7].tolist() == torch.bincount(images.labels).tolist()
    assert result.confusion.sum() == 2500
    assert result.loss == pytest.approx((sevens * 0.5 + (2500 - sevens) * 3) / 2500)


@pytest.mark.slow
def test_short_training_on_real_digits(mnist, tmp_path):
    run = tmp_path / "run"
    options = ["--model", "sprint", "--data-dir", mnist, "--run", run, "--learning-rate", 0.3]
    result = invoke("train", *options, "--epochs", 2, "--limit", 5_000, "--seed", 3, "--threads", 2)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    first, second, last, sheet = result.stdout.splitlines()
    assert sheet.startswith("the log of ")
    assert first.startswith("epoch 1/2: train loss ")
    assert second.startswith("epoch 2/2: train loss ")
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [list(line) for line in lines] == [
        [*FIELDS, "data", "seconds", "samples_per_second"]
    ] * 2
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[1]["test_accuracy"] > 0.9
    for line, images in zip(lines, (5_000, 2_500), strict=True):  # half are left out
        assert line["samples_per_second"] == pytest.approx(images / line["seconds"])
    assert f"test accuracy {lines[1]['test_accuracy']:.2%}" in last
    stored = json.loads((run / "config.json").read_text())
    assert (stored["model"], stored["seed"], stored["limit"]) == ("sprint", 3, 5_000)
    assert {"torch", "python", "sheetgen"} < stored["versions"].keys()
    evaluated = invoke("evaluate", run, "--data-dir", mnist)
    right = round(lines[1]["test_accuracy"] * 10_000)
    assert f"({right:,} of 10,000)" in evaluated.stdout
    assert f"test loss {lines[1]['test_loss']:.4f}" in evaluated.stdout
    table = [row.split() for row in evaluated.stdout.splitlines()[-10:]]
    assert sum(int(row[digit + 1]) for digit, row in enumerate(table)) == right


@pytest.mark.parametrize("command", [["train"], ["evaluate", "run"]])
def test_without_torch(monkeypatch, command):
    monkeypatch.setitem(sys.modules, "torch", None)
    result = invoke(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: cnn needs PyTorch: pip install 'sheetgen[cnn]'\n"
