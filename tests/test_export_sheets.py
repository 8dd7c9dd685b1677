"""The sheets of an exported network that people look at: what they show is what torch says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from exported_network import CHOSEN, SIDE, Exported
from hypothesis import given
from hypothesis import strategies as st
from sheet_layout import problems

from cnn.export.export import write
from cnn.export.forecast import forecast, size_of
from cnn.export.network.stages import Input, Shape
from cnn.export.sheets.accuracy_sheet import MATRIX_ROW
from cnn.export.sheets.activation_sheet import ACTIVATION
from cnn.export.sheets.compose_export import compose
from cnn.export.sheets.digit_sheet import GAP, LEFT, TOP, drawn_digit
from cnn.export.sheets.export_style import DIGIT
from cnn.export.sheets.layers_sheet import LAYERS
from cnn.export.sheets.layout import CHOICE
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.address import local
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.reader import read_cells

# openpyxl does not know the extension by which bars start at nothing rather than at a tenth.
pytestmark = pytest.mark.filterwarnings("ignore:.* extension is not supported:UserWarning")

ANSWER = LEFT + 2 * (SIDE + GAP)


def test_every_sheet_is_right_at_first_glance_and_on_paper(exported: Exported) -> None:
    assert list(problems(exported.path)) == []


def assert_recognised(digit: dict[tuple[int, int], object], expected: np.ndarray) -> None:
    """The sheet `Digit` shows these probabilities and the likeliest class."""
    first = TOP + 17
    shares = [digit[first + number, ANSWER + 1] for number in range(10)]
    np.testing.assert_allclose(np.array(shares, float), expected, rtol=0, atol=1e-12)
    shown = [digit[first + number, ANSWER + 2] for number in range(10)]
    np.testing.assert_array_equal(shown, shares)
    assert digit[TOP, ANSWER] == expected.argmax()
    np.testing.assert_allclose(float(str(digit[TOP + 11, ANSWER + 2])), expected.max())


def test_a_chosen_digit_is_recognised_as_torch_does(
    exported: Exported, engine: Engine, tmp_path: Path
) -> None:
    """One of the list, and 0: the drawing that is there to begin with."""
    choices = [{DIGIT: {CHOICE: number}} for number in (3.0, 0.0)]
    listed, own = exported.recalculated(engine, tmp_path, *choices)
    assert_listed(exported, 3, listed[DIGIT])
    assert_recognised(own[DIGIT], exported.probabilities(drawn_digit(SIDE, SIDE)))
    assert own[DIGIT][TOP + 12, ANSWER + 2] == "not known"
    assert own[DIGIT][TOP + 13, ANSWER] == "is it right?"
    assert str(own[DIGIT][4, LEFT]).startswith("This is your own drawing.")


def assert_listed(exported: Exported, number: int, digit: dict[tuple[int, int], object]) -> None:
    """The sheet `Digit` shows what torch says of a digit of the list, and whether it is right."""
    expected = exported.probabilities(exported.samples.values[number - 1, 0])
    assert_recognised(digit, expected)
    label = CHOSEN[number - 1] % 10
    assert digit[TOP + 12, ANSWER + 2] == label
    verdict = "right" if expected.argmax() == label else "wrong"
    assert digit[TOP + 13, ANSWER] == verdict
    assert digit[4, LEFT] == (
        f"This is {label} (test digit {CHOSEN[number - 1]}). Type 0 to see your own drawing."
    )


def test_a_drawing_painted_cell_by_cell_gives_torchs_answer(
    exported: Exported, tmp_path: Path
) -> None:
    picture = np.round(np.random.default_rng(1).uniform(0, 255, (SIDE, SIDE)))
    picture[2, :] = 0
    book = openpyxl.load_workbook(exported.path)
    sheet = book[DIGIT]
    sheet.cell(*(place + 1 for place in exported.canvas(DIGIT).inputs[CHOICE])).value = 0
    for (row, column), shade in np.ndenumerate(picture):
        cell = sheet.cell(TOP + row + 1, LEFT + column + 1)
        assert not cell.protection.locked
        cell.value = shade or None  # as the Delete key leaves it
    book.save(tmp_path / "painted.xlsx")
    digit = engines.EMBEDDED.recalculate(tmp_path / "painted.xlsx")[DIGIT]
    assert_recognised(digit, exported.probabilities(picture))


def test_every_formula_comes_to_what_its_cell_promises(exported: Exported, engine: Engine) -> None:
    values = engine.recalculate(exported.path)
    for canvas in compose(exported.subject()).canvases:
        for row, column, formula, expected in canvas.promised():
            found = values[canvas.name].get((row, column))
            where = f"{canvas.name} {row},{column}: {formula}"
            if isinstance(expected, str):
                assert (found or "") == expected, where
            else:
                assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), where


def test_what_the_export_will_be_is_foretold(exported: Exported) -> None:
    book = compose(exported.subject())
    foretold = forecast(book)
    assert foretold.formulas == sum(1 for canvas in book.canvases for _ in canvas.promised())
    assert foretold.size == pytest.approx(exported.path.stat().st_size, rel=0.15)
    assert str(foretold).startswith(
        f"{foretold.formulas:,} formulas, about {size_of(foretold.size)}:"
    )
    assert (size_of(41_234), size_of(12_345_678)) == ("0.04 MB", "12.3 MB")
    assert foretold.is_pleasant and not replace(foretold, products=10**8).is_pleasant


def test_the_accuracy_is_that_of_the_evaluation(exported: Exported) -> None:
    cells = engines.EMBEDDED.recalculate(exported.path)["Accuracy"]
    evaluation = exported.evaluation
    assert cells[3, 3] == pytest.approx(evaluation.accuracy)
    assert [cells[row, 3] for row in (4, 5, 6)] == [evaluation.right, 12, 12 - evaluation.right]
    first = MATRIX_ROW + 2
    counts = [[cells[first + i, 2 + j] for j in range(10)] for i in range(10)]
    np.testing.assert_array_equal(counts, evaluation.confusion)
    assert [cells[first + i, 12] for i in range(10)] == evaluation.confusion.sum(1).tolist()
    assert [cells[first + 10, 2 + j] for j in range(10)] == evaluation.confusion.sum(0).tolist()


def test_a_mistake_can_be_chosen_by_the_number_beside_it(exported: Exported) -> None:
    canvas = exported.canvas("Accuracy")
    wrong = (exported.evaluation.predictions != exported.evaluation.labels).nonzero().flatten()
    assert len(canvas.pictures) == len(wrong)
    numbers = {
        int(str(canvas.value(*place)).removeprefix("number ")): canvas.value(place[0] - 1, place[1])
        for place in canvas.links
        if str(canvas.value(*place)).startswith("number ")
    }
    chosen = [index for index in CHOSEN if index in wrong.tolist()]
    assert numbers == {CHOSEN.index(index) + 1: index for index in chosen}
    assert chosen


def test_links_lead_to_sheets_and_only_inputs_are_unlocked(exported: Exported) -> None:
    book = openpyxl.load_workbook(exported.path)
    for name in book.sheetnames:
        for row in book[name].iter_rows():
            for cell in row:
                if cell.hyperlink:
                    assert cell.hyperlink.location.split("!")[0].strip("'") in book.sheetnames
        assert book[name].protection.sheet
    names = (DIGIT, LAYERS, ACTIVATION)
    inputs = {name: list(exported.canvas(name).inputs.values()) for name in names}
    for name, places in inputs.items():
        for row, column in places:
            assert not book[name].cell(row + 1, column + 1).protection.locked
    unlocked = {
        name: sum(not cell.protection.locked for row in book[name].iter_rows() for cell in row)
        for name in book.sheetnames
    }
    shades, merged_choice = 5, 3
    assert unlocked.pop(DIGIT) == SIDE * SIDE + shades + merged_choice
    assert unlocked.pop(LAYERS) > 0
    assert unlocked.pop(ACTIVATION) > 0
    assert set(unlocked.values()) == {0}


def test_the_network_has_all_parameters(exported: Exported) -> None:
    canvas = exported.canvas("Network")
    total, verdict = [value for *_, value in canvas.promised()]
    assert verdict == "PASS"
    assert total == sum(parameter.numel() for parameter in exported.model.parameters())


def test_the_choice_and_the_shades_are_validated(exported: Exported) -> None:
    sheet = openpyxl.load_workbook(exported.path)[DIGIT]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    choice = local(exported.canvas(DIGIT).address(CHOICE)).replace("$", "")
    assert (rules[choice].formula1, rules[choice].formula2) == ("0", str(len(CHOSEN)))
    (area,) = [rule for place, rule in rules.items() if place != choice]
    assert (area.formula1, area.formula2) == ("0", "255")
    assert "B8:I15" in str(area.sqref)


def test_other_networks_get_no_sheet_to_paint_on(exported: Exported, tmp_path: Path) -> None:
    source = Input(Shape(1, SIDE, SIDE))
    write(exported.model, source, tmp_path / "plain.xlsx", exported.samples, title="Plain")
    names = list(read_cells(tmp_path / "plain.xlsx"))
    assert names[:5] == ["Inputs", LAYERS, ACTIVATION, "Products", "Kernels"] and DIGIT not in names


@given(st.integers(6, 40), st.integers(6, 40))
def test_a_drawing_of_any_size_is_ink_on_paper(height: int, width: int) -> None:
    picture = drawn_digit(height, width)
    assert picture.shape == (height, width)
    assert picture.min() >= 0 and picture.max() <= 255 and (picture == np.round(picture)).all()
    if width >= height // 2:
        assert picture.max() > 0
