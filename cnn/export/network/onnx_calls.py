"""The nodes of an ONNX graph as calls: attributes, and inputs as far as they are constant."""

import enum
from collections.abc import Callable, Sequence
from typing import Any

from cnn.export.network.modules import UnsupportedError
from sheetgen.network.activations import Array


class Computed(enum.Enum):
    """In place of the numbers of an input that is computed."""

    INPUT = enum.auto()


Held = Array | Computed | None
"""An input's numbers; None for one that is left out."""


class Call:
    """A node's attributes, and its inputs as far as they are constant."""

    def __init__(
        self,
        attributes: dict[str, Any],
        constants: Sequence[Held],
        opset: int,
        results: int = 1,
    ) -> None:
        self.attributes = attributes
        self.constants = tuple(constants)
        self.opset, self.results = opset, results

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - any attribute
        """Return an attribute, texts as str."""
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def constant(self, place: int) -> Array | None:
        """Return an input's numbers, None if there is no such input.

        Raises UnsupportedError if they are computed from the network's input.
        """
        if place >= len(self.constants):
            return None
        found = self.constants[place]
        if isinstance(found, Computed):
            raise UnsupportedError("its settings are computed from the input")
        return found

    def is_constant(self, place: int) -> bool:
        """Return whether an input is there and constant."""
        return not isinstance(self.constants[place], Computed | None)

    def numbers(self, name: str, place: int) -> list[int] | None:
        """Return whole numbers that are an attribute or, in later versions, an input."""
        held = self.constant(place)
        found = self.get(name) if held is None else held.reshape(-1).tolist()
        return None if found is None else [int(each) for each in found]


Operator = Callable[..., Any]
"""Returns a node's result, or several, from its `Call` and its inputs; None is one left out."""
