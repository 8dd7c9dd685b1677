"""Sets up a workbook so that it prints each sheet, in its full size, on one page of its own.

No program is asked to fit a sheet to a page: the paper is made larger than the sheet. So one
pixel of a sheet is as large as that of any other, and the page's width tells which sheet it is.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count

from lxml import etree

from sheetgen.spreadsheet.address import quoted, range_address
from sheetgen.spreadsheet.copying import Edit
from sheetgen.spreadsheet.package_parts import Package, children, list_of, namespace
from sheetgen.spreadsheet.package_workbook import LISTS, Workbook
from sheetgen.spreadsheet.sheet_sizes import Range, measure

WIDEST = 12_000
"""Pixels, at 100 %, of the widest and the highest picture; a PDF's page has at most 19,200."""
LARGEST = 64_000_000
"""Pixels, at 100 %, of the largest picture, which takes three bytes each in memory."""

_SPARE = 1.5  # times the size that a sheet should have: other fonts make columns and rows larger
_SPARE_PIXELS = 100
_MILLIMETRES_PER_PIXEL = 25.4 / 96
# The set-up of a page, and what the schema wants behind it.
_PAGE = ("printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks")
_BEHIND = (
    "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing",
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems",
    "tableParts", "extLst",
)  # fmt: skip
_ORDER = (*_PAGE, *_BEHIND)
_PRINT_NAMES = ("_xlnm.print_area", "_xlnm.print_titles")


@dataclass(frozen=True)
class SinglePage:
    """The page of a sheet: its paper in millimetres, and the range of cells that is printed.

    The range is None where there is nothing to print, and for a chart sheet. `is_cut` says that
    the sheet goes on beyond the range, which would be too large a picture.
    """

    sheet: str
    width: int
    height: int
    place: Range | None
    is_cut: bool
    is_chart_sheet: bool

    @property
    def pixels(self) -> float:
        """About how wide the sheet is on its paper, in pixels at 100 %."""
        return (self.width / _MILLIMETRES_PER_PIXEL - _SPARE_PIXELS) / _SPARE


def single_pages(package: Package, sheets: Collection[str]) -> list[SinglePage]:
    """Return the pages of some sheets of a package, in tab order, each of another width.

    Raises InputError or one of DAMAGE if it is damaged.
    """
    workbook = Workbook(package)
    pages: list[SinglePage] = []
    for number, sheet in enumerate(workbook.sheets):
        if sheet.name not in sheets:
            continue
        if not sheet.is_worksheet:
            pages.append(SinglePage(sheet.name, 0, 0, None, is_cut=False, is_chart_sheet=True))
            continue
        sizes = measure(package, workbook, number)
        shown = sizes.shown
        place = shown and sizes.within(shown, WIDEST, LARGEST)
        width, height = map(_millimetres, sizes.size(place) if place else (0, 0))
        taken = {page.width for page in pages}
        width = next(each for each in count(width) if each not in taken)
        pages.append(SinglePage(sheet.name, width, height, place, place != shown, False))
    return pages


def _millimetres(pixels: float) -> int:
    return math.ceil((pixels * _SPARE + _SPARE_PIXELS) * _MILLIMETRES_PER_PIXEL)


def edits(package: Package, pages: Collection[SinglePage]) -> Mapping[str, Edit]:
    """Return the changes to the parts of a workbook that let it print just these pages."""
    workbook = Workbook(package)
    found: dict[str, Edit] = {workbook.part: partial(_choose, pages={p.sheet: p for p in pages})}
    parts = {sheet.name: sheet.part for sheet in workbook.sheets}
    sheets = [page for page in pages if not page.is_chart_sheet]
    return found | {parts[page.sheet]: partial(_set_up, page=page) for page in sheets}


def _choose(root: etree._Element, pages: Mapping[str, SinglePage]) -> None:
    """Show the sheets that are to be printed, and no others; let each print its range."""
    names = list_of(root, "definedNames", LISTS)
    for name in list(names):
        if str(name.get("name", "")).casefold() in _PRINT_NAMES:
            names.remove(name)
    sheets = children(root, "sheets")
    shown = [number for number, each in enumerate(sheets) if each.get("name") in pages]
    # LibreOffice shows, and prints, the active sheet even if it is hidden.
    for view in children(root, "bookViews"):
        view.set("activeTab", str(shown[0] if shown else 0))
    for number, element in enumerate(sheets):
        page = pages.get(str(element.get("name")))
        element.set("state", "visible" if page else "hidden")
        if page and page.place:
            attributes = {"name": "_xlnm.Print_Area", "localSheetId": str(number)}
            area = etree.SubElement(names, f"{namespace(root)}definedName", attributes)
            area.text = f"{quoted(page.sheet)}!{range_address(*page.place)}"
    if not len(names):
        root.remove(names)


def _set_up(root: etree._Element, page: SinglePage) -> None:
    """Give a sheet its paper, without margins, headers and breaks."""
    for name in _PAGE:
        for element in list(root.iterchildren(f"{{*}}{name}")):
            root.remove(element)
    sides = ("left", "right", "top", "bottom", "header", "footer")
    for side in sides:
        list_of(root, "pageMargins", _ORDER).set(side, "0")
    set_up = list_of(root, "pageSetup", _ORDER)
    paper = {"paperSize": "0", "paperWidth": f"{page.width}mm", "paperHeight": f"{page.height}mm"}
    # Where a sheet is larger than the paper after all, it shrinks and does not need two pages.
    for attribute, value in {**paper, "fitToWidth": "1", "fitToHeight": "1"}.items():
        set_up.set(attribute, value)
    properties = root.find("{*}sheetPr")
    if properties is None:
        properties = etree.Element(f"{namespace(root)}sheetPr")
        root.insert(0, properties)
    for element in list(properties.iterchildren("{*}pageSetUpPr")):
        properties.remove(element)
    etree.SubElement(properties, f"{namespace(root)}pageSetUpPr", fitToPage="1")
