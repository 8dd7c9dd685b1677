"""What verify tells besides right and wrong, and what hides from a relative change."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import held, put, sheetgen, with_sample

from sheetgen.template import template
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets.gradient_check.gradient_check import verdict
from sheetgen.workbook.sheets.gradient_check.probes import Subject

ERA_V1 = template.load("era-v1")


@pytest.fixture
def small(bare, without_surfaces):  # noqa: ARG001
    """A workbook of fewer cells than others of this name have."""
    return bare


def check(path):
    return sheetgen("verify", path, "--engine", "ironcalc")


@pytest.mark.slow
def test_a_wrong_sign_does_not_hide_behind_an_input_of_zero(workbook):
    put(workbook, "Inputs", "C6", 0.0)
    put(workbook, "Inputs", "C7", 0.0)
    assert check(workbook).exit_code == 0
    formula = held(workbook, "lr 0.1", "M8").formula
    put(workbook, "lr 0.1", "M8", f"={formula.replace('+', '-')}")
    result = check(workbook)
    assert result.exit_code == 1
    assert "lr 0.1!M8" in result.stdout


def test_rows_that_a_person_dragged_down_are_named_as_not_verified(workbook):
    put(workbook, "lr 0.1", "AB999", "=-1*AB998")
    result = check(workbook)
    assert result.exit_code == 0
    assert "not verified: 1 formulas on lr 0.1 that build did not write" in result.stderr
    assert "AB999" in result.stderr


def test_a_formula_in_other_words_is_named_and_passes(workbook):
    formula = held(workbook, "lr 0.1", "M8").formula
    put(workbook, "lr 0.1", "M8", f"=({formula})")
    result = check(workbook)
    assert result.exit_code == 0
    assert "worded differently, with the same result: 1 formulas on lr 0.1" in result.stderr
    assert "M8" in result.stderr


@pytest.mark.slow
def test_an_untouched_workbook_has_no_remarks(workbook):
    assert "not verified" not in check(workbook).stderr
    assert "worded" not in check(workbook).stderr


@pytest.mark.parametrize("size", [1, 10, 100, 1000])
def test_right_gradients_pass_the_check_whatever_the_size_of_the_inputs(size):
    random = np.random.default_rng(size)
    for _ in range(20):
        weights = {f"w{number}": float(random.normal()) for number in range(1, 9)}
        weights |= {f"w{number}": float(random.normal() / size) for number in range(1, 5)}
        sample = random.uniform(-size, size, 2).tolist()
        network = ERA_V1.network.with_parameters(weights)
        chosen = with_sample(replace(ERA_V1, network=network), inputs=sample)
        plan = Plan.of(chosen)
        assert verdict(Subject([plan.start], plan.controls)) == "PASS"
