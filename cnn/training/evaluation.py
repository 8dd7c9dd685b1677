"""How well a network recognises digits."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import nn
from torch.nn.functional import nll_loss

from cnn.mnist import Images, normalize
from cnn.models import CLASSES

BATCH = 1000
"""Images at once."""


@dataclass(frozen=True)
class Evaluation:
    """The outcome on a set of digits, in their order; everything lies on the CPU."""

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
        """How many images are classified rightly."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The fraction of images classified rightly."""
        return self.right / len(self.labels)

    @cached_property
    def mistakes(self) -> torch.Tensor:
        """The places of the images that are taken for another digit, the surest mistake first."""
        wrong = (self.predictions != self.labels).nonzero().flatten()
        certainty = self.log_probabilities[wrong].max(dim=1).values
        return wrong[certainty.argsort(descending=True, stable=True)]

    @cached_property
    def confusion(self) -> torch.Tensor:
        """How many images of each class (row) were taken for each class (column)."""
        pairs = self.labels * CLASSES + self.predictions
        return torch.bincount(pairs, minlength=CLASSES * CLASSES).view(CLASSES, CLASSES)


def evaluate(model: nn.Module, images: Images) -> Evaluation:
    """Classify the images; the network, on the same device, is in evaluation mode afterwards."""
    model.eval()
    with torch.inference_mode():
        outputs = [
            model(normalize(pixels.unsqueeze(1)).contiguous(memory_format=torch.channels_last))
            for pixels in images.pixels.split(BATCH)
        ]
    return Evaluation(torch.cat(outputs).float().cpu(), images.labels.cpu())
