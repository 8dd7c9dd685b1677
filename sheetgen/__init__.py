"""Neural networks as live spreadsheet formulas, verified against NumPy.

    from sheetgen import Network, Template, build_workbook, insert_sheets, open_workbook, verify

`Network` and `Template` say what to build, `build_workbook` writes it, `verify` recalculates it.
`open_workbook` sets and reads the cells of any workbook, `insert_sheets` adds sheets of another
to it; both lose nothing.
"""

from typing import TYPE_CHECKING

from sheetgen.first_use import on_first_use
from sheetgen.version import __version__

__all__ = [
    "Network",
    "Template",
    "__version__",
    "build_workbook",
    "insert_sheets",
    "open_workbook",
    "verify",
]

if TYPE_CHECKING:
    from sheetgen.network.network import Network
    from sheetgen.spreadsheet.book import open_workbook
    from sheetgen.spreadsheet.insert.insert_into import insert_sheets
    from sheetgen.template.template import Template
    from sheetgen.verification.verify import verify
    from sheetgen.workbook.build import build_workbook

__getattr__ = on_first_use(
    __name__,
    {
        "Network": "sheetgen.network.network",
        "Template": "sheetgen.template.template",
        "build_workbook": "sheetgen.workbook.build",
        "insert_sheets": "sheetgen.spreadsheet.insert.insert_into",
        "open_workbook": "sheetgen.spreadsheet.book",
        "verify": "sheetgen.verification.verify",
    },
)
