"""Describes the stages that bring numbers of several layers together: sums, products, gathers."""

from dataclasses import dataclass

from cnn.export.network.stages import Stage


@dataclass(frozen=True, eq=False)
class Combine(Stage):
    """Maps of the same shape, number by number, such as the sum of two."""

    formula: str
    """The expression of the result, with `{0}`, `{1}` and so on for their numbers."""
    stem: str
    word: str


@dataclass(frozen=True, eq=False)
class MatrixProduct(Stage):
    """The products of two matrices for each channel, (channels, m, k) and (channels, k, n)."""

    stem = "matmul"
    word = "matrix product"


@dataclass(frozen=True, eq=False)
class Gather(Stage):
    """Numbers of other layers, unchanged, brought together in a map."""

    stem: str
    word: str
