"""A network that learns from trained ones: the objective, its settings, resuming, refusals."""

import json

import pytest
from conftest import mnist_folder
from test_cnn_run import assert_equal, stop_after, train
from test_cnn_training import config, noise

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

from cnn.log.run_settings import settings_in_words  # noqa: E402
from cnn.models import build_model  # noqa: E402
from cnn.training.distillation import Teachers, teachers_of  # noqa: E402
from cnn.training.processes import Interruption, Processes  # noqa: E402
from cnn.training.recipes import Distillation, Recipe  # noqa: E402
from cnn.training.train import Training  # noqa: E402
from cnn.training.training_progress import Report  # noqa: E402

QUICK = ["--model", "tiny", "--limit", "256", "--hold-out", "200", "--threads", "1"]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    run = tmp_path_factory.mktemp("teacher") / "best"
    result = train(run, mnist_folder(), *QUICK, "--model", "nano", "--epochs", 1)
    assert result.exit_code == 0, result.stderr
    return run


def learning(*teachers, weight=0.75, temperature=2.0):
    options = [word for each in teachers for word in ("--teachers", each)]
    return [*options, "--distillation-weight", weight, "--temperature", temperature]


def recipe_with(*teachers):
    return Recipe(
        1, 0.001, 16, nesterov=True, label_smoothing=0.1,
        distillation=Distillation(tuple(map(str, teachers)), 0.75, 2.0),
    )  # fmt: skip


def outputs(run, inputs):
    """What the network of a run answers in evaluation mode, without any change for speed."""
    model = build_model("nano")
    model.load_state_dict(safetensors.load_file(run / "model.safetensors"))
    with torch.no_grad():
        return model.eval()(inputs)


def test_one_teacher_gives_its_logits_and_several_the_mean(teacher):
    inputs = torch.randn(5, 1, 28, 28)
    expected = outputs(teacher, inputs)
    one = teachers_of(config(recipe_with(teacher)), torch.device("cpu"))
    torch.testing.assert_close(one.log_probabilities(inputs), expected, rtol=0, atol=1e-5)
    other = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    two = Teachers([*one.networks, other], one.settings, {})
    mean = (expected + other(inputs)) / 2
    torch.testing.assert_close(two.log_probabilities(inputs), mean, rtol=0, atol=1e-5)


def test_a_step_learns_from_the_teachers_as_a_plain_loop_does_and_leaves_them(teacher):
    """(1 - w) · cross-entropy with the labels + w · T² · KL divergence from the teacher."""
    images, recipe = noise(), recipe_with(teacher)
    taught = teachers_of(config(recipe), torch.device("cpu"))
    before = [value.clone() for value in taught.networks[0].state_dict().values()]
    training = Training(config(recipe), Processes(), images, taught)
    plain = build_model("tiny")
    plain.load_state_dict(training.model.state_dict())
    plain.double()
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.001, momentum=0.9, nesterov=True)
    labels_loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    teachers_loss = torch.nn.KLDivLoss(reduction="batchmean")
    for batch in torch.randperm(64, generator=torch.Generator().manual_seed(0)).split(16):
        inputs = (images.pixels[batch].double() / 255 - 0.1307) / 0.3081
        targets = (outputs(teacher, inputs.float()).double() / 2).softmax(dim=1)
        logits = plain[:-1](inputs)
        softened = teachers_loss((logits / 2).log_softmax(dim=1), targets)
        optimizer.zero_grad()
        (0.25 * labels_loss(logits, images.labels[batch]) + 0.75 * 2**2 * softened).backward()
        optimizer.step()
    with Interruption() as interruption:
        training.epoch(Report(), interruption)
    for name, value in training.model.state_dict().items():
        torch.testing.assert_close(value.double(), plain.state_dict()[name].double(), msg=name,
                                   rtol=0, atol=1e-5)  # fmt: skip
    after = taught.networks[0].state_dict().values()
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert not any(part.training for part in taught.networks[0].modules())


def test_a_distillation_resumes_to_the_same_weights_and_says_what_it_was(teacher, mnist, tmp_path):
    options = [*QUICK, "--epochs", 2, *learning(teacher)]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert train(whole, mnist, *options).exit_code == 0
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, 1, "after")
        assert train(broken, mnist, *options).exit_code == 130
    stored = json.loads((broken / "config.json").read_text())
    weights = teacher / "model.safetensors"
    changed = tmp_path / "changed"
    assert list(stored["teacher_checksums"]) == [str(teacher)]
    assert stored["recipe"]["distillation"] == {
        "teachers": [str(teacher)], "distillation_weight": 0.75, "temperature": 2.0,
    }  # fmt: skip
    kept = weights.read_bytes()
    weights.rename(changed)
    refused(train(broken, mnist, "--resume"), f"teachers: found no finished training in {teacher}")
    weights.write_bytes((whole / "model.safetensors").read_bytes())
    refused(train(broken, mnist, "--resume"), "do not fit nano")
    changed.rename(weights)
    (broken / "config.json").write_text(
        json.dumps(stored | {"teacher_checksums": {str(teacher): "other"}})
    )
    refused(train(broken, mnist, "--resume"), "began with other weights of its teachers")
    (broken / "config.json").write_text(json.dumps(stored))
    assert weights.read_bytes() == kept
    assert train(broken, mnist, "--resume").exit_code == 0
    assert_equal(whole, broken)
    recipe = recipe_with("output/runs/best-0", "output/runs/best-1")
    assert ("distillation", "75% of the objective from output/runs/best-0, output/runs/best-1, "
            "temperature 2") in settings_in_words(config(recipe), {})  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (learning("nowhere"), "teachers: found no folder in nowhere; expected a run that `cnn tra"),
        (learning("."), "teachers: found no finished training in .; expected a run that `cnn tra"),
        (["--teachers", "one"], 'distillation_weight is 0 and teachers is ["one"]; expected both'),
        (["--distillation-weight", "0.5"], "distillation_weight is 0.5 and teachers is []; expec"),
        (learning("one", weight=1.5), "distillation_weight is 1.5; expected 0 <= distillation_we"),
        (learning("one", temperature=0), "temperature is 0; expected a positive number"),
    ],
)
def test_what_cannot_teach_is_refused_in_a_sentence(mnist, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    refused(train(tmp_path / "run", mnist, *QUICK, *options), message)
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_teacher_of_other_images_is_refused(teacher, mnist, tmp_path):
    file = teacher / "config.json"
    kept = file.read_text()
    stored = json.loads(kept)
    stored["image_format"] |= {"title": "Kana", "mean": 0.2}
    file.write_text(json.dumps(stored))
    found = train(tmp_path / "run", mnist, *QUICK, *learning(teacher))
    file.write_text(kept)
    refused(found, f"teachers: {teacher} was trained on Kana, 1×28×28, 10 classes; expected")


def refused(result, message):
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
