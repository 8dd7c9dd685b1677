"""A table that is written as its lines come: complete at the end, kept as far as it came before."""

import csv
import errno

import pytest

from sheetgen.errors import InputError, RunError
from sheetgen.files import growing_table
from sheetgen.files.growing_table import GrowingTable

HEADER = ("file", "words")


def table(path):
    return GrowingTable(path, HEADER, ",".join(HEADER), "findings")


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_each_line_is_on_disk_as_it_comes_and_all_of_them_at_the_end(tmp_path, capsys):
    path = tmp_path / "new folder" / "found.csv"
    with table(path) as growing:
        growing.add([["one", "∂E"], ["two", "=1+1"]])
        assert rows_of(growing.partial) == [[*HEADER], ["one", "∂E"], ["two", "'=1+1"]]
        assert not path.exists()
        growing.add([["three", 0.5]])
    assert growing.saved.path == path
    assert rows_of(path)[1:] == [["one", "∂E"], ["two", "'=1+1"], ["three", "0.5"]]
    assert list(path.parent.iterdir()) == [path] and capsys.readouterr().err == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt, RunError, SystemExit, ZeroDivisionError])
def test_an_interrupted_table_is_kept_beside_the_former_one(tmp_path, capsys, error):
    path = tmp_path / "found.csv"
    with table(path) as growing:
        growing.add([["former", ""]])
    before = path.read_bytes()
    with pytest.raises(error), table(path) as growing:
        growing.add([["one", ""]])
        raise error
    assert path.read_bytes() == before
    assert rows_of(tmp_path / "found.partial.csv") == [[*HEADER], ["one", ""]]
    said = capsys.readouterr().err.strip()
    assert said == f"not complete: 1 line is in {tmp_path / 'found.partial.csv'}"
    with table(path) as growing:
        growing.add([["new", ""]])
    assert list(tmp_path.iterdir()) == [path], "the next table takes the place of both"


def test_without_a_line_nothing_is_kept(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt), table(tmp_path / "found.csv"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["found.csv", "found.partial.csv"])
def test_another_file_is_never_replaced(tmp_path, name):
    (tmp_path / name).write_text("my notes")
    with pytest.raises(InputError, match="holds no findings"):
        table(tmp_path / "found.csv")
    assert (tmp_path / name).read_text() == "my notes"


def test_an_empty_file_of_a_killed_command_is_no_obstacle(tmp_path):
    (tmp_path / "found.partial.csv").touch()
    with table(tmp_path / "found.csv"):
        pass
    assert rows_of(tmp_path / "found.csv") == [[*HEADER]]
    assert not (tmp_path / "found.partial.csv").exists()


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be written"), table(tmp_path / "file" / "x.csv"):
        pass


def test_lines_are_kept_where_the_whole_cannot_be_saved(tmp_path, monkeypatch, capsys):
    def full(path, *_):
        raise RunError(f"{path} could not be written: {errno.ENOSPC}")

    monkeypatch.setattr(growing_table, "save_text", full)
    with pytest.raises(RunError, match="could not be written"), table(tmp_path / "a.csv") as one:
        one.add([["one", ""]])
    assert "1 line is in" in capsys.readouterr().err and one.partial.exists()
