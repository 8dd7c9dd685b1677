"""Random networks: the reference agrees with PyTorch, and the workbooks with the reference.

A failing example prints its template, ready for `sheetgen build`. How many networks are tried is
set by NETWORKS (25), WORKBOOKS (2) and LIBREOFFICE_WORKBOOKS (1) in the environment: raise them
after a change of the formulas. PICTURES=1 draws only networks that look at pictures for the
workbooks, and MOVED says how often LibreOffice recalculates one with moved inputs. Those that
diverge are discarded, and counted by `pytest --hypothesis-show-statistics`.
"""

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from networks import templates

torch = pytest.importorskip("torch")

from autograd import in_torch, sums_in_torch  # noqa: E402
from torch.nn import functional  # noqa: E402

from sheetgen.network.network import activation_name  # noqa: E402
from sheetgen.spreadsheet.agreement import DIVERGED  # noqa: E402
from sheetgen.spreadsheet.engines import EMBEDDED  # noqa: E402
from sheetgen.spreadsheet.engines.libreoffice import LibreOffice  # noqa: E402
from sheetgen.template import template  # noqa: E402
from sheetgen.verification.verify import read_subject, verify_subject  # noqa: E402
from sheetgen.workbook.build import build_workbook  # noqa: E402
from sheetgen.workbook.plan import Plan  # noqa: E402
from sheetgen.workbook.promise import tolerance_of  # noqa: E402

NETWORKS = int(os.environ.get("NETWORKS", "25"))
WORKBOOKS = int(os.environ.get("WORKBOOKS", "2"))
LIBREOFFICE_WORKBOOKS = int(os.environ.get("LIBREOFFICE_WORKBOOKS", "1"))

MOVED = int(os.environ.get("MOVED", "0"))

OF_PICTURES = templates(of_pictures=True)
ANY = OF_PICTURES if os.environ.get("PICTURES") else st.one_of(templates(), OF_PICTURES)

LOSSES = {
    "half-squared-error": lambda _z, a, t: ((a - t) ** 2).sum() / 2,
    "mean-squared-error": lambda _z, a, t: functional.mse_loss(a, t),
    "binary-cross-entropy": lambda z, _a, t: functional.binary_cross_entropy_with_logits(z, t),
    "cross-entropy": lambda z, _a, t: functional.cross_entropy(z, t),
}


def optimizer_of(name, parameters, rate, h):
    decay = {"weight_decay": h.get("weight_decay", 0.0)}
    betas = {"betas": (h.get("beta1"), h.get("beta2")), "eps": h.get("epsilon")}
    make = {
        "sgd": lambda: torch.optim.SGD(parameters, rate, **decay),
        "momentum": lambda: torch.optim.SGD(parameters, rate, h["momentum"], **decay),
        "nesterov": lambda: torch.optim.SGD(
            parameters, rate, h["momentum"], nesterov=h["momentum"] > 0, **decay
        ),
        "adagrad": lambda: torch.optim.Adagrad(parameters, rate, eps=h["epsilon"], **decay),
        "rmsprop": lambda: torch.optim.RMSprop(
            parameters, rate, h["alpha"], eps=h["epsilon"], **decay
        ),
        "adam": lambda: torch.optim.Adam(parameters, rate, **betas, **decay),
        "adamw": lambda: torch.optim.AdamW(parameters, rate, **betas, **decay),
    }
    return make[name]()


class Torch:
    """The same training by autograd and torch.optim, row by row."""

    def __init__(self, plan):
        self.network, self.training = plan.network, plan.training(plan.template.optimizer)
        tensor = lambda values: torch.tensor(values, dtype=torch.float64)  # noqa: E731
        self.weights = [tensor(layer.weights).requires_grad_() for layer in self.network.layers]
        self.biases = [
            tensor(layer.biases or (0.0,) * len(layer.weights)) for layer in self.network.layers
        ]
        self.trained = [each for each in self.weights if each.numel()]
        for layer, bias in zip(self.network.layers, self.biases, strict=True):
            if layer.biases is not None and layer.train_biases:
                self.trained.append(bias.requires_grad_())
        rate = plan.template.learning_rates[0]
        self.optimizer = optimizer_of(
            plan.template.optimizer, self.trained, rate, self.training.hyperparameters
        )
        self.scheduler = self._scheduler(rate)
        inputs = tensor(self.training.data.inputs)
        if self.training.data.standardize:
            deviation = inputs.std(dim=0, correction=0)
            inputs = (inputs - inputs.mean(dim=0)) / torch.where(deviation == 0, 1.0, deviation)
        self.inputs, self.targets = inputs, tensor(self.training.data.targets)

    def _scheduler(self, rate):
        h, steps = self.training.schedule_parameters, self.training.updates
        schedulers = torch.optim.lr_scheduler
        make = {
            "constant": lambda: schedulers.ConstantLR(self.optimizer, factor=1),
            "step": lambda: schedulers.StepLR(self.optimizer, int(h["step_size"]), h["gamma"]),
            "exponential": lambda: schedulers.ExponentialLR(self.optimizer, h["gamma"]),
            "cosine": lambda: schedulers.CosineAnnealingLR(self.optimizer, steps),
            "one-cycle": lambda: schedulers.OneCycleLR(
                self.optimizer, rate, steps, pct_start=h["warmup"], cycle_momentum=False
            ),
        }
        return make[self.training.schedule.name]()

    def forward(self, sample):
        a = self.inputs[sample]
        layers = zip(self.network.layers, self.weights, self.biases, strict=True)
        for layer, weight, bias in layers:
            z = sums_in_torch(layer, weight, bias, a)
            a = in_torch(layer.activation, z)
        return z, a

    def rows(self):
        """Yield what each row holds: error, outputs, weights and gradients."""
        size, order = self.training.batch_size, self.training.order
        while True:
            for start in range(0, len(order), size):
                batch = order[start : start + size]
                total = [torch.zeros_like(each) for each in self.trained]
                for sample in batch:
                    z, a = self.forward(sample)
                    error = LOSSES[self.network.loss.name](z, a, self.targets[sample])
                    gradients = torch.autograd.grad(error, self.trained)
                    total = [one + other for one, other in zip(total, gradients, strict=True)]
                    yield error, a, self.flat(self.trained), self.flat(gradients)
                self._update(total, len(batch))

    def _update(self, total, count):
        for parameter, gradient in zip(self.trained, total, strict=True):
            parameter.grad = gradient / (count if self.training.reduction == "mean" else 1)
        self.optimizer.step()
        if self.scheduler.last_epoch + 1 < self.training.updates:
            self.scheduler.step()

    @staticmethod
    def flat(tensors):
        return torch.cat([each.detach().ravel() for each in tensors]).numpy().copy()


def plan_of(text):
    plan = Plan.of(template.parse(text))
    largest = max(float(np.abs(values).max()) for values in plan.traces[0].values.values())
    event("diverges" if not largest < DIVERGED / 1000 else "converges")
    assume(largest < DIVERGED / 1000)  # so that moved inputs do not diverge either
    # PyTorch's scheduler of one cycle cannot have a peak before or at its first step.
    training = plan.training(plan.template.optimizer)
    if training.schedule.name == "one-cycle":
        assume(training.updates * 0.4 > 1.5 and training.updates > 3)
    return plan


def profile(examples):
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=examples, suppress_health_check=checks, print_blob=False)


def explained(text):
    print(f"\nthe template, ready to build:\n\n{text}")


@pytest.mark.slow
@given(text=templates())
@profile(NETWORKS)
def test_the_reference_agrees_with_pytorch(text):
    assert_agrees_with_pytorch(text)


@pytest.mark.slow
@given(text=OF_PICTURES)
@profile(NETWORKS)
def test_the_reference_of_convolutions_agrees_with_pytorch(text):
    assert_agrees_with_pytorch(text)


def assert_agrees_with_pytorch(text):
    explained(text)
    plan = plan_of(text)
    trace, network = plan.traces[0], plan.network
    names = [weight.name for weight in network.weights]
    names += [bias.name for bias in network.biases if bias.is_trained]
    outputs = [activation_name(unit) for unit in network.unit_names[-1]]
    close = {"rtol": tolerance_of(plan), "atol": tolerance_of(plan)}
    for row, (error, a, weights, gradients) in zip(
        range(plan.template.iterations + 1), Torch(plan).rows(), strict=False
    ):
        np.testing.assert_allclose(trace["E_total"][row], error.item(), **close)
        np.testing.assert_allclose([trace[name][row] for name in outputs], a.detach(), **close)
        np.testing.assert_allclose([trace[name][row] for name in names], weights, **close)
        found = [trace[f"∂E/∂{name}"][row] for name in names]
        np.testing.assert_allclose(found, gradients, **close)


@pytest.mark.parametrize("optimizer", template.load("line-fit").compare)
def test_line_fit_takes_each_optimisers_path_of_pytorch(optimizer):
    source = template.load("line-fit")
    plan = Plan.of(source)
    plan = replace(plan, template=replace(plan.template, optimizer=optimizer))
    trace = plan.train(plan.template.learning_rates[0], optimizer)
    rows = zip(range(source.iterations + 1), Torch(plan).rows(), strict=False)
    for row, (error, _, (a, b), _) in rows:
        for symbol, expected in (("E_total", error.item()), ("w1", a), ("b1", b)):
            assert trace[symbol][row] == pytest.approx(expected, rel=1e-10, abs=1e-10)


def assert_verifies(text, folder, engine, moved):
    plan_of(text)
    path = folder / "book.xlsx"
    built = build_workbook(template.parse(text), path, force=True)
    for result in verify_subject(read_subject(path, built), [engine], moved):
        wrong = [str(finding) for sheet in result.sheets for finding in sheet.findings]
        assert not wrong, "\n".join(wrong[:5])
        assert result.formulas > 100


@pytest.mark.slow
@given(text=ANY)
@profile(WORKBOOKS)
def test_workbooks_agree_with_the_reference(tmp_path_factory, text):
    explained(text)
    assert_verifies(text, tmp_path_factory.mktemp("book"), EMBEDDED, moved=1)


@pytest.mark.slow
@given(text=ANY)
@profile(LIBREOFFICE_WORKBOOKS)
def test_workbooks_agree_in_libreoffice(tmp_path_factory, text):
    explained(text)
    assert_verifies(text, tmp_path_factory.mktemp("book"), LibreOffice(), moved=MOVED)
