"""Training tables fold, their charts end where the data ends, and they say when they diverge."""

import pytest

from sheetgen.spreadsheet.style import common_format
from sheetgen.template import template
from sheetgen.workbook.compose import draw_sources
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.curves import step_axis
from sheetgen.workbook.sheets.training_table import BAND_ROW, variant_sheet

LINE = """
[network]
inputs = 1

[[network.layers]]
units = 1
activation = "identity"
weights = [[10]]
biases = [1]

[data]
inputs = [[1], [2], [3]]
targets = [[5], [-3], [4]]

[training]
learning_rates = [0.1, 50]
iterations = 20
"""
WARNING = (1, 4)


def drawn(source, index=0):
    plan = Plan.of(source)
    return variant_sheet(plan, index, draw_sources(plan), "").table


@pytest.mark.parametrize("name", ["era-v1", "xor"])
def test_a_table_folds_to_its_steps_and_the_total_error(name):
    table = drawn(template.load(name).with_training(iterations=7))
    steps = {"iteration", "epoch", "sample", "E_total"}
    levels = table.canvas.outline
    assert {symbol for symbol, place in table.places.items() if place not in levels} == (
        steps & set(table.places)
    )
    assert "iteration" in table.places and table.canvas.freeze == (5, table.places["iteration"] + 1)


def test_each_group_of_columns_folds_by_itself_into_its_first_one():
    table = drawn(template.load("era-v1").with_training(iterations=7))
    firsts = [symbol for symbol, at in table.places.items() if table.canvas.outline.get(at) == 1]
    assert firsts == ["t1", "i1", "w1", "h1", "w5", "o1", "E1", "∂E/∂w1", "∂E/∂w5"]
    canvas = table.canvas
    assert all(canvas.cells[BAND_ROW, table.places[symbol]].value for symbol in firsts)


@pytest.mark.parametrize(
    ("step", "points", "axis"),
    [
        ("iteration", 101, (0, 100, 20)),
        ("iteration", 400, (0, 399, 100)),
        ("iteration", 2, (0, 1, 1)),
        ("epoch", 2, (1, 2, 1)),
        ("epoch", 5, (1, 5, 1)),
        ("epoch", 49, (0, 49, 10)),
    ],
)
def test_an_axis_ends_with_the_data(step, points, axis):
    assert step_axis(step, points) == axis


def test_the_charts_of_a_table_end_with_its_epochs_and_begin_at_no_error():
    canvas = drawn(template.load("xor")).canvas
    accuracies, errors = sorted(canvas.charts, key=lambda chart: chart.titles)
    assert errors.limits == (0, 100, 0, None)
    assert accuracies.limits == (0, 100, 0, 1) and accuracies.number_format == "0%"


def test_a_diverging_training_says_from_where_on():
    source = template.parse(LINE)
    calm, wild = drawn(source), drawn(source, 1)
    assert calm.canvas.value(*WARNING) == ""
    assert str(wild.canvas.value(*WARNING)).startswith("diverges from epoch 1 on")
    later = drawn(source.with_training([2]))
    means = later.trace["E_total"].reshape(7, 3).mean(axis=1)
    first = 1 + int((means <= 1e6).sum())
    assert first > 1
    assert str(later.canvas.value(*WARNING)).startswith(f"diverges from epoch {first} on")


def test_the_columns_of_iris_have_its_names_and_no_decimals_that_say_nothing():
    table = drawn(template.load("iris").with_training(iterations=149))
    notes = {symbol: table.canvas.notes[4, place] for symbol, place in table.places.items()}
    for symbol, name in {"i3": "petal_length", "t1": "setosa", "a_o2": "versicolor"}.items():
        assert notes[symbol].splitlines()[0] == name
    (block,) = table.canvas.blocks
    formats = {
        symbol: block.formats[place - block.first_column].number_format
        for symbol, place in table.places.items()
    }
    assert formats["t1"] == "General", "1 and 0, and whatever else is typed"
    assert formats["i1"] == "0.000000", "standardised"
    assert formats["batch size"] == formats["correct"] == "0"


@pytest.mark.parametrize(
    ("values", "number_format"),
    [
        ([1, 0, 0], "General"),
        ([5.1, 4.9, 5], "0.0#####"),
        ([0.05, 0.1], "0.00####"),
        ([1 / 3, 0.5], "0.000000"),
        ([1e-7, 1], "General"),
        ([12345.6, 1], "General"),
    ],
)
def test_numbers_that_belong_together_have_the_same_decimals(values, number_format):
    assert common_format(values) == number_format


def test_errors_and_gradients_of_all_sizes_fit_their_columns():
    """Nine decimals do from 100 on no more, and 10,000 and more have an exponent."""
    table = drawn(template.parse(LINE))
    places = [rule.place for rule in table.canvas.rules]
    for symbol in ("E1", "E_total", "∂E/∂w1", "∂E/∂b1"):
        at = table.places[symbol]
        (place,) = [each for each in places if each[1] <= at <= each[3]]
        assert place in table.canvas.numbers
    assert not [each for each in places if each[1] <= table.places["sample"] <= each[3]]
