"""Test samples: a drawn part of the data or a file of their own, evaluated and never trained on."""

import numpy as np
import pytest
from test_data import BINARY, COLUMNS, CSV, SQUARED, toml

import sheetgen as public
from sheetgen.errors import InputError
from sheetgen.network.data import Data
from sheetgen.network.reference import forward, initial, train
from sheetgen.network.training import Training
from sheetgen.template import template
from sheetgen.workbook.compose import draw_sources
from sheetgen.workbook.plan import Plan

TEN = "inputs = [[0], [1], [2], [3], [4], [5], [6], [7], [8], [9]]\n" + (
    "targets = [[0], [10], [20], [30], [40], [50], [60], [70], [80], [90]]\n"
)
TWO_FILES = f'file = "mine.csv"\ntest_file = "later.csv"\n{COLUMNS}'


def ten(keys):
    return template.parse(toml(TEN + keys, inputs=1, units=1, output=SQUARED))


def two(later, keys=TWO_FILES):
    return template.parse(toml(keys), files={"mine.csv": CSV, "later.csv": later}).data


def test_a_fraction_is_drawn_and_the_rest_keeps_its_order():
    data = ten("test_fraction = 0.3\ntest_seed = 1").data
    assert (data.samples, data.test_samples) == (7, 3)
    drawn = sorted(np.random.default_rng(1).permutation(10)[:3].tolist())
    assert [row[0] for row in data.test_inputs] == drawn
    assert [row[0] for row in data.inputs] == [each for each in range(10) if each not in drawn]
    for inputs, targets in ((data.inputs, data.targets), (data.test_inputs, data.test_targets)):
        assert [row[0] * 10 for row in inputs] == [row[0] for row in targets]


def test_another_seed_draws_other_samples_and_seed_0_is_the_default():
    assert ten("test_fraction = 0.3").data == ten("test_fraction = 0.3\ntest_seed = 0").data
    assert ten("test_fraction = 0.3").data != ten("test_fraction = 0.3\ntest_seed = 1").data


def test_a_second_file_has_the_test_samples():
    data = two("kind,height,width\ndog,8,7\n")
    assert (data.samples, data.test_samples) == (3, 1)
    assert data.test_inputs == ((7.0, 8.0),)
    assert data.test_targets == ((0.0, 1.0),)


def test_both_files_come_with_the_workbook():
    read = template.parse(toml(TWO_FILES), files={"mine.csv": CSV, "later.csv": CSV})
    assert list(read.files) == ["mine.csv", "later.csv"]
    assert template.parse(read.source, files=read.files) == read


def test_mean_and_deviation_are_those_of_the_training_samples():
    rows = ((1.0,), (2.0,), (6.0,))
    data = Data(rows, ((0.0,),) * 3, (), (), True, ((100.0,),), ((0.0,),))
    assert data.used_inputs() == pytest.approx(np.array([[-2], [-1], [3]]) / np.sqrt(14 / 3))
    assert data.used_test_inputs() == pytest.approx(np.array([[97]]) / np.sqrt(14 / 3))


@pytest.mark.parametrize(
    ("keys", "key", "found", "expected"),
    [
        ("test_fraction = 0", "test_fraction", "0", "a number between 0 and 1"),
        ("test_fraction = 1.0", "test_fraction", "1.0", "a number between 0 and 1"),
        ("test_fraction = -0.2", "test_fraction", "-0.2", "a number between 0 and 1"),
        ("test_fraction = 20", "test_fraction", "20", "a number between 0 and 1"),
        ("test_fraction = nan", "test_fraction", "nan", "a number between 0 and 1"),
        ('test_fraction = "0.2"', "test_fraction", "'0.2'", "a number between 0 and 1"),
        ("test_fraction = 0.01", "test_fraction", "0.01",
         "a fraction of the 10 samples that leaves some to test on"),
        ("test_fraction = 0.99", "test_fraction", "0.99",
         "a fraction of the 10 samples that leaves some to train on"),
        ("test_seed = 1", "test_seed", "1", "no such key without data.test_fraction"),
        ("test_fraction = 0.2\ntest_seed = -1", "test_seed", "-1",
         "a whole number from 0 to 9223372036854775807"),
        ('test_file = "later.csv"', "test_file", "'later.csv'", "no such key without data.file"),
        ("image = [2, 2]", "image", "[2, 2]",
         "height and width, whose product is 1 (the network's inputs)"),
        ("image = [-1, -1]", "image", "[-1, -1]",
         "height and width, whose product is 1 (the network's inputs)"),
        ("image = 1", "image", "1", "height and width, whose product is 1 (the network's inputs)"),
        ("image = [1.0, 1.0]", "image", "[1.0, 1.0]",
         "height and width, whose product is 1 (the network's inputs)"),
    ],
)  # fmt: skip
def test_keys_that_do_not_fit_are_refused(keys, key, found, expected):
    with pytest.raises(InputError) as caught:
        ten(keys)
    assert str(caught.value) == f"the template: data.{key}: found {found}; expected {expected}"


@pytest.mark.parametrize(
    ("later", "keys", "message"),
    [
        (CSV, f"{TWO_FILES}\ntest_fraction = 0.2",
         "test_fraction: found 0.2; expected no such key beside data.test_file"),
        (CSV, TWO_FILES.replace("later", "mine"),
         "test_file: found 'mine.csv'; expected another file than data.file"),
        (CSV, TWO_FILES.replace('"later.csv"', "[1]"),
         r"test_file: found \[1\]; expected the name of a CSV file"),
        (CSV, TWO_FILES.replace("later", "other"),
         "test_file: found 'other.csv'; expected a file that came with the template"),
        ("width,height,kind\n1,2,cow\n", TWO_FILES,
         "test_file: found 'cow' in column kind, line 2 of later.csv; "
         "expected a class of the training samples: cat, dog"),
        ("width,height\n1,2\n", TWO_FILES,
         "class_column: found 'kind'; expected a column of later.csv: width, height"),
        ("width,height,kind\n1,tall,dog\n", TWO_FILES,
         "test_file: found 'tall' in column height, line 2 of later.csv"),
    ],
)  # fmt: skip
def test_a_second_file_that_does_not_fit_is_refused(later, keys, message):
    with pytest.raises(InputError, match=rf"the template: data\.{message}"):
        two(later, keys)


def test_an_image_has_a_height_and_a_width():
    keys = f'file = "mine.csv"\n{COLUMNS}\nimage = [1, 2]'
    assert template.parse(toml(keys), files={"mine.csv": CSV}).data.image == (1, 2)


def test_templates_of_python_have_them_too():
    network = ten("").network
    made = public.Template.of(
        network,
        [[0], [1], [2], [3]],
        [[0], [1], [2], [3]],
        data={"test_fraction": np.float64(0.25), "test_seed": 3, "standardize": True},
    )
    assert (made.data.samples, made.data.test_samples, made.data.standardize) == (3, 1, True)
    assert template.parse(made.source) == made
    with pytest.raises(InputError, match=r"data\.inputs: found"):
        public.Template.of(network, [[0]], [[0]], data={"inputs": [[1]]})


@pytest.mark.parametrize("batch_size", [1, 3, "full"])
def test_the_reference_evaluates_after_each_epochs_last_update(batch_size):
    chosen = ten("test_fraction = 0.3\nstandardize = true")
    size = 7 if batch_size == "full" else batch_size
    training = Training(chosen.data, 20, tuple(range(7)), size)
    trace = train(chosen.network, training, 0.01)
    later = train(chosen.network, training, 0.01, rows=22)
    assert len(trace.evaluations) == 3
    for epoch, evaluation in enumerate(trace.evaluations, start=1):
        (weight,) = evaluation.parameters.weights[0][0]
        assert weight == later["w1"][7 * epoch]
        sample, target = chosen.data.used_test_inputs()[1], chosen.data.test_targets[1]
        again = forward(chosen.network, evaluation.parameters, sample, target)
        assert evaluation.errors[1] == again.total_error


def test_nothing_is_evaluated_without_test_samples_or_before_the_end_of_an_epoch():
    without = ten("")
    assert (
        train(without.network, Training(without.data, 20, tuple(range(10))), 0.1).evaluations == ()
    )
    data = ten("test_fraction = 0.3").data
    assert train(without.network, Training(data, 5, tuple(range(7))), 0.1).evaluations == ()


def test_an_answer_is_right_as_it_is_in_the_table():
    text = toml("inputs = [[-1], [1], [2]]\ntargets = [[0], [1], [1]]\ntest_fraction = 0.34",
                inputs=1, units=1, output=BINARY)  # fmt: skip
    chosen = template.parse(text)
    trace = train(chosen.network, Training(chosen.data, 1, (0, 1)), 5.0)
    (evaluation,) = trace.evaluations
    output = evaluation.run.activations[-1][0, 0]
    assert evaluation.right.tolist() == [
        float((output >= 0.5) == (chosen.data.test_targets[0][0] == 1))
    ]
    assert initial(chosen.network).weights[0].shape == (1, 1)


def test_the_sheet_has_the_test_samples_below_the_others_and_changeable():
    plan = Plan.of(ten("test_fraction = 0.3\nstandardize = true"))
    sources = draw_sources(plan)
    sheet = sources.data
    assert sheet.canvas.inputs["i1 of 8"][0] == sheet.last_row + 2
    assert "never trained on" in str(sheet.canvas.value(sheet.last_row + 1, 1))
    first, last = sources.address("t1").split("!")[1].split(":")
    row = sheet.first_row + 1
    assert (first, last) == (f"$C${row}", f"$C${row + 6}")
    assert sources.sample("t1", 7) == f"Data!$C${row + 8}"
    values = {key: float(sheet.canvas.value(*at)) for key, at in sheet.canvas.inputs.items()}
    rates = {"learning_rate_1": 0.1}
    moved = plan.with_values(
        values | rates | plan.network.values | {"i1 of 9": 4.5, "t1 of 2": 7.0}
    )
    assert moved.data.test_inputs[1] == (4.5,)
    assert moved.data.targets[1] == (7.0,)
