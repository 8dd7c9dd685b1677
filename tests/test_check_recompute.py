"""`sheetgen check` recomputes each column from its own row, and names what is wrong."""

import pytest
from check_helper import HandMade, mistakes, write
from every_case import EVERY_CASE
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetgen.check import check_workbook
from sheetgen.check.formula.expressions import written
from sheetgen.check.meaning.network_names import infer
from sheetgen.check.meaning.simulation import Simulation, same
from sheetgen.check.meaning.table_network import expanded, is_helper
from sheetgen.check.mistakes.mistake_kinds import KINDS, each
from sheetgen.check.mistakes.mutations import mutations

DELTA = "({a_o1}-{t1})*{a_o1}*(1-{a_o1})"
OTHER = "({a_o2}-{t2})*{a_o2}*(1-{a_o2})"

HIDDEN = f"({DELTA}*{{w5}}+{OTHER}*{{w7}})"
SLOPE = "*{a_h1}*(1-{a_h1})*{i1}"
SECOND_BY_FIRST = f"({DELTA}*{{w6}}+{OTHER}*{{w8}}){SLOPE}"  # the slope of the other unit

MISTAKES = [
    ("wrong-activation-index", "∂E/∂w3", SECOND_BY_FIRST),
    ("wrong-activation-index", "o2", "{w7}*{a_h1}+{w8}*{a_h1}"),
    ("missing-parenthesis", "∂E/∂w5", "({a_o1}-{t1})*{a_o1}*1-{a_o1}*{a_h1}"),
    ("missing-parenthesis", "a_h1", "1/1+EXP(-{h1})"),
    ("missing-parenthesis", "∂E/∂w1", f"{SLOPE[1:]}*{{w5}}*{DELTA}+{{w7}}*{OTHER}"),
    ("sign", "∂E/∂w5", "({t1}-{a_o1})*{a_o1}*(1-{a_o1})*{a_h1}"),
    ("sign", "a_h1", "1/(1+EXP({h1}))"),
    ("sign", "w1", "{w1.up}+{η}*{∂E/∂w1.up}"),
    ("swapped-weights", "h1", "{w2}*{i1}+{w1}*{i2}"),
    ("wrong-weight-index", "∂E/∂w1", HIDDEN.replace("w7", "w6") + SLOPE),
    ("wrong-input-index", "h2", "{w3}*{i1}+{w4}*{i1}"),
    ("target-swapped", "E1", "0.5*({t2}-{a_o1})^2"),
    ("wrong-error-index", "E_total", "{E1}+{E1}"),
    ("product-for-difference", "∂E/∂w5", "({a_o1}-{t1})*{a_o1}*(1*{a_o1})*{a_h1}"),
    ("sum-for-difference", "∂E/∂w5", "({a_o1}-{t1})*{a_o1}*(1+{a_o1})*{a_h1}"),
    ("product-for-sum", "E_total", "{E1}*{E2}"),
    ("forgotten-input-factor", "∂E/∂w1", f"{HIDDEN}*{{a_h1}}*(1-{{a_h1}})"),
    ("forgotten-activation-factor", "∂E/∂w5", DELTA),
    ("forgotten-slope", "∂E/∂w5", "({a_o1}-{t1})*{a_h1}"),
    ("forgotten-error-factor", "∂E/∂w5", "{a_o1}*(1-{a_o1})*{a_h1}"),
    ("forgotten-term", "∂E/∂w1", f"({DELTA}*{{w5}})*{{a_h1}}*(1-{{a_h1}})*{{i1}}"),
    ("missing-half", "E1", "({t1}-{a_o1})^2"),
    ("missing-square", "E1", "0.5*({t1}-{a_o1})"),
    ("missing-activation", "a_h1", "{h1}"),
    ("wrong-activation-function", "a_h1", "TANH({h1})"),
    ("pre-activation-for-activation", "o1", "{w5}*{h1}+{w6}*{h2}"),
    ("missing-learning-rate", "w1", "{w1.up}-{∂E/∂w1.up}"),
    ("wrong-gradient", "w3", "{w3.up}-{η}*{∂E/∂w4.up}"),
    ("wrong-previous-weight", "w3", "{w4.up}-{η}*{∂E/∂w3.up}"),
    ("weight-not-updated", "w3", "{w3.up}"),
    ("hard-coded-number", "w3", "{w3.up}-0.5*{∂E/∂w3.up}"),
    (
        "weights-updated-in-sequence",
        "∂E/∂w1",
        f"({DELTA}*{{w5.down}}+{OTHER}*{{w7.down}})*{{a_h1}}*(1-{{a_h1}})*{{i1}}",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "column", "formula"), MISTAKES)
def test_a_mistake_is_named_in_its_own_column_only(tmp_path, kind, column, formula):
    table = HandMade()
    right = table.formulas[column]
    table.formulas[column] = formula
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [(column, kind)]
    (finding,) = report.mistakes
    row = 1 if column.startswith("w") else 0
    assert finding.formula == table.formula(column, row)
    # The proposed formula, put into the right table, is right there.
    table.formulas[column] = right
    table.cells[table.address(column, row)] = finding.expected
    assert check_workbook(write(tmp_path / "b.xlsx", S=table)).passed


def test_every_kind_that_is_named_is_documented():
    assert {kind for kind, _, _ in MISTAKES} <= set(KINDS)


def test_a_wrong_formula_counts_although_its_numbers_are_right(tmp_path):
    table = HandMade()
    table.given |= {"t1": 0.5, "t2": 0.5}
    table.formulas["E1"] = "0.5*({t2}-{a_o1})^2"
    assert mistakes(check_workbook(write(tmp_path / "a.xlsx", S=table))) == [
        ("E1", "target-swapped")
    ]


EQUAL = {
    "E1": "({a_o1}-{t1})*({a_o1}-{t1})/2",
    "E2": "POWER({t2}-{a_o2},2)*(1/2)",
    "E_total": "SUM({E1},{E2})",
    "h1": "{i2}*{w2}+{i1}*{w1}",
    "a_h1": "EXP({h1})/(1+EXP({h1}))",
    "a_h2": "1/(1+1/EXP({h2}))",
    "a_o1": "(1+TANH({o1}/2))/2",
    "∂E/∂w5": "-({t1}-{a_o1})*({a_o1}-{a_o1}^2)*{a_h1}",
    "∂E/∂w6": "{∂E/∂w5}/{a_h1}*{a_h2}",
    "w2": "{w2.up}+-1*{η}*{∂E/∂w2.up}",
}


def test_formulas_that_are_mathematically_equal_are_right(tmp_path):
    table = HandMade()
    table.formulas |= EQUAL
    assert check_workbook(write(tmp_path / "a.xlsx", S=table)).passed


@pytest.mark.slow
@settings(max_examples=25 if EVERY_CASE else 8)
@given(
    shape=st.sampled_from([(2, 2, 2), (1, 1, 1), (3, 2, 1), (2, 3, 2)]),
    biases=st.booleans(),
    seed=st.integers(0, 10**6),
    digits=st.sampled_from(["live", None, 4, 6, 9]),
    rate=st.sampled_from([0.05, 0.1, 0.5, 1.0, 2.0]),
)
def test_correct_tables_pass(tmp_path_factory, shape, biases, seed, digits, rate):
    table = HandMade(*shape, biases=biases, seed=seed, rate=rate, rows=5)
    if digits != "live":
        table.paste(digits)
    path = write(tmp_path_factory.mktemp("right") / "a.xlsx", S=table)
    report = check_workbook(path)
    assert report.passed, report.mistakes
    assert ("pasted-values" in {one.kind for one in report.remarks}) == (digits != "live")


@pytest.mark.parametrize(
    "missing", [("E1", "E2"), ("h1", "h2", "o1", "o2"), ("E1", "E2", "E_total")]
)
def test_what_a_table_leaves_out_is_computed_through_the_rest(tmp_path, missing):
    table = HandMade()
    for name in missing:
        inner = table.formulas.pop(name)
        for other, text in table.formulas.items():
            table.formulas[other] = text.replace(f"{{{name}}}", f"({inner})")
    table.order = [name for name in table.order if name not in missing]
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed
    assert {column.status for column in report.tables[0].columns} == {"given", "right"}


@pytest.mark.parametrize("labelled", [True, False])
def test_inputs_may_stand_outside_of_the_table(tmp_path, labelled):
    table = HandMade()
    for place, (name, value) in enumerate(table.given.items(), 20):
        table.cells |= {f"A{place}": name if labelled else None, f"B{place}": value}
        for column, text in table.formulas.items():
            table.formulas[column] = text.replace(f"{{{name}}}", f"$B${place}")
    table.order = [name for name in table.order if name not in table.given]
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed
    if labelled:
        assert {column.status for column in report.tables[0].columns} == {"right"}
    table.formulas["h2"] = table.formulas["h1"]
    report = check_workbook(write(tmp_path / "b.xlsx", S=table))
    assert report.passed != labelled


def test_a_number_in_a_formula_column(tmp_path):
    table = HandMade()
    table.cells[table.address("h1", 3)] = 0.25
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [("h1", "hard-coded-number")]
    assert (report.mistakes[0].cell, report.mistakes[0].cells) == (table.address("h1", 3), 1)


def test_the_first_weight_fixed_with_dollars(tmp_path):
    table = HandMade()
    column, row = table.address("w1", 0)[0], table.address("w1", 0)[1:]
    table.formulas["w1"] = f"${column}${row}-{{η}}*{{∂E/∂w1.up}}"
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [("w1", "anchored-reference")]
    assert report.mistakes[0].cell == table.address("w1", 2)


def test_an_update_that_was_dragged_over_the_forward_columns(tmp_path):
    table = HandMade()
    for row in range(1, table.rows):
        dragged = table.formula("h1", row, "{h1.up}-{η}*{∂E/∂w5.up}")
        table.cells[table.address("h1", row)] = dragged
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [("h1", "updated-like-a-weight")]
    assert report.mistakes[0].cells == table.rows - 1


def test_an_input_that_was_dragged_as_a_series(tmp_path):
    table = HandMade()
    for row in range(table.rows):
        table.cells[table.address("i1", row)] = table.given["i1"] + row
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [("i1", "input-changes")]


def test_sheets_that_begin_with_other_inputs(tmp_path):
    odd = HandMade(rate=2.0)
    odd.given["i1"] = 0.77
    report = check_workbook(write(tmp_path / "a.xlsx", A=HandMade(), B=HandMade(rate=1.0), C=odd))
    assert [(one.sheet, one.symbol, one.kind) for one in report.findings] == [
        ("C", "i1", "inputs-differ-between-sheets")
    ]


@pytest.mark.parametrize("name", ["tanh", "relu"])
def test_another_activation_is_recognised(tmp_path, name):
    table = HandMade()
    for unit in ("h1", "h2"):
        if name == "tanh":
            table.formulas[f"a_{unit}"] = f"TANH({{{unit}}})"
            slope = f"(1-{{a_{unit}}}^2)"
        else:
            table.formulas[f"a_{unit}"] = f"MAX(0,{{{unit}}})"
            slope = f"IF({{{unit}}}>0,1,0)"
        for column, text in table.formulas.items():
            old = f"{{a_{unit}}}*(1-{{a_{unit}}})"
            table.formulas[column] = text.replace(old, slope)
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed, mistakes(report)
    assert report.tables[0].activation == name


def test_the_squared_error_is_recognised_with_its_gradients(tmp_path):
    table = HandMade()
    for column, text in table.formulas.items():
        if column.startswith("∂E"):
            table.formulas[column] = f"2*({text})"
        elif column in ("E1", "E2"):
            table.formulas[column] = text.removeprefix("0.5*")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed, mistakes(report)
    assert [one.kind for one in report.remarks] == ["loss"]


def test_no_mutation_is_called_a_mistake_of_the_formula_it_came_from():
    """Those that do agree with the right formula, such as (t - a)² for (a - t)², are never met."""
    names = [f"{stem}{unit}" for stem in ("t", "i", "h", "a_h", "o", "a_o", "E") for unit in (1, 2)]
    network = infer([*names, *(f"w{index}" for index in range(1, 9))])
    definitions = network.definitions()
    simulation = Simulation(network)
    kept = {name for name in definitions if not is_helper(name)}
    for column in ("h1", "a_o2", "E1", "E_total", "∂E/∂w6", "w3"):
        right = expanded(definitions[column], definitions, kept - {column})
        truth = simulation.values(right)
        wrong = [
            mutation
            for mutation in each(mutations(column, right, definitions, network, {0, -1}))
            if not same(simulation.values(mutation.expression), truth)
        ]
        assert {mutation.kind for mutation in wrong} <= set(KINDS)
        assert len(wrong) > 50, written(right, lambda leaf: leaf.name)
