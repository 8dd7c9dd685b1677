"""One activation taken apart, and the kernels as tiles, beside what torch says of them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import torch
from exported_network import Exported
from torch import nn
from torch.nn import functional
from zoo_networks import Block, made

from cnn.export.export import export_workbook
from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Shape
from cnn.export.samples import no_samples
from cnn.export.sheets.activation_page import KEYS
from cnn.export.sheets.activation_sheet import ACTIVATION, activation_sheets
from cnn.export.sheets.compose_export import compose
from cnn.export.sheets.kernels_sheet import KERNELS, kernels_sheet
from cnn.export.sheets.layers_sheet import LAYERS
from cnn.export.sheets.layout import sheets_of
from cnn.export.sheets.one_activation import lenses_of
from cnn.export.sheets.products_places import PRODUCTS, SIDES
from cnn.export.sheets.subject import Pick, Subject, subject_of
from cnn.export.sheets.weights_sheet import weights_sheet
from cnn.export.verification.exported_file import read_exported
from cnn.export.verification.verify_export import verify_workbook
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.address import local, place_of, relative_address
from sheetgen.spreadsheet.canvas import Cell
from sheetgen.spreadsheet.engines import Engine
from sheetgen.workbook.plan import WORKINGS
from sheetgen.workbook.shared.workings import Workings

# openpyxl does not know the extension by which bars start at nothing rather than at a tenth.
pytestmark = pytest.mark.filterwarnings("ignore:.* extension is not supported:UserWarning")


Cells = Mapping[tuple[int, int], object]


def second(exported: Exported) -> tuple[torch.Tensor, torch.Tensor]:
    """The weights (5, 3, 3, 3) and the biases of the second convolution."""
    layer = exported.model[4]
    assert isinstance(layer, nn.Conv2d) and layer.bias is not None
    return layer.weight.detach().double(), layer.bias.detach().double()


def place_of_text(subject: Subject, text: str, sheet: str = ACTIVATION) -> tuple[int, int]:
    (canvas,) = [each for each in activation_sheets(subject, Workings()) if each.name == sheet]
    return next(place for place, cell in canvas.cells.items() if cell.value == text)


def shown(exported: Exported, engine: Engine, folder: Path, pick: Pick) -> tuple[Cells, Cells]:
    """The cells of `Activation` and of `Products` after something was chosen."""
    chosen: dict[str, float | str] = {"layer": pick.layer}
    chosen |= {key: float(at) for key, at in zip(KEYS[1:], pick[1:], strict=True)}
    changes = {ACTIVATION: chosen}
    (values,) = exported.recalculated(engine, folder, changes)
    return values[ACTIVATION], values[PRODUCTS]


def test_window_times_kernel_is_what_torch_computes(
    exported: Exported, engine: Engine, tmp_path: Path
) -> None:
    """At the edge of the map, where the window reads the zeros around it, and inside."""
    subject = exported.subject()
    source = torch.from_numpy(subject.values["pool1"])[None]
    weight, bias = second(exported)
    products = source[0, :, 1:4, 0:3] * weight[3]
    right = functional.conv2d(source, weight, bias)[0, 3, 1, 0].relu()
    activation, listed = shown(exported, engine, tmp_path, Pick("conv2", 3, 1, 0, 2))
    first = place_of_text(subject, "window")
    tiles = [
        [
            [activation[first[0] + 1 + y, first[1] + 4 * block + x] for x in range(3)]
            for y in range(3)
        ]
        for block in range(3)
    ]
    expected = torch.stack([source[0, 2, 1:4, 0:3], weight[3, 2], products[2]])
    np.testing.assert_allclose(np.array(tiles, float), expected, rtol=0, atol=1e-9)
    head = place_of_text(subject, "their sum", PRODUCTS)
    sums = [listed[head[0] + 1 + channel, head[1]] for channel in range(3)]
    np.testing.assert_allclose(np.array(sums, float), products.sum((1, 2)), rtol=0, atol=1e-9)
    row, column = place_of_text(subject, "the activation")
    assert activation[row, column + 8] == pytest.approx(float(right), abs=1e-9)


@pytest.mark.parametrize(
    "pick",
    [Pick("conv1", 2, 0, 7, 0), Pick("pool1", 1, 3, 2, 0), Pick("linear1", 9, 0, 0, 4)],
    ids=lambda pick: pick.layer,
)
def test_the_steps_come_to_the_activation_on_its_sheet(
    exported: Exported, pick: Pick, tmp_path: Path
) -> None:
    """A convolution with BatchNorm and ReLU, a pooling, a fully connected layer."""
    subject = exported.subject()
    activation, _ = shown(exported, engines.EMBEDDED, tmp_path, pick)
    row, column = place_of_text(subject, "the activation")
    right = subject.values[pick.layer][pick.channel, pick.row, pick.column]
    assert activation[row, column + 8] == pytest.approx(right, abs=1e-9)
    assert "the same" in activation.values() and "different" not in activation.values()


def test_a_place_that_a_layer_does_not_have_is_its_last(exported: Exported, tmp_path: Path) -> None:
    subject = exported.subject()
    activation, _ = shown(exported, engines.EMBEDDED, tmp_path, Pick("conv2", 9, 7, 7, 4))
    row, column = place_of_text(subject, "the activation")
    assert activation[row, column + 8] == pytest.approx(subject.values["conv2"][4, 1, 1], abs=1e-9)
    texts = [text for text in activation.values() if isinstance(text, str)]
    assert "Channel 4, row 1, column 1 reads 3 × 3 pixels of all 3 channels of pool1." in texts
    assert {"0 to 4", "0 to 1", "0 to 2"} <= set(texts)


def test_frames_are_drawn_with_names_that_excel_2007_takes(exported: Exported) -> None:
    canvas, products = activation_sheets(exported.subject(), Workings())
    assert not [rule.formula for rule in canvas.rules if "!" in rule.formula]
    for frame in ("window", "inside", "unit"):
        drawn = [each for each in canvas.rules if f"shown_{frame}_top" in each.formula]
        # Each combination of sides that a cell may have, but none of them.
        sides = {frozenset(side for side in SIDES if side in each.properties) for each in drawn}
        assert len(drawn) == len(sides) == 2 ** len(SIDES) - 1
        assert {f"shown_{frame}_{side}" for side in SIDES} <= set(products.names)


def test_the_frame_is_around_the_window_in_an_enlarged_picture(
    exported: Exported, tmp_path: Path
) -> None:
    """conv2 looks at maps of 4 × 4, a pixel of which is 2 × 2 cells in a picture of 10 × 10."""
    changes: dict[str, dict[str, float | str]] = {
        ACTIVATION: {"layer": "conv2", "channel": 1.0, "row": 1.0, "column": 0.0, "source": 2.0}
    }
    (values,) = exported.recalculated(engines.EMBEDDED, tmp_path, changes)
    names = exported.canvas(PRODUCTS).names
    places = [place_of(local(names[f"shown_window_{side}"])) for side in SIDES]
    assert [values[WORKINGS][place] for place in places] == [3, 1, 8, 6]


def test_the_activation_that_is_shown_first_is_the_largest(exported: Exported) -> None:
    subject = exported.subject()
    canvas, _ = activation_sheets(subject, Workings())
    first = [int(canvas.value(*canvas.inputs[key])) for key in KEYS[1:4]]
    conv1 = subject.values["conv1"]
    assert conv1[tuple(first)] == conv1.max() > 0


def test_kernels_are_tiles_of_torchs_weights(exported: Exported) -> None:
    """test_export_sheets compares what every engine makes of this sheet as of all others."""
    values = engines.EMBEDDED.recalculate(exported.path)[KERNELS]
    canvas = exported.canvas(KERNELS)
    weight = second(exported)[0].numpy()
    above = _row_of(canvas.cells, "kernel 0") - 1
    captions = {cell.value: at for (row, at), cell in canvas.cells.items() if row == above}
    for kernel, channel in np.ndindex(5, 3):
        row = _row_of(canvas.cells, f"kernel {kernel}")
        column = captions[f"channel {channel}"]
        tile = [[values[row + y, column + x] for x in range(3)] for y in range(3)]
        np.testing.assert_allclose(np.array(tile, float), weight[kernel, channel], atol=1e-12)


def _row_of(cells: Mapping[tuple[int, int], Cell], text: str) -> int:
    """The row of a kernel of several channels, whose name is left of its tiles."""
    return next(row for (row, column), cell in cells.items() if column == 0 and cell.value == text)


CHANGES: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "a tile": (KERNELS, "channel 0", lambda text: text + "*2"),
    "a sum of products": (PRODUCTS, "their sum", lambda text: text.replace("SUM", "MAX")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_verify_finds_a_changed_formula(change: str, exported: Exported, tmp_path: Path) -> None:
    sheet, below, changed = CHANGES[change]
    cells = exported.canvas(sheet).cells
    row, column = next(place for place, cell in cells.items() if cell.value == below)
    book = openpyxl.load_workbook(exported.path)
    cell = book[sheet].cell(row + 2, column + 1)
    former = str(cell.value)
    assert former.startswith("=") and changed(former) != former
    cell.value = changed(former)
    book.save(tmp_path / "changed.xlsx")
    results = verify_workbook(tmp_path / "changed.xlsx", exported.model, inputs=3)
    place = relative_address(row + 1, column)
    for result in results:
        assert [text.split()[0] for text in result.unwritten] == [f"{sheet}!{place}"]
    found = [text for result in results for text in result.findings]
    assert any(text.startswith(f"{sheet}!{place} is ") for text in found)


def test_a_kernel_of_a_group_has_tiles_for_its_own_channels_only() -> None:
    model = nn.Sequential(nn.Conv2d(4, 6, (1, 9), groups=2)).eval()
    network = read_network(model, Input(Shape(4, 3, 12)))
    sheets = sheets_of(network)
    canvas = kernels_sheet(network, sheets)
    assert canvas is not None
    held = {(y, x): value for y, x, value in weights_sheet(network, sheets).numbers_written()}
    found = []
    for _, _, formula, value in canvas.promised():
        assert held[place_of(formula.removeprefix("=Weights!"))] == value
        found.append(value)
    expected = model[0].weight.detach().double().flatten()  # (6, 2, 1, 9), as the tiles are
    assert found == expected.tolist()


def test_layers_that_have_no_small_and_regular_window_are_named() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 9), nn.MaxPool2d(3, padding=1), nn.Conv2d(2, 1, 2), nn.Tanh()
    ).eval()
    source = Input(Shape(1, 24, 24))
    network = read_network(model, source)
    subject = subject_of(model, network, no_samples(source.output), "Odd")
    assert [lens.sheet.name for lens in lenses_of(subject.sheets.values())] == ["conv2"]
    canvas, _ = activation_sheets(subject, Workings())
    text = " ".join(
        str(cell.value)
        for (_, at), cell in sorted(canvas.cells.items(), key=lambda each: each[0])
        if at == 1
    )
    assert "conv1 (windows of more than 7 rows or columns); pool1 (windows that are not" in text


@pytest.mark.slow
def test_a_map_may_have_the_zeros_of_another_layer(tmp_path: Path) -> None:
    model, path = made(lambda: Block(1, 2, 2)), tmp_path / "block.xlsx"
    export_workbook(model, (1, 4, 4), path)
    results = verify_workbook(path, model, inputs=2)
    assert {lens.sheet.name for lens in lenses_of(read_exported(path, model).sheets.values())} == {
        "conv1", "conv2", "shortcut.0",
    }  # fmt: skip
    assert [result.wrongs() for result in results] == [[], []]


def test_a_network_without_windows_has_no_sheet_for_them() -> None:
    model = nn.Sequential(nn.Softmax(1)).eval()
    shape = Shape(3, flat=True)
    subject = subject_of(model, read_network(model, Input(shape)), no_samples(shape), "Bare")
    names = [canvas.name for canvas in compose(subject).canvases]
    assert not {ACTIVATION, PRODUCTS, KERNELS} & set(names)


def test_the_print_area_of_a_narrow_sheet_holds_the_texts_above_the_planes() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 1)).eval()
    source = Input(Shape(1, 6, 6))
    subject = subject_of(model, read_network(model, source), no_samples(source.output), "Narrow")
    (canvas,) = [each for each in compose(subject).canvases if each.name == LAYERS]
    (place,) = [at for at, cell in canvas.cells.items() if "enlarged" in str(cell.value)]
    assert canvas.print_area is not None
    pixels = sum(canvas.widths[at] * 7 + 5 for at in range(place[1], canvas.print_area[3] + 1))
    assert pixels > 6 * len(str(canvas.value(*place)))
