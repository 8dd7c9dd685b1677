"""Opens .xlsx packages: the zip file, its parts, what they refer to, the elements in them.

Follows ECMA-376 (Office Open XML), part 2: Open Packaging Conventions.
"""

import posixpath
import struct
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from lzma import LZMAError
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile, ZipInfo

from lxml import etree

from sheetgen.errors import InputError, UnrepairableError, shortened

MAXIMUM_BYTES = 2 * 1024**3  # unpacked; a larger file is refused as a zip bomb
MAXIMUM_TREE = 128 * 1024**2  # bytes of a part held as a tree, which takes ten times as many
CONTENT_TYPES = "[Content_Types].xml"
CHUNK = 1 << 18  # bytes to parse at a time

_MAXIMUM_DIGITS = 20
_TEXTS = ("xml", "rels")  # the extensions of parts that have the namespaces of a workbook
_OPEN_DOCUMENT = "mimetype"  # the part that an OpenDocument file starts with
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# ECMA-376 has two sets of namespaces: the usual (transitional) one, and that of the strict
# standard, in which Excel saves on request. A package must not mix them.
_AREAS = (b"officeDocument", b"spreadsheetml", b"drawingml")
_USUAL = tuple(b"http://schemas.openxmlformats.org/" + area + b"/2006/" for area in _AREAS)
_STRICT = tuple(b"http://purl.oclc.org/ooxml/" + area + b"/" for area in _AREAS)


class MalformedError(Exception):
    """The XML is not that of a workbook."""


class UnusableError(MalformedError):
    """The workbook is too large or has no sheets: reading past damage would not help."""


DAMAGE = (
    BadZipFile,
    zlib.error,
    LZMAError,
    struct.error,
    UnicodeDecodeError,  # of a part's name
    EOFError,
    NotImplementedError,
    etree.XMLSyntaxError,
    MalformedError,
)
"""What reading a damaged package raises."""


class Relationship(NamedTuple):
    """What a part refers to: another part, or something outside (`part` is then empty)."""

    identifier: str
    type: str
    part: str
    target: str

    @property
    def kind(self) -> str:
        """The last word of the type, which both sets of namespaces share."""
        return self.type.rpartition("/")[2]


class Package:
    """The parts of a package, whose names are the same in large and small letters.

    So ECMA-376 part 2, 9.1.1.1.2, says. Some programs write backslashes into them.
    """

    def __init__(self, archive: ZipFile, path: Path | None = None) -> None:
        """Take an open zip file, and what messages call it; nothing is read yet."""
        self.archive, self.path = archive, path or Path(archive.filename or "")
        self.parts: dict[str, ZipInfo] = {}
        """The entry of each part in the zip file, in the order of the file."""
        self.repeated: set[str] = set()
        """The names that several entries have; the last one of them counts."""
        self._spellings: dict[str, str] = {}
        for entry in archive.infolist():
            name = entry.filename.replace("\\", "/").lstrip("/")
            if known := self._spellings.setdefault(name.casefold(), name):
                self.repeated |= {known} & self.parts.keys()
                self.parts[known] = entry
        self._renamings: tuple[tuple[bytes, bytes], ...] = ()

    def __contains__(self, part: str) -> bool:
        return self.spelled(part) in self.parts

    def spelled(self, part: str) -> str:
        """Return a part's name with the letters that it has in the zip file, if it is there."""
        return self._spellings.get(part.casefold(), part)

    def translate(self, to_strict: bool) -> None:
        """From now on read all parts in the namespaces of the strict or of the usual standard."""
        old, new = (_USUAL, _STRICT) if to_strict else (_STRICT, _USUAL)
        self._renamings = tuple(zip(old, new, strict=True))

    def read(self, part: str) -> bytes:
        """Return what a part holds, XML as UTF-8; raises InputError if missing or damaged."""
        with blaming(self.path):
            data = self.archive.read(self._entry(part))
            if data.startswith((BOM_UTF16_BE, BOM_UTF16_LE)) and extension(part) in _TEXTS:
                data = serialized(parsed(data))
        if extension(part) in _TEXTS:
            for old, new in self._renamings:
                data = data.replace(old, new)
        return data

    def tree(self, part: str) -> etree._Element:
        """Return the root element of a part; raises InputError if missing, too large or not XML."""
        with blaming(self.path):
            if part in self and self._entry(part).file_size > MAXIMUM_TREE:
                raise UnusableError(f"its part {part!r} is too large")
            return parsed(self.read(part))

    def elements(self, part: str, *tags: str) -> Iterator[etree._Element]:
        """Yield each finished element of these tags, and free it when the next is asked for.

        Raises one of DAMAGE if the part is missing or damaged.
        """
        entry, parser = self._entry(part), pull_parser(*tags)
        with self.archive.open(entry) as file:
            while chunk := file.read(CHUNK):
                parser.feed(chunk)
                for _, element in parser.read_events():
                    assert isinstance(element, etree._Element)
                    yield element
                    element.clear()
                    parent = element.getparent()
                    while parent is not None and (earlier := element.getprevious()) is not None:
                        parent.remove(earlier)
        parser.close()

    def salvaged(self, part: str, tag: str) -> Iterator[etree._Element]:
        """Yield the whole elements of one tag as far as a damaged part can be read."""
        data = bytearray()
        # What can be unpacked before the damage is all there is.
        with suppress(*DAMAGE), self.archive.open(self._entry(part)) as file:
            while chunk := file.read(CHUNK):
                data += chunk
        parser = _parser(recover=True)
        try:
            root = etree.fromstring(bytes(data), parser)
        except etree.XMLSyntaxError:
            return
        if root is not None:
            found = list(root.iter(f"{{*}}{tag}"))
            # Where the XML breaks off, the last element is not whole.
            yield from found[:-1] if len(parser.error_log) else found

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

    @cached_property
    def types(self) -> etree._Element:
        """The content types of the parts; raises InputError if there are none."""
        return self.tree(CONTENT_TYPES)

    def content_type(self, part: str) -> str:
        """Return the content type of a part, or "" if it has none."""
        for element in self.overrides(part):
            return str(element.get("ContentType", ""))
        return self.default_type(part)

    def default_type(self, part: str) -> str:
        """Return the content type of all parts with this one's extension, or ""."""
        element = self._defaults.get(extension(part))
        return "" if element is None else str(element.get("ContentType", ""))

    def overrides(self, part: str) -> list[etree._Element]:
        """Return the elements that give the content type of this one part."""
        return self._overrides.get(declared(part), [])

    @cached_property
    def _defaults(self) -> dict[str, etree._Element]:
        found: dict[str, etree._Element] = {}
        for element in self.types.iterchildren("{*}Default"):
            found.setdefault(str(element.get("Extension", "")).casefold(), element)
        return found

    @cached_property
    def _overrides(self) -> dict[str, list[etree._Element]]:
        found: dict[str, list[etree._Element]] = {}
        for element in self.types.iterchildren("{*}Override"):
            found.setdefault(declared(str(element.get("PartName", ""))), []).append(element)
        return found

    def _entry(self, part: str) -> ZipInfo:
        if part not in self:
            raise MalformedError(f"it has no part {part!r}")
        return self.parts[self.spelled(part)]

    def _relationship(self, part: str, element: etree._Element) -> Relationship:
        identifier, kind = str(element.get("Id", "")), str(element.get("Type", ""))
        target = str(element.get("Target", ""))
        # "#Sheet!A1" is a place in the workbook itself.
        if element.get("TargetMode") == "External" or target.startswith("#"):
            return Relationship(identifier, kind, "", target)
        path = target.partition("#")[0].replace("\\", "/")
        joined = posixpath.join("/", posixpath.dirname(part), path)
        name = posixpath.normpath(joined).lstrip("/")
        found = self.spelled(name if name in self else unquote(name))
        return Relationship(identifier, kind, found, target)


@contextmanager
def opened(path: Path, called: Path | None = None) -> Iterator[Package]:
    """Open a workbook's package; inside the block, damage to it becomes an InputError.

    `called` is what messages call the file, if that is not its path. Raises InputError also if
    there is no such file, if it is encrypted, or if it would unpack to more than MAXIMUM_BYTES.
    """
    shown = called or path
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a device or a pipe"
        raise InputError(f"{shown} cannot be read: it is {kind}")
    try:
        with path.open("rb") as file:
            if file.read(len(_COMPOUND_FILE)) == _COMPOUND_FILE:
                raise UnrepairableError(f"{shown} is password-protected or an old .xls file")
        with blaming(shown), ZipFile(path) as archive:
            if _OPEN_DOCUMENT in archive.NameToInfo:
                raise InputError(f"{shown} is an OpenDocument file; save it as .xlsx")
            if any(part.flag_bits & 1 for part in archive.infolist()):
                raise UnrepairableError(f"{shown} is a password-protected zip file")
            size = sum(part.file_size for part in archive.infolist())
            if size > MAXIMUM_BYTES:
                raise UnrepairableError(
                    f"{shown} would unpack to {size:,} bytes, which is too large"
                )
            yield Package(archive, shown)
    except OSError as error:
        raise InputError(f"{shown} cannot be read: {error.strerror or error}") from error


@contextmanager
def blaming(path: Path) -> Iterator[None]:
    """Turn damage into an InputError that names this file: two may be open at the same time."""
    try:
        yield
    except (*DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # unlike what bz2 says of damaged data
        kind = UnrepairableError if isinstance(error, UnusableError) else InputError
        reason = "" if isinstance(error, BadZipFile) else f": {error}"  # in words of zip files
        raise kind(f"{path} is damaged or is not an .xlsx workbook{reason}") from error


def pull_parser(*tags: str) -> etree.XMLPullParser:
    """Return a parser that is fed data in pieces and yields the finished elements of some tags."""
    return etree.XMLPullParser(
        tag=[f"{{*}}{tag}" for tag in tags],
        resolve_entities=False,
        no_network=True,
        remove_comments=True,  # else the text of an element ends at the first one
        remove_pis=True,
    )


def parsed(data: bytes) -> etree._Element:
    """Return the root element of an XML text; raises etree.XMLSyntaxError."""
    return etree.fromstring(data, _parser())


def serialized(root: etree._Element) -> bytes:
    """Return the XML text of a part."""
    tree = root.getroottree()
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)


def relationships_part(part: str) -> str:
    """Return the name of the part that holds a part's relationships."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def extension(part: str) -> str:
    """Return the extension of a part's name without its dot, in small letters."""
    return posixpath.splitext(part)[1].lstrip(".").casefold()


def declared(name: str) -> str:
    """Return what is the same for an Override ("/xl/A%20b.xml") and its part ("xl/a b.xml")."""
    return unquote(name).lstrip("/").casefold()


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
        places = (place for place, each in enumerate(root) if local_name(each) in later)
        root.insert(next(places, len(root)), group)
    return group


def number(element: etree._Element, attribute: str, default: str = "0") -> int:
    """Return an attribute that counts something; raises MalformedError if it is not a number."""
    text = str(element.get(attribute, default))
    if not text.isascii() or not text.isdigit() or len(text) > _MAXIMUM_DIGITS:
        found = f"a {local_name(element)} has {attribute} {shortened(text)}"
        raise MalformedError(f"{found}; expected a number")
    return int(text)


def _parser(recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, recover=recover)
