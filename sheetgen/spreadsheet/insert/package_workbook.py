"""The part of a package that is the workbook: its sheets, names and settings.

Follows ECMA-376 part 1, 18.2. A name that holds for one sheet only (localSheetId) counts the
sheets by their place in the list, not by their sheetId.
"""

from collections.abc import Iterable
from typing import NamedTuple

from lxml import etree

from sheetgen.spreadsheet.insert.changes import Package, Relationships
from sheetgen.spreadsheet.insert.parts import (
    Parts,
    Relationship,
    children,
    list_of,
    local_name,
    namespace,
    number,
    serialized,
)
from sheetgen.spreadsheet.package_parts import MalformedError

MAXIMUM_NAME = 31  # UTF-16 units of a sheet's name

_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_LINKS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_LISTS = (
    "bookViews",
    "sheets",
    "functionGroups",
    "externalReferences",
    "definedNames",
    "calcPr",
    "oleSize",
    "customWorkbookViews",
    "pivotCaches",
    "smartTagPr",
    "smartTagTypes",
    "webPublishing",
    "fileRecoveryPr",
    "webPublishObjects",
    "extLst",
)


class Tab(NamedTuple):
    """A sheet of a workbook: its part, and what relationship leads there."""

    name: str
    state: str
    relationship: Relationship

    @property
    def part(self) -> str:
        """The part that holds the sheet."""
        return self.relationship.part


class Workbook:
    """The workbook of a package, for reading."""

    def __init__(self, parts: Parts) -> None:
        """Read it; raises MalformedError when the package holds no workbook with sheets."""
        kinds = {each.kind: each.part for each in parts.relationships("")}
        if "officeDocument" not in kinds:
            raise MalformedError("none of its parts is a workbook")
        self.part = kinds["officeDocument"]
        self.properties = kinds.get("extended-properties", "")
        self.root = parts.tree(self.part)
        self.related = parts.relationships(self.part)
        by_identifier = {each.identifier: each for each in self.related}
        self.tabs: list[Tab] = []
        for element in children(self.root, "sheets"):
            relationship = by_identifier.get(identifier_of(element))
            if relationship is None or relationship.part not in parts:
                raise MalformedError(f"its sheet {element.get('name')!r} has no part")
            name, state = str(element.get("name")), str(element.get("state", ""))
            self.tabs.append(Tab(name, state, relationship))
        if not self.tabs:
            raise MalformedError("it has no sheets")

    @property
    def is_strict(self) -> bool:
        """Whether it uses the namespaces of the strict standard."""
        return namespace(self.root) == _STRICT

    @property
    def links(self) -> str:
        """The namespace of relationships, with which their types begin."""
        return _STRICT_LINKS if self.is_strict else _LINKS

    @property
    def counts_from_1904(self) -> bool:
        """Whether day 0 of its dates is in 1904."""
        properties = self.root.find("{*}workbookPr")
        return properties is not None and properties.get("date1904") in ("1", "true")

    @property
    def windows(self) -> int:
        """The number of windows in which it opens."""
        return max(1, len(children(self.root, "bookViews")))

    def link(self, kind: str) -> Relationship | None:
        """Return the first relationship of a kind, the last word of its type."""
        return next((each for each in self.related if each.kind == kind), None)

    def place(self, name: str) -> int:
        """Return the place of a sheet among the tabs; raises KeyError if there is none."""
        for place, tab in enumerate(self.tabs):
            if tab.name == name:
                return place
        raise KeyError(name)

    def names(self, scope: int | None) -> dict[str, etree._Element]:
        """Return the defined names, casefolded, of one sheet or (None) of all sheets."""
        wanted = None if scope is None else str(scope)
        return {
            str(element.get("name", "")).casefold(): element
            for element in children(self.root, "definedNames")
            if element.get("localSheetId") == wanted
        }


class ChangedWorkbook(Workbook):
    """The workbook of a package that is to be changed."""

    def __init__(self, package: Package) -> None:
        """Read it; raises MalformedError when the package holds no workbook with sheets."""
        super().__init__(package)
        self._package = package
        self._links = Relationships(package, self.part)

    def relate(self, kind: str, part: str) -> str:
        """Refer to a part, `kind` being the full type; return the relationship's identifier."""
        return self._links.add(kind, part)

    def free_name(self, name: str, taken: Iterable[str]) -> str:
        """Return the name, or "name (2)" and so on, that neither a sheet nor `taken` has."""
        used = {tab.name.casefold() for tab in self.tabs} | {each.casefold() for each in taken}
        free, count = name, 1
        while free.casefold() in used:
            count += 1
            free = _shortened(name, f" ({count})")
        return free

    def append(self, name: str, state: str, kind: str, part: str) -> None:
        """Add a sheet behind all others, `kind` being the full type of its relationship."""
        group = list_of(self.root, "sheets", _LISTS)
        identifiers = [number(element, "sheetId") for element in group.iterchildren("{*}sheet")]
        element = etree.SubElement(group, f"{namespace(self.root)}sheet")
        element.set("name", name)
        element.set("sheetId", str(max(identifiers) + 1))
        if state:
            element.set("state", state)
        identifier = self.relate(kind, part)
        self._set_identifier(element, identifier)
        self.tabs.append(Tab(name, state, Relationship(identifier, kind, part, "")))

    def replace(self, place: int, kind: str, part: str) -> None:
        """Let the sheet at that place have another part, and forget the names of the old one."""
        tab = self.tabs[place]
        self._links.retarget(tab.relationship.identifier, kind, part)
        link = tab.relationship._replace(type=kind, part=part)
        self.tabs[place] = tab._replace(relationship=link)
        for element in self.names(place).values():
            _remove(element)

    def define(self, old: etree._Element, text: str, scope: int | None) -> None:
        """Add a defined name like one of another workbook, with this text and scope."""
        group = list_of(self.root, "definedNames", _LISTS)
        element = etree.SubElement(group, f"{namespace(self.root)}definedName")
        for attribute, value in old.items():
            if attribute != "localSheetId":
                element.set(attribute, value)
        if scope is not None:
            element.set("localSheetId", str(scope))
        element.text = text

    def refer_to_workbook(self, kind: str, part: str) -> int:
        """Add the part of a link to another workbook; return its number in formulas."""
        group = list_of(self.root, "externalReferences", _LISTS)
        element = etree.SubElement(group, f"{namespace(self.root)}externalReference")
        self._set_identifier(element, self.relate(kind, part))
        return len(children(self.root, "externalReferences"))

    def recalculate(self) -> None:
        """Have all formulas computed when a program opens the file, and drop their old order.

        A person who has switched that off wants to say when.
        """
        settings = list_of(self.root, "calcPr", _LISTS)
        if settings.get("calcMode") != "manual":
            settings.set("fullCalcOnLoad", "1")
        if chain := self.link("calcChain"):
            self._links.remove(chain.identifier)
            self._package.remove(chain.part)

    def save(self) -> None:
        """Put the workbook and its relationships into the package."""
        self._package.change(self.part, serialized(self.root))
        self._links.save()

    def _set_identifier(self, element: etree._Element, identifier: str) -> None:
        element.set(f"{{{self.links}}}id", identifier)


def identifier_of(element: etree._Element) -> str:
    """Return the identifier of the relationship that an element names."""
    return next((str(value) for key, value in element.items() if str(key).endswith("}id")), "")


def add_titles(properties: etree._Element, sheets: Iterable[str], added: Iterable[str]) -> bool:
    """Add sheets to the list in the properties of a document; return whether there is one.

    The titles stand one after another, worksheets, chart sheets and names; pairs of a heading and
    a number say where each kind ends (ECMA-376 part 1, 22.2).
    """
    pairs, titles = (
        properties.find(f"{{*}}{name}/{{*}}vector") for name in ("HeadingPairs", "TitlesOfParts")
    )
    if pairs is None or titles is None:
        return False
    known, position = set(sheets), 0
    for count in pairs.iterfind("{*}variant/{*}i4"):
        if not (count.text or "").isdigit():
            return False
        end = position + int(count.text or "0")
        if known.intersection(title.text for title in list(titles)[position:end]):
            new = list(added)
            for offset, name in enumerate(new):
                title = etree.Element(titles[position].tag)
                title.text = name
                titles.insert(end + offset, title)
            count.text = str(end - position + len(new))
            titles.set("size", str(len(titles)))
            return True
        position = end
    return False


def _shortened(name: str, suffix: str) -> str:
    while _length(name + suffix) > MAXIMUM_NAME:
        name = name[:-1]
    return name + suffix


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
        if not len(parent) and local_name(parent) == "definedNames":
            holder = parent.getparent()
            if holder is not None:
                holder.remove(parent)
