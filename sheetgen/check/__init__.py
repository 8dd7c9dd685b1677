"""Audits training tables that people made by hand: call `check_workbook`."""

from sheetgen.check.audit import check_workbook
from sheetgen.check.findings import (
    Column,
    Finding,
    LearningRate,
    TableReport,
    WorkbookReport,
)

__all__ = [
    "Column",
    "Finding",
    "LearningRate",
    "TableReport",
    "WorkbookReport",
    "check_workbook",
]
