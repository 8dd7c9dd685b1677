"""An activation and its slope are PyTorch's, in NumPy and in the cells of every engine."""

import re
from decimal import Decimal, localcontext

import numpy as np
import pytest
import xlsxwriter
from conftest import WRONG, numbers
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter.utility import xl_col_to_name

from sheetgen.network.activations import ACTIVATIONS, Softmax, activation
from sheetgen.network.rectifiers import ELU, GELU, LeakyReLU, SiLU, Softplus

try:
    import torch
    from autograd import in_torch
except ImportError:  # it belongs to the extra "cnn"
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="torch is not installed")

OF_ONE_UNIT = [name for name in ACTIVATIONS if name != "softmax"]
WITH_SLOPE = {"leaky-relu": LeakyReLU, "elu": ELU}

PLACES = [0.0, 1e-9, 1e-3, 0.5, 0.75, 1.0, 3.0, 6.0, 20.0, 30.0, 36.0, 300.0, 700.0]
pre_activations = st.one_of(
    st.floats(-700, 700), st.floats(-5, 5), st.sampled_from([*PLACES, *(-z for z in PLACES)])
)


def agree(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    return bool(np.all(np.abs(found - expected) <= 1e-12 * np.maximum(1.0, np.abs(expected))))


@st.composite
def chosen_activations(draw, name):
    """An activation by its name, with a random slope where it has one."""
    return activation(name, draw(numbers(-2, 5)) if name in WITH_SLOPE else None)


@st.composite
def layers(draw):
    """Pre-activations and ∂E/∂a of some samples of a layer, of shape (samples, units)."""
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 5)))
    count = shape[0] * shape[1]
    z = draw(st.lists(pre_activations, min_size=count, max_size=count))
    gradient = draw(st.lists(numbers(-10, 10), min_size=count, max_size=count))
    return np.reshape(z, shape), np.reshape(gradient, shape)


@needs_torch
@pytest.mark.parametrize("name", ACTIVATIONS)
@given(data=st.data(), layer=layers())
def test_activation_and_chain_rule_are_those_of_autograd(name, data, layer):
    chosen = data.draw(chosen_activations(name))
    z, gradient = layer
    leaf = torch.tensor(z, requires_grad=True)
    expected = in_torch(chosen, leaf)
    expected.backward(torch.tensor(gradient))
    a = chosen.value(z)
    assert a.shape == z.shape
    assert a.dtype == np.float64
    assert agree(a, expected.detach().numpy())
    assert agree(chosen.delta(z, a, gradient), leaf.grad.numpy())


@needs_torch
@pytest.mark.parametrize("name", OF_ONE_UNIT)
@given(data=st.data(), zs=st.lists(pre_activations, min_size=1, max_size=5))
def test_slope_is_that_of_autograd(name, data, zs):
    chosen = data.draw(chosen_activations(name))
    z = np.array(zs)
    leaf = torch.tensor(z, requires_grad=True)
    in_torch(chosen, leaf).sum().backward()
    slope = chosen.slope(z, chosen.value(z))
    assert slope.shape == z.shape
    assert agree(slope, leaf.grad.numpy())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", 0.0), ("leaky-relu", 0.3), ("elu", 0.3), ("gelu", 0.5), ("silu", 0.5),
        ("hardswish", 0.5),
    ],
)  # fmt: skip
def test_slope_at_0(name, expected):
    chosen = activation(name, 0.3 if name in WITH_SLOPE else None)
    assert chosen.slope(np.zeros(1), np.zeros(1)) == [expected]


def softplus_in_decimals(z):
    return (1 + z.exp()).ln()


def gelu_in_decimals(z):
    pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
    u = (2 / pi).sqrt() * (z + Decimal("0.044715") * z**3)
    return z * (1 - 2 / ((2 * u).exp() + 1) + 1) / 2


def silu_in_decimals(z):
    return z / (1 + (-z).exp())


@pytest.mark.parametrize("z", [-20.0, -18.0, -6.0, -3.0, -0.1, 2.0, 12.0])
@pytest.mark.parametrize(
    ("chosen", "exact"),
    [
        (Softplus(), softplus_in_decimals),
        (GELU(), gelu_in_decimals),
        (SiLU(), silu_in_decimals),
    ],
)
def test_tails_keep_their_digits(chosen, exact, z):
    """The value and the slope have 12 digits also where they are as small as 1e-260."""
    with localcontext(prec=400):
        step = Decimal("1e-30")
        value = exact(Decimal(z))
        slope = (exact(Decimal(z) + step) - exact(Decimal(z) - step)) / (2 * step)
        expected = float(value), float(slope)
    pre_activation = np.array([z])
    a = chosen.value(pre_activation)
    found = a.item(), chosen.slope(pre_activation, a).item()
    assert found == pytest.approx(expected, rel=1e-12, abs=0)


CASES = [
    *(ACTIVATIONS[name] for name in OF_ONE_UNIT),
    *(LeakyReLU(slope) for slope in (0.2, 1e-5, 0.0, 3.0, -0.5)),
    *(ELU(alpha) for alpha in (0.1, 2.5, 1e-5, -0.5)),
]
BEYOND = [800.0, 1e5]  # where no cell may hold an error either


def many():
    """Pre-activations of every size up to 700, each of which a file gives back exactly."""
    random = np.random.default_rng(5)
    sizes = 10.0 ** random.uniform(-9, 2.8, 50) * random.choice([-1.0, 1.0], 50)
    drawn = [*sizes, *random.uniform(-700, 700, 50), *random.uniform(-40, 40, 50)]
    numbers = [*PLACES, *BEYOND, *(float(f"{z:.12g}") for z in drawn)]
    return np.array([*numbers, *(-z for z in numbers)])


def rows_of_units(sheet, zs):
    """Write z, then a and 3 · da/dz · ½ of each case: a slope must work as a factor."""
    for row, z in enumerate(zs):
        sheet.write(row, 0, z)
        place = f"A{row + 1}"
        for case, chosen in enumerate(CASES):
            activated = f"{xl_col_to_name(1 + 2 * case)}{row + 1}"
            sheet.write_formula(activated, f"={chosen.formula(place)}", None, WRONG)
            slope = chosen.slope_formula(place, activated)
            sheet.write_formula(row, 2 + 2 * case, f"=3*{slope}*0.5", None, WRONG)


def many_layers():
    """Pre-activations and ∂E/∂a of a layer of three units, of shape (rows, 3)."""
    random = np.random.default_rng(6)
    z = random.permutation(many())[:300].reshape(100, 3)
    z[:4] = [[800.0, -800.0, 0.0], [1e5, -1e5, 1e5], [800.0] * 3, [-800.0] * 3]
    return z, np.round(random.normal(size=z.shape), 6)


def rows_of_softmax(sheet, zs, gradients):
    """Write a row's z, helpers, a, ∂E/∂a, the sum of their products, and 3 · ∂E/∂z · ½."""
    softmax = Softmax()
    for row, (z, gradient) in enumerate(zip(zs, gradients, strict=True)):
        sheet.write_row(row, 0, z)
        sheet.write_row(row, 8, gradient)
        at = [f"{letter}{row + 1}" for letter in "ABCDEFGHIJKLMNO"]
        units, greatest, total, activated = at[:3], at[3], at[4], at[5:8]
        gradient_cells, inner, deltas = at[8:11], at[11], at[12:15]
        formulas = {greatest: softmax.greatest_formula(units)}
        formulas[total] = softmax.total_formula(units, greatest)
        products = (f"{g}*{a}" for g, a in zip(gradient_cells, activated, strict=True))
        formulas[inner] = "+".join(products)
        for unit, a, g, delta in zip(units, activated, gradient_cells, deltas, strict=True):
            formulas[a] = softmax.formula_in_layer(unit, greatest, total)
            formulas[delta] = f"3*{softmax.delta_formula(g, a, inner)}*0.5"
        for place, formula in formulas.items():
            sheet.write_formula(place, f"={formula}", None, WRONG)


def read(values, rows, columns):
    """The numbers of some columns, of shape (rows, columns); an error value is not a number."""
    found = [[values[row, column] for column in columns] for row in range(rows)]
    errors = {value for row in found for value in row if not isinstance(value, float)}
    assert errors == set()
    return np.array(found)


@pytest.mark.slow
def test_every_engine_has_the_numbers_of_numpy(engine, tmp_path):
    path, zs, (layer_zs, gradients) = tmp_path / "book.xlsx", many(), many_layers()
    with xlsxwriter.Workbook(path) as workbook:
        rows_of_units(workbook.add_worksheet("units"), zs)
        rows_of_softmax(workbook.add_worksheet("softmax"), layer_zs, gradients)
    values = engine.recalculate(path)
    for case, chosen in enumerate(CASES):
        found = read(values["units"], len(zs), (1 + 2 * case, 2 + 2 * case)).T
        a = chosen.value(zs)
        assert agree(found[0], a), chosen
        assert agree(found[1], 1.5 * chosen.slope(zs, a)), chosen
    a = Softmax().value(layer_zs)
    assert agree(read(values["softmax"], len(layer_zs), range(5, 8)), a)
    delta = Softmax().delta(layer_zs, a, gradients)
    assert agree(read(values["softmax"], len(layer_zs), range(12, 15)), 1.5 * delta)


@pytest.mark.parametrize("chosen", CASES)
def test_cells_use_functions_that_every_program_has(chosen):
    formulas = chosen.formula("H7") + chosen.slope_formula("H7", "I7")
    functions = {"ABS", "EXP", "IF", "LN", "MAX", "MIN", "PI", "SQRT", "TANH"}
    assert set(re.findall(r"[A-Z]+(?=\()", formulas)) <= functions


def test_the_formula_of_the_sigmoid_is_short():
    assert ACTIVATIONS["sigmoid"].formula("H7") == "1/(1+EXP(MIN(-H7,700)))"
    assert ACTIVATIONS["sigmoid"].slope_formula("H7", "I7") == "I7*(1-I7)"


def test_formulas_write_numbers_as_all_spreadsheets_read_them():
    assert LeakyReLU(1e-5).slope_formula("H7", "I7") == "IF(H7>0,1,0.00001)"
    assert LeakyReLU(0.2).formula("H7") == "IF(H7>0,H7,0.2*H7)"
    assert ELU(2.0).formula("H7") == "IF(H7>0,H7,2*(EXP(H7)-1))"


@pytest.mark.parametrize(
    ("name", "of_a_unit", "of_its_slope"),
    [
        ("identity", "h1", "1"),
        ("sigmoid", "σ(h1)", "a_h1·(1 − a_h1)"),
        ("tanh", "tanh(h1)", "(1 − a_h1²)"),
        ("relu", "max(0, h1)", "ReLU′(h1)"),
        ("leaky-relu", "LeakyReLU(h1)", "LeakyReLU′(h1)"),
        ("elu", "ELU(h1)", "ELU′(h1)"),
        ("softplus", "softplus(h1)", "σ(h1)"),
        ("gelu", "GELU(h1)", "GELU′(h1)"),
        ("silu", "SiLU(h1)", "SiLU′(h1)"),
        ("hardswish", "hardswish(h1)", "hardswish′(h1)"),
    ],
)
def test_notation(name, of_a_unit, of_its_slope):
    chosen = ACTIVATIONS[name]
    assert chosen.notation("h1") == of_a_unit
    assert chosen.slope_notation("h1", "a_h1") == of_its_slope


def test_the_definition_says_which_slope():
    definitions = [activation(name, 0.25).definition for name in WITH_SLOPE]
    assert "else 0.25 · x " in definitions[0]
    assert "else 0.25 · (eˣ − 1) " in definitions[1]
    assert all(each.definition.count("   and   ") == 1 for each in ACTIVATIONS.values())


def test_a_unit_of_softmax_has_neither_formula_nor_slope():
    softmax = Softmax()
    assert softmax.notation("o1") == "e^(o1 − m) / S"
    for attempt in (
        lambda: softmax.slope(np.zeros(2), np.full(2, 0.5)),
        lambda: softmax.formula("H7"),
        lambda: softmax.slope_formula("H7", "I7"),
        lambda: softmax.slope_notation("o1", "a_o1"),
    ):
        with pytest.raises(TypeError, match=r"^softmax has no "):
            attempt()
    assert [name for name, each in ACTIVATIONS.items() if each.acts_on_layer] == ["softmax"]


def test_activations_by_name():
    order = "identity sigmoid tanh relu leaky-relu elu softplus gelu silu hardswish softmax"
    assert list(ACTIVATIONS) == order.split()
    assert all(activation(name) is found for name, found in ACTIVATIONS.items())
    parameters = {name: found.parameter for name, found in ACTIVATIONS.items() if found.parameter}
    assert parameters == {"leaky-relu": 0.01, "elu": 1.0}
    assert activation("leaky-relu", 0.2) == LeakyReLU(0.2)
    assert activation("elu", 2).parameter == 2.0
    with pytest.raises(KeyError, match="swish"):
        activation("swish")


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name not in WITH_SLOPE])
def test_others_have_no_slope_to_choose(name):
    with pytest.raises(ValueError, match=f"^{name} has no slope to choose$"):
        activation(name, 0.1)


@pytest.mark.parametrize("slope", [float("inf"), float("nan")])
def test_a_slope_is_finite(slope):
    with pytest.raises(ValueError, match=r"^the slope of elu must be finite"):
        activation("elu", slope)
