"""The sheet `Layers`: any layer's channels, as torch has them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from exported_network import WRONG, Exported
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cnn.export.export import write
from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Shape
from cnn.export.samples import Samples, no_samples
from cnn.export.sheets.compose_export import compose
from cnn.export.sheets.export_style import DIGIT, LARGE_NUMBERS, shorten
from cnn.export.sheets.layers_grid import (
    FIRST,
    LAYER,
    LEFT,
    MOST_CELLS,
    MOST_PLANES,
    TOP,
    planes_of,
)
from cnn.export.sheets.layers_sheet import LAYERS
from cnn.export.sheets.layout import CHOICE
from cnn.export.sheets.subject import Subject, subject_of
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Engine


def planes(cells: dict[tuple[int, int], object], subject: Subject) -> Iterator[np.ndarray]:
    """The planes on `Layers`, as (height, width) of numbers, or of texts where one is empty."""
    grid = planes_of([sheet.shape for sheet in list(subject.sheets.values())[1:]])
    for number in range(grid.count):
        down, across = divmod(number, grid.columns)
        top = TOP + 1 + down * (grid.height + 2)
        left = LEFT + 1 + across * (grid.width + 1)
        yield np.array(
            [[cells[top + y, left + x] for x in range(grid.width)] for y in range(grid.height)]
        )


def assert_shown(cells: dict[tuple[int, int], object], subject: Subject, activations: np.ndarray):
    """`Layers` shows these activations (channels, height, width), enlarged to whole planes."""
    shown = list(planes(cells, subject))
    assert len(shown) >= len(activations)
    for plane, expected in zip(shown, activations, strict=False):
        rows = np.arange(plane.shape[0]) * expected.shape[0] // plane.shape[0]
        columns = np.arange(plane.shape[1]) * expected.shape[1] // plane.shape[1]
        large = expected[np.ix_(rows, columns)]
        np.testing.assert_allclose(plane.astype(float), large, rtol=0, atol=1e-9)
    for plane in shown[len(activations) :]:
        assert (plane == "").all()


def test_any_chosen_layer_is_shown(exported: Exported, tmp_path: Path) -> None:
    subject = exported.subject()
    names = list(subject.sheets)[1:]
    assert names == ["conv1", "pool1", "conv2", "linear1", "logsoftmax1", "probabilities"]
    choices: list[dict[str, dict[str, float | str]]] = [{LAYERS: {LAYER: name}} for name in names]
    every = exported.recalculated(engines.EMBEDDED, tmp_path, *choices)
    for name, values in zip(names, every, strict=True):
        assert_shown(values[LAYERS], subject, subject.values[name])


def test_a_chosen_layer_of_a_chosen_digit_is_shown(
    exported: Exported, engine: Engine, tmp_path: Path
) -> None:
    changes: dict[str, dict[str, float | str]] = {DIGIT: {CHOICE: 2.0}, LAYERS: {LAYER: "conv2"}}
    (values,) = exported.recalculated(engine, tmp_path, changes)
    subject = exported.subject()
    sheet = subject.sheets["conv2"]
    found = np.zeros(subject.values["conv2"].shape)
    for unit in sheet.units():
        found[unit] = values["conv2"][sheet.cell(*unit)]
    assert not np.allclose(found, subject.values["conv2"])
    assert_shown(values[LAYERS], subject, found)


def test_channels_that_find_no_room_are_shown_from_a_chosen_one_on(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 70), nn.Tanh(), nn.Linear(70, 2)).eval()
    source = Input(Shape(3, flat=True))
    network = read_network(model, source, fold_batchnorm=False, probabilities=True)
    samples = Samples(np.ones((1, 3, 1, 1)), ("ones",), (None,))
    subject = subject_of(model, network, samples, "Wide")
    write(model, source, tmp_path / "wide.xlsx", samples, title="Wide")
    (canvas,) = [each for each in compose(subject).canvases if each.name == LAYERS]
    changes: dict[tuple[int, int], float | str] = {canvas.inputs[FIRST]: 60.0}
    write_changed(tmp_path / "wide.xlsx", tmp_path / "changed.xlsx", {LAYERS: changes}, WRONG)
    cells = engines.EMBEDDED.recalculate(tmp_path / "changed.xlsx")[LAYERS]
    assert_shown(cells, subject, subject.values["linear1"][60:])


def test_large_numbers_above_the_pictures_are_shortened() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 64, 1), nn.ReLU()).eval()
    source = Input(Shape(1, 6, 6))
    network = read_network(model, source, fold_batchnorm=False, probabilities=True)
    samples = Samples(np.full((1, 1, 6, 6), 1e6), ("large",), (None,))
    (canvas,) = [
        each
        for each in compose(subject_of(model, network, samples, "Large")).canvases
        if each.name == LAYERS
    ]
    grid = planes_of([Shape(64, 6, 6)])
    for number in range(grid.count):
        down, across = divmod(number, grid.columns)
        top = TOP + down * (grid.height + 2)
        column = LEFT + 1 + across * (grid.width + 1) + grid.width - grid.number_columns
        formats = {
            rule.properties.get("num_format")
            for rule in canvas.rules
            if rule.place[:2] == (top, column)
        }
        assert {"0", "0E+0"} <= formats


@pytest.mark.parametrize("size", [0.5, 9.99, 99.6, 5e3, 1e5, 1e12, 1e200])
def test_one_rule_at_most_is_true_of_a_number(size: float) -> None:
    canvas = Canvas("Rules")
    shorten(canvas, (0, 0, 0, 0), LARGE_NUMBERS)
    names = {"AND": lambda *each: all(each), "ABS": abs, "A1": size}
    true = [
        rule.properties
        for rule in canvas.rules
        if eval(rule.formula[1:], {"__builtins__": {}}, names)
    ]
    formats = [each for start, each in LARGE_NUMBERS.items() if size >= start][-1:]
    assert true == [{"num_format": each} for each in formats]


def test_units_share_a_scale_and_maps_have_their_own(exported: Exported, tmp_path: Path) -> None:
    """The end of the common scale is shown for a layer of units only; a channel's is above it."""
    subject = exported.subject()
    canvas = exported.canvas(LAYERS)
    common = next(at for at, cell in canvas.cells.items() if "MAX(MAX(CHOOSE" in str(cell.formula))
    for name in ("conv2", "linear1"):
        changes: dict[str, dict[str, float | str]] = {LAYERS: {LAYER: name}}
        (values,) = exported.recalculated(engines.EMBEDDED, tmp_path, changes)
        cells = values[LAYERS]
        values = subject.values[name]
        is_unit = name == "linear1"
        assert cells[common] == (pytest.approx(abs(values).max()) if is_unit else "")
        shown = [
            value for (row, _), value in cells.items() if row == TOP and value not in ("", None)
        ]
        furthest = [each.flat[abs(each).argmax()] for each in values]
        expected = [each for pair in enumerate(furthest) for each in pair]
        np.testing.assert_allclose(np.array(shown, float), expected[: len(shown)], atol=1e-9)


def test_a_sheet_of_units_says_what_is_above_them() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).eval()
    shape = Shape(4, flat=True)
    network = read_network(model, Input(shape))
    canvases = compose(subject_of(model, network, no_samples(shape), "Units")).canvases
    for canvas in canvases:
        texts = {str(cell.value): place for place, cell in canvas.cells.items()}
        if canvas.name == LAYERS:
            assert "Above each square is its number; one scale for all." in texts
            assert not [text for text in texts if "the picture" in text or "smallest" in text]
        if canvas.name in {layer.name for layer in network.layers}:
            column, last = texts["A column for each unit."][1], canvas.print_area[3]
            room = [canvas.widths.get(each, 8.43) for each in range(column, last + 1)]
            assert sum(room) > 20
            assert "pixel column" not in texts


@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.integers(1, 40), st.integers(1, 40)),
        min_size=1,
        max_size=5,
    )
)
def test_planes_are_few_enough_and_hold_every_map(shapes: list[tuple[int, int, int]]) -> None:
    maps = [Shape(*shape) for shape in shapes]
    grid = planes_of(maps)
    assert all(shape.height <= grid.height and shape.width <= grid.width for shape in maps)
    assert 1 <= grid.count <= min(MOST_PLANES, max(shape.channels for shape in maps))
    assert grid.count == 1 or grid.count * grid.height * grid.width <= MOST_CELLS
    assert grid.columns * (grid.rows - 1) < grid.count <= grid.columns * grid.rows
