"""Parses the parts of a package while they are written, quicker than by reading them again."""

from io import StringIO
from typing import IO
from xml.parsers import expat

from sheetgen.spreadsheet.package_parts import extension

XML = ("xml", "rels", "vml")
"""The extensions of the parts that are XML."""
Sums = set[tuple[int, int]]
"""Checksum and size of parts that are known to be as they must."""
_LENGTH = 1 << 16  # characters that are encoded, parsed and compressed at one time


class ParsedPart(StringIO):
    """A part that XlsxWriter takes for a text in memory; it goes into a file, piece by piece."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        """Take the part's name, which says whether it is XML, and the file that it goes into."""
        super().__init__()
        self._file, self._length = file, 0
        self._texts: list[str] = []
        self._unparsed: list[str] = []
        self._parser = expat.ParserCreate() if extension(name) in XML else None
        self._is_good = True

    def write(self, text: str, /) -> int:
        """Write a text."""
        self._unparsed.append(text)
        return self.write_alike(text)

    def write_alike(self, text: str) -> int:
        """Write elements that differ in nothing but numbers from some that were written.

        They are as good XML as those, and are not parsed.
        """
        self._texts.append(text)
        self._length += len(text)
        if self._length > _LENGTH:
            self._pass_on()
        return len(text)

    def end(self) -> bool:
        """Write what is left and close the file; return whether the part is no bad XML."""
        self._pass_on(is_last=True)
        self._file.close()
        return self._is_good

    def _pass_on(self, is_last: bool = False) -> None:
        self._file.write("".join(self._texts).encode())
        if self._parser and self._is_good:
            try:
                self._parser.Parse("".join(self._unparsed), is_last)
            except expat.ExpatError:
                self._is_good = False
        self._texts, self._unparsed, self._length = [], [], 0
