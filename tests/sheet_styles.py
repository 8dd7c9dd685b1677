"""Reads the formats of a workbook's cells, and those that conditions change: fonts and colours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from lxml import etree

from sheetgen.spreadsheet.package_parts import Package, local_name
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.sheet_sizes import Range

BUILT_IN = {0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
            11: "0.00E+00"}  # fmt: skip
SIZE = re.compile(r"ABS\([^<>=]*\)([<>])=?([\d.]+)")
"""A number's limit in a rule's formula, as in ABS(N(H9))>=100."""
Condition = tuple[str, float, float]
"""Whether a rule holds for numbers that are not between two, or are of a size between two."""
THEME = {"0": "FFFFFF", "1": "000000"}
"""The colours of every theme of Office: of the ground, and of text."""


@dataclass(frozen=True)
class Format:
    """A cell's format: what its text needs room for, and its colours.

    A colour is six hexadecimal digits, or what the file says in place of one.
    """

    points: float = 10
    bold: bool = False
    colour: str = "000000"
    number_format: str = "General"
    align: str = "general"
    indent: int = 0
    wrap: bool = False
    fill: str = ""
    locked: bool = True


@dataclass(frozen=True)
class Change:
    """How a conditional format changes cells; "" leaves as it is."""

    number_format: str = ""
    colour: str = ""
    fill: str = ""
    others: frozenset[str] = frozenset()
    """What else it changes: bold type, a border, …"""


@dataclass(frozen=True)
class Highlight:
    """A conditional format: its range, how it changes the cells, and when."""

    place: Range
    change: Change
    formula: str
    condition: Condition


def formats(package: Package, workbook: Workbook) -> tuple[list[Format], list[Change]]:
    """The formats of cells, and the changes by conditions."""
    link = workbook.link("styles")
    assert link
    root = package.tree(link.part)
    known = dict(BUILT_IN)
    for element in root.iterfind("{*}numFmts/{*}numFmt"):
        known[int(element.get("numFmtId", 0))] = str(element.get("formatCode"))
    fonts = [_font(element) for element in root.iterfind("{*}fonts/{*}font")]
    fills = [_fill(element) for element in root.iterfind("{*}fills/{*}fill")]
    found = []
    for element in root.iterfind("{*}cellXfs/{*}xf"):
        align, protection = element.find("{*}alignment"), element.find("{*}protection")
        get = (lambda _, other: other) if align is None else align.get
        found.append(
            Format(
                *fonts[int(element.get("fontId", 0))],
                known.get(int(element.get("numFmtId", 0)), "General"),
                str(get("horizontal", "general")),
                int(get("indent", "0")),
                get("wrapText", "0") == "1",
                fills[int(element.get("fillId", 0))],
                protection is None or protection.get("locked") != "0",
            )
        )
    return found, [_change(element) for element in root.iterfind("{*}dxfs/{*}dxf")]


def _font(element: etree._Element) -> tuple[float, bool, str]:
    size, bold = element.find("{*}sz"), element.find("{*}b")
    points = float(size.get("val", 10)) if size is not None else 10
    return points, bold is not None, colour(element.find("{*}color")) or "000000"


def _fill(element: etree._Element) -> str:
    pattern = element.find("{*}patternFill")
    if pattern is None or pattern.get("patternType") != "solid":
        return ""
    return colour(pattern.find("{*}fgColor"))


def _change(element: etree._Element) -> Change:
    number_format, others = element.find("{*}numFmt"), {"border"}
    font = element.find("{*}font")
    others = {local_name(each) for each in font} - {"color"} if font is not None else set()
    others |= {"border"} if element.find("{*}border") is not None else set()
    return Change(
        "" if number_format is None else str(number_format.get("formatCode")),
        colour(element.find("{*}font/{*}color")),
        # Of a condition's fill the colour is that of the ground, as the standard has it.
        colour(element.find("{*}fill/{*}patternFill/{*}bgColor")),
        frozenset(others),
    )


def colour(element: etree._Element | None) -> str:
    """Six hexadecimal digits, "" without an element, or what the file says instead."""
    if element is None:
        return ""
    if rgb := element.get("rgb"):
        return str(rgb)[-6:].upper()
    kind, value = (str(each) for each in next(iter(element.attrib.items()), ("none", "")))
    return THEME.get(value, "") if kind == "theme" else f"{kind} {value}"


def shades(rule: etree._Element) -> tuple[str, ...]:
    """The colours of a rule that shades numbers."""
    return tuple(colour(each) for each in rule.iterfind("{*}colorScale/{*}color"))


def highlights(
    places: list[Range], rule: etree._Element, changes: list[Change]
) -> Iterator[Highlight]:
    """Yield what a rule changes in each of some ranges."""
    if identifier := rule.get("dxfId"):
        texts = [each.text or "" for each in rule.iterfind("{*}formula")]
        formula = " ".join((str(rule.get("operator", "")), *texts)).strip()
        for place in places:
            yield Highlight(place, changes[int(identifier)], formula, _condition(rule, texts))


def _condition(rule: etree._Element, formulas: list[str]) -> Condition:
    """When a rule holds, as far as that depends on a number's size."""
    if rule.get("operator") == "notBetween":
        return "not between", float(formulas[0]), float(formulas[1])
    sizes = {sign: float(size) for text in formulas for sign, size in SIZE.findall(text)}
    return "size", sizes.get(">", 0.0), sizes.get("<", inf)
