"""A table that is written as its lines come: complete at the end, kept as far as it came before."""

import csv
import errno

import pytest

from sheetgen.errors import InputError, RunError
from sheetgen.files import growing_table
from sheetgen.files.growing_table import GrowingTable
from sheetgen.files.locking import ENDING

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
    with pytest.raises(KeyboardInterrupt), table(tmp_path / "new" / "found.csv") as growing:
        growing.add([])
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().err == ""


def test_until_it_has_a_line_a_table_keeps_that_of_an_interrupted_command(tmp_path):
    partial = tmp_path / "found.partial.csv"
    with pytest.raises(KeyboardInterrupt), table(tmp_path / "found.csv") as growing:
        growing.add([["one", ""]])
        raise KeyboardInterrupt
    with pytest.raises(RunError), table(tmp_path / "found.csv"):
        raise RunError
    assert rows_of(partial) == [[*HEADER], ["one", ""]]
    with pytest.raises(RunError), table(tmp_path / "found.csv") as growing:
        growing.add([["two", ""]])
        raise RunError
    assert rows_of(partial) == [[*HEADER], ["two", ""]]
    with table(tmp_path / "found.csv"):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "found.csv"]


def test_a_second_command_waits_for_the_first(tmp_path):
    with table(tmp_path / "found.csv") as growing:
        assert (tmp_path / f".found.csv{ENDING}").exists(), "the lock that `in_turn` waits for"
        growing.add([["one", ""]])
    assert [path.name for path in tmp_path.iterdir()] == ["found.csv"]


def test_a_partial_table_that_is_open_in_a_program_is_left(tmp_path, capsys):
    (tmp_path / "found.partial.csv").write_text("file,words\r\nformer,\r\n")
    (tmp_path / ".~lock.found.partial.csv#").touch()
    with pytest.raises(RunError), table(tmp_path / "found.csv") as growing:
        growing.add([["one", ""]])
        growing.add([["two", ""]])
        raise RunError
    assert rows_of(tmp_path / "found.partial.csv")[1:] == [["former", ""]]
    assert rows_of(tmp_path / "found.partial (2).csv")[1:] == [["one", ""], ["two", ""]]
    assert "2 lines are in" in (said := capsys.readouterr().err) and "partial (2).csv" in said


@pytest.mark.parametrize("name", ["found.csv", "found.partial.csv"])
def test_another_file_is_never_replaced(tmp_path, name):
    (tmp_path / name).write_text("my notes")
    with pytest.raises(InputError, match="holds no findings"), table(tmp_path / "found.csv"):
        pass
    assert (tmp_path / name).read_text() == "my notes"


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be written"), table(tmp_path / "file" / "x.csv"):
        pass


def test_lines_are_kept_where_the_whole_cannot_be_saved(tmp_path, monkeypatch, capsys):
    move = growing_table.move_into_place

    def full(temporary, path):
        if path.stem == "a":
            raise RunError(f"{path} could not be written: {errno.ENOSPC}")
        return move(temporary, path)

    monkeypatch.setattr(growing_table, "move_into_place", full)
    with pytest.raises(RunError, match="could not be written"), table(tmp_path / "a.csv") as one:
        one.add([["one", ""]])
    assert "1 line is in" in capsys.readouterr().err and one.partial.exists()
