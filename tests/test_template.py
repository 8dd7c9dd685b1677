"""Every key of a template means what it says, and has a default where it may be left out."""

from dataclasses import replace

import numpy as np
import pytest

from sheetgen.network.optimizers import OPTIMIZERS
from sheetgen.network.rectifiers import ELU, LeakyReLU
from sheetgen.template import template

HIDDEN = 'units = 3\nactivation = "tanh"\ninit = { scheme = "xavier-uniform", seed = 1 }'
OUTPUT = 'units = 2\nactivation = "identity"\nweights = [[1, 2, 3], [4, 5, 6]]'


def toml(hidden=HIDDEN, output=OUTPUT, training="", loss="half-squared-error", rates="[0.1]"):
    return f"""
        [network]
        inputs = 1
        loss = "{loss}"
        [[network.layers]]
        {hidden}
        [[network.layers]]
        {output}
        [data]
        inputs = [[0.1], [0.2], [0.3], [0.4], [0.5]]
        targets = [[0, 1], [0, 1], [1, 0], [0, 1], [1, 0]]
        [training]
        learning_rates = {rates}
        {training}
    """


def read(**changes):
    return template.parse(toml(**changes))


def test_what_is_not_said_is_plain_gradient_descent_in_the_given_order():
    chosen = read()
    assert (chosen.batch_size, chosen.reduction, chosen.order) == (1, "mean", (0, 1, 2, 3, 4))
    assert (chosen.optimizer, chosen.hyperparameters) == ("sgd", {})
    assert (chosen.schedule, chosen.schedule_parameters) == ("constant", {})
    assert (chosen.compare, chosen.iterations, chosen.files) == ((), 100, {})
    assert all(layer.biases is None for layer in chosen.network.layers)


@pytest.mark.parametrize(
    ("keys", "activation"),
    [
        ('"leaky-relu"', LeakyReLU(0.01)),
        ('"leaky-relu"\nslope = 0.2', LeakyReLU(0.2)),
        ('"elu"\nslope = 0.5', ELU(0.5)),
    ],
)
def test_a_slope_belongs_to_its_activation(keys, activation):
    layers = read(hidden=HIDDEN.replace('"tanh"', keys)).network.layers
    assert layers[0].activation == activation


def test_biases_are_given_or_absent():
    network = read(output=f"{OUTPUT}\nbiases = [0.5, -0.5]").network
    assert [layer.biases for layer in network.layers] == [None, (0.5, -0.5)]
    assert len(network.parameters) == 3 + 6 + 2
    fixed = read(output=f"{OUTPUT}\nbiases = [0.5, -0.5]\ntrain_biases = false").network
    assert len(fixed.parameters) == 3 + 6


def test_a_full_batch_is_as_large_as_the_data():
    assert read(training='batch_size = "full"').batch_size == 5
    assert read(training='batch_size = 2\nreduction = "sum"').reduction == "sum"


def test_a_shuffled_order_is_a_permutation_that_the_seed_fixes():
    orders = {read(training=f"shuffle_seed = {seed}").order for seed in (1, 1, 2, 3)}
    assert len(orders) == 3
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    expected = np.random.default_rng(1).permutation(5)
    assert read(training="shuffle_seed = 1").order == tuple(expected)


def test_hyperparameters_have_the_defaults_of_pytorch():
    chosen = read(training='optimizer = "adam"\nbeta1 = 0.8')
    assert chosen.hyperparameters == {"beta1": 0.8, "beta2": 0.999, "epsilon": 1e-8}
    decayed = read(training='optimizer = "adamw"')
    assert decayed.hyperparameters["weight_decay"] == 0.01


def test_a_weight_decay_of_0_is_none():
    assert "weight_decay" not in read(training="weight_decay = 0").hyperparameters
    assert (
        "weight_decay"
        not in read(training='optimizer = "adamw"\nweight_decay = 0.0').hyperparameters
    )
    assert read(training="weight_decay = 0.5").hyperparameters == {"weight_decay": 0.5}


def test_each_compared_optimiser_takes_the_hyperparameters_that_it_has():
    chosen = read(training='compare = ["sgd", "momentum", "adam"]\nmomentum = 0.5\nbeta2 = 0.9')
    assert chosen.compare == ("sgd", "momentum", "adam")
    assert chosen.optimizer == "sgd"
    assert chosen.hyperparameters_of("sgd") == {}
    assert chosen.hyperparameters_of("momentum") == {"momentum": 0.5}
    assert chosen.hyperparameters_of("adam") == {"beta1": 0.9, "beta2": 0.9, "epsilon": 1e-8}


def test_the_hyperparameters_of_its_own_optimiser_may_be_replaced():
    chosen = replace(read(training='optimizer = "momentum"'), hyperparameters={"momentum": 0.1})
    assert chosen.hyperparameters_of("momentum") == {"momentum": 0.1}


def test_rates_or_all_optimisers_may_be_compared():
    assert read(training='compare = "learning-rates"').compare == ()
    assert read(training='compare = "optimizers"').compare == tuple(OPTIMIZERS)
    with_adam = read(training='compare = ["rmsprop", "sgd"]\noptimizer = "adam"')
    assert (with_adam.optimizer, with_adam.compare) == ("adam", ("rmsprop", "sgd"))


def test_a_schedule_has_its_parameters():
    assert read(training='schedule = "cosine"').schedule_parameters == {}
    step = read(training='schedule = "step"\nstep_size = 10')
    assert step.schedule_parameters == {"step_size": 10, "gamma": 0.1}
