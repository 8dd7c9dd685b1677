"""Reads from a built .xlsx file how its sheets look: texts as shown, charts, paper, page breaks."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from pathlib import Path

from lxml import etree
from shown_text import formatted, width

from sheetgen.spreadsheet.address import range_of
from sheetgen.spreadsheet.package_parts import Package, local_name, opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.reader import with_cells
from sheetgen.spreadsheet.sheet_sizes import Range, SheetSizes, measure
from sheetgen.spreadsheet.tokens import tokens

BUILT_IN = {0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
            11: "0.00E+00"}  # fmt: skip
SIZE = re.compile(r"ABS\([^<>=]*\)([<>])=?([\d.]+)")
"""A number's limit in a rule's formula, as in ABS(N(H9))>=100."""
Condition = tuple[str, float, float]
"""Whether a rule holds for numbers that are not between two, or are of a size between two."""


@dataclass(frozen=True)
class Format:
    """A cell's format, as far as its text needs room for it."""

    points: float = 10
    bold: bool = False
    number_format: str = "General"
    align: str = "general"
    indent: int = 0
    wrap: bool = False


@dataclass(frozen=True)
class Shown:
    """A cell with something in it: what it shows, "" for a formula with that result."""

    row: int
    column: int
    text: str
    is_number: bool
    format: Format

    @property
    def place(self) -> tuple[int, int]:
        """Its row and column."""
        return self.row, self.column

    @property
    def width(self) -> float:
        """The pixels of the text with its indentation."""
        indent = 9 * self.format.indent
        return width(self.text, self.format.points, self.format.bold) + indent


@dataclass
class Paper:
    """How a sheet is printed; margins in inches, scale 1 for 100 %."""

    landscape: bool = False
    scale: float = 1
    fit: tuple[int, int] | None = None  # pages across and down, 0 for any number
    margins: tuple[float, float, float, float] = (0.7, 0.7, 0.75, 0.75)  # left right top bottom
    row_breaks: list[int] = field(default_factory=list)
    column_breaks: list[int] = field(default_factory=list)
    repeated_rows: tuple[int, int] | None = None
    repeated_columns: tuple[int, int] | None = None

    @property
    def room(self) -> tuple[float, float]:
        """The pixels at 100 % between the margins of A4."""
        size = (297, 210) if self.landscape else (210, 297)
        left, right, top, bottom = self.margins
        return (size[0] / 25.4 - left - right) * 96, (size[1] / 25.4 - top - bottom) * 96


@dataclass
class SheetFile:
    """One visible worksheet."""

    name: str
    sizes: SheetSizes
    charts: list[etree._Element | None]  # of each drawing, None for a picture
    cells: dict[tuple[int, int], Shown]
    merges: list[Range]
    paper: Paper
    zoom: float
    freeze: tuple[int, int]
    scales: list[Range]
    """Ranges that are shaded from their own smallest number to their largest."""

    @cached_property
    def opaque(self) -> list[bool]:
        """Whether each drawing hides what is below it."""
        return [each is None or each.find("{*}spPr/{*}noFill") is None for each in self.charts]

    @cached_property
    def filled(self) -> dict[int, list[int]]:
        """The columns of the cells in each row, in order."""
        found: dict[int, list[int]] = {}
        for row, column in sorted(self.cells):
            found.setdefault(row, []).append(column)
        return found

    def is_printed(self, row: int, column: int) -> bool:
        """Whether a cell is in the print area, where there is one."""
        top, left, bottom, right = self.sizes.print_area or (0, 0, row, column)
        return top <= row <= bottom and left <= column <= right

    def box(self, place: Range) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of a range in pixels."""
        left, top = self.sizes.columns.start(place[1]), self.sizes.rows.start(place[0])
        across, down = self.sizes.size(place)
        return left, top, left + across, top + down


def read(path: Path) -> list[SheetFile]:
    """The visible worksheets of a file."""
    with opened(path) as package:
        workbook = Workbook(package)
        formats, changed = _formats(package, workbook)
        link = workbook.link("sharedStrings")
        strings = [_text(each) for each in package.elements(link.part, "si")] if link else []
        return [
            _sheet(package, workbook, number, formats, changed, strings)
            for number, sheet in enumerate(workbook.sheets)
            if sheet.is_visible and sheet.is_worksheet
        ]


def _text(element: etree._Element) -> str:
    return "".join(each.text or "" for each in element.iter("{*}t"))


def _formats(package: Package, workbook: Workbook) -> tuple[list[Format], list[str]]:
    """The formats of cells, and the number formats of conditional ones ("" if unchanged)."""
    link = workbook.link("styles")
    assert link
    root = package.tree(link.part)
    known = dict(BUILT_IN)
    for element in root.iterfind("{*}numFmts/{*}numFmt"):
        known[int(element.get("numFmtId", 0))] = str(element.get("formatCode"))
    fonts = [_font(element) for element in root.iterfind("{*}fonts/{*}font")]
    formats = []
    for element in root.iterfind("{*}cellXfs/{*}xf"):
        align = element.find("{*}alignment")
        get = (lambda _, other: other) if align is None else align.get
        formats.append(
            Format(
                *fonts[int(element.get("fontId", 0))],
                known.get(int(element.get("numFmtId", 0)), "General"),
                str(get("horizontal", "general")),
                int(get("indent", "0")),
                get("wrapText", "0") == "1",
            )
        )
    changes = [element.find("{*}numFmt") for element in root.iterfind("{*}dxfs/{*}dxf")]
    return formats, ["" if each is None else str(each.get("formatCode")) for each in changes]


def _font(element: etree._Element) -> tuple[float, bool]:
    size, bold = element.find("{*}sz"), element.find("{*}b")
    return float(size.get("val", 10)) if size is not None else 10, bold is not None


def _sheet(
    package: Package,
    workbook: Workbook,
    number: int,
    formats: list[Format],
    changed: list[str],
    strings: list[str],
) -> SheetFile:
    sheet = workbook.sheets[number]
    sizes, paper, found = measure(package, workbook, number), Paper(), _Found()
    tags = ("sheetView", "pageSetUpPr", "mergeCell", "conditionalFormatting", "pageMargins")
    tags += ("pageSetup", "rowBreaks", "colBreaks", "row")
    around = found.rows(package.elements(sheet.part, *tags), paper, changed)
    held = [
        (row, column, *_content(cell, strings), formats[int(cell.get("s", 0))])
        for _, elements in with_cells(around, sheet.name)
        for row, column, cell in elements
        if len(cell)
    ]
    rules = found.rules_of_columns({column for _, column, *_ in held})
    cells = {each[:2]: _shown(*each, rules[each[1]]) for each in held}
    titles = workbook.names(number).get("_xlnm.print_titles")
    # A sheet's name can have a comma or an exclamation mark in it.
    parts = tokens((titles.text or "").replace("$", "")) if titles is not None else []
    for part in "".join(each.text for each in parts if each.kind != "sheet").split(","):
        first, _, last = part.partition(":")
        if first.isdigit():
            paper.repeated_rows = int(first) - 1, int(last) - 1
        elif first:
            paper.repeated_columns = range_of(f"{first}1")[1], range_of(f"{last}1")[1]
    charts = list(_charts(package, sheet.part))
    return SheetFile(
        sheet.name,
        sizes,
        charts,
        cells,
        found.merges,
        paper,
        found.zoom,
        found.freeze,
        found.scales,
    )


class _Found:
    """What the elements around the rows of a sheet say."""

    def __init__(self) -> None:
        self.zoom = 1.0
        self.freeze = (0, 0)
        self.merges: list[Range] = []
        self.rules: list[tuple[Range, str, Condition]] = []
        """Range, number format, and for which numbers it holds."""
        self.scales: list[Range] = []

    def rows(
        self, elements: Iterable[etree._Element], paper: Paper, changed: list[str]
    ) -> Iterator[etree._Element]:
        """Yield the rows among the elements of a sheet, and take in all others."""
        for element in elements:
            if local_name(element) == "row":
                yield element
            else:
                self.take(element, paper, changed)

    def rules_of_columns(self, columns: set[int]) -> dict[int, list[tuple[Range, str, Condition]]]:
        """The rules that reach into each of the columns."""
        return {
            column: [each for each in self.rules if each[0][1] <= column <= each[0][3]]
            for column in columns
        }

    def take(self, element: etree._Element, paper: Paper, changed: list[str]) -> None:
        """Take in an element."""
        name = local_name(element)
        if name == "sheetView":
            self.zoom = int(element.get("zoomScale", 100)) / 100
            if (pane := element.find("{*}pane")) is not None:
                self.freeze = (int(pane.get("ySplit", 0)), int(pane.get("xSplit", 0)))
        elif name == "mergeCell":
            self.merges.append(range_of(str(element.get("ref"))))
        elif name == "conditionalFormatting":
            for rule in element.iterfind("{*}cfRule"):
                if {each.get("type") for each in rule.iter("{*}cfvo")} >= {"min", "max"}:
                    self.scales += map(range_of, str(element.get("sqref")).split())
                how = changed[int(rule.get("dxfId", 0))] if rule.get("dxfId") else ""
                for place in str(element.get("sqref")).split() if how else []:
                    self.rules.append((range_of(place), how, _condition(rule)))
        elif name == "pageSetUpPr" and element.get("fitToPage") == "1":
            paper.fit = (1, 1)
        elif name == "pageSetup":
            paper.landscape = element.get("orientation") == "landscape"
            paper.scale = int(element.get("scale", 100)) / 100
            if paper.fit:
                paper.fit = int(element.get("fitToWidth", 1)), int(element.get("fitToHeight", 1))
        elif name == "pageMargins":
            left, right, top, bottom = (
                float(element.get(side, 0)) for side in ("left", "right", "top", "bottom")
            )
            paper.margins = left, right, top, bottom
        elif name in ("rowBreaks", "colBreaks"):
            breaks = [int(each.get("id", 0)) for each in element.iterfind("{*}brk")]
            (paper.row_breaks if name == "rowBreaks" else paper.column_breaks).extend(breaks)


def _condition(rule: etree._Element) -> Condition:
    """When a rule holds, as far as that depends on a number's size."""
    formulas = [each.text or "" for each in rule.iterfind("{*}formula")]
    if rule.get("operator") == "notBetween":
        return "not between", float(formulas[0]), float(formulas[1])
    sizes = {sign: float(size) for text in formulas for sign, size in SIZE.findall(text)}
    return "size", sizes.get(">", 0.0), sizes.get("<", inf)


def _content(cell: etree._Element, strings: list[str]) -> tuple[str, str]:
    """The type of a cell's value, and its text."""
    kind, value = cell.get("t", "n"), cell.find("{*}v")
    text = "" if value is None else value.text or ""
    if kind == "s":
        text = strings[int(text)]
    elif kind == "inlineStr":
        text = _text(cell)
    return kind, text


def _shown(
    row: int,
    column: int,
    kind: str,
    text: str,
    how: Format,
    rules: list[tuple[Range, str, Condition]],
) -> Shown:
    if kind != "n" or not text:
        return Shown(row, column, text, kind in ("e", "b"), how)
    number = float(text)
    shown = formatted(number, how.number_format)
    for (top, _, bottom, _), other, (what, least, most) in rules:
        if not top <= row <= bottom:
            continue
        if what == "not between" and not least <= number <= most:
            shown = formatted(number, other)
            break
        if what == "size" and least <= abs(number) <= most:
            shown = min(shown, formatted(number, other), key=len)
    return Shown(row, column, shown, True, how)


def _charts(package: Package, part: str) -> Iterator[etree._Element | None]:
    """Yield the chart of each drawing, None for a picture."""
    for link in package.relationships(part):
        if link.kind != "drawing":
            continue
        charts = {each.identifier: each.part for each in package.relationships(link.part)}
        for anchor in package.tree(link.part).iterchildren("{*}*"):
            chart = next(anchor.iter("{*}chart"), None)
            names = [] if chart is None else [str(value) for value in chart.attrib.values()]
            yield next((package.tree(charts[name]) for name in names if name in charts), None)
