"""The sheets that show a network as a picture: its output, and its error, all over a plane.

States are set through the file, as a user sets them. What the engines make of it is compared
with the reference by `verify`, and here with PyTorch.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
import torch

from sheetgen.network.reference import forward
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Engine, Values
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.verification.verify import read_subject, verify
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import DECISION_SURFACE, ERROR_SURFACE, FITTED_CURVE, WORKINGS, Plan
from sheetgen.workbook.shared.grid import OFF
from sheetgen.workbook.shared.moment import parameters_at, run
from sheetgen.workbook.sheets import fitted_curve
from sheetgen.workbook.sheets.training_table import FIRST_COLUMN

NAMES = (DECISION_SURFACE, FITTED_CURVE, ERROR_SURFACE)
SOFTMAX = """
[network]
inputs = 2
loss = "cross-entropy"
[[network.layers]]
units = 3
activation = "gelu"
weights = [[0.4, -0.3], [0.2, 0.8], [-0.5, 0.1]]
biases = [0.1, -0.2, 0.3]
train_biases = false
[[network.layers]]
units = 3
activation = "softmax"
weights = [[0.5, -0.4, 0.2], [-0.3, 0.6, 0.1], [0.2, 0.1, -0.7]]
biases = [0, 0.1, 0]
[data]
inputs = [[1, 20], [2, 10], [4, 40], [3, 35], [1.5, 12]]
targets = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]
standardize = true
[training]
learning_rates = [0.1, 0.4]
iterations = 24
batch_size = 2
shuffle_seed = 3
"""
STEEP = """
[network]
inputs = 1
loss = "mean-squared-error"
[[network.layers]]
units = 2
activation = "leaky-relu"
weights = [[0.5], [-1.5]]
[[network.layers]]
units = 2
activation = "identity"
weights = [[1, 0.5], [0.3, -1]]
biases = [0.5, 0]
[data]
inputs = [[1], [-2], [3]]
targets = [[2, 1], [-1, 0.5], [0, 0]]
[training]
learning_rates = [0.05, 30]
iterations = 40
"""
SATURATED = """
[network]
inputs = 1
[[network.layers]]
units = 2
activation = "sigmoid"
weights = [[3], [2]]
biases = [1, 1]
[[network.layers]]
units = 1
activation = "sigmoid"
weights = [[12, 10]]
[data]
inputs = [[1]]
targets = [[0.5]]
[training]
learning_rates = [0.1]
iterations = 4
"""


TEXTS = {"softmax": SOFTMAX, "steep": STEEP}
SHORT = {"era-v1": ([0.5, 2.0], 40), "xor": ([0.5, 2.0], 24), "sine": ([0.2], 34)}


def of(name: str) -> Template:
    """A short training of a template."""
    if name in TEXTS:
        return template.parse(TEXTS[name])
    return template.load(name).with_training(*SHORT.get(name, (None, 20)))


@dataclass(frozen=True)
class Book:
    """A workbook in a state, and what the embedded engine makes of it."""

    path: Path

    @cached_property
    def values(self) -> Values:
        return engines.EMBEDDED.recalculate(self.path)

    @cached_property
    def plan(self) -> Plan:
        return read_subject(self.path).plan

    def canvas(self, name: str) -> Canvas:
        return sheet(self.plan, name)

    def square(self, name: str) -> np.ndarray:
        """The numbers of a sheet's main picture [up, across]."""
        (first, left, last, right) = main_picture(self.canvas(name))
        cells = self.values[name]
        rows, columns = range(last, first - 1, -1), range(left, right + 1)
        return np.array([[cells[at, across] for across in columns] for at in rows])

    def axes(self, name: str, header: str = "value") -> tuple[np.ndarray, np.ndarray]:
        """The values along the axes of a picture, from the workings."""
        return tuple(np.array(self.behind(name, "The axes", header, at)) for at in range(2))

    def behind(self, name: str, title: str, header: str, at: int = 0) -> list[object]:
        """The contents of a column of a block of the workings, the `at`-th with this header."""
        cells = self.values[WORKINGS]
        (first,) = (
            column
            for (row, column), value in cells.items()
            if value == title and cells.get((row + 1, column)) == f"for {name}"
        )
        places = sorted((place for place, value in cells.items() if value == header), key=reverse)
        row, column = [place for place in places if place[1] >= first][at]
        found = []
        while (row := row + 1, column) in cells:
            found.append(cells[row, column])
        return found


def reverse(place: tuple[int, int]) -> tuple[int, int]:
    return place[::-1]


def main_picture(canvas: Canvas) -> tuple[int, int, int, int]:
    """The place of the picture that an overlay is drawn on."""
    (chart,) = (chart for chart in canvas.charts if chart.transparent)
    (place,) = (each.place for each in canvas.heat_maps if each.place[:2] == chart.at)
    return place


def sheet(plan: Plan, name: str) -> Canvas:
    (found,) = (canvas for canvas in compose(plan) if canvas.name == name)
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A function that returns the workbook of a template, which is not to be written to."""
    folder, paths = tmp_path_factory.mktemp("surfaces"), {}

    def build(name: str) -> Path:
        if name not in paths:
            paths[name] = folder / f"{name}.xlsx"
            build_workbook(of(name), paths[name])
        return paths[name]

    return build


@pytest.fixture
def state(built, tmp_path):
    """A function that returns a template's workbook with some of its inputs changed."""

    def change(name: str, **inputs: float | str) -> Book:
        changes: dict[str, dict[tuple[int, int], float | str]] = {}
        for canvas in compose(Plan.of(of(name))):
            for key in inputs.keys() & canvas.inputs.keys():
                changes.setdefault(canvas.name, {})[canvas.inputs[key]] = inputs[key]
        write_changed(built(name), tmp_path / "state.xlsx", changes)
        return Book(tmp_path / "state.xlsx")

    return change


def passes(path: Path, engine: Engine = engines.EMBEDDED, perturbations: int = 0) -> bool:
    """Tell whether verify finds what the reference expects on the sheets of surfaces."""
    results = verify(path, [engine], perturbations)
    shown = (*NAMES, WORKINGS)
    sheets = [part for result in results for part in result.sheets if part.sheet in shown]
    assert [str(each) for part in sheets for each in part.findings] == []
    return len(sheets) == 3 * len(results)


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
    canvases = compose(Plan.of(of(name).with_training(iterations=2)))
    assert {canvas.name for canvas in canvases} & set(NAMES) == expected


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
    for canvas in compose(Plan.of(of(name))):
        if canvas.name in NAMES:
            assert sum(1 for _ in canvas.promised()) < 10_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["era-v1", "xor", "softmax", "steep"])
def test_random_states_are_the_reference_s(built, name):
    assert passes(built(name), perturbations=1)


def test_libreoffice_shows_a_chosen_state(state, libreoffice):
    book = state(
        "softmax",
        surface_table="lr 0.4",
        surface_iteration=17,
        surface_output="a_o3",
        error_table="lr 0.4",
        error_iteration=9,
        error_across="w4",
        error_down="b5",
    )
    assert passes(book.path, libreoffice)


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


def test_the_decision_surface_is_pytorch_s(state):
    book = state("xor", surface_table="lr 2", surface_iteration=22)
    x, y = (torch.tensor(axis) for axis in book.axes(DECISION_SURFACE))
    weights = weights_at(book, "lr 2", 22)
    expected = torch.sigmoid(xor(weights, x[None, :], y[:, None]))
    np.testing.assert_allclose(book.square(DECISION_SURFACE), expected.numpy(), atol=1e-12)
    assert (x[0], x[-1], y[0], y[-1]) == (-0.25, 1.25, -0.25, 1.25)  # a quarter around 0 … 1


def test_samples_are_marked_where_they_are_and_for_what_they_are(state):
    book = state("xor", **{"i1 of 3": 0.75, "t1 of 3": 0.0})
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
    assert lines[1].formula == "=AND(COLUMN(F5)<30,(F5>=0.5)<>(G5>=0.5))"


def test_a_single_sample_has_a_range_around_it(state):
    book = state("era-v1", i1=0.3)
    x, y = book.axes(DECISION_SURFACE)
    np.testing.assert_allclose([x[0], x[-1], y[0], y[-1]], [-0.7, 1.3, -0.9, 1.1])


def test_the_error_surface_is_pytorch_s(state):
    book = state("xor", error_table="lr 2", error_iteration=12, error_across="w8", error_down="b1")
    across, up = book.axes(ERROR_SURFACE)
    found, weights = book.square(ERROR_SURFACE), weights_at(book, "lr 2", 12)
    inputs, targets = torch.tensor(book.plan.data.inputs), torch.tensor(book.plan.data.targets)
    for column, w8 in enumerate(across):
        for row, b1 in enumerate(up):
            z = xor({**weights, "w8": w8, "b1": b1}, *inputs.double().T)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(z, targets[:, 0].double())
            assert found[row, column] == pytest.approx(loss.item(), abs=1e-12)


def test_the_error_at_a_moment_is_that_of_its_row(state):
    book = state("era-v1", error_iteration=30, error_across="w7", error_down="w3")
    cells = book.values[ERROR_SURFACE]
    row = next(row for (row, _), text in cells.items() if text == "E_total at this iteration")
    tab = book.plan.controls.error_table
    assert cells[row, 2] == pytest.approx(weights_at(book, tab, 30)["E_total"], abs=1e-15)


def test_the_path_is_that_of_the_training(state):
    book = state("xor", error_table="lr 0.5", error_iteration=5, error_across="w2", error_down="b4")
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
    book = state("xor", surface_iteration=shown)
    place = book.canvas(DECISION_SURFACE).inputs["surface_iteration"]
    copy = book.path.with_name("pasted.xlsx")
    write_changed(book.path, copy, {DECISION_SURFACE: {place: pasted}})
    found = engines.EMBEDDED.recalculate(copy)[DECISION_SURFACE]
    expected = book.values[DECISION_SURFACE]
    assert {**found, place: 0} == {**expected, place: 0}


def test_what_is_the_same_everywhere_is_said(tmp_path):
    """Where a unit is dead, nothing depends on its inputs nor on its weights."""
    dead = "[[network.layers]]\nunits = 1\nactivation = 'relu'\nweights = [[-1, -1]]\n"
    last = "[[network.layers]]\nunits = 1\nactivation = 'identity'\nweights = [[1]]\n"
    data = "[data]\ninputs = [[7, 8], [8, 7]]\ntargets = [[2], [3]]\n"
    training = "[training]\nlearning_rates = [0.1]\niterations = 3\n"
    path = tmp_path / "dead.xlsx"
    source = template.parse(f"[network]\ninputs = 2\n{dead}{last}{data}{training}")
    build_workbook(source, path)
    assert all(result.passed for result in verify(path, perturbations=1))
    texts = [value for cells in Book(path).values.values() for value in cells.values()]
    assert "a_h1: constant" in texts
    assert "E_total is the same everywhere on this picture" in texts


def test_the_error_surface_opens_where_the_path_ends(built):
    book = Book(built("xor"))
    path = [book.behind(ERROR_SURFACE, "The path of the training", name) for name in "xy"]
    assert [each[-1] for each in path] == [each[-2] for each in path]  # the moment is the last
    errors = book.square(ERROR_SURFACE)
    start, end = (tuple(int(each[at]) for each in reversed(path)) for at in (0, -1))
    assert errors[end] < errors[start]


def test_weights_that_hardly_move_have_ticks_that_differ_and_colours_that_say_so(tmp_path):
    """Saturated units: the path is a point, and all errors on the picture are practically one."""
    path = tmp_path / "saturated.xlsx"
    build_workbook(template.parse(SATURATED), path)
    assert passes(path)
    book = Book(path)
    across, _ = book.axes(ERROR_SURFACE)
    assert across[-1] - across[0] == pytest.approx(0.012)  # a thousandth of the weight
    assert "E_total is the same everywhere on this picture" in book.values[ERROR_SURFACE].values()
    canvas = book.canvas(ERROR_SURFACE)
    (bar,) = (each for each in canvas.heat_maps if each.place != main_picture(canvas))
    low, high = (book.values[ERROR_SURFACE][bar.place[at], bar.place[1]] for at in (2, 0))
    assert (book.square(ERROR_SURFACE) - low).max() < 1e-6 * (high - low)  # all are white


@pytest.mark.slow
def test_one_weight_chosen_twice_is_said(state):
    book = state("era-v1", error_across="w5", error_down="w5")
    assert "choose two different ones" in book.values[ERROR_SURFACE].values()
    found = book.square(ERROR_SURFACE)
    assert (found == found[0]).all()  # the weight across counts
    assert len(set(found[0])) > 1
    assert passes(book.path)


def iris(weights: Mapping[str, float], x: torch.Tensor) -> torch.Tensor:
    """The logits of the 4-5-3 network in PyTorch, its weights read from the columns."""
    numbers = torch.tensor([weights[f"w{k}"] for k in range(1, 36)], dtype=torch.float64)
    biases = torch.tensor([weights[f"b{k}"] for k in range(1, 9)], dtype=torch.float64)
    hidden = torch.tanh(x @ numbers[:20].view(5, 4).T + biases[:5])
    return hidden @ numbers[20:].view(3, 5).T + biases[5:]


def test_with_many_samples_the_mean_error_is_of_some_evenly_chosen(state):
    book = state("iris", error_across="w21", error_down="b2")
    assert "E_total, the mean of 13 of 120 samples" in book.values[ERROR_SURFACE].values()
    weights = weights_at(book, book.plan.controls.error_table, 20)
    data, chosen = book.plan.data, [round(k * 119 / 12) for k in range(13)]
    x, targets = torch.tensor(data.used_inputs()[chosen]), torch.tensor(data.targets)[chosen]
    across, up = book.axes(ERROR_SURFACE)
    found = book.square(ERROR_SURFACE)
    for row, column in ((0, 0), (4, 9), (12, 3)):
        logits = iris({**weights, "w21": across[column], "b2": up[row]}, x)
        loss = torch.nn.functional.cross_entropy(logits, targets.double())
        assert found[row, column] == pytest.approx(loss.item(), abs=1e-12)


def test_of_many_inputs_two_are_on_the_plane_and_the_others_are_a_samples(state):
    book = state(
        "iris",
        surface_across="i4: petal_width",
        surface_up="i1: sepal_length",
        surface_sample=71,
        surface_output="a_o2: versicolor",
        surface_iteration=18,
    )
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


def test_the_fitted_curve_is_numpy_s(state):
    book = state("sine", surface_iteration=31)
    weights = weights_at(book, book.plan.controls.surface_table, 31)
    inputs = np.array(book.plan.data.inputs)[:, 0]
    x = np.array(book.behind(FITTED_CURVE, "The axis", "as it is read"))
    raw = x * inputs.std() + inputs.mean()
    np.testing.assert_allclose([raw[0], raw[-1]], [-3.6, 3.6])
    hidden = [np.tanh(weights[f"w{k}"] * x + weights[f"b{k}"]) for k in range(1, 9)]
    expected = sum(weights[f"w{8 + k}"] * a for k, a in enumerate(hidden, start=1)) + weights["b9"]
    title = "The units at the chosen iteration"
    found = book.behind(FITTED_CURVE, title, "output at iteration 31")
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert len(found) == fitted_curve.POINTS


@pytest.mark.slow
@pytest.mark.parametrize("iteration", [3, 40])
def test_a_training_that_diverges_is_no_obstacle(state, iteration):
    book = state(
        "steep",
        surface_table="lr 30",
        surface_iteration=iteration,
        error_table="lr 30",
        error_iteration=iteration,
    )
    assert not math.isfinite(book.plan.trace_of("lr 30")["w1"][-1])
    assert passes(book.path)
    shown = {str(value) for name in NAMES[1:] for value in book.values[name].values()}
    assert not any(value.startswith("#") for value in shown)  # an error, as #NUM!
    said = {3: "the weights diverge: the path ends at iteration 2"}
    assert said.get(iteration, "nothing to show: the training has diverged") in shown
