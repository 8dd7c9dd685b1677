"""A loss and its gradient are PyTorch's, in NumPy and in the cells of every engine."""

import re

import numpy as np
import pytest
import xlsxwriter
from conftest import WRONG, numbers
from hypothesis import given
from hypothesis import strategies as st

from sheetgen.network.activations import ACTIVATIONS, Softmax
from sheetgen.network.losses import LOSSES

try:
    import torch
except ImportError:  # it belongs to the extra "cnn"
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="torch is not installed")

JOINT = [name for name, loss in LOSSES.items() if loss.activation]
SEPARATE = [name for name in LOSSES if name not in JOINT]
PLACES = [0.0, 1e-9, 0.5, 1.0, 5.0, 30.0, 36.0, 300.0, 700.0, 800.0]


def agree(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    return bool(np.all(np.abs(found - expected) <= 1e-12 * np.maximum(1.0, np.abs(expected))))


def activated(loss, z):
    """The activations that belong to z: for a loss without an activation of its own, z itself."""
    return ACTIVATIONS[loss.activation or "identity"].value(z)


@st.composite
def outputs(draw):
    """Pre-activations and targets, of shape (outputs). Targets need not add up to 1."""
    count = draw(st.integers(1, 6))
    places = st.sampled_from([*PLACES, *(-z for z in PLACES)])
    z = st.one_of(st.floats(-700, 700), st.floats(-5, 5), places)
    target = st.one_of(numbers(0, 1), st.sampled_from([0.0, 1.0]))
    vectors = (draw(st.lists(each, min_size=count, max_size=count)) for each in (z, target))
    return tuple(np.array(vector) for vector in vectors)


def in_torch(name, z, target):
    """The loss of one sample as PyTorch computes it."""
    functional = torch.nn.functional
    return {
        "half-squared-error": lambda: 0.5 * ((target - z) ** 2).sum(),
        "mean-squared-error": lambda: functional.mse_loss(z, target),
        "binary-cross-entropy": lambda: functional.binary_cross_entropy_with_logits(z, target),
        "cross-entropy": lambda: functional.cross_entropy(z, target),
    }[name]()


@needs_torch
@pytest.mark.parametrize("name", LOSSES)
@given(drawn=outputs())
def test_error_and_gradient_are_those_of_autograd(name, drawn):
    loss, (z, target) = LOSSES[name], drawn
    leaf = torch.tensor(z, requires_grad=True)
    expected = in_torch(name, leaf, torch.tensor(target))
    expected.backward()
    a = activated(loss, z)
    errors = loss.value(target, z, a)
    assert errors.shape == a.shape
    assert errors.dtype == np.float64
    assert agree(errors.sum(), expected.item())
    gradient = loss.delta(target, z, a) if loss.activation else loss.slope(target, a)
    assert agree(gradient, leaf.grad.numpy())


@given(drawn=outputs())
def test_the_textbook_form_of_cross_entropy_where_it_is_finite(drawn):
    z, target = drawn[0] / 100, drawn[1]
    for name, form in {
        "binary-cross-entropy": lambda t, a: -(t * np.log(a) + (1 - t) * np.log(1 - a)) / len(a),
        "cross-entropy": lambda t, a: -t * np.log(a),
    }.items():
        a = activated(LOSSES[name], z)
        assert LOSSES[name].value(target, z, a) == pytest.approx(form(target, a), abs=1e-11)


@pytest.mark.parametrize("name", LOSSES)
def test_several_samples_at_once(name):
    """The outputs are the last axis: each sample has the errors that it has by itself."""
    loss, random = LOSSES[name], np.random.default_rng(1)
    z, target = random.normal(size=(4, 3)) * 5, random.random((4, 3))
    a = activated(loss, z)
    assert agree(loss.value(target, z, a), list(map(loss.value, target, z, a)))
    if loss.activation:
        assert agree(loss.delta(target, z, a), list(map(loss.delta, target, z, a)))
    else:
        assert agree(loss.slope(target, a), list(map(loss.slope, target, a)))


def samples(count):
    """Pre-activations and targets, of shape (rows, count), which a file gives back exactly."""
    random = np.random.default_rng(count)
    zs = np.array([*PLACES, *(-z for z in PLACES), *random.uniform(-700, 700, 30)])
    sizes = 10.0 ** random.uniform(-9, 2.8, 60) * random.choice([-1.0, 1.0], 60)
    zs = np.array([float(f"{z:.12g}") for z in [*zs, *sizes]])
    z = np.stack([random.permutation(zs) for _ in range(count)], axis=1)
    z[:4] = [[700.0] * count, [-700.0] * count, [0.0] * count, [-30.0] * count]
    if count > 1:
        z[4:6, :2] = [[700.0, -700.0], [-700.0, 700.0]]
    target = np.round(random.random(z.shape), 4)
    certain = random.random(len(z)) < 0.5
    target[certain] = np.eye(count)[random.integers(count, size=certain.sum())]
    return z, target


def write_outputs(sheet, loss, z, target):
    """Write rows of z, t, the softmax helpers, a, E and 3 · gradient · ½, as a network's table."""
    count = z.shape[1]
    for row in range(len(z)):
        blocks = {
            name: [xlsxwriter.utility.xl_rowcol_to_cell(row, first + k) for k in range(count)]
            for name, first in zip(
                ("z", "t", "a", "E", "gradient"), range(0, 5 * count, count), strict=True
            )
        }
        sheet.write_row(row, 0, [*z[row], *target[row]])
        helpers = [xlsxwriter.utility.xl_rowcol_to_cell(row, 5 * count + k) for k in range(2)]
        for place, formula in formulas(loss, count, helpers, **blocks).items():
            sheet.write_formula(place, f"={formula}", None, WRONG)


def formulas(loss, count, helpers, z, t, a, E, gradient):  # noqa: N803 - the column's name
    softmax, (greatest, total) = Softmax(), helpers
    found = {}
    log_sum = target_sum = ""
    if loss.activation == "softmax":
        found[greatest] = softmax.greatest_formula(z)
        found[total] = softmax.total_formula(z, greatest)
        log_sum, target_sum = f"({greatest}+LN({total}))", f"SUM({t[0]}:{t[-1]})"
    for k in range(count):
        if loss.activation == "softmax":
            found[a[k]] = softmax.formula_in_layer(z[k], greatest, total)
        else:
            found[a[k]] = ACTIVATIONS[loss.activation or "identity"].formula(z[k])
        found[E[k]] = loss.formula(t[k], z[k], a[k], count, log_sum)
        if loss.activation:
            factor = loss.delta_formula(t[k], a[k], count, target_sum)
        else:
            factor = loss.slope_formula(t[k], a[k], count)
        found[gradient[k]] = f"3*{factor}*0.5"
    return found


def test_every_engine_has_the_numbers_of_numpy(engine, tmp_path):
    path = tmp_path / "losses.xlsx"
    cases = {f"{name} {count}": (name, *samples(count)) for name in LOSSES for count in (1, 2, 3)}
    with xlsxwriter.Workbook(path) as workbook:
        for title, (name, z, target) in cases.items():
            write_outputs(workbook.add_worksheet(title), LOSSES[name], z, target)
    values = engine.recalculate(path)
    for title, (name, z, target) in cases.items():
        loss, a, (rows, count) = LOSSES[name], activated(LOSSES[name], z), z.shape
        gradient = loss.delta(target, z, a) if loss.activation else loss.slope(target, a)
        for first, expected in {
            3 * count: loss.value(target, z, a),
            4 * count: 1.5 * gradient,
        }.items():
            columns = range(first, first + count)
            found = [[values[title][row, column] for column in columns] for row in range(rows)]
            assert {value for row in found for value in row if isinstance(value, str)} == set()
            assert agree(found, expected), title


def test_a_softmax_output_by_itself_needs_no_sum_of_targets():
    assert LOSSES["cross-entropy"].delta_formula("B7", "H7", 1) == "(H7*B7-B7)"


def test_cross_entropy_asks_for_the_sums_over_the_outputs():
    with pytest.raises(ValueError, match="log Σ e\\^z"):
        LOSSES["cross-entropy"].formula("B7", "G7", "H7", 2)
    with pytest.raises(ValueError, match="targets' sum"):
        LOSSES["cross-entropy"].delta_formula("B7", "H7", 2)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("count", [1, 2, 10])
def test_cells_use_functions_that_every_program_has(name, count):
    loss = LOSSES[name]
    text = loss.formula("B7", "G7", "H7", count, "(X7+LN(Y7))")
    text += (
        loss.delta_formula("B7", "H7", count, "SUM(B7:D7)")
        if loss.activation
        else loss.slope_formula("B7", "H7", count)
    )
    assert set(re.findall(r"[A-Z]+(?=\()", text)) <= {"ABS", "EXP", "LN", "MAX", "SUM"}


@pytest.mark.parametrize(
    ("name", "count", "error", "steps", "slope"),
    [
        (
            "half-squared-error", 2, "½·(t1 − a_o1)²",
            "∂/∂a_o1 ½·(t1 − a_o1)² = −(t1 − a_o1)", "(a_o1 − t1)",
        ),
        (
            "mean-squared-error", 3, "(1/3)·(t1 − a_o1)²",
            "∂/∂a_o1 (1/3)·(t1 − a_o1)² = −(2/3)·(t1 − a_o1)", "(2/3)·(a_o1 − t1)",
        ),
        (
            "mean-squared-error", 1, "(t1 − a_o1)²",
            "∂/∂a_o1 (t1 − a_o1)² = −2·(t1 − a_o1)", "2·(a_o1 − t1)",
        ),
    ],
)  # fmt: skip
def test_notation_of_a_loss_with_a_slope(name, count, error, steps, slope):
    loss = LOSSES[name]
    assert loss.notation("t1", "o1", "a_o1", count) == error
    assert loss.slope_steps("t1", "a_o1", count) == steps
    assert loss.slope_notation("t1", "a_o1", count) == slope


@pytest.mark.parametrize(
    ("name", "count", "error", "delta"),
    [
        (
            "binary-cross-entropy", 1,
            "−(t1·ln a_o1 + (1 − t1)·ln(1 − a_o1)) = max(o1, 0) − o1·t1 + ln(1 + e^−|o1|)",
            "(a_o1 − t1)",
        ),
        (
            "binary-cross-entropy", 3,
            "−(1/3)·(t1·ln a_o1 + (1 − t1)·ln(1 − a_o1)) = "
            "(1/3)·(max(o1, 0) − o1·t1 + ln(1 + e^−|o1|))",
            "(1/3)·(a_o1 − t1)",
        ),
        ("cross-entropy", 3, "−t1·ln a_o1 = t1·(m + ln S − o1)", "(a_o1·Σt − t1)"),
    ],
)  # fmt: skip
def test_notation_of_a_loss_with_a_delta(name, count, error, delta):
    loss = LOSSES[name]
    assert loss.notation("t1", "o1", "a_o1", count) == error
    assert loss.delta_notation("t1", "o1", "a_o1", count) == delta


@pytest.mark.parametrize("name", JOINT)
def test_a_loss_with_an_activation_has_no_slope(name):
    loss, one = LOSSES[name], np.ones(1)
    for attempt in (
        lambda: loss.slope(one, one),
        lambda: loss.slope_formula("B7", "H7", 1),
        lambda: loss.slope_steps("t1", "a_o1", 1),
        lambda: loss.slope_notation("t1", "a_o1", 1),
    ):
        with pytest.raises(TypeError, match=f"^{name} has no slope"):
            attempt()


@pytest.mark.parametrize("name", SEPARATE)
def test_a_loss_without_an_activation_has_no_delta(name):
    loss, one = LOSSES[name], np.ones(1)
    for attempt in (
        lambda: loss.delta(one, one, one),
        lambda: loss.delta_formula("B7", "H7", 1),
        lambda: loss.delta_notation("t1", "o1", "a_o1", 1),
    ):
        with pytest.raises(TypeError, match=f"^{name} has no delta"):
            attempt()


def test_losses_by_name():
    assert {name: loss.activation for name, loss in LOSSES.items()} == {
        "half-squared-error": None,
        "mean-squared-error": None,
        "binary-cross-entropy": "sigmoid",
        "cross-entropy": "softmax",
    }
