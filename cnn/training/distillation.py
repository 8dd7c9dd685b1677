"""Distillation: a network learns what trained ones answer, beside the labels.

Hinton, Vinyals and Dean, 2015: https://arxiv.org/abs/1503.02531
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import log_softmax
from torch.nn.utils import convert_conv2d_weight_memory_format, fuse_conv_bn_eval

from cnn.model_names import is_own
from cnn.training.config import Config
from cnn.training.evaluation import trained_model
from cnn.training.faster_layers import pool_before_relu
from cnn.training.recipes import Distillation
from cnn.training.run import Run
from sheetgen.errors import InputError


class Teachers:
    """Trained networks that do not change any more, and how much a student learns from them."""

    def __init__(
        self, networks: Sequence[nn.Module], settings: Distillation, checksums: dict[str, str]
    ) -> None:
        self.networks = networks
        self.settings = settings
        self.checksums = checksums
        """The SHA-256 of each one's weights, by the directory of its run."""

    def log_probabilities(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the mean of the teachers' log-probabilities, (N, classes).

        Of one teacher they are its logits, up to a number for each image that softmax ignores.
        """
        with torch.inference_mode():
            return torch.stack([network(inputs) for network in self.networks]).mean(dim=0)

    def objectives(
        self, of_labels: torch.Tensor, inputs: torch.Tensor, log_probabilities: torch.Tensor
    ) -> torch.Tensor:
        """Return (1 - w) · objective of the labels + w · T² · cross-entropy with the teachers.

        Both are of each image, (N,). The cross-entropy is that of the softened probabilities,
        softmax(logits / T); T² keeps its gradient as large as that of the labels.
        """
        weight, temperature = self.settings.distillation_weight, self.settings.temperature
        targets = (self.log_probabilities(inputs) / temperature).softmax(dim=1)
        softened = log_softmax(log_probabilities / temperature, dim=1)
        of_teachers = -(targets * softened).sum(dim=1) * temperature**2
        return (1 - weight) * of_labels + weight * of_teachers


def teachers_of(config: Config, device: torch.device) -> Teachers | None:
    """Return the teachers of a run, on a device; None if its recipe has none.

    Raises `InputError` if a teacher's run is missing, not finished, or of other images.
    """
    settings = config.recipe.distillation
    if not settings.teachers:
        return None
    checksums = {path: _checksum(path) for path in settings.teachers}
    networks = [_teacher(path, config).to(device) for path in settings.teachers]
    return Teachers(networks, settings, checksums)


def _checksum(path: str) -> str:
    try:
        return hashlib.sha256(Run(Path(path)).weights.read_bytes()).hexdigest()
    except OSError as error:
        found = "no folder" if not Path(path).exists() else "no finished training"
        raise InputError(
            f"teachers: found {found} in {path}; expected a run that `cnn train --run {path}` made"
        ) from error


def _teacher(path: str, config: Config) -> nn.Module:
    """Return the trained network of a run, for evaluation."""
    found, network = trained_model(Path(path))
    ours, theirs = config.image_format, found.image_format
    same = ("shape", "classes", "mean", "deviation")
    if any(getattr(ours, name) != getattr(theirs, name) for name in same):
        raise InputError(
            f"teachers: {path} was trained on {theirs.title}, {theirs.sides}, "
            f"{len(theirs.classes)} classes; expected images as those of the run"
        )
    if not is_own(found.model) and isinstance(network, nn.Sequential):
        network = _folded(network.eval())
    network = network.eval().requires_grad_(requires_grad=False)
    return convert_conv2d_weight_memory_format(network, torch.channels_last)


def _folded(network: nn.Sequential) -> nn.Sequential:
    """Return a network in which each BatchNorm after a convolution is part of its weights.

    It computes the same, but for rounding, in two thirds of the time.
    """
    layers: list[nn.Module] = []
    for layer in network:
        if type(layer) is nn.BatchNorm2d and layers and type(layers[-1]) is nn.Conv2d:
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    folded = nn.Sequential(*layers)
    pool_before_relu(folded)
    for layer in folded:
        if isinstance(layer, nn.ReLU):
            layer.inplace = True
    return folded
