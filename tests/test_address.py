"""Addresses of cells, written and read."""

import pytest
from openpyxl.utils.cell import coordinate_to_tuple, quote_sheetname

from sheetgen.spreadsheet.address import (
    cell_address,
    choose,
    column_letters,
    local,
    place_of,
    quoted,
    range_address,
    range_of,
    relative_address,
    without_dollars,
)

PLACES = [(row, column) for row in (0, 8, 1048575) for column in (0, 25, 26, 701, 702, 16383)]


@pytest.mark.parametrize("place", PLACES)
def test_an_address_that_is_written_is_read_as_the_same_cell(place: tuple[int, int]) -> None:
    relative, absolute = relative_address(*place), cell_address(*place)
    assert coordinate_to_tuple(relative) == (place[0] + 1, place[1] + 1)
    assert without_dollars(absolute) == relative
    assert absolute == f"${column_letters(place[1])}${place[0] + 1}"
    assert place_of(relative) == place_of(absolute) == place


def test_a_range_of_one_cell_is_written_as_a_cell() -> None:
    assert range_address(8, 2, 11, 3) == "$C$9:$D$12"
    assert range_address(8, 2, 8, 2) == "$C$9"
    assert range_of("$C$9:D12") == (8, 2, 11, 3)
    assert range_of("C9") == (8, 2, 8, 2)


@pytest.mark.parametrize("text", ["", "C", "9", "C0", "$C$", "C9D", "C9:", "1C", "ABCD1", "C:C"])
def test_what_is_no_address_of_a_cell_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        place_of(text)


@pytest.mark.parametrize("name", ["lr 0.1", "it's", "FC1", "r2c3", "C", "RC", "2nd", "a.b", "a!b"])
def test_a_sheet_that_could_be_mistaken_is_quoted(name: str) -> None:
    assert quoted(name) == quote_sheetname(name)
    assert local(f"{quoted(name)}!C9") == "C9"


@pytest.mark.parametrize("name", ["Inputs", "conv1", "Größe", "R2D2"])
def test_other_sheets_are_not_quoted(name: str) -> None:
    assert quoted(name) == name


def test_no_function_chooses_among_more_than_libreoffice_takes() -> None:
    names = [f"B{number}" for number in range(1, 65)]
    of = "SUM({0})"
    first, second = (
        f"SUM(CHOOSE({at},{','.join(some)}))"
        for at, some in (("A1", names[:30]), ("A1-30", names[30:60]))
    )
    assert choose("A1", names[:30], of=of) == first
    third = "SUM(CHOOSE(A1-60,B61,B62,B63,B64))"
    assert choose("A1", names, of=of) == f"IF(A1<=30,{first},IF(A1<=60,{second},{third}))"
