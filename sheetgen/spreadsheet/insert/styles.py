"""Merges the cell styles of one workbook into those of another (ECMA-376 part 1, 18.8).

A cell names its style by a number, the place in a list of the part for styles, which in turn
names a font, a fill and so on by their places. What is there already is used again, so that
inserting a sheet a second time adds nothing.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cached_property
from typing import NamedTuple

from lxml import etree

from sheetgen.spreadsheet.insert.theme import Theme
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

# How many of each Excel reads from a file: cell formats (with the named styles that are not built
# in) as published in "Excel specifications and limits", number formats, fills and columns as in
# [MS-OI29500] on 18.8.31, 18.8.21 and 18.3.1.13, borders as in [MS-XLSB] 2.4.12. For fonts the
# same is assumed: what is published, 512, is a number of typefaces.
_FORMAT_LIMIT = 65_490
_LIMITS = {
    "numFmts": ("number formats", 206),
    "fonts": ("fonts", 65_430),
    "fills": ("fills", 65_430),
    "borders": ("borders", 65_430),
}
_COLUMN_LIMIT = 65_430  # of the formats that columns can have

# A cell format that leaves these out says the same.
_FORMAT_DEFAULTS = {
    **dict.fromkeys(("numFmtId", "fontId", "fillId", "borderId"), "0"),
    **dict.fromkeys(("quotePrefix", "pivotButton"), "0"),
}
_BOOLEANS = {"true": "1", "false": "0"}

_Key = tuple[object, ...]


class Excess(NamedTuple):
    """A list of the target's styles that would get longer than Excel allows."""

    what: str
    present: int
    added: int
    limit: int


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

    Its methods raise MalformedError when the donor has no such style; `read_target` is for
    telling damage of the target from that.
    """

    def __init__(
        self,
        target: etree._Element,
        donor: etree._Element,
        features: Callable[[], bool],
        themes: tuple[Theme, Theme],
    ) -> None:
        """Take the root elements of both parts for styles, in the same namespace.

        `features` says whether the target can have what makes a check box of a cell; the themes
        are those of target and donor.
        """
        self.target, self._donor, self._features = target, donor, features
        self._theme, self._donors_theme = themes
        self._moved: dict[tuple[str, int], int] = {}
        self._lists: dict[str, _List] = {}
        self._items: dict[str, list[etree._Element]] = {}
        self._last_of_columns = 0
        self._last_number_format = FIRST_OWN_NUMBER_FORMAT - 1
        self._own_number_formats = {
            number(element, "numFmtId"): str(element.get("formatCode", ""))
            for element in children(donor, "numFmts")
        }

    def read_target(self) -> None:
        """Read what can be damaged in the target; raises MalformedError if it is."""
        _ = self._known_number_formats, self._target_names

    def cell_format(self, index: int) -> int:
        """Return the target's number of a cell's style."""
        return self._move("cellXfs", index)

    def column_format(self, index: int) -> int:
        """Return the target's number of a style that a column has."""
        place = self.cell_format(index)
        self._last_of_columns = max(self._last_of_columns, place)
        return place

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
                for attribute in list(copy.attrib):
                    # The target may not say that programs may ignore such a namespace.
                    if str(attribute).startswith("{"):
                        del copy.attrib[attribute]
                self._list("tableStyles").append(copy)

    def excesses(self) -> Iterator[Excess]:
        """Yield the lists that have grown and are now longer than Excel allows."""
        formats, own = self._list("cellXfs"), self._list("cellStyles")
        is_own = [each.get("builtinId") is None for each in children(self.target, "cellStyles")]
        before = formats.before + sum(is_own[: own.before])
        added = formats.added + sum(is_own[own.before :])
        if added and before + added > _FORMAT_LIMIT:
            yield Excess("cell formats", before, added, _FORMAT_LIMIT)
        for name, (what, limit) in _LIMITS.items():
            group = self._list(name)
            if group.added and group.size > limit:
                yield Excess(what, group.before, group.added, limit)
        if formats.added and self._last_of_columns >= max(_COLUMN_LIMIT, formats.before):
            what = "cell formats that columns can have"
            yield Excess(what, formats.before, formats.added, _COLUMN_LIMIT)

    def _list(self, name: str) -> "_List":
        if name not in self._lists:
            self._lists[name] = _List(self.target, name)
        return self._lists[name]

    def _move(self, name: str, index: int) -> int:
        if (name, index) not in self._moved:
            if name not in self._items:
                self._items[name] = children(self._donor, name)
            items = self._items[name]
            if not 0 <= index < len(items):
                raise MalformedError(f"it has no style {index} among its {name}")
            self._moved[name, index] = self._merge(name, index, deepcopy(items[index]))
        return self._moved[name, index]

    def _merge(self, name: str, index: int, item: etree._Element) -> int:
        if name == "fills" and index < min(_RESERVED_FILLS, self._list(name).size):
            return index
        if name in ("cellXfs", "cellStyleXfs"):
            self._translate_format(item)
        self._translate_features(item)
        if name not in ("cellXfs", "cellStyleXfs"):
            self._donors_theme.spell_out(item, self._theme)
        for element in item.iterchildren("{*}numFmt"):
            code = str(element.get("formatCode", ""))
            new = self._number_format(number(element, "numFmtId"), code)
            element.set("numFmtId", str(new))
        group = self._list(name)
        return group.append(item) if name == "cellStyleXfs" else group.place(item)

    def _translate_format(self, item: etree._Element) -> None:
        for attribute, name in _PARTS_OF_FORMAT.items():
            if item.get(attribute) is not None:
                item.set(attribute, str(self._move(name, number(item, attribute))))
        if item.get("numFmtId") is not None:
            old = number(item, "numFmtId")
            if code := self._own_number_formats.get(old):
                item.set("numFmtId", str(self._number_format(old, code)))
        if not self._list("cellStyleXfs").size:
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
        known = self._known_number_formats
        if code not in known:
            if old < FIRST_OWN_NUMBER_FORMAT and old not in self._own_number_formats:
                return old
            self._last_number_format += 1
            known[code] = self._last_number_format
            element = etree.Element(f"{namespace(self.target)}numFmt")
            element.set("numFmtId", str(known[code]))
            element.set("formatCode", code)
            self._list("numFmts").append(element)
        return known[code]

    @cached_property
    def _known_number_formats(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for element in children(self.target, "numFmts"):
            taken = number(element, "numFmtId")
            found.setdefault(str(element.get("formatCode", "")), taken)
            self._last_number_format = max(self._last_number_format, taken)
        return found

    def _named_style(self, index: int) -> int:
        """Return the target's number for a style that users see by name, such as "Good"."""
        if ("named", index) not in self._moved:
            self._moved["named", index] = self._merge_named_style(index)
        return self._moved["named", index]

    def _merge_named_style(self, index: int) -> int:
        found = self._donor_names.get(index)
        if found is None:
            return 0
        for name in _names(found):
            if name in self._target_names:
                return self._target_names[name]
        # "Normal" is the first style also where the target does not name it.
        if found.get("builtinId") == "0":
            return 0
        copy, place = deepcopy(found), self._move("cellStyleXfs", index)
        copy.set("xfId", str(place))
        self._list("cellStyles").append(copy)
        self._target_names |= dict.fromkeys(_names(copy), place)
        return place

    @cached_property
    def _donor_names(self) -> dict[int, etree._Element]:
        """The first named style of the donor that has a format, by the format's number."""
        styles = children(self._donor, "cellStyles")
        return {number(each, "xfId"): each for each in reversed(styles)}

    @cached_property
    def _target_names(self) -> dict[_Key, int]:
        """The number of the format that the target's named styles have."""
        styles = reversed(children(self.target, "cellStyles"))
        return {name: number(each, "xfId") for each in styles for name in _names(each)}


class _List:
    """A list of the target's styles, whose items are known by their places in it."""

    def __init__(self, root: etree._Element, name: str) -> None:
        self._root, self._name = root, name
        self.size = self.before = len(children(root, name))

    @property
    def added(self) -> int:
        return self.size - self.before

    def place(self, item: etree._Element) -> int:
        """Return the place of the first item that is the same, which is added if there is none."""
        key = _key(item)
        if key not in self._places:
            self._places[key] = self.append(item)
        return self._places[key]

    def append(self, item: etree._Element) -> int:
        """Add an item and return its place."""
        group = list_of(self._root, self._name, _LISTS)
        group.append(item)
        self.size += 1
        group.set("count", str(self.size))
        return self.size - 1

    @cached_property
    def _places(self) -> dict[_Key, int]:
        places: dict[_Key, int] = {}
        for index, item in enumerate(children(self._root, self._name)):
            places.setdefault(_key(item), index)
        return places


def _key(element: etree._Element) -> _Key:
    """Return what makes two elements the same, whatever the prefixes of their names."""
    children = tuple(_key(child) for child in element if isinstance(child.tag, str))
    attributes = {str(key): str(value) for key, value in element.items()}
    if local_name(element) == "xf":
        attributes = {key: _BOOLEANS.get(value, value) for key, value in attributes.items()}
        attributes = {
            key: value for key, value in attributes.items() if value != _FORMAT_DEFAULTS.get(key)
        }
    return (
        str(element.tag),
        tuple(sorted(attributes.items())),
        (element.text or "").strip(),
        children,
    )


def _names(style: etree._Element) -> list[_Key]:
    """Return by what a named style is known: two are the same that share any of it."""
    name: _Key = ("name", str(style.get("name", "")).casefold())
    built_in = style.get("builtinId")
    # The built-in styles have another name in every language, but the same number.
    return [name] if built_in is None else [("number", built_in, style.get("iLevel")), name]
