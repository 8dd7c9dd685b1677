"""Writes one HTML file with all sheets of a workbook, for those without a spreadsheet program."""

import re
from collections.abc import Collection
from html import escape
from pathlib import Path
from typing import NamedTuple

from sheetgen.errors import InputError, RunError
from sheetgen.files.saving import Saved, check_replaceable, is_same_file, save_text
from sheetgen.spreadsheet.book.book import open_workbook
from sheetgen.spreadsheet.book.book_page import pictures_of, sections
from sheetgen.spreadsheet.package_parts import opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.render import chosen_sheets

ROWS, COLUMNS = 250, 100
"""Of a sheet's table: a page of a million cells would take a browser minutes."""

_BEGINNING = re.compile(r"\s*<(!doctype html|html)\b", re.IGNORECASE)

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0 auto; max-width: 90em; padding: 0 1em 4em; background: #fff; color: #222;
  font: 15px/1.4 system-ui, sans-serif; }}
h1 {{ font-size: 1.4em; margin: 1em 0 .5em; }}
nav {{ position: sticky; top: 0; background: #fff; border-bottom: 1px solid #ccc;
  padding: .5em 0; white-space: nowrap; overflow-x: auto; }}
nav a {{ color: #1d4ed8; margin-right: 1em; }}
section {{ padding-top: 3.5em; }}
details {{ margin-top: .5em; }}
</style>
</head>
<body>
<h1>{title}</h1>
<nav aria-label="Sheets">{links}</nav>
{sections}
</body>
</html>
"""


class SavedPage(NamedTuple):
    """Where a page was saved, and why it has no pictures ("" when it has)."""

    saved: Saved
    without_pictures: str


def save_page(path: Path, page: Path, sheets: Collection[str] = ()) -> SavedPage:
    """Write one HTML file, which needs no other, with the pictures and tables of a workbook.

    The sheets are the visible ones, unless named. Results that the file lacks are calculated by
    the embedded engine. Without LibreOffice there are tables alone.

    Raises InputError if the workbook cannot be read, has no such sheet, or if at that place is
    another file than an HTML page, or nothing can be written; RunError if writing fails.
    """
    if is_same_file(path, page):
        raise InputError(f"{page} is the workbook itself; expected another name")
    check_replaceable(page, _BEGINNING.match, "HTML page")
    with opened(path) as package:
        workbook = Workbook(package)
        chosen = chosen_sheets(workbook, sheets, path)
        tables = [sheet.name for sheet in workbook.sheets if sheet.is_worksheet]
    pictures, reason = dict[str, bytes](), ""
    try:
        pictures = pictures_of(path, chosen)
    except RunError as error:
        reason = str(error)
    book = open_workbook(path)
    if not book.has_results:
        book.recalculate()
    shown = [sheet for sheet in chosen if sheet in tables]
    links = "".join(
        f'<a href="#sheet-{number}">{escape(sheet)}</a>'
        for number, sheet in enumerate(shown, start=1)
    )
    text = _PAGE.format(
        title=escape(path.name),
        links=links,
        sections=sections(book, shown, pictures, (ROWS, COLUMNS)),
    )
    return SavedPage(save_text(page, text), reason)
