"""The log of a training as a sheet of the workbook: what it says, and what the workbook keeps."""

import json
import shutil
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from click.testing import CliRunner
from test_cnn_data import mnist_folder

torch = pytest.importorskip("torch")

from cnn.cli import main  # noqa: E402
from cnn.sheets.record import read_record  # noqa: E402
from cnn.sheets.training_log import training_log_sheet  # noqa: E402
from sheetgen import template  # noqa: E402
from sheetgen.build import build_workbook  # noqa: E402
from sheetgen.engines import EMBEDDED  # noqa: E402
from sheetgen.verification import verify  # noqa: E402
from sheetgen.workbook import write_workbook  # noqa: E402
from sheetgen.xlsx import read_cells, sheet_names, write_changed  # noqa: E402


def invoke(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


@pytest.fixture(scope="module")
def mnist():
    return mnist_folder()


@pytest.fixture(scope="module")
def trained(mnist, tmp_path_factory):
    """A folder with the short run "first", and the workbook into which `cnn train` put it."""
    folder = tmp_path_factory.mktemp("trained")
    options = ("--model", "tiny", "--epochs", 2, "--limit", 2000, "--seed", 1)
    places = ("--data-dir", mnist, "--run", folder / "first", "--workbook", folder / "book.xlsx")
    result = invoke("train", *options, *places)
    assert result.exit_code == 0, result.stderr
    assert f"the sheet CNN tiny of {folder / 'book.xlsx'} (built from era-v1)" in result.stdout
    return folder


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of that folder, to change."""
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def put(folder, mnist, run="first", workbook="book.xlsx"):
    return invoke("log", folder / run, "--workbook", folder / workbook, "--data-dir", mnist)


def parts(path):
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_formula_comes_to_what_the_run_says(trained, mnist, tmp_path, engine):
    canvas = training_log_sheet(read_record(trained / "first", mnist))
    path, copy = tmp_path / "alone.xlsx", tmp_path / "copy.xlsx"
    write_workbook([canvas], path, "alone")
    write_changed(path, copy, {}, cached=-7e77)
    found = engine.recalculate(copy)["CNN tiny"]
    promised = list(canvas.promised())
    assert len(promised) > 30
    for row, column, formula, value in promised:
        expected = value if isinstance(value, str) else pytest.approx(value, rel=1e-12)
        assert found[row, column] == expected, formula


def test_the_summary_follows_the_target_that_a_person_types(trained, mnist, tmp_path):
    record = read_record(trained / "first", mnist)
    canvas = training_log_sheet(record)
    path, copy = tmp_path / "alone.xlsx", tmp_path / "copy.xlsx"
    write_workbook([canvas], path, "alone")
    place = canvas.inputs["target"]
    verdicts = [place for *place, _, _ in canvas.verdicts]
    for target, verdict in ((0.01, "PASS"), (1.0, "FAIL")):
        write_changed(path, copy, {canvas.name: {place: target}}, cached=-7e77)
        found = EMBEDDED.recalculate(copy)[canvas.name]
        assert found[tuple(verdicts[0])] == verdict


def test_the_sheet_shows_the_log_and_the_digits_it_gets_wrong(trained, mnist):
    log = [json.loads(line) for line in (trained / "first" / "log.jsonl").read_text().splitlines()]
    sheet = openpyxl.load_workbook(trained / "book.xlsx", data_only=True)["CNN tiny"]
    rows = [[cell.value for cell in row[1:9]] for row in sheet.iter_rows(6, 5 + len(log) + 1)]
    assert rows[0][:3] == ["epoch", "learning rate", "train loss"]
    for row, line in zip(rows[1:], log, strict=True):
        assert row[0] == line["epoch"]
        assert row[5] == pytest.approx(line["test_accuracy"])
    confusion = read_record(trained / "first", mnist).evaluation.confusion
    texts = [cell.value for row in sheet.iter_rows() for cell in row]
    assert int(confusion.diag().sum()) / 10_000 == pytest.approx(log[-1]["test_accuracy"])
    assert len([text for text in texts if isinstance(text, str) and " taken for " in text]) == 18
    pictures = [name for name in parts(trained / "book.xlsx") if name.startswith("xl/media/")]
    assert len(pictures) == 18


def test_the_workbook_keeps_all_it_had_and_still_verifies(trained, tmp_path):
    build_workbook(template.load("era-v1"), tmp_path / "alone.xlsx")
    before, after = parts(tmp_path / "alone.xlsx"), parts(trained / "book.xlsx")
    changed = {name for name in before if after.get(name) != before[name]}
    lists = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
    assert changed <= lists | {"xl/styles.xml", "docProps/app.xml", "docProps/core.xml"}
    assert all(result.passed for result in verify(trained / "book.xlsx", [EMBEDDED]))


def test_the_same_run_replaces_its_sheet_and_another_gets_its_own(folder, mnist):
    before = sheet_names(folder / "book.xlsx")
    assert put(folder, mnist).exit_code == 0
    assert sheet_names(folder / "book.xlsx") == before
    (folder / "first").rename(folder / "second")
    assert "CNN tiny (2)" in put(folder, mnist, "second").stdout
    assert sheet_names(folder / "book.xlsx") == [*before, "CNN tiny (2)"]
    assert put(folder, mnist, "second").exit_code == 0
    assert sheet_names(folder / "book.xlsx") == [*before, "CNN tiny (2)"]


def test_a_rebuilt_workbook_still_has_the_log(folder, mnist):
    book, alone = folder / "book.xlsx", folder / "alone.xlsx"
    trained = read_cells(book, ["CNN tiny"])["CNN tiny"]
    for _ in range(2):
        assert build_workbook(template.load("era-v2"), book).kept == ("CNN tiny",)
        build_workbook(template.load("era-v2"), alone)
        assert read_cells(book, ["CNN tiny"])["CNN tiny"] == trained
        assert put(folder, mnist).exit_code == 0
    assert sheet_names(book) == [*sheet_names(alone), "CNN tiny"]
    for kind, of_the_log in (("xl/charts/chart", 3), ("xl/media/", 18)):
        former = [name for name in parts(alone) if name.startswith(kind)]
        assert len([name for name in parts(book) if name.startswith(kind)]) == (
            len(former) + of_the_log
        )
    assert all(result.passed for result in verify(book, [EMBEDDED]))


def test_a_workbook_that_is_open_elsewhere_stays_and_a_copy_gets_the_sheet(folder, mnist):
    (folder / ".~lock.book.xlsx#").touch()
    before = (folder / "book.xlsx").read_bytes()
    result = put(folder, mnist)
    assert result.exit_code == 0
    assert "open elsewhere" in result.stderr
    assert (folder / "book.xlsx").read_bytes() == before
    assert "CNN tiny" in sheet_names(folder / "book (2).xlsx")


def test_a_finished_training_is_safe_when_the_workbook_is_broken(folder, mnist):
    (folder / "book.xlsx").write_text("no workbook")
    options = ("--data-dir", mnist, "--run", folder / "first", "--resume")
    result = invoke("train", *options, "--workbook", folder / "book.xlsx")
    assert result.exit_code == 1
    assert f"the run is safe in {folder / 'first'}" in result.stderr
    assert "cnn log" in result.stderr
    assert (folder / "book.xlsx").read_text() == "no workbook"


@pytest.mark.parametrize("run", ["nothing", "empty"])
def test_what_is_no_run_is_refused(folder, mnist, run):
    (folder / "empty").mkdir()
    before = (folder / "book.xlsx").read_bytes()
    result = put(folder, mnist, run)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert (folder / "book.xlsx").read_bytes() == before
