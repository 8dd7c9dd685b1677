"""Counts what is on a sheet besides plain cells, to say what came along when it was inserted."""

from collections import Counter
from collections.abc import Mapping
from io import BytesIO

from sheetgen.spreadsheet.insert.move import kinds_of_parts
from sheetgen.spreadsheet.package_parts import Package, local_name, namespace
from sheetgen.spreadsheet.package_workbook import Sheet
from sheetgen.spreadsheet.sheet_frame import SheetFrame

_CELL, _FORMULA, _CONDITIONAL = "cell", "formula", "cfRule"
# What is counted, by the names of its elements or the kinds of its parts, in the order in which it
# is told: a word for one and one for many.
_WORDS = {
    _CELL: ("cell", "cells"),
    _FORMULA: ("formula", "formulas"),
    "chart": ("chart", "charts"),
    "chartEx": ("chart of Excel 2016", "charts of Excel 2016"),
    "pic": ("picture", "pictures"),
    "sp": ("shape", "shapes"),
    "table": ("table", "tables"),
    "comment": ("note", "notes"),
    "threadedComment": ("comment", "comments"),
    "cfRule": ("conditional format", "conditional formats"),
    "dataValidation": ("validation", "validations"),
    "hyperlink": ("link", "links"),
    "sparkline": ("sparkline", "sparklines"),
    "control": ("form control", "form controls"),
    "mergeCell": ("merged range", "merged ranges"),
}
_PARTS = ("chart", "chartEx", "table")
_WITHIN = {
    "drawing": ("pic", "sp"),
    "comments": ("comment",),
    "threadedComment": ("threadedComment",),
}
"""The kind of a part → the elements in it that are counted."""
_OF_SHEETS = ("cfRule", "dataValidation", "hyperlink", "sparkline", "control", "mergeCell")

Counts = Mapping[str, int]
"""How many there are of what: a key of `_WORDS`."""


def counts_of(package: Package, sheet: Sheet) -> Counts:
    """Return what is on a sheet, also in its drawings and notes; raises MalformedError."""
    found = Counter[str]()
    for part, kind in kinds_of_parts(package, sheet).items():
        if kind in _PARTS:
            found[kind] += 1
        if kind == "worksheet":
            _count_sheet(package.read(part), found)
        if wanted := _WITHIN.get(kind):
            names = map(local_name, package.tree(part).iter("{*}*"))
            found.update(name for name in names if name in wanted)
    return {name: found[name] for name in _WORDS if found[name]}


def in_words(counts: Counts) -> str:
    """Return what is on a sheet: "12 cells, 1 chart"; "nothing" for an empty one."""
    words = (f"{count:,} {_WORDS[name][count != 1]}" for name, count in counts.items())
    return ", ".join(words) or "nothing"


def _count_sheet(data: bytes, found: Counter[str]) -> None:
    frame = SheetFrame()
    for row in frame.rows(BytesIO(data)):
        for cell in row.iterchildren("{*}c"):
            found[_CELL] += len(cell) > 0
            found[_FORMULA] += cell.find("{*}f") is not None
    main = namespace(frame.root)
    for element in frame.root.iter("{*}*"):
        name = local_name(element)
        # Those of later versions are in an extension, and here as well.
        if name in _OF_SHEETS and (name != _CONDITIONAL or namespace(element) == main):
            found[name] += 1
