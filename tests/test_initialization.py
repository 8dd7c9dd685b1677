"""Initial weights are drawn as PyTorch draws them, from a seed of one's own."""

import numpy as np
import pytest
import torch

from sheetgen.network.initialization import SCHEMES, initial_weights
from sheetgen.template.template import parse

UNITS, FAN_IN = 300, 200

IN_TORCH = {
    "xavier-uniform": torch.nn.init.xavier_uniform_,
    "xavier-normal": torch.nn.init.xavier_normal_,
    "kaiming-uniform": lambda w: torch.nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "kaiming-normal": lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "normal": torch.nn.init.normal_,
    "uniform": lambda w: torch.nn.init.uniform_(w, -1, 1),
    "zeros": torch.nn.init.zeros_,
}


def in_torch(scheme):
    torch.manual_seed(1)
    return IN_TORCH[scheme](torch.empty(UNITS, FAN_IN, dtype=torch.float64)).numpy()


def test_all_schemes_are_compared_with_pytorch():
    assert list(IN_TORCH) == list(SCHEMES)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_weights_are_distributed_as_in_pytorch(scheme):
    ours, theirs = np.array(initial_weights(scheme, UNITS, FAN_IN, seed=1)), in_torch(scheme)
    assert ours.shape == (UNITS, FAN_IN)
    parts = np.linspace(0, 1, 21)[1:-1]
    ours_at, theirs_at = np.quantile(ours, parts), np.quantile(theirs, parts)
    # A quantile of 60,000 numbers is off by about deviation / 100.
    assert ours_at == pytest.approx(theirs_at, abs=0.03 * theirs.std())


@pytest.mark.parametrize("scheme", ["xavier-uniform", "kaiming-uniform", "uniform"])
def test_a_uniform_scheme_keeps_within_the_bound_of_pytorch(scheme):
    ours, theirs = np.array(initial_weights(scheme, UNITS, FAN_IN, seed=2)), in_torch(scheme)
    assert abs(ours).max() == pytest.approx(abs(theirs).max(), rel=1e-3)


@pytest.mark.parametrize("scheme", ["normal", "uniform"])
def test_a_spread_scales_the_weights(scheme):
    one, half = (np.array(initial_weights(scheme, 3, 4, 7, spread)) for spread in (1.0, 0.5))
    assert half == pytest.approx(one / 2, rel=1e-5)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_seed_always_gives_the_same_short_numbers(scheme):
    first = initial_weights(scheme, 5, 4, seed=3)
    assert first == initial_weights(scheme, 5, 4, seed=3)
    assert all(weight == float(f"{weight:.6g}") for row in first for weight in row)
    assert scheme == "zeros" or first != initial_weights(scheme, 5, 4, seed=4)


def layer(keys):
    text = f'[network]\ninputs = 3\n[[network.layers]]\nunits = 2\nactivation = "tanh"\n{keys}\n'
    data = "[data]\ninputs = [[1, 2, 3]]\ntargets = [[0, 1]]\n"
    return parse(f"{text}{data}[training]\nlearning_rates = [1]\n").network.layers[0]


def test_a_template_draws_its_weights():
    drawn = layer('init = { scheme = "xavier-normal", seed = 5 }')
    assert drawn.weights == initial_weights("xavier-normal", 2, 3, seed=5)
    assert drawn.biases is None


def test_the_seed_is_0_unless_given():
    drawn = layer('init = { scheme = "normal", deviation = 0.1 }')
    assert drawn.weights == initial_weights("normal", 2, 3, seed=0, spread=0.1)


def test_drawn_weights_may_have_biases_that_start_at_0():
    drawn = layer('init = { scheme = "uniform", bound = 0.5 }\nbiases = true')
    assert drawn.biases == (0.0, 0.0)
    assert drawn.train_biases


def test_drawn_weights_may_have_biases_that_are_given():
    drawn = layer('init = { scheme = "zeros" }\nbiases = [0.5, -1]\ntrain_biases = false')
    assert drawn.weights == ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert drawn.biases == (0.5, -1.0)
    assert not drawn.train_biases
