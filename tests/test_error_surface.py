"""The error over two weights as a picture, and the path that a training takes there."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from surface_networks import iris, xor
from surface_states import (
    NAMES,
    SATURATED,
    Book,
    built,
    main_picture,
    weights_at,
)

from sheetgen.network.reference import forward, initial
from sheetgen.template import template
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import ERROR_SURFACE, FITTED_CURVE, Plan


def test_one_weight_has_no_error_surface():
    network = "[network]\ninputs = 1\n[[network.layers]]\nunits = 1\nactivation = 'identity'\n"
    rest = "weights = [[1]]\n[data]\ninputs = [[1]]\ntargets = [[2]]\n"
    single = template.parse(f"{network}{rest}[training]\nlearning_rates = [0.1]\niterations = 3\n")
    names = {canvas.name for canvas in compose(Plan.of(single))}
    assert names & set(NAMES) == {FITTED_CURVE}


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
    # From the palest colour to red at least.
    assert bar.limits[2].endswith("0.0000001*MAX(1,$AB$5))")
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
