"""A network as live formulas: what each kind of layer becomes, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import torch
from test_export_random import with_statistics
from torch import nn

from cnn.export import export_workbook, verify_workbook
from cnn.export.export import write
from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Shape
from cnn.export.network.torch_reference import Reference
from cnn.export.runs import image_input
from cnn.export.samples import as_samples
from cnn.models import build_model
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.reader import read_cells, sheet_names

SIDE = 28

# openpyxl does not know the extension by which bars start at nothing rather than at a tenth.
pytestmark = pytest.mark.filterwarnings("ignore:.* extension is not supported:UserWarning")


def formula(path: Path, sheet: str, row: int, column: int) -> str | None:
    """The formula of a cell; its place counts from 0."""
    return read_cells(path, [sheet])[sheet][row, column].formula


def exported(model: nn.Module, shape: tuple[int, ...], path: Path, **options: object) -> Path:
    torch.manual_seed(0)
    with_statistics(model, torch.Generator().manual_seed(0))
    samples = torch.randn(1, *shape, dtype=torch.float64).numpy()
    export_workbook(model, shape, path / "network.xlsx", samples, **options)  # type: ignore[arg-type]
    return path / "network.xlsx"


def assert_agrees(
    path: Path, model: nn.Module, engine: Engine = engines.EMBEDDED, inputs: int = 2
) -> None:
    for result in verify_workbook(path, model, [engine], inputs=inputs):
        assert [layer.wrong for layer in result.layers if layer.wrong] == []
        assert result.largest_difference <= 1e-9
        assert result.predicted == result.expected


def test_torch_computes_in_one_thread_and_has_its_threads_again() -> None:
    model, seen = nn.Sequential(nn.Linear(2, 1)), list[int]()
    network = read_network(model, Input(Shape.of((2,))))
    model[0].register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    Reference(model, network).activations(np.ones((1, 2, 1, 1)))
    assert (seen, torch.get_num_threads()) == ([1], 2)


def test_a_convolution_is_one_product_with_its_followers_around_it(tmp_path: Path) -> None:
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 1, 3, bias=False),
        nn.Tanh(),
    )
    path = exported(model, (2, 6, 5), tmp_path)
    # Of 4 channels each pixel column takes 4 columns; the first pixel's window is 3 pixels wide.
    assert formula(path, "conv1", 3, 1) == (
        "MAX(0,(SUMPRODUCT(input!B4:G6,conv1_kernel_0)+conv1_bias_0)*conv1_scale_0+conv1_shift_0)"
    )
    assert formula(path, "conv2", 3, 1) == "TANH(SUMPRODUCT(conv1!B4:M6,conv2_kernel_0))"
    assert_agrees(path, model)


def test_padding_is_zeros_also_behind_a_shifting_batchnorm(tmp_path: Path) -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 2, 3, padding=1)
    )
    path = exported(model, (1, 5, 5), tmp_path, fold_batchnorm=True)
    cells = read_cells(path, ["conv1"])["conv1"]
    corner, inside = cells[3, 1], cells[4, 4]
    assert (corner.formula, corner.value) == (None, 0.0)
    assert inside.formula is not None and inside.formula.endswith("*conv1_scale_0+conv1_shift_0")
    assert_agrees(path, model)


@pytest.mark.slow
def test_the_input_is_padded_after_it_was_normalised(tmp_path: Path) -> None:
    model = build_model("tiny").eval()
    samples = as_samples(np.zeros((1, 1, SIDE, SIDE)), image_input().output)
    path = tmp_path / "tiny.xlsx"
    write(model, image_input(), path, samples, title="tiny")
    assert path.stat().st_size < 2e6
    cells = read_cells(path, ["input"])["input"]
    assert cells[3, 1].value == 0
    assert cells[5, 3].value == pytest.approx(-0.1307 / 0.3081)
    assert str(cells[5, 3].formula).endswith("/input_white-input_mean)/input_deviation")


def test_batchnorm_is_folded_where_it_directly_follows(tmp_path: Path) -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.ReLU(),
        nn.Conv2d(2, 2, 3), nn.ReLU(), nn.BatchNorm2d(2),
        nn.Flatten(), nn.Linear(18, 3), nn.Dropout(), nn.BatchNorm1d(3),
    )  # fmt: skip
    with_statistics(model, torch.Generator().manual_seed(1))
    path = tmp_path / "folded.xlsx"
    network = export_workbook(model, (1, 7, 7), path, fold_batchnorm=True).network
    assert network.unfolded == ("conv2",)
    assert formula(path, "conv1", 3, 1) == (
        "MAX(0,SUMPRODUCT(input!B4:D6,conv1_kernel_0)+conv1_bias_0)"
    )
    assert_agrees(path, model)


def test_a_module_between_convolution_and_batchnorm_that_changes_numbers_forbids_folding(
    tmp_path: Path,
) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.BatchNorm2d(2))
    path = exported(model, (1, 8, 8), tmp_path, fold_batchnorm=True)
    assert_agrees(path, model)


@pytest.mark.slow
def test_a_perceptron_reads_the_picture_as_it_is(tmp_path: Path) -> None:
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 8), nn.ReLU(), nn.Linear(8, 6), nn.Sigmoid(), nn.Linear(6, 10),
    )  # fmt: skip
    path = exported(model, (1, SIDE, SIDE), tmp_path)
    assert formula(path, "linear1", 3, 1) == (
        "MAX(0,SUMPRODUCT(input!B4:AC31,linear1_kernel_0)+linear1_bias_0)"
    )
    assert "softmax1" not in sheet_names(path) and "probabilities" in sheet_names(path)
    assert_agrees(path, model)


def test_units_without_pixels(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.ELU(), nn.Linear(3, 2), nn.Softmax(dim=1))
    assert_agrees(exported(model, (4,), tmp_path), model)


def test_a_module_in_two_places_is_run_twice(tmp_path: Path) -> None:
    twice = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.Tanh())
    model = nn.Sequential(twice, nn.Sequential(twice, nn.MaxPool2d(2)), twice[1])
    path = exported(model, (1, 6, 6), tmp_path)
    assert {"conv1", "conv2", "pool1"} <= set(sheet_names(path))
    assert_agrees(path, model)


def maps_of_more_rows_than_libreoffice_computes_in_one_thread(
    libreoffice: Engine, tmp_path: Path
) -> None:
    """Run by test_libreoffice."""
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.GELU(), nn.Conv2d(2, 2, 3, 2, 1), nn.Sigmoid(),
        nn.MaxPool2d(2),
    )  # fmt: skip
    assert_agrees(exported(model, (1, 230, 4), tmp_path), model, libreoffice, inputs=1)


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv2d(4, 8, 3, dilation=2, padding=2),
        nn.Conv2d(4, 8, 3, groups=2),
        nn.Conv2d(4, 4, (1, 3), stride=(2, 1), groups=4, padding="valid"),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.MaxPool2d(2, dilation=2),
        nn.AvgPool2d(3, padding=1, count_include_pad=False),
        nn.AvgPool2d(3, padding=1),
        nn.AvgPool2d(2, divisor_override=3),
        nn.AdaptiveAvgPool2d((3, 5)),
        nn.AdaptiveAvgPool2d((None, 2)),
        nn.AdaptiveMaxPool2d(4),
        nn.Softplus(beta=0.5, threshold=0.1),
        nn.Identity(),
    ],
    ids=str,
)
def test_options(module: nn.Module, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(2, 4, 1), module, nn.ReLU(inplace=True))
    assert_agrees(exported(model, (2, 7, 9), tmp_path), model)


@pytest.mark.parametrize(
    "pool",
    [nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d((1, 3)), nn.AdaptiveMaxPool2d(1)],
    ids=str,
)
def test_windows_of_more_cells_than_a_function_takes(pool: nn.Module, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 1), pool)
    assert_agrees(exported(model, (1, 17, 49 if pool.output_size != 1 else 17), tmp_path), model)


def test_every_name_is_one_that_excel_takes(tmp_path: Path) -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 2), nn.ELU(), nn.BatchNorm2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(2, 2),
    )  # fmt: skip
    path = exported(model, (1, 18, 18), tmp_path)
    names = set(openpyxl.load_workbook(path).defined_names)  # a warning would be an error
    assert {"conv1_kernel_1", "conv1_bias_0", "eluact1_scale_1", "pool1_mask_17x17_0"} <= names
    assert all(name.isascii() and "_" in name for name in names)
    # ELU1 would be the address of a cell, and a formula would have to quote the sheet.
    assert [name for name in sheet_names(path) if len(name.rstrip("0123456789")) < 4] == []


def test_numbers_typed_with_another_library_give_torchs_answer(
    engine: Engine, tmp_path: Path
) -> None:
    model = with_statistics(
        nn.Sequential(
            nn.Conv2d(1, 4, 3, 2), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(36, 3)
        ),
        torch.Generator().manual_seed(3),
    )
    path = tmp_path / "plain.xlsx"
    places = export_workbook(model, (1, 8, 8), path, np.zeros((2, 1, 8, 8))).places
    drawing = np.random.default_rng(0).integers(0, 256, (8, 8)).astype(float)
    book = openpyxl.load_workbook(path)
    sheet = book[places.sheet]
    for (row, column), value in np.ndenumerate(drawing):
        down, across = places.drawn(0, row, column)
        sheet.cell(down + 1, across + 1, value)
    assert places.choice is not None
    sheet.cell(places.choice[0] + 1, places.choice[1] + 1, 0)
    book.save(tmp_path / "drawn.xlsx")
    values = engine.recalculate(tmp_path / "drawn.xlsx")["probabilities"]
    expected = model.double()(torch.from_numpy(drawing)[None, None]).softmax(1)[0].tolist()
    assert [values[3, 1 + k] for k in range(3)] == pytest.approx(expected, abs=1e-12)


def striped_digits(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures of two stripes, whose place tells the class, under noise; (N, 1, 14, 14)."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 10
    pixels = torch.randint(0, 60, (count, 1, SIDE, SIDE), generator=draw)
    for picture, label in zip(pixels, labels.tolist(), strict=True):
        picture[0, 2 + 2 * label : 5 + 2 * label, 4:24] = 230
        picture[0, 4:24, 20 - label : 22 - label] = 180
    return pixels[:, :, ::2, ::2].double(), labels


@pytest.mark.slow
def test_a_trained_network_recognises_the_same_digits_in_every_engine(
    every_engine: tuple[Engine, ...], tmp_path: Path
) -> None:
    """Of a small network: other tests and engines compute the built-in ones."""
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3)),
        *(nn.ReLU(), nn.Flatten(), nn.Linear(80, 10), nn.LogSoftmax(1)),
    )
    pixels, labels = striped_digits(200)
    inputs = ((pixels / 255 - 0.1307) / 0.3081).float()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.nll_loss(model(inputs), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    path = tmp_path / "trained.xlsx"
    source = replace(image_input(), output=Shape(1, SIDE // 2, SIDE // 2))
    samples = as_samples(pixels[:20].numpy(), source.output)
    write(model.eval(), source, path, samples, title="small")
    results = verify_workbook(path, model, every_engine, inputs=2, source=source)
    assert all(result.passed for result in results)
    assert max(result.largest_difference for result in results) <= 1e-9
    assert len({result.predicted for result in results}) > 1


def test_verify_finds_other_weights_and_constants(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 2))
    path = exported(model, (1, 5, 5), tmp_path)
    kernel = openpyxl.load_workbook(path).defined_names["conv1_kernel_1"].attr_text
    cell = openpyxl.utils.cell.coordinate_to_tuple(
        kernel.split("!")[1].split(":")[0].replace("$", "")
    )
    changed = tmp_path / "changed.xlsx"
    write_changed(path, changed, {"Weights": {(cell[0] - 1, cell[1] - 1): 3.0}})
    (first, *_) = verify_workbook(changed, model, inputs=1)
    assert not first.passed
    assert next(layer.layer for layer in first.layers if layer.wrong) == "conv1"
    book = openpyxl.load_workbook(path)
    book["linear1"]["C4"] = 0.25
    book.save(changed)
    (first, *_) = verify_workbook(changed, model, inputs=1)
    wrong = [layer.wrong for layer in first.layers if layer.wrong]
    assert wrong[:1] == ["linear1!C4 holds no formula"]


def test_verify_finds_a_formula_elsewhere_that_is_an_error(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    path = exported(model, (1, 2, 2), tmp_path)
    book = openpyxl.load_workbook(path)
    book["Weights"]["Z99"] = "=1/0"
    book.save(path)
    (first, *_) = verify_workbook(path, model, inputs=1)
    assert (first.passed, first.wrong) == (False, "Weights!Z99 is #DIV/0!")
