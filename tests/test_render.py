"""One picture per visible sheet, under the sheet's name, with what the sheet shows."""

import errno
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter
from conftest import WRONG, Build, sheetgen
from PIL import Image

from sheetgen.errors import InputError, RunError
from sheetgen.spreadsheet import render as module
from sheetgen.spreadsheet.png import read_pixmap, without_margin, write_png
from sheetgen.spreadsheet.render import render
from sheetgen.spreadsheet.single_pages import WIDEST

pytestmark = pytest.mark.usefixtures("renderer")


def size(picture: Path) -> tuple[int, int]:
    """Width and height, in pixels, from the header of a PNG."""
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sheets that are full, hidden, empty, with nothing but a chart, and oddly named."""
    path = tmp_path_factory.mktemp("render") / "pictures.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("hidden").hide()
        data = book.add_worksheet("lr 0.1")
        data.activate()  # Excel has no hidden active sheet
        book.add_worksheet("very").very_hidden()
        book.add_worksheet("empty")
        plot = book.add_worksheet("loss ∂")
        chart_sheet = book.add_chartsheet("chart alone")
        last = book.add_worksheet('a<b>|"c"')
        data.print_area("A1:C400")
        data.set_column("AA:XFD", 300)
        data.repeat_rows(0)
        data.set_h_pagebreaks([20])
        data.set_header("&A")
        for row in range(400):
            data.write(row, 0, row)
            data.write_formula(row, 1, f"=A{row + 1}^2", None, WRONG)
            data.write(row, 5000, "a helper far outside of what is printed")
        last.write("A1", "end")
        for sheet in (plot, chart_sheet):
            chart = book.add_chart({"type": "scatter"})
            chart.add_series({"categories": "='lr 0.1'!A1:A40", "values": "='lr 0.1'!B1:B40"})
            if sheet is plot:
                plot.insert_chart("B2", chart)
            else:
                chart_sheet.set_chart(chart)
    return path


def test_every_visible_sheet_has_its_picture(workbook: Path, tmp_path: Path) -> None:
    pictures = render(workbook, tmp_path / "new" / "pictures")
    names = [picture.path.name for picture in pictures]
    assert names == ["lr 0.1.png", "empty.png", "loss ∂.png", "chart alone.png", "a_b___c_.png"]
    assert sorted((tmp_path / "new" / "pictures").iterdir()) == sorted(p.path for p in pictures)
    tall, empty, chart, chart_sheet, last = (size(picture.path) for picture in pictures)
    assert tall == (pytest.approx(2.5 * 64, abs=64), pytest.approx(400 * 20, rel=0.05))
    assert chart == pytest.approx((64 + 480, 20 + 288), rel=0.3)  # the default font may be missing
    assert min(chart_sheet) > 400
    assert last[1] < 100
    assert min(empty) > 0
    assert not any(picture.is_cut for picture in pictures)


def test_chosen_sheets_are_drawn_even_hidden_ones(workbook: Path, tmp_path: Path) -> None:
    result = sheetgen("render", workbook, "-o", tmp_path, "--sheet", "very", "--sheet", "loss ∂")
    assert result.exit_code == 0
    assert [Path(line).name for line in result.stdout.splitlines()] == ["very.png", "loss ∂.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loss ∂.png", "very.png"]
    refused = sheetgen("render", workbook, "-o", tmp_path, "--sheet", "Very")
    assert refused.exit_code == 2
    assert "found no sheet 'Very'; expected one of 'lr 0.1', 'empty'" in refused.stderr


def test_a_pixel_of_every_sheet_is_as_large(tmp_path: Path) -> None:
    """Beside a sheet too wide for a picture, which shows its beginning, and a wide one."""
    path = tmp_path / "wide.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, columns in (("cut", 16_000), ("wide", 100), ("narrow", 2)):
            sheet = book.add_worksheet(name)
            sheet.set_column(0, columns, 10)
            sheet.set_row(0, 45)
            sheet.write(0, columns - 1, "right end", book.add_format({"align": "right"}))
            sheet.write(0, 0, "begin")
    result = sheetgen("render", path, "-o", tmp_path)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"{tmp_path / 'cut.png'} shows only the beginning")
    cut, wide, narrow = (size(tmp_path / f"{name}.png") for name in ("cut", "wide", "narrow"))
    assert wide[0] / 100 == pytest.approx(narrow[0] / 2, rel=0.1)
    assert cut[0] < WIDEST
    assert cut[1] == wide[1] == narrow[1]


def test_resolution_scales_the_picture(poisoned: Build, tmp_path: Path) -> None:
    path = poisoned({"one": {"C30": 1.0}})
    small, large = (
        size(render(path, tmp_path / str(resolution), resolution)[0].path)
        for resolution in (50, 100)
    )
    assert large[0] - 10 == pytest.approx(2 * (small[0] - 10), abs=6)
    assert large[1] - 10 == pytest.approx(2 * (small[1] - 10), abs=6)


def test_bad_input(workbook: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        render(workbook, workbook)
    with pytest.raises(InputError, match="not a folder"):
        render(workbook, workbook / "below")
    with pytest.raises(InputError, match="at least 1"):
        render(workbook, tmp_path, 0)
    with pytest.raises(InputError, match="No such file"):
        render(tmp_path / "gone.xlsx", tmp_path)


def test_pages_that_do_not_match_the_sheets(
    poisoned: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as those of a LibreOffice that knows no paper but its own."""
    monkeypatch.setattr(module, "edits", lambda *_: {})
    with pytest.raises(
        RunError, match=r"a page 2.. mm wide .* expected one page for each of the 1"
    ):
        render(poisoned({"one": {"A1": 1.0}}), tmp_path / "pictures")
    assert list((tmp_path / "pictures").iterdir()) == []


def test_poppler_is_missing(
    workbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RunError, match="poppler-utils"):
        render(workbook, tmp_path)


@pytest.mark.parametrize("count", [3, 4])
def test_names_that_differ_only_in_case_or_replaced_letters(count: int) -> None:
    names = module._file_names(["a|b", "A<B", 'a"b', "a_b (2)"][:count])
    assert len({name.casefold() for name in names}) == count
    assert names[:3] == ["a_b.png", "A_B (2).png", "a_b (3).png"]


def test_a_picture_that_cannot_be_written_leaves_the_old_one(
    poisoned: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "pictures" / "Inputs.png"
    old.parent.mkdir()
    old.write_bytes(b"the old picture")

    def full(target: Path, **_: object) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_png", full)
    with pytest.raises(RunError, match=r"Inputs\.png could not be written: No space left"):
        render(poisoned({"Inputs": {"A1": 1.0}}), old.parent)
    assert [path.read_bytes() for path in old.parent.iterdir()] == [b"the old picture"]


def test_a_picture_is_that_of_the_pixmap(tmp_path: Path) -> None:
    pixels = np.full((90, 200, 3), 255, np.uint8)
    pixels[50, 120] = 1, 2, 3
    (tmp_path / "page.ppm").write_bytes(b"P6\n200 90\n255\n" + pixels.tobytes())
    drawn = without_margin(read_pixmap(tmp_path / "page.ppm"))
    assert drawn.shape == (61, 131, 3)
    write_png(tmp_path / "page.png", drawn)
    with Image.open(tmp_path / "page.png") as picture:
        assert (np.asarray(picture) == drawn).all()
