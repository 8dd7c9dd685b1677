"""Saves workbooks, each of which is read back before it replaces anything."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from xml.parsers import expat
from zipfile import ZipFile

from sheetgen.errors import InputError, RunError, shortened
from sheetgen.files.saving import Saved, save
from sheetgen.spreadsheet.package_parts import (
    CHUNK,
    DAMAGE,
    MalformedError,
    Package,
    extension,
    opened,
)
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.parsed_part import XML, Sums


def save_workbook(
    path: Path,
    write: Callable[[Path], object],
    aside: bool = False,
    former: Path | None = None,
) -> Saved:
    """Save a workbook as `save` saves any file, if what `write` has written can be read back.

    Every part must unpack with the right checksum, be well-formed XML if it is XML at all, and the
    workbook must have the parts of its sheets. Parts with the contents of a part of `former`, a
    workbook from which sheets were copied, are as they were there; if `write` returns what
    `write_workbook` does, those parts are not parsed again.

    Raises RunError if it cannot be read back, and what `save` raises.
    """
    parsed: Sums = set()

    def written(to: Path) -> None:
        """Write the workbook, and keep which parts have been parsed."""
        found = write(to)
        parsed.update(found if isinstance(found, set) else ())

    def check(there: Path) -> None:
        """Raise RunError if the file that was written cannot be read."""
        try:
            _require_readable(there, _checksums(former) if former else set(), parsed)
        except (InputError, *DAMAGE) as error:
            reason = str(error).replace(str(there), "it")
            raise RunError(
                f"{path} is left as it was, for the new file cannot be read back: {reason}"
            ) from error

    return save(path, written, aside, check)


def _checksums(path: Path) -> Sums:
    """Return checksum and size of each part of a workbook, none if it cannot be read."""
    with suppress(OSError, *DAMAGE), ZipFile(path) as archive:
        return {(part.CRC, part.file_size) for part in archive.infolist()}
    return set()


def _require_readable(path: Path, known: Sums, parsed: Sums) -> None:
    with opened(path) as package:
        for part in package.archive.infolist():
            sums = part.CRC, part.file_size
            if sums not in known:
                _read(package, part.filename, sums in parsed)
        for sheet in Workbook(package).sheets:
            if sheet.part not in package:
                raise MalformedError(f"its sheet {shortened(sheet.name)} has no part")


def _read(package: Package, part: str, is_parsed: bool) -> None:
    """Unpack a part, which checks its checksum, and parse it: expat without handlers is fast."""
    parser = expat.ParserCreate() if extension(part) in XML and not is_parsed else None
    with package.archive.open(part) as file:
        try:
            while chunk := file.read(CHUNK):
                if parser:
                    parser.Parse(chunk, False)
            if parser:
                parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise MalformedError(f"its part {part!r} is not XML: {error}") from None
