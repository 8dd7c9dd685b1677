"""Spells out what a chart leaves unsaid, where that means something else in another workbook.

Excel 2007 took much that a chart's XML lacks for "no": smooth lines, deleted axes, rounded corners.
The standard's default is "yes", and later versions follow it, unless docProps/app.xml says that
version 12, which is Excel 2007, wrote the workbook. XlsxWriter says so and leaves these elements
out, openpyxl says 3.1: its own charts had no axes before it wrote them all. So a chart that moves
from one kind of workbook into the other must say what it meant.
"""

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from sheetgen.spreadsheet.package_parts import Package, local_name

_YEAR_2007 = "12."


class _Default(NamedTuple):
    """An element that may be missing: what that means in Excel 2007 and by the standard."""

    child: str
    in_2007: str
    standard: str


def _no(*children: str) -> tuple[_Default, ...]:
    return tuple(_Default(child, "0", "1") for child in children)


_TICKS = (_Default("majorTickMark", "out", "cross"), _Default("minorTickMark", "none", "cross"))
_AXIS = (*_no("delete"), *_TICKS)
_LABELS = _no("showLegendKey", "showVal", "showCatName", "showSerName", "showPercent")
_DEFAULTS: dict[str, tuple[_Default, ...]] = {
    "chartSpace": _no("roundedCorners"),
    "chart": (*_no("autoTitleDeleted", "plotVisOnly"), _Default("dispBlanksAs", "gap", "zero")),
    **dict.fromkeys(("valAx", "catAx", "dateAx", "serAx"), _AXIS),
    "scatterChart": _no("varyColors"),
    "lineChart": _no("varyColors"),
    "barChart": _no("varyColors"),
    "areaChart": _no("varyColors"),
    "radarChart": _no("varyColors"),
    "dLbls": _LABELS,
    "dLbl": _LABELS,
    "legend": _no("overlay"),
    "title": _no("overlay"),
}
_SERIES = {
    "scatterChart": _no("smooth"),
    "lineChart": _no("smooth"),
    "barChart": _no("invertIfNegative"),
}
_CHART = "title autoTitleDeleted pivotFmts view3D floor sideWall backWall plotArea legend"
# What comes before such an element in its parent, by ECMA-376 part 1, 21.2.2.
_BEFORE = {
    "roundedCorners": "date1904 lang",
    "autoTitleDeleted": "title",
    "plotVisOnly": _CHART,
    "dispBlanksAs": f"{_CHART} plotVisOnly",
    "delete": "axId scaling",
    "majorTickMark": "axId scaling delete axPos majorGridlines minorGridlines title numFmt",
    "minorTickMark": "axId scaling delete axPos majorGridlines minorGridlines title numFmt"
    " majorTickMark",
    "varyColors": "barDir scatterStyle radarStyle grouping",
    "overlay": "tx legendPos legendEntry layout",
    "invertIfNegative": "idx order tx spPr",
    "smooth": "idx order tx spPr marker dPt dLbls trendline errBars cat val xVal yVal",
}
_BEFORE |= {
    each.child: " ".join(
        ("idx layout tx dLbl numFmt spPr txPr dLblPos", *(one.child for one in _LABELS[:place]))
    )
    for place, each in enumerate(_LABELS)
}


def is_of_2007(package: Package, properties: str) -> bool:
    """Return whether a workbook says, in the part of its properties, that Excel 2007 wrote it."""
    if properties not in package:
        return False
    version = next(package.tree(properties).iter("{*}AppVersion"), None)
    return version is not None and str(version.text).strip().startswith(_YEAR_2007)


def spell_out(root: etree._Element, in_2007: bool) -> bool:
    """Add to a chart what it leaves out, with the meaning that this has in its own workbook.

    Returns whether anything was missing.
    """
    if local_name(root) != "chartSpace":
        return False
    missing = [
        (parent, default)
        for parent, defaults in list(_parents(root))
        for default in defaults
        if parent.find(f"{{*}}{default.child}") is None
    ]
    for parent, default in missing:
        if local_name(parent).startswith("dLbl") and parent.find("{*}delete") is not None:
            continue  # labels that are deleted say nothing else
        _add(parent, default, in_2007)
    return bool(missing)


def _parents(root: etree._Element) -> Iterator[tuple[etree._Element, tuple[_Default, ...]]]:
    for element in root.iter(f"{{{etree.QName(root).namespace}}}*"):
        name, parent = local_name(element), element.getparent()
        if name == "ser" and parent is not None:
            yield element, _SERIES.get(local_name(parent), ())
        elif name in _DEFAULTS:
            yield element, _DEFAULTS[name]


def _add(parent: etree._Element, default: _Default, in_2007: bool) -> None:
    before = _BEFORE[default.child].split()
    places = [at for at, child in enumerate(parent) if local_name(child) in before]
    new = etree.Element(f"{{{etree.QName(parent).namespace}}}{default.child}")
    new.set("val", default.in_2007 if in_2007 else default.standard)
    parent.insert(max(places, default=-1) + 1, new)
