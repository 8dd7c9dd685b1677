"""A workbook of ours as openpyxl opens it."""

import re
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import openpyxl
from lxml import etree
from openpyxl.utils import range_boundaries
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen.workbook.build import Built
from sheetgen.workbook.plan import Plan

CHART = {"c": "http://schemas.openxmlformats.org/drawingml/2006/chart"}
RATES = ["lr 0.1", "lr 0.2", "lr 0.5", "lr 0.8", "lr 1", "lr 2"]
TABLES = ["Playground", *RATES]
PROTECTED = ["Overview", "Inputs", "Derivation", "Learning rates", "Gradient check"]


@dataclass(frozen=True)
class Book:
    """A workbook as openpyxl reads it: once its formulas, once its cached values."""

    path: Path
    plan: Plan
    formulas: Workbook
    values: Workbook


def opened(built: Built) -> Book:
    """A workbook that was built; not to be written to."""
    return Book(built.saved.path, built.plan, *_opened(built.saved.path))


@cache
def _opened(path: Path) -> tuple[Workbook, Workbook]:
    return openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)


def header_row(sheet: Worksheet) -> int:
    (row,) = {cell.row for row in sheet for cell in row if cell.value == "iteration"}
    return row


def header_columns(sheet: Worksheet) -> dict[str, int]:
    """Symbol → column of a training table."""
    row = sheet[header_row(sheet)]
    first = next(cell.column for cell in row if cell.value == "iteration")
    return {cell.value: cell.column for cell in row if cell.column >= first}


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def charts(path: Path) -> list[etree._Element]:
    found = [
        etree.fromstring(part)
        for name, part in parts(path).items()
        if re.fullmatch(r"xl/charts/chart\d+\.xml", name)
    ]
    # Diagram, Explorer's two, tables, overlays and small ones, what lies over the two surfaces.
    assert len(found) == 1 + 2 + len(TABLES) + 2 + len(RATES) + 2
    return found


def cells(workbook: Workbook, reference: str) -> list[object]:
    """The values of a chart's reference, such as 'lr 0.1'!$D$6:$D$106."""
    name, _, address = reference.rpartition("!")
    left, top, right, bottom = range_boundaries(address)
    rows = workbook[name.strip("'")].iter_rows(top, bottom, left, right, values_only=True)
    return [value for row in rows for value in row]
