"""What a network trains: its weights and biases, and the connections that use them."""

from dataclasses import dataclass
from typing import NamedTuple


class Connection(NamedTuple):
    """One use of a weight: it carries `source` (an input or an activation) into the unit `target`.

    `unit` and `position` are the weight's row and column in the layer's matrix.
    """

    name: str
    layer: int
    unit: int
    position: int
    source: str
    target: str

    @property
    def gradient(self) -> str:
        """The header of the column of its weight's gradient."""
        return f"∂E/∂{self.name}"


@dataclass(frozen=True)
class Weight:
    """A weight, which a fully connected layer uses once and a kernel at many positions."""

    name: str
    layer: int
    unit: int
    position: int
    uses: tuple[Connection, ...]

    @property
    def gradient(self) -> str:
        """The header of its gradient's column."""
        return f"∂E/∂{self.name}"

    @property
    def source(self) -> str:
        """What it multiplies, if that is one value."""
        (use,) = self.uses
        return use.source

    @property
    def target(self) -> str:
        """The unit that it leads into, if that is one."""
        (use,) = self.uses
        return use.target


@dataclass(frozen=True)
class Bias:
    """A bias: it is added to the pre-activations of a unit, or of all units of a map."""

    name: str
    layer: int
    unit: int
    targets: tuple[str, ...]
    is_trained: bool

    @property
    def gradient(self) -> str:
        """The header of its gradient's column."""
        return f"∂E/∂{self.name}"

    @property
    def target(self) -> str:
        """The unit that it is added to, if that is one."""
        (target,) = self.targets
        return target


Parameter = Weight | Bias
