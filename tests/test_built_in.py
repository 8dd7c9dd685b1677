"""The built-in templates do what their comments say, by the reference."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sheetgen.network.optimizers import OPTIMIZERS
from sheetgen.network.reference import train
from sheetgen.network.schedules import SCHEDULES
from sheetgen.network.training import Training
from sheetgen.template import template
from sheetgen.workbook.plan import Plan

BUILT_IN = (
    "autoencoder", "biases", "conv-digits", "deep", "digits", "edges", "era-v1", "era-v2", "iris",
    "line-fit", "logic", "logic-unit", "moons", "sine", "xor",
)  # fmt: skip


def trained(name, rate, optimizer=None):
    """Train a built-in template with the reference; return it with its trace."""
    chosen = template.load(name)
    optimizer = optimizer or chosen.optimizer
    training = Training(
        data=chosen.data,
        iterations=chosen.iterations,
        order=chosen.order,
        batch_size=chosen.batch_size,
        reduction=chosen.reduction,
        optimizer=OPTIMIZERS[optimizer],
        hyperparameters=chosen.hyperparameters_of(optimizer),
        schedule=SCHEDULES[chosen.schedule],
        schedule_parameters=chosen.schedule_parameters,
    )
    return chosen, train(chosen.network, training, rate)


def by_epoch(chosen, values):
    """Return the mean of each epoch."""
    return values.reshape(-1, chosen.data.samples).mean(axis=1)


def comment(name):
    """Return the comment at the head of a built-in template in one line."""
    head = template.load(name).source.partition("\ntitle")[0]
    return " ".join(head.replace("#", " ").split())


def test_these_are_built_in():
    assert tuple(template.built_in()) == BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_template_says_first_what_it_teaches(name):
    chosen = template.load(name)
    assert "It teaches" in comment(name)
    assert chosen.title
    assert chosen.description
    assert template.parse(chosen.source, files=chosen.files) == chosen


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != "era-v1"])
def test_a_built_in_table_ends_with_an_epoch(name):
    chosen = template.load(name)
    assert chosen.data.samples == 1 or (chosen.iterations + 1) % chosen.data.samples == 0


def test_biases_is_the_well_known_example():
    era, (biases, trace) = template.load("era-v1"), trained("biases", 0.5)
    assert biases.data == era.data
    assert [layer.weights for layer in biases.network.layers] == [
        layer.weights for layer in era.network.layers
    ]
    assert [layer.biases for layer in biases.network.layers] == [(0.35, 0.35), (0.60, 0.60)]
    assert f"{trace['E_total'][0]:.9f}" == "0.298371109"
    assert f"{trace['E_total'][1]:.9f}" == "0.291027774"
    assert "0.291027924" in comment("biases")


@pytest.mark.parametrize(("rate", "epoch"), [(0.5, 43), (1, 23), (2, 13), (4, 22)])
def test_xor_gets_all_four_right(rate, epoch):
    chosen, trace = trained("xor", rate)
    assert rate in chosen.learning_rates
    right = by_epoch(chosen, trace["correct"])
    assert right[epoch - 2] < 1
    assert (right[epoch - 1 :] == 1).all()


def test_iris_is_the_data_of_the_article():
    data = template.load("iris").data
    assert data.target_labels == ("setosa", "versicolor", "virginica")
    assert np.sum(data.targets + data.test_targets, axis=0).tolist() == [50, 50, 50]
    means = np.mean(data.inputs + data.test_inputs, axis=0)
    assert means == pytest.approx([5.843333, 3.057333, 3.758, 1.199333], abs=1e-6)


def test_iris_is_learned_in_five_epochs():
    chosen, trace = trained("iris", 0.5)
    right = by_epoch(chosen, trace["correct"])
    assert len(right) == 5
    assert right[[0, -1]] == pytest.approx([0.82, 0.95], abs=0.005)
    assert trace.evaluations[-1].right.sum() == 29


def test_digits_are_learned_in_three_epochs():
    chosen, trace = trained("digits", 0.2)
    right = by_epoch(chosen, trace["correct"])
    assert right[[0, -1]] == pytest.approx([0.44, 0.96], abs=0.005)
    data, tested = chosen.data, trace.evaluations[-1]
    assert np.sum(data.targets + data.test_targets, axis=0).tolist() == [6] * 10
    assert tested.right.sum() == 10
    last = by_epoch(chosen, trace["E_total"])[-1]
    assert tested.errors.mean() / last == pytest.approx(2, abs=0.2)


def problems(name, rate):
    """Yield each problem's name, whether all samples are right at each epoch, and the errors."""
    source = template.load(name)
    for problem in source.data.problems:
        data = source.data.with_problems(source.data.problems, problem.name)
        trace = Plan.of(replace(source, data=data)).train(rate, "sgd")
        yield (
            problem.name,
            by_epoch(source, trace["correct"]) == 1,
            by_epoch(source, trace["E_total"]),
        )


def test_a_hidden_layer_learns_all_three_problems():
    found = {name: right for name, right, _ in problems("logic", 2)}
    for name, epoch in {"AND": 5, "OR": 4, "XOR": 13}.items():
        assert not found[name][epoch - 2]
        assert found[name][epoch - 1 :].all()


def test_a_single_unit_learns_and_and_or_but_not_xor():
    found = {name: (right, errors) for name, right, errors in problems("logic-unit", 2)}
    for name, epoch in {"AND": 9, "OR": 11}.items():
        assert not found[name][0][epoch - 2]
        assert found[name][0][epoch - 1 :].all()
    right, errors = found["XOR"]
    assert not right.any()
    assert errors[-1] == pytest.approx(np.log(2), abs=5e-4)


def test_the_moons_are_told_apart_from_the_tenth_epoch_on():
    chosen, trace = trained("moons", 0.3)
    right = by_epoch(chosen, trace["correct"])
    assert right[0] == pytest.approx(0.825)
    assert right[8] < 1 and (right[9:] == 1).all()


def test_the_moons_are_those_of_the_comment():
    t = np.linspace(0, np.pi, 20)
    upper, lower = np.c_[np.cos(t), np.sin(t)], np.c_[1 - np.cos(t), 0.5 - np.sin(t)]
    noise = np.random.default_rng(1).normal(0, 0.1, (40, 2))
    data = template.load("moons").data
    assert np.abs(np.array(data.inputs) - np.r_[upper, lower] - noise).max() < 0.00501
    assert data.target_labels == ("upper", "lower")


def test_the_code_of_the_autoencoder_is_all_numbers_of_three_digits():
    chosen, trace = trained("autoencoder", 0.5)
    assert chosen.data.targets == chosen.data.inputs
    right = by_epoch(chosen, trace["correct"])
    assert right[11] < 1 and (right[12:] == 1).all()
    signs = np.sign([trace[f"a_h{unit}"][-8:] for unit in (1, 2, 3)])
    assert len(np.unique(signs, axis=1).T) == 8


def test_line_fit_says_how_the_optimisers_differ():
    chosen = template.load("line-fit")
    x, y = np.array(chosen.data.inputs)[:, 0], np.array(chosen.data.targets)[:, 0]
    slope, intercept = np.polyfit(x, y, 1)
    assert (round(slope, 4), round(intercept, 4)) == (1.9898, 0.9859)
    assert round(np.mean((slope * x + intercept - y) ** 2), 4) == 0.0459
    errors = {
        name: by_epoch(chosen, trained("line-fit", 0.1, name)[1]["E_total"])
        for name in chosen.compare
    }
    assert min(errors, key=lambda name: errors[name][4]) == "rmsprop"
    assert errors["rmsprop"][[4, -1]] == pytest.approx([0.059, 0.060], abs=5e-4)
    for name in ("sgd", "adam", "adamw"):
        assert errors[name][-1] == pytest.approx(0.048, abs=5e-4)
    assert max(errors, key=lambda name: errors[name][-1]) == "adagrad"
    assert errors["adagrad"][-1] == pytest.approx(0.602, abs=5e-4)
    assert errors["momentum"][2] > 5 * errors["momentum"][1]  # it overshoots
    assert errors["momentum"][-1] == pytest.approx(0.056, abs=5e-4)


def test_sine_ends_better_with_its_schedule():
    chosen, trace = trained("sine", 0.2)
    falling = by_epoch(chosen, trace["E_total"])
    assert falling[[0, -1]] == pytest.approx([0.132, 0.0080], abs=5e-4)
    assert trace["learning_rate"][-1] < 1e-5
    training = Training(chosen.data, chosen.iterations, chosen.order)
    constant = by_epoch(chosen, train(chosen.network, training, 0.2)["E_total"])
    assert constant[-1] == pytest.approx(0.033, abs=5e-4)


def test_deep_dies_at_rate_1_only():
    for rate, epoch in ((0.1, 11), (0.5, 4)):
        chosen, trace = trained("deep", rate)
        assert (by_epoch(chosen, trace["correct"])[epoch - 1 :] == 1).all()
    chosen, trace = trained("deep", 1)
    weights = [trace[edge.gradient] for edge in chosen.network.connections]
    assert np.any(np.array(weights)[:, 6] != 0)
    assert np.all(np.array(weights)[:, 7:] == 0)
    assert trace["b9"][-1] != trace["b9"][-2]


def test_edges_makes_its_kernel_one_of_vertical_edges():
    chosen, trace = trained("edges", 2)
    first, *_, last = by_epoch(chosen, trace["E_total"])
    assert (first, last) == (pytest.approx(1.02, abs=5e-3), pytest.approx(0.12, abs=5e-3))
    kernel = np.array(
        [[trace[f"k{row}_{column}"][-1] for column in (1, 2, 3)] for row in (1, 2, 3)]
    )
    assert (kernel[:, 0] > 2).all()
    assert (kernel[:, 1:] < 0).all()


def test_conv_digits_reads_almost_every_digit_that_it_has_never_seen():
    chosen, trace = trained("conv-digits", 0.1)
    assert by_epoch(chosen, trace["correct"]).tolist() == pytest.approx(
        [0.625, 0.9167, 1], abs=1e-3
    )
    assert trace.evaluations[-1].right.sum() == 11


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_template_is_plain_toml(name):
    text = (template.folder() / f"{name}.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)) == {"title", "description", "network", "data", "training"}


def test_the_documents_table_names_an_optimiser_where_there_is_one_to_name():
    page = Path(__file__).resolve().parents[1].joinpath("docs/networks.md").read_text("utf-8")
    table = page.partition("| template | network |")[2].partition("\n\n")[0]
    for name in BUILT_IN:
        (row,) = [row for row in table.splitlines() if f"`{name}`" in row]
        optimizer = template.load(name).optimizer
        named = [each for each in OPTIMIZERS if each in row.casefold()]
        assert named == [each for each in (optimizer,) if each != "sgd"], row
