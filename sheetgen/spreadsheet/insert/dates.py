"""Finds dates in the cells of a sheet: their numbers mean other days where day 0 is another.

A cell holds a number of days, and only its number format says that it is a date (ECMA-376
part 1, 18.8.30). A clock time or a duration is the same number in every workbook.
"""

import re

from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.package_parts import children, number
from sheetgen.spreadsheet.package_workbook import Sheet, Workbook
from sheetgen.spreadsheet.reader import rows

# From 27 on they depend on the language of East Asian programs, and most of them are dates.
_BUILT_IN_DATES = {*range(14, 18), 22, *range(27, 32), *range(34, 37), *range(50, 59)}
_DURATION = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_LITERAL = re.compile(r'"[^"]*"|[\\_*].|\[[^][]*\]|E[+-]|AM/PM|A/P|General', re.IGNORECASE)
_LETTERS = re.compile(r"([a-z])\1*")


def first_date(workbook: Workbook, sheet: Sheet) -> str | None:
    """Return the address of the first cell of a sheet that holds a date, None if none does.

    Raises one of DAMAGE when the sheet is damaged.
    """
    dated = _date_formats(workbook)
    if not dated:
        return None
    for _, cells in rows(workbook.package, sheet):
        for row, column, cell in cells:
            # A date of type "d" is written out, as 2026-11-29.
            if cell.get("t", "n") == "n" and number(cell, "s") in dated and cell.findtext("{*}v"):
                return relative_address(row, column)
    return None


def is_date_format(code: str) -> bool:
    """Return whether a number format shows a day, a month or a year of a number."""
    plain = _LITERAL.sub("", _DURATION.sub("h", code)).lower()
    letters = ["", *_LETTERS.findall(plain), ""]
    # Minutes come after hours or seconds, or before seconds.
    return any(
        letter in "ydgeb" or (letter == "m" and before not in ("h", "s") and after != "s")
        for before, letter, after in zip(letters, letters[1:], letters[2:], strict=False)
    )


def _date_formats(workbook: Workbook) -> set[int]:
    """Return the numbers of the cell formats that show dates."""
    link = workbook.link("styles")
    if link is None:
        return set()
    root = workbook.package.tree(link.part)
    own = {
        number(each, "numFmtId"): str(each.get("formatCode", ""))
        for each in children(root, "numFmts")
    }
    return {
        place
        for place, each in enumerate(children(root, "cellXfs"))
        if (
            is_date_format(own[known])
            if (known := number(each, "numFmtId")) in own
            else known in _BUILT_IN_DATES
        )
    }
