"""Opens .xlsx packages: the zip file, its relationships, its sheets, the elements of its parts.

Follows ECMA-376 (Office Open XML), part 1 for the sheets and part 2 for the package.
"""

import posixpath
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

from lxml import etree

from sheetgen.errors import InputError

MAXIMUM_BYTES = 2 * 1024**3  # unpacked; a larger file is refused as a zip bomb

_OPEN_DOCUMENT = "mimetype"  # the part that an OpenDocument file starts with
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Sheet(NamedTuple):
    """A tab, and the part of the package that holds it."""

    name: str
    part: str
    is_visible: bool
    is_worksheet: bool


class MalformedError(Exception):
    """The XML is not that of a workbook."""


DAMAGE = (
    BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    etree.XMLSyntaxError,
    MalformedError,
)
"""What reading a damaged package raises."""


def damaged(path: Path, error: Exception) -> InputError:
    """Return the error that names the file."""
    return InputError(f"{path} is damaged or is no .xlsx workbook: {error}")


@contextmanager
def opened(path: Path) -> Iterator[ZipFile]:
    """Open a workbook's zip file; inside the block, damage to it becomes an InputError.

    Raises InputError also if there is no such file, if it is encrypted, or if it would unpack
    to more than MAXIMUM_BYTES.
    """
    if path.exists() and not path.is_file():
        kind = "a directory" if path.is_dir() else "a device or a pipe"
        raise InputError(f"{path} cannot be read: it is {kind}")
    try:
        with path.open("rb") as file:
            if file.read(len(_COMPOUND_FILE)) == _COMPOUND_FILE:
                raise InputError(f"{path} is password-protected or an old .xls file")
        with ZipFile(path) as archive:
            if _OPEN_DOCUMENT in archive.NameToInfo:
                raise InputError(f"{path} is an OpenDocument file; save it as .xlsx")
            if any(part.flag_bits & 1 for part in archive.infolist()):
                raise InputError(f"{path} is a password-protected zip file")
            size = sum(part.file_size for part in archive.infolist())
            if size > MAXIMUM_BYTES:
                raise InputError(f"{path} would unpack to {size:,} bytes, which is too large")
            yield archive
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except DAMAGE as error:
        raise damaged(path, error) from error


def relationships(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return identifier → (last word of the type, part) of what one part refers to."""
    folder, name = posixpath.split(part)
    found = {}
    for element in elements(archive, posixpath.join(folder, "_rels", f"{name}.rels"), "*"):
        # OOXML has two sets of namespaces, transitional and strict; the last word is the same.
        kind = str(element.get("Type", "")).rpartition("/")[2]
        target = posixpath.join("/", folder, str(element.get("Target", "")))
        found[str(element.get("Id"))] = (kind, posixpath.normpath(target).lstrip("/"))
    return found


def workbook_part(archive: ZipFile) -> tuple[str, dict[str, tuple[str, str]]]:
    """Return the part that is the workbook, and what it refers to."""
    for kind, part in relationships(archive, "").values():
        if kind == "officeDocument":
            return part, relationships(archive, part)
    raise MalformedError("none of its parts is a workbook")


def sheets_of(archive: ZipFile) -> list[Sheet]:
    """Return the tabs in order; raises MalformedError if there is none."""
    workbook, related = workbook_part(archive)
    sheets = []
    for element in elements(archive, workbook, "sheet"):
        identifiers = [str(value) for key, value in element.items() if str(key).endswith("}id")]
        kind, part = related.get("".join(identifiers), ("", ""))
        is_visible = element.get("state", "visible") == "visible"
        sheets.append(Sheet(str(element.get("name")), part, is_visible, kind == "worksheet"))
    if not sheets:
        raise MalformedError("it has no sheets")
    return sheets


def elements(archive: ZipFile, part: str, tag: str) -> Iterator[etree._Element]:
    """Yield each finished element of one tag, and free it when the next is asked for."""
    if part not in archive.NameToInfo:
        raise MalformedError(f"it has no part {part!r}")
    parser = etree.XMLPullParser(
        ("end",), tag=f"{{*}}{tag}", resolve_entities=False, no_network=True
    )
    with archive.open(part) as file:
        while chunk := file.read(1 << 18):
            parser.feed(chunk)
            for _, element in parser.read_events():
                assert isinstance(element, etree._Element)
                yield element
                element.clear()
                parent = element.getparent()
                while parent is not None and (earlier := element.getprevious()) is not None:
                    parent.remove(earlier)
    parser.close()
