"""The sheets `Inputs` and `Cases`: type or paste values, read the answer with names and units."""

from pathlib import Path

import numpy as np
import openpyxl
import pytest
import torch
from sheet_layout import problems
from torch import nn

from cnn.export import export_workbook, verify_workbook
from cnn.export.sheets.planes_sheet import palette_of
from sheetgen.errors import InputError
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Values
from sheetgen.spreadsheet.reader import sheet_names

# openpyxl does not know the extension by which bars start at nothing rather than at a tenth.
pytestmark = pytest.mark.filterwarnings("ignore:.* extension is not supported:UserWarning")

MEAN, SCALE = (40.0, 1.7, 0.5), (12.0, 0.1, 0.25)
KNOWN = {
    "features": np.array(["age", "height", "share"], dtype=object),
    "units": {"age": "years", "price": "€"},
    "ranges": {"age": (18, 77)},
    "input_scaling": (MEAN, SCALE),
    "output_names": ["price"],
    "output_scaling": (1000.0, 250.0),
}


def prices() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 1)).eval()


def price(model: nn.Module, row: list[float]) -> float:
    """What the network says in euros of values in their units."""
    x = torch.tensor((np.array([row]) - MEAN) / SCALE)
    with torch.no_grad():
        return float(model.double()(x)) * 250 + 1000


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inputs") / "prices.xlsx"
    export_workbook(prices(), (3,), path, rows=6, title="Prices", **KNOWN)
    return path


def typed(book: Path, folder: Path, cells: dict[str, dict[str, object]]) -> Values:
    """What an engine makes of the workbook with these contents of cells."""
    changed = openpyxl.load_workbook(book)
    for sheet, contents in cells.items():
        for place, value in contents.items():
            changed[sheet][place] = value
    changed.save(folder / "saved.xlsx")
    # ironcalc takes a cell that openpyxl has emptied for 0.
    write_changed(folder / "saved.xlsx", folder / "typed.xlsx", {})
    return engines.EMBEDDED.recalculate(folder / "typed.xlsx")


def place(cells: dict[tuple[int, int], object], text: str) -> tuple[int, int]:
    return next(at for at, value in cells.items() if value == text)


def test_a_value_that_is_typed_changes_the_answer_in_its_unit(book: Path, tmp_path: Path) -> None:
    cells = typed(book, tmp_path, {"Inputs": {"C8": 52, "C9": 1.9, "C10": 0.25}})["Inputs"]
    row, column = place(cells, "output")
    expected = price(prices(), [52.0, 1.9, 0.25])
    assert (cells[row + 1, column], cells[row + 1, column + 2]) == ("price", "€")
    assert cells[row + 1, column + 1] == pytest.approx(expected, rel=1e-12)
    assert cells[row - 2, column] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "remark"),
    [
        (None, "missing"),
        ("old", "not a number"),
        (17, "less than in training"),
        (78, "more than in training"),
    ],
)
def test_what_is_unusual_about_a_value_is_said(
    value: object, remark: str, book: Path, tmp_path: Path
) -> None:
    cells = typed(book, tmp_path, {"Inputs": {"C8": value}})["Inputs"]
    row, column = place(cells, "output")
    assert remark in cells.values()
    is_number = isinstance(value, int)
    assert ("Fill in what is marked red: a number for each." in cells.values()) is not is_number
    assert isinstance(cells[row + 1, column + 1], float) is is_number
    assert not [text for text in cells.values() if str(text).startswith("#")]


def test_what_chooses_nothing_from_a_table_has_no_answer(tmp_path: Path) -> None:
    path, model = tmp_path / "words.xlsx", nn.Sequential(nn.Embedding(5, 2), nn.Flatten())
    export_workbook(model, (2,), path)
    for value, is_known in ((4, True), (5, False), (1.5, False)):
        cells = typed(path, tmp_path, {"Inputs": {"C9": value}})["Inputs"]
        row, column = place(cells, "output")
        assert isinstance(cells[row + 1, column + 1], float) is is_known
        assert ("whole, 0 to 4" in cells.values()) is not is_known
        assert ("Correct what has a remark: a number for each." in cells.values()) is not is_known


def test_cases_are_pasted_a_row_each(book: Path, tmp_path: Path) -> None:
    """One is whole, others lack a value or hold a text, and empty ones say nothing."""
    rows = [[52, 1.9, 0.25], [30, None, 0.5], [30, "tall", 0.5], [None, None, None]]
    names = "BCD"
    contents = {
        f"{names[at]}{8 + row}": value
        for row, values in enumerate(rows)
        for at, value in enumerate(values)
    }
    values = typed(book, tmp_path, {"Cases": contents})
    cells = values["Cases"]
    head, state = place(cells, "complete?")
    found = [(cells[head + 1 + row, state], cells[head + 1 + row, state + 1]) for row in range(4)]
    assert [said for said, _ in found] == ["ok", "1 missing", "1 not a number", ""]
    assert found[0][1] == pytest.approx(price(prices(), [52.0, 1.9, 0.25]), rel=1e-12)
    assert [shown for _, shown in found[1:]] == [""] * 3
    every = [text for sheet in values.values() for text in sheet.values()]
    assert not [text for text in every if str(text).startswith("#")]


def test_the_last_case_can_be_dragged_down(book: Path, tmp_path: Path) -> None:
    """Its formulas refer to no other row, so that they are right wherever they are copied to."""
    changed = openpyxl.load_workbook(book)
    sheet = changed["Cases"]
    assert not sheet.protection.sheet
    for cell in list(sheet[13]):
        if isinstance(cell.value, str) and cell.value.startswith("="):
            translated = openpyxl.formula.translate.Translator(cell.value, cell.coordinate)
            sheet.cell(14, cell.column).value = translated.translate_formula(
                f"{cell.column_letter}14"
            )
    for at, value in enumerate([52, 1.9, 0.25], start=2):
        sheet.cell(14, at).value = value
    changed.save(tmp_path / "dragged.xlsx")
    cells = engines.EMBEDDED.recalculate(tmp_path / "dragged.xlsx")["Cases"]
    assert cells[13, 5] == pytest.approx(price(prices(), [52.0, 1.9, 0.25]), rel=1e-12)


def test_units_are_folded_and_all_of_it_is_right_at_first_glance(book: Path) -> None:
    assert list(problems(book, ("Inputs", "Cases"))) == []
    columns = openpyxl.load_workbook(book)["Cases"].column_dimensions
    assert [columns[name].hidden for name in ("B", "F", "H")] == [False, False, True]


def test_a_pasted_workbook_is_verified_with_what_it_holds(book: Path, tmp_path: Path) -> None:
    typed(book, tmp_path, {"Cases": {"B9": "old", "C9": 2, "B10": 30, "C10": 1.5, "D10": 0.5}})
    for result in verify_workbook(tmp_path / "typed.xlsx", prices(), inputs=2):
        assert result.wrongs() == []
    typed(book, tmp_path, {"Cases": {"F10": "=1"}})
    (result,) = verify_workbook(tmp_path / "typed.xlsx", prices(), inputs=1)
    assert "Cases!F10 holds =1; expected =IF($E10" in result.wrong


def test_classes_are_cases_too_and_their_softmax_is_stable(tmp_path: Path) -> None:
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 3), nn.LogSoftmax(1)).eval()
    with torch.no_grad():
        model[2].weight *= 2000
    samples = [[0.5, 1.0], [1e3, -1e3]]
    export_workbook(model, (2,), tmp_path / "c.xlsx", samples, rows=4, output_names=["a", "b", "c"])
    assert [each.wrongs() for each in verify_workbook(tmp_path / "c.xlsx", model)] == [[]] * 3
    cells = engines.EMBEDDED.recalculate(tmp_path / "c.xlsx")["Cases"]
    with torch.no_grad():
        expected = ["abc"[at] for at in model.double()(torch.tensor(samples).double()).argmax(1)]
    head, column = place(cells, "answer")
    assert [cells[head + 1 + row, column] for row in range(4)] == [*expected, "", ""]


@pytest.mark.slow  # torch.export is loaded
def test_signals_are_a_table_with_time_down_and_a_chart(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Conv1d(2, 3, 3), nn.Flatten(), nn.Linear(12, 2)).eval()
    samples = np.random.default_rng(0).normal(size=(2, 2, 6))
    names = {"features": ["left", "right"], "units": ["mV", "mV"]}
    path = tmp_path / "signals.xlsx"
    export_workbook(model, (2, 6), path, samples, input_scaling=((1, 2), 3), **names)
    assert [each.wrongs() for each in verify_workbook(path, model)] == [[]] * 3
    sheet = openpyxl.load_workbook(path)["Inputs"]
    assert [cell.value for cell in sheet[7]][:3] == ["time", "left (mV)", "right (mV)"]
    columns = [[sheet.cell(8 + step, 2 + at).value for step in range(6)] for at in range(2)]
    np.testing.assert_allclose(columns, samples[0])
    assert len(sheet._charts) == 1 and list(problems(path, ("Inputs",))) == []


def test_colours_are_planes_and_a_picture(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(8, 2)).eval()
    picture = np.random.default_rng(0).uniform(size=(1, 3, 4, 4))
    path = tmp_path / "colours.xlsx"
    export_workbook(model, (3, 4, 4), path, picture, input_scaling=((0.5, 0.4, 0.3), 0.2))
    assert [each.wrongs() for each in verify_workbook(path, model)] == [[]] * 3
    assert palette_of(np.array([[[0.0, 1.0]], [[0.5, 1.0]], [[0.0, 1.0]]]), 0.0, 1.0).tolist() == [
        [10, 124]
    ]
    texts = {cell.value for row in openpyxl.load_workbook(path)["Inputs"] for cell in row}
    assert {"red", "green", "blue", "the colours together"} <= texts
    assert list(problems(path, ("Inputs",))) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"features": ["a"]}, "features: found 1; expected 3, one for each"),
        ({"features": "abc"}, "features: found 'abc'; expected a list of names"),
        ({"features": ["a", "a", "b"]}, "features: found the name 'a'; expected names, each"),
        ({"units": {"width": "m"}}, "units: found the name 'width'; expected one of feature 1,"),
        ({"units": [1, 2, 3]}, "units: found 1; expected texts"),
        ({"ranges": [(1, 0)] * 3}, "ranges: feature 1: found (1, 0); expected the smallest and"),
        ({"input_scaling": (1, 0)}, "input_scaling: not all numbers are finite, or one to divide"),
        (
            {"input_scaling": 5},
            "input_scaling: found 5; expected a fitted scaler, or (mean, scale)",
        ),
        ({"output_names": ["a", "b"]}, "output_names: found 2; expected 1, one for each"),
        ({"output_scaling": ((1, 2), 3)}, "output_scaling: found 2; expected 1, one for each"),
        ({"rows": -1}, "rows: found -1; expected how many cases, from 0 to 10,000"),
        ({"rows": 99_999_999}, "rows: found 99999999; expected how many cases"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    given: dict[str, object], words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as found:
        export_workbook(prices(), (3,), tmp_path / "x.xlsx", **given)
    assert words in str(found.value) and "\n" not in str(found.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(2, 6), (1, 4, 4)])
def test_only_a_row_of_features_has_cases(shape: tuple[int, ...], tmp_path: Path) -> None:
    convolution = nn.Conv1d(2, 1, 3) if len(shape) == 2 else nn.Conv2d(1, 1, 3)
    with pytest.raises(InputError, match=r"^rows: found a network that takes in .*; expected one"):
        export_workbook(nn.Sequential(convolution), shape, tmp_path / "x.xlsx", rows=5)
    assert "Cases" not in sheet_names(exported(tmp_path))


def exported(folder: Path) -> Path:
    export_workbook(prices(), (3,), folder / "without.xlsx")
    return folder / "without.xlsx"
