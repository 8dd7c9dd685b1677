"""`cnn.WorkbookLog`: any training loop's log as a sheet, whatever happens to it."""

import json
import re
from math import inf, nan
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner
from packages import check_sound

from cnn import WorkbookLog
from cnn.cli import main
from cnn.log.logged_sheet import read_logs
from cnn.log.metrics_file import read_metrics
from sheetgen.errors import InputError
from sheetgen.spreadsheet.engines.libreoffice import _REGISTRY as REGISTRY
from sheetgen.spreadsheet.engines.libreoffice import converted
from sheetgen.spreadsheet.reader import read_cells, sheet_names

LOCALE = re.compile("(ooSetupSystemLocale.*?<value>)en-US<")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, the sheet is written at each epoch, as on a fast one."""
    monkeypatch.setattr("cnn.log.workbook_log._QUICK", inf)


def texts(book: Path, sheet: str) -> list[Any]:
    return [cell.value for cell in read_cells(book, [sheet])[sheet].values()]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def parts(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_two_lines_in_a_loop_make_a_sheet(tmp_path: Path) -> None:
    book = tmp_path / "runs.xlsx"
    settings = {"lr": 0.1, "optimizer": {"name": "SGD", "nesterov": True}}
    with WorkbookLog(book, title="ResNet", settings=settings, target={"val_acc": 0.9}) as log:
        for epoch in range(3):
            log.epoch(loss=1 / (epoch + 1), val_acc=0.85 + 0.05 * epoch)
            assert lines(log.journal)[-1]["loss"] == 1 / (epoch + 1)
    assert sheet_names(book) == ["ResNet"]
    found = texts(book, "ResNet")
    told = "After 3 epochs: val_acc 95.00%, the best of all; the target of 90.00% is reached"
    assert f"{told}, first in epoch 2" in found
    assert {"optimizer", "name SGD, nesterov yes"} <= set(found)
    check_sound(book)


def test_the_sheet_grows_in_place_and_the_rest_of_the_workbook_stays(
    small: Path, tmp_path: Path
) -> None:
    book = tmp_path / "book.xlsx"
    book.write_bytes(small.read_bytes())
    before = parts(book)
    log = WorkbookLog(book)
    for epoch in range(4):
        log.epoch(loss=1 / (epoch + 1))
        assert sheet_names(book) == [*sheet_names(small), "Training"]
    log.close()
    after = parts(book)
    changed = {name for name in before if after[name] != before[name]}
    lists = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
    assert changed <= lists | {"xl/styles.xml", "docProps/app.xml", "docProps/core.xml"}
    assert 0.25 in texts(book, "Training")


def test_a_second_training_of_that_title_has_its_own_journal_and_sheet(tmp_path: Path) -> None:
    for _ in range(2):
        with WorkbookLog(tmp_path / "runs.xlsx", title="MLP") as log:
            log.epoch(loss=0.5)
    assert sheet_names(tmp_path / "runs.xlsx") == ["MLP", "MLP (2)"]
    assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == [
        "runs MLP (2).jsonl",
        "runs MLP.jsonl",
    ]


def test_the_journal_alone_makes_the_same_sheet(tmp_path: Path) -> None:
    book = tmp_path / "runs.xlsx"
    with WorkbookLog(book, title="MLP", target={"acc": 0.9}, settings={"seed": 7}) as log:
        log.epoch(acc=0.95, note="start", loss=nan)
    made = read_cells(book, ["MLP"])
    arguments = ["log", str(log.journal), "--workbook", str(book)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (0, "")
    assert sheet_names(book) == ["MLP"]
    assert read_cells(book, ["MLP"]) == made


def test_calls_with_the_same_number_are_one_row_on_the_sheet_and_in_the_journal(
    tmp_path: Path,
) -> None:
    book = tmp_path / "runs.xlsx"
    with WorkbookLog(book, title="Steps") as log:
        log.epoch(step=500, loss=0.5)
        log.epoch(step=500, val_loss=0.75, loss=None)
        log.epoch(step=1000, loss=0.25)
    rows = read_logs(book, ["Steps"])["Steps"].rows
    assert "After step 1000: val_loss 0.75, the best of all" in texts(book, "Steps")
    assert [list(row.values()) for row in rows] == [[500, 0.5, 0.75], [1000, 0.25]]
    assert read_metrics(log.journal).rows == log._log().rows
    with WorkbookLog(book, title="From 7") as log:
        log.epoch(epoch=7, loss=0.5)
        log.epoch(loss=0.25)
    with WorkbookLog(book, title="Texts") as log:
        log.epoch(epoch="1 of 2", loss=0.5)
        log.epoch(epoch="2 of 2", loss=0.25)
    for title, numbers in (("From 7", [7, 8]), ("Texts", [1, 2])):
        assert [row["epoch"] for row in read_logs(book, [title])[title].rows] == numbers


def test_a_closed_log_goes_on_with_other_settings(tmp_path: Path) -> None:
    book = tmp_path / "runs.xlsx"
    log = WorkbookLog(book, settings={"lr": 0.1, "net": {"act": max, "sizes": {"first": 8}}})
    log.add_settings({"seed": 1})
    for rate in (0.1, 0.01):
        log.add_settings({"lr": rate})
        log.epoch(loss=rate)
        log.close()
    for found in (read_logs(book)["Training"], read_metrics(log.journal)):
        settings = [("lr", 0.01), ("net", "act max, sizes/first 8"), ("seed", 1)]
        assert found.settings == settings
        assert [row["loss"] for row in found.rows] == [0.1, 0.01]
    assert sheet_names(book) == ["Training"]
    damaged = log.journal.read_text("utf-8").replace(
        '"settings": {"lr": 0.01', '"settings": "x", "a": {"b": 0', 1
    )
    log.journal.write_text(damaged, "utf-8")
    with pytest.raises(InputError, match="line 3 is damaged"):
        read_metrics(log.journal)


def test_anything_may_be_logged(tmp_path: Path) -> None:
    class Tensor:
        def __float__(self) -> float:
            return 0.125

    book = tmp_path / "runs.xlsx"
    with WorkbookLog(book) as log:
        log.epoch(**{"=1+1": 2, "loss": nan, "x": inf, "flag": True, "what": object})
        log.epoch(loss=Tensor(), late=3, none=None, huge=10**400, text="=2+2\x07")
        log.epoch(**{f"metric {number}": number for number in range(60)})
    sheet = openpyxl.load_workbook(book)["Training"]
    cells = {cell.value: cell for row in sheet.iter_rows() for cell in row}
    assert {"=1+1", "NaN", "∞", 0.125, "late", "metric 59"} <= cells.keys()
    assert cells["=1+1"].data_type == "s"
    check_sound(book)


@pytest.mark.usefixtures("libreoffice")
def test_numbers_have_decimal_commas_where_a_country_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LibreOffice with a German locale reads 0.31 as a number, and writes 0,31."""
    with WorkbookLog(tmp_path / "runs.xlsx", target={"val_acc": 0.9}) as log:
        log.epoch(loss=0.31, val_acc=0.912)
    german = LOCALE.sub(r"\1de-DE<", REGISTRY)
    assert german != REGISTRY
    monkeypatch.setattr("sheetgen.spreadsheet.engines.libreoffice._REGISTRY", german)
    with converted(tmp_path / "runs.xlsx", "csv:Text - txt - csv (StarCalc):59,34,76") as path:
        rows = [line.split(";") for line in path.read_text("utf-8").splitlines()]
    assert rows[3][-3:] == ["1", "0,310000", "91,20%"]
    assert rows[1][1] == '"After 1 epoch: val_acc 91,20%'


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": {"acc": "much"}}, "target: found"),
        ({"target": {"acc": 0.5, "loss": 1}}, "expected one metric"),
        ({"title": "a\x07"}, "title: found U+0007"),
    ],
)
def test_a_wrong_argument_is_refused_before_the_training(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message.replace("+", r"\+")):
        WorkbookLog(tmp_path / "runs.xlsx", **options)
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(InputError, match=r"is not an \.xlsx workbook"):
        WorkbookLog(tmp_path / "text.xlsx")


def test_the_layers_of_a_model_are_listed_and_a_tensor_is_its_number(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2, bias=False))
    with WorkbookLog(tmp_path / "runs.xlsx", layers=model) as log:
        log.epoch(loss=torch.tensor(0.5, requires_grad=True, dtype=torch.bfloat16))
    found = texts(tmp_path / "runs.xlsx", "Training")
    assert {"0: Linear", 15, "2: Linear", 6, 21, 0.5} <= set(found)


def test_the_results_of_a_classifier_are_shown_and_kept_in_the_journal(tmp_path: Path) -> None:
    book, shades = tmp_path / "runs.xlsx", np.arange(64.0).reshape(8, 8)
    with WorkbookLog(book, title="Pets") as log:
        log.epoch(acc=0.9)
        images = [(shades, "cat", "dog", 0.8), (np.zeros((3, 40, 60)), "dog", "cat", 0.7)]
        log.results([[50, 4], [1, 45]], classes=["cat", "dog"], images=images)
    assert {"Confusion matrix", 50, "cat → dog", 0.8} <= set(texts(book, "Pets"))
    assert len(openpyxl.load_workbook(book)["Pets"]._images) == 2
    made = read_cells(book, ["Pets"])
    arguments = ["log", str(log.journal), "--workbook", str(book)]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    assert read_cells(book, ["Pets"]) == made
    check_sound(book)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({"confusion": [[1, 2]]}, "as many rows as columns"),
        ({"confusion": [[0.5, 2], [1, 1]]}, "no count"),
        ({"confusion": "no"}, "expected a matrix"),
        ({"confusion": [[1, 2], [3, 4]], "classes": ["a"]}, "found 1 names; expected 2"),
        ({"images": [(b"GIF", "a", "b", 0.5)]}, "no PNG"),
        ({"images": [(np.zeros((2, 2, 2, 2)), "a", "b", 0.5)]}, "expected height × width"),
    ],
)
def test_wrong_results_are_refused_and_the_log_stays(
    tmp_path: Path, results: dict[str, Any], message: str
) -> None:
    with WorkbookLog(tmp_path / "runs.xlsx") as log:
        log.epoch(acc=0.9)
        with pytest.raises(InputError, match=message):
            log.results(**results)
        log.epoch(acc=0.95)
    assert 0.95 in texts(tmp_path / "runs.xlsx", "Training")


@pytest.mark.parametrize(
    "wrong",
    [
        *({"settings": [1]}, {"target": 0.9}, {"layers": 3}, {"best": ["acc"]}),
        {"best": {"acc": "most"}},
    ],
    ids=str,
)
def test_what_is_no_setting_target_or_module_is_refused(wrong, tmp_path):
    (name,) = wrong
    with pytest.raises(InputError, match=f"{name}: found .*; expected"):
        WorkbookLog(tmp_path / "runs.xlsx", **wrong)
