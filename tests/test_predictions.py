"""The sheet `Predictions`: what the network answers for every sample, and how often it is right."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sheetgen.network.answers import class_names, code_layer, confusion
from sheetgen.network.many_passes import weights_in_row
from sheetgen.network.reference import forward
from sheetgen.template import template
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import PREDICTIONS, Plan
from sheetgen.workbook.sheets.data_sheet import data_sheet
from sheetgen.workbook.sheets.predictions.listed_samples import (
    MOST_FORMULAS,
    MOST_SAMPLES,
    Extent,
    called,
    formulas_of_sample,
)

NETWORK = """
[network]
inputs = {inputs}
loss = "{loss}"
[[network.layers]]
units = 2
activation = "tanh"
init = {{ scheme = "normal", seed = 3 }}
biases = true
[[network.layers]]
units = {units}
activation = "{activation}"
init = {{ scheme = "normal", seed = 4 }}
[data]
{data}
[training]
learning_rates = [{rate}]
iterations = 11
batch_size = 2
"""
SIX = "inputs = [[0, 1, 2], [3, 1, 0], [2, 2, 1], [1, 0, 0], [2, 3, 1], [0, 2, 2]]\n"
CLASSES = SIX + "targets = [[1, 0], [0, 1], [0, 1], [1, 0], [0, 1], [1, 0]]\n"
NUMBERS = SIX + "targets = [[1], [0.5], [-2], [1], [0.25], [1]]\n"
LABELS = SIX + "targets = [[1, 1], [0, 1], [0, 0], [1, 0], [0, 1], [1, 1]]\n"
TESTED = "test_fraction = 0.34\ntest_seed = 2\nstandardize = true"


def parsed(data, loss="cross-entropy", activation="softmax", units=2, rate=0.5, inputs=3):
    text = NETWORK.format(**locals())
    return template.parse(text)


@cache
def drawn(data, **network):
    """Return the plan and the sheet, with the column of each header."""
    plan = Plan.of(parsed(data, **network))
    canvas = next(each for each in compose(plan) if each.name == PREDICTIONS)
    headers = {}
    for (row, column), cell in canvas.cells.items():
        if row == 4 and cell.value and column > 2:
            headers.setdefault(str(cell.value), column)
    return plan, canvas, headers


def column(sheet, name, count=6):
    _, canvas, headers = sheet
    return [canvas.value(5 + at, headers[name]) for at in range(count)]


def answers(plan):
    """Return the forward pass of every sample, by the reference, with the weights shown at first.

    With test samples these are those after the last row, of a training that is one row longer.
    """
    last = int(plan.controls.predictions_iteration)
    longer = Plan.untrained(plan.template.with_training(iterations=last)).traces[0]
    parameters = weights_in_row(plan.network, longer, last)
    used = np.concatenate([plan.data.used_inputs(), plan.data.used_test_inputs()])
    targets = plan.data.targets + plan.data.test_targets
    return [
        forward(plan.network, parameters, sample, target)
        for sample, target in zip(used, targets, strict=True)
    ]


def test_each_row_is_the_pass_of_a_sample_with_the_weights_after_the_last_row():
    sheet = drawn(CLASSES + TESTED)
    passes = answers(sheet[0])
    assert column(sheet, "sample") == [1, 2, 3, 4, 5, 6]
    assert column(sheet, "set") == ["training"] * 4 + ["test"] * 2
    assert column(sheet, "E_total") == pytest.approx([each.total_error for each in passes])
    assert column(sheet, "a_h2") == pytest.approx([each.activations[0][1] for each in passes])
    outputs = np.array([each.activations[1] for each in passes])
    assert column(sheet, "2") == pytest.approx(outputs[:, 1].tolist())
    classes = [str(place + 1) for place in outputs.argmax(axis=1)]
    assert column(sheet, "answer") == classes
    own = [str(row.index(1.0) + 1) for row in sheet[0].data.targets + sheet[0].data.test_targets]
    assert column(sheet, "class") == own
    right = [float(one == other) for one, other in zip(classes, own, strict=True)]
    assert column(sheet, "right?") == right


def test_the_sentence_the_counts_and_the_mistakes_agree_with_the_rows():
    sheet = drawn(CLASSES + TESTED)
    plan, canvas, _ = sheet
    right = column(sheet, "right?")
    trained, tested = int(sum(right[:4])), int(sum(right[4:]))
    text = (
        f"At iteration 12: {trained} of 4 training samples right, {tested} of 2 test samples right"
    )
    assert canvas.value(1, 1) == text
    assert [canvas.value(8, 2), canvas.value(8, 3)] == [trained, tested]
    # The same weights, and so the same number, as at the end of the curve of the test samples.
    (evaluation,) = plan.traces[0].evaluations[-1:]
    assert canvas.value(10, 3) == pytest.approx(evaluation.errors.mean())
    texts = [cell.value for cell in canvas.cells.values() if str(cell.value).startswith("wrong ")]
    texts += [
        cell.value for cell in canvas.cells.values() if str(cell.value).startswith("no wrong")
    ]
    wrong = {kind: [at + 1 for at in places if not right[at]]
             for kind, places in (("training", range(4)), ("test", range(4, 6)))}  # fmt: skip
    assert sorted(texts) == sorted(
        f"wrong {kind} samples: {', '.join(map(str, found))}"
        if found
        else f"no wrong {kind} samples"
        for kind, found in wrong.items()
    )


def test_without_classes_there_are_targets_and_a_chart():
    sheet = drawn(NUMBERS, loss="half-squared-error", activation="identity", units=1, rate=0.1)
    plan, canvas, headers = sheet
    assert plan.classes == ()
    assert "right?" not in headers
    assert column(sheet, "t1") == [1, 0.5, -2, 1, 0.25, 1]
    assert column(sheet, "a_o1") == pytest.approx(
        [each.activations[1][0] for each in answers(plan)]
    )
    assert len(canvas.charts) == 1
    assert str(canvas.value(1, 1)).startswith("At iteration 11: mean E_total ")


def test_labels_are_right_if_all_of_them_are():
    sheet = drawn(LABELS, loss="binary-cross-entropy", activation="sigmoid")
    outputs = np.array([each.activations[1] for each in answers(sheet[0])])
    same = (outputs >= 0.5) == (np.array(sheet[0].data.targets) == 1)
    assert column(sheet, "right?") == same.all(axis=1).astype(float).tolist()
    assert sheet[0].classes == ()


def test_of_a_training_that_diverges_it_shows_what_there_is_and_says_so_at_the_end():
    plan, canvas, _ = drawn(
        NUMBERS, loss="half-squared-error", activation="identity", units=1, rate=1e6
    )
    assert str(canvas.value(1, 1)).startswith("At iteration 1: mean E_total ")
    last = replace(plan, controls=replace(plan.controls, predictions_iteration=11))
    (canvas,) = (each for each in compose(last) if each.name == PREDICTIONS)
    assert str(canvas.value(1, 1)).startswith("At iteration 11 the training has diverged")


@pytest.mark.parametrize(
    ("data", "network", "names"),
    [
        (CLASSES, {}, ("1", "2")),
        (CLASSES, {"loss": "half-squared-error", "activation": "sigmoid"}, ("1", "2")),
        (CLASSES, {"loss": "binary-cross-entropy", "activation": "sigmoid"}, ()),
        (LABELS, {"loss": "half-squared-error", "activation": "sigmoid"}, ()),
        (NUMBERS, {"loss": "half-squared-error", "activation": "identity", "units": 1}, ()),
        (NUMBERS.replace("0.5", "0").replace("-2", "0").replace("0.25", "1"),
         {"loss": "half-squared-error", "activation": "sigmoid", "units": 1}, ("0", "1")),
        (NUMBERS.replace("0.5", "0").replace("-2", "0").replace("0.25", "1"),
         {"loss": "half-squared-error", "activation": "identity", "units": 1}, ()),
    ],
)  # fmt: skip
def test_classes_are_told_from_numbers_and_labels(data, network, names):
    chosen = parsed(data, **network)
    assert class_names(chosen.network, chosen.data) == names


def test_classes_have_their_names_in_the_data():
    iris = template.load("iris")
    assert class_names(iris.network, iris.data) == ("setosa", "versicolor", "virginica")


def test_an_autoencoder_shows_its_code_first():
    data = "inputs = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]\ntargets = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]"
    plan, canvas, headers = drawn(data, units=3)
    assert code_layer(plan.network, plan.data) == 0
    assert canvas.value(3, headers["a_h1"]) == "code"
    assert headers["a_h1"] < headers["1"]


def test_a_confusion_matrix_counts_pairs():
    found = confusion(np.array([0.0, 0.0, 1.0, 2.0]), np.array([0.0, 2.0, 1.0, 2.0]), 3)
    assert found.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]


def test_a_single_sample_has_no_such_sheet():
    plan = Plan.of(template.load("era-v1").with_training(iterations=1))
    assert PREDICTIONS not in [canvas.name for canvas in compose(plan)]


@pytest.mark.parametrize(("samples", "fraction"), [(3000, 0.1), (3000, 0.9), (200, 0.5)])
def test_of_many_samples_the_first_are_listed(samples, fraction):
    rows = ", ".join(f"[{at}, 1, 0]" for at in range(samples))
    targets = ", ".join("[1, 0]" for _ in range(samples))
    many = parsed(f"inputs = [{rows}]\ntargets = [{targets}]\ntest_fraction = {fraction}")
    extent = Extent.of(many)
    bound = MOST_FORMULAS // formulas_of_sample(many)
    assert extent.all == min(samples, MOST_SAMPLES, bound)
    assert extent.training <= many.data.samples
    assert 0 < extent.test <= many.data.test_samples


def test_long_names_are_shortened_on_predictions_and_wrapped_on_data():
    xor = template.load("xor").with_training(iterations=3)
    names = ("wing length of the adult bird in millimetres", "mass")
    plan = Plan.of(replace(xor, data=replace(xor.data, input_labels=names, target_labels=("t",))))
    canvas = data_sheet(plan).canvas
    row, column = next(at for at, cell in canvas.cells.items() if cell.value == names[0])
    assert canvas.cells[row, column].style.wrap
    assert canvas.widths[column] < 20
    assert canvas.heights[row] > 30
    alike = [f"Great northern hooded {size}-billed woodpecker" for size in ("short", "long")]
    classes = ("Southern short-billed woodpecker", *alike)
    shown = ["Southern sho…ecker", "…short-bille…ecker", "…long-billed…ecker"]
    assert called(replace(plan, classes=classes)) == shown
    chinese = "常绿针叶林在高山上生长得很慢很慢"  # each as wide as two letters
    assert called(replace(plan, classes=(chinese, "x"))) == ["常绿针叶林在…很慢", "x"]


def test_the_line_below_the_title_of_data_is_printed_whole():
    canvas = data_sheet(Plan.of(template.load("xor").with_training(iterations=3))).canvas
    last = canvas.print_area[3]
    printed = sum(canvas.widths.get(column, 8.43) for column in range(last + 1))
    assert printed >= len(canvas.value(1, 1))
