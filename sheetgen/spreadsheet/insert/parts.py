"""The parts of a package, what they refer to, and what `[Content_Types].xml` says they are.

Follows ECMA-376 part 2 (Open Packaging Conventions).
"""

import posixpath
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from sheetgen.spreadsheet.package_parts import DAMAGE, MalformedError, damaged

CONTENT_TYPES = "[Content_Types].xml"
MAXIMUM_TREE = 128 * 1024**2  # bytes of a part held as a tree, which takes ten times as many
PACKAGE = "http://schemas.openxmlformats.org/package/2006/"

# ECMA-376 has two sets of namespaces: the usual (transitional) one, and that of the strict
# standard, in which Excel saves on request. A package must not mix them.
_AREAS = (b"officeDocument", b"spreadsheetml", b"drawingml")
_USUAL = tuple(b"http://schemas.openxmlformats.org/" + area + b"/2006/" for area in _AREAS)
_STRICT = tuple(b"http://purl.oclc.org/ooxml/" + area + b"/" for area in _AREAS)


class Relationship(NamedTuple):
    """What a part refers to: another part, or something that is none (`part` is then empty)."""

    identifier: str
    type: str
    part: str
    target: str

    @property
    def kind(self) -> str:
        """The last word of the type, which both sets of namespaces share."""
        return self.type.rpartition("/")[2]


class Parts:
    """The parts of a package as its zip file holds them."""

    def __init__(self, path: Path, archive: ZipFile) -> None:
        """Read the content types of an open file; raises InputError when there are none."""
        self.path, self.archive = path, archive
        self._renamings: tuple[tuple[bytes, bytes], ...] = ()
        self.types = self.tree(CONTENT_TYPES)

    def translate(self, to_strict: bool) -> None:
        """From now on give all parts in the namespaces of the strict or of the usual standard."""
        old, new = (_USUAL, _STRICT) if to_strict else (_STRICT, _USUAL)
        self._renamings = tuple(zip(old, new, strict=True))

    def __contains__(self, part: str) -> bool:
        return part in self.archive.NameToInfo

    def read(self, part: str) -> bytes:
        """Return what a part holds; raises InputError if it is missing or damaged."""
        with self.blamed():
            if part not in self:
                raise MalformedError(f"it has no part {part!r}")
            data = self.archive.read(part)
        if part.endswith((".xml", ".rels")):
            for old, new in self._renamings:
                data = data.replace(old, new)
        return data

    def tree(self, part: str) -> etree._Element:
        """Return the root element of a part; raises InputError if missing, too large or no XML."""
        with self.blamed():
            if part in self and self.archive.getinfo(part).file_size > MAXIMUM_TREE:
                raise MalformedError(f"its part {part!r} is too large")
            return parsed(self.read(part))

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Turn damage into an InputError that names this file: two are open at the same time."""
        try:
            yield
        except DAMAGE as error:
            raise damaged(self.path, error) from error

    def relationships(self, part: str) -> list[Relationship]:
        """Return what a part ("" is the package) refers to; raises InputError if damaged."""
        name = relationships_part(part)
        if name not in self:
            return []
        return [self._relationship(part, each) for each in self.tree(name).iterchildren("{*}*")]

    def reachable(self, starts: Iterable[str], without: Collection[str] = ()) -> list[str]:
        """Return the starting parts and all that they lead to, but nothing through `without`."""
        found: dict[str, None] = {}
        waiting = list(starts)
        while waiting:
            part = waiting.pop(0)
            if part not in found and part not in without:
                found[part] = None
                waiting += [each.part for each in self.relationships(part) if each.part in self]
        return list(found)

    def content_type(self, part: str) -> str:
        """Return what a part is, or "" if that is not said."""
        for element in self.overrides(part):
            return str(element.get("ContentType", ""))
        return self.default_type(part)

    def default_type(self, part: str) -> str:
        """Return what all parts are whose names end as this one's, or "" if that is not said."""
        for element in self.types.iterchildren("{*}Default"):
            if str(element.get("Extension", "")).casefold() == extension(part):
                return str(element.get("ContentType", ""))
        return ""

    def overrides(self, part: str) -> list[etree._Element]:
        """Return the elements that say what this one part is."""
        return [
            element
            for element in self.types.iterchildren("{*}Override")
            if str(element.get("PartName", "")).casefold() == f"/{part}".casefold()
        ]

    def _relationship(self, part: str, element: etree._Element) -> Relationship:
        identifier, kind = str(element.get("Id", "")), str(element.get("Type", ""))
        target = str(element.get("Target", ""))
        # "#Sheet!A1" is a place in the workbook itself.
        if element.get("TargetMode") == "External" or target.startswith("#"):
            return Relationship(identifier, kind, "", target)
        joined = posixpath.join("/", posixpath.dirname(part), target.partition("#")[0])
        name = posixpath.normpath(joined).lstrip("/")
        return Relationship(identifier, kind, name if name in self else unquote(name), target)


def relationships_part(part: str) -> str:
    """Return the name of the part that holds a part's relationships."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def relative(part: str, source: str) -> str:
    """Return how a relationship of the part `source` names another part."""
    return posixpath.relpath(f"/{part}", f"/{posixpath.dirname(source)}")


def extension(part: str) -> str:
    """Return the extension of a part's name without its dot, in small letters."""
    return posixpath.splitext(part)[1].lstrip(".").casefold()


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace; that of a comment is ""."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def namespace(element: etree._Element) -> str:
    """Return an element's namespace as tags begin with it, "{…}", or "" if it has none."""
    return "".join(str(element.tag).rpartition("}")[:2])


def children(root: etree._Element, name: str) -> list[etree._Element]:
    """Return the elements in the list of that name below the root, none if there is no list."""
    group = root.find(f"{{*}}{name}")
    return [] if group is None else [child for child in group if isinstance(child.tag, str)]


def list_of(root: etree._Element, name: str, order: Sequence[str]) -> etree._Element:
    """Return the list of that name below the root, made at its place in the order if missing."""
    group = root.find(f"{{*}}{name}")
    if group is None:
        group = etree.Element(f"{namespace(root)}{name}")
        later = order[order.index(name) + 1 :]
        follower = next((each for each in root if local_name(each) in later), None)
        if follower is None:
            root.append(group)
        else:
            follower.addprevious(group)
    return group


def number(element: etree._Element, attribute: str, default: str = "0") -> int:
    """Return an attribute that counts something; raises MalformedError if it is no number."""
    text = str(element.get(attribute, default))
    if not text.isascii() or not text.isdigit():
        name = local_name(element)
        raise MalformedError(f"a {name} has {attribute} {text!r}, which is no number")
    return int(text)


def parsed(data: bytes) -> etree._Element:
    """Return the root element of an XML text; raises etree.XMLSyntaxError if it is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(data, parser)


def serialized(root: etree._Element) -> bytes:
    """Return the XML text of a part."""
    tree = root.getroottree()
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
