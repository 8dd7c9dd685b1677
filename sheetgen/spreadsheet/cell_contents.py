"""Puts numbers, texts and results into the cells of a sheet's XML (ECMA-376 part 1, 18.3.1.4)."""

import re

from lxml import etree

from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.package_parts import local_name, namespace
from sheetgen.spreadsheet.sheet_cells import Value

_LIKE_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # what a reader would take for a character
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_CONTENT = ("f", "v", "is")


def put_value(cell: etree._Element, value: Value) -> None:
    """Give a cell a value, or (None) nothing, in place of its content; its style stays."""
    for child in [each for each in cell if local_name(each) in _CONTENT]:
        cell.remove(child)
    for attribute in ("t", "cm", "vm"):  # its type, and what is known of its former content
        cell.attrib.pop(attribute, "")
    tag = namespace(cell)
    if isinstance(value, str):
        cell.set("t", "inlineStr")
        inline = etree.Element(f"{tag}is")
        text = etree.SubElement(inline, f"{tag}t")
        text.text = _LIKE_ESCAPE.sub("_x005F_", value).replace("\r", "_x000D_")
        if value != value.strip():
            text.set(_SPACE, "preserve")
        cell.insert(0, inline)
    elif value is not None:
        if isinstance(value, bool):
            cell.set("t", "b")
        content = etree.Element(f"{tag}v")
        content.text = _written(value)
        cell.insert(0, content)


def put_result(cell: etree._Element, value: Value, is_error: bool) -> None:
    """Give a cell with a formula a (cached) result in place of its own."""
    for child in [each for each in cell if local_name(each) in ("v", "is")]:
        cell.remove(child)
    cell.attrib.pop("t", "")
    if value is None:
        return
    if not isinstance(value, float):
        kind = "b" if isinstance(value, bool) else "e" if is_error else "str"
        cell.set("t", kind)
    content = etree.Element(f"{namespace(cell)}v")
    content.text = _written(value)
    formulas = [at for at, each in enumerate(cell) if local_name(each) == "f"]
    cell.insert(formulas[-1] + 1 if formulas else 0, content)


def missing_cell(
    row: etree._Element, place: tuple[int, int], present: dict[int, etree._Element]
) -> etree._Element:
    """Put an empty cell into a row, and into its cells by their columns, and return it."""
    cell = etree.Element(f"{namespace(row)}c", r=relative_address(*place))
    before = max((column for column in present if column < place[1]), default=None)
    row.insert(0 if before is None else row.index(present[before]) + 1, cell)
    present[place[1]] = cell
    row.attrib.pop("spans", "")  # from which column to which: a hint that may now be wrong
    return cell


def _written(value: float | str | bool) -> str:
    """Return a value as the file has it, a number with all its digits."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str):
        return _LIKE_ESCAPE.sub("_x005F_", value).replace("\r", "_x000D_")
    return repr(float(value)).removesuffix(".0")
