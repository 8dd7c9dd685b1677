"""`sheetgen check` finds the learning rate of a table, and says where."""

import pytest
from check_helper import HandMade, mistakes, write

from sheetgen.check import check_workbook


def rate_of(path):
    report = check_workbook(path)
    assert report.passed, mistakes(report)
    rate = report.tables[0].learning_rate
    return rate.value, rate.source, rate.cell


@pytest.mark.parametrize("label", ["η =", "lr", "LR:", "learning rate (η)", "Learning Rate"])
def test_a_labelled_cell(tmp_path, label):
    table = HandMade()
    table.cells["B1"] = label
    assert rate_of(write(tmp_path / "a.xlsx", S=table)) == (0.5, "cell", "C1")


def test_a_label_above_its_number(tmp_path):
    table = HandMade(rate_cell="C2", rate_label="C1")
    assert rate_of(write(tmp_path / "a.xlsx", S=table)) == (0.5, "cell", "C2")


def test_a_cell_without_a_label(tmp_path):
    table = HandMade(rate_label=None)
    assert rate_of(write(tmp_path / "a.xlsx", S=table)) == (0.5, "formula", "C1")


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0, 0.03])
def test_a_number_in_the_formulas(tmp_path, rate):
    table = HandMade(rate=rate, rate_cell=None, rate_label=None)
    path = write(tmp_path / "a.xlsx", S=table)
    assert rate_of(path) == (rate, "formula", None)
    assert [one.kind for one in check_workbook(path).remarks] == ["hard-coded-learning-rate"]


@pytest.mark.parametrize("digits", [None, 6, 4])
def test_pasted_updates_imply_the_rate(tmp_path, digits):
    table = HandMade(rate=0.8, rows=20)
    table.paste(digits)
    table.cells |= {"B1": None, "C1": None}
    assert rate_of(write(tmp_path / "a.xlsx", S=table)) == (0.8, "inferred", None)


def test_pasted_updates_agree_with_a_label(tmp_path):
    table = HandMade(rate=0.8)
    table.paste(4)
    assert rate_of(write(tmp_path / "a.xlsx", S=table)) == (0.8, "cell", "C1")


def test_a_tab_that_names_another_rate_is_remarked(tmp_path):
    report = check_workbook(write(tmp_path / "a.xlsx", **{"lr=0.1": HandMade()}))
    assert report.passed
    assert [one.kind for one in report.remarks] == ["learning-rate-label"]


def slide(table, *weights):
    for weight in weights:
        for row in range(1, table.rows):
            sliding = table.formula(weight, row).replace("$C$1", f"C{row}")
            table.cells[table.address(weight, row)] = sliding


@pytest.mark.slow
def test_a_rate_that_is_not_anchored_slides_down(tmp_path):
    table = HandMade()
    slide(table, "w3")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [("w3", "learning-rate-not-anchored")]
    (finding,) = report.mistakes
    assert finding.cell == table.address("w3", 2)
    assert (finding.formula, finding.expected) == (
        f"={table.address('w3', 1)}-C2*{table.address('∂E/∂w3', 1)}",
        f"={table.address('w3', 1)}-$C$1*{table.address('∂E/∂w3', 1)}",
    )


@pytest.mark.slow
def test_all_weights_may_slide(tmp_path):
    table = HandMade()
    slide(table, *table.start)
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert {kind for _, kind in mistakes(report)} == {"learning-rate-not-anchored"}
    assert {column for column, _ in mistakes(report)} == set(table.start)


def test_a_weight_with_another_rate(tmp_path):
    table = HandMade()
    table.formulas["w3"] = "{w3.up}-0.7*{∂E/∂w3.up}"
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == [("w3", "wrong-learning-rate")]


def test_a_rate_in_another_sheet(tmp_path):
    table = HandMade(rate_cell=None, rate_label=None)
    for name in table.start:
        table.formulas[name] = table.formulas[name].replace("{η}", "Rates!$B$2")
    rates = {"A2": "learning rate", "B2": 0.5}
    path = write(tmp_path / "a.xlsx", S=table, Rates=rates)
    assert rate_of(path) == (0.5, "cell", "Rates!B2")
