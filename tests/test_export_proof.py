"""The sheet `Proof` of an exported network says whether its numbers are those of PyTorch."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from conftest import held, put
from exported_network import Exported
from test_proof import FACE, shown
from torch import nn

from cnn.export import export_workbook
from cnn.export.sheets.compose_export import compose
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.engines.libreoffice import converted_all
from sheetgen.spreadsheet.reader import read_cells, sheet_names
from sheetgen.workbook.sheets.proof.proof import FIRST_ROW, SHEET, TITLE

# openpyxl does not know the extension by which bars start at nothing rather than at a tenth.
pytestmark = pytest.mark.filterwarnings("ignore:.* extension is not supported:UserWarning")

LAYERS = {"input", "conv1", "pool1", "conv2", "linear1", "logsoftmax1", "probabilities"}


@pytest.fixture
def book(exported: Exported, tmp_path: Path) -> Path:
    """An exported network to tamper with."""
    return Path(shutil.copy(exported.path, tmp_path / "book.xlsx"))


def test_an_export_is_proven_and_network_says_so(exported: Exported) -> None:
    verdict, sentence, judged = shown(exported.path)
    assert verdict == "PASS"
    assert sentence.endswith(" sheets are those of PyTorch.")
    unproven = {"Samples", "Proof", "_cnn"}
    assert set(judged) == set(sheet_names(exported.path)) - unproven
    assert read_cells(exported.path, ["Network"])["Network"][2, 1].value == "PASS"


@pytest.mark.parametrize(
    ("sheet", "cell", "content", "failing"),
    [
        pytest.param("Weights", "D20", 0.25, "Weights", id="a weight pasted over"),
        pytest.param(
            "linear1",
            "C4",
            "=SUMPRODUCT(conv2!B4:K5,linear1_kernel_1)-linear1_bias_1",
            "linear1",
            id="a wrong sign",
        ),
        pytest.param("conv2", "B4", 0.4945, "conv2", id="a number pasted over a formula"),
    ],
)
def test_a_wrong_cell_fails_it(
    sheet: str, cell: str, content: str | float, failing: str, book: Path
) -> None:
    put(book, sheet, cell, content)
    verdict, sentence, judged = shown(book)
    assert verdict == "FAIL"
    assert sentence.startswith("At least one number is not PyTorch's. The first is in ")
    assert judged[failing] == {"FAIL"}
    assert judged["input"] == {"PASS"}, "nothing before it is wrong"


def test_for_another_input_it_claims_nothing_and_names_the_cell(book: Path) -> None:
    put(book, "Digit", "D13", 17.0)
    verdict, sentence, judged = shown(book)
    assert verdict == "inputs changed"
    assert sentence.endswith("Changed since then: Digit!D13.")
    assert judged["linear1"] == judged["Layers"] == {"not judged"}


def test_the_layers_stay_proven_while_another_one_is_looked_at(book: Path) -> None:
    put(book, "Layers", "G5", "conv2")
    verdict, sentence, judged = shown(book)
    assert verdict == "inputs changed"
    assert sentence.endswith("Changed since then: Layers!G5.")
    assert {word for name in LAYERS for word in judged[name]} == {"PASS"}
    assert judged["Layers"] == {"not judged"}


def test_it_holds_after_openpyxl_has_saved_the_file(book: Path) -> None:
    openpyxl.load_workbook(book).save(book)
    assert shown(book, engines.engine("formualizer"))[0] == "PASS"


@pytest.mark.slow
def test_it_holds_after_libreoffice_has_saved_the_file(
    exported: Exported, bare: Path, libreoffice: Engine
) -> None:
    """Which keeps fifteen digits of a number."""
    assert not libreoffice.missing()
    with converted_all([exported.path, bare], "xlsx:Calc MS Excel 2007 XML") as saved:
        assert [shown(path)[0] for path in saved] == ["PASS", "PASS"]


def test_large_numbers_are_summed_apart(tmp_path: Path) -> None:
    """A price of millions must not hide a weight of a thousandth."""
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).eval()
    path = tmp_path / "prices.xlsx"
    export_workbook(model, (2,), path, output_scaling=(5e6, 2e6), rows=2)
    proof = read_cells(path, ["Proof"])["Proof"]
    assert proof[FACE["verdict"]].value == "PASS"
    titles = [
        str(proof[row, TITLE].value)
        for (row, column), cell in proof.items()
        if row >= FIRST_ROW and column == SHEET and cell.value == "Inputs"
    ]
    assert len(titles) == 2 and titles[1].endswith(", above 1,000,000")
    put(path, "linear1", "B4", held(path, "linear1", "B4").value + 1e-4)
    assert shown(path)[2]["linear1"] == {"FAIL"}


def test_what_rounding_alone_decides_is_not_claimed(exported: Exported) -> None:
    """Numbers that jump with the last digit of a weight, as a chaotic recurrence's do."""

    subject = exported.subject()
    reference = subject.reference
    assert reference is not None

    class Chaotic:
        """A network one of whose layers jumps when a weight moves by a digit."""

        def moved_activations(self, values: np.ndarray) -> dict[str, np.ndarray]:
            found = reference.activations(values)
            return {name: each + (name == "linear1") for name, each in found.items()}

    canvases = compose(replace(subject, reference=Chaotic())).canvases
    (proof,) = (each for each in canvases if each.name == "Proof")
    sheets = {cell.value for (_, column), cell in proof.cells.items() if column == SHEET}
    assert {"conv1", "pool1", "conv2", "Weights"} <= sheets
    assert not {"linear1", "logsoftmax1", "Digit"} & sheets
    assert "Not here: Digit, " in str(proof.value(7, 1))
