"""Names what a forward calls by the modules that its author wrote.

The forward is followed as calls, which the export reads as modules for maps: a Conv1d as a Conv2d
over maps of one row, a ReLU6 as a Hardtanh. A reader knows the modules of the network itself.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from cnn.export.network.grouping import Operation
from cnn.export.network.modules import in_one_line


def as_written(model: nn.Module, operations: Sequence[Operation]) -> list[Operation]:
    """Return the operations, each that is all that a module of torch.nn does named as that one."""
    modules = {path: module for path, module in model.named_modules() if path}
    counts = Counter(map(_path, operations))
    return [
        replace(each, name=path, words=f"{path}: {in_one_line(modules[path])}")
        if counts[path := _path(each)] == 1 and _is_plain(modules.get(path))
        else each
        for each in operations
    ]


def _path(operation: Operation) -> str:
    return operation.words.partition(": ")[0]


def _is_plain(module: nn.Module | None) -> bool:
    """Tell whether a module is one of torch.nn without modules of its own."""
    if module is None or next(module.children(), None) is not None:
        return False
    return type(module).__module__.startswith("torch.nn.modules.")
