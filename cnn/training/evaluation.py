"""Tests a network, or that of a run: loss, accuracy, confusion matrix, mistakes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from rich.cells import cell_len
from torch import nn
from torch.nn.functional import nll_loss
from torch.nn.utils import convert_conv2d_weight_memory_format

from cnn.data.images import ImageFormat, Images, ReadImages
from cnn.model_names import is_own
from cnn.training.config import BEST, LAST, Config, load_tested, new_model, remembered_folder
from cnn.training.evaluation_findings import MOST_MISTAKES, Findings, Mistake
from cnn.training.run import Run
from cnn.training.tensor_files import misfit
from sheetgen.errors import InputError

BATCH = 250
"""Images per forward pass."""
_SHORT = 5
"""Cells of a terminal that a column has for a class; a Chinese letter takes two."""


@dataclass(frozen=True)
class Evaluation:
    """A network's output for a set of images, in their order; all tensors are on the CPU."""

    log_probabilities: torch.Tensor
    """(N, classes), float32."""
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
        classes = self.log_probabilities.shape[1]
        pairs = self.labels * classes + self.predictions
        return torch.bincount(pairs, minlength=classes**2).view(classes, classes)

    @property
    def findings(self) -> Findings:
        """What is found, in plain numbers."""
        first = self.mistakes[:MOST_MISTAKES]
        each = (first, self.predictions[first], self.certainty[first])
        mistakes = [Mistake(*one) for one in zip(*(found.tolist() for found in each), strict=True)]
        return Findings(self.confusion.tolist(), self.loss, mistakes)


def evaluate(model: nn.Module, images: Images) -> Evaluation:
    """Classify the images; leaves the network, on the same device, in evaluation mode."""
    model.eval()
    normalize = images.format.normalize
    with torch.inference_mode():
        outputs = [
            model(normalize(pixels).contiguous(memory_format=torch.channels_last))
            for pixels in images.pixels.split(BATCH)
        ]
    return Evaluation(torch.cat(outputs).float().cpu(), images.labels.cpu())


def confusion_lines(images: ImageFormat, counts: list[list[int]]) -> Iterator[str]:
    """Yield the lines of a confusion matrix; long names of columns are numbers of rows."""
    is_short = all(cell_len(name) <= _SHORT for name in images.classes)
    names = [
        name if is_short else f"{number} {name}"
        for number, name in enumerate(images.classes, start=1)
    ]
    heads = images.classes if is_short else [str(number + 1) for number in range(len(names))]
    width = max(_SHORT, *map(cell_len, names))
    yield f"{images.noun}, and what it was taken for:"
    yield " " * width + "".join(_right(head, _SHORT + 1) for head in heads)
    for name, row in zip(names, counts, strict=True):
        yield _right(name, width) + "".join(f"{count:>6}" for count in row)


def _right(text: str, width: int) -> str:
    """Return a text at the right of so many cells of a terminal."""
    return " " * (width - cell_len(text)) + text


def evaluate_run(
    path: Path, data_dir: Path | None, weights: str = LAST
) -> tuple[Config, Evaluation]:
    """Test the network of a run on the images that its log's test columns refer to.

    Raises `InputError` if the run or the data is missing or damaged.
    """
    config, model = trained_model(path, weights)
    if not is_own(config.model):
        convert_conv2d_weight_memory_format(model, torch.channels_last)
    return config, evaluate(model, run_images(path, config, data_dir).images)


def run_images(path: Path, config: Config, data_dir: Path | None) -> ReadImages:
    """Return what a run tests on. Raises `InputError` if the images are missing or damaged."""
    run = Run(path)
    return load_tested(config, data_dir, remembered_folder(run.read_config(), run.config))


def trained_model(path: Path, which: str = LAST) -> tuple[Config, nn.Module]:
    """Return the network of a run with its last weights, or with the best ones.

    Raises `InputError` if the run has none, or those of another model.
    """
    run = Run(path)
    config = Config.from_dict(run.read_config(), run.config)
    model = new_model(config)
    weights = run.read_best_weights() if which == BEST else run.read_weights()
    if reason := misfit(weights, model.state_dict()):
        raise InputError(f"the weights in {path} do not fit {config.model}: {reason}")
    model.load_state_dict(weights)
    return config, model
