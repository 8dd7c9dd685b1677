"""A small network with random weights as a workbook, for the tests of the sheets."""

from itertools import chain
from pathlib import Path

import numpy as np
import torch
from test_export_random import with_statistics
from torch import nn

from cnn.data.images import MNIST_FORMAT, Images
from cnn.export.export import write
from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Shape
from cnn.export.samples import Samples, images_at
from cnn.export.sheets.compose_export import compose
from cnn.export.sheets.subject import Subject, subject_of
from cnn.log.record import Record
from cnn.training.config import Config
from cnn.training.evaluation import Evaluation, evaluate
from cnn.training.recipes import RECIPES
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Engine, Values

SIDE = 8
MEAN, DEVIATION = MNIST_FORMAT.mean, MNIST_FORMAT.deviation
SOURCE = Input(Shape(1, SIDE, SIDE), True, 255.0, MEAN, DEVIATION)
WRONG = -7.7e77
CHOSEN = (0, 3, 5, 11)
"""The images that come with the workbook."""


def small_network() -> nn.Sequential:
    """A network for images of 8 by 8 pixels, with PyTorch's random weights."""
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(20, 10), nn.LogSoftmax(1),
    )  # fmt: skip


class Exported:
    """A small network with random weights, its workbook, and the images that it was tested on."""

    def __init__(self, folder: Path) -> None:
        torch.manual_seed(4)
        self.model = small_network()
        with_statistics(self.model, torch.Generator().manual_seed(0))
        self.model.eval()
        self.path = folder / "small.xlsx"
        generator = torch.Generator().manual_seed(0)
        pixels = torch.randint(0, 256, (12, 1, SIDE, SIDE), generator=generator).to(torch.uint8)
        self.images = Images(pixels, torch.arange(12) % 10)
        self.evaluation: Evaluation = evaluate(self.model, self.images)
        self.samples: Samples = images_at(self.images, CHOSEN)
        config = Config("tiny", RECIPES["tiny"], 0, "mnist", None, 0, "cpu", 1, 1)
        log = [{"epoch": 1, "test_accuracy": self.evaluation.accuracy}]
        self.run = Record("small", config, log, {}, self.evaluation.findings, self.images)
        write(self.model, SOURCE, self.path, self.samples, title="Small", run=self.run)

    def subject(self) -> Subject:
        network = read_network(self.model, SOURCE, fold_batchnorm=False, probabilities=True)
        return subject_of(self.model, network, self.samples, "Small", self.run)

    def canvas(self, name: str) -> Canvas:
        return next(each for each in compose(self.subject()).canvases if each.name == name)

    def probabilities(self, picture: np.ndarray) -> np.ndarray:
        """What torch says of a picture (8, 8) of values from 0 to 255."""
        x = (torch.from_numpy(picture)[None, None] / 255 - MEAN) / DEVIATION
        exact = nn.Sequential(*self.model).double()
        with torch.no_grad():
            found: np.ndarray = exact(x)[0].exp().numpy()
        self.model.float()
        return found

    def recalculated(
        self, engine: Engine, folder: Path, *choices: dict[str, dict[str, float | str]]
    ) -> list[Values]:
        """Every cell after each choice for input cells, all cached results being wrong."""
        inputs = {sheet: self.canvas(sheet).inputs for sheet in chain.from_iterable(choices)}
        paths = [folder / f"changed {number}.xlsx" for number in range(len(choices))]
        for path, changes in zip(paths, choices, strict=True):
            places = {
                sheet: {inputs[sheet][key]: value for key, value in found.items()}
                for sheet, found in changes.items()
            }
            write_changed(self.path, path, places, WRONG)
        return list(engine.recalculate_all(paths))
