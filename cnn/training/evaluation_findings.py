"""What the test of a network found, in plain numbers, which can be kept. Needs no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_MISTAKES = 96
"""Misclassified images that are known one by one."""


@dataclass(frozen=True)
class Mistake:
    """A misclassified image, the number of the class that it was taken for, and how probably."""

    index: int
    taken_for: int
    probability: float


@dataclass(frozen=True)
class Findings:
    """What a network makes of a set of images."""

    confusion: list[list[int]]
    """The number of images of each class (row) classified as each class (column)."""
    loss: float
    """The mean negative log-likelihood of the labels, in nats."""
    mistakes: Sequence[Mistake]
    """The first misclassified images, highest probability first."""

    @property
    def images(self) -> int:
        """The number of images."""
        return sum(map(sum, self.confusion))

    @property
    def right(self) -> int:
        """The number of images classified correctly."""
        return sum(row[place] for place, row in enumerate(self.confusion))

    @property
    def wrong(self) -> int:
        """The number of misclassified images."""
        return self.images - self.right

    @property
    def accuracy(self) -> float:
        """The fraction of images classified correctly."""
        return self.right / self.images
