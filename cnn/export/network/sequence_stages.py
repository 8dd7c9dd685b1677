"""Describes the stages that read sequences: embeddings of words, and recurrent layers."""

from dataclasses import dataclass, field

from cnn.export.network.stages import Stage
from sheetgen.network.activations import Array


@dataclass(frozen=True, eq=False)
class Embedding(Stage):
    """Rows of a table (words, size), each chosen by a whole number. See torch.nn.Embedding.

    A map has a row for each of the numbers, and a channel for each column of the table.
    """

    stem = "embedding"
    word = "embedding"
    table: Array = field(repr=False)


GATES = {
    "LSTM": ("i", "f", "g", "o", "c", "h"),
    "GRU": ("r", "z", "n", "h"),
    "RNN": ("h",),
    "RNN with ReLU": ("h",),
}
"""The gates and states of a step, side by side on a sheet, as the pages of torch.nn name them."""


@dataclass(frozen=True, eq=False)
class Recurrent(Stage):
    """A layer that reads a sequence step by step, and at each what it gave at the one before.

    A map has a row for each step, and channels for the units of each of `GATES[kind]`. Weights
    (gates · units, inputs), hidden weights (gates · units, units) and biases are those of
    torch.nn.LSTM and its like; with `states` what is before the first step is read, else it is 0.
    """

    stem = "recurrent"
    kind: str
    weights: Array = field(repr=False)
    hidden_weights: Array = field(repr=False)
    biases: Array | None = field(repr=False)
    hidden_biases: Array | None = field(repr=False)
    """Those of a GRU's candidate; the others are part of `biases`."""
    backwards: bool = False
    states: bool = False

    @property
    def word(self) -> str:  # type: ignore[override]
        """The textbook name of what it does."""
        return f"{self.kind}, backwards" if self.backwards else self.kind

    @property
    def units(self) -> int:
        """The number of its hidden units."""
        return len(self.hidden_weights[0])
