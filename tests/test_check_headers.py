"""`sheetgen check` reads the names that people give to columns."""

import pytest

from sheetgen.check.tables.headers import error_of, family, layer, number, symbol_of
from sheetgen.check.tables.unit_headers import unit_symbols

GRADIENTS = [
    "∂E/∂w1",
    "ðE_t/ðw1",
    "𝜕E/𝜕w1",
    "δE_tot/δw1",
    "∂E∂W1",
    "E∂w1",
    "Edw1",
    "dw1",
    "dE/dw1",
    "∂E_total/∂W1",
    "E/∂w1",
    "δw1",
    "∂Et/∂w₁",
    "∂E_Total/∂w_1",
    "dEtotal/dw1",
    "dL/dw1",
    "ӘE/Әw1",
    "әE/әw1",
    "ƏE/Əw1",
    "ΔE/Δw1",
    "∆E/∆w_1",
    "∂J/∂w1",
    "dcost/dw1",
]


@pytest.mark.parametrize("header", [*GRADIENTS, "∂E / ∂w1 ", "d(E)/d(w1)", "gradient w1"])
def test_the_many_ways_to_write_a_gradient(header):
    assert symbol_of(header) == "∂E/∂w1"


@pytest.mark.parametrize(
    "header", ["E_tot", "E_total", "E Total", "e_t", "Etotal", "Total Error", "cost"]
)
def test_the_many_ways_to_write_the_total_error(header):
    assert symbol_of(header) == "E_total"


@pytest.mark.parametrize(
    ("header", "symbol"),
    [
        ("T1", "t1"),
        ("target 2", "t2"),
        ("I2", "i2"),
        ("x1", "i1"),
        ("W12", "w12"),
        ("b_h1", "b_h1"),
        ("H1", "h1"),
        ("net_h1", "h1"),
        ("A_H1", "a_h1"),
        ("out_h1", "a_h1"),
        ("σ(h2)", "a_h2"),
        ("net_o1", "o1"),
        ("a_02", "a_o2"),
        ("out_o2", "a_o2"),
        ("Error 1", "E1"),
        ("cost1", "E1"),
        ("Cost 2", "E2"),
        ("Step", "iteration"),
        ("learning rate (η)", "η"),
        ("Learning Rate =", "η"),
        ("E_total:", "E_total"),
        ("δ_o1", "∂E/∂o1"),
        ("dE/da_h1", "∂E/∂a_h1"),
        ("h1_2", "h1_2"),
        ("a_h2,3", "a_h2_3"),
        ("∂E/∂h1_2", "∂E/∂h1_2"),
        ("epoch", "epoch"),
        ("batch row", "batch row"),
        ("Σ∂E/∂w1", "Σ∂E/∂w1"),
        ("sum of dE/db2", "Σ∂E/∂b2"),
        ("velocity w1", "velocity w1"),
        ("v_w2", "v w2"),
        ("S = Σ e^(o − m)", "Σe^o"),
        ("sum of exps", "Σe^o"),
        ("exp(o1)", "e^o1"),
    ],
)
def test_every_quantity_has_its_symbol(header, symbol):
    assert symbol_of(header) == symbol


@pytest.mark.parametrize(
    "header",
    [
        "E_0.1",
        "h1 = w1*i1 + w2*i2",
        "w1'",
        "Δw1",
        "notes",
        "0.1",
        "∂E1/∂w5",
        "L1",
        "J",
        "",
        "w0",
        "w1_2",
    ],
)
def test_what_is_no_quantity_of_the_table_has_none(header):
    assert symbol_of(header) is None


def test_a_symbol_is_a_family_and_a_number():
    assert (family("∂E/∂w12"), number("∂E/∂w12")) == ("∂E/∂w", 12)
    assert (family("E_total"), number("E_total")) == ("E_total", 0)
    assert (family("a_h2_13"), layer("a_h2_13"), number("a_h2_13")) == ("a_h", 2, 13)


@pytest.mark.parametrize(
    ("header", "symbol"), [("L1", "E1"), ("j2", "E2"), ("L_total", "E_total"), ("J", "E_total")]
)
def test_beside_targets_and_outputs_letters_are_errors(header, symbol):
    assert error_of(header) == symbol


@pytest.mark.parametrize("header", ["L0", "layer 1", "LR", "jj"])
def test_not_every_letter_is_one(header):
    assert error_of(header) is None


@pytest.mark.parametrize(
    ("headers", "symbols"),
    [
        ("x y ŷ error m c dm dc", "i1 t1 a_o1 E1 w1 b1 ∂E/∂w1 ∂E/∂b1"),
        ("X_0 X_1 W_0 W_1 net Y Desired", "i1 i2 w1 w2 o1 a_o1 t1"),
        ("x1 x2 target w0 w1 w2 prediction epoch", "i1 i2 t1 b1 w1 w2 a_o1 epoch"),
        ("x1 x2 d θ w1 w2 y", "i1 i2 t1 b1 w1 w2 a_o1"),
    ],
)
def test_in_the_words_of_courses_a_column_is_what_the_others_leave(headers, symbols):
    texts = headers.split()
    found = unit_symbols(texts)
    assert [found.get(one) for one in texts] == symbols.split()


@pytest.mark.parametrize("headers", ["x y ŷ", "x1 x2 y w1 w2 w3 z", "name x w", "w1 w2 E"])
def test_headers_that_name_no_single_unit_name_none(headers):
    assert not unit_symbols(headers.split())
