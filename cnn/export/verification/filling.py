"""Changes input cells that a person has emptied, which `write_changed` alone would refuse."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from zipfile import ZipFile

from lxml import etree

from sheetgen.spreadsheet.address import place_of, relative_address
from sheetgen.spreadsheet.package_parts import opened, sheets_of
from sheetgen.spreadsheet.reader import read_cells, write_changed


def write_filled(
    path: Path,
    target: Path,
    changes: Mapping[str, Mapping[tuple[int, int], float | str]],
    cached: float | None = None,
) -> None:
    """Copy a workbook as `write_changed` does, numbers also into cells that are empty."""
    held = read_cells(path, list(changes))
    empty = {sheet: sorted(cells.keys() - held[sheet].keys()) for sheet, cells in changes.items()}
    if not any(empty.values()):
        write_changed(path, target, changes, cached)
        return
    filled = target.with_name(f"filled-{target.name}")
    try:
        _fill(path, filled, empty)
        write_changed(filled, target, changes, cached)
    finally:
        filled.unlink(missing_ok=True)


def _fill(path: Path, target: Path, empty: Mapping[str, Iterable[tuple[int, int]]]) -> None:
    """Copy a workbook with a 0 in each of these cells."""
    with opened(path) as archive, ZipFile(target, "w") as output:
        parts = {sheet.part: empty.get(sheet.name, ()) for sheet in sheets_of(archive)}
        for part in archive.infolist():
            data = archive.read(part)
            output.writestr(
                part, _with_zeros(data, cells) if (cells := parts.get(part.filename)) else data
            )


def _with_zeros(data: bytes, places: Iterable[tuple[int, int]]) -> bytes:
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    space = f"{{{etree.QName(root).namespace}}}"
    rows = {int(str(row.get("r"))): row for row in root.iter(f"{space}row")}
    for place in places:
        row = rows[place[0] + 1]
        address = relative_address(*place)
        cells = list(row.iterchildren(f"{space}c"))
        cell = next((each for each in cells if each.get("r") == address), None)
        if cell is None:
            held = [str(reference) for each in cells if (reference := each.get("r"))]
            before = [reference for reference in held if place_of(reference)[1] < place[1]]
            cell = etree.Element(f"{space}c", r=address)
            row.insert(len(before), cell)
        if "t" in cell.attrib:
            del cell.attrib["t"]
        etree.SubElement(cell, f"{space}v").text = "0"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
