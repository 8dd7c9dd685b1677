"""Rewrites the rows of a sheet one at a time, and puts them back into the rest of its XML.

The tree of a sheet of two million cells would need gigabytes; that of all but its rows is small.
"""

from collections.abc import Iterator
from typing import IO
from uuid import uuid4

from lxml import etree

from sheetgen.spreadsheet.package_parts import (
    CHUNK,
    MalformedError,
    local_name,
    pull_parser,
    serialized,
)
from sheetgen.spreadsheet.plain_rows import row_text


class SheetFrame:
    """A sheet without its rows, of which only the text is kept."""

    root: etree._Element
    """The root element of the sheet, without rows; it is there when all rows have been read."""

    def __init__(self) -> None:
        """Take nothing yet: `rows` reads the sheet."""
        self._texts: list[tuple[etree._Element, list[bytes]]] = []
        self._instead: str | None = None
        self._new: list[etree._Element] = []

    @classmethod
    def of(cls, root: etree._Element, rows: list[bytes]) -> "SheetFrame":
        """Return a sheet of this root element, which has a place for rows, and the text of them."""
        frame = cls()
        frame.root = root
        frame._texts = [(next(root.iterchildren("{*}sheetData")), rows)]
        return frame

    def rows(self, source: IO[bytes]) -> Iterator[etree._Element]:
        """Yield each row of a sheet's XML, to be changed before the next one is asked for.

        Raises etree.XMLSyntaxError.
        """
        parser = pull_parser("row")
        while chunk := source.read(CHUNK):
            parser.feed(chunk)
            for _, row in parser.read_events():
                assert isinstance(row, etree._Element)
                holder = row.getparent()
                # The position of a form control has elements called row as well.
                if holder is None or local_name(holder) != "sheetData":
                    continue
                yield row
                if not self._texts or self._texts[-1][0] is not holder:
                    self._texts.append((holder, []))
                self._add_new()
                text = row_text(row, holder) if self._instead is None else self._instead
                self._texts[-1][1].append(text.encode())
                self._instead = None
                row.clear()
                while (earlier := row.getprevious()) is not None:
                    holder.remove(earlier)
        self.root = parser.close()

    def put(self, text: str) -> None:
        """Put this XML text in the place of the row that was yielded last."""
        self._instead = text

    def insert(self, row: etree._Element) -> None:
        """Put a new row before the one that was yielded last, or, behind the last, at the end."""
        self._new.append(row)

    def _add_new(self) -> None:
        holder, rows = self._texts[-1]
        for row in self._new:
            holder.append(row)  # which gives it the namespaces that the others have
            rows.append(row_text(row, holder).encode())
            holder.remove(row)
        self._new.clear()

    def text(self) -> Iterator[bytes]:
        """Yield the XML text of the sheet with its rows in pieces; raises MalformedError."""
        if self._new:
            if not self._texts:
                self._texts.append((next(self.root.iterchildren("{*}sheetData")), []))
            self._add_new()
        # Nothing in a file can be mistaken for a mark that was made up after the file.
        mark = etree.ProcessingInstruction(f"rows-{uuid4().hex}")
        for holder, _ in self._texts:
            del holder[:]
            holder.append(etree.ProcessingInstruction(mark.target))
        first, *others = serialized(self.root).split(etree.tostring(mark))
        if len(others) != len(self._texts):
            raise MalformedError("it has rows inside of rows")
        yield first
        for (_, rows), other in zip(self._texts, others, strict=True):
            yield from rows
            yield other
