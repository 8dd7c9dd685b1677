"""Rewrites a sheet for the workbook that it moves into: styles, texts and formulas.

Rows are handled one at a time, because a tree of two million cells would need gigabytes.
"""

from collections.abc import Sequence
from copy import deepcopy
from io import BytesIO

from lxml import etree

from sheetgen.errors import shortened
from sheetgen.spreadsheet.insert.moved_formulas import Formulas
from sheetgen.spreadsheet.insert.styles import StyleMerger
from sheetgen.spreadsheet.package_parts import (
    MalformedError,
    local_name,
    namespace,
    parsed,
    serialized,
)
from sheetgen.spreadsheet.sheet_frame import SheetFrame


class SheetMover:
    """Translates sheets and tables of the donor, with what belongs to all of them."""

    def __init__(
        self,
        styles: StyleMerger,
        formulas: Formulas,
        strings: Sequence[etree._Element],
        views: int,
        keep_metadata: bool,
    ) -> None:
        """Take the means of translation.

        `strings` are the donor's shared strings, `views` is the number of windows of the target,
        and `keep_metadata` says whether numbers of cell metadata mean the same in the target.
        """
        self._styles, self._formulas, self._strings = styles, formulas, strings
        self._views, self._keep_metadata = views, keep_metadata

    def sheet(self, data: bytes) -> bytes:
        """Return the part of a worksheet or a chart sheet as the target must have it.

        Raises MalformedError or etree.XMLSyntaxError when it is damaged.
        """
        frame = SheetFrame()
        for row in frame.rows(BytesIO(data)):
            self._row(row)
        self._frame(frame.root)
        return b"".join(frame.text())

    def table(self, data: bytes, number: int, name: str) -> bytes:
        """Return the part of a table, which gets a number and a name that the target lacks."""
        root = parsed(data)
        root.set("id", str(number))
        for attribute in ("name", "displayName"):
            if root.get(attribute) is not None:
                root.set(attribute, name)
        self._frame(root)
        return serialized(root)

    def _row(self, row: etree._Element) -> None:
        self._set_style(row, "s")
        for cell in row.iterchildren("{*}c"):
            self._set_style(cell, "s")
            if not self._keep_metadata:
                cell.attrib.pop("cm", "")
            for formula in cell.iterchildren("{*}f"):
                if formula.text:
                    formula.text = self._formulas.translate(formula.text)
            if cell.get("t") == "s":
                self._put_text(cell)

    def _put_text(self, cell: etree._Element) -> None:
        """Put a shared string into the cell itself, with its runs of rich text."""
        value = cell.find("{*}v")
        if value is None:
            return
        try:
            text = self._strings[_index(value.text)]
        except IndexError:
            address = cell.get("r", "")
            raise MalformedError(f"the cell {address} names no shared string") from None
        if cell.find("{*}f") is not None:
            # The result of a formula; some programs share these too.
            value.text = "".join(each.text or "" for each in _pieces(text))
            cell.set("t", "str")
            return
        inline = etree.SubElement(cell, f"{namespace(cell)}is")
        inline.extend(deepcopy(child) for child in text)
        cell.remove(value)
        cell.set("t", "inlineStr")

    def _set_style(self, element: etree._Element, attribute: str) -> None:
        # A cell that names no style has style 0, which may be another one in the target.
        old = element.get(attribute)
        if old is None and local_name(element) != "c":
            return
        new = self._styles.cell_format(_index(old or "0"))
        if new or old is not None:
            element.set(attribute, str(new))

    def _frame(self, root: etree._Element) -> None:
        """Translate all of a sheet or a table but the rows."""
        for element in root.iter("{*}*"):
            name = local_name(element)
            if name == "col" and element.get("style") is not None:
                new = self._styles.column_format(_index(element.get("style")))
                element.set("style", str(new))
            if name == "tableStyleInfo":
                self._styles.add_table_style(str(element.get("name", "")))
            for attribute, value in element.items():
                if str(attribute).casefold().endswith("dxfid"):
                    element.set(attribute, str(self._styles.difference(_index(value))))
        self._formulas.translate_part(root)
        self._forget_workbook(root)

    def _forget_workbook(self, root: etree._Element) -> None:
        """Remove what is about the workbook that the sheet was in."""
        for properties in root.iterchildren("{*}sheetPr"):
            properties.attrib.pop("codeName", "")
        for views in root.iterchildren("{*}customSheetViews"):
            root.remove(views)
        for views in root.iterchildren("{*}sheetViews"):
            for view in list(views.iterchildren("{*}sheetView")):
                # Two selected tabs would be edited together.
                view.attrib.pop("tabSelected", "")
                if _index(view.get("workbookViewId", "0")) >= self._views:
                    views.remove(view)
            if not len(views):
                root.remove(views)


def _pieces(text: etree._Element) -> list[etree._Element]:
    """Return the pieces of a text; how it is pronounced (rPh) is not part of it."""
    return [*text.iterchildren("{*}t"), *text.iterfind("{*}r/{*}t")]


def _index(text: object) -> int:
    try:
        return int(str(text))
    except ValueError:
        raise MalformedError(f"it has {shortened(text)} where a number belongs") from None
