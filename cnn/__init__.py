"""Small convolutional networks for 28×28 digits: their layers and their command line.

    from cnn import export_workbook

writes a network that PyTorch holds as a workbook of live formulas.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnn.export import export_workbook

__all__ = ["export_workbook"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the type of what is asked for
    """Import what is asked for: the commands' help need not wait for torch."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cnn import export  # noqa: PLC0415

    return getattr(export, name)
