"""Fingerprints: of numbers that a file and the programs that save it again round."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.reader import read_cells
from sheetgen.spreadsheet.stamp import (
    SheetStamp,
    _number_text,
    fingerprint,
    is_unedited,
    sheet_stamp,
    stamp_sheet,
)
from sheetgen.spreadsheet.writer import write_workbook

NEAR_TIES = (0.023315180093050003, 0.1234567890134999)
"""Numbers nearly between two of 12 digits: 16 digits move one over the middle, 15 the other."""
OF_0_1_0 = "1f501bd3c9452f75f1754d19e802dd391a402e8b69a2840b7e1f0832d7b41ea8"
"""The fingerprint that version 0.1.0 took of the second number alone, from one rounding."""
STAMP_OF_0_1_0 = "7811452649f5418b"
"""Its stamp of a sheet with a half and the second number."""


def drawn(numbers: Sequence[float]) -> Canvas:
    """A sheet that has numbers as single cells and as a block of constants."""
    canvas = Canvas("Weights")
    for row, number in enumerate(numbers):
        canvas.write(row, 0, number)
    canvas.fill(0, 2, np.array(numbers)[:, None])
    return canvas


def written(numbers: Sequence[float], path: Path) -> Path:
    write_workbook([drawn(numbers)], path, "numbers")
    return path


@st.composite
def near_ties(draw: st.DrawFn) -> float:
    """A number at most a few steps from the middle between two numbers of 12 digits."""
    digits = draw(st.integers(10**11, 10**12 - 1))
    number = float(f"{digits}5e{draw(st.integers(-30, 10))}")
    towards = draw(st.sampled_from((0.0, math.inf)))
    for _ in range(draw(st.integers(0, 12))):
        number = math.nextafter(number, towards)
    return number


@given(near_ties() | st.floats(-1e300, 1e300))
def test_a_number_keeps_its_fingerprint_in_a_file_and_when_it_is_saved_again(number: float) -> None:
    in_file = float(f"{number:.16G}")
    saved_again = [float(f"{in_file:.{digits}G}") for digits in (17, 16, 15)]
    twice = [float(f"{each:.{digits}G}") for each in saved_again for digits in (16, 15)]
    expected = fingerprint([drawn([number])])
    assert {fingerprint([drawn([each])]) for each in [in_file, *saved_again, *twice]} == {expected}


@given(st.integers(-(10**13), 10**13).map(float) | st.sampled_from((0.0, -0.0, 1e12, 255)))
def test_a_whole_number_has_the_digits_that_any_other_has(number: float) -> None:
    assert _number_text(number) == f"{number:.12G}"


def test_a_file_of_numbers_near_ties_is_unedited(tmp_path: Path) -> None:
    expected = fingerprint([drawn(NEAR_TIES)])
    path = written(NEAR_TIES, tmp_path / "new.xlsx")
    assert is_unedited(path, ["Weights"], expected)
    path = written([float(f"{float(f'{each:.16G}'):.15G}") for each in NEAR_TIES], path)
    assert is_unedited(path, ["Weights"], expected)
    assert not is_unedited(written([NEAR_TIES[0], 0.123456789015], path), ["Weights"], expected)


def test_a_sheet_with_a_stamp_of_its_own_is_unedited(tmp_path: Path) -> None:
    canvas = Canvas("Log")
    for row, number in enumerate(NEAR_TIES):
        canvas.write(row, 0, number)
    stamp_sheet(canvas, "a run", 10, 0)
    write_workbook([canvas], tmp_path / "new.xlsx", "numbers")
    cells = dict(read_cells(tmp_path / "new.xlsx")["Log"].items())
    assert sheet_stamp(cells) == SheetStamp("a run", is_edited=False)
    cells[0, 0] = cells[0, 0]._replace(value=0.5)
    assert sheet_stamp(cells) == SheetStamp("a run", is_edited=True)
    cells[11, 1] = cells[11, 1]._replace(value=STAMP_OF_0_1_0)
    assert sheet_stamp(cells) == SheetStamp("a run", is_edited=False)


def test_a_file_of_an_earlier_version_is_unedited(tmp_path: Path) -> None:
    path = written([NEAR_TIES[1]], tmp_path / "old.xlsx")
    assert is_unedited(path, ["Weights"], OF_0_1_0)
    assert not is_unedited(written([0.5], path), ["Weights"], OF_0_1_0)
