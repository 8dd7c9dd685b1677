"""The log of a training as a sheet of the workbook: what it says, and what the workbook keeps."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

torch = pytest.importorskip("torch")
import safetensors.torch  # noqa: E402
from packages import check_sound  # noqa: E402
from test_cnn_run import invoke  # noqa: E402

from cnn.log.log_page import TABLE  # noqa: E402
from cnn.log.log_sheet import log_sheet  # noqa: E402
from cnn.log.record import read_record  # noqa: E402
from cnn.log.run_description import described_untested  # noqa: E402
from cnn.log.tested_run import described  # noqa: E402
from cnn.training.evaluation import evaluate_run  # noqa: E402
from sheetgen.spreadsheet.copying import write_changed  # noqa: E402
from sheetgen.spreadsheet.engines import EMBEDDED  # noqa: E402
from sheetgen.spreadsheet.reader import read_cells, sheet_names  # noqa: E402
from sheetgen.spreadsheet.writer import write_workbook  # noqa: E402
from sheetgen.template import template  # noqa: E402
from sheetgen.verification.verify import verify  # noqa: E402
from sheetgen.workbook.build import build_workbook  # noqa: E402

pytestmark = pytest.mark.usefixtures("without_surfaces")


def put(folder, run="first", workbook="book.xlsx"):
    return invoke("log", folder / run, "--workbook", folder / workbook)


def parts(path):
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.slow
def test_every_formula_comes_to_what_the_run_says(
    logged, mnist, tmp_path, every_engine, libreoffice
):
    """The columns of a single epoch are cells, in which not every engine can look something up."""
    record = read_record(logged / "first", mnist)
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


def test_the_sheet_shows_the_log_and_the_digits_it_gets_wrong(logged, mnist):
    log = [json.loads(line) for line in (logged / "first" / "log.jsonl").read_text().splitlines()]
    sheet = openpyxl.load_workbook(logged / "book.xlsx", data_only=True)["CNN sprint"]
    rows = [[cell.value for cell in row[TABLE : TABLE + 8]] for row in sheet.iter_rows(3, 5)]
    assert rows[0][:3] == ["epoch", "train loss", "validation loss"]
    for row, line in zip(rows[1:], log, strict=True):
        assert row[0] == line["epoch"]
        assert row[4] == pytest.approx(line["test_accuracy"])
    findings = read_record(logged / "first", mnist).findings  # as it was kept
    assert findings == evaluate_run(logged / "first", mnist)[1].findings
    assert findings.right / 500 == pytest.approx(log[-1]["test_accuracy"])
    pictures = [name for name in parts(logged / "book.xlsx") if name.startswith("xl/media/")]
    assert len(pictures) == 18


@pytest.mark.slow
def test_the_workbook_keeps_all_it_had_and_still_verifies(logged, tmp_path):
    build_workbook(template.load("era-v1"), tmp_path / "alone.xlsx")
    before, after = parts(tmp_path / "alone.xlsx"), parts(logged / "book.xlsx")
    changed = {name for name in before if after.get(name) != before[name]}
    lists = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
    assert changed <= lists | {"xl/styles.xml", "docProps/app.xml", "docProps/core.xml"}
    assert all(result.passed for result in verify(logged / "book.xlsx", [EMBEDDED]))


@pytest.mark.slow
def test_the_same_run_replaces_its_sheet_and_another_gets_its_own(folder):
    before = sheet_names(folder / "book.xlsx")
    assert put(folder).exit_code == 0
    assert sheet_names(folder / "book.xlsx") == before
    (folder / "first").rename(folder / "second")
    assert "CNN sprint (2)" in put(folder, "second").stdout
    assert sheet_names(folder / "book.xlsx") == [*before, "CNN sprint (2)"]
    assert put(folder, "second").exit_code == 0
    assert sheet_names(folder / "book.xlsx") == [*before, "CNN sprint (2)"]


@pytest.mark.slow
def test_a_rebuilt_workbook_still_has_the_log(folder):
    book, alone = folder / "book.xlsx", folder / "alone.xlsx"
    other = template.load("era-v2").with_training([0.5, 1], 5)
    trained = read_cells(book, ["CNN sprint"])["CNN sprint"]
    for _ in range(2):
        assert build_workbook(other, book).kept == ("CNN sprint",)
        build_workbook(other, alone)
        assert read_cells(book, ["CNN sprint"])["CNN sprint"] == trained
        assert put(folder).exit_code == 0
    assert sheet_names(book) == [*sheet_names(alone), "CNN sprint"]
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
    assert "CNN sprint" in sheet_names(folder / "book (2).xlsx")


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
    assert sheet_names(book) == ["Sheet", "CNN sprint"]


@pytest.mark.slow
@pytest.mark.parametrize(("address", "value"), [("V5", 9.5), ("AZ90", "my remark"), ("Y5", None)])
def test_a_sheet_that_a_person_edited_is_left(folder, book, address, value):
    changed(book, lambda workbook: workbook["CNN sprint"].__setitem__(address, value))
    edited = read_cells(book, ["CNN sprint"])
    result = put(folder, workbook=book.name)
    assert "the sheet CNN sprint has been edited" in result.stderr
    if value == 9.5:  # the new sheet is then replaced
        result = put(folder, workbook=book.name)
    assert result.exit_code == 0
    assert "the sheet CNN sprint (2) of" in result.stdout
    assert sheet_names(book) == ["Sheet", "CNN sprint", "CNN sprint (2)"]
    assert read_cells(book, ["CNN sprint"]) == edited


@pytest.mark.slow
@pytest.mark.parametrize("name", ["CNN sprint my comparison", "CNN sprint (2)"])
def test_a_persons_copy_before_the_sheet_is_left(folder, book, name):
    def copy(workbook):
        workbook.copy_worksheet(workbook["CNN sprint"]).title = name
        workbook.move_sheet(name, -1)

    changed(book, copy)
    left = parts(book)["xl/worksheets/sheet2.xml"]
    result = put(folder, workbook=book.name)
    assert "the sheet CNN sprint of" in result.stdout
    assert sheet_names(book) == ["Sheet", name, "CNN sprint"]
    assert parts(book)["xl/worksheets/sheet2.xml"] == left


def test_a_sheet_made_by_hand_is_left(folder):
    def make(workbook):
        workbook.create_sheet("CNN sprint")["C3"] = "first"

    path = plain_workbook(folder / "mine.xlsx")
    changed(path, make)
    assert "CNN sprint (2)" in put(folder, workbook=path.name).stdout
    assert read_cells(path, ["CNN sprint"])["CNN sprint"].keys() == {(2, 2)}


@pytest.mark.slow
def test_runs_in_folders_of_the_same_name_do_not_replace_each_other(folder, book):
    other = Path(shutil.copytree(folder / "first", folder / "other" / "first"))
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"seed": 2}))
    for _ in range(2):
        assert "CNN sprint (2)" in put(folder / "other", workbook=book).stdout
    (folder / "moved").mkdir()
    (folder / "first").rename(folder / "moved" / "first")
    assert "the sheet CNN sprint of" in put(folder / "moved", workbook=book).stdout
    assert sheet_names(book) == ["Sheet", "CNN sprint", "CNN sprint (2)"]


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
    result = invoke("train", "--model", "sprint", "--epochs", 1, *places)
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
        assert sheet_names(book) == [*before, "CNN sprint"]
    check_sound(book)
    sheet = openpyxl.load_workbook(book)["CNN sprint"]
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
