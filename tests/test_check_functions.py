"""Which unit a bias belongs to, which activation and which error: the formulas say it."""

import numpy as np
import pytest
from check_helper import HandMade, mistakes, write

from sheetgen.check import check_workbook
from sheetgen.check.formula.expressions import Symbol, evaluate
from sheetgen.check.meaning.functions import ACTIVATIONS, activated, slope


def with_hidden_biases() -> HandMade:
    """A 2-2-2 table of two biases: those of the hidden units, one each."""
    table = HandMade(seed=3)
    for unit in (1, 2):
        name = f"b{unit}"
        table.start[name] = 0.1 * unit
        table.formulas[f"h{unit}"] += f"+{{{name}}}"
        table.formulas[f"∂E/∂{name}"] = table.delta_h(unit)
        table.formulas[name] = f"{{{name}.up}}-{{η}}*{{∂E/∂{name}.up}}"
        table.order += [name, f"∂E/∂{name}"]
    return table


def test_two_biases_may_be_those_of_the_hidden_units(tmp_path):
    report = check_workbook(write(tmp_path / "a.xlsx", S=with_hidden_biases()))
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 31


def test_a_wrong_bias_among_them_is_found(tmp_path):
    table = with_hidden_biases()
    table.formulas["h2"] = table.formulas["h2"].replace("b2", "b1")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [("h2", "wrong-bias-index")]


def test_a_trained_bias_of_a_dead_unit_stays_the_same(tmp_path):
    table = HandMade(biases=True)
    table.start["b1"] = -50.0
    for unit in (1, 2):
        with_function(table, unit, "MAX(0,{z})", "IF({z}>0,1,0)")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == []


def with_function(table: HandMade, unit: int, value: str, slope: str) -> None:
    """Give a hidden unit another activation, its slope written with z or a."""
    z, a = f"{{h{unit}}}", f"{{a_h{unit}}}"
    table.formulas[f"a_h{unit}"] = value.replace("{z}", z)
    old = f"*{a}*(1-{a})"
    new = f"*({slope.replace('{z}', z).replace('{a}', a)})"
    for name, formula in table.formulas.items():
        if name.startswith("∂E/∂"):
            assert old in formula or unit != 1 or name not in ("∂E/∂w1", "∂E/∂b1")
            table.formulas[name] = formula.replace(old, new)


FUNCTIONS = {
    "relu": ("MAX(0,{z})", "IF({z}>0,1,0)"),
    "identity": ("{z}", "1"),
    "leaky-relu": ("IF({z}>0,{z},0.1*{z})", "IF({a}>0,1,0.1)"),
    "elu": ("IF({z}>=0,{z},EXP({z})-1)", "IF({z}>0,1,EXP({z}))"),
    "softplus": ("LN(1+EXP({z}))", "1/(1+EXP(-{z}))"),
    "gelu": (
        "0.5*{z}*(1+TANH(SQRT(2/PI())*({z}+0.044715*{z}^3)))",
        "0.5*(1+TANH(SQRT(2/PI())*({z}+0.044715*{z}^3)))+0.5*{z}*(1-TANH(SQRT(2/PI())*({z}+"
        "0.044715*{z}^3))^2)*SQRT(2/PI())*(1+3*0.044715*{z}^2)",
    ),
    "silu": ("{z}*1/(1+EXP(-{z}))", "1/(1+EXP(-{z}))*(1+{z}*(1-1/(1+EXP(-{z}))))"),
    "hardswish": ("{z}*MIN(MAX({z}+3,0),6)/6", "IF({z}<=-3,0,IF({z}>=3,1,(2*{z}+3)/6))"),
    "unknown": ("{z}*TANH(LN(1+EXP({z})))", "1-TANH({z}^3)"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_activation_is_a_mistake(tmp_path, name):
    table = HandMade(seed=1, rows=4)
    for unit in (1, 2):
        with_function(table, unit, *FUNCTIONS[name])
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == []
    assert report.tables[0].activation == name
    unchecked = [one.symbol for one in report.tables[0].columns if one.status == "unchecked"]
    expected = ["a_h1", "a_h2", "∂E/∂w1", "∂E/∂w2", "∂E/∂w3", "∂E/∂w4"]
    assert unchecked == (expected if name == "unknown" else [])


def test_a_slope_of_another_activation_is_named(tmp_path):
    table = HandMade(seed=1, rows=4)
    for unit in (1, 2):
        with_function(table, unit, FUNCTIONS["silu"][0], "{a}*(1-{a})")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    expected = {(f"∂E/∂w{number}", "wrong-activation-function") for number in range(1, 5)}
    assert set(mistakes(report)) == expected
    assert report.tables[0].activation == "silu"
    assert "*(1/(1+EXP(-M6))+N6/(1+EXP(M6)))*C6" in str(report.mistakes[0].expected)


def test_a_slope_without_the_ends_of_its_activation_is_a_mistake_whatever_the_numbers(tmp_path):
    """Between −3 and 3, where all numbers of this table are, hardswish is one parabola."""
    table = HandMade(seed=1, rows=4)
    for unit in (1, 2):
        with_function(table, unit, FUNCTIONS["hardswish"][0], "(2*{z}+3)/6")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert {name for name, _ in mistakes(report)} == {f"∂E/∂w{number}" for number in range(1, 5)}


def test_an_activation_without_one_of_its_ends_is_a_mistake_whatever_the_numbers(tmp_path):
    table = HandMade(seed=1, rows=4)
    for unit in (1, 2):
        with_function(table, unit, *FUNCTIONS["hardswish"])
    table.formulas["a_h1"] = "{h1}*MIN({h1}+3,6)/6"
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert [name for name, _ in mistakes(report)] == ["a_h1"]


def test_a_wrong_activation_in_one_unit_is_a_mistake(tmp_path):
    table = HandMade()
    table.formulas["a_h1"] = FUNCTIONS["unknown"][0].replace("{z}", "{h1}")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [("a_h1", "unknown-mistake")]


def test_an_activation_that_is_wrong_in_all_units_is_a_mistake_if_the_slopes_are_right(tmp_path):
    table = HandMade()
    for unit in (1, 2):
        table.formulas[f"a_h{unit}"] = FUNCTIONS["unknown"][0].replace("{z}", f"{{h{unit}}}")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert {name for name, _ in mistakes(report)} == {"a_h1", "a_h2"}


@pytest.mark.parametrize("share", ["", "/2"])
def test_the_cross_entropy_is_an_error(tmp_path, share):
    table = HandMade(seed=1)
    for unit in (1, 2):
        t, a = f"{{t{unit}}}", f"{{a_o{unit}}}"
        table.formulas[f"E{unit}"] = f"-({t}*LN({a})+(1-{t})*LN(1-{a})){share}"
        for name, formula in table.formulas.items():
            if name.startswith("∂E/∂"):
                table.formulas[name] = formula.replace(f"*{a}*(1-{a})", share)
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 27


def test_an_error_that_is_not_known_is_said_and_not_blamed(tmp_path):
    table = HandMade(inputs=1, hidden=1, outputs=1)
    table.formulas["E1"] = "LN(COSH({t1}-{a_o1}))"
    for name, formula in table.formulas.items():
        if name.startswith("∂E/∂"):
            table.formulas[name] = formula.replace("({a_o1}-{t1})", "TANH({a_o1}-{t1})")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == []
    assert "the error is not a known one" in [one.words for one in report.remarks]


def test_targets_that_are_swapped_everywhere_are_a_mistake_and_no_unknown_error(tmp_path):
    table = HandMade()
    for name, formula in table.formulas.items():
        if name in ("E1", "E2") or name.startswith("∂E/∂"):
            other = formula.replace("{t1}", "{?}").replace("{t2}", "{t1}").replace("{?}", "{t2}")
            table.formulas[name] = other
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    wrong = {"E1", "E2", *(f"∂E/∂w{number}" for number in range(1, 9))}
    assert set(mistakes(report)) == {(name, "target-swapped") for name in wrong}


def test_gradients_without_the_slopes_of_the_outputs_are_told_that(tmp_path):
    table = HandMade()
    for name in table.formulas:
        if name.startswith("∂E/∂"):
            for output in ("{a_o1}", "{a_o2}"):
                without = table.formulas[name].replace(f"*{output}*(1-{output})", "")
                table.formulas[name] = without
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    expected = {(f"∂E/∂w{number}", "forgotten-slope") for number in range(1, 9)}
    assert set(mistakes(report)) == expected


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda one: f"{one.name} {one.parameter}")
def test_slopes_are_the_derivatives(activation):
    z, step = np.linspace(-2.05, 2.05, 12), 1e-6

    def value(at):
        return evaluate(activated(activation, Symbol("z")), lambda _: at)

    places = {Symbol("z"): z, Symbol("a"): value(z)}
    found = evaluate(slope(activation, *places), places.__getitem__)
    assert np.allclose(found, (value(z + step) - value(z - step)) / (2 * step), atol=1e-8)


def negated() -> HandMade:
    """A table whose columns of gradients hold the steepest descent, which is added."""
    table = HandMade()
    for name in table.start:
        table.formulas[f"∂E/∂{name}"] = f"-({table.formulas[f'∂E/∂{name}']})"
        table.formulas[name] = table.formulas[name].replace("-{η}", "+{η}")
    return table


def test_descent_that_is_added_is_no_mistake(tmp_path):
    report = check_workbook(write(tmp_path / "a.xlsx", S=negated()))
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 27
    assert "negated-gradients" in [one.kind for one in report.remarks]


def test_one_sign_that_differs_among_them_is_a_mistake(tmp_path):
    table = negated()
    table.formulas["w3"] = table.formulas["w3"].replace("+{η}", "-{η}")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert ("∂E/∂w3", "sign") in mistakes(report)
