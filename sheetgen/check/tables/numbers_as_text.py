"""Reads numbers that were pasted as texts, with a decimal point or a decimal comma."""

import re
from collections import Counter

from sheetgen.check.judging.findings import Finding
from sheetgen.check.reading.cells import Book, Cells, Content, number_in
from sheetgen.spreadsheet.address import relative_address

_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}$")


def read_texts(book: Book) -> tuple[Finding, ...]:
    """Turn texts into numbers in columns that hold nothing else; return what to say of that.

    Only on sheets without formulas, for a formula would not read them as numbers either, and only
    where a comma cannot be anything but the decimal one.
    """
    remarks = []
    for name, cells in book.sheets.items():
        if any(content.formula is not None for content in cells.values()):
            continue
        found = _columns_of_texts(cells)
        if not found or not _is_plain([content for _, content in found]):
            continue
        for _, content in found:
            content.value = number_in(content.text)
        place = relative_address(*min(place for place, _ in found))
        words = f"{len(found):,} numbers stand there as texts; they were read as numbers"
        remarks.append(Finding("remark", "text-numbers", words, name, cell=place))
    return tuple(remarks)


def _columns_of_texts(cells: Cells) -> list[tuple[tuple[int, int], Content]]:
    """Return the cells with a number as text in the columns without any number."""
    numeric = {column for (_, column), content in cells.items() if content.number is not None}
    found = [
        (place, content)
        for place, content in cells.items()
        if place[1] not in numeric and number_in(content.text) is not None
    ]
    counts = Counter(column for (_, column), _ in found)
    return [one for one in found if counts[one[0][1]] > 1]


def _is_plain(contents: list[Content]) -> bool:
    """Return whether all texts use one decimal sign, and it does not group thousands."""
    texts = [content.text.strip() for content in contents]
    signs = {sign for text in texts for sign in ".," if sign in text}
    grouped = [text for text in texts if _THOUSANDS.match(text)]
    parted = [text for text in texts if "." in text or "," in text]
    return len(signs) < 2 and (not grouped or len(grouped) < len(parted))
