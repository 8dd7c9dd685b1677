"""Tests a network, or that of a run: loss, accuracy, confusion matrix, mistakes."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import nll_loss
from torch.nn.utils import convert_conv2d_weight_memory_format

from cnn.mnist import Digits, Images, normalize
from cnn.models import CLASSES, build_model
from cnn.own_model import is_own
from cnn.training.config import Config, load, remembered_folder
from cnn.training.run import Run
from cnn.training.tensor_files import misfit
from sheetgen.errors import InputError

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


def evaluate_run(path: Path, data_dir: Path | None) -> tuple[Config, Evaluation]:
    """Test the network of a run on the images that its log's test columns refer to.

    Raises `InputError` if the run or the data is missing or damaged.
    """
    config, model = trained_model(path)
    if not is_own(config.model):
        convert_conv2d_weight_memory_format(model, torch.channels_last)
    return config, evaluate(model, run_digits(path, config, data_dir).test)


def run_digits(path: Path, config: Config, data_dir: Path | None) -> Digits:
    """Return the digits of a run. Raises `InputError` if they are missing or damaged."""
    run = Run(path)
    return load(config, data_dir, remembered_folder(run.read_config(), run.config))


def trained_model(path: Path) -> tuple[Config, nn.Module]:
    """Return the network of a run with its trained weights.

    Raises `InputError` if the run has none, or those of another model.
    """
    run = Run(path)
    config = Config.from_dict(run.read_config(), run.config)
    model = build_model(config.model)
    weights = run.read_weights()
    if reason := misfit(weights, model.state_dict()):
        raise InputError(f"the weights in {path} do not fit {config.model}: {reason}")
    model.load_state_dict(weights)
    return config, model
