"""A trained network as a workbook in which every activation is a live formula.

The functions are loaded on first use: the command line imports this package without torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnn.export.export import Exported, export_workbook
    from cnn.export.verification.verify_export import verify_workbook

__all__ = ["Exported", "export_workbook", "verify_workbook"]

_MODULES = {
    "Exported": "cnn.export.export",
    "export_workbook": "cnn.export.export",
    "verify_workbook": "cnn.export.verification.verify_export",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - depends on the name
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
