"""Reads the cells of .xlsx files, and copies them without cached results, at the XML level.

A spreadsheet library's object model needs gigabytes for a sheet of two million cells, and
rewrites parts of the file (styles, charts) that are not ours to touch.
"""

import math
import posixpath
import re
import tempfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import BadZipFile, ZipFile, ZipInfo

from lxml import etree
from openpyxl.formula.translate import Translator
from openpyxl.utils import cell as names
from openpyxl.utils.escape import unescape

from sheetgen.errors import InputError, RunError

Value = float | str | bool | None  # an error value is its text, such as "#DIV/0!"
MAXIMUM_BYTES = 2 * 1024**3  # unpacked; a larger file is refused as a zip bomb

_DAMAGE = (BadZipFile, zlib.error, EOFError, NotImplementedError, etree.XMLSyntaxError)
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SHEET_DATA = re.compile(
    rb"(<(?:\w+:)?sheetData\b[^>]*(?<!/)>).*(</(?:\w+:)?sheetData\s*>)", re.DOTALL
)
_Cells = list[tuple[int, int, etree._Element]]


@dataclass(frozen=True, slots=True)
class FileCell:
    """One cell as the file holds it: its formula without "=", and its (cached) value."""

    formula: str | None
    value: Value


class _Sheet(NamedTuple):
    name: str
    part: str
    is_visible: bool
    is_worksheet: bool


class _MalformedError(Exception):
    """The XML is not that of a workbook."""


def sheet_names(path: Path) -> list[str]:
    """Return all tabs in order; raises InputError if the file cannot be read as a workbook."""
    with _opened(path) as archive:
        return [sheet.name for sheet in _sheets(archive)]


def visible_sheets(path: Path) -> list[str]:
    """Return the tabs that are not hidden, in order; raises InputError as sheet_names does."""
    with _opened(path) as archive:
        return [sheet.name for sheet in _sheets(archive) if sheet.is_visible]


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
    with _opened(path) as archive:
        present = _sheets(archive)
        for name in set(sheets or ()) - {sheet.name for sheet in present}:
            raise InputError(f"{path} has no sheet named {name!r}.")
        strings = _shared_strings(archive)
        for sheet in present:
            if sheet.is_worksheet and (sheets is None or sheet.name in sheets):
                yield from _sheet_cells(archive, sheet, strings)


def write_changed(
    path: Path,
    target: Path,
    changes: Mapping[str, Mapping[tuple[int, int], float]],
    cached: float | None = None,
) -> None:
    """Copy a workbook without the cached result of any formula, and with new numbers in cells.

    `changes` is sheet → zero-based (row, column) → number; all else is copied as it is.
    `cached` takes the place of every cached result; None leaves none.
    Raises InputError if `path` cannot be read, RunError if `target` cannot be written, and
    ValueError if a changed cell holds no number of its own or the new number is not finite.
    """
    pending = {sheet: dict(cells) for sheet, cells in changes.items()}
    with _opened(path) as archive:
        try:
            with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                copy = Path(folder, "copy.xlsx")
                _write_copy(archive, copy, pending, cached)
                copy.replace(target)
        except OSError as error:
            raise RunError(f"{target} cannot be written: {error.strerror or error}.") from error


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """Open a workbook's zip file; inside the block, damage to it becomes an InputError."""
    try:
        with path.open("rb") as file:
            if file.read(len(_COMPOUND_FILE)) == _COMPOUND_FILE:
                raise InputError(f"{path} is password-protected or an old .xls file.")
        with ZipFile(path) as archive:
            if any(part.flag_bits & 1 for part in archive.infolist()):
                raise InputError(f"{path} is a password-protected zip file.")
            size = sum(part.file_size for part in archive.infolist())
            if size > MAXIMUM_BYTES:
                raise InputError(f"{path} would unpack to {size:,} bytes, which is too large.")
            yield archive
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (*_DAMAGE, _MalformedError) as error:
        raise InputError(f"{path} is damaged or is no .xlsx workbook: {error}.") from error


def _relationships(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return identifier → (last word of the type, part) of what one part refers to."""
    folder, name = posixpath.split(part)
    found = {}
    for element in _elements(archive, posixpath.join(folder, "_rels", f"{name}.rels"), "*"):
        # OOXML has two sets of namespaces, transitional and strict; the last word is the same.
        kind = str(element.get("Type", "")).rpartition("/")[2]
        target = posixpath.join("/", folder, str(element.get("Target", "")))
        found[str(element.get("Id"))] = (kind, posixpath.normpath(target).lstrip("/"))
    return found


def _workbook(archive: ZipFile) -> tuple[str, dict[str, tuple[str, str]]]:
    """Return the part that is the workbook, and what it refers to."""
    for kind, part in _relationships(archive, "").values():
        if kind == "officeDocument":
            return part, _relationships(archive, part)
    raise _MalformedError("none of its parts is a workbook")


def _sheets(archive: ZipFile) -> list[_Sheet]:
    workbook, related = _workbook(archive)
    sheets = []
    for element in _elements(archive, workbook, "sheet"):
        identifiers = [str(value) for key, value in element.items() if str(key).endswith("}id")]
        kind, part = related.get("".join(identifiers), ("", ""))
        is_visible = element.get("state", "visible") == "visible"
        sheets.append(_Sheet(str(element.get("name")), part, is_visible, kind == "worksheet"))
    if not sheets:
        raise _MalformedError("it has no sheets")
    return sheets


def _shared_strings(archive: ZipFile) -> list[str]:
    for kind, part in _workbook(archive)[1].values():
        if kind == "sharedStrings":
            return [_text(item) for item in _elements(archive, part, "si")]
    return []


def _text(element: etree._Element) -> str:
    """Join the runs of a string; how it is pronounced (rPh) is no part of it."""
    texts = [text for run in element.iterchildren("{*}r") for text in run.iterchildren("{*}t")]
    texts.extend(element.iterchildren("{*}t"))
    return str(unescape("".join(text.text or "" for text in texts)))


def _elements(archive: ZipFile, part: str, tag: str) -> Iterator[etree._Element]:
    """Yield each finished element of one tag, and free it when the next is asked for."""
    if part not in archive.NameToInfo:
        raise _MalformedError(f"it has no part {part!r}")
    parser = etree.XMLPullParser(
        ("end",), tag=f"{{*}}{tag}", resolve_entities=False, no_network=True
    )
    with archive.open(part) as file:
        while chunk := file.read(1 << 18):
            parser.feed(chunk)
            for _, element in parser.read_events():
                assert isinstance(element, etree._Element)
                yield element
                element.clear()
                parent = element.getparent()
                while parent is not None and (earlier := element.getprevious()) is not None:
                    parent.remove(earlier)
    parser.close()


def _rows(archive: ZipFile, sheet: _Sheet) -> Iterator[tuple[etree._Element, _Cells]]:
    """Yield each row with its (row, column, cell); left-out addresses count on from the last."""
    row = -1
    for element in _elements(archive, sheet.part, "row"):
        cells: _Cells = []
        try:
            row, column = int(element.get("r", row + 2)) - 1, -1
            for cell in element.iterchildren("{*}c"):
                column += 1
                if address := str(cell.get("r", "")):
                    row, column = (number - 1 for number in names.coordinate_to_tuple(address))
                cells.append((row, column, cell))
        except (ValueError, names.CellCoordinatesException) as error:
            raise _MalformedError(f"{sheet.name!r} has a bad address in row {row + 1}") from error
        yield element, cells


def _sheet_cells(
    archive: ZipFile, sheet: _Sheet, strings: list[str]
) -> Iterator[tuple[str, int, int, FileCell]]:
    shared: dict[str, Translator] = {}
    for _, cells in _rows(archive, sheet):
        for row, column, element in cells:
            try:
                cell = _cell(element, _address(row, column), strings, shared)
            except (ValueError, IndexError, KeyError) as error:
                address = _address(row, column, sheet.name)
                raise _MalformedError(f"the cell {address} is not valid") from error
            if cell != FileCell(None, None):
                yield sheet.name, row, column, cell


def _address(row: int, column: int, sheet: str = "") -> str:
    prefix = f"{names.quote_sheetname(sheet)}!" if sheet else ""
    return f"{prefix}{names.get_column_letter(column + 1)}{row + 1}"


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
    pending: dict[str, dict[tuple[int, int], float]],
    cached: float | None,
) -> None:
    sheets = {sheet.part: sheet for sheet in _sheets(archive) if sheet.is_worksheet}
    with ZipFile(copy, "w") as output:
        for part in archive.NameToInfo.values():
            target = ZipInfo(part.filename, part.date_time)
            target.compress_type, target.external_attr = part.compress_type, part.external_attr
            with output.open(target, "w", force_zip64=part.file_size > 1 << 30) as file:
                if sheet := sheets.get(part.filename):
                    _copy_sheet(archive, sheet, file, pending.get(sheet.name, {}), cached)
                else:
                    file.write(archive.read(part))
    for name, cells in pending.items():
        for position in cells:
            raise ValueError(f"there is no cell {_address(*position, name)}")


def _copy_sheet(
    archive: ZipFile,
    sheet: _Sheet,
    output: IO[bytes],
    changes: dict[tuple[int, int], float],
    cached: float | None,
) -> None:
    """Copy a sheet row by row; the bytes before and after its rows stay as they are."""
    data = archive.read(sheet.part)
    frame = _SHEET_DATA.search(data)
    output.write(data[: frame.end(1)] if frame else data)
    for element, cells in _rows(archive, sheet):
        if frame is None:
            raise _MalformedError(f"its sheet {sheet.name!r} has rows outside of sheetData")
        for row, column, cell in cells:
            number = changes.pop((row, column), None)
            if not _strip_or_change(cell, number, cached):
                address = _address(row, column, sheet.name)
                raise ValueError(f"{address} holds no number that {number} could replace")
        output.write(etree.tostring(element, with_tail=False))
    output.write(data[frame.start(2) :] if frame else b"")


def _strip_or_change(cell: etree._Element, number: float | None, cached: float | None) -> bool:
    """Return whether it could be done; only a number may replace a number."""
    children = _children(cell)
    if number is not None:
        if "f" in children or "v" not in children or cell.get("t", "n") != "n":
            return False
        children["v"].text = repr(float(number))
        return math.isfinite(number)
    if "f" in children:
        if "t" in cell.attrib:
            del cell.attrib["t"]
        for name in {"v", "is"} & children.keys():
            cell.remove(children[name])
        if cached is not None:
            tag = str(cell.tag)
            etree.SubElement(cell, f"{tag[: tag.rindex('}') + 1]}v").text = repr(cached)
    return True
