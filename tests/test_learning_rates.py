"""`Learning rates` asks for an error that its curves reach, and draws each curve once."""

from dataclasses import replace

import numpy as np
import pytest

from sheetgen.network.training import Training
from sheetgen.template import template
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.threshold import default_threshold, shown_errors

ONE_SAMPLE = Training(template.load("era-v1").data, 2, (0,))


@pytest.mark.parametrize("name", ["sine", "xor", "iris", "era-v1"])
def test_the_default_threshold_is_crossed_by_the_curves_that_are_shown(name):
    plan = Plan.of(template.load(name))
    training = plan.training(plan.template.optimizer)
    curves = [shown_errors(trace, training) for trace in plan.traces]
    threshold = plan.controls.threshold
    assert all(curve[0] > threshold for curve in curves), "none is below from the start"
    assert any(curve[-1] < threshold for curve in curves)


@pytest.mark.parametrize(
    ("curves", "threshold"),
    [
        ([[4, 2, 1]], 2),
        ([[4, 2, 1], [4, 5, 1e9], [4, 1, 1e-9]], 2),
        ([[4, 3, np.nan]], 3.5),
        ([[4, 4, 3.9], [4, 5, 6], [4, 4, 4]], 3.95),
        ([[16, 16, 15.9999]], 15.99995),
        ([[16, 16, 15.999999999], [16, 17, 20]], 8),
        ([[0, 0, 0]], 1e-3),
        ([[1, 0.1, 0]], 0.01),
    ],
)
def test_the_threshold_lies_between_the_start_and_the_middle_one_of_the_ends(curves, threshold):
    traces = [{"E_total": np.array(curve, dtype=float)} for curve in curves]
    assert default_threshold(traces, ONE_SAMPLE) == threshold


def test_an_epoch_that_has_only_begun_is_no_point_of_the_curve():
    data = replace(ONE_SAMPLE.data, inputs=((0.0,) * 2,) * 2, targets=((0.0,) * 2,) * 2)
    errors = {"E_total": np.array([8.0, 4, 2, 1, 0])}
    training = Training(data, 4, (0, 1))
    assert shown_errors(errors, training).tolist() == [6, 1.5]
    assert default_threshold([errors], training) == 3


@pytest.mark.parametrize(("rates", "charts"), [([0.5], 2), ([0.5, 1], 4)])
def test_no_curve_is_drawn_by_itself_where_it_is_the_only_one(rates, charts):
    plan = Plan.of(template.load("era-v1").with_training(rates, iterations=3))
    (sheet,) = (each for each in compose(plan) if each.name == "Learning rates")
    assert len(sheet.charts) == charts
    assert {chart.limits[:2] for chart in sheet.charts} == {(0, 3)}
