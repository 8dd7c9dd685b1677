"""`cnn verify` compares every formula cell: what people see, not only the layers' activations."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import torch
from conftest import held, put
from exported_network import SIDE, SOURCE, Exported
from openpyxl.utils.cell import get_column_letter
from torch import nn

from cnn.export import export_workbook, verify_workbook
from cnn.export.network.stages import Input, Shape
from cnn.export.sheets.accuracy_sheet import ACCURACY, MATRIX_ROW
from cnn.export.sheets.digit_sheet import GAP, LEFT, TOP
from cnn.export.sheets.export_style import DIGIT
from cnn.export.sheets.layers_sheet import LAYERS
from cnn.export.verification.cases import choose_cases, drawing_case, noise
from cnn.export.verification.cell_checks import same_formula
from cnn.export.verification.exported_file import read_exported
from cnn.export.verification.verify_export import Result, verify_cases
from sheetgen.errors import InputError
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.reader import read_cells

# openpyxl does not know the extension by which bars start at nothing rather than at a tenth.
pytestmark = pytest.mark.filterwarnings("ignore:.* extension is not supported:UserWarning")

ANSWER, SEEN = LEFT + 2 * (SIDE + GAP), LEFT + SIDE + GAP


def at(row: int, column: int) -> str:
    """The address of a cell whose row and column count from 0."""
    return f"{get_column_letter(column + 1)}{row + 1}"


PREDICTED, TRUE, SHARE = at(TOP, ANSWER), at(TOP + 12, ANSWER + 2), at(TOP + 17, ANSWER + 2)
BAR, OTHER_BAR = at(TOP + 17, ANSWER + 1), at(TOP + 18, ANSWER + 1)


CHANGES: dict[str, tuple[str, str, Callable[[str], object]]] = {
    "another class": (DIGIT, PREDICTED, lambda _: "=7"),
    "another class's probability": (DIGIT, BAR, lambda _: f"={OTHER_BAR}"),
    "a probability that is always the same": (DIGIT, SHARE, lambda _: "=0.5"),
    "another true digit": (DIGIT, TRUE, lambda _: "=3"),
    "the pixel beside": (DIGIT, at(TOP, SEEN), lambda text: text.replace("=0,B8", "=0,C8")),
    "another activation on Layers": (LAYERS, "E12", lambda _: "=3"),
    "another smallest number": (
        "conv1", "N5", lambda text: text.replace("MAX(0,", "MAX(0.01,"),
    ),
    "a formula without a cell": ("conv1", "N5", lambda _: "=0+0.434"),
    "a constant": ("conv1", "N5", lambda _: 0.434),
    "a constant on Digit": (DIGIT, SHARE, lambda _: 0.5),
    "another accuracy": (ACCURACY, at(3, 3), lambda text: text + "*1.01"),
    "another sum": (ACCURACY, at(MATRIX_ROW + 2, 12), lambda _: "=2"),
    "another count of parameters": ("Network", "F14", lambda text: text.replace("SUM", "MAX")),
}  # fmt: skip


def verified(path: Path, exported: Exported) -> Result:
    (result,) = verify_workbook(path, exported.model, inputs=1)
    return result


@pytest.mark.parametrize("change", CHANGES)
def test_a_cell_that_shows_something_else_is_found(
    change: str, exported: Exported, tmp_path: Path
) -> None:
    sheet, place, changed = CHANGES[change]
    former = held(exported.path, sheet, place).formula
    assert former and changed(f"={former}") != f"={former}"
    path = shutil.copy(exported.path, tmp_path / "changed.xlsx")
    put(path, sheet, place, changed(f"={former}"))
    result = verified(tmp_path / "changed.xlsx", exported)
    assert not result.passed
    assert [text.split()[0] for text in result.unwritten] == [f"{sheet}!{place}"]
    if sheet in (DIGIT, LAYERS):
        assert any(text.startswith(f"{sheet}!{place} is ") for text in result.findings)


def test_numbers_are_compared_and_not_only_formulas(exported: Exported, tmp_path: Path) -> None:
    """A name that leads to other weights changes no formula."""
    names = exported.canvas("Weights").names
    book = openpyxl.load_workbook(exported.path)
    book.defined_names["conv1_bias_0"].attr_text = names["conv1_bias_1"]
    book.save(tmp_path / "named.xlsx")
    result = verified(tmp_path / "named.xlsx", exported)
    assert (result.passed, result.unwritten) == (False, ())
    wrong = {text.split("!")[0] for text in result.wrongs()}
    assert {"conv1", DIGIT} <= wrong
    assert "np." not in "".join(result.wrongs())


def test_every_layer_is_shown_on_layers_in_turn(exported: Exported) -> None:
    file = read_exported(exported.path, exported.model)
    cases = choose_cases(file, 6, np.random.default_rng(0))
    assert {case.layer for case in cases} == set(exported.subject().sheets) - {"input"}
    results = list(verify_cases(file, engines.EMBEDDED, cases))
    assert [text for result in results for text in result.wrongs()] == []


def test_further_channels_are_shown_and_compared(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 70), nn.Tanh(), nn.Linear(70, 2)).eval()
    path = tmp_path / "wide.xlsx"
    export_workbook(model, (3,), path, np.ones((2, 3)), probabilities=True)
    file = read_exported(tmp_path / "wide.xlsx", model)
    cases = [drawing_case(file, np.ones((3, 1, 1)), turn=turn) for turn in (0, 3, 1)]
    assert [(case.layer, case.first_channel) for case in cases[:2]] == [
        ("linear1", 0),
        ("linear1", 21),
    ]
    results = list(verify_cases(file, engines.EMBEDDED, cases))
    assert [text for result in results for text in result.wrongs()] == []


@pytest.mark.parametrize("source", [SOURCE, Input(Shape(3, 5, 4))], ids=["pixels", "numbers"])
def test_no_two_cells_of_the_noise_hold_the_same(source: Input) -> None:
    values = noise(source, np.random.default_rng(0))
    assert len(np.unique(values)) == values.size == source.output.size
    if source.normalized:
        assert values.min() > 0 and values.max() == 255


def test_the_last_picture_is_noise_typed_into_every_square(exported: Exported) -> None:
    file = read_exported(exported.path, exported.model)
    *samples, drawn = choose_cases(file, 3, np.random.default_rng(1))
    squares = {(TOP + row, LEFT + column) for row, column in np.ndindex(SIDE, SIDE)}
    typed = {place: drawn.changes[DIGIT][place] for place in squares}
    assert len(set(typed.values())) == len(squares)
    assert all(case.choice and not squares & case.changes[DIGIT].keys() for case in samples)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("MAX(0,A1)", "max( 0, A1 )", True),
        ("0.7071067811865476*B2", "0.707106781186548*B2", True),
        ("A1*0.00001", "A1*1E-05", True),
        ("MAX(0,A1)", "MAX(0.01,A1)", False),
        ("A1+conv1_bias_0", "A1+conv1_bias_1", False),
        ("SUM(A1:B2)", "SUM(A1:B3)", False),
        ("$A$1+1", "A1+1", False),
        ('IF(A1=1,"Yes","no")', 'IF(A1=1,"yes","no")', False),
    ],
)
def test_formulas_may_be_spelled_otherwise(one: str, other: str, same: bool) -> None:
    assert same_formula(one, other) is same


def test_squares_that_a_person_has_emptied_are_painted_too(
    exported: Exported, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(exported.path)
    for row in book[DIGIT].iter_rows(TOP + 1, TOP + SIDE, LEFT + 1, LEFT + SIDE):
        for cell in row:
            cell.value = None
    path = tmp_path / "emptied.xlsx"
    book.save(path)
    assert verified(path, exported).wrongs() == []
    place = TOP + 2, LEFT + 3
    with pytest.raises(ValueError, match="holds no number"):
        write_changed(path, tmp_path / "filled.xlsx", {DIGIT: {place: 7.0}})
    write_changed(path, tmp_path / "filled.xlsx", {DIGIT: {place: 7.0}}, fill=True)
    before, after = read_cells(path), read_cells(tmp_path / "filled.xlsx")
    assert after[DIGIT][place].value == 7.0
    for sheet, cells in before.items():
        assert after[sheet].keys() - cells.keys() == ({place} if sheet == DIGIT else set())
        assert cells.keys() <= after[sheet].keys()


@pytest.mark.parametrize(
    ("sheet", "value", "words"),
    [
        (DIGIT, "two", "holds 'two'; expected a number"),
        (DIGIT, "=1+1", "holds =1+1"),
        (LAYERS, 3, "holds 3.0; expected a text"),
    ],
)
def test_an_input_cell_with_something_else_is_named(
    sheet: str, value: object, words: str, exported: Exported, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(exported.path)
    place = next(iter(exported.canvas(sheet).inputs.values()))
    book[sheet][at(*place)] = value
    book.save(tmp_path / "typed.xlsx")
    with pytest.raises(InputError) as found:
        verified(tmp_path / "typed.xlsx", exported)
    assert f"the input cell {sheet}!{at(*place)} {words}" in str(found.value)


def test_a_workbook_of_another_network_is_refused_in_one_sentence(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "network.xlsx"
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 2))
    export_workbook(model, (1, 5, 5), path)
    others = {
        "its layers are input, conv1, linear1, probabilities, those of the network are input, "
        "linear1, probabilities": nn.Sequential(nn.Flatten(), nn.Linear(25, 2)),
        "'conv1: convolution, ReLU, 2 channels of 3 × 3 pixels', not 'conv1: convolution, ReLU, "
        "3 channels": nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(27, 2)),
        "does not fit activations": nn.Sequential(nn.Conv2d(2, 3, 3)),
    }
    for words, other in others.items():
        with pytest.raises(InputError) as found:
            verify_workbook(path, other)
        assert words in str(found.value) and str(found.value).startswith(str(path))
