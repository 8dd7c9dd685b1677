"""`sheetgen check` reads networks of any depth, softmax outputs, batches, and single units."""

from itertools import product
from random import Random

import pytest
from check_helper import mistakes, write
from deep_tables import FUNCTIONS, DeepTable, course_table
from every_case import some

from sheetgen.check import check_workbook
from sheetgen.check.check_report import verdict


def random_table(seed: int) -> DeepTable:
    """A table without a mistake of up to three hidden layers, with any activations."""
    random = Random(seed)
    layers = [random.randint(1, 3) for _ in range(2 + seed % 4)]
    functions = [random.choice(list(FUNCTIONS)) for _ in layers[1:]]
    if layers[-1] > 1 and random.random() < 0.6:
        functions[-1] = "softmax"
    batch = random.choice((0, 0, 2, 3))
    biases = random.random() < 0.6
    return DeepTable(
        *layers, functions=functions, batch=batch, biases=biases, rows=5, seed=seed, rate=0.1
    )


@pytest.mark.parametrize("seed", some(range(7), 3))
def test_no_correct_table_of_any_depth_is_accused(tmp_path, seed):
    table = random_table(seed)
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    said = f"{table.layers} {table.functions} {table.batch}"
    assert mistakes(report) == [], f"{said}: {report.mistakes[0]}"
    (found,) = report.tables
    assert found.network == table.layers, said
    assert {one.header: one.reason for one in found.unchecked} == {}, said


DEEP = {"functions": ["tanh", "sigmoid", "sigmoid"], "rows": 4}
SOFTMAX = {"functions": ["tanh", "softmax"], "rows": 4}
UNIT = {"functions": ["sigmoid"], "rows": 4, "biases": True}
BATCHES = {"functions": ["identity"], "rows": 6, "batch": 2, "biases": True}
PLANTED = [
    ((2, 2, 2, 1), DEEP, "∂E/∂h1_2", "*(1-{a_h1_2}^2)", "", "forgotten-slope"),
    ((2, 2, 2, 1), DEEP, "∂E/∂h1_1", "{w5}", "{w6}", "wrong-weight-index"),
    ((2, 2, 2, 1), DEEP, "h2_1", "{a_h1_2}", "{a_h1_1}", "wrong-activation-index"),
    ((2, 2, 2, 1), DEEP, "h2_2", "{a_h1_1}", "{h1_1}", "pre-activation-for-activation"),
    ((2, 2, 2, 1), DEEP, "∂E/∂w7", "{a_h1_1}", "{a_h1_1.down}", "wrong-row"),
    ((2, 2, 2, 1), DEEP, "∂E/∂o1", "({a_o1}-{t1})", "({t1}-{a_o1})", "sign"),
    ((2, 2, 3), SOFTMAX, "a_o2", "+EXP({o3})", "", "forgotten-term"),
    ((2, 2, 3), SOFTMAX, "E1", "{a_o1}", "{a_o2}", "wrong-activation-index"),
    ((2, 2, 3), SOFTMAX, "∂E/∂o3", "{a_o3}-{t3}", "{t3}-{a_o3}", "sign"),
    ((2, 2, 3), SOFTMAX, "∂E/∂o1", "{t1}", "{t2}", "target-swapped"),
    ((2, 1), UNIT, "∂E/∂w2", "{i2}", "{i1}", "wrong-input-index"),
    ((2, 1), UNIT, "w2", "{∂E/∂w2.up}", "{∂E/∂w1.up}", "wrong-gradient"),
    ((2, 1), BATCHES, "Σ∂E/∂w2", "{∂E/∂w2}", "{∂E/∂w1}", "wrong-gradient"),
    ((2, 1), BATCHES, "w1", "-{η}", "+{η}", "sign"),
    ((2, 1), BATCHES, "w2", "/{batch size.up}", "", "missing-division"),
    ((2, 1), BATCHES, "b1", "{Σ∂E/∂b1.up}", "{Σ∂E/∂w1.up}", "wrong-gradient"),
]


@pytest.mark.parametrize(("layers", "settings", "column", "old", "new", "kind"), PLANTED)
def test_a_mistake_in_it_is_named_in_its_column(tmp_path, layers, settings, column, old, new, kind):
    table = DeepTable(*layers, **settings)
    assert old in table.formulas[column]
    table.formulas[column] = table.formulas[column].replace(old, new, 1)
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [(column, kind)]


UNITS = {
    "perceptron": ("IF({z}>0,1,0)", "{t1}-{a_o1}"),
    "signs": ("IF({z}>=0,1,-1)", "{t1}-{a_o1}"),
    "linear": ("{z}", "{t1}-{a_o1}"),
    "logistic": ("1/(1+EXP(-{z}))", "{t1}-{a_o1}"),
}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_in_the_words_of_courses_is_right(tmp_path, name):
    report = check_workbook(write(tmp_path / "a.xlsx", S=course_table(*UNITS[name])))
    assert mistakes(report) == []
    assert verdict(report) == "right", report.remarks


OF_A_UNIT = [
    ("w1", "{i1.up}", "{i2.up}", "wrong-input-index"),
    ("w2", "*{i2.up}", "", "forgotten-input-factor"),
    ("w2", "+{η}", "-{η}", "sign"),
    ("o1", "{w2}*{i2}", "{w1}*{i2}", "wrong-weight-index"),
    ("b1", "{η}*", "", "missing-learning-rate"),
]


@pytest.mark.parametrize(("name", "mistake"), some(product(UNITS, OF_A_UNIT), 3))
def test_a_mistake_in_one_of_its_columns_is_found(tmp_path, name, mistake):
    column, old, new, kind = mistake
    table = course_table(*UNITS[name])
    assert old in table.formulas[column]
    table.formulas[column] = table.formulas[column].replace(old, new)
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [(table.headers.get(column, column), kind)]


def regression(**formulas: str) -> dict[str, object]:
    """A line through points, all of them above 0: the sum is in the column of the prediction."""
    named = {
        "w": "=C{up}-$B$1*G{up}", "b": "=D{up}-$B$1*H{up}",
        "prediction": "=C{row}*A{row}+D{row}", "error": "=E{row}-B{row}",
        "dw": "=F{row}*A{row}", "db": "=F{row}",
    } | formulas  # fmt: skip
    cells: dict[str, object] = {"A1": "learning rate", "B1": 0.05, "A2": "x", "B2": "y"}
    cells |= {f"{letter}2": header for letter, header in zip("CDEFGH", named, strict=True)}
    for row in range(3, 15):
        cells |= {f"A{row}": 1 + row % 4, f"B{row}": 3 + row % 4 * 2}
        for letter, text in zip("CDEFGH", named.values(), strict=True):
            cells[f"{letter}{row}"] = text.format(row=row, up=row - 1)
    return cells | {"C3": 0, "D3": 0}


def test_the_squared_error_may_be_shown_and_its_two_left_to_the_rate(tmp_path):
    cells = (
        regression() | {"I2": "squared error"} | {f"I{row}": f"=F{row}^2" for row in range(3, 15)}
    )
    report = check_workbook(write(tmp_path / "a.xlsx", S=cells))
    assert verdict(report) == "right", report.remarks


def test_a_line_through_points_is_right_though_a_relu_would_have_its_numbers(tmp_path):
    report = check_workbook(write(tmp_path / "a.xlsx", S=regression()))
    assert verdict(report) == "right", report.remarks
    assert report.tables[0].activation == "identity"


@pytest.mark.parametrize(
    ("column", "formula", "kind"),
    [
        ("w", "=C{up}-$B$1*H{up}", "wrong-gradient"),
        ("b", "=D{up}-$B$1*G{up}", "wrong-gradient"),
        ("dw", "=F{row}", "forgotten-input-factor"),
        ("prediction", "=C{row}*A{row}", "forgotten-bias"),
    ],
)
def test_a_mistake_in_it_is_found(tmp_path, column, formula, kind):
    report = check_workbook(write(tmp_path / "a.xlsx", S=regression(**{column: formula})))
    assert mistakes(report) == [(column, kind)]


def test_words_that_mean_something_else_are_not_accused(tmp_path):
    table = course_table("MAX({z},{t1})^2", "{x}".replace("x", "i1"))
    table.formulas |= {name: f"{{{name}.up}}*{{t1}}" for name in table.start}
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == []
    assert verdict(report).startswith("not checked: its formulas are not those of a unit")


OTHERS = ("logic", "digits", "autoencoder", "moons", "logic-unit", "sine", "biases", "xor")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deep", "iris", "line-fit", *some(OTHERS)])
def test_our_own_tables_are_right(short_book, name):
    report = check_workbook(short_book(name).saved.path)
    assert mistakes(report) == []
    assert verdict(report) == "right", report.remarks
