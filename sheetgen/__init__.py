"""Neural networks as live spreadsheet formulas, verified against NumPy.

    from sheetgen import Network, Template, build_workbook, verify

`Network` and `Template` say what to build, `build_workbook` writes it, `verify` recalculates it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from sheetgen.version import __version__

__all__ = ["Network", "Template", "__version__", "build_workbook", "verify"]

if TYPE_CHECKING:
    from sheetgen.network.network import Network
    from sheetgen.template.template import Template
    from sheetgen.verification.verify import verify
    from sheetgen.workbook.build import build_workbook

_MODULES = {
    "Network": "sheetgen.network.network",
    "Template": "sheetgen.template.template",
    "build_workbook": "sheetgen.workbook.build",
    "verify": "sheetgen.verification.verify",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any type that the module has
    """Import a name when it is first used, so that the commands start fast."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
