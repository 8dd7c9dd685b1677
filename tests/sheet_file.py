"""Reads from a built .xlsx file how its sheets look: texts as shown, colours, charts, paper."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lxml import etree
from sheet_styles import Change, Format, Highlight, formats, highlights, shades
from shown_text import formatted, width

from sheetgen.spreadsheet.address import range_of
from sheetgen.spreadsheet.package_parts import Package, local_name, opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.reader import with_cells
from sheetgen.spreadsheet.sheet_sizes import Range, SheetSizes, measure
from sheetgen.spreadsheet.tokens import tokens


@dataclass(frozen=True)
class Drawn:
    """A drawing: the name and the description that a screen reader says, and its chart if any."""

    name: str
    description: str
    chart: etree._Element | None


@dataclass(frozen=True)
class Link:
    """A hyperlink: its cell, and the place in the workbook or the address that it leads to."""

    place: tuple[int, int]
    target: str


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
    drawn: list[Drawn]
    cells: dict[tuple[int, int], Shown]
    paper: Paper
    names: dict[str, str]
    """The defined names of this sheet alone, in small letters, and what they refer to."""
    view: "View"

    @property
    def charts(self) -> list[etree._Element | None]:
        """The chart of each drawing, None for a picture."""
        return [each.chart for each in self.drawn]

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
        styles, changes = formats(package, workbook)
        link = workbook.link("sharedStrings")
        strings = [_text(each) for each in package.elements(link.part, "si")] if link else []
        return [
            _sheet(package, workbook, number, styles, changes, strings)
            for number, sheet in enumerate(workbook.sheets)
            if sheet.is_visible and sheet.is_worksheet
        ]


def _text(element: etree._Element) -> str:
    return "".join(each.text or "" for each in element.iter("{*}t"))


def _sheet(
    package: Package,
    workbook: Workbook,
    number: int,
    styles: list[Format],
    changes: list[Change],
    strings: list[str],
) -> SheetFile:
    sheet = workbook.sheets[number]
    sizes, paper = measure(package, workbook, number), Paper()
    view = View(changes)
    around = view.rows(package.elements(sheet.part, *TAGS), paper)
    held = [
        (row, column, *_content(cell, strings), styles[int(cell.get("s", 0))])
        for _, elements in with_cells(around, sheet.name)
        for row, column, cell in elements
        if len(cell)
    ]
    rules = view.rules_of_columns({column for _, column, *_ in held})
    cells = {each[:2]: _shown(*each, rules[each[1]]) for each in held}
    names = {name: each.text or "" for name, each in workbook.names(number).items()}
    # A sheet's name can have a comma or an exclamation mark in it.
    parts = tokens(names.get("_xlnm.print_titles", "").replace("$", ""))
    for part in "".join(each.text for each in parts if each.kind != "sheet").split(","):
        first, _, last = part.partition(":")
        if first.isdigit():
            paper.repeated_rows = int(first) - 1, int(last) - 1
        elif first:
            paper.repeated_columns = range_of(f"{first}1")[1], range_of(f"{last}1")[1]
    drawn = list(_drawn(package, sheet.part))
    return SheetFile(sheet.name, sizes, drawn, cells, paper, names, view)


TAGS = (
    "sheetView", "pageSetUpPr", "sheetProtection", "mergeCell", "conditionalFormatting",
    "hyperlink", "pageMargins", "pageSetup", "rowBreaks", "colBreaks", "row",
)  # fmt: skip


class View:
    """What the elements around the rows of a sheet say."""

    def __init__(self, changes: list[Change]) -> None:
        self._changes = changes
        self.zoom = 1.0
        self.freeze = (0, 0)
        self.is_readable = True
        """Whether all cells can be selected, and so be read aloud, though the sheet is locked."""
        self.merges: list[Range] = []
        self.links: list[Link] = []
        self.highlights: list[Highlight] = []
        self.shades: list[tuple[Range, tuple[str, ...]]] = []
        """Ranges whose numbers are shaded, and the colours of that."""
        self.scales: list[Range] = []
        """Ranges that are shaded from their own smallest number to their largest."""

    def rows(self, elements: Iterable[etree._Element], paper: Paper) -> Iterator[etree._Element]:
        """Yield the rows among the elements of a sheet, and take in all others."""
        for element in elements:
            if local_name(element) == "row":
                yield element
            else:
                self.take(element, paper)

    def rules_of_columns(self, columns: set[int]) -> dict[int, list[Highlight]]:
        """The rules for numbers that reach into each of the columns."""
        rules = [each for each in self.highlights if each.change.number_format]
        return {
            column: [each for each in rules if each.place[1] <= column <= each.place[3]]
            for column in columns
        }

    def take(self, element: etree._Element, paper: Paper) -> None:
        """Take in an element."""
        name = local_name(element)
        if name == "sheetView":
            self.zoom = int(element.get("zoomScale", 100)) / 100
            if (pane := element.find("{*}pane")) is not None:
                self.freeze = (int(pane.get("ySplit", 0)), int(pane.get("xSplit", 0)))
        elif name == "sheetProtection":
            self.is_readable = element.get("selectLockedCells", "0") in ("0", "false")
        elif name == "mergeCell":
            self.merges.append(range_of(str(element.get("ref"))))
        elif name == "hyperlink":
            target = str(element.get("location") or element.get("display") or "")
            self.links.append(Link(range_of(str(element.get("ref")))[:2], target))
        elif name == "conditionalFormatting":
            self._take_rules(element)
        else:
            _take_page(name, element, paper)

    def _take_rules(self, element: etree._Element) -> None:
        places = [range_of(each) for each in str(element.get("sqref", "")).split()]
        for rule in element.iterfind("{*}cfRule"):
            if {each.get("type") for each in rule.iter("{*}cfvo")} >= {"min", "max"}:
                self.scales += places
            self.shades += [(place, found) for place in places if (found := shades(rule))]
            self.highlights += highlights(places, rule, self._changes)


def _take_page(name: str, element: etree._Element, paper: Paper) -> None:
    """Take in what an element says of the paper."""
    if name == "pageSetUpPr" and element.get("fitToPage") == "1":
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
    rules: list[Highlight],
) -> Shown:
    if kind != "n" or not text:
        return Shown(row, column, text, kind in ("e", "b"), how)
    number = float(text)
    shown = formatted(number, how.number_format)
    for rule in rules:
        if not rule.place[0] <= row <= rule.place[2]:
            continue
        other, (what, least, most) = rule.change.number_format, rule.condition
        if what == "not between" and not least <= number <= most:
            shown = formatted(number, other)
            break
        if what == "size" and least <= abs(number) <= most:
            shown = min(shown, formatted(number, other), key=len)
    return Shown(row, column, shown, True, how)


def _drawn(package: Package, part: str) -> Iterator[Drawn]:
    """Yield the drawings in their order."""
    for link in package.relationships(part):
        if link.kind != "drawing":
            continue
        charts = {each.identifier: each.part for each in package.relationships(link.part)}
        for anchor in package.tree(link.part).iterchildren("{*}*"):
            named = next(anchor.iter("{*}cNvPr"), None)
            texts = ["", ""] if named is None else [named.get("name"), named.get("descr")]
            chart = next(anchor.iter("{*}chart"), None)
            names = [] if chart is None else [str(value) for value in chart.attrib.values()]
            found = next((package.tree(charts[name]) for name in names if name in charts), None)
            yield Drawn(*(str(each or "") for each in texts), found)
