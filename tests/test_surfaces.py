"""The sheets that show a network as a picture: its output, and its error, all over a plane.

States are set through the file's inputs, as a user sets them. What the engines make of it is
compared with the reference by `verify`, and here with PyTorch.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from surface_states import (
    NAMES,
    SATURATED,
    STATES,
    Book,
    States,
    changes,
    main_picture,
    of,
    sheet,
    sheets,
)

from sheetgen.network.many_passes import run
from sheetgen.network.reference import forward, initial
from sheetgen.spreadsheet.charts import round_ends
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.verification.verify import verify
from sheetgen.workbook.build import Built, build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import DECISION_SURFACE, ERROR_SURFACE, FITTED_CURVE, Plan
from sheetgen.workbook.shared.grid import OFF
from sheetgen.workbook.shared.moment import parameters_at
from sheetgen.workbook.sheets import fitted_curve
from sheetgen.workbook.sheets.training_table import FIRST_COLUMN


@pytest.fixture(scope="module")
def state(built_once: Callable[[str, Template], Built]) -> States:
    """A function that returns a state of STATES; its `path` is the workbook of a template."""
    return States(built_once)


def built(source: Template, path: Path) -> Book:
    """The workbook of a template."""
    build_workbook(source, path)
    return Book(path, source, EMBEDDED.recalculate(path))


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


def test_one_weight_has_no_error_surface():
    network = "[network]\ninputs = 1\n[[network.layers]]\nunits = 1\nactivation = 'identity'\n"
    rest = "weights = [[1]]\n[data]\ninputs = [[1]]\ntargets = [[2]]\n"
    single = template.parse(f"{network}{rest}[training]\nlearning_rates = [0.1]\niterations = 3\n")
    names = {canvas.name for canvas in compose(Plan.of(single))}
    assert names & set(NAMES) == {FITTED_CURVE}


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


def libreoffice_shows_a_chosen_state(state, libreoffice):
    """Run by test_libreoffice."""
    name, inputs = STATES["all chosen"]
    (values,) = libreoffice.recalculate_changed(state.path(name), [changes(name, inputs)])
    assert replace(state("all chosen"), values=values).wrong == []
    assert state("all chosen").wrong == []


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


def weights_at(book: Book, tab: str, iteration: int) -> dict[str, float]:
    """All weights and biases in a row of a training table, as the engine computed them."""
    cells = book.values[tab]
    row = next(row for (row, _), value in cells.items() if value == "iteration")
    return {
        str(value): float(cells[row + 1 + iteration, column])
        for (at, column), value in cells.items()
        if at == row and column >= FIRST_COLUMN
    }


def xor(weights: Mapping[str, float], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The 2-3-1 network's last pre-activation in PyTorch, its weights read from the columns."""
    hidden = [
        torch.tanh(
            weights[f"w{2 * unit + 1}"] * x
            + weights[f"w{2 * unit + 2}"] * y
            + weights[f"b{unit + 1}"]
        )
        for unit in range(3)
    ]
    return sum(weights[f"w{7 + unit}"] * a for unit, a in enumerate(hidden)) + weights["b4"]


@pytest.mark.slow
def test_the_decision_surface_is_pytorch_s(state):
    book = state("a late output")
    x, y = (torch.tensor(axis) for axis in book.axes(DECISION_SURFACE))
    weights = weights_at(book, "lr 2", 22)
    expected = torch.sigmoid(xor(weights, x[None, :], y[:, None]))
    np.testing.assert_allclose(book.square(DECISION_SURFACE), expected.numpy(), atol=1e-12)
    assert (x[0], x[-1], y[0], y[-1]) == (-0.25, 1.25, -0.25, 1.25)  # a quarter around 0 … 1


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
    np.testing.assert_allclose([x[0], x[-1], y[0], y[-1]], [-0.7, 1.3, -0.9, 1.1])


def test_the_error_surface_is_pytorch_s(state):
    book = state("an error")
    across, up = book.axes(ERROR_SURFACE)
    found, weights = book.square(ERROR_SURFACE), weights_at(book, "lr 2", 12)
    inputs, targets = torch.tensor(book.plan.data.inputs), torch.tensor(book.plan.data.targets)
    for column, w8 in enumerate(across):
        for row, b1 in enumerate(up):
            z = xor({**weights, "w8": w8, "b1": b1}, *inputs.double().T)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(z, targets[:, 0].double())
            assert found[row, column] == pytest.approx(loss.item(), abs=1e-12)


def error_here(book: Book) -> float:
    """What `Error surface` says of the chosen iteration."""
    cells = book.values[ERROR_SURFACE]
    row = next(row for (row, _), text in cells.items() if text == "E_total at this iteration")
    return float(cells[row, 2])


def test_the_error_at_a_moment_is_that_of_its_row(state):
    book = state("a row")
    tab = book.plan.controls.error_table
    assert error_here(book) == pytest.approx(weights_at(book, tab, 30)["E_total"], abs=1e-15)


def test_the_path_is_that_of_the_training(state):
    book = state("a path")
    columns = [
        np.array(book.behind(ERROR_SURFACE, "The path of the training", name))
        for name in ("iteration", "x", "y")
    ]
    iterations, *positions = columns
    assert (iterations[0], iterations[-2], iterations[-1]) == (0, 24, 5)
    for name, axis, position in zip(("w2", "b4"), book.axes(ERROR_SURFACE), positions, strict=True):
        values = axis[0] + (position - 0.5) * (axis[1] - axis[0])
        expected = [weights_at(book, "lr 0.5", int(k))[name] for k in iterations]
        np.testing.assert_allclose(values, expected, atol=1e-12)
        assert 0 < position.min() < position.max() < len(axis)
    steps = [axis[1] - axis[0] for axis in book.axes(ERROR_SURFACE)]
    assert steps[0] == pytest.approx(steps[1])


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


def test_the_error_surface_opens_where_the_path_ends(state):
    book = state("the last iteration")
    path = [book.behind(ERROR_SURFACE, "The path of the training", name) for name in "xy"]
    assert [each[-1] for each in path] == [each[-2] for each in path]  # the moment is the last
    errors = book.square(ERROR_SURFACE)
    start, end = (tuple(int(each[at]) for each in reversed(path)) for at in (0, -1))
    assert errors[end] < errors[start]
    assert errors[end] == pytest.approx(error_here(book), abs=1e-15)  # it is a point of the grid


def mean_error(plan: Plan, iteration: int, places: Sequence[int] = (), **moved: int) -> float:
    """The mean error at an iteration of all samples, or of some; `moved` weights are at another."""
    trace = plan.trace_of(plan.controls.error_table)
    rows = {name: moved.get(name, iteration) for name in plan.network.values}
    network = plan.network.with_parameters({name: trace[name][rows[name]] for name in rows})
    inputs, targets = plan.data.used_inputs(), plan.data.targets
    errors = [
        sum(forward(network, initial(network), inputs[place].tolist(), targets[place]).errors)
        for place in places or range(plan.data.samples)
    ]
    return float(np.mean(errors))


def test_the_path_of_the_two_weights_shown_at_first_descends():
    """All other weights are those of the end; of the sine the first two would climb half way."""
    plan = Plan.of(template.load("sine"))
    last = int(plan.controls.error_iteration)
    names = plan.controls.error_across, plan.controls.error_down
    errors = [mean_error(plan, last, **dict.fromkeys(names, k)) for k in range(0, last + 1, 104)]
    assert len(errors) == 9
    assert np.diff(errors).max() < 0.001 * (errors[0] - errors[-1])


def test_some_samples_stand_for_all():
    """Of the flowers 13 of 120 are shown: their mean error is that of all, at both ends."""
    plan = Plan.of(template.load("iris"))
    for iteration in (0, plan.template.iterations):
        some = mean_error(plan, iteration, plan.telling_samples[:13])
        assert some == pytest.approx(mean_error(plan, iteration), rel=0.02)


def test_weights_that_hardly_move_have_ticks_that_differ_and_colours_that_say_so(tmp_path):
    """Saturated units: the path is a point, and all errors on the picture are practically one."""
    book = built(template.parse(SATURATED), tmp_path / "saturated.xlsx")
    assert book.wrong == []
    across, _ = book.axes(ERROR_SURFACE)
    assert across[-1] - across[0] == pytest.approx(0.012)  # a thousandth of the weight
    assert "E_total is the same everywhere on this picture" in book.values[ERROR_SURFACE].values()
    canvas = book.canvas(ERROR_SURFACE)
    (bar,) = (each for each in canvas.heat_maps if each.place != main_picture(canvas))
    spread = book.square(ERROR_SURFACE).max() - book.square(ERROR_SURFACE).min()
    assert bar.limits[2].endswith("1E-7*MAX(1,$AB$5))")  # from the palest colour to red at least
    assert spread < 0.01 * 1e-7
    beside = [book.values[ERROR_SURFACE].get((row, bar.place[3] + 1), "") for row in range(4, 25)]
    assert [each for each in beside if each != ""] == [pytest.approx(0.125)]  # one number


@pytest.mark.slow
def test_one_weight_chosen_twice_is_said(state):
    book = state("one weight twice")
    assert "choose two different ones" in book.values[ERROR_SURFACE].values()
    found = book.square(ERROR_SURFACE)
    assert (found == found[0]).all()  # the weight across counts
    assert len(set(found[0])) > 1
    assert book.wrong == []


def iris(weights: Mapping[str, float], x: torch.Tensor) -> torch.Tensor:
    """The logits of the 4-5-3 network in PyTorch, its weights read from the columns."""
    numbers = torch.tensor([weights[f"w{k}"] for k in range(1, 36)], dtype=torch.float64)
    biases = torch.tensor([weights[f"b{k}"] for k in range(1, 9)], dtype=torch.float64)
    hidden = torch.tanh(x @ numbers[:20].view(5, 4).T + biases[:5])
    return hidden @ numbers[20:].view(3, 5).T + biases[5:]


@pytest.mark.slow
def test_with_many_samples_the_mean_error_is_of_some_of_them(state):
    book = state("many samples")
    assert "E_total, the mean of 13 of 120 samples" in book.values[ERROR_SURFACE].values()
    weights = weights_at(book, book.plan.controls.error_table, 20)
    data, chosen = book.plan.data, list(book.plan.telling_samples[:13])
    x, targets = torch.tensor(data.used_inputs()[chosen]), torch.tensor(data.targets)[chosen]
    across, up = book.axes(ERROR_SURFACE)
    found = book.square(ERROR_SURFACE)
    for row, column in ((0, 0), (4, 18), (20, 6)):
        logits = iris({**weights, "w21": across[column], "b2": up[row]}, x)
        loss = torch.nn.functional.cross_entropy(logits, targets.double())
        assert found[row, column] == pytest.approx(loss.item(), abs=1e-12)
    assert found[1, 2] == pytest.approx(found[0:3:2, 2].mean())
    assert found[7, 9] == pytest.approx(found[6:9:2, 8:11:2].mean())


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
