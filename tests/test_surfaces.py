"""The sheets that show a network as a picture: its output, and its error, all over a plane.

States are set through the file's inputs, as a user sets them. What the engines make of it is
compared with the reference by `verify`, and here with PyTorch.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from surface_networks import iris, xor
from surface_states import (
    NAMES,
    STATES,
    built,
    changes,
    main_picture,
    of,
    sheet,
    sheets,
    weights_at,
)

from sheetgen.network.many_passes import run
from sheetgen.network.reference import forward
from sheetgen.spreadsheet.charts import round_ends
from sheetgen.template import template
from sheetgen.verification.verify import verify
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import DECISION_SURFACE, ERROR_SURFACE, FITTED_CURVE, Plan
from sheetgen.workbook.shared.grid import OFF
from sheetgen.workbook.shared.moment import parameters_at
from sheetgen.workbook.sheets import fitted_curve


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("era-v1", {DECISION_SURFACE, ERROR_SURFACE}),
        ("deep", {DECISION_SURFACE, ERROR_SURFACE}),
        ("softmax", {DECISION_SURFACE, ERROR_SURFACE}),
        ("sine", {FITTED_CURVE, ERROR_SURFACE}),
        ("steep", {FITTED_CURVE, ERROR_SURFACE}),
        ("iris", {DECISION_SURFACE, ERROR_SURFACE}),
    ],
)
def test_sheets_are_there_where_they_apply(name, expected):
    assert {canvas.name for canvas in sheets(name)} & set(NAMES) == expected


def test_a_wide_network_has_no_decision_surface():
    wide = template.parse(
        "[network]\ninputs = 2\n[[network.layers]]\nunits = 70\nactivation = 'tanh'\n"
        "init = { scheme = 'xavier-uniform', seed = 1 }\n[[network.layers]]\nunits = 1\n"
        "activation = 'identity'\ninit = { scheme = 'xavier-uniform', seed = 1 }\n"
        "[data]\ninputs = [[1, 2]]\ntargets = [[2]]\n"
        "[training]\nlearning_rates = [0.1]\niterations = 1\n"
    )
    assert DECISION_SURFACE not in {canvas.name for canvas in compose(Plan.of(wide))}


@pytest.mark.parametrize("name", ["era-v1", "xor", "sine", "softmax", "iris"])
def test_no_sheet_has_too_many_formulas(name):
    for canvas in sheets(name):
        if canvas.name in NAMES:
            assert sum(1 for _ in canvas.promised()) < 10_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["softmax", "steep"])
def test_random_states_are_the_reference_s(state, name):
    """Those of the built-in templates are verified by test_verify and test_data_sets."""
    for result in verify(state.path(name)):
        assert result.passed, result.sheets


@pytest.mark.slow
def test_every_sheet_follows_what_is_chosen_in_every_engine(state, every_engine):
    """Classes with a test set; the first engine, IronCalc, is asked for all states at once."""
    name, inputs = STATES["all chosen"]
    (*_, engine) = every_engine
    (values,) = engine.recalculate_changed(state.path(name), [changes(name, inputs)])
    assert replace(state("all chosen"), values=values).wrong_anywhere == []
    assert state("all chosen").wrong_anywhere == []


def test_passes_of_many_samples_are_those_of_one():
    plan = Plan.of(of("softmax"))
    trace = plan.traces[0]
    parameters = parameters_at(plan.network, trace, 7)
    inputs = plan.data.used_inputs()
    sums, activations = run(plan.network, parameters, inputs)
    for place, sample in enumerate(inputs):
        alone = forward(plan.network, parameters, sample.tolist(), plan.data.targets[place])
        np.testing.assert_allclose(sums[-1][place], alone.pre_activations[-1], rtol=1e-14)
        np.testing.assert_allclose(activations[-1][place], alone.activations[-1], rtol=1e-14)


@pytest.mark.slow
def test_the_decision_surface_is_pytorch_s(state):
    book = state("a late output")
    x, y = (torch.tensor(axis) for axis in book.axes(DECISION_SURFACE))
    weights = weights_at(book, "lr 2", 22)
    expected = torch.sigmoid(xor(weights, x[None, :], y[:, None]))
    np.testing.assert_allclose(book.square(DECISION_SURFACE), expected.numpy(), atol=1e-12)
    assert (x[0], x[-1], y[0], y[-1]) == (-0.125, 1.125, -0.125, 1.125)
    assert {0, 0.25, 0.5, 0.75, 1} <= {*x.tolist()}, "there are numbers along the axis"


def test_samples_are_marked_where_they_are_and_for_what_they_are(state):
    book = state("another sample")
    x, y = book.axes(DECISION_SURFACE)
    columns = (("across", 1), ("up, lower", 0), ("up, higher", 0))
    marks = zip(
        *(book.behind(DECISION_SURFACE, "The samples", *column) for column in columns), strict=True
    )
    samples = zip(book.plan.data.inputs, book.plan.data.targets, strict=True)
    for ((i1, i2), (target,)), (across, lower, higher) in zip(samples, marks, strict=True):
        shown, hidden = (lower, higher) if target < 0.5 else (higher, lower)
        assert hidden == OFF
        # Cell k reaches from k to k + 1, and its value is that of its middle.
        assert x[0] + (across - 0.5) * (x[1] - x[0]) == pytest.approx(i1)
        assert y[0] + (shown - 0.5) * (y[1] - y[0]) == pytest.approx(i2)
        assert abs(x[int(across)] - i1) <= (x[1] - x[0]) / 2 + 1e-12


def test_lines_between_cells_stand_on_the_range_of_the_colours():
    # LibreOffice shows but one of several conditional formats that overlap otherwise.
    canvas = sheet(Plan.of(of("xor")), DECISION_SURFACE)
    lines = [rule for rule in canvas.rules if "num_format" not in rule.properties]
    assert {rule.place for rule in lines} == {main_picture(canvas)}
    assert lines[1].formula == "=AND(COLUMN(F5)<26,(F5>=0.5)<>(G5>=0.5))"


@pytest.mark.slow
def test_a_single_sample_has_a_range_around_it(state):
    book = state("one sample")
    x, y = book.axes(DECISION_SURFACE)
    np.testing.assert_allclose([x[0], x[-1], y[0], y[-1]], [-0.375, 0.875, -0.75, 0.75])
    assert book.wrong == []


@pytest.mark.slow
@pytest.mark.parametrize(("pasted", "shown"), [(-1, 0), (25, 24), (7.9, 7)])
def test_an_iteration_that_is_pasted_is_brought_into_the_training(state, pasted, shown):
    """Pasting passes by the validation; a row of 0 would be a whole column to INDEX."""
    place = sheet(Plan.of(of("xor")), DECISION_SURFACE).inputs["surface_iteration"]
    found, expected = (state(f"iteration {at}").values[DECISION_SURFACE] for at in (pasted, shown))
    assert (found[place], expected[place]) == (pasted, shown)
    assert {**found, place: 0} == {**expected, place: 0}


def test_what_is_the_same_everywhere_is_said(tmp_path):
    """Where a unit is dead, nothing depends on its inputs nor on its weights."""
    dead = "[[network.layers]]\nunits = 1\nactivation = 'relu'\nweights = [[-1, -1]]\n"
    last = "[[network.layers]]\nunits = 1\nactivation = 'identity'\nweights = [[1]]\n"
    data = "[data]\ninputs = [[7, 8], [8, 7]]\ntargets = [[2], [3]]\n"
    training = "[training]\nlearning_rates = [0.1]\niterations = 3\n"
    source = template.parse(f"[network]\ninputs = 2\n{dead}{last}{data}{training}")
    book = built(source, tmp_path / "dead.xlsx")
    assert book.wrong == []
    texts = [value for cells in book.values.values() for value in cells.values()]
    assert "a_h1: constant" in texts
    assert "E_total is the same everywhere on this picture" in texts


@pytest.mark.slow
def test_of_many_inputs_two_are_on_the_plane_and_the_others_are_a_samples(state):
    book = state("many inputs")
    weights = weights_at(book, book.plan.controls.surface_table, 18)
    x, y = book.axes(DECISION_SURFACE, "as it is read")
    points = torch.tensor(book.plan.data.used_inputs()[70]).repeat(len(y), len(x), 1)
    points[..., 3], points[..., 0] = torch.tensor(x)[None, :], torch.tensor(y)[:, None]
    expected = torch.softmax(iris(weights, points), dim=-1)[..., 1]
    np.testing.assert_allclose(book.square(DECISION_SURFACE), expected.numpy(), atol=1e-12)
    texts = book.values[DECISION_SURFACE].values()
    assert {"a_o2: versicolor", "i4: petal_width →", "↑ i1"} <= set(texts)
    marked = book.behind(DECISION_SURFACE, "The samples", "across")
    assert marked == [row[3] for row in book.plan.data.inputs]


def test_the_inputs_first_shown_are_those_that_tell_most():
    controls = Plan.of(of("iris")).controls
    assert (controls.surface_across, controls.surface_up) == ("i3: petal_length", "i4: petal_width")


@pytest.mark.slow
def test_the_fitted_curve_is_numpy_s(state):
    book = state("a curve")
    weights = weights_at(book, book.plan.controls.surface_table, 31)
    inputs = np.array(book.plan.data.inputs)[:, 0]
    x = np.array(book.behind(FITTED_CURVE, "The axis", "as it is read"))
    raw = x * inputs.std() + inputs.mean()
    assert {chart.limits[:2] for chart in book.canvas(FITTED_CURVE).charts} == {(-3.5, 3.5)}
    np.testing.assert_allclose([raw[0], raw[-1]], [-3.5, 3.5])  # where the axis ends
    assert fitted_curve.BEYOND in book.values[FITTED_CURVE].values()
    hidden = [np.tanh(weights[f"w{k}"] * x + weights[f"b{k}"]) for k in range(1, 9)]
    expected = sum(weights[f"w{8 + k}"] * a for k, a in enumerate(hidden, start=1)) + weights["b9"]
    title = "The units at the chosen iteration"
    found = book.behind(FITTED_CURVE, title, "output at iteration 31")
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert len(found) == fitted_curve.POINTS


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [
        (-1, 1, (-1.2, 1.2, 0.2)),
        (-1.4, 1.4, (-1.5, 1.5, 0.5)),
        (-7, 93, (-10, 100, 10)),
        (5, 5, (4, 6, 0.5)),
        (1, 1 + 1e-15, (0, 2, 0.5)),
    ],
)
def test_an_axis_ends_at_round_numbers_close_to_the_data(low, high, ends):
    assert round_ends(low, high) == ends


@pytest.mark.slow
@pytest.mark.parametrize("iteration", [3, 40])
def test_a_training_that_diverges_is_no_obstacle(state, iteration):
    book = state(f"diverging at {iteration}")
    assert not math.isfinite(book.plan.trace_of("lr 30")["w1"][-1])
    assert book.wrong == []
    shown = {str(value) for name in NAMES[1:] for value in book.values[name].values()}
    assert not any(value.startswith("#") for value in shown)  # an error, as #NUM!
    said = {3: "the weights diverge: the path ends at iteration 2"}
    assert said.get(iteration, "nothing to show: the training has diverged") in shown
