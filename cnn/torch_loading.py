"""Loads torch and torchvision when a command needs them.

PyPI's torchvision for Linux is compiled against CUDA. Beside a CPU-only torch its library does
not load, and the import ends with `operator torchvision::nms does not exist`: the Python part
describes two operators that only the library declares. They are declared here instead; no data
set uses either.
"""

import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sheetgen.console.interruption import ending_at_once
from sheetgen.errors import InputError

if TYPE_CHECKING:
    from torch.library import Library

OPERATORS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

_declared: list["Library"] = []
"""Operators vanish with the library that declares them, so it is kept until the process ends."""


def require_torch() -> None:
    """Import torch. Raises `InputError`, saying how to install it, if it is not installed."""
    wait_briefly()
    try:
        with ending_at_once(), _without_collecting():
            importlib.import_module("torch")
    except ModuleNotFoundError as error:
        # An installed torch that lacks another package is a different fault.
        if error.name != "torch":
            raise
        raise InputError("cnn needs PyTorch: pip install 'sheetgen[cnn]'") from error


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the garbage collector from going through what is made here, now and later on.

    That is 170,000 objects of torch, none of them garbage, again and again. Where torch is there
    already, what has been made since is the user's, and left to it.
    """
    if "torch" in sys.modules:
        yield
        return
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if is_enabled:
            gc.enable()


def wait_briefly() -> None:
    """Make OpenMP's threads spin for microseconds only while they wait for work.

    By default they spin for milliseconds, which makes a step 2 to 10 times slower whenever
    another process needs the core; without spinning a step is 1.2 to 1.5 times slower on an idle
    machine. The libraries read this once, when torch loads them: GNU's reads the number of
    turns, others the policy.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "passive"
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")


def import_mnist() -> ModuleType:
    """Return the module `torchvision.datasets.mnist`.

    Raises `InputError` if torchvision is not installed or does not fit this torch.
    """
    return _of_torchvision("torchvision.datasets.mnist")


def import_image_folder() -> Callable[..., Any]:
    """Return torchvision's class `ImageFolder`; raises `InputError` as `import_mnist` does."""
    found: Callable[..., Any] = _of_torchvision("torchvision.datasets.folder").ImageFolder
    return found


def _of_torchvision(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "torchvision":
            raise
        raise InputError("cnn needs torchvision: pip install 'sheetgen[cnn]'") from error
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    _declare_operators()
    try:
        return importlib.import_module(module)
    except (RuntimeError, ImportError) as error:
        raise InputError(f"torchvision does not fit the installed torch: {error}") from error


def _declare_operators() -> None:
    import torch  # noqa: PLC0415 - this module is imported without torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in OPERATORS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(name + schema)
    _declared.append(library)
