"""A package with changes that are held in memory until they are written to a new file."""

import posixpath
import shutil
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lxml import etree

from sheetgen.spreadsheet.insert.parts import (
    CONTENT_TYPES,
    PACKAGE,
    Parts,
    extension,
    namespace,
    parsed,
    relationships_part,
    relative,
    serialized,
)

_LARGE = 1 << 30  # zip files need another format for larger parts
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # so that the same input gives the same file


class Package(Parts):
    """The parts of a package that is to be changed."""

    def __init__(self, path: Path, archive: ZipFile) -> None:
        """Start without changes; raises InputError when there are no content types."""
        super().__init__(path, archive)
        self._changed: dict[str, bytes] = {}
        self._removed: set[str] = set()
        self._taken = {name.casefold() for name in archive.NameToInfo}

    def free_name(self, part: str) -> str:
        """Claim a name for a new part, which differs from `part` in the number at its end."""
        stem, dot = posixpath.splitext(part)
        stem = stem.rstrip("0123456789")
        number = 1
        while not self._is_free(name := f"{stem}{number}{dot}"):
            number += 1
        self._taken.add(name.casefold())
        return name

    def add(self, part: str, data: bytes, content_type: str) -> None:
        """Add a part under a name that `free_name` gave."""
        self.change(part, data)
        if self.content_type(part) != content_type:
            self._declare(part, content_type)

    def change(self, part: str, data: bytes) -> None:
        """Give a part new contents; parts that hold relationships need no content type."""
        self._changed[part] = data
        self._removed.discard(part)

    def remove(self, part: str) -> None:
        """Remove a part with its relationships and its content type; its name is free again."""
        for name in (part, relationships_part(part)):
            self._removed.add(name)
            self._taken.discard(name.casefold())
        for element in self.overrides(part):
            self.types.remove(element)

    def write(self, path: Path) -> None:
        """Write everything to a new file; raises OSError when that fails.

        Parts keep their order, time and compression; new ones come last.
        """
        self.change(CONTENT_TYPES, serialized(self.types))
        old = self.archive.NameToInfo
        with ZipFile(path, "w") as output:
            for info in old.values():
                if info.filename not in self._removed:
                    self._write_part(output, info)
            for part, data in self._changed.items():
                if part not in old:
                    new = ZipInfo(part, _NO_TIME)
                    new.compress_type = ZIP_DEFLATED
                    output.writestr(new, data)

    def _is_free(self, part: str) -> bool:
        # Relationships of a part that is not there must not become those of the new part.
        return not {part.casefold(), relationships_part(part).casefold()} & self._taken

    def _write_part(self, output: ZipFile, old: ZipInfo) -> None:
        new = ZipInfo(old.filename, old.date_time)
        new.compress_type, new.external_attr = old.compress_type, old.external_attr
        if old.filename in self._changed:
            output.writestr(new, self._changed[old.filename])
            return
        with (
            self.archive.open(old) as source,
            output.open(new, "w", force_zip64=old.file_size > _LARGE) as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)

    def _declare(self, part: str, content_type: str) -> None:
        tag = namespace(self.types)
        # A default for all .xml parts would say something about parts that are there already.
        if extension(part) in ("", "xml") or self.default_type(part):
            names = {"PartName": f"/{part}", "ContentType": content_type}
            self.types.append(etree.Element(f"{tag}Override", names))
        else:
            names = {"Extension": extension(part), "ContentType": content_type}
            self.types.insert(0, etree.Element(f"{tag}Default", names))


class Relationships:
    """The relationships of one part of a package, for adding to them."""

    def __init__(self, package: Package, part: str) -> None:
        """Read them; raises InputError if they are damaged."""
        self._package, self._part = package, part
        self._name = relationships_part(part)
        self.root = (
            package.tree(self._name)
            if self._name in package
            else parsed(f'<Relationships xmlns="{PACKAGE}relationships"/>'.encode())
        )

    def add(self, kind: str, part: str) -> str:
        """Refer to a part, `kind` being the full type; return the identifier."""
        taken = {str(element.get("Id", "")) for element in self.root}
        number = len(taken) + 1
        while f"rId{number}" in taken:
            number += 1
        element = etree.SubElement(self.root, f"{namespace(self.root)}Relationship")
        element.set("Id", f"rId{number}")
        element.set("Type", kind)
        element.set("Target", relative(part, self._part))
        return f"rId{number}"

    def retarget(self, identifier: str, kind: str, part: str) -> None:
        """Let a relationship lead to another part."""
        for element in self.root.iterchildren("{*}Relationship"):
            if element.get("Id") == identifier:
                element.set("Type", kind)
                element.set("Target", relative(part, self._part))

    def remove(self, identifier: str) -> None:
        """Remove a relationship."""
        for element in list(self.root.iterchildren("{*}Relationship")):
            if element.get("Id") == identifier:
                self.root.remove(element)

    def save(self) -> None:
        """Put them into the package."""
        self._package.change(self._name, serialized(self.root))
