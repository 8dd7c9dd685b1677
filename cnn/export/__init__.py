"""A trained network as a workbook in which every activation is a live formula.

The functions are loaded on first use: the command line imports this package without torch.
"""

from typing import TYPE_CHECKING

from sheetgen.first_use import on_first_use

if TYPE_CHECKING:
    from cnn.export.export import Exported, export_workbook
    from cnn.export.verification.verify_export import verify_workbook

__all__ = ["Exported", "export_workbook", "verify_workbook"]

__getattr__ = on_first_use(
    __name__,
    {
        "Exported": "cnn.export.export",
        "export_workbook": "cnn.export.export",
        "verify_workbook": "cnn.export.verification.verify_export",
    },
)
