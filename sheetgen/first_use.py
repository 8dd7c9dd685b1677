"""Lets a package offer names whose modules are imported when a name is first used.

So the help of the commands waits neither for NumPy nor for torch, though `from sheetgen import
verify` works. A type checker reads the imports below TYPE_CHECKING of each such package.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def on_first_use(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package (PEP 562) that has each name in the module given."""

    def attribute(name: str) -> Any:  # noqa: ANN401 - any type that the module has
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(modules[name]), name)

    return attribute
