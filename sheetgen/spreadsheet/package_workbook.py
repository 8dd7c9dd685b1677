"""Reads the part of a package that is the workbook: its sheets, names and settings.

Follows ECMA-376 part 1, 18.2. A name that holds for one sheet only (localSheetId) counts the
sheets by their place in the list, not by their sheetId.
"""

from collections import Counter
from typing import NamedTuple

from lxml import etree

from sheetgen.errors import shortened
from sheetgen.spreadsheet.package_parts import (
    MalformedError,
    Package,
    Relationship,
    UnusableError,
    children,
    extension,
    namespace,
)

# The schema wants the lists of a workbook in this order.
LISTS = (
    "bookViews", "sheets", "functionGroups", "externalReferences", "definedNames", "calcPr",
    "oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr", "smartTagTypes",
    "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst",
)  # fmt: skip

_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_LINKS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_NOWHERE = Relationship("", "", "", "")


class Sheet(NamedTuple):
    """A tab of a workbook, and the relationship that leads to its part."""

    name: str
    state: str
    relationship: Relationship

    @property
    def part(self) -> str:
        """The part that holds the sheet; empty if nothing says which."""
        return self.relationship.part

    @property
    def is_visible(self) -> bool:
        """Whether the tab is shown."""
        return self.state in ("", "visible")

    @property
    def is_worksheet(self) -> bool:
        """Whether it has cells, as opposed to a chart sheet."""
        return self.relationship.kind == "worksheet"


class Workbook:
    """The workbook of a package, for reading."""

    def __init__(self, package: Package) -> None:
        """Read it; raises MalformedError when the package holds no workbook with sheets.

        Raises InputError when a part is damaged.
        """
        self.package = package
        kinds = {each.kind: each.part for each in package.relationships("")}
        if "officeDocument" not in kinds:
            raise MalformedError("none of its parts is a workbook")
        self.part = kinds["officeDocument"]
        if extension(self.part) == "bin":
            raise UnusableError("it is a binary workbook (.xlsb); save it as .xlsx")
        self.properties = kinds.get("extended-properties", "")
        self.root = package.tree(self.part)
        self.related = package.relationships(self.part)
        by_identifier = {each.identifier: each for each in self.related}
        self.sheets = [
            Sheet(
                str(element.get("name")),
                str(element.get("state", "")),
                by_identifier.get(identifier_of(element), _NOWHERE),
            )
            for element in children(self.root, "sheets")
        ]
        if not self.sheets:
            raise UnusableError("it has no sheets")
        (name, count), *_ = Counter(sheet.name.casefold() for sheet in self.sheets).most_common(1)
        if count > 1:
            raise MalformedError(f"it has {count} sheets named {shortened(name)}; expected one")
        if not any(sheet.part for sheet in self.sheets):
            raise MalformedError("none of its sheets has a part")

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
        for place, sheet in enumerate(self.sheets):
            if sheet.name == name:
                return place
        raise KeyError(name)

    def names(self, scope: int | None) -> dict[str, etree._Element]:
        """Return the defined names, casefolded, of one sheet or (None) of all sheets."""
        return self.names_of_scopes().get(None if scope is None else str(scope), {})

    def names_of_scopes(self) -> dict[str | None, dict[str, etree._Element]]:
        """Return the defined names, casefolded, by the place of their sheet or None."""
        found: dict[str | None, dict[str, etree._Element]] = {}
        for element in children(self.root, "definedNames"):
            if name := str(element.get("name", "")):
                scope = element.get("localSheetId")
                key = None if scope is None else str(scope)
                found.setdefault(key, {})[name.casefold()] = element
        return found


def identifier_of(element: etree._Element) -> str:
    """Return the identifier of the relationship that an element names."""
    return next((str(value) for key, value in element.items() if str(key).endswith("}id")), "")
