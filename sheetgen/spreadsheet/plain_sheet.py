"""Cuts the XML of a sheet into rows without parsing it, where it is written as most programs do.

Parsing a million cells as elements takes longer than all else that is done with them. Nothing is
taken for granted: what could be read in two ways is parsed, or is no plain sheet.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from itertools import chain

from lxml import etree

from sheetgen.spreadsheet.package_parts import CHUNK, parsed
from sheetgen.spreadsheet.plain_rows import row_text

LARGEST = 1 << 27
"""Bytes of a sheet's XML that are held in memory; a larger sheet is parsed in pieces."""

_START, _END = b"<sheetData>", b"</sheetData>"
END_OF_ROW = "</row>"
# The declaration, and the start of the root element.
_HEAD = re.compile(
    rb'(?:<\?xml version="1\.0"(?: encoding="(?:UTF|utf)-8")?'
    rb'(?: standalone="(?:yes|no)")? ?\?>\s*)?'
    rb"""(<([A-Za-z][\w.:-]*)(?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*>)"""
)
_ROW = re.compile(r'<row r="([0-9]{1,7})"((?: [A-Za-z]+="[^"<>&]*")*)(/?>)')
_ATTRIBUTE = re.compile(r' ([A-Za-z]+)="')
_UNUSUAL = (b"<!", b"<?", b"]]>")  # comments, sections of characters, instructions
_NONCHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
# What no XML text may hold, and the line ends that a parser changes.
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n")
_OTHER_ENTITY = re.compile(rb"&(?!(?:lt|gt|amp|quot|apos);)")
_WITHOUT_LOOKING = bytes(code for code in range(256) if code not in _CONTROLS + b"&!?]\xef")
"""The bytes that begin none of these: most sheets have hardly any others."""


class Row:
    """A row of a sheet, as its XML text or as the element that was parsed of it."""

    __slots__ = ("_around", "_element", "_text", "number")

    def __init__(
        self,
        number: str | None,
        text: str | None = None,
        element: etree._Element | None = None,
        around: tuple[str, str] = ("", ""),
    ) -> None:
        """Take the number as the file gives it, and either the text or the element."""
        self.number, self._text, self._element, self._around = number, text, element, around

    @classmethod
    def of(cls, element: etree._Element) -> "Row":
        """Return the row that is this element."""
        return cls(element.get("r"), element=element)

    @property
    def text(self) -> str:
        """The XML text, without the namespaces of the element around it where it is plain."""
        return row_text(self.element) if self._text is None else self._text

    @property
    def element(self) -> etree._Element:
        """The element; raises etree.XMLSyntaxError."""
        if self._element is None:
            before, behind = self._around
            self._element = parsed(f"{before}{self._text}{behind}".encode())[0][0]
        return self._element


class PlainSheet:
    """The XML of a sheet, around its rows and of its rows."""

    def __init__(self, data: bytes, start: int, end: int, around: tuple[str, str]) -> None:
        """Take the XML, where its rows start and end, and what makes an XML text of a row."""
        self._data, self._start, self._end, self._around = data, start, end, around

    @classmethod
    def of(cls, data: bytes) -> "PlainSheet | None":
        """Return the sheet with this XML, or None if it has to be parsed as a whole."""
        head = _HEAD.match(data)
        start, end = data.find(_START) + len(_START), data.rfind(_END)
        if not head or not head.end() <= start - len(_START) < end or not _is_usual(data, head):
            return None
        if data.count(_START) != 1 or data.count(_END) != 1:
            return None
        opening, name = head[1].decode(), head[2].decode()
        sheet = cls(data, start, end, (f"{opening}<sheetData>", f"</sheetData></{name}>"))
        try:
            holder = sheet.frame().find("{*}sheetData")
            parsed(f"{opening}</{name}>".encode())
        except etree.XMLSyntaxError:
            return None
        return None if holder is None or not sheet._has_usual_rows() else sheet

    def frame(self) -> etree._Element:
        """Return the root element of the sheet without rows; raises etree.XMLSyntaxError."""
        return parsed(self._data[: self._start] + self._data[self._end :])

    def pieces(self) -> Iterator[str]:
        """Yield the XML text of the rows in pieces that end with a row, and what is behind."""
        at, mark = self._start, END_OF_ROW.encode()
        while at < self._end:
            end = self._data.rfind(mark, at, min(at + CHUNK, self._end))
            end = self._data.find(mark, at, self._end) if end < 0 else end
            stop = self._end if end < 0 else end + len(mark)
            yield self._data[at:stop].decode()
            at = stop

    def rows(self) -> Iterator[Row]:
        """Yield each row."""
        for piece in self.pieces():
            for each in piece.split(END_OF_ROW):
                at = 0
                while start := _ROW.match(each, at):
                    text = f"{each[at:]}{END_OF_ROW}" if start[3] == ">" else start[0]
                    yield Row(start[1], text, around=self._around)
                    at = len(each) if start[3] == ">" else start.end()

    def _has_usual_rows(self) -> bool:
        """Tell whether there are rows and nothing else, with attributes that mean themselves."""
        usual: dict[str, bool] = {}
        for piece in self.pieces():
            *rows, rest = piece.split(END_OF_ROW)
            for each, end in (*((row, ">") for row in rows), (rest, "/>")):
                starts, at, start = 0, 0, None
                while at < len(each) and (start := _ROW.match(each, at)):
                    names = ",".join(_ATTRIBUTE.findall(start[2]))
                    if names not in usual:
                        usual[names] = _are_usual(names.split(","))
                    if not usual[names]:
                        return False
                    starts, at = starts + 1, start.end()
                    if start[3] == ">":
                        break
                is_whole = start[3] == end if start else not each
                if not is_whole or each.count("<row") != starts:
                    return False
        return True


def _is_usual(data: bytes, head: re.Match[bytes]) -> bool:
    """Tell whether the XML has nothing but elements and texts of UTF-8 that mean themselves."""
    start = head.start(1)
    pieces = (data[at : at + CHUNK] for at in range(start, len(data), CHUNK))
    parts = chain([data[:start].replace(b"?", b"")], pieces)  # the declaration has its own
    left = b"".join(part.translate(None, _WITHOUT_LOOKING) for part in parts)
    if any(each[1:2] in left and data.find(each, start) >= 0 for each in _UNUSUAL):
        return False
    if b"&" in left and _OTHER_ENTITY.search(data):
        return False
    if len(left.translate(None, _CONTROLS)) != len(left):
        return False
    if b"\xef" in left and any(each in data for each in _NONCHARACTERS):
        return False
    return data.isascii() or _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    decoder = getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), CHUNK):
            decoder.decode(data[at : at + CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _are_usual(names: list[str]) -> bool:
    """Tell whether no attribute of a row occurs twice, or changes the namespace."""
    return len(set(names)) == len(names) and not {"r", "xmlns"} & set(names)
