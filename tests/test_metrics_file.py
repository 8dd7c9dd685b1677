"""`cnn log` of a file of metrics: what other programs write, and what is no such file."""

import re
from math import isnan
from pathlib import Path

import pytest
from click.testing import CliRunner

from cnn.cli import main
from cnn.log.logged_sheet import read_logs
from cnn.log.metrics_file import by_step, read_metrics, sheet_name
from sheetgen.errors import InputError
from sheetgen.spreadsheet.reader import read_cells, sheet_names

LIGHTNING = """epoch,lr-SGD,step,train_loss,val_acc
,0.1,0,,
0,,49,1.2,
0,,49,,0.61
,0.05,50,,
1,,99,nan,
1,,99,,0.74
"""
ULTRALYTICS = """          epoch,   train/box_loss,  metrics/mAP50(B)
              1,           1.1951,           0.65121
              2,           1.0951,           0.71121
"""
KERAS = "epoch;loss;val_loss\n0;1,33;1,5\n1;1,1;1,2\n"
TENSORBOARD = "Wall time,Step,Value\n1.6e9,0,0.5\n1.6e9,10,0.4\n"
TRAINER_STATE = """{"best_metric": null, "log_history": [
  {"epoch": 1.0, "loss": 1.5, "step": 10}, {"epoch": 1.0, "eval_loss": 0.6, "step": 10},
  {"epoch": 2.0, "loss": 1.1, "step": 20}]}
"""
LINES = '{"epoch": 1, "val": {"acc": 0.5}, "ok": true}\n{"epoch": 2, "val": {"acc": NaN}}\n'


def written(folder: Path, text: str, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_lightning_writes_an_epoch_in_several_rows(tmp_path: Path) -> None:
    log = read_metrics(written(tmp_path, LIGHTNING))
    assert log.rows[0] == {"epoch": 0, "lr-SGD": 0.1, "train_loss": 1.2, "val_acc": 0.61}
    assert log.rows[1]["lr-SGD"] == 0.05
    assert isnan(float(log.rows[1]["train_loss"] or 0))
    assert len(log.rows) == 2


@pytest.mark.parametrize(
    ("text", "step", "rows"),
    [
        (ULTRALYTICS, "epoch", [[1.1951, 0.65121], [1.0951, 0.71121]]),
        (KERAS, "epoch", [[1.33, 1.5], [1.1, 1.2]]),
        (LINES.replace("NaN", "0.7"), "epoch", [[0.5, 1], [0.7]]),
        ("loss\n0.5\n0.4\n", "epoch", [[0.5], [0.4]]),
        ("iteration\tloss\n100\t0.5\n200\t0.4\n", "iteration", [[0.5], [0.4]]),
        ("\ufeffepoch,loss,\n1,0.5,\n2,0.4,\n", "epoch", [[0.5], [0.4]]),
        ('[{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.4}]', "epoch", [[0.5], [0.4]]),
        (TRAINER_STATE, "epoch", [[1.5, 0.6], [1.1]]),
        ('{"loss": [0.5, 0.4], "acc": [0.8]}', "epoch", [[0.5, 0.8], [0.4]]),
    ],
    ids=[
        *("ultralytics", "decimal commas", "json lines", "no epochs", "tabs", "byte order mark"),
        *("json", "hugging face", "keras history"),
    ],
)
def test_numbers_are_read_as_they_are_meant(
    tmp_path: Path, text: str, step: str, rows: list[list[float]]
) -> None:
    log = read_metrics(written(tmp_path, text))
    assert log.step == step
    assert [[value for name, value in row.items() if name != step] for row in log.rows] == rows


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "Größe"), ("cp1252", "Größe")])
def test_what_excel_saves_as_text_is_read(tmp_path: Path, encoding: str, name: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"epoch;{name}\n1;0,5\n", encoding=encoding)
    assert read_metrics(path).rows == [{"epoch": 1, name: 0.5}]


def test_tensorboards_export_is_called_by_its_tag(tmp_path: Path) -> None:
    log = read_metrics(written(tmp_path, TENSORBOARD, "run-fold_1-tag-loss.csv"))
    assert log.rows == [{"step": 0, "loss": 0.5}, {"step": 10, "loss": 0.4}]


def test_epochs_are_in_order_and_the_last_value_of_each_counts() -> None:
    step, rows = by_step([{"Epoch": 2, "a": 1}, {"Epoch": 1, "a": 2}, {"Epoch": 2, "a": 3}])
    assert (step, rows) == ("epoch", [{"epoch": 1, "a": 2}, {"epoch": 2, "a": 3}])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("epoch,loss\n", "has no epoch: found nothing below its first line"),
        ("epoch,note\n1,good\n", "has no metric: found note; expected numbers by epoch"),
        ("epoch loss acc\n1 2 3\n", "found 'epoch loss acc' in its first row; expected names with"),
        (
            "run,epoch,loss\na,1,2\nb,1,3\n",
            "has several rows for one epoch, of 'a' and 'b' in the column 'run'; expected one",
        ),
        ("1,0.5\n2,0.4\n", "has no names: found 1, 0.5 in its first row"),
        ("epoch,loss\n1,2,3\n", "row 2: found 3 values; expected 2, one for each of epoch, loss"),
        ('{"loss": 1}\nnonsense\n{"loss": 2}\n', "line 2: found no JSON"),
        ('{"loss": 1}\n[1, 2]\n', "line 2: found '[1, 2]'; expected an object"),
        ('{"workbook_log": 1, "layers": [1]}\n{"a": 1}\n', "line 1: found the layer 1"),
        (
            '{"workbook_log": 1}\n{"a": 1}\n{"workbook_log_results": 1, "confusion": [1]}\n',
            "line 3 is damaged",
        ),
        ('{"workbook_log": 1, "target": {"a": "b"}}\n{"a": 1}\n', "line 1: target is"),
    ],
)
def test_what_is_no_file_of_metrics_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        read_metrics(path)
    assert str(refused.value).startswith(str(path))


def test_half_a_line_at_the_end_was_being_written(tmp_path: Path) -> None:
    log = read_metrics(written(tmp_path, '{"loss": 1}\n{"loss": 0.5}\n{"los'))
    assert [row["loss"] for row in log.rows] == [1, 0.5]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("runs/best [1]: a*b?", "runs best 1 a b"),
        ("'quoted'", "quoted"),
        ("History", "History log"),
        ("///", "Log"),
        ("x" * 40, "x" * 26),
    ],
)
def test_any_title_makes_the_name_of_a_sheet(title: str, name: str) -> None:
    assert sheet_name(title) == name


def cnn(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_the_command_puts_it_into_a_workbook_once(small: Path, tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    book.write_bytes(small.read_bytes())
    path, before = written(tmp_path, KERAS, "metrics.csv"), sheet_names(small)
    for target in ("val_loss=1.3", "val_loss=1.4"):
        options = ("--workbook", book, "--title", "Keras", "--target", target)
        code, said, errors = cnn("log", path, *options)
        assert (code, errors) == (0, "")
        assert "is the sheet Keras of" in said
    assert sheet_names(book) == [*before, "Keras"]
    texts = [cell.value for cell in read_cells(book, ["Keras"])["Keras"].values()]
    told = "After 2 epochs: val_loss 1.2, the best of all; the target of 1.4 is reached"
    assert f"{told}, first in epoch 1" in texts


def test_a_new_workbook_has_the_log_alone(tmp_path: Path) -> None:
    path, book = written(tmp_path, KERAS, "metrics.csv"), tmp_path / "new.xlsx"
    best = ("--best", "loss=max", "--title", "Keras")
    assert cnn("log", path, "--workbook", book, *best) == (
        0, f"the log of {path} is the sheet Keras of {book}\n", ""
    )  # fmt: skip
    assert read_logs(book)["Keras"].best["loss"] == "max"
    code, said, errors = cnn("log", book, "--workbook", book)
    assert (code, said) == (2, "")
    assert (
        errors == f"Error: {book} is a workbook, or another archive; expected a file of metrics\n"
    )
    code, said, errors = cnn("log", tmp_path / "nope.csv", "--workbook", book)
    assert (code, said) == (2, "")
    assert errors == (
        f"Error: there is nothing at {tmp_path / 'nope.csv'}; expected the folder of a run or a "
        "file of metrics\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--target", "accuracy=0.9"), "has no metric 'accuracy'; found loss, val_loss"),
        (("--target", "loss"), "--target: found 'loss'; expected METRIC=VALUE"),
        (("--target", "loss=-1"), "--target: found 'loss=-1'; expected METRIC=VALUE"),
        (("--best", "gain=max"), "has no metric 'gain'; found loss, val_loss"),
        (("--best", "loss=most"), "--best: found 'loss=most'; expected METRIC=max or METRIC=min"),
        (("--workbook", "x.txt"), "must end in .xlsx"),
    ],
)
def test_a_wrong_option_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    path = written(tmp_path, KERAS)
    workbook = tmp_path / "new.xlsx"
    code, said, errors = cnn("log", path, "--workbook", workbook, *arguments)
    assert (code, said) == (2, "")
    assert message in errors
    assert errors.count("\n") == 1
    assert not workbook.exists()
