"""Audits training tables that people made by hand: call `check_workbook`."""

from typing import TYPE_CHECKING

from sheetgen.first_use import on_first_use

if TYPE_CHECKING:
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

__getattr__ = on_first_use(
    __name__,
    {
        "Column": "sheetgen.check.findings",
        "Finding": "sheetgen.check.findings",
        "LearningRate": "sheetgen.check.findings",
        "TableReport": "sheetgen.check.findings",
        "WorkbookReport": "sheetgen.check.findings",
        "check_workbook": "sheetgen.check.audit",
    },
)
