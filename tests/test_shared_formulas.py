"""A copy for ironcalc shares the formulas that go on from row to row, and no others."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import engine
from sheetgen.spreadsheet.reader import read_cells
from sheetgen.spreadsheet.shared_formulas import SharedFormulas

ROWS = range(2, 131)
BESIDE = "=A{previous}+0.01", "=A{row}^2", "=1/A{row}"
GOES_ON = {
    "the row above": "=A{previous}+1",
    "a column that stays": "=$B{row}*$C$1",
    "a cell of another sheet": "='sheet 12'!A{row}+'sheet 12'!$A$12",
    "no reference": "=1+2",
    "a row that stays": "=A$1+A{row}",
    "a range": "=SUM(A{row}:C{row})",
    "two functions": "=IF(N(A{previous})<700,EXP(-A{row}),LOG10(A{row}))",
}
STAYS = {
    "a text": '="A"&"A{row}"',
    "a number": "=A{row}*{row}",
    "a power of ten": "=A{row}*1E{row}",
    "a cell that does not move": "=A{row}+C1",
    "a cell in small letters": "=a{row}+c1",
    "the row below": "=Z{next}",
    "a whole row": "=SUM(1:1)",
    "a row that moves": "=SUM({row}:{row})",
    "a function": "=LOG{row}(A{row})",
    "a name": "=rate_{row}+A{row}",
    "a sheet": "='sheet {row}'!A{row}",
    "a row that looks absolute": "=A${row}",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a workbook with a sheet for each formula, and its copy."""
    made: Path = tmp_path_factory.mktemp("shared")
    workbook = Workbook(made / "book.xlsx")
    workbook.add_worksheet("sheet 12").write_column("A1", [0.5] * ROWS.stop)
    for formula in (GOES_ON | STAYS).values():
        sheet = workbook.add_worksheet()
        sheet.write_row("A1", [1, 2, 3])
        for row in ROWS:
            numbers = {"row": row, "previous": row - 1, "next": row + 1}
            for column, text in enumerate((*BESIDE, formula)):
                sheet.write_formula(row - 1, column, text.format(**numbers), value=7)
    workbook.close()
    write_changed(made / "book.xlsx", made / "copy.xlsx", {}, 5.0, shared=True)
    return made


def test_a_copy_with_shared_formulas_has_the_same_formulas(folder: Path) -> None:
    found, expected = (read_cells(folder / name) for name in ("copy.xlsx", "book.xlsx"))
    for sheet, cells in expected.items():
        assert {at: cell.formula for at, cell in found[sheet].items()} == {
            at: cell.formula for at, cell in cells.items()
        }


def test_only_what_goes_on_from_row_to_row_is_shared(folder: Path) -> None:
    with ZipFile(folder / "copy.xlsx") as file:
        shares = {
            name: file.read(f"xl/worksheets/sheet{at}.xml").count(b"<f t=")
            for at, name in enumerate(GOES_ON | STAYS, start=2)
        }
    assert not {name: count for name, count in shares.items() if name in STAYS and count}
    # The first of such rows stays as it is, and some have the row's number somewhere else as well.
    assert all(shares[name] > 0.8 * 4 * len(ROWS) for name in GOES_ON), shares


def test_ironcalc_computes_the_same_with_shared_formulas(folder: Path) -> None:
    ironcalc = engine("ironcalc")
    expected = ironcalc.recalculate(folder / "book.xlsx")
    (found,) = ironcalc.recalculate_changed(folder / "book.xlsx", [{}])
    assert {sheet: dict(cells) for sheet, cells in found.items()} == {
        sheet: dict(cells) for sheet, cells in expected.items()
    }


def test_quotes_that_are_written_as_entities_are_quotes() -> None:
    row = '<row r="{0}"><c r="A{0}"><f>{1}</f></c></row>'
    for formula in ("&quot;A{0}&quot;&amp;B{0}", "&apos;sheet {0}&apos;!A{0}"):
        sharing, rows = SharedFormulas(), [row.format(at, formula.format(at)) for at in ROWS]
        assert [sharing.row(text) for text in rows] == rows
