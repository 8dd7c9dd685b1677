"""Small convolutional networks for images, from their training to their workbooks.

    from cnn import export_workbook

exports any `torch.nn.Sequential` as a workbook of live formulas.

    from cnn import WorkbookLog

logs any training loop as a sheet of a workbook, and needs no torch. `LightningLog`, `KerasLog`,
`TransformersLog` and `IgniteLog` do so for trainings of these frameworks.
"""

from typing import TYPE_CHECKING

from sheetgen.first_use import on_first_use

if TYPE_CHECKING:
    from cnn.export import export_workbook
    from cnn.log.adapters.ignite_log import IgniteLog as IgniteLog
    from cnn.log.adapters.keras_log import KerasLog as KerasLog
    from cnn.log.adapters.lightning_log import LightningLog as LightningLog
    from cnn.log.adapters.transformers_log import TransformersLog as TransformersLog
    from cnn.log.workbook_log import WorkbookLog

__all__ = ["WorkbookLog", "export_workbook"]

__getattr__ = on_first_use(
    __name__,
    {
        "IgniteLog": "cnn.log.adapters.ignite_log",
        "KerasLog": "cnn.log.adapters.keras_log",
        "LightningLog": "cnn.log.adapters.lightning_log",
        "TransformersLog": "cnn.log.adapters.transformers_log",
        "WorkbookLog": "cnn.log.workbook_log",
        "export_workbook": "cnn.export",
    },
)
