"""Makes hostile workbooks: a good one with one change each, as no program writes it but anyone may.

A change gets the XML of the sheet with the table, and of the parts that name it, and returns what
to have in their place.
"""

import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

SHEET, WORKBOOK, STYLES = "sheet", "xl/workbook.xml", "xl/styles.xml"
Parts = dict[str, str]
Change = Callable[[Parts], None]
CHANGES: dict[str, Change] = {}


def on_sheet(name: str, edit: Callable[[str], str], part: str = SHEET) -> None:
    """Register a change of the sheet's XML."""

    def change(parts: Parts) -> None:
        parts[part] = edit(parts[part])

    CHANGES[name] = change


def rows_below(xml: str) -> Callable[[str], str]:
    """Add rows below the last one."""
    return lambda sheet: sheet.replace("</sheetData>", f"{xml}</sheetData>")


def after_rows(xml: str) -> Callable[[str], str]:
    """Add an element behind the rows."""
    return lambda sheet: sheet.replace("</sheetData>", f"</sheetData>{xml}")


def first_cell(attributes: str, inner: str) -> Callable[[str], str]:
    """Add a row with one cell, where there was none."""
    return rows_below(f"<row r='900'><c r='A900' {attributes}>{inner}</c></row>")


def first_sheet_named(title: str) -> Callable[[str], str]:
    """Give the first sheet another name."""
    return lambda book: re.sub(r'(?<=<sheet name=")[^"]*', lambda _: title, book, count=1)


for name, number in {
    "the last row": "1048576",
    "a row below the last": "1048577",
    "row 10^20": "1" + "0" * 20,
    "a row of 5,000 digits": "9" * 5000,
    "row 0": "0",
    "row -1": "-1",
    "row 1.5": "1.5",
    "row 5 with a space": " 5",
    "a row in Arabic digits": "٣",
    "a row without a number": "",
}.items():
    on_sheet(name, rows_below(f"<row r='{number}'><c r='A{number}'><v>7</v></c></row>"))
    on_sheet(f"{name}, its cell without", rows_below(f"<row r='{number}'><c><v>7</v></c></row>"))
for name, place in {
    "the last column": "XFD800",
    "a column beyond the last": "XFE800",
    "a column of 4 letters": "AAAA800",
    "a column of 5,000 letters": "A" * 5000 + "800",
    "a cell without row": "A",
    "a cell without column": "800",
    "a cell of another row": "A3",
    "a range for a cell": "A800:B801",
    "a dollar": "$A$800",
    "dollars everywhere": "$A$8$00",
    "no letters at all": "!!",
}.items():
    on_sheet(name, rows_below(f"<row r='800'><c r='{place}'><v>7</v></c></row>"))
on_sheet("rows that go up", rows_below("<row r='800'/><row r='700'><c r='A700'><v>1</v></c></row>"))
on_sheet("a row twice", rows_below("<row r='800'><c r='A800'><v>1</v></c></row>" * 2))
TWICE = "<c r='A800'><v>1</v></c>" * 2
on_sheet("a cell twice", rows_below(f"<row r='800'>{TWICE}</row>"))
on_sheet("no addresses", lambda sheet: re.sub(r"(<(?:row|c)) r=\"\w+\"", r"\1", sheet))
on_sheet("wild spans", lambda sheet: re.sub(r'spans="[\d:]+"', 'spans="0:99999999999"', sheet))
on_sheet("17,000 cells in a row", rows_below(f"<row r='800'>{'<c><v>1</v></c>' * 17_000}</row>"))
on_sheet(
    "every second of 3,000 rows",
    rows_below(
        "".join(f"<row r='{r}'><c r='A{r}'><v>1</v></c></row>" for r in range(800, 6800, 2))
    ),
)
on_sheet("merged", after_rows("<mergeCells><mergeCell ref='A700:XFD1048576'/></mergeCells>"))
on_sheet("merged nonsense", after_rows("<mergeCells><mergeCell ref='A0:ZZZZ9'/></mergeCells>"))
on_sheet(
    "rules for the whole sheet",
    after_rows(
        "<conditionalFormatting sqref='A1:XFD1048576'><cfRule type='expression' priority='1'>"
        "<formula>A1&gt;1</formula></cfRule></conditionalFormatting>"
    ),
)
on_sheet(
    "a dimension that lies",
    lambda sheet: re.sub(r"<dimension [^>]*/>", "<dimension ref='A1:XFD1048576'/>", sheet),
)
on_sheet(
    "columns without end",
    lambda sheet: sheet.replace(
        "<sheetData>", "<cols><col min='1' max='999999999' width='9'/></cols><sheetData>"
    ),
)
for name, formula in {
    "a formula for the whole sheet": "<f t='shared' ref='A1:XFD1048576' si='77'>B900*2</f>",
    "an array formula for the whole sheet": "<f t='array' ref='A1:XFD1048576'>B900*2</f>",
    "a shared formula that is not there": "<f t='shared' si='4000000000'/>",
    "a data table": "<f t='dataTable' ref='A1:XFD1048576' dt2D='1' r1='B1' r2='B2'/>",
    "a text without end": '<f>CONCATENATE("a</f>',
    "brackets without end": "<f>SUM(((</f>",
    "whole columns": "<f>SUM($A:$XFD)</f>",
    "cells beyond the sheet": "<f>ZZZ9999999+XFE1+A1048577</f>",
    "a huge range": "<f>SUM(B901:XFD1048576)</f>",
}.items():
    on_sheet(name, first_cell("", f"{formula}<v>1</v>"))
on_sheet(
    "a shared text without end",
    rows_below(
        "<row r='900'><c r='A900'><f t='shared' ref='A900:A901' si='78'>\"a</f><v>1</v></c></row>"
        "<row r='901'><c r='A901'><f t='shared' si='78'/><v>1</v></c></row>"
    ),
)
for name, text in {"-1": "-1", "10^9": "1000000000", "5,000 digits": "9" * 5000}.items():
    on_sheet(f"the shared text {name}", first_cell("t='s'", f"<v>{text}</v>"))
for text in ("NaN", "INF", "1e999", "1_0", "0x10", "9" * 5000, "", "  "):
    on_sheet(f"the number {text[:9]!r}", first_cell("", f"<v>{text}</v>"))
on_sheet("an unknown type", first_cell("t='zzz'", "<v>1</v>"))
on_sheet("an unknown style", first_cell("s='99999999999'", "<v>1</v>"))
for name, title in {
    "a path": "../../../PWNED",
    "a path of Windows": "..\\..\\PWNED",
    "300 letters": "x" * 300,
    "nothing": "",
    "apostrophes": "''''",
    "a device": "NUL",
    "brackets": "[1]Data:*?",
}.items():
    on_sheet(f"a sheet named {name}", first_sheet_named(title), WORKBOOK)
on_sheet(
    "two sheets of one name",
    lambda book: re.sub(r"(<sheet [^>]*/>)", r"\1\1", book, count=1),
    WORKBOOK,
)
on_sheet(
    "names for whole columns",
    lambda book: book.replace(
        "</sheets>",
        "</sheets><definedNames>"
        + "".join(f"<definedName name='n{n}'>$A:$XFD</definedName>" for n in range(500))
        + "</definedNames>",
    ).replace("</definedNames><definedNames>", ""),
    WORKBOOK,
)
on_sheet(
    "5,000 formats",
    lambda styles: styles.replace("</cellXfs>", "<xf xfId='0'/>" * 5000 + "</cellXfs>"),
    STYLES,
)


def hostile(base: Path, sheet: str, name: str, target: Path) -> Path:
    """Write a copy of a workbook with one of the changes, to the part of the sheet with a table."""
    with ZipFile(base) as archive:
        held = {part: archive.read(part) for part in archive.namelist()}
    parts = {SHEET: held[sheet].decode(), **{one: held[one].decode() for one in (WORKBOOK, STYLES)}}
    before = dict(parts)
    CHANGES[name](parts)
    assert parts != before, "the change found nothing to change"
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for part, content in held.items():
            archive.writestr(part, parts.get(SHEET if part == sheet else part, content))
    return target
