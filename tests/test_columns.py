"""The columns of a training table read like the textbook's equations and fit a worksheet."""

import re

import pytest
from conftest import sigmoid_network
from openpyxl.formula.translate import Translator
from xlsxwriter.utility import xl_col_to_name

from sheetgen.errors import InputError
from sheetgen.formulas.columns import Column, training_columns
from sheetgen.network.data import Data
from sheetgen.network.network import Network
from sheetgen.network.training import Training
from sheetgen.spreadsheet.address import MAXIMUM_COLUMNS
from sheetgen.template import template
from sheetgen.workbook.compose import compose, with_origin
from sheetgen.workbook.plan import Plan

EXCEL_2007 = {
    "ABS", "ADDRESS", "AND", "AVERAGE", "CHAR", "CHOOSE", "COLUMN", "COUNT", "COUNTIF", "EXP",
    "FALSE", "FIND", "IF", "IFERROR", "INDEX", "INT", "ISNUMBER", "LEFT", "LEN", "LOG", "LOG10",
    "MATCH", "MAX", "MID", "MIN", "MOD", "N", "NA", "NOT", "OR", "RIGHT", "ROUND", "ROW", "ROWS",
    "SIGN", "SUBSTITUTE", "SUM", "SUMPRODUCT", "TRIM", "TRUE",
}  # fmt: skip
"""Those that all engines have as well, and that do not depend on the language, as TEXT does."""

ONE_EACH = sigmoid_network([[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6]], [[0.7]]], [1.0, 2.0], [0.5])
"""2-2-1-1: two hidden layers."""


def columns(network: Network, first_column: int = 3) -> tuple[Column, ...]:
    """The columns of a table whose initial values are on Inputs, each in a cell of its name."""
    data = Data(inputs=((0.0,) * network.inputs,), targets=((0.0,) * network.outputs,))
    training = Training(data, iterations=3, order=(0,))
    return training_columns(network, training, lambda symbol: f"Inputs!{symbol}", "η", first_column)


def headers(network: Network) -> str:
    return " ".join(column.symbol for column in columns(network))


def in_symbols(network: Network) -> dict[str, str]:
    """Each symbol's formula with symbols for cells; a former row's symbol has a prime."""
    table = columns(network)
    symbols = {xl_col_to_name(3 + place): column.symbol for place, column in enumerate(table)}

    def symbol(match: re.Match[str]) -> str:
        return symbols[match[1]] + ("′" if match[2] == "previous" else "")

    return {
        column.symbol: re.sub(r"([A-Z]+)\{(row|previous)\}", symbol, column.rest)
        for column in table
    }


def test_the_columns_of_the_seeds_stand_in_the_seeds_order():
    assert headers(template.load("era-v1").network) == (
        "iteration t1 t2 i1 i2 w1 w2 w3 w4 h1 a_h1 h2 a_h2 w5 w6 w7 w8 o1 a_o1 o2 a_o2 "
        "E1 E2 E_total ∂E/∂w1 ∂E/∂w2 ∂E/∂w3 ∂E/∂w4 ∂E/∂w5 ∂E/∂w6 ∂E/∂w7 ∂E/∂w8"
    )


def test_units_of_several_hidden_layers_are_numbered_by_layer_and_helpers_come_last():
    assert headers(ONE_EACH.network) == (
        "iteration t1 i1 i2 w1 w2 w3 w4 h1_1 a_h1_1 h1_2 a_h1_2 w5 w6 h2_1 a_h2_1 w7 o1 a_o1 "
        "E1 E_total ∂E/∂w1 ∂E/∂w2 ∂E/∂w3 ∂E/∂w4 ∂E/∂w5 ∂E/∂w6 ∂E/∂w7 "
        "∂E/∂h1_1 ∂E/∂h1_2 ∂E/∂h2_1 ∂E/∂o1"
    )


def test_a_network_without_hidden_layers_has_no_h():
    network = sigmoid_network([[[0.1, 0.2]]], [1.0, 2.0], [0.5]).network
    assert headers(network) == "iteration t1 i1 i2 w1 w2 o1 a_o1 E1 E_total ∂E/∂w1 ∂E/∂w2"


def test_the_formulas_of_the_seeds_network_are_the_textbooks():
    formulas = in_symbols(template.load("era-v1").network)
    o1, o2 = "(a_o1-t1)*a_o1*(1-a_o1)", "(a_o2-t2)*a_o2*(1-a_o2)"
    textbook = {
        "iteration": "=iteration′+1",
        "i2": "=Inputs!i2",
        "t1": "=Inputs!t1",
        "w1": "=w1′-η*∂E/∂w1′",
        "w8": "=w8′-η*∂E/∂w8′",
        "h1": "=w1*i1+w2*i2",
        "h2": "=w3*i1+w4*i2",
        "a_h1": "=1/(1+EXP(MIN(-h1,700)))",
        "o1": "=w5*a_h1+w6*a_h2",
        "o2": "=w7*a_h1+w8*a_h2",
        "E1": "=0.5*(t1-a_o1)^2",
        "E_total": "=E1+E2",
        "∂E/∂w5": f"={o1}*a_h1",
        "∂E/∂w8": f"={o2}*a_h2",
        "∂E/∂w1": f"=({o1}*w5+{o2}*w7)*a_h1*(1-a_h1)*i1",
        "∂E/∂w4": f"=({o1}*w6+{o2}*w8)*a_h2*(1-a_h2)*i2",
    }
    assert {symbol: formulas[symbol] for symbol in textbook} == textbook


def test_the_gradients_of_a_deeper_network_go_through_helper_columns():
    formulas = in_symbols(ONE_EACH.network)
    assert formulas["∂E/∂w3"] == "=∂E/∂h1_2*i1"
    assert formulas["∂E/∂h1_2"] == "=∂E/∂h2_1*w6*a_h1_2*(1-a_h1_2)"
    assert formulas["∂E/∂h2_1"] == "=∂E/∂o1*w7*a_h2_1*(1-a_h2_1)"
    assert formulas["∂E/∂o1"] == "=(a_o1-t1)*a_o1*(1-a_o1)"


@pytest.mark.parametrize("network", [template.load("era-v1").network, ONE_EACH.network])
def test_only_the_count_and_the_weights_start_differently_in_row_0(network):
    # A plus sign that changes nothing sets row 0 apart for LibreOffice's threads.
    different = [
        column for column in columns(network) if str(column.first).replace("=+", "=") != column.rest
    ]
    weights = [edge.name for edge in network.connections]
    assert [column.symbol for column in different] == ["iteration", *weights]
    assert [column.first for column in different] == [0, *(f"=Inputs!{name}" for name in weights)]


@pytest.mark.parametrize("era", [template.load("era-v1"), ONE_EACH], ids=["2-2-2", "2-2-1-1"])
def test_from_row_1_on_every_row_is_the_same_relative_formula(era):
    tables = [canvas for canvas in compose(Plan.of(era)) if not canvas.protected]
    assert len(tables) == 1 + len(era.learning_rates)
    for canvas in tables:
        (block,) = canvas.blocks
        assert block.rows == era.iterations
        for place in range(len(block.formulas)):
            column = block.first_column + place
            at = f"{xl_col_to_name(column)}{{}}".format
            top, bottom = block.first_row, block.first_row + block.rows - 1
            dragged = Translator(block.formula(top, column), at(top + 1))
            assert block.formula(bottom, column) == dragged.translate_formula(at(bottom + 1))


@pytest.mark.parametrize(
    "source",
    [template.load("era-v1"), template.load("era-v2"), ONE_EACH],
    ids=["era-v1", "era-v2", "2-2-1-1"],
)
def test_every_formula_is_one_that_excel_2007_and_other_programs_read_alike(source):
    plan = Plan.of(source)
    called = set()
    for canvas in with_origin(plan, compose(plan)):
        for *_, formula, _ in canvas.promised():
            without_texts = re.sub(r"""("|').*?\1""", "", formula)
            called |= set(re.findall(r"([\w.]+)\(", without_texts))
            assert not re.search(r"[{}@#\[\]]", without_texts), formula  # arrays, spills, tables
            assert not re.search(r"\dE[-+]|(TRUE|FALSE)(?!\()", without_texts, re.IGNORECASE), (
                formula
            )
    assert {"EXP", "IF", "MATCH"} <= called <= EXCEL_2007


def test_a_table_may_end_in_the_last_column_of_a_worksheet_and_no_further():
    network = template.load("era-v1").network
    width = len(columns(network))
    assert len(columns(network, MAXIMUM_COLUMNS - width)) == width
    with pytest.raises(InputError, match="needs 16,385 columns, 1 more than a worksheet has; the"):
        columns(network, MAXIMUM_COLUMNS - width + 1)


def sum_of_products(inputs: int) -> str:
    """The formula of o1 in a table of one unit, in the last row of a worksheet."""
    i1, w1 = 5, 5 + inputs  # the columns: 3 iteration, 4 t1, 5 i1 …
    products = (
        f"{xl_col_to_name(w1 + place)}1048576*{xl_col_to_name(i1 + place)}1048576"
        for place in range(inputs)
    )
    return "=" + "+".join(products)


def one_unit(inputs: int) -> Network:
    return sigmoid_network([[[0.001] * inputs]], [0.5] * inputs, [0.5]).network


def test_a_formula_may_have_8192_characters_in_the_worksheets_last_row_and_no_more():
    most = max(inputs for inputs in range(100, 500) if len(sum_of_products(inputs)) <= 8192)
    columns(one_unit(most))
    length = len(sum_of_products(most + 1))
    with pytest.raises(
        InputError, match=f"formula of o1 would have {length:,} characters; a cell holds 8,192"
    ):
        columns(one_unit(most + 1))


def test_the_longest_formula_of_a_table_leaves_room_on_every_sheet():
    wide = sigmoid_network([[[0.001] * 360]], [0.5] * 360, [0.5])
    for canvas in compose(Plan.of(wide)):
        assert max((len(formula) for *_, formula, _ in canvas.promised()), default=0) <= 8192
