"""Copies .xlsx files for engines, at the XML level: without cached results and outward links.

A spreadsheet library would rewrite parts of the file (styles, charts) that are not ours to change.
"""

import math
import posixpath
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from lxml import etree

from sheetgen.errors import RunError
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.cell_contents import missing_cell, put_value
from sheetgen.spreadsheet.cell_places import Places
from sheetgen.spreadsheet.package_parts import (
    Package,
    namespace,
    opened,
    parsed,
    serialized,
)
from sheetgen.spreadsheet.package_workbook import Sheet
from sheetgen.spreadsheet.plain_rows import row_text, with_result
from sheetgen.spreadsheet.plain_sheet import END_OF_ROW, LARGEST, PlainSheet
from sheetgen.spreadsheet.reader import worksheets
from sheetgen.spreadsheet.shared_formulas import SharedFormulas
from sheetgen.spreadsheet.sheet_contents import Cells, cells_in
from sheetgen.spreadsheet.sheet_frame import SheetFrame

NOWHERE = "file:///dev/null/nothing"
"""Where a copy's links lead that led out of the workbook: there is nothing inside a device."""

Edit = Callable[[etree._Element], None]
"""Changes the root element of a part."""

_Changes = dict[tuple[int, int], float | str]

# The type of a formula's result; the end of its cell; types of other cells that have no content.
_FORMULA_TYPE = re.compile(r' t="(?:str|n|b|e)"><f')
_FORMULA_END = re.compile(r"</f>(?:<v>[^<]*</v>|<v/>)?</c>")
_TYPED = re.compile(r' t="[A-Za-z]+"[^<>]*(?:/>|></c>|><f)')

_LOOKS = ("mergeCells", "conditionalFormatting", "dataValidations")
"""Elements that no value depends on. Drawings are not among them: without the charts LibreOffice
7.4 computes 0 in the first rows of xor's tables.

ironcalc goes through merged ranges and conditional formats cell by cell: it may be billions.
"""


def write_changed(
    path: Path,
    target: Path,
    changes: Mapping[str, Mapping[tuple[int, int], float | str]],
    cached: float | None = None,
    fill: bool = False,
    edits: Mapping[str, Edit] | None = None,
    only_values: bool = False,
    packed: bool = True,
    shared: bool = False,
) -> None:
    """Copy a workbook for an engine: without cached results, and with new contents of cells.

    `changes` is sheet → zero-based (row, column) → number or text; all else is copied as it is,
    but for links that lead out of the workbook, which lead nowhere in the copy.
    `cached` takes the place of every cached result; None leaves no result. With it, or with
    `only_values`, what no value depends on is left out: merged ranges, conditional formats,
    validations. With `fill`, numbers may also go into empty cells, of rows that are in
    the file. `edits` change the root elements of other parts, and of sheets, which then have no
    rows. Without `packed` the copy is written quickly, but needs ten times the space. With
    `shared`, formulas that go on from row to row are written once.
    Raises InputError if `path` cannot be read, RunError if `target`, which is a temporary file and
    not named, cannot be written, and ValueError if a changed cell holds no number (or text) of its
    own that the new one could replace, or the new number is not finite.
    """
    pending = {sheet: dict(cells) for sheet, cells in changes.items()}
    unfinished = target.with_name(f"{target.name}.unfinished")
    with opened(path) as package:
        try:
            if only_values or cached is not None:
                looks = {sheet.part: _without_looks for sheet in worksheets(package)}
                edits = {**looks, **(edits or {})}
            _write_copy(package, unfinished, pending, cached, fill, edits or {}, packed, shared)
            unfinished.replace(target)
        except OSError as error:
            reason = error.strerror or error
            raise RunError(f"a copy of {path} cannot be written: {reason}") from error
        finally:
            unfinished.unlink(missing_ok=True)


def _write_copy(
    package: Package,
    copy: Path,
    pending: dict[str, _Changes],
    cached: float | None,
    fill: bool,
    edits: Mapping[str, Edit],
    packed: bool,
    shared: bool,
) -> None:
    sheets = {sheet.part: sheet for sheet in worksheets(package)}
    with ZipFile(copy, "w", compresslevel=1) as output:
        for part, entry in package.parts.items():
            target = ZipInfo(part, entry.date_time)
            target.external_attr = entry.external_attr
            target.compress_type = entry.compress_type if packed else ZIP_STORED
            with output.open(target, "w", force_zip64=entry.file_size > 1 << 30) as file:
                if sheet := sheets.get(part):
                    changes, edit = pending.get(sheet.name, {}), edits.get(part)
                    copied = None if changes else _copy_plain(package, entry, cached, shared)
                    if copied is None:
                        with package.archive.open(entry) as source:
                            copied = _copy_sheet(sheet, source, changes, cached, fill)
                    if edit is not None:
                        edit(copied.root)
                    file.writelines(copied.text())
                elif part in edits:
                    root = package.tree(part)
                    edits[part](root)
                    file.write(serialized(root))
                else:
                    data = package.archive.read(entry)
                    file.write(_with_targets_inside(part, data))
    for name, cells in pending.items():
        for position in cells:
            raise ValueError(f"there is no cell {name!r}!{relative_address(*position)}")


def _with_targets_inside(part: str, data: bytes) -> bytes:
    """Rewrite targets of a relationships part: absolute ones, which ironcalc does not follow.

    And all that lead out of the workbook, for LibreOffice opens linked pictures. Which they are
    does not depend on the type of the relationship, so that hyperlinks are no exception.
    """
    if not part.casefold().endswith(".rels"):
        return data
    folder, root = posixpath.dirname(posixpath.dirname(part)), parsed(data)
    is_changed = False
    for element in root.iterchildren("{*}Relationship"):
        target = new = str(element.get("Target", ""))
        if element.get("TargetMode") == "External":
            new = NOWHERE
        elif target.startswith("/"):
            new = posixpath.relpath(target, f"/{folder}")
        if new != target:
            element.set("Target", new)
            is_changed = True
    return serialized(root) if is_changed else data


def _copy_sheet(
    sheet: Sheet,
    source: IO[bytes],
    changes: _Changes,
    cached: float | None,
    fill: bool,
) -> SheetFrame:
    """Return a sheet with rows that are copied one by one."""
    frame, places = SheetFrame(), Places(sheet.name, refuse=True)
    result = None if cached is None else repr(cached)
    changed = {row for row, _ in changes}
    for element in frame.rows(source):
        places.begin_row(element.get("r"))
        if places.row not in changed:
            text = with_result(row_text(element, element.getparent()), places.row + 1, result)
            if text is not None:
                frame.put(text)
                continue
        cells = cells_in(element, places)
        if fill:
            _fill_row(element, cells, changes)
        for row, column, cell in cells:
            new = changes.pop((row, column), None)
            if not _strip_or_change(cell, new, cached):
                place = f"{sheet.name!r}!{relative_address(row, column)}"
                kind = "text" if isinstance(new, str) else "number"
                raise ValueError(f"{place} holds no {kind} that {new} could replace")
    return frame


def _copy_plain(
    package: Package, entry: ZipInfo, cached: float | None, shared: bool
) -> SheetFrame | None:
    """Return a sheet with this result in each formula's cell, or (None) with none.

    Returns None if the sheet is large or its rows are not all as most programs write them.
    """
    if entry.file_size > LARGEST:
        return None
    sheet = PlainSheet.of(package.archive.read(entry))
    if sheet is None:
        return None
    end = "</f></c>" if cached is None else f"</f><v>{cached!r}</v></c>"
    rows, sharing = [], SharedFormulas()
    for piece in sheet.pieces():
        text = _FORMULA_TYPE.sub("><f", piece)
        parts = _FORMULA_END.split(text)
        if len(parts) - 1 != text.count("<f") or _TYPED.search(text):
            return None
        text = end.join(parts)
        if shared:
            text = END_OF_ROW.join(map(sharing.row, text.split(END_OF_ROW)))
        rows.append(text.encode())
    return SheetFrame.of(sheet.frame(), rows)


def _without_looks(sheet: etree._Element) -> None:
    etree.strip_elements(sheet, *(f"{{*}}{name}" for name in _LOOKS), with_tail=False)


def _fill_row(element: etree._Element, cells: Cells, changes: _Changes) -> None:
    """Put a 0 into the cells of a row that are to be changed and are empty, or not in the file."""
    present = {column: cell for _, column, cell in cells}
    for row, column in sorted(changes):
        if str(row + 1) != element.get("r"):
            continue
        cell = present.get(column)
        if cell is None:
            cell = missing_cell(element, (row, column), present)
            cells.append((row, column, cell))
        if not len(cell):
            put_value(cell, 0.0)


def _strip_or_change(cell: etree._Element, new: float | str | None, cached: float | None) -> bool:
    """Return whether it could be done; only a number may replace a number, a text a text."""
    children = {str(child.tag).rpartition("}")[2]: child for child in cell}
    if new is not None:
        kind = cell.get("t", "n")
        if isinstance(new, str):
            is_possible = kind in ("s", "inlineStr")
        else:
            is_possible = kind == "n" and "v" in children and math.isfinite(new)
        if is_possible and "f" not in children:
            put_value(cell, new)
            return True
        return False
    if "f" in children or not children:
        # openpyxl writes empty cells as numbers without a value, which ironcalc takes for 0.
        cell.attrib.pop("t", "")
    if "f" in children:
        if "is" in children:
            cell.remove(children["is"])
        value = children.get("v")
        if cached is None and value is not None:
            cell.remove(value)
        elif cached is not None:
            if value is None:
                value = etree.SubElement(cell, f"{namespace(cell)}v")
            value.clear()
            value.text = repr(cached)
    return True
