"""Reads the cells of .xlsx files, and copies them without cached results, at the XML level.

A spreadsheet library's object model needs gigabytes for a sheet of two million cells, and
rewrites parts of the file (styles, charts) that are not ours to touch.
"""

import math
import posixpath
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import ZipFile, ZipInfo

from lxml import etree
from openpyxl.formula.translate import Translator
from openpyxl.utils.escape import unescape

from sheetgen.errors import InputError, RunError
from sheetgen.spreadsheet.address import place_of, relative_address
from sheetgen.spreadsheet.package_parts import (
    MalformedError,
    Sheet,
    elements,
    opened,
    sheets_of,
    workbook_part,
)

Value = float | str | bool | None  # an error value is its text, such as "#DIV/0!"

_SHEET_DATA = re.compile(
    rb"(<(?:\w+:)?sheetData\b[^>]*(?<!/)>).*(</(?:\w+:)?sheetData\s*>)", re.DOTALL
)
_Cells = list[tuple[int, int, etree._Element]]


@dataclass(frozen=True, slots=True)
class FileCell:
    """One cell as the file holds it: its formula without "=", and its (cached) value."""

    formula: str | None
    value: Value


def sheet_names(path: Path) -> list[str]:
    """Return all tabs in order; raises InputError if the file cannot be read as a workbook."""
    with opened(path) as archive:
        return [sheet.name for sheet in sheets_of(archive)]


def visible_sheets(path: Path) -> list[str]:
    """Return the tabs that are not hidden, in order; raises InputError as sheet_names does."""
    with opened(path) as archive:
        return [sheet.name for sheet in sheets_of(archive) if sheet.is_visible]


def read_cells(
    path: Path, sheets: Collection[str] | None = None
) -> dict[str, dict[tuple[int, int], FileCell]]:
    """Return sheet → zero-based (row, column) → cell; raises InputError as iterate_cells does."""
    chosen = sheet_names(path) if sheets is None else sheets
    cells: dict[str, dict[tuple[int, int], FileCell]] = {name: {} for name in chosen}
    for name, row, column, cell in iterate_cells(path, sheets):
        cells[name][row, column] = cell
    return cells


def iterate_cells(
    path: Path, sheets: Collection[str] | None = None
) -> Iterator[tuple[str, int, int, FileCell]]:
    """Yield (sheet, row, column, cell), counted from zero, for cells with a formula or a value.

    One row at a time is held in memory. `sheets` limits it to these; None is all of them.
    Raises InputError if the file cannot be read as a workbook or lacks one of the sheets.
    """
    with opened(path) as archive:
        present = sheets_of(archive)
        for name in set(sheets or ()) - {sheet.name for sheet in present}:
            raise InputError(f"{path} has no sheet named {name!r}")
        strings = _shared_strings(archive)
        for sheet in present:
            if sheet.is_worksheet and (sheets is None or sheet.name in sheets):
                yield from _sheet_cells(archive, sheet, strings)


def write_changed(
    path: Path,
    target: Path,
    changes: Mapping[str, Mapping[tuple[int, int], float | str]],
    cached: float | None = None,
) -> None:
    """Copy a workbook without the cached result of any formula, and with new contents of cells.

    `changes` is sheet → zero-based (row, column) → number or text; all else is copied as it is.
    `cached` takes the place of every cached result; None leaves none.
    Raises InputError if `path` cannot be read, RunError if `target` cannot be written, and
    ValueError if a changed cell holds no number (or text) of its own that the new one could
    replace, or the new number is not finite.
    """
    pending = {sheet: dict(cells) for sheet, cells in changes.items()}
    with opened(path) as archive:
        try:
            with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                copy = Path(folder, "copy.xlsx")
                _write_copy(archive, copy, pending, cached)
                copy.replace(target)
        except OSError as error:
            raise RunError(f"{target} cannot be written: {error.strerror or error}") from error


def _shared_strings(archive: ZipFile) -> list[str]:
    for kind, part in workbook_part(archive)[1].values():
        if kind == "sharedStrings":
            return [_text(item) for item in elements(archive, part, "si")]
    return []


def _text(element: etree._Element) -> str:
    """Join the runs of a string; how it is pronounced (rPh) is no part of it."""
    texts = [text for run in element.iterchildren("{*}r") for text in run.iterchildren("{*}t")]
    texts.extend(element.iterchildren("{*}t"))
    return str(unescape("".join(text.text or "" for text in texts)))


def _rows(archive: ZipFile, sheet: Sheet) -> Iterator[tuple[etree._Element, _Cells]]:
    """Yield each row with its (row, column, cell); left-out addresses count on from the last."""
    row = -1
    for element in elements(archive, sheet.part, "row"):
        holder = element.getparent()
        # The position of a form control has elements called row as well.
        if holder is None or etree.QName(holder).localname != "sheetData":
            continue
        cells: _Cells = []
        try:
            row, column = int(element.get("r", row + 2)) - 1, -1
            for cell in element.iterchildren("{*}c"):
                column += 1
                if address := str(cell.get("r", "")):
                    row, column = place_of(address)
                cells.append((row, column, cell))
        except ValueError as error:
            raise MalformedError(f"{sheet.name!r} has a bad address in row {row + 1}") from error
        yield element, cells


def _sheet_cells(
    archive: ZipFile, sheet: Sheet, strings: list[str]
) -> Iterator[tuple[str, int, int, FileCell]]:
    shared: dict[str, Translator] = {}
    for _, cells in _rows(archive, sheet):
        for row, column, element in cells:
            try:
                cell = _cell(element, relative_address(row, column), strings, shared)
            except (ValueError, IndexError, KeyError) as error:
                address = f"{sheet.name!r}!{relative_address(row, column)}"
                raise MalformedError(f"the cell {address} is not valid") from error
            if cell != FileCell(None, None):
                yield sheet.name, row, column, cell


def _children(cell: etree._Element) -> dict[str, etree._Element]:
    return {str(child.tag).rpartition("}")[2]: child for child in cell}


def _cell(
    element: etree._Element, address: str, strings: list[str], shared: dict[str, Translator]
) -> FileCell:
    children = _children(element)
    formula, value = None, None
    if "f" in children:
        formula = _formula(children["f"], address, shared)
    if "v" in children:
        value = _value(str(element.get("t", "n")), children["v"].text or "", strings)
    elif "is" in children:
        value = _text(children["is"])
    return FileCell(formula, value)


def _formula(element: etree._Element, address: str, shared: dict[str, Translator]) -> str:
    text = element.text or ""
    if element.get("t") != "shared":
        return text
    group = str(element.get("si"))
    if text:
        shared[group] = Translator(f"={text}", origin=address)
    return str(shared[group].translate_formula(address)).removeprefix("=")


def _value(kind: str, text: str, strings: list[str]) -> Value:
    if kind == "str":
        return str(unescape(text))
    if not text:
        return None
    if kind in ("n", "s"):
        return float(text) if kind == "n" else strings[int(text)]
    return text.strip() in ("1", "true") if kind == "b" else text


def _write_copy(
    archive: ZipFile,
    copy: Path,
    pending: dict[str, dict[tuple[int, int], float | str]],
    cached: float | None,
) -> None:
    sheets = {sheet.part: sheet for sheet in sheets_of(archive) if sheet.is_worksheet}
    with ZipFile(copy, "w") as output:
        for part in archive.NameToInfo.values():
            target = ZipInfo(part.filename, part.date_time)
            target.compress_type, target.external_attr = part.compress_type, part.external_attr
            with output.open(target, "w", force_zip64=part.file_size > 1 << 30) as file:
                if sheet := sheets.get(part.filename):
                    _copy_sheet(archive, sheet, file, pending.get(sheet.name, {}), cached)
                else:
                    file.write(_with_relative_targets(part.filename, archive.read(part)))
    for name, cells in pending.items():
        for position in cells:
            raise ValueError(f"there is no cell {name!r}!{relative_address(*position)}")


def _with_relative_targets(part: str, data: bytes) -> bytes:
    """Rewrite absolute targets of a relationships part, which ironcalc does not follow."""
    if not part.endswith(".rels") or b'Target="/' not in data:
        return data
    folder = posixpath.dirname(posixpath.dirname(part))
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    for element in root.iterchildren("{*}Relationship"):
        target = str(element.get("Target", ""))
        if target.startswith("/"):
            element.set("Target", posixpath.relpath(target, f"/{folder}"))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _copy_sheet(
    archive: ZipFile,
    sheet: Sheet,
    output: IO[bytes],
    changes: dict[tuple[int, int], float | str],
    cached: float | None,
) -> None:
    """Copy a sheet row by row; the bytes before and after its rows stay as they are."""
    data = archive.read(sheet.part)
    frame = _SHEET_DATA.search(data)
    output.write(data[: frame.end(1)] if frame else data)
    for element, cells in _rows(archive, sheet):
        if frame is None:
            raise MalformedError(f"its sheet {sheet.name!r} has rows outside of sheetData")
        for row, column, cell in cells:
            new = changes.pop((row, column), None)
            if not _strip_or_change(cell, new, cached):
                address = f"{sheet.name!r}!{relative_address(row, column)}"
                kind = "text" if isinstance(new, str) else "number"
                raise ValueError(f"{address} holds no {kind} that {new} could replace")
        output.write(etree.tostring(element, with_tail=False))
    output.write(data[frame.start(2) :] if frame else b"")


def _strip_or_change(cell: etree._Element, new: float | str | None, cached: float | None) -> bool:
    """Return whether it could be done; only a number may replace a number, a text a text."""
    children = _children(cell)
    if isinstance(new, str):
        return _change_text(cell, children, new)
    if new is not None:
        if "f" in children or "v" not in children or cell.get("t", "n") != "n":
            return False
        children["v"].text = repr(float(new))
        return math.isfinite(new)
    if not children and "t" in cell.attrib:
        # openpyxl writes empty cells as numbers without a value, which ironcalc takes for 0.
        del cell.attrib["t"]
    if "f" in children:
        if "t" in cell.attrib:
            del cell.attrib["t"]
        for name in {"v", "is"} & children.keys():
            cell.remove(children[name])
        if cached is not None:
            tag = str(cell.tag)
            etree.SubElement(cell, f"{tag[: tag.rindex('}') + 1]}v").text = repr(cached)
    return True


def _change_text(cell: etree._Element, children: dict[str, etree._Element], text: str) -> bool:
    if "f" in children or cell.get("t") not in ("s", "inlineStr"):
        return False
    for child in children.values():
        cell.remove(child)
    cell.set("t", "inlineStr")
    tag = str(cell.tag)
    prefix = tag[: tag.rindex("}") + 1]
    etree.SubElement(etree.SubElement(cell, f"{prefix}is"), f"{prefix}t").text = text
    return True
