"""A fully connected layer of a network: its weights, its biases, its activation."""

from dataclasses import dataclass, field

from sheetgen.network.activations import Activation, Sigmoid


@dataclass(frozen=True)
class Layer:
    """A fully connected layer: weights[unit][source] and biases[unit], as torch.nn.Linear's.

    Without biases there are none; those that are not trained stay what they are.
    """

    weights: tuple[tuple[float, ...], ...]
    activation: Activation = field(default_factory=Sigmoid)
    biases: tuple[float, ...] | None = None
    train_biases: bool = True

    @property
    def units(self) -> int:
        """Number of units, the rows of the weight matrix."""
        return len(self.weights)

    @property
    def fan_in(self) -> int:
        """Number of values that each unit reads, the columns of the weight matrix."""
        return len(self.weights[0])
