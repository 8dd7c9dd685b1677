"""The workbook is alive: what a user types into an input changes all that depends on it.

Inputs are changed in the file, the embedded engine recalculates it, and the results are compared
with a training by the reference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import sigmoid_network, trained, with_sample

from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.agreement import same_text
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Engine, Values
from sheetgen.template.template import Template
from sheetgen.verification.verify import read_subject, verify
from sheetgen.workbook.build import Built, build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets.proof.proof import as_built

IRONCALC = engines.engine("ironcalc")
RATES = ["lr 0.1", "lr 0.2", "lr 0.5", "lr 0.8", "lr 1", "lr 2"]
ITERATIONS = np.arange(101)


@dataclass(frozen=True)
class Recalculated:
    """What the engine makes of a workbook."""

    values: Values

    def at(self, sheet: str, right_of: str) -> Value:
        """The cell to the right of a text; every other empty cell is passed over."""
        cells = self.values[sheet]
        ((row, left),) = (place for place, value in cells.items() if value == right_of)
        return cells[min(place for place in cells if place[0] == row and place[1] > left)]

    def column(self, sheet: str, header: str) -> np.ndarray:
        """The numbers of all iterations under a table's header, helpers on the right apart."""
        cells = self.values[sheet]
        (row,) = (place[0] for place, value in cells.items() if value == "iteration")
        column = min(at for (line, at), value in cells.items() if (line, value) == (row, header))
        return np.array([cells[row + 1 + iteration, column] for iteration in ITERATIONS])

    def texts(self, sheet: str) -> set[str]:
        return {value.strip() for value in self.values[sheet].values() if isinstance(value, str)}

    def differs(self, other: "Recalculated") -> set[str]:
        """The sheets of which any cell differs."""
        return {name for name in self.values if self.values[name] != other.values[name]}


SEVERAL = {"i1": -0.4, "w1": 1.5, "t1": 0.6, "learning_rate_6": 4.0}
TYPED: list[tuple[str, dict[str, float]]] = [
    *(("Inputs", {symbol: 0.7}) for symbol in ("i1", "t2", "w3", "w8")),
    ("Inputs", {"learning_rate_2": 0.3}),
    ("Inputs", SEVERAL),
    ("Overview", {"moment_iteration": 40.0}),
    ("Playground", {"learning_rate": 3.0}),
    ("Learning rates", {"threshold": 0.1}),
    ("Gradient check", {"epsilon": 0.5}),
]
"""The sheets and inputs into which numbers are typed."""


@pytest.fixture(scope="session")
def typed(era_v1: Built) -> Callable[..., Recalculated]:
    """A function that returns what the engine makes of one of TYPED; without any, of the file.

    The workbook is loaded once for all of them.
    """
    places = {canvas.name: canvas.inputs for canvas in compose(era_v1.plan)}
    cases = [
        {sheet: {places[sheet][key]: number for key, number in numbers.items()}}
        for sheet, numbers in TYPED
    ]
    values = IRONCALC.recalculate_changed(era_v1.saved.path, [{}, *cases])
    found = dict(zip([frozenset(), *(frozenset(each.items()) for _, each in TYPED)], values,
                     strict=True))  # fmt: skip
    return lambda **numbers: Recalculated(found[frozenset(numbers.items())])


@pytest.fixture(scope="session")
def untouched(typed: Callable[..., Recalculated]) -> Recalculated:
    return typed()


def errors(source: Template, rate: float) -> np.ndarray:
    """E_total at every iteration, by the reference."""
    return trained(source, rate, 100)["E_total"]


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.all(np.abs(found - expected) <= 1e-12))


CHANGES: dict[str, Callable[[Template], Template]] = {
    "i1": lambda era: with_sample(era, inputs=(0.7, era.data.inputs[0][1])),
    "t2": lambda era: with_sample(era, targets=(era.data.targets[0][0], 0.7)),
    "w3": lambda era: replace(era, network=era.network.with_parameters({"w3": 0.7})),
    "w8": lambda era: replace(era, network=era.network.with_parameters({"w8": 0.7})),
}


@pytest.mark.slow
@pytest.mark.parametrize("symbol", CHANGES)
def test_an_input_changes_the_training_on_every_sheet(symbol, era_v1, typed, untouched):
    changed = CHANGES[symbol](era_v1.plan.template)
    found = typed(**{symbol: 0.7})
    sheets = dict(zip(RATES, changed.learning_rates, strict=True))
    for name, rate in (sheets | {"Playground": era_v1.plan.controls.learning_rate}).items():
        assert close(found.column(name, "E_total"), errors(changed, rate))
        assert not close(found.column(name, "E_total"), untouched.column(name, "E_total"))


@pytest.mark.parametrize("symbol", CHANGES)
def test_an_input_changes_the_comparison_of_the_rates(symbol, era_v1, typed):
    changed = CHANGES[symbol](era_v1.plan.template)
    found = typed(**{symbol: 0.7})
    for rate in changed.learning_rates:
        assert close(found.column("Learning rates", f"η = {rate:g}"), errors(changed, rate))


@pytest.mark.parametrize("symbol", CHANGES)
def test_the_gradient_check_follows_an_input_and_still_passes(symbol, era_v1, typed, untouched):
    changed = CHANGES[symbol](era_v1.plan.template)
    found = typed(**{symbol: 0.7})
    start = trained(changed, 0.1, 1)
    cells, before = found.values["Gradient check"], untouched.values["Gradient check"]
    for row, edge in enumerate(changed.network.connections, start=8):
        gradient = start[edge.gradient][0]
        analytic, closed, central = (cells[row, column] for column in (3, 4, 5))
        assert cells[row, 1] == edge.gradient
        assert analytic == pytest.approx(gradient, rel=1e-12)
        assert closed == pytest.approx(gradient, rel=1e-12)
        assert central == pytest.approx(gradient, rel=1e-6)
        assert cells[row, 9] == "PASS"
    assert [cells[row, 3] for row in range(8, 16)] != [before[row, 3] for row in range(8, 16)]
    assert found.at("Gradient check", "all weights") == "PASS"


def test_the_diagram_shows_the_weight_that_was_typed_and_the_activations_it_leads_to(
    era_v1, typed, untouched
):
    changed = CHANGES["w8"](era_v1.plan.template)
    found = typed(w8=0.7)
    start = trained(changed, 0.1, 1)
    label = f"a_o2\n{round(start['a_o2'][0], 4):g}"
    assert {"w8 = 0.7000", label} <= found.texts("Workings")
    assert not {"w8 = 0.7000", label} & untouched.texts("Workings")


def test_the_moment_that_overview_chooses_is_explained_on_every_sheet(era_v1, typed, untouched):
    found = typed(moment_iteration=40.0)
    assert found.differs(untouched) == {
        "Overview", "Derivation", "Gradient check", "Matrices", "Proof", "Workings"
    }  # fmt: skip
    row = {symbol: values[40] for symbol, values in era_v1.plan.trace_of("lr 0.8").values.items()}
    cells = found.values["Gradient check"]
    for at, edge in enumerate(era_v1.plan.network.connections, start=8):
        assert cells[at, 2] == pytest.approx(row[edge.name], abs=1e-12)
        for way in (3, 4):
            assert cells[at, way] == pytest.approx(row[edge.gradient], abs=1e-12)
        assert cells[at, 9] == "PASS"
    words = "iteration 40 of lr 0.8"
    for sheet in ("Overview", "Derivation", "Gradient check"):
        assert any(words in text for text in found.texts(sheet))
    assert f"a_o1\n{round(row['a_o1'], 4):g}" in found.texts("Workings")


def test_a_learning_rate_changes_its_own_sheet_and_no_other_training(era_v1, typed, untouched):
    found = typed(learning_rate_2=0.3)
    assert close(found.column("lr 0.2", "E_total"), errors(era_v1.plan.template, 0.3))
    assert found.differs(untouched) == {
        "Overview", "Inputs", "lr 0.2", "Learning rates", "Proof", "Workings"
    }  # fmt: skip


def test_a_learning_rate_changes_its_own_column_in_the_comparison(era_v1, typed, untouched):
    found = typed(learning_rate_2=0.3)
    assert close(found.column("Learning rates", "iteration"), ITERATIONS)
    assert "η = 0.2" not in found.texts("Learning rates")
    assert {"η = 0.3", "η = 0.1"} <= found.texts("Learning rates")
    table, before = found.values["Learning rates"], untouched.values["Learning rates"]
    headers = {before[4, column]: column for column in range(9, 15)}
    for header, column in headers.items():
        same = all(table[row, column] == before[row, column] for row in range(4, 106))
        assert same == (header != "η = 0.2")
    changed = [table[row, headers["η = 0.2"]] for row in range(5, 106)]
    assert close(np.array(changed), errors(era_v1.plan.template, 0.3))


def test_a_sheet_says_when_its_rate_is_not_the_tabs_any_more(typed, untouched):
    found = typed(learning_rate_2=0.3)
    heading = (0, 0)
    assert untouched.values["lr 0.2"][heading] == "Learning rate η = 0.2"
    assert found.values["lr 0.2"][heading] == (
        "Learning rate η = 0.3   (the tab was named for η = 0.2)"
    )


def test_the_playgrounds_learning_rate_changes_the_playground_only(era_v1, typed, untouched):
    found = typed(learning_rate=3.0)
    assert close(found.column("Playground", "E_total"), errors(era_v1.plan.template, 3.0))
    assert found.differs(untouched) == {"Overview", "Playground", "Proof", "Workings"}


def test_the_summary_names_the_first_iteration_below_the_threshold(era_v1, typed):
    found = typed(threshold=0.1).values["Learning rates"]
    (row,) = (row for (row, _), value in found.items() if value == "first iteration below")
    (column,) = (at for (_, at), value in found.items() if value == "first iteration below")
    for offset, rate in enumerate(era_v1.plan.template.learning_rates, start=1):
        below = np.flatnonzero(errors(era_v1.plan.template, rate) < 0.1)
        expected = below[0] if len(below) else "not reached"
        assert found[row + offset, column] == expected
    assert found[row + 1, column] == "not reached"  # the smallest rate, so both are seen
    assert found[row + 6, column] > 0


def test_a_central_difference_too_coarse_to_agree_is_said_to_fail(typed, untouched):
    found = typed(epsilon=0.5)
    assert found.at("Gradient check", "all weights") == "FAIL"
    assert "FAIL" in found.texts("Overview")
    assert "FAIL" not in untouched.texts("Overview")
    assert found.differs(untouched) == {"Gradient check", "Overview", "Proof", "Workings"}


def test_several_changes_at_once_are_what_the_plan_expects_of_every_cell(era_v1, typed):
    values = inputs(compose(era_v1.plan)) | SEVERAL
    found = typed(**SEVERAL)
    built = as_built(compose(era_v1.plan))
    for canvas in compose(era_v1.plan.with_values(values), built):
        for row, column, _, expected in canvas.promised():
            value = found.values[canvas.name][row, column]
            if isinstance(expected, str):
                assert same_text(expected, value)
            else:
                scale = canvas.scales.get((row, column), 1.0)
                assert value == pytest.approx(expected, rel=1e-12, abs=1e-12 * scale)


def inputs(canvases: list[Canvas]) -> dict[str, float | str]:
    return {
        key: canvas.value(*place) for canvas in canvases for key, place in canvas.inputs.items()
    }


# Networks other than the seeds'


def assert_verified(path: Path, source: Template, engines: Sequence[Engine], moved: int) -> None:
    """`verify` finds nothing wrong with the workbook of a template, whose formulas it counts."""
    results = verify(build_workbook(source, path).saved.path, engines, perturbations=moved)
    formulas = sum(1 for canvas in compose(Plan.of(source)) for _ in canvas.promised())
    assert [result.formulas for result in results] == [formulas] * len(engines) * (moved + 1)
    wrong = [str(each) for result in results for sheet in result.sheets for each in sheet.findings]
    assert not wrong, "\n".join([source.source, *wrong[:5]])


def waves(*sizes: int) -> Template:
    """A network with these numbers of inputs and units, its weights spread over [-1, 1]."""
    matrices = [
        np.sin(np.arange(fan_in * units) + layer).reshape(units, fan_in).round(3).tolist()
        for layer, (fan_in, units) in enumerate(pairwise(sizes))
    ]
    sample, target = np.linspace(0.1, 0.9, sizes[0]), np.linspace(0.8, 0.2, sizes[-1])
    return sigmoid_network(matrices, sample.round(3).tolist(), target.round(3).tolist())


# test_any_network has random networks, test_data_sets the built-in ones, in LibreOffice too.
@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(2, 2), (4, 5, 3)], ids=["no hidden layer", "larger"])
def test_the_workbook_of_another_network_is_verified(tmp_path, sizes):
    assert_verified(tmp_path / "another.xlsx", waves(*sizes), [IRONCALC], 1)


# At the edges


def test_a_saturated_unit_is_0_in_every_engine_and_not_an_error(tmp_path, every_engine):
    """EXP(-z) passes the numbers of a spreadsheet where z < -709."""
    saturated = sigmoid_network([[[-1000.0]], [[0.5]]], [1.0], [0.5], 0.5, 2)
    assert_verified(tmp_path / "saturated.xlsx", saturated, every_engine, 0)


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", [1e-2, 1e-6])
def test_a_workbook_is_verified_whatever_epsilon_a_person_chose(small, tmp_path, epsilon):
    (canvas,) = (e for e in read_subject(small).canvases if e.name == "Gradient check")
    path = tmp_path / "epsilon.xlsx"
    write_changed(small, path, {"Gradient check": {canvas.inputs["epsilon"]: epsilon}})
    (result,) = verify(path, [IRONCALC], perturbations=0)
    assert result.passed, [str(each) for sheet in result.sheets for each in sheet.findings][:3]
