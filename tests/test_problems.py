"""Several problems on the same inputs: the targets follow the one that is chosen on `Data`."""

import pytest

from sheetgen.errors import InputError
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.template import template
from sheetgen.verification.verify import verify
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets.data_sheet import data_sheet
from sheetgen.workbook.sheets.inputs import inputs_sheet

SOURCE = template.load("logic-unit").with_training([2], iterations=7)
TEXT = template.load("logic-unit").source
AND, XOR = [[0], [0], [0], [1]], [[0], [1], [1], [0]]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return build_workbook(SOURCE, tmp_path_factory.mktemp("logic") / "book.xlsx").saved.path


def data_of(plan):
    return next(canvas for canvas in compose(plan) if canvas.name == "Data")


@pytest.mark.slow
def test_another_problem_changes_the_targets_of_every_table(path, tmp_path):
    place = data_of(Plan.of(SOURCE)).inputs["problem"]
    changed = tmp_path / "changed.xlsx"
    write_changed(path, changed, {"Data": {place: "XOR"}}, cached=-777.0)
    cells = engines.EMBEDDED.recalculate(changed)["lr 2"]
    (column,) = [at for (row, at), value in cells.items() if row == 4 and value == "t1"]
    assert [cells[row, column] for row in range(5, 13)] == [0, 1, 1, 0, 0, 1, 1, 0]
    (result,) = verify(changed, [engines.EMBEDDED], perturbations=0)
    assert result.passed


def test_a_problem_keeps_the_targets_that_are_typed_for_it():
    plan = Plan.of(SOURCE)
    values = {
        key: canvas.value(*at) for canvas in compose(plan) for key, at in canvas.inputs.items()
    }
    other = plan.with_values(values | {"problem": "XOR", "t1 of 4 in XOR": 0.5})
    assert other.data.targets == ((0.0,), (1.0,), (1.0,), (0.5,))
    again = other.with_values(values | {"problem": "AND"})
    assert again.data.targets == tuple(tuple(map(float, row)) for row in AND)


@pytest.mark.parametrize("number", [1, 2])
def test_moved_inputs_are_another_problem_or_other_answers_of_its_classes(path, number):
    for result in verify(path, [engines.EMBEDDED], perturbations=number):
        assert result.passed


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("AND = [[0], [0], [0], [1]]", "AND = [[0], [1]]",
         "data.problems.AND: found [[0], [1]]; expected 4 rows, as many as data.inputs has"),
        ('problem = "AND"', 'problem = "and"',
         "data.problem: found 'and' (did you mean AND?); expected AND or OR or XOR"),
        ('problem = "AND"', "targets = [[0], [0], [0], [1]]",
         "data.targets: found [[0], [0], [0], [1]]; expected no such key beside data.problems"),
        ("\nOR =", "\nand =",
         "data.problems: found the name 'AND'; expected each name once, of at most 20 letters, "
         "hyphens and spaces"),
        ("\nOR =", '\n"2-3" =', "data.problems: found the name '2-3'; expected each name once"),
        ("\nOR =", "\ntrue =", "data.problems: found the name 'true'; expected each name once"),
        ("AND = [[0], [0], [0], [1]]", "AND = [[0], [0], [0], [2]]",
         "data.problems.AND[3]: found [2.0]; expected numbers from 0 to 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_problems_is_said(old, new, message):
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    with pytest.raises(InputError) as refused:
        template.parse(text)
    assert message in str(refused.value)


def test_a_remark_says_which_targets_are_out_of_reach_and_what_that_costs():
    source = template.load("era-v1").with_training([0.5], iterations=2)
    plan = Plan.of(source)
    values = {
        key: canvas.value(*at) for canvas in compose(plan) for key, at in canvas.inputs.items()
    }
    reach = "Sigmoid units stay between 0 and 1, so E_total cannot fall below"
    for targets, text in (
        ((1.0, 0.0), ""),
        ((5.0, 0.5), f"Out of reach: t1. {reach} 8."),
        ((5.0, -3.0), f"Out of reach: t1, t2. {reach} 12.5."),
    ):
        typed = dict(zip(("t1", "t2"), targets, strict=True))
        canvas, _ = inputs_sheet(plan.with_values(values | typed))
        assert canvas.value(2, 1) == text


def test_targets_out_of_reach_in_a_data_set_are_counted():
    """Of outputs between 0 and 1: the targets 2 and −1 cost (2 − 1)² and (−1 − 0)²."""
    source = template.load("era-v1").source.replace("[[0.05, 0.10]]", "[[0, 0], [0, 1]]")
    source = source.replace("[[0.01, 0.99]]", "[[2, 1], [-1, 0]]")
    source = source.replace("half-squared-error", "mean-squared-error")
    plan = Plan.of(template.parse(source).with_training([0.5], iterations=2))
    assert data_sheet(plan).canvas.value(2, 1) == (
        "Out of reach: 2 of 4 targets. Sigmoid units stay between 0 and 1, "
        "so the mean E_total cannot fall below 0.5."
    )
