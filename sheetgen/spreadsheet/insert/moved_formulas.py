"""Rewrites the references of formulas when their sheet moves into another workbook.

The grammar is that of ECMA-376 part 1, 18.17.2: a reference may begin with the name of a sheet
("Sheet1!A1", "'my sheet'!A1"), of two ("Sheet1:Sheet3!A1"), or with the number of another
workbook ("[1]Sheet1!A1").
"""

import re
from collections.abc import Callable, Mapping
from functools import partial

from lxml import etree

from sheetgen.spreadsheet.address import unquoted
from sheetgen.spreadsheet.package_parts import local_name
from sheetgen.spreadsheet.tokens import replaced, tokens

MISSING = "#REF!"  # what Excel puts in place of a sheet that has been deleted

_BOOK = re.compile(r"\[([0-9]{1,9})\]")

# Formulas are the text of these elements, in sheets, charts, tables and their extensions …
_ELEMENTS = {
    "f", "formula", "formula1", "formula2", "sqref", "calculatedColumnFormula", "totalsRowFormula",
}  # fmt: skip
# … and the value of these attributes, in links, shapes and form controls.
_ATTRIBUTES = {"location", "textlink", "fmlaLink", "fmlaRange", "fmlaTxbx", "linkedCell"}
_LINK = "location"


class Formulas:
    """Translates formulas of the donor into those of the target, and collects the names in them."""

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
        changes: dict[str, Callable[[str], str]] = {
            "name": self._name,
            "function": self._function,
            "sheet": partial(self._sheet, keep_missing=keep_missing),
        }
        return replaced(formula, changes)

    def translate_part(self, root: etree._Element) -> bool:
        """Translate all formulas of a part other than cells; return whether any has changed."""
        changed = False
        for element in root.iter("{*}*"):
            name = local_name(element)
            if name in _ELEMENTS and element.text:
                changed |= self._set_text(element)
            if name == "cfvo" and element.get("type") == "formula":
                changed |= self._set_attribute(element, "val")
            # Most elements of a chart are points, which have none of these.
            for attribute in [each for each in element.attrib if each in _ATTRIBUTES]:
                changed |= self._set_attribute(element, str(attribute))
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

    def _name(self, name: str) -> str:
        self.names.add(name.casefold())
        return self._tables.get(name.casefold(), name)

    def _function(self, text: str) -> str:
        self.names.add(text[:-1].strip().casefold())  # it may be a LAMBDA with a name
        return text

    def _sheet(self, text: str, keep_missing: bool) -> str:
        """Translate what is before a reference to another sheet, up to the exclamation mark."""
        first, colon, last = text.rpartition(":")
        # In start:Sheet1!B2 the colon makes a range of two references.
        if colon and text[0] not in "'[" and first.casefold() not in self._sheets:
            return self._name(first) + colon + self._sheet(last, keep_missing)
        prefix = unquoted(text[:-1])
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
    """Return whether a formula refers to a sheet of its own workbook by name."""
    return any(
        token.kind == "sheet"
        and sheet.casefold() in unquoted(token.text[:-1]).casefold().split(":")
        for token in tokens(formula)
    )
