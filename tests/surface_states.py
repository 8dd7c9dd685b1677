"""Workbooks with a picture of a network over a plane, in states that a user could choose.

All states of a workbook are computed together, when the first of them is wanted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from one_start import Computed

from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.engines import EMBEDDED, Values
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.verification.results import Result
from sheetgen.verification.verify import read_subject, verify_subject
from sheetgen.workbook.build import Built, build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import DECISION_SURFACE, ERROR_SURFACE, FITTED_CURVE, WORKINGS, Plan
from sheetgen.workbook.sheets.proof.proof import as_built
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
inputs = [[1, 20], [2, 10], [4, 40], [3, 35], [1.5, 12], [2, 22], [3, 30], [1, 11], [4, 42]]
targets = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0],
           [0, 0, 1]]
standardize = true
test_fraction = 0.34
[training]
learning_rates = [0.1, 0.4]
iterations = 24
batch_size = 2
shuffle_seed = 3
"""
"""What `iris` has, with few samples: a training and a test set of classes, for several epochs."""
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


Inputs = Mapping[str, float | str]
STATES: dict[str, tuple[str, Inputs]] = {
    "the last iteration": ("xor", {}),
    "a late output": ("xor", {"surface_table": "lr 2", "surface_iteration": 22}),
    "another sample": ("xor", {"i1 of 3": 0.75, "t1 of 3": 0.0}),
    "an error": (
        "xor",
        {"error_table": "lr 2", "error_iteration": 12, "error_across": "w8", "error_down": "b1"},
    ),
    "a path": (
        "xor",
        {"error_table": "lr 0.5", "error_iteration": 5, "error_across": "w2", "error_down": "b4"},
    ),
    **{f"iteration {at}": ("xor", {"surface_iteration": at}) for at in (-1, 0, 24, 25, 7, 7.9)},
    "one sample": ("era-v1", {"i1": 0.3}),
    "a row": ("era-v1", {"error_iteration": 30, "error_across": "w7", "error_down": "w3"}),
    "one weight twice": ("era-v1", {"error_across": "w5", "error_down": "w5"}),
    "many samples": ("iris", {"error_across": "w21", "error_down": "b2"}),
    "many inputs": (
        "iris",
        {
            "surface_across": "i4: petal_width",
            "surface_up": "i1: sepal_length",
            "surface_sample": 71,
            "surface_output": "a_o2: versicolor",
            "surface_iteration": 18,
        },
    ),
    "a curve": ("sine", {"surface_iteration": 31, "i1 of 17": 4.0}),  # which was 3
    **{
        f"diverging at {at}": (
            "steep",
            {
                "surface_table": "lr 30",
                "surface_iteration": at,
                "error_table": "lr 30",
                "error_iteration": at,
            },
        )
        for at in (3, 40)
    },
    "all chosen": (
        "softmax",
        {
            "surface_table": "lr 0.4",
            "surface_iteration": 17,
            "surface_output": "a_o3",
            "error_table": "lr 0.4",
            "error_iteration": 9,
            "error_across": "w4",
            "error_down": "b5",
        },
    ),
}


@cache
def sheets(name: str) -> list[Canvas]:
    """The sheets of a template's workbook as it is built."""
    return compose(Plan.of(of(name)))


def changes(name: str, inputs: Inputs) -> dict[str, dict[tuple[int, int], float | str]]:
    """The cells of a template's workbook that have these inputs."""
    found: dict[str, dict[tuple[int, int], float | str]] = {}
    for canvas in sheets(name):
        for key in inputs.keys() & canvas.inputs.keys():
            found.setdefault(canvas.name, {})[canvas.inputs[key]] = inputs[key]
    return found


@dataclass(frozen=True)
class Book:
    """A workbook, the inputs that are changed in it, and what an engine makes of it."""

    path: Path
    source: Template
    values: Values
    inputs: Inputs = field(default_factory=dict)
    unchanged: Sequence[Canvas] = ()
    """Its sheets with the inputs as they were built, where those are known."""

    @cached_property
    def plan(self) -> Plan:
        plan = Plan.of(self.source)
        if not self.inputs:
            return plan
        canvases = self.unchanged or compose(plan)
        every = {key: c.value(*at) for c in canvases for key, at in c.inputs.items()}
        return plan.with_values(every | self.inputs)

    @cached_property
    def canvases(self) -> Sequence[Canvas]:
        if self.unchanged and not self.inputs:
            return self.unchanged
        return compose(self.plan, as_built(self.unchanged))

    @cached_property
    def _result(self) -> Result:
        subject = replace(read_subject(self.path), plan=self.plan, canvases=self.canvases)
        (result,) = verify_subject(subject, [Computed(self.values)], perturbations=0)
        return result

    @property
    def wrong(self) -> list[str]:
        """What `verify` finds wrong with the sheets of pictures and the cells behind them."""
        shown = [sheet for sheet in self._result.sheets if sheet.sheet in (*NAMES, WORKINGS)]
        assert len(shown) == 3
        return [str(each) for sheet in shown for each in sheet.findings]

    @property
    def wrong_anywhere(self) -> list[str]:
        """What `verify` finds wrong with any sheet."""
        return [str(each) for sheet in self._result.sheets for each in sheet.findings]

    def canvas(self, name: str) -> Canvas:
        (found,) = (canvas for canvas in self.canvases if canvas.name == name)
        return found

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


def built(source: Template, path: Path) -> Book:
    """The workbook of a template."""
    build_workbook(source, path)
    return Book(path, source, EMBEDDED.recalculate(path))


def weights_at(book: Book, tab: str, iteration: int) -> dict[str, float]:
    """All weights and biases in a row of a training table, as the engine computed them."""
    cells = book.values[tab]
    row = next(row for (row, _), value in cells.items() if value == "iteration")
    return {
        str(value): float(cells[row + 1 + iteration, column])
        for (at, column), value in cells.items()
        if at == row and column >= FIRST_COLUMN
    }


class States:
    """The workbooks of templates, each built once, and their states."""

    def __init__(self, built_once: Callable[[str, Template], Built]) -> None:
        self._built_once, self._known = built_once, dict[str, Book]()

    def path(self, name: str) -> Path:
        """The workbook of a template, which is not to be written to."""
        return self._built_once(f"surfaces of {name}", of(name)).saved.path

    def __call__(self, key: str) -> Book:
        """The state of that name in STATES."""
        name, _ = STATES[key]
        if key not in self._known:
            states = {key: inputs for key, (each, inputs) in STATES.items() if each == name}
            cases = [changes(name, inputs) for inputs in states.values()]
            found = EMBEDDED.recalculate_changed(self.path(name), cases)
            for (each, inputs), values in zip(states.items(), found, strict=True):
                self._known[each] = Book(self.path(name), of(name), values, inputs, sheets(name))
        return self._known[key]
