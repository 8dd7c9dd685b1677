"""Merges the cell styles of one workbook into those of another (ECMA-376 part 1, 18.8).

A cell names its style by a number, the place in a list of the part for styles, which in turn
names a font, a fill and so on by their places. What is there already is used again, so that
inserting a sheet a second time adds nothing.
"""

from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from sheetgen.spreadsheet.package_parts import (
    MalformedError,
    children,
    list_of,
    local_name,
    namespace,
    number,
    parsed,
)

FIRST_OWN_NUMBER_FORMAT = 164  # those below are built into spreadsheet programs

# The schema wants the lists in this order.
_LISTS = (
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs",
    "tableStyles", "colors", "extLst",
)  # fmt: skip
_PARTS_OF_FORMAT = {"fontId": "fonts", "fillId": "fills", "borderId": "borders"}
_COMPLEMENTS = {"xfComplement", "DXFComplement", "dxfComplement"}
_RESERVED_FILLS = 2  # the first two fills are none and grey in every file, whatever it defines

_Key = tuple[object, ...]


def plain_styles(tag: str) -> etree._Element:
    """Return the styles of a workbook that has no part for them; `tag` is "{namespace}"."""
    return parsed(
        f'<styleSheet xmlns="{tag[1:-1]}">'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        '</cellStyleXfs><cellXfs count="1">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>".encode()
    )


class StyleMerger:
    """The styles of a target workbook, which grow by those of a donor that are asked for.

    Its methods raise MalformedError when the donor has no such style.
    """

    def __init__(
        self, target: etree._Element, donor: etree._Element, features: Callable[[], bool]
    ) -> None:
        """Take the root elements of both parts for styles, in the same namespace.

        `features` says whether the target can have what makes a check box of a cell.
        """
        self.target, self._donor, self._features = target, donor, features
        self._moved: dict[tuple[str, int], int] = {}
        self._places: dict[str, dict[_Key, int]] = {}
        self._own_number_formats = {
            number(element, "numFmtId"): str(element.get("formatCode", ""))
            for element in children(donor, "numFmts")
        }

    def cell_format(self, index: int) -> int:
        """Return the target's number of a cell's style."""
        return self._move("cellXfs", index)

    def difference(self, index: int) -> int:
        """Return the target's number of a style that a condition or a table adds to cells."""
        return self._move("dxfs", index)

    def add_table_style(self, name: str) -> None:
        """Add a table's style of the donor's own, unless the target has one of that name."""
        if any(each.get("name") == name for each in children(self.target, "tableStyles")):
            return
        for element in children(self._donor, "tableStyles"):
            if element.get("name") == name:
                copy = deepcopy(element)
                for part in copy.iter("{*}tableStyleElement"):
                    if part.get("dxfId") is not None:
                        part.set("dxfId", str(self.difference(number(part, "dxfId"))))
                self._append("tableStyles", copy)

    def _move(self, name: str, index: int) -> int:
        if (name, index) not in self._moved:
            items = children(self._donor, name)
            if not 0 <= index < len(items):
                raise MalformedError(f"it has no style {index} among its {name}")
            self._moved[name, index] = self._merge(name, index, deepcopy(items[index]))
        return self._moved[name, index]

    def _merge(self, name: str, index: int, item: etree._Element) -> int:
        if name == "fills" and index < min(_RESERVED_FILLS, len(children(self.target, name))):
            return index
        if name in ("cellXfs", "cellStyleXfs"):
            self._translate_format(item)
        self._translate_features(item)
        for element in item.iterchildren("{*}numFmt"):
            code = str(element.get("formatCode", ""))
            new = self._number_format(number(element, "numFmtId"), code)
            element.set("numFmtId", str(new))
        if name == "cellStyleXfs":
            return self._append(name, item)
        places = self._known(name)
        key = _key(item)
        if key not in places:
            places[key] = self._append(name, item)
        return places[key]

    def _translate_format(self, item: etree._Element) -> None:
        for attribute, name in _PARTS_OF_FORMAT.items():
            if item.get(attribute) is not None:
                item.set(attribute, str(self._move(name, number(item, attribute))))
        if item.get("numFmtId") is not None:
            old = number(item, "numFmtId")
            if code := self._own_number_formats.get(old):
                item.set("numFmtId", str(self._number_format(old, code)))
        if not children(self.target, "cellStyleXfs"):
            # The first one would become the style of all cells that are there already.
            item.attrib.pop("xfId", "")
        elif item.get("xfId") is not None:
            item.set("xfId", str(self._named_style(number(item, "xfId"))))

    def _translate_features(self, item: etree._Element) -> None:
        for extension in list(item.iterfind("{*}extLst/{*}ext")):
            kinds = {local_name(each) for each in extension}
            if kinds & _COMPLEMENTS and not self._features():
                lists = extension.getparent()
                assert lists is not None
                lists.remove(extension)
                if not len(lists):
                    item.remove(lists)

    def _number_format(self, old: int, code: str) -> int:
        """Return the target's number of a number format; those built in have the same."""
        taken = set()
        for element in children(self.target, "numFmts"):
            if element.get("formatCode") == code:
                return number(element, "numFmtId")
            taken.add(number(element, "numFmtId"))
        if old < FIRST_OWN_NUMBER_FORMAT and old not in self._own_number_formats:
            return old
        new = max([FIRST_OWN_NUMBER_FORMAT - 1, *taken]) + 1
        element = etree.Element(f"{namespace(self.target)}numFmt")
        element.set("numFmtId", str(new))
        element.set("formatCode", code)
        self._append("numFmts", element)
        return new

    def _named_style(self, index: int) -> int:
        """Return the target's number for a style that users see by name, such as "Good"."""
        if ("named", index) not in self._moved:
            self._moved["named", index] = self._merge_named_style(index)
        return self._moved["named", index]

    def _merge_named_style(self, index: int) -> int:
        styles = children(self._donor, "cellStyles")
        found = next((each for each in styles if number(each, "xfId") == index), None)
        if found is None:
            return 0
        for other in children(self.target, "cellStyles"):
            if _same_name(found, other):
                return number(other, "xfId")
        # "Normal" is the first style also where the target does not name it.
        if found.get("builtinId") == "0":
            return 0
        copy, place = deepcopy(found), self._move("cellStyleXfs", index)
        copy.set("xfId", str(place))
        self._append("cellStyles", copy)
        return place

    def _known(self, name: str) -> dict[_Key, int]:
        if name not in self._places:
            places: dict[_Key, int] = {}
            for index, item in enumerate(children(self.target, name)):
                places.setdefault(_key(item), index)
            self._places[name] = places
        return self._places[name]

    def _append(self, name: str, item: etree._Element) -> int:
        group = list_of(self.target, name, _LISTS)
        group.append(item)
        size = len(children(self.target, name))
        group.set("count", str(size))
        return size - 1


def _key(element: etree._Element) -> _Key:
    """Return what makes two elements the same, whatever the prefixes of their names."""
    children = tuple(_key(child) for child in element if isinstance(child.tag, str))
    attributes = tuple(sorted((str(key), str(value)) for key, value in element.items()))
    return str(element.tag), attributes, (element.text or "").strip(), children


def _same_name(one: etree._Element, other: etree._Element) -> bool:
    # The built-in styles have another name in every language, but the same number.
    built_in = [(str(each.get("builtinId", "")), each.get("iLevel")) for each in (one, other)]
    if built_in[0][0] and built_in[0] == built_in[1]:
        return True
    return str(one.get("name", "")).casefold() == str(other.get("name", "")).casefold()
