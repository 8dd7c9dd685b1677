"""Takes apart the rows of a sheet whose XML is as most programs write it: faster than by element.

Such a row is cells from left to right, each with its address, formula and result and nothing else.
Every other row is None to these functions, and read element by element.
"""

import re

from lxml import etree

from sheetgen.spreadsheet.address import MAXIMUM_COLUMNS, MAXIMUM_ROWS, column_of

# Address (letters, digits), style, type, formula (attribute, text), result or an empty result.
_CELL = re.compile(
    r'<c r="([A-Z]{1,3})([0-9]{1,7})"( s="[0-9]+")?(?: t="([a-zA-Z]+)")?(?:/>|>'
    r'(?:<f( aca="[a-z]+")?>([^<]+)</f>)?(?:<v>([^<]+)</v>|(<v/>|<v></v>))?</c>)'
)
_GROUPS = _CELL.groups + 1
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}  # the last one last
_NAMESPACES = re.compile(r'<[^\s/>]+((?: xmlns(?::[^\s=]+)?="[^"]*")+)')

PlainCells = tuple[list[int], list[str | None], list[str | None], list[str | None]]
"""Columns, types, formulas and (cached) results."""


def row_text(row: etree._Element, within: etree._Element | None = None) -> str:
    """Return the XML text of a row, without repeating the namespaces of the element around it."""
    text = etree.tostring(row, encoding="unicode", with_tail=False)
    if within is None or row.nsmap != within.nsmap:
        return text
    found = _NAMESPACES.match(text)
    return text if found is None else text[: found.start(1)] + text[found.end(1) :]


def plain_cells(text: str, number: int) -> PlainCells | None:
    """Return the cells in the XML text of the row of this number, counted from 1.

    None if it is not plain.
    """
    parts = _taken_apart(text, number)
    if parts is None:
        return None
    formulas, results = parts[6::_GROUPS], parts[7::_GROUPS]
    if "&" in text:
        if text.count("&") != sum(map(text.count, _ENTITIES)):
            return None
        formulas, results = [*map(_decoded, formulas)], [*map(_decoded, results)]
    if any(parts[8::_GROUPS]):
        empties = parts[8::_GROUPS]
        results = ["" if empty else it for it, empty in zip(results, empties, strict=True)]
    return _columns(parts), parts[4::_GROUPS], formulas, results


def with_result(text: str, number: int, result: str | None) -> str | None:
    """Return the XML text of a row with this result in each formula's cell, or (None) with none.

    `text` is that of the row of this number, counted from 1. None if it is not plain.
    """
    parts = _taken_apart(text, number)
    if parts is None or len(parts) == 1:
        return None if parts is None else text
    value = "" if result is None else f"<v>{result}</v>"
    pieces = [str(parts[0])]
    for at in range(1, len(parts) - 1, _GROUPS):
        letters, digits, style, kind, attribute, formula, constant, empty = parts[at : at + 8]
        pieces.append(f'<c r="{letters}{digits}"{style or ""}')
        if formula is not None:
            pieces.append(f"><f{attribute or ''}>{formula}</f>{value}</c>")
        elif constant is None and empty is None:
            pieces.append("/>")
        else:
            attribute = f' t="{kind}"' if kind else ""
            content = f"<v>{constant}</v>" if empty is None else empty
            pieces.append(f"{attribute}>{content}</c>")
    pieces.append("</row>")
    return "".join(pieces)


def _taken_apart(text: str, number: int) -> list[str | None] | None:
    """Return what is before the cells, the groups of each cell, and what is behind it."""
    parts: list[str | None] = _CELL.split(text)
    if str(parts[0]).count("<") != 1:
        return None
    if len(parts) == 1:
        return parts if text.endswith("/>") else None
    if parts[-1] != "</row>" or any(parts[_GROUPS:-1:_GROUPS]):
        return None
    if set(parts[2::_GROUPS]) != {str(number)}:
        return None
    columns = _columns(parts)
    is_sorted = all(map(int.__lt__, columns, columns[1:]))
    is_there = columns[-1] < MAXIMUM_COLUMNS and number <= MAXIMUM_ROWS
    return parts if is_sorted and is_there else None


def _columns(parts: list[str | None]) -> list[int]:
    """Return the columns of the cells; up to three letters are always those of one."""
    found = map(column_of, parts[1::_GROUPS])
    return [column for column in found if column is not None]


def _decoded(text: str | None) -> str | None:
    if text is None or "&" not in text:
        return text
    for entity, character in _ENTITIES.items():
        text = text.replace(entity, character)
    return text
