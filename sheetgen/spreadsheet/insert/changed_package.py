"""Holds the changes to a package and its workbook in memory until they are written to a file."""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from io import SEEK_CUR
from itertools import chain, count
from pathlib import Path
from struct import unpack
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lxml import etree

from sheetgen.files.characters import cut
from sheetgen.spreadsheet.header_names import renumbered
from sheetgen.spreadsheet.insert.kept_parts import canonical
from sheetgen.spreadsheet.package_parts import (
    CONTENT_TYPES,
    MalformedError,
    Package,
    Relationship,
    children,
    declared,
    extension,
    list_of,
    namespace,
    number,
    relationships_part,
    serialized,
)
from sheetgen.spreadsheet.package_workbook import LISTS, Sheet, Workbook

MAXIMUM_NAME = 31  # UTF-16 units of a sheet's name
MAXIMUM_SHEET_ID = 65_534  # the largest number of a sheet that Excel reads

_RELATIONSHIPS = "application/vnd.openxmlformats-package.relationships+xml"
_CHUNK = 1 << 20
_NAME_LENGTH = 26  # bytes before the lengths of name and extra field, which the contents follow
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # so that the same input gives the same file


class ChangedPackage(Package):
    """The parts of a package that is to be changed."""

    def __init__(self, archive: ZipFile, path: Path | None = None) -> None:
        """Start without changes; `path` is what messages call the file."""
        super().__init__(archive, path)
        self._changed: dict[str, bytes] = {}
        self._removed: set[str] = set()
        self._taken = {name.casefold() for name in self.parts}
        self._first_free: dict[str, int] = {}
        self._has_new_types = False

    def free_name(self, part: str) -> str:
        """Claim a name for a new part, which differs from `part` in the number at its end."""
        stem, dot = posixpath.splitext(part)
        stem = stem.rstrip("0123456789")
        first = self._first_free.get(stem + dot, 1)
        number = next(each for each in count(first) if self._is_free(f"{stem}{each}{dot}"))
        self._first_free[stem + dot] = number + 1
        name = f"{stem}{number}{dot}"
        self._taken.add(name.casefold())
        return self.spelled(name)  # as that of a part that was removed

    def add(self, part: str, data: bytes, content_type: str) -> None:
        """Add a part under a name that `free_name` gave, and declare its content type.

        The file may have declared another one for that name, although it had no such part.
        """
        self.change(part, data)
        if self.content_type(part) != content_type:
            self._forget_type(part)
        if self.content_type(part) != content_type:
            self._declare(part, content_type)

    def copy_part(
        self,
        donor: Package,
        part: str,
        new: Mapping[str, str],
        data: bytes,
        place: Callable[[str], str] = str,
    ) -> None:
        """Add a part of another package under its new name, with these contents.

        Its relationships lead to the new names; those to a place in the workbook ("#Sheet!A1")
        to what `place` makes of them. Raises MalformedError when it refers to a part that is
        missing, or has no content type.
        """
        content_type = donor.content_type(part)
        if not content_type:
            raise MalformedError(f"its part {part!r} has no content type")
        self.add(new[part], data, content_type)
        if relationships_part(part) not in donor:
            return
        root = donor.tree(relationships_part(part))
        for element, link in zip(root.iterchildren("{*}*"), donor.relationships(part), strict=True):
            if not link.identifier:
                raise MalformedError(f"its part {part!r} has a relationship without an Id")
            if link.part and link.part not in new:
                raise MalformedError(f"its part {part!r} refers to {link.part!r}, which is missing")
            if link.part:
                _, mark, inside = link.target.partition("#")
                element.set("Target", _relative(new[link.part], new[part]) + mark + inside)
            elif link.target.startswith("#"):
                element.set("Target", place(link.target))
        self.add(relationships_part(new[part]), serialized(root), _RELATIONSHIPS)

    def change(self, part: str, data: bytes) -> None:
        """Give a part new contents."""
        self._changed[self.spelled(part)] = data
        self._removed.discard(self.spelled(part))

    def remove(self, part: str) -> None:
        """Remove a part with its relationships and its content type; its name is free again."""
        self._first_free.clear()
        for name in (part, relationships_part(part)):
            self._removed.add(self.spelled(name))
            self._taken.discard(name.casefold())
            self._forget_type(name)

    def write(self, path: Path) -> None:
        """Write everything to a new file; raises OSError when that fails.

        Parts keep their order, time and compression; new ones come last.
        """
        if self._has_new_types:
            self.change(CONTENT_TYPES, serialized(self.types))
        with ZipFile(path, "w") as output:
            output.comment = self.archive.comment
            for part, entry in self.parts.items():
                if part not in self._removed:
                    self._write_part(output, part, entry)
            for part, data in self._changed.items():
                if part not in self.parts:
                    new = ZipInfo(part, _NO_TIME)
                    new.compress_type = ZIP_DEFLATED
                    output.writestr(new, data)

    def _is_free(self, part: str) -> bool:
        # Relationships of a part that is not there must not become those of the new part.
        names = part, relationships_part(part)
        return not any(name.casefold() in self._taken for name in names)

    def _write_part(self, output: ZipFile, part: str, old: ZipInfo) -> None:
        new = ZipInfo(part, old.date_time)
        new.compress_type, new.external_attr = old.compress_type, old.external_attr
        if part in self._changed:
            output.writestr(new, self._changed[part])
            return
        new.CRC, new.file_size, new.compress_size = old.CRC, old.file_size, old.compress_size
        self._copy_packed(output, old, new)

    def _copy_packed(self, output: ZipFile, old: ZipInfo, new: ZipInfo) -> None:
        """Copy a part without packing it again, which takes several times as long as all else.

        It is unpacked, so that damage is noticed.
        """
        with self.archive.open(old) as unpacked:
            while unpacked.read(_CHUNK):
                pass
        source, target = self.archive.fp, output.fp
        assert source and target  # they are open
        source.seek(old.header_offset + _NAME_LENGTH)
        name, extra = unpack("<HH", source.read(4))
        source.seek(name + extra, SEEK_CUR)
        target.seek(output.start_dir)
        new.header_offset = output.start_dir
        target.write(new.FileHeader())
        for left in range(old.compress_size, 0, -_CHUNK):
            target.write(source.read(min(left, _CHUNK)))
        output.start_dir = target.tell()
        output.filelist.append(new)
        output.NameToInfo[new.filename] = new

    def _forget_type(self, part: str) -> None:
        for element in self._overrides.pop(declared(part), []):
            self.types.remove(element)
            self._has_new_types = True

    def _declare(self, part: str, content_type: str) -> None:
        self._has_new_types = True
        tag = namespace(self.types)
        # A default for all .xml parts would say something about parts that are there already.
        if extension(part) in ("", "xml") or self.default_type(part):
            names = {"PartName": f"/{part}", "ContentType": content_type}
            element = etree.SubElement(self.types, f"{tag}Override", names)
            self._overrides[declared(part)] = [element]
        else:
            names = {"Extension": extension(part), "ContentType": content_type}
            self.types.insert(0, element := etree.Element(f"{tag}Default", names))
            self._defaults[extension(part)] = element


class ChangedWorkbook(Workbook):
    """The workbook of a package that is to be changed."""

    def __init__(self, package: ChangedPackage) -> None:
        """Read it; raises MalformedError when the package holds no workbook with sheets."""
        super().__init__(package)
        self.package: ChangedPackage = package
        self._links = package.tree(relationships_part(self.part))

    def relate(self, kind: str, part: str) -> str:
        """Refer to a part, `kind` being the full type; return the relationship's identifier."""
        taken = {str(element.get("Id", "")) for element in self._links}
        numbered = (f"rId{number}" for number in count(len(taken) + 1))
        identifier = next(each for each in numbered if each not in taken)
        tag = f"{namespace(self._links)}Relationship"
        self._lead(etree.SubElement(self._links, tag, Id=identifier), kind, part)
        return identifier

    def free_name(self, name: str, taken: Iterable[str]) -> str:
        """Return the name, or "name (2)" and so on, that neither a sheet nor `taken` has."""
        used = {each.casefold() for each in (*(sheet.name for sheet in self.sheets), *taken)}
        ends = (f" ({number})" for number in count(2))
        names = chain([name], (cut(name, MAXIMUM_NAME - len(end)) + end for end in ends))
        return next(each for each in names if each.casefold() not in used)

    def append(self, name: str, state: str, kind: str, part: str) -> None:
        """Add a sheet behind all others, `kind` being the full type of its relationship."""
        group = list_of(self.root, "sheets", LISTS)
        taken = {number(element, "sheetId") for element in group.iterchildren("{*}sheet")}
        free = max(taken) + 1
        if free > MAXIMUM_SHEET_ID:
            free = next(each for each in count(1) if each not in taken)
        new = {"name": name, "sheetId": str(free)}
        element = etree.SubElement(group, f"{namespace(self.root)}sheet", new)
        if state:
            element.set("state", state)
        identifier = self.relate(kind, part)
        self._set_identifier(element, identifier)
        self.sheets.append(Sheet(name, state, Relationship(identifier, kind, part, "")))

    def replace(self, place: int, kind: str, part: str) -> None:
        """Let the sheet at that place have another part, and forget the names of the old one."""
        old = self.sheets[place]
        for element in self._relationships(old.relationship.identifier):
            self._lead(element, kind, part)
        link = old.relationship._replace(type=kind, part=part)
        self.sheets[place] = old._replace(relationship=link)
        group = self.root.find("{*}definedNames")
        if group is not None:
            for element in self.names(place).values():
                group.remove(element)
            if not len(group):
                self.root.remove(group)

    def define(self, old: etree._Element, text: str, scope: int | None) -> etree._Element:
        """Add and return a defined name like one of another workbook, with this text and scope."""
        group = list_of(self.root, "definedNames", LISTS)
        element = etree.SubElement(group, f"{namespace(self.root)}definedName")
        for attribute, value in old.items():
            if attribute != "localSheetId":
                element.set(attribute, value)
        if scope is not None:
            element.set("localSheetId", str(scope))
            element.set("name", renumbered(str(element.get("name")), scope + 1))
        element.text = text
        return element

    def refer_to_workbook(self, kind: str, part: str) -> int:
        """Add the part of a link to another workbook; return its number in formulas."""
        group = list_of(self.root, "externalReferences", LISTS)
        element = etree.SubElement(group, f"{namespace(self.root)}externalReference")
        self._set_identifier(element, self.relate(kind, part))
        return len(children(self.root, "externalReferences"))

    def compute_when_opened(self) -> None:
        """Have programs compute all formulas when they open the file.

        A user who has switched that off decides when.
        """
        settings = list_of(self.root, "calcPr", LISTS)
        if settings.get("calcMode") != "manual":
            settings.set("fullCalcOnLoad", "1")

    def forget_order(self) -> None:
        """Drop the order in which a program last computed the formulas."""
        if chain := self.link("calcChain"):
            for element in self._relationships(chain.identifier):
                self._links.remove(element)
            self.package.remove(chain.part)

    def save(self) -> None:
        """Put the workbook and its relationships into the package, as far as they have changed."""
        for part, root in ((self.part, self.root), (relationships_part(self.part), self._links)):
            if canonical(root) != canonical(self.package.tree(part)):
                self.package.change(part, serialized(root))

    def _relationships(self, identifier: str) -> list[etree._Element]:
        every = self._links.iterchildren("{*}Relationship")
        return [element for element in every if element.get("Id") == identifier]

    def _lead(self, relationship: etree._Element, kind: str, part: str) -> None:
        relationship.set("Type", kind)
        relationship.set("Target", _relative(part, self.part))

    def _set_identifier(self, element: etree._Element, identifier: str) -> None:
        element.set(f"{{{self.links}}}id", identifier)


def add_titles(properties: etree._Element, sheets: Iterable[str], added: Iterable[str]) -> bool:
    """Add sheets to the list in the properties of a document; return whether there is one.

    The titles are in one list, worksheets, chart sheets and names; pairs of a heading and a
    number give the length of each kind (ECMA-376 part 1, 22.2).
    """
    pairs, titles = (
        properties.find(f"{{*}}{name}/{{*}}vector") for name in ("HeadingPairs", "TitlesOfParts")
    )
    if pairs is None or titles is None:
        return False
    known, position = set(sheets), 0
    for length in pairs.iterfind("{*}variant/{*}i4"):
        if not re.fullmatch("[0-9]{1,9}", length.text or ""):
            return False
        end = position + int(length.text or "0")
        if known.intersection(title.text for title in list(titles)[position:end]):
            new = list(added)
            for offset, name in enumerate(new):
                title = etree.Element(titles[position].tag)
                title.text = name
                titles.insert(end + offset, title)
            length.text = str(end - position + len(new))
            titles.set("size", str(len(titles)))
            return True
        position = end
    return False


def _relative(part: str, source: str) -> str:
    """Return how a relationship of the part `source` names another part."""
    return posixpath.relpath(f"/{part}", f"/{posixpath.dirname(source)}")
