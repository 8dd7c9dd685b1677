"""Imports torchvision's MNIST, also where torchvision's compiled part cannot be loaded.

PyPI's torchvision for Linux is compiled against CUDA. Beside a CPU-only torch its library does
not load, and the import ends with `operator torchvision::nms does not exist`: the Python part
describes two operators that only the library declares. Declaring them here lets the import pass;
nothing of MNIST uses them.
"""

import importlib
from types import ModuleType

import torch

from sheetgen.errors import InputError

OPERATORS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

_declared: list[torch.library.Library] = []
"""Operators vanish with the library that declares them, so it is kept for the process's life."""


def import_mnist() -> ModuleType:
    """Return the module `torchvision.datasets.mnist`.

    Raises `InputError` if torchvision is not installed, or is not one for this torch.
    """
    try:
        return importlib.import_module("torchvision.datasets.mnist")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "torchvision":
            raise
        raise InputError("cnn needs torchvision: pip install 'sheetgen[cnn]'") from error
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    _declare_operators()
    try:
        return importlib.import_module("torchvision.datasets.mnist")
    except (RuntimeError, ImportError) as error:
        raise InputError(f"torchvision does not fit the installed torch: {error}") from error


def _declare_operators() -> None:
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in OPERATORS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(name + schema)
    _declared.append(library)
