"""A run remembers where its data is, and a message about missing data is short and helps."""

import json
import os
import shutil
from pathlib import Path

import pytest
from test_cnn_data import offline  # noqa: F401 - a fixture
from test_cnn_run import QUICK, contents, empty_workbook, invoke

torch = pytest.importorskip("torch")

from cnn.data.idx_files import MNIST  # noqa: E402
from cnn.log.record import read_record  # noqa: E402
from sheetgen.spreadsheet.reader import read_cells  # noqa: E402

OLDER = Path(__file__).parent / "older"


@pytest.fixture
def data(mnist, tmp_path):
    """A folder of links to MNIST's files, to move about."""
    raw = tmp_path / "here" / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (mnist / "MNIST" / "raw").iterdir():
        (raw / path.name).symlink_to(path)
    return raw.parents[1]


@pytest.fixture
def another_folder(tmp_path, monkeypatch):
    """Another folder than that of the data, with a workbook for the logs."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    empty_workbook(Path("book.xlsx"))


@pytest.fixture
def run(finished, data, tmp_path, another_folder):  # noqa: ARG001
    """A run that was trained with this data."""
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    (run / "config.json").write_text(json.dumps(config(run) | {"data_folder": str(data)}))
    return run


def config(run):
    return json.loads((run / "config.json").read_text())


def said(result):
    """What a command said on standard error, but for what an export will be."""
    return [line for line in result.stderr.splitlines() if "LibreOffice takes about" not in line]


def refused(result, *texts):
    """The command ended with exit code 2 and one line, short enough to read, that says this."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1 and len(result.stderr) < 400 + len(os.fspath(Path.cwd()))
    for text in texts:
        assert text in result.stderr


COMMANDS = [
    ("evaluate", "RUN"),
    ("log", "RUN", "--workbook", "book.xlsx"),
    ("export", "RUN", "-o", "network.xlsx", "--no-verify"),
    ("train", "--run", "RUN", "--resume", "--workbook", "book.xlsx"),
]


def of(run, words):
    return invoke(*(run if word == "RUN" else word for word in words))


@pytest.mark.slow
@pytest.mark.usefixtures("another_folder")
def test_every_command_finds_the_data_of_the_training(data, tmp_path, monkeypatch):
    """It was trained with a relative --data-dir, and is seen from another folder."""
    run = tmp_path / "run"
    with monkeypatch.context() as there:
        there.chdir(data.parent)
        places = ("--data-dir", "data", "--run", run, "--workbook", tmp_path / "log.xlsx")
        empty_workbook(tmp_path / "log.xlsx")
        assert invoke("train", *QUICK, *places).exit_code == 0
    assert config(run)["data_folder"] == str(data)
    for words in COMMANDS:
        result = of(run, words)
        assert (result.exit_code, said(result)) == (0, []), words


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_data_that_has_moved_is_named_with_the_option(run, data, words):
    moved, before = data.rename(data.parent / "moved"), contents(run)
    result = of(run, words)
    refused(result, f"MNIST is no longer in {data}, where the run found it", "--data-dir")
    assert "--sample" not in result.stderr
    assert contents(run) == before and not Path("output").exists() and not data.exists()
    result = of(run, (*words, "--data-dir", moved))
    assert (result.exit_code, said(result)) == (0, []), words


def test_a_run_that_goes_on_with_data_elsewhere_remembers_that(run, data):
    moved = data.rename(data.parent / "moved")
    assert of(run, (*COMMANDS[-1], "--data-dir", moved)).exit_code == 0
    assert config(run)["data_folder"] == str(moved)
    assert of(run, COMMANDS[0]).exit_code == 0


def test_part_of_the_data_is_not_enough(run, data):
    (data / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    refused(of(run, COMMANDS[0]), f"MNIST is no longer in {data}")


def test_where_the_data_is_stays_out_of_the_workbook_and_of_the_runs_mark(run, data, mnist):
    assert of(run, COMMANDS[1]).exit_code == 0
    texts = [
        cell.value for sheet in read_cells(Path("book.xlsx")).values() for cell in sheet.values()
    ]
    assert not any(str(data) in str(text) for text in texts)
    mark = read_record(run, None).mark
    assert of(run, (*COMMANDS[-1], "--data-dir", mnist)).exit_code == 0
    assert read_record(run, None).mark == mark


@pytest.mark.usefixtures("offline")
def test_a_run_of_an_older_version_works_as_before(mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Path(shutil.copytree(OLDER / "run", tmp_path / "run"))
    assert "data_folder" not in config(run)
    result = invoke("evaluate", run, "--data-dir", mnist)
    assert (result.exit_code, result.stderr) == (0, "")
    refused(invoke("evaluate", run), "MNIST is not in output/data/MNIST/raw")
    Path("output").mkdir()
    Path("output/data").symlink_to(mnist)
    assert invoke("evaluate", run).exit_code == 0


@pytest.mark.parametrize("entry", [5, "", "data", ["/"], {}, "/a\0b", True])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_an_entry_that_is_no_folder_is_refused(copy, entry, words):
    (copy / "config.json").write_text(json.dumps(config(copy) | {"data_folder": entry}))
    before = contents(copy)
    refused(of(copy, words), str(copy / "config.json"), "data_folder is", "an absolute path")
    assert contents(copy) == before


@pytest.mark.parametrize("entry", ["/no such folder", "/dev/null", "/" + "x" * 300, "/\udc80"])
def test_an_entry_with_nothing_in_it_is_refused(copy, entry):
    (copy / "config.json").write_text(json.dumps(config(copy) | {"data_folder": entry}))
    result = of(copy, COMMANDS[0])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "MNIST is no longer in /" in result.stderr and "--data-dir" in result.stderr


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("has_forgotten", [False, True])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_missing_data_is_said_in_a_short_line(copy, words, has_forgotten):
    """What is missing, where, one option and one link; --sample only where that exists."""
    described = config(copy)
    if has_forgotten:  # as the runs of version 0.1.0 have
        del described["data_folder"]
        (copy / "config.json").write_text(json.dumps(described))
    for command in (words, ("train", "--run", "new", "--threads", 1)):
        result = of(copy, (*command, "--data-dir", "none"))
        if "new" in command or has_forgotten:
            refused(result, "MNIST is not in none/MNIST/raw", "Connection refused", MNIST.page)
            assert (result.stderr.count("--data-dir"), result.stderr.count("://")) == (1, 1)
            assert "MD5" not in result.stderr and "idx" not in result.stderr
            assert ("--sample" in result.stderr) == ("new" in command)
        else:  # nothing is downloaded into a folder that may be a mistyped one
            refused(result, "MNIST is not in none; the run found it in ", described["data_folder"])
            assert not Path("none").exists()


@pytest.mark.usefixtures("offline")
def test_a_single_missing_file_is_named(data):
    (data / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    result = invoke("train", "--data-dir", data, "--run", "new", "--threads", 1)
    refused(result, f"of MNIST, t10k-labels-idx1-ubyte is not in {data}/MNIST/raw")


@pytest.mark.usefixtures("offline")
def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    for folder, reason in ((tmp_path / "file", "Not a directory"), ("x" * 300, "too long")):
        result = invoke("train", "--data-dir", folder, "--run", "new", "--threads", 1)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"MNIST is not in {folder}/MNIST/raw" in result.stderr and reason in result.stderr


def test_the_page_on_training_has_the_checksums():
    from cnn.data.idx_files import CHECKSUMS  # noqa: PLC0415

    text = (Path(__file__).parents[1] / "docs" / "train.md").read_text("utf-8")
    for name, checksum in CHECKSUMS.items():
        assert f"`{name}`" in text and checksum in text
    assert MNIST.page in text
