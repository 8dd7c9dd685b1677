"""`sheetgen render --html`: one page with all sheets, for those without a spreadsheet program."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import xlsxwriter
from conftest import Build, require, sheetgen
from lxml import html

from sheetgen.errors import RunError

WIDTHS = """<script>
onload = () => { for (const each of document.images) each.alt += `: ${each.naturalWidth}`; };
</script></body>"""


@pytest.fixture
def browser() -> str:
    """The program of a browser that runs without a window."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    require(None if found else "Chromium is not installed: sudo apt-get install chromium")
    assert found
    return found


def opened(browser: str, page: Path, *options: str) -> str:
    """Open a page from its file in a browser that reaches no network, and return what it shows."""
    switches = ["--headless", "--no-sandbox", "--disable-gpu", "--host-rules=MAP * ~NOTFOUND"]
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [browser, *switches, profile, *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def test_a_browser_shows_pictures_and_formulas_on_hover(
    tmp_path: Path, renderer: None, browser: str
) -> None:
    assert renderer is None
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        sheet = book.add_worksheet("One & only")
        sheet.write_column("A1", [0.1, 0.2])
        sheet.write_formula("B1", '=IF(A1<A2,"<b>","no")', None, "<b>")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "='One & only'!$A$1:$A$2"})
        sheet.insert_chart("C3", chart)
        book.add_worksheet("Two").write("A1", "wide" * 20)
        book.add_worksheet("gone").hide()
    page = tmp_path / "page.html"
    done = sheetgen("render", tmp_path / "book.xlsx", "--html", page)
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{page}\n", "")
    text = page.read_text("utf-8")
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,|#)', text) == []
    # A picture that the browser could read tells how wide it is.
    page.write_text(text.replace(' loading="lazy"', "").replace("</body>", WIDTHS), "utf-8")
    shown = html.fromstring(opened(browser, page, "--dump-dom", "--virtual-time-budget=5000"))
    pictures = [str(each.get("alt")) for each in shown.iter("img")]
    assert [each.rpartition(": ")[0] for each in pictures] == [
        "The sheet One & only",
        "The sheet Two",
    ]
    assert all(int(each.rpartition(": ")[2]) > 0 for each in pictures)
    assert [each.text for each in shown.iterfind(".//nav/a")] == ["One & only", "Two"]
    (formula,) = shown.iterfind(".//td[@title]")
    assert (formula.get("title"), formula.text) == ('=IF(A1<A2,"<b>","no")', "<b>")


def test_without_libreoffice_there_are_tables(
    poisoned: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise RunError("LibreOffice is not installed: sudo apt-get install libreoffice-calc")

    monkeypatch.setattr("sheetgen.spreadsheet.book.html_page.pictures_of", missing)
    page = tmp_path / "page.html"
    done = sheetgen("render", poisoned({"a": {"A1": 1, "AA300": 2}}), "--html", page)
    assert done.exit_code == 0
    assert "tables alone, without pictures: LibreOffice is not installed" in done.stderr
    assert "… the sheet goes on to AA300" in page.read_text("utf-8")
    assert "<img" not in page.read_text("utf-8")


def test_a_place_for_the_pictures_or_the_page_is_needed(poisoned: Build, tmp_path: Path) -> None:
    book = poisoned({"a": {"A1": 1}})
    done = sheetgen("render", book)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "Error: found neither -o DIR nor --html PAGE; expected one of them\n"
    done = sheetgen("render", book, "--html", tmp_path / "page.html", "--sheet", "b")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "found no sheet 'b'; expected one of 'a'" in done.stderr
    assert not (tmp_path / "page.html").exists()


def test_no_page_replaces_a_workbook_or_other_work(poisoned: Build, tmp_path: Path) -> None:
    book = poisoned({"a": {"A1": 1}})
    link, other = tmp_path / "link.html", tmp_path / "other.xlsx"
    link.symlink_to(book)
    shutil.copy(book, other)
    before = book.read_bytes()
    for page, reason in (
        (book, "is the workbook itself"),
        (book.parent / "." / ".." / book.parent.name / book.name, "is the workbook itself"),
        (link, "is the workbook itself"),
        (other, "already exists and holds no HTML page"),
    ):
        done = sheetgen("render", book, "-o", tmp_path / "pictures", "--html", page)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == f"Error: {page} {reason}; expected another name\n"
    assert book.read_bytes() == other.read_bytes() == before
    assert link.is_symlink() and not (tmp_path / "pictures").exists()


def test_a_page_of_whatever_program_is_replaced(
    poisoned: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheetgen.spreadsheet.book.html_page.pictures_of", lambda *_: {})
    page, book = tmp_path / "page.html", poisoned({"a": {"A1": 1}})
    for former in ("\ufeff\n<!doctype HTML>", "<HTML lang=en>"):
        page.write_text(former, "utf-8")
        assert sheetgen("render", book, "--html", page).exit_code == 0
        assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
