"""Reads the cells of an .xlsx package row by row, passing over what it does not understand.

A hand-made file comes from many programs: addresses are left out, relationships are missing, the
XML breaks off. Cells without a value or a formula are never built, so that a sheet of formatted
empty cells costs only the time to parse it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from lxml import etree
from openpyxl.utils.escape import unescape

from sheetgen.check.formula.parsing import Formula
from sheetgen.check.reading.cells import Book, Cells, Content, Value
from sheetgen.spreadsheet.address import place_of
from sheetgen.spreadsheet.package_parts import (
    DAMAGE,
    MalformedError,
    elements,
    opened,
    relationships,
    sheets_of,
    workbook_part,
)

_SHEET_PART = re.compile(r"xl/worksheets/[^/]*?(\d*)\.xml$", re.IGNORECASE)
_CHUNK = 1 << 18


def read_package(path: Path) -> Book:
    """Return the workbook's cells; raises InputError where the package cannot be read."""
    with opened(path) as archive:
        strings = _shared_strings(archive)
        book = Book({}, _defined_names(archive), "xlsx")
        for sheet in sheets_of(archive):
            if sheet.is_worksheet:
                book.sheets[sheet.name] = _cells(elements(archive, sheet.part, "row"), strings)
        return book


def read_broken_package(path: Path) -> Book:
    """Return what can be had of a package whose parts are missing or break off.

    Sheets that nothing names are named after their parts. Raises InputError where there is none.
    """
    with opened(path) as archive:
        strings = [_text(item) for item in _recovered(archive, "xl/sharedStrings.xml", "si")]
        book = Book({}, {}, "xlsx, in spite of its damage")
        for name, part in _parts_of_sheets(archive):
            book.sheets[name] = _cells(_recovered(archive, part, "row"), strings)
        if not any(book.sheets.values()):
            raise MalformedError("none of its sheets holds a cell")
        return book


def _parts_of_sheets(archive: ZipFile) -> list[tuple[str, str]]:
    """Return name and part of every sheet, by whatever means still work."""
    try:
        named = [(one.name, one.part) for one in sheets_of(archive) if one.is_worksheet]
    except DAMAGE:
        named = []
    known = {part for _, part in named}
    parts = sorted(
        (part for part in archive.namelist() if _SHEET_PART.match(part) and part not in known),
        key=lambda part: int("0" + (_SHEET_PART.match(part) or [""])[1]),
    )
    unnamed = [(Path(part).stem, part) for part in parts]
    return [pair for pair in named if pair[1] in archive.NameToInfo] or unnamed


def _recovered(archive: ZipFile, part: str, tag: str) -> Iterator[etree._Element]:
    """Yield the elements of one tag as far as they can be read."""
    if part not in archive.NameToInfo:
        return
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    data = bytearray()
    try:
        with archive.open(part) as file:
            while chunk := file.read(_CHUNK):
                data += chunk
    except DAMAGE:
        pass  # what was unpacked so far is what there is
    try:
        root = etree.fromstring(bytes(data), parser)
    except etree.XMLSyntaxError:
        return
    if root is not None:
        found = list(root.iter(f"{{*}}{tag}"))
        # Where the XML breaks off, the last element is not whole.
        yield from found[:-1] if len(parser.error_log) else found


def _shared_strings(archive: ZipFile) -> list[str]:
    for kind, part in workbook_part(archive)[1].values():
        if kind == "sharedStrings" and part in archive.NameToInfo:
            return [_text(item) for item in elements(archive, part, "si")]
    return []


def _defined_names(archive: ZipFile) -> dict[str, str]:
    """Return the names of the whole workbook that mean something, in lower case."""
    workbook, _ = workbook_part(archive)
    relationships(archive, workbook)
    found = {}
    for element in elements(archive, workbook, "definedName"):
        if element.get("localSheetId") is None and element.text:
            found[str(element.get("name", "")).lower()] = element.text
    return found


def _text(element: etree._Element) -> str:
    """Join the runs of a string; how it is pronounced (rPh) is no part of it."""
    pieces = [text for run in element.iterchildren("{*}r") for text in run.iterchildren("{*}t")]
    pieces.extend(element.iterchildren("{*}t"))
    return str(unescape("".join(piece.text or "" for piece in pieces)))


def _cells(rows: Iterator[etree._Element], strings: list[str]) -> Cells:
    cells: Cells = {}
    shared: dict[str, Formula] = {}
    row = -1
    for element in rows:
        holder = element.getparent()
        # The position of a form control has elements called row as well.
        if holder is not None and etree.QName(holder).localname != "sheetData":
            continue
        row = _position(element.get("r"), row + 1)
        column = -1
        for cell in element:
            column += 1
            if not len(cell):
                # Its address matters only to cells that leave theirs out, and they are few.
                continue
            place = str(cell.get("r", ""))
            if place:
                try:
                    row, column = place_of(place)
                except ValueError:
                    continue
            content = _content(cell, row, column, strings, shared)
            if content.value is not None or content.formula is not None:
                cells[row, column] = content
    return cells


def _position(text: str | None, otherwise: int) -> int:
    return int(text) - 1 if text and text.isdecimal() else otherwise


def _content(
    cell: etree._Element, row: int, column: int, strings: list[str], shared: dict[str, Formula]
) -> Content:
    content = Content(None)
    kind = str(cell.get("t", "n"))
    for child in cell:
        tag = str(child.tag).rpartition("}")[2]
        if tag == "v" and child.text:
            content.value = _value(kind, child.text, strings)
        elif tag == "is":
            content.value = _text(child)
        elif tag == "f":
            content.formula = _formula(child, row, column, shared)
    return content


def _formula(
    element: etree._Element, row: int, column: int, shared: dict[str, Formula]
) -> Formula | None:
    """Return the formula; in relative notation the cells of a shared one all hold the same."""
    text, group = element.text or "", str(element.get("si"))
    if text:
        formula = Formula.at(text, row, column)
        if element.get("t") == "shared":
            shared[group] = formula
        return formula
    return shared.get(group) if element.get("t") == "shared" else None


def _value(kind: str, text: str, strings: list[str]) -> Value:
    try:
        if kind == "n":
            return float(text)
        if kind == "s":
            return strings[int(text)]
    except (ValueError, IndexError):
        return text
    if kind == "b":
        return text.strip() in ("1", "true")
    return str(unescape(text)) if kind == "str" else text
