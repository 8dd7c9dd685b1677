"""Data pruning: an epoch leaves out most of the easy images, and the others of them count more.

InfoBatch, Qin et al., 2023: https://arxiv.org/abs/2303.04947. There an image is easy whose loss is
below the mean; here a fixed part of them is, so that the number of steps is known from the start.
"""

import torch

from cnn.training.processes import Processes
from cnn.training.recipes import EASY


def fewest(images: int, pruned: float) -> int:
    """Return how many of so many images all epochs but the first take."""
    return images - min(round(images * pruned), round(images * EASY) - 1)


class Pruning:
    """Which of the training images an epoch takes, and how much each of them counts.

    All images are taken in the first epoch. After it, of the E easy ones k are drawn, and each
    counts E / k times: an epoch's weighted mean of the gradients is expected to be that of all.
    """

    def __init__(self, images: int, pruned: float, device: torch.device) -> None:
        """Prepare for so many images, of which all epochs but the first leave out a part."""
        self.images = images
        self.easy = round(images * EASY)
        self.left_out = images - fewest(images, pruned)
        self.losses = torch.zeros(images, device=device)
        """Of each image, when it was last trained on."""
        self.weights = torch.ones(images, device=device)
        """How many times each image of this epoch counts."""
        self.noted = torch.zeros_like(self.losses)
        """Of each image of this epoch that this process trained on; 0 for the others."""

    def count(self, epoch: int) -> int:
        """Return how many images an epoch, counted from 1, takes."""
        return self.images if epoch == 1 else self.images - self.left_out

    def choose(self, epoch: int, generator: torch.Generator) -> torch.Tensor:
        """Return the indices of the images of an epoch in random order, (count,) of int64."""
        self.noted.zero_()
        self.weights.fill_(1.0)
        if self.count(epoch) == self.images:
            return torch.randperm(self.images, generator=generator).to(self.losses.device)
        by_loss = self.losses.argsort(stable=True)
        drawn = torch.randperm(self.easy, generator=generator)[self.left_out :]
        easy = by_loss[drawn.to(by_loss.device)]
        self.weights[easy] = self.easy / len(easy)
        chosen = torch.cat([easy, by_loss[self.easy :]])
        return chosen[torch.randperm(len(chosen), generator=generator).to(chosen.device)]

    def note(self, indices: torch.Tensor, losses: torch.Tensor) -> None:
        """Keep the losses, (N,), of the images with these indices, (N,)."""
        self.noted[indices] = losses

    def end_epoch(self, chosen: torch.Tensor, processes: Processes) -> None:
        """Bring together what all processes noted of the images of an epoch."""
        self.losses[chosen] = processes.add_up(self.noted)[chosen]

    def load(self, losses: torch.Tensor) -> None:
        """Go on from losses, (images,). Raises ValueError if they are of other images."""
        if losses.shape != self.losses.shape:
            raise ValueError("they are of other images")
        self.losses.copy_(losses)
