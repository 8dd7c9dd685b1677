"""One picture per visible sheet, under the sheet's name, with what the sheet shows."""

import errno
import shutil
import struct
from pathlib import Path

import pytest
import xlsxwriter
from conftest import WRONG, Build

from sheetgen.errors import InputError, RunError
from sheetgen.spreadsheet import render as module
from sheetgen.spreadsheet.render import render

pytestmark = pytest.mark.usefixtures("renderer")


def size(picture: Path) -> tuple[int, int]:
    """Width and height, in pixels, from the header of a PNG."""
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Sheets that are full, hidden, empty, with nothing but a chart, and oddly named."""
    path = tmp_path / "pictures.xlsx"
    with xlsxwriter.Workbook(path) as book:
        data = book.add_worksheet("lr 0.1")
        book.add_worksheet("hidden").hide()
        book.add_worksheet("empty")
        plot = book.add_worksheet("loss ∂")
        last = book.add_worksheet('a<b>|"c"')
        for row in range(400):
            data.write(row, 0, row)
            data.write_formula(row, 1, f"=A{row + 1}^2", None, WRONG)
        last.write("A1", "end")
        chart = book.add_chart({"type": "scatter"})
        chart.add_series({"categories": "='lr 0.1'!A1:A40", "values": "='lr 0.1'!B1:B40"})
        plot.insert_chart("B2", chart)
    return path


def test_every_visible_sheet_has_its_picture(workbook: Path, tmp_path: Path) -> None:
    pictures = render(workbook, tmp_path / "new" / "pictures")
    names = [picture.name for picture in pictures]
    assert names == ["lr 0.1.png", "empty.png", "loss ∂.png", "a_b___c_.png"]
    assert sorted((tmp_path / "new" / "pictures").iterdir()) == sorted(pictures)
    tall, empty, chart, last = (size(picture) for picture in pictures)
    assert tall[1] > 2 * tall[0]
    assert chart[0] > 400
    assert last[1] < tall[1] / 4
    assert empty[0] > 0


def test_resolution_scales_the_picture(poisoned: Build, tmp_path: Path) -> None:
    path = poisoned({"one": {"C30": 1.0}})
    small, large = (
        size(render(path, tmp_path / str(resolution), resolution)[0]) for resolution in (50, 100)
    )
    assert large[0] == pytest.approx(2 * small[0], abs=2)
    assert large[1] == pytest.approx(2 * small[1], abs=2)


def test_bad_input(workbook: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a directory"):
        render(workbook, workbook)
    with pytest.raises(InputError, match="not a directory"):
        render(workbook, workbook / "below")
    with pytest.raises(InputError, match="at least 1"):
        render(workbook, tmp_path, 0)
    with pytest.raises(InputError, match="No such file"):
        render(tmp_path / "gone.xlsx", tmp_path)


def test_pages_that_do_not_match_the_sheets(
    workbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EXPORT", "pdf")
    with pytest.raises(RunError, match="pages for 4 visible sheets"):
        render(workbook, tmp_path / "pictures")
    assert list((tmp_path / "pictures").iterdir()) == []


def test_poppler_is_missing(
    workbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RunError, match="poppler-utils"):
        render(workbook, tmp_path)


@pytest.mark.parametrize("count", [3, 4])
def test_names_that_differ_only_in_case_or_replaced_letters(tmp_path: Path, count: int) -> None:
    sheets = ["a|b", "A<B", 'a"b', "a_b (2)"][:count]
    page = tmp_path / "page.png"
    page.write_bytes(b"picture")
    placed = list(module._place(dict.fromkeys(sheets, page), sheets, tmp_path))
    names = [path.stem for path in placed]
    assert len({name.casefold() for name in names}) == count
    assert names[:3] == ["a_b", "A_B (2)", "a_b (3)"]


def test_a_picture_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "Inputs.png"
    old.write_bytes(b"the old picture")

    def full(_source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(RunError, match=r"Inputs\.png could not be written: No space left"):
        list(module._place({"Inputs": tmp_path / "page.png"}, ["Inputs"], tmp_path))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"the old picture"]
