"""Holds workbooks to the rules of Microsoft's accessibility checker and of WCAG 2.1 AA.

    python tests/accessibility.py FILE.xlsx…

prints the findings, one a line: sheet, rule, cell. accessibility_table does so for all templates,
exercises, logs and exports.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

from contrast import GRAPHIC, TEXT, WHITE, contrast, faint_texts
from lxml import etree
from sheet_file import SheetFile, Shown, read

from sheetgen.spreadsheet.address import MAXIMUM_COLUMNS, range_of, relative_address
from sheetgen.spreadsheet.package_parts import Package, opened
from sheetgen.spreadsheet.style import HIDDEN

HEADER_NAME = re.compile(
    r"(column|row)?title(region\d*\.(?P<first>[a-z]+\d+)\.(?P<last>[a-z]+\d+)\.\d+)?"
)
DOCUMENT = "document"
"""The rule for the workbook as a whole."""
HEADERS = 3
"""So many headers side by side, with numbers below them, are those of a table."""


class Finding(NamedTuple):
    """What is wrong by which rule; the place is "" for the sheet as a whole."""

    rule: str
    place: str
    text: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.rule}: {self.place}{' ' * bool(self.place)}{self.text}"


def findings(path: Path, only: tuple[str, ...] = ()) -> Iterator[tuple[str, Finding]]:
    """Yield what is wrong, each with the sheet's name, "" for the workbook."""
    yield from (("", each) for each in document(path))
    for sheet in read(path):
        if not only or sheet.name in only:
            yield from ((sheet.name, each) for each in of_sheet(sheet))


def of_sheet(sheet: SheetFile) -> Iterator[Finding]:
    """Yield what is wrong on a sheet."""
    for rule, check in RULES.items():
        for place, text in check(sheet):
            yield Finding(rule, place, text)


def document(path: Path) -> Iterator[Finding]:
    """A workbook has a title, an author and a language, and sheets with names of their own."""
    with opened(path) as package:
        for name in ("title", "creator", "language"):
            if not _property(package, name):
                yield Finding(DOCUMENT, "", f"it has no {name}")


def _property(package: Package, name: str) -> str:
    for link in package.relationships(""):
        if link.kind == "core-properties":
            return (package.tree(link.part).findtext(f"{{*}}{name}") or "").strip()
    return ""


Found = Iterator[tuple[str, str]]


def title(sheet: SheetFile) -> Found:
    """A1, which is read first, says what the sheet is."""
    cell = sheet.cells.get((0, 0))
    if cell is None or cell.is_number or not cell.text.strip():
        yield "A1", "is empty: it should hold the title"


def tab(sheet: SheetFile) -> Found:
    """A sheet's name says what is on it."""
    if re.fullmatch(r"(Sheet|Tabelle|Feuil|Hoja|Chart)?\s*\d*", sheet.name):
        yield "", "has no name of its own"


def merged(sheet: SheetFile) -> Found:
    """No cells are merged for a text that would run on over them: readers lose the columns there.

    In pictures, above columns that are narrow, a number needs them, and what is clicked on, and a
    text in the middle or in several lines.
    """
    clicked = {each.place for each in sheet.view.links}
    for top, left, bottom, right in sheet.view.merges:
        cell = sheet.cells.get((top, left))
        if not cell or cell.is_number or cell.place in clicked or not cell.format.locked:
            continue
        if (
            cell.text
            and bottom == top
            and cell.format.align in ("general", "left")
            and not cell.format.wrap
        ):
            area = f"{relative_address(top, left)}:{relative_address(bottom, right)}"
            yield area, f"are merged for {cell.text[:30]!r}"


def header_rows(sheet: SheetFile) -> Found:
    """The headers of tables are those of a name that screen readers know."""
    named = list(_named_headers(sheet))
    for row, first, last in header_rows_of(sheet):
        if not any(
            top <= row <= bottom and left <= first and last <= right
            for top, left, bottom, right in named
        ):
            yield relative_address(row, first), f"heads {last - first + 1} columns without a name"


def _named_headers(sheet: SheetFile) -> Iterator[tuple[int, int, int, int]]:
    """Yield for which header row and columns the names hold with which screen readers find them.

    Without a range in its name it is for all columns from that of the first header on.
    """
    for name, text in sheet.names.items():
        if found := HEADER_NAME.fullmatch(name):
            row, column = range_of(text.rpartition("!")[2].replace("$", ""))[:2]
            ends = found["first"], found["last"]
            area = range_of(":".join(ends)) if all(ends) else (row, column, row, MAXIMUM_COLUMNS)
            yield row, area[1], row, area[3]


def header_rows_of(sheet: SheetFile) -> Iterator[tuple[int, int, int]]:
    """Yield row, first and last column of headers side by side, with numbers below them."""
    ends = {(top, left): right for top, left, _, right in sheet.view.merges}
    for row, columns in sheet.filled.items():
        run: list[int] = []
        for column in [*columns, -1]:
            cell, former = sheet.cells.get((row, column)), (row, run[-1] if run else -1)
            is_beside = not run or column == ends.get(former, former[1]) + 1
            if cell and _is_header(cell) and is_beside:
                run.append(column)
                continue
            below = [sheet.cells.get((row + 1, each)) for each in run]
            if len(run) >= HEADERS and any(each and each.is_number for each in below):
                yield row, run[0], run[-1]
            run = [column] if cell and _is_header(cell) else []


def _is_header(cell: Shown) -> bool:
    return not cell.is_number and bool(cell.text) and cell.format.bold and bool(cell.format.fill)


def alternatives(sheet: SheetFile) -> Found:
    """Every drawing has a name, and a text of its own that says what is to be seen."""
    told = Counter(each.description for each in sheet.drawn)
    for drawn in sheet.drawn:
        if not drawn.name.strip():
            yield "", "a drawing has no name"
        if len(drawn.description) < 20 or (
            drawn.chart is not None and not re.search(r"\d", drawn.description)
        ):
            yield "", f"says too little: {drawn.description!r}"
        if told[drawn.description] > 1:
            yield "", f"two drawings are described alike: {drawn.description!r}"


def reading_order(sheet: SheetFile) -> Found:
    """The Tab key goes through drawings as they are read: downwards, then to the right."""
    places = [(each.top, each.left) for each in sheet.sizes.drawings]
    for one, other in pairwise(places):
        if other[0] < one[0] - 1 and other[1] < one[1] - 1:
            yield "", "a drawing comes after one that is below it and to its right"


def texts(sheet: SheetFile) -> Found:
    """Every text has a contrast of 4.5 to what is behind it, large text of 3."""
    for place, text in faint_texts(sheet):
        yield relative_address(*place), text


def links(sheet: SheetFile) -> Found:
    """A link's text says where it leads, and is underlined."""
    for link in sheet.view.links:
        cell = sheet.cells.get(link.place)
        text = cell.text if cell else ""
        says_where = text and text in link.target
        if not says_where and (len(text) < 4 or re.match(r"(?i)(click|here|link|http|#)", text)):
            yield relative_address(*link.place), f"a link says {text!r}"


def readable(sheet: SheetFile) -> Found:
    """The cells of a locked sheet can be selected, and so be read aloud."""
    if not sheet.view.is_readable:
        yield "", "its cells cannot be selected"


def marks(sheet: SheetFile) -> Found:
    """No condition shows by a colour alone: a text says it, or bold type, or a frame.

    The text is in the condition (PASS), in the one cell that it is for, or the mark that it reads.
    What ISNA hides is only for a chart; cells without visible numbers are pixels of a picture.
    """
    ticked = any('[=1]"' in cell.format.number_format for cell in sheet.cells.values())
    for each in sheet.view.highlights:
        others = each.change.others or each.change.number_format
        if others or not (each.change.colour or each.change.fill):
            continue
        place, own = each.place[:2], sheet.cells.get(each.place[:2])
        is_told = '"' in each.formula or each.formula.startswith("ISNA(")
        is_told |= own is not None and own.format.number_format == HIDDEN
        is_told |= own is not None and not own.is_number and each.place == place * 2
        is_told |= ticked and each.formula.endswith("=1")
        if not is_told:
            yield relative_address(*place), f"shows by colour alone: {each.formula[:60]}"


def red_numbers(sheet: SheetFile) -> Found:
    """No number format shows by red alone that a number is negative."""
    for cell in sheet.cells.values():
        if "[red]" in cell.format.number_format.lower() and "-" not in cell.format.number_format:
            yield relative_address(*cell.place), "is red without a minus"


class Look(NamedTuple):
    """How a series is drawn: its colours, and what else tells it from others."""

    colours: tuple[str, ...]
    shape: tuple[str, ...]


def _look(series: etree._Element) -> Look:
    line, marker = series.find("{*}spPr/{*}ln"), series.find("{*}marker")
    if line is not None and line.find("{*}noFill") is not None:
        line = None
    drawn, shape = (
        line,
        [*_attributes(marker, "symbol", "val"), *_attributes(marker, "size", "val")],
    )
    if line is not None:
        shape += [str(line.get("w", "")), *_attributes(line, "prstDash", "val")]
    elif shape != ["none"]:
        drawn = marker
    return Look(_attributes(drawn, "srgbClr", "val"), tuple(shape))


def _attributes(element: etree._Element | None, tag: str, name: str) -> tuple[str, ...]:
    """The values of an attribute of the elements of a kind inside of one."""
    found = element.iter(f"{{*}}{tag}") if element is not None else ()
    return tuple(str(each.get(name)) for each in found)


def faint_series(sheet: SheetFile) -> Found:
    """Every line and marker has a contrast of 3 to its ground, or within itself on a picture."""
    grounds = {WHITE, *(each for _, colours in sheet.view.shades for each in colours)}
    for drawn, hides in zip(sheet.drawn, sheet.opaque, strict=True):
        if drawn.chart is None:
            continue
        seen = set()
        for series in drawn.chart.iter("{*}ser"):
            look = _look(series)
            best = _seen_on(look.colours, {WHITE} if hides else grounds)
            if best < GRAPHIC and look.colours not in seen:
                seen.add(look.colours)
                yield "", f"{drawn.name}: {' '.join(look.colours)} is {best:.2f}"


def _seen_on(colours: tuple[str, ...], grounds: set[str]) -> float:
    """The contrast of the better colour to the worst ground, or within a marker with a frame."""
    if not colours:
        return GRAPHIC
    within = contrast(min(colours), max(colours))
    return max(within, min(max(contrast(each, ground) for each in colours) for ground in grounds))


def alike_series(sheet: SheetFile) -> Found:
    """Two series of a chart are told apart by more than their colours.

    But not those that have their words on them, or, as a line of two points, beside them.
    """
    for drawn in sheet.drawn:
        if drawn.chart is None:
            continue
        looks = {_look(each) for each in drawn.chart.iter("{*}ser") if _is_compared(each)}
        for one, other in combinations(sorted(looks), 2):
            if one.colours and other.colours and one.shape == other.shape:
                yield "", f"{drawn.name}: {one.colours} and {other.colours} by colour alone"
                break


def _is_compared(series: etree._Element) -> bool:
    count = next(series.iterfind("{*}yVal/{*}numRef/{*}numCache/{*}ptCount"), None)
    is_sample = count is not None and count.get("val") == "2"
    return not is_sample and series.find("{*}dLbls") is None


def chart_texts(sheet: SheetFile) -> Found:
    """The texts of a chart have a contrast of 4.5 to its ground."""
    for drawn in sheet.drawn:
        texts = drawn.chart.iter("{*}txPr", "{*}rich") if drawn.chart is not None else ()
        colours = {str(each.get("val")) for text in texts for each in text.iter("{*}srgbClr")}
        for colour in sorted(colours):
            if contrast(colour, WHITE) < TEXT:
                yield "", f"{drawn.name}: text in {colour}"


RULES: dict[str, Callable[[SheetFile], Found]] = {
    "title in A1": title,
    "tab": tab,
    "merged cells": merged,
    "header rows": header_rows,
    "alternative text": alternatives,
    "reading order": reading_order,
    "links": links,
    "can be read aloud": readable,
    "contrast of texts": texts,
    "contrast in charts": faint_series,
    "texts in charts": chart_texts,
    "series": alike_series,
    "marks": marks,
    "negative numbers": red_numbers,
}


if __name__ == "__main__":
    for file in sys.argv[1:]:
        for name, found in findings(Path(file)):
            print(f"{name}: {found}")
