"""Small convolutional networks for images, from their training to their workbooks.

    from cnn import export_workbook

exports any `torch.nn.Sequential` as a workbook of live formulas.

    from cnn import WorkbookLog

logs any training loop as a sheet of a workbook, and needs no torch. `LightningLog`, `KerasLog`,
`TransformersLog` and `IgniteLog` do so for trainings of these frameworks.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnn.export import export_workbook
    from cnn.log.adapters.ignite_log import IgniteLog as IgniteLog
    from cnn.log.adapters.keras_log import KerasLog as KerasLog
    from cnn.log.adapters.lightning_log import LightningLog as LightningLog
    from cnn.log.adapters.transformers_log import TransformersLog as TransformersLog
    from cnn.log.workbook_log import WorkbookLog

__all__ = ["WorkbookLog", "export_workbook"]

_MODULES = {
    "IgniteLog": "cnn.log.adapters.ignite_log",
    "KerasLog": "cnn.log.adapters.keras_log",
    "LightningLog": "cnn.log.adapters.lightning_log",
    "TransformersLog": "cnn.log.adapters.transformers_log",
    "WorkbookLog": "cnn.log.workbook_log",
    "export_workbook": "cnn.export",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - depends on the name
    """Import on first use, so that the commands' help does not wait for torch.

    Nothing imports a framework that the user does not ask for.
    """
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
