"""A network of PyTorch becomes a workbook: what it computes, and what cannot be taken over."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import sheetgen  # noqa: E402
from sheetgen.errors import InputError  # noqa: E402
from sheetgen.network.reference import backward, forward, initial  # noqa: E402

SAMPLE, TARGET = [0.3, -0.7, 1.1], [0.0, 1.0]


def model(*activations):
    torch.manual_seed(0)
    layers = [nn.Linear(3, 4), activations[0], nn.Linear(4, 2), *activations[1:]]
    return nn.Sequential(*layers).double()


LOSSES = {
    "half-squared-error": (nn.Sigmoid(), lambda a, t: ((a - t) ** 2).sum() / 2),
    "mean-squared-error": (nn.Identity(), nn.MSELoss()),
    "binary-cross-entropy": (None, nn.BCEWithLogitsLoss()),
    "cross-entropy": (None, nn.CrossEntropyLoss()),
}
PLAIN = [nn.Linear(2, 2)]
TIED = nn.Linear(2, 2)
FROZEN = nn.Linear(2, 2)
FROZEN.weight.requires_grad_(False)
HIDDEN = [
    nn.Sigmoid(), nn.Tanh(), nn.ReLU(), nn.LeakyReLU(0.3), nn.ELU(0.7), nn.Softplus(),
    nn.GELU(approximate="tanh"), nn.SiLU(), nn.Hardswish(), nn.Identity(),
]  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda module: type(module).__name__)
def test_a_sequential_computes_the_same(hidden, name):
    last, loss = LOSSES[name]
    original = model(hidden, *([last] if last else []))
    network = sheetgen.Network.from_torch(original, name)
    output = original(torch.tensor(SAMPLE, dtype=torch.float64))
    error = loss(output, torch.tensor(TARGET, dtype=torch.float64))
    error.backward()
    run = forward(network, initial(network), SAMPLE, TARGET)
    back = backward(network, initial(network), SAMPLE, TARGET, run)
    assert run.total_error == pytest.approx(error.item(), rel=1e-12)
    linear = [each for each in original if isinstance(each, nn.Linear)]
    for layer, gradient, bias in zip(
        linear, back.weight_gradients, back.bias_gradients, strict=True
    ):
        np.testing.assert_allclose(gradient, layer.weight.grad, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(bias, layer.bias.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [each for each in LOSSES if each != "half-squared-error"])
def test_a_loss_of_torch_may_be_named_by_its_module(name):
    network = sheetgen.Network.from_torch(model(nn.Tanh()), LOSSES[name][1])
    assert network.loss.name == name


def test_biases_may_be_missing_or_fixed():
    original = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Tanh(), nn.Linear(2, 1))
    original[2].bias.requires_grad_(False)
    network = sheetgen.Network.from_torch(original)
    assert [(bias.name, bias.is_trained) for bias in network.biases] == [("b1", False)]


@pytest.mark.parametrize(
    ("modules", "loss", "said"),
    [
        ([nn.Linear(2, 2), nn.Mish()], "half-squared-error", r"model\[1\]: found Mish; exp"),
        ([nn.ReLU()], "half-squared-error", r"model\[0\]: found ReLU; expected a Linear"),
        ([nn.Linear(2, 2), nn.ReLU(), nn.Tanh()], "half-squared-error", r"model\[2\]: found Tanh"),
        ([nn.Linear(2, 2), nn.GELU()], "half-squared-error", "approximate 'none'; expected 'tanh'"),
        ([nn.Linear(2, 2), nn.Softplus(2)], "half-squared-error", "beta 2"),
        ([nn.Linear(2, 2)], nn.L1Loss(), "loss: found L1Loss"),
        ([nn.Linear(2, 2)], "hinge", "loss: found 'hinge'"),
        ([nn.Linear(2, 2), nn.Tanh()], "cross-entropy", "needs softmax outputs, not tanh"),
        ([nn.Linear(2, 2), nn.Linear(3, 1)], "half-squared-error", "every unit of layer 2 needs 2"),
        ([nn.Linear(2, 2), nn.Softmax(1), nn.Linear(2, 1)], "half-squared-error", "output layer"),
        ([], "half-squared-error", "found no Linear"),
        (PLAIN, nn.CrossEntropyLoss(weight=torch.ones(2)), "loss: found CrossEntropyLoss with w"),
        (PLAIN, nn.CrossEntropyLoss(label_smoothing=0.1), "with label_smoothing 0.1; expected 0"),
        (PLAIN, nn.CrossEntropyLoss(ignore_index=0), "with ignore_index 0; expected -100"),
        (PLAIN, nn.CrossEntropyLoss(reduction="sum"), "reduction 'sum'; expected 'mean'"),
        (PLAIN, nn.MSELoss(reduction="sum"), "MSELoss with reduction 'sum'"),
        (PLAIN, nn.BCEWithLogitsLoss(reduction="none"), "reduction 'none'"),
        (PLAIN, nn.BCEWithLogitsLoss(pos_weight=torch.ones(2)), "with pos_weight tensor"),
        (PLAIN, nn.BCEWithLogitsLoss(torch.ones(2)), "BCEWithLogitsLoss with weight tensor"),
        ([*PLAIN, nn.Softmax(1)], nn.CrossEntropyLoss(), "model: found Softmax at its end"),
        ([*PLAIN, nn.Sigmoid()], nn.BCEWithLogitsLoss(), "model: found Sigmoid at its end"),
        ([*PLAIN, nn.Softmax(0)], "cross-entropy", r"model\[1\]: found Softmax with dim 0"),
        ([*PLAIN, nn.Softplus(1, 5)], "half-squared-error", "Softplus with threshold 5"),
        ([TIED, nn.Tanh(), TIED], "half-squared-error", r"weight is that of model\[0\]"),
        ([nn.Tanh(), FROZEN], "half-squared-error", r"model\[0\]: found Tanh"),
        ([FROZEN], "half-squared-error", r"model\[0\]: found a Linear whose weight needs no"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_refused(modules, loss, said):
    with pytest.raises(InputError, match=said):
        sheetgen.Network.from_torch(nn.Sequential(*modules), loss)


@pytest.mark.slow
@pytest.mark.usefixtures("without_surfaces")
def test_a_notebook_builds_and_verifies_a_workbook(tmp_path):
    network = sheetgen.Network.from_torch(model(nn.Tanh()), nn.CrossEntropyLoss())
    template = sheetgen.Template.of(
        network,
        inputs=[[0, 0, 1], [1, 0, 0.5], [0, 1, 0]],
        targets=[[1, 0], [0, 1], [0, 1]],
        title='From "PyTorch"',
        learning_rates=[0.1],
        iterations=6,
        batch_size="full",
        optimizer="adam",
    )
    built = sheetgen.build_workbook(template, tmp_path / "mine.xlsx")
    results = sheetgen.verify(built.saved.path)
    assert len(results) == 2
    assert all(result.passed for result in results)
    for kept, given in zip(
        initial(template.network).weights, initial(network).weights, strict=True
    ):
        np.testing.assert_allclose(kept, given, rtol=1e-15)
    assert template.title == 'From "PyTorch"'


def test_bad_numbers_from_a_notebook_are_refused():
    network = sheetgen.Network.from_torch(model(nn.Tanh()))
    with pytest.raises(InputError, match=r"data\.inputs"):
        sheetgen.Template.of(network, inputs=[[1, 2]], targets=[[1, 0]])
    with pytest.raises(InputError, match=r"data\.targets"):
        sheetgen.Template.of(network, inputs=[[1, 2, 3]], targets=[[float("nan"), 0]])


def test_an_activation_that_the_loss_applies_may_stand_between():
    hidden = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1))
    network = sheetgen.Network.from_torch(hidden, nn.BCEWithLogitsLoss())
    assert [layer.activation.name for layer in network.layers] == ["sigmoid", "sigmoid"]


@pytest.mark.parametrize("found", [nn.Linear(2, 3), "model", None], ids=["Linear", "text", "None"])
def test_what_is_no_sequence_of_modules_is_refused(found):
    with pytest.raises(InputError, match=f"model: found {type(found).__name__}; expected a torch"):
        sheetgen.Network.from_torch(found)


def of(**changes):
    network = sheetgen.Network.from_torch(nn.Sequential(nn.Linear(2, 2)))
    given = {"network": network, "inputs": [[1, 2]], "targets": [[1, 0]]}
    return sheetgen.Template.of(**(given | changes))


def test_numbers_may_be_those_of_numpy_and_torch():
    made = of(
        inputs=torch.tensor([[1.0, 2.0]]),
        targets=[np.array([1, 0])],
        learning_rates=np.array([0.1, 0.2]),
        iterations=np.int64(7),
        weight_decay=torch.tensor(0.5, dtype=torch.float64),
    )
    assert made.learning_rates == (0.1, 0.2)
    assert (made.iterations, made.hyperparameters) == (7, {"weight_decay": 0.5})
    assert (made.data.inputs, made.data.targets) == (((1.0, 2.0),), ((1.0, 0.0),))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targets": [0, 1]}, r"data\.targets\[0\]: found 0; expected one row of numbers"),
        ({"targets": torch.tensor([1])}, r"data\.targets\[0\]: found 1; expected one row"),
        ({"inputs": 3}, r"data\.inputs: found 3; expected one row of numbers per sample"),
        ({"inputs": "12"}, r"data\.inputs: found '12'; expected one row"),
        ({"inputs": [["1", "2"]]}, r"data\.inputs\[0\]\[0\]: found '1'; expected a finite number"),
        ({"schedule": None}, r"training\.schedule: found None; expected"),
        ({"learning_rates": [0.1, None]}, r"training\.learning_rates\[1\]: found None"),
        ({"title": None}, "title: found None; expected text"),
        ({"title": "half \ud800 a pair"}, r"title: found U\+D800, which is not a character"),
        ({"network": nn.Sequential(nn.Linear(2, 2))}, "network: found Sequential"),
    ],
)
def test_what_no_template_can_hold_is_refused_in_one_sentence(changes, said):
    with pytest.raises(InputError, match=said):
        of(**changes)
