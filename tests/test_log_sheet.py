"""The sheet of any training's log: which metrics belong together, its charts, and live results."""

from dataclasses import replace
from math import inf, nan
from pathlib import Path

import openpyxl
import pytest
from sheet_layout import problems

from cnn.log.axes import share_axis, step_axis, value_axis
from cnn.log.description import Confusion, Layer, Target, TrainingLog
from cnn.log.log_charts import charted
from cnn.log.log_sheet import log_sheet
from cnn.log.metrics import Metric, number_formats
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import EMBEDDED, Engine
from sheetgen.spreadsheet.writer import write_workbook


def metric(name: str, *values: float) -> Metric:
    return Metric(name, values or (0.5,))


def log_of(*rows: dict[str, float | str], target: Target | None = None) -> TrainingLog:
    numbered = [{"epoch": number, **row} for number, row in enumerate(rows, start=1)]
    return TrainingLog("Log", "A training", "", "mark", numbered, target=target)


def sentence(canvas: Canvas) -> str:
    return str(canvas.cells[1, 1].value)


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (["loss", "val_loss"], ["loss val_loss"]),
        (["train_loss", "test_loss"], ["train_loss test_loss"]),
        (["trainLoss", "valLoss", "mAP50"], ["trainLoss valLoss", "mAP50"]),
        (["acc", "val_accuracy", "Accuracy/test"], ["acc val_accuracy Accuracy/test"]),
        (["train/box_loss", "val/box_loss", "f1"], ["train/box_loss val/box_loss", "f1"]),
        (["lr", "loss"], ["loss", "lr"]),
        (["x/lr0", "learning_rate", "f1"], ["f1", "x/lr0 learning_rate"]),
        (["seconds", "epoch_time", "samples_per_second"], []),
        (["train", "test"], ["train", "test"]),
    ],
)  # fmt: skip
def test_metrics_that_share_a_stem_are_one_chart(names: list[str], together: list[str]) -> None:
    found = charted([metric(name) for name in names])
    assert [" ".join(each.name for each in group.metrics) for group in found] == together


def test_an_accuracy_is_in_percent_where_it_is_a_share() -> None:
    metrics = [metric("val_acc", 0.91), metric("top5", 93.5), metric("loss", 0.91)]
    assert list(number_formats(metrics).values()) == ["0.00%", "0.00000", "0.000000"]


@pytest.mark.parametrize(
    ("name", "rises"),
    [
        *(("val_acc", True), ("mAP50(B)", True), ("f1", True), ("win_rate", True), ("psnr", True)),
        *(("loss", False), ("val_mae", False), ("valLoss", False), ("false_positive_rate", False)),
        *(("negative_log_likelihood", False), ("grad_norm", None)),
    ],
)
def test_the_name_says_whether_more_is_better(name: str, rises: bool | None) -> None:
    assert metric(name).told is rises


def test_where_the_name_does_not_tell_the_user_the_target_or_a_note_does() -> None:
    rows = [{"gain": 1.0, "level": 0.2, "drift": 3.0}, {"gain": 2.0, "level": 0.5, "drift": 4.0}]
    log = replace(log_of(*rows, target=Target("level", 0.9)), best={"gain": "max"})
    assert [(each.name, each.best) for each in log.metrics] == [
        ("gain", 2), ("level", 0.5), ("drift", 3)
    ]  # fmt: skip
    cells = log_sheet(log).cells.values()
    assert "the smallest is taken for the best of drift" in [cell.value for cell in cells]


@pytest.mark.parametrize(
    ("epochs", "ends"), [(1, (0, 2, 1)), (3, (1, 3, 1)), (19, (0, 19, 2)), (200, (0, 200, 20))]
)
def test_the_axis_of_the_epochs_ends_with_the_last_of_several(
    epochs: int, ends: tuple[float, float, float]
) -> None:
    axis = step_axis([float(step) for step in range(1, epochs + 1)])
    assert (axis.low, axis.high, axis.unit) == ends


def test_an_axis_of_accuracies_ends_at_100_percent_and_leaves_out_a_bad_start() -> None:
    curve = [0.86, 0.97, *(0.985 + 0.0005 * epoch for epoch in range(18))]
    axis = share_axis([curve], 0.994)
    assert (axis.low, axis.high, axis.number_format) == (pytest.approx(0.98), 1.0, "0.0%")
    assert share_axis([[0.99]], 0.95).low == pytest.approx(0.9)
    assert share_axis([[0.3]], 0.994).low == pytest.approx(0.2)
    assert share_axis([[99.1, 99.3]], None, full=100).low == pytest.approx(99)


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([0.33, 0.06, 0.07, 0.05], (0, 0.4)),
        ([2.30, 2.29, 2.28, 2.27], (2.27, 2.3)),
        ([-0.4, 0.1, 0.2, 0.9], (-0.5, 1)),
        ([0.0, 0.0], (0, 1)),
        ([2.1], (0, 2.5)),
        ([1e200, 1], None),
    ],
)
def test_an_axis_has_round_ends(values: list[float], ends: tuple[float, float] | None) -> None:
    axis = value_axis(values)
    found = None if axis is None else (axis.low, axis.high)
    assert found == (None if ends is None else pytest.approx(ends))


def test_the_result_is_told_in_words() -> None:
    goal = Target("val_acc", 0.9)
    rows = [{"val_acc": each} for each in (0.5, 0.92, 0.8)]
    told = [sentence(log_sheet(log_of(*rows[:count], target=goal))) for count in (1, 2, 3)]
    assert told == [
        "After 1 epoch: val_acc 50.00%; the target of 90.00% is not reached",
        "After 2 epochs: val_acc 92.00%, the best of all; "
        "the target of 90.00% is reached, first in epoch 2",
        "After 3 epochs: val_acc 80.00%, at best 92.00% in epoch 2; "
        "the target of 90.00% was reached in epoch 2, but not in the last epoch",
    ]


def test_a_loss_is_told_without_a_target() -> None:
    told = sentence(log_sheet(log_of({"loss": 0.61234}, {"loss": 0.5})))
    assert told == "After 2 epochs: loss 0.5, the best of all"


ODD = log_of(
    {"loss": nan, "=1+1": 2.0, "note": "start"},
    {"loss": 0.4, "val_acc": 0.95, "=1+1": 1.0},
    {"loss": inf, "val_acc": 0.97, "=1+1": 3.0},
    {"loss": 0.3, "=1+1": 2.5},
    target=Target("val_acc", 0.96),
)
LOSS = log_of({"loss": nan}, {"loss": 0.4}, {"loss": 0.05}, {}, target=Target("loss", 0.1))
LARGE = log_of({"reward": 3e7}, {"reward": 1.23456e12}, target=Target("reward", 2.5e7))
UNKNOWN = log_of({"loss": nan, "acc": inf})


def test_what_is_large_or_missing_or_no_number_is_kept_and_shown(
    engine: Engine, tmp_path: Path
) -> None:
    logs = {"Odd": ODD, "Loss": LOSS, "Large": LARGE, "Unknown": UNKNOWN}
    canvases = [log_sheet(replace(log, sheet=name)) for name, log in logs.items()]
    path, copy = tmp_path / "odd.xlsx", tmp_path / "copy.xlsx"
    write_workbook(canvases, path, "odd")
    write_changed(path, copy, {}, cached=-7e77)
    found = engine.recalculate(copy)
    for canvas in canvases:
        for row, column, formula, value in canvas.promised():
            expected = value if isinstance(value, str) else pytest.approx(value, rel=1e-12)
            assert found[canvas.name][row, column] == expected, formula
    for name in ("Odd", "Loss", "Unknown"):
        rows = openpyxl.load_workbook(path)[name].iter_rows(4, 7)
        assert "NaN" in [cell.value for row in rows for cell in row]
    assert str(found["Large"][1, 1]).startswith("After 2 epochs: reward 1.235E12, the best of all")
    assert list(problems(path)) == []
    assert found["Unknown"][1, 1] == "No number is logged yet; epochs: 1"


def test_a_name_or_a_text_is_never_a_formula(tmp_path: Path) -> None:
    write_workbook([log_sheet(ODD)], tmp_path / "odd.xlsx", "odd")
    sheet = openpyxl.load_workbook(tmp_path / "odd.xlsx")["Log"]
    (cell,) = [cell for cell in sheet[3] if cell.value == "=1+1"]
    assert cell.data_type == "s"


def test_the_words_follow_the_target_that_a_user_types(tmp_path: Path) -> None:
    canvas = log_sheet(log_of({"acc": 0.5}, {"acc": 0.7}, target=Target("acc", 0.9)))
    path, copy = tmp_path / "log.xlsx", tmp_path / "copy.xlsx"
    write_workbook([canvas], path, "log")
    ((row, column, _, _),) = canvas.verdicts
    for target, words, verdict in (
        (0.6, "is reached, first in epoch 2", "PASS"),
        (0.1, "first in epoch 1", "PASS"),
        (0.8, "is not reached", "FAIL"),
    ):
        write_changed(path, copy, {"Log": {canvas.inputs["target"]: target}}, cached=-7e77)
        found = EMBEDDED.recalculate(copy)["Log"]
        assert str(found[1, 1]).endswith(words)
        assert found[row, column] == verdict


def test_the_squares_of_the_matrix_are_squares_and_only_errors_are_shaded() -> None:
    counts = [[50, 0, 4], [1, 60, 0], [0, 2, 70]]
    log = TrainingLog("Log", "", "", "m", [{"epoch": 1, "acc": 0.9}],
        confusion=Confusion(("cat", "dog", "rhinoceros"), counts, "animal"))  # fmt: skip
    canvas = log_sheet(log)
    texts = {cell.value: place for place, cell in canvas.cells.items()}
    top, left = texts[50]
    fills = [
        [canvas.cells[top + 2 * row, left + column].style.fill for column in range(3)]
        for row in range(3)
    ]
    assert len({fills[place][place] for place in range(3)}) == 1
    assert fills[0][1] == "#FFFFFF" != fills[1][0]
    assert fills[0][2] == "#F59E0B"
    assert (top, left, top + 1, left) in canvas.merges
    assert "3 rhinoceros" in texts


def test_of_many_classes_the_worst_pairs_are_listed() -> None:
    names = tuple(f"class {number}" for number in range(40))
    counts = [[int(row in (column, column + 1)) for column in range(40)] for row in range(40)]
    counts[7][3] = 5
    log = TrainingLog("Log", "", "", "m", [{"epoch": 1}], confusion=Confusion(names, counts))
    cells = log_sheet(log).cells
    title = "Taken for another class most often"
    (row,) = [row for (row, _), cell in cells.items() if cell.value == title]
    first = [cell.value for (at, _), cell in cells.items() if at == row + 2]
    assert first == ["class 7", "class 3", 5]


@pytest.mark.parametrize("epochs", [1, 30])
def test_nothing_lies_on_anything_else(epochs: int) -> None:
    """Of a short log the layers are below the table, of a long one below the charts."""
    rows: list[dict[str, float | str]] = [{"loss": 1 / (1 + each)} for each in range(epochs)]
    log = log_of(*rows)
    layers = [Layer(f"Linear-{number}", (10,), 110) for number in range(12)]
    canvas = log_sheet(TrainingLog("Log", "", "", "m", log.rows, layers=layers))
    covered = [
        (row, column)
        for first, left, last, right in canvas.merges
        for row in range(first, last + 1)
        for column in range(left, right + 1)
        if (row, column) != (first, left)
    ]
    assert len(covered) == len(set(covered))
    assert not set(covered) & canvas.cells.keys()
    (chart,) = canvas.charts
    row, column = chart.at
    behind = {(row + down, column + across) for down in range(15) for across in range(9)}
    assert not behind & canvas.cells.keys()


def test_hundreds_of_metrics_are_all_in_the_table() -> None:
    row: dict[str, float | str] = {f"metric{number}": float(number) for number in range(500)}
    canvas = log_sheet(log_of(row, row))
    assert {f"metric{number}" for number in range(500)} <= {
        cell.value for cell in canvas.cells.values()
    }
    assert len(canvas.charts) == 12
