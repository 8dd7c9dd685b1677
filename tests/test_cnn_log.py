"""The log of a training as a sheet of the workbook: what it says, and what the workbook keeps."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")
import safetensors.torch  # noqa: E402
from packages import check_sound  # noqa: E402
from shared_books import no_surfaces  # noqa: E402

from cnn.cli import main  # noqa: E402
from cnn.log import run_log  # noqa: E402
from cnn.log.kept_results import basis_of, keep, kept_results  # noqa: E402
from cnn.log.log_page import TABLE  # noqa: E402
from cnn.log.log_sheet import log_sheet  # noqa: E402
from cnn.log.record import read_record  # noqa: E402
from cnn.log.run_description import described_untested  # noqa: E402
from cnn.log.tested_run import described  # noqa: E402
from cnn.training.evaluation import evaluate_run  # noqa: E402
from cnn.training.run import Run  # noqa: E402
from sheetgen.spreadsheet.copying import write_changed  # noqa: E402
from sheetgen.spreadsheet.engines import EMBEDDED  # noqa: E402
from sheetgen.spreadsheet.reader import read_cells, sheet_names  # noqa: E402
from sheetgen.spreadsheet.writer import write_workbook  # noqa: E402
from sheetgen.template import template  # noqa: E402
from sheetgen.verification.verify import verify  # noqa: E402
from sheetgen.workbook.build import build_workbook  # noqa: E402

pytestmark = pytest.mark.usefixtures("without_surfaces")


def invoke(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


@pytest.fixture(scope="module")
def trained(mnist, tmp_path_factory):
    """A folder with the short run "first", and the workbook into which `cnn train` put it."""
    folder = tmp_path_factory.mktemp("trained")
    options = ("--model", "tiny", "--epochs", 2, "--limit", 1000, "--seed", 1, "--threads", 1)
    options += ("--hold-out", 500)  # every sheet costs an evaluation
    places = ("--data-dir", mnist, "--run", folder / "first", "--workbook", folder / "book.xlsx")
    with no_surfaces():
        result = invoke("train", *options, *places)
    assert result.exit_code == 0, result.stderr
    assert f"the sheet CNN tiny of {folder / 'book.xlsx'} (built from era-v1)" in result.stdout
    return folder


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of that folder, to change."""
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def put(folder, run="first", workbook="book.xlsx"):
    return invoke("log", folder / run, "--workbook", folder / workbook)


def parts(path):
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.slow
def test_every_formula_comes_to_what_the_run_says(
    trained, mnist, tmp_path, every_engine, libreoffice
):
    """The columns of a single epoch are cells, in which not every engine can look something up."""
    record = read_record(trained / "first", mnist)
    logs = [described(replace(record, log=record.log[:epochs])) for epochs in (2, 1)]
    canvases = [log_sheet(replace(log, sheet=f"log {at}")) for at, log in enumerate(logs)]
    path, copy = tmp_path / "alone.xlsx", tmp_path / "copy.xlsx"
    write_workbook(canvases, path, "alone")
    write_changed(path, copy, {}, cached=-7e77)
    for engine in (*every_engine, libreoffice):
        found = engine.recalculate(copy)
        for canvas in canvases:
            promised = list(canvas.promised())
            assert len(promised) > 30
            for row, column, formula, value in promised:
                expected = value if isinstance(value, str) else pytest.approx(value, rel=1e-12)
                assert found[canvas.name][row, column] == expected, (engine.name, formula)


def test_the_sheet_shows_the_log_and_the_digits_it_gets_wrong(trained, mnist):
    log = [json.loads(line) for line in (trained / "first" / "log.jsonl").read_text().splitlines()]
    sheet = openpyxl.load_workbook(trained / "book.xlsx", data_only=True)["CNN tiny"]
    rows = [[cell.value for cell in row[TABLE : TABLE + 8]] for row in sheet.iter_rows(3, 5)]
    assert rows[0][:3] == ["epoch", "train loss", "validation loss"]
    for row, line in zip(rows[1:], log, strict=True):
        assert row[0] == line["epoch"]
        assert row[4] == pytest.approx(line["test_accuracy"])
    findings = read_record(trained / "first", mnist).findings  # as it was kept
    assert findings == evaluate_run(trained / "first", mnist)[1].findings
    assert findings.right / 500 == pytest.approx(log[-1]["test_accuracy"])
    pictures = [name for name in parts(trained / "book.xlsx") if name.startswith("xl/media/")]
    assert len(pictures) == 18


@pytest.mark.slow
def test_the_workbook_keeps_all_it_had_and_still_verifies(trained, tmp_path):
    build_workbook(template.load("era-v1"), tmp_path / "alone.xlsx")
    before, after = parts(tmp_path / "alone.xlsx"), parts(trained / "book.xlsx")
    changed = {name for name in before if after.get(name) != before[name]}
    lists = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
    assert changed <= lists | {"xl/styles.xml", "docProps/app.xml", "docProps/core.xml"}
    assert all(result.passed for result in verify(trained / "book.xlsx", [EMBEDDED]))


@pytest.mark.slow
def test_the_same_run_replaces_its_sheet_and_another_gets_its_own(folder):
    before = sheet_names(folder / "book.xlsx")
    assert put(folder).exit_code == 0
    assert sheet_names(folder / "book.xlsx") == before
    (folder / "first").rename(folder / "second")
    assert "CNN tiny (2)" in put(folder, "second").stdout
    assert sheet_names(folder / "book.xlsx") == [*before, "CNN tiny (2)"]
    assert put(folder, "second").exit_code == 0
    assert sheet_names(folder / "book.xlsx") == [*before, "CNN tiny (2)"]


@pytest.mark.slow
def test_a_rebuilt_workbook_still_has_the_log(folder):
    book, alone = folder / "book.xlsx", folder / "alone.xlsx"
    other = template.load("era-v2").with_training([0.5, 1], 5)
    trained = read_cells(book, ["CNN tiny"])["CNN tiny"]
    for _ in range(2):
        assert build_workbook(other, book).kept == ("CNN tiny",)
        build_workbook(other, alone)
        assert read_cells(book, ["CNN tiny"])["CNN tiny"] == trained
        assert put(folder).exit_code == 0
    assert sheet_names(book) == [*sheet_names(alone), "CNN tiny"]
    for kind, of_the_log in (("xl/charts/chart", 3), ("xl/media/", 18)):
        former = [name for name in parts(alone) if name.startswith(kind)]
        assert len([name for name in parts(book) if name.startswith(kind)]) == (
            len(former) + of_the_log
        )
    assert all(result.passed for result in verify(book, [EMBEDDED]))


def test_a_workbook_that_is_open_elsewhere_stays_and_a_copy_gets_the_sheet(folder):
    (folder / ".~lock.book.xlsx#").touch()
    before = (folder / "book.xlsx").read_bytes()
    result = put(folder)
    assert result.exit_code == 0
    assert "open elsewhere" in result.stderr
    assert (folder / "book.xlsx").read_bytes() == before
    assert "CNN tiny" in sheet_names(folder / "book (2).xlsx")


def plain_workbook(path):
    """A person's workbook, which has nothing of ours."""
    openpyxl.Workbook().save(path)
    return path


@pytest.fixture
def book(folder):
    """A person's workbook into which the sheet of the run "first" has been put."""
    path = plain_workbook(folder / "mine.xlsx")
    assert put(folder, workbook=path.name).exit_code == 0
    return path


def changed(path, change):
    """Change a workbook in a program that writes all of it again, as a user does."""
    workbook = openpyxl.load_workbook(path)
    change(workbook)
    workbook.save(path)


def test_a_sheet_that_another_program_saved_again_is_still_replaced(folder, book):
    changed(book, lambda _: None)
    result = put(folder, workbook=book.name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert sheet_names(book) == ["Sheet", "CNN tiny"]


@pytest.mark.slow
@pytest.mark.parametrize(("address", "value"), [("V5", 9.5), ("AZ90", "my remark"), ("Y5", None)])
def test_a_sheet_that_a_person_edited_is_left(folder, book, address, value):
    changed(book, lambda workbook: workbook["CNN tiny"].__setitem__(address, value))
    edited = read_cells(book, ["CNN tiny"])
    result = put(folder, workbook=book.name)
    assert "the sheet CNN tiny has been edited" in result.stderr
    if value == 9.5:  # the new sheet is then replaced
        result = put(folder, workbook=book.name)
    assert result.exit_code == 0
    assert "the sheet CNN tiny (2) of" in result.stdout
    assert sheet_names(book) == ["Sheet", "CNN tiny", "CNN tiny (2)"]
    assert read_cells(book, ["CNN tiny"]) == edited


@pytest.mark.slow
@pytest.mark.parametrize("name", ["CNN tiny my comparison", "CNN tiny (2)"])
def test_a_persons_copy_before_the_sheet_is_left(folder, book, name):
    def copy(workbook):
        workbook.copy_worksheet(workbook["CNN tiny"]).title = name
        workbook.move_sheet(name, -1)

    changed(book, copy)
    left = parts(book)["xl/worksheets/sheet2.xml"]
    result = put(folder, workbook=book.name)
    assert "the sheet CNN tiny of" in result.stdout
    assert sheet_names(book) == ["Sheet", name, "CNN tiny"]
    assert parts(book)["xl/worksheets/sheet2.xml"] == left


def test_a_sheet_made_by_hand_is_left(folder):
    def make(workbook):
        workbook.create_sheet("CNN tiny")["C3"] = "first"

    path = plain_workbook(folder / "mine.xlsx")
    changed(path, make)
    assert "CNN tiny (2)" in put(folder, workbook=path.name).stdout
    assert read_cells(path, ["CNN tiny"])["CNN tiny"].keys() == {(2, 2)}


@pytest.mark.slow
def test_runs_in_folders_of_the_same_name_do_not_replace_each_other(folder, book):
    other = Path(shutil.copytree(folder / "first", folder / "other" / "first"))
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"seed": 2}))
    for _ in range(2):
        assert "CNN tiny (2)" in put(folder / "other", workbook=book).stdout
    (folder / "moved").mkdir()
    (folder / "first").rename(folder / "moved" / "first")
    assert "the sheet CNN tiny of" in put(folder / "moved", workbook=book).stdout
    assert sheet_names(book) == ["Sheet", "CNN tiny", "CNN tiny (2)"]


def test_the_sheet_of_a_finished_run_needs_neither_torch_nor_the_data(folder):
    code = "import sys; sys.modules['torch'] = None; from cnn.cli import main; main()"
    config, book = folder / "first" / "config.json", folder / "book.xlsx"
    before = read_cells(book, ["CNN tiny"])
    line = [sys.executable, "-c", code, "log", folder / "first", "--workbook", book]
    root = Path(__file__).parents[1]
    subprocess.run(line, cwd=root, check=True)
    assert read_cells(book, ["CNN tiny"]) == before
    config.write_text(config.read_text() + " ")
    result = subprocess.run(line, cwd=root, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.split(":")[:2]) == (2, ["Error", " cnn needs PyTorch"])


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", lambda content: content + b" "),
        ("log.jsonl", lambda content: content.replace(b"0.", b"0.9", 1)),
        ("model.safetensors", lambda content: content[:-1] + bytes([content[-1] ^ 1])),
        (
            "evaluation.json",
            lambda content: content.replace(b'confusion": [[', b'confusion": [[1'),
        ),
        ("evaluation.json", lambda content: content[:-20]),
        ("evaluation.json", lambda _: b"[1]"),
        ("evaluation.json", lambda _: b'{"checksum": 1}'),
        ("evaluation.json", None),
    ],
)
def test_results_of_another_network_log_or_setting_are_not_believed(folder, file, change):
    run, path = Run(folder / "first"), folder / "first" / file
    results, content = kept_results(run), path.read_bytes()
    assert (results.findings.images, len(results.examples)) == (500, 18)
    path.unlink()
    if change:
        path.write_bytes(change(content))
    else:
        os.mkfifo(path)  # nobody writes into it
    assert kept_results(run) is None
    path.unlink()
    path.write_bytes(content)
    assert kept_results(run) == results


def test_results_are_kept_and_believed_with_the_log_that_they_are_of_only(folder):
    """A training that is killed between checkpoint and log has an epoch less in its log."""
    run = Run(folder / "first")
    results, whole = kept_results(run), run.read_log()
    run.write_log(whole[:1])
    keep(run, results, basis_of(run), whole)
    assert kept_results(run) is None
    wrong = [whole[0], whole[1] | {"test_accuracy": 0.9999}]
    run.write_log(wrong)
    keep(run, results, basis_of(run), wrong)
    assert kept_results(run) is None
    run.write_log(whole)
    run.evaluation.unlink()
    run.evaluation.mkdir()
    keep(run, results, basis_of(run), whole)  # in vain
    run.evaluation.rmdir()
    keep(run, results, basis_of(run), whole)
    assert kept_results(run) == results


def test_results_of_an_own_network_are_believed_while_its_file_is_the_same(folder):
    run, net = Run(folder / "first"), folder / "net.py"
    results, log = kept_results(run), run.read_log()
    net.write_text("nn.ReLU")
    run.write_config(run.read_config() | {"model": f"{net}:Net"})
    keep(run, results, basis_of(run), log)
    assert kept_results(run) == results
    net.write_text("nn.Tanh")
    assert kept_results(run) is None
    run.write_config(run.read_config() | {"model": "package.module:Net"})
    assert basis_of(run) is None


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_run_whose_log_lacks_an_epoch_is_shown_whole_each_time(folder, epochs):
    """The checkpoint has the epoch, whether the network was tested before or not."""
    run = Run(folder / "first")
    whole = run.read_log()
    run.write_log(whole[:epochs])
    for _ in range(2):
        assert read_record(run.path, None).log == whole
        assert len(run_log.evaluated(run.path, None).rows) == 2
    assert kept_results(run) is None


def test_results_of_an_earlier_version_or_an_unfinished_run_are_not_believed(folder, monkeypatch):
    monkeypatch.setattr("cnn.log.kept_results.__version__", "0.0.1")
    assert kept_results(Run(folder / "first")) is None
    monkeypatch.undo()
    (folder / "first" / "model.safetensors").unlink()
    assert kept_results(Run(folder / "first")) is None


def test_weights_of_another_run_than_the_log_are_refused(folder):
    weights = folder / "first" / "model.safetensors"
    values = safetensors.torch.load_file(weights)
    safetensors.torch.save_file({name: value * 0.5 for name, value in values.items()}, weights)
    before = (folder / "book.xlsx").read_bytes()
    result = put(folder)
    assert result.exit_code == 2
    assert f"the weights in {folder / 'first'} are not those of its log" in result.stderr
    assert (folder / "book.xlsx").read_bytes() == before


def test_the_sheet_of_a_shorter_log_says_unfinished(folder, mnist):
    assert ", 2 epochs, " in read_record(folder / "first", mnist).subtitle
    config = json.loads((folder / "first" / "config.json").read_text())
    config["recipe"]["epochs"] = 5
    (folder / "first" / "config.json").write_text(json.dumps(config))
    assert "unfinished: 2 of 5 epochs" in read_record(folder / "first", mnist).subtitle


def resume(folder, mnist, workbook):
    options = ("--data-dir", mnist, "--run", folder / "first", "--resume")
    return invoke("train", *options, "--workbook", folder / workbook)


def test_a_finished_training_is_safe_when_the_workbook_cannot_be_changed(folder, mnist):
    with ZipFile(folder / "book.xlsx", "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<signature/>")
    before = (folder / "book.xlsx").read_bytes()
    result = resume(folder, mnist, "book.xlsx")
    assert result.exit_code == 1
    assert f"the run is safe in {folder / 'first'}" in result.stderr
    assert "cnn log" in result.stderr
    assert (folder / "book.xlsx").read_bytes() == before


@pytest.mark.slow
def test_ctrl_c_while_the_workbook_is_written_says_how_to_add_the_sheet(folder, mnist, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    before = (folder / "book.xlsx").read_bytes()
    monkeypatch.setattr("cnn.log.add_log.add_sheets", interrupted)
    result = resume(folder, mnist, "book.xlsx")
    assert result.exit_code == 130
    command = f"cnn log {folder / 'first'} --workbook {folder / 'book.xlsx'} --data-dir {mnist}"
    assert f"the run is safe in {folder / 'first'}" in result.stderr
    assert f"`{command}`" in result.stderr
    assert "Interrupted" not in result.stderr
    assert (folder / "book.xlsx").read_bytes() == before
    assert not list(folder.glob(".*.tmp"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("folder", None, "is a folder"),
        ("new.txt", None, "must end in .xlsx"),
        ("text.xlsx", b"no workbook", "is not an .xlsx workbook"),
        ("locked.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password-protected"),
    ],
)
def test_an_unusable_workbook_is_noticed_before_the_training(
    tmp_path, mnist, name, content, message
):
    (tmp_path / "folder").mkdir()
    if content:
        (tmp_path / name).write_bytes(content)
    places = ("--data-dir", mnist, "--run", tmp_path / "run", "--workbook", tmp_path / name)
    result = invoke("train", "--model", "tiny", "--epochs", 1, *places)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("parameters", ["many", None])
def test_parameters_that_are_no_number_end_in_no_traceback(folder, parameters):
    config = folder / "first" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"parameters": parameters}))
    if parameters is None:
        assert described_untested(folder / "first").details.startswith("run first: 0 parameters")
    else:
        result = put(folder)
        message = f'{config} cannot be used: parameters is "many"; expected a whole number'
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"Error: {message}")


@pytest.mark.parametrize("run", ["nothing", "empty"])
def test_what_is_no_run_is_refused(folder, run):
    (folder / "empty").mkdir()
    before = (folder / "book.xlsx").read_bytes()
    result = put(folder, run)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert (folder / "book.xlsx").read_bytes() == before


CASES = Path(__file__).parent / "cases" / "insert"


@pytest.mark.parametrize("case", ["date1904.xlsx", "no-default-rels.xlsx"])
def test_a_foreign_workbook_gets_the_sheet_with_its_charts(folder, case):
    book = Path(shutil.copy(CASES / case, folder))
    before = sheet_names(book)
    for _ in range(2):
        result = put(folder, workbook=case)
        assert (result.exit_code, result.stderr) == (0, "")
        assert sheet_names(book) == [*before, "CNN tiny"]
    check_sound(book)
    sheet = openpyxl.load_workbook(book)["CNN tiny"]
    assert (len(sheet._charts), len(sheet._images)) == (3, 18)


@pytest.mark.parametrize("case", ["styles65490.xlsx", "twice.xlsx"])
def test_a_refusal_names_the_users_workbook_and_leaves_it(folder, case):
    book = folder / case
    if case == "twice.xlsx":
        shutil.copy(CASES / "date1904.xlsx", book)
        with ZipFile(book, "a") as archive:
            archive.writestr("XL/Workbook.xml", archive.read("xl/workbook.xml"))
        said = "it has more than one part 'xl/workbook.xml'"
    else:
        shutil.copy(CASES / case, book)
        said = "has 65,490 cell formats; the sheet needs "
    before, there = book.read_bytes(), sorted(folder.iterdir())
    result = put(folder, workbook=case)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {book} ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert book.read_bytes() == before
    assert sorted(folder.iterdir()) == there
