"""What the readers of torch modules share."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from cnn.export.network.stages import Array


class UnsupportedError(Exception):
    """A module, or one of its options, that no formula is written for; the message says why."""


class MisfitError(UnsupportedError):
    """A module that does not fit the maps that it would get; the message says why."""


def in_one_line(module: nn.Module) -> str:
    """Return a module as torch prints it, of one with several lines only its class."""
    lines = str(module).splitlines()
    return lines[0] if len(lines) == 1 else f"{type(module).__name__}(…)"


def refuse_options(module: nn.Module, allowed: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise UnsupportedError if one of a module's options has another value than those allowed."""
    for name, values in allowed.items():
        found = getattr(module, name)
        if found not in values:
            expected = " or ".join(map(repr, values))
            raise UnsupportedError(f"{name} is {found!r}; expected {expected}")


def pair(value: Any) -> tuple[int, int]:  # noqa: ANN401 - an int or two, as torch takes them
    """Return an option of the height and the width, which one number may stand for."""
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def numbers(values: torch.Tensor) -> Array:
    """Return a tensor's numbers as float64; UnsupportedError if not all of them are finite."""
    if values.is_meta:
        raise UnsupportedError("its parameters are on the device meta, which holds no numbers")
    if values.is_complex():
        raise UnsupportedError("its parameters are complex numbers")
    if not bool(torch.isfinite(values).all()):
        raise UnsupportedError("its parameters are not all finite numbers")
    return values.detach().double().cpu().numpy().copy()
