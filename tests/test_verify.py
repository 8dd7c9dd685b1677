"""`sheetgen verify` passes what is right and names the cell of all that is not."""

import re
from functools import cache

import pytest
from conftest import held, put
from verify_helper import WRONG_NUMBERS, check, finding, findings, plain, replaced

from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.reader import read_cells
from sheetgen.verification.verify import read_subject, verify

GRADIENT = "((V7-E7)*V7*(1-V7)*R7+(X7-F7)*X7*(1-X7)*T7)*P7*(1-P7)*G7"  # ∂E/∂w3 at iteration 1
HARD_CODED = '=IF(A1=A1,"PASS","PASS")'


@pytest.fixture
def small(bare, without_surfaces):  # noqa: ARG001
    """A workbook of fewer cells than others of this name have."""
    return bare


@pytest.mark.slow
def test_every_engine_agrees_with_numpy_whatever_the_inputs(small, every_engine):
    results = verify(small, every_engine, perturbations=1)
    count = len(every_engine)
    assert [result.perturbation for result in results] == [0] * count + [1] * count
    assert findings(results) == []


@pytest.mark.slow
def test_a_whole_training_agrees_with_numpy(era_v1):
    assert findings(verify(era_v1.saved.path, perturbations=1)) == []


class Recorder(Engine):
    """Hands the embedded engine's values on, and keeps those of the sheet `Inputs`."""

    name = "recorder"

    def __init__(self):
        self.inputs = []

    def missing(self):
        return None

    def version(self):
        return "recorder 1"

    def recalculate(self, path):
        return engines.EMBEDDED.recalculate(path)

    def recalculate_changed(self, path, cases):
        for values in engines.EMBEDDED.recalculate_changed(path, cases):
            inputs = values["Inputs"].items()
            self.inputs.append({at: value for at, value in inputs if isinstance(value, float)})
            yield values


@cache
def recorded(path, seed=0, perturbations=3):
    recorder = Recorder()
    assert all(result.passed for result in verify(path, [recorder], perturbations, seed))
    return recorder.inputs


def test_a_perturbation_moves_all_inputs_by_a_fifth_at_most_and_rates_only_down(small):
    first, *others = recorded(small)
    typed = [at for at in first if at[1] in (2, 5, 10, 13)]
    assert len(typed) == 2 + 2 + 8 + 2, "inputs, targets, weights and learning rates"
    for inputs in others:
        ratios = {at: inputs[at] / first[at] for at in typed}
        assert all(0.799 < ratio < 1.201 and ratio != 1 for ratio in ratios.values())
        assert all(ratio < 1 for at, ratio in ratios.items() if at[1] == 13)


@pytest.mark.slow
def test_perturbations_differ_from_each_other_and_from_those_of_another_seed(small):
    original, *moved = recorded(small)
    assert original not in moved
    assert len({tuple(each.values()) for each in moved + recorded(small, seed=1)[1:]}) == 6


@pytest.mark.slow
def test_the_same_seed_moves_the_inputs_alike(small):
    assert recorded(small, perturbations=1) == recorded(small)[:2]


@pytest.mark.parametrize(
    ("sheet", "cell", "old", "new"),
    [
        *WRONG_NUMBERS,
        pytest.param("Overview", "D6", "$20)*", "$19)*", id="label of another number"),
    ],
)
def test_a_wrong_formula_is_named_with_what_it_should_come_to(workbook, sheet, cell, old, new):
    right = held(workbook, sheet, cell).value
    formula = replaced(workbook, sheet, cell, old, new)
    result = check(workbook)
    assert result.exit_code == 1
    shown, expected, found = finding(result, sheet, cell)
    assert (shown, expected) == (formula, repr(right))
    assert found != expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sheet", "cell", "old", "new"),
    [
        pytest.param("lr 0.1", "I7", "$B$2", "0.1", id="a frozen rate in one update"),
        pytest.param("lr 0.1", "J6", "$K$7", "$C$7*2", id="a weight that follows an input"),
    ],
)
def test_moved_inputs_unmask_a_formula_that_is_right_by_chance(workbook, sheet, cell, old, new):
    formula = replaced(workbook, sheet, cell, old, new)
    assert check(workbook).exit_code == 0
    result = check(workbook, perturb=1)
    assert result.exit_code == 1
    assert finding(result, sheet, cell)[0] == formula


@pytest.mark.slow
def test_moved_inputs_unmask_a_label_that_follows_an_equal_weight(workbook):
    put(workbook, "Inputs", "K9", held(workbook, "Inputs", "K8").value)
    label = re.compile(r'"w3"&" = "&[^!]*(Workings!\$[A-Z]+\$)(\d+)')
    cells = read_cells(workbook)["Workings"].items()
    ((place, read),) = (
        (relative_address(*at), match)
        for at, each in cells
        if (match := label.search(each.formula or ""))
    )
    replaced(workbook, "Workings", place, f"{read[1]}{read[2]}", f"{read[1]}{int(read[2]) + 1}")
    assert check(workbook).exit_code == 0
    assert finding(check(workbook, perturb=1), "Workings", place)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sheet", "cell"), [("Gradient check", "D4"), ("Gradient check", "J11"), ("Overview", "B19")]
)
def test_moved_inputs_unmask_a_verdict_that_cannot_fail(workbook, sheet, cell):
    put(workbook, sheet, cell, HARD_CODED)
    assert check(workbook).exit_code == 0
    result = check(workbook, perturb=3)
    assert result.exit_code == 1
    assert finding(result, sheet, cell) == (HARD_CODED, "'FAIL'", "'PASS'")


@pytest.mark.parametrize("content", ["PASS", '="PASS"'], ids=["text", "formula"])
def test_a_hard_coded_verdict_fails_without_moved_inputs(workbook, content):
    put(workbook, "Gradient check", "D4", content)
    result = check(workbook)
    assert result.exit_code == 1
    formula, _, found = finding(result, "Gradient check", "D4")
    assert formula == (content if content.startswith("=") else "(no formula)")
    assert found == "'PASS'"


@pytest.mark.parametrize(
    ("sheet", "cell"),
    [
        ("lr 0.1", "AB8"),
        ("lr 0.5", "B2"),
        ("Learning rates", "K7"),
        ("Overview", "D6"),
        ("Gradient check", "J9"),
    ],
)
def test_a_formula_replaced_by_its_value_fails(workbook, sheet, cell):
    value = held(workbook, sheet, cell).value
    put(workbook, sheet, cell, value)
    result = check(workbook)
    assert result.exit_code == 1
    assert finding(result, sheet, cell) == ("(no formula)", repr(value), repr(value))


def test_a_learning_rate_frozen_as_a_formula_fails(workbook):
    put(workbook, "lr 0.5", "B2", "=0.5")
    result = check(workbook)
    assert result.exit_code == 1
    assert finding(result, "lr 0.5", "B2") == ("=0.5", "0.5", "0.5")


def test_a_deleted_formula_fails(workbook):
    put(workbook, "lr 0.1", "AI11", None)
    result = check(workbook)
    assert result.exit_code == 1
    assert finding(result, "lr 0.1", "AI11")[0] == "(no formula)"


def test_a_formula_that_comes_to_an_error_fails(workbook):
    put(workbook, "lr 0.1", "AI11", "=1/(D11-5)")
    assert finding(check(workbook), "lr 0.1", "AI11")[2] == "'#DIV/0!'"


@pytest.mark.slow
def test_one_wrong_cell_of_each_sheet_is_printed_and_the_others_counted(workbook):
    replaced(workbook, "lr 0.1", "AF7", "(V7-E7)", "(E7-V7)")
    lines = re.findall(r"^[^!\n]+![A-Z]+\d+: .+$", check(workbook).stdout, re.MULTILINE)
    sheets = [line.split("!")[0] for line in lines]
    assert sheets == ["lr 0.1", "Overview", "Learning rates", "Proof", "Workings"]
    counted = [line for line in lines if re.search(r" \(and \d+ more\)$", line)]
    assert len(counted) == 4, "all but the verdict on Overview"


def test_wrong_cached_values_do_not_matter(workbook):
    formula = held(workbook, "lr 0.1", "AD7").formula
    put(workbook, "lr 0.1", "AD7", f"={formula}", cached=-777.0)
    assert held(workbook, "lr 0.1", "AD7").value == -777.0
    assert check(workbook, perturb=1).exit_code == 0


@pytest.mark.slow
def test_right_cached_values_do_not_help(workbook):
    right = held(workbook, "lr 0.1", "AD7").value
    put(workbook, "lr 0.1", "AD7", f"=-{GRADIENT}", cached=right)
    assert float(finding(check(workbook), "lr 0.1", "AD7")[2]) == pytest.approx(-right)


@pytest.mark.slow
def test_a_weight_that_a_person_typed_is_the_one_to_verify_against(workbook):
    put(workbook, "Inputs", "K6", 0.77)
    assert check(workbook, perturb=1).exit_code == 0
    put(workbook, "lr 0.1", "I6", "=Inputs!$K$7")
    assert finding(check(workbook), "lr 0.1", "I6")[1:] == ("0.77", "0.2")


def test_an_epsilon_of_zero_is_refused_in_one_line(workbook):
    put(workbook, "Gradient check", "H4", 0.0)
    result = check(workbook)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Gradient check!H4" in plain(result.stderr)
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "found"),
    [("abc", "'abc'"), (None, "nothing"), ("=0.1+0.05", "the formula =0.1+0.05")],
    ids=["text", "nothing", "formula"],
)
@pytest.mark.parametrize(("sheet", "cell"), [("Inputs", "K6"), ("Playground", "B2")])
def test_an_input_cell_without_a_number_is_named(workbook, sheet, cell, content, found):
    put(workbook, sheet, cell, content)
    result = check(workbook)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"the input cell {sheet}!{cell} holds {found}; expected a number" in plain(result.stderr)


def test_every_formula_of_the_file_is_compared(small):
    cells = read_subject(small).cells
    formulas = sum(c.formula is not None for sheet in cells.values() for c in sheet.values())
    (result,) = verify(small, [engines.EMBEDDED], perturbations=0)
    assert result.formulas == formulas
