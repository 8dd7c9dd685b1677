"""The values of a sheet in columns are those of a dictionary."""

from sheetgen.spreadsheet.sheet_values import SheetValues

VALUES = {(0, 1): 1.0, (2, 1): "#DIV/0!", (3, 1): 2.0, (0, 0): 3.0, (1, 1): None, (5, 4): True}


def test_all_values_are_those_of_their_places() -> None:
    values = SheetValues()
    for (row, column), value in VALUES.items():
        values.put(row, column, value)
    assert dict(values) == VALUES
    assert list(values.values()) == [values[place] for place in values]
    assert len(values.values()) == len(VALUES)
    assert "#DIV/0!" in values.values()
    assert not list(SheetValues().values())
