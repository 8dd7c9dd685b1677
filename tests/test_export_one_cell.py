"""Networks of one input, unit, layer, channel, pixel or sample: where others have a range, a cell.

`INDEX` and `MATCH` in a range of one cell fail in some spreadsheet programs, and the controls of
`Layers` are wider than the pictures of a single channel.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import require
from torch import nn

from cnn.export import export_workbook, verify_workbook
from cnn.export.export import write
from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Shape
from cnn.export.samples import Samples
from cnn.export.sheets.compose_export import compose
from cnn.export.sheets.layers_sheet import LAYERS
from cnn.export.sheets.subject import subject_of
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.reader import read_cells, sheet_names
from sheetgen.workbook.plan import WORKINGS

OLDER = Path(__file__).parent / "older"


def units(*widths: int) -> nn.Sequential:
    """Return fully connected layers of so many units, the first of which are the inputs."""
    return nn.Sequential(*(nn.Linear(*pair) for pair in pairwise(widths)))


CASES: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "one input, one unit": (units(1, 1), (1,)),
    "one input": (units(1, 3), (1,)),
    "one unit": (units(3, 1), (3,)),
    "one unit between": (units(3, 1, 3), (3,)),
    "seven layers of one unit": (units(1, 1, 1, 1, 1, 1, 1, 1), (1,)),
    "one layer, no weights": (nn.ReLU(), (1,)),
    "one layer of four units, no weights": (nn.ReLU(), (4,)),
    "no layer": (nn.Identity(), (1,)),
    "an activation that has its argument twice": (nn.Sequential(*units(3, 1), nn.GELU()), (3,)),
    "a softmax of one": (nn.Sequential(*units(2, 1), nn.Softmax(1)), (2,)),
    "a log-softmax of one": (nn.Sequential(*units(2, 1), nn.LogSoftmax(1)), (2,)),
    "one pixel": (nn.Conv2d(1, 1, 1), (1, 1, 1)),
    "one channel": (nn.Conv2d(1, 1, 1), (1, 3, 3)),
    "one pixel of two channels": (nn.Conv2d(2, 2, 3), (2, 3, 3)),
    "one column": (nn.Conv2d(1, 1, (2, 1)), (1, 4, 1)),
    "a pool of one": (nn.MaxPool2d(1), (1, 1, 1)),
    "an average of one": (nn.AvgPool2d(1), (1, 1, 1)),
    "an average of all": (nn.AdaptiveAvgPool2d(1), (1, 4, 4)),
    "BatchNorm of one": (nn.BatchNorm1d(1).eval(), (1,)),
    "down to one": (
        nn.Sequential(
            *(nn.Conv2d(1, 1, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1, 1), nn.Softmax(1))
        ),
        (1, 4, 4),
    ),
    "more layers than CHOOSE takes in LibreOffice": (units(*[1] * 32), (1,)),
    "pages of channels": (nn.Conv2d(1, 70, 1), (1, 1, 1)),
    "pages of channels, then one": (
        nn.Sequential(nn.Conv2d(1, 70, 1), nn.Conv2d(70, 1, 1)),
        (1, 1, 1),
    ),
}


FEW = [
    "one input, one unit",
    "one layer, no weights",
    "a softmax of one",
    "one pixel",
    "down to one",
]
"""Those that differ most in their sheets."""
FEWER = [
    "one layer, no weights",
    "down to one",
    "more layers than CHOOSE takes in LibreOffice",
]
"""With sheets of each kind: none of weights; maps, pools, units and a class. For LibreOffice."""


def wrong(
    model: nn.Module,
    shape: tuple[int, ...],
    samples: int,
    chosen: Sequence[Engine],
    path: Path,
    inputs: int = 1,
) -> list[str]:
    """Export a network with some samples; return what is wrong in engines."""
    numbers = np.random.default_rng(0).standard_normal((samples, *shape)) if samples else None
    export_workbook(model, shape, path, numbers)
    found = verify_workbook(path, model, chosen, inputs)
    return [f"{each.engine}: {text}" for each in found for text in each.wrongs()]


@pytest.mark.parametrize(
    ("case", "samples"),
    [*((case, 1) for case in CASES), *((case, samples) for case in FEW for samples in (0, 2))],
)
def test_what_has_one_cell_is_computed_as_torch_does(
    case: str, samples: int, tmp_path: Path
) -> None:
    chosen: list[Engine] = [engines.EMBEDDED]
    if samples == 1 and case in FEW:
        chosen.append(engines.engine("formualizer"))
        require(chosen[1].missing())
    inputs = 2 if case in FEW else 1  # a sample, if there are any, and noise; or only noise
    assert wrong(*CASES[case], samples, chosen, tmp_path / "one.xlsx", inputs) == []


def computed_by(engine: Engine, folder: Path, case: str) -> None:
    assert wrong(*CASES[case], 1, [engine], folder / "one.xlsx") == []


def test_one_digit_to_choose_from(engine: Engine, tmp_path: Path) -> None:
    source, path = Input(Shape(1, 6, 6), True), tmp_path / "digit.xlsx"
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 10))
    samples = Samples(np.full((1, 1, 6, 6), 99.0), ("3 (test digit 8)",), (3,), (8,))
    write(model, source, path, samples, title="One digit")
    found = verify_workbook(path, model, [engine], 2, source=source)
    assert [text for each in found for text in each.wrongs()] == []


def hidden_by_merges(canvas: Canvas) -> Iterator[tuple[int, int]]:
    """Yield the cells with content that a merged range covers."""
    for top, left, bottom, right in canvas.merges:
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                cell = canvas.cells.get((row, column))
                if (row, column) != (top, left) and cell and (cell.formula or cell.value != ""):
                    yield row, column


@pytest.mark.parametrize("width", [1, 2, 14])
@pytest.mark.parametrize("layers", [1, 6])
def test_the_cells_to_choose_in_lie_on_nothing(width: int, layers: int) -> None:
    """The squares of a narrow map are large, those of a wide one small."""
    model = nn.Sequential(*(nn.Conv2d(1, 1, 1) for _ in range(layers)))
    network = read_network(model, Input(Shape(1, 2, width)))
    subject = subject_of(model, network, Samples(np.zeros((0, 1, 2, width)), (), ()), "Narrow")
    canvases = {each.name: each for each in compose(subject).canvases}
    assert [hidden for each in canvases.values() for hidden in hidden_by_merges(each)] == []
    listed = {cell.value for cell in canvases[WORKINGS].cells.values() if cell.formula is None}
    assert {f"conv{number}" for number in range(1, layers + 1)} <= listed
    described = f"convolution: 1 channel of 2 × {width} pixels"
    assert described in {cell.value for cell in canvases[LAYERS].cells.values()}


@pytest.mark.parametrize("module", [nn.Linear(2, 1), nn.Sequential(*units(2, 1), nn.LogSoftmax(1))])
def test_one_output_is_no_class(module: nn.Module, tmp_path: Path) -> None:
    export_workbook(module, (2,), tmp_path / "one.xlsx")
    assert "probabilities" not in sheet_names(tmp_path / "one.xlsx")
    (found, *_) = verify_workbook(tmp_path / "one.xlsx", module)
    assert (found.passed, found.predicted, found.expected) == (True, None, None)
    export_workbook(units(2, 2), (2,), tmp_path / "two.xlsx", probabilities=True)
    assert "probabilities" in sheet_names(tmp_path / "two.xlsx")


def test_only_pictures_are_taken_for_classes_by_themselves(tmp_path: Path) -> None:
    """Two numbers that come out of a row of features may be a price and a size."""
    export_workbook(units(2, 2), (2,), tmp_path / "row.xlsx")
    assert "probabilities" not in sheet_names(tmp_path / "row.xlsx")
    picture = nn.Sequential(nn.Flatten(), *units(4, 2))
    export_workbook(picture, (1, 2, 2), tmp_path / "picture.xlsx")
    assert "probabilities" in sheet_names(tmp_path / "picture.xlsx")


def test_an_older_export_of_one_output_and_one_sample_still_verifies() -> None:
    """Version 0.1.0 gave it a sheet of probabilities and looked its only sample up with INDEX."""
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            numbers = torch.arange(parameter.numel()) / 10 - 0.5
            parameter.copy_(numbers.reshape(parameter.shape))
    path = OLDER / "one-output.xlsx"
    formulas = {cell.formula for cell in read_cells(path, ["Values"])["Values"].values()}
    assert "IF($B$3=0,D6,INDEX(Samples!$D$4:$D$4,$B$3))" in formulas
    assert "probabilities" in sheet_names(path)
    assert [each.wrongs() for each in verify_workbook(path, model)] == [[], [], []]
