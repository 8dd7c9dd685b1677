"""The reference is backpropagation: its numbers are the textbook's, and PyTorch's."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from conftest import numbers, sigmoid_network, trained, with_sample
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetgen.network import reference
from sheetgen.network.network import Network, activation_name
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.workbook.plan import Plan

try:
    import torch
except ImportError:  # it belongs to the extra "cnn"
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="torch is not installed")

ERA = ["era-v1", "era-v2"]


@st.composite
def templates(
    draw: st.DrawFn, layers: int, units: int, iterations: tuple[int, int] = (2, 2)
) -> Template:
    """Random sigmoid networks with at most `layers` layers, of at most `units` units and inputs."""
    widths = draw(st.lists(st.integers(1, units), min_size=2, max_size=layers + 1))

    def vector(length: int, number: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(number, min_size=length, max_size=length))

    matrices = [
        [vector(fan_in, numbers(-2, 2)) for _ in range(width)] for fan_in, width in pairwise(widths)
    ]
    sample, target = vector(widths[0], numbers(-1, 1)), vector(widths[-1], numbers(0, 1))
    return sigmoid_network(
        matrices, sample, target, draw(numbers(0.01, 9)), draw(st.integers(*iterations))
    )


@dataclass
class Autograd:
    """One forward pass in torch: every value and every gradient that autograd finds, by name."""

    values: dict[str, float]
    gradients: dict[str, float]


def autograd(network: Network, weights: dict[str, float], sample, target) -> Autograd:
    """Evaluate E_total scalar by scalar, as the equations are written, and differentiate it."""
    leaves = {name: leaf(weights[name]) for name in weights}
    values = dict(zip(network.input_names, map(leaf, sample), strict=True)) | leaves
    for sources, units in zip(network.source_names, network.unit_names, strict=True):
        edges = iter(edge for edge in network.connections if edge.target in units)
        for unit in units:
            values[unit] = sum(values[next(edges).name] * values[source] for source in sources)
            values[unit].retain_grad()
            values[activation_name(unit)] = torch.sigmoid(values[unit])
    outputs = zip(target, network.unit_names[-1], network.error_names, strict=True)
    for goal, unit, error in outputs:
        values[error] = (goal - values[activation_name(unit)]) ** 2 / 2
    values["E_total"] = sum(values[error] for error in network.error_names)
    values["E_total"].backward()
    differentiated = [*weights, *(unit for units in network.unit_names for unit in units)]
    return Autograd(
        {name: value.item() for name, value in values.items()},
        {f"∂E/∂{name}": values[name].grad.item() for name in differentiated},
    )


def leaf(number: float):
    return torch.tensor(number, dtype=torch.float64, requires_grad=True)


def train_in_torch(network: Network, sample, target, learning_rate: float, iterations: int):
    """Train with torch.nn.Linear and torch.optim.SGD; return E_total at iterations 0 … N."""
    sizes = [(layer.fan_in, layer.units) for layer in network.layers]
    linear = [torch.nn.Linear(*size, bias=False, dtype=torch.float64) for size in sizes]
    for module, layer in zip(linear, network.layers, strict=True):
        module.weight.data = torch.tensor(layer.weights, dtype=torch.float64)
    model = torch.nn.Sequential(*(part for each in linear for part in (each, torch.nn.Sigmoid())))
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    x, t = (torch.tensor(vector, dtype=torch.float64) for vector in (sample, target))
    errors = []
    for _ in range(iterations + 1):
        optimizer.zero_grad()
        error = torch.nn.functional.mse_loss(model(x), t, reduction="sum") / 2
        error.backward()
        optimizer.step()
        errors.append(error.item())
    return errors


@pytest.fixture
def start():
    """era-v1's values and derivatives at iteration 0, every symbol a number."""
    era = template.load("era-v1")
    parameters, sample = reference.initial(era.network), (era.data.inputs[0], era.data.targets[0])
    run = reference.forward(era.network, parameters, *sample)
    back = reference.backward(era.network, parameters, *sample, run)
    trace = trained(era, 0.1, 1)
    return {symbol: values[0] for symbol, values in trace.values.items()}, back


@pytest.mark.parametrize(("name", "error"), [("era-v1", 0.242519857), ("era-v2", 0.014181378)])
def test_the_training_starts_from_the_error_of_the_seed_work(name, error):
    era = template.load(name)
    trace = trained(era, 0.5, 1)
    assert round(trace["E_total"][0], 9) == error


@needs_torch
@pytest.mark.parametrize("learning_rate", [0.1, 0.2, 0.5, 0.8, 1.0, 2.0])
@pytest.mark.parametrize("name", ERA)
def test_every_error_of_the_training_is_that_of_torch_and_sgd(name, learning_rate):
    era = template.load(name)
    trace = trained(era, learning_rate, 100)
    sample, target = era.data.inputs[0], era.data.targets[0]
    expected = train_in_torch(era.network, sample, target, learning_rate, 100)
    assert len(trace["E_total"]) == 101
    assert trace["E_total"] == pytest.approx(expected, rel=0, abs=1e-14)


@pytest.mark.parametrize("name", ERA)
def test_over_the_seeds_iterations_every_larger_rate_is_the_better_one(name):
    era = template.load(name)
    final = [trained(era, rate, 100)["E_total"][-1] for rate in era.learning_rates]
    assert final == sorted(final, reverse=True)


@needs_torch
@settings(max_examples=60)
@given(templates(layers=4, units=5))
def test_every_gradient_of_a_random_network_is_that_of_autograd(random):
    network, (rate,) = random.network, random.learning_rates
    trace = trained(random, rate, 2)
    sample, target = random.data.inputs[0], random.data.targets[0]
    for row in range(3):
        weights = {edge.name: trace[edge.name][row].item() for edge in network.connections}
        expected = autograd(network, weights, sample, target)
        found = {name: trace[name][row] for name in expected.values | expected.gradients}
        for name, value in (expected.values | expected.gradients).items():
            assert abs(found[name] - value) <= 1e-12 * max(1, abs(value)), name


@settings(max_examples=20)
@given(templates(layers=3, units=3))
def test_each_iteration_takes_one_step_down_the_gradient(random):
    (rate,) = random.learning_rates
    trace = trained(random, rate, 4)
    for edge in random.network.connections:
        w, gradient = trace[edge.name], trace[edge.gradient]
        assert w[0] == random.network.weight(edge)
        assert np.array_equal(w[1:], w[:-1] - rate * gradient[:-1])


def test_a_hidden_activation_is_responsible_for_the_errors_of_both_outputs(start):
    s, back = start
    through_o1 = (s["a_o1"] - s["t1"]) * s["a_o1"] * (1 - s["a_o1"])
    through_o2 = (s["a_o2"] - s["t2"]) * s["a_o2"] * (1 - s["a_o2"])
    first, second = back.activation_gradients[0]
    assert first == pytest.approx(through_o1 * s["w5"] + through_o2 * s["w7"], rel=1e-14)
    assert second == pytest.approx(through_o1 * s["w6"] + through_o2 * s["w8"], rel=1e-14)


def test_an_output_is_responsible_for_its_own_error_only(start):
    s, _ = start
    own = (s["a_o1"] - s["t1"]) * s["a_o1"] * (1 - s["a_o1"])
    assert s["∂E/∂o1"] == pytest.approx(own, rel=1e-14)


def test_a_run_that_diverges_ends_without_an_exception_or_a_warning():
    era = with_sample(template.load("era-v1"), inputs=(1.0, 1.0), targets=(1000.0, 0.0))
    trace = trained(era, 1e308, 3)
    assert np.isfinite(trace["E_total"][0])
    assert np.isnan(trace["E_total"][-1])


@pytest.mark.parametrize(("name", "batch_size"), [("era-v1", 1), ("edges", 3), ("conv-digits", 4)])
def test_rates_that_are_trained_at_the_same_time_do_not_disturb_each_other(name, batch_size):
    source = template.load(name).with_training(iterations=9)
    rates, plan = (0.1, 1e200, 2.0), Plan.untrained(source)
    training = replace(plan.training(source.optimizer), batch_size=batch_size)
    together = reference.train_each(source.network, training, rates)
    for rate, trace in zip(rates, together, strict=True):
        alone = reference.train(source.network, training, rate)
        assert list(trace.values) == list(alone.values)
        for symbol, values in alone.values.items():
            assert np.array_equal(trace[symbol], values, equal_nan=True), symbol


def test_a_saturated_unit_has_no_slope_and_gives_no_warning():
    saturated = sigmoid_network([[[-1000.0]]], [1.0], [1.0])
    trace = trained(saturated, 0.5, 3)
    assert list(trace["E_total"]) == [0.5] * 4
