"""Rewrites what formulas refer to, when their sheet moves into another workbook.

The grammar is that of ECMA-376 part 1, 18.17.2: a reference may begin with the name of a sheet
("Sheet1!A1", "'my sheet'!A1"), of two ("Sheet1:Sheet3!A1"), or with the number of another
workbook ("[1]Sheet1!A1").
"""

import re
from collections.abc import Callable, Mapping

from lxml import etree

from sheetgen.spreadsheet.package_parts import local_name

MISSING = "#REF!"  # what Excel puts in place of a sheet that has been deleted

# Letters of all kinds, and signs such as ∂: whatever is no operator.
_WORD = r"""[^\s!"\#$%&'()*+,\-/:;<=>@\[\]^`{|}~]+"""
_BRACKETS = r"\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\]"
_TOKEN = re.compile(
    rf"""
    "(?:[^"]|"")*"
    | \#[\w/]+[!?]?
    | '(?P<quoted>(?:[^']|'')+)'!
    | (?P<plain>(?:\[\d+\])?(?:{_WORD}:)?(?:{_WORD})?)!
    | {_BRACKETS}
    | (?P<name>{_WORD})
    """,
    re.VERBOSE,
)
_BOOK = re.compile(r"\[(\d+)\]")

# Formulas are the text of these elements, in sheets, charts, tables and their extensions …
_ELEMENTS = {
    "f",
    "formula",
    "formula1",
    "formula2",
    "sqref",
    "calculatedColumnFormula",
    "totalsRowFormula",
}
# … and the value of these attributes, in links, shapes and form controls.
_ATTRIBUTES = ("location", "textlink", "fmlaLink", "fmlaRange", "fmlaTxbx", "linkedCell")
_LINK = "location"


class Formulas:
    """Translates formulas of the donor into those of the target, and notes the names in them."""

    def __init__(
        self,
        sheets: Mapping[str, str | None],
        tables: Mapping[str, str],
        book: Callable[[int], int],
    ) -> None:
        """Take what the donor's references become; all names are casefolded.

        `sheets` gives each sheet's name in the target, or None if the target will not have it;
        `tables` the new names of renamed tables; `book` the target's number of another workbook
        for the donor's.
        """
        self._sheets, self._tables, self._book = sheets, tables, book
        self.names: set[str] = set()
        self.missing: set[str] = set()
        """The donor's sheets to which references had to become #REF!."""

    def translate(self, formula: str, keep_missing: bool = False) -> str:
        """Return a formula as the target must have it.

        A reference to a sheet that the target will lack becomes #REF!, unless it is to be kept.
        """
        return _TOKEN.sub(lambda match: self._token(match, keep_missing), formula)

    def translate_part(self, root: etree._Element) -> bool:
        """Translate all formulas of a part other than cells; return whether any has changed."""
        changed = False
        for element in root.iter("{*}*"):
            if local_name(element) in _ELEMENTS and element.text:
                changed |= self._set_text(element)
            if local_name(element) == "cfvo" and element.get("type") == "formula":
                changed |= self._set_attribute(element, "val")
            for attribute in _ATTRIBUTES:
                changed |= self._set_attribute(element, attribute)
        return changed

    def _set_text(self, element: etree._Element) -> bool:
        old = element.text or ""
        element.text = self.translate(old)
        return element.text != old

    def _set_attribute(self, element: etree._Element, attribute: str) -> bool:
        old = element.get(attribute)
        if not old:
            return False
        new = self.translate(str(old), attribute == _LINK)
        element.set(attribute, new)
        return new != old

    def _token(self, match: re.Match[str], keep_missing: bool) -> str:
        text = match.group()
        if match["name"] is not None:
            self.names.add(text.casefold())
            return self._tables.get(text.casefold(), text)
        if match["quoted"] is not None:
            return self._prefix(match["quoted"].replace("''", "'"), text, keep_missing)
        if match["plain"] is not None:
            first, colon, last = match["plain"].rpartition(":")
            # In A1:Sheet1!B2 the colon makes a range of two references.
            if colon and "[" not in first and first.casefold() not in self._sheets:
                return f"{first}:{self._prefix(last, f'{last}!', keep_missing)}"
            return self._prefix(match["plain"], text, keep_missing)
        return text

    def _prefix(self, prefix: str, text: str, keep_missing: bool) -> str:
        """Translate what stands before an exclamation mark, `text` being how it was written."""
        # 0 is this workbook itself.
        if (book := _BOOK.search(prefix)) and int(book[1]):
            return text.replace(book[0], f"[{self._book(int(book[1]))}]", 1)
        ends = _BOOK.sub("", prefix).split(":") if prefix else []
        new = [self._sheets.get(end.casefold()) if end else "" for end in ends]
        if None in new:
            if keep_missing:
                return text
            # What the donor itself lacks was lost before.
            self.missing |= {
                end for end in ends if self._sheets.get(end.casefold(), MISSING) is None
            }
            return MISSING
        if [(name or "").casefold() for name in new] == [end.casefold() for end in ends]:
            return text
        return "'" + ":".join(name or "" for name in new).replace("'", "''") + "'!"


def mentions(formula: str, sheet: str) -> bool:
    """Tell whether a formula refers to a sheet of its own workbook by name."""
    for match in _TOKEN.finditer(formula):
        prefix = (match["quoted"] or "").replace("''", "'") or match["plain"] or ""
        if sheet.casefold() in prefix.casefold().split(":"):
            return True
    return False
