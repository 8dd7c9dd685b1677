"""Data pruning: which images an epoch takes, what each counts, several processes."""

from dataclasses import replace

import pytest
from test_cnn_training import config, noise

torch = pytest.importorskip("torch")

from cnn.log.run_settings import settings_in_words  # noqa: E402
from cnn.models import build_model  # noqa: E402
from cnn.training.processes import Interruption, Processes  # noqa: E402
from cnn.training.pruning import Pruning  # noqa: E402
from cnn.training.recipes import EASY, Recipe  # noqa: E402
from cnn.training.train import Training  # noqa: E402
from cnn.training.training_progress import Report  # noqa: E402

RECIPE = Recipe(3, 0.01, 16, "triangular", weight_decay=0.1, label_smoothing=0.1, pruned=0.4)


def pruning_of(losses, pruned):
    """What takes its images by these losses of the first epoch."""
    pruning = Pruning(len(losses), pruned, torch.device("cpu"))
    order = pruning.choose(1, torch.Generator())
    assert order.sort().values.tolist() == list(range(len(losses)))
    assert pruning.weights.tolist() == [1.0] * len(losses)
    pruning.note(order, losses[order])
    pruning.end_epoch(order, Processes())
    return pruning


def test_only_easy_images_are_left_out_and_the_others_of_them_count_for_them():
    losses = torch.rand(1000, generator=torch.Generator().manual_seed(3))
    pruning = pruning_of(losses, 0.4)
    chosen = pruning.choose(2, torch.Generator().manual_seed(0))
    assert len(chosen) == len(set(chosen.tolist())) == pruning.count(2) == 600
    easy = losses < losses.sort().values[round(1000 * EASY)]
    assert set((~easy).nonzero().flatten().tolist()) <= set(chosen.tolist())
    assert set(pruning.weights[~easy].tolist()) == {1.0}
    assert float(pruning.weights[chosen].sum()) == pytest.approx(1000, rel=1e-6)


def test_the_expected_gradient_is_that_of_all_images():
    """Over many epochs every image counts once an epoch in the mean."""
    losses = torch.linspace(0, 1, 50)
    pruning, generator = pruning_of(losses, 0.4), torch.Generator().manual_seed(0)
    total, epochs = torch.zeros(50), 4000
    for _ in range(epochs):
        chosen = pruning.choose(2, generator)
        total[chosen] += pruning.weights[chosen]
    # Of n draws with probability p and the weight 1/p the mean deviates by √((1/p - 1) / n).
    weight = float(pruning.weights.max())
    assert float((total / epochs - 1).abs().max()) < 5 * ((weight - 1) / epochs) ** 0.5


@pytest.mark.parametrize("images", range(1, 21))
def test_of_few_images_some_are_left(images):
    pruning = pruning_of(torch.linspace(0, 1, images), 0.89)
    chosen = pruning.choose(2, torch.Generator())
    assert 1 <= len(chosen) == pruning.count(2) <= images
    assert float(pruning.weights[chosen].sum()) == pytest.approx(images)


def test_losses_stay_until_an_image_is_taken_again():
    losses = torch.linspace(0, 1, 50)
    pruning = pruning_of(losses, 0.4)
    chosen = pruning.choose(2, torch.Generator().manual_seed(0))
    left_out = sorted(set(range(50)) - set(chosen.tolist()))
    pruning.note(chosen, torch.full((30,), 2.0))
    pruning.end_epoch(chosen, Processes())
    assert pruning.losses[chosen].tolist() == [2.0] * 30
    assert torch.equal(pruning.losses[left_out], losses[left_out])


def test_a_pruned_epoch_is_that_of_a_plain_loop():
    """The weighted mean of the losses, with PyTorch's own modules and loss."""
    images = noise(64)
    training = Training(config(RECIPE), Processes(), images)
    with Interruption() as interruption:
        line, _ = training.epoch(Report(), interruption)
        training.log.append(line)
        plain = build_model("tiny").double()
        plain.load_state_dict(training.model.state_dict())
        rates, chosen = [], []
        choose, step = training.pruning.choose, training.optimizer.step

        def watched(number, generator):
            chosen.append(choose(number, generator))
            return chosen[-1]

        def stepping():
            rates.append(training.optimizer.param_groups[0]["lr"])
            return step()

        training.pruning.choose, training.optimizer.step = watched, stepping
        momenta = {
            name: training.optimizer.state[value]["momentum_buffer"].double().clone()
            for name, value in training.model.named_parameters()
        }
        training.epoch(Report(), interruption)
    loss_function = torch.nn.CrossEntropyLoss(label_smoothing=0.1, reduction="none")
    weights = training.pruning.weights
    for rate, batch in zip(rates, chosen[0].split(16), strict=True):
        inputs = (images.pixels[batch].double() / 255 - 0.1307) / 0.3081
        losses = loss_function(plain[:-1](inputs), images.labels[batch])
        plain.zero_grad()
        (losses @ (weights[batch] / weights[batch].sum()).double()).backward()
        with torch.no_grad():
            for name, value in plain.named_parameters():
                decay = 0.1 * value if value.dim() > 1 else 0.0
                momenta[name] = 0.9 * momenta[name] + value.grad + decay
                value.sub_(rate * momenta[name])
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(training.model.state_dict()[name].double(), value.double(),
                                   msg=name, rtol=0, atol=1e-5)  # fmt: skip


@pytest.mark.parametrize("pruned", [0.05, 1 / 3, 0.4])
def test_all_images_classified_correctly_are_all_images(pruned):
    """Rounded sums of what images count are not compared: more than 100 % is no accuracy."""
    images = noise(50)
    images.labels.zero_()
    recipe = replace(RECIPE, epochs=5, batch_size=32, learning_rate=1e-9, pruned=pruned)
    training = Training(config(recipe), Processes(), images)
    training.model[-2].bias.data[0] = 100.0
    with Interruption() as interruption:
        for _ in range(recipe.epochs):
            line, _ = training.epoch(Report(), interruption)
            training.log.append(line)
            assert line["train_accuracy"] == 1.0


def test_two_processes_take_the_images_that_one_takes():
    """Each notes the losses of its own part; their sums are those of all."""
    generators = [torch.Generator().manual_seed(0) for _ in range(3)]
    whole, *parts = (Pruning(50, 0.4, torch.device("cpu")) for _ in range(3))
    losses = torch.rand(50)
    orders = [each.choose(1, one) for each, one in zip((whole, *parts), generators, strict=True)]
    whole.note(orders[0], losses[orders[0]])
    whole.end_epoch(orders[0], Processes())
    for rank, part in enumerate(parts):
        mine = orders[0][rank::2]
        part.note(mine, losses[mine])
    together = sum(part.noted for part in parts)
    for part in parts:
        part.end_epoch(orders[0], SumOf(together))
        assert torch.equal(part.losses, whole.losses)


class SumOf(Processes):
    """Processes whose sum is known."""

    def __init__(self, numbers):
        super().__init__()
        object.__setattr__(self, "numbers", numbers)

    def add_up(self, numbers):  # noqa: ARG002
        return self.numbers


def test_the_settings_of_a_run_say_that_it_leaves_images_out():
    told = dict(settings_in_words(config(RECIPE), {}))
    assert "leave out 40% of the images" in told["data pruning"]
    assert "data pruning" not in dict(settings_in_words(config(replace(RECIPE, pruned=0.0)), {}))
