"""An optimiser's update is PyTorch's, in NumPy and in the cells of every engine."""

import inspect
import itertools
import re

import numpy as np
import pytest
import xlsxwriter
from conftest import WRONG, numbers
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetgen.network.optimizers import OPTIMIZERS, hyperparameters
from sheetgen.network.schedules import SCHEDULES, parameters
from sheetgen.template import template
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan

try:
    import torch
except ImportError:  # it belongs to the extra "cnn"
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="torch is not installed")

UPDATES = 20
LIKELY = {
    "momentum": numbers(0.01, 0.99),
    "beta1": numbers(0, 0.99),
    "beta2": numbers(0, 0.999),
    "alpha": numbers(0, 0.999),
    "epsilon": st.sampled_from([1e-10, 1e-8, 1e-3, 1.0]),
    "weight_decay": numbers(0, 0.5),
}


@st.composite
def hyperparameters_of(draw, name, decays):
    """Random hyper-parameters of an optimiser, which without decay lack "weight_decay"."""
    keys = [key for key in OPTIMIZERS[name].defaults if decays or key != "weight_decay"]
    return {key: draw(LIKELY[key]) for key in keys}


def vectors(seed, rows=UPDATES):
    """Rows of three numbers of very different sizes, some 0, some with a square that is 0."""
    random = np.random.default_rng(seed)
    found = random.normal(size=(rows, 3)) * 10.0 ** random.integers(-6, 2, size=(rows, 3))
    scales = random.choice([0.0, 1e-170, 1.0], size=(rows, 3), p=[0.1, 0.1, 0.8])
    return found * scales


def start(optimizer, weight):
    return tuple(np.zeros_like(weight) for _ in optimizer.states)


def agree(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    return bool(np.all(np.abs(found - expected) <= 1e-12 * np.maximum(1.0, np.abs(expected))))


def in_torch(name, parameter, h):
    """The same optimiser in PyTorch, and what it calls the states."""
    decay = {"weight_decay": h.get("weight_decay", 0.0)}
    optim, betas = torch.optim, (h.get("beta1"), h.get("beta2"))
    if name == "sgd":
        return optim.SGD([parameter], **decay), []
    if name in ("momentum", "nesterov"):
        nesterov = name == "nesterov"
        made = optim.SGD([parameter], momentum=h["momentum"], nesterov=nesterov, **decay)
        return made, ["momentum_buffer"]
    if name == "adagrad":
        return optim.Adagrad([parameter], eps=h["epsilon"], **decay), ["sum"]
    if name == "rmsprop":
        made = optim.RMSprop([parameter], alpha=h["alpha"], eps=h["epsilon"], **decay)
        return made, ["square_avg"]
    kind = optim.Adam if name == "adam" else optim.AdamW
    return kind([parameter], betas=betas, eps=h["epsilon"], **decay), ["exp_avg", "exp_avg_sq"]


@needs_torch
@pytest.mark.parametrize("decays", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
@settings(max_examples=25)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_updates_are_those_of_torch(name, decays, data, seed):
    h = data.draw(hyperparameters_of(name, decays))
    rates = data.draw(st.lists(numbers(0.0001, 1), min_size=UPDATES, max_size=UPDATES))
    optimizer, (weight, *gradients) = OPTIMIZERS[name], vectors(seed, UPDATES + 1)
    parameter = torch.tensor(weight, requires_grad=True)
    theirs, names = in_torch(name, parameter, h)
    state = start(optimizer, weight)
    for update, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        weight, state = optimizer.step(weight, gradient, state, rate, update, h)
        parameter.grad = torch.tensor(gradient)
        theirs.param_groups[0]["lr"] = rate
        theirs.step()
        assert agree(weight, parameter.detach())
        for mine, buffer in zip(state, names, strict=True):
            assert agree(mine, theirs.state[parameter][buffer])


@needs_torch
def test_defaults_are_those_of_torch():
    optim = torch.optim
    classes = [optim.SGD] * 3 + [optim.Adagrad, optim.RMSprop, optim.Adam, optim.AdamW]
    for optimizer, theirs in zip(OPTIMIZERS.values(), classes, strict=True):
        signature = inspect.signature(theirs).parameters
        expected = {key: parameter.default for key, parameter in signature.items()}
        expected["epsilon"] = expected.get("eps")
        expected["beta1"], expected["beta2"] = expected.get("betas", (None, None))
        expected["momentum"] = 0.9
        for key, value in optimizer.defaults.items():
            assert value == expected[key], (optimizer.name, key)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_leaves_its_arguments_alone_and_takes_any_shape(name):
    optimizer, h = OPTIMIZERS[name], hyperparameters(name, {"weight_decay": 0.1})
    (weight, gradient), (one, other) = vectors(1, 2), vectors(2, 2)
    stacked = np.stack([weight, one])
    before = stacked.copy()
    states = start(optimizer, stacked)
    found, state = optimizer.step(stacked, np.stack([gradient, other]), states, 0.5, 1, h)
    assert (stacked == before).all()
    assert all((each == 0).all() for each in states)
    assert [each.shape for each in state] == [(2, 3)] * len(optimizer.states)
    alone, _ = optimizer.step(one, other, start(optimizer, one), 0.5, 1, h)
    assert (found[1] == alone).all()


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "adagrad"])
def test_a_weight_without_a_gradient_stays_where_it_is(name):
    optimizer, h = OPTIMIZERS[name], {**hyperparameters(name, {}), "weight_decay": 0.0}
    weight = np.array([1.5])
    found, _ = optimizer.step(weight, np.zeros(1), start(optimizer, weight), 0.5, 1, h)
    assert found == weight


def test_the_first_step_of_adam_is_as_long_as_the_learning_rate():
    h = hyperparameters("adam", {})
    zeros = np.zeros(3)
    gradient = np.array([-1e3, 1.0, 1e3])
    weight, _ = OPTIMIZERS["adam"].step(zeros, gradient, (zeros, zeros), 0.1, 1, h)
    assert weight == pytest.approx([0.1, -0.1, -0.1], rel=1e-7)


RATES = {"constant": {}, "step": {"step_size": 3.0, "gamma": 0.5}, "exponential": {"gamma": 0.9}}
RATES |= {"cosine": {}, "one-cycle": {}}
ROWS = 14
PLANNED = 10
BATCH = 4
HEADINGS = ["update", "rate", "gradient", "weight"]


TRAININGS = [
    (name, schedule, decays, first)
    for (name, decays, first), schedule in zip(
        itertools.product(OPTIMIZERS, [False, True], [0, 100_000]), itertools.cycle(RATES)
    )
]
"""Optimiser, schedule, whether there is weight decay, and the number of the first update.

A schedule's formula does not depend on the optimiser: they take turns.
"""


def chosen(name, schedule, decays):
    h = hyperparameters(name, {"weight_decay": 0.2})
    if not decays:
        del h["weight_decay"]
    return h, parameters(schedule, RATES[schedule])


def write_training(sheet, name, schedule, decays, first, seed):
    """Write a weight's updates, one a row: the state after each, and the weight before it.

    A3 is the base rate, B3 the planned updates, C3 a batch size by which gradients are divided.
    """
    optimizer, (h, rate) = OPTIMIZERS[name], chosen(name, schedule, decays)
    sheet.write_row(2, 0, [0.3, PLANNED, BATCH, *h.values(), *rate.values()])
    places = [f"${chr(ord('D') + column)}$3" for column in range(len(h) + len(rate))]
    h_cells = dict(zip(h, places, strict=False))
    rate_cells = dict(zip(rate, places[len(h) :], strict=True))
    columns = dict(zip(optimizer.states, "EF", strict=False))
    sheet.write_row(4, 0, [*HEADINGS, *optimizer.states])
    for index, gradient in enumerate(vectors(seed, ROWS)[:, 0]):
        row = 6 + index
        sheet.write_number(f"A{row}", first + index)
        sheet.write_number(f"C{row}", gradient)
        formula = SCHEDULES[schedule].formula("$A$3", f"A{row}", "$B$3", rate_cells)
        sheet.write_formula(f"B{row}", f"={formula}", None, WRONG)
        update, g = f"(A{row}+1)", f"(C{row}/$C$3)"
        former = {state: f"{at}{row - 1}" if index else "0" for state, at in columns.items()}
        news = optimizer.state_formulas(f"D{row}", g, former, update, h_cells)
        assert list(news) == list(optimizer.states)
        for state, formula in news.items():
            sheet.write_formula(f"{columns[state]}{row}", f"={formula}", None, WRONG)
        state = {state: f"{at}{row}" for state, at in columns.items()}
        formula = optimizer.weight_formula(f"D{row}", g, state, f"B{row}", update, h_cells)
        sheet.write_formula(f"D{row + 1}", f"={formula}", None, WRONG)
    sheet.write_number("D6", 0.75)


def training(name, schedule, decays, first, seed):
    """The same in NumPy: rows of rate, weight before the update, and state after it."""
    optimizer, (h, rate) = OPTIMIZERS[name], chosen(name, schedule, decays)
    weight = np.array([0.75])
    state, rows = start(optimizer, weight), []
    for update, gradient in enumerate(vectors(seed, ROWS)[:, :1] / BATCH, start=first):
        learning_rate = SCHEDULES[schedule].rate(0.3, update, PLANNED, rate)
        former = weight
        weight, state = optimizer.step(weight, gradient, state, learning_rate, update + 1, h)
        rows.append([learning_rate, former[0], *(each[0] for each in state)])
    return np.array(rows)


def test_every_engine_trains_as_numpy_does(engine, tmp_path):
    path = tmp_path / "training.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        for seed, which in enumerate(TRAININGS):
            write_training(workbook.add_worksheet(f"{seed}"), *which, seed)
    values = engine.recalculate(path)
    for seed, which in enumerate(TRAININGS):
        expected = training(*which, seed)
        columns = [1, 3, 4, 5][: expected.shape[1]]
        found = [[values[f"{seed}"][row, at] for at in columns] for row in range(5, 5 + ROWS)]
        assert agree(np.array(found, dtype=np.float64), expected), which


def test_plain_gradient_descent_reads_as_in_the_seed_works():
    formula = OPTIMIZERS["sgd"].weight_formula("W7", "AB7", {}, "$C$3", "(A7+1)", {})
    assert formula == "W7-$C$3*AB7"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_cells_use_functions_that_every_program_has(name):
    optimizer = OPTIMIZERS[name]
    h = {key: f"$D${row}" for row, key in enumerate(optimizer.defaults, start=1)}
    state = dict.fromkeys(optimizer.states, "F7")
    formulas = optimizer.state_formulas("W7", "G7", state, "A7", h)
    formulas["weight"] = optimizer.weight_formula("W7", "G7", state, "B7", "A7", h)
    assert set(re.findall(r"[A-Z]+(?=\()", "".join(formulas.values()))) <= {"SQRT", "MIN"}
    used = set(re.findall(r"\$D\$\d", "".join(formulas.values())))
    assert used == set(h.values())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_names_the_weight_its_gradient_and_the_learning_rate(name):
    rule = OPTIMIZERS[name].rule("w1", "∂E/∂w1")
    assert rule.split(";  ")[-1].startswith("w1 ← w1 − η·")
    assert "∂E/∂w1" in rule
    assert ("λ" in rule) == (name == "adamw")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_has_the_weight_decay_that_its_cells_have(name):
    optimizer = OPTIMIZERS[name]
    without = optimizer.rule("w1", "∂E/∂w1", decays=False)
    rule = optimizer.rule("w1", "∂E/∂w1", decays=True)
    assert "λ" not in without
    assert ("w1 − η·λ·w1 − η·" if name == "adamw" else "∂E/∂w1 + λ·w1") in rule


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("decay", [0, 0.01])
def test_the_sheets_tell_of_a_weight_decay_where_its_cell_is(name, decay):
    source = template.load("era-v1").source + f'optimizer = "{name}"\nweight_decay = {decay}\n'
    plan = Plan.of(template.parse(source).with_training([0.5], 2))
    canvases = {canvas.name: canvas for canvas in compose(plan)}
    for sheet in ("Inputs", "Derivation", "lr 0.5"):
        canvas = canvases[sheet]
        texts = [*(cell.value for cell in canvas.cells.values()), *canvas.notes.values()]
        told = [text for text in texts if isinstance(text, str) and "←" in text]
        assert told or (name, decay, sheet) == ("sgd", 0, "Inputs")
        assert any("λ·" in text for text in texts if isinstance(text, str)) == (decay > 0), sheet
    assert (f"{name}.weight_decay" in canvases["Inputs"].inputs) == (decay > 0)


def test_t_counts_from_0_in_every_rule():
    """In Adam's βᵗ⁺¹, which Kingma and Ba write βᵗ, as in a schedule's γᵗ."""
    for name in ("adam", "adamw"):
        rule = OPTIMIZERS[name].rule("w", "∂E/∂w")
        assert "β₁ᵗ⁺¹" in rule
        assert "t = 0 at the first update" in rule
    for name, schedule in SCHEDULES.items():
        assert ("t = 0 at the first update" in schedule.rule()) == (name != "constant")


def test_given_hyperparameters_take_the_place_of_defaults():
    assert hyperparameters("momentum", {}) == {"momentum": 0.9, "weight_decay": 0.0}
    merged = hyperparameters("adam", {"weight_decay": 1, "beta2": 0.5})
    assert list(merged.items()) == [
        ("beta1", 0.9),
        ("beta2", 0.5),
        ("epsilon", 1e-8),
        ("weight_decay", 1.0),
    ]
    assert OPTIMIZERS["adam"].defaults["beta2"] == 0.999


@pytest.mark.parametrize(
    ("name", "key", "value", "complaint"),
    [
        ("momentum", "momentum", 1.0, "momentum: found 1; expected a number from 0 to below 1"),
        ("nesterov", "momentum", -0.1, "momentum: found -0.1; expected a number from 0"),
        ("adam", "beta1", 1.5, "beta1: found 1.5; expected a number from 0 to below 1"),
        ("adamw", "beta2", float("nan"), "beta2: found nan; expected a number from 0"),
        ("rmsprop", "alpha", 1.0, "alpha: found 1; expected a number from 0 to below 1"),
        ("adagrad", "epsilon", 0.0, "epsilon: found 0; expected a number above 0"),
        ("adam", "epsilon", float("inf"), "epsilon: found inf; expected a number above 0"),
        ("sgd", "weight_decay", -0.1, "weight_decay: found -0.1; expected a number of at least 0"),
        ("sgd", "momentum", 0.9, "momentum: found with the optimiser sgd; expected only weight_d"),
    ],
)
def test_a_hyperparameter_that_does_not_fit_is_refused(name, key, value, complaint):
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}"):
        hyperparameters(name, {key: value})


def test_an_unknown_optimizer_is_a_key_error():
    assert list(OPTIMIZERS) == [
        "sgd",
        "momentum",
        "nesterov",
        "adagrad",
        "rmsprop",
        "adam",
        "adamw",
    ]
    with pytest.raises(KeyError, match="lion"):
        hyperparameters("lion", {})
