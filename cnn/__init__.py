"""Small convolutional networks for images, from their training to their workbooks.

    from cnn import export_workbook

exports any `torch.nn.Sequential` as a workbook of live formulas.

    from cnn import WorkbookLog

logs any training loop as a sheet of a workbook, and needs no torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnn.export import export_workbook
    from cnn.log.workbook_log import WorkbookLog

__all__ = ["WorkbookLog", "export_workbook"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - depends on the name
    """Import on first use, so that the commands' help does not wait for torch."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "WorkbookLog":
        from cnn.log.workbook_log import WorkbookLog  # noqa: PLC0415

        return WorkbookLog
    from cnn import export  # noqa: PLC0415

    return getattr(export, name)
