"""The names of models: a built-in network's, or where one of the user's own is. Needs no torch."""

from pathlib import Path


def is_own(model: str) -> bool:
    """Return whether the name of a model is one of a file or module, not a built-in network's."""
    return ":" in model or model.endswith(".py")


def label(model: str) -> str:
    """Return what a model is called: Net, for net.py:Net; a built-in network's own name."""
    return model.rpartition(":")[2] if is_own(model) else model


def origin(model: str) -> str:
    """Return the file, without its folders, or the module that an own model is in."""
    file = file_of(model)
    return file.name if file else model.rpartition(":")[0]


def file_of(model: str) -> Path | None:
    """Return the file that an own model is in, None if it is in a module."""
    source = model.rpartition(":")[0]
    return Path(source) if source.endswith(".py") else None


def located(model: str) -> str:
    """Return a model's name such that it holds in any folder: with the file's absolute path."""
    source, _, name = model.rpartition(":")
    return f"{Path(source).absolute()}:{name}" if source.endswith(".py") else model
