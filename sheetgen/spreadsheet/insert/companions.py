"""Brings along what a moved sheet needs of its workbook besides styles and names.

Links to other workbooks, the authors of comment threads, the metadata of formulas that fill as
many cells as they need, what makes a check box of a cell.
"""

from functools import cached_property

from sheetgen.spreadsheet.insert.changed_package import ChangedWorkbook
from sheetgen.spreadsheet.package_parts import (
    MalformedError,
    Relationship,
    blaming,
    children,
    extension,
)
from sheetgen.spreadsheet.package_workbook import Workbook, identifier_of

_DYNAMIC_ARRAYS = "XLDAPR"
_FEATURES = "FeaturePropertyBag"


class Companions:
    """Copies parts of the donor's workbook to the target when a sheet turns out to need them."""

    def __init__(self, workbook: ChangedWorkbook, source: Workbook) -> None:
        """Take the target and the donor; nothing is copied yet."""
        self._workbook, self._source = workbook, source
        self._package, self._parts = workbook.package, source.package
        self._books: dict[int, int] = {}

    def book(self, number: int) -> int:
        """Return the number by which the target's formulas call the donor's linked workbook.

        Raises MalformedError when the donor has no link of that number.
        """
        if number not in self._books:
            link = _linked(self._source, number)
            self._books[number] = self._known_book(link) or self._workbook.refer_to_workbook(
                link.type, self._copy(link.part)
            )
        return self._books[number]

    def metadata(self) -> bool:
        """Bring the metadata of cells; return whether their numbers for it hold in the target."""
        link = self._source.link("sheetMetadata")
        if link is None or self._workbook.link("sheetMetadata"):
            return self._same("sheetMetadata")
        types = children(self._parts.tree(link.part), "metadataTypes")
        if any(each.get("name") != _DYNAMIC_ARRAYS for each in types):
            return False
        self._bring(link)
        return True

    @cached_property
    def features(self) -> bool:
        """Whether the target has what cell styles need for check boxes; brings it if missing."""
        link = self._source.link(_FEATURES)
        if link is None or self._workbook.link(_FEATURES):
            return self._same(_FEATURES)
        self._bring(link)
        return True

    def authors(self) -> None:
        """Bring the authors of comment threads, whom the threads name by identifiers."""
        known = [self._package.read(each.part) for each in _persons(self._workbook)]
        for link in _persons(self._source):
            if self._parts.read(link.part) not in known:
                self._bring(link)

    def _same(self, kind: str) -> bool:
        """Tell whether both workbooks have the same part of a kind."""
        ours, theirs = self._workbook.link(kind), self._source.link(kind)
        if ours is None or theirs is None:
            return False
        return self._package.read(ours.part) == self._parts.read(theirs.part)

    def _known_book(self, link: Relationship) -> int | None:
        """Return the number of the same link, from the target itself or an earlier insertion."""
        data = self._parts.read(link.part)
        targets = [each.target for each in self._parts.relationships(link.part)]
        for number in range(1, len(children(self._workbook.root, "externalReferences")) + 1):
            with blaming(self._package.path):
                other = _linked(self._workbook, number).part
            links = self._package.relationships(other)
            if self._package.read(other) == data and [each.target for each in links] == targets:
                return number
        return None

    def _bring(self, link: Relationship) -> None:
        self._workbook.relate(link.type, self._copy(link.part))

    def _copy(self, part: str) -> str:
        new = {old: self._package.free_name(old) for old in self._parts.reachable([part])}
        for old in new:
            if extension(old) == "xml":
                self._parts.tree(old)  # what is damaged must not come along
            self._package.copy_part(self._parts, old, new, self._parts.read(old))
        return new[part]


def _linked(workbook: Workbook, number: int) -> Relationship:
    references = children(workbook.root, "externalReferences")
    if 1 <= number <= len(references):
        identifier = identifier_of(references[number - 1])
        for link in workbook.related:
            if link.identifier == identifier:
                return link
    raise MalformedError(f"a formula refers to the workbook [{number}], which it does not link to")


def _persons(workbook: Workbook) -> list[Relationship]:
    return [link for link in workbook.related if link.kind == "person"]
