"""`sheetgen check` reads epochs whose gradients are averages over a table of samples."""

import pytest
from check_helper import mistakes, write

from sheetgen.check import check_workbook

X = [(0.5, -0.2, 1.0), (1.5, 0.4, -0.6), (-1.0, 0.9, 0.3), (0.2, 1.1, 0.8)]
SAMPLES, LAST = 3, 6
"""The first and the last row of the samples, in columns A to C; D has the targets."""


def epochs(**changed: str) -> dict[str, object]:
    """Three epochs of a linear unit: each has a block of the gradients of every sample."""
    cells: dict[str, object] = {"A1": "η", "B1": 0.1, "D2": "y"}
    for column, name in zip("ABC", ("x1", "x2", "x3"), strict=True):
        cells[f"{column}2"] = name
    for row, x in enumerate(X, SAMPLES):
        cells |= {f"{column}{row}": one for column, one in zip("ABC", x, strict=True)}
        cells[f"D{row}"] = sum(x)
    headers = ("Epoch", "w1", "w2", "w3", "Avg(dE/dw1)", "Avg(dE/dw2)", "Avg(dE/dw3)")
    cells |= {f"{column}10": one for column, one in zip("ABCDEFG", headers, strict=True)}
    for epoch, (error, *gradients) in enumerate(("HIJK", "MNOP", "RSTU")):
        own = 11 + epoch
        cells[f"{error}2"] = "error"
        for number, (gradient, x) in enumerate(zip(gradients, "ABC", strict=True), 1):
            cells[f"{gradient}2"] = f"dE/dw{number}"
            for row in range(SAMPLES, LAST + 1):
                cells[f"{gradient}{row}"] = f"={error}{row}*{x}{row}"
        for row in range(SAMPLES, LAST + 1):
            sum_of = f"$B${own}*A{row}+$C${own}*B{row}+$D${own}*C{row}"
            cells[f"{error}{row}"] = f"={sum_of}-D{row}"
        cells[f"A{own}"] = epoch
        for weight, mean, gradient in zip("BCD", "EFG", gradients, strict=True):
            cells[f"{weight}{own}"] = f"={weight}{own - 1}-$B$1*{mean}{own - 1}" if epoch else 0.1
            cells[f"{mean}{own}"] = f"=AVERAGE({gradient}{SAMPLES}:{gradient}{LAST})"
    return cells | changed


def test_averages_of_the_right_columns_are_right(tmp_path):
    report = check_workbook(write(tmp_path / "a.xlsx", S=epochs()))
    assert mistakes(report) == []
    (table,) = (one for one in report.tables if one.rows == 3)
    assert len(table.right) == 6


@pytest.mark.parametrize(
    ("cell", "formula", "column", "kind", "words"),
    [
        ("F12", "=AVERAGE(N3:N6)", "Avg(dE/dw2)", "wrong-gradient", "column N, which is headed"),
        ("G13", "=AVERAGE(U3:U5)", "Avg(dE/dw3)", "wrong-row", "rows 3 to 5, and of rows 3 to 6"),
        ("C12", "=C11-$B$1*E11", "w2", "wrong-gradient", "∂E/∂w1 is used instead of ∂E/∂w2"),
    ],
)
def test_an_average_of_the_wrong_cells_is_found(tmp_path, cell, formula, column, kind, words):
    report = check_workbook(write(tmp_path / "a.xlsx", S=epochs(**{cell: formula})))
    assert mistakes(report) == [(column, kind)]
    assert words in report.mistakes[0].words
    assert report.mistakes[0].cell == cell
