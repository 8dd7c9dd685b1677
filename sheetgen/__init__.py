"""Neural networks as live spreadsheet formulas, verified against NumPy.

    from sheetgen import Network, Template, build_workbook, verify

`Network` and `Template` say what to build, `build_workbook` writes it, `verify` recalculates it.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["Network", "Template", "build_workbook", "verify"]

if TYPE_CHECKING:
    from sheetgen.build import build_workbook
    from sheetgen.network import Network
    from sheetgen.template import Template
    from sheetgen.verification import verify

_MODULES = {
    "Network": "sheetgen.network",
    "Template": "sheetgen.template",
    "build_workbook": "sheetgen.build",
    "verify": "sheetgen.verification",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds under that name
    """Import what is asked for: the commands need not wait for all of it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
