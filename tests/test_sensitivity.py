"""Where rounding grows, two right programs part: `verify` tells that from a wrong formula."""

import re
import shutil

import numpy as np
import pytest
from conftest import held, put, sheetgen

from sheetgen.network.rounding import MOVE
from sheetgen.spreadsheet import engines
from sheetgen.template import template
from sheetgen.verification.sensitivity import Sensitivity
from sheetgen.verification.verify import verify
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan

PRODUCT = """
[network]
inputs = 1
[[network.layers]]
units = 1
activation = "tanh"
weights = [[0.3]]
[[network.layers]]
units = 1
activation = "identity"
weights = [[0.5]]
[data]
inputs = [[1]]
targets = [[1]]
[training]
learning_rates = [{rates}]
iterations = {iterations}
"""
"""o = w2·tanh(w1·i): for a target of 1 it is chaotic from a rate of 2.86 on, and then diverges."""

KINK = """
[network]
inputs = 3
[[network.layers]]
units = 1
activation = "relu"
weights = [[0.1, 0.2, -0.3]]
[[network.layers]]
units = 1
activation = "identity"
weights = [[0.5]]
[data]
inputs = [[1, 1, 1]]
targets = [[1]]
[training]
learning_rates = [0.1]
iterations = 3
"""
"""0.1 + 0.2 − 0.3 is 5.6e-17 in NumPy, and 0 where a spreadsheet takes a tiny sum for 0."""

SATURATED = """
[network]
inputs = 2
[[network.layers]]
units = 2
activation = "tanh"
weights = [[10, 10], [10, 10]]
[[network.layers]]
units = 2
activation = "identity"
weights = [[10, 10], [10, 10]]
[data]
inputs = [[0.3, 0.7]]
targets = [[5, -3]]
[training]
learning_rates = [0.5, 50]
iterations = 10
"""
"""tanh 10 is 1 − 4e-9: of its slope 1 − a² only half of the digits are left."""

SIGNS = """
[network]
inputs = 1
[[network.layers]]
units = 2
weights = [[10], [10]]
biases = [10, 10]
[[network.layers]]
units = 1
weights = [[10, 10]]
biases = [10]
[data]
inputs = [[1]]
targets = [[0]]
[training]
learning_rates = [0.5]
iterations = 3
"""
"""σ(30) is 1 − 9e-14, so all gradients are about the rounding of 1."""


def product(rates, iterations):
    return template.parse(PRODUCT.format(rates=rates, iterations=iterations))


@pytest.fixture(scope="module")
def chaotic(built_once):
    """A workbook in which rounding grows until it is all that counts."""
    return built_once("chaotic", product("0.1, 2.9", 35)).saved.path


@pytest.fixture(scope="module")
def diverging(built_once):
    """The workbook of a training whose numbers are soon too large for a spreadsheet."""
    return built_once("diverging", product("0.1, 60", 110))


@pytest.fixture(scope="module")
def kink(built_once):
    return built_once("kink", template.parse(KINK))


def findings(results):
    return [str(each) for result in results for sheet in result.sheets for each in sheet.findings]


def test_a_chaotic_training_verifies_in_every_engine(chaotic, engine):
    (result,) = verify(chaotic, [engine], perturbations=0)
    assert findings([result]) == []
    sensitive = {sheet.sheet: sheet.sensitive for sheet in result.sheets}
    assert sensitive["lr 0.1"] == sensitive["Derivation"] == []
    rows = [int(re.sub(r"\D", "", cell)) for cell in sensitive["lr 2.9"]]
    assert not rows or min(row for row in rows if row > 5) > 20, "the first rows are not sensitive"
    assert result.largest_difference <= 1e-12


def test_the_first_sensitive_cell_is_named_in_plain_words(chaotic):
    result = sheetgen("verify", chaotic, "--engine", "ironcalc", "--perturb", 0)
    assert result.exit_code == 0
    line = r"sensitive to rounding: .*\d+ cells on lr 2\.9, the first in [A-Z]+\d+.*: "
    assert re.search(
        rf"^{line}moving the initial weights and the activations by 1e-15",
        result.stderr,
        re.MULTILINE,
    )


def test_build_mentions_it_in_its_one_line(tmp_path):
    source = tmp_path / "chaotic.toml"
    source.write_text(PRODUCT.format(rates="2.9", iterations=35), encoding="utf-8")
    result = sheetgen("build", source, "-o", tmp_path / "book.xlsx")
    assert result.exit_code == 0
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("verified ")]
    assert "; sensitive to rounding: " in line


@pytest.mark.parametrize("row", [8, 30], ids=["early", "chaotic"])
def test_a_wrong_formula_of_a_chaotic_training_is_found(chaotic, tmp_path, row):
    path = shutil.copy(chaotic, tmp_path / "book.xlsx")
    cell = f"P{row}"
    formula = held(path, "lr 2.9", cell).formula
    assert formula.count("*") > 1
    put(path, "lr 2.9", cell, f"={formula}*1.0001")
    (result,) = verify(path, [engines.EMBEDDED], perturbations=0)
    assert any(each.startswith(f"lr 2.9!{cell}: it is off") for each in findings([result]))


@pytest.mark.slow
def test_the_rounding_of_a_saturated_activation_is_recognised(tmp_path):
    """No movement of the weights shows in a, but its last digit does in the slope."""
    path = tmp_path / "saturated.xlsx"
    build_workbook(template.parse(SATURATED), path)
    (result,) = verify(path, [engines.EMBEDDED], perturbations=0)
    assert findings([result]) == []
    sensitive = {sheet.sheet: sheet.sensitive for sheet in result.sheets}
    assert sensitive["lr 50"]
    assert sensitive["lr 0.5"] == sensitive["Derivation"] == []


def test_a_gradient_below_rounding_has_no_sign(tmp_path):
    path = tmp_path / "signs.xlsx"
    build_workbook(template.parse(SIGNS), path)
    (result,) = verify(path, [engines.EMBEDDED], perturbations=0)
    assert findings([result]) == []
    assert not any(sheet.sensitive for sheet in result.sheets)


def test_nothing_is_composed_again_while_all_agrees(small, monkeypatch):
    monkeypatch.setattr(Sensitivity, "_movements", property(lambda _: pytest.fail("no need")))
    assert all(result.passed for result in verify(small, [engines.EMBEDDED]))


def test_moved_plans_start_a_hair_aside():
    plan = Plan.of(product("0.1", 2))
    movement = Sensitivity(plan, compose(plan))
    assert movement.explains("lr 0.1", (6, 6), 0.3, 0.3 + 100 * MOVE, 100 * MOVE)
    assert not movement.explains("lr 0.1", (6, 6), 0.3, 0.3001, 1e-4)
    assert not movement.explains("lr 0.1", (6, 6), 0.3, "#NUM!", 0.0)


def test_a_sum_that_is_0_up_to_rounding_may_fall_on_either_side_of_a_kink(kink, engine):
    assert 0 < kink.plan.traces[0]["h1"][0] < 1e-16
    assert findings(verify(kink.saved.path, [engine], perturbations=0)) == []


def test_a_diverging_training_verifies_and_is_summed_up_in_every_engine(diverging, engine):
    assert not np.isfinite(diverging.plan.traces[1]["E_total"]).all()
    assert findings(verify(diverging.saved.path, [engine], perturbations=0)) == []


def test_the_summaries_and_charts_of_a_diverging_training_go_by_what_is_typed(tmp_path):
    plan = Plan.of(product("0.1, 6", 240))
    assert (plan.controls.moment_table, plan.controls.learning_rate) == ("lr 0.1", 0.1)
    path = build_workbook(plan.template, tmp_path / "diverging.xlsx").saved.path
    put(path, "Learning rates", "D3", 1e-9)
    put(path, "Playground", "B2", 6.0)
    put(path, "Overview", "C5", "lr 6")
    sheets = engines.EMBEDDED.recalculate(path)
    errors = plan.traces[1]["E_total"]
    where = f"diverges from iteration {(np.abs(errors) <= 1e6).sum()} on"
    assert [sheets["Learning rates"][6, at] for at in (1, 2, 3)] == ["diverges", "–", where]
    table = [sheets["Learning rates"][5 + step, 10] for step in range(241)]
    assert [each == "diverges" for each in table] == (~(np.abs(errors) <= 1e6)).tolist()
    playground = sheets["Playground"]
    assert (playground[3, 1], playground[4, 1]) == ("diverges", "–")
    assert str(playground[1, 4]).startswith(f"{where}: ")
    assert str(sheets["Overview"][5, 3]).endswith(f"; {where}")
    workings = sheets["Workings"]
    (row, column) = next(at for at, value in workings.items() if value == "η = 6 diverges")
    curve = [workings[row + 1 + step, column] for step in range(241)]
    bound = max(each for each in curve if isinstance(each, float))
    assert 1.5 * errors[0] <= bound <= 3.1 * errors[0], "no other curve is a line at 0"
    passed = int(np.flatnonzero(~(errors <= bound))[0])
    assert curve[:passed] == pytest.approx(errors[:passed]) and curve[passed] == bound
    assert set(curve[passed + 1 :]) == {"#N/A"}
