"""Tests a network: loss, accuracy, confusion matrix, mistakes."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import nn
from torch.nn.functional import nll_loss

from cnn.mnist import Images, normalize
from cnn.models import CLASSES

BATCH = 1000
"""Images per forward pass."""


@dataclass(frozen=True)
class Evaluation:
    """A network's output for a set of digits, in their order; all tensors are on the CPU."""

    log_probabilities: torch.Tensor
    """(N, 10), float32."""
    labels: torch.Tensor
    """(N,), int64."""

    @cached_property
    def predictions(self) -> torch.Tensor:
        """The most likely class of each image, (N,) of int64."""
        return self.log_probabilities.argmax(dim=1)

    @cached_property
    def loss(self) -> float:
        """The mean negative log-likelihood of the labels, in nats."""
        return float(nll_loss(self.log_probabilities.double(), self.labels))

    @cached_property
    def right(self) -> int:
        """The number of images classified correctly."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The fraction of images classified correctly."""
        return self.right / len(self.labels)

    @cached_property
    def certainty(self) -> torch.Tensor:
        """The probability of each image's predicted class, (N,) of float32."""
        return self.log_probabilities.max(dim=1).values.exp()

    @cached_property
    def mistakes(self) -> torch.Tensor:
        """The indices of the misclassified images, highest probability first."""
        wrong = (self.predictions != self.labels).nonzero().flatten()
        highest = self.log_probabilities[wrong].max(dim=1).values
        return wrong[highest.argsort(descending=True, stable=True)]

    @cached_property
    def confusion(self) -> torch.Tensor:
        """The number of images of each class (row) classified as each class (column)."""
        pairs = self.labels * CLASSES + self.predictions
        return torch.bincount(pairs, minlength=CLASSES * CLASSES).view(CLASSES, CLASSES)


def evaluate(model: nn.Module, images: Images) -> Evaluation:
    """Classify the images; leaves the network, on the same device, in evaluation mode."""
    model.eval()
    with torch.inference_mode():
        outputs = [
            model(normalize(pixels.unsqueeze(1)).contiguous(memory_format=torch.channels_last))
            for pixels in images.pixels.split(BATCH)
        ]
    return Evaluation(torch.cat(outputs).float().cpu(), images.labels.cpu())
