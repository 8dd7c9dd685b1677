"""Test samples are evaluated in cells after each epoch, and shown beside the training."""

import re
from functools import cache

import numpy as np
import pytest
from test_predictions import CLASSES, NUMBERS, parsed

from sheetgen.errors import InputError
from sheetgen.network.many_passes import weights_in_row
from sheetgen.network.reference import forward, train
from sheetgen.spreadsheet.address import place_of
from sheetgen.template import template
from sheetgen.verification.verify import verify
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.extent import formulas_of
from sheetgen.workbook.plan import LEARNING_RATES, PLAYGROUND, WORKINGS, Plan
from sheetgen.workbook.shared.curves import TEST_WIDTH
from sheetgen.workbook.shared.epoch_tests import evaluated_formulas, pass_symbols
from sheetgen.workbook.shared.table_cells import FIRST_ROW

TESTED = "test_fraction = 0.34\ntest_seed = 2\nstandardize = true"


@cache
def drawn(data, **network):
    plan = Plan.of(parsed(data, **network))
    return plan, {canvas.name: canvas for canvas in compose(plan)}


def values(sheets, area):
    """Return the values of a column that a chart refers to."""
    sheet, _, cells = area.rpartition("!")
    first, _, last = cells.partition(":")
    (top, column), (bottom, _) = place_of(first), place_of(last or first)
    canvas = sheets[sheet.strip("'")]
    held = {(row, column): cell.value for (row, column), cell in canvas.cells.items()}
    held |= {(row, column): value for row, column, _, value in canvas.promised()}
    return [held[row, column] for row in range(top, bottom + 1)]


def after_each_epoch(plan):
    """Return the weights after each epoch: a longer training has them in its rows."""
    training = plan.training("sgd")
    longer = train(plan.network, training, plan.tabs[0], rows=training.iterations + 2)
    rows = range(training.samples, training.iterations + 2, training.samples)
    return [weights_in_row(plan.network, longer, row) for row in rows]


def passes(plan, parameters):
    samples = zip(plan.data.used_test_inputs(), plan.data.test_targets, strict=True)
    return [forward(plan.network, parameters, sample, target) for sample, target in samples]


def test_the_dashed_curve_is_the_mean_error_of_the_test_samples_after_each_epoch():
    plan, sheets = drawn(CLASSES + TESTED)
    expected = [
        np.mean([each.total_error for each in passes(plan, parameters)])
        for parameters in after_each_epoch(plan)
    ]
    assert len(expected) == 3
    for name in (LEARNING_RATES, plan.variants[0].tab, PLAYGROUND):
        chart = next(each for each in sheets[name].charts if "E_total" in each.titles[1])
        dashed = [each for each in chart.series if each.dash]
        assert values(sheets, dashed[0].y) == pytest.approx(expected, abs=1e-14), name
        assert values(sheets, dashed[0].x) == [1, 2, 3]


def test_the_chart_of_the_accuracy_has_that_of_the_test_samples():
    plan, sheets = drawn(CLASSES + TESTED)
    targets = np.array(plan.data.test_targets).argmax(axis=1)
    expected = []
    for parameters in after_each_epoch(plan):
        outputs = np.array([each.activations[-1] for each in passes(plan, parameters)])
        expected.append(np.mean(outputs.argmax(axis=1) == targets))
    (accuracy,) = [
        each for each in sheets[plan.variants[0].tab].charts if "accuracy" in each.titles
    ]
    assert values(sheets, accuracy.series[1].y) == pytest.approx(expected)
    summary = sheets[LEARNING_RATES]
    found = {cell.value: summary.value(row + 1, column)
             for (row, column), cell in summary.cells.items() if row == FIRST_ROW - 1}  # fmt: skip
    assert found["final test accuracy"] == pytest.approx(expected[-1])


def test_without_classes_there_is_the_error_only():
    _, sheets = drawn(
        NUMBERS + TESTED, loss="half-squared-error", activation="identity", units=1, rate=0.1
    )
    texts = [str(cell.value) for cell in sheets[LEARNING_RATES].cells.values()]
    assert "final test E_total" in texts
    assert "final test accuracy" not in texts


def test_a_row_of_the_table_has_the_weights_after_an_epoch_but_the_last():
    """The training's 12 rows are three epochs of four samples; the thirteenth is not there."""
    _, sheets = drawn(CLASSES + TESTED)
    formulas = " ".join(cell.formula or "" for cell in sheets[WORKINGS].cells.values())
    rows = set(map(int, re.findall(r"'lr 0\.5'!\$(?!B)[A-Z]+\$(\d+)\*", formulas)))
    assert rows == {FIRST_ROW + 1 + 4, FIRST_ROW + 1 + 8}
    assert "Weights after the last row" in [cell.value for cell in sheets[WORKINGS].cells.values()]


def test_a_table_that_goes_on_after_its_last_epoch_has_these_weights_itself():
    source = parsed(CLASSES + TESTED)
    plan = Plan.of(source.with_training(iterations=12))
    workings = next(each for each in compose(plan) if each.name == WORKINGS)
    texts = [cell.value for cell in workings.cells.values()]
    assert "Weights after the last row" not in texts
    assert "Test samples: means after each epoch" in texts


def test_without_test_samples_no_chart_has_their_thin_curve():
    plan, sheets = drawn(CLASSES)
    names = (LEARNING_RATES, plan.variants[0].tab, PLAYGROUND)
    charts = [chart for name in names for chart in sheets[name].charts]
    series = [each for chart in charts for each in chart.series]
    assert series and not any(each.width == TEST_WIDTH for each in series)
    assert not any("test" in chart.description for chart in charts)


@pytest.mark.slow
def test_the_evaluation_follows_changed_inputs(tmp_path):
    """With an optimiser's state, a schedule and a bias that is not trained after the last row."""
    source = parsed(CLASSES + TESTED).source
    recipe = "optimizer = 'adam'\nschedule = 'cosine'\nbatch_size = 3"
    fixed = source.replace("biases = true", "biases = true\ntrain_biases = false")
    build_workbook(template.parse(fixed.replace("batch_size = 2", recipe)), tmp_path / "book.xlsx")
    assert all(each.passed for each in verify(tmp_path / "book.xlsx", perturbations=1))


def test_the_number_of_formulas_is_known_before():
    plan, sheets = drawn(CLASSES + TESTED)
    cells, training = sheets[WORKINGS].cells, plan.training("sgd")
    ((row, left),) = [at for at, cell in cells.items() if cell.value == "table"]
    block = range(left, left + 3 + len(pass_symbols(plan.network, training)))
    written = [at for at, cell in cells.items() if cell.formula and at[1] in block and at[0] > row]
    assert len(written) == evaluated_formulas(plan.network, training, tables=2)


def test_more_passes_than_a_worksheet_has_rows_are_refused():
    rows = ", ".join(f"[{at}]" for at in range(1200))
    many = template.parse(
        f"""
        [network]
        inputs = 1
        [[network.layers]]
        units = 1
        weights = [[1]]
        [data]
        inputs = [{rows}]
        targets = [{rows}]
        test_fraction = 0.998
        [training]
        learning_rates = [0.1]
        iterations = 2000
        """
    )
    with pytest.raises(InputError, match=r"the test samples need 2,396,000 rows, one after each"):
        formulas_of(many)
